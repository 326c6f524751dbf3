//! Servers that are to be told to stop, until they are.
//!
//! A wish to stop a server is a row, written in the transaction that wants it. Whoever can tells the server: the
//! request that wanted it at once, the loop of any node when that failed or was cut short. A server of a session that
//! waits for its end is told each minute until the orchestrator reports the end; one that no session pays for, an
//! orphan, until it was told once.

pub(super) mod store;

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::{sync::Notify, time::timeout};

use super::{
    client::{CallError, OrchestratorClient},
    events::OrphanStopped,
    model::{Reason, STOP_RESEND, ServerName, ServerSession, Text},
};
use crate::{
    db::{Command, Db, DbError, Failure, Never, Tx},
    kernel::{id::ServerSessionId, time::Timestamp},
};

/// The longest pause between two attempts, and between two stops of a server that was told and has not ended.
pub(super) const AGAIN: Duration = Duration::from_mins(1);
/// The pause after the first attempt that failed; it doubles with each.
const FAILED: Duration = Duration::from_secs(1);
/// Attempts after which a server is left to itself and to its operator.
const STOP_ATTEMPTS_MAX: u32 = 1_500;
/// Servers that one round tells.
const ROUND_STOPS_MAX: i64 = 64;
/// Servers that are told at one time.
const STOPS_AT_ONCE_MAX: usize = 8;
/// The longest sleep.
const SLEEP_MAX: Duration = Duration::from_secs(5);

/// A server that is to be told to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ToTell {
    /// The session that it was launched for.
    pub(super) session: ServerSessionId,
    /// The orchestrator's name of it.
    pub(super) server: ServerName,
    /// Why.
    pub(super) reason: Reason,
    /// Whether no session pays for it.
    pub(super) orphan: bool,
    /// How often it was told before.
    pub(super) attempts: u32,
}

impl ToTell {
    /// The server of a session that is stopping.
    pub(super) fn of(session: &ServerSession) -> Option<Self> {
        let server = session.to_stop()?.clone();
        let reason = session.reason.clone().or_else(|| Text::cut("stopped"))?;
        Some(Self { session: session.id, server, reason, orphan: false, attempts: 0 })
    }

    /// A server that no session pays for.
    pub(super) fn orphan(session: ServerSessionId, server: ServerName) -> Option<Self> {
        let reason = Text::cut("orphaned")?;
        Some(Self { session, server, reason, orphan: true, attempts: 0 })
    }
}

/// Wants a server told to stop after a while, by the loop of any node.
pub(super) async fn want(tx: &mut Tx, wanted: &ToTell, patience: Duration) -> Result<(), DbError> {
    let now = tx.now();
    // One that was told a moment ago has not had the time to end.
    let (due, before) = (now.plus(patience), now.minus(AGAIN));
    store::stop_want(tx.conn(), wanted, due.unwrap_or(now), before.unwrap_or(now)).await
}

/// Wants a server told to stop, by whoever runs this transaction. False when it was told a moment ago.
pub(super) async fn take(tx: &mut Tx, wanted: &ToTell) -> Result<bool, DbError> {
    let now = tx.now();
    let (before, due) = (now.minus(STOP_RESEND), now.plus(STOP_RESEND * 2));
    let (before, due) = (before.unwrap_or(now), due.unwrap_or(now));
    store::stop_want(tx.conn(), wanted, due, before).await?;
    store::stop_take(tx.conn(), wanted, (now, before, due)).await
}

/// Takes what is due.
struct TakeDue;

impl Command for TakeDue {
    const NAME: &'static str = "stops_take";
    type Done = Vec<ToTell>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<ToTell>, Failure<Never>> {
        let now = tx.now();
        // Longer than a call may take: should this node die, another one tells it.
        let due = now.plus(AGAIN).unwrap_or(now);
        Ok(store::stops_take(tx.conn(), now, due, ROUND_STOPS_MAX).await?)
    }
}

/// Remembers what telling a server came to.
struct Told<'a> {
    told: &'a ToTell,
    answer: &'a Result<(), CallError>,
}

impl Command for Told<'_> {
    const NAME: &'static str = "stop_told";
    const REPEATABLE: bool = true;
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        let Self { told, answer } = self;
        let now = tx.now();
        let gone = answer.as_ref().is_err_and(CallError::is_unknown_server);
        let over = told.orphan && (answer.is_ok() || gone);
        let pause = match answer {
            Ok(()) => AGAIN,
            Err(_) => FAILED.saturating_mul(1 << told.attempts.min(6)).min(AGAIN),
        };
        let spent = told.attempts >= STOP_ATTEMPTS_MAX;
        if spent {
            let (session, server) = (told.session, &told.server);
            tracing::error!(%session, %server, "a server does not stop; it is left to its operator");
        }
        let due = now.plus(pause).filter(|_| !over && !spent);
        let open = store::stop_again(tx.conn(), told, due).await?;
        if over && open.is_some() {
            tx.emit(&OrphanStopped {
                session_id: told.session,
                orchestrator_session_id: told.server.to_string(),
                reason: told.reason.to_string(),
                attempts: told.attempts.max(1),
            })?;
        }
        Ok(())
    }
}

/// Tells servers to stop.
#[derive(Debug, Clone)]
pub struct Stopper {
    db: Db,
    client: OrchestratorClient,
    wake: Arc<Notify>,
}

impl Stopper {
    /// A stopper of this node.
    pub(super) fn new(db: Db, client: OrchestratorClient) -> Self {
        Self { db, client, wake: Arc::default() }
    }

    pub(super) const fn db(&self) -> &Db {
        &self.db
    }

    pub(super) const fn client(&self) -> &OrchestratorClient {
        &self.client
    }

    /// Has the loop look at once.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Tells one server that was taken, and remembers the answer.
    pub(super) async fn tell(&self, told: &ToTell) -> Result<(), CallError> {
        let answer = self.client.stop(&told.server, told.reason.as_str()).await;
        if let Err(error) = &answer {
            tracing::warn!(session = %told.session, %error, "could not tell a server to stop");
        }
        if let Err(error) = self.db.run(&Told { told, answer: &answer }).await {
            // It is told once more, which harms nobody.
            tracing::warn!(session = %told.session, %error, "could not remember a stop");
        }
        answer
    }

    /// Tells what is due until the task is dropped.
    pub async fn run(self) {
        loop {
            let pause = match self.round().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "could not look for servers to stop; trying again");
                    FAILED
                }
            };
            let _ = timeout(pause, self.wake.notified()).await;
        }
    }

    /// Tells what is due now. Gives how long nothing is.
    async fn round(&self) -> Result<Duration, DbError> {
        let due = match self.db.run(&TakeDue).await {
            Ok(due) => due,
            Err(Failure::Db(error)) => return Err(error),
            Err(Failure::Refused(never)) => match never {},
        };
        if !due.is_empty() {
            let told =
                stream::iter(due).for_each_concurrent(STOPS_AT_ONCE_MAX, |told| async move {
                    let _ = self.tell(&told).await;
                });
            told.await;
            return Ok(Duration::ZERO);
        }
        let next = store::stops_next(&mut *self.db.read().await?).await?;
        Ok(next.map_or(SLEEP_MAX, |next: Timestamp| {
            next.since(self.db.now()).clamp(Duration::from_millis(10), SLEEP_MAX)
        }))
    }
}
