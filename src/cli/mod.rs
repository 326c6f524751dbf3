//! Floor 7: the subcommands. Each reads its arguments, does its work through lower floors, and prints lines.
//!
//! Results go to standard output, everything else to standard error. A failure is a line `error: cause; cure` and exit
//! code 1; a mistake on the command line or in the settings is exit code 2, before anything is done.

mod arcade;
pub mod banner;
mod database;
pub mod demo;
mod doctor;
mod documents;
mod game;
mod import;
mod migrate;
mod orchestrator;
pub mod output;
mod players;
mod polar;
mod serve;
mod summary;
mod tail;
mod token;
mod verify;

use std::process::ExitCode;

use crate::{
    bench::{self, Measured},
    config::{
        BenchCmd, Cmd, Config, DevCmd, LogFormat, Settings,
        settings::{LOG_FILTER, LogSettings},
    },
};

/// What a subcommand logs, unless it is told: it prints its results, and a step on the way is no news.
const LOG_FILTER_QUIET: &str = "warn,sqlx=error";

/// How to log: what stays, a hub or an orchestrator, as it is told, a subcommand more quietly and in words.
pub fn log_settings(config: &Config) -> LogSettings {
    let mut log = config.settings.log.clone();
    if matches!(config.cmd, Cmd::Serve | Cmd::Orchestrator(_)) {
        return log;
    }
    if log.log_filter == LOG_FILTER {
        LOG_FILTER_QUIET.clone_into(&mut log.log_filter);
    }
    if log.log_format == LogFormat::Auto {
        log.log_format = LogFormat::Text;
    }
    log
}

/// Does what the command line says. Gives the exit code.
///
/// # Errors
/// Whatever kept it from being done.
pub async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let Config { cmd, settings } = config;
    match cmd {
        Cmd::Serve => Box::pin(serve::run(&settings)).await,
        Cmd::Tail(args) => Box::pin(tail::run(args)).await,
        Cmd::Migrate { check } => Box::pin(migrate::run(&settings, check)).await,
        Cmd::Token(cmd) => Box::pin(token::run(&settings, cmd)).await,
        Cmd::Import(cmd) => Box::pin(import::run(&settings, cmd)).await,
        Cmd::VerifyLedger => Box::pin(verify::run(&settings)).await,
        Cmd::Bench(cmd) => Box::pin(measure(&settings, cmd)).await,
        Cmd::Orchestrator(args) => Box::pin(orchestrator::run(args)).await,
        Cmd::Dev(DevCmd::Game(args)) => {
            Box::pin(game::run(&args)).await?;
            Ok(ExitCode::SUCCESS)
        }
        Cmd::Dev(DevCmd::Polar(args)) => {
            Box::pin(polar::run(&settings, args)).await?;
            Ok(ExitCode::SUCCESS)
        }
        Cmd::Doctor { json } => Box::pin(doctor::run(&settings, json)).await,
        // Whoever comes here has settings that fit together.
        Cmd::CheckConfig => done(output::print_line("the settings fit together")),
        Cmd::ConfigDoc => done(documents::settings()),
        Cmd::Openapi => done(documents::openapi()),
        Cmd::Asyncapi => done(documents::asyncapi()),
    }
}

async fn measure(settings: &Settings, cmd: BenchCmd) -> anyhow::Result<ExitCode> {
    let Measured { text, counts } = Box::pin(bench::run(settings, cmd)).await?;
    output::print(&text)?;
    Ok(if counts { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn done(printed: Result<(), impl Into<anyhow::Error>>) -> anyhow::Result<ExitCode> {
    printed.map(|()| ExitCode::SUCCESS).map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    #[test]
    fn a_subcommand_is_quieter_than_a_hub_unless_it_is_told() {
        for (args, expected) in [
            (["serve"].as_slice(), LOG_FILTER),
            (&["verify-ledger"], LOG_FILTER_QUIET),
            (&["verify-ledger", "--log-filter=debug"], "debug"),
            (&["serve", "--log-filter=debug"], "debug"),
            (&["orchestrator", "--config", "games.toml"], LOG_FILTER),
        ] {
            let args = ["tollbell", "--data-dir", "/nowhere"].iter().chain(args);
            let config = Config::load(args.map(OsString::from), []).unwrap();
            assert_eq!(log_settings(&config).log_filter, expected);
        }
    }
}
