//! What the load tests have in common: a folder, two processors, a progress bar, and how contenders are started.

use std::{
    cell::Cell,
    ffi::OsString,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use core_affinity::CoreId;
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::TempDir;

use super::{
    event::Spread,
    figures::{Metric, number},
    fleet::{Faults, Run},
    machine::{cores, pin},
    report::Report,
    stand::{Plan, Role, Stand},
};
use crate::{config::Measure, db::random};

/// Seconds on a processor for a million deliveries, which is microseconds for one.
const PER_MILLION: f64 = 1e6;

/// See the module.
pub(super) struct Setup {
    folder: TempDir,
    secret: String,
    /// How many data directories there were.
    made: Cell<u32>,
    /// Of the server and of the generator, when they have one each.
    cores: Option<(CoreId, CoreId)>,
    bar: ProgressBar,
    pub(super) span: Duration,
    pub(super) repetitions: u32,
}

impl Setup {
    /// A folder that PostgreSQL may enter whoever it runs as, and a bar of so many steps for each repetition.
    pub(super) fn new(measure: Measure, steps: usize) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("tollbell-bench-").tempdir()?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let cores = match cores().as_slice() {
            [server, generator, ..] => Some((*server, *generator)),
            _ => None,
        };
        let steps = u64::try_from(steps)?.saturating_mul(measure.repetitions.into());
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}")?;
        Ok(Self {
            folder,
            secret: hex::encode(random::bytes::<32>()),
            made: Cell::new(0),
            cores,
            bar: ProgressBar::new(steps).with_style(style),
            span: Duration::from_secs(measure.seconds.into()),
            repetitions: measure.repetitions,
        })
    }

    /// Starts a contender on a processor of its own and on a new database, and leaves the other processor to this
    /// thread.
    pub(super) fn stand(
        &self,
        role: Role,
        spread: Spread,
        listeners: u32,
    ) -> anyhow::Result<Stand> {
        let data = |number: u32| self.folder.path().join(format!("data-{number}"));
        let number = self.made.get();
        // The one before has ended; when it can't be removed now, it goes with the folder.
        let _ = fs::remove_dir_all(data(number));
        self.made.set(number.wrapping_add(1));
        // One partition holds all that will be ordered, and none is dropped.
        let settings = ["--shards", "1", "--log-partition-events", "4000000000"];
        let settings = settings.map(OsString::from);
        let plan = Plan {
            core: self.cores.map(|(server, _)| server),
            settings: settings.into(),
            ..self.plan(role, spread, listeners)
        };
        let stand = self.launch(&plan, &data(number.wrapping_add(1)))?;
        if let Some((_, generator)) = self.cores {
            pin(generator);
        }
        Ok(stand)
    }

    /// Starts a contender that shares all processors with us, and the database with those before it.
    pub(super) fn start(
        &self,
        role: Role,
        spread: Spread,
        listeners: u32,
        settings: &[&str],
    ) -> anyhow::Result<Stand> {
        let settings = settings.iter().map(OsString::from).collect();
        let plan = Plan { settings, ..self.plan(role, spread, listeners) };
        self.launch(&plan, &self.folder.path().join("data"))
    }

    fn plan(&self, role: Role, spread: Spread, listeners: u32) -> Plan<'_> {
        let (folder, secret) = (self.folder.path(), self.secret.as_str());
        Plan { role, spread, listeners, core: None, folder, secret, settings: Vec::new() }
    }

    fn launch(&self, plan: &Plan<'_>, data: &Path) -> anyhow::Result<Stand> {
        let name = plan.role.name();
        self.bar.set_message(format!("{name} with {} listeners", plan.listeners));
        Stand::start(plan, data).with_context(|| format!("could not start {name}"))
    }

    /// One step is done.
    pub(super) fn step(&self) {
        self.bar.inc(1);
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Microseconds of processor for a delivery: all, and of it in the server's own code.
pub(super) fn cost(run: &Run) -> (f64, f64) {
    let deliveries = number(run.deliveries);
    let each = |span: Duration| span.as_secs_f64() * PER_MILLION / deliveries;
    (each(run.usage.cpu()), each(run.usage.user))
}

/// A percentile of latencies in milliseconds.
pub(super) fn millis(latencies: &hdrhistogram::Histogram<u64>, percentile: f64) -> f64 {
    number(latencies.value_at_percentile(percentile)) / 1e6
}

/// A metric with its unit.
pub(super) const fn metric(name: &'static str, unit: &'static str) -> Metric {
    Metric { name, unit }
}

/// A lost, doubled, reordered or stray event makes a run of the hub count for nothing.
pub(super) fn check(report: &mut Report, who: Role, faults: Faults) {
    if faults.is_none() {
        return;
    }
    let what = format!("{}: {faults:?}", who.name());
    if who == Role::Product { report.void(what) } else { report.note(what) }
}
