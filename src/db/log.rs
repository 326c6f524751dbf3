//! The log: appending at the end of a transaction, reading behind a position.
//!
//! `append` raises the head row and keeps its lock until COMMIT. Postgres makes a transaction visible before it
//! releases its row locks, so whoever reads seq n can read every seq below n: a reader needs no waiting period and no
//! list of gaps. Nothing but [`super::Tx`] appends.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sqlx::{Connection as _, PgConnection, PgPool};

use super::DbError;
use crate::kernel::{
    event::{Draft, Epoch, Event, Seq, Topic},
    time::Timestamp,
};

/// Events on a page of the log at the most.
pub const LOG_PAGE_EVENTS_MAX: usize = 2_000;
/// Connections that read pages for those who are far behind, besides the pool: they must not take it from those who
/// write, and a few that are always in use know the log by heart.
pub const LOG_READERS_MAX: u32 = 4;
/// The topic that has no rows in `event_topics`: most of the log is on it, so it is read by seq.
pub(super) const UNINDEXED: &str = "payments";

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
    /// The next events, in order: every event on one of the topics up to the last of these, and maybe some on none.
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
    readers: PgPool,
    epoch: Epoch,
}

impl Log {
    pub(super) fn new(pool: PgPool, readers: PgPool, epoch: Epoch) -> Self {
        Self { pool, readers, epoch }
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
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
        let (seq, oldest) = ends(&mut *self.pool.acquire().await?).await?;
        Ok(Head { epoch: self.epoch.clone(), seq, oldest })
    }

    /// As [`page()`].
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
        page(&mut *self.readers.acquire().await?, after, upto, topics, limit).await
    }
}

/// The newest event, and the oldest that is still kept.
pub(super) async fn ends(conn: &mut PgConnection) -> Result<(Seq, Seq), DbError> {
    let row = sqlx::query!("select seq, floor from log_head").fetch_one(conn).await?;
    Ok((Seq::new(row.seq), Seq::new(row.floor).next()))
}

/// The events with `after < seq <= upto` on any of the topics, ascending, each once, at most `limit` of them. Where
/// most of the log is wanted, the rest is not left out: whoever reads looks at each event anyway. The index leads to
/// the others as far as it reaches, and what is newer is looked at one by one.
///
/// # Errors
/// When the database fails.
#[expect(clippy::as_conversions, reason = "the macro's notation for an array of borrowed texts")]
pub async fn page(
    conn: &mut PgConnection,
    after: Seq,
    upto: Seq,
    topics: &[Topic],
    limit: usize,
) -> Result<LogPage, DbError> {
    let names: Vec<&str> = topics.iter().map(Topic::as_str).collect();
    if names.contains(&UNINDEXED) {
        return between(conn, after, upto, limit).await;
    }
    sqlx::query_as!(
        Columns,
        r#"select h.floor, p.seqs, p.ats, p.kinds, p.topics, p.data
           from log_head h, lateral
                (select array_agg(seq) as seqs, array_agg(at) as ats, string_agg(kind, E'\x1e') as kinds,
                        string_agg(array_to_string(topics, ' '), E'\x1e') as topics, string_agg(data, E'\x1e') as data
                 from (select * from (
                           select e.*
                           from (select distinct t.seq from unnest($3::text[]) as wanted (topic), lateral
                                    (select seq from event_topics
                                     where topic = wanted.topic and seq > $1
                                       and seq <= least($2, (select seq from followers where name = 'topics'))
                                     order by seq limit $4) t
                                 order by t.seq limit $4) indexed, lateral
                                (select * from events where seq = indexed.seq offset 0) e
                           union all
                           (select * from events
                            where seq > greatest($1, (select seq from followers where name = 'topics')) and seq <= $2
                              and topics && $3
                            order by seq limit $4)) either
                       order by seq limit $4) e) p"#,
        after.get(),
        upto.get(),
        &names as &[&str],
        rows(limit)
    )
    .fetch_one(conn)
    .await?
    .page(after)
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
    let columns = sqlx::query_as!(
        Columns,
        r#"select h.floor, p.seqs, p.ats, p.kinds, p.topics, p.data
           from log_head h, lateral
                (select array_agg(seq) as seqs, array_agg(at) as ats, string_agg(kind, E'\x1e') as kinds,
                        string_agg(array_to_string(topics, ' '), E'\x1e') as topics, string_agg(data, E'\x1e') as data
                 from (select * from events
                       where seq > $1 and seq <= $2 and kind = any($3) order by seq limit $4) e) p"#,
        after.get(),
        end.min(head),
        &kinds,
        rows(limit)
    )
    .fetch_one(conn)
    .await?;
    let events = match columns.page(after)? {
        LogPage::Events(events) => events,
        LogPage::Gone { oldest } => return Ok(Stretch::Gone { oldest }),
    };
    let full = events.last().filter(|_| events.len() >= limit);
    let upto = full.map_or(end.min(head), |last| last.seq.get());
    Ok(Stretch::Kept { events, upto: Seq::new(upto), more: upto < head })
}

/// The events with `after < seq <= upto` on every topic, at most `limit` of them.
pub(super) async fn between(
    conn: &mut PgConnection,
    after: Seq,
    upto: Seq,
    limit: usize,
) -> Result<LogPage, DbError> {
    sqlx::query_as!(
        Columns,
        r#"select h.floor, p.seqs, p.ats, p.kinds, p.topics, p.data
           from log_head h, lateral
                (select array_agg(seq) as seqs, array_agg(at) as ats, string_agg(kind, E'\x1e') as kinds,
                        string_agg(array_to_string(topics, ' '), E'\x1e') as topics, string_agg(data, E'\x1e') as data
                 from (select * from events where seq > $1 and seq <= $2 order by seq limit $3) e) p"#,
        after.get(),
        upto.get(),
        rows(limit)
    )
    .fetch_one(conn)
    .await?
    .page(after)
}

/// Numbers the drafts and inserts them: one round trip, the last before COMMIT.
#[expect(clippy::as_conversions, reason = "the macro's notation for an array of borrowed texts")]
pub(super) async fn append(
    conn: &mut PgConnection,
    now: Timestamp,
    drafts: Vec<Draft>,
) -> Result<Vec<Arc<Event>>, DbError> {
    let count = i64::try_from(drafts.len()).map_err(DbError::impossible)?;
    let names =
        |draft: &Draft| draft.topics.iter().map(Topic::as_str).collect::<Vec<_>>().join(" ");
    let kinds: Vec<_> = drafts.iter().map(|draft| draft.kind).collect();
    let topics: Vec<_> = drafts.iter().map(names).collect();
    let data: Vec<_> = drafts.iter().map(|draft| draft.data.get()).collect();
    let base = sqlx::query_scalar!(
        r#"with head as (
               update log_head set seq = seq + $1 returning seq - $1 as base
           ), appended as (
               insert into events (seq, at, kind, topics, data)
               select head.base + t.place, $2, t.kind, string_to_array(t.topics, ' '), t.data
               from head, unnest($3::text[], $4::text[], $5::text[]) with ordinality
                    as t (kind, topics, data, place)
           )
           select base as "base!" from head"#,
        count,
        now.get(),
        &kinds as &[&str],
        &topics,
        &data as &[&str]
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

/// Whether the log has this event, or never will: a transaction holds the head from `append` to its end, so behind the
/// lock of the head it is over, also when nobody is there any more to hear of it.
pub(super) async fn holds(conn: &mut PgConnection, event: &Event) -> Result<bool, DbError> {
    let mut tx = conn.begin().await?;
    sqlx::query!("select seq from log_head for no key update").fetch_one(&mut *tx).await?;
    // Another transaction may have got the number since; it began at another time.
    let found = sqlx::query_scalar!(
        r#"select exists (select from events where seq = $1 and at = $2 and data = $3) as "found!""#,
        event.seq.get(),
        event.at.get(),
        event.data.get()
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok(found)
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit.min(LOG_PAGE_EVENTS_MAX)).unwrap_or(0)
}

/// A page as one row, each column of its events joined: what a row costs on its way through the driver is a multiple of
/// what an event does. The separator stands in no JSON text, where control characters are escaped.
struct Columns {
    floor: i64,
    seqs: Option<Vec<i64>>,
    ats: Option<Vec<DateTime<Utc>>>,
    kinds: Option<String>,
    topics: Option<String>,
    data: Option<String>,
}

/// See [`Columns`]; the statements have it as `E'\x1e'`.
const SEPARATOR: char = '\u{1e}';

impl Columns {
    fn page(self, after: Seq) -> Result<LogPage, DbError> {
        let Self { floor, seqs, ats, kinds, topics, data } = self;
        if after.get() < floor {
            return Ok(LogPage::Gone { oldest: Seq::new(floor).next() });
        }
        let (Some(seqs), Some(ats), Some(kinds), Some(topics), Some(data)) =
            (seqs, ats, kinds, topics, data)
        else {
            return Ok(LogPage::Events(Vec::new()));
        };
        let texts = kinds.split(SEPARATOR).zip(topics.split(SEPARATOR)).zip(data.split(SEPARATOR));
        let mut events: Vec<Arc<Event>> = Vec::with_capacity(seqs.len());
        for ((seq, at), ((kind, topics), data)) in seqs.iter().zip(ats).zip(texts) {
            let topics = topics.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>();
            events.push(Arc::new(Event {
                seq: Seq::new(*seq),
                at: Timestamp::new(at),
                // Neighbours are often of one kind.
                kind: match events.last() {
                    Some(last) if *last.kind == *kind => Arc::clone(&last.kind),
                    _ => kind.into(),
                },
                topics: topics.map_err(DbError::impossible)?,
                data: RawValue::from_string(data.to_owned())?,
            }));
        }
        let rising = |pair: &[Arc<Event>]| matches!(pair, [one, next] if one.seq < next.seq);
        if events.len() != seqs.len() || !events.windows(2).all(rising) {
            return Err(DbError::impossible("a page of the log out of order"));
        }
        Ok(LogPage::Events(events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(seqs: &[i64], kinds: &str, data: &str) -> Columns {
        let at = DateTime::from_timestamp_millis(0).unwrap();
        let topics = vec!["payments wallet:k8juvewcui"; seqs.len()].join("\u{1e}");
        Columns {
            floor: 3,
            seqs: Some(seqs.to_vec()),
            ats: Some(vec![at; seqs.len()]),
            kinds: Some(kinds.to_owned()),
            topics: Some(topics),
            data: Some(data.to_owned()),
        }
    }

    #[test]
    fn a_page_is_taken_apart_again() {
        let page =
            columns(&[5, 6], "a.b\u{1e}c.d", "{\"x\": \"\\u001e\"}\u{1e}[\n1]").page(Seq::new(3));
        let LogPage::Events(events) = page.unwrap() else { panic!("gone") };
        let parts: Vec<_> =
            events.iter().map(|event| (event.seq.get(), &*event.kind, event.data.get())).collect();
        assert_eq!(parts, [(5, "a.b", "{\"x\": \"\\u001e\"}"), (6, "c.d", "[\n1]")]);
        assert_eq!(events[1].topics.len(), 2);
    }

    #[test]
    fn a_page_that_is_not_whole_or_not_in_order_is_none() {
        let fails = |seqs: &[i64], kinds: &str, data: &str| {
            columns(seqs, kinds, data).page(Seq::new(3)).is_err()
        };
        assert!(!fails(&[5], "a.b", "{}"));
        assert!(fails(&[5, 6], "a.b", "{}"), "a kind is missing");
        assert!(fails(&[6, 5], "a.b\u{1e}a.b", "{}\u{1e}{}"));
        assert!(fails(&[5, 5], "a.b\u{1e}a.b", "{}\u{1e}{}"));
        assert!(fails(&[5], "a.b", "{"), "not JSON");
    }

    #[test]
    fn what_is_no_longer_kept_is_gone() {
        let page = columns(&[5], "a.b", "{}").page(Seq::new(2)).unwrap();
        assert!(matches!(page, LogPage::Gone { oldest } if oldest == Seq::new(4)));
    }
}
