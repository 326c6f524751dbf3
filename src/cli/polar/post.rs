//! How the stand-in delivers its events: attempts, pauses, giving up, and the endpoint that is switched off.
//!
//! No socket and no clock: the time and the chance are arguments, so a test can run through an hour of retries in no
//! time. The figures are those of the real one: ten attempts within about half an hour to an hour, and an endpoint is
//! disabled when the ten events that finished last have all failed. While it is disabled, nothing that happens becomes
//! an event, so nothing of that time can be delivered later.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::shape::time;

/// Attempts of one event.
pub(super) const ATTEMPTS_MAX: usize = 10;
/// Events that finished last, all of which must have failed to disable the endpoint.
const FAILURES_MAX: usize = 10;
/// How long an event waits for an older one that nobody has tried yet.
const WAIT_SECONDS_MAX: i64 = 60;
/// The longest part of a pause that chance does not double.
const PAUSE_SECONDS_MAX: i64 = 600;
/// Events that are remembered; the oldest finished ones go first.
const EVENTS_MAX: usize = 20_000;

/// An event on its way.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) id: Uuid,
    pub(super) kind: &'static str,
    pub(super) made_at: DateTime<Utc>,
    pub(super) body: Body,
    pub(super) attempts: Vec<Attempt>,
    pub(super) progress: Progress,
}

/// What is sent.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// The envelope as it was when it happened.
    Ready(String),
    /// The state of a customer, as it is when it is sent.
    StateOf(Uuid),
}

/// One try.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub(super) at: DateTime<Utc>,
    /// The status of the answer; none when there was none.
    pub(super) status: Option<u16>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is tried again then.
    Waiting(DateTime<Utc>),
    /// It is being tried.
    Underway,
    Delivered,
    GivenUp,
    /// The endpoint was disabled before it was delivered.
    Skipped,
}

/// The events of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Post {
    parcels: Vec<Parcel>,
    /// Whether each of the events that finished last was delivered, the newest at the end.
    finished: Vec<bool>,
}

impl Post {
    /// Takes an event on, to be tried first at `due`.
    pub(super) fn send(
        &mut self,
        kind: &'static str,
        body: Body,
        (id, now, due): (Uuid, DateTime<Utc>, DateTime<Utc>),
    ) {
        if self.parcels.len() >= EVENTS_MAX
            && let Some(oldest) = self.parcels.iter().position(Parcel::is_over)
        {
            self.parcels.remove(oldest);
        }
        let progress = Progress::Waiting(due);
        self.parcels.push(Parcel { id, kind, made_at: now, body, attempts: Vec::new(), progress });
    }

    /// Whether the state of a customer is about to be sent anyway.
    pub(super) fn awaits_state_of(&self, customer: Uuid) -> bool {
        self.parcels.iter().any(|parcel| {
            matches!(parcel.body, Body::StateOf(whose) if whose == customer)
                && matches!(parcel.progress, Progress::Waiting(_))
                && parcel.attempts.is_empty()
        })
    }

    /// The next event to try now, marked as under way. With `reorder` the youngest goes first and none waits for an
    /// older one.
    pub(super) fn take(&mut self, now: DateTime<Utc>, reorder: bool) -> Option<Parcel> {
        let is_due =
            |parcel: &Parcel| matches!(parcel.progress, Progress::Waiting(due) if due <= now);
        let waits = |at: usize, parcel: &Parcel| {
            self.parcels.iter().take(at).any(|older| {
                older.attempts.is_empty()
                    && (is_due(older) || older.progress == Progress::Underway)
                    && older.made_at <= parcel.made_at
                    && now - older.made_at < Duration::seconds(WAIT_SECONDS_MAX)
            })
        };
        let mut indexed = self.parcels.iter().enumerate();
        let at = if reorder {
            indexed.rev().find(|(_, parcel)| is_due(parcel))?.0
        } else {
            indexed.find(|(at, parcel)| is_due(parcel) && !waits(*at, parcel))?.0
        };
        let parcel = self.parcels.get_mut(at)?;
        parcel.progress = Progress::Underway;
        Some(parcel.clone())
    }

    /// Notes how an attempt ended. `chance` is from 0 up to 1. Gives whether the endpoint is to be disabled now.
    pub(super) fn attempted(
        &mut self,
        id: Uuid,
        status: Option<u16>,
        now: DateTime<Utc>,
        chance: f64,
    ) -> bool {
        let Some(parcel) = self.parcels.iter_mut().find(|parcel| parcel.id == id) else {
            return false;
        };
        parcel.attempts.push(Attempt { at: now, status });
        let delivered = status.is_some_and(|status| (200..300).contains(&status));
        let over = delivered || parcel.attempts.len() >= ATTEMPTS_MAX;
        parcel.progress = match (delivered, over) {
            (true, _) => Progress::Delivered,
            (false, true) => Progress::GivenUp,
            (false, false) => Progress::Waiting(now + pause(parcel.attempts.len(), chance)),
        };
        if !over {
            return false;
        }
        self.finished.push(delivered);
        let surplus = self.finished.len().saturating_sub(FAILURES_MAX);
        self.finished.drain(..surplus);
        self.finished.len() == FAILURES_MAX && self.finished.iter().all(|delivered| !delivered)
    }

    /// The endpoint is disabled: nothing that waits will be delivered.
    pub(super) fn skip(&mut self) {
        for parcel in self.parcels.iter_mut().filter(|parcel| !parcel.is_over()) {
            parcel.progress = Progress::Skipped;
        }
    }

    /// The endpoint is enabled again, and its failures are forgiven.
    pub(super) fn forgive(&mut self) {
        self.finished.clear();
    }

    /// Delivers an event once more, at once: the same id, and a new signature.
    pub(super) fn redeliver(&mut self, id: Uuid, now: DateTime<Utc>) -> bool {
        let found = self.parcels.iter_mut().find(|parcel| parcel.id == id);
        let Some(parcel) = found else { return false };
        parcel.progress = Progress::Waiting(now);
        true
    }

    /// All events, oldest first.
    pub(super) fn parcels(&self) -> &[Parcel] {
        &self.parcels
    }
}

impl Parcel {
    fn is_over(&self) -> bool {
        matches!(self.progress, Progress::Delivered | Progress::GivenUp | Progress::Skipped)
    }

    /// The event for whoever watches the stand-in.
    pub(super) fn view(&self) -> Value {
        let attempts: Vec<Value> = self
            .attempts
            .iter()
            .map(|attempt| json!({"at": time(attempt.at), "status": attempt.status}))
            .collect();
        let progress = match self.progress {
            Progress::Waiting(_) => "waiting",
            Progress::Underway => "underway",
            Progress::Delivered => "delivered",
            Progress::GivenUp => "given_up",
            Progress::Skipped => "skipped",
        };
        json!({"id": self.id, "type": self.kind, "created_at": time(self.made_at), "attempts": attempts,
               "progress": progress})
    }
}

/// The pause behind attempt `made`: 2 s, doubled with each attempt, up to ten minutes, and once more by chance.
fn pause(made: usize, chance: f64) -> Duration {
    let doubled = 2_i64.saturating_pow(u32::try_from(made).unwrap_or(u32::MAX).saturating_add(1));
    let seconds = i32::try_from(doubled.min(PAUSE_SECONDS_MAX)).unwrap_or(i32::MAX);
    let span = std::time::Duration::from_secs_f64(f64::from(seconds) * (1.0 + chance));
    Duration::from_std(span).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests;
