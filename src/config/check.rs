//! What single values cannot show: contradictions, placeholder keys, and defaults that depend on the host.

mod servers;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;
use url::Url;

use super::settings::{
    AdminListen, AuthSettings, BillingSettings, DatabaseSettings, KristProfile, ListenSettings,
    PeopleSettings, Settings,
};
use super::{Environment, Problem};

/// The shortest key that nobody guesses.
const KEY_CHARS_MIN: usize = 16;

/// What names end in, by profile.
const KROMER_SUFFIX: &str = "kro";
const KRIST_SUFFIX: &str = "kst";

/// What people leave in example files.
const PLACEHOLDERS: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "change me",
    "placeholder",
    "example",
    "api_key",
    "apikey",
    "api-key",
    "your-",
    "your_",
    "replace",
    "password",
    "admin",
    "secret",
    "insert",
    "todo",
    "12345678",
];

/// Fills in what depends on the host and on files, and refuses what does not fit together.
pub(super) fn complete(
    mut settings: Settings,
    vars: &Environment,
) -> Result<Settings, Vec<Problem>> {
    let mut problems = Problems(Vec::new());
    read_secrets(&mut settings.auth, &mut problems);
    servers::read_secrets(&mut settings.servers, &mut problems);
    problems.of_keys(&settings.auth, &settings.people);
    problems.of_people(&settings.people);
    problems.of_listening(&settings.listen);
    problems.of_database(&mut settings.database, vars);
    problems.of_limits(&settings);
    problems.of_billing(&settings.billing);
    problems.of_servers(&settings.servers);
    dress(&mut settings);
    if problems.0.is_empty() { Ok(settings) } else { Err(problems.0) }
}

struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, place: &str, cause: impl Into<String>, cure: &str) {
        self.0.push(Problem {
            place: place.to_owned(),
            cause: cause.into(),
            cure: cure.to_owned(),
        });
    }

    fn of_people(&mut self, people: &PeopleSettings) {
        if people.discord_client_id.is_some() != people.discord_client_secret.is_some() {
            let cure = "set both discord_client_id and discord_client_secret, or neither";
            self.add("discord_client_id", "half of what signing in with Discord needs", cure);
        }
        let url = &people.discord_base_url;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            let cause = format!("`{url}` is not where Discord could be reached");
            self.add("discord_base_url", cause, "give an http or https URL");
        }
    }

    fn of_keys(&mut self, auth: &AuthSettings, people: &PeopleSettings) {
        let keys = [
            ("admin_key", &auth.admin_key),
            ("secret", &auth.secret),
            ("api_key", &people.api_key),
        ];
        for (place, key) in keys {
            let Some(key) = key.as_ref().map(ExposeSecret::expose_secret) else { continue };
            let cure = "make one with `openssl rand -hex 32`";
            if key.chars().count() < KEY_CHARS_MIN {
                self.add(
                    place,
                    format!("shorter than {KEY_CHARS_MIN} characters and so easy to guess"),
                    cure,
                );
            } else if !key.bytes().all(|b| b.is_ascii_graphic()) {
                self.add(place, "holds a blank or a character that no header can carry", cure);
            } else if is_placeholder(key) {
                self.add(place, "a placeholder that everybody knows", cure);
            }
        }
        let [admin, secret, api] =
            keys.map(|(_, key)| key.as_ref().map(ExposeSecret::expose_secret));
        if api.is_some() && (api == admin || api == secret) {
            let cause = "the same as another key, so a leak of one is a leak of both";
            self.add("api_key", cause, "use a value of its own");
        }
        if admin.is_some() && admin == secret {
            self.add(
                "secret",
                "the same as admin_key, so a leak of one is a leak of both",
                "use two values",
            );
        }
        if auth.logins_burst > auth.logins_per_min {
            self.add(
                "logins_burst",
                "above logins_per_min",
                "lower logins_burst or raise logins_per_min",
            );
        }
    }

    fn of_listening(&mut self, listen: &ListenSettings) {
        if let AdminListen::At(admin) = listen.admin_listen
            && collide(admin, listen.listen)
        {
            self.add(
                "admin_listen",
                "the same address as listen",
                "give it another port, or `off`",
            );
        }
        if let Some(url) = &listen.public_url {
            let plain =
                url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
            if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
                let cause = format!("`{url}` is not where a browser could reach the hub");
                self.add(
                    "public_url",
                    cause,
                    "give an http or https URL such as `https://hub.example.org`",
                );
            }
        }
        if listen.trusted_proxies.iter().any(|network| network.prefix_len() == 0) {
            let cure = "name the networks of your proxies, such as `10.0.0.0/8`";
            self.add("trusted_proxies", "trusts the whole internet to say who is calling", cure);
        }
        for origin in &listen.allowed_origins {
            if !is_origin(origin) {
                let cause = format!("`{origin}` is not an origin");
                self.add(
                    "allowed_origins",
                    cause,
                    "give scheme, host and port only, such as `https://shop.example`",
                );
            }
        }
    }

    fn of_database(&mut self, database: &mut DatabaseSettings, vars: &Environment) {
        if let Some(url) = &database.database_url {
            let scheme = Url::parse(url.expose_secret()).map(|url| url.scheme().to_owned());
            if !matches!(scheme.as_deref(), Ok("postgres" | "postgresql")) {
                // The value is not shown: it may hold a password.
                let cure = "give `postgres://user:password@host:5432/name`";
                self.add("database_url", "not a PostgreSQL URL", cure);
            }
            if database.pg_bin.is_some() {
                let cure = "remove pg_bin, or remove database_url (or DATABASE_URL) to run a private PostgreSQL";
                self.add("pg_bin", "of no use together with database_url", cure);
            }
            return;
        }
        match database.data_dir.take().or_else(|| default_data_dir(vars)) {
            Some(path) if !path.as_os_str().is_empty() => database.data_dir = Some(path),
            _ => {
                let cure = "set data_dir, or database_url to use a PostgreSQL of yours";
                self.add("data_dir", "there is no home directory for a default", cure);
            }
        }
    }

    fn of_limits(&mut self, settings: &Settings) {
        let (hub, ledger) = (&settings.hub, &settings.ledger);
        if hub.connections_per_ip_max > hub.connections_max {
            let cure = "lower connections_per_ip_max or raise connections_max";
            self.add("connections_per_ip_max", "above connections_max", cure);
        }
        if ledger.till_batch_max > ledger.till_queue_max {
            let cure = "lower till_batch_max or raise till_queue_max";
            self.add(
                "till_batch_max",
                "above till_queue_max, so no batch could ever be full",
                cure,
            );
        }
        if settings.krist.krist_profile == KristProfile::Krist && ledger.money_scale != 0 {
            let cure = "set money_scale to 0, or krist_profile to kromer";
            self.add(
                "krist_profile",
                "krist counts in whole numbers, money_scale has decimals",
                cure,
            );
        }
        if let Err(error) = EnvFilter::try_new(&settings.log.log_filter) {
            let cure = "give levels by module, such as `info,tollbell::http=warn`";
            self.add(
                "log_filter",
                format!("cannot use `{}`: {error}", settings.log.log_filter),
                cure,
            );
        }
    }
}

impl Problems {
    fn of_billing(&mut self, billing: &BillingSettings) {
        let base = &billing.polar_api_base_url;
        let plain = base.query().is_none() && base.fragment().is_none();
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() || !plain {
            let cure = "give `https://api.polar.sh` or `https://sandbox-api.polar.sh`";
            self.add("polar_api_base_url", format!("`{base}` is no place of an API"), cure);
        }
        if let Some(url) = &billing.polar_checkout_success_url {
            // Polar fills in the braces, which are no part of a URL before that.
            let plain = Url::parse(&url.replace("{CHECKOUT_ID}", "id"));
            if !plain.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
                let cure = "give a URL such as `https://hub.example.org/premium?checkout_id={CHECKOUT_ID}`";
                self.add("polar_checkout_success_url", "not where a browser could go", cure);
            }
        }
        if let Some(secrets) = &billing.polar_webhook_secret {
            let parts = secrets.expose_secret().split(',').map(str::trim);
            if parts.filter(|part| !part.is_empty()).any(|part| part.len() < KEY_CHARS_MIN) {
                let cause = format!("a secret of fewer than {KEY_CHARS_MIN} characters");
                self.add("polar_webhook_secret", cause, "copy the secret that Polar shows");
            }
        }
    }
}

/// Who looks like Krist has Krist's names and makes whoever is paid, unless names were given another end.
fn dress(settings: &mut Settings) {
    if settings.krist.krist_profile != KristProfile::Krist {
        return;
    }
    settings.ledger.create_payees = true;
    if settings.ledger.name_suffix.as_str() == KROMER_SUFFIX
        && let Ok(suffix) = KRIST_SUFFIX.parse()
    {
        settings.ledger.name_suffix = suffix;
    }
}

fn read_secrets(auth: &mut AuthSettings, problems: &mut Problems) {
    read_files(
        [
            ("admin_key", &mut auth.admin_key, &auth.admin_key_file),
            ("secret", &mut auth.secret, &auth.secret_file),
        ],
        problems,
    );
}

/// Reads the secrets that stand in files.
fn read_files(
    settings: [(&str, &mut Option<SecretString>, &Option<PathBuf>); 2],
    problems: &mut Problems,
) {
    for (name, value, file) in settings {
        let Some(path) = file else { continue };
        let place = format!("{name}_file");
        if value.is_some() {
            problems.add(&place, format!("{name} is given as well"), "keep one of the two");
            continue;
        }
        match read_secret(path) {
            Ok(secret) => *value = Some(secret),
            Err(cause) => {
                problems.add(&place, cause, "give a readable file with the value on its only line");
            }
        }
    }
}

fn read_secret(path: &Path) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    match text.trim() {
        "" => Err(format!("{} is empty", path.display())),
        value => Ok(SecretString::from(value)),
    }
}

fn is_placeholder(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let first = key.bytes().next();
    PLACEHOLDERS.iter().any(|word| key.contains(word)) || key.bytes().all(|b| Some(b) == first)
}

/// Two sockets cannot share a port when one of them listens on all addresses. Port 0 is any free one.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let covers = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() != 0 && one.port() == other.port() && covers
}

fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == text)
}

fn default_data_dir(vars: &Environment) -> Option<PathBuf> {
    if nix::unistd::Uid::effective().is_root() {
        return Some(PathBuf::from("/var/lib/tollbell"));
    }
    let path = |name: &str| {
        vars.get(&OsString::from(name)).filter(|value| !value.is_empty()).map(PathBuf::from)
    };
    let in_home = || path("HOME").map(|home| home.join(".local/share"));
    path("XDG_DATA_HOME")
        .filter(|home| home.is_absolute())
        .or_else(in_home)
        .map(|data| data.join("tollbell"))
}
