//! The door of webhooks, and what operators see behind it.
//!
//! The door stands outside of the gate: its sender has no credential but a signature, and a provider's few addresses
//! must not be limited as guests are. It answers within the time of one transaction; what takes longer waits inside.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::commands::{NoteFailure, Receipt, Receive, Retry};
use crate::{
    auth::{
        acts::{Acted, Acting},
        gate::Admin,
    },
    billing::{
        apply::Teller,
        model::{EventStatus, Note},
        polar::{self, News, ReadError},
        queries,
        routes::BillingState,
        views::WebhookEventView,
    },
    db::{Db, DbError, Failure},
    http::{
        envelope::Success,
        error::ApiError,
        extract::{Params, Query},
        openapi::Failures,
        signature::{Headers, Keys, SignatureError},
    },
    kernel::{page::PageQuery, time::HostClock},
    plans::model::Provider,
};

/// The largest webhook in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// How long a sender may take for its body.
const BODY_SPAN_MAX: Duration = Duration::from_secs(5);
/// How long the answer may take: well within the ten seconds that providers wait.
const ANSWER_SPAN_MAX: Duration = Duration::from_secs(7);
/// When a sender should try again that met a database it can't use now.
const RETRY: Duration = Duration::from_secs(5);

/// What the door needs.
#[derive(Debug, Clone)]
pub struct DoorState {
    /// The database.
    pub db: Db,
    /// What deliveries are signed with.
    pub keys: Arc<Keys>,
    /// Whether a plan ends when its payment is given back in full.
    pub revoke_on_full_refund: bool,
}

/// The door, which stands outside of the gate.
pub fn door() -> OpenApiRouter<DoorState> {
    OpenApiRouter::new().routes(routes!(receive))
}

/// What operators see.
pub(in crate::billing) fn routes() -> OpenApiRouter<BillingState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(replay))
}

/// What a provider is told of its event.
#[derive(Debug, Serialize, ToSchema)]
struct ReceiptView {
    /// How far it is.
    status: EventStatus,
    /// What is to be said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Note>,
    /// Whether it had been done before.
    duplicate: bool,
}

impl From<Receipt> for ReceiptView {
    fn from(receipt: Receipt) -> Self {
        let Receipt { status, code, duplicate } = receipt;
        Self { status, code, duplicate }
    }
}

/// Take an event of Polar
#[utoipa::path(post, path = "/subscriptions/polar/webhook", tag = "billing", request_body = serde_json::Value,
    params(("webhook-id" = String, Header), ("webhook-timestamp" = String, Header),
           ("webhook-signature" = String, Header)),
    responses((status = 200, body = Success<ReceiptView>), Failures))]
async fn receive(
    State(state): State<DoorState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if state.keys.is_empty() {
        let message = "no webhook is believed here; set polar_webhook_secret";
        return Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "POLAR_NOT_CONFIGURED",
            message,
        ));
    }
    if !is_json(&headers) {
        return Err(ApiError::unsupported_media_type());
    }
    let body = read(body).await?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let id = text("webhook-id");
    let signed =
        Headers { id, timestamp: text("webhook-timestamp"), signature: text("webhook-signature") };
    // The host's own time: the age of a signature has nothing to do with what is due.
    let now = HostClock.now().get().timestamp();
    state.keys.check(signed, &body, now).map_err(|error| refused(&error))?;
    let news = polar::news(&body).map_err(|error| unreadable(&error))?;
    let answer = timeout(ANSWER_SPAN_MAX, take(&state, id, &news)).await;
    let receipt = answer.unwrap_or_else(|_| Err(ApiError::timeout()))?;
    Ok(Success::json(ReceiptView::from(receipt)).into_response())
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return false };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

async fn read(body: Body) -> Result<axum::body::Bytes, ApiError> {
    let unreadable = |_| {
        let message = "the body ended before it was complete; send it again";
        ApiError::bad_request("body_unreadable", message)
    };
    match timeout(BODY_SPAN_MAX, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Err(error)) if is_limit(&error) => Err(ApiError::payload_too_large(BODY_BYTES_MAX)),
        Ok(read) => read.map_err(unreadable),
        Err(elapsed) => Err(unreadable(axum::Error::new(elapsed))),
    }
}

/// Whether reading ended because there was too much of it.
fn is_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.to_string().contains("limit"))
}

/// A delivery that is not believed leaves nothing behind but a figure.
fn refused(error: &SignatureError) -> ApiError {
    let code = match error {
        SignatureError::Missing(_) => "WEBHOOK_HEADER_MISSING",
        SignatureError::Id => "INVALID_WEBHOOK_ID",
        SignatureError::Timestamp => "INVALID_TIMESTAMP",
        SignatureError::Stale => "STALE_TIMESTAMP",
        SignatureError::Future => "FUTURE_TIMESTAMP",
        SignatureError::Mismatch => "INVALID_SIGNATURE",
    };
    metrics::counter!("webhooks_refused_total", "code" => code).increment(1);
    tracing::debug!(code, "a webhook was not believed");
    ApiError::bad_request(code, error.to_string())
}

fn unreadable(error: &ReadError) -> ApiError {
    metrics::counter!("webhooks_refused_total", "code" => "INVALID_EVENT").increment(1);
    match error {
        ReadError::Json(_) => ApiError::bad_request("INVALID_JSON", error.to_string()),
        ReadError::Field { field, cause } => {
            tracing::warn!(field, cause, "a webhook of Polar does not fit");
            ApiError::bad_request("INVALID_EVENT", error.to_string())
                .with_detail(field.clone(), cause.clone())
        }
    }
}

/// Applies an event. One that can't be applied for a reason of ours is noted, so that it can be seen and tried again.
async fn take(state: &DoorState, event_id: &str, news: &News) -> Result<Receipt, ApiError> {
    let teller = Teller {
        provider: Provider::Polar,
        occasion: None,
        revoke_on_full_refund: state.revoke_on_full_refund,
    };
    let error = match state.db.run(&Receive { teller, event_id, news }).await {
        Ok(receipt) => return Ok(receipt),
        Err(Failure::Refused(never)) => match never {},
        Err(Failure::Db(error)) => error,
    };
    if error.is_unavailable() {
        // Nothing can be noted either. Polar will send it again.
        tracing::warn!(%error, event_id, "a webhook met no database");
        return Err(ApiError::unavailable(RETRY));
    }
    match state.db.run(&NoteFailure(Receive { teller, event_id, news })).await {
        Ok(()) => {}
        Err(Failure::Refused(never)) => match never {},
        Err(Failure::Db(noting)) => {
            tracing::error!(error = %noting, event_id, "could not note that a webhook failed");
        }
    }
    Err(ApiError::internal(error))
}

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventsQuery {
    /// Only those that are so far: `failed` and `deferred` are what waits.
    status: Option<EventStatus>,
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookEventsAnswer {
    /// The events, newest first.
    events: Vec<WebhookEventView>,
    /// The `before` of the next page; null on the last one.
    next: Option<i64>,
}

/// List events of providers, newest first
#[utoipa::path(get, path = "/api/subscriptions/webhook-events", tag = "billing", params(EventsQuery, PageQuery),
    security(("service_key" = [])), responses((status = 200, body = Success<WebhookEventsAnswer>), Failures))]
async fn list(
    State(state): State<BillingState>,
    _: Admin,
    Query(query): Query<EventsQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Success<WebhookEventsAnswer>>, ApiError> {
    let found = queries::events(&mut *state.db.read().await?, query.status, page).await?;
    Ok(Success::json(WebhookEventsAnswer { events: found.items, next: found.next }))
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookEventAnswer {
    /// The event, as it stands now.
    event: WebhookEventView,
}

/// Try an event again now; one that is done stays so
#[utoipa::path(post, path = "/api/subscriptions/webhook-events/{id}/replay", tag = "billing",
    params(("id" = i64, Path)), security(("service_key" = [])),
    responses((status = 200, body = Success<WebhookEventAnswer>), Failures))]
async fn replay(
    State(state): State<BillingState>,
    admin: Admin,
    Params(id): Params<i64>,
) -> Result<Json<Success<WebhookEventAnswer>>, ApiError> {
    let missing = || ApiError::not_found("EVENT_NOT_FOUND", "no event has this number");
    queries::event(&mut *state.db.read().await?, id).await?.ok_or_else(missing)?;
    tracing::info!(by = admin.name, event = id, "an event is replayed");
    let act = admin.acts("webhook.replay", id);
    retry(&state.db, id, state.revoke_on_full_refund, Some(act)).await?;
    let event = queries::event(&mut *state.db.read().await?, id).await?.ok_or_else(missing)?;
    Ok(Success::json(WebhookEventAnswer { event }))
}

/// Tries an event again; one that fails is noted. Gives what became of it, if it was ours to try. An operator's trying
/// is told with what it came to.
///
/// # Errors
/// When the database is unavailable.
pub(in crate::billing) async fn retry(
    db: &Db,
    id: i64,
    revoke_on_full_refund: bool,
    act: Option<Acted>,
) -> Result<Option<Receipt>, DbError> {
    let attempt = Retry { id, revoke_on_full_refund, note_failure: false };
    let error = match db.run(&Acting::when(act.clone(), attempt, Option::is_some)).await {
        Ok(receipt) => return Ok(receipt),
        Err(Failure::Refused(never)) => match never {},
        Err(Failure::Db(error)) if error.is_unavailable() => return Err(error),
        Err(Failure::Db(error)) => error,
    };
    tracing::error!(
        event = id,
        error = format!("{:#}", anyhow::Error::from(error)),
        "an event failed"
    );
    let noted = Retry { note_failure: true, ..attempt };
    match db.run(&Acting::when(act, noted, Option::is_some)).await {
        Ok(receipt) => Ok(receipt),
        Err(Failure::Refused(never)) => match never {},
        Err(Failure::Db(error)) => Err(error),
    }
}
