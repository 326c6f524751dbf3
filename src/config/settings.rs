//! The settings: each field is a flag, a `TOLLBELL_*` variable and a TOML key, and its doc line is their help.
//!
//! The three names come from the field: `pool_size` is `--pool-size`, `TOLLBELL_POOL_SIZE` and `pool_size = 16`.
//! Ranges that one value can break stand here; what two values can break together stands in `check.rs`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgAction, Args, ValueEnum, value_parser};
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use crate::kernel::name::Suffix;

/// What is logged when nobody says otherwise.
pub const LOG_FILTER: &str = "info,sqlx=warn";

/// Every setting, by what it is about.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where to listen and whom to believe.
    #[command(flatten)]
    pub listen: ListenSettings,
    /// Where the data is.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// Who may do what, how often.
    #[command(flatten)]
    pub auth: AuthSettings,
    /// People and programs of others.
    #[command(flatten)]
    pub people: PeopleSettings,
    /// Money.
    #[command(flatten)]
    pub ledger: LedgerSettings,
    /// Krist's and Kromer's clients.
    #[command(flatten)]
    pub krist: KristSettings,
    /// Premium plans that are bought.
    #[command(flatten)]
    pub billing: BillingSettings,
    /// Game servers.
    #[command(flatten)]
    pub servers: ServerSettings,
    /// Connections and what they may hold.
    #[command(flatten)]
    pub hub: HubSettings,
    /// What is written to standard error.
    #[command(flatten)]
    pub log: LogSettings,
    /// Trying things out.
    #[command(flatten)]
    pub trial: TrialSettings,
}

/// Where to listen and whom to believe.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Listening")]
pub struct ListenSettings {
    /// Address of the API and the realtime doors
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address of /metrics, or `off`; keep it private
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    pub admin_listen: AdminListen,
    /// Where clients reach the hub, when a proxy stands before it
    #[arg(long, value_name = "URL")]
    pub public_url: Option<Url>,
    /// Networks whose X-Forwarded-For is believed
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpNet>,
    /// Web origins that may open a websocket; none means all, and clients without an Origin always may
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',')]
    pub allowed_origins: Vec<String>,
    /// Seconds between the signal to stop and the end of the last connection
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = value_parser!(u32).range(0..=600))]
    pub drain_seconds: u32,
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// PostgreSQL to use instead of a private one; `DATABASE_URL` is read as well
    #[arg(long, value_name = "URL")]
    pub database_url: Option<SecretString>,
    /// Directory of the private PostgreSQL; default /var/lib/tollbell as root, else tollbell in the user's data home
    #[arg(long, value_name = "DIRECTORY")]
    pub data_dir: Option<PathBuf>,
    /// Directory of the PostgreSQL programs for the private one; found by itself when they are installed
    #[arg(long, value_name = "DIRECTORY")]
    pub pg_bin: Option<PathBuf>,
    /// Do not migrate at start; stop when the schema is not the expected one
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set)]
    pub no_migrate: bool,
    /// Days that events stay readable
    #[arg(long, value_name = "DAYS", default_value = "30", value_parser = value_parser!(u32).range(1..=36_500))]
    pub retain_days: u32,
    /// Events in one partition of the log; retention drops whole partitions
    #[arg(long, value_name = "EVENTS", default_value = "1000000", value_parser = value_parser!(u32).range(1_000..))]
    pub log_partition_events: u32,
    /// Wake other hubs by NOTIFY; without it they look every 100 ms, which a pooler in transaction mode needs
    #[arg(long, value_name = "BOOL", default_value = "true", action = ArgAction::Set)]
    pub relay_notify: bool,
    /// Connections in the pool
    #[arg(long, value_name = "CONNECTIONS", default_value = "16", value_parser = value_parser!(u32).range(2..=500))]
    pub pool_size: u32,
}

/// Who may do what, how often.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Access")]
pub struct AuthSettings {
    /// The first admin key; without it one is made and shown once
    #[arg(long, value_name = "KEY")]
    pub admin_key: Option<SecretString>,
    /// File with the first admin key
    #[arg(long, value_name = "FILE")]
    pub admin_key_file: Option<PathBuf>,
    /// Secret that verifiers of private keys are made with, the same on all hubs of a database; made and kept in the data directory when absent
    #[arg(long, value_name = "SECRET")]
    pub secret: Option<SecretString>,
    /// File with that secret
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Requests a minute of one address without credentials
    #[arg(long, value_name = "REQUESTS", default_value = "120", value_parser = value_parser!(u32).range(1..))]
    pub guest_requests_per_min: u32,
    /// Requests a minute of one session or service key
    #[arg(long, value_name = "REQUESTS", default_value = "600", value_parser = value_parser!(u32).range(1..))]
    pub caller_requests_per_min: u32,
    /// Logins a minute of one address
    #[arg(long, value_name = "LOGINS", default_value = "10", value_parser = value_parser!(u32).range(1..))]
    pub logins_per_min: u32,
    /// Logins that may come at once
    #[arg(long, value_name = "LOGINS", default_value = "5", value_parser = value_parser!(u32).range(1..))]
    pub logins_burst: u32,
    /// No rate limits for callers on this machine
    #[arg(long, value_name = "BOOL", default_value = "true", action = ArgAction::Set)]
    pub loopback_unlimited: bool,
    /// Hours that an Idempotency-Key is remembered
    #[arg(long, value_name = "HOURS", default_value = "24", value_parser = value_parser!(u32).range(24..=8_760))]
    pub idempotency_hours: u32,
}

/// People and programs of others.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "People")]
pub struct PeopleSettings {
    /// Service key with the scopes bot and orchestrator, for programs that know one; `API_KEY` is read as well
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<SecretString>,
    /// Application at Discord with which people sign in; `DISCORD_CLIENT_ID` is read as well
    #[arg(long, value_name = "ID")]
    pub discord_client_id: Option<String>,
    /// Secret of that application; `DISCORD_CLIENT_SECRET` is read as well
    #[arg(long, value_name = "SECRET")]
    pub discord_client_secret: Option<SecretString>,
    /// Where Discord is
    #[arg(long, value_name = "URL", default_value = "https://discord.com")]
    pub discord_base_url: Url,
}

/// Money.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Ledger")]
pub struct LedgerSettings {
    /// Decimal places of an amount; the first start of a database fixes them
    #[arg(long, value_name = "PLACES", default_value = "2", value_parser = value_parser!(u8).range(0..=5))]
    pub money_scale: u8,
    /// Everyone may read wallets and payments; otherwise only their owners
    #[arg(long, value_name = "BOOL", default_value = "true", action = ArgAction::Set)]
    pub public_ledger: bool,
    /// Payments that may wait for the next batch; more are answered with 503
    #[arg(long, value_name = "PAYMENTS", default_value = "8192", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub till_queue_max: u32,
    /// Payments in one transaction
    #[arg(long, value_name = "PAYMENTS", default_value = "512", value_parser = value_parser!(u32).range(1..=4_096))]
    pub till_batch_max: u32,
    /// Seconds that renewals wait after the database's clock has jumped ahead by more than an hour; 0 is not at all
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = value_parser!(u32).range(0..=86_400))]
    pub renewal_hold_seconds: u32,
    /// A payment to an address that nobody has makes the wallet; otherwise it is refused
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set)]
    pub create_payees: bool,
    /// What a name costs, in whole units
    #[arg(long, value_name = "UNITS", default_value = "500", value_parser = value_parser!(u32).range(1..=1_000_000_000))]
    pub name_cost: u32,
    /// What names end with, without the dot
    #[arg(long, value_name = "SUFFIX", default_value = "kro")]
    pub name_suffix: Suffix,
    /// New money in the wallet that the game makes for a player, in whole units
    #[arg(long, value_name = "UNITS", default_value = "100", value_parser = value_parser!(u32).range(0..=1_000_000_000))]
    pub player_funds: u32,
}

/// Krist's and Kromer's clients.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Krist door")]
pub struct KristSettings {
    /// Whose clients are expected under /api/krist; krist also serves them at / and counts in whole numbers
    #[arg(long, value_name = "PROFILE", default_value = "kromer")]
    pub krist_profile: KristProfile,
    /// Requests a minute of one address
    #[arg(long, value_name = "REQUESTS", default_value = "180", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub krist_requests_per_min: u32,
    /// Tickets for websockets a minute of one address
    #[arg(long, value_name = "TICKETS", default_value = "30", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub krist_starts_per_min: u32,
    /// Payments a second of one address and of one payer; four times as many may come at once
    #[arg(long, value_name = "PAYMENTS", default_value = "3", value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub krist_payments_per_s: u32,
}

/// Whose clients the Krist door expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KristProfile {
    /// Decimals, names end in .kro, errors have a status.
    Kromer,
    /// Whole numbers, names end in .kst, every answer is 200.
    Krist,
}

/// Premium plans that are bought.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Billing")]
pub struct BillingSettings {
    /// Where Polar's API is; its sandbox is sandbox-api.polar.sh
    #[arg(long, value_name = "URL", default_value = "https://api.polar.sh")]
    pub polar_api_base_url: Url,
    /// Access token of the organisation at Polar; without it nothing can be bought
    #[arg(long, value_name = "TOKEN")]
    pub polar_access_token: Option<SecretString>,
    /// Secret of the webhook at Polar, several with commas while one replaces another; without it no webhook is believed
    #[arg(long, value_name = "SECRETS")]
    pub polar_webhook_secret: Option<SecretString>,
    /// Where buyers come back to, unless their checkout says; `{CHECKOUT_ID}` is filled in
    #[arg(long, value_name = "URL")]
    pub polar_checkout_success_url: Option<String>,
    /// Where customers manage what they bought, when no link of their own can be made
    #[arg(long, value_name = "URL")]
    pub polar_customer_portal_url: Option<Url>,
    /// Enable the webhook at Polar again when Polar has given it up
    #[arg(long, value_name = "BOOL", default_value = "true", action = ArgAction::Set)]
    pub polar_reenable_webhook: bool,
    /// End a plan when its payment is refunded in full; Polar itself does not
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set)]
    pub polar_revoke_on_full_refund: bool,
}

/// Game servers.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Game servers")]
pub struct ServerSettings {
    /// Where the orchestrator is; without it nobody can start a game server
    #[arg(long, value_name = "URL")]
    pub orchestrator_api_base_url: Option<Url>,
    /// What proves to the orchestrator that the hub calls
    #[arg(long, value_name = "TOKEN")]
    pub orchestrator_api_token: Option<SecretString>,
    /// File with that token
    #[arg(long, value_name = "FILE")]
    pub orchestrator_api_token_file: Option<PathBuf>,
    /// Seconds that a call of the orchestrator may take, with its retries
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = value_parser!(u32).range(1..=25))]
    pub orchestrator_request_timeout_seconds: u32,
    /// Secret that reports of the orchestrator are signed with, several with commas while one replaces another; without it they are believed by their key alone
    #[arg(long, value_name = "SECRETS")]
    pub orchestrator_webhook_secret: Option<SecretString>,
    /// File with that secret
    #[arg(long, value_name = "FILE")]
    pub orchestrator_webhook_secret_file: Option<PathBuf>,
    /// Seconds after which a server that has not come up is given up
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = value_parser!(u32).range(1..=86_400))]
    pub server_launch_timeout_seconds: u32,
    /// Seconds without a sign of life after which a server is given up
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = value_parser!(u32).range(1..=86_400))]
    pub server_silence_seconds: u32,
    /// Seconds after which a stop that nobody confirms counts as done
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = value_parser!(u32).range(1..=86_400))]
    pub server_stop_timeout_seconds: u32,
    /// Seconds between two looks at all open server sessions
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = value_parser!(u32).range(1..=3_600))]
    pub server_sweep_seconds: u32,
    /// Stop servers 5 minutes after their owner has lost the plan; otherwise they use the minutes they have
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set)]
    pub server_stop_on_revoke: bool,
}

/// Connections and what they may hold.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Hub")]
pub struct HubSettings {
    /// Threads that own connections; 0 means one for each core
    #[arg(long, value_name = "SHARDS", default_value = "0", value_parser = value_parser!(u16).range(0..=256))]
    pub shards: u16,
    /// Memory for recent events in MiB
    #[arg(long, value_name = "MIB", default_value = "64", value_parser = value_parser!(u32).range(1..=65_536))]
    pub ring_mib: u32,
    /// Recent events kept in memory
    #[arg(long, value_name = "EVENTS", default_value = "100000", value_parser = value_parser!(u32).range(1..=100_000_000))]
    pub ring_events: u32,
    /// Connections held at one time
    #[arg(long, value_name = "CONNECTIONS", default_value = "20000", value_parser = value_parser!(u32).range(1..=10_000_000))]
    pub connections_max: u32,
    /// Connections of one address; 0 means no limit of its own
    #[arg(long, value_name = "CONNECTIONS", default_value = "0")]
    pub connections_per_ip_max: u32,
    /// Topics of one connection
    #[arg(long, value_name = "TOPICS", default_value = "200", value_parser = value_parser!(u32).range(1..=10_000))]
    pub topics_max: u32,
    /// Bytes of one frame from a client
    #[arg(long, value_name = "BYTES", default_value = "16384", value_parser = value_parser!(u32).range(1_024..=65_536))]
    pub frame_bytes_max: u32,
    /// Bytes that may wait for one slow connection before it reads on from the log
    #[arg(long, value_name = "BYTES", default_value = "65536", value_parser = value_parser!(u32).range(65_536..=16_777_216))]
    pub queue_bytes_max: u32,
    /// Messages a minute from one connection
    #[arg(long, value_name = "MESSAGES", default_value = "120", value_parser = value_parser!(u32).range(1..))]
    pub messages_per_min: u32,
    /// Seconds that a socket may take no byte before it is closed (4413)
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = value_parser!(u32).range(1..=3_600))]
    pub stall_seconds: u32,
    /// Seconds between pings
    #[arg(long, value_name = "SECONDS", default_value = "25", value_parser = value_parser!(u32).range(1..=300))]
    pub ping_seconds: u32,
}

/// What is written to standard error.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub struct LogSettings {
    /// Form of the log; auto is text on a terminal and JSON otherwise
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub log_format: LogFormat,
    /// What to log, such as `info,tollbell::http=warn`
    #[arg(long, value_name = "FILTER", default_value = LOG_FILTER)]
    pub log_filter: String,
}

/// Trying things out.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Trying things out")]
pub struct TrialSettings {
    /// Enable the test clock; never where real money is
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set)]
    pub dev: bool,
    /// Make two funded wallets and print their private keys
    #[arg(long, value_name = "BOOL", default_value = "false", action = ArgAction::Set)]
    pub demo: bool,
}

/// Where `/metrics` is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminListen {
    /// Nowhere.
    Off,
    /// On this address.
    At(SocketAddr),
}

impl FromStr for AdminListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            address => address
                .parse()
                .map(Self::At)
                .map_err(|error| format!("neither `off` nor an address ({error})")),
        }
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}
