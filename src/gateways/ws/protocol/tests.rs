//! The messages as they stand on the wire, each against its literal JSON.

use std::time::Duration;

use chrono::DateTime;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::*;

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.into()).unwrap()
}

fn id(text: &str) -> Option<MessageId> {
    MessageId::new(raw(text))
}

fn topics(names: &[&str]) -> Vec<Topic> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn now() -> Timestamp {
    Timestamp::new(DateTime::from_timestamp_millis(1_795_309_200_123).unwrap())
}

/// Checks a message against its JSON.
#[track_caller]
fn check(message: &Tell, expected: &Value) {
    let text = serde_json::to_string(message).unwrap();
    assert!(text.starts_with("{\"type\":"), "the type comes first: {text}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), *expected);
}

#[test]
fn the_welcome_has_its_json() {
    let limits =
        Limits { topics: 200, frame_bytes: 16_384, queue_bytes: 65_536, messages_per_min: 120 };
    check(
        &Tell::Welcome(Welcome {
            conn: "c_1".into(),
            epoch: Epoch::new("e7"),
            head: Seq::new(18_446),
            ping_s: 25,
            now: now(),
            caller: CallerView::Wallet { wallet: "k8juvewcui".parse().unwrap() },
            limits,
        }),
        &json!({"type": "welcome", "conn": "c_1", "epoch": "e7", "head": 18446, "ping_s": 25,
               "now": "2026-11-22T01:00:00.123Z", "caller": {"kind": "wallet", "wallet": "k8juvewcui"},
               "limits": {"topics": 200, "frame_bytes": 16384, "queue_bytes": 65536, "messages_per_min": 120}}),
    );
}

#[test]
fn every_other_server_message_has_its_json() {
    check(
        &Tell::Subscribed(Subscribed {
            id: id("2"),
            topics: topics(&["wallet:kabc", "payments"]),
            mode: Mode::Resumed,
            from: Seq::new(18_401),
            head: Seq::new(18_446),
        }),
        &json!({"type": "subscribed", "id": 2, "topics": ["wallet:kabc", "payments"], "mode": "resumed",
               "from": 18401, "head": 18446}),
    );
    check(
        &Tell::Snapshot(SnapshotPart {
            topic: "wallet:kabc".parse().unwrap(),
            seq: Seq::new(18_446),
            part: 1,
            last: true,
            data: Some(raw("{\"balance\":10.25}")),
        }),
        &json!({"type": "snapshot", "topic": "wallet:kabc", "seq": 18446, "part": 1, "last": true,
               "data": {"balance": 10.25}}),
    );
    check(
        &Tell::Live(Live { id: id("\"a\""), seq: Seq::new(7) }),
        &json!({"type": "live", "id": "a", "seq": 7}),
    );
    check(&Tell::Mark(Mark { seq: Seq::new(18_500) }), &json!({"type": "mark", "seq": 18500}));
    check(&Tell::Ok(Done { id: id("3"), caller: None }), &json!({"type": "ok", "id": 3}));
    check(
        &Tell::Ok(Done { id: id("4"), caller: Some(CallerView::Guest) }),
        &json!({"type": "ok", "id": 4, "caller": {"kind": "guest"}}),
    );
    check(
        &Tell::Hint(Hint {
            kind: "hub.stats".into(),
            topics: topics(&["pulse"]),
            data: raw("{\"connections\":3}"),
        }),
        &json!({"type": "hint", "kind": "hub.stats", "topics": ["pulse"], "data": {"connections": 3}}),
    );
    check(&Tell::Expiring(Expiring { in_s: 60 }), &json!({"type": "expiring", "in_s": 60}));
    check(
        &Tell::Pong(Pong { id: id("6"), t: Some(raw("1")), now: now() }),
        &json!({"type": "pong", "id": 6, "t": 1, "now": "2026-11-22T01:00:00.123Z"}),
    );
    check(
        &Tell::Drain(Drain { reconnect_in_ms: 8_123, close_in_ms: 38_123 }),
        &json!({"type": "drain", "reconnect_in_ms": 8123, "close_in_ms": 38123}),
    );
    check(
        &Tell::Revoked(Revoked { topics: topics(&["wallet:kabc"]), code: Code::Forbidden }),
        &json!({"type": "revoked", "topics": ["wallet:kabc"], "code": "forbidden"}),
    );
}

#[test]
fn an_error_says_what_its_code_needs() {
    let check = |fault: Fault, expected: Value| {
        let refused = Refused::new(id("2"), fault);
        assert_eq!(serde_json::to_value(Tell::Error(refused)).unwrap(), expected);
    };
    check(
        Fault::gone(Seq::new(9_001), Seq::new(18_446)),
        json!({"type": "error", "id": 2, "code": "gone", "retry": false, "head": 18446, "oldest": 9001,
               "message": "events before 9001 are no longer kept; take a snapshot"}),
    );
    check(
        Fault::rate_limited(Duration::from_nanos(1_499_000_001)),
        json!({"type": "error", "id": 2, "code": "rate_limited", "retry": true, "retry_after_ms": 1500,
               "message": "too many messages; wait for retry_after_ms"}),
    );
    check(
        Fault::bad("no"),
        json!({"type": "error", "id": 2, "code": "bad_request", "retry": false, "message": "no"}),
    );
}

#[test]
fn an_id_comes_back_as_it_was_written() {
    for written in ["1", "-0", "1.50", "1e3", "18446744073709551616", "\"\"", "\"a\\u0041\""] {
        let received = Received::parse(&format!(r#"{{"type":"ping","id":{written}}}"#));
        let echoed =
            serde_json::to_string(&Tell::Ok(Done { id: received.id, caller: None })).unwrap();
        assert_eq!(echoed, format!(r#"{{"type":"ok","id":{written}}}"#));
    }
    assert!(Received::parse(r#"{"type":"ping","id":null}"#).id.is_none(), "null is no id");
}

#[test]
fn every_client_message_is_read() {
    let parse = |text: &str| Received::parse(text).ask.unwrap();
    let Ask::Subscribe(full) = parse(
        r#"{"type":"subscribe","id":2,"topics":["wallet:kabc","payments"],"epoch":"e7","since":18400,
            "snapshot":false,"kinds":["payment.*","subscription.renewed"],"later":{"more":[1]}}"#,
    ) else {
        panic!("not a subscribe")
    };
    assert_eq!(full.topics, ["wallet:kabc", "payments"]);
    assert_eq!((full.epoch.as_deref(), full.since), (Some("e7"), Some(18_400)));
    assert_eq!(full.kinds.unwrap(), ["payment.*", "subscription.renewed"]);
    assert_eq!(full.snapshot, Some(false));
    let Ask::Subscribe(short) = parse(r#" {"topics":["payments"],"type":"subscribe"}"#) else {
        panic!("not a subscribe")
    };
    assert!(short.since.is_none() && short.kinds.is_none() && short.snapshot.is_none());
    let Ask::Unsubscribe(less) = parse(r#"{"type":"unsubscribe","topics":["a"]}"#) else {
        panic!("not an unsubscribe")
    };
    assert_eq!(less.topics, ["a"]);
    let Ask::Auth(auth) = parse(r#"{"type":"auth","id":4,"token":"t"}"#) else {
        panic!("not an auth")
    };
    assert_eq!(auth.token.expose_secret(), "t");
    let Ask::Ping(ping) = parse(r#"{"type":"ping","t":{"any":"thing"}}"#) else {
        panic!("not a ping")
    };
    assert_eq!(ping.t.unwrap().get(), r#"{"any":"thing"}"#);
}

#[test]
fn what_is_no_message_is_told_as_such() {
    let check = |text: &str, code: Code, named: bool| {
        let received = Received::parse(text);
        assert_eq!(received.ask.err().map(|fault| fault.code), Some(code), "{text}");
        assert_eq!(received.id.is_some(), named, "{text}");
    };
    check("", Code::BadRequest, false);
    check("hello", Code::BadRequest, false);
    check("[\"ping\",1]", Code::BadRequest, false);
    check("{\"type\":\"ping\"", Code::BadRequest, false);
    check("{\"type\":\"ping\"} {}", Code::BadRequest, false);
    check("{}", Code::BadRequest, false);
    check(r#"{"id":1}"#, Code::BadRequest, true);
    check(r#"{"id":1,"type":7}"#, Code::BadRequest, true);
    check(r#"{"id":1,"type":"publish"}"#, Code::UnknownType, true);
    check(r#"{"id":1,"type":"Ping"}"#, Code::UnknownType, true);
    check(r#"{"id":[1],"type":"ping"}"#, Code::BadRequest, false);
    check(r#"{"id":true,"type":"ping"}"#, Code::BadRequest, false);
    check(&format!(r#"{{"id":"{}","type":"ping"}}"#, "x".repeat(127)), Code::BadRequest, false);
    check(r#"{"id":1,"type":"subscribe"}"#, Code::BadRequest, true);
    check(r#"{"id":1,"type":"subscribe","topics":"payments"}"#, Code::BadRequest, true);
    check(r#"{"id":1,"type":"subscribe","topics":[1]}"#, Code::BadRequest, true);
    check(r#"{"id":1,"type":"subscribe","topics":[],"since":-1}"#, Code::BadRequest, true);
    check(r#"{"id":1,"type":"subscribe","topics":[],"since":1.5}"#, Code::BadRequest, true);
    check(r#"{"id":1,"type":"subscribe","topics":[],"since":"7"}"#, Code::BadRequest, true);
    check(r#"{"id":1,"type":"auth"}"#, Code::BadRequest, true);
}

#[test]
fn a_token_is_not_printed() {
    let received = Received::parse(r#"{"type":"auth","token":"hunter2"}"#);
    assert!(!format!("{received:?}").contains("hunter2"));
}
