//! What the operator does to the hub as a whole.

use std::time::Duration;

use super::{
    events::{ClockAdvanced, NoticeChanged, NoticeView},
    store,
};
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

/// Changes what every client is told, and whether wallets may pay. What is `None` stays; doing it twice changes
/// nothing.
#[derive(Debug)]
pub struct ChangeNotice {
    /// Another message of the day.
    pub motd: Option<String>,
    /// Whether wallets may pay. A payment that has begun when this commits may still go through.
    pub payments_on: Option<bool>,
}

impl Command for ChangeNotice {
    const NAME: &'static str = "notice_change";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = NoticeView;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<NoticeView, Failure<Never>> {
        let before = store::notice_lock(tx.conn()).await?;
        let mut notice = before.clone();
        let mut changed = Vec::new();
        if let Some(motd) = self.motd.as_ref().filter(|motd| **motd != before.motd) {
            (notice.motd, notice.motd_set_at) = (motd.clone(), tx.now());
            store::notice_update(tx.conn(), &notice).await?;
            changed.push("motd".to_owned());
        }
        if let Some(on) = self.payments_on.filter(|on| *on != before.transactions_enabled) {
            notice.transactions_enabled = on;
            inspect::switch_payments(tx.conn(), on).await?;
            changed.push("transactions_enabled".to_owned());
        }
        if !changed.is_empty() {
            tx.emit(&NoticeChanged { notice: notice.clone(), changed })?;
        }
        Ok(notice)
    }
}
