//! The log: appending at the end of a transaction, reading behind a position.
//!
//! `append` raises the head row and keeps its lock until COMMIT. Postgres makes a transaction visible before it
//! releases its row locks, so whoever reads seq n can read every seq below n: a reader needs no waiting period and no
//! list of gaps. Nothing but [`super::Tx`] appends.

use std::sync::Arc;

use serde_json::value::RawValue;
use sqlx::{PgConnection, PgPool};

use super::DbError;
use crate::kernel::{
    event::{Draft, Epoch, Event, Seq, Topic},
    time::Timestamp,
};

/// Events on a page of the log at the most.
pub const LOG_PAGE_EVENTS_MAX: usize = 2_000;
/// The topic that has no rows in `event_topics`: most of the log is on it, so it is read by seq.
const UNINDEXED: &str = "payments";

/// Where the log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which history this is.
    pub epoch: Epoch,
    /// The newest event.
    pub seq: Seq,
    /// The oldest event that is still kept; one behind `seq` when there is none.
    pub oldest: Seq,
}

/// What lies behind a position.
#[derive(Debug, Clone)]
pub enum LogPage {
    /// The next events, in order.
    Events(Vec<Arc<Event>>),
    /// Some of them are no longer kept; this is the oldest that is.
    Gone {
        /// See [`Head::oldest`].
        oldest: Seq,
    },
}

/// Reads the log.
#[derive(Debug, Clone)]
pub struct Log {
    pool: PgPool,
    epoch: Epoch,
}

impl Log {
    pub(super) const fn new(pool: PgPool, epoch: Epoch) -> Self {
        Self { pool, epoch }
    }

    /// Which history this is.
    pub const fn epoch(&self) -> &Epoch {
        &self.epoch
    }

    /// Where the log stands now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn head(&self) -> Result<Head, DbError> {
        let row = sqlx::query!("select seq, floor from log_head").fetch_one(&self.pool).await?;
        Ok(Head {
            epoch: self.epoch.clone(),
            seq: Seq::new(row.seq),
            oldest: Seq::new(row.floor).next(),
        })
    }

    /// The events with `after < seq <= upto` on any of the topics, ascending, each once, at most `limit` of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(
        &self,
        after: Seq,
        upto: Seq,
        topics: &[Topic],
        limit: usize,
    ) -> Result<LogPage, DbError> {
        let names: Vec<String> = topics.iter().map(ToString::to_string).collect();
        let limit = rows(limit);
        let conn = &mut *self.pool.acquire().await?;
        if names.iter().any(|name| name == UNINDEXED) {
            // Most rows match, and the planner must think so, or it sorts all of the log that is left for each page.
            // Of a new partition it has no statistics: of `coalesce` it always expects every second row, and of a
            // stretch with two ends far too few, which is why the other end is looked at outside.
            let rows = sqlx::query_as!(
                Row,
                r#"select (select floor from log_head) as "floor!", seq as "seq?", at as "at?", kind as "kind?",
                          topics as "topics?", data as "data?"
                   from (select * from events
                         where seq > $1 and coalesce(topics && $3, false)
                         order by seq limit $4) e
                   where seq <= $2
                   order by seq"#,
                after.get(),
                upto.get(),
                &names,
                limit
            )
            .fetch_all(&mut *conn)
            .await?;
            if !rows.is_empty() {
                return page(after, rows);
            }
            let floor = sqlx::query_scalar!("select floor from log_head").fetch_one(conn).await?;
            return Ok(gone(after, floor).unwrap_or(LogPage::Events(Vec::new())));
        }
        let rows = sqlx::query_as!(
            Row,
            r#"select h.floor, e.seq as "seq?", e.at as "at?", e.kind as "kind?",
                      e.topics as "topics?", e.data as "data?"
               from log_head h left join lateral
                    (select * from events
                     where seq > $1 and seq <= $2 and seq in
                         (select distinct t.seq from unnest($3::text[]) as wanted (topic), lateral
                             (select seq from event_topics
                              where topic = wanted.topic and seq > $1 and seq <= $2
                              order by seq limit $4) t
                          order by t.seq limit $4)) e on true
               order by e.seq"#,
            after.get(),
            upto.get(),
            &names,
            limit
        )
        .fetch_all(conn)
        .await?;
        page(after, rows)
    }
}

/// A stretch of the log behind a position, of which only some kinds are of interest.
pub(super) enum Stretch {
    /// The events of those kinds, how far the stretch reaches, and whether the log goes on behind it.
    Kept { events: Vec<Arc<Event>>, upto: Seq, more: bool },
    /// The log no longer reaches back to it.
    Gone { oldest: Seq },
}

/// The events of some kinds behind `after` on every topic: at most `limit` of them, within the next `span` positions.
pub(super) async fn stretch(
    conn: &mut PgConnection,
    after: Seq,
    kinds: &[&str],
    span: i64,
    limit: usize,
) -> Result<Stretch, DbError> {
    let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    let end = after.get().saturating_add(span);
    let head = sqlx::query_scalar!("select seq from log_head").fetch_one(&mut *conn).await?;
    let rows = sqlx::query_as!(
        Row,
        r#"select h.floor, e.seq as "seq?", e.at as "at?", e.kind as "kind?",
                  e.topics as "topics?", e.data as "data?"
           from log_head h left join lateral
                (select * from events
                 where seq > $1 and seq <= $2 and kind = any($3) order by seq limit $4) e on true
           order by e.seq"#,
        after.get(),
        end.min(head),
        &kinds,
        rows(limit)
    )
    .fetch_all(conn)
    .await?;
    let events = match page(after, rows)? {
        LogPage::Events(events) => events,
        LogPage::Gone { oldest } => return Ok(Stretch::Gone { oldest }),
    };
    let full = events.last().filter(|_| events.len() >= limit);
    let upto = full.map_or(end.min(head), |last| last.seq.get());
    Ok(Stretch::Kept { events, upto: Seq::new(upto), more: upto < head })
}

/// The events behind `after` on every topic, for the relay.
pub(super) async fn tail(
    conn: &mut PgConnection,
    after: Seq,
    limit: usize,
) -> Result<LogPage, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select h.floor, e.seq as "seq?", e.at as "at?", e.kind as "kind?",
                  e.topics as "topics?", e.data as "data?"
           from log_head h left join lateral
                (select * from events where seq > $1 order by seq limit $2) e on true
           order by e.seq"#,
        after.get(),
        rows(limit)
    )
    .fetch_all(conn)
    .await?;
    page(after, rows)
}

/// Numbers the drafts and inserts them: one round trip, the last before COMMIT.
pub(super) async fn append(
    conn: &mut PgConnection,
    now: Timestamp,
    drafts: Vec<Draft>,
) -> Result<Vec<Arc<Event>>, DbError> {
    let count = i64::try_from(drafts.len()).map_err(DbError::impossible)?;
    let (mut kinds, mut topics, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for draft in &drafts {
        kinds.push(draft.kind.to_owned());
        topics.push(draft.topics.iter().map(Topic::as_str).collect::<Vec<_>>().join(" "));
        data.push(draft.data.get().to_owned());
    }
    let base = sqlx::query_scalar!(
        r#"with head as (
               update log_head set seq = seq + $1 returning seq - $1 as base
           ), appended as (
               insert into events (seq, at, kind, topics, data)
               select head.base + t.place, $2, t.kind, string_to_array(t.topics, ' '), t.data
               from head, unnest($3::text[], $4::text[], $5::text[]) with ordinality
                    as t (kind, topics, data, place)
               returning seq, topics
           ), indexed as (
               insert into event_topics (topic, seq)
               select distinct topic, seq from appended, unnest(topics) as topic where topic <> $6
           )
           select base as "base!" from head"#,
        count,
        now.get(),
        &kinds,
        &topics,
        &data,
        UNINDEXED
    )
    .fetch_one(conn)
    .await?;
    let number = |(draft, seq): (Draft, i64)| {
        Arc::new(Event {
            seq: Seq::new(seq),
            at: now,
            kind: draft.kind.into(),
            topics: draft.topics.into(),
            data: draft.data,
        })
    };
    Ok(drafts.into_iter().zip(base.saturating_add(1)..).map(number).collect())
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit.min(LOG_PAGE_EVENTS_MAX)).unwrap_or(0)
}

/// A row of a page. A page without events is one row that has only the floor.
struct Row {
    floor: i64,
    seq: Option<i64>,
    at: Option<chrono::DateTime<chrono::Utc>>,
    kind: Option<String>,
    topics: Option<Vec<String>>,
    data: Option<String>,
}

fn page(after: Seq, rows: Vec<Row>) -> Result<LogPage, DbError> {
    if let Some(gone) = rows.first().and_then(|row| gone(after, row.floor)) {
        return Ok(gone);
    }
    rows.into_iter().filter_map(event).collect::<Result<_, _>>().map(LogPage::Events)
}

/// That something behind the position is no longer kept.
fn gone(after: Seq, floor: i64) -> Option<LogPage> {
    (after.get() < floor).then(|| LogPage::Gone { oldest: Seq::new(floor).next() })
}

fn event(row: Row) -> Option<Result<Arc<Event>, DbError>> {
    let Row {
        seq: Some(seq),
        at: Some(at),
        kind: Some(kind),
        topics: Some(topics),
        data: Some(data),
        ..
    } = row
    else {
        return None;
    };
    let topics = topics.iter().map(|name| name.parse()).collect::<Result<_, _>>();
    Some(topics.map_err(DbError::impossible).and_then(|topics| {
        Ok(Arc::new(Event {
            seq: Seq::new(seq),
            at: Timestamp::new(at),
            kind: kind.into(),
            topics,
            data: RawValue::from_string(data)?,
        }))
    }))
}
