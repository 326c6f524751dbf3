//! The operator's routes that belong to no other slice.

use std::time::Duration;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{commands::AdvanceClock, connections};
use crate::{
    auth::gate::Admin,
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
/// How long the answer waits until this node goes by the new time. Past it the answer goes out all the same.
const APPLIED: Duration = Duration::from_secs(1);

/// What the routes need.
#[derive(Debug, Clone)]
pub struct OperateState {
    /// The database.
    pub db: Db,
    /// The connections of this node.
    pub hub: Hub,
    /// Whether this hub is there for trying things out.
    pub dev: bool,
}

/// The routes.
pub fn routes() -> OpenApiRouter<OperateState> {
    OpenApiRouter::new()
        .routes(routes!(clock))
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
    let command =
        AdvanceClock { by: Duration::from_secs(body.advance_s), caller: admin.name.clone() };
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
