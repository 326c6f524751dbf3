//! The program as its users start it: what it prints, where, and with which exit code. No database is needed here.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program that can't be run is a failed test"
)]

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

/// How long any one step may take.
const STEP_WAIT_MAX: Duration = Duration::from_secs(20);

/// The program, without anything that this environment says.
fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tollbell"));
    command.args(args).env_clear().env("HOME", "/nowhere").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = program(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn mistakes_end_with_2_and_say_what_to_do() {
    for (args, said) in [
        (["check-config", "--admin-key=short"].as_slice(), "error: admin_key: "),
        (&["check-config", "--listen=nowhere"], "error: --listen: "),
        (&["check-config", "--no-such-flag"], "unexpected argument"),
        (&["tail"], "<TOPIC>"),
        (&["token", "create", "shop", "--scopes=everything"], "everything"),
    ] {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {err}");
        assert!(err.contains(said), "{args:?}: {err}");
    }
}

#[test]
fn settings_that_fit_together_are_said_to() {
    let (code, out, err) = run(&["check-config"]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "the settings fit together\n", ""));
}

#[test]
fn every_mistake_in_the_settings_is_a_line() {
    let (code, _, err) = run(&["check-config", "--admin-key=short", "--trusted-proxies=0.0.0.0/0"]);
    assert_eq!(code, Some(2));
    assert_eq!(err.lines().filter(|line| line.starts_with("error: ")).count(), 2, "{err}");
}

#[test]
fn the_settings_print_as_a_table() {
    let (code, out, _) = run(&["config-doc"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("| flag | variable | TOML key |"), "{out}");
    assert!(
        out.contains("| `--listen` | `TOLLBELL_LISTEN` | `listen` | `127.0.0.1:8080` |"),
        "{out}"
    );
}

#[test]
fn the_api_prints_as_openapi() {
    let (code, out, _) = run(&["openapi"]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(0));
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(document["paths"]["/api/v1/payments"]["post"].is_object());
}

#[test]
fn the_realtime_doors_print_as_asyncapi() {
    let (code, out, _) = run(&["asyncapi"]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(0));
    assert!(document["asyncapi"].is_string() && out.contains("payment.made"), "{out}");
}

#[test]
fn a_place_without_a_database_is_an_error_with_its_cause() {
    let nowhere = "--database-url=postgres://nobody@127.0.0.1:1/none";
    for args in [["migrate", "--check"].as_slice(), &["verify-ledger"], &["token", "list"]] {
        let (code, out, err) = run(&[args, &[nowhere]].concat());
        assert_eq!((code, out.as_str()), (Some(1), ""), "{args:?}: {err}");
        assert!(err.starts_with("error: ") && err.contains("refused"), "{args:?}: {err}");
    }
}

#[test]
fn the_doctor_reports_what_it_can_not_reach() {
    let args = ["doctor", "--json", "--database-url=postgres://nobody@127.0.0.1:1/none"];
    let (code, out, _) = run(&args);
    let findings: Value = serde_json::from_str(&out).unwrap();
    let database =
        findings.as_array().unwrap().iter().find(|one| one["check"] == "database").unwrap();
    assert_eq!((code, &database["level"]), (Some(2), &json!("fail")));
    assert!(database["cure"].is_string());
}

#[test]
fn the_doctor_makes_no_database() {
    let dir = tempfile::tempdir().unwrap();
    let (code, out, _) = run(&["doctor", "--data-dir", dir.path().to_str().unwrap()]);
    assert!(matches!(code, Some(1 | 2)), "{out}");
    assert!(out.contains("start the hub once"), "{out}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// A hub of one connection that says what the test tells it to.
struct Hub {
    listener: TcpListener,
}

impl Hub {
    async fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        (Self { listener }, url)
    }

    /// Takes a connection and greets it; gives its subscription too.
    async fn greet(&self) -> (WebSocketStream<TcpStream>, Value) {
        let (stream, _) = within(self.listener.accept()).await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        say(&mut socket, &json!({"type": "welcome", "epoch": "e7", "ping_s": 25})).await;
        let asked = within(socket.next()).await.unwrap().unwrap();
        (socket, serde_json::from_str(asked.to_text().unwrap()).unwrap())
    }
}

async fn within<T>(step: impl Future<Output = T>) -> T {
    tokio::time::timeout(STEP_WAIT_MAX, step).await.expect("a step took too long")
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: &Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

fn event(seq: u64) -> Value {
    let topics = ["wallet:k8juvewcui"];
    let data = json!({"address": "k8juvewcui", "version": seq});
    json!({"type": "event", "seq": seq, "kind": "wallet.locked", "topics": topics, "at": "2026-11-22T01:00:00.123Z", "data": data})
}

fn tail(url: &str, args: &[&str]) -> Child {
    let args = [&["tail", "wallet:k8juvewcui", "--url", url], args].concat();
    program(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[tokio::test]
async fn tail_begins_where_it_is_told_and_resumes_by_itself() {
    let (hub, url) = Hub::start().await;
    let mut child = tail(&url, &["--since=40", "--kinds=wallet.*", "--json"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = move || lines.next().unwrap().unwrap();
    for (since, next) in [(40, 41), (41, 42)] {
        let (mut socket, asked) = hub.greet().await;
        let place = (&asked["epoch"], &asked["since"], &asked["kinds"]);
        assert_eq!(place, (&json!("e7"), &json!(since), &json!(["wallet.*"])));
        let answer = json!({"type": "subscribed", "id": asked["id"], "topics": asked["topics"], "mode": "resumed", "from": next, "head": next});
        say(&mut socket, &answer).await;
        say(&mut socket, &event(next)).await;
        let printed: Value = serde_json::from_str(&line()).unwrap();
        assert_eq!(printed, event(next));
    }
    // SIGINT: what Ctrl-C sends.
    nix::sys::signal::kill(
        nix::unistd::Pid::from_raw(child.id().try_into().unwrap()),
        nix::sys::signal::Signal::SIGINT,
    )
    .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut notes = String::new();
    child.stderr.take().unwrap().read_to_string(&mut notes).unwrap();
    assert!(notes.contains("tail: reconnecting in "), "{notes}");
}

#[tokio::test]
async fn tail_ends_quietly_when_its_reader_has_seen_enough() {
    let (hub, url) = Hub::start().await;
    let mut child = tail(&url, &[]);
    drop(child.stdout.take());
    let (mut socket, asked) = hub.greet().await;
    assert_eq!(asked["since"], Value::Null);
    let answer = json!({"type": "subscribed", "id": asked["id"], "topics": asked["topics"], "mode": "live", "from": 51, "head": 50});
    say(&mut socket, &answer).await;
    say(&mut socket, &event(51)).await;
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let notes = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(0), "{notes}");
    assert!(!notes.contains("error"), "{notes}");
}

#[tokio::test]
async fn tail_fails_when_it_may_not_listen() {
    let (hub, url) = Hub::start().await;
    let child = tail(&url, &[]);
    let (mut socket, asked) = hub.greet().await;
    let refusal = json!({"type": "error", "id": asked["id"], "code": "forbidden", "message": "not yours", "retry": false});
    say(&mut socket, &refusal).await;
    let Output { status, stderr, stdout } = child.wait_with_output().unwrap();
    assert_eq!((status.code(), stdout), (Some(1), Vec::new()));
    let notes = String::from_utf8(stderr).unwrap();
    assert!(notes.contains("error: could not listen to wallet:k8juvewcui at "), "{notes}");
    assert!(notes.contains("(forbidden): not yours"), "{notes}");
}

/// The example of the README is a file that can be used as it stands.
#[test]
fn the_games_of_the_readme_can_be_run() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, behind) = readme.split_once("`games.toml`:").unwrap();
    let toml = behind.split("```").nth(1).and_then(|block| block.strip_prefix("toml\n")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("games.toml", toml);
    let file = dir.path().join("games.toml");
    let check = |args: &[&str]| {
        let mut command =
            program(&[&["orchestrator", "--config", file.to_str().unwrap()], args].concat());
        let Output { status, stdout, stderr } =
            command.env("PATH", "/usr/bin:/bin").output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    };
    let (code, out, err) = check(&["--check"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(err.lines().filter(|line| line.contains("_file")).count(), 2, "{err}");
    write("orchestrator.token", "0b5e7a1c94d2f38846a1\n");
    write("hub.key", "tbk_0b5e7a1c94d2f38846a1\n");
    let (code, out, err) = check(&["--check"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.ends_with("is as it should be: dice, echo\n"), "{out}");
}

#[test]
fn an_orchestrator_needs_its_games() {
    let (code, _, err) = run(&["orchestrator"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("--config"), "{err}");
    let (code, _, err) = run(&["orchestrator", "--config", "/nowhere/games.toml"]);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: /nowhere/games.toml: cannot read it"), "{err}");
}
