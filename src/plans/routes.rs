//! Plans and access over HTTP, in the envelope of `/api/subscriptions`. Every path is served with and without a slash at
//! its end, never by a redirect.
//!
//! Ranked play never asks here: whether somebody may play for a rank does not depend on what they pay.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Access,
    commands::offer::{OfferRefusal, PRODUCTS_MAX, PlanEdit, PutPlan},
    granting,
    model::{Plan, Product, Provider, Tier},
    queries,
    usage::history::{self, UsageView},
    views::{AccessView, PlanView, StandingView},
};
use crate::{
    auth::{
        Caller, Scope,
        acts::Acting,
        gate::{Admin, Bot, SignedIn},
    },
    db::{Db, Failure, Refusal},
    http::{
        envelope::{Failures, Success},
        error::ApiError,
        extract::{Body, Params, Query},
    },
    kernel::{event::Seq, id::DiscordId, page::PAGE_ROWS_MAX, patch::Patch, time::Timestamp},
};

/// The codes that this slice adds, as its envelope has them.
pub const CODES: &[(&str, u16, &str)] = &[
    ("INVALID_DISCORD_ID", 400, "the id in the path is no Discord id"),
    ("INVALID_TIER", 400, "the tier in the path is none"),
    ("INVALID_PROVIDER", 400, "the provider in the path is none"),
    ("INVALID_REFERENCE", 400, "the name of the entitlement in the path is none"),
    ("INVALID_PERIOD", 400, "the period is empty, or not said, or said twice"),
    ("LIMITS_REQUIRED", 400, "a new plan needs monthly_server_minutes and max_session_minutes"),
    ("PROVIDER_MANAGED", 403, "what this provider grants is not for others to say"),
    ("USER_NOT_LINKED", 404, "nobody with this Discord id has signed in or was vouched for"),
    ("PLAN_NOT_FOUND", 404, "no plan has this tier"),
    ("PRODUCT_UNMAPPED", 404, "the product is sold as no plan"),
    ("ENTITLEMENT_NOT_FOUND", 404, "there is no such entitlement of this user"),
    ("PRODUCT_TAKEN", 409, "the product is sold as another plan; `details` names it"),
    ("ENTITLEMENT_TAKEN", 409, "the entitlement is another user's"),
    ("NO_ACTIVE_SUBSCRIPTION", 409, "the user has no plan whose minutes could be adjusted"),
    ("IDEMPOTENCY_MISMATCH", 409, "the entry_key stands for another entry"),
];

/// What the routes of this slice need.
#[derive(Debug, Clone)]
pub struct PlanState {
    /// The database.
    pub db: Db,
    /// Answers from memory.
    pub access: Arc<Access>,
}

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<PlanState> {
    OpenApiRouter::new()
        .routes(routes!(my_entitlement))
        .routes(routes!(entitlement))
        .routes(routes!(plans))
        .routes(routes!(put_plan))
        .routes(routes!(roles))
        .routes(routes!(my_usage))
        .routes(routes!(usage))
        .merge(granting::routes::routes())
}

/// Reads a Discord id of a path.
///
/// # Errors
/// `INVALID_DISCORD_ID`.
pub fn discord_id(text: &str) -> Result<DiscordId, ApiError> {
    text.parse::<DiscordId>().map_err(|error| {
        ApiError::bad_request("INVALID_DISCORD_ID", format!("cannot use the id: {error}"))
    })
}

/// What a client is told about a user who is not there.
pub fn not_linked() -> ApiError {
    ApiError::not_found(
        "USER_NOT_LINKED",
        "nobody with this Discord id has signed in; let them sign in or link them first",
    )
}

/// How new an answer must be.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Since {
    /// The position of an event that the caller has seen, on whichever node: the answer is not older.
    since: Option<u64>,
}

impl Since {
    fn seq(&self) -> Option<Seq> {
        self.since.map(|since| Seq::new(i64::try_from(since).unwrap_or(i64::MAX)))
    }
}

/// What a user has.
#[derive(Debug, Serialize, ToSchema)]
struct MyAccess {
    /// The answer of the access check.
    entitlement: AccessView,
}

/// What may I do: plan, minutes, open sessions, in one call
///
/// Answered from memory, and not older than any event that the caller has seen. Ranked play never asks here.
#[utoipa::path(get, path = "/api/subscriptions/me/entitlement", tag = "subscriptions", params(Since),
    security(("session" = [])), responses((status = 200, body = Success<MyAccess>), Failures))]
async fn my_entitlement(
    State(state): State<PlanState>,
    signed_in: SignedIn,
    Query(since): Query<Since>,
) -> Result<Json<Success<MyAccess>>, ApiError> {
    let found = state.access.check(signed_in.user, since.seq()).await?;
    Ok(Success::json(MyAccess { entitlement: found.ok_or_else(not_linked)? }))
}

/// What somebody has.
#[derive(Debug, Serialize, ToSchema)]
struct TheirAccess {
    /// Who.
    discord_user_id: DiscordId,
    /// The answer of the access check.
    entitlement: AccessView,
}

/// What may this user do: plan, minutes, open sessions, in one call
///
/// Answered from memory, and not older than any event that the caller has seen. Ranked play never asks here.
#[utoipa::path(get, path = "/api/subscriptions/users/{discord_id}/entitlement", tag = "subscriptions",
    params(("discord_id" = DiscordId, Path), Since), security(("service_key" = [])),
    responses((status = 200, body = Success<TheirAccess>), Failures))]
async fn entitlement(
    State(state): State<PlanState>,
    _: Bot,
    Params(id): Params<String>,
    Query(since): Query<Since>,
) -> Result<Json<Success<TheirAccess>>, ApiError> {
    let user = discord_id(&id)?;
    let found = state.access.check(user, since.seq()).await?.ok_or_else(not_linked)?;
    Ok(Success::json(TheirAccess { discord_user_id: user, entitlement: found }))
}

/// What is for sale.
#[derive(Debug, Serialize, ToSchema)]
struct Plans {
    /// In the operator's order.
    plans: Vec<PlanView>,
}

/// Which plans.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `true`: those that are not for sale as well; for admins.
    #[serde(default)]
    all: bool,
}

/// The plans that are for sale, with what they bring
#[utoipa::path(get, path = "/api/subscriptions/plans", tag = "subscriptions", params(Which),
    responses((status = 200, body = Success<Plans>), Failures))]
async fn plans(
    State(state): State<PlanState>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Success<Plans>>, ApiError> {
    if which.all && !caller.has(Scope::Admin) {
        return Err(ApiError::forbidden("forbidden", "`all` needs a key with the scope admin"));
    }
    let plans = queries::plans(&mut *state.db.read().await?).await?;
    let shown = plans.iter().filter(|plan| which.all || plan.is_active).map(PlanView::from);
    Ok(Success::json(Plans { plans: shown.collect() }))
}

/// A plan to make, or what to change about it; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
struct PlanBody {
    /// 1 to 80 characters; the tier when a new plan has none.
    name: Option<String>,
    /// At most 2,000 characters.
    description: Option<String>,
    /// At most 50 lines of 1 to 200 characters.
    benefits: Option<Vec<String>>,
    /// Whole dollars, for display: at most 1,000,000.
    monthly_price_usd: Option<u32>,
    /// Minutes in each window, at most 1,000,000; required for a new plan.
    monthly_server_minutes: Option<u32>,
    /// Minutes of one server session, 1 to 100,000; required for a new plan.
    max_session_minutes: Option<u32>,
    /// Server sessions that may be open at once, 1 to 1,000; 1 for a new plan.
    max_concurrent_servers: Option<u32>,
    /// The role that a bot gives; null for none.
    #[serde(default)]
    #[schema(value_type = Option<DiscordId>)]
    discord_role_id: Patch<DiscordId>,
    /// Of several plans of a user, the highest counts.
    entitlement_priority: Option<i32>,
    /// Where it stands in a list, from low to high.
    display_order: Option<i32>,
    /// Days that it still works after a payment has failed, at most 90.
    grace_days: Option<u32>,
    /// Whether it is for sale. What was bought stays.
    is_active: Option<bool>,
    /// As what it is sold elsewhere, at most 50; for the provider `contract` the id of a contract of this hub: whoever
    /// subscribes to it with a wallet that they have linked has the plan for the term.
    products: Option<Vec<Product>>,
}

impl PlanBody {
    fn read(self) -> Result<PlanEdit, ApiError> {
        let within = |field: &str, value: Option<u32>, least: u32, most: u32| match value {
            Some(value) if !(least..=most).contains(&value) => {
                Err(ApiError::validation(field, format!("{least} to {most}")))
            }
            value => Ok(value),
        };
        let text = |field: &str, value: Option<&str>, least: usize, most: usize| match value {
            Some(text) if !is_text(text, least, most) => {
                let rule =
                    format!("{least} to {most} characters, none of them a control character");
                Err(ApiError::validation(field, rule))
            }
            _ => Ok(()),
        };
        text("name", self.name.as_deref(), 1, 80)?;
        let description = self.description.as_deref().map(|text| text.replace(['\n', '\t'], " "));
        text("description", description.as_deref(), 0, 2_000)?;
        let benefits = self.benefits.as_deref().unwrap_or_default();
        if benefits.len() > 50 || !benefits.iter().all(|line| is_text(line, 1, 200)) {
            return Err(ApiError::validation(
                "benefits",
                "at most 50 lines of 1 to 200 characters",
            ));
        }
        Ok(PlanEdit {
            name: self.name,
            description: self.description,
            benefits: self.benefits,
            monthly_price_usd: within("monthly_price_usd", self.monthly_price_usd, 0, 1_000_000)?,
            monthly_server_minutes: within(
                "monthly_server_minutes",
                self.monthly_server_minutes,
                0,
                1_000_000,
            )?,
            max_session_minutes: within(
                "max_session_minutes",
                self.max_session_minutes,
                1,
                100_000,
            )?,
            max_concurrent_servers: within(
                "max_concurrent_servers",
                self.max_concurrent_servers,
                1,
                1_000,
            )?,
            discord_role_id: self.discord_role_id,
            entitlement_priority: self.entitlement_priority,
            display_order: self.display_order,
            grace_days: within("grace_days", self.grace_days, 0, 90)?,
            is_active: self.is_active,
            products: self.products.map(products).transpose()?,
        })
    }
}

/// Products that are each there once, and contracts that are numbers.
fn products(products: Vec<Product>) -> Result<Vec<Product>, ApiError> {
    if products.len() > PRODUCTS_MAX {
        return Err(ApiError::validation("products", format!("at most {PRODUCTS_MAX}")));
    }
    for (at, product) in products.iter().enumerate() {
        let field = format!("products[{at}].product_id");
        if products.iter().take(at).any(|other| other == product) {
            return Err(ApiError::validation(field, "the product is listed before"));
        }
        let id = product.product_id.as_str();
        let number = id.parse::<i64>().is_ok_and(|number| number > 0 && number.to_string() == id);
        if product.provider == Provider::Contract && !number {
            return Err(ApiError::validation(field, "the id of a contract"));
        }
    }
    Ok(products)
}

/// Whether a text has so many characters and none of them a control character.
pub(super) fn is_text(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
struct OnePlan {
    /// The plan.
    plan: PlanView,
}

impl From<&Plan> for OnePlan {
    fn from(plan: &Plan) -> Self {
        Self { plan: PlanView::from(plan) }
    }
}

/// Make or change a plan, and say as which products it is sold
#[utoipa::path(put, path = "/api/subscriptions/plans/{tier}", tag = "subscriptions",
    params(("tier" = Tier, Path)), request_body = PlanBody, security(("service_key" = [])),
    responses((status = 200, body = Success<OnePlan>), Failures))]
async fn put_plan(
    State(state): State<PlanState>,
    admin: Admin,
    Params(tier): Params<String>,
    Body(body): Body<PlanBody>,
) -> Result<Json<Success<OnePlan>>, ApiError> {
    let tier = read_tier(&tier)?;
    let act = admin.acts("plan.put", &tier);
    let command = Acting::new(act, PutPlan { tier, edit: body.read()? });
    let plan = state.db.run(&command).await.map_err(|failure| match failure {
        Failure::Db(error) => error.into(),
        Failure::Refused(refusal) => not_offered(&refusal),
    })?;
    Ok(Success::json(OnePlan::from(&plan)))
}

fn not_offered(refusal: &OfferRefusal) -> ApiError {
    match refusal {
        OfferRefusal::LimitsRequired => ApiError::bad_request(
            refusal.code(),
            "a new plan needs monthly_server_minutes and max_session_minutes",
        ),
        OfferRefusal::ProductTaken { product, tier } => ApiError::conflict(
            refusal.code(),
            format!("{} {} is sold as {tier}", product.provider, product.product_id),
        )
        .with_detail("products", tier.clone()),
    }
}

/// Reads a tier of a path or a body.
///
/// # Errors
/// `INVALID_TIER`.
pub(super) fn read_tier(text: &str) -> Result<Tier, ApiError> {
    text.parse::<Tier>().map_err(|error| ApiError::bad_request("INVALID_TIER", error.to_string()))
}

/// Who has which role.
#[derive(Debug, Serialize, ToSchema)]
struct Roles {
    /// By rising id of the user.
    standings: Vec<StandingView>,
    /// Goes into `after` for the next page; null when there is none.
    next: Option<DiscordId>,
}

/// Where a page begins.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct After {
    /// The last user of the page before.
    after: Option<DiscordId>,
}

/// Who has which plan and role now: where a bot that keeps roles begins, before it follows `role.changed`
#[utoipa::path(get, path = "/api/subscriptions/roles", tag = "subscriptions", params(After),
    security(("service_key" = [])), responses((status = 200, body = Success<Roles>), Failures))]
async fn roles(
    State(state): State<PlanState>,
    _: Bot,
    Query(query): Query<After>,
) -> Result<Json<Success<Roles>>, ApiError> {
    let limit = i64::from(PAGE_ROWS_MAX);
    let after = query.after.unwrap_or(DiscordId::new(0));
    let standings = queries::standings(&mut *state.db.read().await?, after, limit).await?;
    let full = i64::try_from(standings.len()).is_ok_and(|count| count == limit);
    let next = standings.last().filter(|_| full).map(|one| one.discord_user_id);
    Ok(Success::json(Roles { standings, next }))
}

/// Which windows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PeriodQuery {
    /// A time in the window that is asked for; now when absent.
    period: Option<Timestamp>,
}

/// What was used.
#[derive(Debug, Serialize, ToSchema)]
struct Usage {
    /// Whose.
    discord_user_id: DiscordId,
    /// The windows and their entries.
    usage: UsageView,
}

/// What I used: the windows of a time, and the entries in them
#[utoipa::path(get, path = "/api/subscriptions/usage", tag = "subscriptions", params(PeriodQuery),
    security(("session" = [])), responses((status = 200, body = Success<Usage>), Failures))]
async fn my_usage(
    State(state): State<PlanState>,
    signed_in: SignedIn,
    Query(query): Query<PeriodQuery>,
) -> Result<Json<Success<Usage>>, ApiError> {
    used(&state, signed_in.user, &query).await
}

/// What a user used: the windows of a time, and the entries in them
#[utoipa::path(get, path = "/api/subscriptions/users/{discord_id}/usage", tag = "subscriptions",
    params(("discord_id" = DiscordId, Path), PeriodQuery), security(("service_key" = [])),
    responses((status = 200, body = Success<Usage>), Failures))]
async fn usage(
    State(state): State<PlanState>,
    _: Bot,
    Params(id): Params<String>,
    Query(query): Query<PeriodQuery>,
) -> Result<Json<Success<Usage>>, ApiError> {
    used(&state, discord_id(&id)?, &query).await
}

async fn used(
    state: &PlanState,
    user: DiscordId,
    query: &PeriodQuery,
) -> Result<Json<Success<Usage>>, ApiError> {
    let now = state.db.now();
    let mut view = state.db.snapshot().await?;
    let account = queries::account(view.conn(), user, now).await?.ok_or_else(not_linked)?;
    let usage = history::read(view.conn(), &account, query.period, now).await?;
    Ok(Success::json(Usage { discord_user_id: user, usage }))
}
