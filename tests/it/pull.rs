//! The same events over plain HTTP: a stream of server-sent events, a page, a long poll.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{ANNA, BERT, CARA, Hub, Reply, Site, Socket, Stream, epoch, seq};

async fn page(hub: &Hub, query: &str) -> Reply {
    hub.guest().get(&format!("/api/v1/events?{query}")).await
}

#[tokio::test]
async fn a_stream_and_a_page_tell_what_the_websocket_tells() {
    let site = Site::new().await;
    let hub = site.hub(&["--ring-events", "4"]).await;
    let epoch = epoch(&hub).await;
    let mut socket = Socket::on(&hub, &["payments"]).await;
    let mut stream = Stream::open(&hub, "topics=payments", &[]).await;
    let [anna, ..] = hub.people().await;
    for amount in 1..=9 {
        anna.pay(BERT.1, &amount.to_string()).await;
    }
    let told = socket.events(10).await;
    let sent = stream.events(10).await;
    for (event, sent) in told.iter().zip(&sent) {
        assert_eq!(&sent.data, event);
        assert_eq!(sent.id.as_deref(), Some(&*format!("{epoch}-{}", seq(event))));
    }
    // The same again from the log, by either way to name a position.
    let begin = format!("topics=payments&since=0&epoch={epoch}");
    let again = Stream::open(&hub, &begin, &[]).await.events(10).await;
    assert_eq!(
        again.iter().map(|sent| &sent.data).collect::<Vec<_>>(),
        told.iter().collect::<Vec<_>>()
    );
    let third = sent[3].id.as_deref().unwrap();
    let mut resumed = Stream::open(&hub, &begin, &[("last-event-id", third)]).await;
    let rest: Vec<_> = resumed.events(6).await.into_iter().map(|sent| sent.data).collect();
    assert_eq!(rest, told[4..]);
    anna.pay(BERT.1, "1").await;
    let [live] = &resumed.events(1).await[..] else { unreachable!() };
    assert_eq!(seq(&live.data), seq(&told[9]) + 1);
    // Pages.
    let (mut next, mut read) = (0, Vec::new());
    while read.len() < 11 {
        let query = format!("topics=payments&since={next}&epoch={epoch}&limit=3");
        let reply = page(&hub, &query).await;
        let events = reply.body["events"].as_array().unwrap().clone();
        assert!((1..=3).contains(&events.len()), "{reply:?}");
        assert_eq!(reply.body["epoch"], epoch);
        assert!(reply.body["head"].as_i64() >= reply.body["next"].as_i64());
        next = reply.body["next"].as_i64().unwrap();
        assert!(next >= seq(events.last().unwrap()));
        read.extend(events);
    }
    assert_eq!(read[..10], told);
    let empty = page(&hub, &format!("topics=payments&since={next}&epoch={epoch}")).await;
    assert_eq!((&empty.body["events"], &empty.body["next"]), (&json!([]), &json!(next)));
}

#[tokio::test]
async fn a_stream_begins_with_its_place_and_a_time_to_come_back() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.people().await;
    let epoch = epoch(&hub).await;
    let mut retries = Vec::new();
    for _ in 0..5 {
        let mut stream = Stream::open(&hub, "topics=payments", &[]).await;
        let first = stream.next().await.unwrap();
        assert_eq!(first.event, "mark");
        assert_eq!(first.id, Some(format!("{epoch}-{}", seq(&first.data))));
        retries.push(first.retry.expect("a time to come back"));
    }
    retries.dedup();
    assert!(retries.len() > 1, "all would come back at once: {retries:?}");
}

#[tokio::test]
async fn a_long_poll_ends_with_the_first_event() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let epoch = epoch(&hub).await;
    let head = page(&hub, "topics=payments").await.body["next"].as_i64().unwrap();
    let query = format!("topics=wallet:{}&since={head}&epoch={epoch}&wait=", CARA.1);
    let begun = Instant::now();
    assert_eq!(page(&hub, &format!("{query}1")).await.body["events"], json!([]));
    assert!(begun.elapsed() >= Duration::from_secs(1), "it did not wait: {:?}", begun.elapsed());
    let paying = async {
        anna.pay(BERT.1, "1").await;
        anna.pay(CARA.1, "2").await;
        Instant::now()
    };
    let polling = async { (page(&hub, &format!("{query}30")).await, Instant::now()) };
    let ((reply, ended), paid) = tokio::join!(polling, paying);
    let events = reply.body["events"].as_array().unwrap();
    assert_eq!((events.len(), &events[0]["data"]["amount"]), (1, &json!(2)), "{reply:?}");
    assert!(ended.saturating_duration_since(paid) < Duration::from_secs(1), "it came late");
    // What is there already is not waited for.
    let begun = Instant::now();
    assert_eq!(page(&hub, &format!("{query}30")).await.body["events"][0], events[0]);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_with_its_code() {
    let site = Site::new().await;
    let hub = site.hub(&["--topics-max", "2"]).await;
    let epoch = epoch(&hub).await;
    let cases = [
        (String::new(), (400, "query_invalid")),
        ("topics=".into(), (400, "bad_request")),
        ("topics=Payments".into(), (400, "bad_request")),
        ("topics=payments&kinds=payment".into(), (400, "bad_request")),
        ("topics=payments&limit=x".into(), (400, "query_invalid")),
        ("topics=payments&since=0".into(), (400, "bad_request")),
        ("topics=payments&since=-1&epoch=e".into(), (400, "query_invalid")),
        (format!("topics=payments&since=999&epoch={epoch}"), (400, "bad_request")),
        ("topics=payments&since=0&epoch=e0".into(), (409, "epoch_changed")),
        ("topics=nothing".into(), (404, "not_found")),
        ("topics=payments,ops".into(), (403, "forbidden")),
        ("topics=payments,pulse,wallet:k8juvewcui".into(), (400, "limit_topics")),
    ];
    for (query, expected) in cases {
        for accept in ["application/json", "text/event-stream"] {
            let path = format!("/api/v1/events?{query}");
            let reply =
                hub.guest().send(Method::GET, &path, &[("accept", accept)], Vec::new()).await;
            assert_eq!(reply.said(), expected, "{query} {accept}: {:?}", reply.body);
        }
    }
    for id in ["18446", "e7-x", "-", "e7-1.5"] {
        let path = "/api/v1/events?topics=payments";
        let reply = hub.guest().send(Method::GET, path, &[("last-event-id", id)], Vec::new()).await;
        assert_eq!(reply.said(), (400, "bad_request"), "{id}");
    }
}

#[tokio::test]
async fn a_filter_holds_for_a_stream_and_a_page() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let epoch = epoch(&hub).await;
    anna.pay(BERT.1, "1").await;
    let query = format!("topics=payments,wallet:{}&kinds=wallet.*&since=0&epoch={epoch}", ANNA.1);
    let reply = page(&hub, &query).await;
    let kinds =
        |events: &[Value]| events.iter().map(|event| event["kind"].clone()).collect::<Vec<_>>();
    assert_eq!(kinds(reply.body["events"].as_array().unwrap()), ["wallet.created"]);
    let mut stream = Stream::open(&hub, &query, &[]).await;
    assert_eq!(stream.events(1).await[0].data["kind"], "wallet.created");
}

#[tokio::test]
async fn a_stream_ends_with_the_credentials_it_was_opened_with() {
    let site = Site::new().await;
    let hubs = [site.hub(&["--dev"]).await, site.hub(&["--dev"]).await];
    let [anna, bert, _] = hubs[0].people().await;
    let query = "topics=payments";
    let open = async |hub: &Hub, token: &Option<String>| {
        let bearer = format!("Bearer {}", token.as_deref().unwrap());
        Stream::open(hub, query, &[("authorization", &bearer)]).await
    };
    let code = async |mut stream: Stream| {
        while let Some(sent) = stream.next().await {
            if sent.event == "error" {
                assert_eq!(stream.next().await, None, "nothing follows the error");
                return sent.data["code"].as_str().unwrap().to_owned();
            }
        }
        panic!("the stream ended without a word");
    };
    let revoked = open(&hubs[1], &anna.token).await;
    anna.post("/api/v1/logout", &json!({})).await;
    bert.pay(CARA.1, "1").await;
    assert_eq!(code(revoked).await, "unauthorized");
    hubs[0].advance(3_600 - 4).await;
    let expires = open(&hubs[0], &bert.token).await;
    assert_eq!(code(expires).await, "token_expired");
    let begun = Instant::now();
    let reply = bert.get("/api/v1/events?topics=payments&wait=30").await;
    assert_eq!((reply.status, begun.elapsed().as_secs() < 10), (401, true));
}
