//! How long the session waits for what.

use std::time::{Duration, Instant};

/// Waiting times of the link. The defaults suit everyone; tests make them short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// The ceiling of the first random wait before an attempt; it doubles with each failure. Default 250 ms.
    pub backoff_min: Duration,
    /// The highest ceiling. Default 20 s.
    pub backoff_max: Duration,
    /// A link that lasted this long clears the count of failures. Default 30 s.
    pub stable_after: Duration,
    /// How long opening a socket may take until the server's greeting. Default 10 s.
    pub open_within: Duration,
    /// How much longer than the server's own ping interval silence may last. Default 10 s.
    pub ping_grace: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            backoff_min: Duration::from_millis(250),
            backoff_max: Duration::from_secs(20),
            stable_after: Duration::from_secs(30),
            open_within: Duration::from_secs(10),
            ping_grace: Duration::from_secs(10),
        }
    }
}

/// Time and chance, as the caller of the session gives them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    /// Evenly from 0 (included) to 1 (excluded).
    pub(crate) roll: f64,
}

/// Full jitter: the whole wait is random below a doubling ceiling, so that a thousand clients lost at once come back
/// spread out.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    pub(crate) fn next(&mut self, timing: &Timing, at: Moment) -> Duration {
        let doublings = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1);
        timing.backoff_min.saturating_mul(doublings).min(timing.backoff_max).mul_f64(at.roll)
    }

    pub(crate) fn clear(&mut self) {
        self.failures = 0;
    }
}
