//! Names over HTTP.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ARecord, NameRefusal, RECORD_CHARS_MAX,
    commands::{GiveName, LeadName, NameDone, PurchaseName},
    events::NameView,
    queries,
};
use crate::{
    auth::{Caller, Scope, gate::Owner, keyed},
    db::{Answer, Db, Refusal, keys::Outcome},
    http::{
        Data,
        error::ApiError,
        etag::{self, IfNoneMatch},
        extract::{Body, Params, Query},
        idempotency::{IdempotencyKey, Replayed},
        openapi::Failures,
    },
    kernel::{
        address::Address,
        money::{Decimal, Payable},
        name::{Name, Suffix},
        page::{ForwardQuery, Page, PageQuery},
        patch::Patch,
    },
    ledger::{
        self,
        events::PaymentMade,
        queries::{About, payments_of_name},
    },
};

/// The codes that this slice adds to those of the ledger.
pub const CODES: &[(&str, u16, &str)] = &[
    ("not_name_owner", 403, "the name belongs to another wallet"),
    ("name_taken", 409, "somebody owns the name"),
];

/// What the routes of this slice need.
#[derive(Debug, Clone)]
pub struct NameState {
    /// The database.
    pub db: Db,
    /// Whether everybody may see every payment.
    pub public: bool,
    /// What names end with.
    pub suffix: Suffix,
    /// What a name costs.
    pub price: Payable,
}

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<NameState> {
    OpenApiRouter::new()
        .routes(routes!(names, purchase))
        .routes(routes!(name, update))
        .routes(routes!(check))
        .routes(routes!(give))
        .routes(routes!(history))
        .routes(routes!(payments))
}

impl NameState {
    /// Reads a name with or without its suffix.
    fn name(&self, field: &'static str, text: &str) -> Result<Name, ApiError> {
        let bare = match self.suffix.target(text) {
            Some(Ok(target)) if target.metaname.is_none() => return Ok(target.name),
            Some(Err(error)) => return Err(ApiError::validation(field, error.to_string())),
            _ => text,
        };
        bare.parse().map_err(|error: crate::kernel::name::NameError| {
            ApiError::validation(field, error.to_string())
        })
    }

    fn done(&self, status: StatusCode, answer: Answer<NameDone, NameRefusal>) -> Answered {
        let response = match answer.outcome {
            Outcome::Done(done) => {
                let view = NameDoneView {
                    name: NameView::from(&done.name),
                    payment: done.payment.map(|made| PaymentMade::new(&made, self.db.scale())),
                };
                let tagged = etag::whole(done.name.version, Data::json(view));
                Ok((status, tagged).into_response())
            }
            Outcome::Refused(refusal) => Err(refused(&refusal)),
        };
        Replayed { replayed: answer.replayed, response }
    }
}

type Answered = Replayed<Result<Response, ApiError>>;

/// Which names to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct NamesQuery {
    /// Only those of this owner.
    owner: Option<Address>,
}

/// List names, oldest first
#[utoipa::path(get, path = "/api/v1/names", tag = "names", params(NamesQuery, ForwardQuery),
    responses((status = 200, body = Data<Page<NameView>>), Failures))]
async fn names(
    State(state): State<NameState>,
    Query(query): Query<NamesQuery>,
    Query(page): Query<ForwardQuery>,
) -> Result<Json<Data<Page<NameView>>>, ApiError> {
    let found = queries::page(&mut *state.db.read().await?, query.owner, page).await?;
    Ok(Data::json(found.map(|name| NameView::from(&name))))
}

/// A name to buy.
#[derive(Debug, Deserialize, ToSchema)]
struct PurchaseBody {
    /// With or without its suffix.
    name: String,
}

/// A name after a change, and the payment that tells of it.
#[derive(Debug, Serialize, ToSchema)]
struct NameDoneView {
    /// The name.
    #[serde(flatten)]
    name: NameView,
    /// The payment; null when nothing changed.
    payment: Option<PaymentMade>,
}

/// Buy a name
#[utoipa::path(post, path = "/api/v1/names", tag = "names", request_body = PurchaseBody, security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key gets the same answer for 24 h")),
    responses((status = 201, body = Data<NameDoneView>), Failures))]
async fn purchase(
    State(state): State<NameState>,
    owner: Owner,
    key: IdempotencyKey,
    Body(body): Body<PurchaseBody>,
) -> Result<Answered, ApiError> {
    let name = state.name("name", &body.name)?;
    let command = PurchaseName { name, buyer: owner.address, price: state.price };
    let answer = keyed::run(&state.db, &owner.name, key, &command).await?;
    Ok(state.done(StatusCode::CREATED, answer))
}

/// One name
#[utoipa::path(get, path = "/api/v1/names/{name}", tag = "names", params(("name" = String, Path)),
    responses((status = 200, body = Data<NameView>), (status = 304, description = "unchanged"), Failures))]
async fn name(
    State(state): State<NameState>,
    held: IfNoneMatch,
    Params(text): Params<String>,
) -> Result<Response, ApiError> {
    let name = state.name("name", &text)?;
    let found = queries::name(&mut *state.db.read().await?, &name).await?;
    let found = found.ok_or_else(|| refused(&NameRefusal::NameNotFound(name)))?;
    Ok(held.answer(found.version, Data::json(NameView::from(&found))))
}

/// Whether a name can be bought.
#[derive(Debug, Serialize, ToSchema)]
struct CheckView {
    /// The name, without its suffix.
    name: Name,
    /// Whether nobody owns it.
    available: bool,
    /// What a name costs.
    price: Decimal,
}

/// Whether a name can be bought, and for how much
#[utoipa::path(get, path = "/api/v1/names/{name}/check", tag = "names", params(("name" = String, Path)),
    responses((status = 200, body = Data<CheckView>), Failures))]
async fn check(
    State(state): State<NameState>,
    Params(text): Params<String>,
) -> Result<Json<Data<CheckView>>, ApiError> {
    let name = state.name("name", &text)?;
    let available = queries::name(&mut *state.db.read().await?, &name).await?.is_none();
    let price = state.price.amount().at(state.db.scale());
    Ok(Data::json(CheckView { name, available, price }))
}

/// What to change about a name.
#[derive(Debug, Deserialize, ToSchema)]
struct UpdateBody {
    /// Where it leads: 1 to 255 visible ASCII characters, of which the first is none of `.?#`; null for nowhere.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    record: Patch<String>,
}

/// Change where a name leads
#[utoipa::path(patch, path = "/api/v1/names/{name}", tag = "names", request_body = UpdateBody,
    security(("session" = [])),
    params(("name" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "the same key gets the same answer for 24 h")),
    responses((status = 200, body = Data<NameDoneView>), Failures))]
async fn update(
    State(state): State<NameState>,
    owner: Owner,
    Params(text): Params<String>,
    key: IdempotencyKey,
    Body(body): Body<UpdateBody>,
) -> Result<Answered, ApiError> {
    let name = state.name("name", &text)?;
    let record = match body.record {
        Patch::Keep => {
            return Err(ApiError::validation("record", "say where the name leads, or null"));
        }
        Patch::Clear => None,
        Patch::Set(text) => Some(ARecord::new(text).ok_or_else(|| {
            let rule = format!(
                "1 to {RECORD_CHARS_MAX} visible ASCII characters, the first none of . ? #"
            );
            ApiError::validation("record", rule)
        })?),
    };
    let command = LeadName { name, by: owner.address, record };
    let answer = keyed::run(&state.db, &owner.name, key, &command).await?;
    Ok(state.done(StatusCode::OK, answer))
}

/// Who gets a name.
#[derive(Debug, Deserialize, ToSchema)]
struct GiveBody {
    /// The new owner's address.
    to: Address,
}

/// Give a name to another wallet, which is paid by it from then on
#[utoipa::path(post, path = "/api/v1/names/{name}/transfer", tag = "names", request_body = GiveBody,
    security(("session" = [])),
    params(("name" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "the same key gets the same answer for 24 h")),
    responses((status = 200, body = Data<NameDoneView>), Failures))]
async fn give(
    State(state): State<NameState>,
    owner: Owner,
    Params(text): Params<String>,
    key: IdempotencyKey,
    Body(body): Body<GiveBody>,
) -> Result<Answered, ApiError> {
    let name = state.name("name", &text)?;
    let command = GiveName { name, by: owner.address, to: body.to };
    let answer = keyed::run(&state.db, &owner.name, key, &command).await?;
    Ok(state.done(StatusCode::OK, answer))
}

/// What became of a name, newest first: its purchase, its transfers, its records
#[utoipa::path(get, path = "/api/v1/names/{name}/history", tag = "names",
    params(("name" = String, Path), PageQuery),
    responses((status = 200, body = Data<Page<PaymentMade>>), Failures))]
async fn history(
    State(state): State<NameState>,
    Params(text): Params<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Data<Page<PaymentMade>>>, ApiError> {
    // Whose a name is and was is as public as the name itself, whatever the ledger is.
    listed(&state, &text, About::Its, query).await
}

/// The payments to a name, newest first; with a private ledger for admins only
#[utoipa::path(get, path = "/api/v1/names/{name}/payments", tag = "names",
    params(("name" = String, Path), PageQuery),
    responses((status = 200, body = Data<Page<PaymentMade>>), Failures))]
async fn payments(
    State(state): State<NameState>,
    caller: Caller,
    Params(text): Params<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Data<Page<PaymentMade>>>, ApiError> {
    match caller {
        _ if state.public || caller.has(Scope::Admin) => {
            listed(&state, &text, About::ToIt, query).await
        }
        Caller::Guest => {
            Err(ApiError::unauthorized("unauthorized", "this ledger is private; log in"))
        }
        _ => Err(ApiError::forbidden(
            "forbidden",
            "this ledger is private; look at the payments of your own wallet",
        )),
    }
}

async fn listed(
    state: &NameState,
    text: &str,
    about: About,
    query: PageQuery,
) -> Result<Json<Data<Page<PaymentMade>>>, ApiError> {
    let name = state.name("name", text)?;
    let mut conn = state.db.read().await?;
    if queries::name(&mut conn, &name).await?.is_none() {
        return Err(refused(&NameRefusal::NameNotFound(name)));
    }
    let page = payments_of_name(&mut conn, &name, about, query).await?;
    Ok(Data::json(page.map(|payment| PaymentMade::new(&payment, state.db.scale()))))
}

/// Each refusal with its status and what its reader can do about it.
pub fn refused(refusal: &NameRefusal) -> ApiError {
    let code = refusal.code();
    match refusal {
        NameRefusal::NameTaken(name) => {
            ApiError::conflict(code, format!("somebody owns the name {name}; choose another"))
        }
        NameRefusal::NameNotFound(name) => {
            ApiError::not_found(code, format!("nobody owns the name {name}"))
        }
        NameRefusal::NotNameOwner(name) => {
            ApiError::forbidden(code, format!("the name {name} belongs to another wallet"))
        }
        NameRefusal::Ledger(refusal) => ledger::routes::refused(refusal),
    }
}
