//! The two locks that let hubs share one cluster. The protocol is in the header of the parent.
//!
//! Invariant: whoever takes, tests or gives up [`Attached`] holds [`StartLock`]. The type system
//! keeps it: each of those functions wants the start lock as an argument.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::error::ClusterError;

/// How long to wait for another hub that starts or stops the server: longer than either may take.
const LOCK_WAIT_SECONDS_MAX: u64 = 240;
/// Between two looks at a lock that is taken.
const LOCK_LOOK_PAUSE: Duration = Duration::from_millis(20);

/// The exclusive right to start, adopt or stop the server. Released on drop, or by the kernel
/// when the process dies.
#[derive(Debug)]
pub(super) struct StartLock(#[expect(dead_code, reason = "held, never read")] File);

impl StartLock {
    /// Waits for the lock. It is polled, because a blocking `flock` can be neither cancelled nor
    /// bounded in time.
    pub(super) async fn acquire(path: &Path) -> Result<Self, ClusterError> {
        let file = open(path)?;
        let deadline = Instant::now() + Duration::from_secs(LOCK_WAIT_SECONDS_MAX);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::Error(source)) => {
                    return Err(ClusterError::io("lock", path)(source));
                }
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    let (path, seconds) = (path.to_path_buf(), LOCK_WAIT_SECONDS_MAX);
                    return Err(ClusterError::LockTimeout { path, seconds });
                }
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_LOOK_PAUSE).await,
            }
        }
    }
}

/// The shared lock that says "a hub uses this cluster", held for the hub's whole life.
#[derive(Debug)]
pub(super) struct Attached(File);

impl Attached {
    /// Joins the hubs that use the cluster. It does not wait: nobody holds this lock exclusively
    /// without holding the start lock, which is ours.
    pub(super) fn join(path: &Path, _start: &StartLock) -> Result<Self, ClusterError> {
        let file = open(path)?;
        file.lock_shared().map_err(ClusterError::io("lock", path))?;
        Ok(Self(file))
    }

    /// Whether no other hub uses the cluster.
    ///
    /// The kernel turns a shared lock into an exclusive one by dropping it first, and a refused
    /// turn leaves nothing. The gap is harmless: whoever could use it waits for the start lock.
    pub(super) fn is_alone(&self, path: &Path, _start: &StartLock) -> Result<bool, ClusterError> {
        let alone = match self.0.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(source)) => return Err(ClusterError::io("lock", path)(source)),
        };
        self.0.lock_shared().map_err(ClusterError::io("lock", path))?;
        Ok(alone)
    }
}

/// std opens with `O_CLOEXEC`, so no postmaster inherits a lock and keeps it past its hub.
fn open(path: &Path) -> Result<File, ClusterError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(ClusterError::io("open", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn alone_is_known_and_the_shared_lock_survives_the_question() {
        let dir = tempfile::tempdir().unwrap();
        let (start, hub) = (dir.path().join("start.lock"), dir.path().join("hub.lock"));
        let start = StartLock::acquire(&start).await.unwrap();
        let first = Attached::join(&hub, &start).unwrap();
        assert!(first.is_alone(&hub, &start).unwrap());
        let second = Attached::join(&hub, &start).unwrap();
        assert!(!first.is_alone(&hub, &start).unwrap());
        assert!(!second.is_alone(&hub, &start).unwrap(), "the first is still attached");
        drop(first);
        assert!(second.is_alone(&hub, &start).unwrap());
    }

    #[tokio::test]
    async fn the_start_lock_is_held_by_one_and_handed_on_by_drop() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("start.lock");
        let held = StartLock::acquire(&path).await.unwrap();
        let (order, mut taken) = tokio::sync::mpsc::channel(2);
        let contend = async {
            let _second = StartLock::acquire(&path).await.unwrap();
            order.send("second").await.unwrap();
        };
        let release = async {
            tokio::time::sleep(LOCK_LOOK_PAUSE * 4).await;
            order.send("first").await.unwrap();
            drop(held);
        };
        tokio::join!(contend, release);
        assert_eq!((taken.recv().await, taken.recv().await), (Some("first"), Some("second")));
    }
}
