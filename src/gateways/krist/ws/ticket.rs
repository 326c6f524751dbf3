//! Tickets: who asked for a websocket, for the few seconds until it is opened, on whichever hub.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::{
    db::{Db, DbError, random},
    gateways::krist::store,
    hub::Grant,
    kernel::{
        address::Address,
        event::{Credential, Seq},
        id::SessionId,
        time::Timestamp,
    },
};

/// How long a ticket is good.
pub(super) const TICKET_TTL: Duration = Duration::from_secs(30);
/// How often tickets that nobody used are deleted, and how many at once.
const SWEEP_ROUND: Duration = Duration::from_mins(1);
const SWEEP_ROWS: i64 = 10_000;

/// What a ticket stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::gateways::krist) struct Ticket {
    /// Whose socket it will be; `None` for a guest.
    pub(in crate::gateways::krist) owner: Option<Address>,
    /// The session that proved it, and its end, when it was no key.
    pub(in crate::gateways::krist) session: Option<(SessionId, Timestamp)>,
    /// The newest event known when that was looked up.
    pub(in crate::gateways::krist) checked: Seq,
}

impl Ticket {
    /// Keeps the ticket and gives its token: 36 hexadecimal digits.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn issue(&self, db: &Db) -> Result<String, DbError> {
        let token = hex::encode(random::bytes::<18>());
        let expires = db.now().plus(TICKET_TTL).unwrap_or(db.now());
        store::ticket_insert(&mut *db.read().await?, &hash(&token), self, expires).await?;
        Ok(token)
    }

    /// What a token stands for. It is used up.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn redeem(db: &Db, token: &str) -> Result<Option<Self>, DbError> {
        let mut conn = db.read().await?;
        store::ticket_take(&mut conn, &hash(token), db.now()).await
    }

    /// By which right its owner listens.
    pub(super) fn grant(&self) -> Grant {
        let Self { owner, session, checked } = self;
        let credential = match (session, owner) {
            (Some((session, _)), _) => Some(Credential::of("session", session)),
            (None, Some(owner)) => Some(Credential::of("wallet", owner)),
            (None, None) => None,
        };
        Grant { credential, checked: *checked, expires: session.map(|(_, expires)| expires) }
    }
}

/// The token of a ticket for a guest, past all limits: for load tests.
///
/// # Errors
/// When the database fails.
pub async fn guest_ticket(db: &Db, checked: Seq) -> Result<String, DbError> {
    Ticket { owner: None, session: None, checked }.issue(db).await
}

/// Deletes tickets that nobody has used, again and again.
pub async fn sweep(db: Db) {
    loop {
        tokio::time::sleep(SWEEP_ROUND).await;
        let swept = async {
            let now = db.now();
            store::tickets_sweep(&mut *db.read().await?, now, SWEEP_ROWS).await
        };
        if let Err(error) = swept.await {
            tracing::debug!(%error, "could not delete old tickets");
        }
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
