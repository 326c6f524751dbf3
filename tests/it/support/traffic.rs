//! Payments in volume.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::task::JoinSet;

use super::{Api, Hub, PATIENCE};

/// Owners that log in at one time.
const LOGINS_MAX: usize = 32;

/// Wallets that pay one another for as long as the test wants.
pub(crate) struct Traffic {
    /// The wallets.
    pub(crate) wallets: Vec<String>,
    paid: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    payers: JoinSet<()>,
}

impl Traffic {
    /// Starts so many payers, spread over the hubs, each with a wallet of its own that pays the next one's.
    pub(crate) async fn start(hubs: &[&Hub], payers: usize, metadata: &'static str) -> Self {
        let ring = ring(hubs, payers, 1_000_000).await;
        let (paid, stop) = (Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let mut tasks = JoinSet::new();
        for (at, (payer, _)) in ring.iter().enumerate() {
            let (payer, payee) = (payer.clone(), ring[(at + 1) % ring.len()].1.clone());
            let (paid, stop) = (Arc::clone(&paid), Arc::clone(&stop));
            tasks.spawn(async move {
                let order = json!({"to": payee, "amount": 1, "metadata": metadata});
                while !stop.load(Relaxed) {
                    let reply = payer.post("/api/v1/payments", &order).await;
                    assert_eq!(reply.status, 201, "{reply:?}");
                    paid.fetch_add(1, Relaxed);
                }
            });
        }
        let wallets = ring.into_iter().map(|(_, address)| address).collect();
        Self { wallets, paid, stop, payers: tasks }
    }

    /// Payments that were answered.
    pub(crate) fn paid(&self) -> u64 {
        self.paid.load(Relaxed)
    }

    /// Payments a second over a span from now.
    pub(crate) async fn rate_over(&self, span: Duration) -> f64 {
        let (before, begun) = (self.paid(), Instant::now());
        tokio::time::sleep(span).await;
        let paid = u32::try_from(self.paid() - before).unwrap();
        f64::from(paid) / begun.elapsed().as_secs_f64()
    }

    /// Ends it after the payments that are under way; fails when one has failed.
    pub(crate) async fn stop(mut self) {
        self.stop.store(true, Relaxed);
        while let Some(payer) = self.payers.join_next().await {
            payer.unwrap();
        }
    }
}

/// Owners with their addresses, spread over the hubs, each holding so much.
pub(crate) async fn ring(hubs: &[&Hub], owners: usize, each: u64) -> Vec<(Api, String)> {
    let logins = (0..owners).map(async |at| {
        let hub = hubs[at % hubs.len()];
        let body = json!({"privatekey": format!("owner {at}")});
        let reply = hub.guest().post("/api/v1/login", &body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let address = reply.data()["address"].as_str().unwrap().to_owned();
        hub.admin().mint(&address, &each.to_string()).await;
        (Api::new(&hub.url(), reply.data()["token"].as_str()), address)
    });
    // A hub waits only so long for a request; with all of them at once we would be too slow for it.
    stream::iter(logins).buffered(LOGINS_MAX).collect().await
}

/// Pays through crashes: each payment is repeated under its key until it is answered. Gives the payments' ids.
pub(crate) async fn pay_through(payer: Api, payee: String, payments: usize) -> HashSet<i64> {
    let order = json!({"to": payee, "amount": 1}).to_string();
    let mut ids = HashSet::new();
    for payment in 0..payments {
        let key = format!("{payee}-{payment}");
        let begun = Instant::now();
        let reply = loop {
            assert!(begun.elapsed() < PATIENCE * 2, "a payment is never answered");
            let headers = [("idempotency-key", key.as_str())];
            let body = order.clone().into_bytes();
            match payer.try_send(reqwest::Method::POST, "/api/v1/payments", &headers, body).await {
                Ok(reply) if ![503, 504].contains(&reply.status) => break reply,
                // The hub or its database is down; its client comes back a little later.
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        assert_eq!(reply.status, 201, "{reply:?}");
        assert!(ids.insert(reply.data()["id"].as_i64().unwrap()), "{reply:?} was answered before");
    }
    ids
}
