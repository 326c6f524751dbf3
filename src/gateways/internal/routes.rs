//! What programs of the game ask of the operator's door. The shapes are those that they know.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    auth::{acts::Acting, gate::Admin},
    db::{
        Db, Failure,
        keys::{Outcome, RequestKey},
        random,
    },
    http::{
        error::ApiError,
        extract::{Body, Params},
        idempotency::IdempotencyKey,
        openapi::Failures,
    },
    kernel::{
        address::{Address, PrivateKey},
        id::PlayerId,
        money::{Amount, AmountText, Payable},
    },
    ledger::{
        LedgerRefusal, Order, PaymentKind, Till, TillError, Transfer, VerifierSecret,
        players::{
            commands::{CreatePlayerWallet, RenamePlayer},
            model::{Player, PlayerName},
            queries::{self, Which},
            routes::PlayerWalletView,
        },
        queries::wallet,
        routes::{failed, refused},
    },
};

/// What these routes need.
#[derive(Debug, Clone)]
pub struct InternalState {
    /// The database.
    pub db: Db,
    /// Takes payments.
    pub till: Till,
    /// The key of the hash under which verifiers are stored.
    pub secret: VerifierSecret,
    /// New money in the wallet of a player; none is an empty wallet.
    pub funds: Option<Payable>,
}

/// The routes.
pub fn routes() -> OpenApiRouter<InternalState> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(give_money))
        .routes(routes!(by_player))
        .routes(routes!(update_player))
}

/// Who plays.
#[derive(Debug, Deserialize, ToSchema)]
struct CreateBody {
    /// The game's UUID of the player.
    uuid: PlayerId,
    /// What they are called.
    name: PlayerName,
}

/// A wallet that was made for a player.
#[derive(Debug, Serialize, ToSchema)]
struct Created {
    /// The private key. It is not stored: this is the only time it is shown.
    privatekey: String,
    /// The address.
    address: Address,
}

/// Make a wallet for a player, with the money that players begin with
#[utoipa::path(post, path = "/api/_internal/wallet/create", tag = "internal", request_body = CreateBody,
    security(("kromer_key" = [])), responses((status = 200, body = Created), Failures))]
async fn create(
    State(state): State<InternalState>,
    admin: Admin,
    Body(body): Body<CreateBody>,
) -> Result<Json<Created>, ApiError> {
    let privatekey = hex::encode(random::bytes::<16>());
    let key = PrivateKey::new(privatekey.clone().into()).map_err(ApiError::internal)?;
    let act = admin.acts("player.wallet_create", Address::of(&key));
    let act = act.with("player", body.uuid.to_string());
    let command = CreatePlayerWallet {
        player: Player { id: body.uuid, name: body.name },
        key,
        secret: state.secret.clone(),
        funds: state.funds,
    };
    let address = state.db.run(&Acting::new(act, command)).await.map_err(failed)?;
    Ok(Json(Created { privatekey, address }))
}

/// Money to give or to take.
#[derive(Debug, Deserialize, ToSchema)]
struct GiveBody {
    /// Whose wallet.
    address: Address,
    /// How much; less than 0 is taken.
    amount: AmountText,
}

/// A wallet.
#[derive(Debug, Serialize, ToSchema)]
struct One {
    /// It.
    wallet: PlayerWalletView,
}

/// Give new money to a wallet, or take money out of circulation
#[utoipa::path(post, path = "/api/_internal/wallet/give-money", tag = "internal", request_body = GiveBody,
    security(("kromer_key" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "the same key gets the same answer for 24 h")),
    responses((status = 200, body = One), Failures))]
async fn give_money(
    State(state): State<InternalState>,
    admin: Admin,
    key: IdempotencyKey,
    Body(body): Body<GiveBody>,
) -> Result<Json<One>, ApiError> {
    let transfer = movement(&state, body.address.clone(), &body.amount)?;
    let given = |key: String| RequestKey::given(&admin.name, "give_money", &key, &transfer);
    let key = key.0.map(given).transpose()?;
    let action = if transfer.payer == Address::system() { "money.mint" } else { "money.take" };
    let amount = transfer.amount.amount().at(state.db.scale());
    let act = admin.acts(action, &body.address).with("amount", amount.to_string());
    let posted = state.till.pay(Order { transfer, key, act: Some(act) }).await;
    match posted {
        Ok(answer) => match answer.outcome {
            Outcome::Done(_) => {}
            Outcome::Refused(refusal) => return Err(refused(&refusal)),
        },
        Err(TillError::Full) => {
            return Err(ApiError::unavailable(std::time::Duration::from_secs(1)));
        }
        Err(TillError::Db(error)) => return Err(error.into()),
    }
    let found = wallet(&mut *state.db.read().await?, &body.address).await?;
    let found = found.ok_or_else(|| refused(&LedgerRefusal::WalletNotFound(body.address)))?;
    Ok(Json(One { wallet: PlayerWalletView::new(&found, state.db.scale()) }))
}

/// New money is mined; what is taken goes back to where it came from.
fn movement(
    state: &InternalState,
    wallet: Address,
    text: &AmountText,
) -> Result<Transfer, ApiError> {
    let invalid = |error: String| ApiError::validation("amount", error);
    let amount = text.parse(state.db.scale()).map_err(|error| invalid(error.to_string()))?;
    let given = amount.payable();
    let taken = Amount::ZERO.minus(amount).and_then(Amount::payable);
    let (payer, payee, amount, kind) = match (given, taken) {
        (Some(amount), _) => (Address::system(), wallet, amount, PaymentKind::Mined),
        (None, Some(amount)) => (wallet, Address::system(), amount, PaymentKind::Transfer),
        (None, None) => return Err(invalid("must not be 0".to_owned())),
    };
    Ok(Transfer {
        payer,
        payee: payee.into(),
        amount,
        kind,
        name: None,
        metadata: None,
        request_id: None,
    })
}

/// The wallets of a player.
#[derive(Debug, Serialize, ToSchema)]
struct Several {
    /// They, oldest first.
    wallet: Vec<PlayerWalletView>,
}

/// The wallets of a player, oldest first
#[utoipa::path(get, path = "/api/_internal/wallet/by-player/{uuid}", tag = "internal",
    params(("uuid" = PlayerId, Path)), security(("kromer_key" = [])),
    responses((status = 200, body = Several), Failures))]
async fn by_player(
    State(state): State<InternalState>,
    _: Admin,
    Params(id): Params<PlayerId>,
) -> Result<Json<Several>, ApiError> {
    let found = queries::player(&mut *state.db.read().await?, &Which::Id(id)).await?;
    let (_, wallets) = found.ok_or_else(|| refused(&LedgerRefusal::PlayerNotFound))?;
    let scale = state.db.scale();
    let wallet = wallets.iter().map(|wallet| PlayerWalletView::new(wallet, scale)).collect();
    Ok(Json(Several { wallet }))
}

/// What a player is called by now.
#[derive(Debug, Deserialize, ToSchema)]
struct RenameBody {
    /// The game's UUID of the player.
    uuid: PlayerId,
    /// What they are called.
    #[serde(alias = "name")]
    username: PlayerName,
}

/// A player.
#[derive(Debug, Serialize, ToSchema)]
struct Renamed {
    /// The game's UUID.
    uuid: PlayerId,
    /// What they are called.
    name: PlayerName,
}

/// Say what a player is called by now
#[utoipa::path(post, path = "/api/_internal/wallet/update-player", tag = "internal", request_body = RenameBody,
    security(("kromer_key" = [])), responses((status = 200, body = Renamed), Failures))]
async fn update_player(
    State(state): State<InternalState>,
    admin: Admin,
    Body(body): Body<RenameBody>,
) -> Result<Json<Renamed>, ApiError> {
    let player = Player { id: body.uuid, name: body.username.clone() };
    let act = admin.acts("player.rename", body.uuid).with("name", body.username.as_str());
    match state.db.run(&Acting::new(act, RenamePlayer(player))).await {
        Ok(()) => Ok(Json(Renamed { uuid: body.uuid, name: body.username })),
        Err(Failure::Refused(refusal)) => Err(refused(&refusal)),
        Err(Failure::Db(error)) => Err(error.into()),
    }
}
