//! Periods and the windows in them. A window is what minutes are counted in; it is named by its start alone.

use chrono::{Datelike, Months};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::kernel::time::Timestamp;

/// What was paid for: never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// When it begins.
    pub start: Timestamp,
    /// When it is over.
    pub end: Timestamp,
}

/// A part of a period in which a plan's minutes can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Window {
    /// When it begins: its name.
    pub start: Timestamp,
    /// When the next one begins, or the period ends.
    pub end: Timestamp,
}

impl Period {
    /// A period. `None` when it would be empty.
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Self> {
        (end > start).then_some(Self { start, end })
    }

    /// The window of a time within the period: from the last monthly step of its start to the next one, or to its end.
    /// Behind the end it is the first window of a period that would follow: who is in the days of grace, or waits for
    /// news of the renewal, uses what the next period brings.
    pub fn window(self, now: Timestamp) -> Window {
        if now >= self.end {
            let length = self.end.since(self.start);
            let next = months_after(self.end, 1);
            let end = self.end.plus(length).map_or(next, |end| end.min(next));
            return Window { start: self.end, end };
        }
        let (from, at) = (self.start.get(), now.get());
        let months = (at.year() - from.year()) * 12 + month(at) - month(from);
        let mut step = u32::try_from(months).unwrap_or(0);
        if step > 0 && months_after(self.start, step) > now {
            step -= 1;
        }
        Window {
            start: months_after(self.start, step),
            end: months_after(self.start, step + 1).min(self.end),
        }
    }
}

fn month(at: chrono::DateTime<chrono::Utc>) -> i32 {
    i32::try_from(at.month()).unwrap_or(1)
}

/// The same day and time some months later, or the last day of a month that is too short. Past the calendar's end it is
/// the end.
pub(super) fn months_after(at: Timestamp, months: u32) -> Timestamp {
    let moved = at.get().checked_add_months(Months::new(months));
    Timestamp::new(moved.unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC))
}

impl Period {
    /// Some months from a time on; at least one.
    pub fn months(start: Timestamp, months: u32) -> Self {
        Self { start, end: months_after(start, months.max(1)) }
    }
}
