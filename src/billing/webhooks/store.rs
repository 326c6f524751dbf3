//! All SQL on `webhook_events`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Waiting;
use crate::{
    billing::{
        model::{EventStatus, Note},
        views::WebhookEventView,
    },
    db::DbError,
    kernel::{id::DiscordId, time::Timestamp},
    plans::model::{Provider, Reference},
};

/// An event as it arrived.
#[derive(Debug)]
pub(in crate::billing) struct Arrival<'a> {
    pub(in crate::billing) provider: Provider,
    pub(in crate::billing) event_id: &'a str,
    pub(in crate::billing) kind: &'a str,
    pub(in crate::billing) told_at: Timestamp,
    pub(in crate::billing) payload: &'a str,
    pub(in crate::billing) sha256: [u8; 32],
}

/// An event of which we hold the lock.
#[derive(Debug)]
pub(in crate::billing) struct Claimed {
    pub(in crate::billing) id: i64,
    pub(in crate::billing) status: EventStatus,
    pub(in crate::billing) code: Option<Note>,
    pub(in crate::billing) attempts: i32,
    /// Whether it was there before.
    pub(in crate::billing) known: bool,
}

impl Claimed {
    /// Whether operators were told that it waits or failed. What was done before is claimed by nobody.
    pub(in crate::billing) fn is_announced(&self) -> bool {
        self.known && !self.status.is_done() && self.code.is_some_and(Note::is_alarming)
    }
}

/// Takes an event down, or finds it, and locks it. Who comes at the same time waits here for the other's commit.
pub(in crate::billing) async fn event_claim(
    conn: &mut PgConnection,
    arrival: &Arrival<'_>,
    now: Timestamp,
) -> Result<Claimed, DbError> {
    let row = sqlx::query!(
        r#"insert into webhook_events
           (provider, event_id, kind, status, payload, payload_sha256, attempts, told_at, received_at)
           values ($1, $2, $3, 'failed', $4, $5, 1, $6, $7)
           on conflict (provider, event_id) do update
           set attempts = webhook_events.attempts + 1,
               payload = case when webhook_events.processed_at is null then excluded.payload
                              else webhook_events.payload end
           returning id, status, code, attempts, (xmax <> 0) as "known!""#,
        arrival.provider.name(),
        arrival.event_id,
        arrival.kind,
        arrival.payload,
        arrival.sha256.as_slice(),
        arrival.told_at.get(),
        now.get()
    )
    .fetch_one(conn)
    .await?;
    Ok(Claimed {
        id: row.id,
        status: row.status.parse().map_err(DbError::impossible)?,
        code: row.code.map(|code| code.parse()).transpose().map_err(DbError::impossible)?,
        attempts: row.attempts,
        known: row.known,
    })
}

/// An event that is to be tried again, with its lock. `None` when it is done, or in the hands of another node.
#[derive(Debug)]
pub(in crate::billing) struct Reclaimed {
    pub(in crate::billing) claimed: Claimed,
    pub(in crate::billing) provider: Provider,
    pub(in crate::billing) event_id: String,
    pub(in crate::billing) kind: String,
    pub(in crate::billing) payload: String,
}

pub(in crate::billing) async fn event_reclaim(
    conn: &mut PgConnection,
    id: i64,
) -> Result<Option<Reclaimed>, DbError> {
    let row = sqlx::query!(
        r#"select id, provider, event_id, kind, status, code, attempts, payload as "payload!"
           from webhook_events where id = $1 and processed_at is null for update skip locked"#,
        id
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Reclaimed {
        claimed: Claimed {
            id: row.id,
            status: row.status.parse().map_err(DbError::impossible)?,
            code: row.code.map(|code| code.parse()).transpose().map_err(DbError::impossible)?,
            attempts: row.attempts + 1,
            known: true,
        },
        provider: row.provider.parse().map_err(DbError::impossible)?,
        event_id: row.event_id,
        kind: row.kind,
        payload: row.payload,
    }))
}

/// How an event stands behind an attempt.
#[derive(Debug)]
pub(in crate::billing) struct Settled<'a> {
    pub(in crate::billing) id: i64,
    pub(in crate::billing) status: EventStatus,
    pub(in crate::billing) code: Option<Note>,
    pub(in crate::billing) attempts: i32,
    pub(in crate::billing) next_attempt_at: Option<Timestamp>,
    pub(in crate::billing) waiting: &'a Waiting,
}

pub(in crate::billing) async fn event_settle(
    conn: &mut PgConnection,
    settled: &Settled<'_>,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update webhook_events
         set status = $2, code = $3, attempts = $4, next_attempt_at = $5, awaits_user = $6, awaits_customer = $7,
             awaits_product = $8, processed_at = case when $9 then $10::timestamptz end
         where id = $1",
        settled.id,
        settled.status.name(),
        settled.code.map(Note::name),
        settled.attempts,
        settled.next_attempt_at.map(Timestamp::get),
        settled.waiting.user.map(DiscordId::get),
        settled.waiting.customer.as_ref().map(Reference::as_str),
        settled.waiting.product.as_ref().map(Reference::as_str),
        settled.status.is_done(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Events that are due, oldest first.
pub(in crate::billing) async fn events_due(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "select id from webhook_events where next_attempt_at <= $1 order by next_attempt_at, id limit $2",
        now.get(),
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Makes due what waits for a user, or for anything that is no longer missing.
pub(in crate::billing) async fn events_wake_user(
    conn: &mut PgConnection,
    user: DiscordId,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update webhook_events set next_attempt_at = $2 where awaits_user = $1",
        user.get(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(in crate::billing) async fn events_wake_customer(
    conn: &mut PgConnection,
    customer: &Reference,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update webhook_events set next_attempt_at = $2 where awaits_customer = $1 and processed_at is null",
        customer.as_str(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(in crate::billing) async fn events_wake_products(
    conn: &mut PgConnection,
    products: &[String],
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update webhook_events set next_attempt_at = $2
         where awaits_product = any($1) and processed_at is null",
        products,
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Which of these events of a provider we lack: never heard of, or not done.
pub(in crate::billing) async fn events_missing(
    conn: &mut PgConnection,
    provider: Provider,
    ids: &[String],
) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id!" from unnest($2::text[]) as listed (id)
           where not exists (select from webhook_events e where e.provider = $1 and e.event_id = listed.id)"#,
        provider.name(),
        ids
    )
    .fetch_all(conn)
    .await?)
}

/// Forgets the payloads of events that were done before, a bounded number at a time.
pub(in crate::billing) async fn payloads_forget(
    conn: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "update webhook_events set payload = null where id in
         (select id from webhook_events where payload is not null and processed_at < $1
          order by processed_at limit $2 for update skip locked)",
        before.get(),
        limit
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Events before a number, newest first.
pub(in crate::billing) async fn events_list(
    conn: &mut PgConnection,
    status: Option<EventStatus>,
    (before, limit): (i64, i64),
) -> Result<Vec<WebhookEventView>, DbError> {
    let rows = sqlx::query_as!(
        EventRow,
        "select id, provider, event_id, kind, status, code, attempts, next_attempt_at, awaits_user, awaits_customer,
                awaits_product, told_at, received_at, processed_at
         from webhook_events where ($1::text is null or status = $1) and id < $2 order by id desc limit $3",
        status.map(EventStatus::name),
        before,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(in crate::billing) async fn event_find(
    conn: &mut PgConnection,
    id: i64,
) -> Result<Option<WebhookEventView>, DbError> {
    let row = sqlx::query_as!(
        EventRow,
        "select id, provider, event_id, kind, status, code, attempts, next_attempt_at, awaits_user, awaits_customer,
                awaits_product, told_at, received_at, processed_at
         from webhook_events where id = $1",
        id
    )
    .fetch_optional(conn)
    .await?;
    row.map(TryInto::try_into).transpose()
}

struct EventRow {
    id: i64,
    provider: String,
    event_id: String,
    kind: String,
    status: String,
    code: Option<String>,
    attempts: i32,
    next_attempt_at: Option<DateTime<Utc>>,
    awaits_user: Option<i64>,
    awaits_customer: Option<String>,
    awaits_product: Option<String>,
    told_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
    processed_at: Option<DateTime<Utc>>,
}

impl TryFrom<EventRow> for WebhookEventView {
    type Error = DbError;

    fn try_from(row: EventRow) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            provider: row.provider.parse().map_err(DbError::impossible)?,
            event_id: row.event_id,
            kind: row.kind,
            status: row.status.parse().map_err(DbError::impossible)?,
            code: row.code.map(|code| code.parse()).transpose().map_err(DbError::impossible)?,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at.map(Timestamp::new),
            awaits_user: row.awaits_user.map(DiscordId::new),
            awaits_customer: row.awaits_customer,
            awaits_product: row.awaits_product,
            told_at: Timestamp::new(row.told_at),
            received_at: Timestamp::new(row.received_at),
            processed_at: row.processed_at.map(Timestamp::new),
        })
    }
}
