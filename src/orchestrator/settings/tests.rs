//! The rulebook of `games.toml`: what is read, and what a mistake is answered with.

use super::*;

const TOKEN: &str = "0b5e7a1c94d2f38846a1";

/// A file in which everything is as it should be, with lines more at the top, in the hub and in the game.
fn text(top: &str, hub: &str, game: &str) -> String {
    format!(
        "token = \"{TOKEN}\"\nports = \"27000-27009\"\n{top}\n\
         [hub]\nurl = \"http://127.0.0.1:8080\"\nkey = \"tbk_{TOKEN}\"\n{hub}\n\
         [[games]]\ncode = \"20\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"{{port}}\"]\n{game}\n"
    )
}

fn read(text: &str) -> Result<Settings, Vec<Problem>> {
    Settings::parse(text, Path::new("/"), Some(OsStr::new("/usr/bin:/bin")))
}

#[test]
fn what_is_not_written_has_a_default() {
    let settings = read(&text("", "", "")).unwrap();
    assert_eq!(settings.listen, "127.0.0.1:8082".parse().unwrap());
    assert_eq!(settings.state_dir, Path::new("/orchestrator-state"));
    assert_eq!((settings.host.as_str(), settings.ports), ("127.0.0.1", 27_000..=27_009));
    assert_eq!((settings.servers_max, settings.heartbeat), (16, Duration::from_secs(30)));
    assert!(!settings.stop_with_me && settings.hub.signing.is_none());
    let [game] = settings.games.as_slice() else { panic!("one game") };
    assert_eq!((game.name.as_str(), game.kind.as_str()), ("20", "casual"));
    assert_eq!(game.command, Command::File("/bin/sh".into()));
    assert_eq!((game.ready.clone(), game.stop_signal), (Readiness::Port, Signal::SIGTERM));
    assert_eq!(game.patience.ready, Duration::from_mins(2));
    assert_eq!(game.folder, Path::new("/."));
}

#[test]
fn what_is_written_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("key"), format!("tbk_file{TOKEN}\n")).unwrap();
    let text = text(
        "listen = \"0.0.0.0:1\"\nhost = \"play.example.org\"\nservers_max = 3\nstop_with_me = true",
        "signing_secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"",
        "name = \"Push Back\"\nready_line = \"Server started\"\nstop_signal = \"SIGINT\"\nenv = { A = \"{comment}\" }\n\
         ready_seconds_max = 5\nminutes_max = 60\nmakes_password = true\nlog_kib_max = 8\nservers_max = 2\nkind = \"ranked\"",
    );
    let text = text.replace(&format!("key = \"tbk_{TOKEN}\""), "key_file = \"key\"");
    let settings = Settings::parse(&text, dir.path(), None).unwrap();
    assert_eq!(settings.hub.key.expose_secret(), format!("tbk_file{TOKEN}"));
    assert!(settings.hub.signing.is_some());
    assert!(settings.stop_with_me);
    let game = settings.games.first().unwrap();
    assert_eq!(game.ready, Readiness::Line("Server started".into()));
    assert_eq!((game.stop_signal, game.minutes_max), (Signal::SIGINT, 60));
    assert_eq!((game.log_bytes_max, game.makes_password, game.servers_max), (8_192, true, 2));
    assert_eq!(game.env.first().map(|(name, _)| name.as_str()), Some("A"));
    assert_eq!(
        (game.kind.as_str(), settings.state_dir),
        ("ranked", dir.path().join("orchestrator-state"))
    );
}

#[test]
fn programs_are_found_as_a_shell_finds_them() {
    let command = |word: &str| {
        let text = text("", "", "").replace("\"/bin/sh\"", &format!("\"{word}\""));
        read(&text).map(|settings| settings.games.first().unwrap().command.clone())
    };
    assert!(matches!(command("sh").unwrap(), Command::File(path) if path.ends_with("bin/sh")));
    assert_eq!(command("bin/sh").unwrap(), Command::File("/bin/sh".into()));
    assert_eq!(command("{self}").unwrap(), Command::Own);
    for word in ["no-such-program", "/etc/passwd", "/bin", ""] {
        assert!(command(word).is_err(), "{word}");
    }
}

/// A line in a place, then the place that the answer names, a part of its cause, a part of its cure.
const MISTAKES: &[(Place, &str, &str, &str, &str)] = &[
    (Place::Top, "listen = \"8090\"", "listen", "cannot use `8090`", "127.0.0.1:8082"),
    (Place::Top, "listen = 8090", "listen", "not a text", "listen = \"…\""),
    (Place::Top, "servers_max = 0", "servers_max", "from 1 to 10000", "servers_max = 16"),
    (Place::Top, "servers_max = \"3\"", "servers_max", "not a whole number", "servers_max = 16"),
    (Place::Top, "heartbeat_seconds = -1", "heartbeat_seconds", "from 1 to 300", "= 30"),
    (Place::Top, "host = \"a b\"", "host", "`a b` is no address", "play.example.org"),
    (Place::Top, "stop_with_me = \"yes\"", "stop_with_me", "not true or false", "without quotes"),
    (Place::Top, "serversmax = 3", "serversmax", "no key has this name", "servers_max"),
    (Place::Hub, "keys = 1", "keys in [hub]", "no key has this name", "key, key_file"),
    (Place::Hub, "key_file = \"x\"", "key_file in [hub]", "key is given as well", "keep one"),
    (
        Place::Hub,
        "signing_secret = \"whsec_?????????????\"",
        "signing_secret in [hub]",
        "not a signing secret",
        "whsec_",
    ),
    (Place::Game, "folder = \"/nowhere\"", "folder of game `20`", "no folder /nowhere", "make it"),
    (Place::Game, "minutes_max = 20000", "minutes_max of game `20`", "from 1 to 10080", "= 240"),
    (Place::Game, "stop_signal = \"TERM\"", "stop_signal of game `20`", "`TERM`", "SIGTERM"),
    (Place::Game, "env = { A = 1 }", "env of game `20`", "not a table of texts", "NAME"),
    (Place::Game, "env = { A = \"{prot}\" }", "env of game `20`", "{prot}", "{port}"),
    (Place::Game, "env = { A = \"{\" }", "env of game `20`", "a brace stands alone", "{{"),
    (Place::Game, "ready_line = \"\"", "ready_line of game `20`", "not 1 to 200", "a part of the"),
    (
        Place::Game,
        "ready_line = \"x\"\nready_after_seconds = 1",
        "ready_after_seconds of game `20`",
        "ready_line is given",
        "keep one",
    ),
    (Place::Game, "cmd = \"x\"", "cmd of game `20`", "no key has this name", "command"),
    (
        Place::Game,
        "[[games]]\ncode = \"20\"\ncommand = \"/bin/sh\"\nready_line = \"x\"",
        "games",
        "two games have the code `20`",
        "rename",
    ),
    (
        Place::Game,
        "[[games]]\ncommand = \"/bin/sh\"",
        "code of game number 2",
        "missing",
        "like `20`",
    ),
];

#[derive(Clone, Copy)]
enum Place {
    Top,
    Hub,
    Game,
}

#[track_caller]
fn assert_told(text: &str, place: &str, cause: &str, cure: &str) {
    let problems = read(text).expect_err(text);
    let fits = problems.iter().any(|problem| {
        problem.place == place && problem.cause.contains(cause) && problem.cure.contains(cure)
    });
    assert!(fits, "{text}\nis answered with {problems:#?}");
}

#[test]
fn a_mistake_is_answered_with_place_cause_and_cure() {
    for (where_, line, place, cause, cure) in MISTAKES {
        let text = match where_ {
            Place::Top => text(line, "", ""),
            Place::Hub => text("", line, ""),
            Place::Game => text("", "", line),
        };
        assert_told(&text, place, cause, cure);
    }
}

#[test]
fn what_is_missing_or_wrong_in_its_place_is_told() {
    let good = text("", "", "");
    for (from, to, place, cause, cure) in [
        (format!("token = \"{TOKEN}\""), "", "token", "missing", "token_file"),
        (format!("token = \"{TOKEN}\""), "token = \"short\"", "token", "not 16", "openssl"),
        (
            format!("token = \"{TOKEN}\""),
            "token_file = \"no/t\"",
            "token_file",
            "cannot read",
            "readable",
        ),
        ("ports = \"27000-27009\"".into(), "", "ports", "missing", "27000-27099"),
        ("27000-27009".into(), "27009-27000", "ports", "no range", "two numbers"),
        ("27000-27009".into(), "0-5", "ports", "no range", "1 to 65535"),
        ("27000-27009".into(), "1-70000", "ports", "no range", "1 to 65535"),
        (
            "http://127.0.0.1:8080".into(),
            "127.0.0.1:8080",
            "url in [hub]",
            "is not an http",
            "http://",
        ),
        ("url = \"http://127.0.0.1:8080\"".into(), "", "url in [hub]", "missing", "http://"),
        ("[hub]".into(), "[hob]", "hub", "missing", "[hub]"),
        ("[hub]".into(), "[hob]", "hob", "no key has this name", "hub"),
        ("[[games]]".into(), "[games]", "games", "not a list of tables", "[[games]]"),
        ("code = \"20\"".into(), "code = \"2 0\"", "code of game `2 0`", "not 1 to 32", "shorten"),
        ("\"/bin/sh\"".into(), "\"/bin/none\"", "command of game `20`", "no program", "path"),
        ("{port}".into(), "x", "args of game `20`", "no word says {port}", "ready_line"),
        (
            "[\"-c\", \"{port}\"]".into(),
            "\"-c {port}\"",
            "args of game `20`",
            "not a list",
            "args = [",
        ),
        ("token =".into(), "token", "line 1", "not TOML", "key = value"),
    ] {
        assert!(good.contains(&from), "{from}");
        assert_told(&good.replacen(&from, to, 1), place, cause, cure);
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = "listen = 1\nports = \"x\"\n[hub]\nurl = \"x\"\n[[games]]\ncode = \"1\"\nodd = 1\n";
    let places: Vec<_> = read(text).unwrap_err().into_iter().map(|problem| problem.place).collect();
    for place in [
        "listen",
        "token",
        "ports",
        "url in [hub]",
        "key in [hub]",
        "command of game `1`",
        "odd of game `1`",
    ] {
        assert!(places.contains(&place.to_owned()), "{place} is missing among {places:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let problems = Settings::read(Path::new("/nowhere/games.toml"), None).unwrap_err();
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert!(problem.to_string().starts_with("/nowhere/games.toml: cannot read it"), "{problem}");
}

#[test]
fn secrets_are_not_printed() {
    let signing = "signing_secret = \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"";
    let shown = format!("{:?}", read(&text("", signing, "")).unwrap());
    assert!(!shown.contains(TOKEN) && !shown.contains("49, 242"), "{shown}");
}
