//! Names over HTTP and websocket: bought, given, led elsewhere, and paid.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::support::{
    ANNA, BERT, CARA, Hub, NOBODY, Site, Socket,
    names::{PRICE, buy, give, lead, purchase},
    soak,
};

/// Anna with enough for a name, and the others.
async fn with_name(hub: &Hub) -> [super::support::Api; 3] {
    let people = hub.people().await;
    buy(&people[0], "bakery").await;
    people
}

#[tokio::test]
async fn a_name_is_bought_once_and_its_price_goes_to_the_system() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    let supply = async || hub.guest().get("/api/v1/supply").await.data()["supply"].clone();
    assert_eq!(supply().await, 1_000);
    let check = hub.guest().get("/api/v1/names/bakery/check").await;
    assert_eq!(check.data(), &json!({"name": "bakery", "available": true, "price": 500}));

    // In any case, with or without the suffix.
    let bought = buy(&anna, "Bakery.KRO").await;
    assert_eq!(
        (&bought["name"], &bought["owner"], &bought["original_owner"], &bought["record"]),
        (&json!("bakery"), &json!(ANNA.1), &json!(ANNA.1), &Value::Null)
    );
    let payment = &bought["payment"];
    assert_eq!(
        (&payment["type"], &payment["to"], &payment["amount"], &payment["name"]),
        (&json!("name_purchase"), &json!("serverwelf"), &json!(500), &json!("bakery"))
    );
    assert_eq!((hub.guest().balance(ANNA.1).await, supply().await), (PRICE.into(), json!(500)));
    let check = hub.guest().get("/api/v1/names/bakery.kro/check").await;
    assert_eq!(check.data()["available"], false);

    assert_eq!(purchase(&anna, "bakery").await.said(), (409, "name_taken"));
    assert_eq!(purchase(&bert, "bakery").await.said(), (409, "name_taken"));
    assert_eq!(purchase(&bert, "mill").await.said(), (402, "insufficient_funds"));
    assert_eq!(hub.guest().get("/api/v1/names/mill").await.said(), (404, "name_not_found"));
    for bad in ["", "a b", "b\u{e4}ckerei", "a.b.kro", "shelf@bakery.kro", &"a".repeat(65)] {
        assert_eq!(purchase(&anna, bad).await.said(), (400, "validation_error"), "{bad:?}");
    }
    site.verify();
}

#[tokio::test]
async fn the_same_key_buys_once() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let body = json!({"name": "bakery"});
    let first = anna.post_keyed("/api/v1/names", "k1", &body).await;
    let again = anna.post_keyed("/api/v1/names", "k1", &body).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = anna.post_keyed("/api/v1/names", "k1", &json!({"name": "mill"})).await;
    assert_eq!(other.said(), (409, "idempotency_key_reused"));
    assert_eq!(hub.guest().balance(ANNA.1).await, "500");
}

#[tokio::test]
async fn only_its_owner_gives_a_name_and_leads_it_elsewhere() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = with_name(&hub).await;
    assert_eq!(give(&bert, "bakery", BERT.1).await.said(), (403, "not_name_owner"));
    assert_eq!(lead(&bert, "bakery", json!("x")).await.said(), (403, "not_name_owner"));
    assert_eq!(give(&anna, "mill", BERT.1).await.said(), (404, "name_not_found"));
    assert_eq!(lead(&anna, "mill", json!("x")).await.said(), (404, "name_not_found"));
    assert_eq!(give(&anna, "bakery", NOBODY).await.said(), (404, "wallet_not_found"));
    for bad in [json!(""), json!("a b"), json!("#a"), json!("x".repeat(256))] {
        let reply = lead(&anna, "bakery", bad.clone()).await;
        assert_eq!(reply.said(), (400, "validation_error"), "{bad}");
    }
    let empty = anna.patch("/api/v1/names/bakery", &json!({})).await;
    assert_eq!(empty.said(), (400, "validation_error"));

    let led = lead(&anna, "bakery", json!("example.org")).await;
    assert_eq!((led.status, &led.data()["record"]), (200, &json!("example.org")));
    assert_eq!(led.data()["payment"]["type"], "name_a_record");
    // The same again changes nothing and is no history.
    let same = lead(&anna, "bakery", json!("example.org")).await;
    assert_eq!((same.status, &same.data()["payment"]), (200, &Value::Null));
    let same = give(&anna, "bakery", ANNA.1).await;
    assert_eq!((same.status, &same.data()["payment"]), (200, &Value::Null));
    let given = give(&anna, "bakery", BERT.1).await;
    assert_eq!(
        (given.status, &given.data()["owner"], &given.data()["original_owner"]),
        (200, &json!(BERT.1), &json!(ANNA.1))
    );
    assert_eq!(lead(&anna, "bakery", Value::Null).await.said(), (403, "not_name_owner"));
    assert_eq!(lead(&bert, "bakery", Value::Null).await.data()["record"], Value::Null);

    let history = hub.guest().get("/api/v1/names/bakery/history").await;
    let told: Vec<_> = history.data()["items"].as_array().unwrap().iter().collect();
    let told = |field: &str| told.iter().map(|item| item[field].clone()).collect::<Vec<_>>();
    assert_eq!(told("type"), ["name_a_record", "name_transfer", "name_a_record", "name_purchase"]);
    assert_eq!(told("amount"), [0, 0, 0, 500]);
    assert_eq!(told("from"), [BERT.1, ANNA.1, ANNA.1, ANNA.1]);
    assert_eq!(told("metadata"), [Value::Null, Value::Null, json!("example.org"), Value::Null]);
    let none = hub.guest().get("/api/v1/names/mill/history").await;
    assert_eq!(none.said(), (404, "name_not_found"));
    site.verify();
}

#[tokio::test]
async fn a_locked_wallet_keeps_its_names() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = with_name(&hub).await;
    let path = format!("/api/v1/admin/wallets/{}", ANNA.1);
    assert_eq!(hub.admin().patch(&path, &json!({"locked": true})).await.status, 200);
    assert_eq!(give(&anna, "bakery", BERT.1).await.said(), (403, "wallet_locked"));
    assert_eq!(lead(&anna, "bakery", json!("x")).await.said(), (403, "wallet_locked"));
    assert_eq!(purchase(&anna, "mill").await.said(), (403, "wallet_locked"));
}

#[tokio::test]
async fn a_payment_to_a_name_pays_its_owner_and_says_so() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = with_name(&hub).await;
    hub.admin().mint(BERT.1, "100").await;
    let pay = async |to: &str, metadata: Value| {
        let order = json!({"to": to, "amount": 1, "metadata": metadata});
        bert.post("/api/v1/payments", &order).await
    };
    for (to, metaname, metadata, stored) in [
        ("bakery.kro", Value::Null, Value::Null, "bakery.kro"),
        ("Counter@Bakery.kro", json!("counter"), Value::Null, "counter@bakery.kro"),
        ("a-b_1@bakery.kro", json!("a-b_1"), json!("message=hi"), "a-b_1@bakery.kro;message=hi"),
    ] {
        let paid = pay(to, metadata).await;
        let data = paid.data();
        assert_eq!(paid.status, 201, "{to}: {paid:?}");
        assert_eq!(
            (&data["to"], &data["sent_name"], &data["sent_metaname"], &data["metadata"]),
            (&json!(ANNA.1), &json!("bakery"), &metaname, &json!(stored)),
            "{to}"
        );
    }
    let long = pay("counter@bakery.kro", json!("x".repeat(255))).await;
    assert_eq!(long.status, 201, "what a payer may write is not less for a name: {long:?}");
    assert_eq!(hub.guest().balance(ANNA.1).await, "504");
    assert_eq!(pay("mill.kro", Value::Null).await.said(), (404, "name_not_found"));
    for bad in ["bakery", "bakery.kst", "@bakery.kro", "a b@bakery.kro", ".kro", "a@b@c.kro"] {
        assert_eq!(pay(bad, Value::Null).await.said(), (400, "validation_error"), "{bad}");
    }
    let own = anna.pay("bakery.kro", "1").await;
    assert_eq!(own.said(), (400, "same_wallet"), "a name is no way around a rule");

    let listed = hub.guest().get("/api/v1/names/bakery/payments?limit=3").await;
    assert_eq!(
        (&listed.data()["count"], &listed.data()["remaining"]),
        (&json!(3), &json!(1)),
        "{listed:?}"
    );
    let rest = format!("/api/v1/names/bakery/payments?before={}", listed.data()["next"]);
    let rest = hub.guest().get(&rest).await;
    assert_eq!(rest.data()["items"][0]["metadata"], "bakery.kro");
    assert_eq!(rest.data()["next"], Value::Null);
    site.verify();
}

#[tokio::test]
async fn a_request_to_a_name_is_the_same_request_whoever_owns_it_by_then() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = with_name(&hub).await;
    hub.admin().mint(CARA.1, "100").await;
    let cara = hub.login(CARA).await;
    let order = json!({"to": "bakery.kro", "amount": 1, "request_id": "r1"});
    let first = cara.post("/api/v1/payments", &order).await;
    assert_eq!(first.data()["to"], ANNA.1);
    assert_eq!(give(&anna, "bakery", BERT.1).await.status, 200);
    let again = cara.post("/api/v1/payments", &order).await;
    assert_eq!((again.status, again.data()), (201, first.data()));
    let other = json!({"to": "counter@bakery.kro", "amount": 1, "request_id": "r1"});
    let other = cara.post("/api/v1/payments", &other).await;
    assert_eq!(other.said(), (409, "request_id_conflict"));
    assert_eq!(cara.pay("bakery.kro", "1").await.data()["to"], BERT.1);
    // An answer under a key stands as well, the refusal too.
    let mill = json!({"to": "mill.kro", "amount": 1});
    let refused = cara.post_keyed("/api/v1/payments", "k1", &mill).await;
    assert_eq!(refused.said(), (404, "name_not_found"));
    hub.admin().mint(BERT.1, "500").await;
    buy(&bert, "mill").await;
    let replayed = cara.post_keyed("/api/v1/payments", "k1", &mill).await;
    assert_eq!(replayed.said(), (404, "name_not_found"));
    assert_eq!(cara.post_keyed("/api/v1/payments", "k2", &mill).await.status, 201);
}

#[tokio::test]
async fn what_happens_to_a_name_is_heard_behind_its_payment() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let mut names = Socket::on(&hub, &["names", "payments"]).await;
    let mut berts = Socket::on(&hub, &[&format!("wallet:{}", BERT.1)]).await;
    buy(&anna, "bakery").await;
    lead(&anna, "bakery", json!("example.org")).await;
    give(&anna, "bakery", BERT.1).await;
    // Nothing that is refused is heard.
    purchase(&anna, "bakery").await;
    purchase(&anna, "mill").await;
    let heard = names.events(8).await;
    let kinds: Vec<_> = heard.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "payment.made",
            "name.registered",
            "payment.made",
            "name.updated",
            "payment.made",
            "name.transferred",
            "payment.made",
            "name.registered"
        ]
    );
    for pair in heard.chunks(2) {
        assert_eq!(pair[0]["data"]["id"], pair[1]["data"]["payment_id"]);
        assert_eq!(pair[0]["seq"].as_i64().map(|seq| seq + 1), pair[1]["seq"].as_i64());
    }
    assert_eq!(heard[5]["data"]["previous_owner"], ANNA.1);
    let told = berts.events(2).await;
    assert_eq!(
        (&told[0]["kind"], &told[1]["kind"]),
        (&json!("payment.made"), &json!("name.transferred"))
    );
}

#[tokio::test]
async fn names_are_listed_and_have_an_etag() {
    let site = Site::new().await;
    let hub = site.hub(&["--name-cost=10", "--name-suffix=kst"]).await;
    let [anna, bert, _] = hub.people().await;
    hub.admin().mint(BERT.1, "100").await;
    for name in ["c", "a", "b"] {
        buy(&anna, name).await;
    }
    buy(&bert, "d.kst").await;
    let listed = async |query: &str| {
        let reply = hub.guest().get(&format!("/api/v1/names{query}")).await;
        let items = reply.data()["items"].as_array().unwrap().clone();
        let names = items.iter().map(|item| item["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>().join(" "), reply.data()["next"].clone())
    };
    assert_eq!(listed("").await.0, "c a b d");
    assert_eq!(listed(&format!("?owner={}", ANNA.1)).await.0, "c a b");
    assert_eq!(listed(&format!("?owner={NOBODY}")).await.0, "");
    let (first, next) = listed("?limit=2").await;
    assert_eq!(
        (first.as_str(), listed(&format!("?limit=2&after_id={next}")).await.0.as_str()),
        ("c a", "b d")
    );
    assert_eq!(listed("?offset=3").await, ("d".to_owned(), Value::Null));
    let one = hub.guest().get("/api/v1/names/d").await;
    let tag = one.headers["etag"].to_str().unwrap().to_owned();
    let read = async || {
        let held = [("if-none-match", tag.as_str())];
        hub.guest().send(reqwest::Method::GET, "/api/v1/names/d", &held, Vec::new()).await.status
    };
    assert_eq!(read().await, 304);
    lead(&bert, "d", json!("example.org")).await;
    assert_eq!(read().await, 200);
}

#[tokio::test]
async fn of_many_who_want_a_name_one_gets_it() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let people = hubs[0].people().await;
    for (_, address) in [BERT, CARA] {
        hubs[0].admin().mint(address, "1000").await;
    }
    let racers = (0..12).map(|racer| {
        let buyer = people[racer % 3].at(&hubs[racer % 2]);
        async move { purchase(&buyer, "bakery").await }
    });
    let replies = futures_util::future::join_all(racers).await;
    let mut said: Vec<_> = replies.iter().map(super::support::Reply::said).collect();
    said.sort_unstable();
    let expected: Vec<_> = [(201, "")].into_iter().chain([(409, "name_taken"); 11]).collect();
    assert_eq!(said, expected);
    assert_eq!(hubs[0].guest().get("/api/v1/supply").await.data()["supply"], 2_500);
    site.verify();
}

/// A name goes back and forth between two wallets while many pay to it, on two hubs: the log says whose it was at each
/// payment, and that is who was paid.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_to_a_name_pays_whoever_owns_it_at_that_moment() {
    let site = Site::new().await;
    let hubs = [site.hub(&[]).await, site.hub(&[]).await];
    let [anna, bert, cara] = with_name(&hubs[0]).await;
    hubs[0].admin().mint(CARA.1, "100000").await;
    let rounds = if soak() { 200 } else { 25 };
    let mut tasks = JoinSet::new();
    for payer in 0..8 {
        let cara = cara.at(&hubs[payer % 2]);
        tasks.spawn(async move {
            for _ in 0..rounds * 4 {
                let paid = cara.pay("counter@bakery.kro", "1").await;
                assert_eq!(paid.status, 201, "{paid:?}");
            }
        });
    }
    let owners = [(anna.at(&hubs[0]), BERT.1), (bert.at(&hubs[1]), ANNA.1)];
    tasks.spawn(async move {
        for round in 0..rounds {
            let (owner, to) = &owners[round % 2];
            let given = give(owner, "bakery", to).await;
            assert_eq!(given.status, 200, "{given:?}");
        }
    });
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
    let events: Vec<(String, String)> =
        sqlx::query_as("select kind, data from events order by seq")
            .fetch_all(&mut site.sql().await)
            .await
            .unwrap();
    let (mut owner, mut paid, mut given) = (String::new(), 0, 0);
    for (kind, data) in events {
        let data: Value = serde_json::from_str(&data).unwrap();
        match kind.as_str() {
            "name.registered" | "name.transferred" => {
                owner = data["owner"].as_str().unwrap().to_owned();
                given += 1;
            }
            "payment.made" if data["sent_name"] == "bakery" => {
                assert_eq!(data["to"], owner.as_str(), "payment {}", data["id"]);
                paid += 1;
            }
            _ => {}
        }
    }
    assert_eq!((paid, given), (8 * rounds * 4, rounds + 1));
    site.verify();
}

#[tokio::test]
async fn a_payment_to_nobody_makes_the_wallet_where_the_community_wants_that() {
    let site = Site::new().await;
    let hub = site.hub(&["--create-payees=true"]).await;
    let [anna, bert, _] = hub.people().await;
    let poor = bert.pay(NOBODY, "1").await;
    assert_eq!(poor.said(), (402, "insufficient_funds"));
    let path = format!("/api/v1/wallets/{NOBODY}");
    assert_eq!(hub.guest().get(&path).await.status, 404, "a refused payment makes nothing");
    let mut socket = Socket::on(&hub, &[&format!("wallet:{NOBODY}")]).await;
    assert_eq!(anna.pay(NOBODY, "5").await.status, 201);
    let heard = socket.events(2).await;
    assert_eq!(
        (&heard[0]["kind"], &heard[1]["kind"]),
        (&json!("wallet.created"), &json!("payment.made"))
    );
    assert_eq!(
        (&heard[0]["data"]["version"], &heard[1]["data"]["to_version"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(hub.guest().balance(NOBODY).await, "5");
    // At once, on two hubs: one wallet, every payment.
    let others = [site.hub(&["--create-payees=true"]).await, hub];
    let racers = (0..40).map(|racer| {
        let anna = anna.at(&others[racer % 2]);
        async move { anna.pay(&format!("kracer000{}", racer % 4), "1").await.status }
    });
    let statuses = futures_util::future::join_all(racers).await;
    assert_eq!(statuses, [201; 40]);
    for wallet in 0..4 {
        assert_eq!(others[0].guest().balance(&format!("kracer000{wallet}")).await, "10");
    }
    site.verify();
}

#[tokio::test]
async fn while_payments_are_off_nobody_pays_and_nothing_is_remembered() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = with_name(&hub).await;
    let switch = async |on: bool| {
        sqlx::query("update log_head set payments_on = $1")
            .bind(on)
            .execute(&mut site.sql().await)
            .await
            .unwrap();
    };
    let order = json!({"to": BERT.1, "amount": 1});
    let before = anna.post_keyed("/api/v1/payments", "before", &order).await;
    switch(false).await;
    let off = (423, "transactions_disabled");
    assert_eq!(anna.post_keyed("/api/v1/payments", "k1", &order).await.said(), off);
    assert_eq!(purchase(&anna, "mill").await.said(), off);
    assert_eq!(give(&anna, "bakery", BERT.1).await.said(), off);
    assert_eq!(lead(&anna, "bakery", json!("x")).await.said(), off);
    // What was answered before is answered again, and the operator's money moves.
    let again = anna.post_keyed("/api/v1/payments", "before", &order).await;
    assert_eq!((again.status, again.body), (201, before.body));
    hub.admin().mint(BERT.1, "1").await;
    switch(true).await;
    assert_eq!(anna.post_keyed("/api/v1/payments", "k1", &order).await.status, 201);
    assert_eq!(hub.guest().balance(BERT.1).await, "3");
    site.verify();
}
