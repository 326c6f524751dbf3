//! What a load test does to its own, throw-away database past the commands of the slices.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};

use super::event::Press;
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        event::{Seq, Topic},
        money::Amount,
    },
};

/// How far the log's head is moved: more events than any load test orders, and fewer than a partition holds.
const AHEAD_EVENTS: i64 = 1_000_000_000;
/// Events of a backlog that are inserted by one statement.
const BACKLOG_EVENTS: u32 = 10_000;

/// Lets this transaction's COMMIT not wait for the disk.
pub(super) async fn loosen(conn: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!("select set_config('synchronous_commit', 'off', true)").fetch_one(conn).await?;
    Ok(())
}

/// Moves the log's head far behind `begin`, so that the relay takes what it is given for committed, and all followers with
/// it: there is nothing for them.
pub(super) async fn move_head(conn: &mut PgConnection, begin: Seq) -> Result<(), DbError> {
    let far = begin.get().saturating_add(AHEAD_EVENTS);
    sqlx::query!("with head as (update log_head set seq = $1) update followers set seq = $1", far)
        .execute(conn)
        .await?;
    Ok(())
}

/// Appends events that no command has caused. Gives the head behind them.
pub(super) async fn backlog(
    conn: &mut PgConnection,
    press: &Press,
    count: u32,
) -> Result<Seq, DbError> {
    let mut left = count;
    while left > 0 {
        let batch = left.min(BACKLOG_EVENTS);
        let head = sqlx::query_scalar!("select seq from log_head").fetch_one(&mut *conn).await?;
        let (mut data, mut topics) = (Vec::new(), Vec::new());
        for place in 1..=i64::from(batch) {
            let event = press.event(Seq::new(head.saturating_add(place)));
            data.push(event.data.get().to_owned());
            topics.push(event.topics.iter().map(Topic::as_str).collect::<Vec<_>>().join(" "));
        }
        sqlx::query!(
            r#"with head as (
                   update log_head set seq = seq + $1 returning seq - $1 as base
               ), appended as (
                   insert into events (seq, at, kind, topics, data)
                   select head.base + t.place, clock_timestamp(), 'payment.made',
                          string_to_array(t.topics, ' '), t.data
                   from head, unnest($2::text[], $3::text[]) with ordinality as t (topics, data, place)
                   returning seq, topics
               ), indexed as (
                   insert into event_topics (topic, seq)
                   select topic, seq from appended, unnest(topics) as topic where topic <> 'payments'
               )
               update followers set seq = base + $1 from head"#,
            i64::from(batch),
            &topics,
            &data
        )
        .execute(&mut *conn)
        .await?;
        left = left.saturating_sub(batch);
    }
    // As autovacuum leaves a log that was written some time ago.
    sqlx::raw_sql("vacuum (analyze) events, event_topics").execute(&mut *conn).await?;
    let head = sqlx::query_scalar!("select seq from log_head").fetch_one(conn).await?;
    Ok(Seq::new(head))
}

/// How many transactions this database has finished; a statement by itself is one.
pub(super) async fn transactions(conn: &mut PgConnection) -> Result<u64, DbError> {
    let count = sqlx::query_scalar!(
        r#"select xact_commit + xact_rollback as "count!" from pg_stat_database
           where datname = current_database()"#
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unsigned_abs())
}

/// Makes one payment as is usual: statement by statement, in a transaction of its own. Gives its number, or nothing
/// when the payer can't pay.
pub(super) async fn pay(
    pool: &PgPool,
    payer: &Address,
    payee: &Address,
    amount: Amount,
) -> Result<Option<i64>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let amount = amount.units();
    let wallets = sqlx::query!(
        "select id, address, balance, version from wallets where address in ($1, $2)
         order by id for no key update",
        payer.as_str(),
        payee.as_str()
    )
    .fetch_all(&mut *tx)
    .await?;
    let find = |address: &Address| wallets.iter().find(|wallet| wallet.address == address.as_str());
    let (Some(from), Some(to)) = (find(payer), find(payee)) else { return Ok(None) };
    if from.balance < amount {
        return Ok(None);
    }
    sqlx::query!(
        "update wallets set balance = balance - $2, total_out = total_out + $2, version = version + 1 where id = $1",
        from.id,
        amount
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update wallets set balance = balance + $2, total_in = total_in + $2, version = version + 1 where id = $1",
        to.id,
        amount
    )
    .execute(&mut *tx)
    .await?;
    let versions = [from.version.saturating_add(1), to.version.saturating_add(1)];
    let id = tell(&mut tx, [from.id, to.id], amount, versions, [payer, payee]).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// Writes the payment and its event.
async fn tell(
    conn: &mut PgConnection,
    [payer, payee]: [i64; 2],
    amount: i64,
    [payer_version, payee_version]: [i64; 2],
    [from, to]: [&Address; 2],
) -> Result<i64, sqlx::Error> {
    let head = sqlx::query!(
        "update log_head set seq = seq + 1, payment_id = payment_id + 1 returning seq, payment_id"
    )
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into payments (id, payer, payee, amount, kind, at, payer_version, payee_version)
         values ($1, $2, $3, $4, 'transfer', clock_timestamp(), $5, $6)",
        head.payment_id,
        payer,
        payee,
        amount,
        payer_version,
        payee_version
    )
    .execute(&mut *conn)
    .await?;
    let data = serde_json::json!({"id": head.payment_id, "from": from, "to": to});
    let topics = [format!("wallet:{from}"), format!("wallet:{to}")];
    let all = [&["payments".to_owned()], topics.as_slice()].concat();
    sqlx::query!(
        "insert into events (seq, at, kind, topics, data) values ($1, clock_timestamp(), 'payment.made', $2, $3)",
        head.seq,
        &all,
        data.to_string()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into event_topics (topic, seq) select topic, $2 from unnest($1::text[]) as topic",
        &topics,
        head.seq
    )
    .execute(&mut *conn)
    .await?;
    Ok(head.payment_id)
}

/// Makes a database beside ours unless it is there.
pub(super) async fn make_database(conn: &mut PgConnection, name: &str) -> Result<(), DbError> {
    let there = sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_database where datname = $1"#,
        name
    )
    .fetch_one(&mut *conn)
    .await?;
    if there == 0 {
        // A name can't be a parameter here; this one is a constant of ours.
        sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(conn).await?;
    }
    Ok(())
}

/// Subscribes wallets of their own to a contract of their own, paid up to a moment from now: the first after
/// `first_s` seconds, each of the others `between_s` later. Their terms are long: they renew once.
pub(super) async fn subscribe(
    conn: &mut PgConnection,
    count: u32,
    first_s: f64,
    between_s: f64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"with start as (
               select coalesce(max(id), 0) as id from wallets
           ), owner as (
               insert into wallets (address, created_at)
               select 'k' || lpad(to_hex(start.id), 9, '0'), clock_timestamp() from start
               returning id, address
           ), subscribers as (
               insert into wallets (address, balance, total_in, created_at)
               select 'k' || lpad(to_hex(start.id + n), 9, '0'), 1000000, 1000000, clock_timestamp()
               from start, generate_series(1, $1::int) as n
               returning id, address
           ), minted as (
               update wallets set balance = balance - 1000000 * $1::bigint, total_out = total_out + 1000000 * $1::bigint
               where address = 'serverwelf'
           ), head as (
               update log_head set payment_id = payment_id + 1 returning payment_id
           ), payment as (
               insert into payments (id, payer, payee, amount, kind, at, payer_version, payee_version)
               select payment_id, (select min(id) from subscribers), owner.id, 1, 'transfer', clock_timestamp(), 1, 1
               from head, owner
               returning id
           ), contract as (
               insert into contracts (owner, status, title, created_at, updated_at)
               select address, 'open', 'load', clock_timestamp(), clock_timestamp() from owner
               returning id
           ), terms as (
               insert into contract_versions (contract_id, version, price, period_seconds, catch_up, created_at)
               select id, 1, 100, 864000, 'one', clock_timestamp() from contract
               returning contract_id
           )
           insert into subscriptions (contract_id, address, status, run, term, terms_version, anchor_at, anchor_term,
               started_at, term_started_at, lapsed_at, due_at, can_unsubscribe, last_payment)
           select contract_id, address, 'active', 1, 1, 1, at, 1,
                  at - interval '10 days', at - interval '10 days', at, at, true, payment.id
           from terms, payment, (
               select address, clock_timestamp() + ($2::float8 + $3::float8 * row_number() over (order by id))
                      * interval '1 second' as at
               from subscribers) as paid"#,
        i32::try_from(count).unwrap_or(i32::MAX),
        first_s,
        between_s
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How long after their moment the last charges were made: the longest but one in a hundred.
pub(super) async fn charge_delay(
    conn: &mut PgConnection,
    count: u32,
) -> Result<Option<Duration>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) as "count!",
                  percentile_disc(0.99) within group (order by extract(epoch from charged_at - due_at)::float8) as late
           from (select charged_at, due_at from charges order by payment_id desc limit $1) as last"#,
        i64::from(count)
    )
    .fetch_one(conn)
    .await?;
    let late = row.late.filter(|_| row.count == i64::from(count));
    Ok(late.map(Duration::from_secs_f64))
}
