//! The changes of this slice. Opening a session is not among them: whoever proves who a wallet's owner is does that
//! inside a transaction of their own, through [`open_session`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Scopes, Token, discord, store, users};
use crate::{
    db::{Command, Db, DbError, Failure, Never, Refusal, Tx},
    kernel::{
        address::Address,
        event::{Credential, Revocation},
        id::{ServiceKeyId, SessionId},
        time::Timestamp,
    },
};

/// How long a token of a session is valid, from login or refresh.
pub const SESSION_TTL: Duration = Duration::from_hours(1);
/// How long the token before a refresh is still valid, for requests under way.
pub const REFRESH_OVERLAP: Duration = Duration::from_mins(1);
/// How long a ticket is valid.
pub const TICKET_TTL: Duration = Duration::from_secs(30);
/// Live sessions of one wallet; the oldest ends when another is opened.
pub const SESSIONS_PER_WALLET_MAX: usize = 32;
/// Sessions that one transaction ends.
const REVOKE_SESSIONS_MAX: i64 = 5_000;
/// How often expired rows are deleted, and how many at once.
const SWEEP_ROUND: Duration = Duration::from_mins(1);
const SWEEP_ROWS: i64 = 5_000;

/// Why a change of this slice is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthRefusal {
    /// The session ended between the check and the change.
    SessionEnded,
    /// No such session.
    SessionNotFound,
    /// No such service key, or it was revoked before.
    KeyNotFound,
}

impl Refusal for AuthRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::SessionEnded => "unauthorized",
            Self::SessionNotFound => "session_not_found",
            Self::KeyNotFound => "service_key_not_found",
        }
    }
}

/// A session's token, handed out once.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The secret.
    pub token: Token,
    /// When it ends.
    pub expires: Timestamp,
}

/// Opens a session for the owner of a wallet. The caller of this function has proven that it is the owner.
///
/// # Errors
/// When the database fails.
pub async fn open_session(
    tx: &mut Tx,
    address: &Address,
    user_agent: Option<&str>,
) -> Result<Opened, DbError> {
    let now = tx.now();
    let live = store::sessions_lock(tx.conn(), address, now).await?;
    let surplus = (live.len() + 1).saturating_sub(SESSIONS_PER_WALLET_MAX);
    let oldest: Vec<_> = live.iter().take(surplus).map(|id| id.get()).collect();
    if !oldest.is_empty() {
        end_sessions(tx, Some(&oldest), None).await?;
    }
    let token = Token::session();
    let expires = later(now, SESSION_TTL);
    let id = SessionId::new(tx.new_id());
    let user_agent = user_agent.map(|text| text.chars().take(256).collect::<String>());
    store::session_insert(
        tx.conn(),
        id,
        &token.hash(),
        address,
        (now, expires),
        user_agent.as_deref(),
    )
    .await?;
    Ok(Opened { token, expires })
}

/// Gives a session a new token; the one before works for a minute more.
#[derive(Debug)]
pub struct RefreshSession {
    /// The session, which the caller is in.
    pub session: SessionId,
}

impl Command for RefreshSession {
    const NAME: &'static str = "session_refresh";
    type Done = Opened;
    type Refusal = AuthRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Opened, Failure<AuthRefusal>> {
        let now = tx.now();
        let token = Token::session();
        let expires = later(now, SESSION_TTL);
        let times = (now, later(now, REFRESH_OVERLAP), expires);
        if store::session_renew(tx.conn(), self.session, &token.hash(), times).await? {
            Ok(Opened { token, expires })
        } else {
            Err(AuthRefusal::SessionEnded.into())
        }
    }
}

/// Which sessions end.
#[derive(Debug)]
pub enum Sessions {
    /// One.
    One(SessionId),
    /// Those of a wallet.
    Of(Address),
    /// Every one.
    All,
}

/// Ends sessions: their tokens are worth nothing from here on, and their sockets close. Gives how many.
#[derive(Debug)]
pub struct EndSessions(pub Sessions);

impl Command for EndSessions {
    const NAME: &'static str = "sessions_end";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = usize;
    type Refusal = AuthRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Failure<AuthRefusal>> {
        let ended = match &self.0 {
            Sessions::One(id) => end_sessions(tx, Some(&[id.get()]), None).await?,
            Sessions::Of(address) => end_sessions(tx, None, Some(address)).await?,
            Sessions::All => end_sessions(tx, None, None).await?,
        };
        match (&self.0, ended) {
            (Sessions::One(_), 0) => Err(AuthRefusal::SessionNotFound.into()),
            _ => Ok(ended),
        }
    }
}

async fn end_sessions(
    tx: &mut Tx,
    ids: Option<&[uuid::Uuid]>,
    address: Option<&Address>,
) -> Result<usize, DbError> {
    let ended = store::sessions_delete(tx.conn(), ids, address, REVOKE_SESSIONS_MAX).await?;
    // A wallet's private key opens sockets without a session; they end with its sessions.
    let key = address.map(|address| Credential::of("wallet", address));
    let credentials: Vec<_> =
        ended.iter().map(|id| Credential::of("session", id)).chain(key).collect();
    if !credentials.is_empty() {
        tx.emit(&Revocation { credentials })?;
    }
    Ok(ended.len())
}

/// Stores a service key. Gives its id, or `None` when the very same key is there already.
#[derive(Debug)]
pub struct CreateServiceKey {
    /// The secret; only its hash is stored.
    pub key: Token,
    /// What the operator calls it, 1 to 64 characters.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
}

impl Command for CreateServiceKey {
    const NAME: &'static str = "service_key_create";
    const REPEATABLE: bool = true;
    type Done = Option<ServiceKeyId>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Done, Failure<Never>> {
        let id = ServiceKeyId::new(tx.new_id());
        let now = tx.now();
        let made =
            store::key_insert(tx.conn(), id, &self.key.hash(), &self.name, &self.scopes, now)
                .await?;
        Ok(made.then_some(id))
    }
}

/// Revokes a service key and the tokens of users that it issued, and closes their sockets.
#[derive(Debug)]
pub struct RevokeServiceKey(pub ServiceKeyId);

impl Command for RevokeServiceKey {
    const NAME: &'static str = "service_key_revoke";
    const SETTLED: bool = true;
    type Done = ();
    type Refusal = AuthRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<AuthRefusal>> {
        let now = tx.now();
        if !store::key_revoke(tx.conn(), self.0, now).await? {
            return Err(AuthRefusal::KeyNotFound.into());
        }
        tx.emit(&Revocation { credentials: vec![Credential::of("key", self.0)] })?;
        Ok(users::commands::end_issued(tx, self.0).await?)
    }
}

/// Deletes what has expired, again and again.
pub async fn sweep(db: Db) {
    loop {
        let swept = async {
            let (now, mut conn) = (db.now(), db.read().await?);
            store::sweep(&mut conn, now, SWEEP_ROWS).await?;
            users::sweep(&mut conn, now, SWEEP_ROWS).await?;
            discord::sweep(&mut conn, now, SWEEP_ROWS).await
        };
        if let Err(error) = swept.await {
            tracing::debug!(%error, "could not sweep expired sessions");
        }
        tokio::time::sleep(SWEEP_ROUND).await;
    }
}

/// The service keys, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn service_keys(db: &Db) -> Result<Vec<store::KeyRow>, DbError> {
    store::keys_list(&mut *db.read().await?).await
}

/// Whether there is an admin key that works.
///
/// # Errors
/// When the database fails.
pub async fn has_admin(db: &Db) -> Result<bool, DbError> {
    store::admin_exists(&mut *db.read().await?).await
}

/// The end of the calendar is no place for a session: one that would reach it ends now.
fn later(now: Timestamp, span: Duration) -> Timestamp {
    now.plus(span).unwrap_or(now)
}
