//! Followers: work that one slice's event causes in another.
//!
//! A follower is a durable cursor on the log. Its row moves in the transaction of its own work, so each event is
//! handled once, in order, whatever crashes; the row's lock lets one node work at a time. The slice that does the
//! work owns the follower: arrows between slices keep pointing down.
//!
//! It wakes for events of its own kinds. The others it passes over now and then, many at once, so that the payments of
//! a busy hub cost it nothing.

use std::{future::Future, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{sync::watch, time::timeout};

use super::{
    Command, Db, DbError, Failure, Refusal, Tx,
    log::{self, Stretch},
};
use crate::kernel::event::{Event, Seq};

/// Events one transaction handles, and positions of the log that it passes.
const STEP_EVENTS: usize = 256;
const STEP_SPAN: i64 = 20_000;
/// How long a follower waits before it looks again although it has heard nothing.
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

/// Whom the relay wakes, and for which kinds.
#[derive(Debug, Default)]
pub(super) struct Ears(Mutex<Vec<(&'static [&'static str], watch::Sender<Seq>)>>);

impl Ears {
    fn listen(&self, kinds: &'static [&'static str]) -> watch::Receiver<Seq> {
        let (sender, heard) = watch::channel(Seq::ZERO);
        let mut ears = self.0.lock();
        ears.retain(|(_, ear)| !ear.is_closed());
        ears.push((kinds, sender));
        heard
    }

    /// Wakes whoever waits for one of these.
    pub(super) fn hear(&self, events: &[Arc<Event>]) {
        for (kinds, ear) in &*self.0.lock() {
            let last = events.iter().rev().find(|event| kinds.contains(&&*event.kind));
            if let Some(event) = last {
                ear.send_replace(event.seq);
            }
        }
    }
}

/// Follows the log until the task is dropped.
pub async fn follow<F: Follow>(db: Db, follower: F) {
    let mut heard = db.ears().listen(F::KINDS);
    loop {
        match db.run(&Step(&follower)).await {
            Ok(true) => {}
            Ok(false) => {
                // Either something came or the time is over; the channel is open as long as the database is.
                let _ = timeout(IDLE, heard.changed()).await;
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
        let kinds = F::KINDS;
        let stretch = log::stretch(tx.conn(), after, kinds, STEP_SPAN, STEP_EVENTS).await?;
        let (events, upto, more) = match stretch {
            Stretch::Kept { events, upto, more } => (events, upto, more),
            Stretch::Gone { oldest } => {
                tracing::error!(follower = F::NAME, %after, %oldest, "a follower slept through the retention");
                (Vec::new(), oldest.previous(), true)
            }
        };
        for event in &events {
            self.0.handle(tx, event).await?;
        }
        if upto > after {
            save(tx, F::NAME, upto).await?;
        }
        Ok(more)
    }
}

/// Locks the cursor; `None` when another node is at it. A cursor that is not there yet starts at the head.
pub(super) async fn lock(tx: &mut Tx, name: &str) -> Result<Option<Seq>, DbError> {
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

pub(super) async fn save(tx: &mut Tx, name: &str, seq: Seq) -> Result<(), DbError> {
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

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;
    use crate::kernel::time::{HostClock, Timestamp};

    #[test]
    fn a_follower_wakes_for_its_own_kinds() {
        let at: Timestamp = HostClock.now();
        let event = |seq: i64, kind: &str| {
            let data = RawValue::NULL.to_owned();
            Arc::new(Event { seq: Seq::new(seq), at, kind: kind.into(), topics: [].into(), data })
        };
        let ears = Ears::default();
        let (mut names, mut both) =
            (ears.listen(&["name.transferred"]), ears.listen(&["name.transferred", "a.b"]));
        ears.hear(&[event(1, "payment.made"), event(2, "a.b"), event(3, "payment.made")]);
        assert!(!names.has_changed().unwrap());
        assert_eq!(*both.borrow_and_update(), Seq::new(2));
        ears.hear(&[event(4, "name.transferred"), event(5, "name.transferred")]);
        assert_eq!((*names.borrow_and_update(), *both.borrow()), (Seq::new(5), Seq::new(5)));
        drop(both);
        assert_eq!((ears.listen(&["c.d"]), ears.0.lock().len()).1, 2, "who is gone is forgotten");
    }
}
