//! How connections end: by the client, by a rule, by a revocation, by the clock, by a drain.

use std::time::{Duration, Instant};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{CloseCode, Data, OpCode},
    },
};

use super::{Client, PATIENCE, Rig, credential};
use crate::{
    hub::{
        AdmissionLimit, Grant, HubSettings, Refused, RingLimit,
        fixtures::{event_with, revocation_event},
    },
    kernel::{event::Seq, time::HostClock},
};

fn one_shard() -> HubSettings {
    HubSettings { shards: 1, ..HubSettings::default() }
}

#[tokio::test]
async fn nothing_behind_a_revocation_reaches_the_revoked() {
    let rig = Rig::new(one_shard()).await;
    let (mut revoked, mut other) =
        (rig.connect_with(credential("1", 0)).await, rig.connect_with(credential("2", 0)).await);
    for client in [&mut revoked, &mut other] {
        client.say("listen a").await;
        client.expect(&["listening 0", "live 0"]).await;
    }
    rig.publish("x.y", &["a"]);
    rig.publish_event(revocation_event(2, "session:1"));
    rig.publish("x.y", &["a"]);
    assert_eq!(revoked.hear().await, "event 1");
    assert_eq!(revoked.hear_all().await, "mark 2");
    assert_eq!(revoked.hear_all().await, "close 4401");
    assert_eq!(revoked.hear_all().await, "end");
    other.expect(&["event 1", "event 3"]).await;
}

#[tokio::test]
async fn who_reads_nothing_is_cut_off_by_a_revocation_within_a_second() {
    let rig = Rig::new(one_shard()).await;
    let mut client = rig.connect_with(credential("1", 0)).await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    let data = || format!(r#"{{"pad":"{}"}}"#, "x".repeat(10_000));
    for seq in 1..=2_000 {
        rig.publish_event(event_with(seq, "x.y", &["a"], data()));
    }
    rig.until("it is behind", |stats| stats.behind == 1).await;
    let began = Instant::now();
    rig.publish_event(revocation_event(2_001, "session:1"));
    rig.publish_event(event_with(2_002, "x.y", &["a"], data()));
    rig.until("it is gone", |stats| stats.connections == 0).await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let mut last = 0;
    while let Some(Ok(Message::Text(text))) = timeout(PATIENCE, client.0.next()).await.unwrap() {
        if let Some(seq) = super::shorten(&text).strip_prefix("event ") {
            last = seq.parse().unwrap();
        }
    }
    assert!(last <= 2_000, "{last}");
}

#[tokio::test]
async fn a_revocation_that_passed_before_the_connection_came_is_found() {
    let rig = Rig::new(one_shard()).await;
    let checked = rig.publish("x.y", &["a"]);
    rig.publish_event(revocation_event(2, "session:1"));
    let mut late = rig.connect_with(credential("1", checked)).await;
    assert_eq!(late.hear_all().await, "close 4401");
    let mut guest = rig.connect().await;
    guest.say("grant 1").await;
    assert_eq!(guest.hear_all().await, "close 4401");
    // What was given behind it under the same name is another right.
    let mut again = rig.connect().await;
    again.ask("regrant 1", "granted").await;
    again.ask("big 1", "x").await;
    rig.publish_event(revocation_event(3, "session:1"));
    assert_eq!(again.hear_all().await, "close 4401");
}

#[tokio::test]
async fn a_dialect_may_speak_by_itself() {
    let rig = Rig::new(HubSettings { stall: Duration::from_millis(40), ..one_shard() }).await;
    let mut client = rig.connect().await;
    client.ask("beat", "beating").await;
    client.expect(&["beat", "beat"]).await;
}

#[tokio::test]
async fn new_credentials_outlive_the_old_ones() {
    let rig = Rig::new(one_shard()).await;
    let mut client = rig.connect_with(credential("1", 0)).await;
    client.ask("grant 2", "granted").await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    rig.publish_event(revocation_event(1, "session:1"));
    rig.publish("x.y", &["a"]);
    rig.publish_event(revocation_event(3, "session:2"));
    client.expect(&["event 2", "close 4401"]).await;
}

#[tokio::test]
async fn credentials_that_end_are_announced_and_then_end_the_connection() {
    let rig = Rig::new(HubSettings { stall: Duration::from_millis(200), ..one_shard() }).await;
    let expires = HostClock.now().plus(Duration::from_millis(400));
    let mut client = rig.connect_with(Grant { expires, ..credential("1", 0) }).await;
    client.expect(&["expiring 1", "close 4403"]).await;
}

#[tokio::test]
async fn each_mistake_has_its_code() {
    let rig = Rig::new(one_shard()).await;
    let check = async |message: Message, code: &str| {
        let mut client = rig.connect().await;
        client.0.send(message).await.unwrap();
        assert_eq!(client.hear_all().await, code);
        assert_eq!(client.hear_all().await, "end");
    };
    let raw =
        |first: OpCode, bytes: &[u8]| Message::Frame(Frame::message(bytes.to_vec(), first, true));
    check(Message::binary(vec![1]), "close 1003").await;
    check(Message::text("x".repeat(65 << 10)), "close 1009").await;
    check(raw(OpCode::Data(Data::Text), b"\xff\xfe"), "close 1007").await;
    check(raw(OpCode::Data(Data::Continue), b"x"), "close 1002").await;
    check(raw(OpCode::Data(Data::Reserved(3)), b"x"), "close 1002").await;
    check(Message::text("panic"), "close 4500").await;
    let mut client = rig.connect().await;
    client.say("nonsense").await;
    client.expect(&["heard nonsense", "close 4400", "end"]).await;
}

#[tokio::test]
async fn a_client_that_closes_gets_its_close_back() {
    let rig = Rig::new(one_shard()).await;
    let mut client = rig.connect().await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    client.0.close(None).await.unwrap();
    assert!(matches!(
        timeout(PATIENCE, client.0.next()).await.unwrap(),
        Some(Ok(Message::Close(_)))
    ));
    assert!(timeout(PATIENCE, client.0.next()).await.unwrap().is_none());
    rig.until("it is gone", |stats| stats.connections == 0 && stats.topics == 0).await;
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_nothing_behind() {
    let rig = Rig::new(one_shard()).await;
    let mut client = rig.connect().await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    drop(client);
    rig.until("it is gone", |stats| stats.connections == 0 && stats.groups == 0).await;
    rig.publish("x.y", &["a"]);
}

/// Answers to pings take part in the same bound as everything else: input stops before they pile up.
#[tokio::test]
async fn a_flood_of_pings_is_answered_at_the_clients_own_pace() {
    let rig = Rig::new(one_shard()).await;
    let mut socket = rig.socket(Grant::default()).await;
    // A masked ping with 125 bytes; a mask of zeros changes nothing.
    let mut ping = vec![0x89, 0xfd, 0, 0, 0, 0];
    ping.extend([b'x'; 125]);
    let flood = ping.repeat(1_000);
    let mut sent = 0;
    let patience = Duration::from_millis(300);
    loop {
        match timeout(patience, socket.write(&flood[sent % flood.len()..])).await {
            Ok(written) => sent += written.unwrap(),
            Err(_) if rig.hub.stats().behind == 1 => break,
            Err(_) => {}
        }
        assert!(sent < 200 << 20, "the flood was swallowed whole");
    }
    let whole = sent / ping.len();
    let mut answers = vec![0; whole * 127];
    let read = async {
        // The last ping was cut; its other half follows while the answers are read.
        socket.write_all(&[]).await.unwrap();
        socket.read_exact(&mut answers).await.unwrap();
    };
    timeout(PATIENCE, read).await.expect("the answers stopped");
    assert!(answers.chunks(127).all(|pong| pong[..2] == [0x8a, 125]));
}

#[tokio::test]
async fn who_is_silent_for_two_rounds_is_closed_and_who_answers_is_not() {
    let rig = Rig::new(HubSettings { ping: Duration::from_millis(100), ..one_shard() }).await;
    let mut silent = rig.socket(Grant::default()).await;
    let mut polite = rig.connect().await;
    let mut heard = [0; 8];
    let read = timeout(PATIENCE, silent.read_exact(&mut heard));
    let answer =
        timeout(Duration::from_secs(1), async { while polite.0.next().await.is_some() {} });
    let (read, answered) = tokio::join!(read, answer);
    read.unwrap().unwrap();
    assert_eq!(heard[..4], [0x89, 0, 0x89, 0], "two pings");
    assert_eq!(heard[4], 0x88, "then a close");
    assert_eq!(u16::from_be_bytes([heard[6], heard[7]]), 4408);
    assert!(answered.is_err(), "who answers is not closed");
    polite.say("listen a").await;
    polite.expect(&["listening 0", "live 0"]).await;
}

#[tokio::test]
async fn a_socket_that_takes_nothing_is_cut_off() {
    let settings = HubSettings {
        stall: Duration::from_millis(300),
        ring: RingLimit { events: 10, bytes: 1 << 20 },
        ..one_shard()
    };
    let rig = Rig::new(settings).await;
    let mut client = rig.connect().await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    let data = format!(r#"{{"pad":"{}"}}"#, "x".repeat(10_000));
    for seq in 1..=2_000 {
        rig.publish_event(event_with(seq, "x.y", &["a"], data.clone()));
    }
    rig.until("it is gone", |stats| stats.connections == 0).await;
}

#[tokio::test]
async fn a_drain_spreads_the_clients_and_ends_when_all_are_gone() {
    let rig = Rig::new(HubSettings { shards: 2, ..HubSettings::default() }).await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        let mut client = rig.connect().await;
        client.say("listen a").await;
        client.expect(&["listening 0", "live 0"]).await;
        clients.push(client);
    }
    let began = Instant::now();
    let drain = rig.hub.drain(Duration::from_millis(200), Duration::from_millis(100));
    let ((), ()) = tokio::join!(timeout(PATIENCE, drain).map(Result::unwrap), leave(&rig, clients));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

/// What clients see of a drain that sends them away within 200 ms and closes 100 ms later.
async fn leave(rig: &Rig, mut clients: Vec<Client>) {
    let mut times = Vec::new();
    for client in &mut clients {
        let line = client.hear().await;
        let [at, end] = line
            .strip_prefix("drain ")
            .unwrap()
            .split(' ')
            .map(|ms| ms.parse::<u64>().unwrap())
            .collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        assert_eq!(end, at + 100);
        times.push(at);
    }
    times.sort_unstable();
    assert_eq!(times, [0, 0, 40, 40, 80, 80, 120, 120, 160, 160]);
    assert_eq!(rig.hub.admit([127, 0, 0, 1].into()).unwrap_err(), Refused::Draining);
    rig.publish("x.y", &["a"]);
    for mut client in clients {
        client.expect(&["event 1", "close 1001", "end"]).await;
    }
}

#[tokio::test]
async fn a_stop_without_a_drain_tells_everyone_to_come_back() {
    let rig = Rig::new(one_shard()).await;
    let mut client = rig.connect().await;
    client.say("listen a").await;
    client.expect(&["listening 0", "live 0"]).await;
    rig.publish("x.y", &["a"]);
    client.expect(&["event 1"]).await;
    let tasks = rig.tasks.clone();
    let (stopped, line) = tokio::join!(tasks.stop(PATIENCE), client.hear());
    assert!(stopped);
    assert_eq!(line, "close 1012");
}

#[tokio::test]
async fn limits_are_counted_over_the_life_of_a_connection() {
    let admission = AdmissionLimit { total: 2, per_address: 2 };
    let rig = Rig::new(HubSettings { admission, ..one_shard() }).await;
    let (first, _second) = (rig.connect().await, rig.connect().await);
    assert_eq!(rig.hub.admit([127, 0, 0, 1].into()).unwrap_err(), Refused::Full);
    drop(first);
    rig.until("one is gone", |stats| stats.connections == 1).await;
    rig.hub.admit([127, 0, 0, 1].into()).unwrap();
}

#[tokio::test]
async fn a_close_code_is_what_the_protocol_says() {
    let rig = Rig::new(one_shard()).await;
    let mut client = rig.connect().await;
    client.say("nonsense").await;
    client.expect(&["heard nonsense"]).await;
    match timeout(PATIENCE, client.0.next()).await.unwrap() {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(frame.code, CloseCode::Library(4400)),
        other => panic!("{other:?}"),
    }
    assert_eq!(rig.hub.head(), Seq::ZERO);
}
