//! Logs and metrics: set up once at start, read by whoever operates the hub.
//!
//! It owns the list of all figures. Lower floors record under these names, which a test compares; here each gets its help, its unit, its
//! buckets and a first zero, so that a dashboard drawn on the first day has all its lines.

use std::io::IsTerminal;

use metrics::Unit;
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;
use crate::config::settings::LogSettings;
use crate::http::observe::{HTTP_REQUEST_SECONDS, HTTP_REQUESTS_TOTAL};

/// Sockets on which somebody listens.
pub const CONNECTIONS: &str = "connections";
/// Connections that read on from the log because they are slow or resuming.
pub const CONNECTIONS_BEHIND: &str = "connections_behind";
/// Topics that somebody listens to.
pub const TOPICS: &str = "topics";
/// Events that the relay handed on.
pub const EVENTS_TOTAL: &str = "events_total";
/// Events written to connections.
pub const DELIVERIES_TOTAL: &str = "deliveries_total";
/// Events that are committed and not yet handed on by this node.
pub const RELAY_LAG_EVENTS: &str = "relay_lag_events";
/// How old the oldest of them is.
pub const RELAY_LAG_MS: &str = "relay_lag_ms";
/// Events that are not yet found by their topics, but by looking at each.
pub const TOPICS_LAG_EVENTS: &str = "topics_lag_events";
/// From the begin of a transaction to its commit, by `command`.
pub const COMMIT_SECONDS: &str = "commit_seconds";
/// Deliveries by the time from learning of an event to its last write, counted up to each bound `le`. The shards count
/// in classes of their own, so these are the buckets of a histogram without its sum.
pub const DELIVERY_SECONDS_BUCKET: &str = "delivery_seconds_bucket";
/// Connections of the pool that are open.
pub const POOL_CONNECTIONS: &str = "pool_connections";
/// Connections of the pool that nobody uses.
pub const POOL_IDLE: &str = "pool_idle";
/// Transactions that ran again after a conflict, by `command`.
pub const COMMAND_RERUNS_TOTAL: &str = "command_reruns_total";
/// Payments in one transaction.
pub const TILL_BATCH_ORDERS: &str = "till_batch_orders";
/// From when a subscription was due to the transaction that renewed or ended it.
pub const RENEWAL_DELAY_SECONDS: &str = "renewal_delay_seconds";
/// Whether renewals are held because the database's clock jumped ahead: 0 or 1.
pub const RENEWALS_HELD: &str = "renewals_held";
/// Calls of the orchestrator by `outcome`, with their retries.
pub const ORCHESTRATOR_CALL_SECONDS: &str = "orchestrator_call_seconds";
/// Server sessions that have not ended.
pub const SERVER_SESSIONS_OPEN: &str = "server_sessions_open";
/// Events of providers by `provider` and by the `status` they got.
pub const WEBHOOK_EVENTS_TOTAL: &str = "webhook_events_total";
/// Webhooks that were not believed or not understood, by `code`.
pub const WEBHOOKS_REFUSED_TOTAL: &str = "webhooks_refused_total";
/// Whether Polar delivers to our webhook: 0 or 1; 0 also where there is none.
pub const POLAR_WEBHOOK_ENABLED: &str = "polar_webhook_enabled";
/// How old the oldest snapshot of the database is; an old one makes every commit slower.
pub const OLDEST_SNAPSHOT_SECONDS: &str = "oldest_snapshot_seconds";

/// A figure.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// What it counts.
    pub unit: Unit,
    /// What it tells.
    pub help: &'static str,
}

/// How a figure moves.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Only up.
    Counter,
    /// Up and down.
    Gauge,
    /// Counted in buckets with these upper bounds.
    Histogram(&'static [f64]),
}

/// 50 µs to 10 s: a commit on a fast disk is near the left end, a stalled database at the right.
const LATENCY_BUCKETS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0,
];
const BATCH_BUCKETS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0];

/// All figures.
pub const METRICS: &[Metric] = &[
    gauge(CONNECTIONS, Unit::Count, "sockets on which somebody listens"),
    gauge(CONNECTIONS_BEHIND, Unit::Count, "connections that read on from the log"),
    gauge(TOPICS, Unit::Count, "topics that somebody listens to"),
    counter(EVENTS_TOTAL, "events that the relay handed on"),
    counter(DELIVERIES_TOTAL, "events written to connections"),
    gauge(RELAY_LAG_EVENTS, Unit::Count, "events committed and not yet handed on by this node"),
    gauge(RELAY_LAG_MS, Unit::Milliseconds, "age of the oldest event not yet handed on"),
    gauge(TOPICS_LAG_EVENTS, Unit::Count, "events that the index by topic does not have yet"),
    histogram(
        COMMIT_SECONDS,
        LATENCY_BUCKETS,
        Unit::Seconds,
        "from the begin of a transaction to its commit",
    ),
    counter(DELIVERY_SECONDS_BUCKET, "deliveries that took at most `le` seconds in this node"),
    gauge(POOL_CONNECTIONS, Unit::Count, "open connections of the pool"),
    gauge(POOL_IDLE, Unit::Count, "connections of the pool that nobody uses"),
    counter(COMMAND_RERUNS_TOTAL, "transactions that ran again after a conflict, by command"),
    histogram(TILL_BATCH_ORDERS, BATCH_BUCKETS, Unit::Count, "payments in one transaction"),
    histogram(
        RENEWAL_DELAY_SECONDS,
        LATENCY_BUCKETS,
        Unit::Seconds,
        "from when a subscription was due to its renewal or its end",
    ),
    gauge(RENEWALS_HELD, Unit::Count, "1 while renewals wait because the database's clock jumped"),
    histogram(
        ORCHESTRATOR_CALL_SECONDS,
        LATENCY_BUCKETS,
        Unit::Seconds,
        "calls of the orchestrator, with their retries",
    ),
    gauge(SERVER_SESSIONS_OPEN, Unit::Count, "server sessions that have not ended"),
    counter(WEBHOOK_EVENTS_TOTAL, "events of providers, by what became of them"),
    counter(WEBHOOKS_REFUSED_TOTAL, "webhooks that were not believed or not understood, by code"),
    gauge(POLAR_WEBHOOK_ENABLED, Unit::Count, "1 while Polar delivers to our webhook"),
    gauge(OLDEST_SNAPSHOT_SECONDS, Unit::Seconds, "age of the oldest snapshot of the database"),
    counter(HTTP_REQUESTS_TOTAL, "requests by method, route and status"),
    histogram(
        HTTP_REQUEST_SECONDS,
        LATENCY_BUCKETS,
        Unit::Seconds,
        "from a request's head to its answer's head",
    ),
];

/// The figures of this process.
#[derive(Debug, Clone)]
pub struct Figures(PrometheusHandle);

impl Figures {
    /// Starts recording.
    ///
    /// # Errors
    /// When this process records already.
    pub fn install() -> anyhow::Result<Self> {
        let recorder = recorder()?;
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder)
            .map_err(|error| anyhow::anyhow!("cannot record metrics: {error}"))?;
        register();
        Ok(Self(handle))
    }

    /// The body of `/metrics`, in the text format of Prometheus.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Moves recorded durations into their buckets. Called every few seconds, or memory grows between two scrapes.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// Starts the log: on standard error, as text on a terminal and as JSON otherwise.
///
/// # Errors
/// When the filter does not parse or this process logs already.
pub fn start_log(settings: &LogSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.log_filter)?;
    let on_terminal = std::io::stderr().is_terminal();
    let json = match settings.log_format {
        LogFormat::Auto => !on_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json {
        log.json().flatten_event(true).with_span_list(false).finish().try_init()?;
    } else {
        log.with_target(false).with_ansi(on_terminal).finish().try_init()?;
    }
    Ok(())
}

fn recorder() -> anyhow::Result<PrometheusRecorder> {
    let mut builder = PrometheusBuilder::new();
    for metric in METRICS {
        if let Kind::Histogram(buckets) = metric.kind {
            builder =
                builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets)?;
        }
    }
    Ok(builder.build_recorder())
}

/// Figures with labels. They begin with their first label; the others begin at zero.
const LABELLED: [&str; 5] = [
    COMMAND_RERUNS_TOTAL,
    DELIVERY_SECONDS_BUCKET,
    HTTP_REQUESTS_TOTAL,
    WEBHOOK_EVENTS_TOTAL,
    WEBHOOKS_REFUSED_TOTAL,
];

fn register() {
    for Metric { name, kind, unit, help } in METRICS {
        let begins = !LABELLED.contains(name);
        match kind {
            Kind::Counter => {
                metrics::describe_counter!(*name, *unit, *help);
                if begins {
                    metrics::counter!(*name).absolute(0);
                }
            }
            Kind::Gauge => {
                metrics::describe_gauge!(*name, *unit, *help);
                if begins {
                    metrics::gauge!(*name).set(0.0);
                }
            }
            Kind::Histogram(_) => metrics::describe_histogram!(*name, *unit, *help),
        }
    }
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit: Unit::Count, help }
}

const fn gauge(name: &'static str, unit: Unit, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit, help }
}

const fn histogram(
    name: &'static str,
    buckets: &'static [f64],
    unit: Unit,
    help: &'static str,
) -> Metric {
    Metric { name, kind: Kind::Histogram(buckets), unit, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_there_from_the_first_scrape() {
        let recorder = recorder().unwrap();
        let figures = Figures(recorder.handle());
        metrics::with_local_recorder(&recorder, || {
            register();
            metrics::histogram!(COMMIT_SECONDS).record(0.003);
            metrics::counter!(HTTP_REQUESTS_TOTAL, "status" => "200").increment(1);
        });
        figures.upkeep();
        let page = figures.render();
        let lines: Vec<_> = page.lines().collect();
        for Metric { name, kind, .. } in METRICS {
            if matches!(kind, Kind::Histogram(_)) || LABELLED.contains(name) {
                continue;
            }
            assert!(lines.contains(&format!("{name} 0").as_str()), "{name}: {page}");
            assert!(page.contains(&format!("# HELP {name} ")), "{name}: {page}");
        }
        assert!(lines.contains(&"commit_seconds_bucket{le=\"0.0025\"} 0"), "{page}");
        assert!(lines.contains(&"commit_seconds_bucket{le=\"0.005\"} 1"), "{page}");
        assert!(lines.contains(&"http_requests_total{status=\"200\"} 1"), "{page}");
    }

    /// Lower floors cannot name the constants of this one, so their texts are compared.
    #[test]
    fn every_figure_that_is_recorded_is_listed() {
        let mut folders =
            vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for name in ["counter!(\"", "gauge!(\"", "histogram!(\""]
                    .iter()
                    .flat_map(|at| named(&source, at))
                {
                    assert!(
                        METRICS.iter().any(|metric| metric.name == name),
                        "{name} in {}",
                        path.display()
                    );
                }
            }
        }
    }

    fn named<'a>(source: &'a str, at: &str) -> impl Iterator<Item = &'a str> {
        let calls = source.split(&format!("metrics::{at}")).skip(1).collect::<Vec<_>>().into_iter();
        calls.filter_map(|call| call.split('"').next())
    }
}
