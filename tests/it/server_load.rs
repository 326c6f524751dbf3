//! What signs of life cost: a thousand servers that beat twice a minute on one hub.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use serde_json::json;
use sqlx::Row;

use super::support::{
    Hub, Site,
    orchestrator::{Orchestrator, report},
    players::{Allowance, SESSIONS, player, start},
    soak,
};

/// How long the database may take to count what a connection did.
const STATISTICS: Duration = Duration::from_secs(12);

/// The cost of heartbeats, as the hub's process and the database count it.
#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_is_one_update_and_no_event() {
    let (sessions, rounds, pause) =
        if soak() { (1_000, 4, Duration::from_secs(30)) } else { (50, 2, Duration::ZERO) };
    let site = Site::new().await;
    let orchestrator = Orchestrator::start().await;
    let hub = orchestrator.hub(&site, &["--dev"]).await;
    let ids = running(&site, &orchestrator, &hub, sessions).await;
    // What came before should not be counted: a connection may keep its statistics for ten seconds.
    tokio::time::sleep(STATISTICS).await;
    let (head, before, cpu) = (hub.log_head().await, counted(&site).await, cpu_ticks(hub.pid()));
    let (begun, beats) = (Instant::now(), rounds * sessions);
    for round in 0..rounds {
        let round_begun = Instant::now();
        let (admin, ids) = (hub.admin(), ids.clone());
        // Spread over the pause, as a thousand servers are by themselves.
        let step = pause.checked_div(u32::try_from(sessions).unwrap()).unwrap_or_default();
        let beats = stream::iter(ids.into_iter().enumerate()).map(|(n, id)| {
            let admin = admin.clone();
            async move {
                let due = step * u32::try_from(n).unwrap();
                tokio::time::sleep(due.saturating_sub(round_begun.elapsed())).await;
                let body = json!({"event_id": format!("beat-{round}"), "event": "heartbeat"});
                let reply = report(&admin, &id, &body).await;
                assert_eq!(reply.body["status"], "processed", "{reply:?}");
            }
        });
        beats.buffer_unordered(16).collect::<Vec<()>>().await;
        tokio::time::sleep(pause.saturating_sub(round_begun.elapsed())).await;
    }
    let (spent, took) = (cpu_ticks(hub.pid()) - cpu, begun.elapsed());
    assert_eq!(hub.log_head().await, head, "a heartbeat is no event");
    tokio::time::sleep(STATISTICS).await;
    let after = counted(&site).await;
    let beats = i64::try_from(beats).unwrap();
    let [updated, hot, inserted, others] = [0, 1, 2, 3].map(|n| after[n] - before[n]);
    let millis = spent * 10;
    eprintln!(
        "{beats} heartbeats of {sessions} sessions in {:.1} s: {updated} rows updated ({hot} in place), \
         {inserted} inserted, {others} writes elsewhere; {millis} ms of CPU, {:.3} ms each, {:.1} % of a core",
        took.as_secs_f64(),
        f64::from(u32::try_from(millis).unwrap()) / f64::from(u32::try_from(beats).unwrap()),
        f64::from(u32::try_from(millis).unwrap()) / 10.0 / took.as_secs_f64(),
    );
    assert_eq!((updated, inserted, others), (beats, 0, 0));
    assert!(hot * 2 >= updated, "{hot} of {updated} updates were in place");
}

/// Sessions that run, each of its own user.
async fn running(site: &Site, orchestrator: &Orchestrator, hub: &Hub, count: usize) -> Vec<String> {
    let allowance = Allowance { minutes: 100_000, session: 60, at_once: 1_000 };
    let one = player(site, hub, 803, allowance).await;
    let starts = stream::iter(0..count).map(|_| async {
        let reply = start(&one.api, json!({})).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        let id = reply.body["session"]["id"].as_str().unwrap().to_owned();
        orchestrator.reports(&id, "ready", json!({})).await;
        id
    });
    let ids: Vec<String> = starts.buffer_unordered(8).collect().await;
    let open = one.api.get(&format!("{SESSIONS}?status=running&limit=1")).await;
    assert_eq!(open.status, 200, "{open:?}");
    ids
}

/// Rows of sessions updated, and of these in place; rows of them and their reports inserted; writes of events and keys.
async fn counted(site: &Site) -> [i64; 4] {
    let sql = "select
        coalesce(sum(n_tup_upd) filter (where relname = 'server_sessions'), 0)::bigint,
        coalesce(sum(n_tup_hot_upd) filter (where relname = 'server_sessions'), 0)::bigint,
        coalesce(sum(n_tup_ins) filter (where relname in ('server_sessions', 'server_reports')), 0)::bigint,
        coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del)
                 filter (where relname similar to '(events|event_topics|request_keys|log_head|server_stops)%'), 0)::bigint
        from pg_stat_user_tables";
    let row = sqlx::query(sql).fetch_one(&mut site.sql().await).await.unwrap();
    [0, 1, 2, 3].map(|n| row.get(n))
}

/// CPU of a process in hundredths of a second.
fn cpu_ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, rest) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = rest.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
