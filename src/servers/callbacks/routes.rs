//! What the orchestrator reports, over HTTP.

use axum::{Json, extract::State, http::HeaderMap};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::{Caller, Scope},
    http::{
        envelope::Success,
        error::ApiError,
        extract::{Params, RawBody, parse},
        openapi::Failures,
        signature::{Headers, Keys},
    },
    kernel::{id::ServerSessionId, time::Timestamp},
    servers::{
        commands::{By, HearReport},
        events::ServerTick,
        input::{self, InputError, Object},
        model::Status,
        routes::{ServerState, by, failed, named, unreadable},
    },
};

/// The route of reports.
pub(in crate::servers) fn routes() -> OpenApiRouter<ServerState> {
    OpenApiRouter::new().routes(routes!(orchestrator_event))
}

/// A report of the orchestrator. Names in camel case are read as well, numbers as text too.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReportBody {
    /// The orchestrator's name of the event, 1 to 128 characters: a repeated one changes nothing.
    pub event_id: String,
    /// `launch_accepted`, `ready`, `heartbeat`, `stopping`, `stopped`, `exited`, `killed` or `launch_failed`; others are
    /// taken note of and change nothing.
    pub event: String,
    /// When it happened; the receipt when absent.
    pub occurred_at: Option<String>,
    /// The orchestrator's name of the session. Another one than before is another server.
    pub orchestrator_session_id: Option<String>,
    /// The orchestrator's own word for the state.
    pub orchestrator_state: Option<String>,
    /// Where to connect.
    pub host: Option<String>,
    /// Where to connect, 1 to 65,535.
    pub port: Option<u16>,
    /// What to connect with.
    pub password: Option<String>,
    /// Since when players can join.
    pub ready_at: Option<String>,
    /// When the server ended.
    pub stopped_at: Option<String>,
    /// How long it ran; a fraction is dropped.
    pub runtime_seconds: Option<f64>,
    /// Why it stops or ended.
    pub reason: Option<String>,
    /// Why there never was a server, for programs.
    pub error_code: Option<String>,
    /// Why there never was a server, for people.
    pub error_message: Option<String>,
    /// How many players there are; only passed on.
    pub players: Option<u32>,
}

/// What became of a report. Any answer of 200 means that it is stored.
#[derive(Debug, Serialize, ToSchema)]
struct ReportAnswer {
    /// The report.
    event_id: String,
    /// `processed`, or `ignored` when it changes nothing.
    #[schema(value_type = String)]
    status: &'static str,
    /// Whether it was heard before.
    duplicate: bool,
    /// Where the session stands now.
    session_status: Status,
    /// What the orchestrator may do without a call of its own: `stop`.
    #[schema(value_type = Vec<String>)]
    commands: Vec<&'static str>,
}

/// Report what became of a server
#[utoipa::path(post, path = "/api/subscriptions/server-sessions/{id}/orchestrator-event", tag = "servers",
    request_body = ReportBody, params(("id" = ServerSessionId, Path)), security(("service_key" = [])),
    responses((status = 200, body = Success<ReportAnswer>), Failures))]
async fn orchestrator_event(
    State(state): State<ServerState>,
    caller: Caller,
    Params(id): Params<String>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Json<Success<ReportAnswer>>, ApiError> {
    if let By::User(_) = by(&caller, &[Scope::Orchestrator])? {
        return Err(ApiError::forbidden(
            "forbidden",
            "this needs a service key with the scope orchestrator",
        ));
    }
    if let Some(keys) = &state.keys {
        // The test clock may be far ahead; signatures are made by real ones.
        signed(keys, &headers, &body, state.db.progress().real_now())?;
    }
    let object = parse::<Object>(&body)?;
    let callback = input::callback(&object).map_err(|error| match error {
        InputError::Field(field) => {
            let message = format!("the report can't be read at {field}");
            ApiError::bad_request("INVALID_EVENT", message).with_detail(field, "can't be read")
        }
        other => unreadable(other),
    })?;
    let id = named(&id)?;
    let heard = state.db.run(&HearReport { id, callback: &callback }).await.map_err(failed)?;
    if let Some(orchestrator) = state.orchestrator.as_ref().filter(|_| heard.wants_stop) {
        orchestrator.stopper.wake();
    }
    if heard.tick {
        let (last_heartbeat_at, players) = (heard.session.beat_at, callback.players);
        state.ticks.tell(ServerTick { id, last_heartbeat_at, players });
    }
    Ok(Success::json(ReportAnswer {
        event_id: callback.id.to_string(),
        status: if heard.processed { "processed" } else { "ignored" },
        duplicate: heard.duplicate,
        session_status: heard.session.status,
        commands: if heard.stop { vec!["stop"] } else { Vec::new() },
    }))
}

fn signed(keys: &Keys, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
    let signed = Headers {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signature: text("webhook-signature"),
    };
    keys.check(signed, body, now.get().timestamp())
        .map_err(|error| ApiError::bad_request("INVALID_SIGNATURE", error.to_string()))
}
