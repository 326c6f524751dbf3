//! Floor 2: fan-out, from the relay to whoever listens. It knows envelopes, and no domain.
//!
//! ```text
//!  relay ─publish─► encode once ─► ring ─┬─► shard ─► live connections: one joined buffer, one write each
//!                                        ├─► a connection that is behind reads pages: ring, else log
//!                                        └─► pull readers (server-sent events, JSON pages)
//! ```
//!
//! Holds:
//! * a connection gets every event of its topics once and in rising order, whatever it does in between (`cursor.rs`);
//! * a slow client costs others nothing, and itself at most one buffer and the answers it asked for (`outbox.rs`);
//! * nothing behind a revocation reaches the revoked (`shard.rs`, `revocations.rs`);
//! * no lock is held while a socket is written, or across an await.
//!
//! Doors (floor 6) implement [`Dialect`] and hand upgraded sockets to [`Hub::adopt`].

mod admission;
mod close;
mod connection;
mod cursor;
mod dialect;
mod entry;
mod fetch;
#[cfg(test)]
mod fixtures;
pub mod frame;
mod groups;
mod hints;
mod inspect;
mod interest;
mod outbox;
mod page;
mod reader;
mod rehearsal;
mod revocations;
mod ring;
mod shard;
mod stats;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::{
    net::TcpStream,
    runtime::{Builder, LocalOptions},
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::{
    admission::Door, fetch::Fetch, hints::Board, revocations::Revocations, ring::Ring,
    shard::Order, stats::ShardCount,
};
pub use self::{
    admission::{Admission, AdmissionLimit, Refused},
    close::Close,
    dialect::{
        Action, Answer, Arrival, ConnectionId, Dialect, Grant, Handled, Listen, Notice, Place,
        Start, View,
    },
    entry::{Encoders, Encoding, Entry},
    inspect::{Census, Connected},
    interest::{Interest, KINDS_MAX, Kinds, KindsError, Want},
    page::{Page, PageLimit},
    reader::{ReadError, Reader},
    rehearsal::rehearse,
    ring::RingLimit,
    stats::{HubStats, LATENCY_CLASSES},
};
use crate::{
    db::{Db, Tap, tasks::Tasks},
    kernel::event::{Event, Seq, Topic},
};

/// A map on the way of events. Its hasher is fast and seeded anew in each process. It does not withstand somebody who
/// knows the seed, so no such map is keyed by what comes from outside without a limit: a connection has few topics.
type Map<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// Sockets on their way to a shard at the most; the upgrade waits when there are more.
const ORDERS_MAX: usize = 1_024;

/// How the hub works.
#[derive(Debug, Clone)]
pub struct HubSettings {
    /// Threads that own connections; 0 means one for each core.
    pub shards: usize,
    /// What is kept in memory.
    pub ring: RingLimit,
    /// How many connections are let in.
    pub admission: AdmissionLimit,
    /// Bytes of a client's frame and of its message at the most.
    pub frame_bytes: usize,
    /// Bytes that are joined into one write, and so about what a slow connection holds at the most.
    pub queue_bytes: usize,
    /// Time between two rounds of pings; after two rounds without an answer a connection ends.
    pub ping: Duration,
    /// How long a socket may accept nothing.
    pub stall: Duration,
    /// Time between two marks at the most.
    pub mark: Duration,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self {
            shards: 0,
            ring: RingLimit::default(),
            admission: AdmissionLimit { total: 100_000, per_address: 1_000 },
            frame_bytes: 16 << 10,
            queue_bytes: 64 << 10,
            ping: Duration::from_secs(25),
            stall: Duration::from_mins(1),
            mark: Duration::from_secs(4),
        }
    }
}

/// Fan-out of one node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub {
    shared: Arc<Shared>,
    shards: Arc<[mpsc::Sender<Order>]>,
}

/// What the shards and readers share.
#[derive(Debug)]
struct Shared {
    settings: HubSettings,
    encoders: Encoders,
    ring: Ring,
    revocations: Revocations,
    hints: Board,
    fetch: Arc<Fetch>,
    door: Arc<Door>,
    counts: Box<[Arc<ShardCount>]>,
    /// Counts the connections there ever were; the next one's name.
    connections: AtomicU64,
    stopping: CancellationToken,
}

/// A client on its way to a shard.
struct Newcomer {
    stream: std::net::TcpStream,
    leftover: Bytes,
    dialect: Box<dyn Dialect>,
    grant: Grant,
    admission: Admission,
}

impl Hub {
    /// Starts the shards. The hub expects the events behind `position` from the relay; started somewhat behind the
    /// head of the log, the relay fills the ring before the first client comes. Must be called on the main runtime.
    ///
    /// # Errors
    /// When a thread can't be started.
    pub fn start(
        settings: HubSettings,
        db: &Db,
        position: Seq,
        encoders: Encoders,
        tasks: &Tasks,
    ) -> std::io::Result<Self> {
        let fetch = Fetch::new(db.clone(), encoders.clone(), tasks.clone());
        Self::start_with(settings, fetch, position, encoders, tasks)
    }

    fn start_with(
        settings: HubSettings,
        fetch: Fetch,
        position: Seq,
        encoders: Encoders,
        tasks: &Tasks,
    ) -> std::io::Result<Self> {
        let count = match settings.shards {
            0 => thread::available_parallelism().map_or(1, Into::into),
            count => count,
        };
        let shared = Arc::new(Shared {
            ring: Ring::new(position, settings.ring),
            revocations: Revocations::new(position),
            hints: Board::default(),
            fetch: Arc::new(fetch),
            door: Door::new(settings.admission),
            counts: (0..count).map(|_| Arc::default()).collect(),
            connections: AtomicU64::new(1),
            stopping: tasks.stopping(),
            encoders,
            settings,
        });
        let mut shards = Vec::with_capacity(count);
        for (index, count) in shared.counts.iter().enumerate() {
            let (orders, inbox) = mpsc::channel(ORDERS_MAX);
            let ended = start_shard(Arc::clone(&shared), Arc::clone(count), index, inbox)?;
            shards.push(orders);
            tasks.spawn_vital("hub.shard", async move {
                // Its end is what matters, and the sender is dropped even by a panic.
                let _ = ended.await;
            });
        }
        Ok(Self { shared, shards: shards.into() })
    }

    /// The newest event of this node. To build a [`Grant`], look here *before* looking at the credentials.
    pub fn head(&self) -> Seq {
        self.shared.ring.head()
    }

    /// Whether everything behind a position can be told from memory.
    pub fn reaches(&self, position: Seq) -> bool {
        self.shared.ring.reaches(position)
    }

    /// Lets a client in, before its request is answered.
    ///
    /// # Errors
    /// When a limit is reached or the node is going away.
    pub fn admit(&self, peer: std::net::IpAddr) -> Result<Admission, Refused> {
        self.shared.door.admit(peer)
    }

    /// Serves an upgraded socket from here on. `leftover` is what came in behind the request.
    ///
    /// # Errors
    /// When the socket can't be moved to another thread, or this node has stopped.
    pub async fn adopt(
        &self,
        stream: TcpStream,
        leftover: Bytes,
        dialect: Box<dyn Dialect>,
        grant: Grant,
        admission: Admission,
    ) -> std::io::Result<()> {
        let stream = stream.into_std()?;
        let newcomer = Newcomer { stream, leftover, dialect, grant, admission };
        let shards = self.shards.iter().zip(&self.shared.counts);
        let least_busy = shards.min_by_key(|(_, count)| count.connections.load(Relaxed));
        let Some((shard, count)) = least_busy else { return Ok(()) };
        count.connections.fetch_add(1, Relaxed);
        let sent = shard.send(Order::Adopt(Box::new(newcomer))).await;
        sent.map_err(|_gone| std::io::ErrorKind::ConnectionAborted.into())
    }

    /// Reads the events behind a position on request.
    pub fn reader(&self, interest: Interest, after: Seq, grant: Grant) -> Reader {
        Reader::new(Arc::clone(&self.shared), interest, after, grant)
    }

    /// Tells something to the live connections of these topics, in place of what was told under the same key.
    pub fn hint(&self, key: &str, kind: &'static str, topics: Vec<Topic>, data: &RawValue) {
        self.shared.hints.post(key, kind, topics, data);
    }

    /// What the hub does, in numbers.
    pub fn stats(&self) -> HubStats {
        let (ring_events, ring_bytes) = self.shared.ring.size();
        let head = self.head().get();
        let mut stats =
            HubStats { head, position: head, ring_events, ring_bytes, ..HubStats::default() };
        self.shared.counts.iter().for_each(|count| count.add_to(&mut stats));
        stats
    }

    /// Sends everyone away: nobody is let in any more, each client is told when to connect elsewhere within `spread`,
    /// and its connection ends `grace` after that. Done when all are gone, or a little after the last should be.
    pub async fn drain(&self, spread: Duration, grace: Duration) {
        self.shared.door.close();
        for shard in self.shards.iter() {
            // A shard that has stopped has nobody left.
            let _ = shard.send(Order::Drain { spread, grace }).await;
        }
        let last = spread.saturating_add(grace).saturating_add(connection::LINGER);
        if timeout(last, self.shared.door.emptied()).await.is_err() {
            tracing::warn!(left = self.shared.door.open(), "connections are left after the drain");
        }
    }
}

impl Tap for Hub {
    fn publish(&self, events: &[Arc<Event>]) {
        let (encoders, born) = (&self.shared.encoders, Instant::now());
        let encode = |event: &Arc<Event>| Entry::new(Arc::clone(event), encoders, born);
        let entries: Vec<_> = events.iter().map(encode).collect();
        for entry in &entries {
            if let Some(credentials) = entry.revoked() {
                self.shared.revocations.record(entry.seq(), credentials);
            }
        }
        self.shared.ring.push(entries);
    }
}

/// Starts the thread of a shard. What is given back ends with it, even by a panic.
fn start_shard(
    shared: Arc<Shared>,
    count: Arc<ShardCount>,
    index: usize,
    inbox: mpsc::Receiver<Order>,
) -> std::io::Result<oneshot::Receiver<()>> {
    let (running, ended) = oneshot::channel();
    thread::Builder::new().name(format!("shard-{index}")).spawn(move || {
        let _running: oneshot::Sender<()> = running;
        let options = LocalOptions::default();
        match Builder::new_current_thread().enable_all().build_local(options) {
            Ok(runtime) => runtime.block_on(shard::run(shared, count, inbox)),
            Err(error) => tracing::error!(%error, "could not start the runtime of a shard"),
        }
    })?;
    Ok(ended)
}
