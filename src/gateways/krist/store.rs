//! The SQL of this door: the tickets of its websockets.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::ws::ticket::Ticket;
use crate::{
    db::DbError,
    kernel::{event::Seq, id::SessionId, time::Timestamp},
};

pub(super) async fn ticket_insert(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    ticket: &Ticket,
    expires_at: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into krist_tickets (hash, address, session, session_expires, checked, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        hash.as_slice(),
        ticket.owner.as_ref().map(ToString::to_string),
        ticket.session.map(|(session, _)| session.get()),
        ticket.session.map(|(_, expires)| expires.get()),
        ticket.checked.get(),
        expires_at.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

struct TicketRow {
    address: Option<String>,
    session: Option<Uuid>,
    session_expires: Option<DateTime<Utc>>,
    checked: i64,
}

/// Takes a ticket, which is used up by that. `None` when there is none that is still good.
pub(super) async fn ticket_take(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Ticket>, DbError> {
    let row = sqlx::query_as!(
        TicketRow,
        "delete from krist_tickets where hash = $1 and expires_at > $2
         returning address, session, session_expires, checked",
        hash.as_slice(),
        now.get()
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let session = row.session.map(SessionId::new).zip(row.session_expires.map(Timestamp::new));
    Ok(Some(Ticket {
        owner: row.address.map(|text| text.parse()).transpose().map_err(DbError::impossible)?,
        session,
        checked: Seq::new(row.checked),
    }))
}

/// Deletes tickets that nobody has used, a bounded number at a time.
pub(super) async fn tickets_sweep(
    conn: &mut PgConnection,
    now: Timestamp,
    rows: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "delete from krist_tickets where hash in
         (select hash from krist_tickets where expires_at <= $1 limit $2)",
        now.get(),
        rows
    )
    .execute(conn)
    .await?;
    Ok(())
}
