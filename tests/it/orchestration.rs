//! Hub, orchestrator and games together, killed at random moments of many lifecycles: no server lives that the hub
//! believes dead, no session stays open, no minute is billed twice, and a listener hears every change once.

use std::{
    sync::{Arc, Mutex as StdMutex},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tollbell_client::Item;

use super::support::{
    Api, Site,
    orchestra::{Orchestra, TOKEN, ports},
    players::{Allowance, Player, SESSIONS, player},
    seed, soak,
};

/// Who plays at one time.
const PLAYERS: i64 = 4;
/// What games do by themselves.
const GAMES: [&str; 5] = ["quick", "dice", "crash", "stubborn", "dud"];
/// Until everything has settled behind the last kill.
const SETTLED: Duration = Duration::from_secs(90);

fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Sends until it is answered by a hub that is up. A new client each time: the old one may believe in its connection.
async fn insist(api: &Api, path: &str, key: &str, body: &Value) -> (u16, Value) {
    loop {
        let api = Api::new(api.url(), api.token.as_deref());
        let headers = [("idempotency-key", key)];
        let sent = api.try_send(Method::POST, path, &headers, body.to_string().into()).await;
        match sent {
            Ok(reply) if reply.status < 500 => return (reply.status, reply.body),
            // The orchestrator was away: the outcome stands under the key.
            Ok(reply) if reply.body["code"].as_str().is_some_and(|code| code != "UNAVAILABLE") => {
                return (reply.status, reply.body);
            }
            _ => sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn lifecycle(player: &Player, name: &str, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let order = json!({"game_code": GAMES.choose(&mut rng).unwrap(), "requested_minutes": 5});
    let mut attempt = 0;
    let session = loop {
        attempt += 1;
        let key = format!("{name}-{attempt}");
        let (status, body) = insist(&player.api, &format!("{SESSIONS}/start"), &key, &order).await;
        match status {
            200 | 201 => break body["session"]["id"].as_str().unwrap().to_owned(),
            // The last one is still on its way out, or the orchestrator was down.
            403 | 503 => sleep(Duration::from_millis(200)).await,
            other => panic!("{name}: {other} {body}"),
        }
    };
    sleep(Duration::from_millis(rng.random_range(0..1_500))).await;
    let stop = format!("{SESSIONS}/{session}/stop");
    while insist(&player.api, &stop, &format!("{name}-stop"), &json!({})).await.0 != 200 {
        sleep(Duration::from_millis(200)).await;
    }
}

/// Hears `servers` through everything.
fn listen(url: &str, heard: Arc<StdMutex<Vec<(u64, String)>>>) -> tokio::task::JoinHandle<()> {
    let url = url.to_owned();
    tokio::spawn(async move {
        let builder = tollbell_client::Hub::builder(&url).topics(["servers".to_owned()]);
        let (_hub, mut events) = builder.since_seq(0).connect().await.unwrap();
        while let Some(item) = events.next().await {
            if let Item::Event(event) = item {
                heard.lock().unwrap().push((event.seq, event.kind));
            }
        }
    })
}

#[tokio::test]
async fn kills_of_hub_and_orchestrator_lose_no_server_no_minute_and_no_event() {
    let seed = seed();
    let mut rng = StdRng::seed_from_u64(seed);
    let rounds = if soak() { 100 } else { 12 };
    let site = Site::new().await;
    let (hub_at, orchestrator_at) = (free_address(), free_address());
    let base = format!("http://{orchestrator_at}");
    let flags = [
        "--orchestrator-api-base-url",
        &base,
        "--orchestrator-api-token",
        TOKEN,
        "--orchestrator-request-timeout-seconds",
        "5",
        "--server-sweep-seconds",
        "1",
        "--server-launch-timeout-seconds",
        "8",
        "--server-silence-seconds",
        "15",
        "--drain-seconds",
        "0",
    ];
    let mut hub = site.hub_at(&hub_at, &flags).await;
    let made = site.run(&["token", "create", "orchestrator", "--scopes", "orchestrator"]);
    let key = String::from_utf8(made.stdout).unwrap();
    let top =
        format!("listen = \"{orchestrator_at}\"\nports = \"{}\"\nheartbeat_seconds = 1", ports(14));
    let mut orchestra = Orchestra::start(&hub.url(), key.trim(), &top, "");
    let allowance = Allowance { minutes: 100_000, session: 60, at_once: 1 };
    let mut players = Vec::new();
    for id in 1..=PLAYERS {
        players.push(player(&site, &hub, 9_000 + id, allowance).await);
    }
    let heard = Arc::default();
    let listener = listen(&hub.url(), Arc::clone(&heard));

    let lives = players.iter().enumerate().map(|(lane, player)| async move {
        for round in (lane..rounds).step_by(PLAYERS.try_into().unwrap()) {
            let seed = seed.wrapping_add(round.try_into().unwrap());
            lifecycle(player, &format!("round-{round}"), seed).await;
        }
    });
    let mut kills = [0; 2];
    {
        let mut lives = std::pin::pin!(futures_util::future::join_all(lives));
        loop {
            let pause = Duration::from_millis(rng.random_range(50..2_000));
            if tokio::time::timeout(pause, lives.as_mut()).await.is_ok() {
                break;
            }
            let (of_hub, of_orchestrator) =
                *[(true, false), (false, true), (true, true)].choose(&mut rng).unwrap();
            if of_orchestrator {
                orchestra.kill();
                kills[1] += 1;
            }
            if of_hub {
                hub.kill();
                kills[0] += 1;
                hub = site.hub_at(&hub_at, &flags).await;
            }
            if of_orchestrator {
                orchestra.up();
            }
        }
    }

    let open = "select count(*) from server_sessions where ended_at is null";
    let deadline = Instant::now() + SETTLED;
    let mut sql = site.sql().await;
    loop {
        let open: i64 = sqlx::query_scalar(open).fetch_one(&mut sql).await.unwrap();
        if open == 0 && orchestra.processes().is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{open} open, {:?} live", orchestra.processes());
        sleep(Duration::from_millis(50)).await;
    }
    // The ledger has what was billed, of each session once.
    let wrong = "select count(*) from server_sessions s
        left join reservations r on r.session_id = s.id
        where r.closed_at is null or r.billed_minutes <> s.billed_minutes
           or s.billed_minutes <> (select coalesce(sum(minutes), 0) from usage_ledger u
                                   where u.session_id = s.id and u.reason = 'server_session')";
    let wrong: i64 = sqlx::query_scalar(wrong).fetch_one(&mut sql).await.unwrap();
    assert_eq!(wrong, 0, "sessions whose minutes do not agree");
    // The listener heard what the log has, once and in order.
    let logged: Vec<(i64, String)> =
        sqlx::query_as("select seq, kind from events where topics && '{servers}' order by seq")
            .fetch_all(&mut sql)
            .await
            .unwrap();
    let logged: Vec<_> =
        logged.into_iter().map(|(seq, kind)| (u64::try_from(seq).unwrap(), kind)).collect();
    while heard.lock().unwrap().len() < logged.len() {
        assert!(Instant::now() < deadline + SETTLED, "the listener does not catch up");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(*heard.lock().unwrap(), logged);
    listener.abort();
    eprintln!(
        "{rounds} lifecycles, {kills:?} kills of hub and orchestrator, {} events",
        logged.len()
    );
}
