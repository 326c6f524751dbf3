//! The newest revocations, for those who come late.
//!
//! A shard ends the connections it has when a revocation passes. A connection that is on its way at that moment was
//! let in by a check made before, so whoever starts to serve someone looks here for what has passed since.

use std::collections::{HashMap, VecDeque};

use parking_lot::RwLock;

use super::dialect::Grant;
use crate::kernel::event::{Credential, Seq};

/// Credentials that are remembered at the most.
const REVOKED_CREDENTIALS_MAX: usize = 65_536;

/// See the module.
#[derive(Debug)]
pub(super) struct Revocations(RwLock<Known>);

#[derive(Debug)]
struct Known {
    at: HashMap<Credential, Seq>,
    order: VecDeque<Credential>,
    /// Every revocation behind this position is known.
    since: Seq,
}

/// What is known of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It stands.
    Good,
    /// It ended at this event.
    Revoked(Seq),
    /// It was checked so long ago that nobody knows. It must be checked again.
    Unknown,
}

impl Revocations {
    /// Knows what comes behind a position.
    pub(super) fn new(since: Seq) -> Self {
        Self(RwLock::new(Known { at: HashMap::new(), order: VecDeque::new(), since }))
    }

    /// Takes the revocation at a position. It must be known here before anyone can see it in the ring.
    pub(super) fn record(&self, seq: Seq, credentials: &[Credential]) {
        let mut known = self.0.write();
        for credential in credentials {
            if known.order.len() == REVOKED_CREDENTIALS_MAX
                && let Some(forgotten) = known.order.pop_front()
                && let Some(at) = known.at.remove(&forgotten)
            {
                known.since = known.since.max(at);
            }
            // Its place in the order stays: forgotten a little early is asked for again, and nothing worse.
            if known.at.insert(credential.clone(), seq).is_none() {
                known.order.push_back(credential.clone());
            }
        }
    }

    /// Whether a grant still stands: nothing behind its check has revoked it.
    pub(super) fn standing(&self, grant: &Grant) -> Standing {
        let Some(credential) = &grant.credential else { return Standing::Good };
        let known = self.0.read();
        match known.at.get(credential) {
            Some(seq) if grant.checked < *seq => Standing::Revoked(*seq),
            None if grant.checked < known.since => Standing::Unknown,
            Some(_) | None => Standing::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(name: usize, checked: i64) -> Grant {
        let credential = Some(Credential::of("session", name));
        Grant { credential, checked: Seq::new(checked), expires: None }
    }

    #[test]
    fn what_passed_since_the_check_is_found() {
        let revocations = Revocations::new(Seq::new(5));
        revocations.record(Seq::new(7), &[Credential::of("session", 1)]);
        assert_eq!(revocations.standing(&grant(1, 6)), Standing::Revoked(Seq::new(7)));
        assert_eq!(revocations.standing(&grant(1, 7)), Standing::Good, "it was given again");
        assert_eq!(revocations.standing(&grant(2, 6)), Standing::Good);
        assert_eq!(revocations.standing(&grant(2, 4)), Standing::Unknown);
        assert_eq!(revocations.standing(&Grant::default()), Standing::Good);
    }

    #[test]
    fn what_was_forgotten_is_admitted() {
        let revocations = Revocations::new(Seq::ZERO);
        for (seq, name) in (1..).zip(0..=REVOKED_CREDENTIALS_MAX) {
            revocations.record(Seq::new(seq), &[Credential::of("session", name)]);
        }
        assert_eq!(revocations.standing(&grant(0, 0)), Standing::Unknown);
        assert_eq!(revocations.standing(&grant(0, 1)), Standing::Good, "it was checked after it");
        assert_eq!(revocations.standing(&grant(1, 0)), Standing::Revoked(Seq::new(2)));
    }
}
