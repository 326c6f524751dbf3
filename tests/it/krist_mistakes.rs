//! The twelve things that doors of this kind have got wrong, a test each.

use std::cell::Cell;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::support::{
    ANNA, BERT, Knock, Site,
    contracts::{offer, subscribe},
    krist::{DOOR, get, guest, hold, owner, pay, said, ticket},
};

/// 1 and 2: sessions and contracts by one dialect, keys in bodies by the other, on paths that do not collide.
#[tokio::test]
async fn two_dialects_of_contracts_live_side_by_side() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    anna.pay(BERT.1, "10").await;
    let id = offer(&anna, json!({})).await;
    for (path, field) in [
        (format!("/api/v1/contracts/{id}"), "contract_id"),
        (format!("/api/v1/subscriptions/{id}"), "id"),
    ] {
        assert_eq!(hub.guest().get(&path).await.data()[field], id, "{path}");
    }
    assert_eq!(hub.guest().get("/api/v1/subscribers").await.data()["count"], 0);
    let body = json!({"privatekey": BERT.0});
    let reply = hub.guest().post(&format!("/api/v1/subscriptions/{id}/subscribe"), &body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(hub.guest().get("/api/v1/subscribers").await.data()["items"][0]["address"], BERT.1);
}

/// 3: a term is a cron expression for some and minutes for others.
#[tokio::test]
async fn a_term_is_cron_or_a_period() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    for (more, period) in
        [(json!({"cron_expr": "0 8 * * *"}), 0), (json!({"period_seconds": 600}), 10)]
    {
        let id = offer(&anna, more).await;
        let told = hub.guest().get(&format!("/api/v1/subscriptions/{id}")).await;
        assert_eq!(told.data()["period"], period);
    }
}

/// 4: who can't pay lapses, and nobody behind waits for that.
#[tokio::test]
async fn who_can_not_pay_lapses_and_is_told() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, ..] = hub.people().await;
    anna.pay(BERT.1, "600").await;
    let id = offer(&anna, json!({"price": 600})).await;
    assert_eq!(subscribe(&bert, id).await.status, 201);
    let mut socket = owner(&hub, BERT).await;
    hold(&mut socket, &["ownSubscriptions"]).await;
    hub.admin().post("/api/v1/admin/clock", &json!({"advance_s": 600})).await;
    assert_eq!(socket.event().await["action"], "payment_failed");
    let lapse = socket.event().await;
    let told = ["action", "status", "reason"].map(|field| lapse[field].clone());
    assert_eq!(json!(told), json!(["lapse", "cancelled", "insufficient_funds"]));
}

/// 5: what the servers have named differently has both names.
#[tokio::test]
async fn renamed_fields_have_both_names() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = guest(&hub).await;
    let me = socket.ask(json!({"id": 1, "type": "me"})).await;
    assert_eq!((&me["isGuest"], &me["is_guest"]), (&json!(true), &json!(true)));
    assert_eq!((&me["responding_to_type"], &me["responding_to"]), (&json!("me"), &json!("me")));
    let left = socket.ask(json!({"id": 1, "type": "unsubscribe", "event": "blocks"})).await;
    // One client expects the name of the opposite here.
    assert_eq!(
        (&left["responding_to_type"], &left["responding_to"]),
        (&json!("unsubscribe"), &json!("subscribe"))
    );
}

/// 6: an id comes back as it came, and 0 is an id.
#[tokio::test]
async fn an_id_comes_back_with_its_type() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = guest(&hub).await;
    for id in [json!(0), json!("0"), json!(1.5), json!("a b")] {
        assert_eq!(socket.ask(json!({"id": id, "type": "work"})).await["id"], id);
    }
}

/// 7: nobody holds a level that Krist does not have without asking for it.
#[tokio::test]
async fn the_levels_at_first_are_krists() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    for mut socket in [guest(&hub).await, owner(&hub, ANNA).await] {
        let held = socket.ask(json!({"id": 1, "type": "get_subscription_level"})).await;
        assert_eq!(held["subscription_level"], json!(["ownTransactions", "blocks"]));
    }
}

/// 8: a subprotocol that is offered is echoed, or a browser closes the connection.
#[tokio::test]
async fn an_offered_subprotocol_is_echoed() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let path = ticket(&hub.guest(), DOOR, &json!({})).await;
    let knock = Knock::at(&hub).door(&path, "hello").header("sec-websocket-protocol", "krist.js");
    assert_eq!(knock.open().await.unwrap().protocol.as_deref(), Some("krist.js"));
}

/// 9: each frame gets one answer, or its client waits for ever. `krist_messages` has all the forms.
#[tokio::test]
async fn nonsense_gets_an_answer() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = guest(&hub).await;
    socket.send(tokio_tungstenite::tungstenite::Message::text("{nonsense")).await;
    assert_eq!(socket.answer().await["error"], "syntax_error");
    assert_eq!(socket.ask(json!({"id": 1, "type": "work"})).await["ok"], true);
}

/// 10: whoever has seen a transaction never sees a new one with a lower id.
#[tokio::test]
async fn ids_of_transactions_become_visible_in_order() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    anna.pay(BERT.1, "100").await;
    let paying = Cell::new(true);
    let pays = (0..60).map(|n| {
        let (from, to) = if n % 2 == 0 { (ANNA, BERT) } else { (BERT, ANNA) };
        pay(&hub, from, to.1, json!(1))
    });
    let pays = async {
        let paid = join_all(pays).await;
        paying.set(false);
        paid
    };
    let watch = async {
        let mut seen = Vec::<i64>::new();
        loop {
            let last = !paying.get();
            let page = get(&hub, "/transactions?limit=1000").await.body;
            let ids = page["transactions"].as_array().unwrap().iter();
            let ids: Vec<i64> = ids.map(|row| row["id"].as_i64().unwrap()).collect();
            assert!(ids.starts_with(&seen), "{seen:?} then {ids:?}");
            assert_eq!(ids, (1..=i64::try_from(ids.len()).unwrap()).collect::<Vec<_>>());
            seen = ids;
            if last {
                return seen.len();
            }
        }
    };
    let (paid, seen) = tokio::join!(pays, watch);
    assert!(paid.iter().all(|reply| said(reply).1));
    assert_eq!(seen, 62);
}

/// 11: slashes, missing bodies and types, and `?cc` glued to anything. `krist_http` has all the forms.
#[tokio::test]
async fn requests_are_read_as_they_are_written() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let reply =
        hub.guest().send(reqwest::Method::POST, "/api/krist/ws/start/", &[], Vec::new()).await;
    assert_eq!(said(&reply), (200, true, ""));
    assert_eq!(said(&get(&hub, "/transactions/?limit=50&offset=0?cc").await), (200, true, ""));
}

/// 12: nobody pays more than they agreed to, twice for a term, or before its end.
#[tokio::test]
async fn a_term_is_paid_once_at_its_price_and_not_before_its_end() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, ..] = hub.people().await;
    anna.pay(BERT.1, "100").await;
    let id = offer(&anna, json!({})).await;
    let all = async || {
        let body = json!({"privatekey": BERT.0});
        hub.guest().post(&format!("/api/v1/subscriptions/{id}/subscribe"), &body).await.status
    };
    assert_eq!(tokio::join!(all(), all(), all()), (200, 200, 200));
    let raise = anna.patch(&format!("/api/v1/contracts/{id}"), &json!({"price": 900})).await;
    assert_eq!(raise.status, 200);
    let advance = async |seconds: u32| {
        hub.admin().post("/api/v1/admin/clock", &json!({"advance_s": seconds})).await
    };
    advance(590).await;
    assert_eq!(bert.balance(BERT.1).await, "98", "once for three requests, and nothing early");
    let mut socket = owner(&hub, BERT).await;
    advance(10).await;
    let paid: Value = socket.event().await["transaction"].clone();
    assert_eq!(
        (&paid["value"], &paid["to"]),
        (&json!(2), &json!(ANNA.1)),
        "at the price that was agreed to"
    );
    site.verify();
}
