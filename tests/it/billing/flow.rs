//! The whole way of a purchase with a stand-in for Polar: bought, told, changed, canceled, given back.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Api, Hub, Reply, Site, Socket,
    polar::{HOST, Polar, SUPPORTER, WEBHOOK, stands, wait_stands},
};

const ADA: &str = "80351110224678912";

async fn shop(site: &Site, polar: &Polar) -> (Hub, Api) {
    let hub = polar.hub(site, &[]).await;
    hub.link(ADA).await;
    hub.sell("supporter", &[SUPPORTER]).await;
    hub.sell("host", &[HOST]).await;
    let ada = hub.as_user(ADA).await;
    (hub, ada)
}

fn said(reply: &Reply) -> (u16, &str) {
    (reply.status, reply.body["code"].as_str().unwrap_or_default())
}

/// Opens a checkout and gives it.
async fn checkout(user: &Api, tier: &str) -> Value {
    let body =
        json!({"tier": tier, "success_url": "https://hub.example/back?checkout_id={CHECKOUT_ID}"});
    let reply = user.post("/api/subscriptions/checkout/", &body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.body["status"], "open");
    reply.body
}

/// Presses pay; gives where the browser goes.
async fn pay(polar: &Polar, checkout: &Value) -> String {
    let id = checkout["checkout_id"].as_str().unwrap();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let url = checkout["url"].as_str().unwrap();
    let page = client.get(url).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Supporter"));
    let paid = client.post(format!("{url}/pay")).send().await.unwrap();
    assert_eq!(paid.status(), 303, "{id}");
    let all = polar.all().await;
    assert_eq!(all["checkouts"][0]["status"], "succeeded", "{all}");
    paid.headers()["location"].to_str().unwrap().to_owned()
}

fn only_subscription(all: &Value) -> String {
    let found = all["subscriptions"].as_array().unwrap();
    assert_eq!(found.len(), 1, "{all}");
    found[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_plan_is_bought_and_every_step_is_told() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (hub, ada) = shop(&site, &polar).await;
    let mut heard = Socket::of(&hub, &ada).await;
    heard.listen(&[&format!("user:{ADA}")]).await;
    let opened = checkout(&ada, "supporter").await;
    // Asked again while it is open, it is the same.
    assert_eq!(checkout(&ada, "supporter").await["checkout_id"], opened["checkout_id"]);
    let back = pay(&polar, &opened).await;
    assert_eq!(
        back,
        format!("https://hub.example/back?checkout_id={}", opened["checkout_id"].as_str().unwrap())
    );
    let id = only_subscription(&polar.all().await);
    wait_stands(&site, &id, "supporter", "active").await;
    polar.wait_quiet().await;
    let path = format!("/api/subscriptions/checkout/{}/", opened["checkout_id"].as_str().unwrap());
    let looked = ada.get(&path).await;
    assert_eq!((looked.status, &looked.body["status"]), (200, &json!("succeeded")), "{looked:?}");
    let bought = ada.get("/api/subscriptions/purchases/").await;
    assert_eq!(bought.body["purchases"][0]["amount_cents"], 600, "{bought:?}");
    assert_eq!(bought.body["purchases"][0]["status"], "paid");

    let mut kinds = Vec::new();
    while !["checkout.changed:succeeded", "purchase.paid", "entitlement.changed"]
        .iter()
        .all(|wanted| kinds.iter().any(|kind| kind == wanted))
    {
        let event = heard.event().await;
        let kind = event["kind"].as_str().unwrap();
        let status = event["data"]["checkout"]["status"].as_str();
        kinds.push(status.map_or(kind.to_owned(), |status| format!("{kind}:{status}")));
    }
    let of_checkout: Vec<_> = kinds.iter().filter(|kind| kind.starts_with("checkout")).collect();
    assert_eq!(
        of_checkout,
        ["checkout.changed:open", "checkout.changed:confirmed", "checkout.changed:succeeded"]
    );
    // Nothing that was told had to be repaired.
    assert_eq!(site.count("select count(*) from events where kind = 'ops.drift'").await, 0);
    // Who has one does not buy another.
    let again = ada.post("/api/subscriptions/checkout/", &json!({"tier": "host"})).await;
    assert_eq!(said(&again), (409, "ALREADY_SUBSCRIBED"));
}

#[tokio::test]
async fn a_subscription_is_changed_canceled_taken_back_and_given_back() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (hub, ada) = shop(&site, &polar).await;
    let id = polar.buy(ADA, SUPPORTER).await["id"].as_str().unwrap().to_owned();
    wait_stands(&site, &id, "supporter", "active").await;
    polar.tell("faults", json!({"hold": true})).await;

    let changed = ada.post("/api/subscriptions/change-plan/", &json!({"tier": "supporter"})).await;
    assert_eq!(said(&changed), (409, "PLAN_UNCHANGED"));
    let later = ada
        .post("/api/subscriptions/change-plan/", &json!({"tier": "host", "when": "period_end"}))
        .await;
    assert_eq!(
        (later.status, &later.body["subscription"]["tier"]),
        (200, &json!("supporter")),
        "{later:?}"
    );
    let changed = ada.post("/api/subscriptions/change-plan/", &json!({"tier": "host"})).await;
    // The answer is the new plan, before any webhook.
    assert_eq!(
        (changed.status, &changed.body["subscription"]["tier"]),
        (200, &json!("host")),
        "{changed:?}"
    );
    assert_eq!(stands(&site, &id).await.unwrap().0, "host");
    for (path, canceled) in
        [("cancel", true), ("cancel", true), ("uncancel", false), ("cancel", true)]
    {
        let reply = ada.post(&format!("/api/subscriptions/{path}/"), &json!({})).await;
        assert_eq!(
            (reply.status, &reply.body["subscription"]["cancel_at_period_end"]),
            (200, &json!(canceled))
        );
        assert_eq!(stands(&site, &id).await.unwrap().3, canceled);
    }
    // The events of all that arrive now, and change nothing.
    let versions = "select version from entitlements";
    let before = site.count(versions).await;
    polar.tell("faults", json!({"hold": false, "reorder": true, "copies": 2})).await;
    polar.wait_quiet().await;
    assert_eq!(site.count(versions).await, before);
    assert_eq!(
        stands(&site, &id).await.map(|it| (it.0, it.1, it.3)),
        Some(("host".into(), "active".into(), true))
    );

    let orders = polar.all().await["orders"].as_array().unwrap().clone();
    let order = orders.iter().find(|order| order["subscription_id"] == id.as_str()).unwrap();
    let refund = format!("orders/{}/refund", order["id"].as_str().unwrap());
    polar.tell(&refund, json!({"amount": 100})).await;
    site.wait_count("select count(*) from purchases where status = 'partially_refunded' and refunded_cents = 100", 1,
        Duration::from_secs(10)).await;
    polar.tell(&format!("subscriptions/{id}/revoke"), json!({})).await;
    wait_stands(&site, &id, "host", "canceled").await;
    let over = ada.post("/api/subscriptions/uncancel/", &json!({})).await;
    assert_eq!(said(&over), (404, "NO_SUBSCRIPTION"));
    drop(hub);
}

#[tokio::test]
async fn what_is_over_at_polar_and_not_yet_here_is_said_so() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (_hub, ada) = shop(&site, &polar).await;
    let id = polar.buy(ADA, SUPPORTER).await["id"].as_str().unwrap().to_owned();
    wait_stands(&site, &id, "supporter", "active").await;
    polar.tell("faults", json!({"hold": true})).await;
    polar.tell(&format!("subscriptions/{id}/revoke"), json!({})).await;
    let over = ada.post("/api/subscriptions/cancel/", &json!({})).await;
    assert_eq!(said(&over), (409, "SUBSCRIPTION_ENDED"), "{over:?}");
}

#[tokio::test]
async fn a_portal_is_a_fresh_link_each_time() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (_hub, ada) = shop(&site, &polar).await;
    let none = ada.post("/api/subscriptions/portal/", &json!({})).await;
    assert_eq!(said(&none), (404, "NO_CUSTOMER"));
    let id = polar.buy(ADA, SUPPORTER).await["id"].as_str().unwrap().to_owned();
    wait_stands(&site, &id, "supporter", "active").await;
    let one = ada
        .post("/api/subscriptions/portal/", &json!({"return_url": "https://hub.example/"}))
        .await;
    let other = ada.post("/api/subscriptions/portal/", &json!({})).await;
    assert_eq!((one.status, other.status), (200, 200), "{one:?}");
    assert_ne!(one.body["url"], other.body["url"]);
    assert!(one.body["expires_at"].is_string());
    // What is done there arrives here.
    let url = one.body["url"].as_str().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.post(format!("{url}/cancel")).send().await.unwrap().status(), 200);
    site.wait_count(
        "select count(*) from entitlements where cancel_at_period_end",
        1,
        Duration::from_secs(10),
    )
    .await;
}

#[tokio::test]
async fn an_address_of_mail_that_polar_does_not_believe_does_not_stop_a_purchase() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (hub, ada) = shop(&site, &polar).await;
    let profile = json!({"email": "ada@nowhere.invalid"}).to_string();
    let path = format!("/api/v1/users/{ADA}");
    assert_eq!(hub.admin().send(Method::PUT, &path, &[], profile.into()).await.status, 200);
    let opened = checkout(&ada, "supporter").await;
    let all = polar.all().await;
    assert_eq!(all["checkouts"][0]["id"], opened["checkout_id"]);
    assert_eq!(all["checkouts"][0]["customer_email"], Value::Null, "{all}");
}

#[tokio::test]
async fn who_comes_back_from_a_checkout_has_the_plan_although_no_webhook_came() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (hub, ada) = shop(&site, &polar).await;
    polar.tell("faults", json!({"hold": true})).await;
    let opened = checkout(&ada, "supporter").await;
    pay(&polar, &opened).await;
    let path = format!("/api/subscriptions/checkout/{}/", opened["checkout_id"].as_str().unwrap());
    // The page that the buyer comes back to asks what became of it.
    assert_eq!(ada.get(&path).await.body["status"], "open");
    wait_stands(&site, &only_subscription(&polar.all().await), "supporter", "active").await;
    hub.wait_until(async || ada.get(&path).await.body["status"] == "succeeded").await;
    // It was bought a moment ago, so for all we know its webhook is under way.
    let repaired = "select count(*) from events where kind = 'ops.drift'";
    assert_eq!(site.count(repaired).await, 0);
    // The webhooks come after all, and change nothing.
    let changes = "select count(*) from events where kind = 'entitlement.changed'";
    let before = site.count(changes).await;
    polar.tell("faults", json!({"hold": false})).await;
    polar.wait_quiet().await;
    assert_eq!(site.count(changes).await, before);
}

#[tokio::test]
async fn both_ways_of_signing_are_believed() {
    for flags in [&[][..], &["--raw-secret"]] {
        let (site, polar) = (Site::new().await, Polar::start(flags));
        let (_hub, _ada) = shop(&site, &polar).await;
        let id = polar.buy(ADA, SUPPORTER).await["id"].as_str().unwrap().to_owned();
        wait_stands(&site, &id, "supporter", "active").await;
    }
}

#[tokio::test]
async fn disorder_and_repetition_come_to_what_is_true() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (hub, _ada) = shop(&site, &polar).await;
    polar.tell("faults", json!({"hold": true})).await;
    let mut expected = Vec::new();
    for number in 0..12 {
        let user = (20_000 + number).to_string();
        hub.link(&user).await;
        let id = polar.buy(&user, SUPPORTER).await["id"].as_str().unwrap().to_owned();
        let changes: &[&str] = match number % 4 {
            0 => &["cancel", "uncancel"],
            1 => &["cancel", "revoke"],
            2 => &["pause", "resume", "cancel"],
            _ => &["pause"],
        };
        for change in changes {
            polar.tell(&format!("subscriptions/{id}/{change}"), json!({})).await;
        }
        let (status, ends) = match number % 4 {
            0 => ("active", false),
            1 => ("canceled", false),
            2 => ("active", true),
            _ => ("inactive", false),
        };
        expected.push((id, status, ends));
    }
    polar.tell("faults", json!({"hold": false, "reorder": true, "copies": 3})).await;
    polar.wait_quiet().await;
    for (id, status, ends) in expected {
        let found = stands(&site, &id).await.unwrap();
        assert_eq!((found.1.as_str(), found.3), (status, ends), "{id}");
    }
    assert_eq!(
        site.count("select count(*) from webhook_events where status <> 'processed'").await,
        0
    );
}

#[tokio::test]
async fn a_renewal_and_a_payment_that_fails() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (hub, _ada) = shop(&site, &polar).await;
    let bought = polar.buy(ADA, SUPPORTER).await;
    let (id, customer) = (bought["id"].as_str().unwrap(), bought["customer_id"].as_str().unwrap());
    wait_stands(&site, id, "supporter", "active").await;
    let month = 31 * 86_400;
    hub.advance(month).await;
    polar.advance(month).await;
    site.wait_count(
        "select count(*) from purchases where status = 'paid'",
        2,
        Duration::from_secs(10),
    )
    .await;
    assert_eq!(stands(&site, id).await.unwrap().1, "active");
    polar.tell(&format!("customers/{customer}/decline"), json!({})).await;
    hub.advance(month).await;
    polar.advance(month).await;
    wait_stands(&site, id, "supporter", "past_due").await;
    site.wait_count(
        "select count(*) from events where kind = 'purchase.failed'",
        1,
        Duration::from_secs(10),
    )
    .await;
    polar.tell(&format!("customers/{customer}/accept"), json!({})).await;
    polar.tell(&format!("subscriptions/{id}/recover"), json!({})).await;
    wait_stands(&site, id, "supporter", "active").await;
    site.wait_count(
        "select count(*) from purchases where status = 'paid'",
        3,
        Duration::from_secs(10),
    )
    .await;
}

#[tokio::test]
async fn what_polar_does_not_do_has_a_code() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (hub, ada) = shop(&site, &polar).await;
    let buy = json!({"tier": "supporter"});
    for (status, code) in [(500, "POLAR_UNAVAILABLE"), (429, "POLAR_UNAVAILABLE")] {
        polar.tell("faults", json!({"api_status": status})).await;
        let reply = ada.post("/api/subscriptions/checkout/", &buy).await;
        assert_eq!(said(&reply), (503, code), "{status}");
        assert!(reply.headers.contains_key("retry-after"), "{status}");
    }
    polar.tell("faults", json!({"api_status": 402})).await;
    let reply = ada.post("/api/subscriptions/checkout/", &buy).await;
    assert_eq!(said(&reply), (502, "POLAR_REJECTED"));
    assert_eq!(reply.body["details"][0], json!({"field": "upstream_status", "message": "402"}));
    let reply =
        hub.admin().post(&format!("/api/subscriptions/users/{ADA}/reconcile/"), &json!({})).await;
    assert_eq!(said(&reply), (502, "POLAR_REJECTED"));
    drop(hub);
    let hub = site.hub(&[]).await;
    let ada = hub.as_user(ADA).await;
    let paths = [("checkout", buy), ("portal", json!({}))];
    for (path, body) in paths {
        let reply = ada.post(&format!("/api/subscriptions/{path}/"), &body).await;
        assert_eq!(said(&reply), (503, "POLAR_NOT_CONFIGURED"), "{path}");
    }
    let hub = site.hub(&["--polar-customer-portal-url=https://shop.example/portal"]).await;
    let reply = hub.as_user(ADA).await.post("/api/subscriptions/portal/", &json!({})).await;
    assert_eq!((reply.status, &reply.body["url"]), (200, &json!("https://shop.example/portal")));
}

#[tokio::test]
async fn bad_requests_have_their_codes() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let (hub, ada) = shop(&site, &polar).await;
    let (admin, guest) = (hub.admin(), hub.guest());
    let check = async |api: &Api, path: &str, body: Value, status: u16, code: &str| {
        let reply = api.post(&format!("/api/subscriptions/{path}"), &body).await;
        assert_eq!(said(&reply), (status, code), "{path} {body}");
        assert_eq!(reply.body["success"], false, "{path} {body}");
    };
    let buy = |tier: &str| json!({"tier": tier});
    check(&guest, "checkout/", buy("supporter"), 401, "NOT_AUTHENTICATED").await;
    check(&admin, "checkout/", buy("supporter"), 400, "OWNER_REQUIRED").await;
    let with = |owner: &str| json!({"tier": "supporter", "owner_discord_id": owner});
    check(&admin, "checkout/", with("ada"), 400, "INVALID_DISCORD_ID").await;
    check(&admin, "checkout/", with("007"), 400, "INVALID_DISCORD_ID").await;
    check(&admin, "checkout/", with("4004"), 404, "USER_NOT_LINKED").await;
    check(&ada, "checkout/", with("4004"), 403, "FORBIDDEN").await;
    check(&ada, "checkout/", buy("gold"), 404, "PLAN_NOT_FOUND").await;
    check(
        &ada,
        "checkout/",
        json!({"tier": "supporter", "product_id": HOST}),
        409,
        "PLAN_NOT_PURCHASABLE",
    )
    .await;
    for url in ["javascript:alert(1)", "hub.example", "ftp://hub.example/"] {
        check(
            &ada,
            "checkout/",
            json!({"tier": "supporter", "success_url": url}),
            400,
            "INVALID_VALUE",
        )
        .await;
    }
    check(&ada, "portal/", json!({"return_url": "//x"}), 400, "INVALID_VALUE").await;
    check(&ada, "change-plan/", buy("host"), 404, "NO_SUBSCRIPTION").await;
    check(&ada, "change-plan/", json!({"tier": "host", "when": "soon"}), 400, "INVALID_BODY").await;
    check(&ada, "cancel/", json!({}), 404, "NO_SUBSCRIPTION").await;
    check(&ada, "checkout/", json!([]), 400, "INVALID_BODY").await;
    check(&admin, "users/x/reconcile/", json!({}), 400, "INVALID_DISCORD_ID").await;
    check(&admin, "users/4004/reconcile/", json!({}), 404, "USER_NOT_LINKED").await;
    check(&ada, &format!("users/{ADA}/reconcile/"), json!({}), 403, "FORBIDDEN").await;
    let get = async |api: &Api, path: &str| {
        let reply = api.get(&format!("/api/subscriptions/{path}")).await;
        (reply.status, reply.body["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(get(&ada, "checkout/none/").await, (404, "CHECKOUT_NOT_FOUND".into()));
    assert_eq!(get(&guest, "checkout/none/").await, (401, "NOT_AUTHENTICATED".into()));
    assert_eq!(get(&admin, "users/x/purchases/").await, (400, "INVALID_DISCORD_ID".into()));
    assert_eq!(get(&admin, &format!("users/{ADA}/purchases/")).await, (200, String::new()));
    // A checkout is its buyer's.
    hub.link("3003").await;
    let opened = checkout(&ada, "supporter").await;
    let path = format!("checkout/{}/", opened["checkout_id"].as_str().unwrap());
    assert_eq!(get(&hub.as_user("3003").await, &path).await, (404, "CHECKOUT_NOT_FOUND".into()));
    assert_eq!(get(&admin, &path).await, (200, String::new()));
    let wrong = hub.guest().send(Method::POST, WEBHOOK, &[], Vec::new()).await;
    assert_eq!(said(&wrong), (415, "UNSUPPORTED_MEDIA_TYPE"));
}
