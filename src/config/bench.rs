//! What `bench` takes on the command line.

use clap::{Args, Subcommand, ValueEnum, builder::ArgPredicate, value_parser};

/// What to measure. Everything is started by the load test itself, on this machine, and ended with it.
#[derive(Debug, Clone, Subcommand)]
pub enum BenchCmd {
    /// Every listener hears every event: cost and latency of a delivery, one at a time and under full load
    Fanout(FanoutArgs),
    /// Listeners with topics of their own
    Topics(Measure),
    /// Memory of connections that wait, and of some that do not read
    Idle(IdleArgs),
    /// All clients drop and come back at once
    Storm(StormArgs),
    /// Clients go on where they were: after a restart of the hub, and from far behind
    Resume(ResumeArgs),
    /// Payments a second, beside the same statement by statement and beside pgbench
    Payments(PaymentsArgs),
    /// Renewals a second in pages, beside one transaction each; and how soon a single one is made
    Renewals(RenewalsArgs),
    /// What is measured
    #[command(hide = true)]
    Stand {
        /// What it is, as JSON
        plan: String,
    },
}

/// What every load test takes.
#[derive(Debug, Clone, Copy, Args)]
pub struct Measure {
    /// How often everything is measured; medians are reported
    #[arg(long, value_name = "TIMES", default_value = "5", value_parser = value_parser!(u32).range(1..=100))]
    pub repetitions: u32,
    /// Seconds of one measurement
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = value_parser!(u32).range(1..=600))]
    pub seconds: u32,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// See [`BenchCmd::Fanout`].
#[derive(Debug, Clone, Args)]
pub struct FanoutArgs {
    /// How many listeners; 10,000 with another dialect
    #[arg(long, value_name = "LISTENERS", value_delimiter = ',', default_value = "100,1000,5000",
        default_value_if("dialect", ArgPredicate::Equals("krist".into()), Some("10000")),
        value_parser = value_parser!(u32).range(1..=19_000))]
    pub listeners: Vec<u32>,
    /// What they speak; another dialect than the native one is measured beside that
    #[arg(long, value_name = "DIALECT", default_value = "native")]
    pub dialect: BenchDialect,
    /// See [`Measure`].
    #[command(flatten)]
    pub measure: Measure,
}

/// What listeners speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchDialect {
    /// The native protocol.
    Native,
    /// That of the Krist door.
    Krist,
}

/// See [`BenchCmd::Idle`].
#[derive(Debug, Clone, Copy, Args)]
pub struct IdleArgs {
    /// How many connections
    #[arg(long, value_name = "CONNECTIONS", default_value = "10000", value_parser = value_parser!(u32).range(1..=19_000))]
    pub connections: u32,
    /// How many of them stop reading
    #[arg(long, value_name = "CONNECTIONS", default_value = "100", value_parser = value_parser!(u32).range(1..=1_000))]
    pub stalled: u32,
    /// See [`Measure`].
    #[command(flatten)]
    pub measure: Measure,
}

/// See [`BenchCmd::Storm`].
#[derive(Debug, Clone, Copy, Args)]
pub struct StormArgs {
    /// How many clients
    #[arg(long, value_name = "CLIENTS", default_value = "5000", value_parser = value_parser!(u32).range(1..=9_900))]
    pub clients: u32,
    /// See [`Measure`].
    #[command(flatten)]
    pub measure: Measure,
}

/// See [`BenchCmd::Resume`].
#[derive(Debug, Clone, Copy, Args)]
pub struct ResumeArgs {
    /// How many clients come back after the restart
    #[arg(long, value_name = "CLIENTS", default_value = "10000", value_parser = value_parser!(u32).range(1..=19_000))]
    pub clients: u32,
    /// How many events the one client is behind
    #[arg(long, value_name = "EVENTS", default_value = "1000000", value_parser = value_parser!(u32).range(1..=10_000_000))]
    pub backlog: u32,
    /// See [`Measure`].
    #[command(flatten)]
    pub measure: Measure,
}

/// See [`BenchCmd::Payments`].
#[derive(Debug, Clone, Copy, Args)]
pub struct PaymentsArgs {
    /// Size of pgbench's tables; a unit is 100,000 accounts
    #[arg(long, value_name = "SCALE", default_value = "100", value_parser = value_parser!(u32).range(1..=1_000))]
    pub pgbench_scale: u32,
    /// See [`Measure`].
    #[command(flatten)]
    pub measure: Measure,
}

/// See [`BenchCmd::Renewals`].
#[derive(Debug, Clone, Copy, Args)]
pub struct RenewalsArgs {
    /// How many subscriptions there are
    #[arg(long, value_name = "SUBSCRIPTIONS", default_value = "100000", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub subscriptions: u32,
    /// How many of them fall due at once
    #[arg(long, value_name = "SUBSCRIPTIONS", default_value = "10000", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub due: u32,
    /// See [`Measure`].
    #[command(flatten)]
    pub measure: Measure,
}
