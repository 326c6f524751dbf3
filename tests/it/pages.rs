//! What a page of the log costs the database, and the index by topic that leads to it.

use std::time::Duration;

use sqlx::PgConnection;
use tollbell::{
    db::{LogPage, log},
    kernel::event::{Seq, Topic},
};

use super::support::{Hub, Site};

const EVENTS: i64 = 50_000;
const PAGE_EVENTS: usize = 100;
/// Rows that a page may read for each event that it holds.
const ROWS_PER_EVENT_MAX: i64 = 5;
/// How the connections of those who read the log are set.
const AS_READERS: &str = "set plan_cache_mode = force_generic_plan; set enable_seqscan = off;
    set enable_hashjoin = off; set enable_mergejoin = off; set jit = off";
/// How long the index may take to come to the head.
const FOLLOWS: Duration = Duration::from_secs(30);

/// Payments among ten wallets, of which PostgreSQL has no statistics yet.
async fn append_payments(site: &Site, count: i64) {
    let append = "with head as (
            update log_head set seq = seq + $1 returning seq - $1 as base
        ), appended as (
            insert into events (seq, at, kind, topics, data)
            select base + n, clock_timestamp(), 'payment.made', array['payments', 'wallet:k' || n % 10], '{}'
            from head, generate_series(1, $1) as n
            returning seq, topics
        ), indexed as (
            insert into event_topics (topic, seq) select topics[2], seq from appended
        )
        update followers set seq = base + $1 from head where name = 'topics'";
    sqlx::query(append).bind(count).execute(&mut site.sql().await).await.unwrap();
}

/// Rows of the log that this transaction has read so far.
async fn rows_read(conn: &mut PgConnection) -> i64 {
    let sum = "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
               from pg_stat_xact_user_tables where relname like 'event%'";
    sqlx::query_scalar(sum).fetch_one(conn).await.unwrap()
}

/// Regression: a page of `payments` sorted all that was left of the log until PostgreSQL had counted its rows, and a plan
/// from the time when it had counted few read all of them for each event.
#[tokio::test]
async fn a_page_far_behind_reads_little_more_than_it_shows() {
    let asked = [
        &["payments"][..],
        &["wallet:k1"],
        &["wallet:k1", "wallet:k2"],
        &["payments", "wallet:k1"],
    ];
    for counted in [0, 60] {
        let site = Site::new().await;
        drop(site.hub(&[]).await);
        let mut conn = site.sql().await;
        sqlx::raw_sql(AS_READERS).execute(&mut conn).await.unwrap();
        if counted > 0 {
            append_payments(&site, counted).await;
            sqlx::raw_sql("analyze").execute(&mut conn).await.unwrap();
            for names in asked {
                page(&mut conn, 0, counted, names).await;
            }
        }
        append_payments(&site, EVENTS).await;
        let select = "select seq from log_head";
        let head = sqlx::query_scalar(select).fetch_one(&mut conn).await.unwrap();
        // What is read is counted in the transaction that reads it.
        sqlx::raw_sql("begin").execute(&mut conn).await.unwrap();
        for names in asked {
            let before = rows_read(&mut conn).await;
            assert_eq!(page(&mut conn, 1_000, head, names).await, PAGE_EVENTS, "{names:?}");
            let read = rows_read(&mut conn).await - before;
            let most = i64::try_from(PAGE_EVENTS).unwrap() * ROWS_PER_EVENT_MAX;
            assert!((1..=most).contains(&read), "{names:?}, {counted} counted: {read} rows");
        }
    }
}

/// How many events a page has.
async fn page(conn: &mut PgConnection, after: i64, upto: i64, names: &[&str]) -> usize {
    let topics: Vec<Topic> = names.iter().map(|name| name.parse().unwrap()).collect();
    let page = log::page(conn, Seq::new(after), Seq::new(upto), &topics, PAGE_EVENTS).await;
    let LogPage::Events(events) = page.unwrap() else { panic!("{names:?}: gone") };
    events.len()
}

/// Where the index ends, and whether it ends within what is asked for, makes no difference.
#[tokio::test]
async fn a_page_is_the_same_however_far_the_index_has_come() {
    let site = Site::new().await;
    drop(site.hub(&[]).await);
    append_payments(&site, EVENTS).await;
    let mut conn = site.sql().await;
    let first: i64 = sqlx::query_scalar("select min(seq) from events where kind = 'payment.made'")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    let topics: Vec<Topic> = ["wallet:k1", "wallet:k2"].map(|name| name.parse().unwrap()).into();
    let mut pages = Vec::new();
    // Backwards, as what is deleted stays deleted.
    for end in [EVENTS - 1, 60, 32, 31, 0, -1].map(|n| first + n) {
        sqlx::query("update followers set seq = $1 where name = 'topics'")
            .bind(end)
            .execute(&mut conn)
            .await
            .unwrap();
        // What is behind the cursor has no rows.
        sqlx::query("delete from event_topics where seq > $1")
            .bind(end)
            .execute(&mut conn)
            .await
            .unwrap();
        let (after, upto) = (Seq::new(first), Seq::new(first + 50));
        for limit in [4, 100] {
            let page = log::page(&mut conn, after, upto, &topics, limit).await.unwrap();
            let LogPage::Events(events) = page else { panic!("{end}: gone") };
            let seqs: Vec<_> = events.iter().map(|event| event.seq.get() - first).collect();
            pages.push((limit, seqs));
        }
    }
    assert_eq!(pages[0].1.len(), 4);
    assert_eq!(pages[1].1.len(), 10, "two of ten wallets, and the first payment is left out");
    assert!(pages[0].1.iter().chain(&pages[1].1).all(|seq| (1..=50).contains(seq)));
    for (limit, seqs) in &pages {
        let expected = if *limit == 4 { &pages[0].1 } else { &pages[1].1 };
        assert_eq!(seqs, expected, "{limit}");
    }
}

/// Two hubs take turns, and what was committed while none was there is found by the next.
#[tokio::test]
async fn the_index_follows_the_log() {
    let append = "with head as (
            update log_head set seq = seq + 12000 returning seq - 12000 as base
        )
        insert into events (seq, at, kind, topics, data)
        select base + n, clock_timestamp(), 'load.made', array['payments', 'wallet:k' || n % 10, 'all', 'all'], '{}'
        from head, generate_series(1, 12000) as n";
    let follows =
        "select count(*) from followers f, log_head h where f.name = 'topics' and f.seq = h.seq";
    let astray = "select count(*) from (
            (select topic, seq from event_topics
             except select topic, seq from events, unnest(topics) as topic)
            union all
            (select topic, seq from events, unnest(topics) as topic where topic <> 'payments'
             except select topic, seq from event_topics)) as rows";
    let site = Site::new().await;
    let mut hubs = [site.hub(&[]).await, site.hub(&[]).await];
    for _ in 0..3 {
        sqlx::query(append).execute(&mut site.sql().await).await.unwrap();
        site.wait_count(follows, 1, FOLLOWS).await;
        assert_eq!(site.count(astray).await, 0);
    }
    hubs.iter_mut().for_each(Hub::kill);
    sqlx::query(append).execute(&mut site.sql().await).await.unwrap();
    assert_eq!(site.count(follows).await, 0);
    let _hub = site.hub(&[]).await;
    site.wait_count(follows, 1, FOLLOWS).await;
    assert_eq!(site.count(astray).await, 0);
}
