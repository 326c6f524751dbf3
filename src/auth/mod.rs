//! Floor 2: who asks. Callers, sessions of wallets, users, service keys, tickets, and what a caller may listen to.
//!
//! Owns the tables `sessions`, `service_keys`, `tickets`, `users`, `user_wallets`, `user_sessions` and `sign_ins`; emits
//! `access.revoked`, `ops.acted`, `user.linked`, `user.wallet_linked` and `user.wallet_unlinked`. Holds:
//! * no secret is stored, printed or kept in memory: a token is its SHA-256 as soon as it is read;
//! * unknown, malformed, expired and revoked tokens get one and the same answer;
//! * a cached caller is as new as the last event this node has published, and at most 5 seconds old.

pub mod acts;
mod cache;
mod caller;
pub mod commands;
pub mod discord;
pub mod events;
pub mod gate;
pub mod keyed;
pub mod limits;
pub mod routes;
mod secret;
mod store;
pub mod topics;
pub mod users;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use self::{
    cache::{Cache, Known},
    limits::Limits,
};
pub use self::{
    caller::{Caller, CallerView, Scope, Scopes},
    secret::Token,
    store::KeyRow,
};
use crate::{
    db::{Db, DbError, Tap},
    kernel::{
        event::{ACCESS_REVOKED, Event, Revocation},
        time::Timestamp,
    },
};

/// Why nobody could be made of a token. Everything that is wrong with a token looks the same from outside.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// It is unknown, malformed, expired or revoked.
    #[error("the token is not valid")]
    Unauthorized,
    /// It could not be looked up.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Turns tokens into callers.
#[derive(Debug)]
pub struct Auth {
    db: Db,
    cache: Cache,
    limits: Limits,
    /// See [`Auth::session_changes`].
    session_changes: AtomicU64,
}

impl Auth {
    /// Callers of this database.
    pub fn new(db: Db, limits: Limits) -> Arc<Self> {
        let session_changes = AtomicU64::new(0);
        Arc::new(Self { db, cache: Cache::default(), limits, session_changes })
    }

    /// Who holds this token.
    ///
    /// # Errors
    /// [`AuthError::Unauthorized`] for every token that is not valid now.
    pub async fn caller(&self, token: &Token) -> Result<Caller, AuthError> {
        let hash = token.hash();
        let now = self.db.now();
        match self.cache.get(hash, now) {
            Some(Known::Caller(caller)) => Ok(caller),
            Some(Known::Nobody) => Err(AuthError::Unauthorized),
            // What reads is large, and the future of every request would be as large.
            None => Box::pin(self.look_up(hash, now)).await,
        }
    }

    async fn look_up(&self, hash: [u8; 32], now: Timestamp) -> Result<Caller, AuthError> {
        let generation = self.cache.generation();
        let mut conn = self.db.read().await?;
        let caller = match store::caller_find(&mut conn, &hash, now).await? {
            Some(caller) => Some(caller),
            None => users::session_find(&mut conn, &hash, now).await?,
        };
        self.cache.put(hash, caller.as_ref(), now, generation);
        caller.ok_or(AuthError::Unauthorized)
    }

    /// Who asked for this ticket. It is used up.
    ///
    /// # Errors
    /// As [`Auth::caller`].
    pub async fn redeem(&self, ticket: &Token) -> Result<Caller, AuthError> {
        let mut conn = self.db.read().await?;
        let caller = store::ticket_redeem(&mut conn, &ticket.hash(), self.db.now()).await?;
        caller.ok_or(AuthError::Unauthorized)
    }

    /// How often callers may ask.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How often sessions of wallets were opened, made new or ended, as far as this node knows. A login has no event,
    /// because it should not wait for the head of the log; whoever shows a list of sessions sees here that it is old.
    pub fn session_changes(&self) -> u64 {
        self.session_changes.load(Relaxed)
    }

    /// A session of a wallet was opened or made new at this node.
    pub fn session_opened(&self) {
        self.session_changes.fetch_add(1, Relaxed);
    }

    /// The database, for the routes of this slice.
    pub const fn db(&self) -> &Db {
        &self.db
    }
}

impl Tap for Auth {
    fn publish(&self, events: &[Arc<Event>]) {
        for event in events.iter().filter(|event| &*event.kind == ACCESS_REVOKED) {
            match serde_json::from_str::<Revocation>(event.data.get()) {
                Ok(revocation) => {
                    self.cache.forget(&revocation.credentials);
                    self.session_changes.fetch_add(1, Relaxed);
                }
                Err(error) => {
                    // Not to know whom it meant is no reason to believe anybody.
                    tracing::error!(seq = %event.seq, %error, "could not read a revocation; forgetting all callers");
                    self.cache.clear();
                }
            }
        }
    }
}
