//! Names over the Krist door: bought, given away, paid to, looked up, heard of.

use serde_json::{Value, json};

use super::support::{
    ANNA, BERT, CARA, Hub, NOBODY, Site,
    krist::{DOOR, get, hold, holding, owner, post, said},
};

async fn people(site: &Site) -> Hub {
    let hub = site.hub(&[]).await;
    for (person, amount) in [(ANNA, "2000"), (BERT, "100"), (CARA, "100")] {
        hub.login(person).await;
        hub.admin().mint(person.1, amount).await;
    }
    hub
}

async fn buy(hub: &Hub, key: &str, name: &str) -> (u16, bool, String) {
    let reply = post(hub, &format!("/names/{name}"), json!({"privatekey": key})).await;
    let (status, ok, code) = said(&reply);
    (status, ok, code.to_owned())
}

async fn count(hub: &Hub, path: &str) -> Value {
    get(hub, path).await.body["total"].clone()
}

#[tokio::test]
async fn a_name_is_bought_once_and_for_its_price() {
    let site = Site::new().await;
    let hub = people(&site).await;
    assert_eq!(get(&hub, "/names/cost").await.body["name_cost"], 500);
    assert_eq!(get(&hub, "/names/bonus").await.body["name_bonus"], 0);
    assert_eq!(get(&hub, "/names/check/bakery").await.body["available"], true);
    assert_eq!(said(&get(&hub, "/names/bakery").await), (404, false, "name_not_found"));
    assert_eq!(buy(&hub, ANNA.0, "Bakery").await, (200, true, String::new()));
    let name = get(&hub, "/names/bakery.kro").await.body["name"].clone();
    assert_eq!(
        (&name["name"], &name["owner"], &name["original_owner"]),
        (&json!("bakery"), &json!(ANNA.1), &json!(ANNA.1))
    );
    let known = name.as_object().unwrap();
    assert!(
        known["transferred"].is_null() && known["transfered"].is_null() && known["a"].is_null()
    );
    assert_eq!(hub.guest().balance(ANNA.1).await, "1500");
    assert_eq!(get(&hub, "/names/check/bakery").await.body["available"], false);
    assert_eq!(buy(&hub, ANNA.0, "bakery").await, (409, false, "name_taken".into()));
    assert_eq!(buy(&hub, BERT.0, "other").await, (403, false, "insufficient_funds".into()));
    assert_eq!(buy(&hub, "", "other").await, (400, false, "missing_parameter".into()));
    assert_eq!(buy(&hub, ANNA.0, "no_good").await, (400, false, "invalid_parameter".into()));
    let taken = post(&hub, "/names/bakery", json!({"privatekey": "a"})).await.body;
    assert_eq!(taken["message"], "Name bakery is already taken");
    site.verify();
}

#[tokio::test]
async fn a_name_changes_hands_and_leads_elsewhere() {
    let site = Site::new().await;
    let hub = people(&site).await;
    buy(&hub, ANNA.0, "bakery").await;
    let update = async |path: &str, body: Value| {
        let reply = post(&hub, path, body).await;
        (said(&reply).2.to_owned(), reply.body["name"]["a"].clone())
    };
    let path = "/names/bakery/update";
    assert_eq!(
        update(path, json!({"privatekey": "a", "a": "example.org"})).await,
        (String::new(), json!("example.org"))
    );
    for nothing in [json!(null), json!("")] {
        update(path, json!({"privatekey": "a", "a": "example.org"})).await;
        assert_eq!(
            update(path, json!({"privatekey": "a", "a": nothing})).await,
            (String::new(), json!(null))
        );
    }
    assert_eq!(update(path, json!({"privatekey": "a", "a": ".bad"})).await.0, "invalid_parameter");
    assert_eq!(update(path, json!({"privatekey": "b", "a": "x.org"})).await.0, "not_name_owner");
    assert_eq!(
        update("/names/nobody/update", json!({"privatekey": "b", "a": "x"})).await.0,
        "name_not_found"
    );
    // The two servers have different methods and paths for it.
    for path in ["/names/bakery", "/names/bakery/update"] {
        let body = json!({"privatekey": "a", "a": path}).to_string();
        let reply = hub
            .guest()
            .send(reqwest::Method::PUT, &format!("{DOOR}{path}"), &[], body.into())
            .await;
        assert_eq!((said(&reply), &reply.body["name"]["a"]), ((200, true, ""), &json!(path)));
    }
    let give = async |key: &str, to: &str| {
        let reply =
            post(&hub, "/names/bakery/transfer", json!({"privatekey": key, "address": to})).await;
        (said(&reply).2.to_owned(), reply.body["name"]["owner"].clone())
    };
    assert_eq!(give("b", BERT.1).await.0, "not_name_owner");
    assert_eq!(give("a", "nonsense").await.0, "invalid_parameter");
    assert_eq!(give("a", NOBODY).await.0, "address_not_found");
    assert_eq!(give("a", ANNA.1).await, (String::new(), json!(ANNA.1)));
    assert_eq!(give("a", BERT.1).await, (String::new(), json!(BERT.1)));
    let name = get(&hub, "/names/bakery").await.body["name"].clone();
    assert!(name["transferred"].is_string() && name["transferred"] == name["transfered"], "{name}");
    let history = get(&hub, "/lookup/names/bakery/history?order=DESC").await.body;
    let types: Vec<_> =
        history["transactions"].as_array().unwrap().iter().map(|row| row["type"].clone()).collect();
    assert_eq!(
        (types.first(), types.last()),
        (Some(&json!("name_transfer")), Some(&json!("name_purchase")))
    );
    assert_eq!(
        (&history["transactions"][0]["name"], &history["transactions"][0]["value"]),
        (&json!("bakery"), &json!(0))
    );
}

#[tokio::test]
async fn who_owns_a_name_is_paid_by_it() {
    let site = Site::new().await;
    let hub = people(&site).await;
    buy(&hub, ANNA.0, "bakery").await;
    let pay = async |to: &str, metadata: Option<&str>| {
        let body = json!({"privatekey": BERT.0, "to": to, "amount": 1, "metadata": metadata});
        post(&hub, "/transactions", body).await
    };
    let paid = pay("Counter@Bakery.kro", Some("message=hi")).await.body["transaction"].clone();
    let fields = ["to", "sent_name", "sent_metaname", "metadata"].map(|field| paid[field].clone());
    assert_eq!(
        json!(fields),
        json!([ANNA.1, "bakery", "counter", "counter@bakery.kro;message=hi"])
    );
    assert_eq!(pay("bakery.kro", None).await.body["transaction"]["metadata"], "bakery.kro");
    assert_eq!(said(&pay("nobody.kro", None).await), (404, false, "name_not_found"));
    assert_eq!(said(&pay("@bakery.kro", None).await), (400, false, "invalid_parameter"));
    assert_eq!(said(&pay("bakery.kst", None).await), (400, false, "invalid_parameter"));
    post(&hub, "/names/bakery/transfer", json!({"privatekey": "a", "address": CARA.1})).await;
    assert_eq!(pay("bakery.kro", None).await.body["transaction"]["to"], CARA.1);
    assert_eq!(count(&hub, "/lookup/names/bakery/transactions").await, 3);
    assert_eq!(
        get(&hub, "/search/extended?q=bakery").await.body["matches"]["transactions"]["nameInvolved"],
        5
    );
    let results =
        get(&hub, "/search/extended/results/transactions/name?q=bakery.kro&limit=1").await.body;
    assert_eq!((&results["total"], &results["transactions"][0]["to"]), (&json!(5), &json!(CARA.1)));
    assert_eq!(
        get(&hub, "/search?q=bakery.kro").await.body["matches"]["exactName"]["owner"],
        CARA.1
    );
    site.verify();
}

#[tokio::test]
async fn names_are_listed_and_looked_up() {
    let site = Site::new().await;
    let hub = people(&site).await;
    for name in ["bakery", "apples", "cellar"] {
        buy(&hub, ANNA.0, name).await;
    }
    let names = async |path: &str| -> (Value, Vec<String>) {
        let reply = get(&hub, path).await;
        assert_eq!(said(&reply), (200, true, ""), "{path}");
        let rows = reply.body["names"].as_array().unwrap().iter();
        (
            reply.body["total"].clone(),
            rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect(),
        )
    };
    let check = async |path: &str, total: i64, expected: &[&str]| {
        let (told, rows) = names(path).await;
        assert_eq!(
            (told, rows.iter().map(String::as_str).collect::<Vec<_>>()),
            (json!(total), expected.to_vec()),
            "{path}"
        );
    };
    check("/names", 3, &["apples", "bakery", "cellar"]).await;
    check("/names?limit=1&offset=1", 3, &["bakery"]).await;
    check("/names/new", 3, &["cellar", "apples", "bakery"]).await;
    check(&format!("/addresses/{}/names", ANNA.1), 3, &["apples", "bakery", "cellar"]).await;
    check(&format!("/addresses/{}/names", BERT.1), 0, &[]).await;
    check(&format!("/lookup/names/{},{}", ANNA.1, BERT.1), 3, &["apples", "bakery", "cellar"])
        .await;
    check("/lookup/names", 3, &["apples", "bakery", "cellar"]).await;
    check("/lookup/names/?orderBy=registered&order=DESC", 3, &["cellar", "apples", "bakery"]).await;
    assert_eq!(
        said(&get(&hub, &format!("/addresses/{NOBODY}/names")).await),
        (404, false, "address_not_found")
    );
    let with = get(&hub, &format!("/addresses/{}?fetchNames", ANNA.1)).await.body;
    assert_eq!(with["address"]["names"], 3);
    let with =
        get(&hub, &format!("/lookup/addresses/{},{}?fetchNames=true", ANNA.1, BERT.1)).await.body;
    assert_eq!(
        (&with["addresses"][ANNA.1]["names"], &with["addresses"][BERT.1]["names"]),
        (&json!(3), &json!(0))
    );
}

#[tokio::test]
async fn what_becomes_of_a_name_is_heard() {
    let site = Site::new().await;
    let hub = people(&site).await;
    let mut all = holding(&hub, &["names"]).await;
    let mut own = owner(&hub, ANNA).await;
    hold(&mut own, &["ownNames", "names"]).await;
    let mut other = owner(&hub, BERT).await;
    hold(&mut other, &["ownNames"]).await;
    buy(&hub, ANNA.0, "bakery").await;
    post(&hub, "/names/bakery/update", json!({"privatekey": "a", "a": "example.org"})).await;
    post(&hub, "/names/bakery/transfer", json!({"privatekey": "a", "address": BERT.1})).await;
    for socket in [&mut all, &mut own] {
        for (owner, a) in
            [(ANNA.1, json!(null)), (ANNA.1, json!("example.org")), (BERT.1, json!("example.org"))]
        {
            let told = socket.event().await;
            assert_eq!(
                (&told["event"], &told["name"]["owner"], &told["name"]["a"]),
                (&json!("name"), &json!(owner), &a),
                "{told}"
            );
        }
    }
    assert_eq!(other.event().await["name"]["owner"], BERT.1, "it hears of what has become its own");
}

#[tokio::test]
async fn krist_writes_what_was_done_where_the_payee_stands() {
    let site = Site::new().await;
    let hub = site.hub(&["--krist-profile=krist", "--money-scale=0"]).await;
    hub.login(ANNA).await;
    hub.admin().mint(ANNA.1, "1000").await;
    assert_eq!(buy(&hub, ANNA.0, "bakery.kst").await, (200, true, String::new()));
    post(&hub, "/names/bakery/update", json!({"privatekey": "a", "a": "example.org"})).await;
    let give = json!({"privatekey": "a", "address": NOBODY});
    assert_eq!(
        said(&post(&hub, "/names/bakery/transfer", give).await),
        (200, true, ""),
        "who is given it is made"
    );
    let history = get(&hub, "/lookup/names/bakery/history").await.body;
    let to: Vec<_> =
        history["transactions"].as_array().unwrap().iter().map(|row| row["to"].clone()).collect();
    assert_eq!(to, [json!("name"), json!("a"), json!(NOBODY)]);
    let paid = post(
        &hub,
        "/transactions",
        json!({"privatekey": "a", "to": "shop@bakery.kst", "amount": 1}),
    )
    .await;
    assert_eq!(paid.body["transaction"]["metadata"], "shop@bakery.kst");
}
