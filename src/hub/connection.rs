//! One websocket connection of a shard: its socket, its place in the log, and what it does next.
//!
//! A connection is one small task that polls what may have moved: the socket, an answer on its way, a page on its way,
//! its cursor. In the usual case, live and idle, it waits for input and nothing else; events are written by the
//! shard's own pass ([`Group::write`]) and do not wake it. A short write ends this state: the rest of the
//! buffer stays in the outbox, the cursor falls behind, and the task reads on from there.
//!
//! Invariants: a live connection has an empty outbox; `group` is set exactly while it is live and listens to
//! something; nothing but its own task ends it.

mod catch_up;
mod inbound;
mod upkeep;

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    net::{IpAddr, Shutdown},
    os::fd::{AsRawFd as _, RawFd},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use socket2::SockRef;
use tokio::{net::TcpStream, sync::oneshot, task::spawn_local, time::sleep};
use tokio_tungstenite::tungstenite::protocol::WebSocketContext;

use self::catch_up::PagesOnTheirWay;
use super::{
    admission::Admission,
    close::Close,
    cursor::Cursor,
    dialect::{Action, Answer, Arrival, ConnectionId, Dialect, Grant, Notice, Place, View},
    entry::Encoding,
    groups::{Group, write},
    inspect::Connected,
    outbox::Outbox,
    page::join,
    shard::Shard,
};
use crate::kernel::event::Seq;

/// What a task does before it lets others run.
const TURNS_MAX: usize = 16;
/// Subscriptions that may wait for their catch-up before no more input is taken.
const ARRIVALS_MAX: usize = 16;
/// How long a close handshake may take, and how long when nobody must hear more of us.
pub(super) const LINGER: Duration = Duration::from_secs(5);
const LINGER_REVOKED: Duration = Duration::from_millis(700);

/// See the module.
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    shard: Rc<Shard>,
    stream: TcpStream,
    pub(super) dialect: Box<dyn Dialect>,
    encoding: Encoding,
    ws: RefCell<WebSocketContext>,
    /// Input that waits until the message before it is answered.
    unread: RefCell<Bytes>,
    /// Whether there is input to go on with that the socket will not tell of.
    resumes: Cell<bool>,
    /// Whether the shard wakes it after its next pass.
    pub(super) parked: Cell<bool>,
    phase: Cell<Phase>,
    /// Rounds of pings since something was heard.
    silent: Cell<u8>,
    job: RefCell<Option<oneshot::Receiver<Vec<Action>>>>,
    cursor: RefCell<Cursor>,
    outbox: RefCell<Outbox>,
    group: RefCell<Option<(Rc<Group>, usize)>>,
    pages: RefCell<Option<PagesOnTheirWay>>,
    /// What to send at a splice.
    splice: RefCell<Option<Answer>>,
    /// What to send on becoming live.
    arrivals: RefCell<Vec<Arrival>>,
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
            pages: RefCell::default(),
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

    /// Where a shared buffer is written.
    pub(super) fn socket(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    /// Keeps what its socket did not take of a shared buffer. The shard lets it fall behind.
    #[cold]
    pub(super) fn keep(&self, frames: &Bytes, short: io::Result<usize>) {
        match short {
            Ok(n) => self.outbox.borrow_mut().push(frames.slice(n..)),
            Err(error) if is_passing(&error) => self.outbox.borrow_mut().push(frames.clone()),
            Err(_) => self.phase.set(Phase::Over),
        }
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
            Err(_) => self.close(self.shard.loss()),
        }
        self.cursor.borrow_mut().release();
        Poll::Ready(())
    }

    // -------------------------------------------------------------------------------------------------- parts

    /// Sends whole frames behind all that waits. Who can't take them at once is no longer live.
    pub(super) fn offer(&self, frames: Bytes) {
        if matches!(self.phase.get(), Phase::Shut | Phase::Over) {
            return;
        }
        let mut outbox = self.outbox.borrow_mut();
        // Not by way of the runtime, which first would have to be told that a new socket takes something.
        if outbox.offer(frames, |bytes| write(self.socket(), bytes)).is_err() {
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

    /// Sends frames: in one write, unless they are more than a page.
    pub(super) fn offer_all(&self, frames: Vec<Bytes>) {
        if frames.iter().map(Bytes::len).sum::<usize>() <= self.shard.page_limit().bytes {
            return self.offer(join(&frames.iter().collect::<Vec<_>>()));
        }
        for frame in frames {
            self.offer(frame);
        }
    }

    pub(super) fn notify(&self, notice: Notice) {
        if let Some(frame) = self.notice(notice) {
            self.offer(frame);
        }
    }

    fn notice(&self, notice: Notice) -> Option<Bytes> {
        self.dialect.notice(notice).filter(|_| self.phase.get() == Phase::Open)
    }

    /// Whether no input is taken, because an answer is on its way or nothing more can be answered.
    pub(super) fn is_paused(&self) -> bool {
        self.job.borrow().is_some()
            || self.cursor.borrow().is_changing()
            || !self.outbox.borrow().has_room()
            || self.arrivals.borrow().len() >= ARRIVALS_MAX
    }

    pub(super) fn place(&self) -> Place {
        let position = self.cursor.borrow().position(self.shard.position());
        Place { position, head: self.shard.ring().head() }
    }

    pub(super) fn view<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        let interest = self.cursor.borrow().interest().clone();
        look(&View { id: self.id, peer: self.peer(), interest: &interest, place: self.place() })
    }

    /// What the operator may see of it.
    pub(super) fn inspect(&self) -> Connected {
        let cursor = self.cursor.borrow();
        Connected {
            id: self.id,
            peer: self.peer(),
            caller: self.dialect.caller(),
            topics: cursor.interest().topics().cloned().collect(),
            live: cursor.is_live(),
            position: cursor.position(self.shard.position()),
            queued_bytes: self.outbox.borrow().bytes(),
        }
    }

    pub(super) fn peer(&self) -> IpAddr {
        self.admission.peer()
    }

    /// Stops messages and events for good. What waits is still written, for a while.
    pub(super) fn end(self: &Rc<Self>, phase: Phase, patience: Duration) {
        let first = self.phase.replace(phase) == Phase::Open;
        if !first {
            return;
        }
        self.leave_group();
        self.pages.take();
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

/// Whether a write can be tried again.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
