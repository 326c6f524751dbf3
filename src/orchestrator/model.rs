//! The life of a server as a pure state machine: what happens to it, what the hub is told, what is done to the process.
//!
//! ```text
//! Accepted ─placed─► Starting ─ready─► Running ─stop, time is up─► Stopping ─ended─► Ended
//!     └────refused────┴────ended, too late────┴──────ended──────────────────────────►
//! ```
//!
//! A server never goes back. Events are made here and nowhere else: they wait in the server's own outbox, so that
//! whoever stores a server stores its state and what is still to be told in one write.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::time::Timestamp;

/// How long to wait between two SIGKILLs for a process that does not even obey the first.
const KILL_AGAIN: Duration = Duration::from_secs(5);
/// The reason of a stop because the time is up.
pub const TIME_LIMIT: &str = "time_limit";

/// The id of a server here; the hub calls it `orchestrator_session_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(Uuid);

impl ServerId {
    /// Wraps a random UUID.
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for ServerId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// What was ordered and what was given for it. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The hub's id of the session.
    pub session: String,
    /// The key of the request that ordered it.
    pub key: String,
    /// The game's code.
    pub game: String,
    /// The name that its owner gave it.
    pub comment: String,
    /// Where it was ordered, for the operator.
    pub launch_source: String,
    /// Minutes that it may run once it is ready.
    pub minutes: u32,
    /// When its time would be over if it had been ready at once: who is not ready by then needs not be any more.
    pub expires_at: Option<Timestamp>,
    /// What players must know to join; empty when nothing.
    pub password: String,
    /// Whether the hub chose that password.
    pub password_given: bool,
    /// Its port.
    pub port: u16,
    /// The address that players are told.
    pub host: String,
    /// The URL where the hub hears of it.
    pub callback: String,
    /// When it was accepted.
    pub at: Timestamp,
}

/// By what a driver finds a server again after a restart. Only the driver that made it reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mark(pub String);

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// Its id.
    pub id: ServerId,
    /// What was ordered.
    pub order: Order,
    /// Where it stands.
    pub state: State,
    /// When it was last known to live: a server that was lost while nobody watched is billed until then.
    pub seen_at: Timestamp,
    /// Whether the hub has said that it knows nothing of it; then it is told nothing more.
    pub forgotten: bool,
    /// Events made so far; the number of an event makes its id.
    pub events: u32,
    /// What the hub has not acknowledged, in order. At the most one event of each state.
    pub outbox: Vec<Event>,
}

/// Where a server stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// It is to be started.
    Accepted,
    /// It was started and is not ready.
    Starting {
        /// How to find it.
        mark: Mark,
        /// When it was started.
        since: Timestamp,
    },
    /// It is ready for players.
    Running {
        /// How to find it.
        mark: Mark,
        /// Since when.
        ready_at: Timestamp,
    },
    /// It was told to stop.
    Stopping {
        /// How to find it.
        mark: Mark,
        /// Since when it was ready, if it ever was.
        ready_at: Option<Timestamp>,
        /// Why and since when.
        stop: Stop,
    },
    /// It is gone.
    Ended(End),
}

/// Why and since when a server stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What led to it.
    pub cause: Cause,
    /// The reason, as the hub is told.
    pub reason: String,
    /// When it was told to stop.
    pub since: Timestamp,
    /// When it was last killed because it did not obey.
    pub killed_at: Option<Timestamp>,
}

/// What led to a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody wanted it, or its time is up.
    Wanted,
    /// It was not ready in time.
    NotReady,
}

/// How a server ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// As the hub is told.
    pub kind: EventKind,
    /// When; for one that was lost, when it was last seen.
    pub at: Timestamp,
    /// Since when it was ready, if it ever was.
    pub ready_at: Option<Timestamp>,
    /// Whole seconds from ready to the end.
    pub runtime_seconds: u64,
    /// The reason, or the code of a launch that failed.
    pub reason: String,
    /// For people.
    pub message: String,
}

/// What the hub is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 1 in each server.
    pub number: u32,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// Since when the server was ready, if it is known by then.
    pub ready_at: Option<Timestamp>,
    /// The reason of a stop.
    pub reason: Option<String>,
    /// How it ended, when it did.
    pub end: Option<End>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The order is stored; a server will start or the launch will fail.
    LaunchAccepted,
    /// Players can join.
    Ready,
    /// It lives.
    Heartbeat,
    /// It was told to stop.
    Stopping,
    /// It ended as it was told to.
    Stopped,
    /// It ended by itself.
    Exited,
    /// It was ended by force.
    Killed,
    /// It never was ready.
    LaunchFailed,
}

impl EventKind {
    /// The server's state once this happened, in the words of the API.
    pub const fn state(self) -> &'static str {
        match self {
            Self::LaunchAccepted => "launching",
            Self::Ready | Self::Heartbeat => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Exited => "exited",
            Self::Killed => "killed",
            Self::LaunchFailed => "failed",
        }
    }
}

/// What happens to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The driver has it and can find it again; it does not run yet.
    Placed(Mark),
    /// The driver can't run it.
    Refused {
        /// A stable code.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// Players can join.
    Ready,
    /// It ended.
    Ended(Ending),
    /// After a restart it is not there, and nobody saw it end.
    Lost,
    /// Somebody wants it to stop.
    Stop(String),
    /// The hub knows nothing of it.
    Forgotten,
    /// Time has passed.
    Clock,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody knows: it was not a child of ours any more.
    Unknown,
}

/// SIGKILL, which no process can send to itself by mistake: it was ended by somebody, or by a lack of memory.
const SIGKILL: i32 = 9;

/// What is to be done to the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// Ask it to stop.
    Ask,
    /// End it.
    Kill,
}

/// How much patience a game is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From the start to ready.
    pub ready: Duration,
    /// From asking it to stop to killing it.
    pub stop: Duration,
}

impl Server {
    /// A server that is to be started. The hub is told so.
    pub fn accepted(id: ServerId, order: Order) -> Self {
        let at = order.at;
        let mut server = Self {
            id,
            order,
            state: State::Accepted,
            seen_at: at,
            forgotten: false,
            events: 0,
            outbox: Vec::new(),
        };
        server.tell(EventKind::LaunchAccepted, at, None, None);
        server
    }

    /// Takes in what happened. Says what is to be done to the process.
    pub fn take(&mut self, input: Input, now: Timestamp, patience: &Patience) -> Option<Force> {
        match (input, self.state.clone()) {
            (Input::Forgotten, State::Ended(_)) => {
                self.forgotten = true;
                self.outbox.clear();
                None
            }
            (_, State::Ended(_)) => None,
            (Input::Placed(mark), State::Accepted) => {
                self.seen_at = now;
                self.state = State::Starting { mark, since: now };
                None
            }
            (Input::Refused { code, message }, State::Accepted | State::Starting { .. }) => {
                self.end(EventKind::LaunchFailed, now, code.to_owned(), message);
                None
            }
            (Input::Ready, State::Starting { mark, .. }) => {
                self.seen_at = now;
                self.state = State::Running { mark, ready_at: now };
                self.tell(EventKind::Ready, now, None, None);
                None
            }
            (Input::Ended(ending), _) => {
                self.ended(ending, now);
                None
            }
            (Input::Lost, _) => {
                self.ended(Ending::Unknown, self.seen_at);
                None
            }
            (Input::Stop(reason), _) => self.stop(Cause::Wanted, reason, now),
            (Input::Forgotten, _) => {
                self.forgotten = true;
                self.outbox.clear();
                self.stop(Cause::Wanted, "unknown_to_hub".to_owned(), now)
            }
            (Input::Clock, _) => self.clock(now, patience),
            (Input::Placed(_) | Input::Refused { .. } | Input::Ready, _) => None,
        }
    }

    /// When time alone changes something.
    pub fn deadline(&self, patience: &Patience) -> Option<Timestamp> {
        match &self.state {
            State::Accepted => self.order.at.plus(patience.ready),
            State::Starting { since, .. } => {
                earlier(since.plus(patience.ready), self.order.expires_at)
            }
            State::Running { ready_at, .. } => {
                ready_at.plus(Duration::from_mins(self.order.minutes.into()))
            }
            State::Stopping { stop, .. } => match stop.killed_at {
                None => stop.since.plus(patience.stop),
                Some(at) => at.plus(KILL_AGAIN),
            },
            State::Ended(_) => None,
        }
    }

    /// The hub has the first event of the outbox.
    pub fn acknowledged(&mut self) {
        if !self.outbox.is_empty() {
            self.outbox.remove(0);
        }
    }

    /// Whether a process may exist.
    pub const fn is_open(&self) -> bool {
        !matches!(self.state, State::Ended(_))
    }

    /// Whether it ended and everybody knows.
    pub fn is_over(&self) -> bool {
        !self.is_open() && self.outbox.is_empty()
    }

    /// Whether the hub is told again and again that it lives. Before it is ready that would make the hub think it is.
    pub const fn beats(&self) -> bool {
        matches!(self.state, State::Running { .. } | State::Stopping { ready_at: Some(_), .. })
            && !self.forgotten
    }

    /// Since when it was ready, if it ever was.
    pub const fn ready_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Accepted | State::Starting { .. } => None,
            State::Running { ready_at, .. } => Some(*ready_at),
            State::Stopping { ready_at, .. } => *ready_at,
            State::Ended(end) => end.ready_at,
        }
    }

    /// Its state in the words of the API.
    pub const fn state_name(&self) -> &'static str {
        match &self.state {
            State::Accepted | State::Starting { .. } => EventKind::LaunchAccepted.state(),
            State::Running { .. } => EventKind::Ready.state(),
            State::Stopping { .. } => EventKind::Stopping.state(),
            State::Ended(end) => end.kind.state(),
        }
    }

    fn clock(&mut self, now: Timestamp, patience: &Patience) -> Option<Force> {
        if self.deadline(patience).is_none_or(|deadline| now < deadline) {
            return None;
        }
        let expired = self.order.expires_at.is_some_and(|at| now >= at);
        match &mut self.state {
            // It was accepted before a restart that took too long: the hub has given it up.
            State::Accepted => {
                let message = "the orchestrator was down when the server should have started";
                let code = "started_too_late".to_owned();
                self.end(EventKind::LaunchFailed, now, code, message.to_owned());
                None
            }
            State::Starting { .. } if !expired => {
                self.stop(Cause::NotReady, "not_ready_in_time".to_owned(), now)
            }
            State::Starting { .. } | State::Running { .. } => {
                self.stop(Cause::Wanted, TIME_LIMIT.to_owned(), now)
            }
            State::Stopping { stop, .. } => {
                stop.killed_at = Some(now);
                Some(Force::Kill)
            }
            State::Ended(_) => None,
        }
    }

    /// The first reason stands.
    fn stop(&mut self, cause: Cause, reason: String, now: Timestamp) -> Option<Force> {
        let (mark, ready_at) = match &self.state {
            State::Accepted => {
                self.end(EventKind::Stopped, now, reason, String::new());
                return None;
            }
            State::Starting { mark, .. } => (mark.clone(), None),
            State::Running { mark, ready_at } => (mark.clone(), Some(*ready_at)),
            State::Stopping { .. } | State::Ended(_) => return None,
        };
        // A launch that is about to fail is told of once, when it has.
        if cause == Cause::Wanted {
            self.tell(EventKind::Stopping, now, Some(reason.clone()), None);
        }
        let stop = Stop { cause, reason, since: now, killed_at: None };
        self.state = State::Stopping { mark, ready_at, stop };
        Some(Force::Ask)
    }

    fn ended(&mut self, ending: Ending, at: Timestamp) {
        let (kind, reason, message) = match &self.state {
            State::Accepted | State::Starting { .. } => {
                let message = format!("the game ended before it was ready: {}", words(ending));
                (EventKind::LaunchFailed, "exited_before_ready".to_owned(), message)
            }
            State::Running { .. } => {
                let killed = ending == Ending::Signal(SIGKILL);
                let kind = if killed { EventKind::Killed } else { EventKind::Exited };
                (kind, reason(ending), words(ending))
            }
            State::Stopping { stop, .. } => match stop.cause {
                Cause::NotReady => {
                    let message = "the game was not ready in time and was ended".to_owned();
                    (EventKind::LaunchFailed, stop.reason.clone(), message)
                }
                Cause::Wanted if stop.killed_at.is_some() => {
                    let message = "the game did not stop in time and was killed".to_owned();
                    (EventKind::Killed, stop.reason.clone(), message)
                }
                Cause::Wanted => (EventKind::Stopped, stop.reason.clone(), words(ending)),
            },
            State::Ended(_) => return,
        };
        self.end(kind, at, reason, message);
    }

    fn end(&mut self, kind: EventKind, at: Timestamp, reason: String, message: String) {
        let ready_at = self.ready_at();
        let at = ready_at.map_or(at, |ready_at| at.max(ready_at));
        let runtime_seconds = ready_at.map_or(0, |ready_at| at.since(ready_at).as_secs());
        let end = End { kind, at, ready_at, runtime_seconds, reason, message };
        self.tell(kind, at, Some(end.reason.clone()), Some(end.clone()));
        self.state = State::Ended(end);
    }

    fn tell(&mut self, kind: EventKind, at: Timestamp, reason: Option<String>, end: Option<End>) {
        if self.forgotten {
            return;
        }
        self.events += 1;
        let ready_at = self.ready_at();
        self.outbox.push(Event { number: self.events, kind, at, ready_at, reason, end });
    }
}

/// The stable reason of an end that nobody wanted.
fn reason(ending: Ending) -> String {
    match ending {
        Ending::Code(code) => format!("exit_code_{code}"),
        Ending::Signal(signal) => format!("signal_{signal}"),
        Ending::Unknown => "lost".to_owned(),
    }
}

fn words(ending: Ending) -> String {
    match ending {
        Ending::Code(code) => format!("exit code {code}"),
        Ending::Signal(signal) => format!("signal {signal}"),
        Ending::Unknown => "nobody saw how".to_owned(),
    }
}

fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
pub(super) mod tests;
