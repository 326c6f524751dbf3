//! Followers: work that one slice's event causes in another.
//!
//! A follower is a durable cursor on the log. Its row moves in the transaction of its own work, so each event is
//! handled once, in order, whatever crashes; the row's lock lets one node work at a time. The slice that does the
//! work owns the follower: arrows between slices keep pointing down.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{Command, Db, DbError, Failure, LogPage, Refusal, Tx, log};
use crate::kernel::event::{Event, Seq};

/// Events one transaction looks at. Those of other kinds cost nothing but the reading.
const STEP_EVENTS: usize = 256;
/// How long a follower waits before it looks again although nothing was published.
const IDLE: Duration = Duration::from_secs(5);
/// The pause after a failure.
const FAILED: Duration = Duration::from_millis(500);

/// Handles events of some kinds.
pub trait Follow: Send + Sync {
    /// Names the cursor. A new name starts at the head of the log.
    const NAME: &'static str;
    /// The kinds it hears.
    const KINDS: &'static [&'static str];

    /// Does the work of one event inside the transaction that moves the cursor.
    fn handle(
        &self,
        tx: &mut Tx,
        event: &Event,
    ) -> impl Future<Output = Result<(), DbError>> + Send;
}

/// Follows the log until the task is dropped.
pub async fn follow<F: Follow>(db: Db, follower: F) {
    let mut position = db.progress().position();
    loop {
        match db.run(&Step(&follower)).await {
            Ok(true) => {}
            Ok(false) => {
                // Either the relay moves or the tick comes; a closed channel means that the process stops.
                let _ = timeout(IDLE, position.changed()).await;
            }
            Err(error) => {
                tracing::warn!(follower = F::NAME, %error, "a follower failed; trying again");
                tokio::time::sleep(FAILED).await;
            }
        }
    }
}

/// The next events of a follower, handled in one transaction. Gives whether there may be more.
struct Step<'a, F>(&'a F);

impl<F: Follow> Command for Step<'_, F> {
    const NAME: &'static str = F::NAME;
    const REPEATABLE: bool = true;
    type Done = bool;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, Failure<Never>> {
        let Some(after) = lock(tx, F::NAME).await? else { return Ok(false) };
        let events = match log::tail(tx.conn(), after, STEP_EVENTS).await? {
            LogPage::Events(events) => events,
            LogPage::Gone { oldest } => {
                tracing::error!(follower = F::NAME, %after, %oldest, "a follower slept through the retention");
                save(tx, F::NAME, oldest.previous()).await?;
                return Ok(true);
            }
        };
        let Some(last) = events.last().map(|event| event.seq) else { return Ok(false) };
        for event in events.iter().filter(|event| F::KINDS.contains(&&*event.kind)) {
            let event: &Arc<Event> = event;
            self.0.handle(tx, event).await?;
        }
        save(tx, F::NAME, last).await?;
        Ok(true)
    }
}

/// Locks the cursor; `None` when another node is at it. A cursor that is not there yet starts at the head.
async fn lock(tx: &mut Tx, name: &str) -> Result<Option<Seq>, DbError> {
    sqlx::query!(
        "insert into followers (name, seq) select $1, seq from log_head on conflict (name) do nothing",
        name
    )
    .execute(tx.conn())
    .await?;
    let seq = sqlx::query_scalar!(
        "select seq from followers where name = $1 for update skip locked",
        name
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(seq.map(Seq::new))
}

async fn save(tx: &mut Tx, name: &str, seq: Seq) -> Result<(), DbError> {
    sqlx::query!("update followers set seq = $2 where name = $1", name, seq.get())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The refusals of a command that never refuses.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub enum Never {}

impl Refusal for Never {
    fn code(&self) -> &'static str {
        match *self {}
    }
}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}
