//! Links break, applications pause and read slowly, hubs crash: every listener ends with the same, complete sequence.

use std::{collections::HashSet, time::Duration};

use futures_util::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::{sync::watch, task::JoinSet};

use super::support::{Listener, Site, epoch, pay_through, ring, seed, soak};

/// An application that behaves badly, for as long as it takes.
async fn moody(
    url: String,
    topics: Vec<String>,
    epoch: String,
    mut chance: StdRng,
    mut done: watch::Receiver<Option<i64>>,
) -> Vec<i64> {
    let topics: Vec<_> = topics.iter().map(String::as_str).collect();
    let (mut last, mut told) = (0, Vec::new());
    loop {
        let mut listener = Listener::behind(&url, &topics, &epoch, last).await;
        for _ in 0..chance.random_range(1..300) {
            match chance.random_range(0..1_000) {
                // It pauses so that the hub has to go on without it, or is a little slow.
                0..4 => {
                    tokio::time::sleep(Duration::from_millis(chance.random_range(50..800))).await;
                }
                4..100 => tokio::time::sleep(Duration::from_millis(1)).await,
                _ => {}
            }
            match listener.next(&mut done).await {
                Some(event) => told.push(event.seq.try_into().unwrap()),
                None => return told,
            }
        }
        last = listener.last;
        if chance.random() {
            listener.leave().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_that_come_and_go_end_with_the_identical_complete_sequence() {
    let (listeners, payments) = if soak() { (200, 20_000) } else { (30, 1_500) };
    let mut chance = StdRng::seed_from_u64(seed());
    let site = Site::new().await;
    // A ring this small is left behind again and again, so the log has to help.
    let hub = site.hub(&["--ring-events", "200"]).await;
    let owners = ring(&[&hub], 16, 100_000).await;
    let epoch = epoch(&hub).await;
    let (finish, done) = watch::channel(None);
    let mut tasks = JoinSet::new();
    for at in 0..listeners {
        // Some listen to everything, some to everything and part of it, some to one wallet.
        let wallet = format!("wallet:{}", owners[0].1);
        let topics = match at % 3 {
            0 => vec!["payments".to_owned()],
            1 => vec![wallet, "payments".into()],
            _ => vec![wallet],
        };
        let (url, epoch, done) = (hub.url(), epoch.clone(), done.clone());
        let chance = StdRng::seed_from_u64(chance.random());
        tasks.spawn(async move { (topics.clone(), moody(url, topics, epoch, chance, done).await) });
    }
    let paying = (0..owners.len()).map(|at| {
        let payee = owners[(at + 1) % owners.len()].1.clone();
        pay_through(owners[at].0.clone(), payee, payments / owners.len())
    });
    let paid: usize = join_all(paying).await.iter().map(HashSet::len).sum();
    assert_eq!(paid, payments / owners.len() * owners.len());
    // The last payment is told to all of them.
    hub.admin().mint(&owners[0].1, "1").await;
    finish.send_replace(site.seqs(&["payments"]).await.last().copied());
    while let Some(task) = tasks.join_next().await {
        let (topics, told) = task.unwrap();
        let log = site.seqs(&topics.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert!(told == log, "{topics:?}: {} events told, {} in the log", told.len(), log.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_hub_loses_no_answer_and_no_event() {
    let (crashes, payments) = if soak() { (20, 1_000) } else { (3, 120) };
    let mut chance = StdRng::seed_from_u64(seed());
    let site = Site::new().await;
    let mut hub = site.hub(&[]).await;
    let address = hub.address.clone();
    let owners = ring(&[&hub], 8, 100_000).await;
    let epoch = epoch(&hub).await;
    let before = site.seqs(&["payments"]).await.len();
    let (finish, done) = watch::channel(None);
    let mut listening = JoinSet::new();
    for _ in 0..20 {
        let (url, epoch, done) = (hub.url(), epoch.clone(), done.clone());
        listening.spawn(async move {
            let mut listener = Listener::behind(&url, &["payments"], &epoch, 0).await;
            (listener.rest(done).await, listener.lost)
        });
    }
    let mut paying = JoinSet::new();
    for at in 0..owners.len() {
        let (payer, payee) = (owners[at].0.clone(), owners[(at + 1) % owners.len()].1.clone());
        paying.spawn(pay_through(payer, payee, payments));
    }
    for _ in 0..crashes {
        tokio::time::sleep(Duration::from_millis(chance.random_range(100..600))).await;
        hub.kill();
        hub = site.hub_at(&address, &[]).await;
    }
    let mut answered = HashSet::new();
    while let Some(ids) = paying.join_next().await {
        answered.extend(ids.unwrap());
    }
    let log = site.seqs(&["payments"]).await;
    assert_eq!(answered.len(), owners.len() * payments);
    assert_eq!(log.len() - before, answered.len(), "each payment happened once");
    finish.send_replace(log.last().copied());
    while let Some(told) = listening.join_next().await {
        let (told, lost) = told.unwrap();
        assert!(told == log, "{} events told, {} in the log", told.len(), log.len());
        assert!(lost > 0, "no crash was noticed");
    }
    let verified = site.run(&["verify-ledger"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
