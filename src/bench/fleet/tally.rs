//! Counts and checks what the listeners hear: every event, once, in order, and how late.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::bench::event::{Spread, pick};

/// The longest latency that is told apart from longer ones, in nanoseconds.
const LATENCY_NS_MAX: u64 = 60_000_000_000;

/// See the module.
#[derive(Debug)]
pub(in crate::bench) struct Tally {
    spread: Spread,
    listeners: u32,
    /// Listeners that hear nothing.
    deaf: u32,
    /// The number of the first event; when it is not known, events are only checked for their order.
    first: Option<u64>,
    /// When each event was ordered, from the first on.
    ordered: Vec<Duration>,
    /// How often each was heard.
    heard: Vec<u32>,
    /// Events that everyone has heard whom they concern.
    pub(in crate::bench) finished: u64,
    /// Events heard, all listeners together.
    pub(in crate::bench) deliveries: u64,
    /// Whether latencies are kept; that takes time.
    pub(in crate::bench) timing: bool,
    /// From the order to each listener, in nanoseconds.
    pub(in crate::bench) each: Histogram<u64>,
    /// From the order to the last listener, in nanoseconds.
    pub(in crate::bench) last: Histogram<u64>,
    pub(in crate::bench) faults: Faults,
}

/// What must not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::bench) struct Faults {
    pub(in crate::bench) lost: u64,
    pub(in crate::bench) duplicated: u64,
    pub(in crate::bench) reordered: u64,
    /// Heard by somebody whom it does not concern, or never ordered.
    pub(in crate::bench) stray: u64,
}

impl Faults {
    /// Whether there are none.
    pub(in crate::bench) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Tally {
    pub(super) fn new(spread: Spread, listeners: u32, first: Option<u64>) -> anyhow::Result<Self> {
        let histogram = Histogram::new_with_bounds(1_000, LATENCY_NS_MAX, 3)?;
        Ok(Self {
            spread,
            listeners,
            deaf: 0,
            first,
            ordered: Vec::new(),
            heard: Vec::new(),
            finished: 0,
            deliveries: 0,
            timing: false,
            each: histogram.clone(),
            last: histogram,
            faults: Faults::default(),
        })
    }

    /// So many of the listeners hear nothing from here on.
    pub(super) fn deafen(&mut self, count: u32) {
        self.deaf = count;
    }

    /// So many events were ordered.
    pub(in crate::bench) fn order(&mut self, count: u32, now: Duration) {
        let all = self.ordered.len().saturating_add(usize::try_from(count).unwrap_or(0));
        self.ordered.resize(all, now);
        self.heard.resize(all, 0);
    }

    /// Events that were ordered and not heard by all.
    pub(in crate::bench) fn unfinished(&self) -> u64 {
        u64::try_from(self.ordered.len()).unwrap_or(0).saturating_sub(self.finished)
    }

    /// A listener, who has heard `before` as the last one, hears an event.
    pub(super) fn hear(&mut self, listener: u32, before: &mut u64, seq: u64, now: Duration) {
        self.deliveries += 1;
        match seq.checked_sub(*before) {
            None => self.faults.reordered += 1,
            Some(0) => self.faults.duplicated += 1,
            Some(1) => *before = seq,
            Some(step) => {
                if self.spread != Spread::Each && *before != 0 {
                    self.faults.lost += step - 1;
                }
                *before = seq;
            }
        }
        if self.spread == Spread::Each && pick(seq, self.listeners) != listener {
            self.faults.stray += 1;
        }
        let Some(first) = self.first else { return };
        let expected = self.expected();
        let place = seq.checked_sub(first).and_then(|place| usize::try_from(place).ok());
        let place = place.unwrap_or(usize::MAX);
        let (Some(heard), Some(ordered)) = (self.heard.get_mut(place), self.ordered.get(place))
        else {
            self.faults.stray += 1;
            return;
        };
        *heard += 1;
        let is_last = *heard == expected;
        self.finished += u64::from(is_last);
        if self.timing {
            let late = u64::try_from(now.saturating_sub(*ordered).as_nanos()).unwrap_or(u64::MAX);
            self.each.saturating_record(late);
            if is_last {
                self.last.saturating_record(late);
            }
        }
    }

    /// Nothing more will come: what is missing is lost.
    pub(in crate::bench) fn close(&mut self) {
        let expected = self.expected();
        let missing = self.heard.iter().map(|heard| u64::from(expected.saturating_sub(*heard)));
        self.faults.lost = self.faults.lost.max(missing.sum());
    }

    /// How many hear an event.
    fn expected(&self) -> u32 {
        if self.spread == Spread::Each { 1 } else { self.listeners.saturating_sub(self.deaf) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: u64 = 1_000_000_001;

    /// What two listeners of the shared topic hear, and what is found wrong with it.
    fn faults(first: &[u64], second: &[u64]) -> Faults {
        let mut tally = Tally::new(Spread::Shared, 2, Some(FIRST)).unwrap();
        tally.order(4, Duration::ZERO);
        for (listener, heard) in [(0, first), (1, second)] {
            let mut before = 0;
            for n in heard {
                tally.hear(listener, &mut before, FIRST + n, Duration::ZERO);
            }
        }
        tally.close();
        tally.faults
    }

    #[test]
    fn every_kind_of_fault_is_seen() {
        let all = [0, 1, 2, 3];
        assert!(faults(&all, &all).is_none());
        assert_eq!(faults(&all, &[0, 1, 3]).lost, 1);
        assert_eq!(faults(&all, &[0, 1, 2]).lost, 1, "the last one is missed too");
        assert_eq!(faults(&all, &[0, 1, 1, 2, 3]).duplicated, 1);
        assert_eq!(faults(&all, &[0, 1, 2, 3, 2]).reordered, 1);
        assert_eq!(faults(&all, &[0, 1, 2, 3, 4]).stray, 1, "never ordered");
    }

    #[test]
    fn an_event_on_the_wrong_topic_is_seen() {
        let mut tally = Tally::new(Spread::Each, 8, Some(FIRST)).unwrap();
        tally.order(1, Duration::ZERO);
        let owner = pick(FIRST, 8);
        tally.hear((owner + 1) % 8, &mut 0, FIRST, Duration::ZERO);
        assert_eq!((tally.faults.stray, tally.finished), (1, 1));
    }

    #[test]
    fn it_is_finished_when_the_last_has_it() {
        let mut tally = Tally::new(Spread::Shared, 2, Some(FIRST)).unwrap();
        tally.timing = true;
        tally.order(1, Duration::from_millis(1));
        tally.hear(0, &mut 0, FIRST, Duration::from_millis(2));
        assert_eq!((tally.finished, tally.unfinished()), (0, 1));
        tally.hear(1, &mut 0, FIRST, Duration::from_millis(5));
        assert_eq!((tally.finished, tally.unfinished()), (1, 0));
        assert_eq!((tally.each.len(), tally.last.len()), (2, 1));
        assert!((3_990_000..=4_010_000).contains(&tally.last.max()));
    }
}
