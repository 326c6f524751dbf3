//! Launching: a session whose minutes are reserved gets its server.
//!
//! The call is made outside of any transaction, in a task of its own, so that a client who hangs up stops nothing. Its
//! answer comes home by a command that finds whatever has happened meanwhile. A node that dies in between leaves a
//! session that the sweep ends; a server that was launched for it is stopped when it speaks.

use std::time::Duration;

use tokio::{sync::oneshot, time::sleep};

use super::{
    client::{CallError, OrchestratorClient},
    commands::{FinishLaunch, Landed},
    model::{Details, ServerSession, Status},
    stops::Stopper,
    store,
};
use crate::{
    auth::users,
    db::{Db, DbError, Failure, tasks::Tasks},
    kernel::id::ServerSessionId,
};

/// Attempts to bring an answer home.
const ATTEMPTS_MAX: u32 = 5;
/// The pause between them.
const PAUSE: Duration = Duration::from_secs(1);

/// Launches servers.
#[derive(Debug, Clone)]
pub(super) struct Launcher {
    db: Db,
    client: OrchestratorClient,
    stopper: Stopper,
    tasks: Tasks,
}

/// What became of a launch.
#[derive(Debug)]
pub(super) struct Flight {
    /// The session as it is now.
    pub(super) session: ServerSession,
    /// Why the call gave nothing, if it did not.
    pub(super) error: Option<CallError>,
}

impl Launcher {
    /// A launcher of this node.
    pub(super) const fn new(
        db: Db,
        client: OrchestratorClient,
        stopper: Stopper,
        tasks: Tasks,
    ) -> Self {
        Self { db, client, stopper, tasks }
    }

    /// Launches the server of a session and waits for what becomes of it.
    pub(super) async fn launch(&self, id: ServerSessionId) -> Result<Flight, DbError> {
        let (done, landed) = oneshot::channel();
        let launcher = self.clone();
        self.tasks.spawn("launch", async move {
            // Whoever waited may be gone, which changes nothing.
            let _ = done.send(launcher.fly(id).await);
        });
        // The task is dropped when the process stops: what it did is not known.
        landed.await.unwrap_or(Err(DbError::Unknown))
    }

    async fn fly(&self, id: ServerSessionId) -> Result<Flight, DbError> {
        let (session, name) = self.passenger(id).await?;
        if session.status != Status::Pending {
            return Ok(Flight { session, error: None });
        }
        let answer = self.client.launch(&session, &name).await;
        let landed = self.land(id, &answer).await?;
        if landed.wants_stop {
            self.stopper.wake();
        }
        let error = answer.err();
        if let Some(error) = &error {
            tracing::warn!(session = %id, %error, "could not launch a server");
        }
        Ok(Flight { session: landed.session, error })
    }

    /// The session, and what its owner is called.
    async fn passenger(&self, id: ServerSessionId) -> Result<(ServerSession, String), DbError> {
        let mut conn = self.db.read().await?;
        let session = store::session_find(&mut conn, id).await?;
        let session = session.ok_or_else(|| DbError::impossible("a session that is gone"))?;
        let user = users::user(&mut conn, session.owner).await?;
        let name = user.map(|user| user.display_name.unwrap_or(user.username)).unwrap_or_default();
        Ok((session, name))
    }

    /// Brings an answer home, over a short outage of the database as well.
    async fn land(
        &self,
        id: ServerSessionId,
        answer: &Result<Details, CallError>,
    ) -> Result<Landed, DbError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.db.run(&FinishLaunch { id, answer }).await {
                Ok(landed) => return Ok(landed),
                Err(Failure::Refused(_)) => {
                    return Err(DbError::impossible("a session that is gone"));
                }
                Err(Failure::Db(error)) if error.is_unavailable() && attempts < ATTEMPTS_MAX => {
                    tracing::warn!(session = %id, %error, "could not store a launch; trying again");
                    sleep(PAUSE).await;
                }
                Err(Failure::Db(error)) => return Err(error),
            }
        }
    }
}
