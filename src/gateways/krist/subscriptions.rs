//! `/api/v1/subscriptions`: contracts as Kromer's second implementation and its client speak of them.
//!
//! The private key is in the body, a term is counted in minutes, a contract belongs to a name, and each field that two
//! programs spell differently stands in both spellings. Behind it are the same contracts as everywhere.

use std::sync::Arc;

use axum::{Json, extract::State};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Krist, error::KristError, frames::cancelled};
use crate::{
    auth::gate::ClientIp,
    contracts::{
        commands::{By, CreateContract, EditContract},
        model::{
            AllowList, CAP_SUBSCRIBERS_MAX, CatchUp, ContractRefusal, ContractStatus,
            DESCRIPTION_CHARS_MAX, Description, Edit, Title,
        },
        named::{self, CreateNamed, NamedContract, NamedFilter},
        routes::{failed, refused},
        schedule::{PERIOD_SECONDS_MAX, Schedule},
        subscribers::{
            commands::{Change, ChangeSubscription, Subscribe},
            model::{Request, Subscription, SubscriptionStatus},
        },
    },
    http::{
        Data,
        error::ApiError,
        extract::{Body, Params, Query},
        openapi::Failures,
    },
    kernel::{
        address::{Address, PrivateKey},
        id::ContractId,
        money::{AmountText, Decimal},
        name::Target,
        time::Timestamp,
    },
    ledger::{
        self,
        lists::{OFFSET_ROWS_MAX, Rows},
    },
};

/// Rows of a list when the client does not say, and at the most.
const ROWS_DEFAULT: i64 = 50;
const ROWS_MAX: i64 = 500;
/// The longest term in minutes.
const PERIOD_MINUTES_MAX: u32 = PERIOD_SECONDS_MAX / 60;
/// Characters of a description, or of a name, that are its contract's title.
const TITLE_CHARS: usize = 64;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Krist>> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(one, cancel))
        .routes(routes!(close))
        .routes(routes!(subscribe))
        .routes(routes!(unsubscribe))
}

/// A contract, in both spellings.
#[derive(Debug, Serialize, ToSchema)]
#[expect(non_snake_case, reason = "the spelling of the client")]
struct SubscriptionOffer {
    /// Its number.
    id: ContractId,
    /// The name that it belongs to, such as `shop@bakery.kro`; the owner's address when it belongs to none.
    name: String,
    /// What is said of it.
    description: String,
    /// What a term costs.
    price: Decimal,
    /// How long a term is in minutes; 0 for one that the calendar gives.
    period: u32,
    /// How many are subscribed.
    subscribers: i64,
    max_subscribers: Option<u32>,
    maxSubscribers: Option<u32>,
    /// Who may subscribe; only the owner is told.
    allowed_subscribers: Option<AllowList>,
    allowedSubscribers: Option<AllowList>,
    /// `active`, `closed` or `cancelled`.
    #[schema(value_type = String)]
    status: &'static str,
    /// Whether the wallet that asks is subscribed.
    subscribed: bool,
    /// Whether it owns the contract.
    owns: bool,
    /// When it pays next.
    next_payment: Option<Timestamp>,
    nextPayment: Option<Timestamp>,
    /// Whether it may leave.
    unsubscribable: bool,
    /// When the contract was made.
    created: Timestamp,
}

impl SubscriptionOffer {
    fn new(krist: &Krist, found: NamedContract, viewer: Option<&Address>) -> Self {
        let NamedContract { contract, receiver, subscribers, standing } = found;
        let standing = standing.map(|standing| standing.subscription);
        let held = standing.as_ref().filter(|held| held.status() == SubscriptionStatus::Active);
        let next = held.and_then(Subscription::lapsed_at);
        let owns = viewer == Some(&contract.offer.owner);
        let allowed = contract.allow_list.clone().filter(|_| owns);
        let restricted = contract.allow_list.is_some();
        let open = !restricted || owns || viewer.is_some_and(|viewer| contract.admits(viewer));
        let description = contract.description.as_ref().filter(|_| open);
        let period = match contract.offer.terms.schedule {
            Schedule::Seconds(seconds) => seconds / 60,
            Schedule::Cron(_) | Schedule::Months(_) => 0,
        };
        let name = receiver.map(|receiver| krist.settings.suffix.write(&receiver));
        Self {
            id: contract.id,
            name: name.unwrap_or_else(|| contract.offer.owner.to_string()),
            description: description
                .map_or_else(|| contract.title.as_str(), Description::as_str)
                .to_owned(),
            price: contract.offer.terms.price.amount().at(krist.scale()),
            period,
            subscribers,
            max_subscribers: contract.max_subscribers,
            maxSubscribers: contract.max_subscribers,
            allowed_subscribers: allowed.clone(),
            allowedSubscribers: allowed,
            status: match contract.offer.status {
                ContractStatus::Open => "active",
                other => cancelled(other.name()),
            },
            subscribed: held.is_some(),
            owns,
            next_payment: next,
            nextPayment: next,
            unsubscribable: standing.is_none_or(|standing| standing.can_unsubscribe),
            created: contract.created_at,
        }
    }
}

/// Which contracts to list. One of `address` and `name` is needed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OffersQuery {
    /// Those that this wallet offers or is subscribed to.
    address: Option<Address>,
    /// Those of this name.
    name: Option<String>,
    /// Not those that the wallet offers.
    exclude_owned: Option<bool>,
    /// Only those.
    only_owned: Option<bool>,
    /// Not those that the wallet can't leave; the default.
    only_unsubscribable: Option<bool>,
    /// Rows wanted, 1 to 500. Default 50.
    limit: Option<i64>,
    /// Rows to pass over.
    offset: Option<i64>,
}

/// A page of contracts.
#[derive(Debug, Serialize, ToSchema)]
struct SubscriptionOffers {
    /// How many are on this page.
    count: usize,
    /// How many there are.
    total: i64,
    /// They themselves.
    subscriptions: Vec<SubscriptionOffer>,
}

/// List the contracts of a name or of a wallet, oldest first
#[utoipa::path(get, path = "/api/v1/subscriptions", tag = "kromer", params(OffersQuery),
    responses((status = 200, body = Data<SubscriptionOffers>), Failures))]
async fn list(
    State(krist): State<Arc<Krist>>,
    Query(query): Query<OffersQuery>,
) -> Result<Json<Data<SubscriptionOffers>>, ApiError> {
    if query.address.is_none() && query.name.is_none() {
        return Err(ApiError::validation("address", "one of address and name is needed"));
    }
    krist.may_list(query.address.is_some())?;
    let name = query.name.as_deref().map(|name| target(&krist, name)).transpose()?;
    let filter = NamedFilter {
        name: name.map(|target| target.name),
        wallet: query.address,
        exclude_owned: query.exclude_owned.unwrap_or(false),
        only_owned: query.only_owned.unwrap_or(false),
        only_unsubscribable: query.only_unsubscribable.unwrap_or(true),
    };
    let rows = Rows {
        limit: query.limit.unwrap_or(ROWS_DEFAULT).clamp(1, ROWS_MAX),
        offset: query.offset.unwrap_or(0).clamp(0, OFFSET_ROWS_MAX),
    };
    let mut conn = krist.native.db.read().await?;
    let (found, total) = named::contracts(&mut conn, &filter, rows).await?;
    drop(conn);
    let viewer = filter.wallet.as_ref();
    let offer = |found| SubscriptionOffer::new(&krist, found, viewer);
    let subscriptions: Vec<_> = found.into_iter().map(offer).collect();
    Ok(Data::json(SubscriptionOffers { count: subscriptions.len(), total, subscriptions }))
}

/// Who looks at a contract.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ViewerQuery {
    /// The wallet for which `subscribed`, `owns` and `nextPayment` are told.
    address: Option<Address>,
}

/// One contract
#[utoipa::path(get, path = "/api/v1/subscriptions/{id}", tag = "kromer",
    params(("id" = ContractId, Path), ViewerQuery),
    responses((status = 200, body = Data<SubscriptionOffer>), Failures))]
async fn one(
    State(krist): State<Arc<Krist>>,
    Params(id): Params<ContractId>,
    Query(query): Query<ViewerQuery>,
) -> Result<Json<Data<SubscriptionOffer>>, ApiError> {
    krist.may_list(query.address.is_some())?;
    let viewer = query.address.as_ref();
    let found = named::contract(&mut *krist.native.db.read().await?, id, viewer).await?;
    let found = found.ok_or_else(|| refused(&ContractRefusal::ContractNotFound))?;
    Ok(Data::json(SubscriptionOffer::new(&krist, found, viewer)))
}

/// A contract to offer, in either spelling.
#[derive(Debug, Deserialize, ToSchema)]
struct OfferBody {
    /// The owner's private key.
    #[schema(value_type = String)]
    privatekey: SecretString,
    /// The name, with or without `meta@` and suffix; the key's wallet must own it.
    name: String,
    /// What a term costs.
    price: AmountText,
    /// How long a term is in minutes.
    period: u32,
    /// 1 to 255 characters.
    description: String,
    #[serde(alias = "maxSubscribers")]
    max_subscribers: Option<u32>,
    #[serde(alias = "allowedSubscribers")]
    allowed_subscribers: Option<Vec<String>>,
}

/// The number of a contract.
#[derive(Debug, Serialize, ToSchema)]
struct OfferMade {
    id: ContractId,
}

/// Offer a contract under a name
#[utoipa::path(post, path = "/api/v1/subscriptions", tag = "kromer", request_body = OfferBody,
    responses((status = 200, body = Data<OfferMade>), Failures))]
async fn create(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    Body(body): Body<OfferBody>,
) -> Result<Json<Data<OfferMade>>, ApiError> {
    let receiver = target(&krist, &body.name)?;
    let terms = body.terms(&krist)?;
    let owner = krist.owner(ip, body.privatekey).await?;
    let command = CreateNamed { contract: CreateContract { owner, ..terms }, receiver };
    let contract = krist.native.db.run(&command).await.map_err(failed)?;
    Ok(Data::json(OfferMade { id: contract.id }))
}

impl OfferBody {
    /// The contract, with an owner to be filled in.
    fn terms(&self, krist: &Krist) -> Result<CreateContract, ApiError> {
        let price = ledger::routes::payable("price", &self.price, krist.scale())?;
        if !(1..=PERIOD_MINUTES_MAX).contains(&self.period) {
            return Err(ApiError::validation(
                "period",
                format!("1 to {PERIOD_MINUTES_MAX} minutes"),
            ));
        }
        let rule = format!("1 to {DESCRIPTION_CHARS_MAX} characters");
        let description = Description::new(self.description.clone())
            .ok_or_else(|| ApiError::validation("description", rule.clone()))?;
        // A title is public, and what is only for some is described only to them.
        let title = match &self.allowed_subscribers {
            Some(_) => self.name.as_str(),
            None => self.description.lines().next().unwrap_or_default(),
        };
        let title = Title::new(title.trim().chars().take(TITLE_CHARS).collect());
        let title = title.ok_or_else(|| ApiError::validation("description", rule))?;
        if self.max_subscribers.is_some_and(|most| !(1..=CAP_SUBSCRIBERS_MAX).contains(&most)) {
            return Err(ApiError::validation("max_subscribers", "more than 0, or none"));
        }
        let allow_list = match &self.allowed_subscribers {
            Some(entries) if entries.is_empty() => {
                return Err(ApiError::validation("allowed_subscribers", "at least one, or none"));
            }
            Some(entries) => AllowList::new(entries)
                .map_err(|error| ApiError::validation("allowed_subscribers", error.to_string()))?,
            None => None,
        };
        Ok(CreateContract {
            owner: Address::system(),
            title,
            description: Some(description),
            price,
            schedule: Schedule::Seconds(self.period.saturating_mul(60)),
            catch_up: CatchUp::One,
            max_subscribers: self.max_subscribers,
            allow_list,
        })
    }
}

/// A private key.
#[derive(Debug, Deserialize, ToSchema)]
struct KeyBody {
    /// The private key of the wallet that acts.
    #[schema(value_type = String)]
    privatekey: SecretString,
}

/// When the next term is paid, in both spellings.
#[derive(Debug, Serialize, ToSchema)]
#[expect(non_snake_case, reason = "the spelling of the client")]
struct SubscribedOffer {
    next_payment: Option<Timestamp>,
    nextPayment: Option<Timestamp>,
}

/// Nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
struct Nothing {}

/// Subscribe the key's wallet and pay for the first term; who is subscribed pays nothing
#[utoipa::path(post, path = "/api/v1/subscriptions/{id}/subscribe", tag = "kromer", request_body = KeyBody,
    params(("id" = ContractId, Path)), responses((status = 200, body = Data<SubscribedOffer>), Failures))]
async fn subscribe(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    Params(contract): Params<ContractId>,
    Body(body): Body<KeyBody>,
) -> Result<Json<Data<SubscribedOffer>>, ApiError> {
    let wallet = krist.owner(ip, body.privatekey).await?;
    let command = Subscribe { contract, wallet, request: Request::Owner { max_price: None } };
    let done = krist.native.db.run(&command).await.map_err(failed)?;
    let next = done.standing.subscription.lapsed_at();
    Ok(Data::json(SubscribedOffer { next_payment: next, nextPayment: next }))
}

/// Leave with the end of the term; who is not subscribed stays so
#[utoipa::path(post, path = "/api/v1/subscriptions/{id}/unsubscribe", tag = "kromer", request_body = KeyBody,
    params(("id" = ContractId, Path)), responses((status = 200, body = Data<Nothing>), Failures))]
async fn unsubscribe(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    Params(id): Params<ContractId>,
    Body(body): Body<KeyBody>,
) -> Result<Json<Data<Nothing>>, ApiError> {
    let wallet = krist.owner(ip, body.privatekey).await?;
    let found = named::contract(&mut *krist.native.db.read().await?, id, Some(&wallet)).await?;
    let found = found.ok_or_else(|| refused(&ContractRefusal::ContractNotFound))?;
    if let Some(standing) = found.standing {
        let (id, by) = (standing.subscription.id, By::Owner(wallet));
        let command = ChangeSubscription { id, by, change: Change::Cancel };
        krist.native.db.run(&command).await.map_err(failed)?;
    }
    Ok(Data::json(Nothing {}))
}

/// Take no new subscribers
#[utoipa::path(post, path = "/api/v1/subscriptions/{id}/close", tag = "kromer", request_body = KeyBody,
    params(("id" = ContractId, Path)), responses((status = 200, body = Data<Nothing>), Failures))]
async fn close(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    Params(id): Params<ContractId>,
    Body(body): Body<KeyBody>,
) -> Result<Json<Data<Nothing>>, ApiError> {
    krist.end(ip, id, body, ContractStatus::Closed).await
}

/// Cancel a contract, for good; each subscription ends at once
#[utoipa::path(delete, path = "/api/v1/subscriptions/{id}", tag = "kromer", request_body = KeyBody,
    params(("id" = ContractId, Path)), responses((status = 200, body = Data<Nothing>), Failures))]
async fn cancel(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    Params(id): Params<ContractId>,
    Body(body): Body<KeyBody>,
) -> Result<Json<Data<Nothing>>, ApiError> {
    krist.end(ip, id, body, ContractStatus::Canceled).await
}

impl Krist {
    /// The wallet of a private key.
    async fn owner(
        &self,
        ip: Option<std::net::IpAddr>,
        key: SecretString,
    ) -> Result<Address, ApiError> {
        let key = PrivateKey::new(key)
            .map_err(|error| ApiError::validation("privatekey", error.to_string()))?;
        let failed = || {
            let message = "the private key is not the wallet's, or the wallet is locked";
            ApiError::unauthorized("authentication_failed", message)
        };
        self.prove(ip, &key).await.map_err(KristError::into_api)?.ok_or_else(failed)
    }

    async fn end(
        &self,
        ip: Option<std::net::IpAddr>,
        id: ContractId,
        body: KeyBody,
        status: ContractStatus,
    ) -> Result<Json<Data<Nothing>>, ApiError> {
        let by = By::Owner(self.owner(ip, body.privatekey).await?);
        let edit = Edit { status: Some(status), ..Edit::default() };
        let command = EditContract { id, by, seen: None, edit };
        self.native.db.run(&command).await.map_err(failed)?;
        Ok(Data::json(Nothing {}))
    }

    /// Who is subscribed to what is for everybody only in a public ledger.
    fn may_list(&self, concerns_wallet: bool) -> Result<(), ApiError> {
        if self.settings.public || !concerns_wallet {
            return Ok(());
        }
        let message = "this ledger is private; use /api/v1/subscribers with a session";
        Err(ApiError::forbidden("forbidden", message))
    }
}

/// A name, with or without what stands before its `@` and its suffix.
fn target(krist: &Krist, text: &str) -> Result<Target, ApiError> {
    let suffix = &krist.settings.suffix;
    let text = text.trim();
    let whole =
        if text.contains('.') { text.to_owned() } else { format!("{text}.{}", suffix.as_str()) };
    match suffix.target(&whole) {
        Some(Ok(target)) => Ok(target),
        Some(Err(error)) => Err(ApiError::validation("name", error.to_string())),
        None => Err(ApiError::validation("name", format!("names end in .{}", suffix.as_str()))),
    }
}
