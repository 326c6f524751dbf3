//! Contracts over HTTP.

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    commands::{By, CreateContract, EditContract},
    model::{
        ALLOW_LIST_WALLETS_MAX, AllowList, AllowListError, CAP_SUBSCRIBERS_MAX, CatchUp, Contract,
        ContractRefusal, ContractStatus, DESCRIPTION_CHARS_MAX, Description, Edit, TITLE_CHARS_MAX,
        Title,
    },
    queries::{self, ContractFilter},
    schedule::Schedule,
    subscribers,
    views::ContractView,
};
use crate::{
    auth::{
        Caller, Scope,
        acts::Acting,
        gate::{Admin, Owner},
        keyed,
    },
    db::{Db, Failure, Refusal, keys::Outcome},
    http::{
        Data,
        error::ApiError,
        etag::{self, IfMatch},
        extract::{Body, Params, Query},
        idempotency::{IdempotencyKey, Replayed},
        openapi::Failures,
    },
    kernel::{
        address::Address,
        id::ContractId,
        money::AmountText,
        page::{ForwardQuery, Page},
        patch::Patch,
        time::Timestamp,
    },
    ledger,
};

/// The codes that this slice adds to those of the ledger.
pub const CODES: &[(&str, u16, &str)] = &[
    ("invalid_schedule", 400, "the schedule is none, several, too short, too long or never due"),
    ("invalid_allow_list", 400, "`details` names the entry of `allow_list` that is no address"),
    ("empty_patch", 400, "the body changes nothing"),
    ("not_allowed", 403, "the contract is restricted and the wallet is not on its allow list"),
    ("cannot_unsubscribe", 403, "the operator has made this a subscription that can't be ended"),
    ("contract_not_found", 404, "no contract has this id"),
    ("subscription_not_found", 404, "there is no such subscription"),
    ("contract_closed", 409, "the contract takes no new subscribers"),
    ("contract_canceled", 409, "the contract is over"),
    ("contract_full", 409, "the contract has as many subscribers as it may"),
    ("price_changed", 409, "the price is above the max_price of the request"),
    ("version_conflict", 409, "it was changed meanwhile; `details` says the version it has"),
    ("subscription_ended", 409, "the subscription is over; subscribe again"),
];

/// The longest text that contracts are searched for in characters.
const SEARCH_CHARS_MAX: usize = 64;

/// What the routes of this slice need.
#[derive(Debug, Clone)]
pub struct ContractState {
    /// The database.
    pub db: Db,
    /// Whether everybody may see who is subscribed.
    pub public: bool,
}

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<ContractState> {
    OpenApiRouter::new()
        .routes(routes!(contracts, create))
        .routes(routes!(contract, edit, cancel))
        .routes(routes!(stop))
        .merge(subscribers::routes::routes())
}

/// What programs of the game ask of the operator's door, below `/api/_internal`.
pub fn internal() -> Router<ContractState> {
    subscribers::routes::internal().route("/api/_internal/contracts/{id}/cancel", post(stop))
}

impl ContractState {
    async fn view(&self, contract: &Contract, caller: &Caller) -> Result<ContractView, ApiError> {
        let subscribers = queries::subscribers(&mut *self.db.read().await?, contract.id).await?;
        let (now, scale) = (self.db.now(), self.db.scale());
        Ok(ContractView::new(contract, subscribers, caller, now, scale))
    }

    async fn edited(
        &self,
        command: Acting<EditContract>,
        caller: &Caller,
    ) -> Result<Response, ApiError> {
        let contract = self.db.run(&command).await.map_err(failed)?;
        let view = self.view(&contract, caller).await?;
        Ok(etag::whole(contract.version, Data::json(view)))
    }
}

/// Which contracts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ContractsQuery {
    /// Only those of this owner.
    address: Option<Address>,
    /// Only those with this status.
    status: Option<ContractStatus>,
    /// `true`: only open ones.
    is_open: Option<bool>,
    /// Only those to which this wallet may subscribe; the caller's own, unless the caller is an admin.
    eligible_for: Option<Address>,
    /// Only those with this text in their title or public description, at most 64 characters.
    q: Option<String>,
}

/// List contracts, oldest first
#[utoipa::path(get, path = "/api/v1/contracts", tag = "contracts", params(ContractsQuery, ForwardQuery),
    responses((status = 200, body = Data<Page<ContractView>>), Failures))]
async fn contracts(
    State(state): State<ContractState>,
    caller: Caller,
    Query(query): Query<ContractsQuery>,
    Query(page): Query<ForwardQuery>,
) -> Result<Json<Data<Page<ContractView>>>, ApiError> {
    let foreign = |wallet: &Address| !caller.owns(wallet) && !caller.has(Scope::Admin);
    if query.eligible_for.as_ref().is_some_and(foreign) {
        return Err(ApiError::forbidden(
            "forbidden",
            "eligible_for is for the caller's own wallet",
        ));
    }
    if query.q.as_ref().is_some_and(|text| text.chars().count() > SEARCH_CHARS_MAX) {
        return Err(ApiError::validation("q", format!("at most {SEARCH_CHARS_MAX} characters")));
    }
    let open = query.is_open.filter(|open| *open).map(|_| ContractStatus::Open);
    let filter = ContractFilter {
        owner: query.address,
        status: query.status.or(open),
        eligible_for: query.eligible_for,
        text: query.q,
    };
    let found = queries::contracts(&mut *state.db.read().await?, &filter, page).await?;
    let (now, scale) = (state.db.now(), state.db.scale());
    let view = |(contract, subscribers): (Contract, i64)| {
        ContractView::new(&contract, subscribers, &caller, now, scale)
    };
    Ok(Data::json(found.map(view)))
}

/// A contract to offer.
#[derive(Debug, Deserialize, ToSchema)]
struct CreateBody {
    /// 1 to 64 characters.
    title: String,
    /// 1 to 255 characters.
    description: Option<String>,
    /// What a term costs.
    price: AmountText,
    #[serde(flatten)]
    schedule: ScheduleBody,
    /// What is paid when renewals were held up for longer than a term. Default `one`.
    catch_up: Option<CatchUp>,
    /// How many may be subscribed at once; absent is any number.
    max_subscribers: Option<u32>,
    /// Who may subscribe, at most 1,000 wallets; absent or empty is everybody.
    allow_list: Option<Vec<String>>,
}

/// When terms end: exactly one of these.
#[derive(Debug, Deserialize, ToSchema)]
struct ScheduleBody {
    /// Five fields, in UTC: minute, hour, day of the month, month, day of the week.
    cron_expr: Option<String>,
    /// 60 to 315,360,000.
    period_seconds: Option<u32>,
    /// 1 to 120, counted from the day of subscribing.
    period_months: Option<u32>,
}

impl ScheduleBody {
    const fn is_absent(&self) -> bool {
        self.cron_expr.is_none() && self.period_seconds.is_none() && self.period_months.is_none()
    }

    fn read(&self, now: Timestamp) -> Result<Schedule, ApiError> {
        let cron = self.cron_expr.as_deref();
        Schedule::new(cron, self.period_seconds, self.period_months, now)
            .map_err(|error| ApiError::bad_request("invalid_schedule", error.to_string()))
    }
}

/// Offer a contract
#[utoipa::path(post, path = "/api/v1/contracts", tag = "contracts", request_body = CreateBody,
    security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key gets the same answer for 24 h")),
    responses((status = 201, body = Data<ContractView>), Failures))]
async fn create(
    State(state): State<ContractState>,
    caller: Caller,
    owner: Owner,
    key: IdempotencyKey,
    Body(body): Body<CreateBody>,
) -> Result<Replayed<Response>, ApiError> {
    let command = CreateContract {
        owner: owner.address,
        title: title(body.title)?,
        description: body.description.map(description).transpose()?,
        price: ledger::routes::payable("price", &body.price, state.db.scale())?,
        schedule: body.schedule.read(state.db.now())?,
        catch_up: body.catch_up.unwrap_or_default(),
        max_subscribers: body.max_subscribers.map(cap).transpose()?,
        allow_list: body.allow_list.as_deref().map_or(Ok(None), allow_list)?,
    };
    let answer = keyed::run(&state.db, &owner.name, key, &command).await?;
    let contract = match answer.outcome {
        Outcome::Done(contract) => contract,
        Outcome::Refused(refusal) => return Err(refused(&refusal)),
    };
    // Nobody is subscribed to what is new, so the answer is the same whenever it is given.
    let (made, scale) = (contract.created_at, state.db.scale());
    let view = Data::json(ContractView::new(&contract, 0, &caller, made, scale));
    let response = (StatusCode::CREATED, etag::whole(contract.version, view)).into_response();
    Ok(Replayed { replayed: answer.replayed, response })
}

/// One contract
#[utoipa::path(get, path = "/api/v1/contracts/{id}", tag = "contracts", params(("id" = ContractId, Path)),
    responses((status = 200, body = Data<ContractView>), Failures))]
async fn contract(
    State(state): State<ContractState>,
    caller: Caller,
    Params(id): Params<ContractId>,
) -> Result<Response, ApiError> {
    let found = queries::contract(&mut *state.db.read().await?, id).await?;
    let contract = found.ok_or_else(|| refused(&ContractRefusal::ContractNotFound))?;
    let view = state.view(&contract, &caller).await?;
    Ok(etag::whole(contract.version, Data::json(view)))
}

/// What to change about a contract; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
struct EditBody {
    /// 1 to 64 characters.
    title: Option<String>,
    /// 1 to 255 characters; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// `closed` and `open` as often as wanted; `canceled` once, and for good.
    status: Option<ContractStatus>,
    /// What a term costs. Subscribers pay no more than they agreed to; less from their next term on.
    price: Option<AmountText>,
    #[serde(flatten)]
    schedule: ScheduleBody,
    /// What is paid when renewals were held up for longer than a term.
    catch_up: Option<CatchUp>,
    /// How many may be subscribed at once; null for any number. Nobody is put out.
    #[serde(default)]
    #[schema(value_type = Option<u32>)]
    max_subscribers: Patch<u32>,
    /// Who may subscribe; null or empty for everybody. Who is no longer on it ends with the term.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    allow_list: Patch<Vec<String>>,
    /// Subscribers who have not agreed to the newest terms end with the first term that ends then or later; null for
    /// never.
    #[serde(default)]
    #[schema(value_type = Option<Timestamp>)]
    require_consent_by: Patch<Timestamp>,
    /// The version that the change is meant for; the same as `If-Match`.
    version: Option<i64>,
}

impl EditBody {
    fn read(self, state: &ContractState) -> Result<Edit, ApiError> {
        if self.is_empty() {
            let message = "nothing is to be changed; send at least one field";
            return Err(ApiError::bad_request("empty_patch", message));
        }
        let schedule = match self.schedule {
            none if none.is_absent() => None,
            given => Some(given.read(state.db.now())?),
        };
        let price = |text| ledger::routes::payable("price", text, state.db.scale());
        Ok(Edit {
            title: self.title.map(title).transpose()?,
            description: patch(self.description, |text| description(text).map(Some))?,
            status: self.status,
            price: self.price.as_ref().map(price).transpose()?,
            schedule,
            catch_up: self.catch_up,
            max_subscribers: patch(self.max_subscribers, |most| cap(most).map(Some))?,
            allow_list: patch(self.allow_list, |list| allow_list(&list))?,
            consent_by: self.require_consent_by,
        })
    }

    const fn is_empty(&self) -> bool {
        self.title.is_none()
            && self.description.is_keep()
            && self.status.is_none()
            && self.price.is_none()
            && self.schedule.is_absent()
            && self.catch_up.is_none()
            && self.max_subscribers.is_keep()
            && self.allow_list.is_keep()
            && self.require_consent_by.is_keep()
    }
}

/// Change, close, reopen or cancel a contract
#[utoipa::path(patch, path = "/api/v1/contracts/{id}", tag = "contracts", request_body = EditBody,
    security(("session" = [])),
    params(("id" = ContractId, Path), ("If-Match" = Option<String>, Header, description = "the ETag that the change is meant for")),
    responses((status = 200, body = Data<ContractView>), Failures))]
async fn edit(
    State(state): State<ContractState>,
    caller: Caller,
    owner: Owner,
    Params(id): Params<ContractId>,
    IfMatch(held): IfMatch,
    Body(body): Body<EditBody>,
) -> Result<Response, ApiError> {
    let seen = held.or(body.version);
    let edit = body.read(&state)?;
    let command = EditContract { id, by: By::Owner(owner.address), seen, edit };
    state.edited(Acting::own(command), &caller).await
}

/// Cancel a contract, for good; each subscription ends at once
#[utoipa::path(delete, path = "/api/v1/contracts/{id}", tag = "contracts", params(("id" = ContractId, Path)),
    security(("session" = [])), responses((status = 200, body = Data<ContractView>), Failures))]
async fn cancel(
    State(state): State<ContractState>,
    caller: Caller,
    owner: Owner,
    Params(id): Params<ContractId>,
    IfMatch(seen): IfMatch,
) -> Result<Response, ApiError> {
    let edit = Edit { status: Some(ContractStatus::Canceled), ..Edit::default() };
    let command = EditContract { id, by: By::Owner(owner.address), seen, edit };
    state.edited(Acting::own(command), &caller).await
}

/// Cancel anybody's contract
#[utoipa::path(post, path = "/api/v1/admin/contracts/{id}/cancel", tag = "admin",
    params(("id" = ContractId, Path)), security(("service_key" = [])),
    responses((status = 200, body = Data<ContractView>), Failures))]
async fn stop(
    State(state): State<ContractState>,
    caller: Caller,
    admin: Admin,
    Params(id): Params<ContractId>,
) -> Result<Response, ApiError> {
    let edit = Edit { status: Some(ContractStatus::Canceled), ..Edit::default() };
    let command = EditContract { id, by: By::Operator, seen: None, edit };
    state.edited(Acting::new(admin.acts("contract.cancel", id), command), &caller).await
}

fn title(text: String) -> Result<Title, ApiError> {
    let rule = || format!("1 to {TITLE_CHARS_MAX} characters, none of them a control character");
    Title::new(text).ok_or_else(|| ApiError::validation("title", rule()))
}

fn description(text: String) -> Result<Description, ApiError> {
    let rule = || format!("1 to {DESCRIPTION_CHARS_MAX} characters, or null for none");
    Description::new(text).ok_or_else(|| ApiError::validation("description", rule()))
}

fn cap(most: u32) -> Result<u32, ApiError> {
    let rule = || format!("1 to {CAP_SUBSCRIBERS_MAX}, or null for any number");
    let valid = (1..=CAP_SUBSCRIBERS_MAX).contains(&most);
    if valid { Ok(most) } else { Err(ApiError::validation("max_subscribers", rule())) }
}

fn allow_list(entries: &[String]) -> Result<Option<AllowList>, ApiError> {
    AllowList::new(entries).map_err(|error| {
        let field = match error {
            AllowListError::NotAnAddress(index) => format!("allow_list[{index}]"),
            AllowListError::TooLong => "allow_list".to_owned(),
        };
        let message = format!("the allow list has at most {ALLOW_LIST_WALLETS_MAX} addresses");
        ApiError::bad_request("invalid_allow_list", message).with_detail(field, error.to_string())
    })
}

/// Reads the value of a patch; one that comes to nothing clears.
fn patch<T, U>(
    patch: Patch<T>,
    read: impl FnOnce(T) -> Result<Option<U>, ApiError>,
) -> Result<Patch<U>, ApiError> {
    Ok(match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(value) => read(value)?.map_or(Patch::Clear, Patch::Set),
    })
}

/// What a command of this slice failed with.
pub fn failed(failure: Failure<ContractRefusal>) -> ApiError {
    match failure {
        Failure::Refused(refusal) => refused(&refusal),
        Failure::Db(error) => error.into(),
    }
}

/// Each refusal with its status and what its reader can do about it.
pub fn refused(refusal: &ContractRefusal) -> ApiError {
    use ContractRefusal as Refused;
    let code = refusal.code();
    match refusal {
        Refused::NameNotFound(name) => {
            ApiError::not_found(code, format!("nobody owns the name {name}"))
        }
        Refused::NotNameOwner(name) => {
            ApiError::forbidden(code, format!("the name {name} belongs to another wallet"))
        }
        Refused::ContractNotFound => ApiError::not_found(code, "no contract has this id"),
        Refused::SubscriptionNotFound => ApiError::not_found(code, "there is no such subscription"),
        Refused::NotYours => ApiError::forbidden(code, "it belongs to another wallet"),
        Refused::VersionConflict(version) => {
            ApiError::conflict(code, "it was changed meanwhile; read it again")
                .with_detail("version", version.to_string())
        }
        Refused::ContractCanceled => ApiError::conflict(code, "the contract is over, for good"),
        Refused::ContractClosed => {
            ApiError::conflict(code, "the contract takes no new subscribers")
        }
        Refused::NotAllowed => {
            ApiError::forbidden(code, "the contract is restricted; ask its owner for a place")
        }
        Refused::ContractFull => {
            ApiError::conflict(code, "the contract has as many subscribers as it may; try later")
        }
        Refused::PriceChanged => {
            ApiError::conflict(code, "the price is above max_price; look at the contract again")
        }
        Refused::CannotUnsubscribe => {
            ApiError::forbidden(code, "this subscription can't be ended; ask the operator")
        }
        Refused::SubscriptionEnded => {
            ApiError::conflict(code, "the subscription is over; subscribe again")
        }
        Refused::Ledger(refusal) => ledger::routes::refused(refusal),
    }
}
