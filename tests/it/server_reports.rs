//! Reports of the orchestrator: early, late, twice, in any order, about nothing, and odd ones. As the tables say, and
//! never a 500.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::support::{
    Hub, Reply, Site, Socket,
    orchestrator::{Mood, Orchestrator, report},
    players::{Allowance, Player, SESSIONS, player, said},
};

/// Sessions enough for a table.
const MANY: Allowance = Allowance { minutes: 10_000, session: 60, at_once: 100 };

async fn stage(flags: &[&str]) -> (Site, Orchestrator, Hub, Player) {
    let site = Site::new().await;
    let orchestrator = Orchestrator::start().await;
    let hub = orchestrator.hub(&site, flags).await;
    let player = player(&site, &hub, 803, MANY).await;
    (site, orchestrator, hub, player)
}

const EVENTS: [&str; 8] = [
    "launch_accepted",
    "ready",
    "heartbeat",
    "stopping",
    "stopped",
    "exited",
    "killed",
    "launch_failed",
];

/// Regression: a report that came before the answer to the launch was overwritten by `launching`, for ever.
#[tokio::test]
async fn a_report_before_the_answer_to_the_launch_stands() {
    let (site, orchestrator, _hub, player) = stage(&[]).await;
    for (event, status) in [
        ("launch_accepted", "launching"),
        ("ready", "running"),
        ("heartbeat", "running"),
        ("stopping", "stopping"),
        ("stopped", "stopped"),
        ("exited", "stopped"),
        ("killed", "killed"),
        ("launch_failed", "failed"),
    ] {
        let said = json!({"event": event, "runtime_seconds": 60, "error_code": "NO_CAPACITY"});
        orchestrator.is(Mood::ReportsFirst(said));
        let reply = player.start(json!({})).await;
        assert_eq!(reply.status, 201, "{event}: {reply:?}");
        let one = &reply.body["session"];
        assert_eq!(one["status"], status, "{event}");
        let id = one["id"].as_str().unwrap();
        assert_eq!(player.status(id).await, status, "{event}");
        if one["stopped_at"].is_null() {
            assert_eq!(one["host"], "play.example.org", "the answer adds what it knows");
        }
    }
    let (used, held) = player.minutes(&site).await;
    assert_eq!((used, held), (0, 4 * 60), "none of those that ended was ready");
}

/// Regression: terminal sessions came back to life by reports that came late.
#[tokio::test]
async fn late_reports_change_nothing_about_an_end() {
    let (site, orchestrator, hub, player) = stage(&[]).await;
    for end in ["stopped", "exited", "killed", "launch_failed"] {
        let id = player.started().await;
        if end != "launch_failed" {
            orchestrator.reports(&id, "ready", json!({})).await;
        }
        orchestrator.reports(&id, end, json!({"runtime_seconds": 60})).await;
        let over = player.session(&id).await;
        for late in EVENTS {
            let reply = orchestrator
                .reports(&id, late, json!({"host": "evil.example", "runtime_seconds": 3_000}))
                .await;
            assert_eq!(reply.status, 200, "{late} after {end}: {reply:?}");
            assert_eq!(reply.body["status"], "ignored", "{late} after {end}");
            assert_eq!(player.session(&id).await, over, "{late} after {end}");
        }
    }
    assert_eq!(player.minutes(&site).await, (15, 0));
    // A launch that failed and a server that says it lives: that server is stopped.
    hub.wait_until(async || orchestrator.calls("/stop").len() == 1).await;
    assert_eq!(orchestrator.calls("/stop")[0].body["reason"], "orphaned");
}

#[tokio::test]
async fn a_server_that_the_hub_gave_up_is_stopped_when_it_speaks() {
    let (site, orchestrator, hub, player) = stage(&["--dev", "--server-sweep-seconds", "1"]).await;
    let mut operator = Socket::of(&hub, &hub.admin()).await;
    operator.listen(&["ops"]).await;
    orchestrator.is(Mood::HangsUp);
    let reply = player.start(json!({})).await;
    assert_eq!(said(&reply), (503, "ORCHESTRATOR_UNAVAILABLE"));
    assert_eq!((orchestrator.living(), player.minutes(&site).await), (1, (0, 0)));
    let failed = &player.api.get(SESSIONS).await.body["sessions"][0];
    let id = failed["id"].as_str().unwrap();
    assert_eq!((&failed["status"], &failed["billed_minutes"]), (&json!("failed"), &json!(0)));
    // The orchestrator is in order again; nobody knows the server's name until it speaks.
    orchestrator.is(Mood::Works);
    let name = orchestrator.name(id);
    let ready = json!({"orchestrator_session_id": name});
    let reply = orchestrator.reports(id, "ready", ready.clone()).await;
    assert_eq!(
        (&reply.body["status"], &reply.body["commands"]),
        (&json!("ignored"), &json!(["stop"]))
    );
    hub.wait_until(async || orchestrator.living() == 0).await;
    let event = operator.event().await;
    assert_eq!(
        (&event["kind"], &event["data"]["attempts"]),
        (&json!("ops.orphan_stopped"), &json!(1))
    );
    assert_eq!(event["data"]["orchestrator_session_id"], name);
    // Once, however often it speaks.
    orchestrator.reports(id, "heartbeat", ready).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(orchestrator.calls("/stop").len(), 1);
}

#[tokio::test]
async fn the_same_report_twice_is_one() {
    let (site, _orchestrator, hub, player) = stage(&[]).await;
    let [one, other] = [player.started().await, player.started().await];
    let admin = hub.admin();
    let ready = json!({"event_id": 7, "event": "ready"});
    let first = report(&admin, &one, &ready).await;
    assert_eq!((&first.body["duplicate"], &first.body["event_id"]), (&json!(false), &json!("7")));
    let version = player.session(&one).await["version"].clone();
    let again = report(&admin, &one, &ready).await;
    let expected = json!({
        "success": true, "event_id": "7", "status": "processed", "duplicate": true,
        "session_status": "running", "commands": [],
    });
    assert_eq!((again.status, again.body), (200, expected));
    assert_eq!(player.session(&one).await["version"], version);
    // The same name about another session is another report; as another event it is the same one.
    assert_eq!(report(&admin, &other, &ready).await.body["duplicate"], false);
    let stopped = json!({"event_id": "7", "event": "stopped"});
    assert_eq!(report(&admin, &one, &stopped).await.body["session_status"], "running");
    // Many at once, on two hubs: one is first.
    let second = site.hub(&[]).await;
    let stopped = json!({"event_id": "end", "event": "stopped", "runtime_seconds": 60});
    let apis = [admin.clone(), second.admin()];
    let all = (0..20).map(|n| report(&apis[n % 2], &one, &stopped));
    let replies = futures_util::future::join_all(all).await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body["status"] == "processed"));
    assert_eq!(replies.iter().filter(|reply| reply.body["duplicate"] == false).count(), 1);
    assert_eq!(player.minutes(&site).await, (5, 60));
}

#[tokio::test]
async fn reports_in_any_order_come_to_the_same_end() {
    let (site, orchestrator, _hub, player) = stage(&[]).await;
    let story = ["launch_accepted", "ready", "heartbeat", "stopping", "stopped"];
    let mut orders = vec![story.to_vec()];
    for shift in 1..story.len() {
        let mut turned = story.to_vec();
        turned.rotate_left(shift);
        orders.push(turned.clone());
        turned.reverse();
        orders.push(turned);
    }
    for order in orders {
        let id = player.started().await;
        let started = player.session(&id).await["started_at"].clone();
        for event in &order {
            // The end says since when the server was there, so its bill does not hang on the order.
            let more = json!({"runtime_seconds": 60, "ready_at": started});
            let reply = orchestrator.reports(&id, event, more).await;
            assert_eq!(reply.status, 200, "{order:?}: {reply:?}");
        }
        let over = player.session(&id).await;
        assert_eq!(
            (&over["status"], &over["billed_minutes"]),
            (&json!("stopped"), &json!(5)),
            "{order:?}"
        );
    }
    assert_eq!(player.minutes(&site).await.1, 0);
}

#[tokio::test]
async fn odd_reports_are_refused_by_name_and_never_a_500() {
    let (_site, orchestrator, hub, player) = stage(&[]).await;
    let id = player.started().await;
    let admin = hub.admin();
    let before = player.session(&id).await;
    for (body, code, field) in [
        (json!({}), "INVALID_EVENT", "event_id"),
        (json!({"event_id": "e"}), "INVALID_EVENT", "event"),
        (json!({"event": "ready"}), "INVALID_EVENT", "event_id"),
        (json!({"event_id": "x".repeat(129), "event": "ready"}), "INVALID_EVENT", "event_id"),
        (json!({"event_id": "e", "event": "ready", "port": "x"}), "INVALID_EVENT", "port"),
        (json!({"event_id": "e", "event": "ready", "port": 65_536}), "INVALID_EVENT", "port"),
        (json!({"event_id": "e", "event": "ready", "host": {}}), "INVALID_EVENT", "host"),
        (
            json!({"event_id": "e", "event": "ready", "occurred_at": "now"}),
            "INVALID_EVENT",
            "occurred_at",
        ),
        (
            json!({"event_id": "e", "event": "stopped", "runtime_seconds": "x"}),
            "INVALID_EVENT",
            "runtime_seconds",
        ),
        (json!([]), "INVALID_BODY", "body"),
        (json!("ready"), "INVALID_BODY", "body"),
        (json!(null), "INVALID_BODY", "body"),
    ] {
        let reply = report(&admin, &id, &body).await;
        assert_eq!(said(&reply), (400, code), "{body}");
        assert_eq!(reply.body["details"][0]["field"], field, "{body}");
    }
    let path = format!("{SESSIONS}/{id}/orchestrator-event");
    let nested = [b"{\"a\":".to_vec(), vec![b'['; 10_000]].concat();
    for bytes in [b"".to_vec(), b"{".to_vec(), b"\xff".to_vec(), nested] {
        let reply = admin.send(Method::POST, &path, &[], bytes).await;
        assert_eq!(said(&reply), (400, "INVALID_JSON"));
    }
    let large = json!({"event_id": "e", "event": "ready", "host": "x".repeat(70_000)});
    assert_eq!(said(&report(&admin, &id, &large).await), (413, "PAYLOAD_TOO_LARGE"));
    assert_eq!(player.session(&id).await, before);
    // What is odd but can be read is taken for what it is.
    for (event, more) in [
        ("heartbeat", json!({"occurred_at": "9999-12-31T23:59:59Z"})),
        ("heartbeat", json!({"occurred_at": "0001-01-01T00:00:00Z"})),
        (
            "ready",
            json!({"host": "a\u{0}b", "password": "\u{0}", "orchestrator_state": "x".repeat(500)}),
        ),
        ("ready", json!({"port": "", "unknown": {"deep": [1]}})),
        ("stopped", json!({"runtime_seconds": -1e300, "stopped_at": "9999-12-31T23:59:59Z"})),
    ] {
        let reply = orchestrator.reports(&id, event, more.clone()).await;
        assert_eq!(reply.status, 200, "{event} {more}: {reply:?}");
    }
    assert_eq!(player.status(&id).await, "stopped");
}

#[tokio::test]
async fn what_nobody_knows_is_noted_and_what_is_nobodys_is_not() {
    let (site, orchestrator, hub, player) = stage(&[]).await;
    let id = player.started().await;
    let before = player.session(&id).await;
    let reply = orchestrator.reports(&id, "player_joined", json!({"host": "x"})).await;
    assert_eq!((reply.status, &reply.body["status"]), (200, &json!("ignored")));
    assert_eq!(player.session(&id).await, before);
    for id in ["00000000-0000-4000-8000-000000000000", "nobody"] {
        let reply = report(&hub.admin(), id, &json!({"event_id": 1, "event": "ready"})).await;
        assert_eq!(said(&reply), (404, "SESSION_NOT_FOUND"));
    }
    assert_eq!(site.count("select count(*) from server_reports").await, 1);
}

#[tokio::test]
async fn what_cannot_be_is_told_to_the_operator() {
    let (_site, orchestrator, hub, player) = stage(&[]).await;
    let mut operator = Socket::of(&hub, &hub.admin()).await;
    operator.listen(&["ops"]).await;
    let id = player.started().await;
    orchestrator.reports(&id, "ready", json!({})).await;
    let other = json!({"orchestrator_session_id": "somebody-else"});
    assert_eq!(orchestrator.reports(&id, "heartbeat", other).await.body["status"], "ignored");
    let years = json!({"runtime_seconds": 100_000_000});
    orchestrator.reports(&id, "stopped", years).await;
    let second = player.started().await;
    orchestrator.reports(&second, "ready", json!({})).await;
    orchestrator.reports(&second, "launch_failed", json!({})).await;
    let mut anomalies = Vec::new();
    while anomalies.len() < 3 {
        let event = operator.event().await;
        if event["kind"] == "ops.server_anomaly" {
            anomalies.push(event["data"]["anomaly"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(anomalies, ["other_server", "impossible_runtime", "failed_after_ready"]);
    // One session, one server: the other one is stopped.
    hub.wait_until(async || !orchestrator.calls("/v1/servers/somebody-else/stop").is_empty()).await;
}

#[tokio::test]
async fn signed_reports_are_believed_and_others_are_not() {
    const SECRET: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    let (_site, _orchestrator, hub, player) =
        stage(&["--orchestrator-webhook-secret", SECRET]).await;
    let id = player.started().await;
    let body = json!({"event_id": "e1", "event": "ready"}).to_string();
    let now = chrono::Utc::now().timestamp();
    let send = async |time: i64, body: &str, signature: &str| -> Reply {
        let (path, time) = (format!("{SESSIONS}/{id}/orchestrator-event"), time.to_string());
        let headers = [
            ("webhook-id", "m1"),
            ("webhook-timestamp", time.as_str()),
            ("webhook-signature", signature),
        ];
        hub.admin().send(Method::POST, &path, &headers, body.as_bytes().to_vec()).await
    };
    let key: Vec<u8> = (1..=32).collect();
    let sign = |time: i64, body: &str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("m1.{time}.{body}").as_bytes());
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    };
    let unsigned = report(&hub.admin(), &id, &serde_json::from_str::<Value>(&body).unwrap()).await;
    assert_eq!(said(&unsigned), (400, "INVALID_SIGNATURE"));
    for (time, signature) in
        [(now, "v1,AAAA".to_owned()), (now, sign(now, "{}")), (now - 301, sign(now - 301, &body))]
    {
        let reply = send(time, &body, &signature).await;
        assert_eq!(said(&reply), (400, "INVALID_SIGNATURE"), "{signature}");
    }
    assert_eq!(player.status(&id).await, "launching");
    assert_eq!(send(now, &body, &sign(now, &body)).await.status, 200);
    assert_eq!(player.status(&id).await, "running");
}

#[tokio::test]
async fn an_orchestrator_of_many_servers_is_not_held_up() {
    let flags = ["--loopback-unlimited=false", "--caller-requests-per-min", "5"];
    let (site, _orchestrator, hub, player) = stage(&flags).await;
    let id = player.started().await;
    let reporter = hub.with(&site.key("orchestrator"));
    for n in 0..20 {
        let reply = report(&reporter, &id, &json!({"event_id": n, "event": "heartbeat"})).await;
        assert_eq!(reply.status, 200, "{n}: {reply:?}");
    }
    let bot = hub.with(&site.key("bot"));
    let mut limited = false;
    for _ in 0..20 {
        limited |= bot.get(&format!("{SESSIONS}/{id}")).await.status == 429;
    }
    assert!(limited, "others are");
}
