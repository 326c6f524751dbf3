//! An orchestrator in a box: the real program with games of the test's own, and a hub that only listens.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::{Api, Reply};

/// What the orchestrator must be asked with.
pub(crate) const TOKEN: &str = "3c1f9a7e5b2d4068a1c3e5f7";
/// What it must present to the hub.
pub(crate) const KEY: &str = "tbk_77c1f9a7e5b2d4068a1c3e5f7";
/// How long something may take that does not depend on the test's own times.
const PATIENCE: Duration = Duration::from_secs(30);
/// The events after which nothing comes any more.
pub(crate) const ENDS: [&str; 4] = ["stopped", "exited", "killed", "launch_failed"];

/// How the hub answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It takes everything.
    Well,
    /// It takes nothing now.
    Down,
    /// It knows no session.
    Ignorant,
    /// It takes everything and wants the server stopped.
    Tired,
    /// It never takes anything.
    Strict,
    /// Something else stands where it should be.
    Replaced,
}

/// A callback, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) session: String,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
    /// Whether it was answered with 200.
    pub(crate) taken: bool,
}

/// A hub that listens to callbacks.
#[derive(Clone)]
pub(crate) struct FakeHub {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
    mood: Arc<Mutex<Mood>>,
}

impl FakeHub {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hub = Self { url, heard: Arc::default(), mood: Arc::new(Mutex::new(Mood::Well)) };
        let path = "/api/subscriptions/server-sessions/{id}/orchestrator-event/";
        let app = Router::new().route(path, post(hear)).with_state(hub.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        hub
    }

    pub(crate) fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// Everything that came, refused and repeated callbacks too.
    pub(crate) fn all(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// What the hub took of a session, each event once, in the order of its first coming. Signs of life are left out.
    pub(crate) fn story(&self, session: &str) -> Vec<Value> {
        let mut story: Vec<Value> = Vec::new();
        for heard in self.all().into_iter().filter(|heard| heard.taken && heard.session == session)
        {
            match story.iter().find(|known| known["event_id"] == heard.body["event_id"]) {
                Some(known) => assert_eq!(*known, heard.body, "one id, two events"),
                None if heard.body["event"] == "heartbeat" => {}
                None => story.push(heard.body),
            }
        }
        story
    }

    /// The names of the events of [`Self::story`].
    pub(crate) fn names(&self, session: &str) -> Vec<String> {
        let story = self.story(session);
        story.iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits for an event of a session.
    pub(crate) async fn hears(&self, session: &str, event: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut heard = self.all().into_iter().filter(|heard| heard.taken);
            let found = heard.find(|one| one.session == session && one.body["event"] == event);
            if let Some(found) = found {
                return found.body;
            }
            let told = self.names(session);
            assert!(Instant::now() < deadline, "{session} was not told {event}, but {told:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for the end of a session and gives it.
    pub(crate) async fn hears_end(&self, session: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let end = self
                .story(session)
                .into_iter()
                .find(|event| ENDS.contains(&event["event"].as_str().unwrap()));
            if let Some(end) = end {
                return end;
            }
            assert!(Instant::now() < deadline, "{session} does not end: {:?}", self.names(session));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn hear(
    State(hub): State<FakeHub>,
    Path(session): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mood = *hub.mood.lock().unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    let taken = matches!(mood, Mood::Well | Mood::Tired);
    let id = body["event_id"].clone();
    hub.heard.lock().unwrap().push(Heard { session, headers, text, body, taken });
    let failed = |status: StatusCode, code: &str| {
        let body = json!({"success": false, "code": code, "message": "no"});
        (status, Json(body)).into_response()
    };
    match mood {
        Mood::Well => {
            Json(json!({"success": true, "event_id": id, "status": "processed"})).into_response()
        }
        Mood::Tired => Json(json!({"success": true, "commands": ["stop"]})).into_response(),
        Mood::Down => failed(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
        Mood::Ignorant => failed(StatusCode::NOT_FOUND, "SESSION_NOT_FOUND"),
        Mood::Strict => failed(StatusCode::BAD_REQUEST, "INVALID_EVENT"),
        Mood::Replaced => (StatusCode::NOT_FOUND, "<html>nothing here</html>").into_response(),
    }
}

/// Games that do what a test needs, as tables of `games.toml`.
pub(crate) const GAMES: &str = r#"
[[games]]
code = "dice"
name = "Dice"
command = "{self}"
args = ["dev", "game", "--port", "{port}", "--password", "{password}", "--name", "{comment}"]
makes_password = true

[[games]]
code = "quick"
command = "sh"
args = ["-c", "echo up; exec sleep 1000"]
ready_line = "up"

[[games]]
code = "crash"
command = "sh"
args = ["-c", "echo up; sleep 1.5; exit 3"]
ready_line = "up"

[[games]]
code = "stubborn"
command = "sh"
args = ["-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"]
ready_line = "up"
stop_seconds_max = 1

[[games]]
code = "dud"
command = "sh"
args = ["-c", "exit 5"]
ready_line = "up"

[[games]]
code = "never"
command = "sh"
args = ["-c", "exec sleep 1000"]
ready_line = "up"
ready_seconds_max = 1
kind = "ranked"
minutes_max = 30

[[games]]
code = "single"
command = "sh"
args = ["-c", "echo up; exec sleep 1000"]
ready_line = "up"
kind = "ranked"
servers_max = 1
"#;

/// An orchestrator that can be killed and started again. Dropping it ends it and all its games.
pub(crate) struct Orchestra {
    dir: TempDir,
    child: Option<Child>,
    api: Api,
}

impl Orchestra {
    /// Starts one for a hub, with lines more at the top of its file and in the table of its hub.
    pub(crate) fn start(hub_url: &str, key: &str, top: &str, in_hub: &str) -> Self {
        let dir = super::site::directory();
        let anywhere = if top.contains("listen =") { "" } else { "listen = \"127.0.0.1:0\"" };
        let text = format!(
            "{anywhere}\ntoken = \"{TOKEN}\"\n{top}\n\
             [hub]\nurl = \"{hub_url}\"\nkey = \"{key}\"\n{in_hub}\n{GAMES}"
        );
        // By this the games of this orchestrator are known among all processes.
        let mark = format!("env = {{ TOLLBELL_TEST_DIR = \"{}\" }}\ncommand", dir.path().display());
        let text = text.replace("\ncommand", &format!("\n{mark}"));
        fs::write(dir.path().join("games.toml"), text).unwrap();
        let mut orchestra = Self { dir, child: None, api: Api::new("http://nowhere", None) };
        orchestra.up();
        orchestra
    }

    /// One with a few ports and a heart that beats each second.
    pub(crate) fn of(hub: &FakeHub) -> Self {
        Self::start(&hub.url, KEY, &format!("ports = \"{}\"\nheartbeat_seconds = 1", ports(12)), "")
    }

    /// Starts it again.
    pub(crate) fn up(&mut self) {
        assert!(self.child.is_none());
        let mut child = Command::new(env!("CARGO_BIN_EXE_tollbell"))
            .args(["orchestrator", "--log-format", "text", "--config"])
            .arg(self.dir.path().join("games.toml"))
            .stdout(Stdio::piped())
            .stderr(Stdio::from(
                fs::File::options().append(true).create(true).open(self.log()).unwrap(),
            ))
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().and_then(Result::ok);
        let url = line.as_deref().and_then(|line| line.split_once(" on ")).map(|(_, url)| url);
        let Some(url) = url else { panic!("it did not start:\n{}", self.said()) };
        thread::spawn(move || lines.for_each(drop));
        self.api = Api::new(url, Some(TOKEN));
        self.child = Some(child);
    }

    /// Kills it as a crash would.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends it in good order.
    pub(crate) async fn end(&mut self) {
        let mut child = self.child.take().expect("it runs");
        kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        // The hub must be able to answer meanwhile.
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        assert!(status.success(), "{status}\n{}", self.said());
    }

    pub(crate) fn api(&self) -> &Api {
        &self.api
    }

    /// Its address, for a hub.
    pub(crate) fn url(&self) -> &str {
        self.api.url()
    }

    /// Orders a server for a session.
    pub(crate) async fn order(&self, session: &str, game: &str) -> Reply {
        self.api.post_keyed("/v1/servers", session, &order(session, game)).await
    }

    /// Orders a server that must be there.
    pub(crate) async fn launched(&self, session: &str, game: &str) -> Value {
        let reply = self.order(session, game).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body
    }

    /// Tells a server to stop.
    pub(crate) async fn stop(&self, id: &str, reason: &str) -> Reply {
        self.api.post(&format!("/v1/servers/{id}/stop"), &json!({"reason": reason})).await
    }

    /// The file of the server of a session.
    pub(crate) fn file(&self, session: &str) -> PathBuf {
        let files = fs::read_dir(self.state().join("servers")).unwrap();
        let paths = files.map(|entry| entry.unwrap().path());
        // A kill may have left half of another one beside it.
        let mut paths = paths.filter(|path| path.extension().is_some_and(|word| word == "json"));
        paths
            .find(|path| fs::read_to_string(path).is_ok_and(|text| text.contains(session)))
            .unwrap()
    }

    /// Its state folder.
    pub(crate) fn state(&self) -> PathBuf {
        self.dir.path().join("orchestrator-state")
    }

    /// The processes of its games that live.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let mark = format!("TOLLBELL_TEST_DIR={}", self.dir.path().display());
        let numbers = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            entry.unwrap().file_name().to_str().and_then(|name| name.parse::<i32>().ok())
        });
        let ours = |pid: &i32| {
            // A process that ended has no environment any more.
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
        };
        numbers.filter(ours).collect()
    }

    /// Waits until so many processes live.
    pub(crate) async fn has_processes(&self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        while self.processes().len() != count {
            assert!(Instant::now() < deadline, "{:?} live, not {count}", self.processes());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Servers by their session and their state.
    pub(crate) async fn states(&self) -> BTreeMap<String, String> {
        let reply = self.api.get("/v1/servers").await;
        let servers = reply.body["servers"].as_array().unwrap().iter();
        let text = |server: &Value, name: &str| server[name].as_str().unwrap().to_owned();
        servers.map(|one| (text(one, "websiteServerSessionId"), text(one, "state"))).collect()
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("orchestrator.log")
    }

    fn said(&self) -> String {
        let mut text = String::new();
        let _ = fs::File::open(self.log()).and_then(|mut file| file.read_to_string(&mut text));
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

impl Drop for Orchestra {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        for pid in self.processes() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        if thread::panicking() {
            eprintln!("the log of the orchestrator:\n{}", self.said());
        }
    }
}

/// The body of an order, as a hub sends it.
pub(crate) fn order(session: &str, game: &str) -> Value {
    json!({
        "kind": if ["never", "single"].contains(&game) { "ranked" } else { "casual" }, "gameCode": game,
        "websiteServerSessionId": session, "requestedMinutes": 10, "maxMinutes": 10,
        "comment": "Ada's", "launchSource": "website",
        "actor": {"type": "website_user", "discordUserId": "2002", "displayName": "Ada"},
    })
}

/// A range of ports that nobody uses now: below those that the system gives out by itself.
pub(crate) fn ports(count: u16) -> String {
    static NEXT: std::sync::atomic::AtomicU16 = std::sync::atomic::AtomicU16::new(0);
    let slot = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    // Test programs that run at the same time begin at different places.
    let base = 12_000 + u16::try_from(std::process::id() % 40).unwrap() * 400;
    let first = base + (slot % 25) * 16;
    format!("{first}-{}", first + count - 1)
}
