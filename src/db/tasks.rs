//! The one place that starts tasks on the main runtime.
//!
//! A task has a name, stops with the process, and is waited for. A vital task that panics or ends early takes the
//! process down: a hub that is half alive looks healthy from outside and is not.

use std::{future::Future, time::Duration};

use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Starts tasks and stops them together.
#[derive(Debug, Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
    failed: mpsc::Sender<&'static str>,
}

/// Tells of the first vital task that ended although nothing was stopping.
#[derive(Debug)]
pub struct Failures(mpsc::Receiver<&'static str>);

impl Failures {
    /// Waits for a vital task to fail and names it.
    pub async fn next(&mut self) -> &'static str {
        match self.0.recv().await {
            Some(name) => name,
            None => std::future::pending().await,
        }
    }
}

impl Tasks {
    /// A fresh set, and where its failures are told.
    pub fn new() -> (Self, Failures) {
        let (failed, failures) = mpsc::channel(1);
        let tasks = Self { tracker: TaskTracker::new(), stop: CancellationToken::new(), failed };
        (tasks, Failures(failures))
    }

    /// Starts a task that is dropped when the process stops.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.start(async move {
            if stop.run_until_cancelled(task).await.is_none() {
                tracing::debug!(task = name, "task stopped");
            }
        });
    }

    /// Starts a task without which the process is of no use. It watches [`Tasks::stopping`] itself, so that it can
    /// finish what it began.
    pub fn spawn_vital(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let watcher = Watcher { name, stop: self.stop.clone(), failed: self.failed.clone() };
        self.start(async move {
            let _watcher = watcher;
            task.await;
        });
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that starts tasks")]
    fn start(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(self.tracker.track_future(task));
    }

    /// Done when the process stops.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tracks work that is not a task of ours, such as the connections of the listener.
    pub fn tracker(&self) -> &TaskTracker {
        &self.tracker
    }

    /// Stops all tasks and waits for them, at most `patience`. Says whether all of them ended.
    pub async fn stop(&self, patience: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }
}

/// Lives as long as a vital task; its drop also sees a panic.
struct Watcher {
    name: &'static str,
    stop: CancellationToken,
    failed: mpsc::Sender<&'static str>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if !self.stop.is_cancelled() {
            // Full means that another failure is being told already.
            let _ = self.failed.try_send(self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_vital_task_that_panics_is_told() {
        let (tasks, mut failures) = Tasks::new();
        tasks.spawn_vital("relay", async { panic!("a test panics here") });
        assert_eq!(failures.next().await, "relay");
    }

    #[tokio::test]
    async fn stopping_is_no_failure_and_waits() {
        let (tasks, mut failures) = Tasks::new();
        let stop = tasks.stopping();
        tasks.spawn_vital("relay", async move { stop.cancelled().await });
        tasks.spawn("forever", std::future::pending());
        assert!(tasks.stop(Duration::from_secs(5)).await);
        assert!(failures.0.try_recv().is_err());
    }
}
