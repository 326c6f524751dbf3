//! PostgreSQL servers that a test may hurt: one that it owns, and the private one that hubs run.
//!
//! Nothing outlives its owner: a server is ended when the [`PgServer`] or the private [`Site`] is dropped.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tollbell::db::embedded::{Cluster, ClusterSettings};

use super::{Site, site::directory};

/// How long a server may take to end.
const GONE: Duration = Duration::from_secs(10);

/// How a server stops.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// Sessions are ended in good order.
    Fast,
    /// Everything is cut, and the next start recovers from the log, as after a power cut.
    Immediate,
}

/// A server of the test's own, which hubs know by its URL only: they can't revive it.
pub(crate) struct PgServer {
    cluster: Cluster,
    dir: tempfile::TempDir,
}

impl PgServer {
    /// Makes and starts a server, with an empty database.
    pub(crate) async fn start() -> Self {
        let dir = directory();
        let settings = ClusterSettings {
            data_dir: dir.path().to_owned(),
            bin_dir: std::env::var_os("TOLLBELL_PG_BIN").map(Into::into),
            path: std::env::var_os("PATH"),
            durable: true,
        };
        Self { cluster: Cluster::open(&settings).await.unwrap(), dir }
    }

    /// A community in its database.
    pub(crate) fn site(&self) -> Site {
        Site::at(&self.cluster.url())
    }

    /// The socket that it listens on.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("run/.s.PGSQL.5432")
    }

    /// Stops it and waits until it is gone.
    pub(crate) async fn stop(&self, how: Stop) {
        let signal = match how {
            Stop::Fast => Signal::SIGINT,
            Stop::Immediate => Signal::SIGQUIT,
        };
        let pid = postmaster(self.dir.path()).expect("the server runs");
        kill(pid, signal).unwrap();
        wait_gone(pid).await;
    }

    /// Starts it again and waits until it answers.
    pub(crate) async fn start_again(&self) {
        self.cluster.revive().await.unwrap();
    }
}

impl Drop for PgServer {
    fn drop(&mut self) {
        end(self.dir.path());
    }
}

impl Site {
    /// The server that the hubs of a private site run.
    pub(crate) fn postmaster(&self) -> Option<Pid> {
        postmaster(self.data_dir())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if self.is_private() {
            end(self.data_dir());
        }
    }
}

/// Whether a process runs. One that has died and that nobody has reaped does not.
pub(crate) fn is_alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    kill(pid, None) != Err(Errno::ESRCH) && !state.is_some_and(|state| state.starts_with('Z'))
}

/// A server and its children, by their working directory. Empty on systems without `/proc`.
pub(crate) fn family(data_dir: &Path) -> Vec<Pid> {
    let pgdata = fs::canonicalize(data_dir.join("pg")).unwrap();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let at_home = entries.filter(|entry| {
        fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&pgdata))
    });
    at_home
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .collect()
}

/// Waits for a process to end.
pub(crate) async fn wait_gone(pid: Pid) {
    let deadline = Instant::now() + GONE;
    while is_alive(pid) {
        assert!(Instant::now() < deadline, "process {pid} does not end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The running server of a data directory.
fn postmaster(data_dir: &Path) -> Option<Pid> {
    let text = fs::read_to_string(data_dir.join("pg/postmaster.pid")).ok()?;
    let pid = Pid::from_raw(text.lines().next()?.trim().parse().ok()?);
    is_alive(pid).then_some(pid)
}

/// Ends the server of a data directory, so that the directory can go.
fn end(data_dir: &Path) {
    let Some(pid) = postmaster(data_dir) else { return };
    let _ = kill(pid, Signal::SIGQUIT);
    let deadline = Instant::now() + GONE;
    while is_alive(pid) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
}
