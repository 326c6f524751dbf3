//! The REST half against a scripted HTTP server: what is sent, what is sent again, and what an answer becomes.

#![expect(clippy::unwrap_used, reason = "a scripted server that fails is a failed test")]

use std::collections::VecDeque;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinSet,
};
use tollbell_client::{Api, ApiError, Order};

/// One request as it came in.
struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }
}

/// Gives each request, on a connection of its own, the next answer. An empty answer hangs up.
async fn serve(answers: &[(u16, &str, &str)]) -> (Api, JoinSet<Vec<Request>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = Api::new(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let mut answers: VecDeque<String> = answers
        .iter()
        .map(|(status, headers, body)| match status {
            0 => String::new(),
            _ => format!(
                "HTTP/1.1 {status} x\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            ),
        })
        .collect();
    let serving = JoinSet::from_iter([async move {
        let mut requests = Vec::new();
        while let Some(answer) = answers.pop_front() {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = BufReader::new(socket);
            requests.push(read(&mut socket).await);
            socket.get_mut().write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    }]);
    (api, serving)
}

async fn read(socket: &mut BufReader<tokio::net::TcpStream>) -> Request {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        socket.read_line(&mut line).await.unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: Vec<(String, String)> = lines
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let mut request = Request { line: lines.remove(0), headers, body: String::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    socket.read_exact(&mut body).await.unwrap();
    request.body = String::from_utf8(body).unwrap();
    request
}

const PAYMENT: &str = r#"{"data":{"id":7,"from":"ka","to":"kb","amount":12.50,"type":"transfer",
    "metadata":null,"request_id":null,"at":"2026-11-22T01:00:00.123Z"}}"#;

#[tokio::test]
async fn a_payment_is_sent_again_under_the_same_key_until_it_is_answered() {
    let (api, mut serving) =
        serve(&[(503, "", ""), (0, "", ""), (429, "retry-after: 0\r\n", ""), (201, "", PAYMENT)])
            .await;
    let api = api.with_token("secret");
    let payment = api.pay(&Order::new("kb", "12.50".parse().unwrap())).await.unwrap();
    assert_eq!((payment.id, payment.amount.as_str()), (7, "12.50"));
    let requests = serving.join_next().await.unwrap().unwrap();
    assert_eq!(requests.len(), 4);
    let key = requests[0].header("idempotency-key").unwrap();
    assert_eq!(key.len(), 36);
    for request in &requests {
        assert_eq!(request.line, "POST /api/v1/payments HTTP/1.1");
        assert_eq!(request.header("idempotency-key"), Some(key));
        assert_eq!(request.header("authorization"), Some("Bearer secret"));
        assert_eq!(request.body, r#"{"to":"kb","amount":12.50}"#);
    }
}

#[tokio::test]
async fn every_change_has_a_key_and_paths_may_begin_at_the_root() {
    let answers = [
        (502, "", ""),
        (200, "", r#"{"data":{"supply":1}}"#),
        (504, "", ""),
        (200, "", r#"{"data":{"supply":2}}"#),
        (200, "", r#"{"success":true,"supply":3}"#),
        (403, "", r#"{"success":false,"code":"LIMIT","message":"no"}"#),
    ];
    let (api, mut serving) = serve(&answers).await;
    let api = api.with_token("secret");
    let body = serde_json::json!({"title": "t"});
    let changed: tollbell_client::Supply = api.patch("contracts/7", &body).await.unwrap();
    assert_eq!(changed.supply.as_str(), "1");
    let ended: tollbell_client::Supply = api.delete("contracts/7").await.unwrap();
    assert_eq!(ended.supply.as_str(), "2");
    let path = "/api/subscriptions/server-sessions/start";
    let started: tollbell_client::Supply = api.post(path, &body).await.unwrap();
    assert_eq!(started.supply.as_str(), "3");
    match api.post::<tollbell_client::Supply>(path, &body).await.unwrap_err() {
        ApiError::Refused { status: 403, refusal } => assert_eq!(refusal.code, "LIMIT"),
        other => panic!("{other}"),
    }
    let requests = serving.join_next().await.unwrap().unwrap();
    let lines: Vec<_> = requests.iter().map(|request| request.line.as_str()).collect();
    let (patch, delete) =
        ("PATCH /api/v1/contracts/7 HTTP/1.1", "DELETE /api/v1/contracts/7 HTTP/1.1");
    let start = format!("POST {path} HTTP/1.1");
    assert_eq!(lines, [patch, patch, delete, delete, &start, &start]);
    let keys: Vec<_> =
        requests.iter().map(|request| request.header("idempotency-key").unwrap()).collect();
    assert!(keys[0] == keys[1] && keys[2] == keys[3] && keys[0] != keys[2] && keys[4] != keys[5]);
}

#[tokio::test]
async fn two_payments_have_two_keys() {
    let (api, mut serving) = serve(&[(201, "", PAYMENT), (201, "", PAYMENT)]).await;
    let order = Order::new("kb", 1.into());
    api.pay(&order).await.unwrap();
    api.pay(&order).await.unwrap();
    let requests = serving.join_next().await.unwrap().unwrap();
    assert_ne!(requests[0].header("idempotency-key"), requests[1].header("idempotency-key"));
}

#[tokio::test]
async fn a_refusal_carries_the_envelope_and_is_not_repeated() {
    let body = r#"{"error":{"code":"insufficient_funds","message":"no","details":{"need":5}}}"#;
    let (api, mut serving) = serve(&[(402, "", body)]).await;
    match api.pay(&Order::new("kb", 5.into())).await.unwrap_err() {
        ApiError::Refused { status: 402, refusal } => {
            assert_eq!(refusal.code, "insufficient_funds");
            assert_eq!(refusal.details.unwrap().get(), r#"{"need":5}"#);
        }
        other => panic!("{other}"),
    }
    assert_eq!(serving.join_next().await.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn a_server_that_asks_for_too_long_a_wait_gets_its_answer_passed_on() {
    let body = r#"{"error":{"code":"rate_limited","message":"later"}}"#;
    let (api, _serving) = serve(&[(429, "retry-after: 3600\r\n", body)]).await;
    let error = api.supply().await.unwrap_err();
    assert_eq!(error.to_string(), "the server refused with 429 (rate_limited): later");
}

#[tokio::test]
async fn lists_are_read_in_parts_and_addresses_are_escaped() {
    let page = r#"{"data":{"items":[],"count":0,"remaining":0,"next":null}}"#;
    let (api, mut serving) = serve(&[(200, "", page), (200, "", page)]).await;
    api.payments("ka", 10, Some(7)).await.unwrap();
    let page = api.payments("../x?y", 1, None).await.unwrap();
    assert!(page.items.is_empty() && page.next.is_none());
    let requests = serving.join_next().await.unwrap().unwrap();
    assert_eq!(requests[0].line, "GET /api/v1/wallets/ka/payments?limit=10&before=7 HTTP/1.1");
    assert_eq!(requests[1].line, "GET /api/v1/wallets/..%2Fx%3Fy/payments?limit=1 HTTP/1.1");
    assert_eq!(requests[0].header("idempotency-key"), None, "reading changes nothing");
}

#[tokio::test]
async fn a_body_of_another_shape_is_an_error_and_not_a_guess() {
    let (api, _serving) = serve(&[(200, "", r#"{"data":{"supply":"lots"}}"#)]).await;
    assert!(matches!(api.supply().await.unwrap_err(), ApiError::Unexpected { status: 200 }));
    let (api, _serving) = serve(&[(500, "", "<html>")]).await;
    assert!(matches!(api.supply().await.unwrap_err(), ApiError::Unexpected { status: 500 }));
}
