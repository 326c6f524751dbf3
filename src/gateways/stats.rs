//! How the hub is doing, told each second: in short to everybody on `pulse`, with more to the operator on `ops`.
//!
//! A node tells its own figures. A hint travels no further than its node, so nobody adds up several of them.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::value::to_raw_value;
use tokio::time::{MissedTickBehavior, interval};
use utoipa::ToSchema;

use super::topics::{OPS, PULSE};
use crate::{
    auth::Auth,
    db::Db,
    hub::{Hub, HubStats},
    kernel::event::Topic,
};

/// The kind of the hint.
pub const HUB_STATS: &str = "hub.stats";
const EVERY: Duration = Duration::from_secs(1);

/// The data of `hub.stats`: what a node did in the last second.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pulse {
    /// Events committed.
    pub events: u64,
    /// Events sent to connections.
    pub deliveries: u64,
    /// Connections now.
    pub connections: usize,
    /// Topics listened to now.
    pub topics: usize,
    /// Microseconds within which half of the deliveries were written; absent when there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_p50_us: Option<u64>,
    /// Microseconds within which 99 of 100 deliveries were written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_p99_us: Option<u64>,
    /// More about the node; only on `ops`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodePulse>,
}

/// What only the operator is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NodePulse {
    /// What the node is called.
    #[schema(value_type = String)]
    pub name: Arc<str>,
    /// The newest event that it knows.
    pub head: i64,
    /// Events that are known to be committed and were not handed on yet.
    pub relay_lag: u64,
    /// Connections that are not live now.
    pub behind: usize,
    /// Sets of connections with equal interest now.
    pub groups: usize,
    /// Bytes sent to connections in the last second.
    pub sent_bytes: u64,
    /// Events in memory now.
    pub ring_events: usize,
    /// Bytes of these.
    pub ring_bytes: usize,
    /// How often sessions of wallets were opened, made new or ended, as far as the node knows since it started. When it
    /// changes, a list of sessions is old.
    pub session_changes: u64,
}

/// Tells the figures of this node until the task is dropped.
pub async fn tell(hub: Hub, db: Db, auth: Arc<Auth>, name: Arc<str>) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = hub.stats();
    loop {
        tick.tick().await;
        let now = hub.stats();
        let mut pulse = pulse(&before, &now);
        post(&hub, PULSE, &pulse);
        let (lag, sessions) = (db.progress().lag(), auth.session_changes());
        pulse.node = Some(node(&before, &now, Arc::clone(&name), lag, sessions));
        post(&hub, OPS, &pulse);
        before = now;
    }
}

fn post(hub: &Hub, topic: &'static str, pulse: &Pulse) {
    match to_raw_value(pulse) {
        Ok(data) => hub.hint(topic, HUB_STATS, vec![Topic::named(topic)], &data),
        Err(error) => tracing::error!(%error, "could not encode a hint"),
    }
}

fn pulse(before: &HubStats, now: &HubStats) -> Pulse {
    let mut second = HubStats::default();
    let classes = second.latency.iter_mut().zip(now.latency.iter().zip(&before.latency));
    classes.for_each(|(class, (now, before))| *class = now.wrapping_sub(*before));
    let at = |share| {
        second.latency_at(share).map(|span| u64::try_from(span.as_micros()).unwrap_or(u64::MAX))
    };
    Pulse {
        events: now.head.saturating_sub(before.head).unsigned_abs(),
        deliveries: now.deliveries.wrapping_sub(before.deliveries),
        connections: now.connections,
        topics: now.topics,
        latency_p50_us: at(0.5),
        latency_p99_us: at(0.99),
        node: None,
    }
}

fn node(
    before: &HubStats,
    now: &HubStats,
    name: Arc<str>,
    relay_lag: u64,
    session_changes: u64,
) -> NodePulse {
    NodePulse {
        name,
        head: now.head,
        relay_lag,
        behind: now.behind,
        groups: now.groups,
        sent_bytes: now.bytes.wrapping_sub(before.bytes),
        ring_events: now.ring_events,
        ring_bytes: now.ring_bytes,
        session_changes,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What a node has counted since it began; class 7 is 128 µs, class 10 is 1,024 µs.
    fn counted(head: i64, deliveries: [u64; 2], bytes: u64) -> HubStats {
        let mut stats = HubStats {
            connections: 20,
            behind: 1,
            topics: 3,
            groups: 2,
            deliveries: deliveries.iter().sum(),
            bytes,
            head,
            ring_events: 18_446,
            ring_bytes: 12_582_912,
            ..HubStats::default()
        };
        stats.latency[7] = deliveries[0];
        stats.latency[10] = deliveries[1];
        stats
    }

    #[test]
    fn a_second_is_the_difference_of_two_readings() {
        let (before, now) =
            (counted(17_634, [10, 1], 9_000), counted(18_446, [16_010, 241], 4_880_000));
        let mut pulse = pulse(&before, &now);
        pulse.node = Some(node(&before, &now, "hub-1".into(), 3, 7));
        let golden: Value =
            serde_json::from_str(include_str!("../../tests/golden/hints/hub.stats.json")).unwrap();
        assert_eq!(json!({"kind": HUB_STATS, "topics": [OPS], "data": pulse}), golden);
    }

    #[test]
    fn a_quiet_second_has_no_latency() {
        let stats = counted(5, [1, 1], 1);
        let quiet = serde_json::to_value(pulse(&stats, &stats)).unwrap();
        let expected = json!({"events": 0, "deliveries": 0, "connections": 20, "topics": 3});
        assert_eq!(quiet, expected);
    }
}
