//! The door of every change: a [`Command`] is a value, [`Db::run`] carries it out.
//!
//! `BEGIN`, apply, append the emitted events, `COMMIT`. Only [`Tx`] can append to the log and only this file commits,
//! so a change without its event, or an event without its change, can't be written. READ COMMITTED is set explicitly:
//! under repeatable read the log's head would fail on every concurrent commit.

use std::{future::Future, sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use sqlx::{
    PgConnection, Postgres, Transaction,
    postgres::{PgDatabaseError, PgSeverity},
};
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    Db, DbError, Failure, Refusal,
    keys::{self, Outcome, RequestKey},
    log, random,
};
use crate::kernel::{
    event::{Draft, Event, Fact},
    id::PaymentId,
    money::Scale,
    time::Timestamp,
};

/// How often a transaction runs at the most.
pub const RUNS_MAX: u32 = 10;
/// Events one transaction may emit.
pub const TX_EVENTS_MAX: usize = 10_000;
/// The pause before the second run; it doubles with each, up to [`PAUSE_MAX`], and is cut by chance.
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// How long the log is asked for a commit whose answer was lost, and the pause before it is asked again. A session that
/// the line has lost without a word keeps the head for two seconds, see `session`.
const ASK_MAX: Duration = Duration::from_millis(2_500);
const ASK_PAUSE: Duration = Duration::from_millis(20);

/// One change, as a value. REST, websocket, webhooks and clocks all build the same commands.
///
/// Inside `apply`: lock in the documented order, decide in memory, write, emit. Nothing is written before all checks
/// have passed, so a refusal leaves nothing behind. `apply` may run several times.
pub trait Command: Sync {
    /// Label of spans and metrics, and part of a request key.
    const NAME: &'static str;
    /// Whether it may run again when the outcome of its COMMIT stays unknown. True when it finds its own traces.
    const REPEATABLE: bool = false;
    /// Whether its answer waits until this node has published its events, so that what it ended is ended here.
    const SETTLED: bool = false;
    /// What it gives.
    type Done: Send;
    /// Why it may refuse.
    type Refusal: Refusal;

    /// Carries the change out inside a transaction.
    fn apply(
        &self,
        tx: &mut Tx,
    ) -> impl Future<Output = Result<Self::Done, Failure<Self::Refusal>>> + Send;
}

/// A transaction: the connection, the pinned time, and the events so far. It has no public commit.
#[derive(Debug)]
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    now: Timestamp,
    scale: Scale,
    payments_on: bool,
    drafts: Vec<Draft>,
}

impl Tx {
    /// The connection, for the functions of a `store.rs`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// The time of this transaction: the database's clock, read once.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether wallets may pay. The operator's switch is read with the time, so it costs no statement.
    pub const fn payments_on(&self) -> bool {
        self.payments_on
    }

    /// A fresh random id.
    pub fn new_id(&self) -> Uuid {
        random::uuid()
    }

    /// How many events it has so far.
    pub const fn emitted(&self) -> usize {
        self.drafts.len()
    }

    /// Adds an event. It is numbered and stored when the transaction commits, after all that was emitted before it.
    ///
    /// # Errors
    /// When the fact has no JSON form or the transaction emits more than [`TX_EVENTS_MAX`].
    pub fn emit(&mut self, fact: &impl Fact) -> Result<(), DbError> {
        if self.drafts.len() >= TX_EVENTS_MAX {
            return Err(DbError::impossible("a transaction with too many events"));
        }
        self.drafts.push(Draft {
            kind: fact.kind(),
            topics: fact.topics(),
            data: fact.data(self.scale)?,
        });
        Ok(())
    }

    /// Takes numbers for new payments, which become visible in rising order. It locks the head of the log: nothing
    /// may be locked after it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn payment_ids(
        &mut self,
        count: usize,
    ) -> Result<impl Iterator<Item = PaymentId> + Send + use<>, DbError> {
        let count = i64::try_from(count).map_err(DbError::impossible)?;
        let last = match count {
            0 => 0,
            _ => {
                sqlx::query_scalar!(
                    "update log_head set payment_id = payment_id + $1 returning payment_id",
                    count
                )
                .fetch_one(self.conn())
                .await?
            }
        };
        Ok((last - count + 1..=last).map(PaymentId::new))
    }

    async fn begin(db: &Db) -> Result<Self, DbError> {
        let mut inner = db.pool().begin_with("begin isolation level read committed").await?;
        let head = sqlx::query!(
            r#"select clock_timestamp() + clock_offset_ms * interval '1 millisecond' as "now!", payments_on
               from log_head"#
        )
        .fetch_one(&mut *inner)
        .await?;
        Ok(Self {
            inner,
            now: Timestamp::new(head.now),
            scale: db.scale(),
            payments_on: head.payments_on,
            drafts: Vec::new(),
        })
    }

    /// Appends the events and commits.
    async fn commit(mut self, db: &Db) -> Result<Vec<Arc<Event>>, DbError> {
        let events = match self.drafts.len() {
            0 => Vec::new(),
            _ => log::append(&mut self.inner, self.now, self.drafts).await?,
        };
        let Err(error) = self.inner.commit().await else { return Ok(events) };
        if is_refused(&error) {
            return Err(error.into());
        }
        tracing::warn!(%error, "lost the database during a commit");
        match db.is_logged(&events).await {
            Some(true) => Ok(events),
            Some(false) => Err(DbError::Conflict(error)),
            None => Err(DbError::Unknown),
        }
    }
}

/// Whether the server said no to a COMMIT, so that nothing happened. All else says nothing: a broken line, and the last
/// words of a session that was ended.
fn is_refused(error: &sqlx::Error) -> bool {
    let said =
        error.as_database_error().and_then(|said| said.try_downcast_ref::<PgDatabaseError>());
    said.is_some_and(|said| matches!(said.severity(), PgSeverity::Error))
}

/// What a command with a request key answered.
#[derive(Debug)]
pub struct Answer<D, R> {
    /// What it said.
    pub outcome: Outcome<D, R>,
    /// Whether it was said before, to an earlier request with this key.
    pub replayed: bool,
}

impl Db {
    /// Runs a command: begins, applies, appends the emitted events, commits, tells the relay. It runs again on a lost
    /// race, at most [`RUNS_MAX`] times.
    ///
    /// # Errors
    /// The command's refusal, or why the database could not carry it out.
    pub async fn run<C: Command>(&self, command: &C) -> Result<C::Done, Failure<C::Refusal>> {
        let mut pause = Pause::new(C::REPEATABLE);
        loop {
            match self.attempt(command).await {
                Err(Failure::Db(error)) => pause.again(C::NAME, error).await?,
                answer => return answer,
            }
        }
    }

    /// Runs a command once for its key: a repeated request gets the first answer, refusals included. Without a key there
    /// is nothing to remember.
    ///
    /// # Errors
    /// [`DbError::KeyReused`], or why the database could not carry it out.
    pub async fn run_keyed<C>(
        &self,
        key: Option<&RequestKey>,
        command: &C,
    ) -> Result<Answer<C::Done, C::Refusal>, DbError>
    where
        C: Command,
        C::Done: Serialize + DeserializeOwned + Sync,
    {
        let Some(key) = key else {
            let outcome = match self.run(command).await {
                Ok(done) => Outcome::Done(done),
                Err(Failure::Refused(refusal)) => Outcome::Refused(refusal),
                Err(Failure::Db(error)) => return Err(error),
            };
            return Ok(Answer { outcome, replayed: false });
        };
        let mut pause = Pause::new(true);
        loop {
            match self.attempt_keyed(key, command).await {
                Err(error) => pause.again(C::NAME, error).await?,
                answer => return answer,
            }
        }
    }

    async fn attempt<C: Command>(&self, command: &C) -> Result<C::Done, Failure<C::Refusal>> {
        self.check_up()?;
        let mut tx = Tx::begin(self).await?;
        let done = command.apply(&mut tx).await?;
        self.finish(C::NAME, C::SETTLED, tx).await?;
        Ok(done)
    }

    async fn attempt_keyed<C>(
        &self,
        key: &RequestKey,
        command: &C,
    ) -> Result<Answer<C::Done, C::Refusal>, DbError>
    where
        C: Command,
        C::Done: Serialize + DeserializeOwned + Sync,
    {
        self.check_up()?;
        let mut tx = Tx::begin(self).await?;
        if let Some(remembered) = keys::find(tx.conn(), &[key.id()]).await?.first() {
            return Ok(Answer { outcome: remembered.answer(key)?, replayed: true });
        }
        let outcome = match command.apply(&mut tx).await {
            Ok(done) => Outcome::Done(done),
            Err(Failure::Refused(refusal)) => {
                // A fresh transaction, so that nothing of the refused one can be kept with the key.
                drop(tx);
                tx = Tx::begin(self).await?;
                Outcome::Refused(refusal)
            }
            Err(Failure::Db(error)) => return Err(error),
        };
        let now = tx.now();
        keys::store(tx.conn(), now, [(key, &outcome)]).await?;
        self.finish(C::NAME, C::SETTLED, tx).await?;
        Ok(Answer { outcome, replayed: false })
    }

    /// What became of a COMMIT that was not answered: whether the log has its events. `None` when it has none, or the
    /// log can't be asked.
    async fn is_logged(&self, events: &[Arc<Event>]) -> Option<bool> {
        let last = events.last()?;
        let asking = async {
            loop {
                let found = async { log::holds(&mut self.connect().await?, last).await };
                match found.await {
                    Ok(found) => return found,
                    Err(error) => tracing::debug!(%error, "cannot ask for a commit; trying again"),
                }
                tokio::time::sleep(ASK_PAUSE).await;
            }
        };
        timeout(ASK_MAX, asking).await.ok()
    }

    /// Commits and tells the relay what was committed.
    async fn finish(&self, name: &'static str, settled: bool, tx: Tx) -> Result<(), DbError> {
        let started = tokio::time::Instant::now();
        let events = tx.commit(self).await?;
        metrics::histogram!("commit_seconds", "command" => name).record(started.elapsed());
        if let Some(last) = events.last().map(|event| event.seq) {
            self.committed(events);
            if settled {
                self.settled(last).await;
            }
        }
        Ok(())
    }
}

/// Decides whether and when a transaction runs again.
struct Pause {
    runs: u32,
    repeatable: bool,
    /// Whether a run before has ended in an unknown way.
    unknown: bool,
}

impl Pause {
    const fn new(repeatable: bool) -> Self {
        Self { runs: 0, repeatable, unknown: false }
    }

    /// Waits before the next run, or gives the error back when there should be none.
    async fn again(&mut self, name: &'static str, error: DbError) -> Result<(), DbError> {
        self.runs += 1;
        let worth_it = match &error {
            DbError::Conflict(_) | DbError::Raced => true,
            DbError::Unknown => {
                self.unknown = true;
                self.repeatable
            }
            _ => false,
        };
        if !worth_it || self.runs >= RUNS_MAX {
            // That a later run could not even begin says nothing about the one before.
            let unknown = self.unknown && error.is_unavailable();
            return Err(if unknown { DbError::Unknown } else { error });
        }
        metrics::counter!("command_reruns_total", "command" => name).increment(1);
        tracing::debug!(command = name, run = self.runs, %error, "running the transaction again");
        let longest = PAUSE_MIN.saturating_mul(1 << self.runs.min(16)).min(PAUSE_MAX);
        tokio::time::sleep(longest.mul_f64(random::fraction())).await;
        Ok(())
    }
}
