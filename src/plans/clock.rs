//! The clock of plans: looks again at what users have at the moments at which time alone changes it. One task a node,
//! any number of nodes.
//!
//! A look that finds nothing changed is cheap and harmless, so nodes need not know of each other. It sleeps until the
//! next moment, and wakes earlier when somebody's entitlement or a plan has changed or the test clock moves.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{commands::Review, offers};
use crate::{
    db::{Db, DbError, Failure, Tap},
    kernel::event::Event,
};

/// The longest sleep.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// The pause after a failure.
const FAILED: Duration = Duration::from_millis(500);
/// Users in one reading.
const PAGE_USERS_MAX: i64 = 200;

/// Wakes the clock of this node, whoever made the change.
#[derive(Debug, Clone, Default)]
pub struct PlanAlarm(Arc<Notify>);

impl Tap for PlanAlarm {
    fn publish(&self, events: &[Arc<Event>]) {
        if events.iter().any(|event| matches!(&*event.kind, "plan.changed" | "entitlement.changed"))
        {
            self.0.notify_one();
        }
    }
}

/// Looks at what is due until it is told to stop.
pub async fn run(db: Db, alarm: PlanAlarm, stop: CancellationToken) {
    let mut offset = db.progress().clock_offset();
    while !stop.is_cancelled() {
        let pause = match round(&db).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "the clock of plans failed; trying again");
                FAILED
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = alarm.0.notified() => {}
            Ok(()) = offset.changed() => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Looks at everybody who is due, once. Gives how long nobody is. Who can't be looked at waits for the next round and
/// keeps nobody else waiting.
async fn round(db: &Db) -> Result<Duration, DbError> {
    let now = db.now();
    let (mut behind, mut failed) = (None, false);
    loop {
        let due = offers::standings_due(&mut *db.read().await?, Some(now), behind, PAGE_USERS_MAX)
            .await?;
        let Some(last) = due.last().copied() else { break };
        for (_, user) in &due {
            match db.run(&Review(*user)).await {
                Ok(()) => {}
                Err(Failure::Db(error)) if error.is_unavailable() => return Err(error),
                Err(Failure::Db(error)) => {
                    tracing::error!(%user, %error, "could not look at what a user has");
                    failed = true;
                }
                Err(Failure::Refused(never)) => match never {},
            }
        }
        behind = Some(last);
    }
    if failed {
        return Ok(SLEEP_MAX);
    }
    let next = offers::standings_due(&mut *db.read().await?, None, None, 1).await?;
    let span = next.first().map_or(SLEEP_MAX, |(at, _)| at.since(db.now()));
    // Less than the host's timer can keep apart would be a loop without a pause.
    Ok(span.clamp(Duration::from_millis(1), SLEEP_MAX))
}
