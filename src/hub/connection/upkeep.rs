//! What a shard's clock and the log's revocations do to a connection: pings, stalls, and the end of credentials.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{Connection, Phase};
use crate::{
    hub::{
        close::Close,
        dialect::{Grant, Notice},
        revocations::Standing,
    },
    kernel::{
        event::{Credential, Seq},
        time::Timestamp,
    },
};

/// How long before the end of its credentials a client is told.
const EXPIRY_NOTICE: Duration = Duration::from_mins(1);
/// Rounds of pings that may go unanswered.
const SILENT_ROUNDS_MAX: u8 = 2;

impl Connection {
    /// Looks at the clock: a socket that takes nothing, credentials that end.
    pub(in crate::hub) fn tick(self: &Rc<Self>, now: Instant, time: Timestamp, stuck_max: u32) {
        if self.outbox.borrow().is_empty() {
            self.stuck.set(0);
            self.beat(now);
        } else {
            self.stuck.set(self.stuck.get().saturating_add(1));
            if self.stuck.get() > stuck_max {
                tracing::info!(connection = %self.id, code = Close::STALLED.code, "the socket takes nothing");
                self.abort();
            }
        }
        let Some(expires) = self.grant.borrow().expires else { return };
        let left = expires.since(time);
        if left.is_zero() {
            self.close(Close::EXPIRED);
        } else if left <= EXPIRY_NOTICE && !self.warned.replace(true) {
            self.notify(Notice::Expiring { in_s: left.as_secs().saturating_add(1) });
        }
    }

    fn beat(&self, now: Instant) {
        if self.phase.get() == Phase::Open
            && let Some(frame) = self.dialect.beat(now)
        {
            self.offer(frame);
        }
    }

    /// One round of pings. A connection whose input is not read at the moment can't be silent, and one that takes
    /// nothing is watched by [`Connection::tick`].
    pub(in crate::hub) fn ping(self: &Rc<Self>, ping: Bytes) {
        if self.phase.get() != Phase::Open || self.is_paused() || !self.outbox.borrow().is_empty() {
            self.silent.set(0);
            return;
        }
        if self.silent.get() >= SILENT_ROUNDS_MAX {
            return self.close(Close::SILENT);
        }
        self.silent.set(self.silent.get().saturating_add(1));
        self.offer(ping);
    }

    /// Asks a connection that is not live for a mark when it next has nothing else to write.
    pub(in crate::hub) fn want_mark(&self) {
        if !self.cursor.borrow().is_live() {
            self.mark_due.set(true);
        }
    }

    /// Whether one of the credentials that end at a position let it in. What was looked up behind that is another
    /// grant, though it may have the same name.
    pub(in crate::hub) fn holds(&self, revoked: &[Credential], at: Seq) -> bool {
        let grant = self.grant.borrow();
        let named = grant.credential.as_ref().is_some_and(|held| revoked.contains(held));
        named && grant.checked < at
    }

    pub(in crate::hub) fn has_credential(&self) -> bool {
        self.grant.borrow().credential.is_some()
    }

    pub(super) fn take_grant(self: &Rc<Self>, grant: Grant) {
        self.warned.set(false);
        self.grant.replace(grant);
        self.check_grant();
    }

    /// Looks for what has happened to the grant between its check and now.
    pub(in crate::hub) fn check_grant(self: &Rc<Self>) {
        match self.shard.standing(&self.grant.borrow()) {
            Standing::Good => {}
            Standing::Revoked(_) => self.close(Close::UNAUTHORIZED),
            Standing::Unknown => self.close(Close::RESTART),
        }
    }
}
