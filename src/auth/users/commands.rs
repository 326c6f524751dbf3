//! The changes of users. Whoever proves who somebody is does that inside a transaction of their own.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Profile, User, WALLETS_MAX,
    events::{UserLinked, WalletChanged},
    lock_user, store,
};
use crate::{
    auth::{Token, commands::Opened},
    db::{Command, DbError, Failure, Never, Refusal, Tx},
    kernel::{
        address::Address,
        event::{Credential, Revocation},
        id::{DiscordId, ServiceKeyId, UserSessionId},
    },
};

/// How long a token of a user is valid when nobody says otherwise.
pub const TOKEN_TTL: Duration = Duration::from_hours(24);
/// The shortest and the longest life of a token that a service key issues.
pub const TOKEN_TTL_MIN: Duration = Duration::from_mins(1);
/// See [`TOKEN_TTL_MIN`].
pub const TOKEN_TTL_MAX: Duration = Duration::from_hours(30 * 24);
/// How long a browser stays signed in.
pub const BROWSER_TTL: Duration = Duration::from_hours(7 * 24);
/// Live sessions of one user; the oldest ends when another is opened.
pub const SESSIONS_PER_USER_MAX: usize = 32;
/// Sessions that one transaction ends.
const REVOKE_SESSIONS_MAX: i64 = 5_000;

/// Why a change of a user is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserRefusal {
    /// Nobody with this id has signed in or was vouched for.
    NotLinked,
    /// The wallet is another user's.
    WalletTaken,
    /// The wallet is not this user's.
    WalletNotLinked,
    /// The user has as many wallets as they may.
    TooManyWallets,
}

impl Refusal for UserRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotLinked => "user_not_linked",
            Self::WalletTaken => "wallet_taken",
            Self::WalletNotLinked => "wallet_not_linked",
            Self::TooManyWallets => "too_many_wallets",
        }
    }
}

/// Makes a user or renews what is known of them, and locks them. The caller has made sure that the person is who they
/// say, or is told so by somebody who may.
///
/// # Errors
/// When the database fails.
pub async fn link_user(tx: &mut Tx, id: DiscordId, profile: &Profile) -> Result<User, DbError> {
    let now = tx.now();
    let made = store::user_insert(tx.conn(), id, profile, now).await?;
    if !made {
        store::user_lock(tx.conn(), id).await?;
        if *profile != Profile::default() {
            store::user_update(tx.conn(), id, profile, now).await?;
        }
    }
    let user = store::user_find(tx.conn(), id).await?;
    let user = user.ok_or_else(|| DbError::impossible("a user who was just made"))?;
    if made {
        tx.emit(&UserLinked { user: user.clone() })?;
    }
    Ok(user)
}

/// Links a user, on the word of a program of the operator's.
#[derive(Debug)]
pub struct LinkUser {
    /// Who.
    pub id: DiscordId,
    /// What is said of them.
    pub profile: Profile,
}

impl Command for LinkUser {
    const NAME: &'static str = "user_link";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = User;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<User, Failure<Never>> {
        Ok(link_user(tx, self.id, &self.profile).await?)
    }
}

/// Makes a wallet a user's. The caller of this function has proven that it is: it holds the private key, and the
/// user's lock is taken before the wallet's.
///
/// # Errors
/// [`UserRefusal`], or when the database fails.
pub async fn link_wallet(
    tx: &mut Tx,
    user: &User,
    address: &Address,
) -> Result<(), Failure<UserRefusal>> {
    let (id, now) = (user.discord_user_id, tx.now());
    let held = store::wallets_of(tx.conn(), id).await?;
    if held.iter().any(|wallet| wallet.address == *address) {
        return Ok(());
    }
    if held.len() >= WALLETS_MAX {
        return Err(UserRefusal::TooManyWallets.into());
    }
    if !store::wallet_insert(tx.conn(), id, address, now).await? {
        return Err(UserRefusal::WalletTaken.into());
    }
    let version = store::user_touch(tx.conn(), id, now).await?;
    let changed = WalletChanged { user: id, address: address.clone(), linked: true, version };
    Ok(tx.emit(&changed)?)
}

/// Takes a wallet from a user whose row is locked.
///
/// # Errors
/// [`UserRefusal::WalletNotLinked`], or when the database fails.
pub async fn unlink_wallet(
    tx: &mut Tx,
    id: DiscordId,
    address: &Address,
) -> Result<(), Failure<UserRefusal>> {
    let now = tx.now();
    if !store::wallet_delete(tx.conn(), id, address).await? {
        return Err(UserRefusal::WalletNotLinked.into());
    }
    let version = store::user_touch(tx.conn(), id, now).await?;
    let changed = WalletChanged { user: id, address: address.clone(), linked: false, version };
    Ok(tx.emit(&changed)?)
}

/// Takes a wallet from a user.
#[derive(Debug)]
pub struct UnlinkWallet {
    /// Whose it is.
    pub user: DiscordId,
    /// Which.
    pub address: Address,
}

impl Command for UnlinkWallet {
    const NAME: &'static str = "wallet_unlink";
    const SETTLED: bool = true;
    type Done = ();
    type Refusal = UserRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<UserRefusal>> {
        lock_user(tx, self.user).await?.ok_or(UserRefusal::NotLinked)?;
        unlink_wallet(tx, self.user, &self.address).await
    }
}

/// Opens a session of a user: a token that a service key issues, or a browser's after a sign-in. It links the user.
#[derive(Debug)]
pub struct OpenUserSession {
    /// Who.
    pub user: DiscordId,
    /// What is said of them.
    pub profile: Profile,
    /// The key that issues it; none when they signed in themselves.
    pub issued_by: Option<ServiceKeyId>,
    /// How long it is valid.
    pub ttl: Duration,
    /// What the client calls itself.
    pub user_agent: Option<String>,
}

impl Command for OpenUserSession {
    const NAME: &'static str = "user_session_open";
    const SETTLED: bool = true;
    type Done = (User, Opened);
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Done, Failure<Never>> {
        let user = link_user(tx, self.user, &self.profile).await?;
        let now = tx.now();
        let live = store::sessions_lock(tx.conn(), self.user, now).await?;
        let surplus = (live.len() + 1).saturating_sub(SESSIONS_PER_USER_MAX);
        let oldest: Vec<_> = live.iter().take(surplus).map(|id| id.get()).collect();
        if !oldest.is_empty() {
            ended(tx, Some(&oldest), None, None).await?;
        }
        let token = Token::session();
        let expires = now.plus(self.ttl).unwrap_or(now);
        let agent = self.user_agent.as_deref();
        let agent = agent.map(|text| text.chars().take(256).collect::<String>());
        let session = store::NewSession {
            id: UserSessionId::new(tx.new_id()),
            hash: token.hash(),
            user: self.user,
            issued_by: self.issued_by,
            created: now,
            expires,
            user_agent: agent.as_deref(),
        };
        store::session_insert(tx.conn(), session).await?;
        Ok((user, Opened { token, expires }))
    }
}

/// Which sessions of users end.
#[derive(Debug, Clone, Copy)]
pub enum UserSessions {
    /// One.
    One(UserSessionId),
    /// Those of a user.
    Of(DiscordId),
}

/// Ends sessions: their tokens are worth nothing from here on, and their sockets close. Gives how many.
#[derive(Debug)]
pub struct EndUserSessions(pub UserSessions);

impl Command for EndUserSessions {
    const NAME: &'static str = "user_sessions_end";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = usize;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Failure<Never>> {
        Ok(match self.0 {
            UserSessions::One(id) => ended(tx, Some(&[id.get()]), None, None).await?,
            UserSessions::Of(user) => ended(tx, None, Some(user), None).await?,
        })
    }
}

/// Ends what a key issued, when it is revoked.
///
/// # Errors
/// When the database fails.
pub(in crate::auth) async fn end_issued(tx: &mut Tx, key: ServiceKeyId) -> Result<(), DbError> {
    loop {
        let count = ended(tx, None, None, Some(key)).await?;
        if i64::try_from(count).unwrap_or(i64::MAX) < REVOKE_SESSIONS_MAX {
            return Ok(());
        }
    }
}

async fn ended(
    tx: &mut Tx,
    ids: Option<&[uuid::Uuid]>,
    user: Option<DiscordId>,
    key: Option<ServiceKeyId>,
) -> Result<usize, DbError> {
    let ended = store::sessions_delete(tx.conn(), ids, user, key, REVOKE_SESSIONS_MAX).await?;
    if !ended.is_empty() {
        let credentials = ended.iter().map(|id| Credential::of("user_session", id)).collect();
        tx.emit(&Revocation { credentials })?;
    }
    Ok(ended.len())
}
