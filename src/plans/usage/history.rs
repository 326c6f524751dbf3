//! What a user used: the windows of a time and the entries in them.

use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{EntryReason, store};
use crate::{
    db::DbError,
    kernel::{
        id::{EntitlementId, ServerSessionId},
        time::Timestamp,
    },
    plans::model::{Account, Tier, Usable},
};

/// Entries of one answer, the newest.
pub const ENTRIES_MAX: i64 = 500;

/// What was used in the windows of a time.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageView {
    /// The time that was asked for.
    at: Timestamp,
    /// Minutes used in all windows, less what was given back.
    used_server_minutes: i64,
    /// The windows that can be used, when it was asked for now; the user's plan first.
    windows: Vec<OpenWindow>,
    /// The entries, the newest first; at most 500.
    entries: Vec<EntryView>,
}

/// A window that is open.
#[derive(Debug, Serialize, ToSchema)]
struct OpenWindow {
    /// What of.
    entitlement_id: EntitlementId,
    /// The plan.
    tier: Tier,
    /// When it began.
    window_start: Timestamp,
    /// When the minutes are new again.
    window_end: Timestamp,
    /// What the plan gives.
    monthly_server_minutes: u32,
    /// What was used.
    used_server_minutes: i64,
    /// What is held for open sessions.
    reserved_server_minutes: u32,
    /// What is not used.
    remaining_server_minutes: u32,
    /// What is neither used nor held.
    available_server_minutes: u32,
}

impl From<&Usable<'_>> for OpenWindow {
    fn from(one: &Usable<'_>) -> Self {
        Self {
            entitlement_id: one.entitlement.id,
            tier: one.plan.tier.clone(),
            window_start: one.window.start,
            window_end: one.window.end,
            monthly_server_minutes: one.balance.quota,
            used_server_minutes: one.balance.used,
            reserved_server_minutes: one.balance.reserved,
            remaining_server_minutes: one.balance.remaining(),
            available_server_minutes: one.balance.available(),
        }
    }
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryView {
    /// Its number.
    pub(super) id: i64,
    /// What of.
    pub(super) entitlement_id: EntitlementId,
    /// When its window began.
    pub(super) window_start: Timestamp,
    /// When its window ends.
    pub(super) window_end: Timestamp,
    /// Used, or below zero given back.
    pub(super) minutes: i32,
    /// Why.
    pub(super) reason: EntryReason,
    /// The server session, if it was one.
    pub(super) session_id: Option<ServerSessionId>,
    /// What was said of it.
    pub(super) note: Option<String>,
    /// When it was added.
    pub(super) at: Timestamp,
}

/// The windows of a time and the entries in them. The connection is at a snapshot.
///
/// # Errors
/// When the database fails.
pub(in crate::plans) async fn read(
    conn: &mut PgConnection,
    account: &Account,
    period: Option<Timestamp>,
    now: Timestamp,
) -> Result<UsageView, DbError> {
    let at = period.unwrap_or(now);
    let entries = store::entries_list(&mut *conn, account.user, at, ENTRIES_MAX).await?;
    let used_server_minutes = store::used_at(conn, account.user, at).await?;
    let windows = match period {
        None => account.usable(now).iter().map(OpenWindow::from).collect(),
        Some(_) => Vec::new(),
    };
    Ok(UsageView { at, used_server_minutes, windows, entries })
}
