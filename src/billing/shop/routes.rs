//! Buying over HTTP.

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    commands::{ApplyAnswer, NoteCheckout, WatchCheckout},
    store,
};
use crate::{
    auth::{
        Caller, Scope,
        gate::{Bot, ClientIp, SignedIn},
        users,
    },
    billing::{
        model::{Change, SubscriptionNews},
        polar::{Begins, CheckoutAsk, PolarError},
        queries,
        routes::{BillingState, asked, ran},
        views::{CheckoutView, PurchaseView},
    },
    http::{
        envelope::Success,
        error::ApiError,
        extract::{Body, Params, Query},
        openapi::Failures,
    },
    kernel::{id::DiscordId, page::PageQuery, time::Timestamp},
    plans::{
        self,
        model::{Held, Plan, Provider, Reference, Status, Tier},
    },
};

/// The longest address that a buyer is sent back to, in bytes.
const URL_BYTES_MAX: usize = 2_048;
/// For how long a checkout must be good to be handed out again.
const REUSE: std::time::Duration = std::time::Duration::from_mins(10);

pub(in crate::billing) fn routes() -> OpenApiRouter<BillingState> {
    OpenApiRouter::new()
        .routes(routes!(open_checkout))
        .routes(routes!(checkout))
        .routes(routes!(open_portal))
        .routes(routes!(change_plan))
        .routes(routes!(cancel))
        .routes(routes!(uncancel))
        .routes(routes!(purchases))
        .routes(routes!(purchases_of))
}

/// Somebody who may buy: a user for themselves, or a program that acts for users.
#[derive(Debug, Clone)]
struct Buyer(Caller);

impl<S: Send + Sync> FromRequestParts<S> for Buyer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        match &caller {
            Caller::User { .. } => Ok(Self(caller)),
            _ if caller.has(Scope::Bot) => Ok(Self(caller)),
            Caller::Guest => Err(ApiError::unauthorized("unauthorized", "sign in first")),
            _ => {
                let message = "this is for a user, or for a service key with the scope bot";
                Err(ApiError::forbidden("forbidden", message))
            }
        }
    }
}

impl BillingState {
    /// Who is meant: a user means themselves, a program says whom. They must be linked.
    async fn subject(
        &self,
        Buyer(caller): &Buyer,
        named: Option<&str>,
    ) -> Result<users::User, ApiError> {
        let named = named.map(discord_id).transpose()?;
        let user = match (caller, named) {
            (Caller::User { user, .. }, None) => *user,
            (Caller::User { user, .. }, Some(named)) if named == *user => named,
            (Caller::User { .. }, Some(_)) => {
                return Err(ApiError::forbidden("forbidden", "users buy for themselves"));
            }
            (_, Some(named)) => named,
            (_, None) => {
                let message = "say for whom: owner_discord_id";
                return Err(ApiError::bad_request("OWNER_REQUIRED", message));
            }
        };
        self.linked(user).await
    }

    /// A user.
    async fn linked(&self, user: DiscordId) -> Result<users::User, ApiError> {
        let found = users::user(&mut *self.db.read().await?, user).await?;
        found.ok_or_else(|| ApiError::not_found("USER_NOT_LINKED", "the user has never signed in"))
    }

    /// What a user has bought here and still has, or may have again when they pay.
    async fn bought(&self, user: DiscordId) -> Result<Option<Held>, ApiError> {
        let mut conn = self.db.read().await?;
        let held = plans::queries::of_user(&mut conn, Provider::Polar, user).await?;
        let live = |held: &Held| {
            matches!(held.entitlement.status, Status::Active | Status::Trialing | Status::PastDue)
        };
        Ok(held.into_iter().find(live))
    }

    /// The plan of a tier, and the product that it is bought as.
    async fn for_sale(
        &self,
        tier: &Tier,
        product: Option<&Reference>,
    ) -> Result<(Plan, Reference), ApiError> {
        let plan = plans::queries::plan(&mut *self.db.read().await?, tier).await?;
        let plan = plan.filter(|plan| plan.is_active).ok_or_else(|| {
            ApiError::not_found("PLAN_NOT_FOUND", "no plan of this tier is for sale")
        })?;
        let mut sold = plan.products.iter().filter(|product| product.provider == Provider::Polar);
        let wanted = |one: &&plans::model::Product| product.is_none_or(|it| *it == one.product_id);
        let found = sold.find(wanted).map(|one| one.product_id.clone());
        let product = found.ok_or_else(|| {
            let message = "the plan is not sold as this product, or as none at all";
            ApiError::conflict("PLAN_NOT_PURCHASABLE", message)
        })?;
        Ok((plan, product))
    }

    /// Applies what Polar said of a subscription, and shows it.
    async fn answered(
        &self,
        user: DiscordId,
        news: SubscriptionNews,
    ) -> Result<Json<Success<BoughtAnswer>>, ApiError> {
        let reference = news.reference.clone();
        let change = Change::Subscription(news);
        ran(self.db.run(&ApplyAnswer { teller: self.teller(None), change: &change }).await)?;
        let mut conn = self.db.read().await?;
        let held = plans::queries::entitlement(&mut conn, Provider::Polar, &reference).await?;
        let held = held.filter(|held| held.entitlement.user == user);
        let held = held.ok_or_else(|| ApiError::not_found(NO_SUBSCRIPTION, NOTHING_BOUGHT))?;
        Ok(Success::json(BoughtAnswer { subscription: BoughtView::new(&held) }))
    }
}

const NO_SUBSCRIPTION: &str = "NO_SUBSCRIPTION";
const NOTHING_BOUGHT: &str = "the user has bought nothing here that could be changed";

fn discord_id(text: &str) -> Result<DiscordId, ApiError> {
    text.parse().map_err(|error: crate::kernel::id::DiscordIdError| {
        ApiError::bad_request("INVALID_DISCORD_ID", error.to_string())
    })
}

/// An address that a browser can be sent to.
fn address(field: &'static str, text: &str) -> Result<(), ApiError> {
    let plain = Url::parse(&text.replace("{CHECKOUT_ID}", "id"));
    let good = plain.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if good && text.len() <= URL_BYTES_MAX {
        return Ok(());
    }
    Err(ApiError::validation(field, "an http or https URL of at most 2,048 bytes"))
}

/// What to buy.
#[derive(Debug, Deserialize, ToSchema)]
struct CheckoutBody {
    /// The plan.
    #[schema(value_type = String)]
    tier: Tier,
    /// Which of the plan's products, such as the one for a year; by default the first.
    #[schema(value_type = Option<String>)]
    product_id: Option<Reference>,
    /// Where to go afterwards; `{CHECKOUT_ID}` is filled in.
    success_url: Option<String>,
    /// For whom; programs must say, users need not.
    owner_discord_id: Option<String>,
}

/// A checkout.
#[derive(Debug, Serialize, ToSchema)]
struct CheckoutAnswer {
    #[serde(flatten)]
    checkout: CheckoutView,
}

/// Open a page on which a plan can be bought; one that is open already is given again
#[utoipa::path(post, path = "/api/subscriptions/checkout", tag = "billing", request_body = CheckoutBody,
    security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<CheckoutAnswer>), Failures))]
async fn open_checkout(
    State(state): State<BillingState>,
    buyer: Buyer,
    ClientIp(ip): ClientIp,
    Body(body): Body<CheckoutBody>,
) -> Result<Json<Success<CheckoutAnswer>>, ApiError> {
    let user = state.subject(&buyer, body.owner_discord_id.as_deref()).await?;
    let id = user.discord_user_id;
    let (plan, product) = state.for_sale(&body.tier, body.product_id.as_ref()).await?;
    let success_url = body.success_url.or_else(|| state.success_url.clone());
    if let Some(url) = &success_url {
        address("success_url", url)?;
    }
    if state.bought(id).await?.is_some() {
        let message = "there is a subscription already; use change-plan";
        return Err(ApiError::conflict("ALREADY_SUBSCRIBED", message));
    }
    let now = state.db.now();
    let until = now.plus(REUSE).unwrap_or(now);
    let of = (Provider::Polar, id);
    let mut conn = state.db.read().await?;
    let url = success_url.as_deref();
    if let Some(checkout) = store::checkout_open(&mut conn, of, &product, url, until).await? {
        return Ok(Success::json(CheckoutAnswer { checkout }));
    }
    drop(conn);
    // A program asks from its own place, not from the buyer's.
    let ip = ip.filter(|_| matches!(buyer.0, Caller::User { .. })).filter(is_public);
    let ask = CheckoutAsk {
        user: id,
        tier: &plan.tier,
        product: &product,
        email: user.email.as_deref(),
        ip,
        success_url: url,
    };
    let link = state.polar.open_checkout(&ask, now).await.map_err(asked)?;
    let note = NoteCheckout {
        provider: Provider::Polar,
        user: id,
        tier: &plan.tier,
        success_url: url,
        news: &link.news,
    };
    let checkout = ran(state.db.run(&note).await)?;
    Ok(Success::json(CheckoutAnswer { checkout }))
}

/// Whether an address says where on earth somebody is.
fn is_public(ip: &std::net::IpAddr) -> bool {
    match ip {
        std::net::IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_private() && !ip.is_link_local(),
        std::net::IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unique_local(),
    }
}

/// What became of a checkout. While it is not over, the provider is asked in the background
#[utoipa::path(get, path = "/api/subscriptions/checkout/{id}", tag = "billing",
    params(("id" = String, Path)), security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<CheckoutAnswer>), Failures))]
async fn checkout(
    State(state): State<BillingState>,
    Buyer(caller): Buyer,
    Params(id): Params<Reference>,
) -> Result<Json<Success<CheckoutAnswer>>, ApiError> {
    let found = queries::checkout(&mut *state.db.read().await?, Provider::Polar, &id).await?;
    let theirs = |checkout: &CheckoutView| {
        caller.is_user(checkout.discord_user_id) || caller.has(Scope::Bot)
    };
    let missing = || ApiError::not_found("CHECKOUT_NOT_FOUND", "no checkout of yours has this id");
    let checkout = found.filter(theirs).ok_or_else(missing)?;
    if !checkout.status.is_final() && state.polar.is_configured() {
        ran(state.db.run(&WatchCheckout { provider: Provider::Polar, id: &id }).await)?;
    }
    Ok(Success::json(CheckoutAnswer { checkout }))
}

/// Where to go when done.
#[derive(Debug, Deserialize, ToSchema)]
struct PortalBody {
    /// Where the way back leads.
    return_url: Option<String>,
    /// Whose portal; programs must say, users need not.
    owner_discord_id: Option<String>,
}

/// A way into the customer's own pages.
#[derive(Debug, Serialize, ToSchema)]
struct PortalView {
    /// Where.
    url: String,
    /// Until when it works; null when it is a link for everybody.
    expires_at: Option<Timestamp>,
}

/// Open the pages on which a customer sees invoices, changes cards and cancels: a fresh link each time
#[utoipa::path(post, path = "/api/subscriptions/portal", tag = "billing", request_body = PortalBody,
    security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<PortalView>), Failures))]
async fn open_portal(
    State(state): State<BillingState>,
    buyer: Buyer,
    Body(body): Body<PortalBody>,
) -> Result<Json<Success<PortalView>>, ApiError> {
    let user = state.subject(&buyer, body.owner_discord_id.as_deref()).await?.discord_user_id;
    let return_url = body.return_url.as_deref();
    return_url.map(|url| address("return_url", url)).transpose()?;
    let held = state.bought(user).await?;
    let customer = held.as_ref().and_then(|held| held.entitlement.customer.as_deref());
    let mut opened = state.polar.open_portal(user, customer, return_url).await;
    if matches!(opened, Ok(None)) && customer.is_some() {
        opened = state.polar.open_portal(user, None, return_url).await;
    }
    let everybody = |cause: ApiError| match &state.portal_url {
        Some(url) => Ok(PortalView { url: url.to_string(), expires_at: None }),
        None => Err(cause),
    };
    let view = match opened {
        Ok(Some(link)) => PortalView { url: link.url, expires_at: Some(link.expires_at) },
        Ok(None) => everybody(ApiError::not_found("NO_CUSTOMER", "the user has bought nothing"))?,
        Err(error) => everybody(asked(error))?,
    };
    Ok(Success::json(view))
}

/// When another plan begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum When {
    /// At once; the difference is invoiced.
    #[default]
    Now,
    /// With the next period.
    PeriodEnd,
}

/// Which plan to have instead.
#[derive(Debug, Deserialize, ToSchema)]
struct ChangePlanBody {
    /// The plan.
    #[schema(value_type = String)]
    tier: Tier,
    /// Which of the plan's products; by default the first.
    #[schema(value_type = Option<String>)]
    product_id: Option<Reference>,
    /// When it begins.
    #[serde(default)]
    when: When,
    /// Whose; programs must say, users need not.
    owner_discord_id: Option<String>,
}

/// A subscription that was bought.
#[derive(Debug, Serialize, ToSchema)]
struct BoughtView {
    /// The provider's name for it.
    subscription_id: Reference,
    /// The plan that it gives now.
    tier: Tier,
    /// How it stands.
    status: Status,
    /// Until when it is paid.
    period_end: Timestamp,
    /// Whether it ends then.
    cancel_at_period_end: bool,
}

impl BoughtView {
    fn new(held: &Held) -> Self {
        Self {
            subscription_id: held.entitlement.reference.clone(),
            tier: held.plan.tier.clone(),
            status: held.entitlement.status,
            period_end: held.entitlement.period.end,
            cancel_at_period_end: held.entitlement.cancel_at_period_end,
        }
    }
}

/// A subscription after it was changed.
#[derive(Debug, Serialize, ToSchema)]
struct BoughtAnswer {
    /// The subscription.
    subscription: BoughtView,
}

/// Have another plan instead, at once or with the next period
#[utoipa::path(post, path = "/api/subscriptions/change-plan", tag = "billing", request_body = ChangePlanBody,
    security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<BoughtAnswer>), Failures))]
async fn change_plan(
    State(state): State<BillingState>,
    buyer: Buyer,
    Body(body): Body<ChangePlanBody>,
) -> Result<Json<Success<BoughtAnswer>>, ApiError> {
    let user = state.subject(&buyer, body.owner_discord_id.as_deref()).await?.discord_user_id;
    let (plan, product) = state.for_sale(&body.tier, body.product_id.as_ref()).await?;
    let held = state.bought(user).await?;
    let held = held.ok_or_else(|| ApiError::not_found(NO_SUBSCRIPTION, NOTHING_BOUGHT))?;
    if held.plan.id == plan.id && body.product_id.is_none() {
        return Err(ApiError::conflict("PLAN_UNCHANGED", "the user has this plan"));
    }
    let begins = match body.when {
        When::Now => Begins::Now,
        When::PeriodEnd => Begins::NextPeriod,
    };
    let reference = &held.entitlement.reference;
    let now = state.db.now();
    let changed = state.polar.change_product(reference, &product, begins, now).await;
    state.answered(user, changed.map_err(asked)?).await
}

/// Whose subscription.
#[derive(Debug, Deserialize, ToSchema)]
struct SubjectBody {
    /// Whose; programs must say, users need not.
    owner_discord_id: Option<String>,
}

/// Let the subscription end with its period
#[utoipa::path(post, path = "/api/subscriptions/cancel", tag = "billing", request_body = SubjectBody,
    security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<BoughtAnswer>), Failures))]
async fn cancel(
    State(state): State<BillingState>,
    buyer: Buyer,
    Body(body): Body<SubjectBody>,
) -> Result<Json<Success<BoughtAnswer>>, ApiError> {
    set_cancel(&state, &buyer, &body, true).await
}

/// Let the subscription go on after all
#[utoipa::path(post, path = "/api/subscriptions/uncancel", tag = "billing", request_body = SubjectBody,
    security(("session" = []), ("service_key" = [])),
    responses((status = 200, body = Success<BoughtAnswer>), Failures))]
async fn uncancel(
    State(state): State<BillingState>,
    buyer: Buyer,
    Body(body): Body<SubjectBody>,
) -> Result<Json<Success<BoughtAnswer>>, ApiError> {
    set_cancel(&state, &buyer, &body, false).await
}

async fn set_cancel(
    state: &BillingState,
    buyer: &Buyer,
    body: &SubjectBody,
    cancel: bool,
) -> Result<Json<Success<BoughtAnswer>>, ApiError> {
    let user = state.subject(buyer, body.owner_discord_id.as_deref()).await?.discord_user_id;
    let held = state.bought(user).await?;
    let held = held.ok_or_else(|| ApiError::not_found(NO_SUBSCRIPTION, NOTHING_BOUGHT))?;
    if held.entitlement.cancel_at_period_end == cancel {
        return Ok(Success::json(BoughtAnswer { subscription: BoughtView::new(&held) }));
    }
    let now = state.db.now();
    let changed = state.polar.cancel(&held.entitlement.reference, cancel, now).await;
    let changed = changed.map_err(|error| match error {
        PolarError::Rejected { status: 403 | 404, .. } => ApiError::new(
            StatusCode::CONFLICT,
            "SUBSCRIPTION_ENDED",
            "the subscription is over; buy the plan again",
        ),
        error => asked(error),
    })?;
    state.answered(user, changed).await
}

/// A page of purchases.
#[derive(Debug, Serialize, ToSchema)]
struct PurchasesView {
    /// The purchases, newest first.
    purchases: Vec<PurchaseView>,
    /// The `before` of the next page; null on the last one.
    next: Option<i64>,
}

/// List what the user paid, newest first
#[utoipa::path(get, path = "/api/subscriptions/purchases", tag = "billing", params(PageQuery),
    security(("session" = [])), responses((status = 200, body = Success<PurchasesView>), Failures))]
async fn purchases(
    State(state): State<BillingState>,
    signed_in: SignedIn,
    Query(page): Query<PageQuery>,
) -> Result<Json<Success<PurchasesView>>, ApiError> {
    let found = queries::purchases(&mut *state.db.read().await?, signed_in.user, page).await?;
    Ok(Success::json(PurchasesView { purchases: found.items, next: found.next }))
}

/// List what a user paid, newest first
#[utoipa::path(get, path = "/api/subscriptions/users/{discord_id}/purchases", tag = "billing",
    params(("discord_id" = String, Path), PageQuery), security(("service_key" = [])),
    responses((status = 200, body = Success<PurchasesView>), Failures))]
async fn purchases_of(
    State(state): State<BillingState>,
    _: Bot,
    Params(user): Params<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Success<PurchasesView>>, ApiError> {
    let user = state.linked(discord_id(&user)?).await?.discord_user_id;
    let found = queries::purchases(&mut *state.db.read().await?, user, page).await?;
    Ok(Success::json(PurchasesView { purchases: found.items, next: found.next }))
}
