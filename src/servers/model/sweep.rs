//! What the passing of time makes of a session that nobody speaks of.

use std::time::Duration;

use super::{Change, LaunchError, ServerSession, Status, Text, minutes};
use crate::kernel::time::Timestamp;

/// The minutes before the time limit at which the owner is warned, longest first.
pub const WARNINGS: [u8; 3] = [10, 5, 1];

/// How long a session may stand still.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the reservation until players can join.
    pub launch: Duration,
    /// Between two signs of life of a server that runs.
    pub silence: Duration,
    /// From the request to stop until the orchestrator confirms it.
    pub stop: Duration,
    /// From the loss of the plan until a server that runs is stopped; `None` lets it use the minutes it has.
    pub revoked: Option<Duration>,
}

/// What is due about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It never came up.
    LaunchTimeout,
    /// Its server is silent.
    HeartbeatLost,
    /// Its minutes are used up.
    TimeLimit,
    /// Its owner has lost the plan.
    Revoked,
    /// Nobody confirms that its server is gone.
    StopUnconfirmed,
    /// Its minutes are used up in so many.
    Warning(u8),
}

/// What a sweep makes of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swept {
    /// It changes, and its server is told to stop if its name is known.
    Changed(Box<Change>),
    /// Its owner is warned.
    Warned(Box<ServerSession>),
}

impl ServerSession {
    /// What is due now, the most pressing first.
    pub fn due(&self, limits: &Limits, now: Timestamp) -> Option<Due> {
        let over = |since: Timestamp, limit: Duration| now.since(since) > limit;
        match self.status {
            Status::Pending | Status::Launching => {
                over(self.created_at, limits.launch).then_some(Due::LaunchTimeout)
            }
            Status::Running if over(self.beat_at, limits.silence) => Some(Due::HeartbeatLost),
            Status::Running => match self.time_limit_at() {
                Some(limit) if now >= limit => Some(Due::TimeLimit),
                _ if self.is_revoked(limits, now) => Some(Due::Revoked),
                Some(limit) => self.warning(limit.since(now)).map(Due::Warning),
                None => None,
            },
            Status::Stopping => {
                let since = self.stop_requested_at.unwrap_or(self.updated_at);
                over(since, limits.stop).then_some(Due::StopUnconfirmed)
            }
            Status::Stopped | Status::Failed | Status::Expired | Status::Killed => None,
        }
    }

    fn is_revoked(&self, limits: &Limits, now: Timestamp) -> bool {
        let over = |(since, limit): (Timestamp, Duration)| now.since(since) > limit;
        self.revoked_at.zip(limits.revoked).is_some_and(over)
    }

    /// The smallest warning that fits the time left, when it is smaller than the one given before. What is as long as
    /// the whole session is no warning.
    fn warning(&self, left: Duration) -> Option<u8> {
        let fits = |warning: &u8| {
            left <= minutes((*warning).into())
                && u32::from(*warning) < self.allocated
                && self.warned.is_none_or(|before| *warning < before)
        };
        WARNINGS.into_iter().filter(fits).min()
    }

    /// Does what is due.
    pub fn sweep(&self, due: Due, now: Timestamp) -> Swept {
        let mut one = self.clone();
        let change = match due {
            Due::LaunchTimeout => {
                let code = Text::cut("launch_timeout");
                let error = code.map(|code| LaunchError { code, message: None });
                one.launch_error = error.or(one.launch_error);
                one.given_up(Status::Failed, 0, "launch_timeout", now)
            }
            Due::HeartbeatLost => {
                let billed = self.cost_until(self.beat_at);
                one.given_up(Status::Expired, billed, "heartbeat_lost", now)
            }
            Due::StopUnconfirmed => {
                let billed = self.cost_until(self.stop_requested_at.unwrap_or(now));
                one.given_up(Status::Expired, billed, "stop_unconfirmed", now)
            }
            Due::TimeLimit => one.stopping("time_limit", now),
            Due::Revoked => one.stopping("plan_revoked", now),
            Due::Warning(left) => {
                one.warned = Some(left);
                return Swept::Warned(Box::new(one));
            }
        };
        Swept::Changed(Box::new(change))
    }
}
