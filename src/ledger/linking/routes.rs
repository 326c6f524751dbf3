//! Linking a wallet to a user over HTTP.

use axum::{Json, extract::State};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{LinkRefusal, LinkWallet};
use crate::{
    auth::{
        gate::{ClientIp, SignedIn},
        users::{self, LinkedWallet},
    },
    db::Failure,
    http::{
        Data,
        error::ApiError,
        extract::{Body, Params},
        openapi::Failures,
    },
    kernel::{
        address::{Address, PrivateKey},
        id::DiscordId,
    },
    ledger::routes::{LedgerState, refused},
};

/// The codes that this part of the slice adds.
pub const CODES: &[(&str, u16, &str)] = &[
    ("address_mismatch", 400, "the private key leads to another address than the path says"),
    ("wallet_taken", 409, "the wallet is another user's"),
    ("too_many_wallets", 409, "the user has as many wallets as they may"),
];

/// The routes of this part of the slice.
pub(in crate::ledger) fn routes() -> OpenApiRouter<LedgerState> {
    OpenApiRouter::new().routes(routes!(link))
}

/// What proves that a wallet is the caller's.
#[derive(Deserialize, ToSchema)]
struct LinkBody {
    /// The wallet's private key. It is not kept.
    #[serde(alias = "private_key")]
    #[schema(value_type = String)]
    privatekey: SecretString,
}

/// The wallets of a user.
#[derive(Debug, Serialize, ToSchema)]
struct WalletsView {
    /// Whose.
    discord_user_id: DiscordId,
    /// The wallets.
    wallets: Vec<LinkedWallet>,
}

/// Link a wallet to the caller, proven by its private key; linking it again changes nothing
#[utoipa::path(put, path = "/api/v1/users/me/wallets/{address}", tag = "users",
    params(("address" = Address, Path)), request_body = LinkBody, security(("session" = [])),
    responses((status = 200, body = Data<WalletsView>), Failures))]
async fn link(
    State(state): State<LedgerState>,
    signed_in: SignedIn,
    ClientIp(ip): ClientIp,
    Params(address): Params<Address>,
    Body(body): Body<LinkBody>,
) -> Result<Json<Data<WalletsView>>, ApiError> {
    let key = PrivateKey::new(body.privatekey)
        .map_err(|error| ApiError::validation("privatekey", error.to_string()))?;
    if Address::of(&key) != address {
        let message = "the private key leads to another address";
        return Err(ApiError::bad_request("address_mismatch", message));
    }
    if let Some(ip) = ip {
        // A key is tried here as it is at a login.
        let counted = state.auth.limits().login(ip, &address);
        counted.map_err(|exceeded| ApiError::rate_limited(exceeded.0))?;
    }
    let user = signed_in.user;
    let command = LinkWallet { user, key, secret: state.secret.clone() };
    state.db.run(&command).await.map_err(|failure| match failure {
        Failure::Db(error) => error.into(),
        Failure::Refused(LinkRefusal::User(refusal)) => users::routes::refused(&refusal),
        Failure::Refused(LinkRefusal::Ledger(refusal)) => refused(&refusal),
    })?;
    let wallets = users::wallets(&mut *state.db.read().await?, user).await?;
    Ok(Data::json(WalletsView { discord_user_id: user, wallets }))
}
