//! What `games.toml` says, complete and free of contradictions.
//!
//! Relative paths start at the file's own folder. All mistakes are told at once, each with its place, cause and cure.

mod keys;

use std::{
    ffi::OsStr,
    fs,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use nix::sys::signal::Signal;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use self::keys::Keys;
use super::{
    model::Patience,
    template::{NAMES, Slot, Template, TemplateError},
};
use crate::http::signature::{self, Scheme};

/// Servers of one orchestrator, whatever the file says.
const SERVERS_MAX: u64 = 10_000;
/// The longest session in minutes: a week.
const MINUTES_MAX: u64 = 10_080;
/// The shortest secret that nobody guesses.
const SECRET_CHARS_MIN: usize = 16;

/// Everything.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the hub calls.
    pub listen: SocketAddr,
    /// What the hub must present.
    pub token: SecretString,
    /// Where servers and their logs are kept.
    pub state_dir: PathBuf,
    /// The address that players are told.
    pub host: String,
    /// The ports of servers.
    pub ports: RangeInclusive<u16>,
    /// Servers at one time.
    pub servers_max: usize,
    /// Servers that are remembered, those included that the hub has not heard the end of.
    pub kept_max: usize,
    /// Between two signs of life.
    pub heartbeat: Duration,
    /// Whether the end of the orchestrator ends its servers too.
    pub stop_with_me: bool,
    /// The hub.
    pub hub: HubSettings,
    /// What can be played.
    pub games: Vec<Game>,
}

/// Where the hub is and how it is spoken to.
#[derive(Debug, Clone)]
pub struct HubSettings {
    /// Its base URL: callbacks go nowhere else.
    pub url: Url,
    /// Our service key there, of scope `orchestrator`.
    pub key: SecretString,
    /// The secret that callbacks are signed with: `whsec_` and base64.
    pub signing: Option<SecretString>,
}

/// A game and how its server is run.
#[derive(Debug, Clone)]
pub struct Game {
    /// What the hub orders it by.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// The list it stands in.
    pub kind: String,
    /// Its program.
    pub command: Command,
    /// The arguments of the program.
    pub args: Vec<Template>,
    /// Variables of its environment.
    pub env: Vec<(String, Template)>,
    /// Its working folder.
    pub folder: PathBuf,
    /// When it counts as ready.
    pub ready: Readiness,
    /// How long it may take to be ready and to stop.
    pub patience: Patience,
    /// What asks it to stop.
    pub stop_signal: Signal,
    /// The longest session.
    pub minutes_max: u32,
    /// Servers of this game at one time.
    pub servers_max: usize,
    /// Whether a password is made when none is given.
    pub makes_password: bool,
    /// Bytes that its output may take on the disk, twice.
    pub log_bytes_max: u64,
}

/// The program of a game.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A file.
    File(PathBuf),
    /// This program itself.
    Own,
}

/// When a server counts as ready for players.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// When its port takes a TCP connection.
    Port,
    /// When its output holds this text.
    Line(String),
    /// When it has lived for so long.
    After(Duration),
}

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {cause}; {cure}")]
pub struct Problem {
    /// The key and where it stands.
    pub place: String,
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub cure: String,
}

impl Settings {
    /// Reads a file. Programs without a slash are looked up in `path`.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn read(file: &Path, path: Option<&OsStr>) -> Result<Self, Vec<Problem>> {
        let text = fs::read_to_string(file).map_err(|error| {
            let (cause, cure) = (format!("cannot read it: {error}"), "give --config a TOML file");
            vec![Problem { place: file.display().to_string(), cause, cure: cure.to_owned() }]
        })?;
        let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty());
        Self::parse(&text, folder.unwrap_or(Path::new(".")), path)
    }

    /// As [`Self::read`], for a text that stands in `folder`.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(text: &str, folder: &Path, path: Option<&OsStr>) -> Result<Self, Vec<Problem>> {
        // A game's working folder must not change what a relative path means.
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let mut problems = Vec::new();
        let settings = Keys::of_text(text, &mut problems)
            .and_then(|keys| Reader { folder: &folder, path }.all(keys));
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(problems),
        }
    }

    /// The game with this code.
    pub fn game(&self, code: &str) -> Option<&Game> {
        self.games.iter().find(|game| game.code == code)
    }
}

/// Knows where paths begin.
struct Reader<'a> {
    folder: &'a Path,
    path: Option<&'a OsStr>,
}

impl Reader<'_> {
    fn all(&self, mut keys: Keys<'_>) -> Option<Settings> {
        let listen = keys.parsed("listen", "127.0.0.1:8082", "an address like `127.0.0.1:8082`");
        let token = self.secret(&mut keys, "token");
        let state_dir = self.folder.join(keys.text_or("state_dir", "orchestrator-state"));
        let host = host(&mut keys);
        let ports = ports(&mut keys);
        let servers_max = keys.number("servers_max", 16, 1..=SERVERS_MAX);
        let kept_max = keys.number("servers_kept_max", SERVERS_MAX, 1..=SERVERS_MAX);
        let heartbeat = keys.number("heartbeat_seconds", 30, 1..=300);
        let stop_with_me = keys.switch("stop_with_me");
        let hub =
            keys.inner("hub", "[hub] with `url` and `key_file`").and_then(|keys| self.hub(keys));
        let games: Vec<_> = keys.each("games", |keys| self.game(keys));
        if games.is_empty() {
            keys.problem(
                "games",
                "there is no game",
                "add a table `[[games]]` with code and command",
            );
        }
        let codes: Vec<_> = games.iter().flatten().map(|game| game.code.clone()).collect();
        for (at, code) in codes.iter().enumerate() {
            if codes.iter().take(at).any(|other| other == code) {
                keys.problem("games", format!("two games have the code `{code}`"), "rename one");
            }
        }
        keys.finish();
        Some(Settings {
            listen: listen?,
            token: token?,
            state_dir,
            host: host?,
            ports: ports?,
            servers_max: usize::try_from(servers_max?).ok()?,
            kept_max: usize::try_from(kept_max?).ok()?,
            heartbeat: Duration::from_secs(heartbeat?),
            stop_with_me: stop_with_me?,
            hub: hub?,
            games: games.into_iter().collect::<Option<_>>()?,
        })
    }

    fn hub(&self, mut keys: Keys<'_>) -> Option<HubSettings> {
        let url = keys.need("url", "the address of the hub like `http://127.0.0.1:8080`");
        let url = url.and_then(|text| match Url::parse(&text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
            _ => {
                let cause = format!("`{text}` is not an http or https URL");
                keys.problem("url", cause, "write it like `http://127.0.0.1:8080`");
                None
            }
        });
        let key = self.secret(&mut keys, "key");
        let signing = if keys.has("signing_secret") || keys.has("signing_secret_file") {
            Some(self.signing(&mut keys))
        } else {
            None
        };
        keys.finish();
        Some(HubSettings {
            url: url?,
            key: key?,
            signing: match signing {
                Some(key) => Some(key?),
                None => None,
            },
        })
    }

    fn signing(&self, keys: &mut Keys<'_>) -> Option<SecretString> {
        let secret = self.secret(keys, "signing_secret")?;
        let signs = signature::sign(&secret, Scheme::Standard, "", 0, b"").is_some();
        if signs && secret.expose_secret().starts_with("whsec_") {
            return Some(secret);
        }
        keys.problem(
            "signing_secret",
            "not a signing secret",
            "write `whsec_` and base64, as the hub has it",
        );
        None
    }

    /// A value that stands in the file or in a file of its own.
    fn secret(&self, keys: &mut Keys<'_>, key: &str) -> Option<SecretString> {
        let in_file = format!("{key}_file");
        let cure = format!("give {in_file}, or {key} if nobody else reads this file");
        let text = match (keys.text(key), keys.text(&in_file)) {
            (Some(_), Some(_)) => {
                keys.problem(&in_file, format!("{key} is given as well"), "keep one of the two");
                return None;
            }
            (Some(text), None) => text,
            (None, Some(file)) => match fs::read_to_string(self.folder.join(&file)) {
                Ok(text) => text.trim().to_owned(),
                Err(error) => {
                    let cause = format!("cannot read {file}: {error}");
                    keys.problem(
                        &in_file,
                        cause,
                        "give a readable file with the value on its only line",
                    );
                    return None;
                }
            },
            (None, None) => {
                keys.missing(key, &cure);
                return None;
            }
        };
        if text.chars().count() < SECRET_CHARS_MIN || !text.bytes().all(|b| b.is_ascii_graphic()) {
            let cause = format!("not {SECRET_CHARS_MIN} or more visible ASCII characters");
            keys.problem(key, cause, "make one with `openssl rand -hex 32`");
            return None;
        }
        Some(text.into())
    }

    fn game(&self, mut keys: Keys<'_>) -> Option<Game> {
        let code = keys.need("code", "what the hub orders the game by, like `20`").filter(|code| {
            let fits = (1..=32).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_graphic());
            if !fits {
                keys.problem("code", "not 1 to 32 visible ASCII characters", "shorten it");
            }
            fits
        });
        let name = keys.text("name").or_else(|| code.clone());
        let kind = keys.text_or("kind", "casual");
        let folder = self.folder.join(keys.text_or("folder", "."));
        if !folder.is_dir() {
            let cause = format!("there is no folder {}", folder.display());
            keys.problem("folder", cause, "make it, or name another one");
        }
        let command = keys.need("command", "the program, with a path or from PATH");
        let command = command.and_then(|command| self.command(&mut keys, &command));
        let args = keys.list("args").map(|args| templates(&mut keys, "args", args));
        let env = keys.texts("env").map(|env| {
            let (names, words): (Vec<_>, Vec<_>) = env.into_iter().unzip();
            names.into_iter().zip(templates(&mut keys, "env", words)).collect::<Vec<_>>()
        });
        let ready = ready(&mut keys);
        if let (Some(Readiness::Port), Some(args), Some(env)) = (&ready, &args, &env)
            && !args
                .iter()
                .chain(env.iter().map(|(_, word)| word))
                .any(|word| word.names(Slot::Port))
        {
            let cause = "no word says {port}, so the game can't know where to listen";
            keys.problem("args", cause, "put {port} into args or env, or set ready_line");
        }
        let ready_within = keys.number("ready_seconds_max", 120, 1..=3_600);
        let stop_within = keys.number("stop_seconds_max", 10, 1..=600);
        let stop_signal = keys.parsed("stop_signal", "SIGTERM", "a signal like `SIGTERM`");
        let minutes_max = keys.number("minutes_max", 240, 1..=MINUTES_MAX);
        let servers_max = keys.number("servers_max", SERVERS_MAX, 1..=SERVERS_MAX);
        let makes_password = keys.switch("makes_password");
        let log_kib_max = keys.number("log_kib_max", 1_024, 4..=1_048_576);
        keys.finish();
        Some(Game {
            code: code?,
            name: name?,
            kind,
            command: command?,
            args: args?,
            env: env?,
            folder,
            ready: ready?,
            patience: Patience {
                ready: Duration::from_secs(ready_within?),
                stop: Duration::from_secs(stop_within?),
            },
            stop_signal: stop_signal?,
            minutes_max: u32::try_from(minutes_max?).ok()?,
            servers_max: usize::try_from(servers_max?).ok()?,
            makes_password: makes_password?,
            log_bytes_max: log_kib_max? * 1_024,
        })
    }

    fn command(&self, keys: &mut Keys<'_>, command: &str) -> Option<Command> {
        if command == "{self}" {
            return Some(Command::Own);
        }
        let found = if command.contains('/') {
            Some(self.folder.join(command)).filter(|file| is_program(file))
        } else {
            let folders = self.path.map(std::env::split_paths);
            let mut files = folders.into_iter().flatten().map(|folder| folder.join(command));
            files.find(|file| is_program(file))
        };
        if found.is_none() {
            let cause = format!("there is no program `{command}` that may be run");
            keys.problem("command", cause, "give its path, and make it executable");
        }
        found.map(Command::File)
    }
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn host(keys: &mut Keys<'_>) -> Option<String> {
    let host = keys.text_or("host", "127.0.0.1");
    let is_name = url::Host::parse(&host).is_ok() || IpAddr::from_str(&host).is_ok();
    if is_name && host.len() <= 255 {
        return Some(host);
    }
    keys.problem("host", format!("`{host}` is no address"), "give a name like `play.example.org`");
    None
}

fn ports(keys: &mut Keys<'_>) -> Option<RangeInclusive<u16>> {
    let text = keys.need("ports", "the ports for servers like `27000-27099`")?;
    let (first, last) = text.split_once('-').unwrap_or((&text, &text));
    match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
        (Ok(first), Ok(last)) if 0 < first && first <= last => Some(first..=last),
        _ => {
            let cause = format!("`{text}` is no range of ports");
            keys.problem("ports", cause, "write two numbers from 1 to 65535 like `27000-27099`");
            None
        }
    }
}

fn ready(keys: &mut Keys<'_>) -> Option<Readiness> {
    let line = keys.text("ready_line");
    if !keys.has("ready_after_seconds") {
        return match line {
            None => Some(Readiness::Port),
            Some(line) if (1..=200).contains(&line.len()) && !line.contains('\n') => {
                Some(Readiness::Line(line))
            }
            Some(_) => {
                let cure = "give a part of the line that the game prints when it is ready";
                keys.problem("ready_line", "not 1 to 200 bytes of one line", cure);
                None
            }
        };
    }
    let after = keys.number("ready_after_seconds", 1, 1..=600)?;
    if line.is_some() {
        keys.problem("ready_after_seconds", "ready_line is given as well", "keep one of the two");
        return None;
    }
    Some(Readiness::After(Duration::from_secs(after)))
}

fn templates(keys: &mut Keys<'_>, key: &str, words: Vec<String>) -> Vec<Template> {
    let mut templates = Vec::with_capacity(words.len());
    for word in words {
        match Template::parse(&word) {
            Ok(template) => templates.push(template),
            Err(error) => {
                let known: Vec<_> = NAMES.iter().map(|(name, _)| format!("{{{name}}}")).collect();
                let cure = match error {
                    TemplateError::Unknown(_) => format!("use one of {}", known.join(" ")),
                    TemplateError::Brace => "write {{ and }} for braces".to_owned(),
                };
                keys.problem(key, format!("`{word}`: {error}"), &cure);
            }
        }
    }
    templates
}

#[cfg(test)]
mod tests;
