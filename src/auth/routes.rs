//! Sessions and tickets over HTTP. Logging in is the ledger's, which knows the keys of wallets.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{delete, get},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Auth, Caller, Token,
    acts::Acting,
    commands::{AuthRefusal, EndSessions, Opened, RefreshSession, Sessions, TICKET_TTL},
    discord::cookies,
    gate::{Admin, Owner},
    store,
    users::{self, commands::UserSessions},
};
use crate::{
    db::{Failure, Refusal},
    http::{
        Data,
        error::ApiError,
        extract::{Params, Query},
        openapi::Failures,
    },
    kernel::{address::Address, id::SessionId, page::PAGE_ROWS_MAX, time::Timestamp},
};

/// The codes that this slice adds.
pub const CODES: &[(&str, u16, &str)] = &[
    ("unauthorized", 401, "no credential, or one that is unknown, malformed, expired or revoked"),
    ("forbidden", 403, "the caller is known and may not"),
    ("session_not_found", 404, "no live session has this id"),
    ("service_key_not_found", 404, "no key has this id, or it was revoked before"),
    ("idempotency_key_reused", 409, "the key was used before with another request"),
];

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Auth>> {
    OpenApiRouter::new()
        .routes(routes!(session))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(ticket))
        .routes(routes!(sessions, revoke_many))
        .routes(routes!(revoke))
        .merge(users::routes::routes())
}

/// What programs of the game ask of the operator's door, below `/api/_internal`.
pub fn internal() -> Router<Arc<Auth>> {
    Router::new()
        .route("/api/_internal/sessions", get(sessions).delete(revoke_many))
        .route("/api/_internal/sessions/{id}", delete(revoke))
}

/// A session's token.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedView {
    /// Goes into `Authorization: Bearer`. It is shown once.
    token: String,
    /// When the token ends.
    expires: Timestamp,
    /// The wallet.
    address: Address,
}

impl OpenedView {
    /// What the owner of a wallet gets.
    pub fn new(address: Address, opened: &Opened) -> Self {
        Self { token: opened.token.reveal().into(), expires: opened.expires, address }
    }
}

/// The session of a caller.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    /// The session's public id.
    id: SessionId,
    /// The wallet.
    address: Address,
    /// When the token ends.
    expires: Timestamp,
}

/// Who am I, and until when
#[utoipa::path(get, path = "/api/v1/session", tag = "sessions", security(("session" = [])),
    responses((status = 200, body = Data<SessionView>), Failures))]
async fn session(owner: Owner) -> Json<Data<SessionView>> {
    Data::json(SessionView { id: owner.session, address: owner.address, expires: owner.expires })
}

/// Get a new token for the session; the one before works for 60 seconds more
#[utoipa::path(post, path = "/api/v1/session/refresh", tag = "sessions", security(("session" = [])),
    responses((status = 200, body = Data<OpenedView>), Failures))]
async fn refresh(
    State(auth): State<Arc<Auth>>,
    owner: Owner,
) -> Result<Json<Data<OpenedView>>, ApiError> {
    let opened = auth.db().run(&RefreshSession { session: owner.session }).await.map_err(failed)?;
    auth.session_opened();
    Ok(Data::json(OpenedView::new(owner.address, &opened)))
}

/// Nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
struct Nothing {}

/// End the session, of a wallet or of a user; its sockets are closed
#[utoipa::path(post, path = "/api/v1/logout", tag = "sessions", security(("session" = [])),
    responses((status = 200, body = Data<Nothing>), Failures))]
async fn logout(State(auth): State<Arc<Auth>>, caller: Caller) -> Result<Response, ApiError> {
    let mut forget = None;
    match caller {
        Caller::Wallet { session, .. } => {
            auth.db().run(&EndSessions(Sessions::One(session))).await.map_err(failed)?;
        }
        Caller::User { session, .. } => {
            users::routes::end(&auth, None, UserSessions::One(session)).await?;
            forget = cookies::forget_session();
        }
        Caller::Guest => {
            return Err(ApiError::unauthorized("unauthorized", "there is no session to end"));
        }
        Caller::Service { .. } => {
            let message = "a service key has no session; revoke it with `tollbell token revoke`";
            return Err(ApiError::forbidden("forbidden", message));
        }
    }
    let mut response = Data::json(Nothing {}).into_response();
    if let Some(cookie) = forget {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// A ticket for one websocket.
#[derive(Debug, Serialize, ToSchema)]
struct TicketView {
    /// Goes into `?ticket=` of `/api/v1/ws`, once.
    ticket: String,
    /// Seconds until it is worth nothing.
    expires_in_s: u64,
}

/// Get a ticket with which a browser opens a websocket as this caller
#[utoipa::path(post, path = "/api/v1/ws/tickets", tag = "realtime", security(("session" = []), ("service_key" = [])),
    responses((status = 201, body = Data<TicketView>), Failures))]
async fn ticket(
    State(auth): State<Arc<Auth>>,
    caller: Caller,
) -> Result<(StatusCode, Json<Data<TicketView>>), ApiError> {
    if caller == Caller::Guest {
        let message = "a guest needs no ticket; log in first";
        return Err(ApiError::unauthorized("unauthorized", message));
    }
    let ticket = Token::ticket();
    let now = auth.db().now();
    let expires = now.plus(TICKET_TTL).unwrap_or(now);
    let mut conn = auth.db().read().await?;
    store::ticket_insert(&mut conn, &ticket.hash(), &caller, expires).await?;
    let view = TicketView { ticket: ticket.reveal().into(), expires_in_s: TICKET_TTL.as_secs() };
    Ok((StatusCode::CREATED, Data::json(view)))
}

/// Which sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Those of this wallet.
    address: Option<Address>,
    /// All of them; must be `true` to end every session there is.
    #[serde(default)]
    all: bool,
}

/// A live session as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
struct SessionRowView {
    /// The session's public id.
    id: SessionId,
    /// The wallet.
    address: String,
    /// When it was opened.
    created_at: Timestamp,
    /// When its token ends.
    expires_at: Timestamp,
    /// What the client calls itself.
    user_agent: Option<String>,
}

/// The newest live sessions, at most 500
#[utoipa::path(get, path = "/api/v1/admin/sessions", tag = "admin", params(Which), security(("service_key" = [])),
    responses((status = 200, body = Data<Vec<SessionRowView>>), Failures))]
async fn sessions(
    State(auth): State<Arc<Auth>>,
    _: Admin,
    Query(which): Query<Which>,
) -> Result<Json<Data<Vec<SessionRowView>>>, ApiError> {
    let mut conn = auth.db().read().await?;
    let limit = i64::from(PAGE_ROWS_MAX);
    let rows =
        store::sessions_list(&mut conn, which.address.as_ref(), auth.db().now(), limit).await?;
    let view = |row: store::SessionRow| SessionRowView {
        id: SessionId::new(row.id),
        address: row.address,
        created_at: Timestamp::new(row.created_at),
        expires_at: Timestamp::new(row.expires_at),
        user_agent: row.user_agent,
    };
    Ok(Data::json(rows.into_iter().map(view).collect()))
}

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
struct Revoked {
    /// The number; repeat the request while it is 5,000.
    revoked: usize,
}

/// End one session; its sockets are closed
#[utoipa::path(delete, path = "/api/v1/admin/sessions/{id}", tag = "admin", params(("id" = SessionId, Path)),
    security(("service_key" = [])), responses((status = 200, body = Data<Revoked>), Failures))]
async fn revoke(
    State(auth): State<Arc<Auth>>,
    admin: Admin,
    Params(id): Params<SessionId>,
) -> Result<Json<Data<Revoked>>, ApiError> {
    let act = admin.acts("session.revoke", id);
    let command = Acting::new(act, EndSessions(Sessions::One(id)));
    let revoked = auth.db().run(&command).await.map_err(failed)?;
    Ok(Data::json(Revoked { revoked }))
}

/// End the sessions of a wallet, or with `all=true` every session
#[utoipa::path(delete, path = "/api/v1/admin/sessions", tag = "admin", params(Which), security(("service_key" = [])),
    responses((status = 200, body = Data<Revoked>), Failures))]
async fn revoke_many(
    State(auth): State<Arc<Auth>>,
    admin: Admin,
    Query(which): Query<Which>,
) -> Result<Json<Data<Revoked>>, ApiError> {
    let (act, sessions) = match which {
        Which { address: Some(address), all: false } => {
            (admin.acts("sessions.revoke", &address), Sessions::Of(address))
        }
        Which { address: None, all: true } => (admin.acts("sessions.revoke", "all"), Sessions::All),
        _ => return Err(ApiError::validation("address", "give either an address or all=true")),
    };
    let command = Acting::new(act, EndSessions(sessions));
    let revoked = auth.db().run(&command).await.map_err(failed)?;
    Ok(Data::json(Revoked { revoked }))
}

fn failed(failure: Failure<AuthRefusal>) -> ApiError {
    match failure {
        Failure::Db(error) => error.into(),
        Failure::Refused(refusal) => match refusal {
            AuthRefusal::SessionEnded => {
                ApiError::unauthorized(refusal.code(), "the session has ended; log in again")
            }
            AuthRefusal::SessionNotFound => {
                ApiError::not_found(refusal.code(), "no live session has this id")
            }
            AuthRefusal::KeyNotFound => ApiError::not_found(
                refusal.code(),
                "no service key has this id, or it was revoked before",
            ),
        },
    }
}
