//! The door of webhooks: what it refuses and how, and that nothing comes of it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Hub, Reply, Site,
    polar::{SECRET, WEBHOOK, deliver, deliver_raw, event, seconds, subscription},
};

/// What a hub says to a delivery.
fn said(reply: &Reply) -> (u16, &str) {
    assert_eq!(reply.body["success"], reply.status < 300, "{reply:?}");
    let word = if reply.status < 300 { "status" } else { "code" };
    (reply.status, reply.body[word].as_str().unwrap_or_default())
}

async fn hub(site: &Site) -> Hub {
    site.hub(&[&format!("--polar-webhook-secret={SECRET}")]).await
}

async fn written(site: &Site) -> i64 {
    site.count(
        "select (select count(*) from webhook_events) + (select count(*) from entitlements)
              + (select count(*) from purchases) + (select count(*) from checkouts)",
    )
    .await
}

#[tokio::test]
async fn what_is_not_believed_is_refused_with_its_code_and_leaves_nothing() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    let body =
        event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", "2002", json!({})));
    let text = body.to_string();
    let good = deliver_headers("m", seconds(), text.as_bytes());
    let with = |name: &str, value: Option<&str>| {
        let mut headers = good.clone();
        headers.retain(|(known, _)| *known != name);
        headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        headers
    };
    let old = deliver_headers("m", seconds() - 302, text.as_bytes());
    let ahead = deliver_headers("m", seconds() + 302, text.as_bytes());
    let long = "x".repeat(129);
    let cases = [
        ("no id", with("webhook-id", None), 400, "WEBHOOK_HEADER_MISSING"),
        ("no timestamp", with("webhook-timestamp", None), 400, "WEBHOOK_HEADER_MISSING"),
        ("no signature", with("webhook-signature", None), 400, "WEBHOOK_HEADER_MISSING"),
        ("empty signature", with("webhook-signature", Some("")), 400, "WEBHOOK_HEADER_MISSING"),
        ("long id", with("webhook-id", Some(&long)), 400, "INVALID_WEBHOOK_ID"),
        ("a fraction", with("webhook-timestamp", Some("1790856000.0")), 400, "INVALID_TIMESTAMP"),
        ("a word", with("webhook-timestamp", Some("abc")), 400, "INVALID_TIMESTAMP"),
        ("old", old, 400, "STALE_TIMESTAMP"),
        ("ahead", ahead, 400, "FUTURE_TIMESTAMP"),
        ("another id", with("webhook-id", Some("n")), 400, "INVALID_SIGNATURE"),
        ("another version", with("webhook-signature", Some("v2,AAAA")), 400, "INVALID_SIGNATURE"),
        (
            "a form",
            with("content-type", Some("application/x-www-form-urlencoded")),
            415,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        ("plain text", with("content-type", Some("text/plain")), 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("no type", with("content-type", None), 415, "UNSUPPORTED_MEDIA_TYPE"),
    ];
    for (name, headers, status, code) in cases {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let reply = hub.guest().send(Method::POST, WEBHOOK, &headers, text.clone().into()).await;
        assert_eq!(said(&reply), (status, code), "{name}");
    }
    assert_eq!(written(&site).await, 0);
}

fn deliver_headers(id: &str, at: i64, body: &[u8]) -> Vec<(String, String)> {
    use tollbell::http::signature::{Scheme, sign};
    let signature = sign(&SECRET.into(), Scheme::Standard, id, at, body).unwrap();
    [
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", &at.to_string()),
        ("webhook-signature", &signature),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

#[tokio::test]
async fn what_is_signed_and_makes_no_sense_is_refused_with_its_code_and_leaves_nothing() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    let with = |more: Value| {
        event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", "2002", more))
            .to_string()
    };
    let cases: Vec<(&str, String, u16, &str)> = vec![
        ("no JSON", "{".into(), 400, "INVALID_JSON"),
        ("nothing", String::new(), 400, "INVALID_JSON"),
        ("a list", "[]".into(), 400, "INVALID_EVENT"),
        ("a list of events", format!("[{}]", with(json!({}))), 400, "INVALID_EVENT"),
        ("a text", "\"subscription.active\"".into(), 400, "INVALID_EVENT"),
        ("null", "null".into(), 400, "INVALID_EVENT"),
        (
            "no type",
            r#"{"timestamp":"2026-11-01T12:00:00Z","data":{}}"#.into(),
            400,
            "INVALID_EVENT",
        ),
        (
            "a list of data",
            r#"{"type":"a.b","timestamp":"2026-11-01T12:00:00Z","data":[]}"#.into(),
            400,
            "INVALID_EVENT",
        ),
        ("no time", with(json!({})).replace("2026-11-01T12:00:03Z", "soon"), 400, "INVALID_EVENT"),
        (
            "garbage for a date",
            with(json!({"current_period_end": "tomorrow"})),
            400,
            "INVALID_EVENT",
        ),
        ("a number for a date", with(json!({"modified_at": 7})), 400, "INVALID_EVENT"),
        (
            "a date beyond all",
            with(json!({"ends_at": "+99999-01-01T00:00:00Z"})),
            400,
            "INVALID_EVENT",
        ),
        ("the year 1", with(json!({"modified_at": "0001-01-01T00:00:00Z"})), 400, "INVALID_EVENT"),
        (
            "an end before the start",
            with(json!({"current_period_end": "2020-01-01T00:00:00Z"})),
            400,
            "INVALID_EVENT",
        ),
        ("no id", with(json!({"id": null})), 400, "INVALID_EVENT"),
        ("a long id", with(json!({"id": "x".repeat(129)})), 400, "INVALID_EVENT"),
        ("a number for a product", with(json!({"product_id": 7})), 400, "INVALID_EVENT"),
        ("huge", "x".repeat(1024 * 1024 + 1), 413, "PAYLOAD_TOO_LARGE"),
    ];
    for (name, body, status, code) in cases {
        let reply = deliver_raw(&hub, WEBHOOK, "m", seconds(), body.into_bytes()).await;
        assert_eq!(said(&reply), (status, code), "{name}: {reply:?}");
        if code == "INVALID_EVENT" {
            assert!(reply.body["details"][0]["field"].is_string(), "{name}: {reply:?}");
        }
    }
    assert_eq!(written(&site).await, 0);
    // None of that stands in the way of the same id with a body that fits.
    let reply = deliver(
        &hub,
        "m",
        &event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", "2002", json!({}))),
    )
    .await;
    assert_eq!(said(&reply), (200, "processed"));
}

#[tokio::test]
async fn both_spellings_of_the_webhook_answer_and_never_redirect() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    let body = event("benefit.created", "2026-11-01T12:00:03Z", json!({})).to_string();
    for (path, id) in [(WEBHOOK, "m1"), (WEBHOOK.trim_end_matches('/'), "m2")] {
        let reply = deliver_raw(&hub, path, id, seconds(), body.clone().into()).await;
        assert_eq!(said(&reply), (200, "ignored"), "{path}");
    }
    let reply = hub.guest().get(WEBHOOK).await;
    assert_eq!(said(&reply), (405, "METHOD_NOT_ALLOWED"));
}

#[tokio::test]
async fn without_a_secret_nobody_is_believed() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let body =
        event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", "2002", json!({})));
    let reply = deliver(&hub, "m", &body).await;
    assert_eq!(said(&reply), (503, "POLAR_NOT_CONFIGURED"));
    assert_eq!(written(&site).await, 0);
}

#[tokio::test]
async fn a_refused_timestamp_does_not_poison_the_retry() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    hub.link("2002").await;
    let body =
        event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", "2002", json!({})));
    let bytes = body.to_string().into_bytes();
    for (skew, code) in [(-400, "STALE_TIMESTAMP"), (400, "FUTURE_TIMESTAMP")] {
        let reply = deliver_raw(&hub, WEBHOOK, "m", seconds() + skew, bytes.clone()).await;
        assert_eq!(said(&reply), (400, code));
    }
    let reply = deliver(&hub, "m", &body).await;
    assert_eq!((said(&reply), &reply.body["duplicate"]), ((200, "processed"), &json!(false)));
    let reply = deliver(&hub, "m", &body).await;
    assert_eq!((said(&reply), &reply.body["duplicate"]), ((200, "processed"), &json!(true)));
}

#[tokio::test]
async fn nothing_about_a_person_is_stored() {
    let site = Site::new().await;
    let hub = hub(&site).await;
    let body =
        event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", "2002", json!({})));
    deliver(&hub, "m", &body).await;
    let stored: String = sqlx::query_scalar("select payload from webhook_events")
        .fetch_one(&mut site.sql().await)
        .await
        .unwrap();
    assert!(!stored.contains("ada@example.com") && !stored.contains("\"Ada\""), "{stored}");
    // What is needed to apply it later is there.
    assert!(stored.contains("2002") && stored.contains("Supporter"), "{stored}");
}
