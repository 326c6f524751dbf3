//! Connections that wait: what one holds in memory, before and after some traffic, and what one costs that does not
//! read.

use std::time::{Duration, Instant};

use super::{
    event::{Spread, own},
    figures::{Bound, Figures, Metric, number},
    fleet::{Asking, Fleet, Load, begin, subscribe},
    report::Report,
    setup::{Setup, check, metric, millis},
    stand::{Answer, Order, Role, Stand},
};
use crate::config::IdleArgs;

/// Topics of a connection: one that all share and four of its own.
const OWN_TOPICS: u32 = 4;
/// Events that everyone hears before memory is read again.
const TRAFFIC: Duration = Duration::from_secs(2);
/// What a stalled reader misses, again and again until its kernel holds no more for it, and how long that may take.
const MISSED: Duration = Duration::from_secs(1);
const STALL_MAX: Duration = Duration::from_mins(2);
/// How long memory is left alone before it is read.
const SETTLE: Duration = Duration::from_secs(2);
const SATURATED: Load = Load::Saturated { window: 64, burst: 32 };
/// For how long the neighbours of stalled readers are timed at least: six of the hub's rounds of marks, each of which is
/// a sweep of its own, must fall into both measurements.
const TIMED: Duration = Duration::from_secs(24);
/// Deliveries a second while they are timed. Events to 10,000 are 588 ms apart then, which is no part of the 4 s between
/// two rounds of marks: at 500 ms all rounds of a measurement met an event or none did, and that decided its p99.
const PACED_PER_SECOND: u32 = 17_000;

const IDLE: Metric = metric("memory of an idle connection", "bytes");
const AFTER: Metric = metric("memory of a connection after traffic", "bytes");
const STALLED: Metric = metric("memory of a stalled connection", "bytes");
const P99: Metric = metric("latency, paced, p99", "ms");

pub(super) fn run(args: &IdleArgs) -> anyhow::Result<Report> {
    let setup = Setup::new(args.measure, 3)?;
    let mut report = Report::new(format!("idle: {} connections", args.connections));
    let mut figures = Figures::default();
    for _ in 0..setup.repetitions {
        for role in [Role::Product, Role::Naive] {
            memory(&setup, role, args.connections, &mut figures)?;
            setup.step();
        }
        stalled(&setup, args, &mut figures, &mut report)?;
        setup.step();
    }
    let of = |who: &str, metric| figures.of(who, metric);
    report
        .row(format!("{}, hub", IDLE.name), IDLE.unit, &of("hub", IDLE))
        .must(Bound::AtMost(4_500.0))
        .aim(Bound::AtMost(2_500.0));
    report.row(format!("{}, naive", IDLE.name), IDLE.unit, &of("naive", IDLE));
    report
        .row("after traffic / before, hub", "ratio", &of("hub", AFTER).over(&of("hub", IDLE)))
        .aim(Bound::AtMost(1.1));
    report
        .row(format!("{}, hub", STALLED.name), STALLED.unit, &of("hub", STALLED))
        .must(Bound::AtMost(65_536.0));
    for who in ["all read", "some stalled"] {
        report.row(format!("{}, {who}", P99.name), P99.unit, &of(who, P99));
    }
    let beside = figures.ratio("some stalled", "all read", P99);
    report
        .row(
            format!("p99 beside {} stalled readers / without them", args.stalled),
            "ratio",
            &beside,
        )
        .must(Bound::AtMost(1.25));
    report.keep(figures);
    Ok(report)
}

fn memory(
    setup: &Setup,
    role: Role,
    connections: u32,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut stand = setup.stand(role, Spread::Shared, connections)?;
    let token = match role {
        Role::Product => match stand.ask(&Order::Payers(1))? {
            Answer::Payers(payers) => payers.into_iter().next().map(|payer| payer.token),
            other => anyhow::bail!("a login was answered with {other:?}"),
        },
        Role::Raw | Role::Naive | Role::Statements => None,
    };
    let asking = Asking {
        token,
        first: Some(begin(&mut stand)?),
        ask: Box::new(|listener, _| subscribe(&interest(listener), "")),
        ..Asking::topics(Spread::Shared)
    };
    let before = settled(&mut stand)?;
    let mut fleet = Fleet::new(stand.address, Spread::Shared, connections, asking)?;
    fleet.connect()?;
    // Less than a byte each can't be told from nothing.
    let each =
        |bytes: u64| (number(bytes.saturating_sub(before)) / f64::from(connections)).max(1.0);
    figures.put(role.name(), IDLE, each(settled(&mut stand)?));
    fleet.drive(&mut stand, paced(connections), TRAFFIC)?;
    figures.put(role.name(), AFTER, each(settled(&mut stand)?));
    drop(fleet);
    stand.end()
}

/// What a listener with five topics listens to.
pub(super) fn interest(listener: u32) -> Vec<String> {
    let first = listener.saturating_mul(OWN_TOPICS);
    let own = (first..first.saturating_add(OWN_TOPICS)).map(own);
    Spread::Shared.interest(listener).into_iter().chain(own).collect()
}

/// Resident memory once the server has nothing more to do.
fn settled(stand: &mut Stand) -> anyhow::Result<u64> {
    std::thread::sleep(SETTLE);
    Ok(stand.usage()?.resident)
}

fn paced(listeners: u32) -> Load {
    Load::Paced(Duration::from_secs(1) * listeners / PACED_PER_SECOND)
}

/// The neighbours of stalled readers, before those stall and after.
fn stalled(
    setup: &Setup,
    args: &IdleArgs,
    figures: &mut Figures,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut stand = setup.stand(Role::Product, Spread::Shared, args.connections)?;
    let mut fleet = Fleet::up(&mut stand, Spread::Shared, args.connections)?;
    fleet.confine(args.stalled)?;
    fleet.drive(&mut stand, SATURATED, MISSED)?;
    let pace = (paced(args.connections), setup.span.max(TIMED));
    let before = settled(&mut stand)?;
    figures.put("all read", P99, p99(&mut fleet, &mut stand, pace)?);
    fleet.stall(args.stalled)?;
    let patience = Instant::now() + STALL_MAX;
    while stand.count(&Order::Behind)? < args.stalled.into() {
        anyhow::ensure!(Instant::now() < patience, "the stalled readers are not behind");
        fleet.drive(&mut stand, SATURATED, MISSED)?;
    }
    // With what the hub keeps of the events in between, so it is this at the most.
    let held = settled(&mut stand)?.saturating_sub(before).max(1);
    figures.put("hub", STALLED, number(held) / f64::from(args.stalled.max(1)));
    figures.put("some stalled", P99, p99(&mut fleet, &mut stand, pace)?);
    fleet.tally.close();
    check(report, Role::Product, fleet.tally.faults);
    drop(fleet);
    stand.end()
}

/// How late events are under a load, in milliseconds.
fn p99(
    fleet: &mut Fleet,
    stand: &mut Stand,
    (load, span): (Load, Duration),
) -> anyhow::Result<f64> {
    fleet.tally.each.reset();
    fleet.tally.timing = true;
    fleet.drive(stand, load, span)?;
    fleet.tally.timing = false;
    Ok(millis(&fleet.tally.each, 99.0))
}
