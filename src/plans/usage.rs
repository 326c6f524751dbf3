//! Minutes of server sessions: held before the launch, charged at the end, corrected later.
//!
//! All four functions lock the session's user first and run inside the transaction of whoever owns the session.

pub mod history;
mod store;

use serde::{Deserialize, Serialize};

use self::store::ReservationRow;
pub(super) use self::store::{KnownEntry, NewEntry};
use super::{
    events::{UsageChange, UsageEvent, UsageThreshold},
    model::{Balance, Held, Window},
    store as accounts,
};
use crate::{
    auth::users::lock_user,
    db::{DbError, Failure, Refusal, Tx},
    kernel::{
        id::{DiscordId, EntitlementId, ServerSessionId},
        time::Timestamp,
    },
};

/// What a server session asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Ask {
    /// The session, which names the reservation.
    pub session: ServerSessionId,
    /// Minutes; none or 0 for as many as the plan allows for one session.
    pub requested: Option<u32>,
}

/// Minutes that are held for a server session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The session.
    pub session: ServerSessionId,
    /// What they are taken from.
    pub entitlement: EntitlementId,
    /// The window they are charged in, whenever that happens.
    pub window_start: Timestamp,
    /// When that window ends.
    pub window_end: Timestamp,
    /// What was asked for, within the rules.
    pub requested: u32,
    /// What is held: at least 1.
    pub allocated: u32,
    /// What the plan allows for one session.
    pub max_session: u32,
}

impl Reservation {
    /// The window they are charged in.
    pub const fn window(&self) -> Window {
        Window { start: self.window_start, end: self.window_end }
    }
}

/// Why a server session gets no minutes. Codes are those of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denied {
    /// The user has never signed in and nobody vouched for them.
    UserNotLinked,
    /// The user has no plan that can be used.
    NoActiveSubscription,
    /// The user has as many open sessions as the plan allows.
    ConcurrencyLimit {
        /// How many they have.
        open: u32,
        /// How many they may have.
        limit: u32,
    },
    /// No minutes are left that are not held for open sessions.
    MinutesExhausted {
        /// Minutes that are not used; those that are held are among them.
        remaining: u32,
        /// When there are new ones.
        period_end: Timestamp,
    },
}

impl Refusal for Denied {
    fn code(&self) -> &'static str {
        match self {
            Self::UserNotLinked => "USER_NOT_LINKED",
            Self::NoActiveSubscription => "NO_ACTIVE_SUBSCRIPTION",
            Self::ConcurrencyLimit { .. } => "CONCURRENCY_LIMIT",
            Self::MinutesExhausted { .. } => "MINUTES_EXHAUSTED",
        }
    }
}

/// How a reservation was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What the session was charged.
    pub billed: u32,
    /// Whether this call did it; an earlier one stands.
    pub fresh: bool,
}

/// Holds minutes for a server session. It locks the user; two that ask at once are decided one after the other.
///
/// # Errors
/// [`Denied`], or when the database fails.
pub async fn reserve(
    tx: &mut Tx,
    user: DiscordId,
    ask: &Ask,
) -> Result<Reservation, Failure<Denied>> {
    lock_user(tx, user).await?.ok_or(Denied::UserNotLinked)?;
    let now = tx.now();
    let account = accounts::account_load(tx.conn(), user, now).await?;
    let allotment = account.allot(ask.requested, now)?;
    let reservation = Reservation {
        session: ask.session,
        entitlement: allotment.entitlement,
        window_start: allotment.window.start,
        window_end: allotment.window.end,
        requested: allotment.requested,
        allocated: allotment.allocated,
        max_session: allotment.max_session,
    };
    store::reservation_insert(tx.conn(), user, &reservation, now).await?;
    let change = UsageChange::Reserved { minutes: reservation.allocated };
    tell(tx, user, (reservation.entitlement, allotment.window), Some(ask.session), change).await?;
    Ok(reservation)
}

/// Charges a server session and closes its reservation, in the window in which it was made. More than was held is not
/// charged. A session that is closed already stays as it is.
///
/// # Errors
/// When the session has no reservation, or the database fails.
pub async fn settle(
    tx: &mut Tx,
    session: ServerSessionId,
    minutes: u32,
    reason: &str,
) -> Result<Settled, DbError> {
    let row = lock(tx, session).await?;
    if let Some(billed) = row.billed {
        return Ok(Settled { billed, fresh: false });
    }
    let now = tx.now();
    let billed = minutes.min(row.reservation.allocated);
    store::reservation_close(tx.conn(), session, billed, now).await?;
    if billed == 0 {
        let change = UsageChange::Released { minutes: row.reservation.allocated };
        let place = (row.reservation.entitlement, row.reservation.window());
        tell(tx, row.user, place, Some(session), change).await?;
        return Ok(Settled { billed, fresh: true });
    }
    let minutes = i32::try_from(billed).map_err(DbError::impossible)?;
    let entry = NewEntry {
        minutes,
        reason: EntryReason::ServerSession,
        session: Some(session),
        entry_key: None,
        actor: None,
        note: Some(reason),
    };
    record(tx, row.user, &row.reservation, entry).await?;
    Ok(Settled { billed, fresh: true })
}

/// Closes the reservation of a server session free of charge.
///
/// # Errors
/// As [`settle`].
pub async fn release(tx: &mut Tx, session: ServerSessionId) -> Result<Settled, DbError> {
    settle(tx, session, 0, "released").await
}

/// Gives back what a closed server session was charged too much: `minutes` is what it should have cost in all. Less was
/// charged: nothing happens. Gives the minutes that were given back.
///
/// # Errors
/// As [`settle`].
pub async fn correct(
    tx: &mut Tx,
    session: ServerSessionId,
    minutes: u32,
    reason: &str,
) -> Result<u32, DbError> {
    let row = lock(tx, session).await?;
    if row.billed.is_none() {
        return Ok(0);
    }
    let charged = store::charged(tx.conn(), session).await?;
    let back = charged.saturating_sub(i64::from(minutes)).max(0);
    if back == 0 {
        return Ok(0);
    }
    let entry = NewEntry {
        minutes: i32::try_from(-back).map_err(DbError::impossible)?,
        reason: EntryReason::Correction,
        session: Some(session),
        entry_key: None,
        actor: None,
        note: Some(reason),
    };
    record(tx, row.user, &row.reservation, entry).await?;
    u32::try_from(back).map_err(DbError::impossible)
}

/// Why minutes stand in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryReason {
    /// A server session ran.
    ServerSession,
    /// The operator gave or took some.
    AdminAdjustment,
    /// A session was charged too much.
    Correction,
}

impl EntryReason {
    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerSession => "server_session",
            Self::AdminAdjustment => "admin_adjustment",
            Self::Correction => "correction",
        }
    }
}

impl std::str::FromStr for EntryReason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = [Self::ServerSession, Self::AdminAdjustment, Self::Correction]
            .into_iter()
            .find(|reason| reason.name() == text);
        found.ok_or_else(|| format!("an entry for the reason {text:?}"))
    }
}

/// Finds the session's user, locks them, then the reservation.
async fn lock(tx: &mut Tx, session: ServerSessionId) -> Result<ReservationRow, DbError> {
    let unknown = || DbError::impossible(format!("server session {session} has no reservation"));
    let user = store::reservation_user(tx.conn(), session).await?.ok_or_else(unknown)?;
    lock_user(tx, user).await?;
    store::reservation_lock(tx.conn(), session).await?.ok_or_else(unknown)
}

/// Adds an entry in the window of a reservation and tells of it.
async fn record(
    tx: &mut Tx,
    user: DiscordId,
    reservation: &Reservation,
    entry: NewEntry<'_>,
) -> Result<(), DbError> {
    write(tx, user, (reservation.entitlement, reservation.window()), entry).await.map(|_| ())
}

/// The entry that a key names, if there is one.
pub(super) async fn entry_of(tx: &mut Tx, key: &str) -> Result<Option<KnownEntry>, DbError> {
    store::entry_find(tx.conn(), key).await
}

/// Where minutes are counted.
pub(super) type Place = (EntitlementId, Window);

/// Adds an entry to the ledger and tells of it and of the thresholds it reaches. The user is locked. False when an
/// entry with its key is there already, and nothing was done.
pub(super) async fn write(
    tx: &mut Tx,
    user: DiscordId,
    place: Place,
    entry: NewEntry<'_>,
) -> Result<bool, DbError> {
    let (now, (entitlement, window)) = (tx.now(), place);
    let id = store::entry_insert(tx.conn(), user, place, &entry, now).await?;
    let Some(id) = id else { return Ok(false) };
    let change = UsageChange::Recorded {
        entry: id,
        minutes: entry.minutes,
        reason: entry.reason,
        note: entry.note.map(ToOwned::to_owned),
    };
    let (held, balance) = tell(tx, user, place, entry.session, change).await?;
    for percent in balance.reached() {
        if store::threshold_insert(tx.conn(), entitlement, window.start, percent).await? {
            tx.emit(&UsageThreshold::new(user, &held, window, balance, percent))?;
        }
    }
    Ok(true)
}

/// Tells what happened to minutes and how their window stands, which may be one that is long over.
async fn tell(
    tx: &mut Tx,
    user: DiscordId,
    (entitlement, window): Place,
    session: Option<ServerSessionId>,
    change: UsageChange,
) -> Result<(Held, Balance), DbError> {
    let held = accounts::held_find(tx.conn(), entitlement).await?;
    let held = held.ok_or_else(|| DbError::impossible("usage of no entitlement"))?;
    let used = store::used(tx.conn(), entitlement, window.start).await?;
    let reserved = store::reserved(tx.conn(), entitlement, window.start).await?;
    let balance = Balance { quota: held.plan.limits.monthly_server_minutes, used, reserved };
    tx.emit(&UsageEvent::new(user, &held, window, balance, session, change))?;
    Ok((held, balance))
}
