//! What a report of the orchestrator makes of a session.
//!
//! Reports come at least once and in any order, before the answer to the launch and long after the end.

use std::time::Duration;

use super::{
    Anomaly, Change, Details, End, LaunchError, Reason, STOP_GRACE, ServerSession, Settlement,
    Status, Text, charge,
};
use crate::kernel::time::Timestamp;

/// How far a report's clock may be ahead; a time beyond that is taken for the receipt.
pub const CLOCK_AHEAD_MAX: Duration = Duration::from_mins(5);
/// How much longer a server may claim to have run than its session has lived.
pub const RUNTIME_SLACK: Duration = Duration::from_mins(2);

/// What the orchestrator reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// It will launch a server.
    LaunchAccepted,
    /// Players can join.
    Ready,
    /// The server lives.
    Heartbeat,
    /// The server is going down.
    Stopping,
    /// The server went down as it was told.
    Stopped,
    /// The server went down by itself.
    Exited,
    /// The server was ended the hard way.
    Killed,
    /// There never was a server.
    LaunchFailed,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 8] = [
        Self::LaunchAccepted,
        Self::Ready,
        Self::Heartbeat,
        Self::Stopping,
        Self::Stopped,
        Self::Exited,
        Self::Killed,
        Self::LaunchFailed,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LaunchAccepted => "launch_accepted",
            Self::Ready => "ready",
            Self::Heartbeat => "heartbeat",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Exited => "exited",
            Self::Killed => "killed",
            Self::LaunchFailed => "launch_failed",
        }
    }

    /// Whether it says that a server lives, or will.
    pub const fn claims_life(self) -> bool {
        matches!(self, Self::LaunchAccepted | Self::Ready | Self::Heartbeat)
    }

    /// Whether minutes may be settled by it.
    pub const fn settles(self) -> bool {
        self.is_end() || matches!(self, Self::LaunchFailed)
    }

    /// Whether it says that the server will be gone without being told.
    pub const fn announces_stop(self) -> bool {
        matches!(self, Self::Stopping)
    }

    /// Whether it may be repeated without end.
    pub const fn is_beat(self) -> bool {
        matches!(self, Self::Heartbeat)
    }

    /// Whether it says that the server has ended after it was there.
    const fn is_end(self) -> bool {
        matches!(self, Self::Stopped | Self::Exited | Self::Killed)
    }
}

/// Where a session stands after an event; `None` when it has ended before and stays as it is.
pub const fn next(status: Status, event: Event) -> Option<Status> {
    use Status as S;
    Some(match (status, event) {
        (S::Stopped | S::Failed | S::Expired | S::Killed, _) => return None,
        (_, Event::Stopped | Event::Exited) => S::Stopped,
        (_, Event::Killed) => S::Killed,
        (_, Event::LaunchFailed) => S::Failed,
        (S::Stopping, _) | (_, Event::Stopping) => S::Stopping,
        (S::Running, _) | (_, Event::Ready | Event::Heartbeat) => S::Running,
        (S::Pending | S::Launching, Event::LaunchAccepted) => S::Launching,
    })
}

/// A report, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What happened.
    pub event: Event,
    /// When, by the orchestrator's clock.
    pub occurred_at: Option<Timestamp>,
    /// What is known of the server.
    pub details: Details,
    /// Since when players can join, by the orchestrator's clock.
    pub ready_at: Option<Timestamp>,
    /// When the server ended, by the orchestrator's clock.
    pub stopped_at: Option<Timestamp>,
    /// How long it ran, in whole seconds.
    pub runtime_s: Option<i64>,
    /// Why it stops or has ended.
    pub reason: Option<Reason>,
    /// Why there never was a server.
    pub launch_error: Option<LaunchError>,
}

/// What a report comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The session stays as it is.
    Ignored {
        /// Whether a server lives that no session pays for.
        orphan: bool,
        /// What does not fit.
        anomaly: Option<Anomaly>,
    },
    /// Nothing but a sign of life, at this time.
    Beat(Timestamp),
    /// The session changes.
    Changed(Box<Change>),
}

impl ServerSession {
    /// What a report comes to that was received now.
    pub fn hear(&self, report: &Report, receipt: Timestamp) -> Verdict {
        let ours = self.details.orchestrator_id.as_ref();
        let theirs = report.details.orchestrator_id.as_ref();
        if let (Some(ours), Some(theirs)) = (ours, theirs)
            && ours != theirs
        {
            let orphan = report.event.claims_life();
            return Verdict::Ignored { orphan, anomaly: Some(Anomaly::OtherServer) };
        }
        match (next(self.status, report.event), self.end) {
            (Some(status), _) => self.follow(status, report, receipt),
            (None, Some(End { billed, reported_at: None, .. }))
                if self.status == Status::Expired && report.event.is_end() =>
            {
                self.prove(billed, report, receipt)
            }
            (None, _) => {
                let orphan = report.event.claims_life() && self.is_guarded();
                Verdict::Ignored { orphan, anomaly: None }
            }
        }
    }

    /// An open session goes on, or ends.
    fn follow(&self, status: Status, report: &Report, receipt: Timestamp) -> Verdict {
        let occurred = occurred(report, receipt);
        let mut after = self.clone();
        let mut news = report.details.clone();
        if report.event.is_beat() {
            // What a server says twice a minute of its state is no news worth an event.
            news.state = None;
        }
        after.details = self.details.with(&news);
        match report.event {
            Event::LaunchAccepted => after.status = status,
            Event::Ready | Event::Heartbeat => {
                after.status = status;
                // A server that beats while it stops need not ever have been ready.
                let is_news = report.event == Event::Ready || status == Status::Running;
                let told = report.ready_at.filter(|_| report.event == Event::Ready);
                let ready = self.clamp(told.unwrap_or(occurred), receipt);
                after.ready_at = self.ready_at.or(is_news.then_some(ready));
                after.beat_at = self.beat_at.max(occurred.min(receipt));
            }
            Event::Stopping => {
                after.status = status;
                let at = self.clamp(occurred, receipt);
                after.stop_requested_at = self.stop_requested_at.or(Some(at));
                after.reason = self.reason.clone().or_else(|| reason(report));
            }
            Event::Stopped | Event::Exited | Event::Killed => {
                return Verdict::Changed(Box::new(after.close(status, report, receipt)));
            }
            Event::LaunchFailed => {
                return Verdict::Changed(Box::new(after.fail(report, receipt)));
            }
        }
        let beat = Self { beat_at: after.beat_at, ..self.clone() };
        if after == beat {
            Verdict::Beat(after.beat_at)
        } else {
            Verdict::Changed(Box::new(after.changed(receipt)))
        }
    }

    /// The server has ended: its time is paid.
    fn close(mut self, status: Status, report: &Report, receipt: Timestamp) -> Change {
        let ready = report.ready_at.map(|at| self.clamp(at, receipt));
        self.ready_at = self.ready_at.or(ready);
        let (at, billed, anomaly) = self.bill(report, receipt);
        let reason = reason(report);
        let reason = reason.as_ref().map_or(report.event.name(), Text::as_str);
        let end = End { at, billed, reported_at: Some(at) };
        Change { anomaly, ..self.ended(status, end, reason, receipt) }
    }

    /// There never was a server: nothing is paid.
    fn fail(mut self, report: &Report, receipt: Timestamp) -> Change {
        let ran = self.ready_at.is_some();
        let at = self.clamp(occurred(report, receipt), receipt);
        self.launch_error = report.launch_error.clone().or(self.launch_error);
        let end = End { at, billed: 0, reported_at: Some(at) };
        let change = self.ended(Status::Failed, end, Event::LaunchFailed.name(), receipt);
        Change { anomaly: ran.then_some(Anomaly::FailedAfterReady), ..change }
    }

    /// A session that the hub gave up is proven to have ended: what was charged too much goes back, once.
    fn prove(&self, billed: u32, report: &Report, receipt: Timestamp) -> Verdict {
        let (at, cost, anomaly) = self.bill(report, receipt);
        let mut after = self.clone();
        if let Some(end) = &mut after.end {
            end.reported_at = Some(at);
            end.billed = billed.min(cost);
        }
        let back = billed.saturating_sub(cost);
        let settlement = (back > 0).then_some(Settlement::Correct(back));
        Verdict::Changed(Box::new(Change { settlement, anomaly, ..after.changed(receipt) }))
    }

    /// When the server ended, and what its time costs.
    fn bill(&self, report: &Report, receipt: Timestamp) -> (Timestamp, u32, Option<Anomaly>) {
        let told = report.stopped_at.unwrap_or_else(|| occurred(report, receipt));
        let at = self.clamp(told, receipt);
        let Some(ready) = self.ready_at else { return (at, 0, None) };
        let at = at.max(ready);
        let longest = receipt.since(self.created_at) + RUNTIME_SLACK;
        let told = report
            .runtime_s
            .map(|told| u64::try_from(told).ok().filter(|runtime| *runtime <= longest.as_secs()));
        let measured = at.since(ready).as_secs();
        let (mut runtime, anomaly) = match told {
            Some(Some(told)) => (told, None),
            Some(None) => (measured, Some(Anomaly::ImpossibleRuntime)),
            None => (measured, None),
        };
        if let Some(asked) = self.stop_requested_at
            && at.since(asked) > STOP_GRACE
        {
            runtime = runtime.min(asked.since(ready).as_secs());
        }
        (at, charge(runtime, self.allocated), anomaly)
    }

    /// A time of the orchestrator's, inside the session's life so far.
    fn clamp(&self, at: Timestamp, receipt: Timestamp) -> Timestamp {
        at.min(receipt).max(self.created_at)
    }
}

/// When something happened: a clock that runs far ahead is not believed.
fn occurred(report: &Report, receipt: Timestamp) -> Timestamp {
    report.occurred_at.filter(|at| at.since(receipt) <= CLOCK_AHEAD_MAX).unwrap_or(receipt)
}

/// The reason that a report gives; one that announces a stop has one.
fn reason(report: &Report) -> Option<Reason> {
    let announced = || Text::cut("stopping").filter(|_| report.event == Event::Stopping);
    report.reason.clone().or_else(announced)
}
