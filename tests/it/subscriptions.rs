//! Subscriptions over HTTP and websocket: the story of one, and the edges of what crosses transactions.

use serde_json::{Value, json};

use super::support::{
    ANNA, BERT, CARA, Hub, NOBODY, Reply, Site, Socket,
    contracts::{TERM, offer, subscribe, subscribed},
    seq,
};

/// Who hears the story of Bert's subscription: on his wallet, on the contract, on all payments.
struct Ears {
    wallet: Socket,
    offers: Socket,
    payments: Socket,
}

impl Ears {
    /// Hears a payment and right behind it its reason, on every topic; gives the reason.
    async fn term(&mut self, kind: &str) -> Value {
        let both = self.wallet.events(2).await;
        assert_eq!((&both[0]["kind"], &both[1]["kind"]), (&json!("payment.made"), &json!(kind)));
        assert_eq!(seq(&both[0]) + 1, seq(&both[1]), "the payment stands right before its reason");
        assert_eq!(both[0]["data"]["id"], both[1]["data"]["payment_id"]);
        assert_eq!(self.payments.event().await, both[0]);
        assert_eq!(self.offers.event().await, both[1]);
        both[1].clone()
    }
}

/// A offers, B may and C may not, B pays, everybody hears it in order, it renews, and lapses when the money is gone;
/// nobody else is late.
#[tokio::test]
async fn the_story_over_the_wire() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, cara] = hub.people().await;
    for (wallet, amount) in [(BERT.1, "5"), (CARA.1, "100")] {
        assert_eq!(anna.pay(wallet, amount).await.status, 201);
    }
    let id = offer(&anna, json!({"allow_list": [BERT.1]})).await;
    let other = offer(&anna, json!({"title": "Radio", "price": 1})).await;
    let topic = async |topic: String| {
        let mut ear = Socket::guest(&hub).await;
        ear.ask(json!({"type": "subscribe", "topics": [topic]})).await;
        ear
    };
    let mut ears = Ears {
        wallet: topic(format!("wallet:{}", BERT.1)).await,
        offers: topic(format!("contract:{id}")).await,
        payments: topic("payments".into()).await,
    };
    assert_eq!(subscribe(&cara, id).await.said(), (403, "not_allowed"));
    let first = subscribe(&bert, id).await;
    let one = first.data();
    assert_eq!((first.status, &one["entitled"], &one["term"]), (201, &json!(true), &json!(1)));
    let note = format!("subscription={id};sub_id={};term=1", one["subscription_id"]);
    assert_eq!(one["payment"]["metadata"], note);
    ears.term("subscription.started").await;
    assert_eq!(hub.guest().balance(BERT.1).await, "3");
    subscribed(&cara, other).await;
    assert_eq!(ears.payments.event().await["data"]["from"], CARA.1);
    hub.advance(TERM).await;
    let renewed = ears.term("subscription.renewed").await;
    assert_eq!(renewed["data"]["term"], 2);
    assert_eq!(renewed["data"]["term_started_at"], one["lapsed_at"]);
    assert_eq!(hub.guest().balance(BERT.1).await, "1");
    assert_eq!(ears.payments.event().await["data"]["from"], CARA.1);
    hub.advance(TERM).await;
    let ended = ears.wallet.events(2).await;
    for (event, kind) in ended.iter().zip(["subscription.payment_failed", "subscription.lapsed"]) {
        assert_eq!(event["kind"], kind);
        assert_eq!(&ears.offers.event().await, event);
    }
    assert_eq!(ended[1]["data"]["reason"], "insufficient_funds");
    assert_eq!(ended[1]["data"]["ended_at"], renewed["data"]["lapsed_at"]);
    let next = ears.payments.event().await;
    assert_eq!(next["data"]["from"], CARA.1, "Bert's lapse kept nobody waiting");
    assert_eq!(hub.guest().balance(BERT.1).await, "1");
    assert_charges(&hub, &format!("/api/v1/subscribers/{}", one["subscription_id"])).await;
    site.verify();
}

/// The subscription has ended, and its two charges are read in pages.
async fn assert_charges(hub: &Hub, path: &str) {
    let read = hub.guest().get(path).await;
    assert_eq!(read.data()["status"], "canceled");
    assert_eq!(read.data()["entitled"], false);
    let charges = hub.guest().get(&format!("{path}/charges")).await;
    let items = charges.data()["items"].as_array().unwrap();
    let terms: Vec<_> = items.iter().map(|charge| charge["term"].clone()).collect();
    assert_eq!(terms, [2, 1]);
    let older = format!("{path}/charges?before={}", items[0]["payment_id"]);
    assert_eq!(hub.guest().get(&older).await.data()["items"], json!([items[1]]));
}

#[tokio::test]
async fn why_a_wallet_is_not_subscribed() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, cara] = hub.people().await;
    anna.pay(BERT.1, "10").await;
    let id = offer(&anna, json!({"max_subscribers": 1})).await;
    let path = format!("/api/v1/contracts/{id}/subscribers");
    assert_eq!(subscribe(&anna, id).await.said(), (400, "same_wallet"));
    assert_eq!(subscribe(&bert, 99).await.said(), (404, "contract_not_found"));
    let dear = bert.post(&path, &json!({"max_price": 1.99})).await;
    assert_eq!(dear.said(), (409, "price_changed"));
    // Without money nothing is left behind: no row, no event.
    let before = site.seqs(&[&format!("contract:{id}")]).await.len();
    assert_eq!(subscribe(&cara, id).await.said(), (402, "insufficient_funds"));
    assert_eq!(site.count("select count(*) from subscriptions").await, 0);
    assert_eq!(site.seqs(&[&format!("contract:{id}")]).await.len(), before);
    let wallet = format!("/api/v1/admin/wallets/{}", BERT.1);
    hub.admin().patch(&wallet, &json!({"locked": true})).await;
    assert_eq!(subscribe(&bert, id).await.said(), (403, "wallet_locked"));
    hub.admin().patch(&wallet, &json!({"locked": false})).await;
    let paid = bert.post(&path, &json!({"max_price": 2})).await;
    assert_eq!(paid.status, 201);
    anna.pay(CARA.1, "10").await;
    assert_eq!(subscribe(&cara, id).await.said(), (409, "contract_full"));
    let asked = hub.guest().get(&format!("{path}/{}", CARA.1)).await;
    assert_eq!(asked.said(), (404, "subscription_not_found"));
    assert_eq!(cara.get("/api/v1/subscribers/99").await.said(), (404, "subscription_not_found"));
    let foreign = format!("/api/v1/subscribers/{}", paid.data()["subscription_id"]);
    assert_eq!(cara.delete(&foreign).await.said(), (403, "forbidden"));
}

#[tokio::test]
async fn what_is_canceled_is_kept_until_its_end_and_can_be_resumed() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, _] = hub.people().await;
    anna.pay(BERT.1, "10").await;
    let id = offer(&anna, json!({})).await;
    let path = subscribed(&bert, id).await;
    let asked = bert.delete(&path).await;
    assert_eq!(
        (&asked.data()["status"], &asked.data()["entitled"]),
        (&json!("pending"), &json!(true))
    );
    assert_eq!(bert.delete(&path).await.data(), asked.data(), "twice is once");
    // Nothing stands in the way of going on: neither a closed contract nor a new price.
    anna.patch(&format!("/api/v1/contracts/{id}"), &json!({"status": "closed", "price": 9})).await;
    let resumed = subscribe(&bert, id).await;
    assert_eq!((resumed.status, &resumed.data()["payment"]), (200, &Value::Null));
    assert_eq!(resumed.data()["lapsed_at"], asked.data()["lapsed_at"]);
    bert.delete(&path).await;
    assert_eq!(bert.post(&format!("{path}/resume"), &json!({})).await.data()["status"], "active");
    assert_eq!(hub.guest().balance(BERT.1).await, "8");
    bert.delete(&path).await;
    hub.advance(TERM).await;
    hub.wait_until(async || bert.get(&path).await.data()["status"] == "canceled").await;
    let ended = bert.get(&path).await;
    assert_eq!(
        (&ended.data()["reason"], &ended.data()["lapsed_at"]),
        (&json!("unsubscribed"), &Value::Null)
    );
    assert_eq!(hub.guest().balance(BERT.1).await, "8");
    let late = bert.post(&format!("{path}/resume"), &json!({})).await;
    assert_eq!(late.said(), (409, "subscription_ended"));
    // Subscribing again is another run in the same row.
    anna.patch(&format!("/api/v1/contracts/{id}"), &json!({"status": "open", "price": 1})).await;
    let again = subscribe(&bert, id).await;
    assert_eq!(
        (again.status, &again.data()["run"], &again.data()["term"]),
        (201, &json!(2), &json!(1))
    );
    assert_eq!(format!("/api/v1/subscribers/{}", again.data()["subscription_id"]), path);
    let now = bert.delete(&format!("{path}?immediate=true")).await;
    assert_eq!(
        (&now.data()["status"], &now.data()["entitled"]),
        (&json!("canceled"), &json!(false))
    );
    assert_eq!(hub.guest().balance(BERT.1).await, "7");
    site.verify();
}

#[tokio::test]
async fn a_new_price_needs_consent_and_a_lower_one_none() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, cara] = hub.people().await;
    for wallet in [BERT.1, CARA.1] {
        anna.pay(wallet, "100").await;
    }
    let id = offer(&anna, json!({"price": 10})).await;
    let (path, hers) = (subscribed(&bert, id).await, subscribed(&cara, id).await);
    let contract = format!("/api/v1/contracts/{id}");
    let mut ear = Socket::on(&hub, &[&format!("wallet:{}", BERT.1)]).await;
    anna.patch(&contract, &json!({"price": 12})).await;
    let told = ear.event().await;
    assert_eq!(told["kind"], "subscription.terms_changed");
    assert_eq!(told["data"]["pending_change"]["price"], 12);
    let renew = async |ear: &mut Socket| {
        hub.advance(TERM).await;
        ear.events(2).await[0]["data"]["amount"].clone()
    };
    assert_eq!(renew(&mut ear).await, 10, "a higher price is not taken without consent");
    let wrong = bert.post(&format!("{path}/accept"), &json!({"contract_version": 1})).await;
    assert_eq!(wrong.said(), (409, "version_conflict"));
    let agreed = bert.post(&format!("{path}/accept"), &json!({"contract_version": 2})).await;
    assert_eq!(
        (&agreed.data()["price"], &agreed.data()["pending_change"]),
        (&json!(12), &Value::Null)
    );
    assert_eq!(ear.event().await["kind"], "subscription.terms_accepted");
    assert_eq!(renew(&mut ear).await, 12);
    anna.patch(&contract, &json!({"price": 3})).await;
    assert_eq!(renew(&mut ear).await, 3, "a lower price needs no consent");
    // Whoever has not agreed when the owner asks for it ends with the term.
    anna.patch(&contract, &json!({"price": 11, "require_consent_by": "2020-01-01T00:00:00Z"}))
        .await;
    hub.advance(TERM).await;
    hub.wait_until(async || cara.get(&hers).await.data()["status"] == "canceled").await;
    assert_eq!(cara.get(&hers).await.data()["reason"], "terms_not_accepted");
    assert_eq!(bert.get(&path).await.data()["status"], "active", "11 is less than the agreed 12");
    let over = cara.post(&format!("{hers}/accept"), &json!({})).await;
    assert_eq!(over.said(), (409, "subscription_ended"));
    site.verify();
}

#[tokio::test]
async fn a_canceled_contract_entitles_nobody_and_ends_everybody() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, cara] = hub.people().await;
    for wallet in [BERT.1, CARA.1] {
        anna.pay(wallet, "10").await;
    }
    let id = offer(&anna, json!({})).await;
    let (his, hers) = (subscribed(&bert, id).await, subscribed(&cara, id).await);
    cara.delete(&hers).await;
    let mut ear = Socket::on(&hub, &[&format!("contract:{id}")]).await;
    assert_eq!(
        hub.admin().post(&format!("/api/v1/admin/contracts/{id}/cancel"), &json!({})).await.status,
        200
    );
    assert_eq!(bert.get(&his).await.data()["entitled"], false, "from the commit on");
    assert_eq!(ear.event().await["kind"], "contract.canceled");
    for event in ear.events(2).await {
        assert_eq!(event["kind"], "subscription.canceled");
        assert_eq!(event["data"]["reason"], "contract_canceled");
    }
    assert_eq!(
        cara.post(&format!("{hers}/resume"), &json!({})).await.said(),
        (409, "contract_canceled")
    );
    assert_eq!(hub.guest().balance(BERT.1).await, "8", "no refund");
    site.verify();
}

#[tokio::test]
async fn what_the_operator_forces_only_the_operator_ends() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, _] = hub.people().await;
    anna.pay(BERT.1, "10").await;
    let id = offer(&anna, json!({"title": "Taxes", "allow_list": [NOBODY]})).await;
    let force = json!({"contract_id": id, "address": BERT.1});
    let forced = hub.admin().post_keyed("/api/v1/admin/subscribers", "k1", &force).await;
    assert_eq!((forced.status, &forced.data()["can_unsubscribe"]), (201, &json!(false)));
    let again = hub.admin().post_keyed("/api/v1/admin/subscribers", "k1", &force).await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.data()["payment"], forced.data()["payment"]);
    let path = format!("/api/v1/subscribers/{}", forced.data()["subscription_id"]);
    for refused in [bert.delete(&path).await, bert.delete(&format!("{path}?immediate=true")).await]
    {
        assert_eq!(refused.said(), (403, "cannot_unsubscribe"));
    }
    hub.advance(TERM).await;
    hub.wait_until(async || bert.get(&path).await.data()["term"] == 2).await;
    let revoke = format!("/api/v1/admin/subscribers/{}", forced.data()["subscription_id"]);
    assert_eq!(hub.admin().delete(&revoke).await.data()["reason"], "revoked_by_operator");
    // What a wallet took by itself can be made such a one.
    let open = offer(&anna, json!({"title": "Water"})).await;
    subscribed(&bert, open).await;
    let bound = json!({"contract_id": open, "address": BERT.1});
    let bound = hub.admin().post("/api/v1/admin/subscribers", &bound).await;
    assert_eq!((bound.status, &bound.data()["can_unsubscribe"]), (200, &json!(false)));
    let unknown = json!({"contract_id": open, "address": NOBODY});
    let unknown = hub.admin().post("/api/v1/admin/subscribers", &unknown).await;
    assert_eq!(unknown.said(), (404, "wallet_not_found"));
    site.verify();
}

#[tokio::test]
async fn who_is_off_the_list_or_locked_ends_with_the_term() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, cara] = hub.people().await;
    for wallet in [BERT.1, CARA.1] {
        anna.pay(wallet, "10").await;
    }
    let id = offer(&anna, json!({"allow_list": [BERT.1, CARA.1]})).await;
    let (his, hers) = (subscribed(&bert, id).await, subscribed(&cara, id).await);
    anna.patch(&format!("/api/v1/contracts/{id}"), &json!({"allow_list": [CARA.1]})).await;
    hub.admin().patch(&format!("/api/v1/admin/wallets/{}", CARA.1), &json!({"locked": true})).await;
    assert_eq!(
        hub.guest().get(&his).await.data()["entitled"],
        true,
        "never in the middle of a term"
    );
    hub.advance(TERM).await;
    for (path, reason) in [(his, "not_allowed"), (hers, "subscriber_locked")] {
        hub.wait_until(async || hub.guest().get(&path).await.data()["reason"] == reason).await;
    }
    for wallet in [BERT.1, CARA.1] {
        assert_eq!(hub.guest().balance(wallet).await, "8");
    }
}

#[tokio::test]
async fn a_balance_of_exactly_the_price_renews() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, _] = hub.people().await;
    anna.pay(BERT.1, "4").await;
    let id = offer(&anna, json!({})).await;
    let path = subscribed(&bert, id).await;
    hub.advance(TERM).await;
    hub.wait_until(async || bert.get(&path).await.data()["term"] == 2).await;
    assert_eq!(hub.guest().balance(BERT.1).await, "0");
    // Regression: totals that took the wallet's number for the price.
    for (address, total_in, total_out) in [(BERT.1, 4, 4), (ANNA.1, 1_004, 4)] {
        let wallet = hub.guest().get(&format!("/api/v1/wallets/{address}")).await;
        let totals = (&wallet.data()["total_in"], &wallet.data()["total_out"]);
        assert_eq!(totals, (&json!(total_in), &json!(total_out)), "{address}");
    }
}

/// What a shop asks all day: unchanged answers have no body.
#[tokio::test]
async fn the_question_of_a_shop_is_answered_with_a_tag() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, _] = hub.people().await;
    anna.pay(BERT.1, "10").await;
    let id = offer(&anna, json!({})).await;
    let path = subscribed(&bert, id).await;
    let question = format!("/api/v1/contracts/{id}/subscribers/{}", BERT.1);
    let first = hub.guest().get(&question).await;
    assert_eq!((first.status, &first.data()["entitled"]), (200, &json!(true)));
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let ask = async || -> Reply {
        hub.guest().send(reqwest::Method::GET, &question, &[("if-none-match", &tag)], vec![]).await
    };
    assert_eq!(ask().await.status, 304);
    bert.delete(&path).await;
    assert_eq!(ask().await.status, 200);
    // Listed with the filters of the contract, and of all.
    for (query, count) in [
        (format!("/api/v1/contracts/{id}/subscribers?is_active=true"), 1),
        (format!("/api/v1/contracts/{id}/subscribers?status=active"), 0),
        (format!("/api/v1/subscribers?address={}&status=pending", BERT.1), 1),
        (format!("/api/v1/subscribers?address={}", CARA.1), 0),
        (format!("/api/v1/subscribers?contract_id={id}&limit=1&offset=1"), 0),
    ] {
        assert_eq!(hub.guest().get(&query).await.data()["count"], count, "{query}");
    }
}
