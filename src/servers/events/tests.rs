//! One event of each kind, compared with its golden file; and what everybody sees of it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    kernel::id::DiscordId,
    servers::model::{Details, End, LaunchError, LaunchSource, Order, Text},
};

fn at(text: &str) -> Timestamp {
    serde_json::from_value(text.into()).unwrap()
}

fn text<const MAX: usize>(raw: &str) -> Text<MAX> {
    Text::cut(raw).unwrap()
}

/// A session as it was reserved, and as it is in a status.
fn session(status: Status) -> ServerSession {
    let order = Order {
        game_code: text("21"),
        game: text("Decode"),
        comment: Some(text("CasualPB")),
        source: LaunchSource::DiscordBot,
        context: None,
        requested: 60,
    };
    let id = ServerSessionId::new(Uuid::from_u128(0x7d44_4840_9dc0_41d1_b245_5ffd_ce74_fad2));
    let owner = DiscordId::new(80_351_110_224_678_912);
    let start = at("2026-11-22T01:00:00Z");
    let mut one = ServerSession::new(id, owner, order, 60, Some(text("swordfish")), start);
    one.status = status;
    one.version = i64::from(status.rank()) + 1;
    one.updated_at = at("2026-11-22T01:00:09.123Z");
    if status != Status::Pending {
        one.details = Details {
            orchestrator_id: Some(text("orch-1")),
            state: Some(text(status.name())),
            host: Some(text("play.example.org")),
            port: Some(11_115),
            ..one.details
        };
    }
    if matches!(status, Status::Running | Status::Stopping | Status::Stopped | Status::Killed) {
        one.ready_at = Some(at("2026-11-22T01:00:30Z"));
        one.beat_at = at("2026-11-22T01:07:30Z");
    }
    match status {
        Status::Stopping => {
            one.stop_requested_at = Some(at("2026-11-22T01:07:40Z"));
            one.reason = Some(text("time_limit"));
        }
        Status::Failed => {
            let message = Some(text("no free port"));
            one.launch_error = Some(LaunchError { code: text("NO_CAPACITY"), message });
            one.reason = Some(text("launch_failed"));
        }
        Status::Expired => one.reason = Some(text("heartbeat_lost")),
        Status::Stopped | Status::Killed => one.reason = Some(text(status.name())),
        _ => {}
    }
    if !status.is_open() {
        let billed = if status == Status::Failed { 0 } else { 10 };
        let end = at("2026-11-22T01:07:45Z");
        one.end = Some(End { at: end, billed, reported_at: Some(end) });
    }
    one
}

fn events() -> Vec<Box<dyn Fact>> {
    let mut events: Vec<Box<dyn Fact>> = Vec::new();
    for status in Status::ALL {
        let session = SessionView::from(&session(status));
        events.push(Box::new(OwnerEvent { kind: kind(None, status), session }));
    }
    let running = || SessionView::from(&session(Status::Running));
    let updated = kind(Some(Status::Running), Status::Running);
    events.push(Box::new(OwnerEvent { kind: updated, session: running() }));
    events.push(Box::new(ServerWarning { minutes_left: 5, session: running() }));
    events.push(Box::new(OrphanStopped {
        session_id: running().id,
        orchestrator_session_id: "orch-1".into(),
        reason: "orphaned".into(),
        attempts: 2,
    }));
    events.push(Box::new(ServerAnomaly {
        session_id: running().id,
        orchestrator_session_id: Some("orch-2".into()),
        event: "ready".into(),
        event_id: "evt-7f3".into(),
        anomaly: Anomaly::OtherServer,
    }));
    events
}

fn wire(event: &dyn Fact) -> Value {
    let data: Value =
        serde_json::from_str(event.data(Scale::new(2).unwrap()).unwrap().get()).unwrap();
    json!({"kind": event.kind(), "topics": event.topics(), "data": data})
}

#[test]
fn every_kind_has_its_golden_json() {
    let mut kinds: Vec<_> = events().iter().map(|event| event.kind()).collect();
    for event in events() {
        let path = format!("tests/golden/events/{}.json", event.kind());
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        let golden: Value = serde_json::from_str(&golden).unwrap_or_default();
        let found = wire(&*event);
        assert_eq!(found, golden, "{path} should be\n{found:#}");
    }
    kinds.sort_unstable();
    let mut listed = KINDS.to_vec();
    listed.sort_unstable();
    assert_eq!(kinds, listed);
}

#[test]
fn a_tick_has_its_golden_json() {
    let id = session(Status::Running).id;
    let beat = at("2026-11-22T01:07:30Z");
    let tick = ServerTick { id, last_heartbeat_at: beat, players: Some(3) };
    let golden: Value =
        serde_json::from_str(include_str!("../../../tests/golden/hints/server.tick.json")).unwrap();
    let topics = [Topic::named(SERVERS), Topic::of("server", id)];
    assert_eq!(json!({"kind": SERVER_TICK, "topics": topics, "data": tick}), golden);
}

#[test]
fn everybody_sees_neither_owner_nor_password() {
    for status in Status::ALL {
        let one = session(status);
        let public = PublicEvent { kind: kind(None, status), server: ServerView::from(&one) };
        let seen = wire(&public);
        assert_eq!(seen["topics"], json!(["servers", format!("server:{}", one.id)]));
        let owner = wire(&OwnerEvent { kind: public.kind, session: SessionView::from(&one) });
        for (field, value) in seen["data"].as_object().unwrap() {
            assert_eq!(&owner["data"][field], value, "{field} of {status:?}");
        }
        let text = seen.to_string();
        for secret in ["swordfish", "80351110224678912", "CasualPB", "orch-1", "billed"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
