//! What every client is told about the community, and the switch of payments.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{
    ANNA, BERT, Hub, Reply, Site, Socket,
    contracts::{TERM, offer, subscribed},
};

async fn change(hub: &Hub, body: Value) -> Reply {
    hub.admin().patch("/api/v1/admin/notice", &body).await
}

#[tokio::test]
async fn the_operator_sets_the_message_of_the_day() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let first = hub.guest().get("/api/v1/notice").await;
    assert_eq!(
        (&first.data()["motd"], &first.data()["transactions_enabled"]),
        (&json!("Welcome!"), &json!(true))
    );
    let mut socket = Socket::on(&hub, &["notices"]).await;
    let set = change(&hub, json!({"motd": "The market is open.\nCome in."})).await;
    assert_eq!((set.status, &set.data()["motd"]), (200, &json!("The market is open.\nCome in.")));
    assert_eq!(hub.guest().get("/api/v1/notice").await.data(), set.data());
    let heard = socket.event().await;
    assert_eq!(
        (&heard["kind"], &heard["data"]["changed"]),
        (&json!("notice.changed"), &json!(["motd"]))
    );
    assert_eq!(heard["data"]["motd_set_at"], set.data()["motd_set_at"]);
    // The same again, or nothing at all, is no news.
    let head = hub.log_head().await;
    change(&hub, json!({"motd": "The market is open.\nCome in.", "transactions_enabled": true}))
        .await;
    change(&hub, json!({})).await;
    assert_eq!(hub.log_head().await, head);
    for bad in ["x".repeat(513), "a\u{7}b".into()] {
        assert_eq!(change(&hub, json!({"motd": bad})).await.said(), (400, "validation_error"));
    }
    assert_eq!(change(&hub, json!({"motd": ""})).await.status, 200, "none is one too");
    let mut late = Socket::guest(&hub).await;
    late.say(&json!({"type": "subscribe", "topics": ["notices"], "snapshot": true})).await;
    let snapshot = late.hear_a("snapshot").await;
    assert_eq!(snapshot["data"], *hub.guest().get("/api/v1/notice").await.data());
}

#[tokio::test]
async fn payments_are_switched_off_for_every_hub_at_once() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let [anna, ..] = hubs[0].people().await;
    let there = anna.at(&hubs[1]);
    assert_eq!(change(&hubs[0], json!({"transactions_enabled": false})).await.status, 200);
    // Decided by the transaction of the payment itself, not by what a hub remembers.
    for api in [&anna, &there] {
        assert_eq!(api.pay(BERT.1, "1").await.said(), (423, "transactions_disabled"));
    }
    assert_eq!(hubs[1].guest().get("/api/v1/notice").await.data()["transactions_enabled"], false);
    assert_eq!(change(&hubs[1], json!({"transactions_enabled": true})).await.status, 200);
    for api in [&anna, &there] {
        assert_eq!(api.pay(BERT.1, "1").await.status, 201);
    }
    let told = site.seqs(&["notices"]).await;
    assert_eq!(told.len(), 2);
}

#[tokio::test]
async fn nobody_lapses_because_payments_are_off() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev=true"]).await;
    let [anna, bert, _] = hub.people().await;
    hub.admin().mint(BERT.1, "100").await;
    let path = subscribed(&bert, offer(&anna, json!({})).await).await;
    change(&hub, json!({"transactions_enabled": false})).await;
    hub.advance(TERM + 1).await;
    // The clock comes by again and again meanwhile.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let held = hub.guest().get(&path).await;
    assert_eq!((&held.data()["status"], &held.data()["term"]), (&json!("active"), &json!(1)));
    change(&hub, json!({"transactions_enabled": true})).await;
    hub.wait_until(async || hub.guest().get(&path).await.data()["term"] == 2).await;
    assert_eq!(hub.guest().balance(BERT.1).await, "96");
    assert_eq!(hub.guest().balance(ANNA.1).await, "1004");
    site.verify();
}

#[tokio::test]
async fn a_node_counts_its_websockets() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let count = async || {
        hub.guest().get("/api/v1/ws/session/count").await.data()["count"].as_u64().unwrap()
    };
    assert_eq!(count().await, 0);
    let (one, _other) = (Socket::guest(&hub).await, Socket::guest(&hub).await);
    hub.wait_until(async || count().await == 2).await;
    drop(one);
    hub.wait_until(async || count().await == 1).await;
}
