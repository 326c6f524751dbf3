//! Renewals a second: pages of many against one transaction each; and how soon a single one is committed on a hub that
//! does nothing else.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};

use super::{
    event::Spread,
    figures::{Bound, Figures, Metric},
    report::Report,
    setup::{Setup, metric},
    stand::{Answer, Order, Role},
};
use crate::config::RenewalsArgs;

/// Subscriptions that one transaction renews: as the hub does it, and as is usual.
const PAGES: [u16; 2] = [500, 1];
/// Of what is due, what is renewed one by one: all of it would take long and say the same.
const SINGLES: u32 = 1_000;
/// Subscriptions that fall due one after the other on an idle hub, and the time between two.
const LONELY: u32 = 50;
const BETWEEN: Duration = Duration::from_millis(100);
/// When the first of them is due.
const AHEAD: Duration = Duration::from_secs(3);

const RATE: Metric = metric("renewals a second", "1/s");
const DELAY: Metric = metric("from due to committed, p99", "ms");

/// Measures both.
pub(super) fn run(args: &RenewalsArgs) -> anyhow::Result<Report> {
    let setup = Setup::new(args.measure, 2)?;
    let mut report = Report::new(format!(
        "renewals: {} subscriptions, {} of them due at once",
        args.subscriptions, args.due
    ));
    let mut figures = Figures::default();
    for _ in 0..setup.repetitions {
        rates(&setup, args, &mut figures)?;
        setup.step();
        delays(&setup, &mut figures)?;
        setup.step();
    }
    let [many, one] = PAGES.map(|page| figures.of(&name(page), RATE));
    report.row(format!("{}, {}", RATE.name, name(500)), RATE.unit, &many);
    report.row(format!("{}, {}", RATE.name, name(1)), RATE.unit, &one);
    report
        .row("pages of 500 / one transaction each", "ratio", &many.over(&one))
        .must(Bound::AtLeast(5.0));
    report
        .row(DELAY.name, DELAY.unit, &figures.of(Role::Product.name(), DELAY))
        .must(Bound::AtMost(250.0));
    report.keep(figures);
    Ok(report)
}

fn name(page: u16) -> String {
    if page == 1 { "one transaction each".to_owned() } else { format!("pages of {page}") }
}

/// On a database without a hub, so that nobody else renews anything.
fn rates(setup: &Setup, args: &RenewalsArgs, figures: &mut Figures) -> anyhow::Result<()> {
    let mut stand = setup.start(Role::Statements, Spread::Shared, 1, &[])?;
    let wait = args.subscriptions.saturating_sub(args.due);
    stand.ask(&Order::Subscribe { count: wait, first_s: 86_400.0, between_s: 0.0 })?;
    for page in PAGES {
        let due = if page == 1 { args.due.min(SINGLES) } else { args.due };
        stand.ask(&Order::Subscribe { count: due, first_s: 0.0, between_s: 0.0 })?;
        let began = Instant::now();
        let renewed = stand.count(&Order::Renew { page })?;
        ensure!(renewed == u64::from(due), "{renewed} of {due} subscriptions were renewed");
        figures.put(&name(page), RATE, f64::from(due) / began.elapsed().as_secs_f64());
    }
    stand.end()
}

/// On a hub with its clock. The subscriptions are made before it starts, so that it finds them like any others.
fn delays(setup: &Setup, figures: &mut Figures) -> anyhow::Result<()> {
    let mut stand = setup.start(Role::Statements, Spread::Shared, 1, &[])?;
    let (first_s, between_s) = (AHEAD.as_secs_f64(), BETWEEN.as_secs_f64());
    stand.ask(&Order::Subscribe { count: LONELY, first_s, between_s })?;
    stand.end()?;
    let mut stand = setup.start(Role::Product, Spread::Shared, 1, &[])?;
    std::thread::sleep(AHEAD + BETWEEN * LONELY + Duration::from_secs(1));
    match stand.ask(&Order::Delays { count: LONELY })? {
        Answer::Delay(p99) => figures.put(Role::Product.name(), DELAY, p99.as_secs_f64() * 1e3),
        other => bail!("the delays of renewals are {other:?}"),
    }
    stand.end()
}
