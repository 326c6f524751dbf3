//! An orchestrator that is down, slow, talks nonsense or answers too late: a clear error in bounded time, no minutes
//! lost, nothing runs unpaid.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{
    Hub, Site,
    orchestrator::{Mood, Orchestrator},
    players::{Player, SESSIONS, USUAL, order, player, said},
};

/// As long as a call may take in these tests, and what a busy machine may add.
const LIMIT: Duration = Duration::from_secs(2);
const BUSY: Duration = Duration::from_secs(3);

async fn stage() -> (Site, Orchestrator, Hub, Player) {
    let site = Site::new().await;
    let orchestrator = Orchestrator::start().await;
    let flags =
        ["--dev", "--orchestrator-request-timeout-seconds", "2", "--server-sweep-seconds", "1"];
    let hub = orchestrator.hub(&site, &flags).await;
    let player = player(&site, &hub, 803, USUAL).await;
    (site, orchestrator, hub, player)
}

#[tokio::test]
async fn every_fault_is_a_clear_error_in_bounded_time() {
    let (site, orchestrator, _hub, player) = stage().await;
    let refusal = r#"{"error":{"code":"NO_CAPACITY","message":"all ports are taken"}}"#;
    for (mood, code, calls) in [
        (Mood::Refuses(409, refusal), "NO_CAPACITY", 1),
        // Regression: a refusal whose `error` is a text left the session pending, for ever.
        (Mood::Refuses(422, r#"{"error":"full"}"#), "ORCHESTRATOR_REJECTED_REQUEST", 1),
        (Mood::Refuses(500, "oops"), "ORCHESTRATOR_REJECTED_REQUEST", 1),
        (Mood::Refuses(301, ""), "ORCHESTRATOR_UNAVAILABLE", 1),
        (Mood::Refuses(503, "<html>"), "ORCHESTRATOR_UNAVAILABLE", 3),
        (Mood::Garbage("<html>hello</html>"), "ORCHESTRATOR_UNAVAILABLE", 1),
        (Mood::Garbage("[]"), "ORCHESTRATOR_UNAVAILABLE", 1),
        (Mood::HangsUp, "ORCHESTRATOR_UNAVAILABLE", 3),
        (Mood::Late(Duration::from_mins(1)), "ORCHESTRATOR_UNAVAILABLE", 1),
    ] {
        orchestrator.is(mood.clone());
        let (before, started) = (orchestrator.calls("/v1/servers").len(), Instant::now());
        let reply = player.start(json!({})).await;
        assert_eq!(said(&reply), (503, code), "{mood:?}");
        assert!(started.elapsed() < LIMIT + BUSY, "{mood:?} took {:?}", started.elapsed());
        assert_eq!(orchestrator.calls("/v1/servers").len() - before, calls, "{mood:?}");
        let refused = matches!(mood, Mood::Refuses(status, _) if ![301, 503].contains(&status));
        assert_eq!(reply.headers.contains_key("retry-after"), !refused, "{mood:?}");
        if let Mood::Refuses(409, _) = mood {
            assert_eq!(reply.body["message"], "all ports are taken");
            let details = json!([{"field": "upstream_status", "message": "409"}]);
            assert_eq!(reply.body["details"], details);
        }
        let one = player.api.get(SESSIONS).await.body["sessions"][0].clone();
        assert_eq!((&one["status"], &one["launch_error_code"]), (&json!("failed"), &json!(code)));
        assert_eq!(player.minutes(&site).await, (0, 0), "{mood:?}");
    }
    orchestrator.goes_down().await;
    let started = Instant::now();
    assert_eq!(said(&player.start(json!({})).await), (503, "ORCHESTRATOR_UNAVAILABLE"));
    assert!(started.elapsed() < LIMIT + BUSY);
    assert_eq!(player.minutes(&site).await, (0, 0));
    orchestrator.comes_back().await;
    orchestrator.is(Mood::Works);
    player.started().await;
}

#[tokio::test]
async fn a_launch_that_was_not_heard_is_repeated_under_one_key() {
    let (_site, orchestrator, _hub, player) = stage().await;
    orchestrator.is(Mood::RefusesFirst(2, 502, ""));
    let id = player.started().await;
    let calls = orchestrator.calls("/v1/servers");
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| call.key.as_deref() == Some(&id)));
    assert_eq!(orchestrator.living(), 1);
}

/// Regression: a timeout was taken for a failure, and a server that ran all the same ran for free or came back to life.
#[tokio::test]
async fn a_server_that_was_launched_too_late_does_not_run_unpaid() {
    let (site, orchestrator, hub, player) = stage().await;
    orchestrator.is(Mood::Late(LIMIT + Duration::from_secs(1)));
    assert_eq!(said(&player.start(json!({})).await), (503, "ORCHESTRATOR_UNAVAILABLE"));
    let id = player.api.get(SESSIONS).await.body["sessions"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(orchestrator.living(), 1);
    for event in ["launch_accepted", "ready", "heartbeat"] {
        let more = json!({"orchestrator_session_id": orchestrator.name(&id)});
        let reply = orchestrator.reports(&id, event, more).await;
        assert_eq!(reply.body["commands"], json!(["stop"]), "{event}");
        assert_eq!(player.status(&id).await, "failed", "{event}");
    }
    hub.wait_until(async || orchestrator.living() == 0).await;
    assert_eq!(player.minutes(&site).await, (0, 0));
}

#[tokio::test]
async fn a_report_proves_a_launch_whose_answer_was_lost() {
    let (site, orchestrator, _hub, player) = stage().await;
    orchestrator.is(Mood::ReportsFirst(json!({"event": "ready"})));
    let id = player.started().await;
    assert_eq!(player.status(&id).await, "running");
    orchestrator.reports(&id, "stopped", json!({"runtime_seconds": 60})).await;
    // The same, and the answer never comes: what was reported counts.
    orchestrator.is(Mood::Late(Duration::from_mins(1)));
    let (reply, ()) = tokio::join!(player.start(json!({})), async {
        let session = loop {
            let open = player.api.get(&format!("{SESSIONS}?status=pending")).await;
            if let Some(id) = open.body["sessions"][0]["id"].as_str() {
                break id.to_owned();
            }
        };
        while orchestrator.living() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let more = json!({"orchestrator_session_id": orchestrator.name(&session)});
        assert_eq!(orchestrator.reports(&session, "ready", more).await.status, 200);
    });
    assert_eq!((reply.status, &reply.body["session"]["status"]), (201, &json!("running")));
    assert_eq!(player.minutes(&site).await, (5, 60));
}

#[tokio::test]
async fn a_user_who_hangs_up_stops_nothing() {
    let (_site, orchestrator, _hub, player) = stage().await;
    orchestrator.is(Mood::Late(Duration::from_secs(1)));
    let (api, path) = (player.api.clone(), format!("{SESSIONS}/start"));
    let asked = tokio::spawn(async move { api.post(&path, &order(&json!({}))).await });
    while orchestrator.calls("/v1/servers").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    asked.abort();
    let id = player.api.get(SESSIONS).await.body["sessions"][0]["id"].as_str().unwrap().to_owned();
    player.waits_for(&id, "launching").await;
}

/// Regression: stuck launching sessions. A hub that is killed while it launches leaves nothing behind for long.
#[tokio::test]
async fn a_hub_that_is_killed_while_it_launches_leaves_nothing_behind() {
    let (site, orchestrator, mut hub, player) = stage().await;
    orchestrator.is(Mood::Late(Duration::from_secs(1)));
    let path = format!("{SESSIONS}/start");
    let (api, body) = (player.api.clone(), order(&json!({})));
    let asked = tokio::spawn(async move {
        let headers = [("idempotency-key", "k1")];
        api.try_send(reqwest::Method::POST, &path, &headers, body.to_string().into()).await
    });
    while orchestrator.calls("/v1/servers").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    hub.kill();
    assert!(asked.await.unwrap().is_err());
    orchestrator.is(Mood::Works);
    let flags = ["--dev", "--server-sweep-seconds", "1"];
    let again = orchestrator.hub(&site, &flags).await;
    let api = player.api.at(&again);
    // Whoever asks again under the same key gets the server that was ordered.
    again.advance(60).await;
    let path = format!("{SESSIONS}/start");
    let reply = api.post_keyed(&path, "k1", &order(&json!({}))).await;
    assert_eq!((reply.status, &reply.body["session"]["status"]), (200, &json!("launching")));
    assert_eq!(orchestrator.living(), 1);
    // Whoever does not ask again is free after five minutes.
    again.advance(301).await;
    let id = reply.body["session"]["id"].as_str().unwrap();
    let player = Player { id: player.id, api };
    let one: Value = player.waits_for(id, "failed").await;
    assert_eq!(one["stop_reason"], "launch_timeout");
    again.wait_until(async || orchestrator.living() == 0).await;
    assert_eq!(player.minutes(&site).await, (0, 0));
}

#[tokio::test]
async fn a_server_that_never_speaks_is_found_by_the_roll_call() {
    let (site, orchestrator, mut hub, player) = stage().await;
    let paid = {
        let other = super::support::players::player(&site, &hub, 9, USUAL).await;
        other.started().await
    };
    orchestrator.is(Mood::HangsUp);
    assert_eq!(said(&player.start(json!({})).await), (503, "ORCHESTRATOR_UNAVAILABLE"));
    assert_eq!(orchestrator.living(), 2);
    // It can tell from now on, and a hub asks when it starts.
    orchestrator.tells();
    orchestrator.is(Mood::Works);
    hub.kill();
    let again = orchestrator.hub(&site, &[]).await;
    again.wait_until(async || orchestrator.living() == 1).await;
    let stops = orchestrator.calls("/stop");
    assert_eq!((stops.len(), &stops[0].body["reason"]), (1, &json!("orphaned")));
    let open = again.guest().get("/api/v1/servers").await;
    assert_eq!(open.data()["items"][0]["id"], json!(paid));
}
