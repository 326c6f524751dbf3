//! Money over HTTP: what is paid, read, repeated and raced for.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::support::{ANNA, BERT, CARA, NOBODY, Reply, Site, soak};

#[tokio::test]
async fn a_payment_moves_money_and_is_read_back() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let order = json!({"to": BERT.1, "amount": 10.25, "metadata": "message=thanks"});
    let paid = anna.post("/api/v1/payments", &order).await;
    assert_eq!(paid.status, 201, "{paid:?}");
    let payment = paid.data();
    assert_eq!(payment["from"], ANNA.1);
    assert_eq!(payment["to"], BERT.1);
    assert_eq!(payment["amount"].to_string(), "10.25");
    assert_eq!(payment["type"], "transfer");
    let id = payment["id"].as_i64().unwrap();
    let read = hub.guest().get(&format!("/api/v1/payments/{id}")).await;
    assert_eq!(read.data(), payment);
    assert_eq!(hub.guest().balance(ANNA.1).await, "989.75");
    assert_eq!(hub.guest().balance(BERT.1).await, "10.25");
    assert_eq!(hub.guest().get("/api/v1/supply").await.data()["supply"], 1000);
}

#[tokio::test]
async fn a_wallet_has_an_etag() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let path = format!("/api/v1/wallets/{}", ANNA.1);
    let first = hub.guest().get(&path).await;
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", first.data()["version"]));
    let read = async || {
        hub.guest().send(reqwest::Method::GET, &path, &[("if-none-match", &tag)], Vec::new()).await
    };
    assert_eq!(read().await.status, 304);
    anna.pay(BERT.1, "1").await;
    let changed = read().await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.data()["version"].as_i64(), first.data()["version"].as_i64().map(|v| v + 1));
}

#[tokio::test]
async fn a_wallets_payments_come_in_pages_newest_first() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    for _ in 0..7 {
        assert_eq!(anna.pay(BERT.1, "1").await.status, 201);
    }
    let mut path = format!("/api/v1/wallets/{}/payments?limit=3", ANNA.1);
    let mut ids: Vec<i64> = Vec::new();
    for (count, remaining) in [(3, 5), (3, 2), (2, 0)] {
        let page = hub.guest().get(&path).await;
        let data = page.data();
        assert_eq!(
            (data["count"].as_i64(), data["remaining"].as_i64()),
            (Some(count), Some(remaining))
        );
        ids.extend(
            data["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()),
        );
        path = format!("/api/v1/wallets/{}/payments?limit=3&before={}", ANNA.1, data["next"]);
    }
    assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
    assert_eq!(ids.len(), 8);
    let unknown = hub.guest().get(&format!("/api/v1/wallets/{NOBODY}/payments")).await;
    assert_eq!(unknown.said(), (404, "wallet_not_found"));
}

#[tokio::test]
async fn the_operator_makes_wallets() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let made = hub.admin().post("/api/v1/admin/wallets", &json!({"address": ANNA.1})).await;
    assert_eq!((made.status, made.data()["address"].as_str()), (201, Some(ANNA.1)));
    assert_eq!(made.data()["privatekey"], Value::Null);
    let again = hub.admin().post("/api/v1/admin/wallets", &json!({"address": ANNA.1})).await;
    assert_eq!(again.said(), (409, "wallet_exists"));
    hub.login(ANNA).await;
    let fresh = hub.admin().post("/api/v1/admin/wallets", &json!({})).await;
    let (key, address) =
        (fresh.data()["privatekey"].as_str().unwrap(), fresh.data()["address"].as_str().unwrap());
    hub.login((key, address)).await;
    let locked = hub
        .admin()
        .patch(&format!("/api/v1/admin/wallets/{NOBODY}"), &json!({"locked": true}))
        .await;
    assert_eq!(locked.said(), (404, "wallet_not_found"));
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    let order = json!({"to": BERT.1, "amount": 5});
    let first = anna.post_keyed("/api/v1/payments", "k1", &order).await;
    assert_eq!((first.status, first.headers.get("idempotent-replayed")), (201, None));
    let again = anna.post_keyed("/api/v1/payments", "k1", &order).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other =
        anna.post_keyed("/api/v1/payments", "k1", &json!({"to": BERT.1, "amount": 6})).await;
    assert_eq!(other.said(), (409, "idempotency_key_reused"));
    assert_eq!(hub.guest().balance(BERT.1).await, "5");
    // Another caller's key is another key.
    assert_eq!(
        bert.post_keyed("/api/v1/payments", "k1", &json!({"to": ANNA.1, "amount": 5})).await.status,
        201
    );
    // A refusal is an answer too, and stands although the wallet could pay by now.
    let poor = json!({"to": ANNA.1, "amount": 1});
    assert_eq!(
        bert.post_keyed("/api/v1/payments", "k2", &poor).await.said(),
        (402, "insufficient_funds")
    );
    hub.admin().mint(BERT.1, "100").await;
    let replayed = bert.post_keyed("/api/v1/payments", "k2", &poor).await;
    assert_eq!(replayed.said(), (402, "insufficient_funds"));
    assert_eq!(replayed.headers["idempotent-replayed"], "true");
    // Bad input is not remembered.
    assert_eq!(
        bert.post_keyed("/api/v1/payments", "k3", &json!({"to": ANNA.1, "amount": 0})).await.status,
        400
    );
    assert_eq!(bert.post_keyed("/api/v1/payments", "k3", &poor).await.status, 201);
    let wallet = json!({"address": NOBODY});
    let made = hub.admin().post_keyed("/api/v1/admin/wallets", "w", &wallet).await;
    let again = hub.admin().post_keyed("/api/v1/admin/wallets", "w", &wallet).await;
    assert_eq!((made.status, again.status), (201, 201));
    assert_eq!(
        (&made.body, again.headers["idempotent-replayed"].to_str().unwrap()),
        (&again.body, "true")
    );
}

#[tokio::test]
async fn twenty_requests_with_one_key_at_once_pay_once() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let [anna, ..] = hubs[0].people().await;
    for round in 0..10 {
        let key = format!("round-{round}");
        let order = json!({"to": BERT.1, "amount": 1});
        let racers = (0..20).map(|racer| {
            let anna = anna.at(&hubs[racer % 2]);
            let (key, order) = (key.clone(), order.clone());
            async move { anna.post_keyed("/api/v1/payments", &key, &order).await }
        });
        let replies = futures_util::future::join_all(racers).await;
        let ids: HashSet<_> =
            replies.iter().map(|reply| reply.data()["id"].as_i64().unwrap()).collect();
        assert_eq!(ids.len(), 1);
        let fresh =
            replies.iter().filter(|reply| !reply.headers.contains_key("idempotent-replayed"));
        assert_eq!(fresh.count(), 1);
        assert_eq!(hubs[0].guest().balance(BERT.1).await, (round + 1).to_string());
    }
}

#[tokio::test]
async fn a_request_id_remembers_what_succeeded() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    let order = json!({"to": BERT.1, "amount": 5, "request_id": "r1"});
    let first = anna.post("/api/v1/payments", &order).await;
    let again = anna.post("/api/v1/payments", &order).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.data(), again.data());
    let other = anna
        .post("/api/v1/payments", &json!({"to": BERT.1, "amount": 6, "request_id": "r1"}))
        .await;
    assert_eq!(other.said(), (409, "request_id_conflict"));
    assert_eq!(other.body["error"]["details"][0]["field"], "amount");
    // A refused request leaves its id free.
    let order = json!({"to": CARA.1, "amount": 50, "request_id": "r1"});
    assert_eq!(bert.post("/api/v1/payments", &order).await.said(), (402, "insufficient_funds"));
    hub.admin().mint(BERT.1, "100").await;
    assert_eq!(bert.post("/api/v1/payments", &order).await.status, 201);
    // At once, in one batch or in several: one payment.
    let order = json!({"to": BERT.1, "amount": 1, "request_id": "r2"});
    let replies =
        futures_util::future::join_all((0..20).map(|_| anna.post("/api/v1/payments", &order)))
            .await;
    let ids: HashSet<_> =
        replies.iter().map(|reply| reply.data()["id"].as_i64().unwrap()).collect();
    assert_eq!(ids.len(), 1, "{replies:?}");
}

#[tokio::test]
async fn of_three_payments_of_a_whole_balance_one_succeeds() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let [anna, ..] = hubs[0].people().await;
    for round in 0..if soak() { 100 } else { 10 } {
        let racers = (0..3).map(|racer| {
            let anna = anna.at(&hubs[racer % 2]);
            async move { anna.pay(BERT.1, "1000").await }
        });
        let replies = futures_util::future::join_all(racers).await;
        let mut said: Vec<_> = replies.iter().map(Reply::said).collect();
        said.sort_unstable();
        assert_eq!(
            said,
            [(201, ""), (402, "insufficient_funds"), (402, "insufficient_funds")],
            "round {round}"
        );
        hubs[0].login(BERT).await.pay(ANNA.1, "1000").await;
    }
}

#[tokio::test]
async fn a_hundred_payments_of_one_all_succeed() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let replies = futures_util::future::join_all((0..100).map(|_| anna.pay(BERT.1, "1"))).await;
    assert!(replies.iter().all(|reply| reply.status == 201));
    assert_eq!(hub.guest().balance(ANNA.1).await, "900");
    assert_eq!(hub.guest().balance(BERT.1).await, "100");
    let output = site.run(&["verify-ledger"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn verify_ledger_sees_a_balance_from_nowhere() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.people().await;
    assert!(site.run(&["verify-ledger"]).status.success());
    sqlx::query("update wallets set balance = balance + 1 where address = $1")
        .bind(BERT.1)
        .execute(&mut site.sql().await)
        .await
        .unwrap();
    assert_eq!(site.run(&["verify-ledger"]).status.code(), Some(1));
}
