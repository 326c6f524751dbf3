//! What no webhook told: an outage in which Polar gives up, renewals that nobody tells, events that were given up.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Hub, Site,
    polar::{HOST, Polar, SUPPORTER, stands, wait_stands},
};

/// The drift that was told, oldest first.
async fn drift(site: &Site) -> Vec<Value> {
    let texts: Vec<String> =
        sqlx::query_scalar("select data from events where kind = 'ops.drift' order by seq")
            .fetch_all(&mut site.sql().await)
            .await
            .unwrap();
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

/// The drift of one subscription.
async fn drift_of(site: &Site, id: &str) -> Option<Value> {
    drift(site).await.into_iter().rev().find(|one| one["reference"] == id)
}

/// The drift of one subscription, if it was found by comparing. Polar is also asked to deliver again what it gave up;
/// what came that way first, behind all that was `heard` before, is no drift.
async fn repaired(site: &Site, heard: i64, id: &str, kind: &str) -> Option<Value> {
    let again: i64 = sqlx::query_scalar(
        "select count(*) from webhook_events where id > $1 and status = 'processed' and kind = $2",
    )
    .bind(heard)
    .bind(kind)
    .fetch_one(&mut site.sql().await)
    .await
    .unwrap();
    let said = drift_of(site, id).await;
    assert!(said.is_some() || again > 0, "nobody told of {kind}");
    said
}

/// Moves the test clock of all hubs, while none is there.
async fn advance_base(site: &Site, seconds: i64) {
    sqlx::query("update log_head set clock_offset_ms = clock_offset_ms + $1")
        .bind(seconds * 1_000)
        .execute(&mut site.sql().await)
        .await
        .unwrap();
}

async fn bought(site: &Site, hub: &Hub, polar: &Polar, user: &str) -> String {
    hub.link(user).await;
    let id = polar.buy(user, SUPPORTER).await["id"].as_str().unwrap().to_owned();
    wait_stands(site, &id, "supporter", "active").await;
    id
}

/// Lets an hour pass at Polar, in steps short enough that each attempt is made.
async fn an_hour_passes(polar: &Polar) {
    for _ in 0..360 {
        polar.advance(10).await;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

#[tokio::test]
async fn an_outage_of_an_hour_in_which_polar_gives_up_is_repaired_at_the_start() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let mut hub = polar.hub(&site, &[]).await;
    hub.sell("supporter", &[SUPPORTER]).await;
    hub.sell("host", &[HOST]).await;
    let canceled = bought(&site, &hub, &polar, "2001").await;
    let revoked = bought(&site, &hub, &polar, "2002").await;
    let upgraded = bought(&site, &hub, &polar, "2003").await;
    let untouched = bought(&site, &hub, &polar, "2004").await;
    hub.link("2005").await;
    polar.wait_quiet().await;
    let heard = site.count("select count(*) from webhook_events").await;
    hub.kill();

    polar.tell(&format!("subscriptions/{canceled}/cancel"), json!({})).await;
    polar.tell(&format!("subscriptions/{revoked}/revoke"), json!({})).await;
    let patch = json!({"product_id": HOST, "proration_behavior": "invoice"});
    let changed = polar.api.patch(&format!("/v1/subscriptions/{upgraded}"), &patch).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    an_hour_passes(&polar).await;
    let all = polar.all().await;
    assert_eq!(all["endpoint"]["enabled"], false, "Polar has given up: {all}");
    // Of what happens now there is not even an event.
    let events = all["events"].as_array().unwrap().len();
    let new = polar.buy("2005", HOST).await["id"].as_str().unwrap().to_owned();
    let unlinked = polar.buy("2006", HOST).await["id"].as_str().unwrap().to_owned();
    assert_eq!(polar.all().await["events"].as_array().unwrap().len(), events);
    // Longer than a webhook may be under way.
    polar.advance(120).await;

    advance_base(&site, 3_720).await;
    let hub = polar.hub_at(&site, &hub.address).await;
    wait_stands(&site, &new, "host", "active").await;
    wait_stands(&site, &upgraded, "host", "active").await;
    wait_stands(&site, &revoked, "supporter", "canceled").await;
    wait_stands(&site, &canceled, "supporter", "active").await;
    hub.wait_until(async || stands(&site, &canceled).await.unwrap().3).await;
    assert!(!stands(&site, &untouched).await.unwrap().3);
    hub.wait_until(async || polar.all().await["endpoint"]["enabled"] == true).await;

    assert_eq!(drift_of(&site, &untouched).await, None);
    let of =
        async |id: &str| drift_of(&site, id).await.unwrap_or_else(|| panic!("no drift of {id}"));
    let said = of(&new).await;
    assert_eq!((&said["before"], &said["after"]["tier"]), (&Value::Null, &json!("host")), "{said}");
    assert_eq!(said["discord_user_id"], "2005");
    // The killed hub may have left behind that this user had just linked.
    assert!(["sync", "link"].contains(&said["occasion"].as_str().unwrap()), "{said}");
    let repaired = async |id: &str, kind: &str| repaired(&site, heard, id, kind).await;
    if let Some(said) = repaired(&revoked, "subscription.revoked").await {
        let statuses = (&said["before"]["status"], &said["after"]["status"]);
        assert_eq!(statuses, (&json!("active"), &json!("canceled")));
    }
    if let Some(said) = repaired(&upgraded, "subscription.updated").await {
        let tiers = (&said["before"]["tier"], &said["after"]["tier"]);
        assert_eq!(tiers, (&json!("supporter"), &json!("host")));
    }
    if let Some(said) = repaired(&canceled, "subscription.canceled").await {
        assert_eq!(said["after"]["cancel_at_period_end"], true, "{said}");
    }
    let given_up = drift(&site).await.into_iter().find(|one| one["what"] == "webhook_disabled");
    assert_eq!(given_up.map(|one| one["enabled"].clone()), Some(json!(true)));
    // Who links now has what they bought then, although Polar told nobody.
    assert_eq!(stands(&site, &unlinked).await, None);
    hub.link("2006").await;
    wait_stands(&site, &unlinked, "host", "active").await;
}

#[tokio::test]
async fn events_that_polar_gave_up_are_delivered_again() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let mut hub = polar.hub(&site, &[]).await;
    hub.sell("supporter", &[SUPPORTER]).await;
    hub.link("2001").await;
    hub.kill();
    // Six events: too few for Polar to give up more than them.
    let id = polar.buy("2001", SUPPORTER).await["id"].as_str().unwrap().to_owned();
    an_hour_passes(&polar).await;
    let all = polar.all().await;
    assert_eq!(all["endpoint"]["enabled"], true);
    let given_up = |all: &Value| {
        let events = all["events"].as_array().unwrap().clone();
        events.iter().filter(|event| event["progress"] == "given_up").count()
    };
    assert_eq!(given_up(&all), all["events"].as_array().unwrap().len(), "{all}");
    advance_base(&site, 3_600).await;
    let _hub = polar.hub_at(&site, &hub.address).await;
    wait_stands(&site, &id, "supporter", "active").await;
    site.wait_count(
        "select count(*) from purchases where status = 'paid'",
        1,
        Duration::from_secs(15),
    )
    .await;
    let told = drift(&site).await;
    assert!(
        told.iter()
            .any(|one| one["what"] == "events_missing" && one["redelivered"].as_u64() > Some(0)),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_renewal_that_nobody_told_is_found_within_a_minute_or_so() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let hub = polar.hub(&site, &[]).await;
    hub.sell("supporter", &[SUPPORTER]).await;
    let id = bought(&site, &hub, &polar, "2001").await;
    polar.wait_quiet().await;
    let before = stands(&site, &id).await.unwrap().2;
    polar.tell("faults", json!({"hold": true})).await;
    // To just behind the end of the longest month, so that the skew of a renewal is not over.
    let ends: i64 = sqlx::query_scalar(
        "select ceil(extract(epoch from period_end - clock_timestamp()))::bigint from entitlements",
    )
    .fetch_one(&mut site.sql().await)
    .await
    .unwrap();
    let month = u64::try_from(ends).unwrap() + 90;
    polar.advance(month).await;
    // Longer than a webhook may be under way.
    polar.advance(120).await;
    hub.advance(month + 120).await;
    hub.wait_until(async || stands(&site, &id).await.unwrap().2 != before).await;
    let said = drift_of(&site, &id).await.unwrap();
    assert!(["late", "sync"].contains(&said["occasion"].as_str().unwrap()), "{said}");
    assert_ne!(said["before"]["period_end"], said["after"]["period_end"]);
}

#[tokio::test]
async fn an_operator_compares_one_user() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let hub = polar.hub(&site, &[]).await;
    hub.sell("supporter", &[SUPPORTER]).await;
    let id = bought(&site, &hub, &polar, "2001").await;
    polar.tell("faults", json!({"hold": true})).await;
    polar.tell(&format!("subscriptions/{id}/revoke"), json!({})).await;
    let path = "/api/subscriptions/users/2001/reconcile/";
    let compared = hub.admin().post(path, &json!({})).await;
    assert_eq!(compared.status, 200, "{compared:?}");
    let drift = &compared.body["drift"][0];
    assert_eq!(
        (&drift["after"]["status"], &drift["occasion"]),
        (&json!("canceled"), &json!("operator"))
    );
    assert_eq!(stands(&site, &id).await.unwrap().1, "canceled");
    let again = hub.admin().post(path, &json!({})).await;
    assert_eq!(again.body["drift"], json!([]));
}

#[tokio::test]
async fn a_newer_webhook_is_not_undone_by_an_older_answer() {
    let (site, polar) = (Site::new().await, Polar::start(&[]));
    let hub = polar.hub(&site, &[]).await;
    hub.sell("supporter", &[SUPPORTER]).await;
    let id = bought(&site, &hub, &polar, "2001").await;
    // A webhook of something newer than all that Polar's API will say.
    let newer = crate::support::polar::subscription(
        &id,
        "2001",
        json!({
        "modified_at": "2098-01-01T00:00:00Z", "status": "canceled", "ended_at": "2098-01-01T00:00:00Z"}),
    );
    let event = crate::support::polar::event("subscription.revoked", "2098-01-01T00:00:00Z", newer);
    assert_eq!(crate::support::polar::deliver(&hub, "newer", &event).await.status, 200);
    assert_eq!(stands(&site, &id).await.unwrap().1, "canceled");
    let compared = hub.admin().post("/api/subscriptions/users/2001/reconcile/", &json!({})).await;
    assert_eq!((compared.status, &compared.body["drift"]), (200, &json!([])));
    assert_eq!(stands(&site, &id).await.unwrap().1, "canceled");
}
