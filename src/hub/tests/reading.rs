//! Pull readers: pages, waiting, and how they end.

use std::time::Duration;

use tokio::time::timeout;

use super::{PATIENCE, Rig, credential};
use crate::{
    hub::{
        Grant, HubSettings, Interest, Page, PageLimit, ReadError, RingLimit,
        fixtures::{revocation_event, want},
    },
    kernel::event::Seq,
};

const LIMIT: PageLimit = PageLimit { events: 3, bytes: 1 << 20 };

fn settings(ring_events: usize) -> HubSettings {
    HubSettings {
        shards: 1,
        ring: RingLimit { events: ring_events, bytes: 1 << 20 },
        ..HubSettings::default()
    }
}

fn a() -> Interest {
    Interest::new([want("a")])
}

fn seqs(page: &Page) -> Vec<i64> {
    page.entries.iter().map(|entry| entry.seq().get()).collect()
}

#[tokio::test]
async fn pages_follow_one_another_from_ring_or_log() {
    for ring in [2, 100] {
        let rig = Rig::new(settings(ring)).await;
        for seq in 1..=7 {
            rig.publish("x.y", if seq == 4 { &["b"] } else { &["a"] });
        }
        let mut reader = rig.hub.reader(a(), Seq::ZERO, Grant::default());
        let mut next = async || reader.page(LIMIT, Duration::ZERO).await.unwrap();
        let first = next().await;
        assert_eq!(seqs(&first), [1, 2, 3], "ring of {ring}");
        assert!(first.entries[0].json().unwrap().starts_with(br#"{"type":"event","seq":1,"#));
        assert_eq!(seqs(&next().await), [5, 6, 7], "ring of {ring}");
        let last = next().await;
        assert_eq!((seqs(&last), last.position), (vec![], Seq::new(7)), "ring of {ring}");
    }
}

#[tokio::test]
async fn a_reader_waits_for_what_comes() {
    let rig = Rig::new(settings(100)).await;
    let mut reader = rig.hub.reader(a(), Seq::ZERO, Grant::default());
    let publish = async {
        tokio::task::yield_now().await;
        rig.publish("x.y", &["b"]);
        tokio::task::yield_now().await;
        rig.publish("x.y", &["a"]);
    };
    let (page, ()) = tokio::join!(timeout(PATIENCE, reader.page(LIMIT, PATIENCE)), publish);
    assert_eq!(seqs(&page.unwrap().unwrap()), [2]);
    rig.publish("x.y", &["b"]);
    let empty = reader.page(LIMIT, Duration::from_millis(10)).await.unwrap();
    assert_eq!((seqs(&empty), empty.position), (vec![], Seq::new(3)), "the position moves on");
}

#[tokio::test]
async fn a_position_ahead_of_this_node_waits() {
    let rig = Rig::new(settings(100)).await;
    let mut reader = rig.hub.reader(a(), Seq::new(2), Grant::default());
    let empty = reader.page(LIMIT, Duration::from_millis(5)).await.unwrap();
    assert_eq!(empty.position, Seq::new(2));
    for _ in 0..4 {
        rig.publish("x.y", &["a"]);
    }
    assert_eq!(seqs(&reader.page(LIMIT, PATIENCE).await.unwrap()), [3, 4]);
}

#[tokio::test]
async fn a_revocation_ends_a_reader_at_its_place() {
    for ring in [1, 100] {
        let rig = Rig::new(settings(ring)).await;
        let mut reader = rig.hub.reader(a(), Seq::ZERO, credential("1", 0));
        rig.publish("x.y", &["a"]);
        rig.publish_event(revocation_event(2, "session:1"));
        rig.publish("x.y", &["a"]);
        assert_eq!(seqs(&reader.page(LIMIT, PATIENCE).await.unwrap()), [1], "ring of {ring}");
        let end = reader.page(LIMIT, PATIENCE).await;
        assert!(matches!(end, Err(ReadError::Revoked)), "ring of {ring}: {end:?}");
    }
}

#[tokio::test]
async fn what_is_no_longer_kept_is_an_error() {
    let rig = Rig::new(settings(2)).await;
    for _ in 0..10 {
        rig.publish("x.y", &["a"]);
    }
    *rig.log.floor.lock() = Seq::new(5);
    let mut reader = rig.hub.reader(a(), Seq::new(3), Grant::default());
    match reader.page(LIMIT, Duration::ZERO).await {
        Err(ReadError::Gone { oldest }) => assert_eq!(oldest, Seq::new(6)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_told_and_the_page_can_be_asked_for_again() {
    let rig = Rig::new(settings(2)).await;
    for _ in 0..10 {
        rig.publish("x.y", &["a"]);
    }
    rig.log.away.store(true, super::SeqCst);
    let mut reader = rig.hub.reader(a(), Seq::ZERO, Grant::default());
    assert!(matches!(reader.page(LIMIT, Duration::ZERO).await, Err(ReadError::Db(_))));
    rig.log.away.store(false, super::SeqCst);
    assert_eq!(seqs(&reader.page(LIMIT, Duration::ZERO).await.unwrap()), [1, 2, 3]);
}

#[tokio::test]
async fn a_drain_ends_readers_that_wait() {
    let rig = Rig::new(settings(2)).await;
    let mut reader = rig.hub.reader(a(), Seq::ZERO, Grant::default());
    let drain = rig.hub.drain(Duration::ZERO, Duration::ZERO);
    let (page, ()) = tokio::join!(timeout(PATIENCE, reader.page(LIMIT, PATIENCE)), drain);
    assert!(matches!(page.unwrap(), Err(ReadError::Draining)));
}
