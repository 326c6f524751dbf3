//! When terms end. Pure: the time comes in as an argument, and everything is in UTC.
//!
//! Periods are counted from an anchor and never from the last end, so a late renewal moves nothing: 31 January, 28
//! February, 31 March. A cron expression needs no anchor.

use std::{sync::Arc, time::Duration};

use chrono::{Datelike, Months};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use serde::{Deserialize, Serialize};

use crate::kernel::time::Timestamp;

/// The shortest term. Cron expressions have no field for seconds, so their occurrences are at least this far apart.
pub const TERM_MIN: Duration = Duration::from_mins(1);
/// The longest period in seconds: ten years.
pub const PERIOD_SECONDS_MAX: u32 = 315_360_000;
/// The longest period in months: ten years.
pub const PERIOD_MONTHS_MAX: u32 = 120;
/// The longest cron expression in characters.
pub const CRON_CHARS_MAX: usize = 128;
/// Missed occurrences are counted up to here; a term's number may be too low behind that, its end never.
const OCCURRENCES_COUNTED_MAX: i64 = 1_000;
/// A cron expression that has nothing to say for so long is a mistake. Leap days are up to eight years apart, but a
/// term of that length is none that anybody means.
const SILENCE_MAX_MONTHS: u32 = 5 * 12;

/// When the terms of a contract end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// At each occurrence of a cron expression.
    Cron(CronExpr),
    /// Every so many seconds.
    Seconds(u32),
    /// Every so many months, on the day of the anchor or the last one of a shorter month.
    Months(u32),
}

/// Why there is no such schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// None was given, or several.
    #[error("exactly one of cron_expr, period_seconds and period_months says when terms end")]
    NotOne,
    /// Not five fields, or not cron.
    #[error("cron_expr is no cron expression of five fields: {0}")]
    Cron(String),
    /// It has no occurrence in the next years.
    #[error("cron_expr has no occurrence in the next five years")]
    Never,
    /// Out of range.
    #[error("period_seconds must be 60 to {PERIOD_SECONDS_MAX}")]
    Seconds,
    /// Out of range.
    #[error("period_months must be 1 to {PERIOD_MONTHS_MAX}")]
    Months,
}

/// Where the terms of a subscription are counted from: this term ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The instant.
    pub at: Timestamp,
    /// The number of the term that ends there; 0 for the beginning of the first.
    pub term: i64,
}

/// A term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Its number in the run, from 1.
    pub number: i64,
    /// When it begins.
    pub starts: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
}

impl Schedule {
    /// The schedule that exactly one of these gives.
    ///
    /// # Errors
    /// When none or several are given, or the one is out of its range or silent for years from `now`.
    pub fn new(
        cron: Option<&str>,
        seconds: Option<u32>,
        months: Option<u32>,
        now: Timestamp,
    ) -> Result<Self, ScheduleError> {
        match (cron, seconds, months) {
            (Some(text), None, None) => {
                let cron = CronExpr::parse(text)?;
                let latest = now.get().checked_add_months(Months::new(SILENCE_MAX_MONTHS));
                let heard = cron.after(now).is_some_and(|next| Some(next.get()) <= latest);
                if heard { Ok(Self::Cron(cron)) } else { Err(ScheduleError::Never) }
            }
            (None, Some(seconds), None) => {
                let known = (60..=PERIOD_SECONDS_MAX).contains(&seconds);
                if known { Ok(Self::Seconds(seconds)) } else { Err(ScheduleError::Seconds) }
            }
            (None, None, Some(months)) => {
                let known = (1..=PERIOD_MONTHS_MAX).contains(&months);
                if known { Ok(Self::Months(months)) } else { Err(ScheduleError::Months) }
            }
            _ => Err(ScheduleError::NotOne),
        }
    }

    /// The first term of a subscription that begins now, or `None` past the end of the calendar. An occurrence that
    /// is nearer than [`TERM_MIN`] is passed over: nobody pays for seconds.
    pub fn first(&self, now: Timestamp) -> Option<Term> {
        let ends = match self {
            Self::Cron(cron) => cron.at_or_after(now.plus(TERM_MIN)?)?,
            Self::Seconds(_) | Self::Months(_) => self.end(Anchor { at: now, term: 0 }, 1)?,
        };
        Some(Term { number: 1, starts: now, ends })
    }

    /// The term behind one that has ended.
    pub fn following(&self, anchor: Anchor, ended: Term) -> Option<Term> {
        let number = ended.number.checked_add(1)?;
        let ends = match self {
            Self::Cron(cron) => cron.after(ended.ends)?,
            Self::Seconds(_) | Self::Months(_) => self.end(anchor, number)?,
        };
        Some(Term { number, starts: ended.ends, ends })
    }

    /// The term that runs now, behind one that has ended: the following one, or a later one on the same grid when
    /// renewals were held up.
    pub fn current(&self, anchor: Anchor, ended: Term, now: Timestamp) -> Option<Term> {
        let mut term = self.following(anchor, ended)?;
        if let Self::Cron(cron) = self {
            while term.ends <= now {
                let counted = term.number - ended.number < OCCURRENCES_COUNTED_MAX;
                let skipped =
                    Term { ends: if counted { term.ends } else { cron.before(now)? }, ..term };
                term = self.following(anchor, skipped)?;
            }
            return Some(term);
        }
        let whole = self.whole_periods(anchor.at, now);
        term.number = term.number.max(anchor.term.checked_add(whole)?);
        while self.end(anchor, term.number)? <= now {
            term.number += 1;
        }
        let (starts, ends) = (self.end(anchor, term.number - 1)?, self.end(anchor, term.number)?);
        Some(Term { number: term.number, starts, ends })
    }

    /// When the next term of a contract would begin for everybody at once. Periods begin for each by itself.
    pub fn next_occurrence(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron) => cron.after(now),
            Self::Seconds(_) | Self::Months(_) => None,
        }
    }

    /// The end of a term, for periods.
    fn end(&self, anchor: Anchor, term: i64) -> Option<Timestamp> {
        let periods = term.checked_sub(anchor.term)?;
        match self {
            Self::Seconds(seconds) => {
                let seconds = i64::from(*seconds).checked_mul(periods)?;
                anchor.at.plus(Duration::from_secs(u64::try_from(seconds).ok()?))
            }
            Self::Months(months) => {
                let months = i64::from(*months).checked_mul(periods)?;
                let months = Months::new(u32::try_from(months).ok()?);
                anchor.at.get().checked_add_months(months).map(Timestamp::new)
            }
            Self::Cron(_) => None,
        }
    }

    /// How many periods have passed since the anchor: exact or one too few.
    fn whole_periods(&self, anchor: Timestamp, now: Timestamp) -> i64 {
        match self {
            Self::Seconds(seconds) => {
                i64::try_from(now.since(anchor).as_secs() / u64::from(*seconds)).unwrap_or(i64::MAX)
            }
            Self::Months(months) => {
                let month =
                    |at: Timestamp| i64::from(at.get().year()) * 12 + i64::from(at.get().month0());
                // The day of the month may not have come yet.
                ((month(now) - month(anchor) - 1) / i64::from(*months)).max(0)
            }
            Self::Cron(_) => 0,
        }
    }
}

/// A cron expression of five fields: minute, hour, day of the month, month, day of the week.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CronExpr {
    text: Box<str>,
    cron: Arc<Cron>,
}

impl CronExpr {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it has other fields than five, or they make no sense.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let fields = text.split_whitespace().count();
        if text.len() > CRON_CHARS_MAX || fields != 5 {
            return Err(ScheduleError::Cron(format!("{fields} fields, {} characters", text.len())));
        }
        let parser =
            CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| ScheduleError::Cron(error.to_string()))?;
        Ok(Self { text: text.into(), cron: Arc::new(cron) })
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn after(&self, at: Timestamp) -> Option<Timestamp> {
        self.cron.find_next_occurrence(&at.get(), false).ok().map(Timestamp::new)
    }

    /// The library looks at whole seconds: at 12:00:00.001 it would take 12:00 for an occurrence to come.
    fn at_or_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.after(at.minus(Duration::from_millis(1))?)
    }

    fn before(&self, at: Timestamp) -> Option<Timestamp> {
        self.cron.find_previous_occurrence(&at.get(), true).ok().map(Timestamp::new)
    }
}

impl PartialEq for CronExpr {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for CronExpr {}

impl TryFrom<String> for CronExpr {
    type Error = ScheduleError;

    fn try_from(text: String) -> Result<Self, ScheduleError> {
        Self::parse(&text)
    }
}

impl From<CronExpr> for String {
    fn from(cron: CronExpr) -> Self {
        cron.text.into()
    }
}

#[cfg(test)]
mod tests;
