//! All SQL on `server_stops`.

use sqlx::PgConnection;

use super::ToTell;
use crate::{
    db::DbError,
    kernel::{id::ServerSessionId, time::Timestamp},
    servers::model::{Reason, ServerName, Text},
};

/// Wants a server told to stop, first at `due`. One that was told and lives on although that is `before` is told
/// again; one that waits to be told stays as it is, but for becoming an orphan.
pub(in crate::servers) async fn stop_want(
    conn: &mut PgConnection,
    wanted: &ToTell,
    due: Timestamp,
    before: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into server_stops as s (session_id, orchestrator_id, reason, orphan, due_at) values ($1, $2, $3, $4, $5)
         on conflict (session_id, orchestrator_id) do update
         set orphan = s.orphan or excluded.orphan,
             due_at = case when s.due_at is null and s.sent_at < $6 then excluded.due_at else s.due_at end",
        wanted.session.get(),
        wanted.server.as_str(),
        wanted.reason.as_str(),
        wanted.orphan,
        due.get(),
        before.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The server has ended, says the orchestrator: there is nothing more to tell.
pub(in crate::servers) async fn stops_close(
    conn: &mut PgConnection,
    session: ServerSessionId,
    server: &ServerName,
) -> Result<(), DbError> {
    sqlx::query!(
        "update server_stops set due_at = null where session_id = $1 and orchestrator_id = $2 and due_at is not null",
        session.get(),
        server.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes one server to tell, when it was not told since `before`; it is due again at `due` unless its answer says
/// otherwise. Says whether it was taken.
pub(in crate::servers) async fn stop_take(
    conn: &mut PgConnection,
    wanted: &ToTell,
    (now, before, due): (Timestamp, Timestamp, Timestamp),
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "update server_stops set sent_at = $3, due_at = $5, attempts = attempts + 1
         where session_id = $1 and orchestrator_id = $2 and (sent_at is null or sent_at <= $4)",
        wanted.session.get(),
        wanted.server.as_str(),
        now.get(),
        before.get(),
        due.get()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes what is due, the longest overdue first, that nobody else has taken.
pub(super) async fn stops_take(
    conn: &mut PgConnection,
    now: Timestamp,
    due: Timestamp,
    limit: i64,
) -> Result<Vec<ToTell>, DbError> {
    let rows = sqlx::query!(
        "update server_stops s set sent_at = $1, due_at = $2, attempts = attempts + 1
         from (select session_id, orchestrator_id from server_stops where due_at <= $1
               order by due_at limit $3 for update skip locked) taken
         where s.session_id = taken.session_id and s.orchestrator_id = taken.orchestrator_id
         returning s.session_id, s.orchestrator_id, s.reason, s.orphan, s.attempts",
        now.get(),
        due.get(),
        limit
    )
    .fetch_all(conn)
    .await?;
    let needed = || DbError::impossible("a stop without a name");
    rows.into_iter()
        .map(|row| {
            Ok(ToTell {
                session: ServerSessionId::new(row.session_id),
                server: Text::cut(&row.orchestrator_id).ok_or_else(needed)?,
                reason: Reason::cut(&row.reason).ok_or_else(needed)?,
                orphan: row.orphan,
                attempts: row.attempts.try_into().map_err(DbError::impossible)?,
            })
        })
        .collect()
}

/// Says when a server is told again; `None` is never. A stop that was closed meanwhile stays closed. Gives whether it
/// is an orphan's, or `None` when it was closed.
pub(super) async fn stop_again(
    conn: &mut PgConnection,
    told: &ToTell,
    due: Option<Timestamp>,
) -> Result<Option<bool>, DbError> {
    Ok(sqlx::query_scalar!(
        "update server_stops set due_at = $3
         where session_id = $1 and orchestrator_id = $2 and due_at is not null returning orphan",
        told.session.get(),
        told.server.as_str(),
        due.map(Timestamp::get)
    )
    .fetch_optional(conn)
    .await?)
}

/// When something is due next.
pub(super) async fn stops_next(conn: &mut PgConnection) -> Result<Option<Timestamp>, DbError> {
    let next = sqlx::query_scalar!(
        "select due_at from server_stops where due_at is not null order by due_at limit 1"
    )
    .fetch_optional(conn)
    .await?;
    Ok(next.flatten().map(Timestamp::new))
}
