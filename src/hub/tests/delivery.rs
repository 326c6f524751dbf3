//! Who gets what, in which order, and at whose cost.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::value::RawValue;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::{Client, PATIENCE, Rig};
use crate::{
    hub::{HubSettings, RingLimit, fixtures::event_with, frame},
    kernel::event::{Seq, Topic},
};

fn two_shards() -> HubSettings {
    HubSettings { shards: 2, ..HubSettings::default() }
}

/// A ring that forgets at once, so that whoever falls behind has to read the log.
fn small_ring() -> HubSettings {
    HubSettings { ring: RingLimit { events: 8, bytes: 1 << 20 }, ..two_shards() }
}

#[tokio::test]
async fn an_event_reaches_those_who_listen_to_one_of_its_topics_once() {
    let rig = Rig::new(two_shards()).await;
    let (mut a, mut b, mut both) = (rig.connect().await, rig.connect().await, rig.connect().await);
    for (client, topics) in [(&mut a, "a"), (&mut b, "b"), (&mut both, "b a")] {
        client.say(&format!("listen {topics}")).await;
        client.expect(&["listening 0", "live 0"]).await;
    }
    for topics in [&["a"][..], &["b"], &["a", "b"], &["c"], &["b", "c"]] {
        rig.publish("x.y", topics);
    }
    a.expect(&["event 1", "event 3"]).await;
    b.expect(&["event 2", "event 3", "event 5"]).await;
    both.expect(&["event 1", "event 2", "event 3", "event 5"]).await;
}

#[tokio::test]
async fn filters_are_kept_apart_live_and_behind() {
    let rig = Rig::new(two_shards()).await;
    let (mut all, mut some, mut two) =
        (rig.connect().await, rig.connect().await, rig.connect().await);
    for (client, topics) in [(&mut all, "a"), (&mut some, "a/x.y"), (&mut two, "a/x.y b/p.*")] {
        client.say(&format!("listen {topics}")).await;
        client.expect(&["listening 0", "live 0"]).await;
    }
    for (kind, topics) in
        [("x.y", &["a"][..]), ("p.q", &["a"]), ("p.q", &["a", "b"]), ("x.y", &["b"])]
    {
        rig.publish(kind, topics);
    }
    rig.publish("x.y", &["a"]);
    all.expect(&["event 1", "event 2", "event 3", "event 5"]).await;
    some.expect(&["event 1", "event 5"]).await;
    two.expect(&["event 1", "event 3", "event 5"]).await;
    let mut late = rig.connect().await;
    late.say("since 0 a/x.y b/p.*").await;
    late.expect(&["listening 0", "event 1", "event 3", "event 5", "live 5"]).await;
    some.say("listen a").await;
    some.expect(&["listening 5", "live 5"]).await;
    rig.publish("p.q", &["a"]);
    some.expect(&["event 6"]).await;
}

#[tokio::test]
async fn later_topics_join_at_the_position_and_leaving_ends_them() {
    let rig = Rig::new(two_shards()).await;
    let mut client = rig.connect().await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    rig.publish("x.y", &["b"]);
    rig.publish("x.y", &["a"]);
    client.expect(&["event 2"]).await;
    client.say("late b").await;
    client.expect(&["listening 2", "live 2"]).await;
    rig.publish("x.y", &["b"]);
    client.expect(&["event 3"]).await;
    client.ask("leave a", "left").await;
    rig.publish("x.y", &["a"]);
    rig.publish("x.y", &["b"]);
    client.expect(&["event 5"]).await;
}

/// A pass takes thousands of events where each has few listeners, and splits what a single one hears of them.
#[tokio::test]
async fn a_burst_reaches_everyone_once_and_in_order() {
    type Hears = fn(i64) -> bool;
    const EVENTS: i64 = 12_000;
    let rig =
        Rig::new(HubSettings { shards: 1, queue_bytes: 8 << 10, ..HubSettings::default() }).await;
    let check: [(&str, Hears); 6] = [
        ("all", |_| true),
        ("own0", |n| n % 50 == 0),
        ("own1 own2 other", |n| matches!(n % 50, 1 | 2)),
        ("own3 all/x.y", |n| n % 50 == 3 || n % 2 == 0),
        ("own4/x.y own5/p.*", |n| n % 50 == 4),
        ("all own6", |_| true),
    ];
    let mut clients = Vec::new();
    for (wishes, expected) in check {
        let mut client = rig.connect().await;
        client.say(&format!("listen {wishes}")).await;
        client.expect(&["listening 0", "live 0"]).await;
        clients.push((client, wishes, expected));
    }
    let last = rig.publish_all((1..=EVENTS).map(|n| {
        let (kind, own) = (if n % 2 == 0 { "x.y" } else { "x.z" }, format!("own{}", n % 50));
        event_with(n, kind, &["all", &own], format!(r#""{}""#, "-".repeat(500)))
    }));
    // Those who hear everything are soon behind, while nobody reads.
    rig.until("all are handed on", |stats| stats.position == last).await;
    assert!(rig.hub.stats().behind >= 2, "{:?}", rig.hub.stats());
    for (mut client, wishes, expected) in clients {
        let all: Vec<_> = (1..=EVENTS).filter(|n| expected(*n)).collect();
        let heard = client.events_until(*all.last().unwrap()).await;
        assert!(heard == all, "{wishes}: {} of {} events", heard.len(), all.len());
    }
    rig.until("all are live", |stats| stats.behind == 0).await;
}

#[tokio::test]
async fn who_resumes_gets_what_lies_between_from_ring_or_log() {
    for settings in [two_shards(), small_ring()] {
        let small = settings.ring.events < 100;
        let rig = Rig::new(settings).await;
        for _ in 0..500 {
            rig.publish("x.y", &["a"]);
        }
        rig.settled().await;
        let mut client = rig.connect().await;
        client.ask("since 100 a", "listening 100").await;
        assert_eq!(client.events_until(500).await, (101..=500).collect::<Vec<_>>());
        client.expect(&["live 500"]).await;
        rig.publish("x.y", &["a"]);
        client.expect(&["event 501"]).await;
        assert_eq!(rig.log.reads.load(super::SeqCst) > 0, small);
    }
}

#[tokio::test]
async fn a_position_ahead_of_this_node_waits_for_the_relay() {
    let rig = Rig::new(two_shards()).await;
    let mut client = rig.connect().await;
    client.ask("since 3 a", "listening 3").await;
    for _ in 0..5 {
        rig.publish("x.y", &["a"]);
    }
    // On which of the positions from 3 on it becomes live, the relay's pace decides.
    let mut events = Vec::new();
    while events.len() < 2 {
        let line = client.hear().await;
        if line.starts_with("event") {
            events.push(line);
        } else {
            assert!(line.starts_with("live"), "{line}");
        }
    }
    assert_eq!(events, ["event 4", "event 5"]);
}

#[tokio::test]
async fn a_snapshot_takes_its_place_in_the_order() {
    let rig = Rig::new(two_shards()).await;
    let mut client = rig.connect().await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    for round in 0..50_i64 {
        let base = round * 4;
        rig.publish("x.y", &["a"]);
        rig.publish("x.y", &["b"]);
        client.say("snapshot b").await;
        rig.publish("x.y", &["b"]);
        rig.publish("x.y", &["a"]);
        let mut heard = Vec::new();
        while !heard.contains(&format!("event {}", base + 4))
            || !heard.iter().any(|l: &String| l.starts_with("live"))
        {
            heard.push(client.hear().await);
        }
        let at = heard.iter().position(|line| line.starts_with("snapshot")).unwrap();
        let seq: i64 = heard[at].strip_prefix("snapshot ").unwrap().parse().unwrap();
        let events = |lines: &[String]| -> Vec<i64> {
            lines.iter().filter_map(|line| line.strip_prefix("event ")?.parse().ok()).collect()
        };
        let held = [base + 1, base + 4].into_iter().filter(|n| *n <= seq).collect::<Vec<_>>();
        let after = (seq + 1..=base + 4).collect::<Vec<_>>();
        assert_eq!(events(&heard[..at]), held, "{heard:?}");
        assert_eq!(events(&heard[at..]), after, "{heard:?}");
        client.ask("leave b", "left").await;
    }
}

#[tokio::test]
async fn a_refused_snapshot_lets_the_connection_go_on() {
    let rig = Rig::new(two_shards()).await;
    let mut client = rig.connect().await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    client.ask("refused", "refused").await;
    rig.publish("x.y", &["a"]);
    client.expect(&["event 1"]).await;
}

/// The case that stops today's hub of this kind for good: sockets that are alive and never read.
#[tokio::test]
async fn those_who_never_read_cost_the_others_nothing_and_have_everything_later() {
    const EVENTS: i64 = 12_000;
    let rig =
        Rig::new(HubSettings { ring: RingLimit { events: 500, bytes: 64 << 20 }, ..two_shards() })
            .await;
    let mut frozen = Vec::new();
    for _ in 0..3 {
        let mut client = rig.connect().await;
        client.say("listen a").await;
        client.expect(&["listening 0", "live 0"]).await;
        frozen.push(client);
    }
    let mut readers = JoinSet::new();
    for _ in 0..8 {
        let mut client = rig.connect().await;
        client.say("listen a").await;
        client.expect(&["listening 0", "live 0"]).await;
        readers.spawn(async move {
            let events = client.events_until(EVENTS).await;
            assert_eq!(events, (1..=EVENTS).collect::<Vec<_>>());
            client
        });
    }
    for seq in 1..=EVENTS {
        let data = format!(r#"{{"pad":"{}"}}"#, "x".repeat(1_000));
        rig.publish_event(event_with(seq, "x.y", &["a"], data));
        if seq % 100 == 0 {
            tokio::task::yield_now().await;
        }
        if seq % 1_000 == 0 {
            for client in &mut frozen {
                client.0.send(Message::Pong(Bytes::new())).await.unwrap();
            }
        }
    }
    let _live = timeout(PATIENCE, readers.join_all()).await.expect("a reader waits");
    rig.until("three are behind, the others live", |stats| stats.behind == 3).await;
    for mut client in frozen {
        assert_eq!(client.events_until(EVENTS).await, (1..=EVENTS).collect::<Vec<_>>());
    }
    rig.until("everyone is live again", |stats| stats.behind == 0).await;
    assert!(rig.log.reads.load(super::SeqCst) > 0, "the ring was too large to show anything");
}

#[tokio::test]
async fn a_database_that_is_away_delays_those_who_are_behind_and_nobody_else() {
    let rig = Rig::new(small_ring()).await;
    for _ in 0..100 {
        rig.publish("x.y", &["a"]);
    }
    rig.settled().await;
    rig.log.away.store(true, super::SeqCst);
    let (mut behind, mut live) = (rig.connect().await, rig.connect().await);
    behind.ask("since 0 a", "listening 0").await;
    live.say("listen a").await;
    live.expect(&["listening 100", "live 100"]).await;
    rig.publish("x.y", &["a"]);
    live.expect(&["event 101"]).await;
    rig.log.away.store(false, super::SeqCst);
    assert_eq!(behind.events_until(101).await, (1..=101).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_no_longer_kept_is_said_and_never_skipped() {
    let rig = Rig::new(small_ring()).await;
    for _ in 0..100 {
        rig.publish("x.y", &["a"]);
    }
    rig.settled().await;
    *rig.log.floor.lock() = Seq::new(50);
    let mut client = rig.connect().await;
    client.ask("since 10 a", "listening 10").await;
    client.expect(&["gone 100 51"]).await;
    client.say("listen a").await;
    client.expect(&["listening 100", "live 100"]).await;
    rig.publish("x.y", &["a"]);
    client.expect(&["event 101"]).await;
    // A dialect whose clients would not understand is ended instead.
    let mut stern = rig.connect().await;
    stern.ask("end", "ending").await;
    stern.ask("since 10 a", "listening 10").await;
    stern.expect(&["gone 101 51", "close 1013"]).await;
}

#[tokio::test]
async fn marks_say_how_far_everything_was_sent() {
    let rig = Rig::new(HubSettings { mark: Duration::from_millis(40), ..two_shards() }).await;
    let mut client = rig.connect().await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    rig.publish("x.y", &["a"]);
    rig.publish("x.y", &["b"]);
    rig.publish("x.y", &["b"]);
    assert_eq!(client.hear().await, "event 1");
    let mut line = String::new();
    while line != "mark 3" {
        line = client.hear_all().await;
        assert!(line.starts_with("mark "), "{line}");
    }
    let more = timeout(Duration::from_millis(200), client.0.next()).await;
    assert!(more.is_err(), "an idle log needs no marks: {more:?}");
}

#[tokio::test]
async fn hints_reach_live_listeners_latest_first_wins() {
    let rig = Rig::new(two_shards()).await;
    let mut client = rig.connect().await;
    client.say("listen servers").await;
    client.expect(&["listening 0", "live 0"]).await;
    let data = RawValue::from_string("7".into()).unwrap();
    rig.hub.hint("other", "server.tick", vec![Topic::named("others")], &data);
    rig.hub.hint("one", "server.tick", vec![Topic::named("servers")], &data);
    let expected = r#"{"type":"hint","kind":"server.tick","topics":["servers"],"data":7}"#;
    client.expect(&[expected]).await;
}

#[tokio::test]
async fn messages_are_answered_one_after_the_other() {
    let rig = Rig::new(two_shards()).await;
    let mut client = rig.connect().await;
    for topic in 0..200 {
        client.0.feed(Message::text(format!("late t{topic}"))).await.unwrap();
        client.0.feed(Message::text(format!("listen u{topic}"))).await.unwrap();
    }
    client.0.flush().await.unwrap();
    for _ in 0..400 {
        client.expect(&["listening 0", "live 0"]).await;
    }
    rig.until("all topics are held", |stats| stats.topics == 400).await;
}

/// Listeners that pause, read slowly and come back: each ends with the same, complete sequence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_listeners_do_they_end_with_the_complete_sequence() {
    const EVENTS: i64 = 4_000;
    let seed: u64 = rand::rng().random();
    let rig = Arc::new(
        Rig::new(HubSettings {
            ring: RingLimit { events: 300, bytes: 64 << 20 },
            queue_bytes: 4 << 10,
            ..two_shards()
        })
        .await,
    );
    let mut listeners = JoinSet::new();
    for n in 0..60 {
        let rig = Arc::clone(&rig);
        listeners.spawn(async move {
            let mut chance = StdRng::seed_from_u64(seed ^ n);
            let mut heard: Vec<i64> = Vec::new();
            while heard.last() != Some(&EVENTS) {
                let last = heard.last().copied().unwrap_or(0);
                let mut client = rig.connect().await;
                client.ask(&format!("since {last} a"), &format!("listening {last}")).await;
                read_some(&mut client, &mut chance, &mut heard, EVENTS).await;
            }
            assert_eq!(heard, (1..=EVENTS).collect::<Vec<_>>(), "seed {seed}, listener {n}");
        });
    }
    for seq in 1..=EVENTS {
        rig.publish("x.y", if seq % 3 == 0 { &["a", "b"] } else { &["a"] });
        if seq % 50 == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    timeout(PATIENCE * 3, listeners.join_all()).await.unwrap_or_else(|_| panic!("seed {seed}"));
}

/// Reads until it has all, or until it is tired of this connection.
async fn read_some(client: &mut Client, chance: &mut StdRng, heard: &mut Vec<i64>, last: i64) {
    let patience = chance.random_range(1..1_500);
    for _ in 0..patience {
        let line = client.hear().await;
        if let Some(seq) = line.strip_prefix("event ") {
            heard.push(seq.parse().unwrap());
        }
        if heard.last() == Some(&last) {
            return;
        }
        if chance.random_ratio(1, 300) {
            sleep(Duration::from_millis(chance.random_range(1..60))).await;
        }
    }
}

#[test]
fn a_buffer_for_one_event_is_shared_and_not_copied() {
    let one = frame::text("x");
    let joined = crate::hub::page::join(&[&one]);
    assert_eq!(joined.as_ptr(), one.as_ptr());
}
