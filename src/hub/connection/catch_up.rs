//! How a connection that is behind comes back: it does what its cursor says, page by page, until it is live.
//!
//! What the ring has is read at once. What only the log has is read by a task on the main runtime, one page ahead of
//! the socket: while a page is written the next one is on its way. So a connection holds two pages at the most.

use std::{
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{Connection, Phase};
use crate::{
    db::DbError,
    hub::{
        close::Close,
        cursor::{Ask, Step},
        dialect::Notice,
        entry::Encoding,
        fetch::{Fetch, Fetched},
        interest::Interest,
        page::{Page, PageLimit},
    },
    kernel::event::Seq,
};

/// Events of the first page that is read from the log.
const PAGE_EVENTS_FIRST: usize = 128;

/// Pages that are being read from the log.
pub(super) struct PagesOnTheirWay {
    /// What the next one answers.
    ask: Ask,
    pages: mpsc::Receiver<Catch>,
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

impl Fetch {
    /// Reads page after page, one ahead of whoever takes them, until all is read or nobody takes any more.
    async fn read_on(
        self: Arc<Self>,
        mut ask: Ask,
        interest: Interest,
        most: PageLimit,
        encoding: Encoding,
        found: mpsc::Sender<Catch>,
    ) {
        let mut limit = PageLimit { events: PAGE_EVENTS_FIRST, ..most };
        while let Ok(place) = found.reserve().await {
            let read = tokio::select! {
                () = found.closed() => return,
                read = self.page_at_last(ask, &interest, limit) => read,
            };
            let next = match &read {
                Ok(Fetched::Page(page)) if page.position < ask.upto => {
                    limit.events = fitting(page, most);
                    Some(page.position)
                }
                _ => None,
            };
            place.send(Catch::of(read, encoding));
            let Some(next) = next else { return };
            ask = ask.behind(next);
        }
    }
}

/// How many events a page is likely to have room for, from the one before: what is read in vain costs as much as the
/// rest.
fn fitting(page: &Page, most: PageLimit) -> usize {
    let bytes: usize = page.entries.iter().map(|entry| entry.wire_bytes()).sum();
    let fit = page.entries.len().saturating_mul(most.bytes).checked_div(bytes);
    fit.unwrap_or(PAGE_EVENTS_FIRST).clamp(1, most.events)
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
        if self.pages.borrow().is_some() || !self.outbox.borrow().is_empty() {
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
                self.offer_all(self.arrival());
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
            self.take_page(ask, page.join(self.encoding), page.position);
            return;
        }
        let (found, pages) = mpsc::channel(1);
        self.pages.replace(Some(PagesOnTheirWay { ask, pages }));
        let fetch = self.shard.fetch();
        let limit = PageLimit { bytes: limit.bytes / 2, ..limit };
        fetch.spawn(
            "hub.catch_up",
            Arc::clone(&fetch).read_on(ask, interest, limit, self.encoding, found),
        );
    }

    fn take_page(self: &Rc<Self>, ask: Ask, frames: Bytes, position: Seq) -> bool {
        let valid = self.cursor.borrow_mut().read(ask, position);
        if valid {
            self.offer(frames);
        }
        valid
    }

    /// What it says on having caught up: one frame for every subscription that waits for this, and a mark.
    pub(super) fn arrival(&self) -> Vec<Bytes> {
        let arrivals = self.arrivals.take();
        if arrivals.is_empty() {
            return Vec::new();
        }
        let position = self.place().position;
        let arrived = arrivals.into_iter().filter_map(|arrival| arrival(position));
        arrived.chain(self.mark_frame()).collect()
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
        if !self.outbox.borrow().is_empty() {
            return Poll::Pending;
        }
        let Some(PagesOnTheirWay { ask, mut pages }) = self.pages.take() else {
            return Poll::Pending;
        };
        let Poll::Ready(caught) = pages.poll_recv(cx) else {
            self.pages.replace(Some(PagesOnTheirWay { ask, pages }));
            return Poll::Pending;
        };
        match caught {
            Some(Catch::Page { frames, position }) => {
                let valid = self.take_page(ask, frames, position);
                if valid && position < ask.upto && !self.shard.ring().reaches(position) {
                    let ask = ask.behind(position);
                    self.pages.replace(Some(PagesOnTheirWay { ask, pages }));
                }
            }
            Some(Catch::Gone { oldest }) => self.lose_everything(oldest),
            Some(Catch::Failed) => self.close(Close::INTERNAL),
            None => self.close(self.shard.loss()),
        }
        Poll::Ready(())
    }

    /// Says up to where everything was sent, unless that was said already.
    pub(super) fn mark(&self) {
        if let Some(frame) = self.mark_frame() {
            self.offer(frame);
        }
    }

    fn mark_frame(&self) -> Option<Bytes> {
        let position = self.place().position;
        if self.cursor.borrow().interest().is_empty() || self.marked.replace(position) == position {
            return None;
        }
        self.notice(Notice::Mark(position))
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
