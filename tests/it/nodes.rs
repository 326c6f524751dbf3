//! Several hubs on one database: one log, one order, everywhere.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::support::{ANNA, BERT, CARA, Hub, Site, Socket, Traffic, epoch, seq, soak};

#[tokio::test]
async fn a_payment_at_either_hub_reaches_listeners_at_both() {
    for notify in ["--relay-notify=true", "--relay-notify=false"] {
        let site = Site::new().await;
        let flags = [notify];
        let hubs = [site.hub(&flags).await, site.hub(&flags).await];
        let mut sockets =
            [Socket::on(&hubs[0], &["payments"]).await, Socket::on(&hubs[1], &["payments"]).await];
        let [anna, bert, _] = hubs[0].people().await;
        for socket in &mut sockets {
            assert_eq!(socket.event().await["data"]["amount"], 1000);
        }
        for round in 0..20 {
            let hub = &hubs[round % 2];
            let paid = anna.at(hub).pay(BERT.1, "3").await;
            bert.at(&hubs[(round + 1) % 2]).pay(ANNA.1, "2").await;
            let answered = Instant::now();
            let [first, second] = &mut sockets;
            let told = [first.events(2).await, second.events(2).await];
            // Without a notification the tick of 100 ms finds it.
            assert!(
                answered.elapsed() < Duration::from_secs(1),
                "{notify}: {:?}",
                answered.elapsed()
            );
            assert_eq!(told[0], told[1]);
            assert_eq!(&told[0][0]["data"], paid.data());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_and_positions_only_rise_for_whoever_looks_wherever() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&["--relay-notify=false"]).await];
    let mut listeners = Vec::new();
    for hub in &hubs {
        for topics in [&["payments"][..], &["payments", "wallet:k8juvewcui"]] {
            listeners.push(Socket::on(hub, topics).await);
        }
    }
    let epoch = epoch(&hubs[0]).await;
    let traffic = Traffic::start(&[&hubs[0], &hubs[1]], 16, "").await;
    let span = Duration::from_secs(if soak() { 60 } else { 5 });
    let wallet = traffic.wallets[0].clone();
    let looking = async {
        let begun = Instant::now();
        let mut pollers = hubs.each_ref().map(|hub| Poller::new(hub, &epoch, &wallet));
        while begun.elapsed() < span {
            for poller in &mut pollers {
                poller.look().await;
            }
        }
        pollers
    };
    let mut pollers = looking.await;
    traffic.stop().await;
    let log = site.seqs(&["payments"]).await;
    for poller in &mut pollers {
        while poller.next < *log.last().unwrap() {
            poller.look().await;
        }
        assert!(poller.told == log, "{} told, {} in the log", poller.told.len(), log.len());
    }
    for mut listener in listeners {
        let told = listener.events(log.len()).await;
        assert!(told.iter().map(seq).eq(log.iter().copied()));
        let ids: Vec<_> = told.iter().map(|event| event["data"]["id"].as_i64().unwrap()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "ids do not rise with the log");
    }
}

/// Somebody who asks a hub over REST, again and again.
struct Poller<'a> {
    hub: &'a Hub,
    epoch: &'a str,
    wallet: &'a str,
    /// The position behind what was read.
    next: i64,
    told: Vec<i64>,
    /// The payments of one wallet that were seen.
    ids: BTreeSet<i64>,
}

impl<'a> Poller<'a> {
    fn new(hub: &'a Hub, epoch: &'a str, wallet: &'a str) -> Self {
        Self { hub, epoch, wallet, next: 0, told: Vec::new(), ids: BTreeSet::new() }
    }

    /// Looks at the next page of the log and at the newest payments; nothing new may stand behind what was there.
    async fn look(&mut self) {
        let Self { next, epoch, .. } = self;
        let query = format!("topics=payments&since={next}&epoch={epoch}&limit=1000");
        let page = self.hub.guest().get(&format!("/api/v1/events?{query}")).await;
        for event in page.body["events"].as_array().unwrap_or_else(|| panic!("{page:?}")) {
            assert!(self.told.last().is_none_or(|last| *last < seq(event)), "{event}");
            self.told.push(seq(event));
        }
        let place = page.body["next"].as_i64().unwrap();
        assert!(place >= self.next, "a position went back from {} to {place}", self.next);
        self.next = place;
        let path = format!("/api/v1/wallets/{}/payments?limit=500", self.wallet);
        let payments = self.hub.guest().get(&path).await;
        let items = payments.data()["items"].as_array().unwrap_or_else(|| panic!("{payments:?}"));
        let known = self.ids.last().copied().unwrap_or(0);
        for id in items.iter().map(|payment| payment["id"].as_i64().unwrap()) {
            assert!(id > known || self.ids.contains(&id), "payment {id} appeared behind {known}");
            self.ids.insert(id);
        }
    }
}

#[tokio::test]
async fn a_session_that_ends_at_one_hub_hears_nothing_more_at_the_other() {
    for notify in ["--relay-notify=true", "--relay-notify=false"] {
        let site = Site::new().await;
        let flags = [notify];
        let hubs = [site.hub(&flags).await, site.hub(&flags).await];
        let [_, bert, _] = hubs[0].people().await;
        for hub in &hubs {
            let traffic = Traffic::start(&[&hubs[0], &hubs[1]], 8, "").await;
            for _ in 0..5 {
                let session = hubs[0].login(ANNA).await;
                let mut socket = Socket::of(hub, &session).await;
                socket.ask(json!({"type": "subscribe", "topics": ["payments"]})).await;
                let mut guest = Socket::on(hub, &["payments"]).await;
                socket.events(3).await;
                assert_eq!(session.post("/api/v1/logout", &json!({})).await.status, 200);
                let ended = Instant::now();
                let revoked: i64 =
                    sqlx::query_scalar("select max(seq) from events where kind = 'access.revoked'")
                        .fetch_one(&mut site.sql().await)
                        .await
                        .unwrap();
                let (told, code) = to_the_end(&mut socket).await;
                assert_eq!(code, 4401);
                assert!(
                    ended.elapsed() < Duration::from_secs(1),
                    "{notify}: {:?}",
                    ended.elapsed()
                );
                let late: Vec<_> = told.iter().filter(|seq| **seq > revoked).collect();
                assert!(late.is_empty(), "{late:?} came after the revocation at {revoked}");
                // Who came with nothing loses nothing, and is never told of the revocation.
                let heard = guest.events(20).await;
                assert!(heard.iter().all(|event| event["kind"] == "payment.made"), "{heard:?}");
            }
            traffic.stop().await;
        }
        assert_eq!(bert.get("/api/v1/session").await.status, 200, "another session goes on");
    }
}

/// The positions told until the connection is closed, and the code.
async fn to_the_end(socket: &mut Socket) -> (Vec<i64>, u16) {
    use super::support::{Heard, PATIENCE};
    let mut told = Vec::new();
    loop {
        match socket.next_within(PATIENCE).await.expect("it is not closed") {
            Heard::Frame(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                if frame["type"] == "event" {
                    told.push(seq(&frame));
                }
            }
            Heard::Closed(code) => return (told, code),
            Heard::Cut => panic!("cut without a close frame"),
        }
    }
}

#[tokio::test]
async fn a_revoked_key_closes_its_sockets_on_every_hub() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let made = site.run(&["token", "create", "bot", "--scopes", "bot"]);
    let text = String::from_utf8(made.stdout).unwrap();
    let key = text
        .split_whitespace()
        .find(|word| word.starts_with("tbk_"))
        .unwrap_or_else(|| panic!("{text}"));
    let listed = String::from_utf8(site.run(&["token", "list"]).stdout).unwrap();
    let row = listed.lines().find(|line| line.contains("bot") && !line.contains("admin")).unwrap();
    let id =
        row.split_whitespace().find(|word| word.len() == 36).unwrap_or_else(|| panic!("{listed}"));
    let api = super::support::Api::new(&hubs[0].url(), Some(key));
    let mut sockets = [Socket::of(&hubs[0], &api).await, Socket::of(&hubs[1], &api).await];
    for socket in &mut sockets {
        assert_eq!(socket.welcome["caller"]["scopes"], json!(["bot"]));
        socket.ask(json!({"type": "subscribe", "topics": ["payments"]})).await;
    }
    assert!(site.run(&["token", "revoke", id]).status.success());
    let ended = Instant::now();
    for socket in &mut sockets {
        assert_eq!(socket.closed().await, 4401);
    }
    assert!(ended.elapsed() < Duration::from_secs(1), "{:?}", ended.elapsed());
}

#[tokio::test]
async fn who_arrives_while_the_session_ends_does_not_slip_in() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&["--relay-notify=false"]).await];
    let [.., cara] = hubs[0].people().await;
    hubs[0].admin().mint(CARA.1, "1000").await;
    for round in 0..if soak() { 300 } else { 30 } {
        let session = hubs[0].login(ANNA).await;
        let arriving = (0..6).map(async |n| {
            let knock = super::support::Knock::at(&hubs[n % 2]).caller(&session);
            let mut socket = match knock.open().await {
                Ok(socket) => socket,
                Err(turned) => {
                    assert!(matches!(turned.status, 401 | 4401), "{turned:?}");
                    return None;
                }
            };
            socket.say(&json!({"type": "subscribe", "topics": ["payments"]})).await;
            Some(socket)
        });
        let ending = async {
            assert_eq!(session.post("/api/v1/logout", &json!({})).await.status, 200);
            seq_of_revocation(&site).await
        };
        let (arrived, revoked) = tokio::join!(futures_util::future::join_all(arriving), ending);
        let paid = cara.pay(BERT.1, "1").await;
        assert_eq!(paid.status, 201);
        for mut socket in arrived.into_iter().flatten() {
            let (told, code) = to_the_end(&mut socket).await;
            assert_eq!(code, 4401, "round {round}");
            assert!(
                told.iter().all(|seq| *seq < revoked),
                "round {round}: {told:?} behind {revoked}"
            );
        }
    }
}

async fn seq_of_revocation(site: &Site) -> i64 {
    sqlx::query_scalar("select max(seq) from events where kind = 'access.revoked'")
        .fetch_one(&mut site.sql().await)
        .await
        .unwrap()
}
