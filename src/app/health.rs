//! `/healthz`, `/readyz` and `/metrics`: what those ask who keep the hub running.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::State, routing::get};

use crate::{
    db::{Db, inspect},
    http::ApiError,
    hub::{Hub, HubStats, LATENCY_CLASSES},
    telemetry::{self, Figures},
};

/// How often the figures that nobody counts along are read.
const SAMPLE: Duration = Duration::from_secs(2);

/// Whether this hub should get new clients.
#[derive(Debug, Clone)]
pub(super) struct Readiness {
    db: Db,
    started: Arc<AtomicBool>,
    draining: Arc<AtomicBool>,
}

impl Readiness {
    /// Not ready yet.
    pub(super) fn new(db: Db) -> Self {
        Self { db, started: Arc::default(), draining: Arc::default() }
    }

    /// The ring is filled and the doors are open.
    pub(super) fn started(&self) {
        self.started.store(true, Ordering::Release);
    }

    /// The hub is going away.
    pub(super) fn draining(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Why the hub is not ready, if it is not.
    fn hindrance(&self) -> Option<&'static str> {
        if self.draining.load(Ordering::Acquire) {
            return Some("draining");
        }
        if !self.started.load(Ordering::Acquire) {
            return Some("starting");
        }
        if *self.db.progress().up().borrow() { None } else { Some("no database") }
    }
}

/// `/healthz`: the process answers. `/readyz`: it should get clients; 503 while starting, draining, or without a
/// database.
pub(super) fn router(readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .with_state(readiness)
}

async fn ready(State(readiness): State<Readiness>) -> Result<&'static str, ApiError> {
    match readiness.hindrance() {
        None => Ok("ready\n"),
        Some(hindrance) => Err(ApiError::unavailable(SAMPLE).with_detail("readiness", hindrance)),
    }
}

/// `/metrics` in the text format of Prometheus.
pub(super) fn metrics(figures: Figures) -> Router {
    Router::new().route("/metrics", get(async move || figures.render()))
}

/// Reads the figures that nobody counts along, again and again.
pub(super) async fn sample(db: Db, hub: Hub, figures: Figures) {
    loop {
        let (used, open) = db.pool_use();
        metrics::gauge!(telemetry::POOL_CONNECTIONS).set(f64::from(open));
        metrics::gauge!(telemetry::POOL_IDLE).set(f64::from(open.saturating_sub(used)));
        record(&hub.stats());
        if let Ok(mut conn) = db.read().await
            && let Ok(health) = inspect::health(&mut conn).await
        {
            metrics::gauge!(telemetry::OLDEST_SNAPSHOT_SECONDS).set(health.oldest_snapshot_s);
        }
        figures.upkeep();
        tokio::time::sleep(SAMPLE).await;
    }
}

fn record(stats: &HubStats) {
    let count = |value: usize| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
    metrics::gauge!(telemetry::CONNECTIONS).set(count(stats.connections));
    metrics::gauge!(telemetry::CONNECTIONS_BEHIND).set(count(stats.behind));
    metrics::gauge!(telemetry::TOPICS).set(count(stats.topics));
    metrics::counter!(telemetry::DELIVERIES_TOTAL).absolute(stats.deliveries);
    let mut within = 0_u64;
    let mut bound_us = 1_u32;
    for (class, deliveries) in stats.latency.iter().enumerate() {
        within = within.saturating_add(*deliveries);
        let last = class + 1 == LATENCY_CLASSES;
        let le = if last { "+Inf".into() } else { (f64::from(bound_us) / 1e6).to_string() };
        metrics::counter!(telemetry::DELIVERY_SECONDS_BUCKET, "le" => le).absolute(within);
        bound_us = bound_us.saturating_mul(2);
    }
}
