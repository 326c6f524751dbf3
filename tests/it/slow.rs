//! Slow clients: later, not lost, and at nobody else's cost.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{sync::watch, task::JoinSet};
use tokio_tungstenite::tungstenite::Message;

use super::support::{Hub, Knock, PATIENCE, Site, Socket, Traffic, epoch, seq, soak};

/// What the receiving kernel of a slow client takes.
const WINDOW_BYTES: u32 = 8 * 1024;
/// How slow the slow one reads.
const BYTES_PER_S: f64 = 16.0 * 1024.0;
/// Recent events in memory, in MiB.
const RING_MIB: &str = "8";
/// What happened before, in events and in bytes of each: more than the ring and the kernel's buffers hold.
const HISTORY: (i64, i32) = (10_000, 1_000);
/// What a hub may grow by while four slow clients hang on it. The ring is full before they come, so they add a joined
/// buffer of 64 KiB each and pages on their way. What they have not read is 10 MB each: held in memory it would be 40.
const GROWTH_MIB_MAX: u64 = 16;
/// Long metadata makes heavy events.
const METADATA: &str = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
    0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901";

/// Puts a long history into the log.
async fn remember(site: &Site) {
    let (events, bytes) = HISTORY;
    let insert = "with head as (update log_head set seq = seq + $1 returning seq)
        insert into events select seq - $1 + n, now(), 'payment.made', '{payments}', to_json(repeat('x', $2))::text
        from head, generate_series(1, $1) n";
    sqlx::query(insert).bind(events).bind(bytes).execute(&mut site.sql().await).await.unwrap();
}

/// Resident memory of a hub in MiB.
fn resident_mib(hub: &Hub) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", hub.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() / 1024
}

/// A client with little room, behind a position.
async fn cramped(hub: &Hub, epoch: &str) -> Socket {
    let mut socket = Knock::at(hub).window(WINDOW_BYTES).open().await.unwrap();
    let message = json!({"type": "subscribe", "topics": ["payments"], "since": 0, "epoch": epoch});
    assert_eq!(socket.ask(message).await["mode"], "resumed");
    socket
}

/// Answers pings and reads nothing until it is told to; then reads everything up to a position.
async fn mute(mut socket: Socket, mut read: watch::Receiver<Option<i64>>) -> Vec<i64> {
    let end = loop {
        // A pong that nobody asked for says that somebody is there.
        socket.send(Message::Pong(Vec::new().into())).await;
        let told =
            tokio::time::timeout(Duration::from_secs(1), read.wait_for(Option::is_some)).await;
        if let Ok(end) = told {
            break end.unwrap().unwrap();
        }
    };
    to(&mut socket, end, Vec::new()).await
}

/// Reads so many bytes a second until it is told to hurry.
async fn dawdling(mut socket: Socket, read: watch::Receiver<Option<i64>>) -> Vec<i64> {
    let mut told = Vec::new();
    while read.borrow().is_none() {
        let event = socket.event().await;
        let bytes = u32::try_from(event.to_string().len()).unwrap();
        told.push(seq(&event));
        tokio::time::sleep(Duration::from_secs_f64(f64::from(bytes) / BYTES_PER_S)).await;
    }
    let end = read.borrow().unwrap();
    to(&mut socket, end, told).await
}

async fn to(socket: &mut Socket, end: i64, mut told: Vec<i64>) -> Vec<i64> {
    while told.last().is_none_or(|last| *last < end) {
        told.push(seq(&socket.event().await));
    }
    told
}

/// Reads as fast as events come.
async fn quick(mut socket: Socket, mut end: watch::Receiver<Option<i64>>) -> (Vec<i64>, Instant) {
    let mut told = Vec::new();
    loop {
        let last = told.last().copied().unwrap_or(0);
        let reached = |end: &Option<i64>| end.is_some_and(|end| end <= last);
        tokio::select! {
            event = socket.event() => told.push(seq(&event)),
            _ = end.wait_for(reached) => return (told, Instant::now()),
        }
    }
}

/// Connections that are behind, as the operator is told.
async fn behind(hub: &Hub) -> u64 {
    let mut ops = Socket::of(hub, &hub.admin()).await;
    ops.ask(json!({"type": "subscribe", "topics": ["ops"]})).await;
    ops.hear_a("hint").await["data"]["node"]["behind"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_cost_others_nothing_and_lose_nothing() {
    let span = Duration::from_secs(if soak() { 50 } else { 10 });
    let site = Site::new().await;
    let hub = site.hub(&["--ring-mib", RING_MIB]).await;
    let epoch = epoch(&hub).await;
    let (finish, end) = watch::channel(None);
    let mut quick_ones = JoinSet::new();
    for _ in 0..4 {
        quick_ones.spawn(quick(Socket::on(&hub, &["payments"]).await, end.clone()));
    }
    remember(&site).await;
    let traffic = Traffic::start(&[&hub], 16, METADATA).await;
    let before = traffic.rate_over(span / 2).await;
    let lean = resident_mib(&hub);

    let mut slow_ones = JoinSet::new();
    for _ in 0..3 {
        slow_ones.spawn(mute(cramped(&hub, &epoch).await, end.clone()));
    }
    slow_ones.spawn(dawdling(cramped(&hub, &epoch).await, end.clone()));
    let stuck = Instant::now();
    while behind(&hub).await < 4 {
        assert!(stuck.elapsed() < PATIENCE, "nobody is slow, so this shows nothing");
    }
    let during = traffic.rate_over(span).await;
    let full = resident_mib(&hub);
    assert_eq!(behind(&hub).await, 4);
    // A hub that waits for its slowest reader pays nothing at all here. How close the two figures come is for a quiet
    // machine to say.
    eprintln!("{during:.0} payments/s with slow clients, {before:.0} without");
    assert!(
        during > 0.25 * before,
        "{during:.0} payments/s with slow clients, {before:.0} without"
    );
    assert!(full < lean + GROWTH_MIB_MAX, "grew from {lean} to {full} MiB");

    traffic.stop().await;
    let stopped = Instant::now();
    let log = site.seqs(&["payments"]).await;
    finish.send_replace(log.last().copied());
    while let Some(told) = quick_ones.join_next().await {
        let (told, ready) = told.unwrap();
        assert!(told == log, "{} told, {} in the log", told.len(), log.len());
        let late = ready.saturating_duration_since(stopped);
        assert!(late < Duration::from_secs(2), "the last event came {late:?} late");
    }
    while let Some(told) = slow_ones.join_next().await {
        let told = told.unwrap();
        assert!(told == log, "{} told, {} in the log", told.len(), log.len());
    }
    eprintln!("{before:.0} payments/s alone, {during:.0} with slow clients; {lean} to {full} MiB");
}

#[tokio::test]
async fn a_client_that_takes_no_byte_is_given_up() {
    let site = Site::new().await;
    let hub = site.hub(&["--stall-seconds", "4"]).await;
    let epoch = epoch(&hub).await;
    remember(&site).await;
    let stuck = cramped(&hub, &epoch).await;
    let begun = Instant::now();
    while behind(&hub).await == 0 {
        assert!(begun.elapsed() < PATIENCE, "nobody is stuck, so this shows nothing");
    }
    while behind(&hub).await == 1 {
        assert!(begun.elapsed() < PATIENCE, "it is still held");
    }
    // What the kernels took in between counts as taken, so it is held for longer, never for less.
    assert!(begun.elapsed() > Duration::from_secs(3), "given up after {:?}", begun.elapsed());
    drop(stuck);
}
