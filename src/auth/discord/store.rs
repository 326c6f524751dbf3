//! All SQL on `sign_ins`.

use sqlx::PgConnection;

use crate::{db::DbError, kernel::time::Timestamp};

pub(super) async fn attempt_insert(
    conn: &mut PgConnection,
    state: &[u8; 32],
    browser: &[u8; 32],
    return_to: &str,
    expires: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into sign_ins (state_hash, browser_hash, return_to, expires_at) values ($1, $2, $3, $4)",
        state.as_slice(),
        browser.as_slice(),
        return_to,
        expires.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Uses an attempt up: where its browser wants to go. Nothing when it is unknown, used, too old or another browser's.
pub(super) async fn attempt_take(
    conn: &mut PgConnection,
    state: &[u8; 32],
    browser: &[u8; 32],
    now: Timestamp,
) -> Result<Option<String>, DbError> {
    Ok(sqlx::query_scalar!(
        "delete from sign_ins where state_hash = $1 and browser_hash = $2 and expires_at > $3
         returning return_to",
        state.as_slice(),
        browser.as_slice(),
        now.get()
    )
    .fetch_optional(conn)
    .await?)
}

/// Deletes attempts that are too old, a bounded number at a time.
pub(in crate::auth) async fn sweep(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "delete from sign_ins where state_hash in
         (select state_hash from sign_ins where expires_at <= $1 limit $2 for update skip locked)",
        now.get(),
        limit
    )
    .execute(conn)
    .await?;
    Ok(())
}
