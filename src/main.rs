//! The program: reads its settings, starts the log, does what the command line says, and ends with its exit code.

use std::process::ExitCode;

use anyhow::Context as _;
use tollbell::{
    cli,
    config::{Config, ConfigError},
    telemetry,
};

/// Many small buffers of many sizes on many threads: what the system's own allocator keeps the most of.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code for a mistake on the command line or in the settings.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let config = match Config::from_process() {
        Ok(config) => config,
        // Help and version are no mistake and go to standard output; the parser knows.
        Err(ConfigError::Usage(usage)) => usage.exit(),
        Err(ConfigError::Invalid(problems)) => {
            for problem in problems {
                eprintln!("error: {problem}");
            }
            return ExitCode::from(USAGE);
        }
    };
    match start(config) {
        Ok(code) => code,
        Err(error) if cli::output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(config: Config) -> anyhow::Result<ExitCode> {
    telemetry::start_log(&cli::log_settings(&config))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(cli::run(config))
}
