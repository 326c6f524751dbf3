//! One thread that owns a share of the connections.
//!
//! A shard is itself a reader of the ring: nothing is queued to it but new connections and the order to drain. Each
//! pass takes what waits, joins it into one buffer for each group that wants it, and writes that buffer once to every
//! live connection, straight to its non-blocking socket. There is no timer in this: an idle hub sends at once, a
//! loaded one joins by itself. Nothing in a shard is locked, and no lock is held while a socket is written.

use std::{
    cell::{Cell, RefCell, RefMut},
    rc::Rc,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    task::{spawn_local, yield_now},
    time::{MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

use super::{
    Map, Newcomer, Shared,
    close::Close,
    connection::{Arriving, Connection},
    dialect::{ConnectionId, Grant, Notice},
    entry::{Encoding, Entry},
    fetch::Fetch,
    frame,
    groups::{Group, Groups, Item, Picks},
    hints::Hint,
    inspect::Census,
    interest::Interest,
    page::{PageLimit, join},
    revocations::Standing,
    ring::Ring,
    stats::ShardCount,
};
use crate::kernel::event::{Credential, Event, Seq};

/// Events that are joined into one buffer at the most.
const BUFFER_EVENTS_MAX: usize = 128;
/// Events of one pass, and their bytes, at the most. A pass is shorter where many listen.
const PASS_MAX: PageLimit = PageLimit { events: 8_192, bytes: 4 << 20 };
/// Events of a page of somebody who is behind.
const PAGE_EVENTS_MAX: usize = 512;
/// Bytes read from a socket at once. It bounds what can be left over when a message has to wait.
const READ_BYTES_MAX: usize = 16 << 10;
/// tungstenite's own buffer, which is held by every connection and never shrinks.
const DECODER_BYTES: usize = 128;
/// How long the last words of a shard may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What a shard is told.
pub(super) enum Order {
    /// Serve someone.
    Adopt(Box<Newcomer>),
    /// Say who is connected.
    Count { most: usize, answer: oneshot::Sender<Census> },
    /// End a connection, and say whether it was there.
    Part { id: ConnectionId, close: Close, answer: oneshot::Sender<bool> },
    /// Send everyone away, spread over a time.
    Drain { spread: Duration, grace: Duration },
}

/// See the module.
pub(super) struct Shard {
    shared: Arc<Shared>,
    count: Arc<ShardCount>,
    /// Every live connection has everything up to here.
    position: Cell<Seq>,
    /// Events that the next pass may look at.
    stride: Cell<usize>,
    connections: RefCell<Map<ConnectionId, Rc<Connection>>>,
    groups: RefCell<Groups>,
    /// Those that wait for the position to move.
    parked: RefCell<Vec<Rc<Connection>>>,
    scratch: RefCell<Box<[u8]>>,
}

/// Runs a shard until the process stops. It ends early only when a part of it failed.
pub(super) async fn run(
    shared: Arc<Shared>,
    count: Arc<ShardCount>,
    mut orders: mpsc::Receiver<Order>,
) {
    let stopping = shared.stopping.clone();
    let position = shared.ring.head();
    count.position.store(position.get(), Relaxed);
    let shard = Rc::new(Shard {
        position: Cell::new(position),
        stride: Cell::new(BUFFER_EVENTS_MAX),
        shared,
        count,
        connections: RefCell::default(),
        groups: RefCell::default(),
        parked: RefCell::default(),
        scratch: RefCell::new(vec![0; READ_BYTES_MAX].into()),
    });
    let mut parts = tokio::task::JoinSet::new();
    parts.spawn_local(Rc::clone(&shard).walk());
    parts.spawn_local(Rc::clone(&shard).tell_hints());
    parts.spawn_local(Rc::clone(&shard).watch_clock());
    loop {
        tokio::select! {
            () = stopping.cancelled() => break,
            _ = parts.join_next() => return,
            order = orders.recv() => match order {
                Some(Order::Adopt(newcomer)) => shard.adopt(*newcomer),
                Some(Order::Drain { spread, grace }) => shard.drain(spread, grace),
                // Whoever asked may have gone.
                Some(Order::Count { most, answer }) => {
                    let _ = answer.send(shard.census(most));
                }
                Some(Order::Part { id, close, answer }) => {
                    let _ = answer.send(shard.part(id, close));
                }
                None => break,
            },
        }
    }
    shard.say_farewell().await;
    shard.connections.take();
}

impl Shard {
    // ------------------------------------------------------------------------------------------- the way of events

    async fn walk(self: Rc<Self>) {
        let mut head = self.shared.ring.watch();
        loop {
            while self.pass() {
                // Let the tasks of connections run between two passes.
                yield_now().await;
            }
            if head.changed().await.is_err() {
                return;
            }
        }
    }

    /// Hands on what waits. False when nothing did.
    fn pass(&self) -> bool {
        let limit = PageLimit { events: self.stride.get(), ..PASS_MAX };
        let Some(run) = self.shared.ring.run(self.position.get(), limit) else {
            self.skip_ahead();
            return true;
        };
        let items: Vec<_> = run.iter().map(|entry| item(entry)).collect();
        let wanted = self.groups.borrow().wanted(&items, self.buffer_limit());
        let run = run.get(..wanted.items).unwrap_or(&run);
        let Some(last) = run.last() else { return false };
        self.deliver(run, wanted.groups, last.seq());
        self.move_to(last.seq());
        let stride = run.len().saturating_mul(2).max(BUFFER_EVENTS_MAX);
        self.stride.set(stride.min(PASS_MAX.events));
        if let Some(credentials) = last.revoked() {
            self.revoke(credentials, last.seq());
        }
        self.wake_parked();
        true
    }

    fn deliver(&self, run: &[Arc<Entry>], wanted: Vec<(Rc<Group>, Picks)>, upto: Seq) {
        let mut joined: Map<(Encoding, Picks), Vec<Buffer>> = Map::default();
        let (mut deliveries, mut bytes) = (0, 0);
        for (group, picks) in wanted {
            let encoding = group.encoding();
            let picked = || picks.iter().filter_map(|pick| run.get(usize::from(*pick)));
            let build = || buffers(picked(), upto, encoding, self.buffer_limit());
            let buffers = joined.entry((encoding, Rc::clone(&picks))).or_insert_with(build);
            for buffer in buffers {
                let served = group.write(&buffer.frames, buffer.upto);
                deliveries += served * buffer.events;
                bytes += served * u64::try_from(buffer.frames.len()).unwrap_or(0);
            }
        }
        if let Some(first) = run.first().filter(|_| deliveries > 0) {
            self.counts().swept(deliveries, bytes, first.born().elapsed());
        }
    }

    /// This thread was so slow that the ring has moved past it. Its connections read on for themselves.
    fn skip_ahead(&self) {
        let (from, head) = (self.position.get(), self.shared.ring.head());
        tracing::warn!(%from, %head, "fell out of the ring");
        for group in self.all_groups() {
            for connection in group.members() {
                connection.fall_behind(from);
            }
        }
        self.move_to(head);
        for connection in self.all().filter(|connection| connection.has_credential()) {
            connection.check_grant();
        }
        self.wake_parked();
    }

    fn revoke(&self, credentials: &[Credential], at: Seq) {
        for connection in self.all().filter(|connection| connection.holds(credentials, at)) {
            connection.close(Close::UNAUTHORIZED);
        }
    }

    fn move_to(&self, position: Seq) {
        self.position.set(position);
        self.count.position.store(position.get(), Relaxed);
    }

    fn wake_parked(&self) {
        for connection in self.parked.take() {
            connection.parked.set(false);
            connection.wake();
        }
    }

    async fn tell_hints(self: Rc<Self>) {
        let mut turn = self.shared.hints.watch();
        let (_, mut seen) = self.shared.hints.behind(0);
        while turn.changed().await.is_ok() {
            let (hints, last) = self.shared.hints.behind(seen);
            seen = last;
            for hint in hints {
                self.tell_hint(&hint);
            }
        }
    }

    fn tell_hint(&self, hint: &Hint) {
        let item = Item { topics: &hint.topics, kind: hint.kind, bytes: hint.frame.len() };
        let wanted = self.groups.borrow().wanted(&[item], self.buffer_limit()).groups;
        for (group, _) in wanted.iter().filter(|(group, _)| group.encoding() == Encoding::NATIVE) {
            group.write(&hint.frame, self.position.get());
        }
    }

    // --------------------------------------------------------------------------------------------------- the clock

    async fn watch_clock(self: Rc<Self>) {
        let settings = &self.shared.settings;
        let tick = settings.stall.min(settings.ping).min(settings.mark * 4) / 4;
        let tick = tick.min(Duration::from_secs(1)).max(Duration::from_millis(1));
        let stuck_max = settings.stall.as_millis().div_ceil(tick.as_millis().max(1));
        let stuck_max = u32::try_from(stuck_max).unwrap_or(u32::MAX);
        let mut clock = interval(tick);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut pinged, mut marked) = (Instant::now(), Instant::now());
        let mut marked_at = self.position.get();
        loop {
            clock.tick().await;
            let now = Instant::now();
            let time = self.shared.fetch.now();
            self.all().for_each(|connection| connection.tick(now, time, stuck_max));
            if now.duration_since(pinged) >= settings.ping {
                pinged = now;
                self.all().for_each(|connection| connection.ping(frame::PING));
            }
            if now.duration_since(marked) >= settings.mark {
                marked = now;
                if marked_at != self.position.get() {
                    marked_at = self.position.get();
                    self.mark();
                }
            }
        }
    }

    /// Tells everyone how far they are. Live connections of a dialect share the frame.
    fn mark(&self) {
        let position = self.position.get();
        let mut frames: Map<Encoding, Option<Bytes>> = Map::default();
        for group in self.all_groups() {
            let build = || group.frame(|member| member.dialect.notice(Notice::Mark(position)));
            if let Some(frame) = frames.entry(group.encoding()).or_insert_with(build) {
                group.write(frame, position);
            }
        }
        self.all().for_each(|connection| connection.want_mark());
    }

    // ------------------------------------------------------------------------------------------------- connections

    fn adopt(self: &Rc<Self>, newcomer: Newcomer) {
        let Newcomer { stream, leftover, dialect, grant, admission } = newcomer;
        let stream = match TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "could not take over a socket");
                self.count.connections.fetch_sub(1, Relaxed);
                return;
            }
        };
        let message_bytes = dialect.message_bytes(self.shared.settings.frame_bytes);
        let config = WebSocketConfig::default()
            .read_buffer_size(DECODER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(message_bytes))
            .max_frame_size(Some(message_bytes));
        let ws = WebSocketContext::new(Role::Server, Some(config));
        let id = ConnectionId(self.shared.connections.fetch_add(1, Relaxed));
        let arriving = Arriving { stream, dialect, grant, admission };
        let connection = Connection::new(id, Rc::clone(self), ws, arriving);
        self.connections.borrow_mut().insert(id, Rc::clone(&connection));
        if self.shared.door.is_closed() {
            connection.close(Close::AWAY);
        }
        spawn_local(connection.run(leftover));
    }

    /// A connection is gone.
    pub(super) fn forget(&self, connection: &Connection) {
        self.connections.borrow_mut().remove(&connection.id);
        self.counts().connections.fetch_sub(1, Relaxed);
        if !connection.is_live() {
            self.counts().caught_up();
        }
    }

    pub(super) fn join(
        &self,
        connection: &Rc<Connection>,
        encoding: Encoding,
        interest: &Interest,
    ) -> (Rc<Group>, usize) {
        let mut groups = self.groups.borrow_mut();
        let joined = groups.join(Rc::clone(connection), encoding, interest);
        self.count_groups(&groups);
        joined
    }

    pub(super) fn leave(&self, group: &Rc<Group>, place: usize) {
        let mut groups = self.groups.borrow_mut();
        if let Some(moved) = groups.leave(group, place) {
            moved.set_place_in_group(place);
        }
        self.count_groups(&groups);
    }

    fn count_groups(&self, groups: &Groups) {
        let (count, topics) = groups.counts();
        self.counts().groups.store(count, Relaxed);
        self.counts().topics.store(topics, Relaxed);
    }

    /// Wakes a connection after the next pass.
    pub(super) fn park(&self, connection: &Rc<Connection>) {
        if !connection.parked.replace(true) {
            self.parked.borrow_mut().push(Rc::clone(connection));
        }
    }

    /// Tells everyone when to connect elsewhere, and ends each connection some time after that. The times are spread
    /// evenly, so that the other nodes get the clients one after the other.
    fn drain(self: &Rc<Self>, spread: Duration, grace: Duration) {
        let leaving: Vec<_> = self.all().collect();
        let step = spread.checked_div(u32::try_from(leaving.len()).unwrap_or(u32::MAX));
        let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let mut at = Duration::ZERO;
        let mut plan = Vec::with_capacity(leaving.len());
        let now = tokio::time::Instant::now();
        for connection in leaving {
            let end = at.saturating_add(grace);
            connection.notify(Notice::Drain { reconnect_in_ms: ms(at), close_in_ms: ms(end) });
            plan.push((end, Rc::downgrade(&connection)));
            at = at.saturating_add(step.unwrap_or_default());
        }
        spawn_local(async move {
            for (end, connection) in plan {
                sleep_until(now + end).await;
                if let Some(connection) = connection.upgrade() {
                    connection.close(Close::AWAY);
                }
            }
        });
    }

    async fn say_farewell(&self) {
        self.all().for_each(|connection| connection.close(Close::RESTART));
        let emptied = async {
            while !self.connections.borrow().is_empty() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        // Who takes no farewell is cut off.
        let _ = timeout(FAREWELL, emptied).await;
    }

    fn census(&self, most: usize) -> Census {
        let mut census = Census::default();
        for connection in self.all() {
            let one = connection.inspect();
            for topic in &one.topics {
                *census.topics.entry(topic.clone()).or_default() += 1;
            }
            census.total += 1;
            census.connections.push(one);
        }
        census.keep(most);
        census
    }

    fn part(&self, id: ConnectionId, close: Close) -> bool {
        let found = self.connections.borrow().get(&id).map(Rc::clone);
        if let Some(connection) = &found {
            connection.close(close);
        }
        found.is_some()
    }

    fn all_groups(&self) -> Vec<Rc<Group>> {
        self.groups.borrow().all()
    }

    fn all(&self) -> impl Iterator<Item = Rc<Connection>> {
        let all: Vec<_> = self.connections.borrow().values().map(Rc::clone).collect();
        all.into_iter()
    }

    // ----------------------------------------------------------------------------------- what connections look up

    pub(super) fn position(&self) -> Seq {
        self.position.get()
    }

    pub(super) fn ring(&self) -> &Ring {
        &self.shared.ring
    }

    pub(super) fn fetch(&self) -> Arc<Fetch> {
        Arc::clone(&self.shared.fetch)
    }

    pub(super) fn page_limit(&self) -> PageLimit {
        PageLimit { events: PAGE_EVENTS_MAX, bytes: self.shared.settings.queue_bytes }
    }

    fn buffer_limit(&self) -> PageLimit {
        PageLimit { events: BUFFER_EVENTS_MAX, ..self.page_limit() }
    }

    pub(super) fn standing(&self, grant: &Grant) -> Standing {
        self.shared.revocations.standing(grant)
    }

    /// Why a task on the main runtime was lost: this node stops, or the task has panicked.
    pub(super) fn loss(&self) -> Close {
        if self.shared.stopping.is_cancelled() { Close::RESTART } else { Close::INTERNAL }
    }

    pub(super) fn scratch(&self) -> RefMut<'_, Box<[u8]>> {
        self.scratch.borrow_mut()
    }

    pub(super) fn counts(&self) -> &ShardCount {
        &self.count
    }
}

/// Frames that leave in one write.
struct Buffer {
    frames: Bytes,
    events: u64,
    /// Whoever takes it has all that it wants up to here.
    upto: Seq,
}

/// The frames of some events, which are all that is wanted up to a position.
fn buffers<'a>(
    picked: impl Iterator<Item = &'a Arc<Entry>>,
    upto: Seq,
    encoding: Encoding,
    limit: PageLimit,
) -> Vec<Buffer> {
    let mut buffers = Vec::new();
    let mut frames: Vec<&Bytes> = Vec::new();
    let (mut bytes, mut last) = (0_usize, upto);
    for entry in picked {
        let Some(frame) = entry.frame(encoding) else { continue };
        bytes = bytes.saturating_add(frame.len());
        if (frames.len() >= limit.events || bytes > limit.bytes) && !frames.is_empty() {
            buffers.push(Buffer::join(&frames, last));
            frames.clear();
            bytes = frame.len();
        }
        frames.push(frame);
        last = entry.seq();
    }
    if !frames.is_empty() {
        buffers.push(Buffer::join(&frames, upto));
    }
    buffers
}

impl Buffer {
    fn join(frames: &[&Bytes], upto: Seq) -> Self {
        let events = u64::try_from(frames.len()).unwrap_or(u64::MAX);
        Self { frames: join(frames), events, upto }
    }
}

fn item(entry: &Entry) -> Item<'_> {
    let Event { topics, kind, .. } = entry.event();
    Item { topics, kind, bytes: entry.wire_bytes() }
}
