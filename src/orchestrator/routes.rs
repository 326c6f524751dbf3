//! What the hub asks over HTTP: which games there are, start, look, stop.
//!
//! `GET /v1/games`, `POST /v1/servers`, `GET /v1/servers`, `GET /v1/servers/{id}`, `POST /v1/servers/{id}/stop`, all
//! behind one bearer token, and `GET /healthz` for whoever keeps it running.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use url::Url;
use uuid::Uuid;

use super::{
    fleet::{Busy, Fleet, Launch, Launched, Refusal},
    model::{EventKind, Server, ServerId, State as ServerState},
    settings::Settings,
};
use crate::{
    http::{
        ApiError,
        extract::{Body, Params, Query},
        idempotency::{IdempotencyKey, Replayed},
        layers,
    },
    kernel::time::Timestamp,
};

/// The codes that these routes answer with, beside those of every route.
pub const CODES: &[(&str, &str)] = &[
    ("unauthorized", "the bearer token is missing or wrong"),
    ("game_unknown", "no game has this code"),
    ("server_not_found", "no server has this id, and no session"),
    ("order_mismatch", "the session or the key was used for another order"),
    ("callback_refused", "callbackUrl leads to another place than the hub that is configured"),
    ("minutes_too_many", "the game does not run for so long"),
    ("servers_full", "as many servers run as may"),
    ("game_full", "as many servers of this game run as may"),
    ("ports_full", "no port is free"),
    ("hub_unreachable", "too many servers wait for the hub to hear of their end"),
    ("state_unwritable", "the state folder can't be written"),
];

/// When to come back to an orchestrator that has too much to do.
const RETRY: Duration = Duration::from_secs(1);
/// The longest name of a server, password, id and reason, in characters.
const COMMENT_CHARS_MAX: usize = 120;
const PASSWORD_CHARS_MAX: usize = 80;
const ID_CHARS_MAX: usize = 128;
const REASON_CHARS_MAX: usize = 80;

/// What the routes need.
#[derive(Debug, Clone)]
struct Parts {
    settings: Arc<Settings>,
    fleet: Fleet,
}

/// The routes in their layers.
pub(super) fn app(settings: Arc<Settings>, fleet: Fleet, new_id: fn() -> Uuid) -> Router {
    let parts = Parts { settings, fleet };
    let api = Router::new()
        .route("/v1/games", get(games))
        .route("/v1/servers", get(list).post(launch))
        .route("/v1/servers/{id}", get(one))
        .route("/v1/servers/{id}/stop", post(stop))
        .route_layer(from_fn_with_state(parts.clone(), admit))
        .with_state(parts);
    let open = Router::new().route("/healthz", get(async || "ok"));
    layers::wrap(api.merge(open), Router::new(), layers::ANSWER_SECONDS_MAX, new_id)
}

async fn admit(State(parts): State<Parts>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes);
    let given = given.and_then(|given| {
        let (scheme, token) = given.split_at_checked("Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
    });
    let token = parts.settings.token.expose_secret().as_bytes();
    if given.is_some_and(|given| bool::from(given.ct_eq(token))) {
        return next.run(request).await;
    }
    let message =
        "the token is missing or wrong; send Authorization: Bearer with the orchestrator's token";
    ApiError::unauthorized("unauthorized", message).into_response()
}

#[derive(Debug, Deserialize)]
struct KindQuery {
    kind: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GameView<'a> {
    game_code: &'a str,
    name: &'a str,
    kind: &'a str,
    max_minutes: u32,
}

async fn games(State(parts): State<Parts>, Query(query): Query<KindQuery>) -> Response {
    let games: Vec<_> = parts
        .settings
        .games
        .iter()
        .filter(|game| query.kind.as_ref().is_none_or(|kind| *kind == game.kind))
        .map(|game| GameView {
            game_code: &game.code,
            name: &game.name,
            kind: &game.kind,
            max_minutes: game.minutes_max,
        })
        .collect();
    Json(serde_json::json!({ "games": games })).into_response()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct LaunchBody {
    kind: Option<String>,
    game_code: String,
    website_server_session_id: String,
    requested_minutes: Option<u32>,
    max_minutes: Option<u32>,
    comment: Option<String>,
    launch_source: Option<String>,
    password: Option<String>,
    callback_url: Option<String>,
    expires_at: Option<Timestamp>,
}

async fn launch(
    State(parts): State<Parts>,
    IdempotencyKey(key): IdempotencyKey,
    Body(body): Body<LaunchBody>,
) -> Result<Replayed<Response>, ApiError> {
    let launch = body.checked(key, &parts.settings)?;
    let Launched { server, replayed } =
        parts.fleet.launch(launch).await?.map_err(|refusal| refused(&refusal))?;
    let status = if replayed { StatusCode::OK } else { StatusCode::CREATED };
    Ok(Replayed { replayed, response: (status, Json(ServerView::of(&server))).into_response() })
}

impl LaunchBody {
    fn checked(self, key: Option<String>, settings: &Settings) -> Result<Launch, ApiError> {
        let session = self.website_server_session_id;
        if session.is_empty() || !is_word(&session) {
            let message = format!("must be 1 to {ID_CHARS_MAX} visible ASCII characters");
            return Err(ApiError::validation("websiteServerSessionId", message));
        }
        if let Some(kind) = &self.kind
            && settings.game(&self.game_code).is_some_and(|game| game.kind != *kind)
        {
            return Err(refused(&Refusal::GameUnknown(self.game_code)));
        }
        let minutes = self.max_minutes.or(self.requested_minutes).unwrap_or(0);
        if minutes == 0 {
            return Err(ApiError::validation("maxMinutes", "must be a whole number from 1"));
        }
        let comment = line("comment", self.comment.unwrap_or_default(), COMMENT_CHARS_MAX)?;
        let source = line("launchSource", self.launch_source.unwrap_or_default(), ID_CHARS_MAX)?;
        let password = self.password.filter(|password| !password.is_empty());
        let password =
            password.map(|text| line("password", text, PASSWORD_CHARS_MAX)).transpose()?;
        Ok(Launch {
            callback: callback(&settings.hub.url, self.callback_url.as_deref(), &session)?,
            key: key.unwrap_or_else(|| session.clone()),
            session,
            game: self.game_code,
            minutes,
            expires_at: self.expires_at,
            comment,
            source,
            password,
        })
    }
}

/// Whether it is short and visible, as ids are.
fn is_word(text: &str) -> bool {
    text.len() <= ID_CHARS_MAX && text.bytes().all(|b| b.is_ascii_graphic())
}

/// A text that may become an argument of a program: one line of bounded length.
fn line(field: &str, text: String, chars_max: usize) -> Result<String, ApiError> {
    if text.chars().count() > chars_max || text.chars().any(char::is_control) {
        let message = format!("must be one line of at most {chars_max} characters");
        return Err(ApiError::validation(field, message));
    }
    Ok(text)
}

/// Where the hub hears of a session. Our key travels there, so it is within the configured hub or nowhere.
fn callback(hub: &Url, given: Option<&str>, session: &str) -> Result<Url, ApiError> {
    let refused = || {
        let message = format!("callbackUrl must begin with {hub}, the hub of the configuration");
        ApiError::bad_request("callback_refused", message)
    };
    let Some(given) = given.filter(|given| !given.is_empty()) else {
        let mut url = hub.clone();
        let mut segments = url.path_segments_mut().map_err(|()| refused())?;
        segments.pop_if_empty();
        segments.extend([
            "api",
            "subscriptions",
            "server-sessions",
            session,
            "orchestrator-event",
            "",
        ]);
        drop(segments);
        return Ok(url);
    };
    let url = Url::parse(given).map_err(|_unparsable| refused())?;
    let below = url.path().starts_with(hub.path().trim_end_matches('/'));
    let plain = url.username().is_empty() && url.password().is_none();
    if url.origin() == hub.origin() && below && plain { Ok(url) } else { Err(refused()) }
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    kind: Option<String>,
    open: Option<bool>,
    session: Option<String>,
}

async fn list(
    State(parts): State<Parts>,
    Query(query): Query<ListQuery>,
) -> Result<Response, ApiError> {
    let all = parts.fleet.all().await?;
    let kind = |server: &Server| parts.settings.game(&server.order.game).map(|game| &game.kind);
    let views: Vec<_> = all
        .iter()
        .filter(|server| query.kind.is_none() || kind(server) == query.kind.as_ref())
        .filter(|server| query.open.is_none_or(|open| open == server.is_open()))
        .filter(|server| query.session.as_ref().is_none_or(|id| *id == server.order.session))
        .map(ServerView::of)
        .collect();
    Ok(Json(serde_json::json!({ "servers": views })).into_response())
}

async fn one(State(parts): State<Parts>, Params(id): Params<String>) -> Result<Response, ApiError> {
    let server = parts.fleet.one(id).await?.ok_or_else(not_found)?;
    Ok(Json(ServerView::of(&server)).into_response())
}

#[derive(Debug, Deserialize)]
struct StopBody {
    reason: Option<String>,
}

async fn stop(
    State(parts): State<Parts>,
    Params(id): Params<String>,
    Body(body): Body<StopBody>,
) -> Result<Response, ApiError> {
    let reason = body.reason.filter(|reason| !reason.is_empty());
    let reason = line("reason", reason.unwrap_or_else(|| "stopped".to_owned()), REASON_CHARS_MAX)?;
    let server = parts.fleet.stop(id, reason).await?.ok_or_else(not_found)?;
    Ok(Json(ServerView::of(&server)).into_response())
}

/// A server as the hub reads it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ServerView<'a> {
    id: ServerId,
    state: &'static str,
    website_server_session_id: &'a str,
    game_code: &'a str,
    comment: &'a str,
    launch_source: &'a str,
    max_minutes: u32,
    host: &'a str,
    port: u16,
    password: &'a str,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    ready_at: Option<Timestamp>,
    stopped_at: Option<Timestamp>,
    runtime_seconds: Option<u64>,
    reason: Option<&'a str>,
    error: Option<Failure<'a>>,
    /// Events that the hub has not acknowledged.
    unheard_events: usize,
}

#[derive(Debug, Serialize)]
struct Failure<'a> {
    code: &'a str,
    message: &'a str,
}

impl<'a> ServerView<'a> {
    fn of(server: &'a Server) -> Self {
        let order = &server.order;
        let end = match &server.state {
            ServerState::Ended(end) => Some(end),
            _ => None,
        };
        let reason = match &server.state {
            ServerState::Stopping { stop, .. } => Some(stop.reason.as_str()),
            _ => end.map(|end| end.reason.as_str()),
        };
        let failed = end.filter(|end| end.kind == EventKind::LaunchFailed);
        Self {
            id: server.id,
            state: server.state_name(),
            website_server_session_id: &order.session,
            game_code: &order.game,
            comment: &order.comment,
            launch_source: &order.launch_source,
            max_minutes: order.minutes,
            host: &order.host,
            port: order.port,
            password: &order.password,
            created_at: order.at,
            expires_at: order.expires_at,
            ready_at: server.ready_at(),
            stopped_at: end.map(|end| end.at),
            runtime_seconds: end.map(|end| end.runtime_seconds),
            reason,
            error: failed.map(|end| Failure { code: &end.reason, message: &end.message }),
            unheard_events: server.outbox.len(),
        }
    }
}

fn not_found() -> ApiError {
    ApiError::not_found("server_not_found", "no server has this id; GET /v1/servers lists them")
}

fn refused(refusal: &Refusal) -> ApiError {
    let message = refusal.to_string();
    match refusal {
        Refusal::GameUnknown(_) => ApiError::bad_request("game_unknown", message),
        Refusal::TooLong(_) => ApiError::bad_request("minutes_too_many", message),
        Refusal::Mismatch => ApiError::conflict("order_mismatch", message),
        // Conflicts, not outages: asking again at once is of no use.
        Refusal::ServersFull(_) => ApiError::conflict("servers_full", message),
        Refusal::GameFull(_) => ApiError::conflict("game_full", message),
        Refusal::PortsFull => ApiError::conflict("ports_full", message),
        Refusal::Unheard => ApiError::conflict("hub_unreachable", message),
        Refusal::Unwritable => {
            ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "state_unwritable", message)
        }
    }
}

impl From<Busy> for ApiError {
    fn from(_: Busy) -> Self {
        Self::unavailable(RETRY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_key_goes_to_the_hub_only() {
        let check = |hub: &str, given: Option<&str>, expected: Result<&str, &str>| {
            let hub: Url = hub.parse().unwrap();
            let url = callback(&hub, given, "s 1/x").map(String::from);
            let url = url.as_ref().map(String::as_str).map_err(ApiError::code);
            assert_eq!(url, expected, "{hub} {given:?}");
        };
        let own = "/api/subscriptions/server-sessions/s%201%2Fx/orchestrator-event/";
        check("http://hub:8080", None, Ok(&format!("http://hub:8080{own}")));
        check("https://hub/below/", None, Ok(&format!("https://hub/below{own}")));
        check("http://hub:8080", Some(""), Ok(&format!("http://hub:8080{own}")));
        check("http://hub", Some("http://hub:80/x?y=1"), Ok("http://hub/x?y=1"));
        check("http://hub/a/", Some("http://hub/a/b"), Ok("http://hub/a/b"));
        let refused = Err("callback_refused");
        for given in [
            "http://hub.evil.example/x",
            "https://hub/a/x",
            "http://hub:81/a/x",
            "http://hub/b",
            "http://evil@hub/a/x",
            "file:///etc/passwd",
            "nonsense",
        ] {
            check("http://hub/a", Some(given), refused);
        }
    }

    #[test]
    fn a_line_is_one_line() {
        for (text, fits) in
            [("", true), ("äöü", true), ("abcd", false), ("a\nb", false), ("a\0", false)]
        {
            assert_eq!(line("comment", text.to_owned(), 3).is_ok(), fits, "{text:?}");
        }
    }
}
