//! The roll call: which servers live, for those that never speak of themselves.
//!
//! A server whose launch was answered too late, and whose reports are lost, would run unpaid until somebody noticed. So
//! each node asks the orchestrator from time to time, if that can tell, and has those stopped that no session pays for.
//! What is asked is only ever a reason to look: the session decides, under its lock.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    client::{CallError, OrchestratorClient},
    commands::StopOrphan,
    model::{ServerName, ServerSession},
    stops::Stopper,
    store,
};
use crate::{
    db::{Db, DbError, Failure},
    kernel::id::ServerSessionId,
};

/// How often.
const EVERY: Duration = Duration::from_mins(1);
/// How often an orchestrator is asked again that could not tell.
const DEAF: Duration = Duration::from_mins(10);
/// Servers of one answer that are looked at.
pub(super) const SERVERS_MAX: usize = 10_000;

/// A server that lives, as the orchestrator says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Living {
    /// Its name.
    pub(super) server: ServerName,
    /// The session that it was launched for.
    pub(super) session: ServerSessionId,
}

/// Calls the roll.
#[derive(Debug)]
pub struct RollCall {
    db: Db,
    client: OrchestratorClient,
    stopper: Stopper,
}

impl RollCall {
    /// A roll call of this node.
    pub(super) const fn new(db: Db, client: OrchestratorClient, stopper: Stopper) -> Self {
        Self { db, client, stopper }
    }

    /// Calls until the task is dropped.
    pub async fn run(self) {
        loop {
            let pause = match self.client.living().await {
                Ok(Some(living)) => {
                    if let Err(error) = self.look(&living).await {
                        tracing::warn!(%error, "could not look for servers that nobody pays for");
                    }
                    EVERY
                }
                Ok(None) => DEAF,
                Err(CallError::Refused { .. } | CallError::Unavailable(_)) => EVERY,
            };
            sleep(pause).await;
        }
    }

    /// Has those stopped that no session pays for.
    async fn look(&self, living: &[Living]) -> Result<(), DbError> {
        let ids: Vec<_> = living.iter().map(|one| one.session.get()).collect();
        let sessions = store::sessions_read(&mut *self.db.read().await?, &ids).await?;
        for one in living {
            let session = sessions.iter().find(|session| session.id == one.session);
            if !session.is_some_and(|session| is_orphan(session, &one.server)) {
                continue;
            }
            let command = StopOrphan { id: one.session, server: one.server.clone() };
            match self.db.run(&command).await {
                Ok(()) => self.stopper.wake(),
                Err(Failure::Db(error)) => return Err(error),
                Err(Failure::Refused(_)) => {}
            }
        }
        Ok(())
    }
}

/// Whether a server that lives is not the one that an open session pays for. One that its own orchestrator has ended is
/// on its way out of the list.
pub(super) fn is_orphan(session: &ServerSession, server: &ServerName) -> bool {
    let ours = session.details.orchestrator_id.as_ref();
    let other = ours.is_some_and(|ours| ours != server);
    other || session.is_guarded()
}
