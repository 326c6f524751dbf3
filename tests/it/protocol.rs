//! What each message of a client is answered.

use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};

use super::support::{ANNA, BERT, CARA, Site, Socket, seq};

#[tokio::test]
async fn the_greeting_says_where_the_hub_stands_and_who_is_asking() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut listener = Socket::on(&hub, &["payments"]).await;
    let [anna, ..] = hub.people().await;
    let paid = seq(&listener.event().await);
    let Socket { welcome, .. } = Socket::guest(&hub).await;
    // Behind the payment stands whose act it was.
    assert_eq!(welcome["head"], paid + 1);
    assert!(welcome["conn"].as_str().unwrap().starts_with("c_"), "{welcome}");
    assert_eq!(welcome["epoch"], listener.welcome["epoch"]);
    assert_eq!(welcome["ping_s"], 25);
    DateTime::parse_from_rfc3339(welcome["now"].as_str().unwrap()).unwrap();
    let limits =
        json!({"topics": 200, "frame_bytes": 16384, "queue_bytes": 65536, "messages_per_min": 120});
    assert_eq!(welcome["limits"], limits);
    assert_eq!(welcome["caller"], json!({"kind": "guest"}));
    let caller = async |api| Socket::of(&hub, api).await.welcome["caller"].clone();
    assert_eq!(caller(&anna).await, json!({"kind": "wallet", "wallet": ANNA.1}));
    let admin = caller(&hub.admin()).await;
    assert_eq!((&admin["kind"], &admin["scopes"]), (&json!("service"), &json!(["admin"])));
}

#[tokio::test]
async fn every_answer_carries_the_id_of_its_message_with_its_type() {
    let site = Site::new().await;
    let hub = site.hub(&["--messages-per-min", "1000"]).await;
    let anna = hub.login(ANNA).await;
    let mut socket = Socket::guest(&hub).await;
    let ids = [
        json!(7),
        json!(0),
        json!(-3),
        json!(1.5),
        json!("7"),
        json!("0"),
        json!(""),
        json!("é\n"),
    ];
    let messages = [
        json!({"type": "ping"}),
        json!({"type": "subscribe", "topics": ["payments"]}),
        json!({"type": "unsubscribe", "topics": ["payments"]}),
        json!({"type": "auth", "token": anna.token}),
        json!({"type": "subscribe", "topics": []}),
        json!({"type": "nothing"}),
    ];
    for message in messages {
        for id in &ids {
            let mut message = message.clone();
            message["id"] = id.clone();
            assert_eq!(socket.ask(message.clone()).await.get("id"), Some(id), "{message}");
        }
        assert_eq!(socket.ask(message.clone()).await.get("id"), None, "{message}");
    }
    // Larger than what a double holds: echoed as it was written.
    let text = r#"{"type":"ping","id":9007199254740993}"#;
    let answer = socket.ask(serde_json::from_str(text).unwrap()).await;
    assert_eq!(answer["id"].to_string(), "9007199254740993");
}

#[tokio::test]
async fn each_message_of_a_burst_has_one_answer_and_they_keep_their_order() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let anna = hub.login(ANNA).await;
    let mut socket = Socket::guest(&hub).await;
    let messages = [
        (json!({"type": "subscribe", "topics": ["payments"], "snapshot": true}), "subscribed"),
        (json!({"type": "ping"}), "pong"),
        (json!({"type": "subscribe", "topics": ["ops"]}), "error"),
        (json!({"type": "auth", "token": anna.token}), "ok"),
        (json!({"type": "subscribe", "topics": ["pulse", "wallet:k7oax47quv"]}), "subscribed"),
        (json!({"type": "shout"}), "error"),
        (json!({"type": "unsubscribe", "topics": ["pulse"]}), "ok"),
        (json!({"type": "ping", "later": "field", "topics": 7}), "pong"),
    ];
    for round in 0..8 {
        for (id, (message, _)) in messages.iter().enumerate() {
            let mut message = message.clone();
            message["id"] = json!(round * 100 + id);
            socket.say(&message).await;
        }
    }
    for round in 0..8 {
        for (id, (message, expected)) in messages.iter().enumerate() {
            let answer = socket.answer().await;
            assert_eq!(
                (answer["type"].as_str().unwrap(), &answer["id"]),
                (*expected, &json!(round * 100 + id)),
                "{message}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn a_subscription_says_where_it_begins_and_when_it_is_live() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = Socket::on(&hub, &["payments"]).await;
    hub.people().await;
    socket.event().await;
    let head = hub.log_head().await;
    let mut late = Socket::guest(&hub).await;
    let wanted = json!(["payments", "wallet:k8juvewcui"]);
    let answer = late.ask(json!({"type": "subscribe", "id": 2, "topics": wanted})).await;
    assert_eq!(
        answer,
        json!({"type": "subscribed", "id": 2, "topics": wanted, "mode": "live", "from": head + 1, "head": head})
    );
    assert_eq!(late.hear().await, json!({"type": "live", "id": 2, "seq": head}));
    assert_eq!(late.hear().await, json!({"type": "mark", "seq": head}));
    hub.admin().mint(ANNA.1, "1").await;
    let event = late.hear().await;
    assert_eq!((&event["type"], seq(&event)), (&json!("event"), head + 1));
    assert_eq!(event["kind"], "payment.made");
    DateTime::parse_from_rfc3339(event["at"].as_str().unwrap()).unwrap();
    // A mark follows within five seconds, and it can be resumed from.
    let mark = late.hear_a("mark").await;
    assert_eq!(seq(&mark), head + 2, "behind whose act it was");
}

#[tokio::test]
async fn a_filter_lets_its_kinds_through_and_is_replaced_by_the_next() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.people().await;
    let admin = hub.admin();
    let [bert, cara] = [BERT.1, CARA.1].map(|address| format!("wallet:{address}"));
    // What happens to Cara is heard whatever the filter, so it shows that everything before it has passed.
    let mut socket = Socket::on(&hub, &[&cara]).await;
    let happen = async || {
        admin.mint(BERT.1, "1").await;
        for locked in [true, false] {
            let path = format!("/api/v1/admin/wallets/{}", BERT.1);
            assert_eq!(admin.patch(&path, &json!({"locked": locked})).await.status, 200);
        }
        admin.mint(CARA.1, "1").await;
    };
    let all = ["payment.made", "wallet.locked", "wallet.unlocked"];
    let cases: [(Value, &[&str]); 6] = [
        (json!(["wallet.locked"]), &["wallet.locked"]),
        (json!(["wallet.*"]), &["wallet.locked", "wallet.unlocked"]),
        (json!(["payment.made", "wallet.unlocked"]), &["payment.made", "wallet.unlocked"]),
        (json!(["*"]), &all),
        (json!(["wallet.made", "payment.*"]), &["payment.made"]),
        (Value::Null, &all),
    ];
    for (kinds, expected) in cases {
        let message = json!({"type": "subscribe", "topics": [bert], "kinds": kinds});
        assert_eq!(socket.ask(message).await["type"], "subscribed", "{kinds}");
        happen().await;
        let mut heard = Vec::new();
        loop {
            let event = socket.event().await;
            if event["topics"].as_array().unwrap().contains(&json!(cara)) {
                break;
            }
            heard.push(event["kind"].clone());
        }
        assert_eq!(heard, expected, "{kinds}");
    }
}

#[tokio::test]
async fn what_is_unsubscribed_is_not_sent() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let (bert, cara) = (format!("wallet:{}", BERT.1), format!("wallet:{}", CARA.1));
    let mut socket = Socket::on(&hub, &[&bert, &cara]).await;
    let ok =
        socket.ask(json!({"type": "unsubscribe", "id": 3, "topics": [bert, "never:held"]})).await;
    assert_eq!(ok, json!({"type": "ok", "id": 3}));
    anna.pay(BERT.1, "1").await;
    anna.pay(CARA.1, "2").await;
    assert_eq!(socket.event().await["data"]["amount"], 2);
    let answer = socket.ask(json!({"type": "subscribe", "topics": [bert]})).await;
    assert_eq!(answer["mode"], "live");
    anna.pay(BERT.1, "3").await;
    assert_eq!(socket.event().await["data"]["amount"], 3, "what came in between is not told late");
}

#[tokio::test]
async fn a_ping_brings_back_what_it_took_along() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = Socket::guest(&hub).await;
    for t in [json!(1), json!("x"), json!({"a": [1, 2.5]}), json!(true)] {
        let pong = socket.ask(json!({"type": "ping", "id": 6, "t": t})).await;
        assert_eq!((&pong["type"], &pong["id"], &pong["t"]), (&json!("pong"), &json!(6), &t));
        DateTime::parse_from_rfc3339(pong["now"].as_str().unwrap()).unwrap();
    }
}

#[tokio::test]
async fn the_pulse_is_heard_and_has_no_place_in_the_log() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut pulse = Socket::on(&hub, &["pulse"]).await;
    let hint = pulse.hear_a("hint").await;
    assert_eq!((&hint["kind"], &hint["topics"]), (&json!("hub.stats"), &json!(["pulse"])));
    assert_eq!(hint["data"]["connections"], 1);
    assert_eq!((hint.get("seq"), hint["data"].get("node")), (None, None));
    let mut ops = Socket::of(&hub, &hub.admin()).await;
    assert_eq!(
        ops.ask(json!({"type": "subscribe", "topics": ["ops"]})).await["type"],
        "subscribed"
    );
    let node = ops.hear_a("hint").await["data"]["node"].clone();
    assert!(node["behind"].is_u64() && node["ring_bytes"].is_u64(), "{node}");
}

#[tokio::test]
async fn who_sends_too_much_is_told_to_wait_and_heard_again_after_it() {
    let site = Site::new().await;
    let hub = site.hub(&["--messages-per-min", "60"]).await;
    let mut socket = Socket::guest(&hub).await;
    let told = loop {
        let answer = socket.ask(json!({"type": "ping", "id": 1})).await;
        if answer["type"] == "error" {
            break answer;
        }
    };
    assert_eq!(
        (&told["code"], &told["id"], &told["retry"]),
        (&json!("rate_limited"), &json!(1), &json!(true))
    );
    let wait = told["retry_after_ms"].as_u64().unwrap();
    assert!((1..=1000).contains(&wait), "{told}");
    tokio::time::sleep(Duration::from_millis(wait)).await;
    assert_eq!(socket.ask(json!({"type": "ping"})).await["type"], "pong");
}

#[tokio::test]
async fn who_never_waits_is_closed() {
    let site = Site::new().await;
    let hub = site.hub(&["--messages-per-min", "1"]).await;
    let mut socket = Socket::guest(&hub).await;
    for message in 0..62 {
        socket.say(&json!({"type": "ping", "id": message})).await;
    }
    assert_eq!(socket.answer().await["type"], "pong");
    for message in 1..61 {
        let answer = socket.answer().await;
        assert_eq!((&answer["code"], &answer["id"]), (&json!("rate_limited"), &json!(message)));
    }
    assert_eq!(socket.closed().await, 4429);
}
