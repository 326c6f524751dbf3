//! Floor 1: Postgres. The pool, the door of every change, the log and its relay, and the private cluster.
//!
//! Owns the tables `log_head`, `events`, `event_topics`, `request_keys` and `followers`. Holds:
//! * only [`Db::run`] and [`Db::run_keyed`] commit a change, and only [`Tx`] appends to the log;
//! * a transaction that holds the head of the log does nothing but write and commit;
//! * the index of the log by topic is whole up to its cursor, and behind it nobody relies on it (`topics.rs`);
//! * no NOTIFY inside a business transaction.
//!
//! Lock order of every transaction: contract, subscription, entitlement, name, player, wallets by id, request
//! keys, log head.

pub mod clock;
pub mod embedded;
mod epoch;
mod error;
pub mod follow;
pub mod inspect;
pub mod keys;
pub mod log;
mod partitions;
pub mod random;
pub mod relay;
pub mod tasks;
pub mod topics;
mod tx;
pub mod upkeep;
pub mod wake;

use std::{sync::Arc, time::Duration};

use sqlx::{
    Connection, PgConnection, PgPool, Postgres, Transaction,
    migrate::Migrator,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};

use self::{
    clock::{Progress, Reading},
    follow::Ears,
};
pub use self::{
    error::{DbError, Failure, Refusal},
    follow::Never,
    log::{Head, Log, LogPage},
    relay::{Inbox, Relay, Tap},
    tx::{Answer, Command, RUNS_MAX, TX_EVENTS_MAX, Tx},
};
use crate::kernel::{
    event::{Event, Seq},
    money::Scale,
    time::Timestamp,
};

/// The oldest Postgres that the statements are written for.
pub const POSTGRES_MAJOR_MIN: i32 = 15;
/// How long a request waits for a connection before it is told to come back.
const ACQUIRE: Duration = Duration::from_secs(3);
/// The lane is one task, which commits one transaction after the other: while one connection is looked after by the pool,
/// the next one is used.
const LANE_CONNECTIONS: u32 = 2;
/// How long a settled command waits for the relay. Past it the answer goes out all the same: the change stands.
const SETTLE: Duration = Duration::from_secs(1);

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How the database is reached.
#[derive(Debug, Clone)]
pub struct DbSettings {
    /// Where it is.
    pub options: PgConnectOptions,
    /// Connections of the pool. The relay and the listener have one each besides, the lane two, and the log's readers
    /// [`log::LOG_READERS_MAX`].
    pub pool_size: u32,
    /// Whether missing migrations are applied, or an error.
    pub migrate: bool,
    /// Events in one partition of the log.
    pub partition_events: i64,
    /// Decimals of the currency. The first start decides it for good.
    pub scale: Scale,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It could not be reached or read.
    #[error("could not open the database: {0}")]
    Db(#[from] DbError),
    /// It is too old.
    #[error("the server is PostgreSQL {0}; use {POSTGRES_MAJOR_MIN} or newer")]
    TooOld(i32),
    /// Migrations failed or are missing.
    #[error("could not migrate the database: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// Migrations are missing and may not be applied here.
    #[error(
        "the database lacks {0} migration(s); run `tollbell migrate`, or start without --no-migrate"
    )]
    Behind(usize),
    /// The setting is another one than the database was begun with.
    #[error(
        "the database holds money with {stored} decimals, the setting says {wanted}; set money_scale to {stored}"
    )]
    Scale {
        /// What the database says.
        stored: u8,
        /// What the setting says.
        wanted: u8,
    },
}

impl From<sqlx::Error> for OpenError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// The database of one community: cheap to clone, shared by everything in the process.
#[derive(Debug, Clone)]
pub struct Db {
    inner: Arc<Inner>,
    /// Whose connections it uses: those that all share, or the lane's own.
    pool: PgPool,
}

#[derive(Debug)]
struct Inner {
    shared: PgPool,
    lane: PgPool,
    options: PgConnectOptions,
    scale: Scale,
    log: Log,
    progress: Progress,
    ears: Ears,
    inbox: mpsc::Sender<Vec<Arc<Event>>>,
    committed: watch::Sender<Seq>,
}

impl Db {
    /// Connects, migrates, and makes the partitions that the first commit needs. The inbox belongs to the relay.
    ///
    /// # Errors
    /// When the database can't be reached, is too old, or lacks migrations that may not be applied.
    pub async fn open(settings: DbSettings) -> Result<(Self, Inbox), OpenError> {
        let options = session(settings.options);
        let mut conn = PgConnection::connect_with(&options).await?;
        check_version(&mut conn).await?;
        if settings.migrate {
            MIGRATIONS.run(&mut conn).await?;
        } else {
            match pending(&mut conn).await? {
                0 => {}
                missing => return Err(OpenError::Behind(missing)),
            }
        }
        check_scale(&mut conn, settings.scale).await?;
        partitions::ensure(&mut conn, settings.partition_events).await?;
        let epoch = epoch::read(&mut conn).await?;
        let reading = Reading::take(&mut conn).await?;
        let progress = Progress::new(reading);
        let make = |connections, options| pool(connections, options, progress.up_since());
        let shared = make(settings.pool_size, options.clone());
        let readers = make(log::LOG_READERS_MAX, planned(options.clone()));
        let (sender, inbox) = Inbox::new();
        let inner = Inner {
            shared: shared.clone(),
            lane: make(LANE_CONNECTIONS, planned(options.clone())),
            log: Log::new(shared.clone(), readers, epoch),
            options,
            scale: settings.scale,
            progress,
            ears: Ears::default(),
            inbox: sender,
            committed: watch::Sender::new(Seq::ZERO),
        };
        Ok((Self { inner: Arc::new(inner), pool: shared }, inbox))
    }

    /// The same database over connections of its own, for one task that commits without a pause. In the pool its
    /// transactions would go to each connection in turn, and the server process behind it would never be warm.
    #[must_use]
    pub fn lane(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), pool: self.inner.lane.clone() }
    }

    /// The log, for readers.
    pub fn log(&self) -> &Log {
        &self.inner.log
    }

    /// What this node knows of the log and of the database's clock.
    pub fn progress(&self) -> &Progress {
        &self.inner.progress
    }

    /// Whom the relay wakes.
    fn ears(&self) -> &Ears {
        &self.inner.ears
    }

    /// The database's time, as [`Progress::now`].
    pub fn now(&self) -> Timestamp {
        self.progress().now()
    }

    /// Decimals of the currency.
    pub fn scale(&self) -> Scale {
        self.inner.scale
    }

    /// The newest event that this node has committed itself, to tell the other nodes.
    pub fn committed_here(&self) -> watch::Receiver<Seq> {
        self.inner.committed.subscribe()
    }

    /// A connection for statements that change nothing, or that no client ever sees.
    ///
    /// # Errors
    /// When there is none within 3 seconds.
    pub async fn read(&self) -> Result<PoolConnection<Postgres>, DbError> {
        self.check_up()?;
        Ok(self.pool().acquire().await?)
    }

    /// A consistent view of everything at one position of the log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn snapshot(&self) -> Result<Snapshot, DbError> {
        self.check_up()?;
        let mut inner =
            self.pool().begin_with("begin isolation level repeatable read, read only").await?;
        let seq = sqlx::query_scalar!("select seq from log_head").fetch_one(&mut *inner).await?;
        Ok(Snapshot { inner, seq: Seq::new(seq) })
    }

    /// Makes room in the log for what comes next, as the upkeep of a hub does: partitions of this size.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn make_room(&self, partition_events: i64) -> Result<(), DbError> {
        partitions::ensure(&mut *self.read().await?, partition_events).await
    }

    /// How busy the pool is: connections in use, and open.
    pub fn pool_use(&self) -> (u32, u32) {
        let shared = &self.inner.shared;
        let (open, idle) = (shared.size(), u32::try_from(shared.num_idle()).unwrap_or(u32::MAX));
        (open.saturating_sub(idle), open)
    }

    /// Closes all connections but those of the relay: work in progress ends, new work is refused.
    pub async fn close(&self) {
        self.inner.shared.close().await;
        self.inner.lane.close().await;
        self.log().close().await;
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Answers at once while the relay sees no database, instead of letting every request wait for a connection.
    fn check_up(&self) -> Result<(), DbError> {
        if *self.progress().up().borrow() { Ok(()) } else { Err(DbError::Down) }
    }

    async fn connect(&self) -> Result<PgConnection, DbError> {
        match timeout(ACQUIRE, PgConnection::connect_with(&self.inner.options)).await {
            Ok(line) => Ok(line?),
            Err(_) => Err(DbError::Unavailable(sqlx::Error::PoolTimedOut)),
        }
    }

    /// A pool of one, for the listener to keep.
    fn lonely_pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .max_lifetime(None)
            .idle_timeout(None)
            .connect_lazy_with(self.inner.options.clone())
    }

    /// Tells the relay what this node committed.
    fn committed(&self, events: Vec<Arc<Event>>) {
        let Some(last) = events.last().map(|event| event.seq) else { return };
        // A full inbox costs nothing but a read of the log.
        let _ = self.inner.inbox.try_send(events);
        self.inner.committed.send_if_modified(|known| {
            let news = last > *known;
            *known = last.max(*known);
            news
        });
    }

    async fn settled(&self, seq: Seq) {
        let mut position = self.progress().position();
        // Late is not wrong: the change stands, and this node applies it when its relay gets there.
        let _ = timeout(SETTLE, position.wait_for(|reached| *reached >= seq)).await;
    }
}

/// A read-only view of the database at one position of the log.
#[derive(Debug)]
pub struct Snapshot {
    inner: Transaction<'static, Postgres>,
    seq: Seq,
}

impl Snapshot {
    /// Everything up to this event is in the view, and nothing behind it.
    pub const fn seq(&self) -> Seq {
        self.seq
    }

    /// The connection, for the functions of a `store.rs`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}

/// Applies the migrations under a lock that other nodes wait for. Says how many were missing; with `check` none is
/// applied.
///
/// # Errors
/// When the database can't be reached or a migration fails.
pub async fn migrate(options: PgConnectOptions, check: bool) -> Result<usize, OpenError> {
    let mut conn = PgConnection::connect_with(&session(options)).await?;
    check_version(&mut conn).await?;
    let missing = pending(&mut conn).await?;
    if !check {
        MIGRATIONS.run(&mut conn).await?;
    }
    Ok(missing)
}

/// What every line of ours has in common. A transaction that holds the head of the log and goes silent would stop all
/// writers, so silence inside a transaction ends it.
fn session(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("tollbell").options([
        ("idle_in_transaction_session_timeout", "2s"),
        ("lock_timeout", "5s"),
        ("statement_timeout", "30s"),
    ])
}

/// A line for the same few statements over and over. Each is planned once, and not to read or hash a whole table: while
/// it is young the statistics say that it is small, and a plan made by them lasts until there are new ones. The log's
/// head has no index to go by and looks too dear for that, which alone would call for compiled code.
fn planned(options: PgConnectOptions) -> PgConnectOptions {
    options.options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
    ])
}

/// Connections from before an outage that the relay has seen are not used again: each would fail whoever gets it.
fn pool(connections: u32, options: PgConnectOptions, up_since: watch::Receiver<Instant>) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .before_acquire(move |_, meta| {
            let of_now = meta.age <= up_since.borrow().elapsed();
            Box::pin(async move { Ok(of_now) })
        })
        .connect_lazy_with(options)
}

async fn check_version(conn: &mut PgConnection) -> Result<(), OpenError> {
    let version =
        sqlx::query_scalar!(r#"select current_setting('server_version_num')::int as "v!""#)
            .fetch_one(conn)
            .await?;
    let major = version / 10_000;
    if major < POSTGRES_MAJOR_MIN { Err(OpenError::TooOld(major)) } else { Ok(()) }
}

async fn check_scale(conn: &mut PgConnection, scale: Scale) -> Result<(), OpenError> {
    let wanted = scale.decimals();
    let stored = sqlx::query_scalar!(
        r#"update log_head set money_scale = coalesce(money_scale, $1) returning money_scale as "scale!""#,
        i16::from(wanted)
    )
    .fetch_one(conn)
    .await?;
    match u8::try_from(stored) {
        Ok(stored) if stored == wanted => Ok(()),
        stored => Err(OpenError::Scale { stored: stored.unwrap_or(0), wanted }),
    }
}

/// How many of our migrations the database lacks.
async fn pending(conn: &mut PgConnection) -> Result<usize, OpenError> {
    use sqlx::migrate::Migrate;
    let ours = MIGRATIONS.iter().filter(|migration| !migration.migration_type.is_down_migration());
    let table = "_sqlx_migrations";
    conn.ensure_migrations_table(table).await?;
    let applied = conn.list_applied_migrations(table).await?;
    Ok(ours.filter(|ours| !applied.iter().any(|theirs| theirs.version == ours.version)).count())
}
