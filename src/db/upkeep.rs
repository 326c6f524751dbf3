//! The chores of the database: partitions ahead, retention behind, old request keys. Every node does them; each is
//! safe to do twice.

use std::time::Duration;

use tokio::time::sleep;

use super::{Db, DbError, keys, partitions};
use crate::kernel::time::Timestamp;

/// How often partitions are made and keys purged.
const ROUND: Duration = Duration::from_secs(5);
/// Keys that one statement forgets.
const PURGE_ROWS: i64 = 5_000;

/// What the chores keep.
#[derive(Debug, Clone, Copy)]
pub struct Upkeep {
    /// Events in one partition of the log.
    pub partition_events: i64,
    /// How long events are kept.
    pub retain: Duration,
    /// How long request keys are remembered.
    pub remember: Duration,
}

impl Upkeep {
    /// Does the chores again and again, earlier when the test clock jumps.
    pub async fn run(self, db: Db) {
        let mut offset = db.progress().clock_offset();
        loop {
            if let Err(error) = self.round(&db).await {
                tracing::warn!(%error, "the upkeep of the database failed; trying again");
            }
            tokio::select! {
                () = sleep(ROUND) => {}
                Ok(()) = offset.changed() => {}
            }
        }
    }

    /// One round.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn round(self, db: &Db) -> Result<(), DbError> {
        let now = db.progress().now();
        let mut conn = db.read().await?;
        partitions::ensure(&mut conn, self.partition_events).await?;
        partitions::retain(&mut conn, now, self.retain).await?;
        let Some(before) = before(now, self.remember) else { return Ok(()) };
        while keys::purge(&mut conn, before, PURGE_ROWS).await? == PURGE_ROWS.unsigned_abs() {}
        Ok(())
    }
}

fn before(now: Timestamp, span: Duration) -> Option<Timestamp> {
    let span = chrono::Duration::from_std(span).ok()?;
    now.get().checked_sub_signed(span).map(Timestamp::new)
}
