//! Partitions of the log: made ahead of the head, dropped behind the retention.
//!
//! Ranges are arithmetic (`size` events each), so the partition of a position needs no catalogue. The floor moves
//! before a partition goes, so a reader is told `gone` and never sees a hole.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgConnection};

use super::DbError;
use crate::kernel::{event::Seq, time::Timestamp};

/// Partitions that exist ahead of the one in use.
const AHEAD: i64 = 2;
/// Names the lock that keeps two nodes from making the same partition.
const LOCK: i64 = 0x0074_6f6c_6c62_656c;

/// Makes the partition in use and those ahead of it. Safe on all nodes at once.
pub(super) async fn ensure(conn: &mut PgConnection, size: i64) -> Result<(), DbError> {
    let seq = sqlx::query_scalar!("select seq from log_head").fetch_one(&mut *conn).await?;
    let used = seq / size;
    for index in used..=used + AHEAD {
        let (from, to) = (index * size, (index + 1) * size);
        for parent in PARENTS {
            let name = format!("{parent}_{from}");
            if exists(conn, &name).await? {
                continue;
            }
            // Attaching takes a weaker lock on the parent than creating in place: appends go on.
            execute(
                conn,
                format!(
                    "begin; select pg_advisory_xact_lock({LOCK});
                     create table if not exists {name} (like {parent} including defaults including constraints);
                     do $$ begin
                         if not exists (select from pg_inherits where inhrelid = '{name}'::regclass) then
                             alter table {parent} attach partition {name} for values from ({from}) to ({to});
                         end if;
                     end $$;
                     commit"
                ),
            )
            .await?;
        }
    }
    Ok(())
}

/// Drops the partitions whose newest event is older than `keep`. Says where the log begins afterwards.
pub(super) async fn retain(
    conn: &mut PgConnection,
    now: Timestamp,
    keep: Duration,
) -> Result<Seq, DbError> {
    let mut floor = sqlx::query_scalar!("select floor from log_head").fetch_one(&mut *conn).await?;
    for (from, to) in attached(conn).await? {
        let newest = sqlx::query_scalar!(
            "select at from events where seq >= $1 and seq < $2 order by seq desc limit 1",
            from,
            to
        )
        .fetch_optional(&mut *conn)
        .await?;
        // A partition that is not full is still being written.
        let full = sqlx::query_scalar!(r#"select seq >= $1 as "full!" from log_head"#, to - 1)
            .fetch_one(&mut *conn)
            .await?;
        let old = newest.is_none_or(|at| now.since(Timestamp::new(at)) > keep);
        if !full || !old {
            break;
        }
        sqlx::query!("update log_head set floor = greatest(floor, $1)", to - 1)
            .execute(&mut *conn)
            .await?;
        floor = floor.max(to - 1);
        tracing::info!(
            from,
            to,
            "dropping a partition of the log that is older than the retention"
        );
    }
    drop_below(conn, floor).await?;
    Ok(Seq::new(floor).next())
}

const PARENTS: [&str; 2] = ["events", "event_topics"];

/// Ranges of the attached partitions of `events`, ascending.
async fn attached(conn: &mut PgConnection) -> Result<Vec<(i64, i64)>, DbError> {
    let names = sqlx::query_scalar!(
        r#"select pg_get_expr(c.relpartbound, c.oid) as "bound!"
           from pg_inherits i join pg_class c on c.oid = i.inhrelid
           where i.inhparent = 'events'::regclass and not i.inhdetachpending"#
    )
    .fetch_all(conn)
    .await?;
    let mut ranges: Vec<_> = names.iter().filter_map(|bound| range(bound)).collect();
    ranges.sort_unstable();
    Ok(ranges)
}

/// Reads `FOR VALUES FROM ('0') TO ('1000000')`.
fn range(bound: &str) -> Option<(i64, i64)> {
    let mut numbers = bound
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .filter_map(|part| part.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// Detaches and drops what lies wholly at or below the floor. A crash in between leaves a table that the next call
/// finds: a detach that was not finished is finished, a detached table is dropped.
async fn drop_below(conn: &mut PgConnection, floor: i64) -> Result<(), DbError> {
    for parent in PARENTS {
        let partitions = sqlx::query!(
            r#"select c.relname::text as "name!", i.inhparent is not null as "attached!",
                      coalesce(i.inhdetachpending, false) as "pending!",
                      pg_get_expr(c.relpartbound, c.oid) as bound
               from pg_class c left join pg_inherits i on i.inhrelid = c.oid
               where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace
                 and c.relname ~ ('^' || $1 || '_[0-9]+$')"#,
            parent
        )
        .fetch_all(&mut *conn)
        .await?;
        for partition in partitions {
            let name = &partition.name;
            let start =
                name.rsplit('_').next().and_then(|n| n.parse::<i64>().ok()).unwrap_or(i64::MAX);
            let end = partition.bound.as_deref().and_then(range).map_or(start, |(_, to)| to - 1);
            if end > floor {
                continue;
            }
            if partition.attached {
                let how = if partition.pending { "finalize" } else { "concurrently" };
                execute(conn, format!("alter table {parent} detach partition {name} {how}"))
                    .await?;
            }
            execute(conn, format!("drop table {name}")).await?;
        }
    }
    Ok(())
}

async fn exists(conn: &mut PgConnection, name: &str) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from pg_inherits i join pg_class c on c.oid = i.inhrelid
                          where c.relname = $1 and c.relnamespace = current_schema()::regnamespace) as "exists!""#,
        name
    )
    .fetch_one(conn)
    .await?)
}

/// Runs a statement made of our own table names and of numbers, which no macro can check.
async fn execute(conn: &mut PgConnection, sql: String) -> Result<(), DbError> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read() {
        assert_eq!(range("FOR VALUES FROM ('0') TO ('1000000')"), Some((0, 1_000_000)));
        assert_eq!(range("FOR VALUES FROM ('300') TO ('400')"), Some((300, 400)));
        assert_eq!(range("DEFAULT"), None);
    }
}
