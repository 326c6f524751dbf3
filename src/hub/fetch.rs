//! Reads the log for those who have fallen out of the ring, on the main runtime and a few at a time.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{runtime::Handle, sync::Semaphore, time::sleep};

use super::{
    cursor::Ask,
    entry::{Encoders, Entry},
    interest::Interest,
    page::{Page, PageLimit},
};
use crate::{
    db::{Db, DbError, LogPage, log::LOG_READERS_MAX, tasks::Tasks},
    kernel::{
        event::{Seq, Topic},
        time::Timestamp,
    },
};

/// How long a reader waits before it asks a database again that was not there.
const RETRY: Duration = Duration::from_millis(500);

/// What is asked of the log: events behind the first position up to the second on any of the topics, so many at most.
type Query = (Seq, Seq, Vec<Topic>, usize);
type Read = dyn Fn(Query) -> BoxFuture<'static, Result<LogPage, DbError>> + Send + Sync;
type Now = dyn Fn() -> Timestamp + Send + Sync;

/// What lies behind a reader.
#[derive(Debug)]
pub(super) enum Fetched {
    /// This.
    Page(Page),
    /// Something that is no longer kept; this is the oldest that is.
    Gone {
        /// See [`crate::db::Head::oldest`].
        oldest: Seq,
    },
}

/// The log and the clock of the database as the hub sees them, and the runtime where its pool lives.
pub(super) struct Fetch {
    read: Box<Read>,
    now: Box<Now>,
    /// One for each of the log's readers: who waits for one of them waits as long as it takes.
    permits: Semaphore,
    encoders: Encoders,
    tasks: Tasks,
    main: Handle,
}

impl std::fmt::Debug for Fetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetch").finish_non_exhaustive()
    }
}

impl Fetch {
    /// Reads the log of this database. Must be called on the main runtime.
    pub(super) fn new(db: Db, encoders: Encoders, tasks: Tasks) -> Self {
        let log = Arc::new(db.log().clone());
        let read = move |(after, upto, topics, limit): Query| {
            let log = Arc::clone(&log);
            let page = async move { log.page(after, upto, &topics, limit).await };
            page.boxed()
        };
        Self::with(Box::new(read), Box::new(move || db.now()), encoders, tasks)
    }

    pub(super) fn with(read: Box<Read>, now: Box<Now>, encoders: Encoders, tasks: Tasks) -> Self {
        let permits = Semaphore::new(usize::try_from(LOG_READERS_MAX).unwrap_or(1));
        Self { read, now, permits, encoders, tasks, main: Handle::current() }
    }

    /// The database's time.
    pub(super) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Starts a task on the main runtime, from whatever thread.
    pub(super) fn spawn(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let _main = self.main.enter();
        self.tasks.spawn(name, task);
    }

    /// Reads one page.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn page(
        &self,
        ask: Ask,
        interest: &Interest,
        limit: PageLimit,
    ) -> Result<Fetched, DbError> {
        let topics = interest.topics().cloned().collect();
        // One more than a page holds tells a full page from the last one.
        let query = (ask.after, ask.upto, topics, limit.events.saturating_add(1));
        let permit = self.permits.acquire().await;
        let read = (self.read)(query).await;
        drop(permit);
        Ok(match read? {
            LogPage::Gone { oldest } => Fetched::Gone { oldest },
            LogPage::Events(events) => {
                let born = Instant::now();
                let encode = |event| Entry::new(event, &self.encoders, born);
                let entries: Vec<_> = events.into_iter().map(encode).collect();
                Fetched::Page(Page::collect(&entries, ask.upto, interest, limit))
            }
        })
    }

    /// Reads one page, however long the database stays away.
    ///
    /// # Errors
    /// When the database fails for another reason than being away.
    pub(super) async fn page_at_last(
        &self,
        ask: Ask,
        interest: &Interest,
        limit: PageLimit,
    ) -> Result<Fetched, DbError> {
        loop {
            match self.page(ask, interest, limit).await {
                Err(error) if error.is_unavailable() => sleep(RETRY).await,
                other => return other,
            }
        }
    }
}
