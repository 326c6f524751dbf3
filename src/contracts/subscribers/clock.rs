//! The renewal clock: one loop a node, any number of nodes.
//!
//! It sleeps until the next subscription is due, and wakes earlier when the owner of a contract has changed it or the
//! test clock moves. A new subscription need not wake it: no term is shorter than its longest sleep. The database's
//! time decides what is due; the host's decides how long to sleep, and whether the database's clock has jumped.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    renew::{PAGE_SUBSCRIPTIONS_MAX, Postpone, Renew, TellSubscribers},
    store::{self, Due},
};
use crate::{
    db::{Db, DbError, Failure, Never, Tap},
    kernel::{event::Event, time::Timestamp},
};

/// The longest sleep: shorter than the shortest term.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// The pause when all that is due is in the hands of other nodes.
const BUSY: Duration = Duration::from_millis(20);
/// The pause between two looks while renewals are held.
const HELD: Duration = Duration::from_secs(1);
/// The pause after a failure.
const FAILED: Duration = Duration::from_millis(500);
/// How far the database's clock may run ahead of the host's between two looks.
const JUMP_MAX: Duration = Duration::from_hours(1);
/// Wakes the clock of this node when a contract changes, on whichever node.
#[derive(Debug, Clone, Default)]
pub struct Alarm(Arc<Notify>);

impl Tap for Alarm {
    fn publish(&self, events: &[Arc<Event>]) {
        if events.iter().any(|event| event.kind.starts_with("contract.")) {
            self.0.notify_one();
        }
    }
}

/// The renewal clock of a node.
#[derive(Debug)]
pub struct RenewalClock {
    db: Db,
    alarm: Alarm,
    guard: Guard,
    /// Behind what other nodes have in hand.
    behind: Option<Due>,
}

impl RenewalClock {
    /// A clock that holds renewals for a while when the database's clock jumps ahead.
    pub fn new(db: Db, alarm: Alarm, hold: Duration) -> Self {
        Self { db, alarm, guard: Guard { hold, last: None, held_until: None }, behind: None }
    }

    /// Renews until it is told to stop. What it is at when that happens is finished.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut offset = self.db.progress().clock_offset();
        while !stop.is_cancelled() {
            let pause = match self.round().await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(%error, "the renewal clock failed; trying again");
                    FAILED
                }
            };
            if pause.is_zero() {
                continue;
            }
            let alarm = Arc::clone(&self.alarm.0);
            tokio::select! {
                () = sleep(pause) => {}
                () = alarm.notified() => {}
                Ok(()) = offset.changed() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// One page of everything. Gives how long there is nothing to do.
    async fn round(&mut self) -> Result<Duration, DbError> {
        let told = match never(self.db.run(&TellSubscribers).await) {
            Err(error) if !error.is_unavailable() => {
                // Whatever is wrong with one contract, the renewals of the others go on.
                tracing::error!(%error, "could not tell the subscribers of a contract");
                false
            }
            told => told?,
        };
        let progress = self.db.progress();
        let now = progress.now();
        if !self.guard.allows(progress.real_now(), Instant::now()) {
            return Ok(if told { Duration::ZERO } else { HELD });
        }
        let until = now.plus(JUMP_MAX).unwrap_or(now);
        let due = due(&self.db, now, self.behind, PAGE_SUBSCRIPTIONS_MAX).await?;
        let Some(last) = due.last().copied() else {
            let others = self.behind.take().is_some();
            return match (told, others) {
                (true, _) => Ok(Duration::ZERO),
                (false, true) => Ok(BUSY),
                (false, false) => self.idle().await,
            };
        };
        let done = match renew(&self.db, &due, until).await {
            // What is due stays due until the operator has switched payments on again.
            Err(DbError::PaymentsOff) => return Ok(HELD),
            done => done?,
        };
        self.behind = (done == 0).then_some(last);
        Ok(Duration::ZERO)
    }

    /// How long nothing is due.
    async fn idle(&self) -> Result<Duration, DbError> {
        let next = store::due_next(&mut *self.db.read().await?).await?;
        let span = next.map_or(SLEEP_MAX, |next| next.since(self.db.now()));
        // Less than the host's timer can keep apart would be a loop without a pause.
        Ok(span.clamp(Duration::from_millis(1), SLEEP_MAX))
    }
}

/// Renews one page of what is due, at most `rows` subscriptions in one transaction. Gives how many it dealt with; 0
/// when nothing was due, or all of it was in other hands.
///
/// # Errors
/// When the database fails.
pub async fn renew_page(db: &Db, rows: u16) -> Result<usize, DbError> {
    let now = db.now();
    let due = due(db, now, None, rows).await?;
    renew(db, &due, now.plus(JUMP_MAX).unwrap_or(now)).await
}

async fn due(db: &Db, now: Timestamp, behind: Option<Due>, rows: u16) -> Result<Vec<Due>, DbError> {
    let rows = i64::from(rows.min(PAGE_SUBSCRIPTIONS_MAX));
    store::due_list(&mut *db.read().await?, now, behind, rows).await
}

/// Renews a page; what fails as a whole is halved until one is left, which is put off.
async fn renew(db: &Db, due: &[Due], until: Timestamp) -> Result<usize, DbError> {
    let mut done = 0;
    let mut parts = vec![due];
    while let Some(part) = parts.pop() {
        match (never(db.run(&Renew { due: part, until }).await), part) {
            (Ok(renewed), part) => {
                done += renewed;
                let now = db.now();
                for one in part.iter().take(renewed) {
                    metrics::histogram!("renewal_delay_seconds").record(now.since(one.at));
                }
            }
            (Err(error), _) if error.is_unavailable() => return Err(error),
            (Err(error), [one]) => {
                tracing::error!(subscription = %one.id, %error, "a renewal failed; put off");
                never(db.run(&Postpone(one.id)).await)?;
            }
            (Err(error), part) => {
                tracing::warn!(%error, subscriptions = part.len(), "renewals failed; halving them");
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second, first]);
            }
        }
    }
    Ok(done)
}

fn never<D>(outcome: Result<D, Failure<Never>>) -> Result<D, DbError> {
    match outcome {
        Ok(done) => Ok(done),
        Err(Failure::Db(error)) => Err(error),
        Err(Failure::Refused(never)) => match never {},
    }
}

/// Holds renewals when the database's clock jumps ahead: a clock that was set wrongly would take money from everybody
/// at once, and an operator has that long to notice.
#[derive(Debug)]
struct Guard {
    hold: Duration,
    last: Option<(Timestamp, Instant)>,
    held_until: Option<Instant>,
}

impl Guard {
    /// Whether renewals may go on at this time of the database, seen at this instant of the host.
    fn allows(&mut self, database: Timestamp, seen: Instant) -> bool {
        let jumped = self.last.is_some_and(|(before, at)| {
            database.since(before) > seen.saturating_duration_since(at) + JUMP_MAX
        });
        self.last = Some((database, seen));
        if jumped {
            let hold_s = self.hold.as_secs();
            tracing::error!(%database, hold_s, "the database's clock jumped ahead; holding renewals");
            self.held_until = Some(seen + self.hold);
        }
        let held = self.held_until.is_some_and(|until| seen < until);
        metrics::gauge!("renewals_held").set(f64::from(u8::from(held)));
        !held
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_jumps_ahead_holds_renewals_and_one_that_steps_back_does_not() {
        let mut guard = Guard { hold: Duration::from_mins(1), last: None, held_until: None };
        let start = Instant::now();
        let mut check = |host_s: u64, database_s: i64, expected: bool| {
            let database = Timestamp::new(DateTime::from_timestamp(database_s, 0).unwrap());
            let allowed = guard.allows(database, start + Duration::from_secs(host_s));
            assert_eq!(allowed, expected, "{host_s} {database_s}");
        };
        // A start behind a long downtime is none of its business.
        check(0, 1_000_000, true);
        check(30, 1_000_030, true);
        // A laptop that slept: both have moved.
        check(90_000, 1_090_000, true);
        check(90_030, 1_093_630, true);
        check(90_060, 1_097_261, false);
        check(90_119, 1_097_320, false);
        check(90_120, 1_097_321, true);
        check(90_150, 1_000_000, true);
    }
}
