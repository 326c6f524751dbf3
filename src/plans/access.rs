//! The access check: what a user has now, from memory.
//!
//! An account is read in a snapshot and kept with the position of the log that the snapshot stands at. The relay tells
//! of every event before any listener hears it; one that is a user's makes what is kept of them worthless when it is
//! older. So an answer is never older than an event that its caller has seen on this node, and a caller who saw one on
//! another node says its position.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use dashmap::DashMap;
use futures_util::future::{BoxFuture, ready};
use serde_json::value::RawValue;
use sqlx::PgConnection;

use super::{events::PLANS, model::Account, queries, views::AccessView};
use crate::{
    db::{Db, DbError, Tap},
    kernel::{
        event::{Event, Seq},
        id::DiscordId,
    },
};

/// Users that are kept in memory; past it the memory starts anew.
const USERS_MAX: usize = 100_000;
/// Users share one mark of their newest event with others; one that is not theirs costs a reading.
const MARKS: usize = 4_096;

/// The open server sessions of a user, as the slice that owns them shows them: the newest first.
pub trait OpenSessions: Send + Sync {
    /// Reads them.
    fn open<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        user: DiscordId,
    ) -> BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>>;
}

/// Nobody starts server sessions here.
#[derive(Debug, Clone, Copy)]
pub struct NoSessions;

impl OpenSessions for NoSessions {
    fn open<'a>(
        &'a self,
        _: &'a mut PgConnection,
        _: DiscordId,
    ) -> BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>> {
        Box::pin(ready(Ok(Vec::new())))
    }
}

/// Answers what users have.
pub struct Access {
    db: Db,
    sessions: Arc<dyn OpenSessions>,
    memory: Memory,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    /// Answers from this database. It must be a tap of the relay, before the hub.
    pub fn new(db: Db, sessions: Arc<dyn OpenSessions>) -> Arc<Self> {
        Arc::new(Self { db, sessions, memory: Memory::default() })
    }

    /// What a user has; `None` when they are not linked. With a position of the log it is not older than that.
    ///
    /// # Errors
    /// When it is not in memory and the database fails.
    pub async fn account(
        &self,
        user: DiscordId,
        since: Option<Seq>,
    ) -> Result<Option<Arc<Account>>, DbError> {
        // What this node has published up to `since` it has also told to the memory.
        let told = since.is_none_or(|since| *self.db.progress().position().borrow() >= since);
        let floor = if told { Seq::ZERO } else { since.unwrap_or_default() };
        if let Some(Known(account)) = self.memory.get(user, floor) {
            return Ok(account);
        }
        let mut view = self.db.snapshot().await?;
        let (seq, now) = (view.seq(), self.db.now());
        let account = queries::account(view.conn(), user, now).await?.map(Arc::new);
        self.memory.put(user, account.clone(), seq);
        Ok(account)
    }

    /// The answer of the access check; `None` when the user is not linked. From memory, but for the open sessions of
    /// those who have some.
    ///
    /// # Errors
    /// As [`Access::account`].
    pub async fn check(
        &self,
        user: DiscordId,
        since: Option<Seq>,
    ) -> Result<Option<AccessView>, DbError> {
        let Some(account) = self.account(user, since).await? else { return Ok(None) };
        let view = AccessView::new(&account, self.db.now());
        if account.holds.is_empty() {
            return Ok(Some(view));
        }
        let sessions = self.sessions.open(&mut *self.db.read().await?, user).await?;
        Ok(Some(view.with_sessions(sessions)))
    }

    /// What shows open sessions.
    pub fn sessions(&self) -> &Arc<dyn OpenSessions> {
        &self.sessions
    }
}

impl Tap for Access {
    fn publish(&self, events: &[Arc<Event>]) {
        for event in events {
            for topic in &event.topics {
                match topic.split() {
                    ("user", Some(id)) => match id.parse() {
                        Ok(user) => self.memory.forget(user, event.seq),
                        Err(_) => self.memory.forget_all(event.seq),
                    },
                    (PLANS, None) => self.memory.forget_all(event.seq),
                    _ => {}
                }
            }
        }
    }
}

/// What is known of a user; nothing more when they are not linked.
#[derive(Clone)]
struct Known(Option<Arc<Account>>);

/// What is known of users, each with the position it was read at.
struct Memory {
    accounts: DashMap<DiscordId, (Known, Seq)>,
    /// The newest event of any of the users who share the mark.
    marks: Vec<AtomicI64>,
    /// The newest event that concerns everybody.
    all: AtomicI64,
}

impl Default for Memory {
    fn default() -> Self {
        let marks = (0..MARKS).map(|_| AtomicI64::new(0)).collect();
        Self { accounts: DashMap::new(), marks, all: AtomicI64::new(0) }
    }
}

impl Memory {
    /// What is known of a user, when it is as new as their newest event and as `floor`.
    fn get(&self, user: DiscordId, floor: Seq) -> Option<Known> {
        // The guard ends with this statement; nothing below touches the map.
        let (known, seq) = self.accounts.get(&user).map(|entry| entry.value().clone())?;
        (seq >= self.newest(user).max(floor)).then_some(known)
    }

    fn put(&self, user: DiscordId, account: Option<Arc<Account>>, seq: Seq) {
        if self.accounts.len() >= USERS_MAX {
            self.accounts.clear();
        }
        let known = Known(account);
        let mut entry = self.accounts.entry(user).or_insert_with(|| (known.clone(), seq));
        // Two readings may end in the wrong order; the newer one stays.
        if seq > entry.1 {
            *entry = (known, seq);
        }
    }

    fn forget(&self, user: DiscordId, seq: Seq) {
        if let Some(mark) = self.mark(user) {
            mark.fetch_max(seq.get(), Ordering::AcqRel);
        }
    }

    fn forget_all(&self, seq: Seq) {
        self.all.fetch_max(seq.get(), Ordering::AcqRel);
    }

    fn newest(&self, user: DiscordId) -> Seq {
        let own = self.mark(user).map_or(0, |mark| mark.load(Ordering::Acquire));
        Seq::new(own.max(self.all.load(Ordering::Acquire)))
    }

    /// The low bits of a Discord id count within a millisecond; those above them are a time, which spreads.
    fn mark(&self, user: DiscordId) -> Option<&AtomicI64> {
        let id = user.get().unsigned_abs();
        let mixed = (id ^ (id >> 22)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        self.marks.get(usize::try_from(mixed).unwrap_or(0) % MARKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: DiscordId = DiscordId::new(80_351_110_224_678_912);

    fn account() -> Arc<Account> {
        Arc::new(Account { user: ADA, held: vec![], used: vec![], holds: vec![] })
    }

    #[test]
    fn what_is_known_is_never_older_than_an_event_that_was_published() {
        let (memory, at) = (Memory::default(), Seq::new);
        assert!(memory.get(ADA, Seq::ZERO).is_none(), "nothing is known");
        memory.put(ADA, Some(account()), at(7));
        assert!(memory.get(ADA, Seq::ZERO).is_some());
        assert!(memory.get(ADA, at(8)).is_none(), "the caller has seen more on another node");
        memory.forget(ADA, at(7));
        assert!(memory.get(ADA, Seq::ZERO).is_some(), "it was read with that event in it");
        memory.forget(ADA, at(8));
        assert!(memory.get(ADA, Seq::ZERO).is_none());
        // A reading that was under way when the event was published.
        memory.put(ADA, Some(account()), at(7));
        assert!(memory.get(ADA, Seq::ZERO).is_none());
        memory.put(ADA, Some(account()), at(9));
        assert!(memory.get(ADA, Seq::ZERO).is_some());
        // An older reading that ends late does not replace a newer one.
        memory.put(ADA, None, at(8));
        assert!(memory.get(ADA, Seq::ZERO).is_some_and(|known| known.0.is_some()));
        memory.forget_all(at(10));
        assert!(memory.get(ADA, Seq::ZERO).is_none(), "a plan has changed");
    }

    #[test]
    fn an_event_of_one_user_costs_few_others_a_reading() {
        let memory = Memory::default();
        let users: Vec<_> = (0..1_000_i64).map(|n| DiscordId::new(ADA.get() + (n << 22))).collect();
        for user in &users {
            memory.put(*user, None, Seq::new(5));
        }
        memory.forget(ADA, Seq::new(6));
        let lost = users.iter().filter(|user| memory.get(**user, Seq::ZERO).is_none()).count();
        assert!((1..10).contains(&lost), "{lost}");
    }
}
