//! Payments a second: through the whole door, at the till alone, on one hot wallet; beside the same payment statement
//! by statement, and beside PostgreSQL's own load test on the same server. Every commit is on the disk.

use std::time::Duration;

use anyhow::{bail, ensure};

use super::{
    callers::Callers,
    event::Spread,
    figures::{Bound, Figures, Metric, number},
    fleet::{Asking, Fleet},
    report::Report,
    setup::{Setup, check, metric, millis},
    stand::{Answer, Order, Payer, Role, Stand, Way},
};
use crate::config::PaymentsArgs;

/// Callers at one time.
const CALLERS: [u32; 2] = [64, 512];
/// Who listens to all payments meanwhile.
const LISTENERS: u32 = 100;
/// Clients of PostgreSQL's own load test.
const PGBENCH_CLIENTS: u32 = 64;
/// How long the last events may take after the last answer.
const TELL_MAX: Duration = Duration::from_secs(10);

const RATE: Metric = metric("payments a second", "1/s");
const P99: Metric = metric("time to an answer, p99", "ms");
const LOG: Metric = metric("what the log costs a batch of payments", "ratio");
const TPS: Metric = metric("transactions a second", "1/s");

/// Measures all of them.
pub(super) fn run(args: &PaymentsArgs) -> anyhow::Result<Report> {
    let setup = Setup::new(args.measure, 2)?;
    let mut report = Report::new("payments: durable, with 100 listeners");
    let mut figures = Figures::default();
    for _ in 0..setup.repetitions {
        for role in [Role::Product, Role::Statements] {
            let mut stand = setup.start(role, Spread::Shared, LISTENERS, &[])?;
            for callers in CALLERS {
                let payers = payers(&mut stand, callers)?;
                door(&setup, &mut stand, role, &payers, false, &mut figures, &mut report)?;
            }
            if role == Role::Product {
                inside(&setup, &mut stand, &mut figures, &mut report)?;
            } else {
                let order = Order::Pgbench {
                    scale: args.pgbench_scale,
                    clients: PGBENCH_CLIENTS,
                    seconds: setup.span.as_secs(),
                };
                match stand.ask(&order) {
                    Ok(Answer::Rate(rate)) => figures.put("pgbench", TPS, rate),
                    Ok(other) => bail!("a load test was answered with {other:?}"),
                    Err(error) => report.note(format!("no comparison with pgbench: {error:#}")),
                }
            }
            stand.end()?;
            setup.step();
        }
    }
    tell(&figures, &mut report);
    report.keep(figures);
    Ok(report)
}

fn payers(stand: &mut Stand, count: u32) -> anyhow::Result<Vec<Payer>> {
    match stand.ask(&Order::Payers(count))? {
        Answer::Payers(payers) => Ok(payers),
        other => bail!("{count} payers were asked for, and {other:?} came"),
    }
}

/// Through HTTP, with listeners who hear every payment.
fn door(
    setup: &Setup,
    stand: &mut Stand,
    role: Role,
    payers: &[Payer],
    hot: bool,
    figures: &mut Figures,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut callers = Callers::new(stand.address, payers, hot)?;
    let mut fleet = match role {
        Role::Product => {
            let asking = Asking::topics(Spread::Shared);
            let mut fleet = Fleet::new(stand.address, Spread::Shared, LISTENERS, asking)?;
            fleet.connect()?;
            Some(fleet)
        }
        _ => None,
    };
    let paid = callers.pay(setup.span, || match &mut fleet {
        Some(fleet) => fleet.turn(Some(Duration::ZERO)).map(drop),
        None => Ok(()),
    })?;
    let who = name(role.name(), payers.len(), hot);
    figures.put(&who, RATE, number(paid.payments) / paid.took.as_secs_f64());
    figures.put(&who, P99, millis(&paid.latencies, 99.0));
    let Some(mut fleet) = fleet else { return Ok(()) };
    let all = paid.payments * u64::from(LISTENERS);
    let patience = std::time::Instant::now() + TELL_MAX;
    while fleet.tally.deliveries < all && std::time::Instant::now() < patience {
        fleet.turn(Some(Duration::from_millis(10)))?;
    }
    let heard = fleet.tally.deliveries;
    ensure!(heard == all, "{heard} of {all} events were heard");
    check(report, role, fleet.tally.faults);
    Ok(())
}

/// Without HTTP in between, and all to one wallet.
fn inside(
    setup: &Setup,
    stand: &mut Stand,
    figures: &mut Figures,
    report: &mut Report,
) -> anyhow::Result<()> {
    let [_, many] = CALLERS;
    let payers = payers(stand, many)?;
    door(setup, stand, Role::Product, &payers, true, figures, report)?;
    let seconds = setup.span.as_secs();
    for (who, way, hot) in [
        ("till", Way::Till, false),
        ("till", Way::Till, true),
        ("one transaction each", Way::Single, true),
    ] {
        let count = stand.count(&Order::PayAll { way, hot, seconds })?;
        let who = name(who, payers.len(), hot);
        figures.put(&who, RATE, number(count) / setup.span.as_secs_f64());
    }
    match stand.ask(&Order::WeighLog)? {
        Answer::Spans([batch, events]) => {
            let rest = batch.saturating_sub(events).as_secs_f64();
            figures.put("hub", LOG, events.as_secs_f64() / rest);
        }
        other => bail!("the weight of the log is {other:?}"),
    }
    Ok(())
}

fn name(who: &str, callers: usize, hot: bool) -> String {
    format!("{who}, {callers} callers{}", if hot { ", one payee" } else { "" })
}

fn tell(figures: &Figures, report: &mut Report) {
    let rate = |who: &str| figures.of(who, RATE);
    for (callers, aim) in [(64, 6_000.0), (512, 8_000.0)] {
        let (hub, statements) = (name("hub", callers, false), name("statements", callers, false));
        report
            .row(format!("{}, {hub}", RATE.name), RATE.unit, &rate(&hub))
            .aim(Bound::AtLeast(aim));
        report.row(format!("{}, {hub}", P99.name), P99.unit, &figures.of(&hub, P99));
        report.row(format!("{}, {statements}", RATE.name), RATE.unit, &rate(&statements));
        let ratio = rate(&hub).over(&rate(&statements));
        report
            .row(format!("hub / statements, {callers} callers"), "ratio", &ratio)
            .must(Bound::AtLeast(2.0));
        let tps = figures.of("pgbench", TPS);
        report
            .row(format!("hub, {callers} callers / pgbench"), "ratio", &rate(&hub).over(&tps))
            .must(Bound::AtLeast(1.5));
    }
    report.row("pgbench, 64 clients", TPS.unit, &figures.of("pgbench", TPS));
    let till = rate(&name("till", 512, false));
    report.row(name("till", 512, false), RATE.unit, &till).aim(Bound::AtLeast(12_000.0));
    let single = rate(&name("one transaction each", 512, true));
    report.row(name("one transaction each", 512, true), RATE.unit, &single);
    for (who, must) in [("till", 10.0), ("hub", 4.0)] {
        let who = name(who, 512, true);
        report.row(who.clone(), RATE.unit, &rate(&who));
        report
            .row(format!("{who} / one transaction each"), "ratio", &rate(&who).over(&single))
            .must(Bound::AtLeast(must));
    }
    report
        .row(LOG.name, LOG.unit, &figures.of("hub", LOG))
        .must(Bound::AtMost(0.35))
        .aim(Bound::AtMost(0.15));
}
