//! All SQL on `sessions`, `service_keys` and `tickets`; that on users is in `users/store.rs`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Caller, Scopes};
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        id::{DiscordId, ServiceKeyId, SessionId, UserSessionId},
        time::Timestamp,
    },
};

/// A session as its owner and the operator see it.
#[derive(Debug, Clone)]
pub(super) struct SessionRow {
    pub(super) id: Uuid,
    pub(super) address: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) user_agent: Option<String>,
}

/// A service key as the operator sees it.
#[derive(Debug, Clone)]
pub struct KeyRow {
    /// Its public id.
    pub id: Uuid,
    /// What the operator called it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

struct CallerRow {
    session: Option<Uuid>,
    address: Option<String>,
    expires_at: Option<DateTime<Utc>>,
    key: Option<Uuid>,
    name: Option<String>,
    scopes: Option<Vec<String>>,
    user_session: Option<Uuid>,
    discord_id: Option<i64>,
}

impl CallerRow {
    fn caller(self) -> Result<Caller, DbError> {
        match self {
            Self {
                session: Some(session),
                address: Some(address),
                expires_at: Some(expires),
                ..
            } => Ok(Caller::Wallet {
                address: address_of(&address)?,
                session: SessionId::new(session),
                expires: Timestamp::new(expires),
            }),
            Self { key: Some(key), name: Some(name), scopes: Some(scopes), .. } => {
                Ok(Caller::Service {
                    key: ServiceKeyId::new(key),
                    name: name.into(),
                    scopes: scopes_of(&scopes)?,
                })
            }
            Self {
                user_session: Some(session),
                discord_id: Some(user),
                expires_at: Some(expires),
                ..
            } => Ok(Caller::User {
                user: DiscordId::new(user),
                session: UserSessionId::new(session),
                expires: Timestamp::new(expires),
            }),
            _ => Err(DbError::impossible("a credential of nobody")),
        }
    }
}

pub(super) async fn caller_find(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Caller>, DbError> {
    let row = sqlx::query_as!(
        CallerRow,
        r#"select id as "session?", address as "address?",
                  case when token_hash = $1 then expires_at else least(expires_at, previous_until) end
                      as "expires_at?",
                  null::uuid as "key?", null::text as "name?", null::text[] as "scopes?",
                  null::uuid as "user_session?", null::bigint as "discord_id?"
           from sessions
           where (token_hash = $1 and expires_at > $2)
              or (previous_hash = $1 and least(expires_at, previous_until) > $2)
           union all
           select null, null, null, id, name, scopes, null, null
           from service_keys where key_hash = $1 and revoked_at is null
           limit 1"#,
        hash.as_slice(),
        now.get()
    )
    .fetch_optional(conn)
    .await?;
    row.map(CallerRow::caller).transpose()
}

/// Who a ticket speaks for. It is deleted by the reading.
pub(super) async fn ticket_redeem(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Caller>, DbError> {
    let row = sqlx::query_as!(
        CallerRow,
        r#"with ticket as (
               delete from tickets where ticket_hash = $1 returning session_id, key_id, user_session_id, expires_at
           )
           select s.id as "session?", s.address as "address?",
                  coalesce(s.expires_at, u.expires_at) as "expires_at?",
                  k.id as "key?", k.name as "name?", k.scopes as "scopes?",
                  u.id as "user_session?", u.discord_id as "discord_id?"
           from ticket t
           left join sessions s on s.id = t.session_id and s.expires_at > $2
           left join service_keys k on k.id = t.key_id and k.revoked_at is null
           left join user_sessions u on u.id = t.user_session_id and u.expires_at > $2
           where t.expires_at > $2 and (s.id is not null or k.id is not null or u.id is not null)"#,
        hash.as_slice(),
        now.get()
    )
    .fetch_optional(conn)
    .await?;
    row.map(CallerRow::caller).transpose()
}

/// Keeps a ticket of a caller who is not a guest.
pub(super) async fn ticket_insert(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    caller: &Caller,
    expires: Timestamp,
) -> Result<(), DbError> {
    let (session, key, user) = match caller {
        Caller::Guest => (None, None, None),
        Caller::Wallet { session, .. } => (Some(session.get()), None, None),
        Caller::Service { key, .. } => (None, Some(key.get()), None),
        Caller::User { session, .. } => (None, None, Some(session.get())),
    };
    sqlx::query!(
        "insert into tickets (ticket_hash, session_id, key_id, user_session_id, expires_at)
         values ($1, $2, $3, $4, $5)",
        hash.as_slice(),
        session,
        key,
        user,
        expires.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks a wallet's live sessions, oldest first.
pub(super) async fn sessions_lock(
    conn: &mut PgConnection,
    address: &Address,
    now: Timestamp,
) -> Result<Vec<SessionId>, DbError> {
    let ids = sqlx::query_scalar!(
        "select id from sessions where address = $1 and expires_at > $2 order by created_at, id for update",
        address.as_str(),
        now.get()
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(SessionId::new).collect())
}

pub(super) async fn session_insert(
    conn: &mut PgConnection,
    id: SessionId,
    hash: &[u8; 32],
    address: &Address,
    (created, expires): (Timestamp, Timestamp),
    user_agent: Option<&str>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into sessions (id, token_hash, address, created_at, expires_at, user_agent)
         values ($1, $2, $3, $4, $5, $6)",
        id.get(),
        hash.as_slice(),
        address.as_str(),
        created.get(),
        expires.get(),
        user_agent
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives a session a new token. False when the session has ended meanwhile.
pub(super) async fn session_renew(
    conn: &mut PgConnection,
    id: SessionId,
    hash: &[u8; 32],
    (now, previous_until, expires): (Timestamp, Timestamp, Timestamp),
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "update sessions set previous_hash = token_hash, previous_until = least(expires_at, $4),
                             token_hash = $2, expires_at = $5
         where id = $1 and expires_at > $3",
        id.get(),
        hash.as_slice(),
        now.get(),
        previous_until.get(),
        expires.get()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the live sessions among some, of a wallet, or all of them. Gives those it ended.
pub(super) async fn sessions_delete(
    conn: &mut PgConnection,
    ids: Option<&[Uuid]>,
    address: Option<&Address>,
    limit: i64,
) -> Result<Vec<SessionId>, DbError> {
    let ids = sqlx::query_scalar!(
        "delete from sessions where id in
         (select id from sessions
          where ($1::uuid[] is null or id = any($1)) and ($2::text is null or address = $2)
          order by id limit $3 for update)
         returning id",
        ids,
        address.map(Address::as_str),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(SessionId::new).collect())
}

/// The live sessions, newest first.
pub(super) async fn sessions_list(
    conn: &mut PgConnection,
    address: Option<&Address>,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<SessionRow>, DbError> {
    Ok(sqlx::query_as!(
        SessionRow,
        "select id, address, created_at, expires_at, user_agent from sessions
         where ($1::text is null or address = $1) and expires_at > $2 order by created_at desc, id limit $3",
        address.map(Address::as_str),
        now.get(),
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Deletes what has expired, a bounded number at a time.
pub(super) async fn sweep(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "delete from sessions where id in
         (select id from sessions where expires_at <= $1 limit $2 for update skip locked)",
        now.get(),
        limit
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from tickets where ticket_hash in
         (select ticket_hash from tickets where expires_at <= $1 limit $2 for update skip locked)",
        now.get(),
        limit
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores a key. False when the very same key is there already.
pub(super) async fn key_insert(
    conn: &mut PgConnection,
    id: ServiceKeyId,
    hash: &[u8; 32],
    name: &str,
    scopes: &Scopes,
    now: Timestamp,
) -> Result<bool, DbError> {
    let scopes: Vec<String> = scopes.iter().map(|scope| scope.to_string()).collect();
    let done = sqlx::query!(
        "insert into service_keys (id, key_hash, name, scopes, created_at) values ($1, $2, $3, $4, $5)
         on conflict (key_hash) do nothing",
        id.get(),
        hash.as_slice(),
        name,
        &scopes,
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Revokes a key. False when it is unknown or was revoked before.
pub(super) async fn key_revoke(
    conn: &mut PgConnection,
    id: ServiceKeyId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "update service_keys set revoked_at = $2 where id = $1 and revoked_at is null",
        id.get(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn keys_list(conn: &mut PgConnection) -> Result<Vec<KeyRow>, DbError> {
    Ok(sqlx::query_as!(
        KeyRow,
        "select id, name, scopes, created_at, revoked_at from service_keys order by created_at, id"
    )
    .fetch_all(conn)
    .await?)
}

/// Whether anybody may administer this hub.
pub(super) async fn admin_exists(conn: &mut PgConnection) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from service_keys where 'admin' = any(scopes) and revoked_at is null) as "exists!""#
    )
    .fetch_one(conn)
    .await?)
}

pub(super) fn address_of(text: &str) -> Result<Address, DbError> {
    text.parse().map_err(DbError::impossible)
}

pub(super) fn scopes_of(names: &[String]) -> Result<Scopes, DbError> {
    let scopes = names
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_, _>>()
        .map_err(DbError::impossible)?;
    Scopes::new(scopes).ok_or_else(|| DbError::impossible("a service key without a scope"))
}

impl KeyRow {
    /// The scopes, as a text for people.
    pub fn scope_names(&self) -> Arc<str> {
        self.scopes.join(",").into()
    }
}
