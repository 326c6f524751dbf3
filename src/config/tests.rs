//! The rulebook of the settings: what a mistake is answered with, and which source wins.

use std::io::Write;

use secrecy::ExposeSecret;
use tempfile::NamedTempFile;

use super::*;

/// Loads with a home directory, so that only what a test names decides.
fn load(args: &[&str], vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let args = std::iter::once("tollbell").chain(args.iter().copied()).map(OsString::from);
    let vars = [("HOME", "/people/bell")].iter().chain(vars);
    Config::load(args, vars.map(|(name, value)| (OsString::from(name), OsString::from(value))))
}

fn load_file(toml: &str, args: &[&str], vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let file = written(toml);
    let named = ["--config", file.path().to_str().unwrap()];
    load(&[&named, args].concat(), vars)
}

fn written(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// The one line that a mistake is answered with.
#[track_caller]
fn refusal(result: Result<Config, ConfigError>) -> String {
    let error = result.expect_err("the mistake was accepted");
    assert!(matches!(error, ConfigError::Invalid(_)), "not our own line: {error}");
    let text = error.to_string();
    assert!(!text.contains('\n') && text.contains(": ") && text.contains("; "), "{text}");
    text
}

const GOOD_KEY: &str = "0b5e7a1c94d2f38846a1";

/// A flag, the place that the answer names, a part of its cause, a part of its cure.
const WRONG_VALUES: &[(&str, &str, &str, &str)] = &[
    ("--listen=8080", "--listen", "cannot use `8080`", "127.0.0.1:8080"),
    ("--listen=localhost:8080", "--listen", "invalid socket address", "127.0.0.1:8080"),
    ("--admin-listen=on", "--admin-listen", "neither `off` nor an address", "127.0.0.1:8081"),
    ("--admin-listen=0.0.0.0:8080", "admin_listen", "the same address as listen", "another port"),
    ("--public-url=hub.example.org", "--public-url", "cannot use", "https://hub.example.org"),
    ("--public-url=ftp://hub.example.org", "public_url", "not where a browser", "http or https"),
    (
        "--public-url=https://hub.example.org?a=b",
        "public_url",
        "not where a browser",
        "http or https",
    ),
    ("--trusted-proxies=proxy", "--trusted-proxies", "invalid IP address", "10.0.0.0/8"),
    ("--trusted-proxies=0.0.0.0/0", "trusted_proxies", "the whole internet", "name the networks"),
    (
        "--allowed-origins=https://a.example/path",
        "allowed_origins",
        "not an origin",
        "scheme, host and port",
    ),
    ("--allowed-origins=*", "allowed_origins", "`*` is not an origin", "scheme, host and port"),
    ("--drain-seconds=601", "--drain-seconds", "not in 0..=600", "like `10`"),
    ("--database-url=mysql://h/d", "database_url", "not a PostgreSQL URL", "postgres://"),
    ("--retain-days=0", "--retain-days", "0 is not in", "like `30`"),
    ("--log-partition-events=10", "--log-partition-events", "10 is not in", "like `1000000`"),
    ("--pool-size=1", "--pool-size", "1 is not in", "like `16`"),
    ("--pool-size=many", "--pool-size", "invalid digit", "like `16`"),
    ("--admin-key=changeme", "admin_key", "shorter than 16", "openssl rand"),
    ("--admin-key=API_KEY", "admin_key", "shorter than 16", "openssl rand"),
    ("--admin-key=changeme-changeme", "admin_key", "placeholder", "openssl rand"),
    ("--admin-key=aaaaaaaaaaaaaaaaaaaa", "admin_key", "placeholder", "openssl rand"),
    ("--admin-key=with a blank in the key", "admin_key", "holds a blank", "openssl rand"),
    ("--secret=admin", "secret", "shorter than 16", "openssl rand"),
    (
        "--admin-key-file=/nowhere/key",
        "admin_key_file",
        "cannot read /nowhere/key",
        "readable file",
    ),
    ("--money-scale=6", "--money-scale", "6 is not in 0..=5", "like `2`"),
    ("--public-ledger=maybe", "--public-ledger", "cannot use `maybe`", "true, false"),
    ("--till-batch-max=0", "--till-batch-max", "0 is not in", "like `512`"),
    ("--till-queue-max=100", "till_batch_max", "above till_queue_max", "lower till_batch_max"),
    ("--name-cost=0", "--name-cost", "0 is not in", "like `500`"),
    ("--name-suffix=k1", "--name-suffix", "a suffix is 1 to 8 of a-z", "like `kro`"),
    ("--create-payees=maybe", "--create-payees", "cannot use `maybe`", "true, false"),
    ("--shards=257", "--shards", "257 is not in", "like `0`"),
    ("--frame-bytes-max=65537", "--frame-bytes-max", "65537 is not in", "like `16384`"),
    ("--queue-bytes-max=1000", "--queue-bytes-max", "1000 is not in", "like `65536`"),
    ("--connections-per-ip-max=20001", "connections_per_ip_max", "above connections_max", "raise"),
    ("--logins-per-min=4", "logins_burst", "above logins_per_min", "lower logins_burst"),
    ("--idempotency-hours=23", "--idempotency-hours", "23 is not in", "like `24`"),
    ("--log-format=xml", "--log-format", "not a possible value", "auto, text, json"),
    ("--log-filter=info,=", "log_filter", "cannot use", "levels by module"),
];

#[test]
fn a_wrong_value_is_answered_with_cause_and_cure() {
    for (flag, place, cause, cure) in WRONG_VALUES {
        let line = refusal(load(&[flag], &[]));
        let fits =
            line.starts_with(&format!("{place}: ")) && line.contains(cause) && line.contains(cure);
        assert!(fits, "{flag} is answered with: {line}");
    }
}

#[test]
fn a_wrong_file_is_answered_with_cause_and_cure() {
    let cases = [
        (
            "lisen = \"127.0.0.1:1\"",
            "lisen in ",
            "no setting has this name",
            "did you mean `listen`",
        ),
        ("pool-size = 4", "pool-size in ", "no setting has this name", "did you mean `pool_size`"),
        ("colour = \"red\"", "colour in ", "no setting has this name", "config-doc"),
        ("config = \"b.toml\"", "config in ", "no setting has this name", "config-doc"),
        ("[hub]\nshards = 2", "hub in ", "no setting has this name", "config-doc"),
        ("listen = 8080", "listen in ", "cannot use `8080`", "127.0.0.1:8080"),
        ("listen = [\"127.0.0.1:1\"]", "listen in ", "not a array", "top level"),
        ("pool_size = 1.5", "pool_size in ", "not a float", "top level"),
        ("pool_size = 0", "pool_size in ", "0 is not in", "like `16`"),
        ("dev = \"yes\"", "dev in ", "not true or false", "dev = true"),
        (
            "trusted_proxies = \"10.0.0.0/8\"",
            "trusted_proxies in ",
            "not a list",
            "trusted_proxies = [",
        ),
        ("trusted_proxies = [7]", "trusted_proxies in ", "something else than text", "in quotes"),
        ("listen = ", "", "not TOML at line 1", "key = value"),
        ("dev = true\ndev = true", "", "not TOML at line 2", "key = value"),
    ];
    for (toml, place, cause, cure) in cases {
        let line = refusal(load_file(toml, &[], &[]));
        let fits = line.starts_with(place) && line.contains(cause) && line.contains(cure);
        assert!(fits, "{toml:?} is answered with: {line}");
    }
    let line = refusal(load(&["--config", "/nowhere/tollbell.toml"], &[]));
    assert!(line.starts_with("/nowhere/tollbell.toml: cannot read the file"), "{line}");
}

#[test]
fn a_wrong_variable_is_named() {
    let line = refusal(load(&[], &[("TOLLBELL_SHARDS", "all")]));
    assert!(line.starts_with("TOLLBELL_SHARDS: cannot use `all`"), "{line}");
    let line = refusal(load(&[], &[("DATABASE_URL", "mysql://u:hunter2@h/d")]));
    assert!(line.starts_with("database_url: ") && !line.contains("hunter2"), "{line}");
}

#[test]
fn contradictions_between_two_settings_are_refused() {
    let key = format!("--admin-key={GOOD_KEY}");
    let secret = format!("--secret={GOOD_KEY}");
    let file = written(GOOD_KEY);
    let key_file = format!("--admin-key-file={}", file.path().display());
    let url = "--database-url=postgres://h/d";
    for (flags, place) in [
        ([key.as_str(), secret.as_str()], "secret: the same as admin_key"),
        ([key.as_str(), key_file.as_str()], "admin_key_file: admin_key is given as well"),
        ([url, "--pg-bin=/usr/bin"], "pg_bin: of no use together with database_url"),
        (
            ["--listen=127.0.0.1:9000", "--admin-listen=127.0.0.1:9000"],
            "admin_listen: the same address",
        ),
    ] {
        let line = refusal(load(&flags, &[]));
        assert!(line.starts_with(place), "{flags:?} is answered with: {line}");
    }
}

#[test]
fn all_contradictions_are_told_at_once() {
    let error = load(&["--admin-key=admin", "--trusted-proxies=::/0"], &[]).unwrap_err();
    assert_eq!(error.to_string().lines().count(), 2, "{error}");
}

#[test]
fn flag_beats_variable_beats_file_beats_default() {
    let toml = "pool_size = 20\nretain_days = 20\nshards = 20";
    let vars = [("TOLLBELL_POOL_SIZE", "30"), ("TOLLBELL_RETAIN_DAYS", "30")];
    let settings = load_file(toml, &["serve", "--pool-size", "40"], &vars).unwrap().settings;
    assert_eq!(settings.database.pool_size, 40);
    assert_eq!(settings.database.retain_days, 30);
    assert_eq!(settings.hub.shards, 20);
    assert_eq!(settings.hub.topics_max, 200);
}

#[test]
fn a_list_is_replaced_and_never_joined() {
    let toml = "trusted_proxies = [\"10.0.0.0/8\", \"::1/128\"]";
    let proxies = |args: &[&str], vars: &[(&str, &str)]| {
        load_file(toml, args, vars).unwrap().settings.listen.trusted_proxies.len()
    };
    assert_eq!(proxies(&[], &[]), 2);
    assert_eq!(proxies(&[], &[("TOLLBELL_TRUSTED_PROXIES", "127.0.0.1/32")]), 1);
    assert_eq!(proxies(&["--trusted-proxies=10.1.0.0/16,10.2.0.0/16,10.3.0.0/16"], &[]), 3);
}

#[test]
fn a_file_is_read_only_when_it_is_named() {
    let file = written("shards = 3");
    let path = file.path().to_str().unwrap();
    assert_eq!(load(&[], &[]).unwrap().settings.hub.shards, 0);
    assert_eq!(load(&[], &[("TOLLBELL_CONFIG", path)]).unwrap().settings.hub.shards, 3);
    assert_eq!(load(&["doctor", "--config", path], &[]).unwrap().settings.hub.shards, 3);
}

#[test]
fn a_switch_is_spelled_in_any_common_way() {
    let dev = |args: &[&str], vars: &[(&str, &str)]| load(args, vars).unwrap().settings.trial.dev;
    assert!(!dev(&[], &[]) && !dev(&[], &[("TOLLBELL_DEV", "")]));
    assert!(dev(&["--dev"], &[]) && dev(&["serve", "--dev"], &[]) && dev(&["--dev=yes"], &[]));
    assert!(dev(&[], &[("TOLLBELL_DEV", "1")]) && dev(&[], &[("TOLLBELL_DEV", "true")]));
    assert!(!dev(&["--dev=false"], &[("TOLLBELL_DEV", "true")]));
    assert!(load_file("dev = true", &[], &[]).unwrap().settings.trial.dev);
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let file = written(&format!("{GOOD_KEY}\n"));
    let config = load(&[], &[("TOLLBELL_ADMIN_KEY_FILE", file.path().to_str().unwrap())]).unwrap();
    assert_eq!(config.settings.auth.admin_key.as_ref().unwrap().expose_secret(), GOOD_KEY);
    let url = "postgres://bell:hunter2@db/bell";
    let config = load(&["--admin-key", GOOD_KEY], &[("DATABASE_URL", url)]).unwrap();
    assert_eq!(config.settings.database.database_url.as_ref().unwrap().expose_secret(), url);
    let shown = format!("{config:?}");
    assert!(!shown.contains(GOOD_KEY) && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn our_own_name_of_the_database_wins() {
    let vars =
        [("DATABASE_URL", "postgres://other/d"), ("TOLLBELL_DATABASE_URL", "postgres://ours/d")];
    let config = load(&[], &vars).unwrap();
    assert_eq!(config.settings.database.database_url.unwrap().expose_secret(), "postgres://ours/d");
}

/// Regression: without a key of its own a program was let in with the word `API_KEY`.
#[test]
fn a_key_that_everybody_knows_or_that_is_short_is_none() {
    for key in [
        "API_KEY",
        "api_key_api_key_api_key",
        "short",
        "xxxxxxxxxxxxxxxxxxxx",
        "change-me-change-me",
    ] {
        let line = refusal(load(&[], &[("API_KEY", key)]));
        assert!(line.starts_with("api_key: "), "{key} is answered with: {line}");
    }
    let both = format!("--admin-key={GOOD_KEY}");
    let line = refusal(load(&[&both], &[("API_KEY", GOOD_KEY)]));
    assert!(line.starts_with("api_key: the same as another key"), "{line}");
    let config = load(&[], &[("API_KEY", GOOD_KEY)]).unwrap();
    assert_eq!(config.settings.people.api_key.unwrap().expose_secret(), GOOD_KEY);
    let absent = load(&[], &[("API_KEY", "")]).unwrap();
    assert!(absent.settings.people.api_key.is_none());
}

#[test]
fn signing_in_with_discord_needs_both_halves() {
    let config = load(&[], &[("DISCORD_CLIENT_ID", "7"), ("DISCORD_CLIENT_SECRET", "s")]).unwrap();
    assert_eq!(config.settings.people.discord_client_id.as_deref(), Some("7"));
    for (flags, place) in [
        (["--discord-client-id=7"], "discord_client_id: half"),
        (["--discord-client-secret=s"], "discord_client_id: half"),
        (["--discord-base-url=file:///discord"], "discord_base_url: `file:///discord`"),
    ] {
        let line = refusal(load(&flags, &[]));
        assert!(line.starts_with(place), "{flags:?} is answered with: {line}");
    }
}

#[test]
fn an_orchestrator_is_named_as_a_whole() {
    let (url, token) = ("http://127.0.0.1:8070", "orchestrator-7d1f0c9b");
    let vars = [("ORCHESTRATOR_API_BASE_URL", url), ("ORCHESTRATOR_API_TOKEN", token)];
    let settings = load(&[], &vars).unwrap().settings;
    assert_eq!(settings.servers.orchestrator_api_token.unwrap().expose_secret(), token);
    let file = written(token);
    let flag = format!("--orchestrator-api-token-file={}", file.path().display());
    let toml = format!("orchestrator_api_base_url = \"{url}\"");
    let settings = load_file(&toml, &[&flag], &[]).unwrap().settings;
    assert_eq!(settings.servers.orchestrator_api_token.unwrap().expose_secret(), token);
    let (base, given) =
        (format!("--orchestrator-api-base-url={url}"), format!("--orchestrator-api-token={token}"));
    for (flags, place) in [
        ([base.as_str(), "--dev"], "orchestrator_api_token: absent"),
        ([given.as_str(), "--dev"], "orchestrator_api_base_url: absent"),
        ([base.as_str(), "--orchestrator-api-token=short"], "orchestrator_api_token: shorter"),
        (
            ["--orchestrator-api-base-url=ftp://h", given.as_str()],
            "orchestrator_api_base_url: `ftp",
        ),
        (["--orchestrator-webhook-secret=short", "--dev"], "orchestrator_webhook_secret: shorter"),
        (
            ["--server-launch-timeout-seconds=10", "--dev"],
            "server_launch_timeout_seconds: not above",
        ),
    ] {
        let line = refusal(load(&flags, &[]));
        assert!(line.starts_with(place), "{flags:?} is answered with: {line}");
    }
}

#[test]
fn the_private_database_has_a_place() {
    let dir = |args: &[&str]| load(args, &[]).unwrap().settings.database.data_dir;
    assert!(dir(&[]).unwrap().is_absolute());
    assert_eq!(dir(&["--data-dir", "/srv/bell"]), Some(PathBuf::from("/srv/bell")));
    assert_eq!(dir(&["--database-url", "postgres://h/d"]), None);
}

#[test]
fn subcommands_are_parsed_with_their_own_words() {
    assert!(matches!(load(&[], &[]).unwrap().cmd, Cmd::Serve));
    assert!(matches!(
        load(&["migrate", "--check"], &[]).unwrap().cmd,
        Cmd::Migrate { check: true }
    ));
    let tail = ["tail", "payments", "wallet:k1", "--since", "7", "--json", "--kinds=payment.*"];
    let Cmd::Tail(tail) = load(&tail, &[]).unwrap().cmd else { panic!("not a tail") };
    assert_eq!((tail.topics.len(), tail.since, tail.json, tail.kinds.len()), (2, Some(7), true, 1));
    let create = load(&["token", "create", "bot", "--scopes=bot,admin"], &[]).unwrap().cmd;
    assert!(matches!(create, Cmd::Token(TokenCmd::Create { scopes, .. }) if scopes.len() == 2));
    for mistake in [["token", "create"].as_slice(), &["tail"], &["dance"], &["--volume=11"]] {
        assert!(matches!(load(mistake, &[]), Err(ConfigError::Usage(_))), "{mistake:?}");
    }
}

#[test]
fn the_table_has_every_setting_with_its_meaning() {
    let table = document();
    for arg in Cli::command().get_arguments() {
        let row = format!(
            "| `{}` | `{}` |",
            flag(arg.get_id().as_str()),
            variable(arg.get_id().as_str())
        );
        let row = table.lines().find(|line| line.starts_with(&row)).unwrap();
        assert_eq!(row.matches(" | ").count(), 4, "{row}");
        assert!(!row.ends_with("|  |"), "no meaning: {row}");
    }
}

#[test]
fn the_command_line_is_well_formed() {
    command().debug_assert();
    let help = command().render_help().to_string();
    assert!(help.contains("TOLLBELL_LISTEN") && !help.contains("--ring-mib"), "{help}");
    assert!(command().render_long_help().to_string().contains("--ring-mib"));
}
