//! Plans that are paid in the community's own currency: a subscription to a contract grants them.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{
    ANNA, Api, BERT, CARA, Hub, Site, Socket,
    contracts::{TERM, offer, subscribed},
};

const ADA: &str = "80351110224678912";

/// A hub with the people of the ledger, Bert with money, and Ada as a user.
struct Stage {
    hub: Hub,
    anna: Api,
    bert: Api,
    bot: Api,
    ada: Api,
}

impl Stage {
    async fn new(site: &Site) -> Self {
        let hub = site.hub(&["--dev", "--renewal-hold-seconds", "0"]).await;
        let [anna, bert, _] = hub.people().await;
        anna.pay(BERT.1, "100").await;
        let bot = hub.with(&site.key("bot"));
        let ada = hub.user(&bot, ADA).await;
        Self { hub, anna, bert, bot, ada }
    }

    async fn map(&self, tier: &str, contract: i64) {
        let products = json!([{"provider": "contract", "product_id": contract.to_string()}]);
        let path = format!("/api/subscriptions/plans/{tier}/");
        let put = self.hub.admin().put(&path, &json!({"products": products})).await;
        assert_eq!(put.status, 200, "{put:?}");
    }

    async fn link(&self, user: &Api, wallet: (&str, &str)) {
        let path = format!("/api/v1/users/me/wallets/{}", wallet.1);
        let linked = user.put(&path, &json!({"privatekey": wallet.0})).await;
        assert_eq!(linked.status, 200, "{linked:?}");
    }

    async fn unlink(&self, user: &Api, wallet: (&str, &str)) {
        let path = format!("/api/v1/users/me/wallets/{}", wallet.1);
        assert_eq!(user.delete(&path).await.status, 200);
    }

    /// Waits until a user has a plan, or none.
    async fn has(&self, user: &Api, tier: Value) -> Value {
        let read = async || {
            user.get("/api/subscriptions/me/entitlement/").await.body["entitlement"].clone()
        };
        self.hub.wait_until(async || read().await["tier"] == tier).await;
        read().await
    }
}

#[tokio::test]
async fn a_subscription_grants_a_plan_for_its_term_and_renewals_extend_it() {
    let site = Site::new().await;
    let stage = Stage::new(&site).await;
    let contract = offer(&stage.anna, json!({"title": "Server time"})).await;
    stage.map("supporter", contract).await;
    stage.link(&stage.ada, BERT).await;
    let mut socket = Socket::of_on(&stage.hub, &stage.bot, &["users"]).await;
    let subscription = subscribed(&stage.bert, contract).await;
    let has = stage.has(&stage.ada, json!("supporter")).await;
    assert_eq!(
        (&has["provider"], &has["cancel_at_period_end"]),
        (&json!("contract"), &json!(false))
    );
    let term = stage.bert.get(&subscription).await;
    assert_eq!(has["period_end"], term.data()["lapsed_at"]);
    let events = socket.events(2).await;
    let told = |event: &Value| event["kind"].as_str().unwrap().to_owned();
    assert_eq!(
        (told(&events[0]), told(&events[1])),
        ("entitlement.changed".into(), "role.changed".into())
    );
    // A renewal extends.
    stage.hub.advance(TERM).await;
    let (hub, ada) = (&stage.hub, &stage.ada);
    let end = async || {
        ada.get("/api/subscriptions/me/entitlement/").await.body["entitlement"]["period_end"]
            .clone()
    };
    hub.wait_until(async || end().await != has["period_end"]).await;
    // Whoever wants it to end keeps it until then, and who takes that back keeps it.
    assert_eq!(stage.bert.delete(&subscription).await.status, 200);
    hub.wait_until(async || {
        let reply = ada.get("/api/subscriptions/me/entitlement/").await;
        reply.body["entitlement"]["cancel_at_period_end"] == true
    })
    .await;
    assert_eq!(stage.bert.post(&format!("{subscription}/resume"), &json!({})).await.status, 200);
    hub.wait_until(async || {
        let reply = ada.get("/api/subscriptions/me/entitlement/").await;
        reply.body["entitlement"]["cancel_at_period_end"] == false
    })
    .await;
    // Without money there is no further term, and no plan.
    let left = stage.bert.balance(BERT.1).await;
    stage.bert.pay(CARA.1, &left).await;
    hub.advance(TERM).await;
    stage.has(&stage.ada, Value::Null).await;
    site.verify();
}

#[tokio::test]
async fn a_late_link_and_a_late_mapping_grant_the_term_that_runs() {
    let site = Site::new().await;
    let stage = Stage::new(&site).await;
    let contract = offer(&stage.anna, json!({})).await;
    subscribed(&stage.bert, contract).await;
    stage.link(&stage.ada, BERT).await;
    assert_eq!(stage.has(&stage.ada, Value::Null).await["active"], false);
    stage.map("host", contract).await;
    stage.has(&stage.ada, json!("host")).await;
    // The link goes and comes back within the term.
    stage.unlink(&stage.ada, BERT).await;
    stage.has(&stage.ada, Value::Null).await;
    stage.link(&stage.ada, BERT).await;
    stage.has(&stage.ada, json!("host")).await;
    // The operator sells it as another plan.
    let none = json!({"products": []});
    assert_eq!(stage.hub.admin().put("/api/subscriptions/plans/host/", &none).await.status, 200);
    stage.map("supporter", contract).await;
    stage.has(&stage.ada, json!("supporter")).await;
    // What is no plan any more runs out with the term that was paid as one.
    let none = json!({"products": []});
    assert_eq!(
        stage.hub.admin().put("/api/subscriptions/plans/supporter/", &none).await.status,
        200
    );
    assert_eq!(stage.has(&stage.ada, json!("supporter")).await["active"], true);
    stage.hub.advance(TERM).await;
    stage.has(&stage.ada, Value::Null).await;
    stage.map("supporter", contract).await;
    stage.has(&stage.ada, json!("supporter")).await;
    // A contract that is over entitles nobody.
    assert_eq!(stage.anna.delete(&format!("/api/v1/contracts/{contract}")).await.status, 200);
    stage.has(&stage.ada, Value::Null).await;
}

/// A wallet that goes from user to user would be a plan for each of them.
#[tokio::test]
async fn the_minutes_of_a_term_are_one_users() {
    let site = Site::new().await;
    let stage = Stage::new(&site).await;
    let eve = stage.hub.user(&stage.bot, "2002").await;
    let contract = offer(&stage.anna, json!({})).await;
    stage.map("supporter", contract).await;
    subscribed(&stage.bert, contract).await;
    stage.link(&stage.ada, BERT).await;
    stage.has(&stage.ada, json!("supporter")).await;
    // Whoever has the key may link it, but a wallet is one user's at a time.
    let path = format!("/api/v1/users/me/wallets/{}", BERT.1);
    let taken = eve.put(&path, &json!({"privatekey": BERT.0})).await;
    assert_eq!(taken.said(), (409, "wallet_taken"));
    stage.unlink(&stage.ada, BERT).await;
    stage.link(&eve, BERT).await;
    stage.has(&stage.ada, Value::Null).await;
    site.wait_count(
        "select count(*) from followers f, log_head h where f.name = 'contract_grants' and f.seq = h.seq",
        1,
        Duration::from_secs(10),
    )
    .await;
    assert_eq!(stage.has(&eve, Value::Null).await["active"], false, "not in this term");
    stage.hub.advance(TERM).await;
    stage.has(&eve, json!("supporter")).await;
    stage.has(&stage.ada, Value::Null).await;
}

#[tokio::test]
async fn a_wallet_is_linked_by_who_holds_its_key() {
    let site = Site::new().await;
    let stage = Stage::new(&site).await;
    let path = |address: &str| format!("/api/v1/users/me/wallets/{address}");
    let put = async |api: &Api, address: &str, key: &str| {
        api.put(&path(address), &json!({"privatekey": key})).await
    };
    assert_eq!(put(&stage.ada, BERT.1, ANNA.0).await.said(), (400, "address_mismatch"));
    assert_eq!(put(&stage.ada, BERT.1, "").await.said(), (400, "validation_error"));
    assert_eq!(put(&stage.ada, "bert", BERT.0).await.said(), (400, "path_invalid"));
    assert_eq!(put(&stage.bert, BERT.1, BERT.0).await.said(), (403, "forbidden"));
    assert_eq!(put(&stage.hub.guest(), BERT.1, BERT.0).await.said(), (401, "unauthorized"));
    let mut socket = Socket::of_on(&stage.hub, &stage.ada, &[&format!("user:{ADA}")]).await;
    let linked = put(&stage.ada, BERT.1, BERT.0).await;
    assert_eq!(linked.data()["wallets"][0]["address"], BERT.1);
    assert_eq!(put(&stage.ada, BERT.1, BERT.0).await.status, 200, "twice is once");
    stage.unlink(&stage.ada, BERT).await;
    let events = socket.events(2).await;
    let told: Vec<_> =
        events.iter().map(|event| (&event["kind"], &event["data"]["version"])).collect();
    assert_eq!(
        told,
        [(&json!("user.wallet_linked"), &json!(2)), (&json!("user.wallet_unlinked"), &json!(3))]
    );
    // A locked wallet proves nothing, and a user has not any number of wallets.
    let lock = json!({"locked": true});
    assert_eq!(
        stage.hub.admin().patch(&format!("/api/v1/admin/wallets/{}", CARA.1), &lock).await.status,
        200
    );
    assert_eq!(put(&stage.ada, CARA.1, CARA.0).await.said(), (403, "wallet_locked"));
    for n in 0..50 {
        let key = format!("wallet {n}");
        let login = stage.hub.guest().post("/api/v1/login", &json!({"privatekey": key})).await;
        let address = login.data()["address"].as_str().unwrap().to_owned();
        assert_eq!(put(&stage.ada, &address, &key).await.status, 200, "{n}");
    }
    assert_eq!(put(&stage.ada, ANNA.1, ANNA.0).await.said(), (409, "too_many_wallets"));
}
