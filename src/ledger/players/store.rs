//! All SQL on `players` and `player_wallets`.

use sqlx::PgConnection;

use super::model::Player;
use crate::{
    db::DbError,
    kernel::{
        id::{PlayerId, WalletId},
        time::Timestamp,
    },
};

/// Writes down what a player is called, and locks them. Says whether they are new here or were called otherwise.
pub(super) async fn player_name(
    conn: &mut PgConnection,
    player: &Player,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into players (uuid, name, named_at, created_at) values ($1, $2, $3, $3)
         on conflict (uuid) do update set name = excluded.name, named_at = excluded.named_at",
        player.id.get(),
        player.name.as_str(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks a player.
pub(super) async fn player_lock(
    conn: &mut PgConnection,
    id: PlayerId,
) -> Result<Option<Player>, DbError> {
    let name =
        sqlx::query_scalar!("select name from players where uuid = $1 for no key update", id.get())
            .fetch_optional(conn)
            .await?;
    named(id, name)
}

pub(super) async fn player_find(
    conn: &mut PgConnection,
    id: PlayerId,
) -> Result<Option<Player>, DbError> {
    let name = sqlx::query_scalar!("select name from players where uuid = $1", id.get())
        .fetch_optional(conn)
        .await?;
    named(id, name)
}

/// Who is called so, in any case; of several the one of whom the game said so last.
pub(super) async fn player_by_name(
    conn: &mut PgConnection,
    name: &str,
) -> Result<Option<Player>, DbError> {
    let row = sqlx::query!(
        "select uuid, name from players where lower(name) = lower($1) order by named_at desc, uuid limit 1",
        name
    )
    .fetch_optional(conn)
    .await?;
    match row {
        Some(row) => named(PlayerId::new(row.uuid), Some(row.name)),
        None => Ok(None),
    }
}

fn named(id: PlayerId, name: Option<String>) -> Result<Option<Player>, DbError> {
    let name = name.map(|name| name.parse()).transpose().map_err(DbError::impossible)?;
    Ok(name.map(|name| Player { id, name }))
}

pub(super) async fn player_wallet_insert(
    conn: &mut PgConnection,
    player: PlayerId,
    wallet: WalletId,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into player_wallets (wallet, player, created_at) values ($1, $2, $3)",
        wallet.get(),
        player.get(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The rows of a player's wallets, oldest first.
pub(super) async fn player_wallets(
    conn: &mut PgConnection,
    player: PlayerId,
) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "select wallet from player_wallets where player = $1 order by wallet",
        player.get()
    )
    .fetch_all(conn)
    .await?)
}
