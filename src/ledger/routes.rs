//! The ledger over HTTP.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    LedgerRefusal, Login, Metadata, Order, Payee, Payment, PaymentKind, RequestId, Till, TillError,
    Transfer, VerifierSecret, Wallet,
    commands::{CreateWallet, LockWallet, WalletDone},
    events::PaymentMade,
    linking, players, queries,
};
use crate::{
    auth::{
        Auth, Caller, Scope,
        acts::{Acted, Acting},
        gate::{Admin, ClientIp, Owner},
        keyed,
        routes::OpenedView,
    },
    db::{
        Answer, Db, Failure, Refusal,
        keys::{Outcome, RequestKey},
        random,
    },
    http::{
        Data,
        error::ApiError,
        etag::IfNoneMatch,
        extract::{Body, Params, Query},
        idempotency::{IdempotencyKey, Replayed},
        openapi::Failures,
    },
    kernel::{
        address::{Address, PrivateKey},
        id::PaymentId,
        money::{Amount, AmountText, Decimal, Payable, Scale},
        name::{Suffix, Target},
        page::{Page, PageQuery},
        time::Timestamp,
    },
};

/// The codes that this slice adds.
pub const CODES: &[(&str, u16, &str)] = &[
    ("authentication_failed", 401, "the wallet was claimed with another private key"),
    ("insufficient_funds", 402, "the payer holds less than the amount"),
    ("wallet_locked", 403, "the operator has locked the wallet: it can't log in and can't pay"),
    ("wallet_not_found", 404, "no wallet has this address"),
    ("payment_not_found", 404, "no payment has this id"),
    ("name_not_found", 404, "nobody owns this name"),
    ("player_not_found", 404, "no player is known as this"),
    ("player_wallets_full", 409, "the player has as many wallets as a player may"),
    ("wallet_exists", 409, "a wallet has this address already"),
    ("same_wallet", 400, "payer and payee are the same wallet"),
    (
        "request_id_conflict",
        409,
        "the request id stands for another payment; `details` names the field",
    ),
    ("balance_overflow", 409, "the payee would hold more than a wallet can"),
    ("transactions_disabled", 423, "the operator has switched payments off for a while"),
];

/// What the routes of this slice need.
#[derive(Debug, Clone)]
pub struct LedgerState {
    /// The database.
    pub db: Db,
    /// Takes payments.
    pub till: Till,
    /// Counts logins.
    pub auth: Arc<Auth>,
    /// The key of the hash under which verifiers are stored.
    pub secret: VerifierSecret,
    /// Whether everybody may see every wallet.
    pub public: bool,
    /// What names end with.
    pub suffix: Suffix,
}

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<LedgerState> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(pay))
        .routes(routes!(payment))
        .routes(routes!(wallet))
        .routes(routes!(payments))
        .routes(routes!(supply))
        .routes(routes!(create_wallet))
        .routes(routes!(lock_wallet))
        .routes(routes!(mint))
        .merge(linking::routes::routes())
        .merge(players::routes::routes())
}

impl LedgerState {
    fn may_see(&self, caller: &Caller, wallets: &[&Address]) -> Result<(), ApiError> {
        let owns = wallets.iter().any(|wallet| caller.owns(wallet));
        match caller {
            _ if self.public || owns || caller.has(Scope::Admin) => Ok(()),
            Caller::Guest => {
                Err(ApiError::unauthorized("unauthorized", "this ledger is private; log in"))
            }
            _ => Err(ApiError::forbidden(
                "forbidden",
                "this ledger is private; only owners see a wallet",
            )),
        }
    }

    /// Whom a text names, and the metadata of a payment to them.
    fn payee(
        &self,
        to: &str,
        metadata: Option<Metadata>,
    ) -> Result<(Payee, Option<Metadata>), ApiError> {
        match self.suffix.target(to) {
            None => match to.parse::<Address>() {
                Ok(address) => Ok((address.into(), metadata)),
                Err(error) => {
                    let name = format!("{error}, or a name such as shop.{}", self.suffix.as_str());
                    Err(ApiError::validation("to", name))
                }
            },
            Some(target) => {
                let target: Target =
                    target.map_err(|error| ApiError::validation("to", error.to_string()))?;
                let metadata = Metadata::to_name(&self.suffix.write(&target), metadata.as_ref());
                Ok((Payee::Name(target), metadata))
            }
        }
    }

    async fn post(
        &self,
        caller: &str,
        key: IdempotencyKey,
        transfer: Transfer,
        act: Option<Acted>,
    ) -> Made<PaymentMade> {
        let key = key.0.map(|key| RequestKey::given(caller, "pay", &key, &transfer)).transpose()?;
        let answer =
            self.till.pay(Order { transfer, key, act }).await.map_err(|error| match error {
                TillError::Full => ApiError::unavailable(std::time::Duration::from_secs(1)),
                TillError::Db(error) => error.into(),
            })?;
        let view = |payment: Payment| PaymentMade::new(&payment, self.db.scale());
        Ok(made(answer, view))
    }
}

/// The amount that a field of a body says.
///
/// # Errors
/// 400 when it is no positive amount of this scale.
pub fn payable(field: &'static str, text: &AmountText, scale: Scale) -> Result<Payable, ApiError> {
    match text.parse(scale).map(Amount::payable) {
        Ok(Some(amount)) => Ok(amount),
        Ok(None) => Err(ApiError::validation(field, "must be more than 0")),
        Err(error) => {
            let decimals = scale.decimals();
            Err(ApiError::validation(field, format!("{error}; at most {decimals} decimals")))
        }
    }
}

/// 201 with what was made, or the refusal; either is marked when it repeats an earlier answer.
type Answered<V> = Replayed<Result<(StatusCode, Json<Data<V>>), ApiError>>;
type Made<V> = Result<Answered<V>, ApiError>;

fn made<D, V>(answer: Answer<D, LedgerRefusal>, view: impl FnOnce(D) -> V) -> Answered<V> {
    let response = match answer.outcome {
        Outcome::Done(done) => Ok((StatusCode::CREATED, Data::json(view(done)))),
        Outcome::Refused(refusal) => Err(refused(&refusal)),
    };
    Replayed { replayed: answer.replayed, response }
}

/// A wallet on the wire.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WalletView {
    /// Its address.
    address: Address,
    /// What it holds.
    balance: Decimal,
    /// All that it ever received.
    total_in: Decimal,
    /// All that it ever paid.
    total_out: Decimal,
    /// Whether it can't log in and can't pay.
    locked: bool,
    /// Raised by 1 with each event of the wallet; also the `ETag`.
    version: i64,
    /// When it was made.
    created_at: Timestamp,
}

impl WalletView {
    pub(super) fn new(wallet: &Wallet, scale: Scale) -> Self {
        Self {
            address: wallet.address.clone(),
            balance: wallet.balance.at(scale),
            total_in: wallet.total_in.at(scale),
            total_out: wallet.total_out.at(scale),
            locked: wallet.locked,
            version: wallet.version,
            created_at: wallet.created_at,
        }
    }
}

/// A private key.
#[derive(Debug, Deserialize, ToSchema)]
struct LoginBody {
    /// The wallet's private key, 1 to 512 bytes, used as it is.
    #[schema(value_type = String)]
    privatekey: SecretString,
}

/// Log in with a wallet's private key; the first login makes the wallet
#[utoipa::path(post, path = "/api/v1/login", tag = "sessions", request_body = LoginBody,
    responses((status = 200, body = Data<OpenedView>), Failures))]
async fn login(
    State(state): State<LedgerState>,
    ClientIp(ip): ClientIp,
    headers: HeaderMap,
    Body(body): Body<LoginBody>,
) -> Result<Json<Data<OpenedView>>, ApiError> {
    let key = PrivateKey::new(body.privatekey)
        .map_err(|error| ApiError::validation("privatekey", error.to_string()))?;
    if let Some(ip) = ip {
        let counted = state.auth.limits().login(ip, &Address::of(&key));
        counted.map_err(|exceeded| ApiError::rate_limited(exceeded.0))?;
    }
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let login = Login { key, user_agent: agent.map(Into::into), secret: state.secret.clone() };
    let (address, opened) = state.db.run(&login).await.map_err(failed)?;
    state.auth.session_opened();
    Ok(Data::json(OpenedView::new(address, &opened)))
}

/// A payment to make.
#[derive(Debug, Deserialize, ToSchema)]
struct PayBody {
    /// Who is paid: an address, or a name such as `bakery.kro` or `counter@bakery.kro`, whose owner is paid.
    to: String,
    /// How much.
    amount: AmountText,
    /// At most 255 printable ASCII characters.
    metadata: Option<String>,
    /// The payer's own name for this payment, at most 64 visible characters: repeated, it is the same payment.
    request_id: Option<String>,
}

/// Pay from the caller's wallet
#[utoipa::path(post, path = "/api/v1/payments", tag = "ledger", request_body = PayBody, security(("session" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key gets the same answer for 24 h")),
    responses((status = 201, body = Data<PaymentMade>), Failures))]
async fn pay(
    State(state): State<LedgerState>,
    owner: Owner,
    key: IdempotencyKey,
    Body(body): Body<PayBody>,
) -> Made<PaymentMade> {
    let metadata = body.metadata.map(|text| {
        Metadata::new(text).ok_or_else(|| {
            ApiError::validation("metadata", "at most 255 printable ASCII characters")
        })
    });
    let request_id = body.request_id.map(|text| {
        RequestId::new(text)
            .ok_or_else(|| ApiError::validation("request_id", "1 to 64 visible ASCII characters"))
    });
    let (payee, metadata) = state.payee(&body.to, metadata.transpose()?)?;
    let transfer = Transfer {
        payer: owner.address,
        payee,
        amount: payable("amount", &body.amount, state.db.scale())?,
        kind: PaymentKind::Transfer,
        name: None,
        metadata,
        request_id: request_id.transpose()?,
    };
    state.post(&owner.name, key, transfer, None).await
}

/// One payment
#[utoipa::path(get, path = "/api/v1/payments/{id}", tag = "ledger", params(("id" = PaymentId, Path)),
    responses((status = 200, body = Data<PaymentMade>), Failures))]
async fn payment(
    State(state): State<LedgerState>,
    caller: Caller,
    Params(id): Params<PaymentId>,
) -> Result<Json<Data<PaymentMade>>, ApiError> {
    let found = queries::payment(&mut *state.db.read().await?, id).await?;
    let payment =
        found.ok_or_else(|| ApiError::not_found("payment_not_found", "no payment has this id"))?;
    state.may_see(&caller, &[&payment.payer, &payment.payee])?;
    Ok(Data::json(PaymentMade::new(&payment, state.db.scale())))
}

/// One wallet
#[utoipa::path(get, path = "/api/v1/wallets/{address}", tag = "ledger", params(("address" = Address, Path)),
    responses((status = 200, body = Data<WalletView>), (status = 304, description = "unchanged"), Failures))]
async fn wallet(
    State(state): State<LedgerState>,
    caller: Caller,
    held: IfNoneMatch,
    Params(address): Params<Address>,
) -> Result<Response, ApiError> {
    state.may_see(&caller, &[&address])?;
    let wallet = found(queries::wallet(&mut *state.db.read().await?, &address).await?)?;
    Ok(held.answer(wallet.version, Data::json(WalletView::new(&wallet, state.db.scale()))))
}

/// The payments of a wallet, newest first
#[utoipa::path(get, path = "/api/v1/wallets/{address}/payments", tag = "ledger",
    params(("address" = Address, Path), PageQuery),
    responses((status = 200, body = Data<Page<PaymentMade>>), Failures))]
async fn payments(
    State(state): State<LedgerState>,
    caller: Caller,
    Params(address): Params<Address>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Data<Page<PaymentMade>>>, ApiError> {
    state.may_see(&caller, &[&address])?;
    let mut conn = state.db.read().await?;
    let wallet = found(queries::wallet(&mut conn, &address).await?)?;
    let page = queries::payments(&mut conn, &wallet, query).await?;
    Ok(Data::json(page.map(|payment| PaymentMade::new(&payment, state.db.scale()))))
}

/// How much money there is.
#[derive(Debug, Serialize, ToSchema)]
struct SupplyView {
    /// The sum of all balances but the system's own.
    supply: Decimal,
}

/// All money in circulation
#[utoipa::path(get, path = "/api/v1/supply", tag = "ledger",
    responses((status = 200, body = Data<SupplyView>), Failures))]
async fn supply(State(state): State<LedgerState>) -> Result<Json<Data<SupplyView>>, ApiError> {
    let supply = queries::supply(&mut *state.db.read().await?).await?;
    Ok(Data::json(SupplyView { supply: supply.at(state.db.scale()) }))
}

/// A wallet to make.
#[derive(Debug, Deserialize, ToSchema)]
struct WalletBody {
    /// The address that its owner's private key leads to. Without one a private key is made and shown once.
    address: Option<Address>,
}

/// A wallet that was made.
#[derive(Debug, Serialize, ToSchema)]
struct WalletMade {
    /// Its address.
    address: Address,
    /// Its version.
    version: i64,
    /// The private key, when it was made here. It is not stored: this is the only time it is shown.
    privatekey: Option<String>,
}

/// Make an empty wallet
#[utoipa::path(post, path = "/api/v1/admin/wallets", tag = "admin", request_body = WalletBody,
    security(("service_key" = [])), responses((status = 201, body = Data<WalletMade>), Failures))]
async fn create_wallet(
    State(state): State<LedgerState>,
    admin: Admin,
    key: IdempotencyKey,
    Body(body): Body<WalletBody>,
) -> Made<WalletMade> {
    let (address, privatekey) = match body.address {
        Some(address) => (address, None),
        None if key.0.is_some() => {
            // The answer to a repeated request would have to hold the private key, and that is never stored.
            return Err(ApiError::validation(
                "address",
                "an Idempotency-Key needs an address of your own",
            ));
        }
        None => {
            let text = hex::encode(random::bytes::<16>());
            let private = PrivateKey::new(text.clone().into()).map_err(ApiError::internal)?;
            (Address::of(&private), Some(text))
        }
    };
    let act = admin.acts("wallet.create", &address);
    let command = Acting::new(act, CreateWallet { address });
    let answer = keyed::run(&state.db, &admin.name, key, &command).await?;
    Ok(made(answer, |done| WalletMade { address: done.address, version: done.version, privatekey }))
}

/// What to change about a wallet.
#[derive(Debug, Deserialize, ToSchema)]
struct LockBody {
    /// Whether it can't log in and can't pay.
    locked: bool,
}

/// A wallet's version after a change.
#[derive(Debug, Serialize, ToSchema)]
struct WalletChanged {
    /// Its address.
    address: Address,
    /// Its version.
    version: i64,
}

/// Lock or unlock a wallet
#[utoipa::path(patch, path = "/api/v1/admin/wallets/{address}", tag = "admin", request_body = LockBody,
    params(("address" = Address, Path)), security(("service_key" = [])),
    responses((status = 200, body = Data<WalletChanged>), Failures))]
async fn lock_wallet(
    State(state): State<LedgerState>,
    admin: Admin,
    Params(address): Params<Address>,
    Body(body): Body<LockBody>,
) -> Result<Json<Data<WalletChanged>>, ApiError> {
    let act = admin.acts(if body.locked { "wallet.lock" } else { "wallet.unlock" }, &address);
    let command = Acting::new(act, LockWallet { address, locked: body.locked });
    let WalletDone { address, version } = state.db.run(&command).await.map_err(failed)?;
    Ok(Data::json(WalletChanged { address, version }))
}

/// New money.
#[derive(Debug, Deserialize, ToSchema)]
struct MintBody {
    /// Who gets it.
    address: Address,
    /// How much.
    amount: AmountText,
}

/// Give new money to a wallet
#[utoipa::path(post, path = "/api/v1/admin/mint", tag = "admin", request_body = MintBody,
    security(("service_key" = [])), responses((status = 201, body = Data<PaymentMade>), Failures))]
async fn mint(
    State(state): State<LedgerState>,
    admin: Admin,
    key: IdempotencyKey,
    Body(body): Body<MintBody>,
) -> Made<PaymentMade> {
    let scale = state.db.scale();
    let amount = payable("amount", &body.amount, scale)?;
    let act = admin.acts("money.mint", &body.address);
    let act = act.with("amount", amount.amount().at(scale).to_string());
    let transfer = Transfer {
        payer: Address::system(),
        payee: body.address.into(),
        amount,
        kind: PaymentKind::Mined,
        name: None,
        metadata: None,
        request_id: None,
    };
    state.post(&admin.name, key, transfer, Some(act)).await
}

fn found(wallet: Option<Wallet>) -> Result<Wallet, ApiError> {
    wallet.ok_or_else(|| ApiError::not_found("wallet_not_found", "no wallet has this address"))
}

/// A failure of this slice.
pub fn failed(failure: Failure<LedgerRefusal>) -> ApiError {
    match failure {
        Failure::Refused(refusal) => refused(&refusal),
        Failure::Db(error) => error.into(),
    }
}

/// Each refusal with its status and what its reader can do about it.
pub fn refused(refusal: &LedgerRefusal) -> ApiError {
    let code = refusal.code();
    match refusal {
        LedgerRefusal::RequestIdConflict(field) => {
            ApiError::conflict(code, "the request id stands for another payment; use a fresh one")
                .with_detail(field.as_str(), "differs from the payment with this request id")
        }
        LedgerRefusal::NameNotFound(name) => {
            ApiError::not_found(code, format!("nobody owns the name {name}"))
        }
        LedgerRefusal::SameWallet => ApiError::bad_request(code, "a wallet can't pay itself"),
        LedgerRefusal::WalletNotFound(address) => {
            ApiError::not_found(code, format!("no wallet has the address {address}"))
        }
        LedgerRefusal::WalletLocked(address) => {
            ApiError::forbidden(code, format!("the wallet {address} is locked; ask the operator"))
        }
        LedgerRefusal::InsufficientFunds => ApiError::new(
            StatusCode::PAYMENT_REQUIRED,
            code,
            "the wallet holds less than the amount",
        ),
        LedgerRefusal::BalanceOverflow(address) => {
            ApiError::conflict(code, format!("the wallet {address} can't hold so much"))
        }
        LedgerRefusal::WalletExists(address) => {
            ApiError::conflict(code, format!("the wallet {address} is there already"))
        }
        LedgerRefusal::PlayerNotFound => ApiError::not_found(code, "no player is known as this"),
        LedgerRefusal::PlayerWalletsFull => {
            ApiError::conflict(code, "the player has as many wallets as a player may")
        }
        LedgerRefusal::AuthenticationFailed => {
            ApiError::unauthorized(code, "the wallet was claimed with another private key")
        }
    }
}
