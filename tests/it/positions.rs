//! Where a listener begins: every position is resumed exactly or refused.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::support::{ANNA, Api, BERT, CARA, Hub, PATIENCE, Site, Socket, seq};

fn since(topics: &[&str], position: i64, epoch: &Value) -> Value {
    json!({"type": "subscribe", "id": 1, "topics": topics, "since": position, "epoch": epoch})
}

/// Pays so many times, many at once.
async fn pay(payer: &Api, to: &str, payments: usize) {
    for batch in (0..payments).collect::<Vec<_>>().chunks(64) {
        let replies = join_all(batch.iter().map(|_| payer.pay(to, "0.01"))).await;
        assert!(replies.iter().all(|reply| reply.status == 201), "{replies:?}");
    }
}

#[tokio::test]
async fn a_position_is_resumed_exactly_from_memory_and_from_the_log() {
    let site = Site::new().await;
    // One hub has all of it in memory, the other nearly nothing.
    let hubs = [site.hub(&[]).await, site.hub(&["--ring-events", "10"]).await];
    let mut live = join_all(hubs.iter().map(|hub| Socket::on(hub, &["payments"]))).await;
    let [anna, bert, _] = hubs[0].people().await;
    pay(&anna, BERT.1, 300).await;
    pay(&bert, CARA.1, 100).await;
    // Neither hub is ahead of the other.
    let heard = join_all(live.iter_mut().map(|socket| socket.events(401))).await;
    let head = seq(heard[0].last().unwrap());
    let cara = format!("wallet:{}", CARA.1);
    for hub in &hubs {
        for topics in [&["payments"][..], &[&cara], &["payments", &cara]] {
            let all = site.seqs(topics).await;
            for position in [0, 1, all[0] - 1, all[0], all[all.len() / 2], head - 1, head] {
                let mut socket = Socket::guest(hub).await;
                let epoch = socket.welcome["epoch"].clone();
                let answer = socket.ask(since(topics, position, &epoch)).await;
                assert_eq!(
                    answer,
                    json!({"type": "subscribed", "id": 1, "topics": topics, "mode": "resumed",
                           "from": position + 1, "head": head})
                );
                let behind: Vec<_> = all.iter().copied().filter(|seq| *seq > position).collect();
                let mut heard = Vec::new();
                let live = loop {
                    let frame = socket.hear().await;
                    match frame["type"].as_str().unwrap() {
                        "event" => heard.push(seq(&frame)),
                        "live" => break frame,
                        "mark" => assert!(heard.last().is_none_or(|last| *last <= seq(&frame))),
                        _ => panic!("{frame}"),
                    }
                };
                assert_eq!(heard, behind, "{topics:?} behind {position}");
                assert_eq!((&live["id"], seq(&live)), (&json!(1), head));
                assert_eq!(socket.hear().await, json!({"type": "mark", "seq": head}));
            }
        }
    }
}

#[tokio::test]
async fn a_filter_holds_for_what_is_caught_up_too() {
    let site = Site::new().await;
    let hub = site.hub(&["--ring-events", "3"]).await;
    hub.people().await;
    let (path, bert) = (format!("/api/v1/admin/wallets/{}", BERT.1), format!("wallet:{}", BERT.1));
    let mut all = Socket::on(&hub, &[&bert]).await;
    for locked in [true, false, true, false] {
        hub.admin().mint(BERT.1, "1").await;
        hub.admin().patch(&path, &json!({"locked": locked})).await;
    }
    all.events(8).await;
    let mut socket = Socket::guest(&hub).await;
    let mut message = since(&[&bert], 0, &socket.welcome["epoch"]);
    message["kinds"] = json!(["wallet.unlocked"]);
    socket.ask(message).await;
    let kinds = socket.events(2).await;
    assert!(kinds.iter().all(|event| event["kind"] == "wallet.unlocked"), "{kinds:?}");
    assert_eq!(socket.hear_a("live").await["type"], "live");
}

#[tokio::test]
async fn a_position_places_the_whole_connection() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.people().await;
    let mut socket = Socket::on(&hub, &["pulse"]).await;
    let epoch = socket.welcome["epoch"].clone();
    let error = socket.ask(since(&["payments"], 0, &epoch)).await;
    assert_eq!((&error["code"], &error["id"]), (&json!("bad_request"), &json!(1)));
    // Naming the epoch alone places nothing.
    let answer =
        socket.ask(json!({"type": "subscribe", "topics": ["payments"], "epoch": epoch})).await;
    assert_eq!(answer["mode"], "live");
    socket.ask(json!({"type": "unsubscribe", "topics": ["pulse", "payments"]})).await;
    assert_eq!(socket.ask(since(&["payments"], 0, &epoch)).await["mode"], "resumed");
    assert_eq!(seq(&socket.event().await), site.seqs(&["payments"]).await[0]);
}

#[tokio::test]
async fn the_future_begins_where_the_log_ends_and_not_where_a_hub_is() {
    let site = Site::new().await;
    let [first, second] =
        [site.hub(&["--relay-notify=false"]).await, site.hub(&["--relay-notify=false"]).await];
    let [anna, ..] = first.people().await;
    let mut live = Socket::on(&first, &["payments"]).await;
    for round in 1..=20 {
        let mut socket = Socket::guest(&second).await;
        anna.pay(BERT.1, "1").await;
        let head = seq(&live.event().await);
        // The second hub finds it within 100 ms and must not call it the future before that.
        let epoch = socket.welcome["epoch"].clone();
        let ahead = socket.ask(since(&["payments"], head + 1, &epoch)).await;
        assert_eq!(ahead["code"], "bad_request", "round {round}");
        let answer = socket.ask(since(&["payments"], head, &epoch)).await;
        assert_eq!((&answer["mode"], &answer["from"]), (&json!("resumed"), &json!(head + 1)));
        assert!(answer["head"].as_i64().unwrap() >= head);
        assert_eq!(seq(&socket.hear_a("live").await), head, "round {round}");
        anna.pay(BERT.1, "1").await;
        assert_eq!(seq(&socket.event().await), seq(&live.event().await), "round {round}");
    }
}

#[tokio::test]
async fn another_history_is_refused() {
    let [one, other] = [Site::new().await, Site::new().await];
    let (hub, elsewhere) = (one.hub(&[]).await, other.hub(&[]).await);
    let mut socket = Socket::guest(&hub).await;
    let foreign = Socket::guest(&elsewhere).await.welcome["epoch"].clone();
    let own = socket.welcome["epoch"].clone();
    assert_ne!(own, foreign);
    let error = socket.ask(since(&["payments"], 0, &foreign)).await;
    assert_eq!((&error["code"], &error["retry"]), (&json!("epoch_changed"), &json!(false)));
    assert_eq!(socket.ask(since(&["payments"], 0, &own)).await["mode"], "resumed");
    let query = format!("topics=payments&since=0&epoch={}", foreign.as_str().unwrap());
    let page = hub.guest().get(&format!("/api/v1/events?{query}")).await;
    assert_eq!(page.said(), (409, "epoch_changed"));
    // A copy of the history is another one from here on; a restart is not.
    drop(hub);
    let again = one.hub(&[]).await;
    assert_eq!(Socket::guest(&again).await.welcome["epoch"], own);
}

/// A hub that has forgotten its first thousand events.
async fn forgetful(site: &Site) -> (Hub, Value) {
    // What is still in memory would be told from there.
    let flags = ["--dev", "--retain-days=1", "--log-partition-events=1000", "--ring-events=100"];
    let hub = site.hub(&flags).await;
    let [anna, ..] = hub.people().await;
    pay(&anna, BERT.1, 1_100).await;
    let epoch = Socket::guest(&hub).await.welcome["epoch"].clone();
    hub.advance(2 * 86_400).await;
    let query = format!("/api/v1/events?topics=payments&since=0&epoch={}", epoch.as_str().unwrap());
    hub.wait_until(async || hub.guest().get(&query).await.status != 200).await;
    (hub, epoch)
}

#[tokio::test]
async fn what_is_no_longer_kept_is_gone_and_said_to_be() {
    let site = Site::new().await;
    let (hub, epoch) = forgetful(&site).await;
    let mut socket = Socket::guest(&hub).await;
    for position in [0, 1, 500, 998] {
        let error = socket.ask(since(&["payments"], position, &epoch)).await;
        assert_eq!((&error["code"], &error["id"]), (&json!("gone"), &json!(1)), "{position}");
        assert_eq!((&error["oldest"], &error["retry"]), (&json!(1000), &json!(false)));
        assert!(error["head"].as_i64().unwrap() >= 1_100, "{error}");
    }
    // What is kept is kept whole.
    let answer = socket.ask(since(&["payments"], 999, &epoch)).await;
    assert_eq!(answer["mode"], "resumed");
    let kept = site.seqs(&["payments"]).await;
    assert_eq!(kept[0], 1000);
    let heard: Vec<_> = socket.events(kept.len()).await.iter().map(seq).collect();
    assert_eq!(heard, kept);
    // With a snapshot in its place nothing is refused.
    let mut socket = Socket::guest(&hub).await;
    let anna = format!("wallet:{}", ANNA.1);
    let mut message = since(&[&anna], 0, &epoch);
    message["snapshot"] = json!(true);
    let answer = socket.ask(message).await;
    assert_eq!(answer["mode"], "snapshot", "{answer}");
    let snapshot = socket.hear_a("snapshot").await;
    assert_eq!(
        (&snapshot["data"]["balance"], snapshot["topic"].as_str()),
        (&json!(989), Some(&*anna))
    );
    // The other doors say the same.
    for accept in ["application/json", "text/event-stream"] {
        let path =
            format!("/api/v1/events?topics=payments&since=0&epoch={}", epoch.as_str().unwrap());
        let reply =
            hub.guest().send(reqwest::Method::GET, &path, &[("accept", accept)], Vec::new()).await;
        assert_eq!(reply.said(), (410, "gone"), "{accept}");
        let details = reply.body["error"]["details"].as_array().unwrap();
        let oldest = details.iter().find(|detail| detail["field"] == "oldest").unwrap();
        assert_eq!(oldest["message"], "1000", "{accept}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_said_to_be_and_comes_back() {
    let site = Site::new().await;
    let hub = site.hub(&["--ring-events", "10", "--messages-per-min", "10000"]).await;
    let [anna, ..] = hub.people().await;
    let mut held = Socket::on(&hub, &["payments"]).await;
    let mut asks = Socket::guest(&hub).await;
    site.reachable(false).await;
    let message = json!({"type": "subscribe", "id": 1, "topics": ["payments"], "snapshot": true});
    let error = asks.ask(message.clone()).await;
    assert_eq!((&error["code"], &error["retry"]), (&json!("unavailable"), &json!(true)), "{error}");
    assert!(error["retry_after_ms"].is_u64(), "{error}");
    let refused = anna.pay(BERT.1, "1").await;
    assert_eq!(refused.said(), (503, "unavailable"));
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(held.ask(json!({"type": "ping"})).await["type"], "pong", "sockets stay open");
    site.reachable(true).await;
    let back = std::time::Instant::now();
    while asks.ask(message.clone()).await["type"] != "subscribed" {
        assert!(back.elapsed() < PATIENCE, "the hub does not find its database again");
    }
    while anna.pay(BERT.1, "2").await.status != 201 {
        assert!(back.elapsed() < PATIENCE, "the hub does not find its database again");
    }
    assert!(back.elapsed().as_secs() < 5, "recovered after {:?}", back.elapsed());
    for socket in [&mut held, &mut asks] {
        assert_eq!(socket.event().await["data"]["amount"], 2, "nothing that was refused is told");
    }
}

#[tokio::test]
async fn a_defect_is_told_as_one() {
    let site = Site::new().await;
    let hub = site.hub(&["--ring-events", "3"]).await;
    let [anna, ..] = hub.people().await;
    pay(&anna, BERT.1, 20).await;
    let mut sql = site.sql().await;
    sqlx::query("alter table wallets rename to purses").execute(&mut sql).await.unwrap();
    let mut socket = Socket::guest(&hub).await;
    let topic = format!("wallet:{}", ANNA.1);
    let message = json!({"type": "subscribe", "id": 1, "topics": [topic], "snapshot": true});
    let error = socket.ask(message.clone()).await;
    assert_eq!((&error["code"], &error["retry"]), (&json!("internal"), &json!(true)), "{error}");
    assert!(!error.to_string().contains("wallets"), "the cause stays in the log: {error}");
    sqlx::query("alter table purses rename to wallets").execute(&mut sql).await.unwrap();
    assert_eq!(socket.ask(message).await["mode"], "snapshot");
    // Events that can't be read can't be skipped either.
    sqlx::query("alter table events rename to happenings").execute(&mut sql).await.unwrap();
    let mut reader = Socket::guest(&hub).await;
    let epoch = reader.welcome["epoch"].clone();
    assert_eq!(reader.ask(since(&["payments"], 0, &epoch)).await["mode"], "resumed");
    assert_eq!(reader.closed().await, 4500);
}
