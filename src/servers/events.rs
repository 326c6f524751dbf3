//! The events of server sessions. A change has two views, which are two adjacent events: the public one, then the
//! owner's.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{
    model::{Anomaly, ServerSession, Status},
    views::{ServerView, SessionView},
};
use crate::{
    auth::users::events::topics_of,
    db::{DbError, Tx},
    kernel::{
        event::{Fact, Topic},
        id::ServerSessionId,
        money::Scale,
        time::Timestamp,
    },
};

/// The kinds of this slice.
pub const KINDS: &[&str] = &[
    "server.pending",
    "server.launching",
    "server.ready",
    "server.stopping",
    "server.stopped",
    "server.failed",
    "server.expired",
    "server.killed",
    "server.updated",
    "server.warning",
    "ops.orphan_stopped",
    "ops.server_anomaly",
];

/// The topic of all sessions, in their public view.
pub(super) const SERVERS: &str = "servers";
/// The topic of what the operator should know.
const OPS: &str = "ops";

/// Tells a change of a session, in both views.
pub(super) fn tell(
    tx: &mut Tx,
    before: Option<Status>,
    session: &ServerSession,
) -> Result<(), DbError> {
    let kind = kind(before, session.status);
    tx.emit(&PublicEvent { kind, server: ServerView::from(session) })?;
    tx.emit(&OwnerEvent { kind, session: SessionView::from(session) })
}

/// A change that leaves a session where it stands is `server.updated`.
fn kind(before: Option<Status>, after: Status) -> &'static str {
    if before == Some(after) {
        return "server.updated";
    }
    match after {
        Status::Pending => "server.pending",
        Status::Launching => "server.launching",
        Status::Running => "server.ready",
        Status::Stopping => "server.stopping",
        Status::Stopped => "server.stopped",
        Status::Failed => "server.failed",
        Status::Expired => "server.expired",
        Status::Killed => "server.killed",
    }
}

/// A change of a session, as everybody may see it.
struct PublicEvent {
    kind: &'static str,
    server: ServerView,
}

/// A change of a session, as its owner sees it.
struct OwnerEvent {
    kind: &'static str,
    session: SessionView,
}

/// The data of `server.*`: the session after the change, in the view of the topic.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "one lives for as long as it takes to write it down")]
pub enum ServerChanged {
    /// On `user:{id}` and `users`.
    Owner(SessionView),
    /// On `servers` and `server:{id}`.
    Public(ServerView),
}

impl Fact for PublicEvent {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn topics(&self) -> Vec<Topic> {
        vec![Topic::named(SERVERS), Topic::of("server", self.server.id)]
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(&self.server)
    }
}

impl Fact for OwnerEvent {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.session.owner_discord_id)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(&self.session)
    }
}

/// A session has only so many minutes left. For its owner; it is no change of the session.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ServerWarning {
    /// How many: 10, 5 or 1.
    pub minutes_left: u8,
    /// The session.
    #[serde(flatten)]
    pub session: SessionView,
}

impl Fact for ServerWarning {
    fn kind(&self) -> &'static str {
        "server.warning"
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.session.owner_discord_id)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// A server that no session paid for was told to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OrphanStopped {
    /// The session that it was launched for.
    pub session_id: ServerSessionId,
    /// The orchestrator's name of it.
    pub orchestrator_session_id: String,
    /// What it was told.
    pub reason: String,
    /// How often it had to be told.
    pub attempts: u32,
}

impl Fact for OrphanStopped {
    fn kind(&self) -> &'static str {
        "ops.orphan_stopped"
    }

    fn topics(&self) -> Vec<Topic> {
        vec![Topic::named(OPS)]
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// The orchestrator reported something that can't be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServerAnomaly {
    /// The session that it was about.
    pub session_id: ServerSessionId,
    /// The server that it was about, if it said so.
    pub orchestrator_session_id: Option<String>,
    /// What it reported.
    pub event: String,
    /// Its name of the report.
    pub event_id: String,
    /// What can't be.
    pub anomaly: Anomaly,
}

impl Fact for ServerAnomaly {
    fn kind(&self) -> &'static str {
        "ops.server_anomaly"
    }

    fn topics(&self) -> Vec<Topic> {
        vec![Topic::named(OPS)]
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// The kind of the hint that a server lives.
pub const SERVER_TICK: &str = "server.tick";

/// The data of `server.tick`: a server lives. In no log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServerTick {
    /// The session.
    pub id: ServerSessionId,
    /// The last sign of life.
    pub last_heartbeat_at: Timestamp,
    /// How many players there are, when the orchestrator says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub players: Option<u32>,
}

#[cfg(test)]
mod tests;
