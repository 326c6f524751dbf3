//! What the routes of this slice share: their state, their codes, and how a provider's "no" is told.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    apply::Teller,
    care::reconcile::{self, CareError},
    events::{Drift, Occasion},
    polar::{Polar, PolarError},
    shop, webhooks,
};
use crate::{
    auth::{gate::Admin, users},
    db::{Db, Failure, Never},
    http::{envelope::Success, error::ApiError, extract::Params, openapi::Failures},
    kernel::id::{DiscordId, DiscordIdError},
    plans::model::Provider,
};

/// The codes of this slice.
pub const CODES: &[(&str, u16, &str)] = &[
    (
        "WEBHOOK_HEADER_MISSING",
        400,
        "one of webhook-id, webhook-timestamp, webhook-signature is missing",
    ),
    ("INVALID_WEBHOOK_ID", 400, "webhook-id is too long or not printable"),
    ("INVALID_TIMESTAMP", 400, "webhook-timestamp is not a whole number of seconds"),
    ("STALE_TIMESTAMP", 400, "webhook-timestamp is more than 300 seconds ago"),
    ("FUTURE_TIMESTAMP", 400, "webhook-timestamp is more than 300 seconds ahead"),
    ("INVALID_SIGNATURE", 400, "no signature fits the body and any of the secrets"),
    ("INVALID_EVENT", 400, "the event does not fit; `details` names the field"),
    ("OWNER_REQUIRED", 400, "a program must say for whom it asks"),
    ("INVALID_DISCORD_ID", 400, "a Discord id is a positive whole number, as a string"),
    ("USER_NOT_LINKED", 404, "the user has never signed in"),
    ("PLAN_NOT_FOUND", 404, "no plan of this tier is for sale"),
    ("NO_SUBSCRIPTION", 404, "the user has bought nothing that could be changed"),
    ("NO_CUSTOMER", 404, "the provider does not know the user"),
    ("CHECKOUT_NOT_FOUND", 404, "no checkout of the caller has this id"),
    ("EVENT_NOT_FOUND", 404, "no event has this number"),
    ("PLAN_NOT_PURCHASABLE", 409, "the plan is sold as no product, or not as this one"),
    ("PLAN_UNCHANGED", 409, "the user has this plan"),
    ("ALREADY_SUBSCRIBED", 409, "there is a subscription already; change its plan"),
    ("SUBSCRIPTION_ENDED", 409, "the subscription is over; buy the plan again"),
    ("POLAR_REJECTED", 502, "Polar said no; `details` says what it said"),
    ("POLAR_NOT_CONFIGURED", 503, "no access token, or no webhook secret, is set"),
    ("POLAR_UNAVAILABLE", 503, "Polar can't be reached; `Retry-After` says when to come back"),
];

/// When to come back when Polar can't be reached.
const RETRY: Duration = Duration::from_secs(5);

/// What the routes of this slice need.
#[derive(Debug, Clone)]
pub struct BillingState {
    /// The database.
    pub db: Db,
    /// Polar's API.
    pub polar: Polar,
    /// Where buyers come back to when nobody says.
    pub success_url: Option<String>,
    /// Where customers manage what they bought, when no link of their own can be made.
    pub portal_url: Option<Url>,
    /// Whether a plan ends when its payment is given back in full.
    pub revoke_on_full_refund: bool,
}

/// The routes of this slice behind the gate.
pub fn routes() -> OpenApiRouter<BillingState> {
    OpenApiRouter::new()
        .merge(shop::routes::routes())
        .merge(webhooks::routes::routes())
        .routes(routes!(compare))
}

impl BillingState {
    pub(super) const fn teller(&self, occasion: Option<Occasion>) -> Teller {
        let revoke_on_full_refund = self.revoke_on_full_refund;
        Teller { provider: Provider::Polar, occasion, revoke_on_full_refund }
    }
}

/// Why Polar did not do what it was asked, for the caller.
pub(super) fn asked(error: PolarError) -> ApiError {
    match error {
        PolarError::NotConfigured => {
            let message = "nothing can be bought here; set polar_access_token";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "POLAR_NOT_CONFIGURED", message)
        }
        PolarError::Unreachable(_) | PolarError::Unreadable(_) => {
            tracing::warn!(%error, "Polar is of no help");
            let message = "Polar can't be reached; repeat after Retry-After seconds";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "POLAR_UNAVAILABLE", message)
                .with_retry_after(RETRY)
        }
        PolarError::Limited(wait) => {
            let message = "Polar wants to be asked less often; repeat after Retry-After seconds";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "POLAR_UNAVAILABLE", message)
                .with_retry_after(wait)
        }
        PolarError::Rejected { status, class, detail } => {
            tracing::warn!(status, class, detail, "Polar said no");
            ApiError::new(StatusCode::BAD_GATEWAY, "POLAR_REJECTED", "Polar said no")
                .with_detail("upstream_status", status.to_string())
                .with_detail("upstream_error", class)
                .with_detail("upstream_message", detail)
        }
    }
}

/// What a command that never refuses gave.
pub(super) fn ran<D>(outcome: Result<D, Failure<Never>>) -> Result<D, ApiError> {
    match outcome {
        Ok(done) => Ok(done),
        Err(Failure::Db(error)) => Err(error.into()),
        Err(Failure::Refused(never)) => match never {},
    }
}

/// What a comparison came to.
#[derive(Debug, Serialize, ToSchema)]
struct ComparedView {
    /// What differed, and was repaired.
    drift: Vec<Drift>,
}

/// Compare what a user has with what Polar says, and repair what differs
#[utoipa::path(post, path = "/api/subscriptions/users/{discord_id}/reconcile", tag = "billing",
    params(("discord_id" = String, Path)), security(("service_key" = [])),
    responses((status = 200, body = Success<ComparedView>), Failures))]
async fn compare(
    State(state): State<BillingState>,
    admin: Admin,
    Params(user): Params<String>,
) -> Result<Json<Success<ComparedView>>, ApiError> {
    let user: DiscordId = user.parse().map_err(|error: DiscordIdError| {
        ApiError::bad_request("INVALID_DISCORD_ID", error.to_string())
    })?;
    let found = users::user(&mut *state.db.read().await?, user).await?;
    let missing = || ApiError::not_found("USER_NOT_LINKED", "the user has never signed in");
    found.ok_or_else(missing)?;
    tracing::info!(by = admin.name, %user, "a user is compared with Polar");
    let teller = state.teller(Some(Occasion::Operator));
    let act = Some(admin.acts("user.reconcile", user));
    match reconcile::user(&state.db, &state.polar, teller, user, act).await {
        Ok(drift) => Ok(Success::json(ComparedView { drift })),
        Err(CareError::Polar(error)) => Err(asked(error)),
        Err(CareError::Db(error)) => Err(error.into()),
    }
}
