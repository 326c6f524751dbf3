//! Contracts over HTTP: offered, listed, changed, refused.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{
    ANNA, BERT, CARA, Site, Socket,
    contracts::{offer, subscribe, subscribed},
};

#[tokio::test]
async fn a_contract_is_offered_read_and_listed() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    let body = json!({"title": "Newspaper", "description": "Every morning.", "price": 2.5,
                      "cron_expr": "0 6 * * *", "max_subscribers": 3, "allow_list": [BERT.1]});
    let made = anna.post_keyed("/api/v1/contracts", "k1", &body).await;
    assert_eq!((made.status, &made.headers["etag"]), (201, &"\"1\"".parse().unwrap()), "{made:?}");
    let contract = made.data();
    assert_eq!(contract["address"], ANNA.1);
    assert_eq!((&contract["status"], &contract["version"]), (&json!("open"), &json!(1)));
    assert_eq!(contract["price"].to_string(), "2.5");
    assert_eq!(contract["allow_list"], json!([BERT.1]));
    assert!(contract["next_occurrence"].as_str().unwrap().ends_with("T06:00:00.000Z"));
    let again = anna.post_keyed("/api/v1/contracts", "k1", &body).await;
    assert_eq!((again.status, &again.body), (201, &made.body));
    let id = contract["contract_id"].as_i64().unwrap();
    let path = format!("/api/v1/contracts/{id}");
    // What is restricted is shown in part.
    for (caller, eligible, described) in
        [(&hub.guest(), Value::Null, false), (&bert, json!(true), true)]
    {
        let seen = caller.get(&path).await;
        assert_eq!(seen.data()["allow_list"], Value::Null);
        assert_eq!(
            (&seen.data()["restricted"], &seen.data()["eligible"]),
            (&json!(true), &eligible)
        );
        assert_eq!(seen.data()["description"].is_string(), described);
    }
    assert_eq!(hub.guest().get("/api/v1/contracts/99").await.said(), (404, "contract_not_found"));
}

#[tokio::test]
async fn contracts_are_listed_by_owner_status_eligibility_and_text() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, cara] = hub.people().await;
    let bread = offer(&anna, json!({"title": "Bread"})).await;
    let secret = offer(
        &anna,
        json!({"title": "Cellar", "description": "bread too", "allow_list": [BERT.1]}),
    )
    .await;
    let rent = offer(&bert, json!({"title": "Rent", "description": "with BREAD"})).await;
    let closed = offer(&bert, json!({"title": "Gone"})).await;
    bert.patch(&format!("/api/v1/contracts/{closed}"), &json!({"status": "closed"})).await;
    let list = async |caller: &super::support::Api, query: String| -> Vec<i64> {
        let page = caller.get(&format!("/api/v1/contracts?{query}")).await;
        assert_eq!(page.status, 200, "{query}: {page:?}");
        let items = page.data()["items"].as_array().unwrap();
        items.iter().map(|item| item["contract_id"].as_i64().unwrap()).collect()
    };
    let guest = hub.guest();
    assert_eq!(list(&guest, String::new()).await, [bread, secret, rent, closed]);
    assert_eq!(list(&guest, format!("address={}", ANNA.1)).await, [bread, secret]);
    assert_eq!(list(&guest, "status=closed".into()).await, [closed]);
    assert_eq!(list(&guest, "is_open=true&q=bread".into()).await, [bread, rent]);
    assert_eq!(list(&bert, format!("eligible_for={}", BERT.1)).await, [bread, secret]);
    assert_eq!(list(&cara, format!("eligible_for={}", CARA.1)).await, [bread, rent]);
    assert_eq!(list(&hub.admin(), format!("eligible_for={}", BERT.1)).await, [bread, secret]);
    assert_eq!(list(&guest, "limit=1&offset=2".into()).await, [rent]);
    assert_eq!(list(&guest, format!("limit=2&after_id={secret}")).await, [rent, closed]);
    let page = guest.get("/api/v1/contracts?limit=2").await;
    assert_eq!((&page.data()["next"], &page.data()["remaining"]), (&json!(secret), &json!(2)));
    let foreign = cara.get(&format!("/api/v1/contracts?eligible_for={}", BERT.1)).await;
    assert_eq!(foreign.said(), (403, "forbidden"));
    // Regression: limits that overflowed.
    for bad in ["status=lost", "limit=-2147483648", "offset=-1", "address=x", "is_open=maybe"] {
        let refused = guest.get(&format!("/api/v1/contracts?{bad}")).await;
        assert_eq!(refused.said(), (400, "query_invalid"), "{bad}");
    }
    let long = guest.get(&format!("/api/v1/contracts?q={}", "x".repeat(65))).await;
    assert_eq!(long.said(), (400, "validation_error"));
}

/// Regression: what no contract can be is refused before the database sees it.
#[tokio::test]
async fn what_is_no_contract_is_refused_with_the_field() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let id = offer(&anna, json!({})).await;
    let mut many: Vec<_> = (0..1_001).map(|n| format!("k{n:09}")).collect();
    let cases = [
        (json!({"title": ""}), "validation_error", "title"),
        (json!({"title": "x".repeat(65)}), "validation_error", "title"),
        (json!({"description": "x".repeat(256)}), "validation_error", "description"),
        (json!({"price": 0}), "validation_error", "price"),
        (json!({"price": 0.001}), "validation_error", "price"),
        (json!({"max_subscribers": 0}), "validation_error", "max_subscribers"),
        (json!({"max_subscribers": 4_294_967_295_u32}), "validation_error", "max_subscribers"),
        (json!({"allow_list": [BERT.1, "me"]}), "invalid_allow_list", "allow_list[1]"),
        (json!({"allow_list": many}), "invalid_allow_list", "allow_list"),
        (json!({"period_seconds": 59}), "invalid_schedule", ""),
        (json!({"period_seconds": 60, "period_months": 1}), "invalid_schedule", ""),
        (json!({"period_seconds": null, "cron_expr": "* * * * * *"}), "invalid_schedule", ""),
        (json!({"period_seconds": null, "cron_expr": "0 0 30 2 *"}), "invalid_schedule", ""),
    ];
    for (change, code, field) in cases {
        let mut body = json!({"title": "Newspaper", "price": 2, "period_seconds": 60});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let made = anna.post("/api/v1/contracts", &body).await;
        let edited = anna.patch(&format!("/api/v1/contracts/{id}"), &change).await;
        for refused in [made, edited] {
            assert_eq!(refused.said(), (400, code), "{change}");
            let named = refused.body["error"]["details"][0]["field"].as_str().unwrap_or("");
            assert_eq!(named, field, "{change}");
        }
    }
    for empty in [json!({}), json!({"title": null}), json!({"version": 1})] {
        let refused = anna.patch(&format!("/api/v1/contracts/{id}"), &empty).await;
        assert_eq!(refused.said(), (400, "empty_patch"), "{empty}");
    }
    // An empty list is everybody, as null is.
    many.truncate(1_000);
    for (list, restricted) in [(json!(many), true), (json!([]), false)] {
        let edited =
            anna.patch(&format!("/api/v1/contracts/{id}"), &json!({"allow_list": list})).await;
        assert_eq!(edited.data()["restricted"], restricted, "{edited:?}");
    }
}

/// Regression: a status alone, no way back from canceled, and 403 for another's contract.
#[tokio::test]
async fn an_owner_edits_closes_reopens_and_cancels() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    let mut socket = Socket::of(&hub, &hub.guest()).await;
    let id = offer(&anna, json!({"description": "Every morning."})).await;
    let path = format!("/api/v1/contracts/{id}");
    socket.listen(&["contracts"]).await;
    let body = json!({"price": 3, "description": null, "max_subscribers": 7});
    assert_eq!(bert.patch(&path, &body).await.said(), (403, "forbidden"));
    assert_eq!(bert.delete(&path).await.said(), (403, "forbidden"));
    let edited = anna.patch(&path, &body).await;
    assert_eq!((edited.status, &edited.data()["version"]), (200, &json!(2)), "{edited:?}");
    assert_eq!(edited.data()["description"], Value::Null);
    // The same again changes nothing and tells nobody.
    assert_eq!(anna.patch(&path, &body).await.data()["version"], 2);
    for (status, version) in [("closed", 3), ("open", 4), ("Closed", 5)] {
        let changed = anna.patch(&path, &json!({"status": status})).await;
        assert_eq!(changed.data()["version"], version, "{status}: {changed:?}");
    }
    assert_eq!(subscribe(&bert, id).await.said(), (409, "contract_closed"));
    let stale = [("if-match", "\"4\"")];
    let body = br#"{"status":"open"}"#.to_vec();
    let refused = anna.send(Method::PATCH, &path, &stale, body.clone()).await;
    assert_eq!(refused.said(), (409, "version_conflict"));
    assert_eq!(refused.body["error"]["details"][0]["message"], "5");
    assert_eq!(anna.send(Method::PATCH, &path, &[("if-match", "\"5\"")], body).await.status, 200);
    let seen = anna.patch(&path, &json!({"title": "Weekly", "version": 5})).await;
    assert_eq!(seen.said(), (409, "version_conflict"));
    assert_eq!(anna.delete(&path).await.data()["status"], "canceled");
    assert_eq!(anna.delete(&path).await.status, 200, "twice is once");
    let back = anna.patch(&path, &json!({"status": "open"})).await;
    assert_eq!(back.said(), (409, "contract_canceled"));
    assert_eq!(subscribe(&bert, id).await.said(), (409, "contract_canceled"));
    let events = socket.events(7).await;
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "contract.created",
            "contract.edited",
            "contract.closed",
            "contract.opened",
            "contract.closed",
            "contract.opened",
            "contract.canceled"
        ]
    );
    assert_eq!(events[1]["data"]["changed"], json!(["description", "price", "max_subscribers"]));
    let versions: Vec<_> =
        events.iter().map(|event| event["data"]["contract"]["version"].as_i64().unwrap()).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7]);
}

#[tokio::test]
async fn the_snapshots_of_contracts_and_subscriptions_are_what_a_guest_reads() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    anna.pay(BERT.1, "10").await;
    let id = offer(&anna, json!({})).await;
    let subscription = subscribed(&bert, id).await;
    let number = subscription.rsplit('/').next().unwrap();
    let mut socket = Socket::guest(&hub).await;
    for (topic, path) in [
        (format!("contract:{id}"), format!("/api/v1/contracts/{id}")),
        (format!("subscription:{number}"), subscription.clone()),
    ] {
        socket
            .ask(json!({"type": "subscribe", "id": 1, "topics": [topic], "snapshot": true}))
            .await;
        let part = socket.hear_a("snapshot").await;
        assert_eq!(&part["data"], hub.guest().get(&path).await.data(), "{topic}");
        socket.hear_a("live").await;
    }
    for unknown in ["contract:x", "subscription:0"] {
        let answer = socket.ask(json!({"type": "subscribe", "topics": [unknown]})).await;
        assert_eq!(answer["code"], "not_found", "{unknown}");
    }
}

#[tokio::test]
async fn in_a_private_ledger_only_the_parties_listen() {
    let site = Site::new().await;
    let hub = site.hub(&["--public-ledger=false"]).await;
    let [anna, bert, cara] = hub.people().await;
    anna.pay(BERT.1, "10").await;
    let id = offer(&anna, json!({})).await;
    let subscription = subscribed(&bert, id).await;
    let number = subscription.rsplit('/').next().unwrap();
    let (contract, one) = (format!("contract:{id}"), format!("subscription:{number}"));
    for (caller, hears) in [
        (&anna, [true, true, true]),
        (&bert, [true, false, true]),
        (&cara, [true, false, false]),
        (&hub.guest(), [true, false, false]),
        (&hub.admin(), [true, true, true]),
    ] {
        let mut socket = Socket::of(&hub, caller).await;
        for (topic, allowed) in ["contracts", &contract, &one].into_iter().zip(hears) {
            let answer = socket.ask(json!({"type": "subscribe", "topics": [topic]})).await;
            let expected = if allowed { Value::Null } else { json!("forbidden") };
            assert_eq!(answer["code"], expected, "{topic} {:?}", caller.token);
        }
    }
    let mine = async |caller: &super::support::Api| {
        caller.get("/api/v1/subscribers").await.data()["count"].clone()
    };
    assert_eq!((mine(&bert).await, mine(&cara).await), (json!(1), json!(0)));
}
