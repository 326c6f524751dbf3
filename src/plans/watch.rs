//! What a provider should be asked about, because its news may be missing.

mod store;

use sqlx::PgConnection;

use super::model::{Provider, RENEWAL_SKEW, Reference, Status};
use crate::{
    db::DbError,
    kernel::{
        id::{DiscordId, EntitlementId},
        time::Timestamp,
    },
};

/// An entitlement that may be used, or may be again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Its row.
    pub id: EntitlementId,
    /// Whose it is.
    pub user: DiscordId,
    /// The provider's name for it.
    pub reference: Reference,
    /// How it stands.
    pub status: Status,
}

/// A provider's entitlements that are not over, behind a row, in the order of their rows.
///
/// # Errors
/// When the database fails.
pub async fn live(
    conn: &mut PgConnection,
    provider: Provider,
    after: EntitlementId,
    limit: i64,
) -> Result<Vec<Watched>, DbError> {
    store::live(conn, provider, after, limit).await
}

/// A provider's entitlements whose news are late: a payment failed, or the period is over and still nobody has said what
/// follows, within the time in which that is waited for.
///
/// # Errors
/// When the database fails.
pub async fn late(
    conn: &mut PgConnection,
    provider: Provider,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Watched>, DbError> {
    let since = now.minus(RENEWAL_SKEW).unwrap_or(now);
    store::late(conn, provider, (since, now), limit).await
}
