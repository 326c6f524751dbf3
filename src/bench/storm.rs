//! A community that comes back at once: what a handshake costs, and how long until all are subscribed again.

use super::{
    event::Spread,
    figures::{Bound, Figures, Metric},
    fleet::{Asking, Fleet},
    report::Report,
    setup::{Setup, metric},
    stand::Role,
};
use crate::config::StormArgs;

/// Storms in one life of a server.
const STORMS: u32 = 3;

const HANDSHAKE: Metric = metric("CPU per handshake and subscribe", "µs");
const BACK: Metric = metric("until all are back", "s");

pub(super) fn run(args: &StormArgs) -> anyhow::Result<Report> {
    let roles = [Role::Raw, Role::Product, Role::Naive];
    let setup = Setup::new(args.measure, roles.len())?;
    let mut figures = Figures::default();
    for _ in 0..setup.repetitions {
        for role in roles {
            storm(&setup, role, args.clients, &mut figures)?;
            setup.step();
        }
    }
    let mut report = Report::new(format!("storm: {} clients drop and come back", args.clients));
    for role in roles {
        for metric in [HANDSHAKE, BACK] {
            let values = figures.of(role.name(), metric);
            report.row(format!("{}, {}", metric.name, role.name()), metric.unit, &values);
            if role == Role::Product {
                report.aim(Bound::AtMost(if metric == HANDSHAKE { 35.0 } else { 0.38 }));
            }
        }
    }
    let to_naive = |metric| figures.ratio(Role::Product.name(), Role::Naive.name(), metric);
    report
        .row("CPU per handshake and subscribe, hub / naive", "ratio", &to_naive(HANDSHAKE))
        .must(Bound::AtMost(0.35));
    report
        .row("until all are back, hub / naive", "ratio", &to_naive(BACK))
        .must(Bound::AtMost(1.0));
    report.keep(figures);
    Ok(report)
}

fn storm(setup: &Setup, role: Role, clients: u32, figures: &mut Figures) -> anyhow::Result<()> {
    let mut stand = setup.start(role, Spread::Shared, clients, &[])?;
    let before = stand.usage()?;
    let asking = Asking::topics(Spread::Shared);
    let mut fleet = Fleet::new(stand.address, Spread::Shared, clients, asking)?;
    fleet.connect()?;
    let spent = stand.usage()?.since(&before);
    figures.put(role.name(), HANDSHAKE, spent.cpu().as_secs_f64() * 1e6 / f64::from(clients));
    for _ in 0..STORMS {
        fleet.leave();
        figures.put(role.name(), BACK, fleet.connect()?.as_secs_f64());
    }
    drop(fleet);
    stand.end()
}
