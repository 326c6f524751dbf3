//! Going away: everyone is told when to come back elsewhere, and misses nothing.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet};

use super::support::{
    Balancer, Heard, Knock, Listener, PATIENCE, Site, Socket, Stream, Traffic, epoch, seq,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_goes_away_sends_its_listeners_to_another_and_they_miss_nothing() {
    let site = Site::new().await;
    let mut old = site.hub(&["--drain-seconds", "3"]).await;
    let new = site.hub(&[]).await;
    let traffic = Traffic::start(&[&new], 4, "").await;
    let mut listeners = JoinSet::new();
    for _ in 0..20 {
        let socket = Socket::on(&old, &["payments"]).await;
        listeners.spawn(told_to_leave(socket));
    }
    let address = old.address.clone();
    let signalled = Instant::now();
    old.signal(Signal::SIGTERM);
    let guest = old.guest();
    while guest.get("/readyz").await.status != 503 {
        assert!(signalled.elapsed() < Duration::from_secs(2), "still ready");
    }
    let refused = Knock::at(&old).open().await.err().unwrap();
    assert_eq!(refused.said(), (503, "unavailable".into()), "nobody new is let in");
    let mut left = Vec::new();
    while let Some(listener) = listeners.join_next().await {
        left.push(listener.unwrap());
    }
    let status = tokio::task::spawn_blocking(move || old.wait()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(signalled.elapsed() < Duration::from_secs(15), "{:?}", signalled.elapsed());
    assert!(tokio::net::TcpStream::connect(&address).await.is_err(), "it still listens");

    let times: BTreeSet<u64> = left.iter().map(|left| left.reconnect_in_ms).collect();
    assert!(times.len() >= 10, "not spread: {times:?}");
    assert!(*times.last().unwrap() <= 3_000 && *times.last().unwrap() >= 2_000, "{times:?}");
    // Who goes on at the other hub behind what was sent has everything once.
    let epoch = epoch(&new).await;
    for left in left.iter().step_by(4) {
        let mut socket = Socket::guest(&new).await;
        let position = left.told.last().unwrap();
        let message =
            json!({"type": "subscribe", "topics": ["payments"], "since": position, "epoch": epoch});
        assert_eq!(socket.ask(message).await["mode"], "resumed");
        let mut told = left.told.clone();
        told.extend(socket.events(50).await.iter().map(seq));
        let log = site.seqs(&["payments"]).await;
        let begin = log.iter().position(|seq| *seq == told[0]).unwrap();
        assert_eq!(told, log[begin..begin + told.len()]);
    }
    traffic.stop().await;
}

struct Left {
    reconnect_in_ms: u64,
    told: Vec<i64>,
}

/// Listens to the end and checks how it is announced.
async fn told_to_leave(mut socket: Socket) -> Left {
    let (mut told, mut mark, mut drain) = (Vec::new(), 0, None);
    loop {
        match socket.next_within(PATIENCE).await.expect("a hub that goes away says so") {
            Heard::Frame(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                match frame["type"].as_str().unwrap() {
                    "event" => told.push(seq(&frame)),
                    "mark" => mark = seq(&frame),
                    "drain" => drain = Some((frame, Instant::now())),
                    "live" => {}
                    _ => panic!("{frame}"),
                }
            }
            Heard::Closed(code) => {
                let (frame, at) = drain.expect("a drain before the end");
                assert_eq!(code, 1001);
                let close_in = Duration::from_millis(frame["close_in_ms"].as_u64().unwrap());
                let reconnect_in_ms = frame["reconnect_in_ms"].as_u64().unwrap();
                assert!(close_in > Duration::from_millis(reconnect_in_ms), "{frame}");
                assert!(at.elapsed() + Duration::from_millis(100) > close_in, "closed too early");
                assert!(at.elapsed() < close_in + Duration::from_secs(2), "closed too late");
                assert!(mark >= *told.last().unwrap(), "a mark comes before the close");
                return Left { reconnect_in_ms, told };
            }
            Heard::Cut => panic!("cut without a close frame"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_behind_a_balancer_do_not_notice_that_a_hub_goes_away() {
    let site = Site::new().await;
    let mut old = site.hub(&["--drain-seconds", "2"]).await;
    let new = site.hub(&[]).await;
    let balancer = Balancer::before(&old).await;
    let epoch = epoch(&old).await;
    let (finish, done) = watch::channel(None);
    let mut listeners = JoinSet::new();
    for _ in 0..10 {
        let (url, epoch, done) = (balancer.url.clone(), epoch.clone(), done.clone());
        listeners.spawn(async move {
            let mut listener = Listener::behind(&url, &["payments"], &epoch, 0).await;
            (listener.rest(done).await, listener.lost)
        });
    }
    let traffic = Traffic::start(&[&new], 4, "").await;
    balancer.turn_to(&new);
    old.signal(Signal::SIGTERM);
    let status = tokio::task::spawn_blocking(move || old.wait()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    traffic.stop().await;
    let log = site.seqs(&["payments"]).await;
    finish.send_replace(log.last().copied());
    while let Some(listener) = listeners.join_next().await {
        let (told, lost) = listener.unwrap();
        assert!(told == log, "{} told, {} in the log", told.len(), log.len());
        assert_eq!(lost, 0, "the new link is up before the old one goes");
    }
}

#[tokio::test]
async fn a_second_signal_ends_the_patience() {
    let site = Site::new().await;
    let mut hub = site.hub(&["--drain-seconds", "600"]).await;
    hub.people().await;
    let mut socket = Socket::on(&hub, &["payments"]).await;
    let mut stream = Stream::open(&hub, "topics=payments", &[]).await;
    assert_eq!(stream.next().await.unwrap().event, "mark");
    hub.signal(Signal::SIGTERM);
    // Some time in ten minutes.
    socket.hear_a("drain").await;
    hub.signal(Signal::SIGTERM);
    assert_eq!(socket.closed().await, 1012);
    while stream.next().await.is_some() {}
    let status = tokio::task::spawn_blocking(move || hub.wait()).await.unwrap();
    assert_eq!(status.code(), Some(0));
}
