//! From a payment to its listeners: once each, in the order of the log, to the letter.

use std::{
    collections::BTreeSet, sync::Arc, sync::atomic::AtomicBool, sync::atomic::Ordering::Relaxed,
};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::support::{ANNA, Api, BERT, CARA, Heard, PATIENCE, Site, Socket, seq, soak};

fn topic((_, address): (&str, &str)) -> String {
    format!("wallet:{address}")
}

#[tokio::test]
async fn a_payment_reaches_each_listener_once_with_the_same_bytes() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    let (of_anna, of_bert) = (topic(ANNA), topic(BERT));
    let interests: [&[&str]; 4] =
        [&["payments"], &[&of_anna], &[&of_bert], &["payments", &of_anna, &of_bert, "pulse"]];
    let mut sockets = Vec::new();
    for topics in interests {
        sockets.push(Socket::on(&hub, topics).await);
    }
    let order = json!({"to": BERT.1, "amount": 12.5, "metadata": "for=tea", "request_id": "r1"});
    let paid = anna.post("/api/v1/payments", &order).await;
    let back = bert.pay(ANNA.1, "2").await;
    let mut frames = Vec::new();
    for socket in &mut sockets {
        let mut events = Vec::new();
        while events.len() < 2 {
            let heard = socket.next_within(PATIENCE).await.expect("an event");
            let Heard::Frame(text) = heard else { panic!("{heard:?}") };
            if serde_json::from_str::<Value>(&text).unwrap()["type"] == "event" {
                events.push(text);
            }
        }
        frames.push(events);
    }
    assert!(frames.windows(2).all(|pair| pair[0] == pair[1]), "{frames:#?}");
    for (text, paid) in frames[0].iter().zip([paid, back]) {
        let event: Value = serde_json::from_str(text).unwrap();
        let id = paid.data()["id"].as_i64().unwrap();
        let stored = hub.guest().get(&format!("/api/v1/payments/{id}")).await;
        assert_eq!(&event["data"], stored.data());
        assert_eq!(&event["data"], paid.data());
        let (from, to) = (&paid.data()["from"], &paid.data()["to"]);
        let topics = [
            "payments".to_owned(),
            topic(("", from.as_str().unwrap())),
            topic(("", to.as_str().unwrap())),
        ];
        assert_eq!((&event["kind"], &event["topics"]), (&json!("payment.made"), &json!(topics)));
        for (address, version) in [(from, "from_version"), (to, "to_version")] {
            assert!(event["data"][version].as_i64().unwrap() > 1, "{address} {event}");
        }
    }
    let event: Value = serde_json::from_str(&frames[0][0]).unwrap();
    assert_eq!(event["data"]["metadata"], "for=tea");
    assert_eq!(event["data"]["request_id"], "r1");
    let wallet = hub.guest().get(&format!("/api/v1/wallets/{}", BERT.1)).await;
    let last: Value = serde_json::from_str(&frames[0][1]).unwrap();
    assert_eq!(wallet.data()["version"], last["data"]["from_version"]);
    assert_eq!(
        wallet.headers["etag"].to_str().unwrap().trim_matches('"'),
        wallet.data()["version"].to_string()
    );
}

#[tokio::test]
async fn what_was_refused_is_told_to_nobody() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    let mut socket = Socket::on(&hub, &["payments"]).await;
    let order = json!({"to": BERT.1, "amount": 1});
    assert_eq!(bert.pay(ANNA.1, "1").await.said(), (402, "insufficient_funds"));
    assert_eq!(anna.pay(ANNA.1, "1").await.said(), (400, "same_wallet"));
    assert_eq!(anna.post_keyed("/api/v1/payments", "k1", &order).await.status, 201);
    assert_eq!(anna.post_keyed("/api/v1/payments", "k1", &order).await.status, 201);
    assert_eq!(anna.pay(CARA.1, "3").await.status, 201);
    let told: Vec<_> = socket.events(2).await;
    assert_eq!((&told[0]["data"]["amount"], &told[1]["data"]["amount"]), (&json!(1), &json!(3)));
    assert_eq!(seq(&told[0]) + 1, seq(&told[1]));
}

#[tokio::test]
async fn many_payments_at_once_are_told_in_the_order_of_the_log() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, cara] = hub.people().await;
    let mut all = Socket::on(&hub, &["payments"]).await;
    let mut one = Socket::on(&hub, &[&topic(BERT)]).await;
    for who in [BERT, CARA] {
        hub.admin().mint(who.1, "1000").await;
    }
    all.events(2).await;
    one.events(1).await;
    let before = site.seqs(&["payments"]).await.len();
    let rounds = if soak() { 200 } else { 20 };
    let mut answered = BTreeSet::new();
    for _ in 0..rounds {
        let orders = (0..30).map(|n| match n % 3 {
            0 => anna.pay(BERT.1, "1"),
            1 => bert.pay(CARA.1, "1"),
            _ => cara.pay(ANNA.1, "1"),
        });
        for reply in join_all(orders).await {
            assert_eq!(reply.status, 201, "{reply:?}");
            answered.insert(reply.data()["id"].as_i64().unwrap());
        }
    }
    let told = all.events(rounds * 30).await;
    let log = site.seqs(&["payments"]).await;
    assert_eq!(told.iter().map(seq).collect::<Vec<_>>(), log[before..]);
    let ids: Vec<_> = told.iter().map(|event| event["data"]["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted(), "ids do not rise with the order of the log");
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), answered);
    // A listener to one wallet can prove by its version that nothing is missing.
    let told = one.events(rounds * 20).await;
    let versions: Vec<_> = told.iter().map(|event| version(event, BERT.1)).collect();
    assert!(versions.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{versions:?}");
}

/// The version of a wallet after an event.
fn version(event: &Value, address: &str) -> i64 {
    let data = &event["data"];
    let side = if data["from"] == address { "from_version" } else { "to_version" };
    data[side].as_i64().unwrap_or_else(|| panic!("no {side} in {event}"))
}

/// What an event changes about the balance of a wallet.
fn change(event: &Value, address: &str) -> i64 {
    let amount = event["data"]["amount"].as_i64().unwrap();
    if event["data"]["from"] == address { -amount } else { amount }
}

/// Pays in a ring until told to stop.
async fn keep_paying(people: [Api; 3], stop: Arc<AtomicBool>) {
    let payees = [BERT.1, CARA.1, ANNA.1];
    for amount in (1..8).cycle() {
        if stop.load(Relaxed) {
            return;
        }
        let payers = people.iter().zip(payees);
        let replies = join_all(
            payers.map(async |(payer, payee)| payer.pay(payee, &format!("{amount}")).await),
        )
        .await;
        assert!(replies.iter().all(|reply| matches!(reply.status, 201 | 402)), "{replies:?}");
    }
}

#[tokio::test]
async fn a_snapshot_and_the_events_behind_it_make_the_present() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&["--ring-events", "5"]).await];
    let people = hubs[0].people().await;
    let stop = Arc::new(AtomicBool::new(false));
    let paying: Vec<_> =
        (0..4).map(|_| tokio::spawn(keep_paying(people.clone(), Arc::clone(&stop)))).collect();
    let wallet = topic(ANNA);
    let mut sockets = Vec::new();
    for round in 0..if soak() { 200 } else { 40 } {
        let mut socket = Socket::guest(&hubs[round % 2]).await;
        let message = json!({"type": "subscribe", "id": 1, "topics": [wallet], "snapshot": true});
        let answer = socket.ask(message).await;
        assert_eq!(answer["mode"], "snapshot");
        let snapshot = socket.hear().await;
        assert_eq!((&snapshot["type"], &snapshot["topic"]), (&json!("snapshot"), &json!(wallet)));
        assert_eq!((&snapshot["part"], &snapshot["last"]), (&json!(1), &json!(true)));
        assert_eq!(answer["from"], seq(&snapshot) + 1);
        sockets.push((socket, snapshot));
    }
    stop.store(true, Relaxed);
    for task in paying {
        task.await.unwrap();
    }
    let present = hubs[0].guest().get(&format!("/api/v1/wallets/{}", ANNA.1)).await;
    let (latest, holds) =
        (present.data()["version"].as_i64().unwrap(), present.data()["balance"].as_i64().unwrap());
    for (mut socket, snapshot) in sockets {
        let mut known = snapshot["data"]["version"].as_i64().unwrap();
        let mut balance = snapshot["data"]["balance"].as_i64().unwrap();
        let mut position = seq(&snapshot);
        while known < latest {
            let event = socket.event().await;
            assert!(
                seq(&event) > position,
                "{event} is in the snapshot at {position} or told before"
            );
            (position, known) = (seq(&event), known + 1);
            assert_eq!(version(&event, ANNA.1), known, "{event}");
            balance += change(&event, ANNA.1);
        }
        assert_eq!((known, balance), (latest, holds));
    }
}

#[tokio::test]
async fn a_snapshot_takes_its_place_among_the_events_of_held_topics() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let people = hub.people().await;
    let stop = Arc::new(AtomicBool::new(false));
    let paying: Vec<_> =
        (0..4).map(|_| tokio::spawn(keep_paying(people.clone(), Arc::clone(&stop)))).collect();
    for _ in 0..if soak() { 100 } else { 20 } {
        let mut socket = Socket::on(&hub, &["payments"]).await;
        let first = seq(&socket.event().await);
        socket
            .say(&json!({"type": "subscribe", "id": 2, "topics": [topic(CARA)], "snapshot": true}))
            .await;
        let mut told = vec![first];
        let at = loop {
            let frame = socket.hear().await;
            match frame["type"].as_str().unwrap() {
                "event" => told.push(seq(&frame)),
                "snapshot" => break seq(&frame),
                "subscribed" => assert_eq!(frame["mode"], "snapshot"),
                "mark" | "live" => {}
                _ => panic!("{frame}"),
            }
        };
        assert_eq!(*told.last().unwrap(), at, "all that is held comes first, and nothing later");
        told.extend(socket.events(20).await.iter().map(seq));
        let expected: Vec<_> = (first..).take(told.len()).collect();
        assert_eq!(told, expected, "every event of a ledger at work is a payment");
    }
    stop.store(true, Relaxed);
    for task in paying {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_topic_without_a_state_has_a_snapshot_that_says_so() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = Socket::guest(&hub).await;
    let topics = ["payments", "wallet:kvhccnbm95", "pulse"];
    let answer = socket.ask(json!({"type": "subscribe", "topics": topics, "snapshot": true})).await;
    assert_eq!(answer["mode"], "snapshot");
    for topic in topics {
        let part = socket.hear().await;
        assert_eq!(
            part,
            json!({"type": "snapshot", "topic": topic, "seq": 0, "part": 1, "last": true, "data": null})
        );
    }
    assert_eq!(socket.hear().await["type"], "live");
}
