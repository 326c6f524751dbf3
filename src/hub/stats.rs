//! What the hub does, in numbers. Each shard counts for itself; nothing is shared on the way of a delivery.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

/// Upper bounds of the latency classes are powers of two microseconds: 1 µs, 2 µs, … 2^23 µs = 8.4 s, and above.
pub const LATENCY_CLASSES: usize = 25;

/// What one shard has counted since it began.
#[derive(Debug, Default)]
pub(super) struct ShardCount {
    pub(super) connections: AtomicUsize,
    pub(super) behind: AtomicUsize,
    pub(super) topics: AtomicUsize,
    pub(super) groups: AtomicUsize,
    pub(super) position: AtomicI64,
    pub(super) deliveries: AtomicU64,
    pub(super) bytes: AtomicU64,
    latency: [AtomicU64; LATENCY_CLASSES],
}

/// What all shards have counted since they began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HubStats {
    /// Websocket connections now.
    pub connections: usize,
    /// Of these, those that are not live.
    pub behind: usize,
    /// Topics that are listened to now; one that two shards have counts twice.
    pub topics: usize,
    /// Sets of connections with equal interest now.
    pub groups: usize,
    /// Events handed to sockets of live connections, ever.
    pub deliveries: u64,
    /// Bytes of these, ever.
    pub bytes: u64,
    /// The newest event.
    pub head: i64,
    /// The newest event that every shard has handed on.
    pub position: i64,
    /// Events in the ring now.
    pub ring_events: usize,
    /// Bytes of these.
    pub ring_bytes: usize,
    /// Deliveries by the time from learning of an event to having written it to everyone: class n holds those of at
    /// most 2^n µs.
    pub latency: [u64; LATENCY_CLASSES],
}

impl ShardCount {
    /// Counts one sweep to some connections.
    pub(super) fn swept(&self, deliveries: u64, bytes: u64, took: Duration) {
        self.deliveries.fetch_add(deliveries, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        if let Some(class) = self.latency.get(class(took)) {
            class.fetch_add(deliveries, Relaxed);
        }
    }

    /// A connection is no longer live.
    pub(super) fn fell_behind(&self) {
        self.behind.fetch_add(1, Relaxed);
    }

    /// A connection is live again, or gone.
    pub(super) fn caught_up(&self) {
        self.behind.fetch_sub(1, Relaxed);
    }

    /// Adds what was counted here.
    pub(super) fn add_to(&self, stats: &mut HubStats) {
        stats.connections = stats.connections.saturating_add(self.connections.load(Relaxed));
        stats.behind = stats.behind.saturating_add(self.behind.load(Relaxed));
        stats.topics = stats.topics.saturating_add(self.topics.load(Relaxed));
        stats.groups = stats.groups.saturating_add(self.groups.load(Relaxed));
        stats.position = stats.position.min(self.position.load(Relaxed));
        stats.deliveries = stats.deliveries.wrapping_add(self.deliveries.load(Relaxed));
        stats.bytes = stats.bytes.wrapping_add(self.bytes.load(Relaxed));
        for (sum, class) in stats.latency.iter_mut().zip(&self.latency) {
            *sum = sum.wrapping_add(class.load(Relaxed));
        }
    }
}

impl HubStats {
    /// The latency that this share of deliveries did not exceed, rounded up to its class. `None` when there were none.
    pub fn latency_at(&self, share: f64) -> Option<Duration> {
        let total: u64 = self.latency.iter().sum();
        let total = f64::from(u32::try_from(total.min(u32::MAX.into())).ok()?);
        let scale = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let mut seen = 0.0;
        for (class, count) in (0_u32..).zip(&self.latency) {
            seen += scale(*count);
            if *count > 0 && seen >= share * total {
                return Some(Duration::from_micros(1_u64.checked_shl(class)?));
            }
        }
        None
    }
}

fn class(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    let class = u64::BITS.saturating_sub(micros.saturating_sub(1).leading_zeros());
    usize::try_from(class).unwrap_or(usize::MAX).min(LATENCY_CLASSES.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_the_next_power_of_two() {
        for (micros, expected) in [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (1_000, 10)] {
            assert_eq!(class(Duration::from_micros(micros)), expected, "{micros} µs");
        }
        assert_eq!(class(Duration::from_hours(1)), LATENCY_CLASSES - 1);
    }

    #[test]
    fn a_share_of_deliveries_has_a_latency() {
        let count = ShardCount::default();
        count.swept(98, 980, Duration::from_micros(100));
        count.swept(2, 20, Duration::from_millis(5));
        let mut stats = HubStats::default();
        count.add_to(&mut stats);
        assert_eq!((stats.deliveries, stats.bytes), (100, 1_000));
        assert_eq!(stats.latency_at(0.5), Some(Duration::from_micros(128)));
        assert_eq!(stats.latency_at(0.99), Some(Duration::from_micros(8_192)));
        assert_eq!(HubStats::default().latency_at(0.5), None);
    }
}
