//! How many messages a client may send: an even rate with room for a burst of one minute's worth.

use std::time::{Duration, Instant};

/// Messages refused in a row after which the connection is closed: whoever does not wait when told will not.
const REFUSED_MESSAGES_MAX: u32 = 60;
const MINUTE: Duration = Duration::from_mins(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Budget {
    /// The pause that one message costs.
    cost: Duration,
    /// When all that was spent is paid back.
    even: Instant,
    refused: u32,
}

/// What a message finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    /// It may be answered.
    Fine,
    /// It comes too early by so much.
    Wait(Duration),
    /// Nobody at the other end listens.
    Abuse,
}

impl Budget {
    /// A full budget.
    pub(super) fn new(messages_per_min: u32, now: Instant) -> Self {
        Self { cost: MINUTE / messages_per_min.max(1), even: now, refused: 0 }
    }

    /// Pays for one message.
    pub(super) fn spend(&mut self, now: Instant) -> Spent {
        let after = self.even.max(now) + self.cost;
        let debt = after.saturating_duration_since(now);
        if debt <= MINUTE {
            self.even = after;
            self.refused = 0;
            return Spent::Fine;
        }
        self.refused = self.refused.saturating_add(1);
        if self.refused > REFUSED_MESSAGES_MAX {
            return Spent::Abuse;
        }
        Spent::Wait(debt.saturating_sub(MINUTE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_a_minute_then_an_even_rate() {
        let start = Instant::now();
        let mut budget = Budget::new(120, start);
        assert!((0..120).all(|_| budget.spend(start) == Spent::Fine));
        assert_eq!(budget.spend(start), Spent::Wait(Duration::from_millis(500)));
        let later = start + Duration::from_millis(500);
        assert_eq!(budget.spend(later), Spent::Fine);
        assert_eq!(budget.spend(later), Spent::Wait(Duration::from_millis(500)));
        assert_eq!(budget.spend(start + MINUTE), Spent::Fine);
    }

    #[test]
    fn who_never_waits_is_closed() {
        let start = Instant::now();
        let mut budget = Budget::new(1, start);
        assert_eq!(budget.spend(start), Spent::Fine);
        for _ in 0..REFUSED_MESSAGES_MAX {
            assert!(matches!(budget.spend(start), Spent::Wait(_)));
        }
        assert_eq!(budget.spend(start), Spent::Abuse);
    }
}
