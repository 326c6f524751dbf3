//! One event for many listeners: what a delivery costs and how late it is.

use std::time::{Duration, Instant};

use super::{
    event::Spread,
    figures::{Bound, Figures, Metric, number},
    fleet::{Asking, Fleet, Load},
    report::Report,
    setup::{Setup, check, cost, metric, millis},
    stand::{Answer, Order, Role, Stand},
};
use crate::{
    bench::machine::uptime,
    config::{FanoutArgs, Measure},
};

/// Deliveries a second, paced: little for the machine, so that no event waits behind another.
const PACED_PER_SECOND: u32 = 20_000;
/// How long everything runs before it is measured.
const WARM: Duration = Duration::from_millis(300);
/// Events that are under way in a saturated server, and ordered at once.
const SATURATED: Load = Load::Saturated { window: 64, burst: 32 };
/// The same where every event has one listener only: 16 are under way to each.
const SATURATED_EACH: Load = Load::Saturated { window: 16_384, burst: 1_024 };
/// The number of listeners for which everything is measured.
const LISTENERS: u32 = 1_000;
/// A baseline that is slower than this, compared with the limit, is none.
const NAIVE_MAX: f64 = 1.3;
/// Payments whose way from the commit to the last listener is timed in a repetition, and the pause between two.
const PAYMENTS: u32 = 100;
const PAYMENT_PAUSE: Duration = Duration::from_millis(20);

const PACED: Metric = metric("CPU per delivery, paced", "µs");
const PACED_USER: Metric = metric("CPU per delivery, paced, own code", "µs");
const P50: Metric = metric("latency, paced, p50", "ms");
const P99: Metric = metric("latency, paced, p99", "ms");
const P999: Metric = metric("latency, paced, p99.9", "ms");
const LAST: Metric = metric("latency of the last listener, paced, p99", "ms");
const FULL: Metric = metric("CPU per delivery, saturated", "µs");
const RATE: Metric = metric("deliveries a second, saturated", "M/s");
const COMMIT: Metric = metric("commit to the last listener, p99", "ms");

/// Every listener hears every event.
pub(super) fn run(args: &FanoutArgs) -> anyhow::Result<Report> {
    let roles = [Role::Raw, Role::Product, Role::Naive];
    let setup = Setup::new(args.measure, args.listeners.len() * roles.len() + 1)?;
    let mut report = Report::new("fanout: every listener hears every event of 200 bytes");
    let mut figures = Figures::default();
    for _ in 0..setup.repetitions {
        for listeners in &args.listeners {
            for role in roles {
                measure(&setup, role, *listeners, &mut figures, &mut report)?;
                setup.step();
            }
        }
        commits(&setup, &mut figures, &mut report)?;
        setup.step();
    }
    for listeners in &args.listeners {
        tell(&figures, *listeners, &mut report);
    }
    let sweep = figures.of(&name(Role::Product, LISTENERS), LAST);
    let commit = figures.of(Role::Product.name(), COMMIT);
    report.row(
        format!("{}, {LISTENERS} listeners, one payment at a time", COMMIT.name),
        "ms",
        &commit,
    );
    if sweep.len() > 0 {
        report
            .row("the same less the paced sweep", "ms", &commit.less(&sweep))
            .must(Bound::AtMost(1.0));
    }
    report.keep(figures);
    Ok(report)
}

/// Listeners with topics of their own.
pub(super) fn topics(measure: Measure) -> anyhow::Result<Report> {
    let setup = Setup::new(measure, 5)?;
    let mut report = Report::new("topics: 1000 listeners with topics of their own, saturated");
    let mut figures = Figures::default();
    for _ in 0..setup.repetitions {
        for (role, spread) in [
            (Role::Raw, Spread::Each),
            (Role::Product, Spread::Each),
            (Role::Naive, Spread::Each),
            (Role::Product, Spread::Shared),
            (Role::Product, Spread::Both),
        ] {
            let load = if spread == Spread::Each { SATURATED_EACH } else { SATURATED };
            let mut stand = setup.stand(role, spread, LISTENERS)?;
            let mut fleet = Fleet::up(&mut stand, spread, LISTENERS)?;
            fleet.drive(&mut stand, load, WARM)?;
            let run = fleet.drive(&mut stand, load, setup.span)?;
            let who = format!("{} {spread:?}", role.name());
            figures.put(&who, FULL, cost(&run).0);
            figures.put(&who, RATE, number(run.deliveries) / run.took.as_secs_f64() / 1e6);
            finish(fleet, stand, role, &mut report)?;
            setup.step();
        }
    }
    let full = |who: &str, to: &str| figures.ratio(who, to, FULL);
    for who in ["raw Each", "hub Each", "naive Each", "hub Shared", "hub Both"] {
        report.row(format!("{}, {who}", FULL.name), FULL.unit, &figures.of(who, FULL));
    }
    report
        .row("one listener a topic, hub / naive", "CPU", &full("hub Each", "naive Each"))
        .must(Bound::AtMost(0.8));
    report
        .row("one listener a topic, hub / raw", "CPU", &full("hub Each", "raw Each"))
        .aim(Bound::AtMost(1.1));
    report
        .row("payments and own wallet / payments", "CPU", &full("hub Both", "hub Shared"))
        .must(Bound::AtMost(1.2));
    report.keep(figures);
    Ok(report)
}

fn name(role: Role, listeners: u32) -> String {
    format!("{} {listeners}", role.name())
}

fn measure(
    setup: &Setup,
    role: Role,
    listeners: u32,
    figures: &mut Figures,
    report: &mut Report,
) -> anyhow::Result<()> {
    let who = name(role, listeners);
    let mut stand = setup.stand(role, Spread::Shared, listeners)?;
    let mut fleet = Fleet::up(&mut stand, Spread::Shared, listeners)?;
    let paced = Load::Paced(Duration::from_secs(1) * listeners / PACED_PER_SECOND);
    fleet.drive(&mut stand, paced, WARM)?;
    fleet.tally.timing = true;
    let run = fleet.drive(&mut stand, paced, setup.span)?;
    fleet.tally.timing = false;
    let (all, user) = cost(&run);
    figures.put(&who, PACED, all);
    figures.put(&who, PACED_USER, user);
    for (metric, percentile) in [(P50, 50.0), (P99, 99.0), (P999, 99.9)] {
        figures.put(&who, metric, millis(&fleet.tally.each, percentile));
    }
    figures.put(&who, LAST, millis(&fleet.tally.last, 99.0));
    fleet.drive(&mut stand, SATURATED, WARM)?;
    let run = fleet.drive(&mut stand, SATURATED, setup.span)?;
    figures.put(&who, FULL, cost(&run).0);
    figures.put(&who, RATE, number(run.deliveries) / run.took.as_secs_f64() / 1e6);
    finish(fleet, stand, role, report)
}

/// Real payments on a hub that does nothing else, from the commit to the last of its listeners.
fn commits(setup: &Setup, figures: &mut Figures, report: &mut Report) -> anyhow::Result<()> {
    let spread = Spread::Shared;
    let mut stand = setup.stand(Role::Product, spread, LISTENERS)?;
    stand.ask(&Order::Pay)?;
    let asking = Asking::topics(spread);
    let mut fleet = Fleet::new(stand.address, spread, LISTENERS, asking)?;
    fleet.connect()?;
    let mut latencies = hdrhistogram::Histogram::<u64>::new(3)?;
    for _ in 0..PAYMENTS {
        let quiet = Instant::now() + PAYMENT_PAUSE;
        while Instant::now() < quiet {
            fleet.turn(Some(Duration::ZERO))?;
        }
        latencies.record(u64::try_from(pay(&mut stand, &mut fleet)?.as_nanos())?)?;
    }
    figures.put(Role::Product.name(), COMMIT, millis(&latencies, 99.0));
    finish(fleet, stand, Role::Product, report)
}

/// How long after the commit of a payment its last listener hears of it.
fn pay(stand: &mut Stand, fleet: &mut Fleet) -> anyhow::Result<Duration> {
    let all = fleet.tally.deliveries + u64::from(LISTENERS);
    stand.tell(&Order::Pay)?;
    let patience = Instant::now() + Duration::from_secs(10);
    while fleet.tally.deliveries < all {
        fleet.turn(Some(Duration::ZERO))?;
        anyhow::ensure!(Instant::now() < patience, "a payment did not reach all its listeners");
    }
    let heard = uptime()?;
    match stand.listen()? {
        Answer::Paid(at) => Ok(heard.saturating_sub(at)),
        other => anyhow::bail!("a payment was answered with {other:?}"),
    }
}

fn finish(mut fleet: Fleet, stand: Stand, role: Role, report: &mut Report) -> anyhow::Result<()> {
    fleet.tally.close();
    check(report, role, fleet.tally.faults);
    drop(fleet);
    stand.end()
}

fn tell(figures: &Figures, listeners: u32, report: &mut Report) {
    let [raw, hub, naive] =
        [Role::Raw, Role::Product, Role::Naive].map(|role| name(role, listeners));
    let whole = listeners == LISTENERS;
    let mut ratio = |what: Metric, to: &str, base: &str, must: f64, aim: Option<f64>| {
        report.row(
            format!("{}, {listeners} listeners, hub / {base}", what.name),
            "ratio",
            &figures.ratio(&hub, to, what),
        );
        if whole {
            report.must(Bound::AtMost(must));
            if let Some(aim) = aim {
                report.aim(Bound::AtMost(aim));
            }
        }
    };
    ratio(PACED, &raw, "raw", 1.10, Some(0.90));
    ratio(PACED, &naive, "naive", 0.95, None);
    ratio(P99, &raw, "raw", 1.10, Some(0.85));
    for (who, metric) in [&raw, &hub, &naive]
        .into_iter()
        .flat_map(|who| [PACED, PACED_USER, P50, P99, P999].map(|metric| (who, metric)))
    {
        report.row(format!("{}, {who}", metric.name), metric.unit, &figures.of(who, metric));
        if whole && *who == hub && metric == PACED_USER {
            report.aim(Bound::AtMost(0.8));
        }
    }
    report
        .row(format!("{}, {hub}", FULL.name), "s/M", &figures.of(&hub, FULL))
        .must(Bound::AtMost(0.30))
        .aim(Bound::AtMost(0.15));
    for other in [&raw, &naive] {
        report.row(format!("{}, {other}", FULL.name), "s/M", &figures.of(other, FULL));
    }
    let least = if listeners > LISTENERS { 1.0 } else { 3.0 };
    report
        .row(format!("{}, {hub}", RATE.name), RATE.unit, &figures.of(&hub, RATE))
        .must(Bound::AtLeast(least))
        .aim(Bound::AtLeast(5.0));
    let baseline = figures.ratio(&naive, &raw, PACED);
    report.row(format!("{}, {listeners} listeners, naive / raw", PACED.name), "ratio", &baseline);
    if whole && baseline.median() > NAIVE_MAX {
        report.void(format!(
            "the naive baseline costs more than {NAIVE_MAX} x raw: it proves nothing to be better"
        ));
    }
}
