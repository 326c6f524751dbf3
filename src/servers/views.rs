//! Sessions on the wire: as their owner and the operator's programs see them, and as everybody does.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{LaunchSource, ServerSession, Status, Text};
use crate::kernel::{
    id::{DiscordId, ServerSessionId},
    time::Timestamp,
};

/// A session as its owner, bots and the orchestrator see it. Texts that are not known are empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionView {
    /// Its name.
    pub id: ServerSessionId,
    /// Whose it is.
    pub owner_discord_id: DiscordId,
    /// Where it stands.
    pub status: Status,
    /// What the game is called.
    game: String,
    /// Which game.
    game_code: String,
    /// What the server is called.
    comment: String,
    /// A name of the server for people.
    server_identifier: String,
    /// The orchestrator's name of the session.
    orchestrator_session_id: String,
    /// The orchestrator's own word for the state.
    orchestrator_state: String,
    /// Where to connect.
    host: String,
    /// Where to connect; null until it is known.
    port: Option<u16>,
    /// What to connect with.
    password: String,
    /// The minutes that were asked for.
    requested_minutes: u32,
    /// The minutes that are reserved, and the most that it can cost.
    allocated_minutes: u32,
    /// The minutes that were charged; null until it has ended.
    billed_minutes: Option<u32>,
    /// Who had it started.
    launch_source: LaunchSource,
    /// When its minutes were reserved.
    started_at: Timestamp,
    /// Since when players can join.
    ready_at: Option<Timestamp>,
    /// The last sign of life.
    last_heartbeat_at: Timestamp,
    /// When its stop was asked for.
    stop_requested_at: Option<Timestamp>,
    /// When it ended.
    stopped_at: Option<Timestamp>,
    /// Why it stops, or ended.
    stop_reason: String,
    /// Why there never was a server, for programs.
    launch_error_code: String,
    /// Why there never was a server, for people.
    launch_error_message: String,
    /// When it ends at the latest, as far as is known now.
    expires_at: Option<Timestamp>,
    /// When it has to end; null until it is ready.
    time_limit_at: Option<Timestamp>,
    /// When it last changed.
    updated_at: Timestamp,
    /// Raised by 1 with each event of the session, so a listener sees that nothing is missing.
    pub version: i64,
}

/// A session as everybody may see it: no password, no owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ServerView {
    /// Its name.
    pub id: ServerSessionId,
    /// Where it stands.
    pub status: Status,
    /// What the game is called.
    game: String,
    /// Which game.
    game_code: String,
    /// Where to connect.
    host: String,
    /// Where to connect; null until it is known.
    port: Option<u16>,
    /// When it was ordered.
    started_at: Timestamp,
    /// Since when players can join.
    ready_at: Option<Timestamp>,
    /// When it has to end; null until it is ready.
    time_limit_at: Option<Timestamp>,
    /// When it ended.
    stopped_at: Option<Timestamp>,
    /// Raised by 1 with each event of the session, so a listener sees that nothing is missing.
    pub version: i64,
}

impl From<&ServerSession> for SessionView {
    fn from(session: &ServerSession) -> Self {
        let ServerSession { order, details, end, .. } = session;
        let error = session.launch_error.as_ref();
        Self {
            id: session.id,
            owner_discord_id: session.owner,
            status: session.status,
            game: order.game.to_string(),
            game_code: order.game_code.to_string(),
            comment: plain(order.comment.as_ref()),
            server_identifier: plain(details.identifier.as_ref()),
            orchestrator_session_id: plain(details.orchestrator_id.as_ref()),
            orchestrator_state: plain(details.state.as_ref()),
            host: plain(details.host.as_ref()),
            port: details.port,
            password: plain(details.password.as_ref()),
            requested_minutes: order.requested,
            allocated_minutes: session.allocated,
            billed_minutes: end.map(|end| end.billed),
            launch_source: order.source,
            started_at: session.created_at,
            ready_at: session.ready_at,
            last_heartbeat_at: session.beat_at,
            stop_requested_at: session.stop_requested_at,
            stopped_at: end.map(|end| end.at),
            stop_reason: plain(session.reason.as_ref()),
            launch_error_code: plain(error.map(|error| &error.code)),
            launch_error_message: plain(error.and_then(|error| error.message.as_ref())),
            expires_at: session.expires_at(),
            time_limit_at: session.time_limit_at(),
            updated_at: session.updated_at,
            version: session.version,
        }
    }
}

impl From<&ServerSession> for ServerView {
    fn from(session: &ServerSession) -> Self {
        Self {
            id: session.id,
            status: session.status,
            game: session.order.game.to_string(),
            game_code: session.order.game_code.to_string(),
            host: plain(session.details.host.as_ref()),
            port: session.details.port,
            started_at: session.created_at,
            ready_at: session.ready_at,
            time_limit_at: session.time_limit_at(),
            stopped_at: session.end.map(|end| end.at),
            version: session.version,
        }
    }
}

fn plain<const MAX: usize>(text: Option<&Text<MAX>>) -> String {
    text.map_or_else(String::new, ToString::to_string)
}
