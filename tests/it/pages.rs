//! What a page of the log costs the database.

use sqlx::PgConnection;
use tollbell::{
    db::{Db, DbSettings, LogPage},
    kernel::{
        event::{Seq, Topic},
        money::Scale,
    },
};

use super::support::Site;

const EVENTS: i64 = 50_000;
const PAGE_EVENTS: usize = 100;
/// Rows that a page may read for each event that it holds.
const ROWS_PER_EVENT_MAX: i64 = 5;

/// Payments among ten wallets, of which PostgreSQL has no statistics yet.
async fn append_payments(site: &Site) {
    let append = "with head as (
            update log_head set seq = seq + $1 returning seq - $1 as base
        ), appended as (
            insert into events (seq, at, kind, topics, data)
            select base + n, clock_timestamp(), 'payment.made', array['payments', 'wallet:k' || n % 10], '{}'
            from head, generate_series(1, $1) as n
            returning seq, topics
        )
        insert into event_topics (topic, seq) select topics[2], seq from appended";
    sqlx::query(append).bind(EVENTS).execute(&mut site.sql().await).await.unwrap();
}

/// Rows of the log that this transaction has read so far.
async fn rows_read(conn: &mut PgConnection) -> i64 {
    let sum = "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
               from pg_stat_xact_user_tables where relname like 'event%'";
    sqlx::query_scalar(sum).fetch_one(conn).await.unwrap()
}

/// Regression: a page of `payments` sorted all that was left of the log until PostgreSQL had counted its rows.
#[tokio::test]
async fn a_page_far_behind_reads_little_more_than_it_shows() {
    let site = Site::new().await;
    drop(site.hub(&[]).await);
    append_payments(&site).await;
    let settings = DbSettings {
        options: site.database_url.parse().unwrap(),
        // What is read is counted in the transaction that reads it, so all of this has to be one.
        pool_size: 1,
        migrate: false,
        partition_events: 1_000_000,
        scale: Scale::new(2).unwrap(),
    };
    let (db, _inbox) = Db::open(settings).await.unwrap();
    sqlx::query("begin").execute(&mut *db.read().await.unwrap()).await.unwrap();
    let head = db.log().head().await.unwrap().seq;
    for names in
        [&["payments"][..], &["wallet:k1"], &["wallet:k1", "wallet:k2"], &["payments", "wallet:k1"]]
    {
        let topics: Vec<Topic> = names.iter().map(|name| name.parse().unwrap()).collect();
        let before = rows_read(&mut db.read().await.unwrap()).await;
        let page = db.log().page(Seq::new(1_000), head, &topics, PAGE_EVENTS).await.unwrap();
        let LogPage::Events(events) = page else { panic!("{names:?}: gone") };
        assert_eq!(events.len(), PAGE_EVENTS, "{names:?}");
        let read = rows_read(&mut db.read().await.unwrap()).await - before;
        let most = i64::try_from(PAGE_EVENTS).unwrap() * ROWS_PER_EVENT_MAX;
        assert!((1..=most).contains(&read), "{names:?}: {read} rows for a page of {PAGE_EVENTS}");
    }
}
