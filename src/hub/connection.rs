//! One websocket connection of a shard: its socket, its place in the log, and what it does next.
//!
//! A connection is one small task that polls what may have moved: the socket, an answer on its way, a page on its way,
//! its cursor. In the usual case, live and idle, it waits for input and nothing else; events are written by the
//! shard's own pass ([`Connection::deliver`]) and do not wake it. A short write ends this state: the rest of the
//! buffer stays in the outbox, the cursor falls behind, and the task reads on from there.
//!
//! Invariants: a live connection has an empty outbox; `group` is set exactly while it is live and listens to
//! something; nothing but its own task ends it.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    net::{IpAddr, Shutdown},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use socket2::SockRef;
use tokio::{net::TcpStream, sync::oneshot, task::spawn_local, time::sleep};
use tokio_tungstenite::tungstenite::protocol::WebSocketContext;

use super::{
    admission::Admission,
    close::Close,
    cursor::{Ask, Cursor, Step},
    dialect::{Action, Answer, Arrival, ConnectionId, Dialect, Grant, Notice, Place, View},
    entry::Encoding,
    fetch::Fetched,
    groups::Group,
    outbox::Outbox,
    shard::Shard,
};
use crate::kernel::event::Seq;

/// What a task does before it lets others run.
const TURNS_MAX: usize = 16;
/// Subscriptions that may wait for their catch-up before no more input is taken.
const ARRIVALS_MAX: usize = 16;
/// How long before the end of its credentials a client is told.
const EXPIRY_NOTICE: Duration = Duration::from_secs(60);
/// How long a close handshake may take, and how long when nobody must hear more of us.
pub(super) const LINGER: Duration = Duration::from_secs(5);
const LINGER_REVOKED: Duration = Duration::from_millis(700);

/// See the module.
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) shard: Rc<Shard>,
    pub(super) stream: TcpStream,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) encoding: Encoding,
    pub(super) ws: RefCell<WebSocketContext>,
    /// Input that waits until the message before it is answered.
    pub(super) unread: RefCell<Bytes>,
    /// Whether there is input to go on with that the socket will not tell of.
    pub(super) resumes: Cell<bool>,
    /// Whether the shard wakes it after its next pass.
    pub(super) parked: Cell<bool>,
    pub(super) phase: Cell<Phase>,
    /// Rounds of pings since something was heard.
    pub(super) silent: Cell<u8>,
    pub(super) job: RefCell<Option<oneshot::Receiver<Vec<Action>>>>,
    pub(super) cursor: RefCell<Cursor>,
    outbox: RefCell<Outbox>,
    group: RefCell<Option<(Rc<Group>, usize)>>,
    page: RefCell<Option<PageOnItsWay>>,
    /// What to send at a splice.
    pub(super) splice: RefCell<Option<Answer>>,
    /// What to send on becoming live.
    pub(super) arrivals: RefCell<Vec<Arrival>>,
    grant: RefCell<Grant>,
    warned: Cell<bool>,
    mark_due: Cell<bool>,
    marked: Cell<Seq>,
    /// Checks of the clock since the socket accepted something, while something waits.
    stuck: Cell<u32>,
    waker: RefCell<Option<Waker>>,
    admission: Admission,
}

/// How far a connection has come in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Messages and events flow.
    Open,
    /// A close frame was sent or received.
    Closing,
    /// Nothing more is said: what waits is written, then our side is shut, and input is thrown away. A socket that is
    /// closed with unread input would send a reset, which can destroy our close frame on its way.
    Parting,
    /// Our side is shut.
    Shut,
    /// The socket is of no use.
    Over,
}

struct PageOnItsWay {
    ask: Ask,
    page: oneshot::Receiver<Catch>,
}

/// What the main runtime found for a connection that is behind.
enum Catch {
    Page { frames: Bytes, position: Seq },
    Gone { oldest: Seq },
    Failed,
}

/// Where a connection comes from.
pub(super) struct Arriving {
    pub(super) stream: TcpStream,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) grant: Grant,
    pub(super) admission: Admission,
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        shard: Rc<Shard>,
        ws: WebSocketContext,
        arriving: Arriving,
    ) -> Rc<Self> {
        let Arriving { stream, dialect, grant, admission } = arriving;
        Rc::new(Self {
            id,
            stream,
            encoding: dialect.encoding(),
            dialect,
            ws: RefCell::new(ws),
            unread: RefCell::default(),
            resumes: Cell::new(false),
            parked: Cell::new(false),
            phase: Cell::new(Phase::Open),
            silent: Cell::new(0),
            job: RefCell::default(),
            cursor: RefCell::new(Cursor::live()),
            outbox: RefCell::default(),
            group: RefCell::default(),
            page: RefCell::default(),
            splice: RefCell::default(),
            arrivals: RefCell::default(),
            grant: RefCell::new(grant),
            warned: Cell::new(false),
            mark_due: Cell::new(false),
            marked: Cell::new(Seq::ZERO),
            stuck: Cell::new(0),
            waker: RefCell::default(),
            admission,
            shard,
        })
    }

    /// The life of a connection, from its first frame until its socket is of no use.
    pub(super) async fn run(self: Rc<Self>, leftover: Bytes) {
        self.check_grant();
        if self.phase.get() == Phase::Open {
            let actions = self.view(|view| self.dialect.open(view));
            self.apply(actions);
        }
        self.feed(&leftover);
        drop(leftover);
        poll_fn(|cx| self.poll(cx)).await;
        self.leave_group();
        self.shard.forget(&self);
    }

    // ------------------------------------------------------------------------------------ what the shard does

    /// Writes a buffer that all connections of the group share. False when this connection can't keep up; then the
    /// shard lets it fall behind.
    pub(super) fn deliver(&self, frames: &Bytes) -> bool {
        match self.stream.try_write(frames) {
            Ok(n) if n == frames.len() => true,
            short => {
                self.keep(frames, short);
                false
            }
        }
    }

    #[cold]
    fn keep(&self, frames: &Bytes, short: io::Result<usize>) {
        match short {
            Ok(n) => self.outbox.borrow_mut().push(frames.slice(n..)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.outbox.borrow_mut().push(frames.clone());
            }
            Err(_) => self.phase.set(Phase::Over),
        }
    }

    /// Leaves the live connections: what follows `guide` has to be read.
    pub(super) fn fall_behind(&self, guide: Seq) {
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

    /// Looks at the clock: a socket that takes nothing, credentials that end.
    pub(super) fn tick(self: &Rc<Self>, now: Instant, stuck_max: u32) {
        if self.outbox.borrow().is_empty() {
            self.stuck.set(0);
        } else {
            self.stuck.set(self.stuck.get().saturating_add(1));
            if self.stuck.get() > stuck_max {
                tracing::info!(connection = %self.id, code = Close::STALLED.code, "the socket takes nothing");
                self.abort();
            }
        }
        let Some(expires) = self.grant.borrow().expires else { return };
        let left = expires.saturating_duration_since(now);
        if left.is_zero() {
            self.close(Close::EXPIRED);
        } else if left <= EXPIRY_NOTICE && !self.warned.replace(true) {
            self.notify(Notice::Expiring { in_s: left.as_secs().saturating_add(1) });
        }
    }

    /// One round of pings. A connection whose input is not read at the moment can't be silent, and one that takes
    /// nothing is watched by [`Connection::tick`].
    pub(super) fn ping(self: &Rc<Self>, ping: Bytes) {
        if self.phase.get() != Phase::Open || self.is_paused() || !self.outbox.borrow().is_empty() {
            self.silent.set(0);
            return;
        }
        if self.silent.get() >= 2 {
            return self.close(Close::SILENT);
        }
        self.silent.set(self.silent.get().saturating_add(1));
        self.offer(ping);
    }

    /// Asks a connection that is not live for a mark when it next has nothing else to write.
    pub(super) fn want_mark(&self) {
        if !self.cursor.borrow().is_live() {
            self.mark_due.set(true);
        }
    }

    /// Whether one of the credentials let it in.
    pub(super) fn holds(&self, revoked: &[crate::kernel::event::Credential]) -> bool {
        self.grant
            .borrow()
            .credential
            .as_ref()
            .is_some_and(|credential| revoked.contains(credential))
    }

    pub(super) fn has_credential(&self) -> bool {
        self.grant.borrow().credential.is_some()
    }

    pub(super) fn set_place_in_group(&self, place: usize) {
        if let Some((_, held)) = &mut *self.group.borrow_mut() {
            *held = place;
        }
    }

    /// Starts the closing handshake, after everything that was promised up to here.
    pub(super) fn close(self: &Rc<Self>, close: Close) {
        if self.phase.get() != Phase::Open {
            return;
        }
        self.mark();
        self.send_close(close);
        self.end(
            Phase::Closing,
            if close == Close::UNAUTHORIZED { LINGER_REVOKED } else { LINGER },
        );
        tracing::debug!(connection = %self.id, code = close.code, "closing");
    }

    /// Ends the connection without another word. The reset also frees what the kernel still wanted to send.
    pub(super) fn abort(&self) {
        // Both can fail only when the socket is of no use already.
        let socket = SockRef::from(&self.stream);
        let _ = socket.set_linger(Some(Duration::ZERO));
        let _ = socket.shutdown(Shutdown::Both);
        self.phase.set(Phase::Over);
        self.wake();
    }

    // ------------------------------------------------------------------------------------------- its own task

    fn poll(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        drop(waker);
        for _ in 0..TURNS_MAX {
            let mut moved = self.poll_write(cx).is_ready();
            if self.phase.get() == Phase::Open {
                moved |= self.poll_job(cx).is_ready() | self.poll_page(cx).is_ready();
                moved |= self.advance();
            }
            moved |= self.poll_read(cx).is_ready();
            if self.phase.get() == Phase::Over {
                return Poll::Ready(());
            }
            if !moved {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what waits, and shuts our side once nothing more will be said.
    fn poll_write(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut outbox = self.outbox.borrow_mut();
        if outbox.is_empty() {
            if self.phase.get() != Phase::Parting {
                return Poll::Pending;
            }
            // It can fail only when the peer was faster.
            let _ = SockRef::from(&self.stream).shutdown(Shutdown::Write);
            self.phase.set(Phase::Shut);
            return Poll::Ready(());
        }
        let writable = ready!(self.stream.poll_write_ready(cx));
        match writable.and_then(|()| outbox.flush(|bytes| self.stream.try_write(bytes))) {
            Ok(0) => {}
            Ok(_) => self.stuck.set(0),
            Err(_) => self.phase.set(Phase::Over),
        }
        Poll::Ready(())
    }

    fn poll_job(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut job = self.job.borrow_mut();
        let Some(running) = &mut *job else { return Poll::Pending };
        let actions = ready!(Pin::new(running).poll(cx));
        *job = None;
        drop(job);
        match actions {
            Ok(actions) => self.apply(actions),
            // The task was lost, and with it the answer to a message.
            Err(_) => self.close(Close::INTERNAL),
        }
        self.cursor.borrow_mut().release();
        Poll::Ready(())
    }

    fn poll_page(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut page = self.page.borrow_mut();
        let Some(PageOnItsWay { ask, page: coming }) = &mut *page else { return Poll::Pending };
        let ask = *ask;
        let caught = ready!(Pin::new(coming).poll(cx));
        *page = None;
        drop(page);
        match caught {
            Ok(Catch::Page { frames, position }) => self.take_page(ask, frames, position),
            Ok(Catch::Gone { oldest }) => self.lose_everything(oldest),
            Ok(Catch::Failed) | Err(_) => self.close(Close::INTERNAL),
        }
        Poll::Ready(())
    }

    /// Does what the cursor says. True when it did something.
    fn advance(self: &Rc<Self>) -> bool {
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
                    answer(self.place()).into_iter().for_each(|frame| self.offer(frame));
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
        let (found, page) = oneshot::channel();
        self.page.replace(Some(PageOnItsWay { ask, page }));
        let (fetch, encoding) = (self.shard.fetch(), self.encoding);
        let reader = Arc::clone(&fetch);
        fetch.spawn("hub.catch_up", async move {
            let caught = match reader.page_at_last(ask, &interest, limit).await {
                Ok(Fetched::Page(page)) => {
                    Catch::Page { frames: page.join(encoding), position: page.position }
                }
                Ok(Fetched::Gone { oldest }) => Catch::Gone { oldest },
                Err(error) => {
                    tracing::error!(%error, "could not read the log for a connection");
                    Catch::Failed
                }
            };
            // The connection may be gone by now.
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
        self.cursor.borrow_mut().listen(super::interest::Interest::default());
        self.arrivals.take();
        self.notify(Notice::Gone { head: self.shard.ring().head(), oldest });
    }

    // -------------------------------------------------------------------------------------------------- parts

    /// Sends whole frames behind all that waits. Who can't take them at once is no longer live.
    pub(super) fn offer(&self, frames: Bytes) {
        if matches!(self.phase.get(), Phase::Shut | Phase::Over) {
            return;
        }
        let mut outbox = self.outbox.borrow_mut();
        if outbox.offer(frames, |bytes| self.stream.try_write(bytes)).is_err() {
            self.phase.set(Phase::Over);
            self.wake();
            return;
        }
        let waits = !outbox.is_empty();
        drop(outbox);
        if waits {
            self.fall_behind(self.shard.position());
        }
    }

    pub(super) fn notify(&self, notice: Notice) {
        if let Some(frame) = self.dialect.notice(notice).filter(|_| self.phase.get() == Phase::Open)
        {
            self.offer(frame);
        }
    }

    /// Says up to where everything was sent, unless that was said already.
    fn mark(&self) {
        let position = self.place().position;
        if self.cursor.borrow().interest().is_empty() || self.marked.replace(position) == position {
            return;
        }
        self.notify(Notice::Mark(position));
    }

    /// Whether no input is taken, because an answer is on its way or nothing more can be answered.
    pub(super) fn is_paused(&self) -> bool {
        self.job.borrow().is_some()
            || self.cursor.borrow().is_changing()
            || !self.outbox.borrow().has_room()
            || self.arrivals.borrow().len() >= ARRIVALS_MAX
    }

    pub(super) fn take_grant(self: &Rc<Self>, grant: Grant) {
        self.warned.set(false);
        self.grant.replace(grant);
        self.check_grant();
    }

    /// Looks for what has happened to the grant between its check and now.
    pub(super) fn check_grant(self: &Rc<Self>) {
        use super::revocations::Standing;
        match self.shard.standing(&self.grant.borrow()) {
            Standing::Good => {}
            Standing::Revoked(_) => self.close(Close::UNAUTHORIZED),
            Standing::Unknown => self.close(Close::RESTART),
        }
    }

    pub(super) fn place(&self) -> Place {
        let position = self.cursor.borrow().position(self.shard.position());
        Place { position, head: self.shard.ring().head() }
    }

    pub(super) fn view<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        let interest = self.cursor.borrow().interest().clone();
        look(&View { id: self.id, peer: self.peer(), interest: &interest, place: self.place() })
    }

    pub(super) fn peer(&self) -> IpAddr {
        self.admission.peer()
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

    /// Stops messages and events for good. What waits is still written, for a while.
    pub(super) fn end(self: &Rc<Self>, phase: Phase, patience: Duration) {
        let first = self.phase.replace(phase) == Phase::Open;
        if !first {
            return;
        }
        self.leave_group();
        self.page.take();
        self.job.take();
        self.splice.take();
        self.arrivals.take();
        let connection = Rc::downgrade(self);
        spawn_local(async move {
            sleep(patience).await;
            if let Some(connection) = connection.upgrade() {
                connection.abort();
            }
        });
        self.wake();
    }

    pub(super) fn is_live(&self) -> bool {
        self.cursor.borrow().is_live()
    }

    pub(super) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}
