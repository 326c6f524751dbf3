//! All SQL on `looks` and `billing_rounds`.

use sqlx::PgConnection;

use crate::{
    billing::events::Occasion,
    db::DbError,
    kernel::{id::DiscordId, time::Timestamp},
};

/// Has a user's subscriptions compared, soon, but no more often than `since` allows.
pub(in crate::billing) async fn look_request(
    conn: &mut PgConnection,
    user: DiscordId,
    occasion: Occasion,
    (due, since): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into looks (discord_id, due_at, reason) values ($1, $2, $3)
         on conflict (discord_id) do update
         set due_at = least(looks.due_at, excluded.due_at), reason = excluded.reason, attempts = 0
         where looks.looked_at is null or looks.looked_at < $4",
        user.get(),
        due.get(),
        occasion.name(),
        since.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a user who is due for a look. Unless that is told to be over, it is due again at `again`.
pub(in crate::billing) async fn look_take(
    conn: &mut PgConnection,
    now: Timestamp,
    again: Timestamp,
) -> Result<Option<(DiscordId, Occasion, i32)>, DbError> {
    let row = sqlx::query!(
        "update looks set due_at = $2, attempts = attempts + 1
         where discord_id in
             (select discord_id from looks where due_at <= $1 order by due_at limit 1 for update skip locked)
         returning discord_id, reason, attempts",
        now.get(),
        again.get()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let occasion = row.reason.parse().map_err(DbError::impossible)?;
        Ok((DiscordId::new(row.discord_id), occasion, row.attempts))
    })
    .transpose()
}

pub(in crate::billing) async fn look_done(
    conn: &mut PgConnection,
    user: DiscordId,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into looks (discord_id, reason, looked_at) values ($1, 'sync', $2)
         on conflict (discord_id) do update set due_at = null, attempts = 0, looked_at = excluded.looked_at",
        user.get(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a piece of shared work when it is due, and says when it is due again. With `at_once` it is due.
pub(in crate::billing) async fn round_take(
    conn: &mut PgConnection,
    name: &str,
    (now, next): (Timestamp, Timestamp),
    at_once: bool,
) -> Result<bool, DbError> {
    let taken = sqlx::query!(
        "insert into billing_rounds (name, due_at) values ($1, $3)
         on conflict (name) do update set due_at = excluded.due_at
         where billing_rounds.due_at <= $2 or $4",
        name,
        now.get(),
        next.get(),
        at_once
    )
    .execute(conn)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Puts a user off until then.
pub(in crate::billing) async fn look_put_off(
    conn: &mut PgConnection,
    user: DiscordId,
    until: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update looks set due_at = $2 where discord_id = $1 and due_at is not null",
        user.get(),
        until.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}
