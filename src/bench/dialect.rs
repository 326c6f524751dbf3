//! The same events for the same number of listeners, once in the native protocol and once in Krist's: a second dialect
//! is encoded once for all who speak it, so a delivery must cost the same.

use std::time::Duration;

use super::{
    event::Spread,
    figures::{Bound, Figures, Metric, number},
    fleet::{Asking, Fleet, Load, begin},
    report::Report,
    setup::{Setup, check, cost, metric},
    stand::{Answer, Order, Role},
};
use crate::config::FanoutArgs;

/// Deliveries a second, paced.
const PACED_PER_SECOND: u32 = 20_000;
/// Events that are under way in a saturated server, and ordered at once.
const SATURATED: Load = Load::Saturated { window: 64, burst: 32 };
/// How long everything runs before it is measured.
const WARM: Duration = Duration::from_millis(300);
/// A dialect that costs more than this, compared with the native one, is not as good.
const RATIO_MIN: f64 = 0.9;

const PACED: Metric = metric("CPU per delivery, paced", "µs");
const FULL: Metric = metric("CPU per delivery, saturated", "µs");
const RATE: Metric = metric("deliveries a second, saturated", "M/s");

/// Who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Native,
    Krist,
}

/// Every listener hears every payment, in both dialects in turn.
pub(super) fn run(args: &FanoutArgs) -> anyhow::Result<Report> {
    let setup = Setup::new(args.measure, args.listeners.len() * 2)?;
    let mut report =
        Report::new("fanout: every listener hears every payment, natively and in Krist's dialect");
    let mut figures = Figures::default();
    for _ in 0..setup.repetitions {
        for listeners in &args.listeners {
            for dialect in [Dialect::Native, Dialect::Krist] {
                measure(&setup, dialect, *listeners, &mut figures, &mut report)?;
                setup.step();
            }
        }
    }
    for listeners in &args.listeners {
        let [native, krist] = [Dialect::Native, Dialect::Krist].map(|of| name(of, *listeners));
        for metric in [PACED, FULL] {
            let ratio = figures.ratio(&native, &krist, metric);
            let what = format!("{}, {listeners} listeners, native / krist", metric.name);
            report.row(what, "ratio", &ratio).must(Bound::AtLeast(RATIO_MIN));
        }
        for who in [&native, &krist] {
            for metric in [PACED, FULL, RATE] {
                let what = format!("{}, {who}", metric.name);
                report.row(what, metric.unit, &figures.of(who, metric));
            }
        }
    }
    report.keep(figures);
    Ok(report)
}

fn name(dialect: Dialect, listeners: u32) -> String {
    match dialect {
        Dialect::Native => format!("native {listeners}"),
        Dialect::Krist => format!("krist {listeners}"),
    }
}

fn measure(
    setup: &Setup,
    dialect: Dialect,
    listeners: u32,
    figures: &mut Figures,
    report: &mut Report,
) -> anyhow::Result<()> {
    let who = name(dialect, listeners);
    let spread = Spread::Paid;
    let mut stand = setup.stand(Role::Product, spread, listeners)?;
    let first = Some(begin(&mut stand)?);
    let asking = match dialect {
        Dialect::Native => Asking { first, ..Asking::topics(spread) },
        Dialect::Krist => match stand.ask(&Order::Tickets(listeners))? {
            Answer::Tickets(tickets) => Asking { first, ..Asking::krist(&tickets) },
            other => anyhow::bail!("tickets were asked for, and {other:?} was said"),
        },
    };
    let mut fleet = Fleet::new(stand.address, spread, listeners, asking)?;
    fleet.connect()?;
    let paced = Load::Paced(Duration::from_secs(1) * listeners / PACED_PER_SECOND);
    fleet.drive(&mut stand, paced, WARM)?;
    let run = fleet.drive(&mut stand, paced, setup.span)?;
    figures.put(&who, PACED, cost(&run).0);
    fleet.drive(&mut stand, SATURATED, WARM)?;
    let run = fleet.drive(&mut stand, SATURATED, setup.span)?;
    figures.put(&who, FULL, cost(&run).0);
    figures.put(&who, RATE, number(run.deliveries) / run.took.as_secs_f64() / 1e6);
    fleet.tally.close();
    check(report, Role::Product, fleet.tally.faults);
    drop(fleet);
    stand.end()
}
