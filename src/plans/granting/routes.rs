//! The routes with which programs and the operator change what a user has.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::{
        acts::{Acted, Acting},
        gate::{Admin, Bot},
    },
    db::{Failure, Refusal, random},
    http::{
        envelope::{Failures, Success},
        error::ApiError,
        extract::{Body, Params, Query},
    },
    kernel::{
        id::{DiscordId, EntitlementId},
        page::PageQuery,
        time::Timestamp,
    },
    plans::{
        commands::{
            adjust::{ADJUST_MINUTES_MAX, Adjust, AdjustRefusal},
            grant::{self, EndGrant, Grant, GrantRefusal, Until, What},
        },
        model::{Provider, Reference, Status},
        queries,
        routes::{PlanState, discord_id, is_text, not_linked, read_tier},
        views::{AccessView, CompView, EntitlementView},
    },
};

/// Months that a gift lasts at the most.
const MONTHS_MAX: u32 = 120;

/// The routes of this part of the slice.
pub(in crate::plans) fn routes() -> OpenApiRouter<PlanState> {
    OpenApiRouter::new()
        .routes(routes!(put_entitlement, end_entitlement))
        .routes(routes!(comp))
        .routes(routes!(comps))
        .routes(routes!(adjust))
}

/// An entitlement.
#[derive(Debug, Serialize, ToSchema)]
struct OneEntitlement {
    /// Whose.
    discord_user_id: DiscordId,
    /// The entitlement.
    granted: EntitlementView,
    /// What the user has now.
    entitlement: AccessView,
}

impl PlanState {
    async fn show(
        &self,
        user: DiscordId,
        provider: Provider,
        reference: &Reference,
    ) -> Result<OneEntitlement, ApiError> {
        let held = grant::granted(&mut *self.db.read().await?, provider, reference).await?;
        let held = held.ok_or_else(|| refused(&GrantRefusal::NotFound))?;
        let access = self.access.check(user, None).await?.ok_or_else(not_linked)?;
        Ok(OneEntitlement {
            discord_user_id: user,
            granted: EntitlementView::new(&held.entitlement, &held.plan),
            entitlement: access,
        })
    }
}

/// What a user has from a provider.
#[derive(Debug, Deserialize, ToSchema)]
struct EntitlementBody {
    /// The plan; or `product_id`.
    tier: Option<String>,
    /// The provider's product that is sold as the plan; or `tier`.
    product_id: Option<Reference>,
    /// How it stands; `active` when absent. A state that is none of the list grants nothing.
    status: Option<String>,
    /// When the period began; now, or what it was before, when absent.
    period_start: Option<Timestamp>,
    /// When the period ends; or `months`.
    period_end: Option<Timestamp>,
    /// How many months it lasts, 1 to 120; or `period_end`.
    months: Option<u32>,
    /// Whether it ends with the period. Else news of its renewal are awaited for an hour.
    #[serde(default)]
    cancel_at_period_end: bool,
    /// When a payment failed, for `past_due`.
    past_due_at: Option<Timestamp>,
    /// Why, at most 500 characters.
    note: Option<String>,
}

/// Reads what the path names: the providers whose news others may bring.
fn named(provider: &str, reference: &str) -> Result<(Provider, Reference), ApiError> {
    let provider: Provider =
        provider.parse().map_err(|text: String| ApiError::bad_request("INVALID_PROVIDER", text))?;
    if matches!(provider, Provider::Polar | Provider::Contract) {
        let message = format!("what {provider} grants comes from {provider} itself");
        return Err(ApiError::forbidden("PROVIDER_MANAGED", message));
    }
    let reference = Reference::new(reference).ok_or_else(|| {
        ApiError::bad_request("INVALID_REFERENCE", "1 to 128 characters without blanks")
    })?;
    Ok((provider, reference))
}

fn until(end: Option<Timestamp>, months: Option<u32>) -> Result<Until, ApiError> {
    match (end, months) {
        (Some(end), None) => Ok(Until::Time(end)),
        (None, Some(months)) if (1..=MONTHS_MAX).contains(&months) => Ok(Until::Months(months)),
        (None, Some(_)) => Err(ApiError::validation("months", format!("1 to {MONTHS_MAX}"))),
        _ => Err(ApiError::bad_request(
            "INVALID_PERIOD",
            "say when it ends: either period_end or months",
        )),
    }
}

fn note(note: Option<String>) -> Result<Option<String>, ApiError> {
    match note {
        Some(text) if !is_text(&text, 1, 500) => {
            let rule = "1 to 500 characters, none of them a control character";
            Err(ApiError::validation("note", rule))
        }
        note => Ok(note),
    }
}

/// Say what a user has from a provider; saying it again changes nothing
#[utoipa::path(put, path = "/api/subscriptions/users/{discord_id}/entitlements/{provider}/{ref}",
    tag = "subscriptions", request_body = EntitlementBody, security(("service_key" = [])),
    params(("discord_id" = DiscordId, Path), ("provider" = Provider, Path, description =
        "`github_sponsors`, `discord_server_subscription` or `comp`"), ("ref" = String, Path)),
    responses((status = 200, body = Success<OneEntitlement>),
              (status = 201, body = Success<OneEntitlement>), Failures))]
async fn put_entitlement(
    State(state): State<PlanState>,
    bot: Bot,
    Params((id, provider, reference)): Params<(String, String, String)>,
    Body(body): Body<EntitlementBody>,
) -> Result<Response, ApiError> {
    let user = discord_id(&id)?;
    let (provider, reference) = named(&provider, &reference)?;
    let what = match (body.tier, body.product_id) {
        (Some(tier), None) => What::Tier(read_tier(&tier)?),
        (None, Some(product)) => What::Product(product),
        _ => return Err(ApiError::validation("tier", "give either tier or product_id")),
    };
    let status = body.status.as_deref().unwrap_or("active");
    let command = Grant {
        user,
        provider,
        reference: reference.clone(),
        what,
        // Regression: a state that nobody knew was taken for active.
        status: status.parse().unwrap_or(Status::Inactive),
        start: body.period_start,
        until: until(body.period_end, body.months)?,
        ends: body.cancel_at_period_end,
        past_due_at: body.past_due_at,
        granted_by: bot.name.clone(),
        note: note(body.note)?,
    };
    let act = granting(bot.actor.acts("entitlement.put", user), &command);
    let granted = state.db.run(&Acting::new(act, command)).await.map_err(failed)?;
    let view = Success::json(state.show(user, provider, &reference).await?);
    let status = if granted.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, view).into_response())
}

/// End what a user has from a provider, at once
#[utoipa::path(delete, path = "/api/subscriptions/users/{discord_id}/entitlements/{provider}/{ref}",
    tag = "subscriptions", security(("service_key" = [])),
    params(("discord_id" = DiscordId, Path), ("provider" = Provider, Path), ("ref" = String, Path)),
    responses((status = 200, body = Success<OneEntitlement>), Failures))]
async fn end_entitlement(
    State(state): State<PlanState>,
    bot: Bot,
    Params((id, provider, reference)): Params<(String, String, String)>,
) -> Result<Json<Success<OneEntitlement>>, ApiError> {
    let user = discord_id(&id)?;
    let (provider, reference) = named(&provider, &reference)?;
    let act = bot.actor.acts("entitlement.end", user);
    let act = act.with("provider", provider.name()).with("ref", reference.as_str());
    let command = EndGrant { user, provider, reference: reference.clone(), ended_by: bot.name };
    state.db.run(&Acting::new(act, command)).await.map_err(failed)?;
    Ok(Success::json(state.show(user, provider, &reference).await?))
}

/// A gift.
#[derive(Debug, Deserialize, ToSchema)]
struct CompBody {
    /// The plan.
    tier: String,
    /// When it begins; now when absent.
    period_start: Option<Timestamp>,
    /// When it ends; or `months`, or `expires_at`.
    period_end: Option<Timestamp>,
    /// How many months it lasts, 1 to 120; or `period_end`, or `expires_at`.
    months: Option<u32>,
    /// Whether its minutes are new each month until `expires_at`.
    #[serde(default)]
    auto_renew: bool,
    /// When a gift that goes on by itself ends.
    expires_at: Option<Timestamp>,
    /// Why, at most 500 characters.
    note: Option<String>,
    /// Names the gift, so that giving it again changes nothing; made when absent.
    #[serde(rename = "ref")]
    reference: Option<Reference>,
}

/// Give a plan to a user
#[utoipa::path(post, path = "/api/subscriptions/users/{discord_id}/comps", tag = "subscriptions",
    params(("discord_id" = DiscordId, Path)), request_body = CompBody, security(("service_key" = [])),
    responses((status = 201, body = Success<OneEntitlement>),
              (status = 200, body = Success<OneEntitlement>), Failures))]
async fn comp(
    State(state): State<PlanState>,
    admin: Admin,
    Params(id): Params<String>,
    Body(body): Body<CompBody>,
) -> Result<Response, ApiError> {
    let user = discord_id(&id)?;
    let until = match (body.auto_renew, body.expires_at) {
        (true, Some(expires)) if body.period_end.is_none() && body.months.is_none() => {
            Until::Time(expires)
        }
        (false, None) => until(body.period_end, body.months)?,
        _ => {
            let message = "auto_renew goes with expires_at and without period_end and months";
            return Err(ApiError::bad_request("INVALID_PERIOD", message));
        }
    };
    let reference = body.reference.unwrap_or_else(|| Reference::of(random::uuid()));
    let command = Grant {
        user,
        provider: Provider::Comp,
        reference: reference.clone(),
        what: What::Tier(read_tier(&body.tier)?),
        status: Status::Active,
        start: body.period_start,
        until,
        // A gift is over when it is over: there is nobody whose news could be awaited.
        ends: true,
        past_due_at: None,
        granted_by: admin.name.clone(),
        note: note(body.note)?,
    };
    let act = granting(admin.acts("comp.give", user), &command);
    let granted = state.db.run(&Acting::new(act, command)).await.map_err(failed)?;
    let view = Success::json(state.show(user, Provider::Comp, &reference).await?);
    let status = if granted.created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, view).into_response())
}

/// A page of gifts.
#[derive(Debug, Serialize, ToSchema)]
struct Comps {
    /// The gifts, newest first.
    comps: Vec<CompView>,
    /// The `before` of the next page; null on the last one.
    next: Option<i64>,
}

/// List what was given, newest first; what is over as well
#[utoipa::path(get, path = "/api/subscriptions/comps", tag = "subscriptions", params(PageQuery),
    security(("service_key" = [])), responses((status = 200, body = Success<Comps>), Failures))]
async fn comps(
    State(state): State<PlanState>,
    _: Admin,
    Query(page): Query<PageQuery>,
) -> Result<Json<Success<Comps>>, ApiError> {
    let now = state.db.now();
    let (held, next) = queries::comps(&mut *state.db.read().await?, page).await?;
    let comps = held.iter().map(|held| CompView::new(held, now)).collect();
    Ok(Success::json(Comps { comps, next }))
}

/// What is told of a grant besides whose it is.
fn granting(act: Acted, grant: &Grant) -> Acted {
    let (name, what) = match &grant.what {
        What::Tier(tier) => ("tier", tier.as_str()),
        What::Product(product) => ("product_id", product.as_str()),
    };
    let act = act.with("provider", grant.provider.name()).with("ref", grant.reference.as_str());
    act.with(name, what).with("note", grant.note.clone())
}

/// Minutes to give or to take.
#[derive(Debug, Deserialize, ToSchema)]
struct AdjustBody {
    /// Below 0 for minutes that are given, above 0 for minutes that are taken; at most 100,000 either way.
    minutes: i32,
    /// Why, 1 to 500 characters.
    reason: String,
    /// Names the entry, 1 to 128 characters: the same key is the same entry. Made when absent.
    entry_key: Option<Reference>,
    /// Whose minutes; those of the user's plan when absent.
    entitlement_id: Option<i64>,
}

/// An adjustment.
#[derive(Debug, Serialize, ToSchema)]
struct AdjustedView {
    /// Whose.
    discord_user_id: DiscordId,
    /// The entry's name.
    entry_key: String,
    /// Whether it was there before.
    duplicate: bool,
    /// When the window began in which it counts.
    window_start: Timestamp,
    /// What the user has now.
    entitlement: AccessView,
}

/// Give minutes to a user, or take some, in the window that is open now
#[utoipa::path(post, path = "/api/subscriptions/users/{discord_id}/adjustments", tag = "subscriptions",
    params(("discord_id" = DiscordId, Path)), request_body = AdjustBody, security(("service_key" = [])),
    responses((status = 201, body = Success<AdjustedView>),
              (status = 200, body = Success<AdjustedView>), Failures))]
async fn adjust(
    State(state): State<PlanState>,
    admin: Admin,
    Params(id): Params<String>,
    Body(body): Body<AdjustBody>,
) -> Result<Response, ApiError> {
    let user = discord_id(&id)?;
    if body.minutes == 0 || body.minutes.unsigned_abs() > ADJUST_MINUTES_MAX {
        let rule = format!("1 to {ADJUST_MINUTES_MAX}, below or above 0");
        return Err(ApiError::validation("minutes", rule));
    }
    if !is_text(&body.reason, 1, 500) {
        let rule = "1 to 500 characters, none of them a control character";
        return Err(ApiError::validation("reason", rule));
    }
    let key = body.entry_key.map(|key| key.to_string());
    let command = Adjust {
        user,
        entitlement: body.entitlement_id.map(EntitlementId::new),
        minutes: body.minutes,
        note: body.reason,
        entry_key: key.unwrap_or_else(|| random::uuid().to_string()),
        actor: admin.name.clone(),
    };
    let entry_key = command.entry_key.clone();
    let act = admin.acts("minutes.adjust", user).with("minutes", command.minutes);
    let act = act.with("reason", command.note.as_str()).with("entry_key", entry_key.as_str());
    let adjusted =
        state.db.run(&Acting::new(act, command)).await.map_err(|failure| match failure {
            Failure::Db(error) => error.into(),
            Failure::Refused(refusal) => not_adjusted(&refusal),
        })?;
    let entitlement = state.access.check(user, None).await?.ok_or_else(not_linked)?;
    let view = AdjustedView {
        discord_user_id: user,
        entry_key,
        duplicate: adjusted.duplicate,
        window_start: adjusted.window_start,
        entitlement,
    };
    let status = if adjusted.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Success::json(view)).into_response())
}

fn failed(failure: Failure<GrantRefusal>) -> ApiError {
    match failure {
        Failure::Db(error) => error.into(),
        Failure::Refused(refusal) => refused(&refusal),
    }
}

fn refused(refusal: &GrantRefusal) -> ApiError {
    let code = refusal.code();
    match refusal {
        GrantRefusal::NotLinked => not_linked(),
        GrantRefusal::PlanNotFound => {
            ApiError::not_found(code, "no plan has this tier; make it with PUT plans/{tier}/")
        }
        GrantRefusal::ProductUnmapped => {
            ApiError::not_found(code, "the product is sold as no plan; map it to one first")
        }
        GrantRefusal::NotFound => ApiError::not_found(code, "the user has no such entitlement"),
        GrantRefusal::BelongsTo(_) => ApiError::conflict(code, "the entitlement is another user's"),
        GrantRefusal::EmptyPeriod => {
            ApiError::bad_request(code, "the period ends before it begins")
        }
    }
}

fn not_adjusted(refusal: &AdjustRefusal) -> ApiError {
    let code = refusal.code();
    match refusal {
        AdjustRefusal::NotLinked => not_linked(),
        AdjustRefusal::NoActiveSubscription => {
            ApiError::conflict(code, "the user has no plan now; give them one first")
        }
        AdjustRefusal::EntitlementNotFound => {
            ApiError::not_found(code, "the user has no such entitlement that can be used now")
        }
        AdjustRefusal::Mismatch => {
            ApiError::conflict(code, "the entry_key stands for another entry; use a fresh one")
        }
    }
}
