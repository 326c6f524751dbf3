//! The operator gives or takes minutes, by an entry of the ledger.

use serde::{Deserialize, Serialize};

use crate::{
    auth::users::lock_user,
    db::{Command, Failure, Refusal, Tx},
    kernel::{
        id::{DiscordId, EntitlementId},
        time::Timestamp,
    },
    plans::{
        model::Window,
        store,
        usage::{self, EntryReason, NewEntry},
    },
};

/// Minutes that one entry may give or take.
pub const ADJUST_MINUTES_MAX: u32 = 100_000;

/// Why no minutes are given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustRefusal {
    /// The user has never signed in and nobody vouched for them.
    NotLinked,
    /// The user has no plan in whose window the minutes could count.
    NoActiveSubscription,
    /// The user has no such entitlement that can be used now.
    EntitlementNotFound,
    /// The key stands for another entry.
    Mismatch,
}

impl Refusal for AdjustRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotLinked => "USER_NOT_LINKED",
            Self::NoActiveSubscription => "NO_ACTIVE_SUBSCRIPTION",
            Self::EntitlementNotFound => "ENTITLEMENT_NOT_FOUND",
            Self::Mismatch => "IDEMPOTENCY_MISMATCH",
        }
    }
}

/// Adds an entry in the window that is open now: above 0 for minutes that are taken, below 0 for minutes that are given.
#[derive(Debug, Clone)]
pub struct Adjust {
    /// Whose.
    pub user: DiscordId,
    /// What of; the user's plan when absent.
    pub entitlement: Option<EntitlementId>,
    /// How many; not 0.
    pub minutes: i32,
    /// Why.
    pub note: String,
    /// Names the entry: the same key is the same entry.
    pub entry_key: String,
    /// Who does it.
    pub actor: String,
}

/// An entry that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjusted {
    /// Whether it was there before.
    pub duplicate: bool,
    /// When its window began.
    pub window_start: Timestamp,
}

impl Command for Adjust {
    const NAME: &'static str = "usage_adjust";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = Adjusted;
    type Refusal = AdjustRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Adjusted, Failure<AdjustRefusal>> {
        lock_user(tx, self.user).await?.ok_or(AdjustRefusal::NotLinked)?;
        if let Some(entry) = usage::entry_of(tx, &self.entry_key).await? {
            if entry.user != self.user || entry.minutes != self.minutes {
                return Err(AdjustRefusal::Mismatch.into());
            }
            return Ok(Adjusted { duplicate: true, window_start: entry.window_start });
        }
        let (entitlement, window) = self.place(tx).await?;
        let entry = NewEntry {
            minutes: self.minutes,
            reason: EntryReason::AdminAdjustment,
            session: None,
            entry_key: Some(&self.entry_key),
            actor: Some(&self.actor),
            note: Some(&self.note),
        };
        // The key may have been taken for another user meanwhile: their lock is not ours.
        if !usage::write(tx, self.user, (entitlement, window), entry).await? {
            return Err(AdjustRefusal::Mismatch.into());
        }
        Ok(Adjusted { duplicate: false, window_start: window.start })
    }
}

impl Adjust {
    async fn place(&self, tx: &mut Tx) -> Result<(EntitlementId, Window), Failure<AdjustRefusal>> {
        let now = tx.now();
        let account = store::account_load(tx.conn(), self.user, now).await?;
        let usable = account.usable(now);
        let found = match self.entitlement {
            Some(id) => usable
                .iter()
                .find(|one| one.entitlement.id == id)
                .ok_or(AdjustRefusal::EntitlementNotFound)?,
            None => usable.first().ok_or(AdjustRefusal::NoActiveSubscription)?,
        };
        Ok((found.entitlement.id, found.window))
    }
}
