//! Clients that go on where they were: all of them after a restart of the hub, and one from far behind.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::{
    event::Spread,
    figures::{Bound, Figures, Metric, number},
    fleet::{Asking, Fleet, subscribe},
    idle::interest,
    report::Report,
    setup::{Setup, check, metric},
    stand::{Order, Role, Stand},
};
use crate::config::ResumeArgs;

/// Payments that were missed by everyone who comes back.
const MISSED: u32 = 20;
/// How long one client may take for its backlog, and all for theirs.
const CATCH_UP_MAX: Duration = Duration::from_mins(2);
/// A server process of PostgreSQL that has nothing more to do tells after 10 s what it did.
const TOLD: Duration = Duration::from_secs(11);

const BACK: Metric = metric("until all have caught up after a restart", "s");
const QUERIES: Metric = metric("queries for that", "queries");
const RATE: Metric = metric("events a second from far behind", "k/s");
const MEMORY: Metric = metric("memory for that", "MiB");

/// What a client remembers of a welcome.
#[derive(Deserialize)]
struct Welcome {
    epoch: String,
}

/// Measures both.
pub(super) fn run(args: &ResumeArgs) -> anyhow::Result<Report> {
    let setup = Setup::new(args.measure, 2)?;
    let mut report = Report::new("resume: clients go on where they were");
    let mut figures = Figures::default();
    for _ in 0..setup.repetitions {
        restart(&setup, args.clients, &mut figures, &mut report)?;
        setup.step();
        backlog(&setup, args.backlog, &mut figures, &mut report)?;
        setup.step();
    }
    let of = |metric| figures.of(Role::Product.name(), metric);
    let mut row = |metric: Metric, must, aim: Option<Bound>| {
        report.row(metric.name, metric.unit, &of(metric)).must(must);
        if let Some(aim) = aim {
            report.aim(aim);
        }
    };
    row(BACK, Bound::AtMost(5.0), Some(Bound::AtMost(2.0)));
    row(QUERIES, Bound::AtMost(200.0), None);
    row(RATE, Bound::AtLeast(200.0), None);
    row(MEMORY, Bound::AtMost(2.0), None);
    report.note(format!(
        "{} clients with 5 topics after kill -9; one client {} events behind",
        args.clients, args.backlog
    ));
    report.keep(figures);
    Ok(report)
}

/// Asks for topics behind a position of whatever log the welcome names.
fn resuming(interest: impl Fn(u32) -> Vec<String> + 'static, since: u64) -> Asking {
    Asking {
        token: None,
        paths: None,
        ask: Box::new(move |listener, welcome| {
            let epoch = serde_json::from_slice::<Welcome>(welcome).map(|welcome| welcome.epoch);
            let place = format!(r#","epoch":"{}","since":{since}"#, epoch.unwrap_or_default());
            subscribe(&interest(listener), &place)
        }),
        arrived: br#"{"type":"live""#,
        first: Some(since.saturating_add(1)),
    }
}

fn restart(
    setup: &Setup,
    clients: u32,
    figures: &mut Figures,
    report: &mut Report,
) -> anyhow::Result<()> {
    let start = || setup.start(Role::Product, Spread::Shared, clients, &[]);
    let mut stand = start()?;
    let mut since = 0;
    for payment in 0..=MISSED {
        stand.ask(&Order::Pay)?;
        if payment == 0 {
            since = stand.count(&Order::Head)?;
        }
    }
    // Dead, not drained: nobody was told to come back.
    stand.kill()?;
    let mut stand = start()?;
    let started = queries(&mut stand)?;
    let before = queries(&mut stand)?;
    let mut fleet = Fleet::new(stand.address, Spread::Shared, clients, resuming(interest, since))?;
    fleet.tally.order(MISSED, Duration::ZERO);
    let began = Instant::now();
    fleet.connect()?;
    catch_up(&mut fleet)?;
    figures.put(Role::Product.name(), BACK, began.elapsed().as_secs_f64());
    // What the hub does by itself it did in the time before as well.
    let all = queries(&mut stand)?.saturating_sub(before);
    let caused = all.saturating_sub(before.saturating_sub(started));
    figures.put(Role::Product.name(), QUERIES, number(caused));
    finish(fleet, stand, report)
}

/// How many queries the database has finished, all that were made until now among them.
fn queries(stand: &mut Stand) -> anyhow::Result<u64> {
    std::thread::sleep(TOLD);
    stand.count(&Order::Transactions)
}

fn backlog(
    setup: &Setup,
    events: u32,
    figures: &mut Figures,
    report: &mut Report,
) -> anyhow::Result<()> {
    let start =
        || setup.start(Role::Product, Spread::Shared, 1, &["--log-partition-events", "20000000"]);
    let mut stand = start()?;
    let since = stand.count(&Order::Head)?;
    stand.ask(&Order::Backlog(events))?;
    stand.end()?;
    // Started anew, so that its memory holds no more of them than after any restart.
    let mut stand = start()?;
    let before = stand.usage()?;
    let asking = resuming(|listener| Spread::Shared.interest(listener), since);
    let mut fleet = Fleet::new(stand.address, Spread::Shared, 1, asking)?;
    fleet.tally.order(events, Duration::ZERO);
    let began = Instant::now();
    fleet.connect()?;
    catch_up(&mut fleet)?;
    figures.put(
        Role::Product.name(),
        RATE,
        f64::from(events) / began.elapsed().as_secs_f64() / 1e3,
    );
    let grown = stand.usage()?.resident.saturating_sub(before.resident);
    figures.put(Role::Product.name(), MEMORY, number(grown) / 1_048_576.0);
    finish(fleet, stand, report)
}

fn catch_up(fleet: &mut Fleet) -> anyhow::Result<()> {
    let patience = Instant::now() + CATCH_UP_MAX;
    while fleet.tally.unfinished() > 0 {
        fleet.turn(Some(Duration::from_millis(10)))?;
        ensure!(
            Instant::now() < patience,
            "{} events were not caught up",
            fleet.tally.unfinished()
        );
    }
    Ok(())
}

fn finish(mut fleet: Fleet, stand: Stand, report: &mut Report) -> anyhow::Result<()> {
    fleet.tally.close();
    check(report, Role::Product, fleet.tally.faults);
    drop(fleet);
    stand.end().context("after a resume")
}
