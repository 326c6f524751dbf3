//! A stand-in for Polar beside the hubs, and events as Polar would send them.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use tollbell::http::signature::{Scheme, sign};

use super::{Api, Hub, Reply, Site};

/// What deliveries are signed with.
pub(crate) const SECRET: &str = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
/// The stand-in's token.
const TOKEN: &str = "polar_oat_test";
/// Where webhooks go.
pub(crate) const WEBHOOK: &str = "/subscriptions/polar/webhook/";
/// The product that the stand-in sells as the supporter's plan, by the month.
pub(crate) const SUPPORTER: &str = "0d9f7a7e-2222-4c1e-8a55-000000000002";
/// The product that it sells as the host's plan.
pub(crate) const HOST: &str = "0d9f7a7e-2222-4c1e-8a55-000000000003";

/// A stand-in for Polar. Dropping it kills it.
pub(crate) struct Polar {
    child: Child,
    /// Asks as the hub does, and more.
    pub(crate) api: Api,
    url: String,
}

impl Polar {
    /// Starts one.
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tollbell"))
            .args(["dev", "polar", "--at", "127.0.0.1:0"])
            .args(flags)
            .env("TOLLBELL_POLAR_WEBHOOK_SECRET", SECRET)
            .env("TOLLBELL_POLAR_ACCESS_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("http://")?;
            Some(format!("http://{}", rest.split_whitespace().next()?))
        });
        let mut stderr = child.stderr.take().unwrap();
        let Some(url) = url else {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            panic!("the stand-in did not start:\n{text}");
        };
        thread::spawn(move || lines.for_each(drop));
        thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        Self { child, api: Api::new(&url, Some(TOKEN)), url }
    }

    /// Starts a hub that knows it, and has it deliver there.
    pub(crate) async fn hub(&self, site: &Site, flags: &[&str]) -> Hub {
        let hub = self.start_hub(site, None, flags).await;
        self.deliver_to(&hub).await;
        hub
    }

    /// Starts a hub that knows it where another one was.
    pub(crate) async fn hub_at(&self, site: &Site, address: &str) -> Hub {
        self.start_hub(site, Some(address), &[]).await
    }

    async fn start_hub(&self, site: &Site, address: Option<&str>, flags: &[&str]) -> Hub {
        let base = format!("--polar-api-base-url={}", self.url);
        let secret = format!("--polar-webhook-secret={SECRET}");
        let token = format!("--polar-access-token={TOKEN}");
        let own = [base.as_str(), &secret, &token, "--dev"];
        let flags = [&own, flags].concat();
        match address {
            Some(address) => site.hub_at(address, &flags).await,
            None => site.hub(&flags).await,
        }
    }

    /// Has it deliver to a hub.
    pub(crate) async fn deliver_to(&self, hub: &Hub) {
        self.tell("endpoint", json!({"url": format!("{}{WEBHOOK}", hub.url())})).await;
    }

    /// Tells it what only a test may.
    pub(crate) async fn tell(&self, path: &str, body: Value) -> Value {
        let reply = self.api.post(&format!("/fake/{path}"), &body).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.body
    }

    /// Everything that it knows.
    pub(crate) async fn all(&self) -> Value {
        self.api.get("/fake").await.body
    }

    /// Lets somebody buy without a checkout; gives the subscription.
    pub(crate) async fn buy(&self, user: &str, product: &str) -> Value {
        self.tell("subscriptions", json!({"external_id": user, "product": product})).await
    }

    /// Moves its clock.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.tell("clock", json!({"advance_s": seconds})).await;
    }

    /// Waits until nothing is on its way any more.
    pub(crate) async fn wait_quiet(&self) {
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        loop {
            let all = self.all().await;
            let events = all["events"].as_array().unwrap();
            let open =
                |event: &&Value| matches!(event["progress"].as_str(), Some("waiting" | "underway"));
            if !events.iter().any(|event| open(&event)) {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "it is never quiet: {all}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Polar {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The seconds that a signature is made at.
pub(crate) fn seconds() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap();
    since.as_secs().try_into().unwrap()
}

/// Sends an event as Polar would.
pub(crate) async fn deliver(hub: &Hub, id: &str, event: &Value) -> Reply {
    deliver_raw(hub, WEBHOOK, id, seconds(), event.to_string().into_bytes()).await
}

/// Sends anything with a signature that fits it.
pub(crate) async fn deliver_raw(hub: &Hub, path: &str, id: &str, at: i64, body: Vec<u8>) -> Reply {
    let secret = SecretString::from(SECRET);
    let signature = sign(&secret, Scheme::Standard, id, at, &body).unwrap();
    let timestamp = at.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", timestamp.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    hub.guest().send(Method::POST, path, &headers, body).await
}

/// A subscription of a user to the supporter's plan, as Polar tells of it, with these fields otherwise. It runs since
/// `started_at` for a month.
pub(crate) fn subscription(id: &str, user: &str, more: Value) -> Value {
    let mut data = json!({
        "created_at": "2026-11-01T12:00:00Z", "modified_at": "2026-11-01T12:00:02Z", "id": id, "amount": 500,
        "currency": "usd", "recurring_interval": "month", "recurring_interval_count": 1, "status": "active",
        "current_period_start": "2026-11-01T12:00:00Z", "current_period_end": "2099-12-01T12:00:00Z",
        "trial_start": null, "trial_end": null, "cancel_at_period_end": false, "canceled_at": null,
        "started_at": "2026-11-01T12:00:00Z", "ends_at": null, "ended_at": null, "past_due_at": null,
        "pause_at_period_end": false, "paused_at": null, "resumes_at": null,
        "customer_id": format!("cus-{user}"), "product_id": SUPPORTER, "checkout_id": null,
        "metadata": {"discord_user_id": user, "tier": "supporter"},
        "customer": {"id": format!("cus-{user}"), "external_id": user, "email": "ada@example.com", "name": "Ada"},
        "product": {"id": SUPPORTER, "name": "Supporter", "metadata": {"tier": "supporter"}, "is_archived": false},
        "prices": [], "meters": [], "pending_update": null,
    });
    merge(&mut data, more);
    data
}

/// An event of a subscription.
pub(crate) fn event(kind: &str, at: &str, data: Value) -> Value {
    let mut event = json!({"type": kind, "timestamp": at});
    event["data"] = data;
    event
}

/// A paid order of a subscription, with these fields otherwise.
pub(crate) fn order(id: &str, user: &str, subscription: &str, more: Value) -> Value {
    let mut data = json!({
        "id": id, "created_at": "2026-11-01T12:00:00Z", "modified_at": "2026-11-01T12:00:02Z", "status": "paid",
        "paid": true, "subtotal_amount": 500, "net_amount": 500, "tax_amount": 100, "total_amount": 600,
        "refunded_amount": 0, "refunded_tax_amount": 0, "currency": "usd", "billing_reason": "subscription_create",
        "invoice_number": "TOLL-0001", "customer_id": format!("cus-{user}"), "product_id": SUPPORTER,
        "subscription_id": subscription, "next_payment_attempt_at": null,
        "metadata": {"discord_user_id": user, "tier": "supporter"},
        "customer": {"id": format!("cus-{user}"), "external_id": user, "email": "ada@example.com"},
    });
    merge(&mut data, more);
    data
}

fn merge(data: &mut Value, more: Value) {
    let Value::Object(more) = more else { panic!("{more} has no fields") };
    data.as_object_mut().unwrap().extend(more);
}

/// What the database says of an entitlement: tier, status, end of the period, whether it ends then.
pub(crate) async fn stands(site: &Site, reference: &str) -> Option<(String, String, String, bool)> {
    sqlx::query_as(
        "select p.tier, e.status, e.period_end::text, e.cancel_at_period_end
         from entitlements e join plans p on p.id = e.plan_id where e.reference = $1",
    )
    .bind(reference)
    .fetch_optional(&mut site.sql().await)
    .await
    .unwrap()
}

/// Waits until an entitlement is of this tier and stands so.
pub(crate) async fn wait_stands(site: &Site, reference: &str, tier: &str, status: &str) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        let found = stands(site, reference).await;
        if found.as_ref().is_some_and(|it| it.0 == tier && it.1 == status) {
            return;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "{reference} is {found:?}, not {tier} {status}"
        );
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

impl Hub {
    /// Links a user, on the operator's word.
    pub(crate) async fn link(&self, user: &str) {
        let profile = json!({"username": format!("user{user}")});
        let reply = self
            .admin()
            .send(Method::PUT, &format!("/api/v1/users/{user}"), &[], profile.to_string().into())
            .await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// Asks as a user.
    pub(crate) async fn as_user(&self, user: &str) -> Api {
        let reply = self.admin().post(&format!("/api/v1/users/{user}/tokens"), &json!({})).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        Api::new(&self.url(), reply.data()["token"].as_str())
    }

    /// Says as which products a plan is sold.
    pub(crate) async fn sell(&self, tier: &str, products: &[&str]) {
        let products: Vec<Value> =
            products.iter().map(|id| json!({"provider": "polar", "product_id": id})).collect();
        let path = format!("/api/subscriptions/plans/{tier}/");
        let body = json!({"products": products});
        let reply = self.admin().send(Method::PUT, &path, &[], body.to_string().into()).await;
        assert!([200, 201].contains(&reply.status), "{reply:?}");
    }
}
