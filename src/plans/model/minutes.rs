//! Minutes: what a run costs and what is left. All of it in integers.

use serde::Serialize;
use utoipa::ToSchema;

/// A run is charged in steps of so many minutes.
pub const CHARGE_STEP_MINUTES: u32 = 5;
/// The shortest run that can be asked for; less is raised to it.
pub const REQUEST_MINUTES_MIN: u32 = 5;
/// The longest run that can be asked for; more is cut to it.
pub const REQUEST_MINUTES_MAX: u32 = 100_000;
/// Percents of a window's minutes at which its user is told.
pub const THRESHOLDS: [u32; 2] = [80, 100];

/// What a run of some whole seconds costs: rounded up to 5 minutes, never more than was allocated; nothing when it
/// never ran.
pub fn charge(runtime_s: i64, allocated: u32) -> u32 {
    if runtime_s <= 0 {
        return 0;
    }
    let steps = (i128::from(runtime_s) + 299) / 300;
    let minutes = u32::try_from(steps * i128::from(CHARGE_STEP_MINUTES)).unwrap_or(u32::MAX);
    minutes.max(CHARGE_STEP_MINUTES).min(allocated)
}

/// How the minutes of a window stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Balance {
    /// What the plan gives.
    pub quota: u32,
    /// What was used, less what was given back; below zero when more was given.
    pub used: i64,
    /// What is held for open server sessions.
    pub reserved: u32,
}

impl Balance {
    /// What is not used.
    pub fn remaining(self) -> u32 {
        clamp(i64::from(self.quota).saturating_sub(self.used))
    }

    /// What is neither used nor held.
    pub fn available(self) -> u32 {
        let free = i64::from(self.quota).saturating_sub(self.used);
        clamp(free.saturating_sub(i64::from(self.reserved)))
    }

    /// The thresholds that the use has reached.
    pub fn reached(self) -> impl Iterator<Item = u32> {
        let (used, quota) = (self.used.saturating_mul(100), i64::from(self.quota));
        THRESHOLDS
            .into_iter()
            .filter(move |percent| quota > 0 && used >= quota * i64::from(*percent))
    }
}

fn clamp(minutes: i64) -> u32 {
    u32::try_from(minutes.max(0)).unwrap_or(u32::MAX)
}
