//! What the operator does to the hub as a whole.

use std::time::Duration;

use super::events::ClockAdvanced;
use crate::db::{Command, DbError, Failure, Never, Tx, inspect};

/// Moves the test clock forward, for all nodes and for good.
#[derive(Debug)]
pub struct AdvanceClock {
    /// How far.
    pub by: Duration,
    /// Who moves it: the name of a service key.
    pub caller: String,
}

impl Command for AdvanceClock {
    const NAME: &'static str = "clock_advance";
    type Done = Duration;
    type Refusal = Never;

    /// Gives how far the clock is ahead now.
    async fn apply(&self, tx: &mut Tx) -> Result<Duration, Failure<Never>> {
        let by_ms = i64::try_from(self.by.as_millis()).map_err(DbError::impossible)?;
        let offset_ms = inspect::advance_clock(tx.conn(), by_ms).await?;
        let event = ClockAdvanced { offset_s: offset_ms / 1_000, by: self.caller.clone() };
        tx.emit(&event)?;
        Ok(Duration::from_millis(offset_ms.unsigned_abs()))
    }
}
