//! All SQL on `server_sessions` and `server_reports`. What is told to servers stands in `stops/store.rs`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    input::Callback,
    model::{Details, End, LaunchError, Order, ServerSession, Status, Text},
};
use crate::{
    db::DbError,
    kernel::{
        id::{DiscordId, ServerSessionId},
        time::Timestamp,
    },
};

struct SessionRow {
    id: Uuid,
    number: i64,
    discord_id: i64,
    status: String,
    game_code: String,
    game: String,
    comment: Option<String>,
    launch_source: String,
    launch_context: Option<String>,
    requested_minutes: i32,
    allocated_minutes: i32,
    orchestrator_id: Option<String>,
    orchestrator_state: Option<String>,
    server_identifier: Option<String>,
    host: Option<String>,
    port: Option<i32>,
    password: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
    last_heartbeat_at: DateTime<Utc>,
    stop_requested_at: Option<DateTime<Utc>>,
    stop_reason: Option<String>,
    launch_error_code: Option<String>,
    launch_error_message: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    billed_minutes: Option<i32>,
    reported_at: Option<DateTime<Utc>>,
    warned_minutes: Option<i32>,
    revoked_at: Option<DateTime<Utc>>,
    version: i64,
}

impl SessionRow {
    fn order(&self) -> Result<Order, DbError> {
        Ok(Order {
            game_code: needed(&self.game_code)?,
            game: needed(&self.game)?,
            comment: text(self.comment.as_deref()),
            source: self.launch_source.parse().map_err(DbError::impossible)?,
            context: text(self.launch_context.as_deref()),
            requested: whole(self.requested_minutes)?,
        })
    }

    fn details(&self) -> Result<Details, DbError> {
        Ok(Details {
            orchestrator_id: text(self.orchestrator_id.as_deref()),
            state: text(self.orchestrator_state.as_deref()),
            identifier: text(self.server_identifier.as_deref()),
            host: text(self.host.as_deref()),
            port: self.port.map(whole).transpose()?,
            password: text(self.password.as_deref()),
        })
    }

    fn end(&self) -> Result<Option<End>, DbError> {
        match (self.ended_at, self.billed_minutes) {
            (Some(at), Some(billed)) => Ok(Some(End {
                at: Timestamp::new(at),
                billed: whole(billed)?,
                reported_at: self.reported_at.map(Timestamp::new),
            })),
            (None, None) => Ok(None),
            _ => Err(DbError::impossible("a session that half ended")),
        }
    }
}

impl TryFrom<SessionRow> for ServerSession {
    type Error = DbError;

    fn try_from(row: SessionRow) -> Result<Self, DbError> {
        let launch_error = text(row.launch_error_code.as_deref())
            .map(|code| LaunchError { code, message: text(row.launch_error_message.as_deref()) });
        Ok(Self {
            id: ServerSessionId::new(row.id),
            number: row.number,
            owner: DiscordId::new(row.discord_id),
            order: row.order()?,
            allocated: whole(row.allocated_minutes)?,
            status: row.status.parse().map_err(DbError::impossible)?,
            details: row.details()?,
            created_at: Timestamp::new(row.created_at),
            updated_at: Timestamp::new(row.updated_at),
            ready_at: row.ready_at.map(Timestamp::new),
            beat_at: Timestamp::new(row.last_heartbeat_at),
            stop_requested_at: row.stop_requested_at.map(Timestamp::new),
            reason: text(row.stop_reason.as_deref()),
            launch_error,
            end: row.end()?,
            warned: row.warned_minutes.map(whole).transpose()?,
            revoked_at: row.revoked_at.map(Timestamp::new),
            version: row.version,
        })
    }
}

fn text<const MAX: usize>(column: Option<&str>) -> Option<Text<MAX>> {
    column.and_then(Text::cut)
}

fn needed<const MAX: usize>(column: &str) -> Result<Text<MAX>, DbError> {
    Text::cut(column).ok_or_else(|| DbError::impossible("an empty text"))
}

fn whole<T: TryFrom<i32, Error: std::fmt::Display>>(column: i32) -> Result<T, DbError> {
    T::try_from(column).map_err(DbError::impossible)
}

fn column<T: TryInto<i32, Error: std::fmt::Display>>(value: T) -> Result<i32, DbError> {
    value.try_into().map_err(DbError::impossible)
}

/// Whose a session is. That never changes, so it is read before the user is locked.
pub(super) async fn session_owner(
    conn: &mut PgConnection,
    id: ServerSessionId,
) -> Result<Option<DiscordId>, DbError> {
    let owner =
        sqlx::query_scalar!("select discord_id from server_sessions where id = $1", id.get())
            .fetch_optional(conn)
            .await?;
    Ok(owner.map(DiscordId::new))
}

/// Locks a session against every other change of it.
pub(super) async fn session_lock(
    conn: &mut PgConnection,
    id: ServerSessionId,
) -> Result<Option<ServerSession>, DbError> {
    let row = sqlx::query_as!(
        SessionRow,
        "select id, number, discord_id, status, game_code, game, comment, launch_source, launch_context,
                requested_minutes, allocated_minutes, orchestrator_id, orchestrator_state, server_identifier, host,
                port, password, created_at, updated_at, ready_at, last_heartbeat_at, stop_requested_at, stop_reason,
                launch_error_code, launch_error_message, ended_at, billed_minutes, reported_at, warned_minutes,
                revoked_at, version
         from server_sessions where id = $1 for no key update",
        id.get()
    )
    .fetch_optional(conn)
    .await?;
    row.map(ServerSession::try_from).transpose()
}

/// As [`session_lock`]; `None` as well when somebody else is at it.
pub(super) async fn session_take(
    conn: &mut PgConnection,
    id: ServerSessionId,
) -> Result<Option<ServerSession>, DbError> {
    let free = sqlx::query!(
        "select id from server_sessions where id = $1 for no key update skip locked",
        id.get()
    )
    .fetch_optional(&mut *conn)
    .await?;
    match free {
        Some(_) => session_lock(conn, id).await,
        None => Ok(None),
    }
}

pub(super) async fn session_find(
    conn: &mut PgConnection,
    id: ServerSessionId,
) -> Result<Option<ServerSession>, DbError> {
    Ok(sessions_read(conn, &[id.get()]).await?.pop())
}

/// Which sessions a list is of. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub(super) struct SessionFilter {
    /// Of this user.
    pub(super) owner: Option<DiscordId>,
    /// With one of these.
    pub(super) statuses: Option<Vec<Status>>,
}

/// The sessions that a filter lets through behind a number, newest first.
pub(super) async fn sessions_list(
    conn: &mut PgConnection,
    filter: &SessionFilter,
    before: i64,
    limit: i64,
) -> Result<Vec<ServerSession>, DbError> {
    let statuses = filter
        .statuses
        .as_ref()
        .map(|list| list.iter().map(|status| status.name().to_owned()).collect::<Vec<_>>());
    let ids = sqlx::query_scalar!(
        "select id from server_sessions
         where ($1::bigint is null or discord_id = $1) and ($2::text[] is null or status = any($2)) and number < $3
         order by number desc limit $4",
        filter.owner.map(DiscordId::get),
        statuses.as_deref(),
        before,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut sessions = sessions_read(conn, &ids).await?;
    sessions.reverse();
    Ok(sessions)
}

/// Open sessions before a number, newest first.
pub(super) async fn servers_list(
    conn: &mut PgConnection,
    before: i64,
    limit: i64,
) -> Result<Vec<ServerSession>, DbError> {
    let ids = sqlx::query_scalar!(
        "select id from server_sessions where ended_at is null and number < $1 order by number desc limit $2",
        before,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut sessions = sessions_read(conn, &ids).await?;
    sessions.reverse();
    Ok(sessions)
}

/// How many open sessions there are before a number; counted up to `most`.
pub(super) async fn servers_count(
    conn: &mut PgConnection,
    before: i64,
    most: i64,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from
           (select from server_sessions where ended_at is null and number < $1 limit $2) counted"#,
        before,
        most
    )
    .fetch_one(conn)
    .await?)
}

/// Open sessions behind a number, oldest first.
pub(super) async fn sessions_open(
    conn: &mut PgConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<ServerSession>, DbError> {
    let ids = sqlx::query_scalar!(
        "select id from server_sessions where ended_at is null and number > $1 order by number limit $2",
        after,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    sessions_read(conn, &ids).await
}

/// The open sessions of a user, newest first.
pub(super) async fn sessions_open_of(
    conn: &mut PgConnection,
    owner: DiscordId,
    limit: i64,
) -> Result<Vec<ServerSession>, DbError> {
    let ids = sqlx::query_scalar!(
        "select id from server_sessions where ended_at is null and discord_id = $1 order by number desc limit $2",
        owner.get(),
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut sessions = sessions_read(conn, &ids).await?;
    sessions.reverse();
    Ok(sessions)
}

/// Sessions by rising number.
pub(super) async fn sessions_read(
    conn: &mut PgConnection,
    ids: &[Uuid],
) -> Result<Vec<ServerSession>, DbError> {
    let rows = sqlx::query_as!(
        SessionRow,
        "select id, number, discord_id, status, game_code, game, comment, launch_source, launch_context,
                requested_minutes, allocated_minutes, orchestrator_id, orchestrator_state, server_identifier, host,
                port, password, created_at, updated_at, ready_at, last_heartbeat_at, stop_requested_at, stop_reason,
                launch_error_code, launch_error_message, ended_at, billed_minutes, reported_at, warned_minutes,
                revoked_at, version
         from server_sessions where id = any($1) order by number",
        ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(ServerSession::try_from).collect()
}

/// Stores a new session and gives its number.
pub(super) async fn session_insert(
    conn: &mut PgConnection,
    session: &ServerSession,
) -> Result<i64, DbError> {
    let order = &session.order;
    Ok(sqlx::query_scalar!(
        "insert into server_sessions
         (id, discord_id, status, game_code, game, comment, launch_source, launch_context, requested_minutes,
          allocated_minutes, password, created_at, updated_at, last_heartbeat_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $12, $13) returning number",
        session.id.get(),
        session.owner.get(),
        session.status.name(),
        order.game_code.as_str(),
        order.game.as_str(),
        order.comment.as_ref().map(Text::as_str),
        order.source.name(),
        order.context.as_ref().map(Text::as_str),
        column(order.requested)?,
        column(session.allocated)?,
        session.details.password.as_ref().map(Text::as_str),
        session.created_at.get(),
        session.version
    )
    .fetch_one(conn)
    .await?)
}

/// Stores a session as it stands. What was ordered never changes.
pub(super) async fn session_write(
    conn: &mut PgConnection,
    session: &ServerSession,
) -> Result<(), DbError> {
    let ServerSession { details, end, .. } = session;
    let error = session.launch_error.as_ref();
    let done = sqlx::query!(
        "update server_sessions
         set status = $2, orchestrator_id = $3, orchestrator_state = $4, server_identifier = $5, host = $6, port = $7,
             password = $8, updated_at = $9, ready_at = $10, last_heartbeat_at = $11, stop_requested_at = $12,
             stop_reason = $13, launch_error_code = $14, launch_error_message = $15, ended_at = $16,
             billed_minutes = $17, reported_at = $18, warned_minutes = $19, version = $20
         where id = $1",
        session.id.get(),
        session.status.name(),
        details.orchestrator_id.as_ref().map(Text::as_str),
        details.state.as_ref().map(Text::as_str),
        details.identifier.as_ref().map(Text::as_str),
        details.host.as_ref().map(Text::as_str),
        details.port.map(i32::from),
        details.password.as_ref().map(Text::as_str),
        session.updated_at.get(),
        session.ready_at.map(Timestamp::get),
        session.beat_at.get(),
        session.stop_requested_at.map(Timestamp::get),
        session.reason.as_ref().map(Text::as_str),
        error.map(|error| error.code.as_str()),
        error.and_then(|error| error.message.as_ref()).map(Text::as_str),
        end.map(|end| end.at.get()),
        end.map(|end| column(end.billed)).transpose()?,
        end.and_then(|end| end.reported_at).map(Timestamp::get),
        session.warned.map(i32::from),
        session.version
    )
    .execute(conn)
    .await?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(DbError::impossible("a session that was not written")),
    }
}

/// Stores a sign of life. No index holds what it changes.
pub(super) async fn session_beat(
    conn: &mut PgConnection,
    id: ServerSessionId,
    at: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update server_sessions set last_heartbeat_at = greatest(last_heartbeat_at, $2) where id = $1",
        id.get(),
        at.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes since when a user has no plan that can be used, or that they have one again.
pub(super) async fn sessions_revoke(
    conn: &mut PgConnection,
    owner: DiscordId,
    since: Option<Timestamp>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update server_sessions set revoked_at = case when $2::timestamptz is null then null
                                                      else coalesce(revoked_at, $2) end
         where discord_id = $1 and ended_at is null and (revoked_at is null) = ($2::timestamptz is not null)",
        owner.get(),
        since.map(Timestamp::get)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether a report was heard before, and if so, whether it changed anything.
pub(super) async fn report_find(
    conn: &mut PgConnection,
    session: ServerSessionId,
    callback: &Callback,
) -> Result<Option<bool>, DbError> {
    Ok(sqlx::query_scalar!(
        "select processed from server_reports where session_id = $1 and event_id = $2",
        session.get(),
        callback.id.as_str()
    )
    .fetch_optional(conn)
    .await?)
}

pub(super) async fn report_insert(
    conn: &mut PgConnection,
    session: ServerSessionId,
    callback: &Callback,
    processed: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into server_reports (session_id, event_id, event, processed, at) values ($1, $2, $3, $4, $5)
         on conflict (session_id, event_id) do nothing",
        session.get(),
        callback.id.as_str(),
        callback.name.as_str(),
        processed,
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets reports that nobody repeats any more, a bounded number at a time.
pub(super) async fn reports_purge(
    conn: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "delete from server_reports where (session_id, event_id) in
         (select session_id, event_id from server_reports where at < $1 order by at limit $2 for update skip locked)",
        before.get(),
        limit
    )
    .execute(conn)
    .await?;
    Ok(())
}
