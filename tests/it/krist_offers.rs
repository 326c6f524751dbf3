//! `/api/v1/subscriptions`: contracts as Kromer's client speaks of them, beside the native ones.

use serde_json::{Value, json};

use super::support::{
    ANNA, BERT, CARA, Hub, Reply, Site,
    contracts::offer,
    krist::{hold, owner, post as krist_post},
};

const PATH: &str = "/api/v1/subscriptions";

async fn post(hub: &Hub, path: &str, body: Value) -> Reply {
    hub.guest().post(&format!("{PATH}{path}"), &body).await
}

/// People with money; Anna owns the name `bakery`.
async fn people(site: &Site) -> Hub {
    let hub = site.hub(&["--dev"]).await;
    for (person, amount) in [(ANNA, "1000"), (BERT, "100"), (CARA, "100")] {
        hub.login(person).await;
        hub.admin().mint(person.1, amount).await;
    }
    let bought = krist_post(&hub, "/names/bakery", json!({"privatekey": ANNA.0})).await;
    assert_eq!(bought.body["ok"], true, "{bought:?}");
    hub
}

fn body(more: &Value) -> Value {
    let mut body = json!({"privatekey": ANNA.0, "name": "shop@bakery.kro", "price": 2.5, "period": 10,
        "description": "Every morning at the door."});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn offered(hub: &Hub, more: Value) -> i64 {
    let reply = post(hub, "", body(&more)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.data()["id"].as_i64().unwrap()
}

#[tokio::test]
async fn an_offer_has_both_spellings_and_is_a_contract_like_any_other() {
    let site = Site::new().await;
    let hub = people(&site).await;
    let id = offered(&hub, json!({"maxSubscribers": 5, "allowedSubscribers": [BERT.1]})).await;
    let told = hub.guest().get(&format!("{PATH}/{id}?address={}", ANNA.1)).await.data().clone();
    for (snake, camel) in
        [("max_subscribers", "maxSubscribers"), ("allowed_subscribers", "allowedSubscribers")]
    {
        assert!(!told[snake].is_null() && told[snake] == told[camel], "{snake} {told}");
    }
    let fields = ["name", "price", "period", "status", "owns", "subscribed", "unsubscribable"];
    assert_eq!(
        json!(fields.map(|field| told[field].clone())),
        json!(["shop@bakery.kro", 2.5, 10, "active", true, false, true])
    );
    assert!(told["created"].is_string());
    let native = hub.guest().get(&format!("/api/v1/contracts/{id}")).await.data().clone();
    assert_eq!(
        (&native["address"], &native["period_seconds"], &native["restricted"]),
        (&json!(ANNA.1), &json!(600), &json!(true))
    );
    let stranger = hub.guest().get(&format!("{PATH}/{id}")).await.data().clone();
    assert!(stranger["allowed_subscribers"].is_null(), "{stranger}");
    assert_eq!(stranger["description"], "shop@bakery.kro", "what it is, only the chosen are told");
    let chosen = hub.guest().get(&format!("{PATH}/{id}?address={}", BERT.1)).await.data().clone();
    assert_eq!(chosen["description"], "Every morning at the door.");
    // And a native one can be seen here; it has its owner's address for a name.
    let anna = hub.login(ANNA).await;
    let native = offer(&anna, json!({})).await;
    let told = hub.guest().get(&format!("{PATH}/{native}")).await.data().clone();
    assert_eq!((&told["name"], &told["period"]), (&json!(ANNA.1), &json!(10)));
}

#[tokio::test]
async fn subscribing_leaving_and_coming_back() {
    let site = Site::new().await;
    let hub = people(&site).await;
    let id = offered(&hub, json!({})).await;
    let key = json!({"privatekey": BERT.0});
    let mut bert = owner(&hub, BERT).await;
    hold(&mut bert, &["ownSubscriptions"]).await;
    let first = post(&hub, &format!("/{id}/subscribe"), key.clone()).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert!(
        first.data()["nextPayment"].is_string()
            && first.data()["nextPayment"] == first.data()["next_payment"]
    );
    let again = post(&hub, &format!("/{id}/subscribe"), key.clone()).await;
    assert_eq!(again.data(), first.data(), "who is subscribed pays nothing");
    assert_eq!(hub.guest().balance(BERT.1).await, "97.5");
    let told = bert.event().await;
    assert_eq!((&told["action"], &told["contractId"]), (&json!("subscribe"), &json!(id)));
    let seen = hub.guest().get(&format!("{PATH}/{id}?address={}", BERT.1)).await.data().clone();
    assert_eq!(
        (&seen["subscribed"], &seen["nextPayment"]),
        (&json!(true), &first.data()["nextPayment"])
    );
    for _ in 0..2 {
        assert_eq!(post(&hub, &format!("/{id}/unsubscribe"), key.clone()).await.data(), &json!({}));
    }
    let left = post(&hub, &format!("/{id}/unsubscribe"), json!({"privatekey": CARA.0})).await;
    assert_eq!(left.status, 200, "who is not subscribed stays so");
    assert_eq!(bert.event().await["action"], "unsubscribe");
    assert_eq!(
        post(&hub, &format!("/{id}/close"), json!({"privatekey": ANNA.0})).await.status,
        200
    );
    let resumed = post(&hub, &format!("/{id}/subscribe"), key.clone()).await;
    assert_eq!(
        (resumed.status, &resumed.data()["nextPayment"]),
        (200, &first.data()["nextPayment"]),
        "although it is closed"
    );
    let closed = post(&hub, &format!("/{id}/subscribe"), json!({"privatekey": CARA.0})).await;
    assert_eq!(closed.said(), (409, "contract_closed"));
    let delete = hub
        .guest()
        .send(
            reqwest::Method::DELETE,
            &format!("{PATH}/{id}"),
            &[],
            json!({"privatekey": ANNA.0}).to_string().into(),
        )
        .await;
    assert_eq!(delete.status, 200, "{delete:?}");
    assert_eq!(hub.guest().get(&format!("{PATH}/{id}")).await.data()["status"], "cancelled");
    site.verify();
}

#[tokio::test]
async fn an_offer_is_refused_for_its_reason() {
    let site = Site::new().await;
    let hub = people(&site).await;
    for (more, status, code) in [
        (json!({"name": "nobody"}), 404, "name_not_found"),
        (json!({"privatekey": BERT.0}), 403, "not_name_owner"),
        (json!({"name": "bad name"}), 400, "validation_error"),
        (json!({"name": "bakery.kst"}), 400, "validation_error"),
        (json!({"period": 0}), 400, "validation_error"),
        (json!({"price": 0}), 400, "validation_error"),
        (json!({"description": ""}), 400, "validation_error"),
        (json!({"max_subscribers": 0}), 400, "validation_error"),
        (json!({"allowed_subscribers": []}), 400, "validation_error"),
        (json!({"allowed_subscribers": ["nonsense"]}), 400, "validation_error"),
        (json!({"privatekey": ""}), 400, "validation_error"),
    ] {
        assert_eq!(post(&hub, "", body(&more)).await.said(), (status, code), "{more}");
    }
    let id =
        offered(&hub, json!({"max_subscribers": 1, "allowed_subscribers": [BERT.1, CARA.1]})).await;
    let subscribe =
        async |key: &str| post(&hub, &format!("/{id}/subscribe"), json!({"privatekey": key})).await;
    assert_eq!(subscribe(ANNA.0).await.said().1, "not_allowed");
    assert_eq!(subscribe("d").await.said(), (403, "not_allowed"));
    assert_eq!(subscribe(BERT.0).await.status, 200);
    assert_eq!(subscribe(CARA.0).await.said(), (409, "contract_full"));
    assert_eq!(
        post(&hub, &format!("/{id}/close"), json!({"privatekey": BERT.0})).await.said(),
        (403, "forbidden")
    );
    assert_eq!(
        post(&hub, "/999/subscribe", json!({"privatekey": BERT.0})).await.said(),
        (404, "contract_not_found")
    );
    hub.admin().patch(&format!("/api/v1/admin/wallets/{}", ANNA.1), &json!({"locked": true})).await;
    let locked = post(&hub, &format!("/{id}/close"), json!({"privatekey": ANNA.0})).await;
    assert_eq!(locked.said(), (401, "authentication_failed"));
}

#[tokio::test]
async fn offers_are_listed_by_name_and_by_wallet() {
    let site = Site::new().await;
    let hub = people(&site).await;
    let one = offered(&hub, json!({})).await;
    let two = offered(&hub, json!({"name": "bakery"})).await;
    post(&hub, &format!("/{two}/subscribe"), json!({"privatekey": BERT.0})).await;
    let tax = json!({"contract_id": one, "address": BERT.1});
    let forced = hub.admin().post("/api/v1/admin/subscribers", &tax).await;
    assert_eq!(forced.status, 201, "{forced:?}");
    let ids = async |query: &str| -> Vec<i64> {
        let reply = hub.guest().get(&format!("{PATH}?{query}")).await;
        assert_eq!(reply.status, 200, "{query} {reply:?}");
        let rows = reply.data()["subscriptions"].as_array().unwrap();
        assert_eq!(reply.data()["count"], rows.len());
        rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ids("name=bakery").await, [one, two]);
    assert_eq!(ids("name=shop@bakery.kro&limit=1&offset=1").await, [two]);
    assert_eq!(ids(&format!("address={}", ANNA.1)).await, [one, two]);
    assert_eq!(ids(&format!("address={}&exclude_owned=true", ANNA.1)).await, [0_i64; 0]);
    assert_eq!(
        ids(&format!("address={}", BERT.1)).await,
        [two],
        "what can't be left is not shown unless asked for"
    );
    assert_eq!(ids(&format!("address={}&only_unsubscribable=false", BERT.1)).await, [one, two]);
    assert_eq!(
        ids(&format!("address={}&only_owned=true&only_unsubscribable=false", BERT.1)).await,
        [0_i64; 0]
    );
    assert_eq!(hub.guest().get(PATH).await.said(), (400, "validation_error"));
}

#[tokio::test]
async fn who_owns_the_name_is_paid_and_decides() {
    let site = Site::new().await;
    let hub = people(&site).await;
    let id = offered(&hub, json!({})).await;
    post(&hub, &format!("/{id}/subscribe"), json!({"privatekey": BERT.0})).await;
    let give = json!({"privatekey": ANNA.0, "address": CARA.1});
    assert_eq!(krist_post(&hub, "/names/bakery/transfer", give).await.status, 200);
    site.wait_count(
        "select count(*) from contracts where owner = 'kwsgj3x184'",
        1,
        std::time::Duration::from_secs(20),
    )
    .await;
    assert_eq!(
        hub.admin().post("/api/v1/admin/clock", &json!({"advance_s": 600})).await.status,
        200
    );
    site.wait_count("select count(*) from charges", 2, std::time::Duration::from_secs(20)).await;
    assert_eq!(hub.guest().balance(CARA.1).await, "102.5");
    assert_eq!(
        post(&hub, &format!("/{id}/close"), json!({"privatekey": ANNA.0})).await.said(),
        (403, "forbidden")
    );
    assert_eq!(
        post(&hub, &format!("/{id}/close"), json!({"privatekey": CARA.0})).await.status,
        200
    );
    site.verify();
}

#[tokio::test]
async fn a_private_ledger_lists_offers_and_not_who_pays() {
    let site = Site::new().await;
    let hub = site.hub(&["--public-ledger=false"]).await;
    assert_eq!(hub.guest().get(&format!("{PATH}?name=bakery")).await.status, 200);
    let reply = hub.guest().get(&format!("{PATH}?address={}", ANNA.1)).await;
    assert_eq!(reply.said(), (403, "forbidden"));
}
