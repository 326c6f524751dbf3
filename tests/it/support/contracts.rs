//! Contracts and subscriptions as tests make them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Api, Reply, Site};

/// A term in seconds: long beside what a test waits, and short beside a session.
pub(crate) const TERM: u64 = 600;

/// Offers a contract, 2 for a term unless `more` says otherwise, and gives its number.
pub(crate) async fn offer(owner: &Api, more: Value) -> i64 {
    let mut body = json!({"title": "Newspaper", "price": 2, "period_seconds": TERM});
    let fields = body.as_object_mut().unwrap();
    if ["cron_expr", "period_months"].iter().any(|other| more.get(other).is_some()) {
        fields.remove("period_seconds");
    }
    fields.extend(more.as_object().unwrap().clone());
    let reply = owner.post("/api/v1/contracts", &body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.data()["contract_id"].as_i64().unwrap()
}

/// Asks to subscribe.
pub(crate) async fn subscribe(wallet: &Api, contract: i64) -> Reply {
    wallet.post(&format!("/api/v1/contracts/{contract}/subscribers"), &json!({})).await
}

/// Subscribes, and gives the path of the subscription.
pub(crate) async fn subscribed(wallet: &Api, contract: i64) -> String {
    let reply = subscribe(wallet, contract).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    format!("/api/v1/subscribers/{}", reply.data()["subscription_id"])
}

impl Site {
    /// One number from the database.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&mut self.sql().await).await.unwrap()
    }

    /// Waits until a query gives this number.
    pub(crate) async fn wait_count(&self, sql: &'static str, expected: i64, within: Duration) {
        let deadline = Instant::now() + within;
        loop {
            let count = self.count(sql).await;
            if count == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{sql} gives {count} instead of {expected}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Proves that money, payments, charges and events agree.
    pub(crate) fn verify(&self) {
        self.verify_with(&[]);
    }

    /// The same for a community whose hubs are started with these flags.
    pub(crate) fn verify_with(&self, flags: &[&str]) {
        let verified = self.run(&[&["verify-ledger"], flags].concat());
        assert!(verified.status.success(), "{verified:?}");
    }
}
