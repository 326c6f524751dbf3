//! HTTP as the Krist door's clients write it, which is not always how it should be written; and how often they may.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{
    ANNA, BERT, Hub, Reply, Site,
    krist::{get, pay, post, said},
};

async fn send(hub: &Hub, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let path = format!("/api/krist{path}");
    hub.guest().send(Method::POST, &path, headers, body.as_bytes().to_vec()).await
}

#[tokio::test]
async fn a_body_is_read_whatever_it_is_called() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let good = json!({"ok": true, "address": ANNA.1});
    let json = r#"{"privatekey":"a"}"#;
    for (headers, body) in [
        (&[][..], json),
        (&[("content-type", "application/json")][..], json),
        (&[("content-type", "application/json; charset=utf-8")][..], json),
        (&[("content-type", "text/plain")][..], json),
        (&[("content-type", "application/x-www-form-urlencoded")][..], json),
        (&[("content-type", "application/x-www-form-urlencoded")][..], "privatekey=a"),
        (
            &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")][..],
            "x=y&privatekey=%61",
        ),
    ] {
        let reply = send(&hub, "/v2", headers, body).await;
        assert_eq!((reply.status, &reply.body), (200, &good), "{headers:?} {body}");
    }
    for (body, code) in [
        ("", "missing_parameter"),
        ("{}", "missing_parameter"),
        ("[]", "payload_error"),
        ("{", "payload_error"),
        ("nonsense", "payload_error"),
    ] {
        assert_eq!(said(&send(&hub, "/v2", &[], body).await), (400, false, code), "{body}");
    }
    let huge = format!(r#"{{"privatekey":"{}"}}"#, "x".repeat(65 * 1024));
    assert_eq!(said(&send(&hub, "/v2", &[], &huge).await), (413, false, "payload_too_large"));
}

#[tokio::test]
async fn a_slash_at_the_end_is_no_other_route() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.login(ANNA).await;
    hub.login(BERT).await;
    hub.admin().mint(ANNA.1, "10").await;
    let body = json!({"privatekey": ANNA.0, "to": BERT.1, "amount": 1});
    assert_eq!(said(&post(&hub, "/transactions/", body).await), (200, true, ""));
    for path in ["/transactions/", "/addresses/rich/", "/motd/", "/transactions/?limit=1"] {
        assert_eq!(said(&get(&hub, path).await), (200, true, ""), "{path}");
    }
    // No body and no content type: how a program on a virtual machine's Java asks for a websocket.
    for path in ["/ws/start", "/ws/start/"] {
        assert_eq!(said(&send(&hub, path, &[], "").await), (200, true, ""), "{path}");
    }
}

/// A computer in the game gets nothing at all of an answer that is no success.
#[tokio::test]
async fn who_asks_with_cc_is_always_answered_with_200() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.login(ANNA).await;
    hub.admin().mint(ANNA.1, "10").await;
    for path in [
        "/addresses/nonsense?cc",
        "/transactions?limit=x&offset=0?cc",
        "/nothing?cc",
        "/names/nobody?cc=1",
    ] {
        let reply = get(&hub, path).await;
        assert_eq!((reply.status, &reply.body["ok"]), (200, &json!(false)), "{path}");
    }
    let reply = get(&hub, "/transactions?limit=50&offset=0?cc").await;
    assert_eq!((said(&reply), &reply.body["count"]), ((200, true, ""), &json!(1)), "{reply:?}");
    let reply = send(&hub, "/transactions?cc", &[], "{}").await;
    assert_eq!(said(&reply), (200, false, "missing_parameter"));
    let reply = pay(&hub, ("c", ""), ANNA.1, json!(1)).await;
    assert_eq!(said(&reply), (403, false, "insufficient_funds"), "without it the status is real");
}

#[tokio::test]
async fn an_address_may_ask_so_often() {
    let site = Site::new().await;
    let flags =
        ["--loopback-unlimited=false", "--krist-requests-per-min=3", "--krist-starts-per-min=2"];
    let hub = site.hub(&flags).await;
    for left in ["2", "1", "0"] {
        let reply = get(&hub, "/motd").await;
        assert_eq!(said(&reply), (200, true, ""));
        assert_eq!(reply.headers["ratelimit-limit"], "3");
        assert_eq!(reply.headers["ratelimit-remaining"], left);
        assert!(reply.headers.contains_key("ratelimit-reset"));
    }
    let reply = get(&hub, "/motd").await;
    assert_eq!(said(&reply), (429, false, "rate_limit_hit"));
    assert_eq!(reply.body["message"], "Rate limit hit");
    assert!(reply.headers.contains_key("retry-after"));
    assert_eq!(get(&hub, "/motd?cc").await.status, 200);
    // Tickets have a bucket of their own.
    for expected in [(200, true, ""), (200, true, ""), (429, false, "rate_limit_hit")] {
        assert_eq!(said(&send(&hub, "/ws/start", &[], "").await), expected);
    }
}

#[tokio::test]
async fn a_payer_may_pay_so_often_wherever_it_is() {
    let site = Site::new().await;
    let flags =
        ["--loopback-unlimited=false", "--krist-payments-per-s=1", "--guest-requests-per-min=1000"];
    let hub = site.hub(&flags).await;
    for person in [ANNA, BERT] {
        hub.login(person).await;
    }
    hub.admin().mint(ANNA.1, "100").await;
    // At once, so that a slow machine does not earn the next payment while it makes one.
    let replies = join_all((0..6).map(|_| pay(&hub, ANNA, BERT.1, json!(1)))).await;
    let codes: Vec<_> = replies.iter().map(|reply| said(reply).2).collect();
    assert!(codes.contains(&"rate_limit_hit"), "{codes:?}");
    let paid = codes.iter().filter(|code| code.is_empty()).count();
    assert!(paid >= 1, "{codes:?}");
    assert_eq!(hub.guest().balance(BERT.1).await, paid.to_string());
}

#[tokio::test]
async fn a_page_of_another_site_may_call() {
    let site = Site::new().await;
    let hub = site.hub(&["--allowed-origins=https://only.example"]).await;
    let headers = [("origin", "https://wallet.example")];
    let reply = hub.guest().send(Method::GET, "/api/krist/motd", &headers, Vec::new()).await;
    assert_eq!(
        (reply.status, &reply.headers["access-control-allow-origin"]),
        (200, &"*".parse().unwrap())
    );
}

/// The hub's own pages never take a path of this door, and this door none of theirs.
#[tokio::test]
async fn paths_do_not_shadow_one_another() {
    let site = Site::new().await;
    let hub = site.hub(&["--krist-profile=krist", "--money-scale=0"]).await;
    let shape = |body: &Value| (body.get("ok").is_some(), body.get("data").is_some());
    for (path, expected) in [
        ("/motd", (true, false)),
        ("/supply", (true, false)),
        ("/api/krist/supply", (true, false)),
        ("/api/v1/supply", (false, true)),
    ] {
        assert_eq!(shape(&hub.guest().get(path).await.body), expected, "{path}");
    }
    let page = hub.guest().get("/docs").await;
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn an_outage_is_told_in_krists_words_and_ends() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = super::support::krist::guest(&hub).await;
    site.reachable(false).await;
    let away = async || said(&get(&hub, "/supply").await) == (503, false, "server_error");
    hub.wait_until(away).await;
    assert_eq!(get(&hub, "/supply?cc").await.status, 200);
    let told = socket.ask(json!({"id": 7, "type": "address", "address": ANNA.1})).await;
    assert_eq!((&told["error"], &told["id"]), (&json!("server_error"), &json!(7)));
    site.reachable(true).await;
    hub.wait_until(async || said(&get(&hub, "/supply").await).1).await;
    let told = socket.ask(json!({"id": 8, "type": "work"})).await;
    assert_eq!(told["ok"], true, "the socket is still usable");
}

#[tokio::test]
async fn payments_that_the_operator_has_stopped_are_refused() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.login(ANNA).await;
    hub.login(BERT).await;
    hub.admin().mint(ANNA.1, "600").await;
    let switch = async |on: bool| {
        sqlx::query("update log_head set payments_on = $1")
            .bind(on)
            .execute(&mut site.sql().await)
            .await
            .unwrap();
    };
    switch(false).await;
    let reply = pay(&hub, ANNA, BERT.1, json!(1)).await;
    assert_eq!(said(&reply), (423, false, "transactions_disabled"));
    assert_eq!(reply.body["message"], "Transactions disabled");
    let name = post(&hub, "/names/bakery", json!({"privatekey": ANNA.0})).await;
    assert_eq!(said(&name), (423, false, "transactions_disabled"));
    switch(true).await;
    assert_eq!(said(&pay(&hub, ANNA, BERT.1, json!(1)).await), (200, true, ""));
}
