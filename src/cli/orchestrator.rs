//! `tollbell orchestrator`: runs game servers for a hub until it is told to stop.

use std::{
    path::{Path, PathBuf},
    pin::pin,
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::output;
use crate::{
    config::{self, OrchestratorArgs},
    db::random,
    orchestrator::{Orchestrator, Settings, Surroundings},
};

/// The exit code for a mistake in the file.
const USAGE: u8 = 2;

/// Reads the file, and runs what it says or only says whether it can.
///
/// # Errors
/// When the orchestrator can't start, or a part of it has failed.
pub(super) async fn run(args: OrchestratorArgs) -> anyhow::Result<ExitCode> {
    let Some(file) = args.file else { bail!("no games are named; give --config a TOML file") };
    let settings = match Settings::read(&file, config::search_path().as_deref()) {
        Ok(settings) => settings,
        Err(problems) => {
            for problem in problems {
                eprintln!("error: {problem}");
            }
            return Ok(ExitCode::from(USAGE));
        }
    };
    if args.check {
        let games: Vec<_> = settings.games.iter().map(|game| game.code.as_str()).collect();
        output::print_line(&format!(
            "{} is as it should be: {}",
            file.display(),
            games.join(", ")
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    let orchestrator = Orchestrator::start(settings, surroundings()?)?;
    greet(&orchestrator, &file);
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let mut running = pin!(orchestrator.run(stop.clone()));
    tokio::select! {
        ended = running.as_mut() => return ended.map(|()| ExitCode::SUCCESS),
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    // A second signal would find nothing to cut short: the servers run on.
    stop.cancel();
    running.await?;
    Ok(ExitCode::SUCCESS)
}

/// What this process has around it.
///
/// # Errors
/// When the program's own path can't be known.
pub(super) fn surroundings() -> anyhow::Result<Surroundings> {
    Ok(Surroundings {
        program: program()?,
        environment: config::environment_of_games(),
        new_id: random::uuid,
    })
}

fn program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("could not find the path of this program")
}

fn greet(orchestrator: &Orchestrator, file: &Path) {
    let line = format!("tollbell orchestrator on http://{}", orchestrator.address());
    // Nobody may be there to read it.
    if let Err(error) = output::print_line(&line) {
        tracing::warn!(%error, "could not print where the orchestrator is");
    }
    tracing::info!(address = %orchestrator.address(), file = %file.display(), "orchestrator is up");
}
