//! All SQL on reservations and on the ledger of usage.

use sqlx::PgConnection;

use super::{EntryReason, Place, Reservation, history::EntryView};
use crate::{
    db::DbError,
    kernel::{
        id::{DiscordId, EntitlementId, ServerSessionId},
        time::Timestamp,
    },
    plans::store::{count, signed},
};

/// A reservation with its user and how it was closed.
pub(super) struct ReservationRow {
    pub(super) user: DiscordId,
    pub(super) reservation: Reservation,
    /// What the session was charged; none while it is open.
    pub(super) billed: Option<u32>,
}

pub(super) async fn reservation_insert(
    conn: &mut PgConnection,
    user: DiscordId,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into reservations (session_id, discord_id, entitlement_id, window_start, window_end,
                                   requested_minutes, allocated_minutes, max_session_minutes, made_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        reservation.session.get(),
        user.get(),
        reservation.entitlement.get(),
        reservation.window_start.get(),
        reservation.window_end.get(),
        signed(reservation.requested)?,
        signed(reservation.allocated)?,
        signed(reservation.max_session)?,
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn reservation_user(
    conn: &mut PgConnection,
    session: ServerSessionId,
) -> Result<Option<DiscordId>, DbError> {
    let user = sqlx::query_scalar!(
        "select discord_id from reservations where session_id = $1",
        session.get()
    )
    .fetch_optional(conn)
    .await?;
    Ok(user.map(DiscordId::new))
}

pub(super) async fn reservation_lock(
    conn: &mut PgConnection,
    session: ServerSessionId,
) -> Result<Option<ReservationRow>, DbError> {
    let row = sqlx::query!(
        "select discord_id, entitlement_id, window_start, window_end, requested_minutes, allocated_minutes,
                max_session_minutes, billed_minutes
         from reservations where session_id = $1 for update",
        session.get()
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(ReservationRow {
        user: DiscordId::new(row.discord_id),
        reservation: Reservation {
            session,
            entitlement: EntitlementId::new(row.entitlement_id),
            window_start: Timestamp::new(row.window_start),
            window_end: Timestamp::new(row.window_end),
            requested: count(row.requested_minutes)?,
            allocated: count(row.allocated_minutes)?,
            max_session: count(row.max_session_minutes)?,
        },
        billed: row.billed_minutes.map(count).transpose()?,
    }))
}

pub(super) async fn reservation_close(
    conn: &mut PgConnection,
    session: ServerSessionId,
    billed: u32,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update reservations set closed_at = $2, billed_minutes = $3 where session_id = $1 and closed_at is null",
        session.get(),
        now.get(),
        signed(billed)?
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An entry of the ledger to be.
#[derive(Debug, Clone, Copy)]
pub(in crate::plans) struct NewEntry<'a> {
    pub(in crate::plans) minutes: i32,
    pub(in crate::plans) reason: EntryReason,
    pub(in crate::plans) session: Option<ServerSessionId>,
    pub(in crate::plans) entry_key: Option<&'a str>,
    pub(in crate::plans) actor: Option<&'a str>,
    pub(in crate::plans) note: Option<&'a str>,
}

/// Adds an entry and gives its number; none when one with its key is there already.
pub(super) async fn entry_insert(
    conn: &mut PgConnection,
    user: DiscordId,
    (entitlement, window): Place,
    entry: &NewEntry<'_>,
    now: Timestamp,
) -> Result<Option<i64>, DbError> {
    let note = entry.note.map(|text| text.chars().take(500).collect::<String>());
    Ok(sqlx::query_scalar!(
        "insert into usage_ledger (discord_id, entitlement_id, window_start, window_end, minutes, reason, session_id,
                                   entry_key, actor, note, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (entry_key) do nothing returning id",
        user.get(),
        entitlement.get(),
        window.start.get(),
        window.end.get(),
        entry.minutes,
        entry.reason.name(),
        entry.session.map(ServerSessionId::get),
        entry.entry_key,
        entry.actor,
        note,
        now.get()
    )
    .fetch_optional(conn)
    .await?)
}

/// What a server session has cost so far, corrections included.
pub(super) async fn charged(
    conn: &mut PgConnection,
    session: ServerSessionId,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(minutes), 0)::bigint as "minutes!" from usage_ledger where session_id = $1"#,
        session.get()
    )
    .fetch_one(conn)
    .await?)
}

/// What was used in a window.
pub(super) async fn used(
    conn: &mut PgConnection,
    entitlement: EntitlementId,
    window_start: Timestamp,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(minutes), 0)::bigint as "minutes!" from usage_ledger
           where entitlement_id = $1 and window_start = $2"#,
        entitlement.get(),
        window_start.get()
    )
    .fetch_one(conn)
    .await?)
}

/// What is held in a window for open sessions.
pub(super) async fn reserved(
    conn: &mut PgConnection,
    entitlement: EntitlementId,
    window_start: Timestamp,
) -> Result<u32, DbError> {
    let minutes = sqlx::query_scalar!(
        r#"select coalesce(sum(allocated_minutes), 0)::bigint as "minutes!" from reservations
           where entitlement_id = $1 and window_start = $2 and closed_at is null"#,
        entitlement.get(),
        window_start.get()
    )
    .fetch_one(conn)
    .await?;
    u32::try_from(minutes).map_err(DbError::impossible)
}

/// Remembers that a threshold was told. False when it was told before.
pub(super) async fn threshold_insert(
    conn: &mut PgConnection,
    entitlement: EntitlementId,
    window_start: Timestamp,
    percent: u32,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "insert into usage_thresholds (entitlement_id, window_start, percent) values ($1, $2, $3)
         on conflict do nothing",
        entitlement.get(),
        window_start.get(),
        signed(percent)?
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// An entry that a key names.
pub(in crate::plans) struct KnownEntry {
    pub(in crate::plans) user: DiscordId,
    pub(in crate::plans) minutes: i32,
    pub(in crate::plans) window_start: Timestamp,
}

pub(super) async fn entry_find(
    conn: &mut PgConnection,
    entry_key: &str,
) -> Result<Option<KnownEntry>, DbError> {
    let row = sqlx::query!(
        "select discord_id, minutes, window_start from usage_ledger where entry_key = $1",
        entry_key
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| KnownEntry {
        user: DiscordId::new(row.discord_id),
        minutes: row.minutes,
        window_start: Timestamp::new(row.window_start),
    }))
}

/// The entries of the windows that a time lies in, newest first.
pub(super) async fn entries_list(
    conn: &mut PgConnection,
    user: DiscordId,
    at: Timestamp,
    limit: i64,
) -> Result<Vec<EntryView>, DbError> {
    let rows = sqlx::query!(
        "select id, entitlement_id, window_start, window_end, minutes, reason, session_id, note, at
         from usage_ledger where discord_id = $1 and window_start <= $2 and window_end > $2
         order by id desc limit $3",
        user.get(),
        at.get(),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(EntryView {
                id: row.id,
                entitlement_id: EntitlementId::new(row.entitlement_id),
                window_start: Timestamp::new(row.window_start),
                window_end: Timestamp::new(row.window_end),
                minutes: row.minutes,
                reason: row.reason.parse().map_err(DbError::impossible)?,
                session_id: row.session_id.map(ServerSessionId::new),
                note: row.note,
                at: Timestamp::new(row.at),
            })
        })
        .collect()
}

/// What a user used in all windows that a time lies in.
pub(super) async fn used_at(
    conn: &mut PgConnection,
    user: DiscordId,
    at: Timestamp,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(minutes), 0)::bigint as "minutes!" from usage_ledger
           where discord_id = $1 and window_start <= $2 and window_end > $2"#,
        user.get(),
        at.get()
    )
    .fetch_one(conn)
    .await?)
}
