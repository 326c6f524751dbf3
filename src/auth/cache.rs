//! Callers by the hash of their token, so that a request costs no statement.
//!
//! The relay forgets whoever is revoked, in log order. A lookup that was under way meanwhile may have read the row
//! before it was revoked: it carries the generation it started in, and is not kept when that has passed.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use dashmap::DashMap;

use super::Caller;
use crate::kernel::{event::Credential, time::Timestamp};

/// Tokens that are remembered at the most; past it the cache starts anew.
const CALLERS_MAX: usize = 100_000;
/// How old an answer may be. What no event tells, such as a refreshed token, is noticed within this time.
const AGE_MAX: Duration = Duration::from_secs(5);

type Hash = [u8; 32];

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// Who holds it.
    Caller(Caller),
    /// It is not valid.
    Nobody,
}

#[derive(Debug, Default)]
pub(super) struct Cache {
    /// `None` is a token that is not valid.
    callers: DashMap<Hash, (Option<Caller>, Timestamp)>,
    generation: AtomicU64,
}

impl Cache {
    /// The generation that a lookup starts in.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Who holds the token, when that is known and still true.
    pub(super) fn get(&self, hash: Hash, now: Timestamp) -> Option<Known> {
        // The guard ends with this statement; nothing below touches the map.
        let (caller, read) = self.callers.get(&hash).map(|entry| entry.value().clone())?;
        let ended = caller.as_ref().and_then(Caller::expires).is_some_and(|expires| expires <= now);
        (now.since(read) < AGE_MAX && !ended).then(|| caller.map_or(Known::Nobody, Known::Caller))
    }

    /// Keeps an answer that was read at `now`, in `generation`.
    pub(super) fn put(&self, hash: Hash, caller: Option<&Caller>, now: Timestamp, generation: u64) {
        if self.callers.len() >= CALLERS_MAX {
            self.callers.clear();
        }
        self.callers.insert(hash, (caller.cloned(), now));
        // Checked behind the insert: a revocation between the two would otherwise leave a stale caller.
        if self.generation() != generation {
            self.callers.remove(&hash);
        }
    }

    /// Forgets everybody with one of these credentials.
    pub(super) fn forget(&self, credentials: &[Credential]) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.callers.retain(|_, (caller, _)| {
            !caller
                .as_ref()
                .and_then(Caller::credential)
                .is_some_and(|held| credentials.contains(&held))
        });
    }

    /// Forgets everybody.
    pub(super) fn clear(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.callers.clear();
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::id::SessionId;

    fn at(second: i64) -> Timestamp {
        Timestamp::new(DateTime::from_timestamp(second, 0).unwrap())
    }

    fn caller(expires: i64) -> Caller {
        Caller::Wallet {
            address: "k8juvewcui".parse().unwrap(),
            session: SessionId::new(Uuid::nil()),
            expires: at(expires),
        }
    }

    #[test]
    fn a_caller_is_known_until_it_ends_ages_or_is_revoked() {
        let cache = Cache::default();
        let hash = [7; 32];
        assert_eq!(cache.get(hash, at(0)), None);
        cache.put(hash, Some(&caller(100)), at(98), cache.generation());
        assert_eq!(cache.get(hash, at(99)), Some(Known::Caller(caller(100))));
        assert_eq!(cache.get(hash, at(100)), None, "the token has expired");
        cache.put(hash, Some(&caller(100)), at(90), cache.generation());
        assert_eq!(cache.get(hash, at(95)), None, "the answer is too old");
        cache.put(hash, Some(&caller(100)), at(99), cache.generation());
        cache.forget(&[caller(100).credential().unwrap()]);
        assert_eq!(cache.get(hash, at(99)), None, "the session was revoked");
    }

    #[test]
    fn a_lookup_that_a_revocation_overtook_is_not_kept() {
        let cache = Cache::default();
        let generation = cache.generation();
        cache.forget(&[]);
        cache.put([7; 32], Some(&caller(100)), at(0), generation);
        assert_eq!(cache.get([7; 32], at(0)), None);
    }
}
