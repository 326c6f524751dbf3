//! What is read of billing, for routes.

use sqlx::PgConnection;

use super::{
    model::EventStatus,
    shop,
    views::{CheckoutView, PurchaseView, WebhookEventView},
    webhooks,
};
use crate::{
    db::DbError,
    kernel::{id::DiscordId, page::PageQuery},
    plans::model::{Provider, Reference},
};

/// A page, and behind which number the next one goes on.
#[derive(Debug)]
pub struct Found<T> {
    /// The rows, newest first.
    pub items: Vec<T>,
    /// None on the last page.
    pub next: Option<i64>,
}

impl<T> Found<T> {
    /// One row more was read than fits.
    fn new(mut items: Vec<T>, rows: u16, key: impl Fn(&T) -> i64) -> Self {
        let more = items.len() > usize::from(rows);
        items.truncate(usize::from(rows));
        let next = items.last().filter(|_| more).map(key);
        Self { items, next }
    }
}

/// Events of providers, newest first.
///
/// # Errors
/// When the database fails.
pub async fn events(
    conn: &mut PgConnection,
    status: Option<EventStatus>,
    query: PageQuery,
) -> Result<Found<WebhookEventView>, DbError> {
    let (before, rows) = (query.before.unwrap_or(i64::MAX), query.rows());
    let items = webhooks::store::events_list(conn, status, (before, i64::from(rows) + 1)).await?;
    Ok(Found::new(items, rows, |event| event.id))
}

/// An event of a provider.
///
/// # Errors
/// When the database fails.
pub async fn event(conn: &mut PgConnection, id: i64) -> Result<Option<WebhookEventView>, DbError> {
    webhooks::store::event_find(conn, id).await
}

/// The purchases of a user, newest first.
///
/// # Errors
/// When the database fails.
pub async fn purchases(
    conn: &mut PgConnection,
    user: DiscordId,
    query: PageQuery,
) -> Result<Found<PurchaseView>, DbError> {
    let (before, rows) = (query.before.unwrap_or(i64::MAX), query.rows());
    let items = shop::store::purchases_list(conn, user, (before, i64::from(rows) + 1)).await?;
    Ok(Found::new(items, rows, |purchase| purchase.id))
}

/// A checkout.
///
/// # Errors
/// When the database fails.
pub async fn checkout(
    conn: &mut PgConnection,
    provider: Provider,
    id: &Reference,
) -> Result<Option<CheckoutView>, DbError> {
    shop::store::checkout_find(conn, provider, id).await
}
