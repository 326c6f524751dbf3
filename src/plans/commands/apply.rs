//! What a provider says, applied in the provider's order whatever the order of arrival.

use serde::Serialize;

use super::standing;
use crate::{
    auth::users::lock_user,
    db::{DbError, Tx},
    kernel::{
        id::{DiscordId, PlanId},
        time::Timestamp,
    },
    plans::{
        model::{Entitlement, Period, Provider, Reference, Status},
        store,
    },
};

/// The place of a state in its provider's order. Of two, the one that was changed later is newer, then the one that was
/// told later; never by a clock of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Seen {
    /// When the provider changed it.
    pub modified: Timestamp,
    /// When the provider said so.
    pub told: Timestamp,
}

/// What a provider says of an entitlement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntitlementState {
    /// What of.
    pub plan: PlanId,
    /// How it stands. What nobody knows is `Inactive`.
    pub status: Status,
    /// What the provider calls that.
    pub provider_status: Option<String>,
    /// What is paid for.
    pub period: Period,
    /// Whether it ends with the period.
    pub cancel_at_period_end: bool,
    /// When it will end.
    pub ends_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When a payment failed.
    pub past_due_at: Option<Timestamp>,
    /// When it was paused.
    pub paused_at: Option<Timestamp>,
    /// When it goes on.
    pub resumes_at: Option<Timestamp>,
    /// The provider's name for the customer.
    pub customer: Option<String>,
    /// Its place in the provider's order; none for a provider whose news come one after the other.
    pub seen: Option<Seen>,
    /// Who granted it.
    pub granted_by: Option<String>,
    /// Why.
    pub note: Option<String>,
}

impl EntitlementState {
    /// A state without anything that need not be there.
    pub const fn new(plan: PlanId, status: Status, period: Period) -> Self {
        Self {
            plan,
            status,
            provider_status: None,
            period,
            cancel_at_period_end: false,
            ends_at: None,
            ended_at: None,
            past_due_at: None,
            paused_at: None,
            resumes_at: None,
            customer: None,
            seen: None,
            granted_by: None,
            note: None,
        }
    }

    /// The state that an entitlement has.
    pub fn of(entitlement: &Entitlement) -> Self {
        Self {
            plan: entitlement.plan,
            status: entitlement.status,
            provider_status: entitlement.provider_status.clone(),
            period: entitlement.period,
            cancel_at_period_end: entitlement.cancel_at_period_end,
            ends_at: entitlement.ends_at,
            ended_at: entitlement.ended_at,
            past_due_at: entitlement.past_due_at,
            paused_at: entitlement.paused_at,
            resumes_at: entitlement.resumes_at,
            customer: entitlement.customer.clone(),
            seen: entitlement.seen.map(|(modified, told)| Seen { modified, told }),
            granted_by: entitlement.granted_by.clone(),
            note: entitlement.note.clone(),
        }
    }

    /// Two states with one place in the order: which one stands must not depend on which came first. What is over
    /// stands above what is not, and else their texts decide.
    fn outranks(&self, other: &Self) -> Result<bool, DbError> {
        let key = |state: &Self| -> Result<_, DbError> {
            Ok((state.ended_at.is_some(), serde_json::to_string(state)?))
        };
        Ok(key(self)? > key(other)?)
    }
}

/// What news of a provider did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Applied {
    /// The entitlement is new.
    Created,
    /// It was changed.
    Changed,
    /// It was so before.
    Same,
    /// Newer news were there before; nothing was changed.
    Stale,
    /// The user has never signed in and nobody vouched for them; nothing was changed.
    NotLinked,
    /// It is another user's; nothing was changed. Minutes of a period belong to whom it was granted first.
    BelongsTo(DiscordId),
}

/// Makes what a user has be what the provider says, and tells what follows from it. It locks the user. News that are not
/// newer than what is known change nothing; news without a place in the order are taken as they come.
///
/// # Errors
/// When the database fails.
pub async fn apply_entitlement(
    tx: &mut Tx,
    user: DiscordId,
    provider: Provider,
    reference: &Reference,
    state: &EntitlementState,
) -> Result<Applied, DbError> {
    if lock_user(tx, user).await?.is_none() {
        return Ok(Applied::NotLinked);
    }
    let now = tx.now();
    let known = match store::entitlement_lock(tx.conn(), provider, reference).await? {
        Some(known) => known,
        None => {
            let made = store::entitlement_insert(tx.conn(), user, provider, reference, state, now);
            if let Some(made) = made.await? {
                standing::refresh(tx, user, Some(&made)).await?;
                return Ok(Applied::Created);
            }
            // Somebody whose lock is another one was quicker.
            let known = store::entitlement_lock(tx.conn(), provider, reference).await?;
            known.ok_or_else(|| DbError::impossible("an entitlement that was just made"))?
        }
    };
    if known.user != user && !may_move(&known, provider, state, now) {
        return Ok(Applied::BelongsTo(known.user));
    }
    let before = EntitlementState::of(&known);
    if let (Some(new), Some(old)) = (state.seen, before.seen) {
        let outranked = new < old || (new == old && !state.outranks(&before)?);
        if outranked && *state != before {
            return Ok(Applied::Stale);
        }
    }
    let news = EntitlementState { seen: state.seen.max(before.seen), ..state.clone() };
    if news == before && known.user == user {
        return Ok(Applied::Same);
    }
    // Only the place in the order is new: remembered, and nobody is told.
    let silent = EntitlementState { seen: before.seen, ..news.clone() } == before;
    let changed = store::entitlement_update(tx.conn(), &known, user, &news, silent, now).await?;
    if silent && known.user == user {
        return Ok(Applied::Same);
    }
    standing::refresh(tx, user, Some(&changed)).await?;
    Ok(Applied::Changed)
}

/// A subscription to a contract goes with its wallet to another user, but only with a new term: what was granted for
/// one term is used by one user.
fn may_move(
    known: &Entitlement,
    provider: Provider,
    state: &EntitlementState,
    now: Timestamp,
) -> bool {
    let over = known.ended_at.is_some() || known.period.end <= now;
    provider == Provider::Contract && over && state.period.start >= known.period.end
}
