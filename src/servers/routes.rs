//! Server sessions over HTTP: for users and bots, for the orchestrator, and the public list.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Orchestrator, callbacks,
    client::{CallError, UNAVAILABLE},
    commands::{BeatSession, By, ServerRefusal, StartSession, StopSession},
    input::{self, InputError, Object},
    launch::Flight,
    model::{LaunchError, LaunchSource, ServerSession, Status, Text},
    queries::{self, Cursor},
    store::SessionFilter,
    ticks::Ticks,
    views::{ServerView, SessionView},
};
use crate::{
    auth::{
        Caller, Scope,
        acts::{Acting, Actor},
        keyed,
    },
    db::{Db, Failure, Refusal, keys::Outcome},
    http::{
        Data,
        envelope::{FailureBody, Success},
        error::{ApiError, Detail},
        extract::{Body, Params, Query},
        idempotency::{IdempotencyKey, Replayed},
        openapi::Failures,
        signature::Keys,
    },
    kernel::{
        id::{DiscordId, ServerSessionId},
        page::{Page, PageQuery},
    },
    plans::Denied,
};

/// The codes that this slice adds. Those of `/api/subscriptions` are in capitals.
pub const CODES: &[(&str, u16, &str)] = &[
    (
        "GAME_CODE_REQUIRED",
        400,
        "no game was named, or one whose code is longer than 32 characters",
    ),
    ("OWNER_REQUIRED", 400, "a bot has to say for whom: owner_discord_id"),
    ("INVALID_DISCORD_ID", 400, "the id is not one that Discord gives"),
    ("INVALID_REQUESTED_MINUTES", 400, "the minutes are no whole number"),
    ("INVALID_EVENT", 400, "`details` names the field of the report that can't be read"),
    ("INVALID_SIGNATURE", 400, "the report is not signed with the secret, or at another time"),
    ("NO_ACTIVE_SUBSCRIPTION", 403, "the user has no plan that can be used now"),
    ("CONCURRENCY_LIMIT", 403, "as many sessions are open as the plan allows"),
    ("MINUTES_EXHAUSTED", 403, "no minutes are left that are not held for open sessions"),
    ("USER_NOT_LINKED", 404, "the user has never signed in"),
    ("SESSION_NOT_FOUND", 404, "there is no such session, or it is somebody else's"),
    ("SESSION_NOT_OPEN", 409, "the session has ended"),
    ("IDEMPOTENCY_MISMATCH", 409, "the Idempotency-Key was used with another request"),
    ("ORCHESTRATOR_NOT_CONFIGURED", 503, "this hub has no orchestrator"),
    ("ORCHESTRATOR_UNAVAILABLE", 503, "the orchestrator gives no usable answer"),
    ("ORCHESTRATOR_REJECTED_REQUEST", 503, "the orchestrator refused and did not say why"),
    ("server_not_found", 404, "no server session has this id"),
];

/// When a client should come back that met an orchestrator that is not there.
const RETRY_AFTER_S: &str = "5";

/// What the routes of this slice need.
#[derive(Debug, Clone)]
pub struct ServerState {
    /// The database.
    pub db: Db,
    /// The orchestrator, when there is one.
    pub orchestrator: Option<Orchestrator>,
    /// Takes signs of life to listeners.
    pub ticks: Ticks,
    /// What reports are signed with, when they are.
    pub keys: Option<std::sync::Arc<Keys>>,
}

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new()
        .routes(routes!(casual_games))
        .routes(routes!(start))
        .routes(routes!(sessions))
        .routes(routes!(session))
        .routes(routes!(stop))
        .routes(routes!(heartbeat))
        .merge(callbacks::routes())
        .routes(routes!(servers))
        .routes(routes!(server))
}

/// A session.
#[derive(Debug, Serialize, ToSchema)]
struct OneSession {
    /// The session.
    session: SessionView,
}

impl From<&ServerSession> for OneSession {
    fn from(session: &ServerSession) -> Self {
        Self { session: SessionView::from(session) }
    }
}

/// The games that can be played.
#[derive(Debug, Serialize, ToSchema)]
struct GamesBody {
    /// As the orchestrator lists them.
    #[schema(value_type = Vec<Object>)]
    games: Vec<Value>,
    /// Present when a newer list could not be had.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
}

/// List the games that can be played
#[utoipa::path(get, path = "/api/subscriptions/casual-games", tag = "servers",
    security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<GamesBody>), Failures))]
async fn casual_games(
    State(state): State<ServerState>,
    caller: Caller,
) -> Result<Response, ApiError> {
    by(&caller, &[Scope::Bot, Scope::Orchestrator])?;
    let orchestrator = state.orchestrator()?;
    Ok(match orchestrator.games.list().await {
        Ok(listed) => {
            let games = listed.games.to_vec();
            Success::json(GamesBody { games, stale: listed.stale }).into_response()
        }
        Err(error) => upstream(error.launch_error().as_ref(), Some(&error)),
    })
}

/// What to start.
#[derive(Debug, Deserialize, ToSchema)]
pub struct StartBody {
    /// Which game; `gameCode` is read as well, and so are the other names in camel case.
    pub game_code: String,
    /// Whole minutes, at least 5; absent, null and 0 are as long as the plan allows.
    pub requested_minutes: Option<u32>,
    /// What the game is called; the code when absent.
    pub game: Option<String>,
    /// What the server is called; cut to 120 characters.
    pub comment: Option<String>,
    /// What players connect with; cut to 80 characters.
    pub password: Option<String>,
    /// `api` for a program of the user's; a page and a bot are known as what they are.
    pub launch_source: Option<String>,
    /// An object of at most 4,096 characters that is kept with the session.
    #[schema(value_type = Option<Object>)]
    pub launch_context: Option<Value>,
    /// For whom a bot starts.
    pub owner_discord_id: Option<String>,
}

/// Start a server session
#[utoipa::path(post, path = "/api/subscriptions/server-sessions/start", tag = "servers", request_body = StartBody,
    security(("session" = []), ("service_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key is the same session for 24 h")),
    responses((status = 201, body = Success<OneSession>), Failures))]
async fn start(
    State(state): State<ServerState>,
    caller: Caller,
    key: IdempotencyKey,
    Body(body): Body<Object>,
) -> Result<Replayed<Response>, ApiError> {
    let by = by(&caller, &[Scope::Bot])?;
    let input = input::start(&body).map_err(unreadable)?;
    let (owner, source) = match by {
        By::User(user) => (user, input.source.filter(|source| *source == LaunchSource::Api)),
        By::Program => (input::owner(&body).map_err(unreadable)?, input.source),
    };
    let source = source.unwrap_or(match by {
        By::User(_) => LaunchSource::Website,
        By::Program => LaunchSource::DiscordBot,
    });
    let orchestrator = state.orchestrator()?;
    let (actor, game) = (Actor::operator(&caller), input.game_code.as_str());
    let act = actor.map(|actor| actor.acts("server.start", owner).with("game", game));
    let command = Acting::new(act, StartSession { owner, input, source });
    let answer = keyed::run(&state.db, &caller.name(), key, &command).await.map_err(mismatch)?;
    let id = match answer.outcome {
        Outcome::Done(id) => id,
        Outcome::Refused(refusal) => return Err(denied(&refusal)),
    };
    let replayed = answer.replayed;
    let flight = if replayed { state.again(id).await? } else { orchestrator.launch(id).await? };
    let error = flight.session.launch_error.as_ref();
    let failed = flight.session.status == Status::Failed
        && (flight.error.is_some() || (replayed && flight.session.is_guarded()));
    let response = if failed {
        upstream(error, flight.error.as_ref())
    } else {
        let status = if replayed { StatusCode::OK } else { StatusCode::CREATED };
        (status, Success::json(OneSession::from(&flight.session))).into_response()
    };
    Ok(Replayed { replayed, response })
}

impl ServerState {
    fn orchestrator(&self) -> Result<&Orchestrator, ApiError> {
        self.orchestrator.as_ref().ok_or_else(|| {
            ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "ORCHESTRATOR_NOT_CONFIGURED",
                "this hub has no orchestrator; its operator sets orchestrator_api_base_url",
            )
        })
    }

    /// What became of a session that was started under the same key. One that a node left behind before it was
    /// launched is launched now.
    async fn again(&self, id: ServerSessionId) -> Result<Flight, ApiError> {
        let session = queries::session(&mut *self.db.read().await?, id).await?;
        let session = session.ok_or_else(|| refused(&ServerRefusal::SessionNotFound))?;
        let orchestrator = self.orchestrator()?;
        if session.status == Status::Pending && orchestrator.has_left(&session, self.db.now()) {
            return Ok(orchestrator.launch(id).await?);
        }
        Ok(Flight { session, error: None })
    }
}

/// Which sessions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SessionsQuery {
    /// Only those with this status; `open` is every one that has not ended.
    status: Option<String>,
    /// Sessions wanted, 1 to 100. Default 50.
    limit: Option<u16>,
    /// Continue behind this: the `next_cursor` of the previous page.
    cursor: Option<String>,
    /// For bots: only those of this user.
    owner_discord_id: Option<String>,
}

/// A page of sessions, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct SessionsBody {
    /// The sessions.
    sessions: Vec<SessionView>,
    /// The `cursor` of the next page; null on the last one.
    next_cursor: Option<String>,
}

/// List server sessions, newest first
#[utoipa::path(get, path = "/api/subscriptions/server-sessions", tag = "servers", params(SessionsQuery),
    security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<SessionsBody>), Failures))]
async fn sessions(
    State(state): State<ServerState>,
    caller: Caller,
    Query(query): Query<SessionsQuery>,
) -> Result<Json<Success<SessionsBody>>, ApiError> {
    let owner = match by(&caller, &[Scope::Bot, Scope::Orchestrator])? {
        By::User(user) => Some(user),
        By::Program => query
            .owner_discord_id
            .as_deref()
            .map(|text| {
                text.parse::<DiscordId>().map_err(|_error| unreadable(InputError::DiscordId))
            })
            .transpose()?,
    };
    let statuses = query.status.as_deref().map(statuses).transpose()?;
    let cursor = match query.cursor.as_deref() {
        Some(text) => Cursor::read(text)
            .ok_or_else(|| ApiError::validation("cursor", "the next_cursor of a page"))?,
        None => Cursor::START,
    };
    let filter = SessionFilter { owner, statuses };
    let mut conn = state.db.read().await?;
    let (found, next) = queries::sessions(&mut conn, &filter, cursor, query.limit).await?;
    Ok(Success::json(SessionsBody {
        sessions: found.iter().map(SessionView::from).collect(),
        next_cursor: next.map(|next| next.to_string()),
    }))
}

fn statuses(name: &str) -> Result<Vec<Status>, ApiError> {
    if name == "open" {
        return Ok(Status::ALL.into_iter().filter(|status| status.is_open()).collect());
    }
    let status = name.parse::<Status>().map_err(|_error| {
        let names = Status::ALL.map(Status::name).join(", ");
        ApiError::validation("status", format!("open, or one of {names}"))
    })?;
    Ok(vec![status])
}

/// One server session
#[utoipa::path(get, path = "/api/subscriptions/server-sessions/{id}", tag = "servers",
    params(("id" = ServerSessionId, Path)), security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<OneSession>), Failures))]
async fn session(
    State(state): State<ServerState>,
    caller: Caller,
    Params(id): Params<String>,
) -> Result<Json<Success<OneSession>>, ApiError> {
    let by = by(&caller, &[Scope::Bot, Scope::Orchestrator])?;
    let found = queries::session(&mut *state.db.read().await?, named(&id)?).await?;
    let foreign = |one: &ServerSession| matches!(by, By::User(user) if user != one.owner);
    let session = found.filter(|one| !foreign(one));
    let session = session.ok_or_else(|| refused(&ServerRefusal::SessionNotFound))?;
    Ok(Success::json(OneSession::from(&session)))
}

/// Why to stop.
#[derive(Debug, Deserialize, ToSchema)]
pub struct StopBody {
    /// Cut to 80 characters; `stopped` when absent.
    pub reason: Option<String>,
}

/// Stop a server session; it may be asked for in every state
#[utoipa::path(post, path = "/api/subscriptions/server-sessions/{id}/stop", tag = "servers", request_body = StopBody,
    params(("id" = ServerSessionId, Path)), security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<OneSession>), Failures))]
async fn stop(
    State(state): State<ServerState>,
    caller: Caller,
    Params(id): Params<String>,
    Body(body): Body<Object>,
) -> Result<Response, ApiError> {
    let by = by(&caller, &[Scope::Bot])?;
    let reason = input::stop_reason(&body).map_err(unreadable)?;
    let reason = reason.or_else(|| Text::cut("stopped"));
    let reason = reason.ok_or_else(|| unreadable(InputError::Field("reason")))?;
    let id = named(&id)?;
    let actor = Actor::operator(&caller);
    let act = actor.map(|actor| actor.acts("server.stop", id).with("reason", reason.as_str()));
    let command = Acting::new(act, StopSession { id, by, reason });
    let stopping = state.db.run(&command).await.map_err(failed)?;
    let session = match stopping.tell {
        Some(told) => {
            let orchestrator = state.orchestrator()?;
            if let Err(error) = orchestrator.stopper.tell(&told).await {
                // The wish is stored, and is told again until it is heard.
                let message = "the orchestrator was not told yet; the hub goes on trying";
                let code = Text::cut(UNAVAILABLE);
                let kept = code.map(|code| LaunchError { code, message: Text::cut(message) });
                return Ok(upstream(kept.as_ref(), Some(&error)));
            }
            let now = queries::session(&mut *state.db.read().await?, id).await?;
            now.unwrap_or(stopping.session)
        }
        None => stopping.session,
    };
    Ok(Success::json(OneSession::from(&session)).into_response())
}

/// A sign of life.
#[derive(Debug, Deserialize, ToSchema)]
pub struct HeartbeatBody {
    /// What the server is called now; cut to 128 characters.
    pub server_identifier: Option<String>,
}

/// Say that a server lives
#[utoipa::path(post, path = "/api/subscriptions/server-sessions/{id}/heartbeat", tag = "servers",
    request_body = HeartbeatBody, params(("id" = ServerSessionId, Path)),
    security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<OneSession>), Failures))]
async fn heartbeat(
    State(state): State<ServerState>,
    caller: Caller,
    Params(id): Params<String>,
    Body(body): Body<Object>,
) -> Result<Json<Success<OneSession>>, ApiError> {
    let by = by(&caller, &[Scope::Bot, Scope::Orchestrator])?;
    let identifier = input::identifier(&body).map_err(unreadable)?;
    let command = BeatSession { id: named(&id)?, by, identifier };
    let session = state.db.run(&command).await.map_err(failed)?;
    Ok(Success::json(OneSession::from(&session)))
}

/// List the open servers, newest first
#[utoipa::path(get, path = "/api/v1/servers", tag = "servers", params(PageQuery),
    responses((status = 200, body = Data<Page<ServerView>>), Failures))]
async fn servers(
    State(state): State<ServerState>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Data<Page<ServerView>>>, ApiError> {
    let found = queries::servers(&mut *state.db.read().await?, page).await?;
    Ok(Data::json(found.map(|session| ServerView::from(&session))))
}

/// One server
#[utoipa::path(get, path = "/api/v1/servers/{id}", tag = "servers", params(("id" = ServerSessionId, Path)),
    responses((status = 200, body = Data<ServerView>), Failures))]
async fn server(
    State(state): State<ServerState>,
    Params(id): Params<ServerSessionId>,
) -> Result<Json<Data<ServerView>>, ApiError> {
    let found = queries::session(&mut *state.db.read().await?, id).await?;
    let session = found
        .ok_or_else(|| ApiError::not_found("server_not_found", "no server session has this id"))?;
    Ok(Data::json(ServerView::from(&session)))
}

/// Who asks, when they may: a user, or a program with one of these scopes.
pub(super) fn by(caller: &Caller, scopes: &[Scope]) -> Result<By, ApiError> {
    match caller {
        Caller::User { user, .. } => Ok(By::User(*user)),
        Caller::Service { .. } if scopes.iter().any(|scope| caller.has(*scope)) => Ok(By::Program),
        Caller::Guest => {
            Err(ApiError::unauthorized("unauthorized", "use a user's token or a service key"))
        }
        Caller::Service { .. } => {
            Err(ApiError::forbidden("forbidden", "this service key lacks the scope"))
        }
        Caller::Wallet { .. } => {
            Err(ApiError::forbidden("forbidden", "this is for users and their bots"))
        }
    }
}

/// What is no id is the id of nothing.
pub(super) fn named(id: &str) -> Result<ServerSessionId, ApiError> {
    id.parse().map_err(|_error| refused(&ServerRefusal::SessionNotFound))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what an error is mapped with")]
pub(super) fn unreadable(error: InputError) -> ApiError {
    match error {
        InputError::GameCode => ApiError::bad_request(
            "GAME_CODE_REQUIRED",
            "game_code is missing or too long; send 1 to 32 characters",
        ),
        InputError::Owner => ApiError::bad_request(
            "OWNER_REQUIRED",
            "a bot has to say for whom; send owner_discord_id",
        ),
        InputError::DiscordId => ApiError::bad_request(
            "INVALID_DISCORD_ID",
            "a Discord id is a positive whole number, as a string",
        ),
        InputError::Minutes => ApiError::bad_request(
            "INVALID_REQUESTED_MINUTES",
            "requested_minutes is no whole number; leave it out for as long as the plan allows",
        ),
        InputError::Field(field) => ApiError::validation(field, "of another shape than expected"),
    }
}

fn denied(refusal: &Denied) -> ApiError {
    let code = refusal.code();
    match refusal {
        Denied::UserNotLinked => {
            ApiError::not_found(code, "the user has never signed in; link them first")
        }
        Denied::NoActiveSubscription => {
            ApiError::forbidden(code, "the user has no plan that can be used now")
        }
        Denied::ConcurrencyLimit { open, limit } => {
            let message = format!("{open} of {limit} sessions are open; stop one first");
            ApiError::forbidden(code, message)
                .with_detail("open", open.to_string())
                .with_detail("limit", limit.to_string())
        }
        Denied::MinutesExhausted { remaining, period_end } => {
            let message = format!("no minutes are left; there are new ones at {period_end}");
            ApiError::forbidden(code, message)
                .with_detail("remaining", remaining.to_string())
                .with_detail("period_end", period_end.to_string())
        }
    }
}

fn refused(refusal: &ServerRefusal) -> ApiError {
    let code = refusal.code();
    match refusal {
        ServerRefusal::SessionNotFound => {
            ApiError::not_found(code, "there is no such session, or it is somebody else's")
        }
        ServerRefusal::SessionNotOpen => ApiError::conflict(code, "the session has ended"),
    }
}

pub(super) fn failed(failure: Failure<ServerRefusal>) -> ApiError {
    match failure {
        Failure::Refused(refusal) => refused(&refusal),
        Failure::Db(error) => error.into(),
    }
}

/// A key that was used with another request has a name of its own here.
fn mismatch(error: ApiError) -> ApiError {
    if error.code() == "idempotency_key_reused" {
        return ApiError::conflict("IDEMPOTENCY_MISMATCH", error.message().to_owned());
    }
    error
}

/// The orchestrator did not do it. Its own code is passed on.
fn upstream(kept: Option<&LaunchError>, error: Option<&CallError>) -> Response {
    let code = kept.map_or(UNAVAILABLE, |kept| kept.code.as_str()).to_owned();
    let message = kept.and_then(|kept| kept.message.as_ref()).map_or_else(
        || "the orchestrator could not do it; try again".to_owned(),
        ToString::to_string,
    );
    let details = match error {
        Some(CallError::Refused { status, .. }) => {
            vec![Detail { field: "upstream_status".into(), message: status.to_string() }]
        }
        _ => Vec::new(),
    };
    let body = FailureBody { success: false, code, message, details };
    let mut response = (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    if !matches!(error, Some(CallError::Refused { .. })) {
        let seconds = HeaderValue::from_static(RETRY_AFTER_S);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}
