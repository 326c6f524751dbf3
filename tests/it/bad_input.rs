//! Bad input gets a clear answer with a stable code, and never a 500.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{ANNA, BERT, NOBODY, Site};

#[tokio::test]
async fn bad_payments_are_refused_each_with_its_code() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let long = "x".repeat(256);
    let cases: &[(Value, u16, &str)] = &[
        (json!({"to": BERT.1, "amount": -1}), 400, "validation_error"),
        (json!({"to": BERT.1, "amount": 0}), 400, "validation_error"),
        (json!({"to": BERT.1, "amount": "0.00"}), 400, "validation_error"),
        (json!({"to": BERT.1, "amount": 0.001}), 400, "validation_error"),
        (json!({"to": BERT.1, "amount": "NaN"}), 400, "validation_error"),
        (json!({"to": BERT.1, "amount": "1e3"}), 400, "validation_error"),
        (json!({"to": BERT.1, "amount": "99999999999999999999"}), 400, "validation_error"),
        (json!({"to": BERT.1, "amount": null}), 400, "json_type"),
        (json!({"to": BERT.1, "amount": [1]}), 400, "json_type"),
        (json!({"to": BERT.1}), 400, "json_type"),
        (json!({"amount": 1}), 400, "json_type"),
        (json!({"to": "nobody", "amount": 1}), 400, "validation_error"),
        (json!({"to": 7, "amount": 1}), 400, "json_type"),
        (json!([]), 400, "json_type"),
        (json!("text"), 400, "json_type"),
        (json!({"to": NOBODY, "amount": 1}), 404, "wallet_not_found"),
        (json!({"to": ANNA.1, "amount": 1}), 400, "same_wallet"),
        (json!({"to": BERT.1, "amount": 1000.01}), 402, "insufficient_funds"),
        (json!({"to": BERT.1, "amount": 1, "metadata": long}), 400, "validation_error"),
        (json!({"to": BERT.1, "amount": 1, "metadata": "\u{1}"}), 400, "validation_error"),
        (json!({"to": BERT.1, "amount": 1, "request_id": ""}), 400, "validation_error"),
    ];
    for (body, status, code) in cases {
        let reply = anna.post("/api/v1/payments", body).await;
        assert_eq!(reply.said(), (*status, *code), "{body}: {:?}", reply.body);
        if *status == 400 && *code != "same_wallet" {
            assert!(
                reply.body["error"]["details"][0]["field"].is_string(),
                "{body}: {:?}",
                reply.body
            );
        }
    }
    assert_eq!(hub.guest().balance(ANNA.1).await, "1000", "nothing was paid");
    let huge = json!({"address": BERT.1, "amount": "46116860184273879.04"});
    assert_eq!(
        hub.admin().post("/api/v1/admin/mint", &huge).await.said(),
        (402, "insufficient_funds")
    );
}

/// A body, headers, and what is answered.
type Case<'a> = (&'a [u8], &'a [(&'a str, &'a str)], u16, &'a str);

#[tokio::test]
async fn bodies_that_are_no_json_are_refused() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, ..] = hub.people().await;
    let deep = format!("{{\"x\":{}", "[".repeat(50_000));
    let huge = vec![b'x'; 65_537];
    let cases: &[Case<'_>] = &[
        (b"{", &[], 400, "json_syntax"),
        (b"{\"to\":\"k7oax47quv\",\"amount\":NaN}", &[], 400, "json_syntax"),
        (b"\xff\xfe", &[], 400, "json_syntax"),
        (deep.as_bytes(), &[], 400, "json_syntax"),
        (huge.as_slice(), &[], 413, "payload_too_large"),
        (
            b"to=k7oax47quv",
            &[("content-type", "application/x-www-form-urlencoded")],
            415,
            "unsupported_media_type",
        ),
        (b"{}", &[("idempotency-key", "a b")], 400, "invalid_idempotency_key"),
    ];
    for (body, headers, status, code) in cases {
        let reply = anna.send(Method::POST, "/api/v1/payments", headers, body.to_vec()).await;
        assert_eq!(
            reply.said(),
            (*status, *code),
            "{:?}",
            String::from_utf8_lossy(&body[..body.len().min(40)])
        );
    }
}

#[tokio::test]
async fn routes_that_are_none_are_refused_in_the_envelope() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let guest = hub.guest();
    let cases = [
        (Method::GET, "/api/v1/nothing", 404, "route_not_found"),
        (Method::GET, "/nothing", 404, "route_not_found"),
        (Method::DELETE, "/api/v1/supply", 405, "method_not_allowed"),
        (Method::GET, "/api/v1/payments/x", 400, "path_invalid"),
        (Method::GET, "/api/v1/payments/99999999999999999999", 400, "path_invalid"),
        (Method::GET, "/api/v1/payments/999", 404, "payment_not_found"),
        (Method::GET, "/api/v1/wallets/x", 400, "path_invalid"),
        (Method::GET, "/api/v1/wallets/k8juvewcui/payments?limit=x", 400, "query_invalid"),
    ];
    for (method, path, status, code) in cases {
        let reply = guest.send(method.clone(), path, &[], Vec::new()).await;
        assert_eq!(reply.said(), (status, code), "{method} {path}: {:?}", reply.body);
        assert!(reply.headers.contains_key("x-request-id"), "{method} {path}");
    }
    assert_eq!(
        guest.get("/api/v1/supply/").await.status,
        200,
        "a slash at the end changes nothing"
    );
}

#[tokio::test]
async fn logins_without_a_usable_key_are_refused() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let long = "x".repeat(513);
    for (body, code) in [
        (json!({}), "json_type"),
        (json!({"privatekey": ""}), "validation_error"),
        (json!({"privatekey": long}), "validation_error"),
        (json!({"privatekey": 7}), "json_type"),
    ] {
        let reply = hub.guest().post("/api/v1/login", &body).await;
        assert_eq!(reply.said(), (400, code), "{:?}", reply.body);
    }
    // The stored verifier is another key's: what a claimed wallet looks like to a stranger.
    hub.login(ANNA).await;
    let mut sql = site.sql().await;
    sqlx::query("update wallets set verifier = $1 where address = $2")
        .bind([7_u8; 32].as_slice())
        .bind(ANNA.1)
        .execute(&mut sql)
        .await
        .unwrap();
    let reply = hub.guest().post("/api/v1/login", &json!({"privatekey": ANNA.0})).await;
    assert_eq!(reply.said(), (401, "authentication_failed"));
}
