//! One server: is it there, start it, stop it.
//!
//! Whether it lives is decided by connecting, never by a pid: that is what the hub needs of it,
//! and it also holds across containers that share the data directory. The pid file only serves to
//! clear what blocks a start and to make sure that a stop signals a postmaster.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};

use super::conf;
use super::error::ClusterError;
use super::find::Binaries;
use super::layout::Layout;
use super::lock::{Attached, StartLock};
use super::logfile::LogMark;
use super::postmaster::{self, Holder};
use super::run_as::RunAs;

/// How long a start may take, recovery after a crash included.
const START_WAIT_SECONDS_MAX: u64 = 120;
/// How long a fast stop may take; it writes what is dirty.
const STOP_WAIT_SECONDS_MAX: u64 = 60;
/// What `pg_ctl` gets on top before it counts as hanging.
const PG_CTL_GRACE: Duration = Duration::from_secs(10);
/// How long one connection attempt may take.
const PROBE_WAIT: Duration = Duration::from_secs(5);
/// Between two looks at a server that comes or goes.
const PROBE_PAUSE: Duration = Duration::from_millis(50);
/// The name of the hub's database.
const DATABASE: &str = "tollbell";
/// "The database system is starting up", "is shutting down", "is in recovery mode".
const CANNOT_CONNECT_NOW: &str = "57P03";

/// A cluster on disk and everything needed to run it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) layout: Layout,
    pub(super) binaries: Binaries,
    pub(super) run_as: RunAs,
    pub(super) durable: bool,
}

/// What a connection attempt found.
enum Pulse {
    /// It answers.
    Ready(Box<PgConnection>),
    /// It answers and turns us away for a lasting reason.
    Refusing(sqlx::Error),
    /// It is coming up or going down.
    Busy,
    /// Nobody listens.
    Dead,
}

/// What an attempt to start came to.
enum Launch {
    Up,
    /// Another postmaster, or a child of a dead one, still holds the cluster.
    Held,
}

/// How [`Server::ensure_running`] found the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Alive,
    Started,
}

impl Server {
    /// How to connect to a database of this server. No `PG*` variable has a say in where it leads.
    pub(super) fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.layout.socket_dir)
            .port(5432)
            .username("postgres")
            .database(database)
            .ssl_mode(PgSslMode::Disable)
    }

    /// The options of the hub's own database.
    pub(super) fn own_options(&self) -> PgConnectOptions {
        self.options(DATABASE)
    }

    /// Whether the server answers, even if only to refuse.
    pub(super) async fn answers(&self) -> Result<bool, ClusterError> {
        Ok(matches!(self.probe().await?, Pulse::Ready(_) | Pulse::Refusing(_)))
    }

    /// Waits until the server answers, and starts it when nobody listens.
    pub(super) async fn ensure_running(
        &self,
        attached: &Attached,
        start: &StartLock,
    ) -> Result<Found, ClusterError> {
        let mark = LogMark::set(&self.layout.log_dir);
        let deadline = Instant::now() + Duration::from_secs(START_WAIT_SECONDS_MAX);
        let mut found = Found::Alive;
        while Instant::now() < deadline {
            match self.probe().await? {
                Pulse::Ready(mut connection) => {
                    self.ensure_database(&mut connection).await.map_err(|e| self.refused(e))?;
                    return Ok(found);
                }
                Pulse::Refusing(source) => return Err(self.refused(source)),
                Pulse::Dead => {
                    if let Launch::Up = self.launch(attached, start).await? {
                        found = Found::Started;
                        continue;
                    }
                }
                Pulse::Busy => {}
            }
            tokio::time::sleep(PROBE_PAUSE).await;
        }
        Err(self.start_timeout(&mark))
    }

    /// Stops the server. Sessions are ended, what they had not committed is rolled back. A server
    /// that is down already, or whose pid is not a postmaster's, is left alone.
    pub(super) async fn stop(&self) -> Result<(), ClusterError> {
        let Holder::Postmaster(_) = postmaster::holder(&self.layout.pgdata) else { return Ok(()) };
        let mode = ["-m", "fast", "-t", &STOP_WAIT_SECONDS_MAX.to_string(), "stop"];
        let output = self.pg_ctl(&mode, STOP_WAIT_SECONDS_MAX).await?;
        let gone = !matches!(postmaster::holder(&self.layout.pgdata), Holder::Postmaster(_));
        if output.status.success() || gone {
            return Ok(());
        }
        let (path, seconds) = (self.layout.pgdata.clone(), STOP_WAIT_SECONDS_MAX);
        Err(ClusterError::StopTimeout { path, seconds, log: words_of(&output) })
    }

    async fn probe(&self) -> Result<Pulse, ClusterError> {
        let options = self.options("postgres");
        let error = match tokio::time::timeout(PROBE_WAIT, options.connect()).await {
            Err(_elapsed) => return Ok(Pulse::Busy),
            Ok(Ok(connection)) => return Ok(Pulse::Ready(Box::new(connection))),
            Ok(Err(error)) => error,
        };
        match &error {
            sqlx::Error::Io(cause) => match cause.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(Pulse::Dead),
                io::ErrorKind::PermissionDenied => Err(self.refused(error)),
                // It hung up in the middle: it is going down.
                _ => Ok(Pulse::Busy),
            },
            sqlx::Error::Database(answer)
                if answer.code().is_some_and(|code| code == CANNOT_CONNECT_NOW) =>
            {
                Ok(Pulse::Busy)
            }
            _ => Ok(Pulse::Refusing(error)),
        }
    }

    async fn launch(&self, attached: &Attached, start: &StartLock) -> Result<Launch, ClusterError> {
        self.clear_leftovers(attached, start)?;
        conf::write(&self.layout, &self.run_as, self.durable)?;
        let log = self.layout.log_dir.join("start.log");
        // Only the last start is of interest there; the server's own log is elsewhere.
        let _ = fs::remove_file(&log);
        let mark = LogMark::set(&self.layout.log_dir);
        let wait = START_WAIT_SECONDS_MAX.to_string();
        let arguments = [
            Path::new("-w"),
            Path::new("-t"),
            Path::new(&wait),
            Path::new("-l"),
            &log,
            Path::new("start"),
        ];
        let output = self.pg_ctl(&arguments, START_WAIT_SECONDS_MAX).await?;
        if output.status.success() {
            return Ok(Launch::Up);
        }
        self.judge(&output, &mark)
    }

    /// Deletes the lock files of a dead postmaster that PostgreSQL would take for a live one. A
    /// zombie is dead for certain. A stranger's pid may also mean that the postmaster lives in
    /// another container, so it counts as dead only when no other hub could have started it.
    fn clear_leftovers(&self, attached: &Attached, start: &StartLock) -> Result<(), ClusterError> {
        let dead = match postmaster::holder(&self.layout.pgdata) {
            Holder::Zombie(_) => true,
            Holder::Stranger(_) => attached.is_alone(&self.layout.hub_lock, start)?,
            Holder::Nobody | Holder::Postmaster(_) => false,
        };
        if dead {
            postmaster::clear(&self.layout.pgdata, &self.layout.socket());
        }
        Ok(())
    }

    fn judge(&self, output: &Output, mark: &LogMark) -> Result<Launch, ClusterError> {
        let (said, logged) = (words_of(output), mark.since());
        let held = ["pre-existing shared memory block", "\" already exists"];
        if held.iter().any(|words| logged.contains(words)) {
            return Ok(Launch::Held);
        }
        if said.contains("did not start in time") {
            return Err(self.start_timeout(mark));
        }
        let path = self.layout.root.clone();
        let log = format!("{said}\n{logged}");
        Err(ClusterError::from_words(&path, self.run_as.name(), &log)
            .unwrap_or(ClusterError::Start { path, log }))
    }

    async fn pg_ctl(
        &self,
        arguments: &[impl AsRef<std::ffi::OsStr>],
        seconds: u64,
    ) -> Result<Output, ClusterError> {
        let program = self.binaries.pg_ctl();
        let limit = Duration::from_secs(seconds) + PG_CTL_GRACE;
        let pgdata = &self.layout.pgdata;
        self.run_as
            .run(&program, |command| command.arg("-s").arg("-D").arg(pgdata).args(arguments), limit)
            .await
            .map_err(ClusterError::io("run", &program))
    }

    async fn ensure_database(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let exists: bool =
            sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
                .bind(DATABASE)
                .fetch_one(&mut *connection)
                .await?;
        if !exists {
            sqlx::query("create database tollbell").execute(&mut *connection).await?;
        }
        Ok(())
    }

    fn refused(&self, source: sqlx::Error) -> ClusterError {
        ClusterError::Refused { socket_dir: self.layout.socket_dir.clone(), source }
    }

    fn start_timeout(&self, mark: &LogMark) -> ClusterError {
        ClusterError::StartTimeout {
            path: self.layout.pgdata.clone(),
            seconds: START_WAIT_SECONDS_MAX,
            holder: postmaster::holder(&self.layout.pgdata).to_string(),
            log: mark.since(),
        }
    }
}

fn words_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}
