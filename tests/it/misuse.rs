//! What is no message, or not allowed: one answer each, and what can go on goes on.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{
        CloseFrame,
        frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use super::support::{PATIENCE, Site, Socket};

#[tokio::test]
async fn each_misuse_has_one_answer_and_the_connection_lives() {
    let site = Site::new().await;
    let hub = site.hub(&["--messages-per-min", "1000"]).await;
    let mut socket = Socket::guest(&hub).await;
    let epoch = socket.welcome["epoch"].clone();
    let cases = malformed().into_iter().chain(refused(&epoch));
    for (text, code) in cases {
        socket.send(Message::text(text.clone())).await;
        let error = socket.answer().await;
        assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!(code)), "{text}");
        assert_eq!(error["retry"], false, "{text}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{text}");
        let pong = socket.ask(json!({"type": "ping", "id": "after"})).await;
        assert_eq!((&pong["type"], &pong["id"]), (&json!("pong"), &json!("after")), "{text}");
    }
    // None of the refused subscriptions left a topic behind.
    let answer = socket
        .ask(json!({"type": "subscribe", "topics": ["payments"], "since": 0, "epoch": epoch}))
        .await;
    assert_eq!(answer["mode"], "resumed");
}

/// Texts that are no message, each with its code.
fn malformed() -> Vec<(String, &'static str)> {
    vec![
        (String::new(), "bad_request"),
        ("{".into(), "bad_request"),
        ("hello".into(), "bad_request"),
        ("null".into(), "bad_request"),
        ("7".into(), "bad_request"),
        ("\"ping\"".into(), "bad_request"),
        ("[]".into(), "bad_request"),
        (r#"[{"type":"ping"}]"#.into(), "bad_request"),
        (r#"["ping"]"#.into(), "bad_request"),
        (r#"{"type":"ping"}{"type":"ping"}"#.into(), "bad_request"),
        (r#"{"type":"ping","id":{}}"#.into(), "bad_request"),
        (r#"{"type":"ping","id":[1]}"#.into(), "bad_request"),
        (r#"{"type":"ping","id":true}"#.into(), "bad_request"),
        (json!({"type": "ping", "id": "x".repeat(200)}).to_string(), "bad_request"),
        ("{}".into(), "bad_request"),
        (r#"{"type":7}"#.into(), "bad_request"),
        (r#"{"type":null}"#.into(), "bad_request"),
        (r#"{"type":"shout"}"#.into(), "unknown_type"),
        (r#"{"type":"event","seq":1}"#.into(), "unknown_type"),
        (r#"{"type":"Ping"}"#.into(), "unknown_type"),
        (r#"{"type":"subscribe"}"#.into(), "bad_request"),
        (r#"{"type":"unsubscribe"}"#.into(), "bad_request"),
        (r#"{"type":"auth"}"#.into(), "bad_request"),
        (r#"{"type":"auth","token":7}"#.into(), "bad_request"),
        (r#"{"type":"auth","token":""}"#.into(), "unauthorized"),
        (r#"{"type":"auth","token":"é"}"#.into(), "unauthorized"),
        (
            r#"{"type":"auth","token":"4d5f2c1e-8b1f-4f0e-9d5a-3f1c2b7a6e90"}"#.into(),
            "unauthorized",
        ),
    ]
}

/// Subscriptions that are refused, each with its code.
fn refused(epoch: &Value) -> Vec<(String, &'static str)> {
    let subscribe = |more: Value| {
        let mut message = json!({"type": "subscribe", "id": 1, "topics": ["payments"]});
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        message.to_string()
    };
    let many: Vec<_> = (0..201).map(|n| format!("wallet:k{n:09}")).collect();
    let far = "x".repeat(200);
    vec![
        (subscribe(json!({"topics": []})), "bad_request"),
        (subscribe(json!({"topics": "payments"})), "bad_request"),
        (subscribe(json!({"topics": [7]})), "bad_request"),
        (subscribe(json!({"topics": [""]})), "bad_request"),
        (subscribe(json!({"topics": ["Payments"]})), "bad_request"),
        (subscribe(json!({"topics": ["payments", far]})), "bad_request"),
        (subscribe(json!({"topics": ["nothing"]})), "not_found"),
        (subscribe(json!({"topics": ["wallet:x"]})), "not_found"),
        (subscribe(json!({"topics": ["payments:all"]})), "not_found"),
        (subscribe(json!({"topics": ["payments", "ops"]})), "forbidden"),
        (subscribe(json!({"topics": many})), "limit_topics"),
        (subscribe(json!({"kinds": []})), "bad_request"),
        (subscribe(json!({"kinds": "payment.*"})), "bad_request"),
        (subscribe(json!({"kinds": ["payment"]})), "bad_request"),
        (subscribe(json!({"kinds": vec!["payment.made"; 33]})), "bad_request"),
        (subscribe(json!({"since": 0})), "bad_request"),
        (subscribe(json!({"since": -1, "epoch": epoch})), "bad_request"),
        (subscribe(json!({"since": "0", "epoch": epoch})), "bad_request"),
        (subscribe(json!({"since": 0.5, "epoch": epoch})), "bad_request"),
        (subscribe(json!({"since": 1_000_000, "epoch": epoch})), "bad_request"),
        (subscribe(json!({"since": u64::MAX, "epoch": epoch})), "bad_request"),
        (subscribe(json!({"since": 0, "epoch": "e0"})), "epoch_changed"),
        (subscribe(json!({"snapshot": "yes"})), "bad_request"),
    ]
}

#[tokio::test]
async fn the_limit_of_topics_counts_those_held() {
    let site = Site::new().await;
    let hub = site.hub(&["--topics-max", "3"]).await;
    let mut socket = Socket::on(&hub, &["payments", "pulse"]).await;
    let mut said = async |topics: &[&str]| {
        let answer = socket.ask(json!({"type": "subscribe", "topics": topics})).await;
        answer.get("code").unwrap_or(&answer["type"]).as_str().unwrap().to_owned()
    };
    assert_eq!(said(&["wallet:k8juvewcui", "wallet:k7oax47quv"]).await, "limit_topics");
    assert_eq!(said(&["wallet:k8juvewcui", "payments", "pulse"]).await, "subscribed");
    assert_eq!(said(&["wallet:k7oax47quv"]).await, "limit_topics");
    assert_eq!(said(&["payments"]).await, "subscribed");
}

#[tokio::test]
async fn ten_thousand_topics_in_one_message_are_too_many_however_they_come() {
    let site = Site::new().await;
    let topics: Vec<_> = (0..10_000).map(|n| format!("t{n}")).collect();
    let mut message = json!({"type": "subscribe", "id": 1, "topics": topics});
    let hub = site.hub(&[]).await;
    let mut socket = Socket::guest(&hub).await;
    socket.say(&message).await;
    assert_eq!(socket.closed().await, 1009, "{} bytes", message.to_string().len());
    // In a frame that is allowed, they are told to be too many.
    let hub = site.hub(&["--frame-bytes-max", "65536"]).await;
    message["topics"] = (0..10_000).map(|n| format!("{}", n % 10)).collect();
    let mut socket = Socket::guest(&hub).await;
    let answer = socket.ask(message).await;
    assert_eq!((&answer["code"], &answer["id"]), (&json!("limit_topics"), &json!(1)));
}

#[tokio::test]
async fn a_frame_may_have_the_bytes_that_the_greeting_names_and_no_more() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let padded = |bytes: usize| {
        let empty = json!({"type": "ping", "pad": ""}).to_string();
        json!({"type": "ping", "pad": "x".repeat(bytes - empty.len())}).to_string()
    };
    let mut socket = Socket::guest(&hub).await;
    socket.send(Message::text(padded(16_384))).await;
    assert_eq!(socket.answer().await["type"], "pong");
    for bytes in [16_385, 65 * 1024, 1 << 20] {
        let mut socket = Socket::guest(&hub).await;
        socket.send(Message::text(padded(bytes))).await;
        assert_eq!(socket.closed().await, 1009, "{bytes}");
    }
    // Neither in pieces.
    let mut socket = Socket::guest(&hub).await;
    let piece = |code| Message::Frame(Frame::message(vec![b' '; 9_000], OpCode::Data(code), false));
    socket.send(piece(Data::Text)).await;
    socket.send(piece(Data::Continue)).await;
    assert_eq!(socket.closed().await, 1009);
}

#[tokio::test]
async fn what_is_no_message_at_all_closes_with_its_code() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let text = |bytes: &[u8]| {
        Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(Data::Text), true))
    };
    let mut cases = vec![
        (Message::binary(b"{\"type\":\"ping\"}".to_vec()), 4400),
        (Message::binary(Vec::new()), 4400),
        (text(b"{\"type\":\"ping\",\"t\":\"\xff\"}"), 1007),
        (text(&[0xed, 0xa0, 0x80]), 1007),
    ];
    let done = CloseFrame { code: 1000.into(), reason: "bye".into() };
    cases.push((Message::Close(Some(done)), 1000));
    for (message, code) in cases {
        let mut socket = Socket::on(&hub, &["payments"]).await;
        socket.send(message.clone()).await;
        assert_eq!(socket.closed().await, code, "{message:?}");
    }
    // Bytes that break RFC 6455: a frame without a mask, and a reserved opcode.
    for bytes in [&b"\x81\x02{}"[..], &b"\x83\x80\0\0\0\0"[..]] {
        let mut socket = Socket::guest(&hub).await;
        socket.write_raw(bytes).await;
        assert_eq!(socket.closed().await, 1002, "{bytes:?}");
    }
}

#[tokio::test]
async fn who_leaves_pings_unanswered_is_closed_and_who_answers_stays() {
    let site = Site::new().await;
    let hub = site.hub(&["--ping-seconds", "1"]).await;
    let mut alive = Socket::on(&hub, &["payments"]).await;
    let silent = Socket::on(&hub, &["payments"]).await;
    let listening = tokio::spawn(async move {
        // Reading answers the pings.
        alive.event().await;
    });
    let mut bytes = Vec::new();
    let mut stream = silent.into_stream();
    let read = stream.read_to_end(&mut bytes);
    // The hub closes its side when the handshake of the close stays unanswered, with a reset at the worst.
    let _ = tokio::time::timeout(PATIENCE, read).await.expect("the hub waits for ever");
    let close = bytes.windows(4).find(|window| window[0] == 0x88).expect("a close frame");
    assert_eq!(u16::from_be_bytes([close[2], close[3]]), 4408);
    assert!(!listening.is_finished());
    hub.people().await;
    listening.await.unwrap();
}

#[tokio::test]
async fn a_peer_that_vanishes_in_the_middle_of_a_frame_is_forgotten() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut pulse = Socket::on(&hub, &["pulse"]).await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        let mut stream = Socket::on(&hub, &["payments"]).await.into_stream();
        stream.write_all(b"\x81\xfe\x10\x00abcd{").await.unwrap();
        streams.push(stream);
    }
    let connections =
        async |pulse: &mut Socket| pulse.hear_a("hint").await["data"]["connections"].clone();
    while connections(&mut pulse).await != 11 {}
    drop(streams);
    while connections(&mut pulse).await != 1 {}
}
