//! What each user has now, and telling it when that changes: by news of a provider, of a plan, or by time alone.

use serde::Serialize;

use crate::{
    auth::users::lock_user,
    db::{Command, DbError, Failure, Never, Tx},
    kernel::{
        id::{DiscordId, EntitlementId, PlanId},
        time::Timestamp,
    },
    plans::{
        events::{EntitlementChanged, RoleChanged},
        model::{Account, Entitlement},
        store,
        views::{AccessView, EntitlementView},
    },
};

/// What a user was last told to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Standing {
    /// The entitlement that counts.
    pub entitlement: Option<EntitlementId>,
    /// Its plan.
    pub plan: Option<PlanId>,
    /// The role that came with it.
    pub role: Option<DiscordId>,
    /// When time alone may change it.
    pub review_at: Option<Timestamp>,
}

impl Standing {
    fn of(account: &Account, now: Timestamp) -> Self {
        let usable = account.usable(now);
        let first = usable.first();
        Self {
            entitlement: first.map(|one| one.entitlement.id),
            plan: first.map(|one| one.plan.id),
            role: first.and_then(|one| one.plan.discord_role_id),
            review_at: account.review_at(now),
        }
    }
}

/// Finds out what a user has now and tells what is no longer as it was told. The user is locked; `changed` is what has
/// just changed.
///
/// # Errors
/// When the database fails.
pub(super) async fn refresh(
    tx: &mut Tx,
    user: DiscordId,
    changed: Option<&Entitlement>,
) -> Result<(), DbError> {
    let now = tx.now();
    let account = store::account_load(tx.conn(), user, now).await?;
    let before = store::standing_find(tx.conn(), user).await?.unwrap_or_default();
    let after = Standing::of(&account, now);
    let same = |field: fn(&Standing) -> Option<i64>| field(&before) == field(&after);
    let moved = !same(|one| one.entitlement.map(EntitlementId::get))
        || !same(|one| one.plan.map(PlanId::get));
    if changed.is_some() || moved {
        let view = match changed {
            Some(changed) => {
                let held = store::held_find(tx.conn(), changed.id).await?;
                held.map(|held| EntitlementView::new(changed, &held.plan))
            }
            None => None,
        };
        let entitlement = AccessView::new(&account, now);
        tx.emit(&EntitlementChanged { discord_user_id: user, changed: view, entitlement })?;
    }
    if (before.plan, before.role) != (after.plan, after.role) {
        for (standing, granted) in [(before, false), (after, true)] {
            let Some(plan) = standing.plan else { continue };
            let tier = store::tier_find(tx.conn(), plan).await?;
            let discord_role_id = standing.role;
            tx.emit(&RoleChanged { discord_user_id: user, tier, discord_role_id, granted })?;
        }
    }
    if before != after {
        store::standing_put(tx.conn(), user, &after).await?;
    }
    Ok(())
}

/// Looks again at what a user has: a period may be over, a plan may be another.
#[derive(Debug)]
pub struct Review(pub DiscordId);

impl Command for Review {
    const NAME: &'static str = "standing_review";
    const REPEATABLE: bool = true;
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        if lock_user(tx, self.0).await?.is_none() {
            return Ok(());
        }
        Ok(refresh(tx, self.0, None).await?)
    }
}
