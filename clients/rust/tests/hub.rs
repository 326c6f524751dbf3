//! The client against a scripted server: what the application sees when links misbehave.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use support::{
    Server, event, next, next_seq, position, refusal, subscribed, until_connected, welcome,
};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tollbell_client::{FileStore, GapReason, Item, PositionStore, Status, Stop, Timing};

#[tokio::test]
async fn a_lost_link_is_resumed_behind_the_last_event() {
    let server = Server::start().await;
    let (_hub, mut events) = server.client().since(position("e7", 40)).connect().await.unwrap();
    let mut link = server.subscribed(40).await;
    link.events(41..=43).await;
    until_connected(&mut events).await;
    for seq in 41..=43 {
        assert_eq!(next_seq(&mut events).await, seq);
    }
    drop(link);
    let (mut link, request) = server.greet().await;
    assert_eq!((&request["epoch"], &request["since"]), (&json!("e7"), &json!(43)));
    link.say(&subscribed(&request, "resumed", 44)).await;
    // A server may send again what was sent before; the application never sees it.
    link.events([42, 43, 44, 44, 45]).await;
    until_connected(&mut events).await;
    assert_eq!(next_seq(&mut events).await, 44);
    assert_eq!(next_seq(&mut events).await, 45);
    assert_eq!(events.position(), Some(&position("e7", 45)));
}

#[tokio::test]
async fn what_was_asked_for_is_sent_and_what_was_sent_can_be_read() {
    let server = Server::start().await;
    let client = server.client().kinds(["payment.*"]).snapshot(true);
    let (hub, mut events) = client.connect().await.unwrap();
    let (mut link, request) = server.greet().await;
    assert_eq!(request["topics"], json!(["payments"]));
    assert_eq!(request["kinds"], json!(["payment.*"]));
    assert_eq!(request["snapshot"], true);
    link.say(&subscribed(&request, "snapshot", 51)).await;
    link.say(&json!({"type": "snapshot", "topic": "payments", "seq": 50, "part": 1, "last": true,
        "data": {"items": []}}))
        .await;
    link.say(&json!({"type": "live", "id": request["id"], "seq": 50})).await;
    link.events([51]).await;
    until_connected(&mut events).await;
    let Item::Snapshot(snapshot) = next(&mut events).await else { panic!("no snapshot") };
    assert_eq!(snapshot.data::<Value>().unwrap(), json!({"items": []}));
    assert!(matches!(next(&mut events).await, Item::Live { seq: 50 }));
    let Item::Event(event) = next(&mut events).await else { panic!("no event") };
    assert_eq!(event.data::<Value>().unwrap(), json!({"amount": 51}));
    assert_eq!(event.kind, "payment.made");
    let (closed, ()) = tokio::join!(link.until_closed(), hub.close());
    assert_eq!(closed, 1000);
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_drain_replaces_the_link_and_the_application_sees_events_only() {
    let server = Server::start().await;
    let (_hub, mut events) = server.client().since(position("e7", 40)).connect().await.unwrap();
    let mut old = server.subscribed(40).await;
    until_connected(&mut events).await;
    old.say(&json!({"type": "drain", "reconnect_in_ms": 5, "close_in_ms": 30000})).await;
    old.events([41]).await;
    let (mut new, request) = server.greet().await;
    assert_eq!(request["since"], 41, "the old link went on serving");
    old.events([42]).await;
    new.say(&subscribed(&request, "resumed", 42)).await;
    new.events([42, 43]).await;
    new.say(&json!({"type": "live", "id": request["id"], "seq": 43})).await;
    assert_eq!(old.until_closed().await, 1000);
    new.events([44]).await;
    for seq in 41..=44 {
        assert_eq!(next_seq(&mut events).await, seq);
    }
}

#[tokio::test]
async fn what_is_gone_is_told_before_anything_else() {
    for (code, reason) in [("gone", GapReason::Gone), ("epoch_changed", GapReason::EpochChanged)] {
        let server = Server::start().await;
        let (_hub, mut events) = server.client().since(position("e6", 40)).connect().await.unwrap();
        let (mut link, request) = server.greet().await;
        assert_eq!((&request["epoch"], &request["since"]), (&json!("e6"), &json!(40)));
        link.say(&refusal(&request, code)).await;
        let again = link.hear().await;
        assert_eq!((again.get("since"), again.get("epoch")), (None, None));
        link.say(&subscribed(&again, "live", 91)).await;
        link.events([91]).await;
        match next(&mut events).await {
            Item::Gap { reason: told, held, oldest } => {
                assert_eq!((told, held, oldest), (reason, position("e6", 40), Some(60)));
            }
            other => panic!("expected the gap first, not {other:?}"),
        }
        until_connected(&mut events).await;
        assert_eq!(next_seq(&mut events).await, 91);
        assert_eq!(events.position(), Some(&position("e7", 91)));
    }
}

#[tokio::test]
async fn tokens_are_renewed_on_the_link_and_after_it() {
    let server = Server::start().await;
    let asked = Arc::new(AtomicU32::new(0));
    let source = move || {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        async move { Ok(format!("token{number}")) }
    };
    let client = server.client().since(position("e7", 40)).token_source(source);
    let (_hub, mut events) = client.connect().await.unwrap();
    let mut link = server.subscribed(40).await;
    assert_eq!(link.token.as_deref(), Some("token0"));
    link.say(&json!({"type": "expiring", "in_s": 60})).await;
    let auth = link.hear().await;
    assert_eq!((&auth["type"], &auth["token"]), (&json!("auth"), &json!("token1")));
    link.say(&json!({"type": "ok", "id": auth["id"]})).await;
    link.close(4403).await;
    let mut link = server.subscribed(40).await;
    assert_eq!(link.token.as_deref(), Some("token2"));
    link.events([41]).await;
    until_connected(&mut events).await;
    until_connected(&mut events).await;
    assert_eq!(next_seq(&mut events).await, 41);
}

#[tokio::test]
async fn a_fixed_token_that_is_refused_ends_the_client() {
    let server = Server::start().await;
    let (_hub, mut events) = server.client().token("old").connect().await.unwrap();
    server.reject(StatusCode::UNAUTHORIZED).await;
    assert!(matches!(next(&mut events).await, Item::Status(Status::Reconnecting { .. })));
    let stopped = next(&mut events).await;
    assert!(matches!(stopped, Item::Status(Status::Stopped(Stop::Unauthorized { .. }))));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_busy_server_is_tried_again_and_a_wrong_address_is_not() {
    let server = Server::start().await;
    let (_hub, mut events) = server.client().connect().await.unwrap();
    server.reject(StatusCode::SERVICE_UNAVAILABLE).await;
    server.reject(StatusCode::NOT_FOUND).await;
    assert!(matches!(next(&mut events).await, Item::Status(Status::Reconnecting { .. })));
    let Item::Status(status) = next(&mut events).await else { panic!("no status") };
    assert_eq!(status, Status::Stopped(Stop::Rejected { status: 404 }));
}

#[tokio::test]
async fn a_silent_link_is_left_and_resumed() {
    let server = Server::start().await;
    let timing = Timing {
        ping_grace: Duration::from_millis(50),
        backoff_min: Duration::from_millis(2),
        ..Timing::default()
    };
    let client = server.client().since(position("e7", 40)).timing(timing);
    let (_hub, mut events) = client.connect().await.unwrap();
    let mut silent = server.accept().await;
    silent.say(&welcome("e7", 0)).await;
    let request = silent.hear().await;
    silent.say(&subscribed(&request, "resumed", 41)).await;
    let (_link, request) = server.greet().await;
    assert_eq!(request["since"], 40);
    assert_eq!(silent.until_closed().await, 1000);
    until_connected(&mut events).await;
    let Item::Status(Status::Reconnecting { reason, .. }) = next(&mut events).await else {
        panic!("no status")
    };
    assert_eq!(reason, "the server fell silent");
}

#[tokio::test]
async fn a_malformed_frame_costs_the_link_and_no_event() {
    let server = Server::start().await;
    let (_hub, mut events) = server.client().since(position("e7", 40)).connect().await.unwrap();
    let mut link = server.subscribed(40).await;
    link.events([41]).await;
    link.say_text(r#"{"type":"event","seq":42,"kind":"#).await;
    assert_eq!(link.until_closed().await, 1002);
    let mut link = server.subscribed(41).await;
    link.events([42]).await;
    until_connected(&mut events).await;
    assert_eq!(next_seq(&mut events).await, 41);
    until_connected(&mut events).await;
    assert_eq!(next_seq(&mut events).await, 42);
}

#[tokio::test]
async fn a_slow_application_stops_the_reading_and_loses_nothing() {
    const EVENTS: u64 = 1_500;
    let server = Server::start().await;
    let client = server.client().since(position("e7", 0)).buffer(4);
    let (_hub, mut events) = client.connect().await.unwrap();
    let mut link = server.subscribed(0).await;
    let mut heavy = event(0);
    heavy["data"] = json!("x".repeat(32 * 1024));
    let sent = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&sent);
    let writer = async move {
        for seq in 1..=EVENTS {
            heavy["seq"] = json!(seq);
            link.say(&heavy).await;
            count.fetch_add(1, Ordering::Relaxed);
        }
        link
    };
    let writing = tokio::task::JoinSet::from_iter([writer]);
    // The kernel's buffers take some megabytes, and then nothing more.
    let mut before = u32::MAX;
    while sent.load(Ordering::Relaxed) != before || before == 0 {
        before = sent.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(u64::from(before) < EVENTS, "the client read {before} events that nobody took");
    until_connected(&mut events).await;
    for seq in 1..=EVENTS {
        assert_eq!(next_seq(&mut events).await, seq);
    }
    drop(writing);
}

#[tokio::test]
async fn the_stored_position_follows_what_the_application_has_taken() {
    let path = std::env::temp_dir().join(format!("tollbell-hub-{}", std::process::id()));
    let store = FileStore::new(&path);
    store.save(&position("e7", 40)).unwrap();
    let server = Server::start().await;
    // The store goes before `since`.
    let client = server.client().since(position("e7", 1)).store(store.clone());
    let (_hub, mut events) = client.connect().await.unwrap();
    let mut link = server.subscribed(40).await;
    link.events([41]).await;
    link.say(&json!({"type": "mark", "seq": 45})).await;
    link.events([46]).await;
    until_connected(&mut events).await;
    assert_eq!(next_seq(&mut events).await, 41);
    assert_eq!(store.load().unwrap(), Some(position("e7", 40)), "event 41 may still be at work");
    assert_eq!(next_seq(&mut events).await, 46);
    assert_eq!(store.load().unwrap(), Some(position("e7", 45)));
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn closing_ends_attempts_that_nobody_answers() {
    let server = Server::start().await;
    let (hub, mut events) = server.client().connect().await.unwrap();
    timeout(support::STEP_WAIT_MAX, hub.close()).await.unwrap();
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn closing_does_not_wait_for_a_slow_application() {
    let server = Server::start().await;
    let client = server.client().since(position("e7", 0)).buffer(1);
    let (hub, mut events) = client.connect().await.unwrap();
    let mut link = server.subscribed(0).await;
    link.events(1..=9).await;
    until_connected(&mut events).await;
    timeout(support::STEP_WAIT_MAX, hub.close()).await.unwrap();
    let mut left = 0;
    while events.next().await.is_some() {
        left += 1;
    }
    assert!(left <= 1, "{left} items waited behind a buffer of one");
}

#[tokio::test]
async fn dropping_the_stream_ends_the_client() {
    let server = Server::start().await;
    let (_hub, events) = server.client().since(position("e7", 0)).connect().await.unwrap();
    let mut link = server.subscribed(0).await;
    drop(events);
    assert_eq!(link.until_closed().await, 1000);
}
