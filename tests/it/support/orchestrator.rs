//! An orchestrator that does what a test wants: works, refuses, is slow, talks nonsense, answers too late. It remembers
//! what it was told, and one order is one server however often it comes.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle, time::sleep};

use super::{Api, Hub, Reply, Site};

/// What the hub proves itself with.
const TOKEN: &str = "orchestrator-7d1f0c9b2e";

/// How an orchestrator answers.
#[derive(Debug, Clone)]
pub(crate) enum Mood {
    /// As it should.
    Works,
    /// With a status and a body; nothing is launched.
    Refuses(u16, &'static str),
    /// With a status and a body, so many times; then as it should.
    RefusesFirst(usize, u16, &'static str),
    /// As it should, but not before so long.
    Late(Duration),
    /// Launches and answers with this instead of JSON.
    Garbage(&'static str),
    /// Launches and hangs up without an answer.
    HangsUp,
    /// Reports this of the session, and waits until the hub has heard it, before it answers.
    ReportsFirst(Value),
}

/// A call that came.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The path.
    pub(crate) path: String,
    /// The `Idempotency-Key`.
    pub(crate) key: Option<String>,
    /// The body.
    pub(crate) body: Value,
}

/// What it knows of one server.
#[derive(Debug, Clone)]
struct Server {
    id: String,
    lives: bool,
}

struct Inside {
    mood: Mood,
    calls: Vec<Call>,
    /// By session.
    servers: HashMap<String, Server>,
    stop: Mood,
    /// Reports go here.
    hub: Option<Api>,
    reports: u64,
    /// Whether it tells which servers live.
    tells: bool,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Orchestrator {
    inside: Arc<Mutex<Inside>>,
    address: SocketAddr,
    task: Arc<Task>,
}

/// The listener; it ends with the last of those who hold it.
struct Task(Mutex<Option<JoinHandle<()>>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.lock().take().inspect(JoinHandle::abort);
    }
}

impl Orchestrator {
    /// One that works.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inside = Arc::new(Mutex::new(Inside {
            mood: Mood::Works,
            calls: Vec::new(),
            servers: HashMap::new(),
            stop: Mood::Works,
            hub: None,
            reports: 0,
            tells: false,
        }));
        let task = Task(Mutex::new(Some(serve(listener, Arc::clone(&inside)))));
        Self { inside, address, task: Arc::new(task) }
    }

    /// A hub that knows it, with these flags more.
    pub(crate) async fn hub(&self, site: &Site, flags: &[&str]) -> Hub {
        let base = format!("http://{}/", self.address);
        let own = ["--orchestrator-api-base-url", &base, "--orchestrator-api-token", TOKEN];
        let hub = site.hub(&[&own, flags].concat()).await;
        self.inside.lock().hub = Some(hub.admin());
        hub
    }

    /// How it answers from now on.
    pub(crate) fn is(&self, mood: Mood) {
        self.inside.lock().mood = mood;
    }

    /// How it answers from now on when it is told to stop a server.
    pub(crate) fn stops(&self, mood: Mood) {
        self.inside.lock().stop = mood;
    }

    /// Tells from now on which servers live.
    pub(crate) fn tells(&self) {
        self.inside.lock().tells = true;
    }

    /// Ends its listener: nobody answers any more.
    pub(crate) async fn goes_down(&self) {
        let task = self.task.0.lock().take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    /// Listens again where it was.
    pub(crate) async fn comes_back(&self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        *self.task.0.lock() = Some(serve(listener, Arc::clone(&self.inside)));
    }

    /// The calls whose path ends so.
    pub(crate) fn calls(&self, end: &str) -> Vec<Call> {
        let inside = self.inside.lock();
        inside.calls.iter().filter(|call| call.path.ends_with(end)).cloned().collect()
    }

    /// How many servers live.
    pub(crate) fn living(&self) -> usize {
        self.inside.lock().servers.values().filter(|server| server.lives).count()
    }

    /// What it calls the server of a session.
    pub(crate) fn name(&self, session: &str) -> String {
        self.inside.lock().servers[session].id.clone()
    }

    /// Reports an event of a session with a fresh id.
    pub(crate) async fn reports(&self, session: &str, event: &str, more: Value) -> Reply {
        let (hub, id) = {
            let mut inside = self.inside.lock();
            inside.reports += 1;
            (inside.hub.clone().unwrap(), inside.reports)
        };
        let mut body = json!({"event_id": format!("evt-{id}"), "event": event});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        report(&hub, session, &body).await
    }
}

/// Reports exactly this of a session.
pub(crate) async fn report(hub: &Api, session: &str, body: &Value) -> Reply {
    let path = format!("/api/subscriptions/server-sessions/{session}/orchestrator-event/");
    hub.post(&path, body).await
}

fn serve(listener: TcpListener, inside: Arc<Mutex<Inside>>) -> JoinHandle<()> {
    let app = Router::new()
        .route("/v1/games", get(games))
        .route("/v1/servers", get(list).post(launch))
        .route("/v1/servers/{id}/stop", post(stop))
        .with_state(inside)
        // So that nobody is served any more by one that has gone down.
        .layer(map_response(async |mut response: Response| {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() })
}

type Shared = State<Arc<Mutex<Inside>>>;

async fn games(State(inside): Shared, headers: HeaderMap) -> Response {
    let mood = note(&inside, "/v1/games", &headers, &Bytes::new());
    let games = json!({"games": [{"gameCode": "21", "name": "Decode"}]});
    answer(&inside, mood, games, None).await
}

async fn list(State(inside): Shared) -> Response {
    let inside = inside.lock();
    if !inside.tells {
        return StatusCode::NOT_FOUND.into_response();
    }
    let servers = inside.servers.iter().map(|(session, server)| {
        let state = if server.lives { "running" } else { "stopped" };
        json!({"id": server.id, "state": state, "websiteServerSessionId": session})
    });
    axum::Json(json!({"servers": servers.collect::<Vec<_>>()})).into_response()
}

async fn launch(State(inside): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let mood = note(&inside, "/v1/servers", &headers, &body);
    let order: Value = serde_json::from_slice(&body).unwrap();
    let session = order["websiteServerSessionId"].as_str().unwrap().to_owned();
    if let Mood::Refuses(status, body) | Mood::RefusesFirst(_, status, body) = mood {
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    let server = {
        let mut inside = inside.lock();
        let next = inside.servers.len() + 1;
        let new = || Server { id: format!("orch/{next}"), lives: true };
        inside.servers.entry(session.clone()).or_insert_with(new).clone()
    };
    let password = order["password"].as_str().unwrap_or("generated");
    let details = json!({"session": {
        "id": server.id, "state": "launching", "host": "play.example.org", "port": 11_115, "password": password,
    }});
    answer(&inside, mood, details, Some(&session)).await
}

async fn stop(
    State(inside): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    note(&inside, &format!("/v1/servers/{id}/stop"), &headers, &body);
    let mood = inside.lock().stop.clone();
    if let Mood::Refuses(status, body) = mood {
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    if let Some(server) = inside.lock().servers.values_mut().find(|server| server.id == id) {
        server.lives = false;
    }
    answer(&inside, mood, json!({}), None).await
}

/// Writes a call down and says how it is answered.
fn note(inside: &Mutex<Inside>, path: &str, headers: &HeaderMap, body: &Bytes) -> Mood {
    assert_eq!(headers[header::AUTHORIZATION], format!("Bearer {TOKEN}"));
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    let body = serde_json::from_slice(body).unwrap_or_default();
    let mut inside = inside.lock();
    inside.calls.push(Call { path: path.to_owned(), key, body });
    let mood = inside.mood.clone();
    match mood {
        Mood::RefusesFirst(0 | 1, ..) => inside.mood = Mood::Works,
        Mood::RefusesFirst(left, status, body) => {
            inside.mood = Mood::RefusesFirst(left - 1, status, body);
        }
        _ => {}
    }
    mood
}

async fn answer(
    inside: &Mutex<Inside>,
    mood: Mood,
    body: Value,
    session: Option<&str>,
) -> Response {
    match mood {
        Mood::Works => {}
        Mood::Refuses(status, text) | Mood::RefusesFirst(_, status, text) => {
            return (StatusCode::from_u16(status).unwrap(), text).into_response();
        }
        Mood::Late(span) => sleep(span).await,
        Mood::Garbage(text) => return text.into_response(),
        // Ends the connection's task, without the report that a panic makes.
        Mood::HangsUp => std::panic::resume_unwind(Box::new("hangs up")),
        Mood::ReportsFirst(mut event) => {
            let hub = inside.lock().hub.clone().unwrap();
            let session = session.expect("only a launch has something to report");
            let name = inside.lock().servers[session].id.clone();
            event["orchestrator_session_id"] = json!(name);
            event["event_id"] = json!("first");
            let reply = report(&hub, session, &event).await;
            assert_eq!(reply.status, 200, "{reply:?}");
        }
    }
    axum::Json(body).into_response()
}
