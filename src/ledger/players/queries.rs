//! What is read of players.

use sqlx::PgConnection;

use super::{model::Player, store};
use crate::{
    db::DbError,
    kernel::id::PlayerId,
    ledger::{Wallet, store::wallets_by_id},
};

/// How a player is asked for.
#[derive(Debug, Clone)]
pub enum Which {
    /// By the game's UUID.
    Id(PlayerId),
    /// By what they are called, in any case; of several the one of whom the game said so last.
    Name(String),
}

/// A player with their wallets, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn player(
    conn: &mut PgConnection,
    which: &Which,
) -> Result<Option<(Player, Vec<Wallet>)>, DbError> {
    let found = match which {
        Which::Id(id) => store::player_find(conn, *id).await?,
        Which::Name(name) => store::player_by_name(conn, name).await?,
    };
    let Some(player) = found else { return Ok(None) };
    let rows = store::player_wallets(conn, player.id).await?;
    Ok(Some((player, wallets_by_id(conn, &rows).await?)))
}
