//! Logging in, staying in, getting out.

use serde_json::json;

use super::support::{ANNA, Api, BERT, Site};

#[tokio::test]
async fn the_first_login_makes_the_wallet_and_claims_it() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    assert_eq!(
        hub.guest().get("/api/v1/wallets/k8juvewcui").await.said(),
        (404, "wallet_not_found")
    );
    let anna = hub.login(ANNA).await;
    assert_eq!(hub.guest().balance(ANNA.1).await, "0");
    let session = anna.get("/api/v1/session").await;
    assert_eq!((session.status, session.data()["address"].as_str()), (200, Some(ANNA.1)));
}

#[tokio::test]
async fn every_token_that_is_not_valid_is_answered_alike() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let anna = hub.login(ANNA).await;
    anna.post("/api/v1/logout", &json!({})).await;
    let ended = anna.token.as_deref().unwrap();
    let mut answers = Vec::new();
    for token in
        [ended, "4d5f2c1e-8b1f-4f0e-9d5a-3f1c2b7a6e90", "tbk_unknown", "x", "é", &"y".repeat(300)]
    {
        let header = format!("Bearer {token}");
        let reply = hub
            .guest()
            .send(reqwest::Method::GET, "/api/v1/supply", &[("authorization", &header)], Vec::new())
            .await;
        assert_eq!(reply.said(), (401, "unauthorized"), "{token}");
        answers.push(reply.body.to_string());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "the answers differ: {answers:?}");
}

#[tokio::test]
async fn a_refreshed_session_has_a_new_token_and_the_old_one_fades() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let old = hub.login(ANNA).await;
    let reply = old.post("/api/v1/session/refresh", &json!({})).await;
    assert_eq!(reply.status, 200);
    let new = Api::new(&hub.url(), reply.data()["token"].as_str());
    assert_ne!(old.token, new.token);
    assert_eq!(old.get("/api/v1/session").await.status, 200, "requests under way still pass");
    let same = |api: Api| async move { api.get("/api/v1/session").await.data()["id"].clone() };
    assert_eq!(same(old.clone()).await, same(new.clone()).await);
    hub.advance(61).await;
    assert_eq!(old.get("/api/v1/session").await.status, 401);
    assert_eq!(new.get("/api/v1/session").await.status, 200);
}

#[tokio::test]
async fn a_session_ends_after_an_hour() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let anna = hub.login(ANNA).await;
    hub.advance(3_590).await;
    assert_eq!(anna.get("/api/v1/session").await.status, 200);
    hub.advance(20).await;
    assert_eq!(anna.get("/api/v1/session").await.said(), (401, "unauthorized"));
}

#[tokio::test]
async fn the_operator_ends_sessions() {
    let site = Site::new().await;
    let (one, two) = (site.hub(&[]).await, site.hub(&[]).await);
    let (anna, again, bert) = (one.login(ANNA).await, one.login(ANNA).await, one.login(BERT).await);
    // The other hub knows them all, so it has them cached.
    for api in [&anna, &again, &bert] {
        assert_eq!(api.at(&two).get("/api/v1/session").await.status, 200);
    }
    let list = one.admin().get("/api/v1/admin/sessions").await;
    assert_eq!(list.data().as_array().map(Vec::len), Some(3));
    let id = anna.get("/api/v1/session").await.data()["id"].as_str().unwrap().to_owned();
    let reply = one.admin().delete(&format!("/api/v1/admin/sessions/{id}")).await;
    assert_eq!((reply.status, reply.data()["revoked"].as_u64()), (200, Some(1)));
    assert_eq!(anna.get("/api/v1/session").await.status, 401, "at once on the hub that was asked");
    one.wait_until(async || anna.at(&two).get("/api/v1/session").await.status == 401).await;
    let reply = one.admin().delete(&format!("/api/v1/admin/sessions/{id}")).await;
    assert_eq!(reply.said(), (404, "session_not_found"));
    let reply = one.admin().delete(&format!("/api/v1/admin/sessions?address={}", ANNA.1)).await;
    assert_eq!(reply.data()["revoked"], 1);
    assert_eq!(again.get("/api/v1/session").await.status, 401);
    assert_eq!(bert.get("/api/v1/session").await.status, 200);
    assert_eq!(one.admin().delete("/api/v1/admin/sessions?all=true").await.data()["revoked"], 1);
    assert_eq!(bert.get("/api/v1/session").await.status, 401);
}

#[tokio::test]
async fn the_oldest_of_too_many_sessions_ends() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let first = hub.login(ANNA).await;
    let second = hub.login(ANNA).await;
    for _ in 0..31 {
        hub.login(ANNA).await;
    }
    assert_eq!(first.get("/api/v1/session").await.status, 401);
    assert_eq!(second.get("/api/v1/session").await.status, 200);
}

#[tokio::test]
async fn a_locked_wallet_can_neither_log_in_nor_pay_but_receives() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    let path = format!("/api/v1/admin/wallets/{}", ANNA.1);
    assert_eq!(hub.admin().patch(&path, &json!({"locked": true})).await.status, 200);
    assert_eq!(anna.pay(BERT.1, "1").await.said(), (403, "wallet_locked"));
    let login = hub.guest().post("/api/v1/login", &json!({"privatekey": ANNA.0})).await;
    assert_eq!(login.said(), (403, "wallet_locked"));
    hub.admin().mint(BERT.1, "5").await;
    assert_eq!(bert.pay(ANNA.1, "5").await.status, 201);
    assert_eq!(hub.admin().patch(&path, &json!({"locked": false})).await.status, 200);
    assert_eq!(anna.pay(BERT.1, "1").await.status, 201);
}

#[tokio::test]
async fn guests_are_counted_by_address_and_callers_by_credential() {
    let site = Site::new().await;
    let limits = [
        "--loopback-unlimited=false",
        "--guest-requests-per-min=5",
        "--caller-requests-per-min=8",
        "--logins-per-min=2",
        "--logins-burst=2",
    ];
    let hub = site.hub(&limits).await;
    let login = async || hub.guest().post("/api/v1/login", &json!({"privatekey": "a"})).await;
    let first = login().await;
    assert_eq!(first.status, 200);
    assert_eq!(login().await.status, 200);
    let third = login().await;
    assert_eq!(third.said(), (429, "rate_limited"));
    assert!(third.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    let anna = Api::new(&hub.url(), first.data()["token"].as_str());
    for _ in 0..8 {
        assert_eq!(anna.get("/api/v1/session").await.status, 200);
    }
    assert_eq!(anna.get("/api/v1/session").await.said(), (429, "rate_limited"));
    assert_eq!(
        hub.admin().get("/api/v1/supply").await.status,
        200,
        "another credential has its own count"
    );
    assert_eq!(hub.guest().get("/api/v1/supply").await.status, 200);
    assert_eq!(hub.guest().get("/api/v1/supply").await.status, 200);
    assert_eq!(hub.guest().get("/api/v1/supply").await.said(), (429, "rate_limited"));
}

#[tokio::test]
async fn a_revoked_service_key_is_worth_nothing() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let output = site.run(&["token", "create", "shop", "--scopes", "bot"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let key = text.split_whitespace().find(|word| word.starts_with("tbk_")).unwrap();
    let shop = Api::new(&hub.url(), Some(key));
    assert_eq!(shop.post("/api/v1/ws/tickets", &json!({})).await.status, 201);
    let list = String::from_utf8(site.run(&["token", "list"]).stdout).unwrap();
    assert!(!list.contains(key), "the list shows a secret");
    let line = list.lines().find(|line| line.contains("shop")).unwrap();
    let id = line.split_whitespace().find(|word| uuid::Uuid::try_parse(word).is_ok()).unwrap();
    assert!(site.run(&["token", "revoke", id]).status.success());
    hub.wait_until(async || shop.get("/api/v1/supply").await.status == 401).await;
    let again = site.run(&["token", "revoke", id]);
    assert!(!again.status.success(), "service_key_not_found");
}

/// Regression: an inverted test kept the expired sessions and deleted the live ones.
#[tokio::test]
async fn the_sweep_deletes_expired_sessions_and_no_live_one() {
    let site = Site::new().await;
    let mut hub = site.hub(&[]).await;
    let (anna, bert) = (hub.login(ANNA).await, hub.login(BERT).await);
    hub.kill();
    let expire = "update sessions set expires_at = clock_timestamp() - interval '1 second'
        where address = $1";
    let expired = sqlx::query(expire).bind(ANNA.1).execute(&mut site.sql().await).await.unwrap();
    assert_eq!(expired.rows_affected(), 1);
    // A hub sweeps when it starts, and every minute.
    let hub = site.hub(&[]).await;
    hub.wait_until(async || site.count("select count(*) from sessions").await == 1).await;
    assert_eq!(bert.at(&hub).get("/api/v1/session").await.status, 200);
    assert_eq!(anna.at(&hub).get("/api/v1/session").await.said(), (401, "unauthorized"));
}
