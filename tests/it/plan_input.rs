//! What is no plan and no grant: a clear code each, nothing written, never a 500.

use reqwest::Method;

use super::support::{Api, Hub, Site};

const ADA: &str = "80351110224678912";
const GOLD: &str = "/api/subscriptions/plans/gold/";
const LIMITS: &str = r#""monthly_server_minutes": 1, "max_session_minutes": 1"#;

fn of_ada(rest: &str) -> String {
    format!("/api/subscriptions/users/{ADA}/{rest}")
}

async fn stage(site: &Site) -> (Hub, Api, Api) {
    let hub = site.hub(&[]).await;
    let bot = hub.with(&site.key("bot"));
    hub.user(&bot, ADA).await;
    let admin = hub.admin();
    (hub, bot, admin)
}

/// Sends a body and checks status and code of the refusal.
async fn refused(api: &Api, method: Method, path: &str, body: &str, expected: (u16, &str)) {
    let json = [("content-type", "application/json")];
    let reply = api.send(method, path, &json, body.into()).await;
    let said = (reply.status, reply.body["code"].as_str().unwrap_or(""));
    assert_eq!(said, expected, "{path} {body}: {reply:?}");
    assert!(reply.body["success"] == false && reply.body["message"].is_string(), "{reply:?}");
}

/// Regression: a list for a body was a 500.
#[tokio::test]
async fn a_body_that_is_no_object_is_refused_everywhere() {
    let site = Site::new().await;
    let (hub, bot, admin) = stage(&site).await;
    let before = hub.log_head().await;
    let (grant, comps) = (of_ada("entitlements/github_sponsors/s1/"), of_ada("comps/"));
    let adjustments = of_ada("adjustments/");
    for (body, code) in [
        ("[]", "INVALID_BODY"),
        ("[1]", "INVALID_BODY"),
        ("{", "INVALID_JSON"),
        ("x", "INVALID_JSON"),
        ("null", "INVALID_BODY"),
        ("\"a\"", "INVALID_BODY"),
        ("7", "INVALID_BODY"),
    ] {
        for (api, method, path) in [
            (&admin, Method::PUT, GOLD),
            (&bot, Method::PUT, grant.as_str()),
            (&admin, Method::POST, comps.as_str()),
            (&admin, Method::POST, adjustments.as_str()),
        ] {
            refused(api, method, path, body, (400, code)).await;
        }
    }
    let text = [("content-type", "text/plain")];
    let reply = admin.send(Method::PUT, GOLD, &text, b"{}".to_vec()).await;
    assert_eq!((reply.status, &reply.body["code"]), (415, &"UNSUPPORTED_MEDIA_TYPE".into()));
    let reply = admin.send(Method::PUT, GOLD, &[], vec![b' '; 70_000]).await;
    assert_eq!((reply.status, &reply.body["code"]), (413, &"PAYLOAD_TOO_LARGE".into()));
    assert_eq!(hub.log_head().await, before, "nothing was written");
}

#[tokio::test]
async fn what_is_no_plan_is_refused_with_a_code() {
    let site = Site::new().await;
    let (hub, _, admin) = stage(&site).await;
    let before = hub.log_head().await;
    for (more, code) in [
        (r#""name": """#, "INVALID_VALUE"),
        (r#""name": "a\u0000b""#, "INVALID_VALUE"),
        (r#""grace_days": 91"#, "INVALID_VALUE"),
        (r#""monthly_price_usd": -1"#, "INVALID_BODY"),
        (r#""max_concurrent_servers": 0"#, "INVALID_VALUE"),
        (r#""benefits": [""]"#, "INVALID_VALUE"),
        (r#""products": [{"provider": "x", "product_id": "1"}]"#, "INVALID_BODY"),
        (r#""products": [{"provider": "polar", "product_id": ""}]"#, "INVALID_BODY"),
        (r#""products": [{"provider": "contract", "product_id": "x"}]"#, "INVALID_VALUE"),
        (
            r#""products": [{"provider": "polar", "product_id": "a"}, {"provider": "polar", "product_id": "a"}]"#,
            "INVALID_VALUE",
        ),
        (r#""discord_role_id": "admin""#, "INVALID_BODY"),
        (r#""entitlement_priority": 1e99"#, "INVALID_BODY"),
    ] {
        refused(&admin, Method::PUT, GOLD, &format!("{{{LIMITS}, {more}}}"), (400, code)).await;
    }
    for (body, code) in [
        (r#"{"monthly_server_minutes": 1.5, "max_session_minutes": 1}"#, "INVALID_BODY"),
        (r#"{"monthly_server_minutes": 1, "max_session_minutes": 0}"#, "INVALID_VALUE"),
        (r#"{"monthly_server_minutes": 1}"#, "LIMITS_REQUIRED"),
        ("{}", "LIMITS_REQUIRED"),
    ] {
        refused(&admin, Method::PUT, GOLD, body, (400, code)).await;
    }
    for tier in ["Gold", "-", "a%20b", &"x".repeat(65)] {
        let path = format!("/api/subscriptions/plans/{tier}/");
        let body = format!("{{{LIMITS}}}");
        refused(&admin, Method::PUT, &path, &body, (400, "INVALID_TIER")).await;
    }
    assert_eq!(hub.log_head().await, before, "nothing was written");
}

#[tokio::test]
async fn what_is_no_grant_is_refused_with_a_code() {
    let site = Site::new().await;
    let (hub, bot, admin) = stage(&site).await;
    let before = hub.log_head().await;
    let grant = of_ada("entitlements/github_sponsors/s1/");
    let month = r#"{"tier": "supporter", "months": 1}"#;
    let both = r#"{"tier": "supporter", "months": 1, "period_end": "2030-01-01T00:00:00Z"}"#;
    let past = r#"{"tier": "supporter", "period_end": "2001-01-01T00:00:00Z"}"#;
    for (path, body, expected) in [
        (&grant, r#"{"tier": "supporter"}"#, (400, "INVALID_PERIOD")),
        (&grant, both, (400, "INVALID_PERIOD")),
        (&grant, past, (400, "INVALID_PERIOD")),
        (&grant, r#"{"tier": "supporter", "months": 0}"#, (400, "INVALID_VALUE")),
        (&grant, r#"{"tier": "supporter", "period_end": "soon"}"#, (400, "INVALID_BODY")),
        (&grant, r#"{"tier": "A B", "months": 1}"#, (400, "INVALID_TIER")),
        (&grant, r#"{"months": 1}"#, (400, "INVALID_VALUE")),
        (&grant, r#"{"tier": "gold", "months": 1}"#, (404, "PLAN_NOT_FOUND")),
        (&grant, r#"{"product_id": "gold", "months": 1}"#, (404, "PRODUCT_UNMAPPED")),
        (&of_ada("entitlements/polar/s1/"), month, (403, "PROVIDER_MANAGED")),
        (&of_ada("entitlements/contract/1/"), month, (403, "PROVIDER_MANAGED")),
        (&of_ada("entitlements/stripe/1/"), month, (400, "INVALID_PROVIDER")),
        (&of_ada("entitlements/comp/a%20b/"), month, (400, "INVALID_REFERENCE")),
        (&grant.replace(ADA, "2002"), month, (404, "USER_NOT_LINKED")),
        (&grant.replace(ADA, "ada"), month, (400, "INVALID_DISCORD_ID")),
    ] {
        refused(&bot, Method::PUT, path, body, expected).await;
    }
    refused(&bot, Method::DELETE, &grant, "", (404, "ENTITLEMENT_NOT_FOUND")).await;
    for body in [
        r#"{"tier": "supporter", "auto_renew": true, "months": 2}"#,
        r#"{"tier": "supporter", "expires_at": "2030-01-01T00:00:00Z"}"#,
        r#"{"tier": "supporter", "auto_renew": true}"#,
    ] {
        refused(&admin, Method::POST, &of_ada("comps/"), body, (400, "INVALID_PERIOD")).await;
    }
    for (body, expected) in [
        (r#"{"minutes": 0, "reason": "x"}"#, (400, "INVALID_VALUE")),
        (r#"{"minutes": 100001, "reason": "x"}"#, (400, "INVALID_VALUE")),
        (r#"{"minutes": -2147483648, "reason": "x"}"#, (400, "INVALID_VALUE")),
        (r#"{"minutes": 1.5, "reason": "x"}"#, (400, "INVALID_BODY")),
        (r#"{"minutes": 5}"#, (400, "INVALID_BODY")),
        (r#"{"minutes": 5, "reason": ""}"#, (400, "INVALID_VALUE")),
        (r#"{"minutes": 5, "reason": "x"}"#, (409, "NO_ACTIVE_SUBSCRIPTION")),
    ] {
        refused(&admin, Method::POST, &of_ada("adjustments/"), body, expected).await;
    }
    assert_eq!(hub.log_head().await, before, "nothing was written");
}
