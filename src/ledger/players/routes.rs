//! Players over HTTP, as their clients know them. What the game does for them is behind the operator's door.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::queries::{self, Which};
use crate::{
    auth::{Caller, Scope},
    http::{Data, error::ApiError, extract::Params, openapi::Failures},
    kernel::{
        address::Address,
        id::{PlayerId, WalletId},
        money::{Decimal, Scale},
        time::Timestamp,
    },
    ledger::{Wallet, routes::LedgerState},
};

/// The routes of players.
pub(in crate::ledger) fn routes() -> OpenApiRouter<LedgerState> {
    OpenApiRouter::new()
        .routes(routes!(by_player))
        .routes(routes!(by_uuid))
        .routes(routes!(by_name))
}

/// A wallet as clients of players know it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlayerWalletView {
    /// A number of it, which no other route takes.
    id: WalletId,
    /// Its address.
    address: Address,
    /// What it holds.
    balance: Decimal,
    /// When it was made.
    created_at: Timestamp,
    /// Whether it can't log in and can't pay.
    locked: bool,
    /// All that it ever received.
    total_in: Decimal,
    /// All that it ever paid.
    total_out: Decimal,
}

impl PlayerWalletView {
    /// The wallet on the wire.
    pub fn new(wallet: &Wallet, scale: Scale) -> Self {
        Self {
            id: wallet.id,
            address: wallet.address.clone(),
            balance: wallet.balance.at(scale),
            created_at: wallet.created_at,
            locked: wallet.locked,
            total_in: wallet.total_in.at(scale),
            total_out: wallet.total_out.at(scale),
        }
    }
}

/// The wallets of a player, oldest first; with a private ledger for admins only
#[utoipa::path(get, path = "/api/v1/wallet/by-player/{uuid}", tag = "players", params(("uuid" = PlayerId, Path)),
    responses((status = 200, body = Data<Vec<PlayerWalletView>>), Failures))]
async fn by_player(
    State(state): State<LedgerState>,
    caller: Caller,
    Params(id): Params<PlayerId>,
) -> Wallets {
    wallets(&state, &caller, &Which::Id(id)).await
}

/// The same under the name that some clients have for it
#[utoipa::path(get, path = "/api/v1/wallet/by-uuid/{uuid}", tag = "players", params(("uuid" = PlayerId, Path)),
    responses((status = 200, body = Data<Vec<PlayerWalletView>>), Failures))]
async fn by_uuid(
    State(state): State<LedgerState>,
    caller: Caller,
    Params(id): Params<PlayerId>,
) -> Wallets {
    wallets(&state, &caller, &Which::Id(id)).await
}

/// The wallets of whoever is called so now, in any case
#[utoipa::path(get, path = "/api/v1/wallet/by-name/{name}", tag = "players", params(("name" = String, Path)),
    responses((status = 200, body = Data<Vec<PlayerWalletView>>), Failures))]
async fn by_name(
    State(state): State<LedgerState>,
    caller: Caller,
    Params(name): Params<String>,
) -> Wallets {
    wallets(&state, &caller, &Which::Name(name)).await
}

type Wallets = Result<Json<Data<Vec<PlayerWalletView>>>, ApiError>;

async fn wallets(state: &LedgerState, caller: &Caller, which: &Which) -> Wallets {
    match caller {
        _ if state.public || caller.has(Scope::Admin) => {}
        Caller::Guest => {
            return Err(ApiError::unauthorized("unauthorized", "this ledger is private; log in"));
        }
        _ => {
            let message = "this ledger is private; only the operator looks for players";
            return Err(ApiError::forbidden("forbidden", message));
        }
    }
    let found = queries::player(&mut *state.db.read().await?, which).await?;
    let (_, wallets) = found
        .ok_or_else(|| ApiError::not_found("player_not_found", "no player is known as this"))?;
    let scale = state.db.scale();
    Ok(Data::json(wallets.iter().map(|wallet| PlayerWalletView::new(wallet, scale)).collect()))
}
