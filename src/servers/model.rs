//! Server sessions: where one stands, what a report of the orchestrator, a stop, an answer to a launch or the passing
//! of time makes of it, and what that costs.
//!
//! Everything here is pure: the time comes in, a new session and what is to be done about its minutes come out. A
//! session never goes back: its status only rises in rank, and the end is final. Minutes are counted by one integer
//! rule, [`charge`].

pub mod launch;
pub mod report;
pub mod sweep;
mod text;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::text::Text;
use crate::kernel::{
    id::{DiscordId, ServerSessionId},
    time::Timestamp,
};

/// The fewest minutes that are asked for and charged, and the step in which they are charged.
pub const STEP_MINUTES: u32 = 5;
/// The most minutes that can be asked for; a larger number is taken for this one.
pub const REQUESTED_MINUTES_MAX: u32 = 100_000;
/// A stop that takes longer than this is not paid by the user: minutes count up to the request.
pub const STOP_GRACE: Duration = Duration::from_mins(1);
/// The pause between two stop calls that users cause.
pub const STOP_RESEND: Duration = Duration::from_secs(10);

/// The longest code of a game in characters.
pub const GAME_CODE_CHARS_MAX: usize = 32;

/// The code of a game.
pub type GameCode = Text<GAME_CODE_CHARS_MAX>;
/// A name on the wire of the orchestrator.
pub type ServerName = Text<128>;
/// A reason or an error code.
pub type Reason = Text<80>;

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Minutes are reserved; the orchestrator has not answered yet.
    Pending,
    /// The orchestrator is at it.
    Launching,
    /// Players can join.
    Running,
    /// It was told to stop, or stops by itself.
    Stopping,
    /// It has ended as it should.
    Stopped,
    /// It never came up.
    Failed,
    /// The hub gave it up: it was silent, or its stop was never confirmed.
    Expired,
    /// The orchestrator ended it the hard way.
    Killed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Launching,
        Self::Running,
        Self::Stopping,
        Self::Stopped,
        Self::Failed,
        Self::Expired,
        Self::Killed,
    ];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Launching => "launching",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Killed => "killed",
        }
    }

    /// How far a session has come. It never falls.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Launching => 1,
            Self::Running => 2,
            Self::Stopping => 3,
            Self::Stopped | Self::Failed | Self::Expired | Self::Killed => 4,
        }
    }

    /// Whether the session holds minutes and may have a server.
    pub const fn is_open(self) -> bool {
        self.rank() < 4
    }
}

impl std::str::FromStr for Status {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.name() == text).ok_or("no status of a session")
    }
}

/// Who had a session started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LaunchSource {
    /// A bot, for the user.
    DiscordBot,
    /// The user, on a page.
    Website,
    /// The user, by a program.
    Api,
}

impl LaunchSource {
    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DiscordBot => "discord_bot",
            Self::Website => "website",
            Self::Api => "api",
        }
    }
}

impl std::str::FromStr for LaunchSource {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::DiscordBot, Self::Website, Self::Api]
            .into_iter()
            .find(|source| source.name() == text)
            .ok_or("no source of a launch")
    }
}

/// What was ordered: it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Which game.
    pub game_code: GameCode,
    /// What the game is called.
    pub game: Text<80>,
    /// What the server is called.
    pub comment: Option<Text<120>>,
    /// Who asked.
    pub source: LaunchSource,
    /// What the asker wants to find again: a JSON object as text.
    pub context: Option<Text<4096>>,
    /// The minutes that were asked for, at least [`STEP_MINUTES`].
    pub requested: u32,
}

/// What is known of the server itself. What is not known yet is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The orchestrator's name of the session. Once known it never changes.
    pub orchestrator_id: Option<ServerName>,
    /// The orchestrator's own word for the state.
    pub state: Option<Text<64>>,
    /// A name of the server for people.
    pub identifier: Option<ServerName>,
    /// Where to connect.
    pub host: Option<Text<255>>,
    /// Where to connect, 1 to 65,535.
    pub port: Option<u16>,
    /// What to connect with.
    pub password: Option<Text<80>>,
}

impl Details {
    /// These details with what is news in others. An id that is known stays.
    #[must_use]
    fn with(&self, news: &Self) -> Self {
        let Self { orchestrator_id, state, identifier, host, port, password } = self;
        Self {
            orchestrator_id: orchestrator_id.clone().or_else(|| news.orchestrator_id.clone()),
            state: news.state.clone().or_else(|| state.clone()),
            identifier: news.identifier.clone().or_else(|| identifier.clone()),
            host: news.host.clone().or_else(|| host.clone()),
            port: news.port.or(*port),
            password: news.password.clone().or_else(|| password.clone()),
        }
    }
}

/// Why there never was a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchError {
    /// For programs.
    pub code: Reason,
    /// For people.
    pub message: Option<Text<500>>,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// The minutes that were charged.
    pub billed: u32,
    /// When the orchestrator says that the server ended; absent while the hub alone says so.
    pub reported_at: Option<Timestamp>,
}

/// A session of a game server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSession {
    /// Its name.
    pub id: ServerSessionId,
    /// Its place in lists: rising.
    pub number: i64,
    /// Whose it is.
    pub owner: DiscordId,
    /// What was ordered.
    pub order: Order,
    /// The minutes that are reserved for it, and the most that it can cost.
    pub allocated: u32,
    /// Where it stands.
    pub status: Status,
    /// What is known of its server.
    pub details: Details,
    /// When the minutes were reserved.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Since when players can join.
    pub ready_at: Option<Timestamp>,
    /// The last sign of life.
    pub beat_at: Timestamp,
    /// When its stop was asked for, or its server said that it stops.
    pub stop_requested_at: Option<Timestamp>,
    /// Why it stops, or ended.
    pub reason: Option<Reason>,
    /// Why there never was a server.
    pub launch_error: Option<LaunchError>,
    /// How it ended: present exactly when the status is a last one.
    pub end: Option<End>,
    /// The smallest warning that was given, in minutes before the time limit.
    pub warned: Option<u8>,
    /// Since when its owner has no plan that can be used; only kept when such sessions are to be stopped.
    pub revoked_at: Option<Timestamp>,
    /// Raised by 1 with each event that everybody may hear.
    pub version: i64,
}

/// What becomes of the minutes that were reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// They go back: nothing was used.
    Release,
    /// So many are used, the rest goes back.
    Charge(u32),
    /// So many too many were charged before.
    Correct(u32),
}

/// What does not fit: told to the operator, and no reason to refuse a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anomaly {
    /// A report about another server than the session's.
    OtherServer,
    /// A launch is said to have failed although the server ran.
    FailedAfterReady,
    /// A runtime that is longer than the session's life, or below zero.
    ImpossibleRuntime,
}

/// A change of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The session after it.
    pub session: ServerSession,
    /// What becomes of its minutes, when that is decided by it.
    pub settlement: Option<Settlement>,
    /// What does not fit.
    pub anomaly: Option<Anomaly>,
}

/// The minutes that a server costs which ran for so many whole seconds: in steps of 5, and never more than allocated.
pub fn charge(runtime_s: u64, allocated: u32) -> u32 {
    let step = u64::from(STEP_MINUTES);
    let minutes = runtime_s.div_ceil(60 * step).saturating_mul(step);
    u32::try_from(minutes).unwrap_or(u32::MAX).min(allocated)
}

impl ServerSession {
    /// A session whose minutes have just been reserved.
    pub fn new(
        id: ServerSessionId,
        owner: DiscordId,
        order: Order,
        allocated: u32,
        password: Option<Text<80>>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            number: 0,
            owner,
            order,
            allocated,
            status: Status::Pending,
            details: Details { password, ..Details::default() },
            created_at: now,
            updated_at: now,
            ready_at: None,
            beat_at: now,
            stop_requested_at: None,
            reason: None,
            launch_error: None,
            end: None,
            warned: None,
            revoked_at: None,
            version: 1,
        }
    }

    /// When it has to end: the allocated minutes behind the moment it was ready.
    pub fn time_limit_at(&self) -> Option<Timestamp> {
        self.ready_at.and_then(|ready| ready.plus(minutes(self.allocated)))
    }

    /// When it ends at the latest as far as is known now; before it is ready, as if it were ready at once.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.ready_at.unwrap_or(self.created_at).plus(minutes(self.allocated))
    }

    /// Whether a server may live that this session does not pay for: the hub ended it without the orchestrator's word.
    pub fn is_guarded(&self) -> bool {
        match self.status {
            Status::Failed | Status::Expired => true,
            Status::Stopped => self.end.is_some_and(|end| end.reported_at.is_none()),
            _ => false,
        }
    }

    /// Whether a sign of life is to be told to listeners: the first of each half minute.
    pub fn ticks(&self, at: Timestamp) -> bool {
        let half_minute = |at: Timestamp| at.get().timestamp().div_euclid(30);
        half_minute(at) > half_minute(self.beat_at)
    }

    /// The name of the server that should be told to stop, while the session waits for its end.
    pub fn to_stop(&self) -> Option<&ServerName> {
        let stopping = self.status == Status::Stopping;
        self.details.orchestrator_id.as_ref().filter(|_| stopping)
    }

    /// Ends it.
    fn ended(mut self, status: Status, end: End, reason: &str, now: Timestamp) -> Change {
        self.status = status;
        self.reason = Text::cut(reason).or(self.reason);
        self.end = Some(end);
        let settlement = match end.billed {
            0 => Settlement::Release,
            billed => Settlement::Charge(billed),
        };
        Change { settlement: Some(settlement), ..self.changed(now) }
    }

    /// Ends it without the orchestrator's word.
    fn given_up(self, status: Status, billed: u32, reason: &str, now: Timestamp) -> Change {
        self.ended(status, End { at: now, billed, reported_at: None }, reason, now)
    }

    /// Has its server told to stop.
    fn stopping(mut self, reason: &str, now: Timestamp) -> Change {
        self.status = Status::Stopping;
        self.stop_requested_at = Some(now);
        self.reason = Text::cut(reason).or(self.reason);
        self.changed(now)
    }

    /// What it costs when it ran up to a moment; nothing when it never ran.
    fn cost_until(&self, at: Timestamp) -> u32 {
        self.ready_at.map_or(0, |ready| charge(at.since(ready).as_secs(), self.allocated))
    }

    /// The change, numbered.
    fn changed(mut self, now: Timestamp) -> Change {
        self.version += 1;
        self.updated_at = now;
        Change { session: self, settlement: None, anomaly: None }
    }

    /// What the owner, a bot or the clock makes of it by stopping it.
    pub fn stop(&self, reason: &str, now: Timestamp) -> Stop {
        match self.status {
            status if !status.is_open() => Stop::Over,
            Status::Stopping => Stop::Again,
            // Nobody knows of a server yet. Should one appear, the guard stops it.
            _ if self.details.orchestrator_id.is_none() && self.ready_at.is_none() => {
                Stop::Now(Box::new(self.clone().given_up(Status::Stopped, 0, reason, now)))
            }
            _ => Stop::Now(Box::new(self.clone().stopping(reason, now))),
        }
    }
}

/// What a stop comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It has ended before.
    Over,
    /// It was asked for before.
    Again,
    /// It stops, or has ended by that.
    Now(Box<Change>),
}

fn minutes(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 60)
}

#[cfg(test)]
mod tests;
