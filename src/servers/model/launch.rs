//! What the orchestrator's answer to a launch makes of a session, and the owner's own heartbeat.
//!
//! A report may have come before the answer: the answer then adds what it knows and takes nothing back.

use super::{Change, Details, LaunchError, ServerName, ServerSession, Status};
use crate::kernel::time::Timestamp;

/// What an answer to a launch comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launched {
    /// Nothing that was not known.
    Stands,
    /// The session has ended meanwhile, and a server lives that it does not pay for.
    Orphan(ServerName),
    /// The session changes.
    Changed(Box<Change>),
}

impl ServerSession {
    /// The orchestrator took the order.
    pub fn launched(&self, details: &Details, now: Timestamp) -> Launched {
        if !self.status.is_open() {
            let server = details.orchestrator_id.clone().filter(|_| self.is_guarded());
            return server.map_or(Launched::Stands, Launched::Orphan);
        }
        let ours = self.details.orchestrator_id.as_ref();
        let theirs = details.orchestrator_id.as_ref();
        if let (Some(ours), Some(theirs)) = (ours, theirs)
            && ours != theirs
        {
            // A report was first with another server; that one is the session's.
            return Launched::Orphan(theirs.clone());
        }
        let mut after = self.clone();
        // What a report said is newer than the answer to the call before it.
        after.details = match self.status {
            Status::Pending => self.details.with(details),
            _ => details.with(&self.details),
        };
        after.details.orchestrator_id = ours.or(theirs).cloned();
        if self.status == Status::Pending {
            after.status = Status::Launching;
        }
        if after == *self {
            Launched::Stands
        } else {
            Launched::Changed(Box::new(after.changed(now)))
        }
    }

    /// The orchestrator refused, or did not answer. A report that came meanwhile proves that it has a server all the
    /// same.
    pub fn not_launched(&self, error: &LaunchError, now: Timestamp) -> Launched {
        let waits = matches!(self.status, Status::Pending | Status::Launching);
        if !waits || self.ready_at.is_some() || self.details.orchestrator_id.is_some() {
            return Launched::Stands;
        }
        let mut after = self.clone();
        after.launch_error = Some(error.clone());
        Launched::Changed(Box::new(after.given_up(Status::Failed, 0, "launch_failed", now)))
    }

    /// The owner says that the server lives, and perhaps what it is called. `None` when the session has ended.
    pub fn beat(&self, identifier: Option<&ServerName>, now: Timestamp) -> Option<Beaten> {
        if !self.status.is_open() {
            return None;
        }
        let mut after = self.clone();
        after.beat_at = self.beat_at.max(now);
        match identifier {
            Some(name) if self.details.identifier.as_ref() != Some(name) => {
                after.details.identifier = Some(name.clone());
                Some(Beaten::Renamed(Box::new(after.changed(now))))
            }
            _ => Some(Beaten::At(after.beat_at)),
        }
    }
}

/// What a heartbeat of the owner comes to. It never moves the status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beaten {
    /// A sign of life.
    At(Timestamp),
    /// The server has another name.
    Renamed(Box<Change>),
}
