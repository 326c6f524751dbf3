//! Subscriptions over HTTP.

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
    commands::{Change, ChangeSubscription, Subscribe, Subscribed},
    model::{Request, SubscriptionStatus},
    queries::{self, Standing, SubscriptionFilter},
    views::{SubscribedView, SubscriptionView},
};
use crate::{
    auth::{
        Caller, Scope,
        acts::Acting,
        gate::{Admin, Owner},
        keyed,
    },
    contracts::{
        charges::{self, ChargeView},
        commands::By,
        model::ContractRefusal,
        routes::{ContractState, failed, refused},
    },
    db::keys::Outcome,
    http::{
        Data,
        error::ApiError,
        etag::IfNoneMatch,
        extract::{Body, Params, Query},
        idempotency::{IdempotencyKey, Replayed},
        openapi::Failures,
    },
    kernel::{
        address::Address,
        id::{ContractId, SubscriptionId},
        money::{AmountText, Payable},
        page::{ForwardQuery, Page, PageQuery},
    },
    ledger::{self, events::PaymentMade},
};

/// What programs of the game ask of the operator's door about subscriptions.
pub(in crate::contracts) fn internal() -> Router<ContractState> {
    Router::new().route("/api/_internal/subscribers", post(force))
}

/// The routes of subscriptions.
pub(in crate::contracts) fn routes() -> OpenApiRouter<ContractState> {
    OpenApiRouter::new()
        .routes(routes!(subscribers, subscribe))
        .routes(routes!(subscriber))
        .routes(routes!(subscriptions))
        .routes(routes!(subscription, cancel))
        .routes(routes!(resume))
        .routes(routes!(accept))
        .routes(routes!(charges))
        .routes(routes!(force))
        .routes(routes!(revoke))
}

type Viewed = Result<Json<Data<SubscriptionView>>, ApiError>;
type Listed = Result<Json<Data<Page<SubscriptionView>>>, ApiError>;

impl ContractState {
    fn shown(&self, standing: &Standing) -> SubscriptionView {
        let Standing { subscription, offer } = standing;
        SubscriptionView::new(subscription, offer, self.db.now(), self.db.scale())
    }

    /// The one that was found, if the caller may see it.
    fn visible(&self, caller: &Caller, found: Option<Standing>) -> Result<Standing, ApiError> {
        let shared = self.public || caller.has(Scope::Admin);
        match found {
            Some(standing) if shared || standing.is_party(caller) => Ok(standing),
            None if shared => Err(refused(&ContractRefusal::SubscriptionNotFound)),
            // Whether there is one is not for others to know.
            _ => Err(private(caller)),
        }
    }

    async fn list(
        &self,
        caller: &Caller,
        mut filter: SubscriptionFilter,
        page: ForwardQuery,
    ) -> Listed {
        if !self.public && !caller.has(Scope::Admin) {
            let Caller::Wallet { address, .. } = caller else { return Err(private(caller)) };
            filter.party = Some(address.clone());
        }
        let found = queries::subscriptions(&mut *self.db.read().await?, &filter, page).await?;
        Ok(Data::json(found.map(|standing| self.shown(&standing))))
    }

    async fn change(&self, id: SubscriptionId, by: By, change: Change) -> Viewed {
        self.carry_out(Acting::own(ChangeSubscription { id, by, change })).await
    }

    async fn carry_out(&self, command: Acting<ChangeSubscription>) -> Viewed {
        let standing = self.db.run(&command).await.map_err(failed)?;
        Ok(Data::json(self.shown(&standing)))
    }

    async fn subscribed(
        &self,
        caller: &str,
        key: IdempotencyKey,
        command: Acting<Subscribe>,
    ) -> Result<Replayed<Response>, ApiError> {
        let answer = keyed::run(&self.db, caller, key, &command).await?;
        let response = match answer.outcome {
            Outcome::Done(Subscribed { standing, payment }) => {
                let status = if payment.is_some() { StatusCode::CREATED } else { StatusCode::OK };
                let view = SubscribedView {
                    subscription: self.shown(&standing),
                    payment: payment.map(|paid| PaymentMade::new(&paid, self.db.scale())),
                };
                (status, Data::json(view)).into_response()
            }
            Outcome::Refused(refusal) => refused(&refusal).into_response(),
        };
        Ok(Replayed { replayed: answer.replayed, response })
    }
}

fn private(caller: &Caller) -> ApiError {
    match caller {
        Caller::Guest => ApiError::unauthorized("unauthorized", "this ledger is private; log in"),
        _ => ApiError::forbidden("forbidden", "this ledger is private; only the parties see it"),
    }
}

/// Which subscriptions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SubscribersQuery {
    /// Only those of this wallet.
    address: Option<Address>,
    /// Only those with this status.
    status: Option<SubscriptionStatus>,
    /// `true`: only those that have not ended; `false`: only those that have.
    is_active: Option<bool>,
}

/// Only those to this contract.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ContractQuery {
    /// Only those to this contract.
    contract_id: Option<ContractId>,
}

impl SubscribersQuery {
    fn filter(self, contract: Option<ContractId>) -> SubscriptionFilter {
        let Self { address, status, is_active } = self;
        SubscriptionFilter { contract, address, status, is_active, party: None }
    }
}

/// List the subscriptions to a contract, oldest first
#[utoipa::path(get, path = "/api/v1/contracts/{id}/subscribers", tag = "contracts",
    params(("id" = ContractId, Path), SubscribersQuery, ForwardQuery),
    responses((status = 200, body = Data<Page<SubscriptionView>>), Failures))]
async fn subscribers(
    State(state): State<ContractState>,
    caller: Caller,
    Params(id): Params<ContractId>,
    Query(query): Query<SubscribersQuery>,
    Query(page): Query<ForwardQuery>,
) -> Listed {
    state.list(&caller, query.filter(Some(id)), page).await
}

/// How to subscribe.
#[derive(Debug, Deserialize, ToSchema)]
struct SubscribeBody {
    /// A higher price is refused: it may have changed since it was read.
    max_price: Option<AmountText>,
}

/// Subscribe the caller's wallet and pay for the first term
#[utoipa::path(post, path = "/api/v1/contracts/{id}/subscribers", tag = "contracts",
    request_body = SubscribeBody, security(("session" = [])),
    params(("id" = ContractId, Path), ("Idempotency-Key" = Option<String>, Header, description = "the same key gets the same answer for 24 h")),
    responses((status = 201, description = "subscribed and paid", body = Data<SubscribedView>),
              (status = 200, description = "was subscribed; nothing was paid", body = Data<SubscribedView>), Failures))]
async fn subscribe(
    State(state): State<ContractState>,
    owner: Owner,
    Params(contract): Params<ContractId>,
    key: IdempotencyKey,
    Body(body): Body<SubscribeBody>,
) -> Result<Replayed<Response>, ApiError> {
    let limit = |text| ledger::routes::payable("max_price", text, state.db.scale());
    let max_price = body.max_price.as_ref().map(limit).transpose()?;
    let request = Request::Owner { max_price: max_price.map(Payable::amount) };
    let command = Subscribe { contract, wallet: owner.address, request };
    state.subscribed(&owner.name, key, Acting::own(command)).await
}

/// Whether a wallet is subscribed to a contract: the question that shops ask
#[utoipa::path(get, path = "/api/v1/contracts/{id}/subscribers/{address}", tag = "contracts",
    params(("id" = ContractId, Path), ("address" = Address, Path)),
    responses((status = 200, body = Data<SubscriptionView>), (status = 304, description = "unchanged"), Failures))]
async fn subscriber(
    State(state): State<ContractState>,
    caller: Caller,
    held: IfNoneMatch,
    Params((id, address)): Params<(ContractId, Address)>,
) -> Result<Response, ApiError> {
    let found = queries::subscription_of(&mut *state.db.read().await?, id, &address).await?;
    let standing = state.visible(&caller, found)?;
    Ok(held.answer_content(&Data { data: state.shown(&standing) }))
}

/// List subscriptions, oldest first
#[utoipa::path(get, path = "/api/v1/subscribers", tag = "contracts",
    params(ContractQuery, SubscribersQuery, ForwardQuery),
    responses((status = 200, body = Data<Page<SubscriptionView>>), Failures))]
async fn subscriptions(
    State(state): State<ContractState>,
    caller: Caller,
    Query(contract): Query<ContractQuery>,
    Query(query): Query<SubscribersQuery>,
    Query(page): Query<ForwardQuery>,
) -> Listed {
    state.list(&caller, query.filter(contract.contract_id), page).await
}

/// One subscription
#[utoipa::path(get, path = "/api/v1/subscribers/{id}", tag = "contracts", params(("id" = SubscriptionId, Path)),
    responses((status = 200, body = Data<SubscriptionView>), (status = 304, description = "unchanged"), Failures))]
async fn subscription(
    State(state): State<ContractState>,
    caller: Caller,
    held: IfNoneMatch,
    Params(id): Params<SubscriptionId>,
) -> Result<Response, ApiError> {
    let found = queries::subscription(&mut *state.db.read().await?, id).await?;
    let standing = state.visible(&caller, found)?;
    Ok(held.answer_content(&Data { data: state.shown(&standing) }))
}

/// How to cancel.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CancelQuery {
    /// `true`: end now, and lose what is paid. Default `false`: end with the term.
    #[serde(default)]
    immediate: bool,
}

/// Cancel a subscription; what is paid is kept
#[utoipa::path(delete, path = "/api/v1/subscribers/{id}", tag = "contracts", security(("session" = [])),
    params(("id" = SubscriptionId, Path), CancelQuery),
    responses((status = 200, body = Data<SubscriptionView>), Failures))]
async fn cancel(
    State(state): State<ContractState>,
    owner: Owner,
    Params(id): Params<SubscriptionId>,
    Query(query): Query<CancelQuery>,
) -> Viewed {
    let change = if query.immediate { Change::CancelNow } else { Change::Cancel };
    state.change(id, By::Owner(owner.address), change).await
}

/// Take a cancellation back before the term is over
#[utoipa::path(post, path = "/api/v1/subscribers/{id}/resume", tag = "contracts", security(("session" = [])),
    params(("id" = SubscriptionId, Path)), responses((status = 200, body = Data<SubscriptionView>), Failures))]
async fn resume(
    State(state): State<ContractState>,
    owner: Owner,
    Params(id): Params<SubscriptionId>,
) -> Viewed {
    state.change(id, By::Owner(owner.address), Change::Resume).await
}

/// What to agree to.
#[derive(Debug, Deserialize, ToSchema)]
struct AcceptBody {
    /// The `contract_version` of the terms that were read; other terms are refused.
    contract_version: Option<i64>,
}

/// Agree to the newest terms of the contract, from the next term on
#[utoipa::path(post, path = "/api/v1/subscribers/{id}/accept", tag = "contracts", request_body = AcceptBody,
    security(("session" = [])), params(("id" = SubscriptionId, Path)),
    responses((status = 200, body = Data<SubscriptionView>), Failures))]
async fn accept(
    State(state): State<ContractState>,
    owner: Owner,
    Params(id): Params<SubscriptionId>,
    Body(body): Body<AcceptBody>,
) -> Viewed {
    let change = Change::Accept { seen: body.contract_version };
    state.change(id, By::Owner(owner.address), change).await
}

/// What was paid for a subscription, newest first
#[utoipa::path(get, path = "/api/v1/subscribers/{id}/charges", tag = "contracts",
    params(("id" = SubscriptionId, Path), PageQuery),
    responses((status = 200, body = Data<Page<ChargeView>>), Failures))]
async fn charges(
    State(state): State<ContractState>,
    caller: Caller,
    Params(id): Params<SubscriptionId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Data<Page<ChargeView>>>, ApiError> {
    let mut conn = state.db.read().await?;
    state.visible(&caller, queries::subscription(&mut conn, id).await?)?;
    let page = charges::charges(&mut conn, id, query).await?;
    Ok(Data::json(page.map(|charge| ChargeView::new(&charge, state.db.scale()))))
}

/// A subscription that the operator makes.
#[derive(Debug, Deserialize, ToSchema)]
struct ForceBody {
    /// To what.
    contract_id: ContractId,
    /// Who pays.
    address: Address,
}

/// Subscribe a wallet that then can't unsubscribe, whatever the allow list and the cap say: for taxes
#[utoipa::path(post, path = "/api/v1/admin/subscribers", tag = "admin", request_body = ForceBody,
    security(("service_key" = [])),
    responses((status = 201, description = "subscribed and paid", body = Data<SubscribedView>),
              (status = 200, description = "was subscribed; nothing was paid", body = Data<SubscribedView>), Failures))]
async fn force(
    State(state): State<ContractState>,
    admin: Admin,
    key: IdempotencyKey,
    Body(body): Body<ForceBody>,
) -> Result<Replayed<Response>, ApiError> {
    let act = admin.acts("subscription.force", &body.address);
    let act = act.with("contract_id", body.contract_id.get());
    let command =
        Subscribe { contract: body.contract_id, wallet: body.address, request: Request::Operator };
    state.subscribed(&admin.name, key, Acting::new(act, command)).await
}

/// End anybody's subscription now
#[utoipa::path(delete, path = "/api/v1/admin/subscribers/{id}", tag = "admin", security(("service_key" = [])),
    params(("id" = SubscriptionId, Path)), responses((status = 200, body = Data<SubscriptionView>), Failures))]
async fn revoke(
    State(state): State<ContractState>,
    admin: Admin,
    Params(id): Params<SubscriptionId>,
) -> Viewed {
    let command = ChangeSubscription { id, by: By::Operator, change: Change::Revoke };
    state.carry_out(Acting::new(admin.acts("subscription.revoke", id), command)).await
}
