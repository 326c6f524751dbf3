//! All SQL on `users`, `user_wallets` and `user_sessions`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{LinkedWallet, Profile, User};
use crate::{
    auth::Caller,
    db::DbError,
    kernel::{
        address::Address,
        id::{DiscordId, ServiceKeyId, UserSessionId},
        time::Timestamp,
    },
};

struct UserRow {
    discord_id: i64,
    username: String,
    display_name: Option<String>,
    avatar: Option<String>,
    email: Option<String>,
    version: i64,
    linked_at: DateTime<Utc>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            discord_user_id: DiscordId::new(row.discord_id),
            username: row.username,
            display_name: row.display_name,
            avatar: row.avatar,
            email: row.email,
            version: row.version,
            linked_at: Timestamp::new(row.linked_at),
        }
    }
}

/// A session as its user and the operator's programs see it.
#[derive(Debug, Clone)]
pub(super) struct UserSessionRow {
    pub(super) id: Uuid,
    pub(super) issued_by: Option<Uuid>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) user_agent: Option<String>,
}

/// Whose a token is, while it and the key that issued it are valid.
pub(in crate::auth) async fn session_find(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Caller>, DbError> {
    let row = sqlx::query!(
        "select id, discord_id, expires_at from user_sessions where token_hash = $1 and expires_at > $2",
        hash.as_slice(),
        now.get()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Caller::User {
        user: DiscordId::new(row.discord_id),
        session: UserSessionId::new(row.id),
        expires: Timestamp::new(row.expires_at),
    }))
}

/// Deletes sessions that have expired, a bounded number at a time.
pub(in crate::auth) async fn sweep(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "delete from user_sessions where id in
         (select id from user_sessions where expires_at <= $1 limit $2 for update skip locked)",
        now.get(),
        limit
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn user_find(
    conn: &mut PgConnection,
    id: DiscordId,
) -> Result<Option<User>, DbError> {
    let row = sqlx::query_as!(
        UserRow,
        "select discord_id, username, display_name, avatar, email, version, linked_at
         from users where discord_id = $1",
        id.get()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(User::from))
}

pub(super) async fn user_lock(
    conn: &mut PgConnection,
    id: DiscordId,
) -> Result<Option<User>, DbError> {
    let row = sqlx::query_as!(
        UserRow,
        "select discord_id, username, display_name, avatar, email, version, linked_at
         from users where discord_id = $1 for update",
        id.get()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(User::from))
}

/// Makes a user. False when there is one already, and it is locked then.
pub(super) async fn user_insert(
    conn: &mut PgConnection,
    id: DiscordId,
    profile: &Profile,
    now: Timestamp,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "insert into users (discord_id, username, display_name, avatar, email, linked_at, updated_at)
         values ($1, coalesce($2, ''), $3, $4, $5, $6, $6) on conflict (discord_id) do nothing",
        id.get(),
        profile.username,
        profile.display_name,
        profile.avatar,
        profile.email,
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn user_update(
    conn: &mut PgConnection,
    id: DiscordId,
    profile: &Profile,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update users set username = coalesce($2, username), display_name = coalesce($3, display_name),
                          avatar = coalesce($4, avatar), email = coalesce($5, email), updated_at = $6
         where discord_id = $1",
        id.get(),
        profile.username,
        profile.display_name,
        profile.avatar,
        profile.email,
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Raises a user's version and gives it.
pub(super) async fn user_touch(
    conn: &mut PgConnection,
    id: DiscordId,
    now: Timestamp,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        "update users set version = version + 1, updated_at = $2 where discord_id = $1 returning version",
        id.get(),
        now.get()
    )
    .fetch_one(conn)
    .await?)
}

/// Gives a wallet to a user. False when somebody has it already.
pub(super) async fn wallet_insert(
    conn: &mut PgConnection,
    user: DiscordId,
    address: &Address,
    now: Timestamp,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "insert into user_wallets (address, discord_id, linked_at) values ($1, $2, $3)
         on conflict (address) do nothing",
        address.as_str(),
        user.get(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a wallet from a user. False when it is not theirs.
pub(super) async fn wallet_delete(
    conn: &mut PgConnection,
    user: DiscordId,
    address: &Address,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "delete from user_wallets where address = $1 and discord_id = $2",
        address.as_str(),
        user.get()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn wallet_owners(
    conn: &mut PgConnection,
    addresses: &[Address],
) -> Result<Vec<(Address, DiscordId)>, DbError> {
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        "select address, discord_id from user_wallets where address = any($1) order by address",
        &addresses
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((address_of(&row.address)?, DiscordId::new(row.discord_id))))
        .collect()
}

pub(super) async fn wallets_of(
    conn: &mut PgConnection,
    user: DiscordId,
) -> Result<Vec<LinkedWallet>, DbError> {
    let rows = sqlx::query!(
        "select address, linked_at from user_wallets where discord_id = $1 order by address",
        user.get()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let address = address_of(&row.address)?;
            Ok(LinkedWallet { address, linked_at: Timestamp::new(row.linked_at) })
        })
        .collect()
}

/// Locks a user's live sessions, oldest first.
pub(super) async fn sessions_lock(
    conn: &mut PgConnection,
    user: DiscordId,
    now: Timestamp,
) -> Result<Vec<UserSessionId>, DbError> {
    let ids = sqlx::query_scalar!(
        "select id from user_sessions where discord_id = $1 and expires_at > $2 order by created_at, id for update",
        user.get(),
        now.get()
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(UserSessionId::new).collect())
}

/// A session to be.
pub(super) struct NewSession<'a> {
    pub(super) id: UserSessionId,
    pub(super) hash: [u8; 32],
    pub(super) user: DiscordId,
    pub(super) issued_by: Option<ServiceKeyId>,
    pub(super) created: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) user_agent: Option<&'a str>,
}

pub(super) async fn session_insert(
    conn: &mut PgConnection,
    session: NewSession<'_>,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into user_sessions (id, token_hash, discord_id, issued_by, created_at, expires_at, user_agent)
         values ($1, $2, $3, $4, $5, $6, $7)",
        session.id.get(),
        session.hash.as_slice(),
        session.user.get(),
        session.issued_by.map(ServiceKeyId::get),
        session.created.get(),
        session.expires.get(),
        session.user_agent
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which sessions end: one, those of a user, or those that a key issued. Gives those it ended.
pub(super) async fn sessions_delete(
    conn: &mut PgConnection,
    ids: Option<&[Uuid]>,
    user: Option<DiscordId>,
    issued_by: Option<ServiceKeyId>,
    limit: i64,
) -> Result<Vec<UserSessionId>, DbError> {
    let ids = sqlx::query_scalar!(
        "delete from user_sessions where id in
         (select id from user_sessions
          where ($1::uuid[] is null or id = any($1)) and ($2::bigint is null or discord_id = $2)
            and ($3::uuid is null or issued_by = $3)
          order by id limit $4 for update)
         returning id",
        ids,
        user.map(DiscordId::get),
        issued_by.map(ServiceKeyId::get),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(UserSessionId::new).collect())
}

/// The live sessions of a user, newest first.
pub(super) async fn sessions_list(
    conn: &mut PgConnection,
    user: DiscordId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<UserSessionRow>, DbError> {
    Ok(sqlx::query_as!(
        UserSessionRow,
        "select id, issued_by, created_at, expires_at, user_agent from user_sessions
         where discord_id = $1 and expires_at > $2 order by created_at desc, id limit $3",
        user.get(),
        now.get(),
        limit
    )
    .fetch_all(conn)
    .await?)
}

fn address_of(text: &str) -> Result<Address, DbError> {
    text.parse().map_err(DbError::impossible)
}
