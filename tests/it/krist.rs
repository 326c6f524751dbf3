//! The Krist door over HTTP: shapes, payments, lists, lookups, in both profiles.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{
    ANNA, BERT, CARA, Hub, NOBODY, Site,
    krist::{get, pay, post, said},
};

/// A request id of Krist's shape.
const REQUEST: &str = "01234567-89ab-cdef-0123-456789abcdef";

async fn kromer(site: &Site) -> Hub {
    let hub = site.hub(&[]).await;
    for (person, amount) in [(ANNA, "100"), (BERT, "50")] {
        hub.login(person).await;
        hub.admin().mint(person.1, amount).await;
    }
    hub
}

#[tokio::test]
async fn a_wallet_has_krists_fields() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    let reply = get(&hub, &format!("/addresses/{}", ANNA.1)).await;
    assert_eq!(said(&reply), (200, true, ""));
    let mut wallet = reply.body["address"].clone();
    let seen = wallet.as_object_mut().unwrap().remove("firstseen").unwrap();
    assert!(seen.as_str().unwrap().ends_with('Z'), "{seen}");
    let expected = json!({"address": ANNA.1, "balance": 100, "totalin": 100, "totalout": 0});
    assert_eq!(wallet, expected);
    for (path, expected) in [
        (format!("/addresses/{NOBODY}"), (404, false, "address_not_found")),
        ("/addresses/a5dfb396d3".to_owned(), (404, false, "address_not_found")),
        ("/addresses/nonsense".to_owned(), (400, false, "invalid_parameter")),
    ] {
        assert_eq!(said(&get(&hub, &path).await), expected, "{path}");
    }
    let missing = get(&hub, &format!("/addresses/{NOBODY}")).await.body;
    assert_eq!(missing["message"], format!("Address {NOBODY} not found"));
    assert_eq!(missing["address"], NOBODY);
}

#[tokio::test]
async fn a_payment_has_krists_fields_and_arrives() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    let body =
        json!({"privatekey": ANNA.0, "to": BERT.1, "amount": "10.25", "metadata": "message=hi"});
    let reply = post(&hub, "/transactions", body).await;
    assert_eq!(said(&reply), (200, true, ""), "{reply:?}");
    assert_eq!(reply.headers["x-idempotency-state"], "not-idempotent");
    let made = &reply.body["transaction"];
    let fields = ["from", "to", "value", "metadata", "name", "sent_name", "sent_metaname", "type"];
    let told: Vec<_> = fields.iter().map(|field| made[field].clone()).collect();
    let expected = json!([ANNA.1, BERT.1, 10.25, "message=hi", null, null, null, "transfer"]);
    assert_eq!(Value::from(told), expected);
    assert!(made["time"].as_str().unwrap().ends_with('Z'));
    let read = get(&hub, &format!("/transactions/{}", made["id"])).await;
    assert_eq!(&read.body["transaction"], made);
    assert_eq!(hub.guest().balance(BERT.1).await, "60.25");
    // Clients of this profile want a text where there is no metadata.
    let plain = pay(&hub, ANNA, BERT.1, json!(1)).await;
    assert_eq!(plain.body["transaction"]["metadata"], "");
    let minted = &get(&hub, "/transactions/1").await.body["transaction"];
    assert_eq!((&minted["type"], &minted["from"]), (&json!("mined"), &json!("serverwelf")));
    assert_eq!(said(&get(&hub, "/transactions/99").await), (404, false, "transaction_not_found"));
    assert_eq!(said(&get(&hub, "/transactions/x").await), (400, false, "invalid_parameter"));
    site.verify();
}

/// A body, and the code and the parameter that it is refused with.
fn bad_payments() -> Vec<(Value, &'static str, &'static str)> {
    let long = "x".repeat(256);
    let body = |more: Value| {
        let mut body = json!({"privatekey": "a", "to": BERT.1, "amount": 1});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let (missing, invalid) = ("missing_parameter", "invalid_parameter");
    vec![
        (json!({}), missing, "privatekey"),
        (json!({"privatekey": 7}), invalid, "privatekey"),
        (json!({"privatekey": "a"}), missing, "to"),
        (body(json!({"to": 7})), invalid, "to"),
        (json!({"privatekey": "a", "to": "nonsense"}), missing, "amount"),
        (body(json!({"amount": 0})), missing, "amount"),
        (body(json!({"amount": ""})), missing, "amount"),
        (body(json!({"amount": null})), missing, "amount"),
        (body(json!({"to": "nonsense", "amount": -1, "requestId": "x"})), invalid, "requestId"),
        (body(json!({"to": "nonsense", "amount": -1})), invalid, "to"),
        (body(json!({"amount": -1, "metadata": long})), invalid, "amount"),
        (body(json!({"amount": "NaN"})), invalid, "amount"),
        (body(json!({"amount": 0.004})), invalid, "amount"),
        (body(json!({"metadata": long})), invalid, "metadata"),
        (body(json!({"metadata": "\u{1}"})), invalid, "metadata"),
    ]
}

/// In Krist's order: what is missing first, then what is wrong, then who pays, then whether they can.
#[tokio::test]
async fn a_payment_is_refused_for_the_first_reason() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    for (body, code, parameter) in bad_payments() {
        let reply = post(&hub, "/transactions", body.clone()).await;
        assert_eq!(said(&reply), (400, false, code), "{body}");
        assert_eq!(reply.body["parameter"], parameter, "{body}");
        let word = if code == "missing_parameter" { "Missing" } else { "Invalid" };
        assert_eq!(reply.body["message"], format!("{word} parameter {parameter}"), "{body}");
    }
    // A key that nobody has used is no wrong key: its wallet is empty.
    let poor = pay(&hub, ("fresh", ""), BERT.1, json!(1)).await;
    assert_eq!(said(&poor), (403, false, "insufficient_funds"));
    assert_eq!(poor.body["message"], "Insufficient funds");
    assert_eq!(
        said(&pay(&hub, ANNA, BERT.1, json!(100.01)).await),
        (403, false, "insufficient_funds")
    );
    let nobody = pay(&hub, ANNA, NOBODY, json!(1)).await;
    assert_eq!(said(&nobody), (404, false, "address_not_found"));
    let own = pay(&hub, ANNA, ANNA.1, json!(1)).await;
    assert_eq!(said(&own), (400, false, "same_wallet_transfer"));
    assert_eq!(own.body["message"], "Same wallet transfer is not allowed");
    hub.admin().patch(&format!("/api/v1/admin/wallets/{}", ANNA.1), &json!({"locked": true})).await;
    let locked = pay(&hub, ANNA, BERT.1, json!(1)).await;
    assert_eq!(said(&locked), (401, false, "auth_failed"));
    assert_eq!(locked.body["message"], "Authentication failed");
    assert_eq!(hub.guest().balance(ANNA.1).await, "100", "nothing was paid");
}

#[tokio::test]
async fn the_same_request_is_the_same_payment() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    let body = |amount: u32| json!({"privatekey": ANNA.0, "to": BERT.1, "amount": amount, "requestId": REQUEST});
    let first = post(&hub, "/transactions", body(100)).await;
    let second = post(&hub, "/transactions", body(100)).await;
    assert_eq!(first.body, second.body, "paid once, although the payer has nothing left");
    let other = post(&hub, "/transactions", body(7)).await;
    assert_eq!(said(&other), (409, false, "transaction_conflict"));
    assert_eq!(other.body["message"], "Transaction conflict for parameter amount");

    let keyed = async |amount: u32| {
        let body = json!({"privatekey": BERT.0, "to": ANNA.1, "amount": amount}).to_string();
        let headers = [("idempotency-key", "first")];
        let path = "/api/krist/transactions";
        hub.guest().send(Method::POST, path, &headers, body.into()).await
    };
    let first = keyed(150).await;
    assert_eq!(first.headers["x-idempotency-state"], "cache-miss");
    let second = keyed(150).await;
    assert_eq!(
        (&second.body, &second.headers["x-idempotency-state"]),
        (&first.body, &"cache-hit".parse().unwrap())
    );
    assert_eq!(said(&keyed(1).await), (409, false, "transaction_conflict"));
    assert_eq!(hub.guest().balance(ANNA.1).await, "150");
}

/// Krist's own tests of races, on the same door.
#[tokio::test]
async fn payments_that_race_spend_nothing_twice() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    let all = async || said(&pay(&hub, ANNA, BERT.1, json!(100)).await).1;
    let done = tokio::join!(all(), all(), all());
    assert_eq!([done.0, done.1, done.2].iter().filter(|paid| **paid).count(), 1);
    let ones = (0..100).map(|_| pay(&hub, BERT, ANNA.1, json!(1)));
    let done = futures_util::future::join_all(ones).await;
    assert!(done.iter().all(|reply| said(reply).1), "{done:?}");
    assert_eq!(hub.guest().balance(ANNA.1).await, "100");
    site.verify();
}

#[tokio::test]
async fn pages_of_payments_and_their_totals_agree() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    for amount in 1..=5 {
        assert!(said(&pay(&hub, ANNA, BERT.1, json!(amount)).await).1);
    }
    let ids = async |path: &str| {
        let reply = get(&hub, path).await;
        assert_eq!(said(&reply), (200, true, ""), "{path}");
        let rows = reply.body["transactions"].as_array().unwrap();
        assert_eq!(reply.body["count"], rows.len(), "{path}");
        let ids = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect::<Vec<_>>();
        (reply.body["total"].as_i64().unwrap(), ids)
    };
    let check = async |path: &str, total: i64, expected: &[i64]| {
        assert_eq!(ids(path).await, (total, expected.to_vec()), "{path}");
    };
    check("/transactions", 7, &[1, 2, 3, 4, 5, 6, 7]).await;
    check("/transactions?limit=2&offset=5", 7, &[6, 7]).await;
    check("/transactions?offset=100", 7, &[]).await;
    check("/transactions/latest?limit=2&offset=1", 7, &[6, 5]).await;
    check("/transactions/latest?limit=3&offset=6", 7, &[1]).await;
    check("/transactions?excludeMined", 5, &[3, 4, 5, 6, 7]).await;
    check("/transactions/latest?exclude_mined=true&limit=2", 5, &[7, 6]).await;
    let anna = format!("/addresses/{}/transactions", ANNA.1);
    check(&anna, 6, &[7, 6, 5, 4, 3, 1]).await;
    check(&format!("{anna}?excludeMined&limit=2&offset=1"), 5, &[6, 5]).await;
    check(&format!("/lookup/transactions/{}", BERT.1), 5, &[3, 4, 5, 6, 7]).await;
    check(
        &format!("/lookup/transactions/{},{}?includeMined&order=DESC&limit=3", ANNA.1, BERT.1),
        7,
        &[7, 6, 5],
    )
    .await;
    check("/lookup/transactions?orderBy=value&order=DESC&limit=2", 5, &[7, 6]).await;
    check("/lookup/transactions/?orderBy=from&includeMined&limit=1", 7, &[3]).await;
    for path in
        ["/transactions?limit=0", "/transactions?offset=-1", "/lookup/transactions?orderBy=x"]
    {
        assert_eq!(said(&get(&hub, path).await), (400, false, "invalid_parameter"), "{path}");
    }
}

#[tokio::test]
async fn wallets_are_listed_and_looked_up() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    let rich = get(&hub, "/addresses/rich?limit=1").await.body;
    assert_eq!((&rich["total"], &rich["addresses"][0]["address"]), (&json!(2), &json!(ANNA.1)));
    let all = get(&hub, "/addresses?offset=1").await.body;
    assert_eq!((&all["count"], &all["addresses"][0]["address"]), (&json!(1), &json!(BERT.1)));
    // Some clients percent-encode the comma.
    for comma in [",", "%2C"] {
        let path = format!("/lookup/addresses/{}{comma}{NOBODY}", ANNA.1);
        let found = get(&hub, &path).await.body;
        assert_eq!((&found["found"], &found["notFound"]), (&json!(1), &json!(1)), "{found}");
        assert_eq!(found["addresses"][ANNA.1]["balance"], 100);
        assert!(found["addresses"].as_object().unwrap()[NOBODY].is_null());
    }
    let many = [ANNA.1; 3].join(",");
    assert_eq!(get(&hub, &format!("/lookup/addresses/{many}")).await.body["found"], 1);
    assert_eq!(
        said(&get(&hub, "/lookup/addresses/nonsense").await),
        (400, false, "invalid_parameter")
    );
}

#[tokio::test]
async fn a_payment_is_found_by_what_was_written_on_it() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    let body = json!({"privatekey": ANNA.0, "to": BERT.1, "amount": 1, "metadata": "ref=A7f3"});
    let id = post(&hub, "/transactions", body).await.body["transaction"]["id"].clone();
    let extended = get(&hub, "/search/extended?q=ref%3Da7F3").await.body;
    assert_eq!(
        extended["matches"]["transactions"],
        json!({"addressInvolved": false, "nameInvolved": false, "metadata": 1})
    );
    let results =
        get(&hub, "/search/extended/results/transactions/metadata?q=ref%3Da7f3").await.body;
    assert_eq!((&results["total"], &results["transactions"][0]["id"]), (&json!(1), &id));
    let involved = get(&hub, &format!("/search/extended?q={}", ANNA.1)).await.body;
    assert_eq!(involved["matches"]["transactions"]["addressInvolved"], 2);
    let found = get(&hub, &format!("/search?q={}", ANNA.1)).await.body;
    assert_eq!(found["matches"]["exactAddress"]["balance"], 99);
    assert_eq!(found["query"]["matchAddress"], true);
    let by_id = get(&hub, &format!("/search?q={id}")).await.body;
    assert_eq!(by_id["matches"]["exactTransaction"]["id"], id);
    assert_eq!(by_id["matches"]["exactAddress"], false);
    assert_eq!(said(&get(&hub, "/search").await), (400, false, "missing_parameter"));
    assert_eq!(said(&get(&hub, "/search/extended?q=ab").await), (400, false, "invalid_parameter"));
}

#[tokio::test]
async fn logging_in_says_who_one_is() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    let login = async |key: &str| post(&hub, "/login", json!({"privatekey": key})).await.body;
    assert_eq!(login(ANNA.0).await, json!({"ok": true, "authed": true, "address": ANNA.1}));
    assert_eq!(login("c").await["address"], CARA.1, "a new key makes its wallet");
    hub.admin().patch(&format!("/api/v1/admin/wallets/{}", ANNA.1), &json!({"locked": true})).await;
    assert_eq!(login(ANNA.0).await, json!({"ok": true, "authed": false}));
    assert_eq!(said(&post(&hub, "/login", json!({})).await), (400, false, "missing_parameter"));
    assert_eq!(
        said(&post(&hub, "/login?v=1", json!({"privatekey": "a"})).await),
        (400, false, "invalid_parameter")
    );
    // What only computes makes nothing.
    let v2 = post(&hub, "/v2", json!({"privatekey": "d"})).await.body;
    assert_eq!(v2, json!({"ok": true, "address": "k0duvsr4qn"}));
    assert_eq!(said(&get(&hub, "/addresses/k0duvsr4qn").await), (404, false, "address_not_found"));
    assert_eq!(
        post(&hub, "/addresses/alert", json!({"privatekey": "b"})).await.body,
        json!({"ok": true, "alert": null})
    );
    assert_eq!(
        said(&post(&hub, "/addresses/alert", json!({"privatekey": "a"})).await),
        (401, false, "auth_failed")
    );
}

#[tokio::test]
async fn the_community_describes_itself() {
    let site = Site::new().await;
    let hub = kromer(&site).await;
    let motd = get(&hub, "/motd").await.body;
    assert_eq!((&motd["ok"], &motd["mining_enabled"]), (&json!(true), &json!(false)));
    assert_eq!(
        motd["currency"],
        json!({"address_prefix": "k", "name_suffix": "kro",
        "currency_name": "Kromer", "currency_symbol": "KRO"})
    );
    assert_eq!(motd["public_ws_url"], hub.address);
    assert!(motd["package"]["git_hash"].is_string() && motd["package"]["licence"].is_string());
    assert!(motd["motd_set"].as_str().unwrap().ends_with('Z'));
    assert_eq!(get(&hub, "/supply").await.body["money_supply"], 150);
    assert_eq!(get(&hub, "/walletversion").await.body["walletVersion"], 16);
    for path in [
        "/work",
        "/work/day",
        "/work/detailed",
        "/whatsnew",
        "/blocks",
        "/blocks/latest",
        "/blocks/value",
    ] {
        assert_eq!(said(&get(&hub, path).await), (200, true, ""), "{path}");
    }
    assert_eq!(said(&get(&hub, "/blocks/7").await), (404, false, "block_not_found"));
    assert_eq!(said(&post(&hub, "/submit", json!({})).await), (423, false, "mining_disabled"));
    for (method, path) in
        [(Method::GET, "/nothing"), (Method::DELETE, "/motd"), (Method::GET, "/login")]
    {
        let reply = hub.guest().send(method, &format!("/api/krist{path}"), &[], Vec::new()).await;
        assert_eq!(said(&reply), (404, false, "route_not_found"), "{path}");
        assert_eq!(reply.body["message"], "Route not found");
    }
}

#[tokio::test]
async fn krists_own_profile_counts_whole_numbers_and_answers_at_the_root() {
    let site = Site::new().await;
    let hub = site.hub(&["--krist-profile=krist", "--money-scale=0"]).await;
    let guest = hub.guest();
    hub.login(ANNA).await;
    hub.admin().mint(ANNA.1, "100").await;
    // The wallet of whoever is paid is made by that.
    let body = json!({"privatekey": ANNA.0, "to": NOBODY, "amount": 2.9});
    let paid = guest.post("/transactions", &body).await;
    assert_eq!(said(&paid), (200, true, ""), "{paid:?}");
    assert_eq!(paid.body["transaction"]["value"], 2);
    assert!(paid.body["transaction"].as_object().unwrap()["metadata"].is_null());
    assert!(guest.get("/transactions/1").await.body["transaction"]["from"].is_null());
    assert_eq!(guest.balance(NOBODY).await, "2");
    // Errors are 200, whatever they are.
    for (path, code) in
        [("/addresses/kzzzzzzzzz", "address_not_found"), ("/nothing", "route_not_found")]
    {
        let reply = guest.get(&format!("/api/krist{path}")).await;
        assert_eq!(said(&reply), (200, false, code), "{path}");
    }
    assert_eq!(said(&guest.get("/addresses/kzzzzzzzzz").await), (200, false, "address_not_found"));
    let motd = guest.get("/motd").await.body;
    assert_eq!(motd["currency"]["name_suffix"], "kst");
    // What else the hub has at its root is still there.
    assert_eq!(guest.get("/healthz").await.status, 200);
    assert_eq!(guest.get("/docs").await.status, 200);
    assert_eq!(guest.get("/nothing").await.said(), (404, "route_not_found"));
}

#[tokio::test]
async fn the_profiles_do_not_mix() {
    let site = Site::new().await;
    let output = site.run(&["check-config", "--krist-profile=krist"]);
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("krist_profile") && told.contains("money_scale"), "{told}");
}

#[tokio::test]
async fn a_private_ledger_shows_a_wallet_to_its_owner() {
    let site = Site::new().await;
    let hub = site.hub(&["--public-ledger=false"]).await;
    let anna = hub.login(ANNA).await;
    let path = format!("/api/krist/addresses/{}", ANNA.1);
    assert_eq!(said(&hub.guest().get(&path).await), (401, false, "auth_failed"));
    assert_eq!(said(&anna.get(&path).await), (200, true, ""));
    for path in [
        "/addresses",
        "/addresses/rich",
        "/transactions",
        "/transactions/latest",
        "/search?q=abc",
        "/lookup/transactions",
        &format!("/lookup/addresses/{}", BERT.1),
    ] {
        assert_eq!(said(&get(&hub, path).await), (401, false, "auth_failed"), "{path}");
    }
    assert_eq!(said(&get(&hub, "/supply").await), (200, true, ""));
    let nonsense = [("authorization", "Bearer nonsense")];
    let reply = hub.guest().send(Method::GET, "/api/krist/motd", &nonsense, Vec::new()).await;
    assert_eq!(said(&reply), (401, false, "auth_failed"));
}
