//! The ends of ranges and of patience: what is refused although nothing is wrong with its form.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
};

use serde_json::json;

use super::support::{ANNA, BERT, Hub, Site};

/// Sends a request that asks to close the connection, and gives what is answered. It goes on
/// listening with both halves open: to the hub, half a connection is one that gave up.
fn raw(hub: &Hub, bytes: &str) -> String {
    assert!(bytes.contains("close"), "the answer would have no end: {bytes}");
    answer(send(hub, bytes))
}

fn send(hub: &Hub, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&hub.address).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    stream
}

/// Everything that is said until the hub closes the connection.
fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn the_test_clock_is_for_trying_things_out() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let reply = hub.admin().post("/api/v1/admin/clock", &json!({"advance_s": 1})).await;
    assert_eq!(reply.said(), (403, "dev_only"));
    let hub = site.hub(&["--dev"]).await;
    for seconds in [json!(0), json!(-1), json!(315_360_001), json!("1"), json!(null)] {
        let reply = hub.admin().post("/api/v1/admin/clock", &json!({"advance_s": seconds})).await;
        assert_eq!(reply.status, 400, "{seconds}");
    }
}

#[tokio::test]
async fn a_wallet_holds_so_much_and_no_more() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    sqlx::query("update wallets set balance = $1 where address = $2")
        .bind(i64::MAX - 50)
        .bind(BERT.1)
        .execute(&mut site.sql().await)
        .await
        .unwrap();
    assert_eq!(anna.pay(BERT.1, "0.51").await.said(), (409, "balance_overflow"));
    assert_eq!(anna.pay(BERT.1, "0.5").await.status, 201);
    let full: i64 = sqlx::query_scalar("select balance from wallets where address = $1")
        .bind(BERT.1)
        .fetch_one(&mut site.sql().await)
        .await
        .unwrap();
    assert_eq!(full, i64::MAX);
    assert_eq!(hub.guest().balance(ANNA.1).await, "999.5");
}

#[tokio::test]
async fn an_upgrade_without_its_key_is_none() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let answer = raw(
        &hub,
        "GET /api/v1/ws HTTP/1.1\r\nhost: hub\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\n\r\n",
    );
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("upgrade_invalid"), "{answer}");
}

#[tokio::test]
async fn a_body_that_ends_too_early_pays_nothing() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let stream = send(
        &hub,
        "POST /api/v1/login HTTP/1.1\r\nhost: hub\r\ncontent-length: 100\r\n\r\n{\"privatekey\":\"a\"}",
    );
    stream.shutdown(Shutdown::Write).unwrap();
    let answer = answer(stream);
    // The client may be gone for good; one that still listens is told.
    assert!(answer.is_empty() || answer.contains("body_unreadable"), "{answer}");
    assert_eq!(hub.guest().get(&format!("/api/v1/wallets/{}", ANNA.1)).await.status, 404);
}

#[tokio::test]
async fn a_body_that_makes_no_sense_is_unreadable() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    // The length of a chunk is a hexadecimal number.
    let request = "POST /api/v1/login HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nmany\r\n";
    let answer = answer(send(&hub, request));
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains(r#""code":"body_unreadable""#), "{answer}");
}

#[tokio::test]
async fn a_full_hub_says_so_and_recovers() {
    let site = Site::new().await;
    let hub = site.hub(&["--connections-max", "2"]).await;
    // Connections that the harness has kept open count as well; these two fill what is left.
    let held: Vec<_> = (0..2).map(|_| TcpStream::connect(&hub.address).unwrap()).collect();
    let mut answers = String::new();
    for _ in 0..20 {
        answers = raw(&hub, "GET /healthz HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n");
        if answers.starts_with("HTTP/1.1 503") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(answers.contains("overloaded") && answers.contains("retry-after"), "{answers}");
    drop(held);
    hub.wait_until(async || {
        raw(&hub, "GET /healthz HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n")
            .starts_with("HTTP/1.1 200")
    })
    .await;
}

/// The codes that a client of the realtime doors has to know. A code that is missing here is a change of the protocol.
const PROTOCOL: [&str; 13] = [
    "bad_request",
    "unknown_type",
    "unauthorized",
    "token_expired",
    "forbidden",
    "not_found",
    "limit_topics",
    "rate_limited",
    "too_large",
    "gone",
    "epoch_changed",
    "unavailable",
    "internal",
];

#[test]
fn the_codes_of_the_protocol_are_documented() {
    let names: Vec<_> =
        tollbell::gateways::codes::CODES.iter().map(|(_, name, ..)| *name).collect();
    assert_eq!(names, PROTOCOL);
    let document = tollbell::gateways::asyncapi::document().to_string();
    for code in PROTOCOL {
        assert!(document.contains(&format!("\"{code}\"")), "{code}");
    }
}
