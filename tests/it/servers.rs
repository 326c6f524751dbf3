//! Server sessions from the reservation to the last minute: users, bots, the orchestrator and those who listen.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{
    ANNA, Api, Hub, Site, Socket,
    orchestrator::{Mood, Orchestrator, report},
    players::{Allowance, Player, SESSIONS, USUAL, order, player, said, start, stranger},
};

/// A hub with an orchestrator and a player.
async fn stage(flags: &[&str]) -> (Site, Orchestrator, Hub, Player) {
    let site = Site::new().await;
    let orchestrator = Orchestrator::start().await;
    let hub = orchestrator.hub(&site, flags).await;
    let player = player(&site, &hub, 803, USUAL).await;
    (site, orchestrator, hub, player)
}

#[tokio::test]
async fn a_session_from_its_order_to_its_bill() {
    let (site, orchestrator, hub, player) = stage(&["--dev"]).await;
    let reply = player
        .start(json!({"requestedMinutes": "30", "comment": "My arena", "launch_source": "api"}))
        .await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let one = &reply.body["session"];
    let id = one["id"].as_str().unwrap();
    assert_eq!((&one["status"], &one["password"]), (&json!("launching"), &json!("generated")));
    assert_eq!((&one["requested_minutes"], &one["allocated_minutes"]), (&json!(30), &json!(30)));
    assert_eq!((&one["host"], &one["port"]), (&json!("play.example.org"), &json!(11_115)));
    assert_eq!((&one["launch_source"], &one["owner_discord_id"]), (&json!("api"), &json!("803")));
    assert_eq!(player.minutes(&site).await, (0, 30));
    let [call] = orchestrator.calls("/v1/servers").try_into().unwrap();
    assert_eq!(call.key.as_deref(), Some(id));
    for (field, expected) in [
        ("kind", json!("casual")),
        ("gameCode", json!("21")),
        ("websiteServerSessionId", json!(id)),
        ("requestedMinutes", json!(30)),
        ("maxMinutes", json!(30)),
        ("comment", json!("My arena")),
        ("launchSource", json!("api")),
        ("expiresAt", one["expires_at"].clone()),
        (
            "actor",
            json!({"type": "website_user", "discordUserId": "803", "displayName": "player803"}),
        ),
        ("callbackUrl", json!(format!("{}{SESSIONS}/{id}/orchestrator-event/", hub.url()))),
    ] {
        assert_eq!(call.body[field], expected, "{field}");
    }
    assert!(call.body.get("password").is_none(), "none was asked for");

    let ready = orchestrator.reports(id, "ready", json!({"port": 11_116})).await;
    assert_eq!(ready.status, 200, "{ready:?}");
    assert_eq!(ready.body["session_status"], "running");
    let one = player.session(id).await;
    assert_eq!((&one["status"], &one["port"]), (&json!("running"), &json!(11_116)));
    assert_eq!(one["time_limit_at"], one["expires_at"]);
    hub.advance(420).await;
    let done = json!({"runtime_seconds": 370, "reason": "user_stop"});
    assert_eq!(orchestrator.reports(id, "stopped", done).await.body["status"], "processed");
    let one = player.session(id).await;
    assert_eq!((&one["status"], &one["billed_minutes"]), (&json!("stopped"), &json!(10)));
    assert_eq!(one["stop_reason"], "user_stop");
    assert_eq!(player.minutes(&site).await, (10, 0));
    let listed = player.api.get(&format!("{SESSIONS}/?status=stopped")).await;
    assert_eq!(listed.body["sessions"], json!([one]));
}

#[tokio::test]
async fn a_start_that_cannot_be_says_why() {
    let (site, _orchestrator, hub, player_one) = stage(&[]).await;
    let wallet = hub.login(ANNA).await;
    let none = stranger(&hub, 7).await;
    let spent = player(&site, &hub, 9, Allowance { minutes: 0, session: 60, at_once: 1 }).await;
    let bot = hub.admin();
    let game = order;
    for (api, body, expected) in [
        (&hub.guest(), json!({}), (401, "NOT_AUTHENTICATED")),
        (&wallet, game(&json!({})), (403, "FORBIDDEN")),
        (&player_one.api, json!({}), (400, "GAME_CODE_REQUIRED")),
        (&player_one.api, json!({"game_code": "x".repeat(33)}), (400, "GAME_CODE_REQUIRED")),
        (
            &player_one.api,
            game(&json!({"requested_minutes": 7.9})),
            (400, "INVALID_REQUESTED_MINUTES"),
        ),
        (&player_one.api, game(&json!({"comment": []})), (400, "INVALID_VALUE")),
        (&player_one.api, json!([]), (400, "INVALID_BODY")),
        (&bot, game(&json!({})), (400, "OWNER_REQUIRED")),
        (&bot, game(&json!({"owner_discord_id": "abc"})), (400, "INVALID_DISCORD_ID")),
        (&bot, game(&json!({"owner_discord_id": "1234"})), (404, "USER_NOT_LINKED")),
        (&none.api, game(&json!({})), (403, "NO_ACTIVE_SUBSCRIPTION")),
        (&spent.api, game(&json!({})), (403, "MINUTES_EXHAUSTED")),
    ] {
        let reply = api.post(&format!("{SESSIONS}/start"), &body).await;
        assert_eq!(said(&reply), expected, "{body}");
    }
    player_one.started().await;
    let reply = player_one.start(json!({})).await;
    assert_eq!(said(&reply), (403, "CONCURRENCY_LIMIT"));
    let details = json!([{"field": "open", "message": "1"}, {"field": "limit", "message": "1"}]);
    assert_eq!(reply.body["details"], details);
    let odd = player_one
        .api
        .send(reqwest::Method::POST, &format!("{SESSIONS}/start"), &[], b"{".to_vec())
        .await;
    assert_eq!(said(&odd), (400, "INVALID_JSON"));
}

#[tokio::test]
async fn without_an_orchestrator_nothing_is_reserved() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let player = player(&site, &hub, 803, USUAL).await;
    assert_eq!(said(&player.start(json!({})).await), (503, "ORCHESTRATOR_NOT_CONFIGURED"));
    let games = player.api.get("/api/subscriptions/casual-games/").await;
    assert_eq!(said(&games), (503, "ORCHESTRATOR_NOT_CONFIGURED"));
    assert_eq!(player.minutes(&site).await, (0, 0));
    assert_eq!(site.count("select count(*) from server_sessions").await, 0);
}

#[tokio::test]
async fn the_same_key_is_the_same_session() {
    let (site, orchestrator, hub, player) = stage(&[]).await;
    let path = format!("{SESSIONS}/start");
    let first = player.api.post_keyed(&path, "k1", &order(&json!({}))).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = player.api.post_keyed(&path, "k1", &order(&json!({}))).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.body["session"], first.body["session"]);
    let other = player.api.post_keyed(&path, "k1", &order(&json!({"comment": "x"}))).await;
    assert_eq!(said(&other), (409, "IDEMPOTENCY_MISMATCH"));
    assert_eq!(orchestrator.calls("/v1/servers").len(), 1);
    let kept =
        site.count("select count(*) from request_keys where outcome like '%generated%'").await;
    assert_eq!(kept, 0, "a password is kept with the request");
    // A launch that failed is told again as it was.
    let second = super::support::players::player(&site, &hub, 804, USUAL).await;
    orchestrator.is(Mood::Refuses(409, r#"{"error":{"code":"NO_CAPACITY","message":"full"}}"#));
    for replayed in [false, true] {
        let reply = second.api.post_keyed(&path, "k1", &order(&json!({}))).await;
        assert_eq!(said(&reply), (503, "NO_CAPACITY"), "{reply:?}");
        assert_eq!(reply.headers.contains_key("idempotent-replayed"), replayed);
    }
    assert_eq!(orchestrator.calls("/v1/servers").len(), 2);
}

#[tokio::test]
async fn a_session_is_its_owners() {
    let (site, orchestrator, hub, player_one) = stage(&[]).await;
    let id = player_one.started().await;
    let other = player(&site, &hub, 9, USUAL).await;
    for path in ["", "/stop", "/heartbeat"] {
        let path = format!("{SESSIONS}/{id}{path}");
        let reply = if path.ends_with(&id) {
            other.api.get(&path).await
        } else {
            other.api.post(&path, &json!({})).await
        };
        assert_eq!(said(&reply), (404, "SESSION_NOT_FOUND"), "{path}");
    }
    for id in ["7", "not-a-uuid", "00000000-0000-4000-8000-000000000000"] {
        let reply = player_one.api.get(&format!("{SESSIONS}/{id}")).await;
        assert_eq!(said(&reply), (404, "SESSION_NOT_FOUND"), "{id}");
    }
    let reported = report(&player_one.api, &id, &json!({"event_id": 1, "event": "killed"})).await;
    assert_eq!(said(&reported), (403, "FORBIDDEN"));
    // A bot sees all of them, and those of one user.
    let bot = hub.admin();
    let mine = other.started().await;
    let ids = |reply: super::support::Reply| -> Vec<String> {
        let sessions = reply.body["sessions"].as_array().unwrap().clone();
        sessions.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(bot.get(&format!("{SESSIONS}?status=open")).await), [mine.clone(), id.clone()]);
    assert_eq!(
        ids(bot.get(&format!("{SESSIONS}?owner_discord_id=803")).await),
        std::slice::from_ref(&id)
    );
    let page = bot.get(&format!("{SESSIONS}?limit=1")).await;
    let cursor = page.body["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(ids(page), [mine]);
    let page = bot.get(&format!("{SESSIONS}?limit=1&cursor={cursor}")).await;
    assert_eq!(page.body["next_cursor"], Value::Null);
    assert_eq!(ids(page), std::slice::from_ref(&id));
    for query in ["status=lost", "cursor=x", "limit=x"] {
        let reply = bot.get(&format!("{SESSIONS}?{query}")).await;
        assert_eq!(reply.status, 400, "{query}: {reply:?}");
    }
    assert_eq!(
        said(&bot.get(&format!("{SESSIONS}?owner_discord_id=x")).await),
        (400, "INVALID_DISCORD_ID")
    );
    // Everybody sees that there are servers, and nothing more.
    let seen = hub.guest().get("/api/v1/servers").await;
    assert_eq!(seen.data()["count"], 2);
    let text = seen.body.to_string();
    assert!(!text.contains("generated") && !text.contains("owner"), "{text}");
    assert_eq!(
        hub.guest().get(&format!("/api/v1/servers/{id}")).await.data()["status"],
        "launching"
    );
    let nothing = hub.guest().get("/api/v1/servers/00000000-0000-4000-8000-000000000000").await;
    assert_eq!(nothing.said(), (404, "server_not_found"));
    drop(orchestrator);
}

#[tokio::test]
async fn a_bot_starts_for_a_user() {
    let (site, orchestrator, hub, _) = stage(&[]).await;
    let bot = hub.with(&site.key("bot"));
    let reply =
        start(&bot, json!({"owner_discord_id": "803", "launch_context": {"guild": "7"}})).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let one = &reply.body["session"];
    assert_eq!(
        (&one["launch_source"], &one["owner_discord_id"]),
        (&json!("discord_bot"), &json!("803"))
    );
    assert_eq!(orchestrator.calls("/v1/servers")[0].body["actor"]["type"], "discord_bot");
    let id = one["id"].as_str().unwrap();
    let reported = report(&bot, id, &json!({"event_id": 1, "event": "ready"})).await;
    assert_eq!(said(&reported), (403, "FORBIDDEN"), "a bot is no orchestrator");
    let stopped = bot.post(&format!("{SESSIONS}/{id}/stop"), &json!({"reason": "bored"})).await;
    assert_eq!((stopped.status, &stopped.body["session"]["stop_reason"]), (200, &json!("bored")));
}

#[tokio::test]
async fn a_stop_works_from_every_state() {
    let (site, orchestrator, hub, player) = stage(&["--dev"]).await;
    // Launching, and running: the server is told, and the session waits for its end.
    for ready in [false, true] {
        let id = player.started().await;
        if ready {
            orchestrator.reports(&id, "ready", json!({})).await;
        }
        let reply = player.stop(&id).await;
        assert_eq!((reply.status, &reply.body["session"]["status"]), (200, &json!("stopping")));
        let told = orchestrator.calls("/stop");
        assert_eq!(
            told.last().unwrap().path,
            format!("/v1/servers/{}/stop", orchestrator.name(&id))
        );
        // A second wish is the same wish, and is not told again at once.
        assert_eq!(player.stop(&id).await.status, 200);
        assert_eq!(orchestrator.calls("/stop").len(), told.len());
        orchestrator.reports(&id, "stopped", json!({"runtime_seconds": 60})).await;
        let over = player.stop(&id).await;
        assert_eq!((over.status, &over.body["session"]["status"]), (200, &json!("stopped")));
        let billed = if ready { 5 } else { 0 };
        assert_eq!(over.body["session"]["billed_minutes"], billed);
    }
    assert_eq!(player.minutes(&site).await, (5, 0));
    // Pending: nothing is charged, and the server that appears after all is stopped.
    orchestrator.is(Mood::Late(Duration::from_secs(2)));
    let (api, path) = (player.api.clone(), format!("{SESSIONS}/start"));
    let starting = tokio::spawn(async move { api.post(&path, &order(&json!({}))).await });
    let list = format!("{SESSIONS}?status=pending");
    hub.wait_until(async || player.api.get(&list).await.body["sessions"][0].is_object()).await;
    let pending = player.api.get(&list).await;
    let id = pending.body["sessions"][0]["id"].as_str().unwrap().to_owned();
    let stopped = player.stop(&id).await;
    assert_eq!((stopped.status, &stopped.body["session"]["status"]), (200, &json!("stopped")));
    assert_eq!(stopped.body["session"]["billed_minutes"], 0);
    assert_eq!(starting.await.unwrap().body["session"]["status"], "stopped");
    hub.wait_until(async || orchestrator.living() == 0).await;
    assert_eq!(player.minutes(&site).await, (5, 0));
}

/// Regression: the stop was written without a lock over a report that had come meanwhile, and the session was stuck.
#[tokio::test]
async fn a_stop_is_not_overwritten_by_a_late_write() {
    let (site, orchestrator, _hub, player) = stage(&[]).await;
    let id = player.started().await;
    orchestrator.reports(&id, "ready", json!({})).await;
    // The orchestrator takes its time to answer the stop; the report of the end is there first.
    orchestrator.stops(Mood::Late(Duration::from_secs(1)));
    let (stopped, heard) = tokio::join!(player.stop(&id), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        orchestrator.reports(&id, "stopped", json!({"runtime_seconds": 60})).await
    });
    assert_eq!((heard.status, stopped.status), (200, 200));
    assert_eq!(stopped.body["session"]["status"], "stopped");
    assert_eq!(player.status(&id).await, "stopped");
    assert_eq!(player.minutes(&site).await, (5, 0));
}

#[tokio::test]
async fn a_stop_that_is_not_heard_is_told_again() {
    let (_site, orchestrator, hub, player) =
        stage(&["--orchestrator-request-timeout-seconds", "2"]).await;
    let id = player.started().await;
    orchestrator.reports(&id, "ready", json!({})).await;
    orchestrator.goes_down().await;
    let reply = player.stop(&id).await;
    assert_eq!(said(&reply), (503, "ORCHESTRATOR_UNAVAILABLE"));
    assert_eq!(reply.headers["retry-after"], "5");
    assert_eq!(player.status(&id).await, "stopping", "the wish is stored");
    orchestrator.comes_back().await;
    hub.wait_until(async || orchestrator.living() == 0).await;
}

#[tokio::test]
async fn owners_say_that_their_server_lives() {
    let (_site, orchestrator, hub, player) = stage(&["--dev"]).await;
    let id = player.started().await;
    let before = player.session(&id).await;
    hub.advance(60).await;
    let path = format!("{SESSIONS}/{id}/heartbeat/");
    let reply = player.api.post(&path, &json!({})).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let one = &reply.body["session"];
    assert_eq!((&one["status"], &one["version"]), (&before["status"], &before["version"]));
    assert!(one["last_heartbeat_at"].as_str() > before["last_heartbeat_at"].as_str());
    let named = player.api.post(&path, &json!({"server_identifier": "arena-3"})).await;
    assert_eq!(named.body["session"]["server_identifier"], "arena-3");
    assert_eq!(named.body["session"]["version"], before["version"].as_i64().unwrap() + 1);
    orchestrator.reports(&id, "killed", json!({})).await;
    assert_eq!(said(&player.api.post(&path, &json!({})).await), (409, "SESSION_NOT_OPEN"));
}

#[tokio::test]
async fn one_subscribe_shows_and_keeps_the_live_list() {
    let (site, orchestrator, hub, player_one) = stage(&["--dev"]).await;
    let first = player_one.started().await;
    orchestrator.reports(&first, "ready", json!({})).await;
    let mut guest = Socket::guest(&hub).await;
    let message = json!({"type": "subscribe", "id": 1, "topics": ["servers"], "snapshot": true});
    assert_eq!(guest.ask(message).await["mode"], "snapshot");
    let snapshot = guest.hear_a("snapshot").await;
    let mut live: std::collections::HashMap<String, Value> = std::collections::HashMap::new();
    for server in snapshot["data"]["servers"].as_array().unwrap() {
        live.insert(server["id"].as_str().unwrap().to_owned(), server.clone());
    }
    assert_eq!(live[&first]["status"], "running");
    let other = player(&site, &hub, 9, USUAL).await;
    let second = other.started().await;
    orchestrator.reports(&second, "ready", json!({})).await;
    orchestrator.reports(&first, "exited", json!({})).await;
    for kind in ["server.pending", "server.launching", "server.ready", "server.stopped"] {
        let event = guest.event().await;
        assert_eq!(event["kind"], kind);
        let text = event.to_string();
        assert!(!text.contains("generated") && !text.contains("owner"), "{text}");
        let (id, data) = (event["data"]["id"].as_str().unwrap().to_owned(), event["data"].clone());
        let before = live.get(&id).map_or(0, |server| server["version"].as_i64().unwrap());
        assert_eq!(data["version"], before + 1, "nothing is missing");
        if data["stopped_at"].is_null() {
            live.insert(id, data)
        } else {
            live.remove(&id)
        };
    }
    let listed = hub.guest().get("/api/v1/servers").await;
    assert_eq!(listed.data()["items"], json!(live.values().collect::<Vec<_>>()));
    let one = format!("server:{second}");
    let message = json!({"type": "subscribe", "id": 2, "topics": [one], "snapshot": true});
    guest.ask(message).await;
    assert_eq!(guest.hear_a("snapshot").await["data"], live[&second]);
}

#[tokio::test]
async fn owners_hear_all_of_their_sessions_and_others_nothing() {
    let (site, orchestrator, hub, player_one) = stage(&[]).await;
    let other = player(&site, &hub, 9, USUAL).await;
    let mut denied = Socket::of(&hub, &other.api).await;
    let refused = denied.ask(json!({"type": "subscribe", "topics": ["user:803"]})).await;
    assert_eq!(refused["code"], "forbidden");
    let id = player_one.started().await;
    let mut owner = Socket::of(&hub, &player_one.api).await;
    let topics = json!({"type": "subscribe", "topics": ["user:803"], "snapshot": true, "kinds": ["server.*"]});
    assert_eq!(owner.ask(topics).await["mode"], "snapshot");
    let snapshot = owner.hear_a("snapshot").await["data"].clone();
    assert_eq!(snapshot["active_session"], player_one.session(&id).await);
    assert_eq!(snapshot["open_sessions"][0]["password"], "generated");
    orchestrator.reports(&id, "ready", json!({})).await;
    let event = owner.event().await;
    assert_eq!(
        (&event["kind"], &event["data"]["password"]),
        (&json!("server.ready"), &json!("generated"))
    );
    assert_eq!(event["data"], player_one.session(&id).await);
    // The two views of a change stand side by side in the log.
    let sql = "select count(*) from events p join events o on o.seq = p.seq + 1 and o.kind = p.kind
               where p.topics @> '{servers}' and o.topics @> '{user:803}'";
    assert_eq!(site.count(sql).await, 3);
    assert_eq!(site.count("select count(*) from events where topics @> '{servers}'").await, 3);
}

#[tokio::test]
async fn signs_of_life_are_hints_and_no_events() {
    let (site, orchestrator, hub, player) = stage(&["--dev"]).await;
    let id = player.started().await;
    orchestrator.reports(&id, "ready", json!({})).await;
    let mut guest = Socket::on(&hub, &["servers"]).await;
    let head = hub.log_head().await;
    hub.advance(31).await;
    let beat = orchestrator.reports(&id, "heartbeat", json!({"players": 3})).await;
    assert_eq!(beat.body["status"], "processed");
    let hint = loop {
        let hint = guest.hear_a("hint").await;
        if hint["kind"] == "server.tick" {
            break hint;
        }
    };
    assert_eq!((&hint["data"]["id"], &hint["data"]["players"]), (&json!(id), &json!(3)));
    // The clock that was moved is an event of its own, and who moved it another.
    assert_eq!(hub.log_head().await, head + 2);
    assert_eq!(
        site.count("select count(*) from server_reports where event = 'heartbeat'").await,
        0
    );
}

#[tokio::test]
async fn games_are_asked_for_once() {
    let (site, orchestrator, hub, player) = stage(&[]).await;
    let path = "/api/subscriptions/casual-games/";
    for api in [&player.api, &hub.admin(), &player.api] {
        let reply = api.get(path).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(
            reply.body,
            json!({"success": true, "games": [{"gameCode": "21", "name": "Decode"}]})
        );
    }
    assert_eq!(orchestrator.calls("/v1/games").len(), 1);
    assert_eq!(said(&hub.guest().get(path).await), (401, "NOT_AUTHENTICATED"));
    orchestrator.goes_down().await;
    assert_eq!(player.api.get(path).await.status, 200);
    let fresh = orchestrator.hub(&site, &["--orchestrator-request-timeout-seconds", "2"]).await;
    let reply = Api::new(&fresh.url(), player.api.token.as_deref()).get(path).await;
    assert_eq!(said(&reply), (503, "ORCHESTRATOR_UNAVAILABLE"));
}

/// Nothing here waits for longer than a call may take.
#[tokio::test]
async fn time_ends_what_nobody_ends() {
    let (site, orchestrator, hub, player) = stage(&["--dev", "--server-sweep-seconds", "1"]).await;
    // Launching for too long: failed, free of charge, and the server is told to stop.
    let id = player.started().await;
    hub.advance(301).await;
    let one = player.waits_for(&id, "failed").await;
    assert_eq!(
        (&one["stop_reason"], &one["billed_minutes"]),
        (&json!("launch_timeout"), &json!(0))
    );
    hub.wait_until(async || orchestrator.living() == 0).await;
    // Silent for too long: charged until the last sign of life.
    let id = player.started().await;
    orchestrator.reports(&id, "ready", json!({})).await;
    hub.advance(240).await;
    orchestrator.reports(&id, "heartbeat", json!({})).await;
    hub.advance(601).await;
    let one = player.waits_for(&id, "expired").await;
    assert_eq!(
        (&one["stop_reason"], &one["billed_minutes"]),
        (&json!("heartbeat_lost"), &json!(5))
    );
    hub.wait_until(async || orchestrator.living() == 0).await;
    assert_eq!(player.minutes(&site).await, (5, 0));
    // The end of its minutes: told to stop; never confirmed: charged until it was told.
    let mut owner = Socket::of(&hub, &player.api).await;
    owner.listen(&["user:803"]).await;
    let id = player.started().await;
    orchestrator.reports(&id, "ready", json!({})).await;
    let mut warned = Vec::new();
    for step in [530, 530, 530, 530, 530, 360, 300, 240, 60] {
        hub.advance(step).await;
        orchestrator.reports(&id, "heartbeat", json!({})).await;
        // Longer than between two looks.
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    let one = player.waits_for(&id, "stopping").await;
    assert_eq!(one["stop_reason"], "time_limit");
    hub.wait_until(async || orchestrator.living() == 0).await;
    hub.advance(601).await;
    let one = player.waits_for(&id, "expired").await;
    assert_eq!(
        (&one["stop_reason"], &one["billed_minutes"]),
        (&json!("stop_unconfirmed"), &json!(60))
    );
    loop {
        let event = owner.event().await;
        match event["kind"].as_str().unwrap() {
            "server.warning" => warned.push(event["data"]["minutes_left"].as_i64().unwrap()),
            "server.expired" if event["data"]["id"] == json!(id) => break,
            _ => {}
        }
    }
    assert_eq!(warned, [10, 5, 1]);
    assert_eq!(player.minutes(&site).await, (65, 0));
    // Proof of less comes late: the difference is given back, once.
    for billed in [20, 20] {
        let runtime = json!({"runtime_seconds": 1_100});
        assert_eq!(orchestrator.reports(&id, "stopped", runtime).await.status, 200);
        assert_eq!(player.session(&id).await["billed_minutes"], billed);
    }
    assert_eq!(player.minutes(&site).await, (25, 0));
}
