//! Floor 7: load tests. Each starts what it measures beside its baselines, lets them take turns, checks every
//! delivery, and prints ratios of one run: machines are noisy, pairs are not.
//!
//! ```text
//!  fleet: listeners on one core ◄── frames ── stand: hub | raw | naive, a child process on another core
//!        └── orders, usage ──► control socket ──┘
//! ```

mod callers;
mod dialect;
mod event;
mod fanout;
mod figures;
mod fleet;
mod idle;
mod machine;
mod payments;
mod renewals;
mod report;
mod resume;
mod setup;
mod stand;
mod store;
mod storm;

use crate::{
    app::files,
    config::{BenchCmd, BenchDialect, Settings},
};

/// What came out of a load test.
#[derive(Debug, Default)]
pub struct Measured {
    /// For the reader.
    pub text: String,
    /// Whether the run counts. A missed aim is no failure; a lost event is.
    pub counts: bool,
}

/// Runs a load test.
///
/// # Errors
/// When a contender can't be started or driven.
pub async fn run(settings: &Settings, cmd: BenchCmd) -> anyhow::Result<Measured> {
    let mut own = settings.clone();
    own.hub.connections_max = stand::CONNECTIONS_MAX;
    files::raise(&own);
    let (report, measure) = match cmd {
        BenchCmd::Stand { plan } => {
            Box::pin(stand::run(settings, &plan)).await?;
            return Ok(Measured { counts: true, ..Measured::default() });
        }
        BenchCmd::Fanout(args) if args.dialect == BenchDialect::Krist => {
            (dialect::run(&args)?, args.measure)
        }
        BenchCmd::Fanout(args) => (fanout::run(&args)?, args.measure),
        BenchCmd::Topics(measure) => (fanout::topics(measure)?, measure),
        BenchCmd::Idle(args) => (idle::run(&args)?, args.measure),
        BenchCmd::Storm(args) => (storm::run(&args)?, args.measure),
        BenchCmd::Payments(args) => (payments::run(&args)?, args.measure),
        BenchCmd::Renewals(args) => (renewals::run(&args)?, args.measure),
        BenchCmd::Resume(args) => (resume::run(&args)?, args.measure),
    };
    let text = if measure.json { report.json()? } else { report.text() };
    Ok(Measured { text, counts: !report.is_void() })
}
