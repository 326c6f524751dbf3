//! Load with a memory: clients that pay and listeners that write down what they hear, compared with the log at the end.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Row;
use tokio::{sync::watch, task::JoinSet, time::timeout};
use tollbell_client::{Item, Position, Status, Timing};

use super::{Api, Hub, Site};

/// Between two payments of one client: the load should be steady, not all that the machine can carry.
const PAUSE: Duration = Duration::from_millis(5);
/// Before an unanswered payment is sent again. Shorter than what `Retry-After` asks for, to press harder.
const RETRY: Duration = Duration::from_millis(50);
/// The longest wait for one answer; past it the payment counts as unanswered and is sent again.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// The longest wait for progress, and for the listeners at the end.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many events a restless listener hears before it comes back as a new client.
const RESTLESS_EVENTS: usize = 50;

/// Payers and listeners at work.
pub(crate) struct Load {
    payers: JoinSet<Vec<Receipt>>,
    listeners: JoinSet<Heard>,
    /// What the payers met so far.
    pub(crate) tally: Arc<Tally>,
    quit: watch::Sender<bool>,
    /// The listeners go when they have come this far.
    until: watch::Sender<u64>,
}

/// What the payers met.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Payments that were answered with 201.
    pub(crate) answered: AtomicU64,
    /// Answers that told to come back.
    pub(crate) refused: AtomicU64,
    /// Attempts that were answered with 504: the outcome was not known.
    pub(crate) unknown: AtomicU64,
    /// Attempts without an answer.
    pub(crate) cut: AtomicU64,
    /// The longest wait for an answer of any kind in milliseconds.
    pub(crate) slowest_ms: AtomicU64,
    /// Answers that were given before: the attempt that earned them was cut.
    pub(crate) replayed: AtomicU64,
}

/// What a client knows to have paid.
struct Receipt {
    key: String,
    payment: Value,
}

/// What a listener heard.
struct Heard {
    topics: Vec<String>,
    /// Number and content of each event, in the order of arrival.
    events: Vec<(u64, u64)>,
    /// How often a link was lost that had been up.
    losses: u64,
}

/// What is left when all have gone.
pub(crate) struct Harvest {
    receipts: Vec<Receipt>,
    heard: Vec<Heard>,
    /// What the payers met.
    pub(crate) tally: Arc<Tally>,
}

impl Load {
    /// Starts clients in a ring of wallets, and listeners behind the present head of the log. Both are dealt out to
    /// the hubs. Half of the listeners hear all payments, the others a wallet or two; every fourth is restless.
    pub(crate) async fn start(hubs: &[&Hub], payers: usize, listeners: usize) -> Self {
        let tally = Arc::new(Tally::default());
        let (quit, until) = (watch::Sender::new(false), watch::Sender::new(u64::MAX));
        let mut wallets = Vec::new();
        for payer in 0..payers {
            wallets.push(wallet(hubs[payer % hubs.len()], payer).await);
        }
        let start = position(hubs[0]).await;
        let address = |index: usize| wallets[index % payers].1.clone();
        let listeners: JoinSet<_> = (0..listeners)
            .map(|index| {
                let topics = match index % 4 {
                    0 | 1 => vec!["payments".to_owned()],
                    2 => vec![format!("wallet:{}", address(index))],
                    _ => vec![
                        format!("wallet:{}", address(index)),
                        format!("wallet:{}", address(index + 1)),
                    ],
                };
                let restless = index % 4 == 1;
                let url = hubs[index % hubs.len()].url();
                listen(url, topics, start.clone(), restless, until.subscribe())
            })
            .collect();
        let payers = wallets.iter().enumerate().map(|(index, (api, _))| {
            let payer = Payer { index, api: api.clone(), payee: address(index + 1) };
            payer.run(Arc::clone(&tally), quit.subscribe())
        });
        Self { payers: payers.collect(), listeners, tally, quit, until }
    }

    /// Waits until so many more payments have been answered. Gives how long it took.
    pub(crate) async fn progress(&mut self, payments: u64) -> Duration {
        let started = Instant::now();
        let goal = self.tally.answered.load(Ordering::Relaxed) + payments;
        while self.tally.answered.load(Ordering::Relaxed) < goal {
            if let Some(ended) = self.payers.try_join_next() {
                panic!("a payer has given up: {:?}", ended.err());
            }
            assert!(started.elapsed() < PATIENCE, "no progress: {:?}", self.tally);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        started.elapsed()
    }

    /// Lets the payers finish what they began and the listeners hear all of it.
    pub(crate) async fn finish(self, site: &Site) -> Harvest {
        self.quit.send_replace(true);
        let receipts = self.payers.join_all().await.into_iter().flatten().collect();
        let head: i64 = sqlx::query_scalar("select seq from log_head")
            .fetch_one(&mut site.sql().await)
            .await
            .unwrap();
        self.until.send_replace(head.try_into().unwrap());
        let heard = timeout(PATIENCE, self.listeners.join_all()).await;
        let heard = heard.expect("a listener misses the end");
        Harvest { receipts, heard, tally: self.tally }
    }
}

impl Harvest {
    /// How often the listeners lost a link that had been up, all together.
    pub(crate) fn losses(&self) -> u64 {
        self.heard.iter().map(|heard| heard.losses).sum()
    }

    /// Compares what was answered and heard with what the database and a hub say.
    pub(crate) async fn audit(&self, site: &Site, hub: &Hub) {
        let log = read_log(site).await;
        let numbers: Vec<u64> = log.iter().map(|event| event.seq).collect();
        assert!(numbers.iter().copied().eq(1..=log.len().try_into().unwrap()), "the log has holes");
        self.audit_receipts(&log, hub).await;
        self.audit_listeners(&log);
        let paged = read_pages(hub).await;
        assert_same("the pages", &paged, &contents(&log, &["payments".to_owned()]));
        let output = site.run(&["verify-ledger"]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Every answered payment is there as it was answered, and every key has paid once.
    async fn audit_receipts(&self, log: &[Logged], hub: &Hub) {
        let mut by_key: HashMap<&str, Vec<&Value>> = HashMap::new();
        for event in log {
            if let Some(key) = event.data["metadata"].as_str() {
                by_key.entry(key).or_default().push(&event.data);
            }
        }
        for Receipt { key, payment } in &self.receipts {
            let [event] = by_key.get(key.as_str()).map_or(&[][..], Vec::as_slice) else {
                panic!(
                    "{key} was answered and paid other than once: {:?}",
                    by_key.get(key.as_str())
                );
            };
            for (field, answered) in payment.as_object().unwrap() {
                assert_eq!(event.get(field), Some(answered), "{field} of {key}");
            }
        }
        assert_eq!(by_key.len(), self.receipts.len(), "a payment that nobody asked for");
        let ids: HashSet<_> = self.receipts.iter().map(|it| it.payment["id"].as_i64()).collect();
        assert_eq!(ids.len(), self.receipts.len(), "a number was given out twice");
        for receipt in self.receipts.iter().rev().take(20) {
            let read =
                hub.guest().get(&format!("/api/v1/payments/{}", receipt.payment["id"])).await;
            assert_eq!(read.data(), &receipt.payment);
        }
    }

    /// Every listener has every event of its topics, once, in order.
    fn audit_listeners(&self, log: &[Logged]) {
        for (index, heard) in self.heard.iter().enumerate() {
            let expected = contents(log, &heard.topics);
            assert!(!expected.is_empty(), "there was nothing to hear for listener {index}");
            let who = format!("listener {index} of {:?}", heard.topics);
            assert_same(&who, &heard.events, &expected);
        }
    }
}

/// An event as the database has it.
struct Logged {
    seq: u64,
    topics: Vec<String>,
    data: Value,
    content: u64,
}

async fn read_log(site: &Site) -> Vec<Logged> {
    let rows = sqlx::query("select seq, kind, topics, data from events order by seq")
        .fetch_all(&mut site.sql().await)
        .await
        .unwrap();
    let logged = |row: &sqlx::postgres::PgRow| {
        let (kind, topics): (String, Vec<String>) = (row.get("kind"), row.get("topics"));
        let data: String = row.get("data");
        Logged {
            seq: row.get::<i64, _>("seq").try_into().unwrap(),
            content: digest(&kind, &topics, &data),
            data: serde_json::from_str(&data).unwrap(),
            topics,
        }
    };
    rows.iter().map(logged).collect()
}

/// The events of these topics that a listener from the beginning should hear.
fn contents(log: &[Logged], topics: &[String]) -> Vec<(u64, u64)> {
    let heard = log.iter().filter(|event| event.topics.iter().any(|topic| topics.contains(topic)));
    heard.map(|event| (event.seq, event.content)).collect()
}

/// The events of all payments as the paged door tells them.
async fn read_pages(hub: &Hub) -> Vec<(u64, u64)> {
    #[derive(serde::Deserialize)]
    struct Page {
        events: Vec<tollbell_client::Event>,
        next: u64,
        head: u64,
    }
    let epoch = position(hub).await.epoch;
    let (mut all, mut since) = (Vec::new(), 0);
    loop {
        let query = format!("topics=payments&limit=1000&epoch={epoch}&since={since}");
        let url = format!("{}/api/v1/events?{query}", hub.url());
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        let page: Page = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        let count = page.events.len();
        all.extend(page.events.iter().map(content));
        since = page.next;
        if since >= page.head {
            return all;
        }
        assert!(count > 0, "an empty page before the head: {text}");
    }
}

fn content(event: &tollbell_client::Event) -> (u64, u64) {
    (event.seq, digest(&event.kind, &event.topics, event.raw.get()))
}

fn digest(kind: &str, topics: &[String], data: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, topics, data).hash(&mut hasher);
    hasher.finish()
}

/// Compares two sequences and names the first place where they part.
fn assert_same(who: &str, heard: &[(u64, u64)], expected: &[(u64, u64)]) {
    let parting = heard.iter().zip(expected).position(|(one, other)| one != other);
    let at = parting.unwrap_or_else(|| heard.len().min(expected.len()));
    let seq = |events: &[(u64, u64)]| events.get(at).map(|event| event.0);
    assert!(
        heard == expected,
        "{who} has {} events and not {}: after {at} of them comes {:?} and not {:?}",
        heard.len(),
        expected.len(),
        seq(heard),
        seq(expected)
    );
}

/// Where the log stands.
pub(crate) async fn position(hub: &Hub) -> Position {
    let page = hub.guest().get("/api/v1/events?topics=payments&limit=1").await;
    assert_eq!(page.status, 200, "{page:?}");
    Position { epoch: page.body["epoch"].as_str().unwrap().to_owned(), seq: 0 }
}

/// A wallet with enough money, and its owner.
async fn wallet(hub: &Hub, index: usize) -> (Api, String) {
    let key = json!({"privatekey": format!("payer {index}")});
    let login = hub.guest().post("/api/v1/login", &key).await;
    assert_eq!(login.status, 200, "{login:?}");
    let address = login.data()["address"].as_str().unwrap().to_owned();
    hub.admin().mint(&address, "1000000").await;
    (Api::new(&hub.url(), login.data()["token"].as_str()), address)
}

struct Payer {
    index: usize,
    api: Api,
    payee: String,
}

impl Payer {
    async fn run(self, tally: Arc<Tally>, quit: watch::Receiver<bool>) -> Vec<Receipt> {
        let mut receipts = Vec::new();
        while !*quit.borrow() {
            let key = format!("{}-{}", self.index, receipts.len());
            let payment = self.insist(&key, &tally).await;
            receipts.push(Receipt { key, payment });
            tokio::time::sleep(PAUSE).await;
        }
        receipts
    }

    /// Pays with one key until it is answered.
    async fn insist(&self, key: &str, tally: &Tally) -> Value {
        let order = json!({"to": self.payee, "amount": 0.01, "metadata": key}).to_string();
        let headers = [("idempotency-key", key), ("content-type", "application/json")];
        loop {
            let sent = Instant::now();
            let reply =
                self.api.try_send(Method::POST, "/api/v1/payments", &headers, order.clone().into());
            let reply = timeout(ANSWER_MAX, reply).await;
            let took = sent.elapsed().as_millis().try_into().unwrap();
            let Ok(Ok(reply)) = reply else {
                tally.cut.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(RETRY).await;
                continue;
            };
            tally.slowest_ms.fetch_max(took, Ordering::Relaxed);
            match reply.said() {
                (201, _) => {
                    let replayed = reply.headers.contains_key("idempotent-replayed");
                    tally.replayed.fetch_add(u64::from(replayed), Ordering::Relaxed);
                    tally.answered.fetch_add(1, Ordering::Relaxed);
                    return reply.data().clone();
                }
                (503, "unavailable") => {
                    assert!(reply.headers.contains_key("retry-after"), "{reply:?}");
                    tally.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(RETRY).await;
                }
                // Whether it was paid is not known; the key finds out.
                (504, "timeout") => {
                    tally.unknown.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(RETRY).await;
                }
                _ => panic!("{key}: {reply:?}"),
            }
        }
    }
}

/// Listens until it has come as far as it is told. A restless one comes back as a new client again and again.
async fn listen(
    url: String,
    topics: Vec<String>,
    mut position: Position,
    restless: bool,
    until: watch::Receiver<u64>,
) -> Heard {
    let mut heard = Heard { topics, events: Vec::new(), losses: 0 };
    loop {
        let builder = tollbell_client::Hub::builder(&url).topics(heard.topics.clone());
        let builder = builder.since(position.clone()).timing(timing());
        let (client, mut events) = builder.connect().await.unwrap();
        let mut connected = false;
        let mut left = if restless { RESTLESS_EVENTS } else { usize::MAX };
        while left > 0 {
            if events.position().is_some_and(|position| position.seq >= *until.borrow()) {
                return heard;
            }
            let Ok(item) = timeout(Duration::from_millis(100), events.next()).await else {
                continue;
            };
            match item.expect("the stream ended") {
                Item::Event(event) => {
                    heard.events.push(content(&event));
                    left -= 1;
                }
                Item::Status(Status::Connected) => connected = true,
                Item::Status(Status::Reconnecting { .. }) => {
                    heard.losses += u64::from(std::mem::take(&mut connected));
                }
                Item::Status(Status::Stopped(stop)) => panic!("stopped: {stop}"),
                Item::Gap { reason, held, .. } => panic!("a gap behind {held:?}: {reason:?}"),
                _ => {}
            }
        }
        position = events.position().cloned().unwrap_or(position);
        client.close().await;
    }
}

/// Backoff that suits a hub which is back within a second.
fn timing() -> Timing {
    let (backoff_min, backoff_max) = (Duration::from_millis(50), Duration::from_millis(500));
    Timing { backoff_min, backoff_max, ..Timing::default() }
}
