//! Every message of Krist's websocket in every wrong form: exactly one answer, and a socket that goes on.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::support::{
    ANNA, BERT, Site, Socket,
    krist::{guest, owner},
};

/// Each type with what it needs, and a field that it can't do without.
fn types() -> Vec<(&'static str, Value, Option<&'static str>)> {
    vec![
        ("work", json!({}), None),
        ("address", json!({"address": ANNA.1}), Some("address")),
        ("me", json!({}), None),
        ("login", json!({"privatekey": ANNA.0}), Some("privatekey")),
        ("logout", json!({}), None),
        ("get_subscription_level", json!({}), None),
        ("get_valid_subscription_levels", json!({}), None),
        ("subscribe", json!({"event": "transactions"}), Some("event")),
        ("unsubscribe", json!({"event": "transactions"}), Some("event")),
        (
            "make_transaction",
            json!({"privatekey": ANNA.0, "to": BERT.1, "amount": "0.01"}),
            Some("amount"),
        ),
        ("submit_block", json!({"nonce": "0"}), None),
        ("replay", json!({"since": "0"}), Some("since")),
    ]
}

fn message(kind: &str, fields: &Value, more: &Value) -> Value {
    let mut all = fields.as_object().unwrap().clone();
    all.insert("type".into(), kind.into());
    all.extend(more.as_object().unwrap().clone());
    all.into()
}

/// Sends something and hears its one answer: behind it comes the answer to a question asked after it.
async fn one_answer(socket: &mut Socket, sent: Message) -> Value {
    socket.send(sent).await;
    socket.say(&json!({"id": "behind", "type": "work"})).await;
    let answer = socket.answer().await;
    let behind = socket.answer().await;
    assert_eq!(behind["id"], "behind", "two answers: {answer} {behind}");
    answer
}

async fn said(socket: &mut Socket, sent: &Value) -> Value {
    one_answer(socket, Message::text(sent.to_string())).await
}

/// Code and parameter of a refusal.
fn refused(answer: &Value) -> (&str, &str) {
    assert_eq!((&answer["ok"], &answer["type"]), (&json!(false), &json!("error")), "{answer}");
    (answer["error"].as_str().unwrap(), answer["parameter"].as_str().unwrap_or(""))
}

#[tokio::test]
async fn every_message_gets_one_answer_in_every_form() {
    let site = Site::new().await;
    let hub = site.hub(&["--messages-per-min=100000"]).await;
    hub.people().await;
    let socket = &mut guest(&hub).await;
    for (kind, fields, needs) in types() {
        for id in [json!("a"), json!("0"), json!(""), json!(0), json!(7), json!(-1.5)] {
            let answer = said(socket, &message(kind, &fields, &json!({"id": id}))).await;
            assert_eq!(
                (&answer["ok"], &answer["type"]),
                (&json!(true), &json!("response")),
                "{kind} {answer}"
            );
            assert_eq!(answer["id"], id, "{kind}");
            assert_eq!(answer["responding_to_type"], kind, "{answer}");
        }
        let shouted = message(&format!("  {} ", kind.to_uppercase()), &fields, &json!({"id": 1}));
        assert_eq!(said(socket, &shouted).await["responding_to_type"], kind);

        let answer = said(socket, &message(kind, &fields, &json!({}))).await;
        assert_eq!(refused(&answer), ("missing_parameter", "id"), "{kind}");
        assert!(answer.get("id").is_none(), "{answer}");
        for id in [json!(null), json!(true), json!([1]), json!({})] {
            let answer = said(socket, &message(kind, &fields, &json!({"id": id}))).await;
            assert_eq!(refused(&answer), ("invalid_parameter", "id"), "{kind} {id}");
        }
        if let Some(needed) = needs {
            let mut bare = message(kind, &fields, &json!({"id": 0}));
            bare.as_object_mut().unwrap().remove(needed);
            let answer = said(socket, &bare).await;
            assert_eq!(
                (refused(&answer), &answer["id"]),
                (("missing_parameter", needed), &json!(0))
            );
            bare[needed] = json!({"wrong": "type"});
            let answer = said(socket, &bare).await;
            assert_eq!(
                (refused(&answer), &answer["id"]),
                (("invalid_parameter", needed), &json!(0))
            );
        }
        let padded = message(kind, &fields, &json!({"id": 1, "pad": "x".repeat(513)})).to_string();
        let answer = one_answer(socket, Message::text(padded.clone())).await;
        if kind == "replay" {
            assert_eq!(answer["ok"], true, "our own message may be longer: {answer}");
        } else {
            assert_eq!((refused(&answer), answer.get("id")), (("message_too_long", ""), None));
        }
        let cut = Message::text(padded[..40].to_owned());
        assert_eq!(refused(&one_answer(socket, cut).await), ("syntax_error", ""));
        let binary = message(kind, &fields, &json!({"id": 1})).to_string();
        let answer = one_answer(socket, Message::binary(binary.into_bytes())).await;
        assert_eq!((refused(&answer), answer.get("id")), (("syntax_error", ""), None), "{kind}");
    }
}

#[tokio::test]
async fn what_is_no_message_gets_one_answer_too() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let socket = &mut guest(&hub).await;
    for (text, code, parameter) in [
        ("", "syntax_error", ""),
        ("null", "syntax_error", ""),
        ("[]", "syntax_error", ""),
        ("\"work\"", "syntax_error", ""),
        ("{\"id\":1,", "syntax_error", ""),
        ("{}", "missing_parameter", "id"),
        ("{\"id\":1}", "missing_parameter", "type"),
        ("{\"id\":1,\"type\":\"\"}", "missing_parameter", "type"),
        ("{\"id\":1,\"type\":null}", "missing_parameter", "type"),
        ("{\"id\":1,\"type\":7}", "invalid_parameter", "type"),
        ("{\"id\":1,\"type\":\"dance\"}", "invalid_parameter", "type"),
    ] {
        let answer = one_answer(socket, Message::text(text)).await;
        assert_eq!(refused(&answer), (code, parameter), "{text}");
    }
    // Some servers' clients say that they are there; it is answered in kind.
    socket.say(&json!({"type": "keepalive"})).await;
    assert_eq!(socket.hear_a("keepalive").await["type"], "keepalive");
}

#[tokio::test]
async fn a_frame_above_64_kib_closes_with_its_code() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    for frame in [Message::text("x".repeat(70 * 1024)), Message::binary(vec![0; 70 * 1024])] {
        let mut socket = guest(&hub).await;
        socket.send(frame).await;
        assert_eq!(socket.closed().await, 1009);
    }
    let mut socket = guest(&hub).await;
    let answer = one_answer(&mut socket, Message::text("x".repeat(60 * 1024))).await;
    assert_eq!(refused(&answer), ("message_too_long", ""));
}

#[tokio::test]
async fn answers_come_in_the_order_of_the_questions() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.people().await;
    let mut socket = owner(&hub, ANNA).await;
    let kinds =
        ["me", "work", "make_transaction", "get_subscription_level", "address", "logout", "me"];
    for (id, kind) in kinds.iter().enumerate() {
        let fields = json!({"to": BERT.1, "amount": 1, "address": ANNA.1});
        socket.say(&message(kind, &fields, &json!({"id": id}))).await;
    }
    let mut answers = Vec::new();
    for (id, kind) in kinds.iter().enumerate() {
        let answer = socket.answer().await;
        assert_eq!((&answer["id"], &answer["responding_to_type"]), (&json!(id), &json!(kind)));
        answers.push(answer);
    }
    assert_eq!((&answers[0]["isGuest"], &answers[6]["isGuest"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn who_asks_too_often_is_told_and_then_closed() {
    let site = Site::new().await;
    let hub = site.hub(&["--messages-per-min=2"]).await;
    let mut socket = guest(&hub).await;
    for _ in 0..2 {
        assert_eq!(socket.ask(json!({"id": 1, "type": "work"})).await["ok"], true);
    }
    let answer = socket.ask(json!({"id": "x", "type": "work"})).await;
    assert_eq!((refused(&answer).0, &answer["id"]), ("rate_limit_hit", &json!("x")));
    for _ in 0..60 {
        socket.say(&json!({"id": 1, "type": "work"})).await;
    }
    assert_eq!(socket.closed().await, 4429);
}

#[tokio::test]
async fn a_silent_socket_is_told_that_the_hub_is_there() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = guest(&hub).await;
    let first = socket.hear().await;
    assert_eq!(first["type"], "keepalive", "right behind the greeting");
    let began = std::time::Instant::now();
    let second = socket.hear().await;
    assert_eq!(second["type"], "keepalive");
    let pause = began.elapsed();
    assert!((Duration::from_secs(3)..Duration::from_secs(15)).contains(&pause), "{pause:?}");
}
