//! The SQL of imports: on `wallets`, many rows at a time.

use sqlx::PgConnection;

use crate::{
    db::DbError,
    kernel::{address::Address, id::WalletId, time::Timestamp},
};

/// A wallet to make.
#[derive(Debug)]
pub(super) struct NewWallet<'a> {
    pub(super) address: &'a Address,
    pub(super) verifier: Option<[u8; 32]>,
    pub(super) locked: bool,
    pub(super) version: i64,
}

/// Makes wallets.
///
/// # Errors
/// [`DbError::Raced`] when somebody else has made one of them meanwhile.
#[expect(clippy::as_conversions, reason = "the macro's notation for an array with nulls")]
pub(super) async fn wallets_make(
    conn: &mut PgConnection,
    wallets: &[NewWallet<'_>],
    now: Timestamp,
) -> Result<(), DbError> {
    let addresses: Vec<String> = wallets.iter().map(|new| new.address.to_string()).collect();
    let verifiers: Vec<Option<Vec<u8>>> =
        wallets.iter().map(|new| new.verifier.map(|bytes| bytes.to_vec())).collect();
    let locked: Vec<bool> = wallets.iter().map(|new| new.locked).collect();
    let versions: Vec<i64> = wallets.iter().map(|new| new.version).collect();
    let done = sqlx::query!(
        "insert into wallets (address, verifier, locked, version, created_at)
         select address, verifier, locked, version, $5
         from unnest($1::text[], $2::bytea[], $3::boolean[], $4::bigint[])
              with ordinality as t (address, verifier, locked, version, place)
         order by place on conflict (address) do nothing",
        &addresses,
        &verifiers as &[Option<Vec<u8>>],
        &locked,
        &versions,
        now.get()
    )
    .execute(conn)
    .await?;
    match usize::try_from(done.rows_affected()) {
        Ok(made) if made == wallets.len() => Ok(()),
        _ => Err(DbError::Raced),
    }
}

/// The verifiers of some wallets that are claimed.
pub(super) async fn verifiers(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<Vec<(WalletId, Vec<u8>)>, DbError> {
    let rows = sqlx::query!(
        r#"select id, verifier as "verifier!" from wallets where id = any($1) and verifier is not null"#,
        ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (WalletId::new(row.id), row.verifier)).collect())
}

/// Claims wallets that nobody has claimed.
pub(super) async fn verifiers_set(
    conn: &mut PgConnection,
    claims: &[(WalletId, [u8; 32])],
) -> Result<(), DbError> {
    let ids: Vec<i64> = claims.iter().map(|(id, _)| id.get()).collect();
    let verifiers: Vec<Vec<u8>> = claims.iter().map(|(_, bytes)| bytes.to_vec()).collect();
    sqlx::query!(
        "update wallets w set verifier = t.verifier
         from unnest($1::bigint[], $2::bytea[]) as t (id, verifier) where w.id = t.id",
        &ids,
        &verifiers
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks wallets against paying and logging in, each with its version raised.
pub(super) async fn wallets_shut(conn: &mut PgConnection, ids: &[i64]) -> Result<(), DbError> {
    sqlx::query!("update wallets set locked = true, version = version + 1 where id = any($1)", ids)
        .execute(conn)
        .await?;
    Ok(())
}
