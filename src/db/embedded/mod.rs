//! The private PostgreSQL cluster that the hub runs when no `DATABASE_URL` is given.
//!
//! It owns the data directory (see [`layout`]): finds the installed programs, makes the cluster
//! once, starts the server or adopts a running one, revives a dead one, and stops it with the last
//! hub. The server listens on a unix socket in a private folder and nowhere else.
//!
//! # The locks
//!
//! Several hubs may share one data directory on one machine. Two `flock`s order them; the kernel
//! releases both when a process dies, however it dies.
//!
//! - `hub.lock`: each hub holds it **shared** from open to close. It means "the server is needed".
//! - `start.lock`: held **exclusively**, for a moment, around every decision about the server:
//!   open, revive, close. Nobody takes, tests or gives up `hub.lock` without it (a hub that dies
//!   gives it up, which only ever makes one hub fewer).
//!
//! ```text
//! open    start.lock │ join hub.lock │ make cluster? │ answers? adopt : start │ database? │ unlock
//! revive  answers? done : start.lock │ answers? done : start │ unlock
//! close   start.lock │ alone on hub.lock? stop : leave it │ leave hub.lock │ unlock
//! ```
//!
//! Hence: two hubs that open at once start one server; the last to close stops it, and one that
//! opens meanwhile waits for the stop and then starts it anew. A hub killed in the middle of a
//! start leaves a `pg_ctl` without a parent; the next hub either meets the server it brings up, or
//! races it for `postmaster.pid`, which has one winner, and then adopts that. After `kill -9` of
//! the last hub the server runs on; the next hub adopts it. `Drop` does the same, on purpose: only
//! [`Cluster::close`] may wait for a server to stop.
//!
//! The server must not hold the locks (a postmaster keeps every descriptor it inherits): std opens
//! files with `O_CLOEXEC`, and `pg_ctl` gives the server a session and standard streams of its own.
//!
//! The names and the meaning of the two files are a contract between releases, since a hub of an
//! older release may be running while a newer one opens. A release that needs another protocol
//! takes these locks too. Settings are written at a start, never at an adoption, so during an
//! upgrade the server keeps those of the hub that started it. The major version of PostgreSQL is
//! pinned by the cluster's `PG_VERSION`; it is never upgraded in place. `flock` orders the
//! processes of one machine: a data directory on a network file system must be used by one only.

mod conf;
mod error;
mod find;
mod init;
mod layout;
mod lock;
mod logfile;
mod postmaster;
mod run_as;
mod server;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;

use sqlx::postgres::PgConnectOptions;

pub use self::error::ClusterError;
use self::find::Binaries;
use self::layout::Layout;
use self::lock::{Attached, StartLock};
use self::run_as::RunAs;
use self::server::{Found, Server};

/// What the private cluster depends on.
#[derive(Debug, Clone)]
pub struct ClusterSettings {
    /// The hub's data directory; made when it is missing.
    pub data_dir: PathBuf,
    /// `TOLLBELL_PG_BIN`: the folder of the PostgreSQL programs, instead of a search.
    pub bin_dir: Option<PathBuf>,
    /// `PATH`, for the search.
    pub path: Option<OsString>,
    /// Whether a commit survives a power cut. False only for functional tests.
    pub durable: bool,
}

/// A hub's share in the private cluster. Dropping it leaves the server running.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    attached: Attached,
}

/// What [`Cluster::revive`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revived {
    /// The server answered: nothing was done.
    Alive,
    /// The server was dead and runs again.
    Restarted,
}

/// What [`Cluster::close`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// This was the last hub; the server is down.
    Stopped,
    /// Other hubs use the server; it runs on.
    LeftRunning,
}

impl Cluster {
    /// Opens the cluster in the data directory: makes it on the first call, adopts a server that
    /// runs, starts it otherwise, and makes the database `tollbell`.
    ///
    /// # Errors
    /// Every [`ClusterError`]; nothing half made is left behind that a later call would trust.
    pub async fn open(settings: &ClusterSettings) -> Result<Self, ClusterError> {
        let layout = Layout::prepare(&settings.data_dir)?;
        let start = StartLock::acquire(&layout.start_lock).await?;
        let attached = Attached::join(&layout.hub_lock, &start)?;

        let run_as = RunAs::choose(&layout.pgdata)?;
        run_as.reach(&layout.root).await?;
        let pinned = init::pinned_major(&layout.pgdata)?;
        let binaries = Binaries::find(settings, &run_as, &layout.pgdata, pinned).await?;
        layout.make_dirs(&run_as)?;
        if pinned.is_none() {
            init::make(&layout, &binaries, &run_as, settings.durable).await?;
        }

        let server = Server { layout, binaries, run_as, durable: settings.durable };
        let found = server.ensure_running(&attached, &start).await?;
        tracing::info!(
            data_dir = %server.layout.root.display(),
            postgres.major = server.binaries.major,
            postgres.user = server.run_as.name(),
            postgres.adopted = found == Found::Alive,
            "private PostgreSQL is up"
        );
        Ok(Self { server, attached })
    }

    /// How to connect: the unix socket, user `postgres`, database `tollbell`.
    pub fn options(&self) -> PgConnectOptions {
        self.server.own_options()
    }

    /// The same as a URL, for `psql` and other programs.
    pub fn url(&self) -> String {
        let host = self.server.layout.socket_dir.to_string_lossy();
        // Form encoding writes a space as `+`, which libpq takes for a plus sign.
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("host", &host)
            .finish()
            .replace('+', "%20");
        format!("postgresql:///tollbell?user=postgres&{query}")
    }

    /// Starts the server again when it is dead. Call it when connections fail; several hubs and
    /// several tasks may do so at once, and one of them starts it.
    ///
    /// # Errors
    /// Those of a start: [`ClusterError::Start`], [`ClusterError::StartTimeout`],
    /// [`ClusterError::DiskFull`], [`ClusterError::LockTimeout`] and the like.
    pub async fn revive(&self) -> Result<Revived, ClusterError> {
        if self.server.answers().await? {
            return Ok(Revived::Alive);
        }
        let start = StartLock::acquire(&self.server.layout.start_lock).await?;
        match self.server.ensure_running(&self.attached, &start).await? {
            Found::Alive => Ok(Revived::Alive),
            Found::Started => {
                tracing::warn!("private PostgreSQL was dead and has been started again");
                Ok(Revived::Restarted)
            }
        }
    }

    /// Leaves the cluster; the last hub stops the server, ending what sessions are left.
    ///
    /// # Errors
    /// [`ClusterError::StopTimeout`] when the server is still busy, [`ClusterError::LockTimeout`]
    /// when another hub does not come to an end with it.
    pub async fn close(self) -> Result<Closed, ClusterError> {
        let layout = &self.server.layout;
        let start = StartLock::acquire(&layout.start_lock).await?;
        if !self.attached.is_alone(&layout.hub_lock, &start)? {
            return Ok(Closed::LeftRunning);
        }
        self.server.stop().await?;
        Ok(Closed::Stopped)
    }
}
