//! What is read of plans, for routes and for the slices above.

use sqlx::PgConnection;

use super::{
    model::{Account, Entitlement, Held, Plan, Provider, Reference, Tier},
    store,
    views::StandingView,
};
use crate::{
    auth::users,
    db::DbError,
    kernel::{id::DiscordId, page::PageQuery, time::Timestamp},
};

/// The plan that a provider's product is sold as.
///
/// # Errors
/// When the database fails.
pub async fn plan_of_product(
    conn: &mut PgConnection,
    provider: Provider,
    product: &str,
) -> Result<Option<Plan>, DbError> {
    store::plan_of_product(conn, provider, product).await
}

/// The products of a provider that are sold as plans.
///
/// # Errors
/// When the database fails.
pub async fn products(conn: &mut PgConnection, provider: Provider) -> Result<Vec<String>, DbError> {
    store::products_of(conn, provider).await
}

/// Who has which plan, behind a user by rising id.
///
/// # Errors
/// When the database fails.
pub async fn standings(
    conn: &mut PgConnection,
    after: DiscordId,
    limit: i64,
) -> Result<Vec<StandingView>, DbError> {
    store::standings_list(conn, after, limit).await
}

/// The plan with a tier.
///
/// # Errors
/// When the database fails.
pub async fn plan(conn: &mut PgConnection, tier: &Tier) -> Result<Option<Plan>, DbError> {
    store::plan_find(conn, tier).await
}

/// All plans, in the order of a list.
///
/// # Errors
/// When the database fails.
pub async fn plans(conn: &mut PgConnection) -> Result<Vec<Plan>, DbError> {
    store::plans_list(conn).await
}

/// What is known of an entitlement by its provider's name for it, with its plan.
///
/// # Errors
/// When the database fails.
pub async fn entitlement(
    conn: &mut PgConnection,
    provider: Provider,
    reference: &Reference,
) -> Result<Option<Held>, DbError> {
    store::entitlement_find(conn, provider, reference).await
}

/// The entitlements of a provider's customer, newest first.
///
/// # Errors
/// When the database fails.
pub async fn of_customer(
    conn: &mut PgConnection,
    provider: Provider,
    customer: &str,
) -> Result<Vec<Entitlement>, DbError> {
    store::entitlements_of_customer(conn, provider, customer).await
}

/// All that a provider grants to a user, newest first; what is over as well.
///
/// # Errors
/// When the database fails.
pub async fn of_user(
    conn: &mut PgConnection,
    provider: Provider,
    user: DiscordId,
) -> Result<Vec<Held>, DbError> {
    store::entitlements_of_user(conn, provider, user).await
}

/// What operators gave, newest first, and behind which number the next page goes on.
///
/// # Errors
/// When the database fails.
pub async fn comps(
    conn: &mut PgConnection,
    query: PageQuery,
) -> Result<(Vec<Held>, Option<i64>), DbError> {
    let (before, rows) = (query.before.unwrap_or(i64::MAX), query.rows());
    let page = (before, i64::from(rows) + 1);
    let mut held = store::entitlements_from(conn, Provider::Comp, page).await?;
    let more = held.len() > usize::from(rows);
    held.truncate(usize::from(rows));
    let next = held.last().filter(|_| more).map(|held| held.entitlement.id.get());
    Ok((held, next))
}

/// All that is known of a user's plans and minutes; `None` when they are not linked. Consistent in a snapshot.
///
/// # Errors
/// When the database fails.
pub async fn account(
    conn: &mut PgConnection,
    user: DiscordId,
    now: Timestamp,
) -> Result<Option<Account>, DbError> {
    match users::user(conn, user).await? {
        Some(_) => Ok(Some(store::account_load(conn, user, now).await?)),
        None => Ok(None),
    }
}
