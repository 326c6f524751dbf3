//! The seam behind which servers run: what the rest of the orchestrator needs, and no more.
//!
//! [`super::process`] runs them as child processes. A fleet scheduler (Nomad, Agones) would stand here for those who
//! outgrow one machine: `prepare` would register a job that is not yet started, the mark would be the job's id.
//!
//! The road of a launch has a gate: `prepare` makes something that does not run yet and can be found again, its mark
//! is written down, and only then `go` lets it run. So nothing can run that a restart would not find: if the
//! orchestrator dies before `go`, what was prepared must end by itself.

use std::path::PathBuf;

use super::{
    model::{Ending, Force, Mark, Server},
    settings::Game,
};

/// What runs servers.
pub trait Driver: Send + Sync + 'static {
    /// A server in its hands.
    type Held: Held;

    /// Prepares a server that does not run yet.
    ///
    /// # Errors
    /// Why it can't.
    fn prepare(
        &self,
        server: &Server,
        game: &Game,
        log: PathBuf,
    ) -> impl Future<Output = Result<Self::Held, LaunchError>> + Send;

    /// Finds a server again after a restart. `None` when it is gone; then nothing of it is left.
    fn find(
        &self,
        server: &Server,
        game: &Game,
        mark: &Mark,
        log: PathBuf,
    ) -> impl Future<Output = Option<Self::Held>> + Send;
}

/// A server in a driver's hands. Dropping it leaves the server as it is.
pub trait Held: Send + 'static {
    /// How to find it again.
    fn mark(&self) -> Mark;

    /// Lets it run.
    ///
    /// # Errors
    /// When it is gone already.
    fn go(&mut self) -> impl Future<Output = Result<(), LaunchError>> + Send;

    /// What happens next; whether it is ready is only looked for when that is still of interest. After
    /// [`News::Ended`] nothing of it is left. A future that is dropped loses nothing.
    fn news(&mut self, until_ready: bool) -> impl Future<Output = News> + Send;

    /// Asks it to stop, or ends it.
    fn force(&mut self, force: Force);

    /// Looks after what it leaves behind, such as its output. Called every few seconds.
    fn tend(&mut self) -> impl Future<Output = ()> + Send;
}

/// What happened to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Players can join.
    Ready,
    /// It ended.
    Ended(Ending),
}

/// Why a server can't be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct LaunchError {
    /// A stable code.
    pub code: &'static str,
    /// For people.
    pub message: String,
}
