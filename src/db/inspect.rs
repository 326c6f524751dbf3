//! What `doctor`, `verify-ledger` and `/metrics` ask about the database itself.

use sqlx::PgConnection;

use super::DbError;
use crate::kernel::event::Seq;

/// The state of the server, as far as it matters to a hub.
#[derive(Debug, Clone)]
pub struct Health {
    /// For example `15.18`.
    pub version: String,
    /// Whether an answered commit survives a power cut.
    pub durable: bool,
    /// Age in seconds of the oldest snapshot that keeps dead versions of the head row alive.
    pub oldest_snapshot_s: f64,
    /// Database time minus nothing: seconds since 1970 by the server's clock, to compare with the host's.
    pub unix_s: f64,
    /// How far the test clock is ahead, in milliseconds.
    pub clock_offset_ms: i64,
    /// Connections that the server lets ordinary users open.
    pub connections_max: i32,
}

/// Reads the state of the server.
///
/// # Errors
/// When the database fails.
pub async fn health(conn: &mut PgConnection) -> Result<Health, DbError> {
    let row = sqlx::query!(
        r#"select current_setting('server_version') as "version!",
                  current_setting('fsync') = 'on'
                      and current_setting('synchronous_commit') <> 'off' as "durable!",
                  coalesce((select extract(epoch from max(clock_timestamp() - xact_start))
                            from pg_stat_activity
                            where backend_xmin is not null and pid <> pg_backend_pid()), 0)::float8 as "oldest!",
                  extract(epoch from clock_timestamp())::float8 as "unix!",
                  clock_offset_ms,
                  current_setting('max_connections')::int
                      - current_setting('superuser_reserved_connections')::int as "connections_max!"
           from log_head"#
    )
    .fetch_one(conn)
    .await?;
    Ok(Health {
        version: row.version,
        durable: row.durable,
        oldest_snapshot_s: row.oldest,
        unix_s: row.unix,
        clock_offset_ms: row.clock_offset_ms,
        connections_max: row.connections_max,
    })
}

/// The end of the log, counted.
#[derive(Debug, Clone, Copy)]
pub struct NewestCheck {
    /// Events there should be.
    pub expected: i64,
    /// Events there are.
    pub kept: i64,
}

/// Counts the newest events, at most `limit`: what can be known of the log's density without reading all of it.
///
/// # Errors
/// When the database fails.
pub async fn check_newest(conn: &mut PgConnection, limit: i64) -> Result<NewestCheck, DbError> {
    Ok(sqlx::query_as!(
        NewestCheck,
        r#"select least(seq - floor, $1) as "expected!",
                  (select count(*) from events
                   where seq > greatest(h.floor, h.seq - $1) and seq <= h.seq) as "kept!"
           from log_head h"#,
        limit
    )
    .fetch_one(conn)
    .await?)
}

/// Whether the log is what it promises to be.
#[derive(Debug, Clone, Copy)]
pub struct LogCheck {
    /// The head row's number.
    pub head: Seq,
    /// Events that are kept.
    pub kept: i64,
    /// Events there should be between the floor and the head.
    pub expected: i64,
    /// Rows of the topic index that name no event, and topics of events that have no row although the index has come
    /// so far.
    pub astray: i64,
}

impl LogCheck {
    /// Whether every number from the floor to the head is one event, found under each of its topics.
    pub const fn is_dense(&self) -> bool {
        self.kept == self.expected && self.astray == 0
    }
}

/// Counts the log.
///
/// # Errors
/// When the database fails.
pub async fn check_log(conn: &mut PgConnection) -> Result<LogCheck, DbError> {
    let row = sqlx::query!(
        r#"select seq, seq - floor as "expected!",
                  (select count(*) from events where seq > h.floor and seq <= h.seq) as "kept!",
                  (select count(*) from (
                      select topic, seq from event_topics where seq > h.floor
                      except select topic, seq from events, unnest(topics) as topic where seq > h.floor) a)
                  + (select count(*) from (
                      select topic, seq from events, unnest(topics) as topic
                      where seq > h.floor and seq <= (select seq from followers where name = 'topics')
                        and topic <> 'payments'
                      except select topic, seq from event_topics where seq > h.floor) b) as "astray!"
           from log_head h"#
    )
    .fetch_one(conn)
    .await?;
    Ok(LogCheck {
        head: Seq::new(row.seq),
        kept: row.kept,
        expected: row.expected,
        astray: row.astray,
    })
}

/// Whether the numbers that the log's head gave out are those of the events that tell of them.
#[derive(Debug, Clone, Copy)]
pub struct NumberCheck {
    /// The last number that was given out.
    pub head: i64,
    /// The last number an event tells of, 0 when none does.
    pub last: i64,
    /// How many numbers lie between the first and the last that are told of.
    pub span: i64,
    /// How many events tell of a number.
    pub told: i64,
}

impl NumberCheck {
    /// Whether every number since the first kept event is told of once.
    pub const fn is_dense(&self) -> bool {
        self.told == self.span && (self.told == 0 || self.last == self.head)
    }
}

/// Compares the payment numbers with the kept events of a kind, whose data has them as `id`.
///
/// # Errors
/// When the database fails.
pub async fn check_numbers(conn: &mut PgConnection, kind: &str) -> Result<NumberCheck, DbError> {
    Ok(sqlx::query_as!(
        NumberCheck,
        r#"select (select payment_id from log_head) as "head!", coalesce(max(id), 0) as "last!",
                  coalesce(max(id) - min(id) + 1, 0) as "span!", count(distinct id) as "told!"
           from (select (data::json ->> 'id')::bigint as id from events, log_head h
                 where kind = $1 and events.seq > h.floor) told"#,
        kind
    )
    .fetch_one(conn)
    .await?)
}

/// Moves the test clock forward. Only `serve --dev` offers it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn advance_clock(conn: &mut PgConnection, by_ms: i64) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        "update log_head set clock_offset_ms = clock_offset_ms + $1 returning clock_offset_ms",
        by_ms
    )
    .fetch_one(conn)
    .await?)
}

/// Whether wallets may pay.
///
/// # Errors
/// When the database fails.
pub(crate) async fn payments_on(conn: &mut PgConnection) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!("select payments_on from log_head").fetch_one(conn).await?)
}

/// Switches payments on or off for every transaction that begins from here on. It locks the head of the log.
///
/// # Errors
/// When the database fails.
pub(crate) async fn switch_payments(conn: &mut PgConnection, on: bool) -> Result<(), DbError> {
    sqlx::query!("update log_head set payments_on = $1", on).execute(conn).await?;
    Ok(())
}
