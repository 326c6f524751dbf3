//! The machine and what a process uses of it, as the operating system accounts it.

use std::{io, time::Duration};

use nix::{
    sys::resource::{UsageWho, getrusage},
    sys::time::TimeVal,
    time::{ClockId, clock_gettime},
};
use serde::{Deserialize, Serialize};

/// What a process has used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Usage {
    /// Time on a processor in its own code.
    pub(super) user: Duration,
    /// Time on a processor in the kernel.
    pub(super) system: Duration,
    /// Bytes of memory it holds now; 0 where the system does not say.
    pub(super) resident: u64,
}

impl Usage {
    /// Of this process with all its threads.
    pub(super) fn of_this_process() -> io::Result<Self> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        Ok(Self {
            user: span(usage.user_time()),
            system: span(usage.system_time()),
            resident: resident(),
        })
    }

    /// All time on a processor.
    pub(super) fn cpu(&self) -> Duration {
        self.user + self.system
    }

    /// What was used since an earlier reading. Memory is that of now.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            resident: self.resident,
        }
    }
}

fn span(time: TimeVal) -> Duration {
    let micros = u64::try_from(time.tv_usec()).unwrap_or(0);
    Duration::from_secs(time.tv_sec().unsigned_abs()) + Duration::from_micros(micros)
}

fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.trim().parse::<u64>().ok()).unwrap_or(0).saturating_mul(1_024)
}

/// Time since some moment that all processes of this machine share.
pub(super) fn uptime() -> io::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_MONOTONIC)?.into())
}

/// The processors of this process at its start.
pub(super) fn cores() -> Vec<core_affinity::CoreId> {
    core_affinity::get_core_ids().unwrap_or_default()
}

/// Keeps this thread, and what it starts from here on, on one processor. Without the right to, it stays where it is.
pub(super) fn pin(core: core_affinity::CoreId) -> bool {
    core_affinity::set_for_current(core)
}
