//! The renewal clock under contention, kills and long silences.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::support::{
    ANNA, Api, BERT, Hub, Reply, Site,
    contracts::{TERM, offer, subscribe, subscribed},
    ring, seed, soak,
};

const ACTIVE: &str = "select count(*) from subscriptions where due_at is not null";
const CHARGES: &str = "select count(*) from charges";
const SUPPLY: &str = "select -sum(balance)::bigint from wallets where floor < 0";

/// Anna's contract, and so many wallets with so much each that are subscribed to it.
async fn subscribers(hubs: &[&Hub], count: usize, each: u64) -> (Api, i64, Vec<(Api, String)>) {
    let [anna, ..] = hubs[0].people().await;
    let id = offer(&anna, json!({})).await;
    let wallets = ring(hubs, count, each).await;
    for chunk in wallets.chunks(16) {
        join_all(chunk.iter().map(|(wallet, _)| subscribed(wallet, id))).await;
    }
    (anna, id, wallets)
}

/// Regression: a renewal that fails blocks nobody, none is made twice, none without its events.
#[tokio::test(flavor = "multi_thread")]
async fn kills_of_one_of_two_hubs_lose_no_renewal_and_double_none() {
    let (subscriptions, kills) = if soak() { (1_000, 20) } else { (60, 3) };
    let mut chance = StdRng::seed_from_u64(seed());
    let site = Site::new().await;
    let stays = site.hub(&["--dev"]).await;
    let mut killed = site.hub(&["--dev"]).await;
    let terms = i64::from(kills) + 1;
    subscribers(&[&stays, &killed], subscriptions, 1_000).await;
    let supply = site.count(SUPPLY).await;
    let all = i64::try_from(subscriptions).unwrap();
    // Behind the last of them, so that all are due within a second of each step.
    stays.advance(60).await;
    for term in 2..=terms {
        stays.advance(TERM).await;
        tokio::time::sleep(Duration::from_millis(chance.random_range(0..150))).await;
        killed.kill();
        site.wait_count(CHARGES, all * term, Duration::from_mins(1)).await;
        killed = site.hub_at(&killed.address, &["--dev"]).await;
    }
    assert_eq!(site.count(ACTIVE).await, all);
    assert_eq!(site.count(CHARGES).await, all * terms, "each term was paid once");
    assert_eq!(site.count(SUPPLY).await, supply);
    let events = "select count(*) from events p join events s on s.seq = p.seq + 1
                  where p.kind = 'payment.made' and s.kind in ('subscription.started', 'subscription.renewed')
                    and p.data::json ->> 'id' = s.data::json ->> 'payment_id'";
    assert_eq!(site.count(events).await, all * terms, "each charge stands behind its payment");
    site.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_at_the_end_of_a_term_gets_the_answer_that_stands() {
    let (rounds, each) = if soak() { (20, 10) } else { (2, 10) };
    let mut chance = StdRng::seed_from_u64(seed());
    let site = Site::new().await;
    let hubs = [site.hub(&["--dev"]).await, site.hub(&["--dev"]).await];
    let [anna, ..] = hubs[0].people().await;
    let (mut kept, mut renewed) = (0, 0);
    for round in 0..rounds {
        let id =
            offer(&anna, json!({"title": format!("Round {round}"), "period_seconds": 60})).await;
        let wallets = ring(&[&hubs[0], &hubs[1]], each, 100).await;
        let paths = join_all(wallets.iter().map(|(wallet, _)| subscribed(wallet, id))).await;
        hubs[0].advance(55).await;
        let offset = site.count("select clock_offset_ms from log_head").await;
        let racers = wallets.iter().zip(&paths).map(|((wallet, _), path)| {
            let jitter = chance.random_range(-20_i64..=20);
            race(wallet, path, TimeDelta::milliseconds(jitter - offset))
        });
        for (answer, after) in join_all(racers).await {
            let term = &answer.data()["term"];
            // Whoever came first: the answer says which term is the last, and that one is paid.
            assert_eq!(&after.data()["term"], term, "{answer:?}\n{after:?}");
            assert!(["pending", "canceled"].contains(&after.data()["status"].as_str().unwrap()));
            if *term == 1 { kept += 1 } else { renewed += 1 }
        }
    }
    eprintln!("{kept} canceled before the renewal, {renewed} after it");
    site.verify();
}

/// Cancels at the end of the term, moved by a span; gives the answer, and what is read half a second later.
async fn race(wallet: &Api, path: &str, moved: TimeDelta) -> (Reply, Reply) {
    let end = wallet.get(path).await.data()["lapsed_at"].clone();
    let end: DateTime<Utc> = serde_json::from_value(end).unwrap();
    let wait = (end + moved - Utc::now()).to_std().expect("the end of the term is ahead");
    tokio::time::sleep(wait).await;
    let answer = wallet.delete(path).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    (answer, wallet.get(path).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_wallets_for_five_places() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let [anna, ..] = hubs[0].people().await;
    let id = offer(&anna, json!({"max_subscribers": 5})).await;
    let wallets = ring(&[&hubs[0], &hubs[1]], 50, 10).await;
    let replies = join_all(wallets.iter().map(|(wallet, _)| subscribe(wallet, id))).await;
    let said = |expected| replies.iter().filter(|reply| reply.said() == expected).count();
    assert_eq!((said((201, "")), said((409, "contract_full"))), (5, 45));
    assert_eq!(site.count(ACTIVE).await, 5);
    site.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_subscribes_once() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let [anna, bert, _] = hubs[0].people().await;
    anna.pay(BERT.1, "100").await;
    for round in 1..=5 {
        let id = offer(&anna, json!({})).await;
        let clicks = (0..8).map(|click| {
            let bert = bert.at(&hubs[click % 2]);
            async move { subscribe(&bert, id).await }
        });
        let mut statuses: Vec<_> =
            join_all(clicks).await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
        assert_eq!(hubs[0].guest().balance(BERT.1).await, (100 - 2 * round).to_string());
    }
}

/// Regression: the first that could not pay kept all others waiting for ever.
#[tokio::test(flavor = "multi_thread")]
async fn who_can_not_pay_keeps_nobody_waiting() {
    let count = if soak() { 500 } else { 100 };
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let (anna, id, _) = subscribers(&[&hub], count, 2).await;
    let bert = hub.login(BERT).await;
    anna.pay(BERT.1, "10").await;
    let path = subscribed(&bert, id).await;
    hub.advance(TERM).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(bert.get(&path).await.data()["term"], 2, "renewed within two seconds");
    assert_eq!(site.count(ACTIVE).await, 1);
    let lapsed = "select count(*) from events where kind = 'subscription.lapsed'";
    assert_eq!(site.count(lapsed).await, i64::try_from(count).unwrap());
    site.verify();
}

/// Regression: what was due within the next ten seconds was taken for due.
#[tokio::test]
async fn nothing_renews_early_and_nothing_waits() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, _] = hub.people().await;
    anna.pay(BERT.1, "10").await;
    let id = offer(&anna, json!({})).await;
    let path = subscribed(&bert, id).await;
    hub.advance(TERM - 4).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = bert.get(&path).await;
    assert_eq!((&before.data()["term"], &before.data()["entitled"]), (&json!(1), &json!(true)));
    hub.wait_until(async || bert.get(&path).await.data()["term"] == 2).await;
    let delay_ms = "select (extract(epoch from charged_at - due_at) * 1000)::bigint from charges where term = 2";
    let delay_ms = site.count(delay_ms).await;
    assert!((0..1_000).contains(&delay_ms), "{delay_ms} ms behind the end of the term");
}

/// Subscribers are told, more of them than fit a page in the long run, of the end of their contract, by the clock of any node.
#[tokio::test(flavor = "multi_thread")]
async fn a_contract_with_many_subscribers_ends_page_by_page() {
    let count = if soak() { 1_200 } else { 40 };
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let (anna, id, _) = subscribers(&[&hubs[0], &hubs[1]], count, 2).await;
    assert_eq!(anna.delete(&format!("/api/v1/contracts/{id}")).await.status, 200);
    site.wait_count(ACTIVE, 0, Duration::from_secs(5)).await;
    let told = "select count(*) from events where kind = 'subscription.canceled'";
    assert_eq!(site.count(told).await, i64::try_from(count).unwrap());
    site.verify();
}

/// An outage of all hubs of five terms, and months: nothing drifts, and `one` pays once where `all` pays five times.
#[tokio::test]
async fn months_without_drift_through_an_outage() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, _] = hub.people().await;
    anna.pay(BERT.1, "100").await;
    let one = offer(&anna, json!({"period_months": 1})).await;
    let all = offer(&anna, json!({"period_seconds": 86_400 * 30, "catch_up": "all"})).await;
    let paths = [subscribed(&bert, one).await, subscribed(&bert, all).await];
    let anchors = [bert.get(&paths[0]).await, bert.get(&paths[1]).await];
    let address = hub.address.clone();
    drop(hub);
    // The clock moves while nobody looks.
    sqlx::query("update log_head set clock_offset_ms = clock_offset_ms + $1")
        .bind(86_400_i64 * 155 * 1_000)
        .execute(&mut site.sql().await)
        .await
        .unwrap();
    let hub = site.hub_at(&address, &["--dev"]).await;
    site.wait_count(CHARGES, 2 + 1 + 5, Duration::from_secs(10)).await;
    let bert = hub.login(BERT).await;
    for (path, anchor) in paths.iter().zip(&anchors) {
        let after = bert.get(path).await;
        assert_eq!(after.data()["term"], 6, "{after:?}");
        assert_eq!(after.data()["started_at"], anchor.data()["started_at"]);
        assert_eq!(after.data()["entitled"], true);
    }
    let day = |value: &serde_json::Value| value.as_str().unwrap()[10..].to_owned();
    let after = bert.get(&paths[0]).await;
    assert_eq!(day(&after.data()["lapsed_at"]), day(&anchors[0].data()["started_at"]));
    let skipped = "select (data::json ->> 'skipped_terms')::bigint from events
                   where kind = 'subscription.renewed' and data::json ->> 'term' = '6'
                   order by seq limit 1";
    assert!([0, 4].contains(&site.count(skipped).await));
    assert_eq!(hub.guest().balance(ANNA.1).await, "916");
    site.verify();
}
