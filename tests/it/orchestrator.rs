//! The orchestrator over HTTP: real processes, and a hub that only listens.

use std::{fs, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpStream,
    time::{Instant, sleep},
};

use super::support::{
    Api, Site,
    orchestra::{FakeHub, KEY, Mood, Orchestra, order, ports},
};

#[tokio::test]
async fn a_server_starts_is_joined_and_stops() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    let server = orchestra.launched("s1", "dice").await;
    assert_eq!((&server["state"], &server["host"]), (&json!("launching"), &json!("127.0.0.1")));
    assert_eq!(server["password"].as_str().unwrap().len(), 12, "{server}");
    let ready = hub.hears("s1", "ready").await;
    assert_eq!(ready["orchestrator_session_id"], server["id"]);
    for field in ["host", "port", "password"] {
        assert_eq!(ready[field], server[field], "{field}");
    }
    let port = u16::try_from(server["port"].as_u64().unwrap()).unwrap();
    let mut player = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    let mut line = String::new();
    player.read_line(&mut line).await.unwrap();
    assert_eq!(line, "welcome to Ada's; say the password\n");
    hub.hears("s1", "heartbeat").await;

    let reply = orchestra.stop(server["id"].as_str().unwrap(), "user_stop").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let end = hub.hears_end("s1").await;
    assert_eq!((&end["event"], &end["reason"]), (&json!("stopped"), &json!("user_stop")));
    assert_eq!((&end["ready_at"], &end["stopped_at"]), (&ready["ready_at"], &end["occurred_at"]));
    assert!(end["runtime_seconds"].is_u64(), "{end}");
    assert_eq!(hub.names("s1"), ["launch_accepted", "ready", "stopping", "stopped"]);
    orchestra.has_processes(0).await;
    // The hub's key travels with each callback.
    assert!(hub.all().iter().all(|heard| heard.headers["x-api-key"] == KEY));
    let after = orchestra.stop("s1", "again").await;
    assert_eq!((after.status, &after.body["state"]), (200, &json!("stopped")));
}

#[tokio::test]
async fn every_end_is_told_as_it_was() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    for (game, stop, names, reason) in [
        ("crash", false, ["ready", "exited"].as_slice(), "exit_code_3"),
        ("stubborn", true, &["ready", "stopping", "killed"], "asked"),
        ("dud", false, &["launch_failed"], "exited_before_ready"),
        ("never", false, &["launch_failed"], "not_ready_in_time"),
    ] {
        let session = format!("of-{game}");
        orchestra.launched(&session, game).await;
        if stop {
            hub.hears(&session, "ready").await;
            assert_eq!(orchestra.stop(&session, reason).await.status, 200);
        }
        let end = hub.hears_end(&session).await;
        assert_eq!(hub.names(&session), [&["launch_accepted"], names].concat(), "{game}");
        assert_eq!(end["reason"], reason, "{game}");
        if names == ["launch_failed"] {
            assert_eq!((&end["error_code"], &end["runtime_seconds"]), (&json!(reason), &json!(0)));
            assert!(end["error_message"].is_string(), "{end}");
        }
    }
    orchestra.has_processes(0).await;
}

#[tokio::test]
async fn a_stop_before_ready_is_obeyed() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    orchestra.launched("s1", "never").await;
    orchestra.stop("s1", "changed_my_mind").await;
    let end = hub.hears_end("s1").await;
    assert_eq!((&end["event"], &end["runtime_seconds"]), (&json!("stopped"), &json!(0)));
    assert_eq!(hub.names("s1"), ["launch_accepted", "stopping", "stopped"]);
    orchestra.has_processes(0).await;
}

/// The orchestrator finds its servers again, and keeps to the minutes that were ordered before.
#[tokio::test]
async fn minutes_are_counted_through_a_restart() {
    let hub = FakeHub::start().await;
    let mut orchestra = Orchestra::of(&hub);
    let mut body = order("s1", "quick");
    body["maxMinutes"] = json!(1);
    assert_eq!(orchestra.api().post("/v1/servers", &body).await.status, 201);
    hub.hears("s1", "ready").await;
    orchestra.kill();
    let file = orchestra.file("s1");
    let mut stored: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    // A minute less two seconds ago.
    let ready_at = chrono::Utc::now() - chrono::Duration::seconds(58);
    stored["state"]["ready_at"] = json!(ready_at.to_rfc3339());
    fs::write(&file, stored.to_string()).unwrap();
    orchestra.up();
    assert_eq!(orchestra.states().await["s1"], "running");
    let end = hub.hears_end("s1").await;
    assert_eq!((&end["event"], &end["reason"]), (&json!("stopped"), &json!("time_limit")));
    let seconds = end["runtime_seconds"].as_u64().unwrap();
    assert!((60..70).contains(&seconds), "{seconds}");
    orchestra.has_processes(0).await;
}

#[tokio::test]
async fn servers_live_through_the_end_of_the_orchestrator() {
    let hub = FakeHub::start().await;
    let mut orchestra = Orchestra::of(&hub);
    let server = orchestra.launched("s1", "dice").await;
    hub.hears("s1", "ready").await;
    let processes = orchestra.processes();
    assert_eq!(processes.len(), 1);
    for round in 0..2 {
        // Once as a crash, once in good order.
        if round == 0 {
            orchestra.kill();
        } else {
            orchestra.end().await;
        }
        assert_eq!(orchestra.processes(), processes);
        orchestra.up();
        let found = orchestra.api().get("/v1/servers/s1").await;
        assert_eq!((&found.body["state"], &found.body["id"]), (&json!("running"), &server["id"]));
        let again = orchestra.order("s1", "dice").await;
        assert_eq!((again.status, &again.body["id"]), (200, &server["id"]));
        assert_eq!(again.headers["idempotent-replayed"], "true");
    }
    orchestra.stop("s1", "done").await;
    hub.hears_end("s1").await;
    assert_eq!(hub.names("s1"), ["launch_accepted", "ready", "stopping", "stopped"]);
    orchestra.has_processes(0).await;
}

#[tokio::test]
async fn a_server_that_ended_while_nobody_watched_is_reported() {
    let hub = FakeHub::start().await;
    let mut orchestra = Orchestra::of(&hub);
    orchestra.launched("s1", "quick").await;
    hub.hears("s1", "ready").await;
    orchestra.kill();
    for pid in orchestra.processes() {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL)
            .unwrap();
    }
    orchestra.has_processes(0).await;
    orchestra.up();
    let end = hub.hears_end("s1").await;
    assert_eq!((&end["event"], &end["reason"]), (&json!("exited"), &json!("lost")));
    assert_eq!(hub.names("s1"), ["launch_accepted", "ready", "exited"]);
}

#[tokio::test]
async fn with_stop_with_me_the_servers_end_too_and_the_hub_hears_of_it() {
    let hub = FakeHub::start().await;
    let top = format!("ports = \"{}\"\nstop_with_me = true", ports(4));
    let mut orchestra = Orchestra::start(&hub.url, KEY, &top, "");
    orchestra.launched("s1", "dice").await;
    hub.hears("s1", "ready").await;
    orchestra.end().await;
    assert_eq!(hub.names("s1"), ["launch_accepted", "ready", "stopping", "stopped"]);
    assert_eq!(hub.hears_end("s1").await["reason"], "orchestrator_stopped");
    orchestra.has_processes(0).await;
}

#[tokio::test]
async fn what_a_hub_could_not_hear_it_hears_later_in_order() {
    let hub = FakeHub::start().await;
    let mut orchestra = Orchestra::of(&hub);
    hub.is(Mood::Down);
    let sessions = ["a", "b", "c"];
    for session in sessions {
        orchestra.launched(session, "crash").await;
    }
    let over = async |orchestra: &Orchestra| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while orchestra.states().await.values().any(|state| state != "exited") {
            assert!(Instant::now() < deadline, "{:?}", orchestra.states().await);
            sleep(Duration::from_millis(20)).await;
        }
    };
    over(&orchestra).await;
    let waiting = orchestra.api().get("/v1/servers/a").await;
    assert_eq!(waiting.body["unheardEvents"], 3);
    // The outbox is on the disk.
    orchestra.kill();
    orchestra.up();
    assert!(!hub.all().is_empty() && sessions.iter().all(|session| hub.names(session).is_empty()));
    hub.is(Mood::Replaced);
    sleep(Duration::from_millis(600)).await;
    hub.is(Mood::Well);
    for session in sessions {
        hub.hears_end(session).await;
        assert_eq!(hub.names(session), ["launch_accepted", "ready", "exited"]);
    }
    // The hub hears an event before the orchestrator knows that it did.
    let deadline = Instant::now() + Duration::from_secs(20);
    while orchestra.api().get("/v1/servers/a").await.body["unheardEvents"] != 0 {
        assert!(Instant::now() < deadline, "something is unheard");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_hub_may_not_know_want_a_stop_or_refuse() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    for (mood, ends_at_once) in [(Mood::Ignorant, true), (Mood::Tired, true), (Mood::Strict, false)]
    {
        hub.is(Mood::Well);
        let session = format!("{mood:?}");
        orchestra.launched(&session, "quick").await;
        hub.hears(&session, "ready").await;
        hub.is(mood);
        if !ends_at_once {
            sleep(Duration::from_millis(1_500)).await;
            assert_eq!(orchestra.states().await[&session], "running", "{mood:?}");
            orchestra.stop(&session, "enough").await;
        }
        // The next sign of life brings the answer home.
        orchestra.has_processes(0).await;
        let known = hub.all().len();
        sleep(Duration::from_millis(1_500)).await;
        let more = hub.all().len() - known;
        assert!(more <= 2, "{mood:?}: it goes on telling: {more}");
    }
}

#[tokio::test]
async fn one_order_starts_one_server_however_often_it_comes() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    let replies =
        futures_util::future::join_all((0..20).map(|_| orchestra.order("s1", "quick"))).await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(made, 1, "{replies:?}");
    assert!(replies.iter().all(|reply| reply.body["id"] == replies[0].body["id"]));
    let marked = |reply: &&super::support::Reply| reply.headers.contains_key("idempotent-replayed");
    assert_eq!(replies.iter().filter(marked).count(), 19);
    // The session's id counts, whatever the key.
    let other_key = orchestra.api().post_keyed("/v1/servers", "k2", &order("s1", "quick")).await;
    assert_eq!(other_key.said(), (409, "order_mismatch"));
    let other_session =
        orchestra.api().post_keyed("/v1/servers", "s1", &order("s2", "quick")).await;
    assert_eq!(other_session.said(), (409, "order_mismatch"));
    assert_eq!(orchestra.order("s1", "crash").await.said(), (409, "order_mismatch"));
    hub.hears("s1", "ready").await;
    orchestra.has_processes(1).await;
    assert_eq!(orchestra.states().await.len(), 1);
}

#[tokio::test]
async fn places_and_ports_are_limited() {
    let hub = FakeHub::start().await;
    let range = ports(3);
    let top = format!("ports = \"{range}\"\nservers_max = 2\nhost = \"localhost\"");
    let orchestra = Orchestra::start(&hub.url, KEY, &top, "");
    let first = orchestra.launched("s1", "quick").await;
    orchestra.launched("s2", "single").await;
    assert_eq!(orchestra.order("s3", "quick").await.said(), (409, "servers_full"));
    orchestra.stop("s1", "x").await;
    hub.hears_end("s1").await;
    assert_eq!(orchestra.order("s4", "single").await.said(), (409, "game_full"));
    // Somebody else sits on one of the ports that are left, and the next in turn is taken.
    let begin: u16 = range.split('-').next().unwrap().parse().unwrap();
    let _squatter = std::net::TcpListener::bind(("0.0.0.0", begin + 2)).unwrap();
    let next = orchestra.launched("s5", "quick").await;
    assert_eq!((&next["port"], &next["host"]), (&first["port"], &json!("localhost")));
    let full = Orchestra::start(&hub.url, KEY, &format!("ports = \"{}\"", begin + 2), "");
    assert_eq!(full.order("s6", "quick").await.said(), (409, "ports_full"));
}

/// What the hub has not heard is never given up, so there is a limit to it; what it has heard makes room.
#[tokio::test]
async fn a_hub_that_hears_nothing_gets_no_more_servers() {
    let hub = FakeHub::start().await;
    let top = format!("ports = \"{}\"\nservers_kept_max = 2", ports(4));
    let orchestra = Orchestra::start(&hub.url, KEY, &top, "");
    hub.is(Mood::Down);
    for session in ["s1", "s2"] {
        orchestra.launched(session, "dud").await;
    }
    assert_eq!(orchestra.order("s3", "dud").await.said(), (409, "hub_unreachable"));
    hub.is(Mood::Well);
    hub.hears_end("s1").await;
    hub.hears_end("s2").await;
    // Its life ends right behind that.
    while orchestra.order("s3", "dud").await.said() == (409, "hub_unreachable") {
        sleep(Duration::from_millis(10)).await;
    }
    hub.hears_end("s3").await;
    assert_eq!(orchestra.states().await.len(), 2);
}

#[tokio::test]
async fn callbacks_are_signed_when_a_secret_is_set() {
    let hub = FakeHub::start().await;
    let secret = "signing_secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\"";
    let orchestra = Orchestra::start(&hub.url, KEY, &format!("ports = \"{}\"", ports(2)), secret);
    orchestra.launched("s1", "dud").await;
    hub.hears_end("s1").await;
    for heard in hub.all() {
        let header = |name: &str| heard.headers[name].to_str().unwrap().to_owned();
        let (id, at) = (header("webhook-id"), header("webhook-timestamp"));
        assert_eq!(id, heard.body["event_id"]);
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"0123456789abcdef01234567").unwrap();
        mac.update(format!("{id}.{at}.{}", heard.text).as_bytes());
        let signature = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            mac.finalize().into_bytes(),
        );
        assert_eq!(header("webhook-signature"), format!("v1,{signature}"));
        let age = chrono::Utc::now().timestamp() - at.parse::<i64>().unwrap();
        assert!((0..60).contains(&age), "{age}");
    }
}

#[tokio::test]
async fn games_are_listed_by_kind() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    let list = async |path: &str| {
        let reply = orchestra.api().get(path).await;
        let games = reply.body["games"].as_array().unwrap().clone();
        games.iter().map(|game| game["gameCode"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(list("/v1/games?kind=casual").await, ["dice", "quick", "crash", "stubborn", "dud"]);
    assert_eq!(list("/v1/games?kind=ranked").await, ["never", "single"]);
    assert_eq!(list("/v1/games").await.len(), 7);
    let first = &orchestra.api().get("/v1/games").await.body["games"][0];
    let expected = json!({"gameCode": "dice", "name": "Dice", "kind": "casual", "maxMinutes": 240});
    assert_eq!(*first, expected);
}

#[tokio::test]
async fn what_can_not_be_understood_is_refused_and_starts_nothing() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    let with = |field: &str, value: Value| {
        let mut body = order("s1", "quick");
        body[field] = value;
        body.to_string()
    };
    for (body, status, code) in [
        (String::new(), 400, "json_type"),
        ("[]".to_owned(), 400, "json_type"),
        ("null".to_owned(), 400, "json_type"),
        ("{".to_owned(), 400, "json_syntax"),
        ("\u{0}\u{1}".to_owned(), 400, "json_syntax"),
        (with("gameCode", json!(20)), 400, "json_type"),
        (with("gameCode", json!("none")), 400, "game_unknown"),
        (with("kind", json!("ranked")), 400, "game_unknown"),
        (with("websiteServerSessionId", json!("")), 400, "validation_error"),
        (with("websiteServerSessionId", json!("a b")), 400, "validation_error"),
        (with("websiteServerSessionId", json!("x".repeat(129))), 400, "validation_error"),
        (with("maxMinutes", json!(0)), 400, "validation_error"),
        (with("maxMinutes", json!(-5)), 400, "json_type"),
        (with("maxMinutes", json!(1.5)), 400, "json_type"),
        (with("maxMinutes", json!(241)), 400, "minutes_too_many"),
        (with("comment", json!("x".repeat(121))), 400, "validation_error"),
        (with("comment", json!("a\nb")), 400, "validation_error"),
        (with("password", json!("a\u{0}b")), 400, "validation_error"),
        (with("password", json!(["x"])), 400, "json_type"),
        (with("expiresAt", json!("soon")), 400, "json_type"),
        (with("callbackUrl", json!("http://evil.example/x")), 400, "callback_refused"),
        (with("callbackUrl", json!("nonsense")), 400, "callback_refused"),
        (with("comment", json!("x".repeat(70_000))), 413, "payload_too_large"),
    ] {
        let shown: String = body.chars().take(90).collect();
        let reply = orchestra.api().send(Method::POST, "/v1/servers", &[], body.into()).await;
        assert_eq!(reply.said(), (status, code), "{shown}: {:?}", reply.body);
    }
    let keyed = [("idempotency-key", "a b")];
    let body = order("s1", "quick").to_string();
    let reply = orchestra.api().send(Method::POST, "/v1/servers", &keyed, body.into()).await;
    assert_eq!(reply.said(), (400, "invalid_idempotency_key"));
    for path in
        ["/v1/servers/none", "/v1/servers/00000000-0000-0000-0000-000000000000", "/v1/servers/%20"]
    {
        assert_eq!(orchestra.api().get(path).await.said(), (404, "server_not_found"), "{path}");
        assert_eq!(orchestra.stop(&path[12..], "x").await.said(), (404, "server_not_found"));
    }
    assert_eq!(orchestra.api().get("/v1/servers/%ff").await.said(), (400, "path_invalid"));
    assert_eq!(orchestra.stop("s1", &"x".repeat(81)).await.said(), (400, "validation_error"));
    assert_eq!(orchestra.api().get("/v1/servers?open=maybe").await.said(), (400, "query_invalid"));
    assert!(orchestra.states().await.is_empty() && orchestra.processes().is_empty());
    assert!(hub.all().is_empty());
}

#[tokio::test]
async fn servers_are_listed_by_what_they_are() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    orchestra.launched("s1", "dud").await;
    hub.hears_end("s1").await;
    orchestra.launched("s2", "quick").await;
    for (query, sessions) in [
        ("", ["s1", "s2"].as_slice()),
        ("?open=true", &["s2"]),
        ("?open=false", &["s1"]),
        ("?session=s1", &["s1"]),
        ("?kind=casual", &["s1", "s2"]),
        ("?kind=ranked", &[]),
    ] {
        let reply = orchestra.api().get(&format!("/v1/servers{query}")).await;
        let found = reply.body["servers"].as_array().unwrap().iter();
        let found: Vec<_> = found.map(|one| one["websiteServerSessionId"].clone()).collect();
        assert_eq!(found, sessions, "{query}");
    }
    let failed = orchestra.api().get("/v1/servers/s1").await;
    assert_eq!(failed.body["error"]["code"], "exited_before_ready");
}

/// An orchestrator that can't write must not start what it would not find again.
#[tokio::test]
async fn a_folder_that_is_gone_refuses_new_servers() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    orchestra.launched("s1", "quick").await;
    hub.hears("s1", "ready").await;
    let servers = orchestra.state().join("servers");
    let aside = orchestra.state().join("aside");
    fs::rename(&servers, &aside).unwrap();
    assert_eq!(orchestra.order("s2", "quick").await.said(), (507, "state_unwritable"));
    // What must stop stops all the same, and is told once it can be stored.
    orchestra.stop("s1", "enough").await;
    orchestra.has_processes(0).await;
    fs::rename(&aside, &servers).unwrap();
    hub.hears_end("s1").await;
    assert_eq!(orchestra.order("s2", "quick").await.status, 201);
}

#[tokio::test]
async fn two_orchestrators_do_not_share_a_folder() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tollbell"))
        .args(["orchestrator", "--config"])
        .arg(orchestra.state().parent().unwrap().join("games.toml"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(1) && said.contains("another orchestrator uses"),
        "{said}"
    );
}

#[tokio::test]
async fn the_demo_has_games_whose_servers_end_with_it() {
    let site = Site::new().await;
    let mut child =
        site.spawn(&["serve", "--demo", "--listen", "127.0.0.1:0", "--drain-seconds", "0"]);
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let mut said = lines.by_ref().map_while(Result::ok);
    let first = said.find(|line| line.starts_with("tollbell ")).unwrap();
    let line = said.find(|line| line.starts_with("  games ")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    let games = Api::new(words[1], words.last().copied());
    let reply = games.get("/v1/games?kind=casual").await;
    let codes: Vec<_> =
        reply.body["games"].as_array().unwrap().iter().map(|game| &game["gameCode"]).collect();
    assert_eq!(codes, ["dice", "chat"]);
    // Somebody plays, and everybody sees it.
    let hub = Api::new(first.rsplit(' ').next().unwrap(), None);
    let deadline = Instant::now() + Duration::from_secs(30);
    let port = loop {
        assert!(Instant::now() < deadline, "nobody plays");
        let listed = hub.get("/api/v1/servers").await;
        let items = listed.data()["items"].as_array().unwrap().clone();
        let ready = items.iter().find(|server| server["status"] == "running");
        if let Some(port) = ready.and_then(|server| server["port"].as_u64()) {
            break u16::try_from(port).unwrap();
        }
        sleep(Duration::from_millis(50)).await;
    };
    let answers = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok();
    assert!(answers().await);
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!answers().await, "the game outlives its demonstration");
}
