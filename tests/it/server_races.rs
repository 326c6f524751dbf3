//! Many who start at once: nobody gets more servers or minutes than their plan allows, on whatever hub they ask.

use futures_util::future::join_all;
use serde_json::json;

use super::support::{
    Api, Site,
    orchestrator::Orchestrator,
    players::{Allowance, Player, SESSIONS, player, start},
    soak,
};

/// Regression: the lock of the row was void, so two who started at once both passed.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_starts_at_once_are_one_session() {
    let rounds = if soak() { 100 } else { 5 };
    let site = Site::new().await;
    let orchestrator = Orchestrator::start().await;
    let hubs = [orchestrator.hub(&site, &[]).await, orchestrator.hub(&site, &[]).await];
    let allowance = Allowance { minutes: 100_000, session: 60, at_once: 1 };
    let one = player(&site, &hubs[0], 803, allowance).await;
    let apis: [Api; 2] = hubs.each_ref().map(|hub| one.api.at(hub));
    for round in 0..rounds {
        let starts = (0..50).map(|n| start(&apis[n % 2], json!({})));
        let replies = join_all(starts).await;
        let made: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
        assert_eq!(made.len(), 1, "in round {round}");
        let refused =
            |code: &str| replies.iter().filter(|reply| reply.body["code"] == code).count();
        assert_eq!(refused("CONCURRENCY_LIMIT"), 49, "in round {round}");
        let id = made[0].body["session"]["id"].as_str().unwrap();
        orchestrator.reports(id, "exited", json!({})).await;
    }
    assert_eq!(orchestrator.calls("/v1/servers").len(), rounds);
    assert_eq!(one.minutes(&site).await, (0, 0));
}

/// Regression: minutes were not reserved, so thirty that were left were given out three times.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_minutes_are_given_out_once() {
    let rounds = if soak() { 100 } else { 5 };
    let site = Site::new().await;
    let orchestrator = Orchestrator::start().await;
    let hubs = [orchestrator.hub(&site, &[]).await, orchestrator.hub(&site, &[]).await];
    for round in 0..rounds {
        let allowance = Allowance { minutes: 30, session: 30, at_once: 3 };
        let one = player(&site, &hubs[0], 1_000 + round, allowance).await;
        let apis = [one.api.clone(), one.api.at(&hubs[1]), one.api.clone()];
        let asked = json!({"requested_minutes": 20});
        let replies = join_all(apis.iter().map(|api| start(api, asked.clone()))).await;
        let (_, held) = one.minutes(&site).await;
        let minutes =
            |reply: &super::support::Reply| reply.body["session"]["allocated_minutes"].as_i64();
        let given: Vec<i64> = replies.iter().filter_map(minutes).collect();
        assert_eq!((given.iter().sum::<i64>(), held), (30, 30), "in round {round}: {given:?}");
        assert_eq!(given.len(), 2, "twenty, the ten that are left, and nothing");
    }
}

/// Whatever users and the orchestrator do at once, the ledger has what the sessions say.
#[tokio::test(flavor = "multi_thread")]
async fn starts_stops_and_reports_at_once_end_with_one_bill_each() {
    let rounds = if soak() { 40 } else { 4 };
    let site = Site::new().await;
    let orchestrator = Orchestrator::start().await;
    let hubs = [orchestrator.hub(&site, &[]).await, orchestrator.hub(&site, &[]).await];
    let allowance = Allowance { minutes: 1_000_000, session: 60, at_once: 100 };
    let one = player(&site, &hubs[0], 803, allowance).await;
    let second = Player { id: one.id, api: one.api.at(&hubs[1]) };
    for _ in 0..rounds {
        let ids = join_all((0..10).map(|_| one.started())).await;
        join_all(ids.iter().map(|id| orchestrator.reports(id, "ready", json!({})))).await;
        let ended = json!({"runtime_seconds": 61});
        let all = ids.iter().map(|id| {
            let (orchestrator, ended) = (&orchestrator, &ended);
            let (one, second) = (&one, &second);
            async move {
                let (a, b, c, d) = tokio::join!(
                    one.stop(id),
                    orchestrator.reports(id, "stopped", ended.clone()),
                    second.stop(id),
                    orchestrator.reports(id, "killed", ended.clone()),
                );
                let statuses = [a.status, b.status, c.status, d.status];
                assert_eq!(statuses, [200; 4], "{a:?} {b:?} {c:?} {d:?}");
            }
        });
        join_all(all).await;
    }
    let sessions = i64::from(rounds) * 10;
    assert_eq!(one.minutes(&site).await, (5 * sessions, 0));
    let open = one.api.get(&format!("{SESSIONS}?status=open")).await;
    assert_eq!(open.body["sessions"], json!([]));
    let told = "select count(*) from events where kind in ('server.stopped', 'server.killed')";
    assert_eq!(site.count(told).await, 2 * sessions, "each end is told once, in two views");
    let gaps = "select count(*) from (
                  select data::json ->> 'id' as id, count(distinct (data::json ->> 'version')::int) as told,
                         max((data::json ->> 'version')::int) as last
                  from events where topics @> '{servers}' group by 1) s where told <> last";
    assert_eq!(site.count(gaps).await, 0, "versions are dense");
}
