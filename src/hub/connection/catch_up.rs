//! How a connection that is behind comes back: it does what its cursor says, page by page, until it is live.

use std::{
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{Connection, Phase};
use crate::{
    db::DbError,
    hub::{
        close::Close,
        cursor::{Ask, Step},
        dialect::Notice,
        entry::Encoding,
        fetch::Fetched,
        interest::Interest,
    },
    kernel::event::Seq,
};

/// A page that is being read from the log.
pub(super) struct PageOnItsWay {
    ask: Ask,
    page: oneshot::Receiver<Catch>,
}

/// What the main runtime found for a connection that is behind.
enum Catch {
    Page { frames: Bytes, position: Seq },
    Gone { oldest: Seq },
    Failed,
}

impl Catch {
    fn of(read: Result<Fetched, DbError>, encoding: Encoding) -> Self {
        match read {
            Ok(Fetched::Page(page)) => {
                Self::Page { frames: page.join(encoding), position: page.position }
            }
            Ok(Fetched::Gone { oldest }) => Self::Gone { oldest },
            Err(error) => {
                tracing::error!(%error, "could not read the log for a connection");
                Self::Failed
            }
        }
    }
}

impl Connection {
    /// Leaves the live connections: what follows `guide` has to be read.
    pub(in crate::hub) fn fall_behind(&self, guide: Seq) {
        if self.is_live() {
            self.shard.counts().fell_behind();
        }
        self.cursor.borrow_mut().fall_behind(guide);
        self.leave_group();
        self.wake();
    }

    /// Stays at its position while a snapshot is read.
    pub(super) fn hold(&self) {
        self.fall_behind(self.shard.position());
        self.cursor.borrow_mut().hold(self.shard.position());
    }

    /// Does what the cursor says. True when it did something.
    pub(super) fn advance(self: &Rc<Self>) -> bool {
        if self.page.borrow().is_some() || !self.outbox.borrow().is_empty() {
            return false;
        }
        if self.mark_due.replace(false) {
            self.mark();
        }
        let guide = self.shard.position();
        let mut cursor = self.cursor.borrow_mut();
        if cursor.is_live() {
            return false;
        }
        let step = cursor.next(guide);
        drop(cursor);
        match step {
            Step::Live => {
                self.shard.counts().caught_up();
                self.join_group();
                self.arrive();
            }
            Step::Wait => {
                self.shard.park(self);
                return false;
            }
            Step::Splice => {
                if let Some(answer) = self.splice.take() {
                    self.offer_all(answer(self.place()));
                }
            }
            Step::Read(ask) => self.read_on(ask),
        }
        true
    }

    fn read_on(self: &Rc<Self>, ask: Ask) {
        let limit = self.shard.page_limit();
        let cursor = self.cursor.borrow();
        let page = self.shard.ring().page(ask.after, ask.upto, cursor.interest(), limit);
        let interest = cursor.interest().clone();
        drop(cursor);
        if let Some(page) = page {
            return self.take_page(ask, page.join(self.encoding), page.position);
        }
        let (mut found, page) = oneshot::channel();
        self.page.replace(Some(PageOnItsWay { ask, page }));
        let (fetch, encoding) = (self.shard.fetch(), self.encoding);
        let reader = Arc::clone(&fetch);
        fetch.spawn("hub.catch_up", async move {
            let caught = tokio::select! {
                // The connection is gone.
                () = found.closed() => return,
                read = reader.page_at_last(ask, &interest, limit) => Catch::of(read, encoding),
            };
            let _ = found.send(caught);
        });
    }

    fn take_page(self: &Rc<Self>, ask: Ask, frames: Bytes, position: Seq) {
        let valid = self.cursor.borrow_mut().read(ask, position);
        if valid {
            self.offer(frames);
        }
    }

    /// It has caught up: says so, once for every subscription that waits for it.
    pub(super) fn arrive(&self) {
        let arrivals = self.arrivals.take();
        if arrivals.is_empty() {
            return;
        }
        let position = self.place().position;
        arrivals
            .into_iter()
            .filter_map(|arrival| arrival(position))
            .for_each(|frame| self.offer(frame));
        self.mark();
    }

    /// What it would read next is no longer kept. There is no honest way to go on with these topics.
    fn lose_everything(self: &Rc<Self>, oldest: Seq) {
        self.cursor.borrow_mut().listen(Interest::default());
        self.arrivals.take();
        self.notify(Notice::Gone { head: self.shard.ring().head(), oldest });
        if let Some(close) = self.dialect.lost() {
            self.close(close);
        }
    }

    pub(super) fn poll_page(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut page = self.page.borrow_mut();
        let Some(PageOnItsWay { ask, page: coming }) = &mut *page else { return Poll::Pending };
        let ask = *ask;
        let caught = ready!(Pin::new(coming).poll(cx));
        *page = None;
        drop(page);
        match caught {
            Ok(Catch::Page { frames, position }) => self.take_page(ask, frames, position),
            Ok(Catch::Gone { oldest }) => self.lose_everything(oldest),
            Ok(Catch::Failed) => self.close(Close::INTERNAL),
            Err(_) => self.close(self.shard.loss()),
        }
        Poll::Ready(())
    }

    /// Says up to where everything was sent, unless that was said already.
    pub(super) fn mark(&self) {
        let position = self.place().position;
        if self.cursor.borrow().interest().is_empty() || self.marked.replace(position) == position {
            return;
        }
        self.notify(Notice::Mark(position));
    }

    pub(super) fn join_group(self: &Rc<Self>) {
        let cursor = self.cursor.borrow();
        if cursor.is_live() && !cursor.interest().is_empty() && self.phase.get() == Phase::Open {
            let joined = self.shard.join(self, self.encoding, cursor.interest());
            self.group.replace(Some(joined));
        }
    }

    pub(super) fn leave_group(&self) {
        if let Some((group, place)) = self.group.take() {
            self.shard.leave(&group, place);
        }
    }
}
