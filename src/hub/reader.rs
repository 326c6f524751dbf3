//! Reads events on request: server-sent events, pages of JSON, long polls.
//!
//! A reader has the cursor of a connection and no shard: its guide is the ring's head. It lives on the main runtime.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use super::{
    Shared,
    cursor::{Cursor, Step},
    dialect::Grant,
    fetch::Fetched,
    interest::Interest,
    page::{Page, PageLimit},
    revocations::Standing,
};
use crate::{db::DbError, kernel::event::Seq};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Some of what comes next is no longer kept; this is the oldest event that is.
    #[error(
        "the events behind this position are no longer kept; take a snapshot and go on from {oldest}"
    )]
    Gone {
        /// See [`crate::db::Head::oldest`].
        oldest: Seq,
    },
    /// The credentials were revoked at this point of the log. Everything before it was read.
    #[error("the credentials were revoked")]
    Revoked,
    /// Nobody knows whether the credentials still stand. Check them again.
    #[error("the credentials have to be checked again")]
    Stale,
    /// This node is going away; another one goes on from here.
    #[error("this node is going away")]
    Draining,
    /// The log could not be read. The same page can be asked for again.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// See the module.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    cursor: Cursor,
    grant: Grant,
    head: watch::Receiver<Seq>,
    closing: watch::Receiver<bool>,
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>, interest: Interest, after: Seq, grant: Grant) -> Self {
        let head = shared.ring.watch();
        let closing = shared.door.closing();
        Self { shared, cursor: Cursor::behind(after, interest), grant, head, closing }
    }

    /// Everything wanted up to here was read.
    pub fn position(&self) -> Seq {
        self.cursor.position(Seq::ZERO)
    }

    /// The next page with at least one event, or an empty one when none has come within `wait`. Its position moves on
    /// even when nothing in between was wanted.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn page(&mut self, limit: PageLimit, wait: Duration) -> Result<Page, ReadError> {
        let deadline = Instant::now() + wait;
        loop {
            self.head.mark_unchanged();
            let guide = self.guide()?;
            match self.cursor.next(guide.upto) {
                Step::Read(ask) => {
                    let interest = self.cursor.interest().clone();
                    let page = match self.shared.ring.page(ask.after, ask.upto, &interest, limit) {
                        Some(page) => page,
                        None => self.fetch(ask, &interest, limit).await?,
                    };
                    // Nothing else moves this cursor, so a page is always for where it is.
                    let _ = self.cursor.read(ask, page.position);
                    if !page.entries.is_empty() {
                        return Ok(page);
                    }
                }
                Step::Splice => {}
                Step::Live | Step::Wait => {
                    self.cursor.fall_behind(guide.upto);
                    if guide.ends {
                        return Err(ReadError::Revoked);
                    }
                    if *self.closing.borrow() {
                        return Err(ReadError::Draining);
                    }
                    tokio::select! {
                        _ = self.head.changed() => {}
                        _ = self.closing.changed() => {}
                        () = sleep_until(deadline) => {
                            return Ok(Page { entries: Vec::new(), position: self.position() });
                        }
                    }
                }
            }
        }
    }

    /// How far it may read: up to the head, but not past the end of its credentials.
    fn guide(&self) -> Result<Guide, ReadError> {
        // The head first: a revocation is recorded before the ring shows it.
        let head = self.shared.ring.head();
        match self.shared.revocations.standing(&self.grant) {
            Standing::Good => Ok(Guide { upto: head, ends: false }),
            Standing::Revoked(at) => Ok(Guide { upto: head.min(at.previous()), ends: true }),
            Standing::Unknown => Err(ReadError::Stale),
        }
    }

    async fn fetch(
        &self,
        ask: super::cursor::Ask,
        interest: &Interest,
        limit: PageLimit,
    ) -> Result<Page, ReadError> {
        match self.shared.fetch.page(ask, interest, limit).await? {
            Fetched::Page(page) => Ok(page),
            Fetched::Gone { oldest } => Err(ReadError::Gone { oldest }),
        }
    }
}

struct Guide {
    upto: Seq,
    /// Whether nothing is read behind it.
    ends: bool,
}
