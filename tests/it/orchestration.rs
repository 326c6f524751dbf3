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
    Api, Hub, Site,
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

/// Hub and orchestrator at addresses that they keep.
struct Pair<'a> {
    site: &'a Site,
    hub_at: String,
    flags: Vec<&'a str>,
    hub: Hub,
    orchestra: Orchestra,
    kills: [u32; 2],
}

impl<'a> Pair<'a> {
    async fn start(site: &'a Site, orchestrator_at: &str, base: &'a str) -> Self {
        let hub_at = free_address();
        let mut flags = vec!["--orchestrator-api-base-url", base];
        flags.extend(["--orchestrator-api-token", TOKEN, "--drain-seconds", "0"]);
        flags.extend(["--orchestrator-request-timeout-seconds", "5"]);
        flags.extend(["--server-launch-timeout-seconds", "8", "--server-silence-seconds", "15"]);
        flags.extend(["--server-sweep-seconds", "1"]);
        let hub = site.hub_at(&hub_at, &flags).await;
        let key = site.key("orchestrator");
        let ports = ports(14);
        let top =
            format!("listen = \"{orchestrator_at}\"\nports = \"{ports}\"\nheartbeat_seconds = 1");
        let orchestra = Orchestra::start(&hub.url(), &key, &top, "");
        Self { site, hub_at, flags, hub, orchestra, kills: [0; 2] }
    }

    /// Kills one of them or both, and starts again what is dead.
    async fn kill(&mut self, rng: &mut StdRng) {
        let (of_hub, of_orchestrator) =
            *[(true, false), (false, true), (true, true)].choose(rng).unwrap();
        if of_orchestrator {
            self.orchestra.kill();
            self.kills[1] += 1;
        }
        if of_hub {
            self.hub.kill();
            self.kills[0] += 1;
            self.hub = self.site.hub_at(&self.hub_at, &self.flags).await;
        }
        if of_orchestrator {
            self.orchestra.up();
        }
    }

    /// Waits until nothing is open here and nothing lives there.
    async fn settled(&self) {
        let deadline = Instant::now() + SETTLED;
        loop {
            let open = "select count(*) from server_sessions where ended_at is null";
            let (open, live) = (self.site.count(open).await, self.orchestra.processes());
            if open == 0 && live.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "{open} open, {live:?} live");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Each session was billed what it reserved and what the ledger has, and once.
async fn bills_agree(site: &Site) {
    let wrong = "select count(*) from server_sessions s
        left join reservations r on r.session_id = s.id
        where r.closed_at is null or r.billed_minutes <> s.billed_minutes
           or s.billed_minutes <> (select coalesce(sum(minutes), 0) from usage_ledger u
                                   where u.session_id = s.id and u.reason = 'server_session')";
    assert_eq!(site.count(wrong).await, 0, "sessions whose minutes do not agree");
}

/// The listener hears what the log has, once and in order.
async fn heard_all(site: &Site, heard: &StdMutex<Vec<(u64, String)>>) -> usize {
    let logged: Vec<(i64, String)> =
        sqlx::query_as("select seq, kind from events where topics && '{servers}' order by seq")
            .fetch_all(&mut site.sql().await)
            .await
            .unwrap();
    let logged: Vec<_> =
        logged.into_iter().map(|(seq, kind)| (u64::try_from(seq).unwrap(), kind)).collect();
    let deadline = Instant::now() + SETTLED;
    while heard.lock().unwrap().len() < logged.len() {
        assert!(Instant::now() < deadline, "the listener does not catch up");
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(*heard.lock().unwrap(), logged);
    logged.len()
}

#[tokio::test]
async fn kills_of_hub_and_orchestrator_lose_no_server_no_minute_and_no_event() {
    let seed = seed();
    let mut rng = StdRng::seed_from_u64(seed);
    let rounds = if soak() { 100 } else { 12 };
    let site = Site::new().await;
    let orchestrator_at = free_address();
    let base = format!("http://{orchestrator_at}");
    let mut pair = Pair::start(&site, &orchestrator_at, &base).await;
    let allowance = Allowance { minutes: 100_000, session: 60, at_once: 1 };
    let mut players = Vec::new();
    for id in 1..=PLAYERS {
        players.push(player(&site, &pair.hub, 9_000 + id, allowance).await);
    }
    let heard = Arc::default();
    let listener = listen(&pair.hub.url(), Arc::clone(&heard));

    let lives = players.iter().enumerate().map(|(lane, player)| async move {
        for round in (lane..rounds).step_by(PLAYERS.try_into().unwrap()) {
            let seed = seed.wrapping_add(round.try_into().unwrap());
            lifecycle(player, &format!("round-{round}"), seed).await;
        }
    });
    {
        let mut lives = std::pin::pin!(futures_util::future::join_all(lives));
        loop {
            let pause = Duration::from_millis(rng.random_range(50..2_000));
            if tokio::time::timeout(pause, lives.as_mut()).await.is_ok() {
                break;
            }
            pair.kill(&mut rng).await;
        }
    }
    pair.settled().await;
    bills_agree(&site).await;
    let events = heard_all(&site, &heard).await;
    listener.abort();
    let [of_hub, of_orchestrator] = pair.kills;
    eprintln!(
        "{rounds} lifecycles, {of_hub} kills of the hub, {of_orchestrator} of the orchestrator, {events} events"
    );
}
