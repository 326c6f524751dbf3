//! A database that goes away, comes back, cuts its sessions, or holds a lock: what callers and listeners notice.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt, future::join_all};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use super::support::{
    ANNA, Api, BERT, Hub, Reply, Site,
    cluster::{PgServer, Stop},
    krist,
    load::Load,
    soak,
    wire::{Loss, Wire},
};

/// How soon a write must be refused when there is no database.
const REFUSED_WITHIN: Duration = Duration::from_secs(4);
/// How soon all must work again when the database is back.
const RECOVERED_WITHIN: Duration = Duration::from_secs(5);
/// Requests at once that leave connections in the pool.
const LOST: usize = 16;
/// How long the server waits for a lock before it gives up (`lock_timeout`), and then some.
const LOCK_GIVEN_UP_WITHIN: Duration = Duration::from_secs(8);

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_under_load_is_refusals_and_nothing_else() {
    let server = PgServer::start().await;
    let site = server.site();
    let hub = site.hub(&[]).await;
    let people = hub.people().await;
    let mut load = Load::start(&[&hub], 8, 12).await;
    let rounds = if soak() { 5 } else { 1 };
    for how in [Stop::Immediate, Stop::Fast].repeat(rounds) {
        load.progress(50).await;
        let mut socket = connect(&hub).await;
        server.stop(how).await;
        assert_down(&hub, &people[0]).await;
        assert_answers(&mut socket).await;
        server.start_again().await;
        let back = Instant::now();
        load.progress(16).await;
        hub.wait_ready().await;
        assert!(back.elapsed() < RECOVERED_WITHIN, "{how:?}: back after {:?}", back.elapsed());
    }
    let harvest = load.finish(&site).await;
    let slowest = Duration::from_millis(harvest.tally.slowest_ms.load(Ordering::Relaxed));
    eprintln!("{:?}", harvest.tally);
    assert!(harvest.tally.refused.load(Ordering::Relaxed) > 0, "the outage was not felt");
    assert_eq!(harvest.tally.cut.load(Ordering::Relaxed), 0, "a request got no answer");
    assert!(slowest < REFUSED_WITHIN, "an answer took {slowest:?}");
    assert_eq!(harvest.losses(), 0, "a socket was closed");
    harvest.audit(&site, &hub).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_are_cut_lose_nothing() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let mut load = Load::start(&[&hubs[0], &hubs[1]], 8, 12).await;
    let mut sql = site.sql().await;
    let mut cut = 0;
    for _ in 0..if soak() { 50 } else { 8 } {
        load.progress(30).await;
        // The relay's line and the one that listens for other hubs are among them.
        let rows = sqlx::query(
            "select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and application_name = 'tollbell'",
        );
        cut += rows.fetch_all(&mut sql).await.unwrap().len();
    }
    load.progress(30).await;
    let harvest = load.finish(&site).await;
    eprintln!("{cut} sessions cut, {:?}", harvest.tally);
    assert!(cut > 16, "there was nothing to cut");
    assert_eq!(harvest.tally.cut.load(Ordering::Relaxed), 0, "a request got no answer");
    assert_eq!(harvest.losses(), 0, "a socket was closed");
    harvest.audit(&site, &hubs[1]).await;
}

/// The line breaks with the COMMIT on its way, or with the answer to it. The log tells which it was, and the payment is
/// made once.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_made_once_whatever_the_line_loses_of_its_commit() {
    let server = PgServer::start().await;
    let wire = Wire::to(&server).await;
    let site = Site::at(&wire.url());
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let told = async || site.seqs(&[&format!("wallet:{}", BERT.1)]).await.len();
    let before = told().await;
    assert_eq!(anna.pay(BERT.1, "1").await.status, 201);
    for (balance, loss) in (2..).zip([Loss::Order, Loss::Answer, Loss::Order, Loss::Answer]) {
        wire.lose(loss);
        let paid = anna.pay(BERT.1, "1").await;
        assert!(wire.has_lost(), "nothing was lost");
        assert_eq!(paid.status, 201, "{loss:?}: {paid:?}");
        assert_eq!(hub.guest().balance(BERT.1).await, balance.to_string(), "{loss:?}");
    }
    assert_eq!(told().await, before + 5, "each is told once");
    assert!(site.run(&["verify-ledger"]).status.success());
}

/// Nobody can ask the log what became of the COMMIT. The caller is told that, and finds out by repeating it with its key.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_whose_outcome_nobody_can_know_is_answered_so() {
    let server = PgServer::start().await;
    let wire = Wire::to(&server).await;
    let site = Site::at(&wire.url());
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let order = json!({"to": BERT.1, "amount": 1});
    assert_eq!(anna.post_keyed("/api/v1/payments", "k1", &order).await.status, 201);
    // Connections that are lost with the line.
    let guest = hub.guest();
    join_all((0..LOST).map(|_| guest.balance(BERT.1))).await;

    wire.lose(Loss::All);
    let paid = anna.post_keyed("/api/v1/payments", "k2", &order).await;
    assert_eq!(paid.said(), (504, "timeout"), "{paid:?}");
    assert!(!paid.headers.contains_key("retry-after"), "{paid:?}");
    wire.mend();
    hub.wait_ready().await;
    for _ in 0..LOST {
        assert_eq!(guest.balance(BERT.1).await, "2", "a lost connection is used");
    }
    let again = anna.post_keyed("/api/v1/payments", "k2", &order).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.headers["idempotent-replayed"], "true");

    wire.lose(Loss::All);
    let paid = krist::pay(&hub, ANNA, BERT.1, json!(1)).await;
    assert_eq!(krist::said(&paid), (504, false, "server_error"), "{paid:?}");
    assert!(!paid.headers.contains_key("retry-after"), "{paid:?}");
    wire.mend();
    hub.wait_ready().await;
    assert_eq!(guest.balance(BERT.1).await, "3", "the answers were lost, not the payments");
    assert!(site.run(&["verify-ledger"]).status.success());
}

/// The commit has happened and the line breaks before the hub hears of it: it looks for the payment in the log.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_found_again() {
    let server = PgServer::start().await;
    let site = server.site();
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let mut sql = site.sql().await;
    for (round, key) in [None, Some("k1")].into_iter().enumerate() {
        stall_commits(&mut sql).await;
        let order = json!({"to": BERT.1, "amount": 1});
        let paying = async {
            match key {
                Some(key) => anna.post_keyed("/api/v1/payments", key, &order).await,
                None => anna.post("/api/v1/payments", &order).await,
            }
        };
        let (paid, ()) = tokio::join!(paying, async {
            let stalled = stalled_commit(&mut sql).await;
            end_session(&mut sql, stalled).await;
            release_commits(&mut sql).await;
        });
        assert_eq!(paid.status, 201, "{paid:?}");
        assert_eq!(hub.guest().balance(BERT.1).await, (round + 1).to_string());
    }
    assert!(site.run(&["verify-ledger"]).status.success());
}

/// The same with the hub killed at that point: the client repeats its request and gets the first answer.
#[tokio::test]
async fn a_commit_whose_hub_is_killed_is_answered_by_the_next_one() {
    let server = PgServer::start().await;
    let site = server.site();
    let mut hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let mut sql = site.sql().await;
    stall_commits(&mut sql).await;
    let order = json!({"to": BERT.1, "amount": 7});
    let headers = [("idempotency-key", "k1")];
    let attempt = anna.try_send(
        reqwest::Method::POST,
        "/api/v1/payments",
        &headers,
        order.to_string().into(),
    );
    let (first, ()) = tokio::join!(attempt, async {
        stalled_commit(&mut sql).await;
        hub.kill();
    });
    assert!(first.is_err(), "the answer went out before the commit: {first:?}");
    release_commits(&mut sql).await;
    hub = site.hub_at(&hub.address, &[]).await;
    let anna = Api::new(&hub.url(), anna.token.as_deref());
    let again = anna.post_keyed("/api/v1/payments", "k1", &order).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(hub.guest().balance(BERT.1).await, "7");
    assert!(site.run(&["verify-ledger"]).status.success());
}

/// A hub that freezes while it holds the head of the log stops the others for two seconds, not for good.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_hub_does_not_stop_the_others() {
    let site = Site::new().await;
    let frozen = site.hub(&[]).await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let mut load = Load::start(&[&frozen], 8, 4).await;
    load.progress(20).await;
    let mut sql = site.sql().await;
    freeze_inside_a_transaction(&frozen, &mut sql).await;
    let started = Instant::now();
    while anna.pay(BERT.1, "1").await.status != 201 {
        assert!(started.elapsed() < RECOVERED_WITHIN, "the frozen hub still holds the log");
    }
    frozen.signal(Signal::SIGCONT);
    load.progress(20).await;
    let harvest = load.finish(&site).await;
    assert_eq!(harvest.tally.cut.load(Ordering::Relaxed), 0, "a request got no answer");
    harvest.audit(&site, &hub).await;
}

/// A stranger may hold the head of the log as long as it likes; writers are told so after five seconds and go on when
/// it lets go. Readers do not notice.
#[tokio::test]
async fn a_stranger_that_holds_the_log_makes_writers_wait_and_readers_not() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let mut stranger = site.sql().await;
    let mut held = stranger.begin().await.unwrap();
    held.execute("select seq from log_head for update").await.unwrap();
    let started = Instant::now();
    let refused = anna.pay(BERT.1, "1").await;
    assert_unavailable(&refused);
    assert!(started.elapsed() < LOCK_GIVEN_UP_WITHIN, "refused after {:?}", started.elapsed());
    assert_eq!(hub.guest().balance(BERT.1).await, "0");
    assert_eq!(hub.guest().get("/readyz").await.status, 200);
    held.rollback().await.unwrap();
    assert_eq!(anna.pay(BERT.1, "1").await.status, 201);
    assert_eq!(hub.guest().balance(BERT.1).await, "1");
}

/// No database: every door says so, and at once.
async fn assert_down(hub: &Hub, anna: &Api) {
    let deadline = Instant::now() + REFUSED_WITHIN;
    while hub.guest().get("/readyz").await.status != 503 {
        assert!(Instant::now() < deadline, "it still calls itself ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(hub.guest().get("/healthz").await.status, 200, "the process itself is well");
    let started = Instant::now();
    assert_unavailable(&anna.pay(BERT.1, "1").await);
    assert_unavailable(&hub.guest().get(&format!("/api/v1/wallets/{}", ANNA.1)).await);
    let login = json!({"privatekey": ANNA.0});
    assert_unavailable(&hub.guest().post("/api/v1/login", &login).await);
    assert!(started.elapsed() < REFUSED_WITHIN, "refused after {:?}", started.elapsed());
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(hub: &Hub) -> Socket {
    let url = format!("ws://{}/api/v1/ws", hub.address);
    tokio_tungstenite::connect_async(url).await.unwrap().0
}

/// The socket is open and somebody answers on it.
async fn assert_answers(socket: &mut Socket) {
    socket.send(Message::text(r#"{"type":"ping","id":1}"#)).await.unwrap();
    let pong = async {
        loop {
            let frame = socket.next().await.expect("the socket was closed").unwrap();
            let frame: Value = serde_json::from_str(frame.to_text().unwrap()).unwrap_or_default();
            if frame["type"] == "pong" {
                return;
            }
        }
    };
    tokio::time::timeout(REFUSED_WITHIN, pong).await.expect("no pong");
}

fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.said(), (503, "unavailable"), "{reply:?}");
    let wait: u64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "come back in {wait} s");
}

/// Stops the hub at a moment when a transaction of its is open and idle.
async fn freeze_inside_a_transaction(hub: &Hub, sql: &mut PgConnection) {
    for _ in 0..500 {
        hub.signal(Signal::SIGSTOP);
        // What it has sent is carried out first.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let holders = sqlx::query(
            "select 1 from pg_locks join pg_stat_activity using (pid)
             where relation = 'log_head'::regclass and mode = 'RowExclusiveLock'
               and state = 'idle in transaction'",
        );
        if !holders.fetch_all(&mut *sql).await.unwrap().is_empty() {
            return;
        }
        hub.signal(Signal::SIGCONT);
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    panic!("the hub was never caught in a transaction");
}

/// From now on a commit is written and then waits for a replica that does not exist, before it is answered.
async fn stall_commits(sql: &mut PgConnection) {
    sql.execute("alter system set synchronous_standby_names = 'nobody'").await.unwrap();
    reload(sql, "nobody").await;
}

/// Commits are answered again, those that waited among them.
async fn release_commits(sql: &mut PgConnection) {
    sql.execute("alter system reset synchronous_standby_names").await.unwrap();
    reload(sql, "").await;
}

async fn reload(sql: &mut PgConnection, expected: &str) {
    sql.execute("select pg_reload_conf()").await.unwrap();
    loop {
        let row =
            sql.fetch_one("select current_setting('synchronous_standby_names')").await.unwrap();
        if row.get::<String, _>(0) == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn end_session(sql: &mut PgConnection, pid: i32) {
    let end = "select pg_terminate_backend($1, 5000)";
    let ended: bool = sqlx::query_scalar(end).bind(pid).fetch_one(sql).await.unwrap();
    assert!(ended, "session {pid} does not end");
}

/// Waits until a commit of the hub is stalled, and gives its session.
async fn stalled_commit(sql: &mut PgConnection) -> i32 {
    let deadline = Instant::now() + REFUSED_WITHIN;
    loop {
        let rows = sql
            .fetch_all("select pid from pg_stat_activity where wait_event = 'SyncRep'")
            .await
            .unwrap();
        if let Some(row) = rows.first() {
            return row.get(0);
        }
        assert!(Instant::now() < deadline, "no commit is stalled");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
