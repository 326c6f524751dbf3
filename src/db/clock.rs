//! The database's clock as this node last read it, and how far the relay has come.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use parking_lot::Mutex;
use sqlx::PgConnection;
use tokio::{sync::watch, time::Instant};

use super::DbError;
use crate::kernel::{event::Seq, time::Timestamp};

/// The head of the log and the database's time, read together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) head: Seq,
    oldest: Seq,
    now: Timestamp,
    offset: Duration,
    taken: Instant,
}

impl Reading {
    pub(super) async fn take(conn: &mut PgConnection) -> Result<Self, DbError> {
        let row = sqlx::query!(
            r#"select seq, floor, clock_offset_ms,
                      clock_timestamp() + clock_offset_ms * interval '1 millisecond' as "now!"
               from log_head"#
        )
        .fetch_one(conn)
        .await?;
        Ok(Self {
            head: Seq::new(row.seq),
            oldest: Seq::new(row.floor).next(),
            now: Timestamp::new(row.now),
            offset: Duration::from_millis(row.clock_offset_ms.unsigned_abs()),
            taken: Instant::now(),
        })
    }
}

/// What one node knows of the log: shared by the relay that writes it and all who wait for it.
#[derive(Debug)]
pub struct Progress {
    position: watch::Sender<Seq>,
    up: watch::Sender<bool>,
    up_since: watch::Sender<Instant>,
    offset: watch::Sender<Duration>,
    reading: Mutex<Reading>,
    lag: AtomicU64,
}

impl Progress {
    pub(super) fn new(reading: Reading) -> Self {
        Self {
            position: watch::Sender::new(Seq::ZERO),
            up: watch::Sender::new(true),
            up_since: watch::Sender::new(Instant::now()),
            offset: watch::Sender::new(reading.offset),
            reading: Mutex::new(reading),
            lag: AtomicU64::new(0),
        }
    }

    /// The position of the relay, to wait for.
    pub fn position(&self) -> watch::Receiver<Seq> {
        self.position.subscribe()
    }

    /// How many events the relay knows of and has not handed on.
    pub fn lag(&self) -> u64 {
        self.lag.load(Relaxed)
    }

    /// Whether the database answers, to wait for.
    pub fn up(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    /// How far the test clock is ahead, to wake those who sleep until something is due.
    pub fn clock_offset(&self) -> watch::Receiver<Duration> {
        self.offset.subscribe()
    }

    /// The database's time now, from the last reading: for caches and for deciding how long to sleep. What is due is
    /// decided by [`super::Tx::now`].
    pub fn now(&self) -> Timestamp {
        let reading = *self.reading.lock();
        reading.now.plus(reading.taken.elapsed()).unwrap_or(reading.now)
    }

    /// As [`Self::now`], without what the test clock is ahead: to notice that the database's own clock jumps.
    pub fn real_now(&self) -> Timestamp {
        let reading = *self.reading.lock();
        let real = reading.now.minus(reading.offset).unwrap_or(reading.now);
        real.plus(reading.taken.elapsed()).unwrap_or(real)
    }

    /// The oldest event that was kept at the last reading. It may have gone since.
    pub fn oldest(&self) -> Seq {
        self.reading.lock().oldest
    }

    pub(super) fn reached(&self, seq: Seq) {
        self.position.send_replace(seq);
    }

    pub(super) fn lags(&self, events: u64) {
        self.lag.store(events, Relaxed);
    }

    pub(super) fn read(&self, reading: &Reading) {
        *self.reading.lock() = *reading;
        self.offset
            .send_if_modified(|offset| std::mem::replace(offset, reading.offset) != reading.offset);
    }

    /// Since when the database answers: a connection that is older may have been lost.
    pub(super) fn up_since(&self) -> watch::Receiver<Instant> {
        self.up_since.subscribe()
    }

    /// Says whether that is news.
    pub(super) fn set_up(&self, up: bool) -> bool {
        if up && !*self.up.borrow() {
            self.up_since.send_replace(Instant::now());
        }
        self.up.send_if_modified(|before| std::mem::replace(before, up) != up)
    }
}
