//! The sweep: what happens to sessions of which nobody speaks any more. One loop a node, any number of nodes.
//!
//! A round reads the open sessions without a lock and decides; what is due is decided again under the session's lock,
//! and a session at which another node is busy is passed over.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{commands::SweepSession, model::sweep::Limits, stops::Stopper, store};
use crate::db::{Db, DbError, Failure};

/// Sessions that are read at a time.
const PAGE_SESSIONS_MAX: i64 = 500;
/// How long a repeated report is known to be one.
const REPORTS_KEPT: Duration = Duration::from_hours(24 * 30);
/// How often reports are forgotten, and how many at once.
const FORGET: Duration = Duration::from_mins(10);
const FORGOTTEN_REPORTS_MAX: i64 = 10_000;

/// The sweeper of a node.
#[derive(Debug)]
pub struct Sweeper {
    db: Db,
    limits: Limits,
    every: Duration,
    stopper: Option<Stopper>,
    forgot: Option<Instant>,
}

impl Sweeper {
    /// A sweeper that looks so often.
    pub const fn new(db: Db, limits: Limits, every: Duration, stopper: Option<Stopper>) -> Self {
        Self { db, limits, every, stopper, forgot: None }
    }

    /// Sweeps until it is told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut offset = self.db.progress().clock_offset();
        while !stop.is_cancelled() {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "could not sweep server sessions; trying again");
            }
            tokio::select! {
                () = sleep(self.every) => {}
                Ok(()) = offset.changed() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn round(&mut self) -> Result<(), DbError> {
        let (mut after, mut open, mut wants_stop) = (0, 0_u32, false);
        loop {
            let page = {
                let mut conn = self.db.read().await?;
                store::sessions_open(&mut conn, after, PAGE_SESSIONS_MAX).await?
            };
            let Some(last) = page.last() else { break };
            after = last.number;
            open = open.saturating_add(page.len().try_into().unwrap_or(u32::MAX));
            let now = self.db.now();
            for session in page.iter().filter(|one| one.due(&self.limits, now).is_some()) {
                let sweep = SweepSession { id: session.id, limits: self.limits };
                match self.db.run(&sweep).await {
                    Ok(stops) => wants_stop |= stops,
                    Err(Failure::Refused(never)) => match never {},
                    Err(Failure::Db(error)) if error.is_unavailable() => return Err(error),
                    Err(Failure::Db(error)) => {
                        // Whatever is wrong with one session, the others go on.
                        tracing::error!(session = %session.id, %error, "could not sweep a server session");
                    }
                }
            }
        }
        metrics::gauge!("server_sessions_open").set(f64::from(open));
        if let Some(stopper) = self.stopper.as_ref().filter(|_| wants_stop) {
            stopper.wake();
        }
        self.forget().await
    }

    async fn forget(&mut self) -> Result<(), DbError> {
        if self.forgot.is_some_and(|at| at.elapsed() < FORGET) {
            return Ok(());
        }
        self.forgot = Some(Instant::now());
        let now = self.db.now();
        let before = now.minus(REPORTS_KEPT).unwrap_or(now);
        store::reports_purge(&mut *self.db.read().await?, before, FORGOTTEN_REPORTS_MAX).await
    }
}
