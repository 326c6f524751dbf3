//! The relay: the one task of a node that walks the log and hands every event, in order, to this process.
//!
//! ```text
//!  own commits ──► inbox ─┐
//!  another node's commit ─┼─► next seq in the inbox? publish it. A hole? read the log. ─► taps, one after another
//!  NOTIFY | 100 ms tick ──┘
//! ```
//!
//! There is one road: a node's own events and another node's take the same way in the same order. The inbox and the
//! notifications may lose, repeat and reorder; the numbers are dense, so the relay sees every hole and fills it from
//! the log. Losing a wake-up costs a tick, never an event; and while own commits come without a hole, nothing was lost,
//! so the tick waits as well.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sqlx::PgConnection;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{Db, DbError, LogPage, clock::Reading, log};
use crate::kernel::event::{Event, Seq};

/// Batches that wait for the relay at the most; what does not fit is read from the log.
const INBOX_BATCHES_MAX: usize = 1_024;
/// Events that are handed on at once at the most, but for the last batch and what was waiting for it.
const RUN_EVENTS_MAX: usize = 4_096;
/// Events out of order that are kept at the most; what does not fit is read from the log.
const PENDING_EVENTS_MAX: usize = 65_536;
/// Events read from the log at once.
const PAGE_EVENTS: usize = 1_000;
/// How long a lost wake-up may delay an event.
const TICK: Duration = Duration::from_millis(100);
/// How old the reading of the database may become while our own commits prove that no other's is missing.
const READING_MAX: Duration = Duration::from_secs(1);
/// How long a hole may be our own commits overtaking one another in the inbox, before the log is asked.
const HOLE_PATIENCE: Duration = Duration::from_millis(3);

/// Hears every event of the log in order, once, in the relay's own task. It must not block.
pub trait Tap: Send + Sync {
    /// Takes the next events: dense and rising, never concurrently.
    fn publish(&self, events: &[Arc<Event>]);
}

/// The receiving end of [`Db`]'s commits. Made once, when the database is opened.
#[derive(Debug)]
pub struct Inbox(mpsc::Receiver<Vec<Arc<Event>>>);

impl Inbox {
    /// An inbox and the end that committed events are put into.
    pub fn new() -> (mpsc::Sender<Vec<Arc<Event>>>, Self) {
        let (sender, receiver) = mpsc::channel(INBOX_BATCHES_MAX);
        (sender, Self(receiver))
    }
}

/// Walks the log for one node.
pub struct Relay {
    db: Db,
    inbox: mpsc::Receiver<Vec<Arc<Event>>>,
    taps: Vec<Arc<dyn Tap>>,
    /// The last event that was published.
    position: Seq,
    /// What continues the log behind it without a hole.
    run: Vec<Arc<Event>>,
    /// Committed events that came out of order.
    pending: BTreeMap<Seq, Arc<Event>>,
    /// The newest event that is known to exist.
    known: Seq,
    line: Option<PgConnection>,
    /// When the database was last read.
    read_at: Instant,
    /// Since when there is something known that was not published.
    behind_since: Option<Instant>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("position", &self.position).finish_non_exhaustive()
    }
}

impl Relay {
    /// A relay that goes on behind `position`. The taps are fed in the order given.
    pub fn new(db: Db, inbox: Inbox, position: Seq, taps: Vec<Arc<dyn Tap>>) -> Self {
        db.progress().reached(position);
        let Inbox(inbox) = inbox;
        Self {
            db,
            inbox,
            taps,
            position,
            run: Vec::new(),
            pending: BTreeMap::new(),
            known: position,
            line: None,
            read_at: Instant::now(),
            behind_since: None,
        }
    }

    /// Walks until told to stop. It ends early only when the history under it has changed, which a running hub can't
    /// survive: its clients hold positions of another log.
    pub async fn run(mut self, mut hints: watch::Receiver<Seq>, stop: CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let before = self.position;
            let ask = tokio::select! {
                () = stop.cancelled() => return,
                batch = self.inbox.recv() => match batch {
                    Some(batch) => { self.take(batch); false }
                    None => return,
                },
                Ok(()) = hints.changed() => {
                    let hint = *hints.borrow_and_update();
                    self.known = self.known.max(hint);
                    hint > self.position
                }
                _ = tick.tick() => true,
            };
            self.publish_pending();
            if !self.pending.is_empty() {
                self.wait_for_hole().await;
            }
            // The numbers are dense: a commit of our own that continues them shows that nobody else's is missing.
            if self.position > before && self.read_at.elapsed() < READING_MAX {
                tick.reset();
            }
            if (ask || !self.pending.is_empty()) && !self.read_on().await {
                return;
            }
            self.report();
        }
    }

    /// Takes our own commits, in whatever order they arrive.
    fn take(&mut self, batch: Vec<Arc<Event>>) {
        for event in batch {
            self.known = self.known.max(event.seq);
            let next = self.next();
            if event.seq == next {
                self.run.push(event);
            } else if event.seq > next && self.pending.len() < PENDING_EVENTS_MAX {
                self.pending.insert(event.seq, event);
            }
        }
    }

    fn next(&self) -> Seq {
        self.run.last().map_or(self.position, |last| last.seq).next()
    }

    /// Publishes what continues the log without a hole.
    fn publish_pending(&mut self) {
        while self.run.len() < RUN_EVENTS_MAX
            && let Ok(batch) = self.inbox.try_recv()
        {
            self.take(batch);
        }
        while let Some(event) = self.pending.remove(&self.next()) {
            self.run.push(event);
        }
        let run = std::mem::take(&mut self.run);
        self.publish(&run);
    }

    fn publish(&mut self, events: &[Arc<Event>]) {
        let Some(last) = events.last() else { return };
        for tap in &self.taps {
            tap.publish(events);
        }
        self.position = last.seq;
        self.db.progress().reached(last.seq);
        self.db.ears().hear(events);
        metrics::counter!("events_total").increment(u64::try_from(events.len()).unwrap_or(0));
    }

    /// Two of our own commits may be told in the wrong order: the missing one is usually on its way.
    async fn wait_for_hole(&mut self) {
        let deadline = Instant::now() + HOLE_PATIENCE;
        while !self.pending.is_empty() {
            match timeout_at(deadline, self.inbox.recv()).await {
                Ok(Some(batch)) => self.take(batch),
                Ok(None) | Err(_) => return,
            }
            self.publish_pending();
        }
    }

    /// Reads the log up to its head. False when this is no longer the log we were reading.
    async fn read_on(&mut self) -> bool {
        loop {
            match self.read().await {
                Ok(Some(events)) => {
                    let full = events.len() == PAGE_EVENTS;
                    self.publish(&events);
                    self.pending = self.pending.split_off(&self.position.next());
                    if !full {
                        return true;
                    }
                }
                Ok(None) => {
                    tracing::error!(position = %self.position, "the log was rewound or trimmed under us; stopping");
                    return false;
                }
                Err(error) => {
                    self.line = None;
                    if self.db.progress().set_up(false) {
                        tracing::warn!(%error, "lost the database");
                    }
                    return true;
                }
            }
        }
    }

    /// The next page, or `None` when the history under us is another one.
    async fn read(&mut self) -> Result<Option<Vec<Arc<Event>>>, DbError> {
        let line = match self.line.take() {
            Some(line) => line,
            None => match self.connect().await? {
                Some(line) => line,
                None => return Ok(None),
            },
        };
        let line = self.line.insert(line);
        let reading = Reading::take(line).await?;
        self.read_at = Instant::now();
        self.known = self.known.max(reading.head);
        if reading.head < self.position {
            return Ok(None);
        }
        self.db.progress().read(&reading);
        if reading.head == self.position {
            return Ok(Some(Vec::new()));
        }
        match log::between(line, self.position, reading.head, PAGE_EVENTS).await? {
            LogPage::Events(events) => Ok(Some(events)),
            LogPage::Gone { .. } => Ok(None),
        }
    }

    /// A line of our own: the pool may be busy with the very work whose events are awaited.
    async fn connect(&self) -> Result<Option<PgConnection>, DbError> {
        let mut line = self.db.connect().await?;
        if super::epoch::read(&mut line).await? != *self.db.log().epoch() {
            return Ok(None);
        }
        if self.db.progress().set_up(true) {
            tracing::info!("reached the database");
        }
        Ok(Some(line))
    }

    fn report(&mut self) {
        let lag = self.known.distance(self.position);
        self.db.progress().lags(lag);
        let lag = u32::try_from(lag).unwrap_or(u32::MAX);
        metrics::gauge!("relay_lag_events").set(f64::from(lag));
        self.behind_since =
            if lag == 0 { None } else { self.behind_since.or(Some(Instant::now())) };
        let span = self.behind_since.map_or(Duration::ZERO, |since| since.elapsed());
        metrics::gauge!("relay_lag_ms").set(span.as_secs_f64() * 1_000.0);
    }
}
