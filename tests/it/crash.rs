//! Kills: of the hub, of the PostgreSQL that it runs, and of one hub beside another.
//!
//! The moments are random. The seed is printed, and `TOLLBELL_TEST_SEED` brings it back.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use reqwest::Method;
use serde_json::json;

use super::support::{
    ANNA, Api, BERT, CARA, Hub, PATIENCE, Site,
    cluster::{family, wait_gone},
    load::Load,
    soak,
};

/// Payments between two kills: the load must have got going again.
const BETWEEN_PAYMENTS: u64 = 40;
/// The longest wait before a kill in milliseconds.
const MOMENT_MS_MAX: u64 = 1_500;

#[derive(Debug, Clone, Copy)]
enum Victim {
    Hub,
    Postgres,
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_the_hub_and_of_its_postgres_lose_nothing() {
    let mut rng = chance();
    let (hubs, servers) = if soak() { (25, 10) } else { (2, 2) };
    let mut victims = [vec![Victim::Hub; hubs], vec![Victim::Postgres; servers]].concat();
    victims.shuffle(&mut rng);
    let site = Site::private();
    let mut hub = site.hub(&[]).await;
    let mut load = Load::start(&[&hub], 8, 20).await;
    for victim in &victims {
        load.progress(BETWEEN_PAYMENTS).await;
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..MOMENT_MS_MAX))).await;
        match victim {
            Victim::Hub => {
                hub.kill();
                hub = site.hub_at(&hub.address, &[]).await;
            }
            Victim::Postgres => kill_postgres(&site, &hub).await,
        }
    }
    load.progress(BETWEEN_PAYMENTS).await;
    let harvest = load.finish(&site).await;
    eprintln!("{victims:?}\n{:?}, {} links lost", harvest.tally, harvest.losses());
    assert!(harvest.tally.cut.load(Ordering::Relaxed) > 0, "no kill was felt");
    assert!(harvest.losses() > 0, "no listener lost its link");
    harvest.audit(&site, &hub).await;
}

#[tokio::test]
async fn of_two_hubs_on_one_data_directory_the_last_one_out_stops_postgres() {
    let site = Site::private();
    let mut first = site.hub(NO_DRAIN).await;
    let mut second = site.hub(NO_DRAIN).await;
    let postmaster = site.postmaster().unwrap();
    let [anna, ..] = first.people().await;
    first.signal(Signal::SIGTERM);
    assert!(first.wait().success());
    assert_eq!(site.postmaster(), Some(postmaster), "the first one out stopped Postgres");
    assert_eq!(anna.at(&second).pay(BERT.1, "1").await.status, 201);
    assert_ends_everything(&site, &mut second).await;
}

/// A hub that refuses to start has started Postgres all the same, and stops it again.
#[tokio::test]
async fn a_start_that_fails_leaves_nothing_running() {
    let site = Site::private();
    let mut hub = site.hub(NO_DRAIN).await;
    assert_ends_everything(&site, &mut hub).await;
    let output = site.run(&["serve", "--listen", "127.0.0.1:0", "--money-scale", "3"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("money_scale"), "{said}");
    assert_eq!(site.postmaster(), None, "Postgres runs on without a hub");
}

#[tokio::test]
async fn a_killed_hub_does_not_keep_postgres_running() {
    let site = Site::private();
    let mut killed = site.hub(NO_DRAIN).await;
    let mut second = site.hub(NO_DRAIN).await;
    let [anna, ..] = killed.people().await;
    killed.kill();
    assert!(site.postmaster().is_some(), "Postgres went with a killed hub");
    assert_eq!(anna.at(&second).pay(BERT.1, "1").await.status, 201);
    assert_ends_everything(&site, &mut second).await;
}

/// Regression: a signal between the moment when the hub is ready and the end of the demonstration's preparations killed it,
/// and Postgres stayed.
#[tokio::test]
async fn a_hub_that_is_told_to_go_as_soon_as_it_is_ready_goes_in_good_order() {
    let site = Site::private();
    let mut first = site.hub(NO_DRAIN).await;
    assert_ends_everything(&site, &mut first).await;
    let mut hub =
        site.spawn(&["serve", "--demo", "--listen", &first.address, "--drain-seconds", "0"]);
    let (guest, started) = (first.guest(), Instant::now());
    let ready = async || {
        let answer = guest.try_send(Method::GET, "/readyz", &[], Vec::new()).await;
        answer.is_ok_and(|reply| reply.status == 200)
    };
    while !ready().await {
        assert!(started.elapsed() < PATIENCE, "the hub is not ready");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    kill(Pid::from_raw(hub.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert!(hub.wait().unwrap().success());
    assert_eq!(site.postmaster(), None);
}

#[tokio::test]
async fn a_hub_after_a_killed_one_takes_over_its_postgres() {
    let site = Site::private();
    let mut killed = site.hub(NO_DRAIN).await;
    let [anna, ..] = killed.people().await;
    let postmaster = site.postmaster();
    killed.kill();
    let mut next = site.hub_at(&killed.address, NO_DRAIN).await;
    assert_eq!(site.postmaster(), postmaster);
    assert_eq!(anna.pay(BERT.1, "1").await.status, 201);
    assert_ends_everything(&site, &mut next).await;
}

/// The answer may be lost at any point; the key finds the payment again, or makes it.
#[tokio::test]
async fn a_payment_cut_by_a_kill_is_paid_once_when_it_is_repeated() {
    let mut rng = chance();
    let site = Site::private();
    let mut hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let started = Instant::now();
    assert_eq!(anna.pay(CARA.1, "1").await.status, 201);
    // About half of the answers are cut.
    let moment_us_max = 2 * u64::try_from(started.elapsed().as_micros()).unwrap();
    let rounds = if soak() { 40 } else { 6 };
    let (mut answered, mut replayed) = (0, 0);
    for round in 1..=rounds {
        let key = format!("round-{round}");
        let order = json!({"to": BERT.1, "amount": 1}).to_string();
        let headers = [("idempotency-key", key.as_str())];
        let attempt = anna.try_send(
            reqwest::Method::POST,
            "/api/v1/payments",
            &headers,
            order.clone().into(),
        );
        let moment = Duration::from_micros(rng.random_range(0..moment_us_max));
        let (first, ()) = tokio::join!(attempt, async {
            tokio::time::sleep(moment).await;
            hub.kill();
        });
        hub = site.hub_at(&hub.address, &[]).await;
        // A new client: the old one may still believe in its connection.
        let again = Api::new(&hub.url(), anna.token.as_deref());
        let again =
            again.send(reqwest::Method::POST, "/api/v1/payments", &headers, order.into()).await;
        assert_eq!(again.status, 201, "{again:?}");
        if let Ok(first) = first {
            assert_eq!(first.body, again.body);
            assert_eq!(again.headers["idempotent-replayed"], "true");
            answered += 1;
        } else if again.headers.contains_key("idempotent-replayed") {
            replayed += 1;
        }
        assert_eq!(hub.guest().balance(BERT.1).await, round.to_string());
    }
    eprintln!(
        "{rounds} rounds: {answered} answered, {replayed} committed and cut, the rest cut before"
    );
    assert!(answered < rounds, "no kill came before the answer");
    assert_eq!(hub.guest().balance(ANNA.1).await, (999 - rounds).to_string());
    assert!(site.run(&["verify-ledger"]).status.success());
}

const NO_DRAIN: &[&str] = &["--drain-seconds", "0"];

/// Kills the server as the out-of-memory killer would, and waits until the hub has brought it back.
async fn kill_postgres(site: &Site, hub: &Hub) {
    let victim = site.postmaster().expect("the server runs");
    kill(victim, Signal::SIGKILL).unwrap();
    wait_gone(victim).await;
    hub.wait_until(async || site.postmaster().is_some_and(|now| now != victim)).await;
}

/// The last hub ends in good order, and takes with it whatever it ran.
async fn assert_ends_everything(site: &Site, hub: &mut Hub) {
    let postmaster = site.postmaster().unwrap();
    let processes = family(site.data_dir());
    if cfg!(target_os = "linux") {
        assert!(processes.len() > 1, "a server has children: {processes:?}");
    }
    hub.signal(Signal::SIGTERM);
    assert!(hub.wait().success());
    assert_eq!(site.postmaster(), None);
    // The postmaster takes its pid file away as the last thing but one.
    for pid in processes.into_iter().chain([postmaster]) {
        wait_gone(pid).await;
    }
}

/// Random moments that can be had again.
fn chance() -> StdRng {
    let given = std::env::var_os("TOLLBELL_TEST_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let seed = given.unwrap_or_else(rand::random);
    eprintln!("TOLLBELL_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}
