//! The operator's routes that belong to no other slice.

use std::time::Duration;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    commands::{AdvanceClock, ChangeNotice},
    connections,
    events::NoticeView,
    notices,
};
use crate::{
    auth::{acts::Acting, gate::Admin},
    db::{Db, Failure},
    http::{Data, error::ApiError, extract::Body, openapi::Failures},
    hub::Hub,
    kernel::time::Timestamp,
};

/// The codes that these routes add.
pub const CODES: &[(&str, u16, &str)] = &[
    ("dev_only", 403, "only a hub that was started with --dev does this"),
    ("connection_not_found", 404, "this node has no connection of that name"),
];

/// The farthest step of the test clock in seconds: ten years.
pub const ADVANCE_SECONDS_MAX: u64 = 10 * 365 * 86_400;
/// The longest message of the day in characters.
pub const MOTD_CHARS_MAX: usize = 512;
/// How long the answer waits until this node goes by the new time. Past it the answer goes out all the same.
const APPLIED: Duration = Duration::from_secs(1);

/// What the routes need.
#[derive(Debug, Clone)]
pub struct OperateState {
    /// The database.
    pub db: Db,
    /// Hands events to listeners, and knows the connections of this node.
    pub hub: Hub,
    /// Whether this hub is there for trying things out.
    pub dev: bool,
}

/// The routes.
pub fn routes() -> OpenApiRouter<OperateState> {
    OpenApiRouter::new()
        .routes(routes!(clock))
        .routes(routes!(notice))
        .routes(routes!(change_notice))
        .routes(routes!(count))
        .routes(routes!(connections::list))
        .routes(routes!(connections::part))
}

/// How far to move the test clock.
#[derive(Debug, Deserialize, ToSchema)]
struct ClockBody {
    /// Seconds, 1 to 315,360,000 (ten years). The clock never goes back.
    #[schema(minimum = 1, maximum = 315_360_000)]
    advance_s: u64,
}

/// Where the test clock stands.
#[derive(Debug, Serialize, ToSchema)]
struct ClockView {
    /// How far it is ahead of the database's own clock, in seconds.
    offset_s: u64,
    /// The time it shows.
    now: Timestamp,
}

/// Move the test clock forward, for all nodes and for good; only with --dev
#[utoipa::path(post, path = "/api/v1/admin/clock", tag = "admin", request_body = ClockBody,
    security(("service_key" = [])), responses((status = 200, body = Data<ClockView>), Failures))]
async fn clock(
    State(state): State<OperateState>,
    admin: Admin,
    Body(body): Body<ClockBody>,
) -> Result<Json<Data<ClockView>>, ApiError> {
    if !state.dev {
        return Err(ApiError::forbidden(
            "dev_only",
            "the clock moves only in a hub that was started with --dev",
        ));
    }
    if !(1..=ADVANCE_SECONDS_MAX).contains(&body.advance_s) {
        let message = format!("must be 1 to {ADVANCE_SECONDS_MAX} seconds");
        return Err(ApiError::validation("advance_s", message));
    }
    let by = Duration::from_secs(body.advance_s);
    let act = admin.acts("clock.advance", "clock").with("advance_s", body.advance_s);
    let command = Acting::new(act, AdvanceClock { by, caller: admin.name.clone() });
    let offset = match state.db.run(&command).await {
        Ok(offset) => offset,
        Err(Failure::Db(error)) => return Err(error.into()),
        Err(Failure::Refused(never)) => match never {},
    };
    tracing::warn!(by = admin.name, offset_s = offset.as_secs(), "the test clock was moved");
    let mut known = state.db.progress().clock_offset();
    // The caller goes on with what the new time makes due, so this node should see it first.
    let _ = timeout(APPLIED, known.wait_for(|known| *known >= offset)).await;
    Ok(Data::json(ClockView { offset_s: offset.as_secs(), now: state.db.now() }))
}

/// What every client is told about the community
#[utoipa::path(get, path = "/api/v1/notice", tag = "realtime",
    responses((status = 200, body = Data<NoticeView>), Failures))]
async fn notice(State(state): State<OperateState>) -> Result<Json<Data<NoticeView>>, ApiError> {
    let mut view = state.db.snapshot().await?;
    Ok(Data::json(notices::notice(&mut view).await?))
}

/// What to change about the notice; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
struct NoticeBody {
    /// The message of the day, at most 512 characters.
    motd: Option<String>,
    /// Whether wallets may pay. While they may not, contracts are not renewed either, and nobody lapses.
    transactions_enabled: Option<bool>,
}

/// Set the message of the day, switch payments on or off
#[utoipa::path(patch, path = "/api/v1/admin/notice", tag = "admin", request_body = NoticeBody,
    security(("service_key" = [])), responses((status = 200, body = Data<NoticeView>), Failures))]
async fn change_notice(
    State(state): State<OperateState>,
    admin: Admin,
    Body(body): Body<NoticeBody>,
) -> Result<Json<Data<NoticeView>>, ApiError> {
    let plain = |text: &str| {
        text.chars().count() <= MOTD_CHARS_MAX && !text.chars().any(|c| c.is_control() && c != '\n')
    };
    if body.motd.as_deref().is_some_and(|text| !plain(text)) {
        let rule = format!("at most {MOTD_CHARS_MAX} characters, none of them a control character");
        return Err(ApiError::validation("motd", rule));
    }
    let mut act = admin.acts("notice.change", "notice");
    if let Some(motd) = &body.motd {
        act = act.with("motd", motd.as_str());
    }
    if let Some(on) = body.transactions_enabled {
        act = act.with("transactions_enabled", on);
    }
    let command = ChangeNotice { motd: body.motd, payments_on: body.transactions_enabled };
    let command = Acting::new(act, command);
    let notice = match state.db.run(&command).await {
        Ok(notice) => notice,
        Err(Failure::Db(error)) => return Err(error.into()),
        Err(Failure::Refused(never)) => match never {},
    };
    tracing::warn!(
        by = admin.name,
        payments_on = notice.transactions_enabled,
        "the notice was changed"
    );
    Ok(Data::json(notice))
}

/// How many are connected.
#[derive(Debug, Serialize, ToSchema)]
struct CountView {
    /// Websockets of this node.
    count: usize,
}

/// How many websockets this node holds
#[utoipa::path(get, path = "/api/v1/ws/session/count", tag = "realtime",
    responses((status = 200, body = Data<CountView>), Failures))]
async fn count(State(state): State<OperateState>) -> Json<Data<CountView>> {
    Data::json(CountView { count: state.hub.stats().connections })
}
