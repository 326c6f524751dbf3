//! Floor 4: sessions of game servers, from the reservation of minutes to the last one that is charged.
//!
//! Owns the tables `server_sessions`, `server_reports` and `server_stops`; emits `server.pending`, `server.launching`,
//! `server.ready`, `server.stopping`, `server.stopped`, `server.failed`, `server.expired`, `server.killed`,
//! `server.updated`, `server.warning`, `ops.orphan_stopped` and `ops.server_anomaly`. Holds:
//! * a session's status only rises in rank, and the end is final; reports may come twice, late, and in any order;
//! * minutes are reserved before anything is launched and settled in the transaction that ends the session: never
//!   twice, never above the reservation, never for a server that was not ready;
//! * no transaction waits for the orchestrator; what it answers comes home by a command of its own;
//! * a wish to stop is stored before it is told, and told until it is heard;
//! * a server that lives without an open session is told to stop as soon as it speaks;
//! * the user is locked before the session, and the session before what `plans` locks;
//! * a sign of life is one update of one row, and no event.

pub mod callbacks;
mod catalogue;
mod client;
pub mod commands;
pub mod events;
mod games;
mod input;
mod launch;
pub mod model;
mod queries;
mod revocation;
mod roll_call;
pub mod routes;
mod stops;
mod store;
mod sweeper;
mod ticks;
mod topics;
pub mod views;

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::value::{RawValue, to_raw_value};
use sqlx::PgConnection;

pub use self::{
    catalogue::catalogue,
    client::{ClientSettings, OrchestratorClient},
    revocation::Revocations,
    roll_call::RollCall,
    stops::Stopper,
    sweeper::Sweeper,
    ticks::Ticks,
    topics::ServerTopics,
};
use self::{
    games::Games,
    launch::{Flight, Launcher},
    model::ServerSession,
    views::SessionView,
};
use crate::{
    db::{Db, DbError, tasks::Tasks},
    kernel::{
        id::{DiscordId, ServerSessionId},
        time::Timestamp,
    },
    plans::OpenSessions,
};

/// The orchestrator, as this node works with it.
#[derive(Debug, Clone)]
pub struct Orchestrator {
    launcher: Launcher,
    stopper: Stopper,
    games: Games,
    /// The longest launch.
    limit: Duration,
}

impl Orchestrator {
    /// Works through a client.
    pub fn new(db: &Db, client: OrchestratorClient, tasks: &Tasks) -> Self {
        let stopper = Stopper::new(db.clone(), client.clone());
        Self {
            limit: client.limit(),
            launcher: Launcher::new(db.clone(), client.clone(), stopper.clone(), tasks.clone()),
            stopper,
            games: Games::new(client),
        }
    }

    /// What looks for servers that nobody pays for, for its loop.
    pub fn roll_call(&self) -> RollCall {
        let (db, client) = (self.stopper.db().clone(), self.stopper.client().clone());
        RollCall::new(db, client, self.stopper.clone())
    }

    /// What tells servers to stop, for its loop.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    async fn launch(&self, id: ServerSessionId) -> Result<Flight, DbError> {
        self.launcher.launch(id).await
    }

    /// Whether nobody can be at a launch any more that has not come home.
    fn has_left(&self, session: &ServerSession, now: Timestamp) -> bool {
        now.since(session.created_at) > self.limit * 2
    }
}

/// Shows the open sessions of users, as their owners see them, to those who tell users what they have.
#[derive(Debug, Clone, Copy)]
pub struct UserSessions;

impl OpenSessions for UserSessions {
    fn open<'a>(
        &'a self,
        conn: &'a mut PgConnection,
        user: DiscordId,
    ) -> BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>> {
        Box::pin(async move {
            let open = queries::open_of(conn, user).await?;
            open.iter().map(|session| Ok(to_raw_value(&SessionView::from(session))?)).collect()
        })
    }
}
