//! Servers as child processes of this machine.
//!
//! Each is the leader of a session and a group of its own: Ctrl-C at the orchestrator's terminal does not reach it,
//! and a signal reaches all that it started. It writes to a file and reads nothing, so it lives on when the
//! orchestrator is killed. The gate is a shell that waits for a line before it becomes the game; when the orchestrator
//! dies first, the shell reads the end of the pipe and ends.
//!
//! No shell reads the words of the configuration or of a player: they are arguments.

mod identity;
mod output;

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use std::os::unix::process::ExitStatusExt;

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill, killpg},
};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    process::{Child, ChildStdin},
    time::{Instant, sleep, timeout},
};

use self::{identity::Identity, output::Output};
use super::{
    driver::{Driver, Held, LaunchError, News},
    model::{Ending, Force, Mark, Server},
    settings::{Command, Game, Readiness},
    template::{Slot, Template},
};

/// Between two looks whether a server is ready.
const READY_LOOK: Duration = Duration::from_millis(100);
/// Between two looks whether a process lives that is not our child any more.
const ALIVE_LOOK: Duration = Duration::from_millis(250);
/// How long a port of this machine may take to answer.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(1);
/// Becomes the game when it is told to. What is not told to ends.
const GATE: &str = r#"read -r go || exit 1; exec "$@" </dev/null"#;
/// Makes a program the leader of a session of its own. Where there is none, a group of its own has to do.
const SETSID: [&str; 2] = ["/usr/bin/setsid", "/bin/setsid"];

/// Runs servers as child processes.
#[derive(Debug, Clone)]
pub(super) struct Processes {
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
    setsid: Option<&'static Path>,
}

impl Processes {
    /// Runs them with nothing of this process's environment but what is given. `program` is this program itself.
    pub(super) fn new(program: PathBuf, environment: Vec<(OsString, OsString)>) -> Self {
        let setsid = SETSID.iter().map(Path::new).find(|path| path.is_file());
        Self { program, environment, setsid }
    }

    fn command(&self, server: &Server, game: &Game) -> tokio::process::Command {
        let fill = |word: &Template| word.fill(|slot| self.value(slot, server));
        let mut command = if let Some(setsid) = self.setsid {
            let mut command = tokio::process::Command::new(setsid);
            command.arg("/bin/sh");
            command
        } else {
            let mut command = tokio::process::Command::new("/bin/sh");
            command.process_group(0);
            command
        };
        command.args(["-c", GATE, "game"]);
        match &game.command {
            Command::File(file) => command.arg(file),
            Command::Own => command.arg(&self.program),
        };
        command
            .args(game.args.iter().map(fill))
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(game.env.iter().map(|(name, word)| (name, fill(word))))
            .current_dir(&game.folder)
            .stdin(Stdio::piped());
        command
    }

    fn value(&self, slot: Slot, server: &Server) -> String {
        let order = &server.order;
        match slot {
            Slot::Port => order.port.to_string(),
            Slot::Password => order.password.clone(),
            Slot::Host => order.host.clone(),
            Slot::Session => order.session.clone(),
            Slot::Server => server.id.to_string(),
            Slot::Game => order.game.clone(),
            Slot::Minutes => order.minutes.to_string(),
            Slot::Comment => order.comment.clone(),
            Slot::Program => self.program.display().to_string(),
        }
    }
}

impl Driver for Processes {
    type Held = Process;

    async fn prepare(
        &self,
        server: &Server,
        game: &Game,
        log: PathBuf,
    ) -> Result<Process, LaunchError> {
        let failed = |error: io::Error| {
            tracing::error!(server = %server.id, game = game.code, %error, "could not start a game");
            let message = format!("the game could not be started: {}", error.kind());
            LaunchError { code: "spawn_failed", message }
        };
        let output = Output::at(log);
        let file = output.open().map_err(failed)?;
        let mut command = self.command(server, game);
        command.stderr(file.try_clone().map_err(failed)?).stdout(file);
        let mut child = command.spawn().map_err(failed)?;
        let gate = child.stdin.take();
        let identity = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Identity::of);
        // Without the gate's other end it ends by itself.
        let identity = identity.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        Ok(Process { gate, ..Process::new(identity, Some(child), output, server, game) })
    }

    async fn find(
        &self,
        server: &Server,
        game: &Game,
        mark: &Mark,
        log: PathBuf,
    ) -> Option<Process> {
        let identity: Identity = mark.0.parse().ok()?;
        if identity.is_alive() {
            return Some(Process::new(identity, None, Output::at(log), server, game));
        }
        end_group(&identity);
        None
    }
}

/// A server that is a process.
#[derive(Debug)]
pub(super) struct Process {
    identity: Identity,
    /// As long as it is a child of ours, it can be asked how it ended.
    child: Option<Child>,
    gate: Option<ChildStdin>,
    watch: Watch,
    stop_signal: Signal,
    log_bytes_max: u64,
}

/// What is needed to see whether it is ready.
#[derive(Debug)]
struct Watch {
    readiness: Readiness,
    host: String,
    port: u16,
    since: Instant,
    output: Output,
}

impl Process {
    fn new(
        identity: Identity,
        child: Option<Child>,
        output: Output,
        server: &Server,
        game: &Game,
    ) -> Self {
        let watch = Watch {
            readiness: game.ready.clone(),
            host: server.order.host.clone(),
            port: server.order.port,
            since: Instant::now(),
            output,
        };
        let (stop_signal, log_bytes_max) = (game.stop_signal, game.log_bytes_max);
        Self { identity, child, gate: None, watch, stop_signal, log_bytes_max }
    }
}

impl Held for Process {
    fn mark(&self) -> Mark {
        Mark(self.identity.to_string())
    }

    async fn go(&mut self) -> Result<(), LaunchError> {
        let gone = |_: io::Error| LaunchError {
            code: "spawn_failed",
            message: "the game could not be started: it was gone before it began".to_owned(),
        };
        self.watch.since = Instant::now();
        match self.gate.take() {
            Some(mut gate) => gate.write_all(b"go\n").await.map_err(gone),
            None => Ok(()),
        }
    }

    async fn news(&mut self, until_ready: bool) -> News {
        let Self { identity, child, watch, .. } = self;
        tokio::select! {
            // Whoever ended is not ready, whatever its port said a moment ago.
            biased;
            ending = ended(identity, child.as_mut()) => {
                end_group(identity);
                News::Ended(ending)
            }
            () = watch.ready(), if until_ready => News::Ready,
        }
    }

    fn force(&mut self, force: Force) {
        let signal = match force {
            Force::Ask => self.stop_signal,
            Force::Kill => Signal::SIGKILL,
        };
        // Until it is asked how it ended, nobody else gets a child's number.
        if self.child.is_none() && !self.identity.is_alive() {
            return;
        }
        let pid = self.identity.pid();
        // Right after its start it may not yet have a group of its own.
        if killpg(pid, signal) == Err(Errno::ESRCH) {
            let _ = kill(pid, signal);
        }
    }

    async fn tend(&mut self) {
        let bytes_max = self.log_bytes_max;
        if let Err(error) = self.watch.output.shorten(bytes_max) {
            tracing::warn!(%error, "could not shorten the output of a game");
        }
    }
}

impl Watch {
    async fn ready(&mut self) {
        while !self.is_ready().await {
            sleep(READY_LOOK).await;
        }
    }

    async fn is_ready(&mut self) -> bool {
        match &self.readiness {
            Readiness::Line(line) => self.output.holds(line).unwrap_or(false),
            Readiness::After(span) => self.since.elapsed() >= *span,
            Readiness::Port => {
                // A game may listen at its public address only.
                answers("127.0.0.1", self.port).await || answers(&self.host, self.port).await
            }
        }
    }
}

async fn answers(host: &str, port: u16) -> bool {
    matches!(timeout(CONNECT_WAIT_MAX, TcpStream::connect((host, port))).await, Ok(Ok(_)))
}

async fn ended(identity: &Identity, child: Option<&mut Child>) -> Ending {
    match child {
        Some(child) => child.wait().await.map_or(Ending::Unknown, how),
        None => {
            while identity.is_alive() {
                sleep(ALIVE_LOOK).await;
            }
            Ending::Unknown
        }
    }
}

fn how(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Code(code),
        (None, Some(signal)) => Ending::Signal(signal),
        (None, None) => Ending::Unknown,
    }
}

/// Ends what a game started and left behind.
fn end_group(identity: &Identity) {
    if identity.owns_group() && killpg(identity.pid(), Signal::SIGKILL).is_ok() {
        tracing::debug!(group = %identity.pid(), "ended what a game had left running");
    }
}

#[cfg(test)]
mod tests;
