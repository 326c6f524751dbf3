//! Settings and the command line, read once at start.
//!
//! Precedence: flag, `TOLLBELL_*` variable, TOML file (`--config`), default. The command line is parsed; whatever it
//! did not say is looked up in the environment and then in the file, written as flags before its own, and parsed
//! again. So one parser checks all three and one struct, [`Settings`], documents them. An empty variable counts as
//! absent. Invariant: whoever holds a [`Config`] holds settings that fit together; no other module reads the
//! environment.

mod bench;
mod check;
mod file;
pub mod settings;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};
use secrecy::SecretString;
use url::Url;

pub use bench::{
    BenchCmd, BenchDialect, FanoutArgs, IdleArgs, Measure, PaymentsArgs, RenewalsArgs, ResumeArgs,
    StormArgs,
};
pub use settings::{AdminListen, KristProfile, LogFormat, Settings};

/// What to do and with which settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// The subcommand; `serve` when none was given.
    pub cmd: Cmd,
    /// The settings, complete and free of contradictions.
    pub settings: Settings,
}

/// A subcommand.
#[derive(Debug, Clone, Subcommand)]
pub enum Cmd {
    /// Run the hub (the default)
    Serve,
    /// Print events of topics as they happen; resumes by itself
    Tail(TailArgs),
    /// Bring the database's schema up to date
    Migrate {
        /// Only say whether it is
        #[arg(long)]
        check: bool,
    },
    /// Make, list and revoke service keys
    #[command(subcommand)]
    Token(TokenCmd),
    /// Prove from the database that balances, payments and supply agree
    VerifyLedger,
    /// Move wallets or names in from a CSV file; again, it goes on where it was
    #[command(subcommand)]
    Import(ImportCmd),
    /// Look for what keeps the hub from working well
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Measure the hub beside its baselines
    #[command(subcommand)]
    Bench(BenchCmd),
    /// Run game servers for a hub; --config names the file with the games
    Orchestrator(OrchestratorArgs),
    /// Stand-ins for the outside world, for trying things out
    #[command(subcommand)]
    Dev(DevCmd),
    /// Read the settings, say whether they fit together, and stop
    CheckConfig,
    /// Print every setting as a Markdown table
    ConfigDoc,
    /// Print the OpenAPI document
    Openapi,
    /// Print the AsyncAPI document
    Asyncapi,
}

/// What `tail` listens to.
#[derive(Debug, Clone, Args)]
pub struct TailArgs {
    /// Topics, such as payments or wallet:k8juvewcui
    #[arg(required = true, value_name = "TOPIC")]
    pub topics: Vec<String>,
    /// Start behind this position instead of now
    #[arg(long, value_name = "SEQ")]
    pub since: Option<u64>,
    /// Print events as they are on the wire
    #[arg(long)]
    pub json: bool,
    /// The hub to listen to
    #[arg(long, value_name = "URL", env = "TOLLBELL_URL", default_value = "http://127.0.0.1:8080")]
    pub url: Url,
    /// A session's token or a service key, for private topics
    #[arg(long, value_name = "TOKEN", env = "TOLLBELL_TOKEN", hide_env_values = true)]
    pub token: Option<SecretString>,
    /// Only these kinds, such as `payment.*`
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub kinds: Vec<String>,
}

/// How the orchestrator runs.
#[derive(Debug, Clone, Args)]
pub struct OrchestratorArgs {
    /// Only say whether the file is as it should be
    #[arg(long)]
    pub check: bool,
    /// The file that --config names.
    #[arg(skip)]
    pub file: Option<PathBuf>,
}

/// A stand-in.
#[derive(Debug, Clone, Subcommand)]
pub enum DevCmd {
    /// Run a small game: it listens on a port and speaks lines of text
    Game(GameArgs),
    /// Run a stand-in for Polar: its API, pages to pay on, and webhooks
    Polar(PolarArgs),
}

/// How the game runs.
#[derive(Debug, Clone, Args)]
pub struct GameArgs {
    /// Where to listen
    #[arg(long, value_name = "PORT")]
    pub port: u16,
    /// What players must say first; nothing when it is empty
    #[arg(long, value_name = "PASSWORD", default_value = "")]
    pub password: String,
    /// How it greets
    #[arg(long, value_name = "NAME", default_value = "a game")]
    pub name: String,
    /// Seconds before it listens
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    pub load_seconds: u32,
    /// Minutes after which it ends by itself
    #[arg(long, value_name = "MINUTES", default_value = "60", value_parser = clap::value_parser!(u32).range(1..=1_440))]
    pub minutes: u32,
}

/// How the stand-in for Polar runs. Its secret and token are those of the settings.
#[derive(Debug, Clone, Args)]
pub struct PolarArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    pub at: std::net::SocketAddr,
    /// Where to deliver events; by default to the webhook of a hub that listens where the settings say
    #[arg(long, value_name = "URL")]
    pub webhook_url: Option<Url>,
    /// Sign with the bytes of the secret instead of what its base64 stands for
    #[arg(long)]
    pub raw_secret: bool,
}

/// What to move in.
#[derive(Debug, Clone, Subcommand)]
pub enum ImportCmd {
    /// Wallets: address, balance, and if known verifier (64 hexadecimal digits) and locked
    Wallets {
        /// The file; its first line names the columns
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
    },
    /// Names: name, owner, and if known `original_owner`, registered, updated, transferred and a
    Names {
        /// The file; its first line names the columns
        #[arg(value_name = "FILE.csv")]
        file: PathBuf,
    },
}

/// What to do with service keys.
#[derive(Debug, Clone, Subcommand)]
pub enum TokenCmd {
    /// Make a key and print it once
    Create {
        /// What the key is for
        name: String,
        /// What it may do
        #[arg(long, value_delimiter = ',', required = true, value_parser = ["admin", "bot", "orchestrator"])]
        scopes: Vec<String>,
    },
    /// List the keys, never their secrets
    List,
    /// End a key; its live connections are closed
    Revoke {
        /// The id that `list` shows
        id: uuid::Uuid,
    },
}

/// Why there is no [`Config`].
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Help, version or a mistake on the command line; it knows its own exit code and stream.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    /// Settings that do not parse or do not fit together, one line each.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
}

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {cause}; {cure}")]
pub struct Problem {
    /// The setting, by the name that was used.
    pub place: String,
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub cure: String,
}

#[derive(Debug, Parser)]
#[command(name = "tollbell", version, about = "A realtime notification hub with a ledger under it")]
struct Cli {
    #[command(subcommand)]
    cmd: Option<Cmd>,
    /// TOML file with settings; none is read unless it is named
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
}

/// The flags that a short help shows; the long one shows all.
const ESSENTIAL: &[&str] =
    &["config", "listen", "public_url", "database_url", "data_dir", "dev", "demo", "log_filter"];

impl Config {
    /// Reads this process's arguments and environment.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn from_process() -> Result<Self, ConfigError> {
        Self::load(std::env::args_os(), std::env::vars_os())
    }

    /// Reads these arguments, the first being the program's name, and this environment.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn load(
        args: impl IntoIterator<Item = OsString>,
        vars: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let (args, vars): (Vec<_>, Environment) =
            (args.into_iter().collect(), vars.into_iter().collect());
        let said = command().try_get_matches_from(&args).map_err(|error| explain(error, &[]))?;
        let found = Found::look_up(&said, &vars)?;
        let (program, own) = args.split_at(args.len().min(1));
        let flags = found.iter().map(|one| OsString::from(&one.flag));
        let all = program.iter().cloned().chain(flags).chain(own.iter().cloned());
        let matches =
            command().try_get_matches_from(all).map_err(|error| explain(error, &found))?;
        let cli = Cli::from_arg_matches(&matches)?;
        let settings = check::complete(cli.settings, &vars).map_err(ConfigError::Invalid)?;
        let mut cmd = cli.cmd.unwrap_or(Cmd::Serve);
        if let Cmd::Orchestrator(args) = &mut cmd {
            args.file = named_file(&said, &vars);
        }
        Ok(Self { cmd, settings })
    }
}

/// Where programs are searched for, as the environment says.
pub fn search_path() -> Option<OsString> {
    std::env::var_os("PATH")
}

/// What games see of the environment, as far as it is set: where programs and homes are, and the language.
pub fn environment_of_games() -> Vec<(OsString, OsString)> {
    let names = ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR"];
    let set = |name: &str| Some((OsString::from(name), std::env::var_os(name)?));
    names.into_iter().filter_map(set).collect()
}

/// Every setting as a Markdown table.
pub fn document() -> String {
    let mut table =
        String::from("| flag | variable | TOML key | default | meaning |\n|---|---|---|---|---|\n");
    for arg in Cli::command().get_arguments() {
        let id = arg.get_id().as_str();
        let defaults: Vec<_> =
            arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        let default =
            if defaults.is_empty() { String::new() } else { format!("`{}`", defaults.join(",")) };
        let key = if id == "config" { String::new() } else { format!("`{id}`") };
        let meaning = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let names = format!("`{}` | `{}` | {key}", flag(id), variable(id));
        table.extend(["| ", &names, " | ", &default, " | ", &meaning, " |\n"]);
    }
    table
}

/// The environment, as a value so that a test can have its own.
type Environment = BTreeMap<OsString, OsString>;

/// A setting that the command line did not say.
struct Found {
    flag: String,
    id: String,
    place: String,
}

impl Found {
    fn look_up(said: &ArgMatches, vars: &Environment) -> Result<Vec<Self>, ConfigError> {
        let invalid = |problem| ConfigError::Invalid(vec![problem]);
        let settings = Cli::command();
        let missing = settings
            .get_arguments()
            .filter(|arg| !is_said(said, arg))
            .map(|arg| arg.get_id().as_str());
        let (mut found, mut unsaid) = (Vec::new(), Vec::new());
        for id in missing {
            match from_environment(id, vars).map_err(invalid)? {
                Some(one) => found.push(one),
                None => unsaid.push(id),
            }
        }
        // An orchestrator is no hub: its file holds games.
        let is_hub = said.subcommand_name() != Some("orchestrator");
        let Some(path) = named_file(said, vars).filter(|_| is_hub) else { return Ok(found) };
        for (id, value) in file::read(&path, &settings).map_err(invalid)? {
            if unsaid.contains(&id.as_str()) {
                let place = format!("{id} in {}", path.display());
                found.push(Self { flag: format!("{}={value}", flag(&id)), id, place });
            }
        }
        Ok(found)
    }
}

/// The file that the command line or the environment names.
fn named_file(said: &ArgMatches, vars: &Environment) -> Option<PathBuf> {
    let named = said.get_one::<PathBuf>("config").cloned();
    let path =
        named.or_else(|| Some(PathBuf::from(vars.get(&OsString::from(variable("config")))?)));
    path.filter(|path| !path.as_os_str().is_empty())
}

/// Settings that other programs know by their plain names, or families of them.
const PLAIN_NAMES: &[&str] = &["database_url", "api_key", "discord_", "polar_", "orchestrator_"];

/// `DATABASE_URL` and its like are what other programs call it, so they are read when our own name is absent.
fn from_environment(id: &str, vars: &Environment) -> Result<Option<Found>, Problem> {
    let plain =
        PLAIN_NAMES.iter().any(|name| id == *name || name.ends_with('_') && id.starts_with(name));
    let names = std::iter::once(variable(id)).chain(plain.then(|| id.to_ascii_uppercase()));
    for place in names {
        let Some(value) = vars.get(&OsString::from(&place)).filter(|value| !value.is_empty())
        else {
            continue;
        };
        let Some(value) = value.to_str() else {
            let (cause, cure) = ("the value is not UTF-8".into(), "write it in UTF-8".into());
            return Err(Problem { place, cause, cure });
        };
        return Ok(Some(Found { flag: format!("{}={value}", flag(id)), id: id.to_owned(), place }));
    }
    Ok(None)
}

fn is_said(said: &ArgMatches, arg: &Arg) -> bool {
    said.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine)
}

/// The command line with what all settings have in common: they are global, switches take an optional value, and
/// their help names their variable.
fn command() -> Command {
    Cli::command().mut_args(|arg| {
        let id = arg.get_id().as_str().to_owned();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let is_switch = arg.get_value_parser().type_id() == TypeId::of::<bool>();
        let arg = arg
            .global(true)
            .hide_short_help(!ESSENTIAL.contains(&id.as_str()))
            .help(format!("{help} [env: {}]", variable(&id)));
        if is_switch {
            let arg = arg.num_args(0..=1).require_equals(true).default_missing_value("true");
            return arg.value_parser(BoolishValueParser::new());
        }
        arg
    })
}

fn flag(id: &str) -> String {
    format!("--{}", id.replace('_', "-"))
}

fn variable(id: &str) -> String {
    format!("TOLLBELL_{}", id.to_ascii_uppercase())
}

/// Turns the parser's error about a value into one line that names the place where the value was written.
fn explain(error: clap::Error, found: &[Found]) -> ConfigError {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        _ => None,
    };
    let (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(named), Some(value)) =
        (error.kind(), text(ContextKind::InvalidArg), text(ContextKind::InvalidValue))
    else {
        return ConfigError::Usage(error);
    };
    let settings = Cli::command();
    let Some(arg) = settings.get_arguments().find(|arg| named_by(arg, &named)) else {
        return ConfigError::Usage(error);
    };
    let source = found.iter().find(|one| arg.get_id() == one.id.as_str());
    let place = source.map_or_else(|| flag(arg.get_id().as_str()), |one| one.place.clone());
    let reason = std::error::Error::source(&error)
        .map_or_else(|| "not a possible value".into(), ToString::to_string);
    let cause = if value.is_empty() {
        "the value is empty".into()
    } else {
        format!("cannot use `{value}`: {reason}")
    };
    ConfigError::Invalid(vec![Problem { place, cause, cure: example(arg) }])
}

fn named_by(arg: &Arg, named: &str) -> bool {
    let flag = flag(arg.get_id().as_str());
    named.split([' ', '=', '[']).next() == Some(flag.as_str())
}

fn example(arg: &Arg) -> String {
    let choices: Vec<_> =
        arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if !choices.is_empty() {
        return format!("give one of {}", choices.join(", "));
    }
    let example = match arg.get_id().as_str() {
        "public_url" => Some("https://hub.example.org".into()),
        "trusted_proxies" => Some("10.0.0.0/8".into()),
        _ => arg.get_default_values().first().map(|value| value.to_string_lossy()),
    };
    let what =
        arg.get_value_names().and_then(|names| names.first()).map_or("VALUE", |name| name.as_str());
    match example {
        Some(example) => format!("give {what} like `{example}`"),
        None => format!("give {what}"),
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
