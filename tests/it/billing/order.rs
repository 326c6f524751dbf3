//! What events come to: in any order, any number of times, before their user is there and after.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::support::{
    Hub, Site, Socket,
    polar::{HOST, SECRET, SUPPORTER, deliver, event, order, stands, subscription, wait_stands},
};

async fn hub(site: &Site) -> Hub {
    site.hub(&[&format!("--polar-webhook-secret={SECRET}"), "--dev"]).await
}

/// One event, delivered for the first time, with what is said of it.
async fn told(hub: &Hub, id: &str, kind: &str, at: &str, data: Value) -> (String, String) {
    let reply = deliver(hub, id, &event(kind, at, data)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let word = |name: &str| reply.body[name].as_str().unwrap_or_default().to_owned();
    (word("status"), word("code"))
}

fn is(status: &str, code: &str) -> (String, String) {
    (status.to_owned(), code.to_owned())
}

/// All orders of some things.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in permutations(count - 1) {
        for at in 0..count {
            let mut longer = shorter.clone();
            longer.insert(at, count - 1);
            all.push(longer);
        }
    }
    all
}

/// The six events of a short life: begun, paid, to be canceled, not to be canceled, another product, ended.
fn life(id: &str, user: &str) -> Vec<Value> {
    let at = |text: &str| json!(text);
    let with =
        |kind: &str, told: &str, more: Value| event(kind, told, subscription(id, user, more));
    vec![
        with(
            "subscription.created",
            "2026-11-01T12:00:01Z",
            json!({"status": "incomplete", "modified_at": null}),
        ),
        with("subscription.active", "2026-11-01T12:00:03Z", json!({})),
        with(
            "subscription.canceled",
            "2026-11-10T08:00:00Z",
            json!({
            "modified_at": at("2026-11-10T08:00:00Z"), "cancel_at_period_end": true,
            "canceled_at": at("2026-11-10T08:00:00Z"), "ends_at": at("2099-12-01T12:00:00Z")}),
        ),
        with(
            "subscription.uncanceled",
            "2026-11-11T08:00:00Z",
            json!({"modified_at": at("2026-11-11T08:00:00Z")}),
        ),
        with(
            "subscription.updated",
            "2026-11-12T08:00:00Z",
            json!({"modified_at": at("2026-11-12T08:00:00Z"), "product_id": HOST,
                   "product": {"id": HOST, "metadata": {"tier": "host"}}}),
        ),
        with(
            "subscription.past_due",
            "2026-11-13T08:00:00Z",
            json!({"modified_at": at("2026-11-13T08:00:00Z"), "status": "past_due", "product_id": HOST,
                   "product": {"id": HOST, "metadata": {"tier": "host"}},
                   "past_due_at": at("2026-11-13T08:00:00Z")}),
        ),
    ]
}

/// What all columns of an entitlement say, but for its row, its user and its versions.
async fn state(site: &Site, reference: &str) -> Value {
    sqlx::query_scalar::<_, String>(
        "select (to_jsonb(e) - array['id', 'discord_id', 'reference', 'customer', 'version', 'created_at', 'updated_at'])::text
         from entitlements e where reference = $1",
    )
    .bind(reference)
    .fetch_one(&mut site.sql().await)
    .await
    .map(|text| serde_json::from_str(&text).unwrap())
    .unwrap()
}

#[tokio::test]
async fn every_order_of_six_events_comes_to_the_same() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    let orders = permutations(6);
    assert_eq!(orders.len(), 720);
    let linked = "insert into users (discord_id, username, linked_at, updated_at)
                  select id, id::text, clock_timestamp(), clock_timestamp() from generate_series(10000, 10719) id";
    sqlx::query(linked).execute(&mut site.sql().await).await.unwrap();
    let hub = &hub;
    let lives = stream::iter(orders.iter().enumerate()).map(|(number, order)| async move {
        let user = (10_000 + number).to_string();
        let id = format!("sub-{number}");
        let events = life(&id, &user);
        for at in order {
            let mut reply = deliver(hub, &format!("{id}-{at}"), &events[*at]).await;
            // On a machine that is too busy the hub may lose its database for a moment. Then Polar sends it again.
            for _ in 0..20 {
                if reply.status != 503 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(250)).await;
                reply = deliver(hub, &format!("{id}-{at}"), &events[*at]).await;
            }
            assert_eq!(
                (reply.status, &reply.body["status"]),
                (200, &json!("processed")),
                "{reply:?}"
            );
        }
    });
    lives.buffer_unordered(4).for_each(async |()| {}).await;
    let expected = state(&site, "sub-0").await;
    assert_eq!(expected["status"], "past_due");
    let same = "select count(distinct to_jsonb(e) - array['id', 'discord_id', 'reference', 'customer', 'version',
                'created_at', 'updated_at']) from entitlements e";
    assert_eq!(site.count(same).await, 1, "the first is {expected}");
    assert_eq!(site.count("select count(*) from entitlements").await, 720);
}

#[tokio::test]
async fn twenty_duplicates_ten_at_once_change_it_once() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    let body =
        event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", "2002", json!({})));
    let paid = event("order.paid", "2026-11-01T12:00:04Z", order("o", "2002", "s", json!({})));
    let (hub, body, paid) = (&hub, &body, &paid);
    let deliveries = stream::iter(0..20).map(|_| async move {
        let (one, other) = tokio::join!(deliver(hub, "m", body), deliver(hub, "n", paid));
        for reply in [one, other] {
            assert_eq!(
                (reply.status, &reply.body["status"]),
                (200, &json!("processed")),
                "{reply:?}"
            );
        }
    });
    deliveries.buffer_unordered(10).for_each(async |()| {}).await;
    assert_eq!(site.count("select count(*) from webhook_events").await, 2);
    assert_eq!(
        site.count("select count(*) from events where kind = 'entitlement.changed'").await,
        1
    );
    assert_eq!(site.count("select count(*) from events where kind = 'purchase.paid'").await, 1);
    assert_eq!(site.count("select version from entitlements").await, 1);
}

#[tokio::test]
async fn a_first_delivery_that_could_not_be_applied_is_applied_by_the_retry() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    let data = subscription("s", "2002", json!({}));
    let at = "2026-11-01T12:00:03Z";
    let first = told(&hub, "m", "subscription.active", at, data.clone()).await;
    assert_eq!(first, is("deferred", "USER_NOT_LINKED"));
    hub.link("2002").await;
    let again = told(&hub, "m", "subscription.active", at, data).await;
    assert_eq!(again, is("processed", ""));
    assert_eq!(stands(&site, "s").await.unwrap().1, "active");
}

#[tokio::test]
async fn an_unlinked_buyer_gets_the_plan_within_five_seconds_of_linking_without_another_webhook() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    let waiting = told(
        &hub,
        "m",
        "subscription.active",
        "2026-11-01T12:00:03Z",
        subscription("s", "2002", json!({})),
    )
    .await;
    assert_eq!(waiting, is("deferred", "USER_NOT_LINKED"));
    let paid =
        told(&hub, "n", "order.paid", "2026-11-01T12:00:04Z", order("o", "2002", "s", json!({})))
            .await;
    assert_eq!(paid, is("deferred", "USER_NOT_LINKED"));
    // Long enough that it is not tried by chance just when the user links.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let listed = hub.admin().get("/api/subscriptions/webhook-events/?status=deferred").await;
    assert_eq!(listed.body["events"].as_array().unwrap().len(), 2, "{listed:?}");
    assert_eq!(listed.body["events"][0]["awaits_user"], "2002");
    hub.link("2002").await;
    site.wait_count(
        "select count(*) from entitlements where status = 'active'",
        1,
        Duration::from_secs(5),
    )
    .await;
    site.wait_count(
        "select count(*) from purchases where status = 'paid'",
        1,
        Duration::from_secs(5),
    )
    .await;
    site.wait_count(
        "select count(*) from webhook_events where status = 'processed'",
        2,
        Duration::from_secs(5),
    )
    .await;
}

#[tokio::test]
async fn a_product_that_is_mapped_later_gives_its_plan_to_those_who_bought_it() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    let mut ops = Socket::of(&hub, &hub.admin()).await;
    ops.listen(&["ops"]).await;
    let data = subscription(
        "s",
        "2002",
        json!({"product_id": "unheard-of", "metadata": {}, "product": null}),
    );
    let waiting = told(&hub, "m", "subscription.active", "2026-11-01T12:00:03Z", data).await;
    assert_eq!(waiting, is("deferred", "PLAN_UNKNOWN"));
    let alert = ops.event().await;
    assert_eq!(
        (&alert["kind"], &alert["data"]["code"]),
        (&json!("ops.webhook_failed"), &json!("PLAN_UNKNOWN"))
    );
    hub.sell("host", &["unheard-of"]).await;
    wait_stands(&site, "s", "host", "active").await;
}

#[tokio::test]
async fn a_late_active_does_not_grant_again_what_was_revoked() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    let revoked = subscription(
        "s",
        "2002",
        json!({
        "status": "canceled", "modified_at": "2026-11-20T12:00:00Z", "ended_at": "2026-11-20T12:00:00Z",
        "ends_at": "2026-11-20T12:00:00Z", "canceled_at": "2026-11-20T12:00:00Z"}),
    );
    assert_eq!(
        told(&hub, "m1", "subscription.revoked", "2026-11-20T12:00:01Z", revoked).await,
        is("processed", "")
    );
    // Told late, and changed before; the time at which it is told counts for nothing then.
    for (id, at) in [("m2", "2026-11-01T12:00:03Z"), ("m3", "2026-11-21T12:00:00Z")] {
        let late = subscription("s", "2002", json!({}));
        assert_eq!(told(&hub, id, "subscription.active", at, late).await, is("processed", "STALE"));
    }
    assert_eq!(stands(&site, "s").await.unwrap().1, "canceled");
    // Polar can reinstate it, which is newer.
    let again = subscription("s", "2002", json!({"modified_at": "2026-11-22T12:00:00Z"}));
    told(&hub, "m4", "subscription.updated", "2026-11-22T12:00:01Z", again).await;
    assert_eq!(stands(&site, "s").await.unwrap().1, "active");
}

#[tokio::test]
async fn a_status_that_nobody_knows_grants_nothing() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    let cases = [
        (json!("paused"), ""),
        (json!("incomplete"), ""),
        (json!("incomplete_expired"), ""),
        (json!(""), "UNKNOWN_STATUS"),
        (Value::Null, "UNKNOWN_STATUS"),
        (json!("lifetime"), "UNKNOWN_STATUS"),
        (json!(7), "UNKNOWN_STATUS"),
        (json!({"active": true}), "UNKNOWN_STATUS"),
    ];
    for (number, (status, code)) in cases.iter().enumerate() {
        let (id, active) = (format!("s{number}"), format!("t{number}"));
        let new = subscription(&id, "2002", json!({"status": status}));
        let heard = told(&hub, &id, "subscription.updated", "2026-11-01T12:00:03Z", new).await;
        assert_eq!(heard, is("processed", code), "{status}");
        assert_eq!(stands(&site, &id).await.unwrap().1, "inactive", "{status}");
        // One that was active is so no longer.
        told(
            &hub,
            &format!("{active}a"),
            "subscription.active",
            "2026-11-01T12:00:03Z",
            subscription(&active, "2002", json!({})),
        )
        .await;
        let after = subscription(
            &active,
            "2002",
            json!({"status": status, "modified_at": "2026-11-02T00:00:00Z"}),
        );
        told(&hub, &format!("{active}b"), "subscription.updated", "2026-11-02T00:00:01Z", after)
            .await;
        assert_eq!(stands(&site, &active).await.unwrap().1, "inactive", "{status}");
    }
    let alerts = "select count(*) from events where kind = 'ops.webhook_failed' and data like '%UNKNOWN_STATUS%'";
    assert_eq!(site.count(alerts).await, 10);
}

#[tokio::test]
async fn the_words_of_polar_mean_what_they_mean() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    for (word, expected) in [
        ("active", "active"),
        ("trialing", "trialing"),
        ("past_due", "past_due"),
        ("unpaid", "expired"),
        ("canceled", "canceled"),
        ("cancelled", "canceled"),
        ("revoked", "expired"),
        ("ended", "expired"),
        ("expired", "expired"),
    ] {
        let data = subscription(word, "2002", json!({"status": word}));
        told(&hub, word, "subscription.updated", "2026-11-01T12:00:03Z", data).await;
        assert_eq!(stands(&site, word).await.unwrap().1, expected, "{word}");
    }
}

#[tokio::test]
async fn the_product_decides_the_plan_and_not_the_metadata_of_the_checkout() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    hub.sell("supporter", &[SUPPORTER]).await;
    hub.sell("host", &[HOST]).await;
    told(
        &hub,
        "m1",
        "subscription.active",
        "2026-11-01T12:00:03Z",
        subscription("s", "2002", json!({})),
    )
    .await;
    assert_eq!(stands(&site, "s").await.unwrap().0, "supporter");
    // Changed in the customer's portal: the metadata still say what was bought first.
    let upgraded = subscription(
        "s",
        "2002",
        json!({"product_id": HOST, "product": {"id": HOST, "metadata": {}}, "modified_at": "2026-11-05T00:00:00Z"}),
    );
    told(&hub, "m2", "subscription.updated", "2026-11-05T00:00:01Z", upgraded).await;
    assert_eq!(stands(&site, "s").await.unwrap().0, "host");
}

#[tokio::test]
async fn two_users_that_are_named_are_a_conflict_and_who_has_it_keeps_it() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    hub.link("3003").await;
    let both = subscription(
        "s",
        "2002",
        json!({"metadata": {"discord_user_id": "3003", "tier": "supporter"}}),
    );
    let heard = told(&hub, "m1", "subscription.active", "2026-11-01T12:00:03Z", both).await;
    assert_eq!(heard, is("processed", "IDENTITY_CONFLICT"));
    let moved = subscription("s", "3003", json!({"modified_at": "2026-11-02T00:00:00Z"}));
    let heard = told(&hub, "m2", "subscription.updated", "2026-11-02T00:00:01Z", moved).await;
    assert_eq!(heard, is("processed", "IDENTITY_CONFLICT"));
    let owners = "select count(*) from entitlements where discord_id = 2002";
    assert_eq!(
        (site.count(owners).await, site.count("select count(*) from entitlements").await),
        (1, 1)
    );
    // Nobody's: no name that is a Discord id, no known customer. It waits, and grants nothing.
    let nobody = subscription(
        "t",
        "x",
        json!({"metadata": {}, "customer": {"id": "c", "external_id": "shop-7"}}),
    );
    let heard = told(&hub, "m3", "subscription.active", "2026-11-01T12:00:03Z", nobody).await;
    assert_eq!(heard, is("deferred", "USER_UNKNOWN"));
    assert_eq!(site.count("select count(*) from entitlements").await, 1);
}

#[tokio::test]
async fn a_customer_whose_name_was_set_elsewhere_is_found_by_what_is_known_of_them() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    let customer = json!({"id": "cus-9", "external_id": null});
    // The order arrives first and names nobody.
    let paid =
        order("o", "x", "s", json!({"metadata": {}, "customer": customer, "customer_id": "cus-9"}));
    let heard = told(&hub, "m1", "order.paid", "2026-11-01T12:00:04Z", paid).await;
    assert_eq!(heard, is("deferred", "USER_UNKNOWN"));
    let data = subscription("s", "2002", json!({"customer": customer, "customer_id": "cus-9"}));
    let heard = told(&hub, "m2", "subscription.active", "2026-11-01T12:00:03Z", data).await;
    assert_eq!(heard, is("processed", ""));
    site.wait_count(
        "select count(*) from purchases where discord_id = 2002",
        1,
        Duration::from_secs(5),
    )
    .await;
}

#[tokio::test]
async fn the_state_of_a_customer_ends_what_is_not_in_it() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    for id in ["s1", "s2"] {
        told(
            &hub,
            id,
            "subscription.active",
            "2026-11-01T12:00:03Z",
            subscription(id, "2002", json!({})),
        )
        .await;
    }
    let due = subscription(
        "s3",
        "2002",
        json!({"status": "past_due", "past_due_at": "2026-11-01T12:00:00Z"}),
    );
    told(&hub, "s3", "subscription.past_due", "2026-11-01T12:00:03Z", due).await;
    let state = |listed: Value| json!({"id": "cus-2002", "external_id": "2002", "active_subscriptions": listed});
    // One from before says nothing of what came later.
    let old = state(json!([]));
    told(&hub, "m0", "customer.state_changed", "2026-11-01T12:00:00Z", old).await;
    assert_eq!(stands(&site, "s2").await.unwrap().1, "active");
    let mut listed = subscription("s1", "2002", json!({}));
    listed
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !["customer", "product", "customer_id"].contains(&name.as_str()));
    let heard =
        told(&hub, "m1", "customer.state_changed", "2026-11-02T00:00:00Z", state(json!([listed])))
            .await;
    assert_eq!(heard, is("processed", ""));
    let found = [stands(&site, "s1").await, stands(&site, "s2").await, stands(&site, "s3").await];
    let found = found.map(|found| found.unwrap().1);
    assert_eq!(found, ["active", "expired", "past_due"].map(str::to_owned));
    let gone =
        json!({"id": "cus-2002", "external_id": "2002", "deleted_at": "2026-11-03T00:00:00Z"});
    told(&hub, "m2", "customer.deleted", "2026-11-03T00:00:00Z", gone).await;
    assert_eq!(stands(&site, "s1").await.unwrap().1, "expired");
}

#[tokio::test]
async fn a_refund_is_told_behind_its_payment_whatever_arrives_first() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    told(
        &hub,
        "m0",
        "subscription.active",
        "2026-11-01T12:00:03Z",
        subscription("s", "2002", json!({})),
    )
    .await;
    let refunded = order(
        "o",
        "2002",
        "s",
        json!({"status": "refunded", "refunded_amount": 500,
        "refunded_tax_amount": 100, "modified_at": "2026-11-03T00:00:00Z"}),
    );
    told(&hub, "m1", "order.refunded", "2026-11-03T00:00:01Z", refunded).await;
    let paid = order("o", "2002", "s", json!({}));
    assert_eq!(
        told(&hub, "m2", "order.paid", "2026-11-01T12:00:04Z", paid).await,
        is("processed", "STALE")
    );
    let kinds: Vec<String> =
        sqlx::query_scalar("select kind from events where kind like 'purchase.%' order by seq")
            .fetch_all(&mut site.sql().await)
            .await
            .unwrap();
    assert_eq!(kinds, ["purchase.paid", "purchase.refunded"]);
    let reply = hub.as_user("2002").await.get("/api/subscriptions/purchases/").await;
    let purchase = &reply.body["purchases"][0];
    assert_eq!(
        (&purchase["status"], &purchase["refunded_cents"]),
        (&json!("refunded"), &json!(600)),
        "{reply:?}"
    );
    // Polar leaves the subscription, and so do we unless told otherwise.
    assert_eq!(stands(&site, "s").await.unwrap().1, "active");
}

#[tokio::test]
async fn an_event_that_fails_is_noted_and_replayed_by_the_operator() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    let mut ops = Socket::of(&hub, &hub.admin()).await;
    ops.listen(&["ops"]).await;
    // The database refuses the row for a reason that is no fault of the event.
    let mut sql = site.sql().await;
    sqlx::query("alter table entitlements add constraint closed check (false) not valid")
        .execute(&mut sql)
        .await
        .unwrap();
    let body =
        event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", "2002", json!({})));
    let reply = deliver(&hub, "m", &body).await;
    assert_eq!((reply.status, reply.body["code"].as_str()), (500, Some("INTERNAL")));
    let alert = ops.event().await;
    assert_eq!(
        (&alert["kind"], &alert["data"]["status"]),
        (&json!("ops.webhook_failed"), &json!("failed"))
    );
    let listed = hub.admin().get("/api/subscriptions/webhook-events/?status=failed").await;
    let found = &listed.body["events"][0];
    assert_eq!(
        (&found["event_id"], &found["code"]),
        (&json!("m"), &json!("INTERNAL")),
        "{listed:?}"
    );
    assert!(found["next_attempt_at"].is_string(), "{listed:?}");
    sqlx::query("alter table entitlements drop constraint closed").execute(&mut sql).await.unwrap();
    let path = format!("/api/subscriptions/webhook-events/{}/replay/", found["id"]);
    let replayed = hub.admin().post(&path, &json!({})).await;
    assert_eq!((replayed.status, &replayed.body["event"]["status"]), (200, &json!("processed")));
    assert_eq!(stands(&site, "s").await.unwrap().1, "active");
    // Polar's own retry finds it done.
    let reply = deliver(&hub, "m", &body).await;
    assert_eq!((reply.status, &reply.body["duplicate"]), (200, &json!(true)));
    let missing =
        hub.admin().post("/api/subscriptions/webhook-events/999/replay/", &json!({})).await;
    assert_eq!((missing.status, missing.body["code"].as_str()), (404, Some("EVENT_NOT_FOUND")));
}

#[tokio::test]
async fn an_event_that_fails_is_tried_again_by_itself() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    let mut sql = site.sql().await;
    let close = "alter table entitlements add constraint closed check (false) not valid";
    sqlx::query(close).execute(&mut sql).await.unwrap();
    let body =
        event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", "2002", json!({})));
    assert_eq!(deliver(&hub, "m", &body).await.status, 500);
    sqlx::query("alter table entitlements drop constraint closed").execute(&mut sql).await.unwrap();
    hub.advance(120).await;
    wait_stands(&site, "s", "supporter", "active").await;
}
