//! The index of the log by topic, which is made behind the log.
//!
//! A commit appends its events and nothing else; this task, on every node and on one of them at a time, adds what is
//! missing. Two rows for each payment, each at another place of the index, would more than double what the log costs a
//! batch of them, and hold the head of the log for just as long.
//!
//! Holds: rows and cursor move in one transaction, so the index is whole up to the cursor, and readers look into the
//! log itself behind it ([`super::log::page`]). What a crash undoes is made again, so no disk is waited for.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    Command, Db, DbError, Failure, Never, Tx, follow,
    log::{UNINDEXED, ends},
};
use crate::kernel::event::Seq;

/// Names the cursor among those of the followers; the statements of the log have it as it stands here.
const NAME: &str = "topics";
/// Positions of the log that one transaction passes at the most.
const STEP_SPAN: i64 = 5_000;
/// How long new events wait for it: rows that are made together are cheap, a hub with little to do is left alone, and
/// what is this new is in the ring of every hub.
const PAUSE: Duration = Duration::from_secs(5);
/// The pause after a failure.
const FAILED: Duration = Duration::from_millis(500);

/// Keeps the index behind the log until the task is dropped.
pub async fn index(db: Db) {
    let mut position = db.progress().position();
    loop {
        match db.run(&Step).await {
            Ok(true) => {}
            Ok(false) => {
                // The channel is open as long as the database is.
                let _ = position.changed().await;
                sleep(PAUSE).await;
            }
            Err(error) => {
                // The relay tells of a database that is away.
                if !matches!(&error, Failure::Db(error) if error.is_unavailable()) {
                    tracing::warn!(%error, "could not index the log; trying again");
                }
                sleep(FAILED).await;
            }
        }
    }
}

/// Indexes the next stretch. Gives whether there is more.
struct Step;

impl Command for Step {
    const NAME: &'static str = "index";
    const REPEATABLE: bool = true;
    type Done = bool;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, Failure<Never>> {
        let Some(cursor) = follow::lock(tx, NAME).await? else { return Ok(false) };
        // Behind the lock: what the node before us has passed is passed.
        let (head, oldest) = ends(tx.conn()).await?;
        let after = cursor.max(oldest.previous());
        let upto = head.min(Seq::new(after.get().saturating_add(STEP_SPAN)));
        if upto > after {
            write(tx, after, upto).await?;
            follow::save(tx, NAME, upto).await?;
        }
        let missing = u32::try_from(head.distance(upto)).unwrap_or(u32::MAX);
        metrics::gauge!("topics_lag_events").set(f64::from(missing));
        Ok(missing > 0)
    }
}

async fn write(tx: &mut Tx, after: Seq, upto: Seq) -> Result<(), DbError> {
    sqlx::query!("select set_config('synchronous_commit', 'off', true)")
        .fetch_one(tx.conn())
        .await?;
    // A node of the version before this one writes its own rows.
    sqlx::query!(
        "insert into event_topics (topic, seq)
         select distinct topic, seq from events, unnest(topics) as topic
         where seq > $1 and seq <= $2 and topic <> $3
         order by topic, seq
         on conflict do nothing",
        after.get(),
        upto.get(),
        UNINDEXED
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
