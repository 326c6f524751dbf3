//! Users: people by the id that Discord gave them, their sessions, and the wallets that are theirs.
//!
//! A user is linked by a sign-in with Discord or by a program of the operator's that vouches for them, and is never
//! deleted. What other slices stand on:
//! * [`lock_user`] locks a user's row. It comes before every other lock of a transaction, so two changes of what one
//!   user has can't meet; whoever locks two users locks the lower id first.
//! * [`link_user`] makes or renews a user. `user.linked` is emitted once, when the row is made: followers of it find
//!   the user.
//! * A wallet is linked to one user at most; `user.wallet_linked` and `user.wallet_unlinked` are emitted with the
//!   change.

pub mod catalogue;
pub mod commands;
pub mod events;
pub mod routes;
mod store;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

pub use self::commands::{link_user, link_wallet, unlink_wallet};
pub(super) use self::store::{session_find, sweep};
use crate::{
    db::{DbError, Tx},
    kernel::{address::Address, id::DiscordId, time::Timestamp},
};

/// The longest user name in characters.
pub const USERNAME_CHARS_MAX: usize = 100;
/// Wallets of one user.
pub const WALLETS_MAX: usize = 50;

/// What is known of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Discord's id, which is the user's own.
    pub discord_user_id: DiscordId,
    /// Discord's unique name; empty when nobody said it.
    pub username: String,
    /// What they want to be called.
    pub display_name: Option<String>,
    /// Discord's hash of their picture.
    pub avatar: Option<String>,
    /// The address that Discord gave; only they and the operator's programs see it.
    #[serde(skip)]
    pub email: Option<String>,
    /// Rises by 1 with each event of the user.
    pub version: i64,
    /// When they were linked.
    pub linked_at: Timestamp,
}

/// What somebody who vouches for a user says of them. What is absent stays as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Profile {
    /// See [`User::username`].
    pub username: Option<String>,
    /// See [`User::display_name`].
    pub display_name: Option<String>,
    /// See [`User::avatar`].
    pub avatar: Option<String>,
    /// See [`User::email`].
    pub email: Option<String>,
}

/// A wallet of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LinkedWallet {
    /// Its address.
    pub address: Address,
    /// When it was linked.
    pub linked_at: Timestamp,
}

/// Locks a user before anything else is locked; `None` when they are not linked.
///
/// # Errors
/// When the database fails.
pub async fn lock_user(tx: &mut Tx, id: DiscordId) -> Result<Option<User>, DbError> {
    store::user_lock(tx.conn(), id).await
}

/// A user, or `None` when they are not linked.
///
/// # Errors
/// When the database fails.
pub async fn user(conn: &mut PgConnection, id: DiscordId) -> Result<Option<User>, DbError> {
    store::user_find(conn, id).await
}

/// Whose these wallets are; those of nobody are left out.
///
/// # Errors
/// When the database fails.
pub async fn owners(
    conn: &mut PgConnection,
    addresses: &[Address],
) -> Result<Vec<(Address, DiscordId)>, DbError> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    store::wallet_owners(conn, addresses).await
}

/// The wallets of a user.
///
/// # Errors
/// When the database fails.
pub async fn wallets(
    conn: &mut PgConnection,
    user: DiscordId,
) -> Result<Vec<LinkedWallet>, DbError> {
    store::wallets_of(conn, user).await
}
