//! All SQL on `checkouts` and `purchases`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    billing::{
        model::{CheckoutNews, PurchaseNews},
        views::{CheckoutView, PurchaseView},
    },
    db::DbError,
    kernel::{id::DiscordId, time::Timestamp},
    plans::{
        Seen,
        model::{Provider, Reference, Tier},
    },
};

/// A checkout, and its place among the news of it.
#[derive(Debug)]
pub(in crate::billing) struct KnownCheckout {
    pub(in crate::billing) view: CheckoutView,
    pub(in crate::billing) seen: Seen,
}

struct CheckoutRow {
    checkout_id: String,
    discord_id: i64,
    tier: Option<String>,
    status: String,
    url: Option<String>,
    expires_at: DateTime<Utc>,
    provider_modified_at: DateTime<Utc>,
    provider_event_at: DateTime<Utc>,
}

impl TryFrom<CheckoutRow> for KnownCheckout {
    type Error = DbError;

    fn try_from(row: CheckoutRow) -> Result<Self, DbError> {
        Ok(Self {
            view: CheckoutView {
                checkout_id: reference(&row.checkout_id)?,
                discord_user_id: DiscordId::new(row.discord_id),
                tier: row.tier.map(|tier| tier.parse()).transpose().map_err(DbError::impossible)?,
                status: row.status.parse().map_err(DbError::impossible)?,
                url: row.url,
                expires_at: Timestamp::new(row.expires_at),
            },
            seen: seen(row.provider_modified_at, row.provider_event_at),
        })
    }
}

pub(in crate::billing) async fn checkout_lock(
    conn: &mut PgConnection,
    provider: Provider,
    id: &Reference,
) -> Result<Option<KnownCheckout>, DbError> {
    let row = sqlx::query_as!(
        CheckoutRow,
        "select checkout_id, discord_id, tier, status, url, expires_at, provider_modified_at, provider_event_at
         from checkouts where provider = $1 and checkout_id = $2 for update",
        provider.name(),
        id.as_str()
    )
    .fetch_optional(conn)
    .await?;
    row.map(TryInto::try_into).transpose()
}

pub(in crate::billing) async fn checkout_find(
    conn: &mut PgConnection,
    provider: Provider,
    id: &Reference,
) -> Result<Option<CheckoutView>, DbError> {
    let row = sqlx::query_as!(
        CheckoutRow,
        "select checkout_id, discord_id, tier, status, url, expires_at, provider_modified_at, provider_event_at
         from checkouts where provider = $1 and checkout_id = $2",
        provider.name(),
        id.as_str()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(KnownCheckout::try_from).transpose()?.map(|known| known.view))
}

/// A checkout of the same user for the same that can still be paid for a while.
pub(in crate::billing) async fn checkout_open(
    conn: &mut PgConnection,
    (provider, user): (Provider, DiscordId),
    product: &Reference,
    success_url: Option<&str>,
    until: Timestamp,
) -> Result<Option<CheckoutView>, DbError> {
    let row = sqlx::query_as!(
        CheckoutRow,
        "select checkout_id, discord_id, tier, status, url, expires_at, provider_modified_at, provider_event_at
         from checkouts
         where provider = $1 and discord_id = $2 and product_id = $3 and success_url is not distinct from $4
           and status = 'open' and expires_at > $5
         order by created_at desc limit 1",
        provider.name(),
        user.get(),
        product.as_str(),
        success_url,
        until.get()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(KnownCheckout::try_from).transpose()?.map(|known| known.view))
}

/// Stores a checkout as it stands now.
pub(in crate::billing) async fn checkout_put(
    conn: &mut PgConnection,
    (provider, user): (Provider, DiscordId),
    news: &CheckoutNews,
    tier: Option<&Tier>,
    success_url: Option<&str>,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into checkouts (provider, checkout_id, discord_id, tier, product_id, status, url, success_url,
                                expires_at, provider_modified_at, provider_event_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (provider, checkout_id) do update
         set status = excluded.status, url = coalesce(excluded.url, checkouts.url),
             tier = coalesce(excluded.tier, checkouts.tier), expires_at = excluded.expires_at,
             provider_modified_at = excluded.provider_modified_at,
             provider_event_at = excluded.provider_event_at,
             look_at = case when $13 then null else checkouts.look_at end,
             look_until = case when $13 then null else checkouts.look_until end",
        provider.name(),
        news.reference.as_str(),
        user.get(),
        tier.map(Tier::as_str),
        news.wish.product.as_ref().map(Reference::as_str),
        news.status.name(),
        news.url,
        success_url,
        news.expires_at.get(),
        news.seen.modified.get(),
        news.seen.told.get(),
        now.get(),
        news.status.is_final()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Has a checkout looked at, unless that is being done.
pub(in crate::billing) async fn checkout_watch(
    conn: &mut PgConnection,
    provider: Provider,
    id: &Reference,
    (now, until): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    sqlx::query!(
        "update checkouts set look_at = $3, look_until = $4
         where provider = $1 and checkout_id = $2 and status in ('open', 'confirmed') and look_at is null",
        provider.name(),
        id.as_str(),
        now.get(),
        until.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes a checkout that is due for a look, and puts its next look off, or gives it up.
pub(in crate::billing) async fn checkout_take(
    conn: &mut PgConnection,
    now: Timestamp,
    next: Timestamp,
) -> Result<Option<(Reference, DiscordId)>, DbError> {
    let row = sqlx::query!(
        "update checkouts
         set look_at = case when look_until > $2 then $2::timestamptz end,
             look_until = case when look_until > $2 then look_until end
         where (provider, checkout_id) in
             (select provider, checkout_id from checkouts where look_at <= $1
              order by look_at limit 1 for update skip locked)
         returning checkout_id, discord_id",
        now.get(),
        next.get()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((reference(&row.checkout_id)?, DiscordId::new(row.discord_id)))).transpose()
}

struct PurchaseRow {
    id: i64,
    provider: String,
    order_id: String,
    discord_id: i64,
    subscription: Option<String>,
    product_id: Option<String>,
    status: String,
    amount_cents: i64,
    tax_cents: i64,
    refunded_cents: i64,
    currency: String,
    reason: Option<String>,
    invoice: Option<String>,
    ordered_at: DateTime<Utc>,
    provider_modified_at: DateTime<Utc>,
    provider_event_at: DateTime<Utc>,
    version: i64,
}

/// A purchase, and its place among the news of it.
#[derive(Debug)]
pub(in crate::billing) struct KnownPurchase {
    pub(in crate::billing) view: PurchaseView,
    pub(in crate::billing) seen: Seen,
}

impl TryFrom<PurchaseRow> for KnownPurchase {
    type Error = DbError;

    fn try_from(row: PurchaseRow) -> Result<Self, DbError> {
        let optional = |text: Option<String>| text.as_deref().map(reference).transpose();
        Ok(Self {
            view: PurchaseView {
                id: row.id,
                provider: row.provider.parse().map_err(DbError::impossible)?,
                order_id: reference(&row.order_id)?,
                discord_user_id: DiscordId::new(row.discord_id),
                subscription_id: optional(row.subscription)?,
                product_id: optional(row.product_id)?,
                status: row.status.parse().map_err(DbError::impossible)?,
                amount_cents: row.amount_cents,
                tax_cents: row.tax_cents,
                refunded_cents: row.refunded_cents,
                currency: row.currency,
                reason: row.reason,
                invoice: row.invoice,
                ordered_at: Timestamp::new(row.ordered_at),
                version: row.version,
            },
            seen: seen(row.provider_modified_at, row.provider_event_at),
        })
    }
}

pub(in crate::billing) async fn purchase_lock(
    conn: &mut PgConnection,
    provider: Provider,
    id: &Reference,
) -> Result<Option<KnownPurchase>, DbError> {
    let row = sqlx::query_as!(
        PurchaseRow,
        "select id, provider, order_id, discord_id, subscription, product_id, status, amount_cents, tax_cents,
                refunded_cents, currency, reason, invoice, ordered_at, provider_modified_at, provider_event_at, version
         from purchases where provider = $1 and order_id = $2 for update",
        provider.name(),
        id.as_str()
    )
    .fetch_optional(conn)
    .await?;
    row.map(TryInto::try_into).transpose()
}

/// Stores a purchase as it stands now, with as many events more as it is worth.
pub(in crate::billing) async fn purchase_put(
    conn: &mut PgConnection,
    (provider, user): (Provider, DiscordId),
    news: &PurchaseNews,
    events: i64,
) -> Result<PurchaseView, DbError> {
    let row = sqlx::query_as!(
        PurchaseRow,
        "insert into purchases (provider, order_id, discord_id, subscription, product_id, status, amount_cents,
                                tax_cents, refunded_cents, currency, reason, invoice, ordered_at,
                                provider_modified_at, provider_event_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, greatest($16::bigint, 1))
         on conflict (provider, order_id) do update
         set subscription = coalesce(excluded.subscription, purchases.subscription),
             product_id = coalesce(excluded.product_id, purchases.product_id), status = excluded.status,
             amount_cents = excluded.amount_cents, tax_cents = excluded.tax_cents,
             refunded_cents = excluded.refunded_cents, currency = excluded.currency, reason = excluded.reason,
             invoice = excluded.invoice, ordered_at = excluded.ordered_at,
             provider_modified_at = excluded.provider_modified_at,
             provider_event_at = excluded.provider_event_at, version = purchases.version + $16
         returning id, provider, order_id, discord_id, subscription, product_id, status, amount_cents, tax_cents,
                   refunded_cents, currency, reason, invoice, ordered_at, provider_modified_at, provider_event_at,
                   version",
        provider.name(),
        news.reference.as_str(),
        user.get(),
        news.subscription.as_ref().map(Reference::as_str),
        news.product.as_ref().map(Reference::as_str),
        news.status.name(),
        news.amount_cents,
        news.tax_cents,
        news.refunded_cents,
        news.currency,
        news.reason,
        news.invoice,
        news.ordered_at.get(),
        news.seen.modified.get(),
        news.seen.told.get(),
        events
    )
    .fetch_one(conn)
    .await?;
    Ok(KnownPurchase::try_from(row)?.view)
}

/// Purchases before a number, newest first.
pub(in crate::billing) async fn purchases_list(
    conn: &mut PgConnection,
    user: DiscordId,
    (before, limit): (i64, i64),
) -> Result<Vec<PurchaseView>, DbError> {
    let rows = sqlx::query_as!(
        PurchaseRow,
        "select id, provider, order_id, discord_id, subscription, product_id, status, amount_cents, tax_cents,
                refunded_cents, currency, reason, invoice, ordered_at, provider_modified_at, provider_event_at, version
         from purchases where discord_id = $1 and id < $2 order by id desc limit $3",
        user.get(),
        before,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| Ok(KnownPurchase::try_from(row)?.view)).collect()
}

fn reference(text: &str) -> Result<Reference, DbError> {
    Reference::new(text).ok_or_else(|| DbError::impossible("a reference"))
}

fn seen(modified: DateTime<Utc>, told: DateTime<Utc>) -> Seen {
    Seen { modified: Timestamp::new(modified), told: Timestamp::new(told) }
}
