//! Entitlements that nobody sells here: gifts, and what a program says that others sold.

use serde::{Deserialize, Serialize};

use super::apply::{Applied, EntitlementState, apply_entitlement};
use crate::{
    auth::users::lock_user,
    db::{Command, Failure, Refusal, Tx},
    kernel::{id::DiscordId, time::Timestamp},
    plans::{
        model::{Held, Period, Provider, Reference, Status, Tier},
        store,
    },
};

/// Why an entitlement is not granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantRefusal {
    /// The user has never signed in and nobody vouched for them.
    NotLinked,
    /// No plan has this tier.
    PlanNotFound,
    /// The product is sold as no plan.
    ProductUnmapped,
    /// The entitlement is another user's.
    BelongsTo(DiscordId),
    /// There is no such entitlement.
    NotFound,
    /// The period would be empty.
    EmptyPeriod,
}

impl Refusal for GrantRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NotLinked => "USER_NOT_LINKED",
            Self::PlanNotFound => "PLAN_NOT_FOUND",
            Self::ProductUnmapped => "PRODUCT_UNMAPPED",
            Self::BelongsTo(_) => "ENTITLEMENT_TAKEN",
            Self::NotFound => "ENTITLEMENT_NOT_FOUND",
            Self::EmptyPeriod => "INVALID_PERIOD",
        }
    }
}

/// What of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum What {
    /// The plan with this tier.
    Tier(Tier),
    /// The plan that the provider's product is sold as.
    Product(Reference),
}

/// Until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Until {
    /// A time.
    Time(Timestamp),
    /// So many months from the start on.
    Months(u32),
}

/// Says what a user has from a provider whose news a program or the operator brings.
#[derive(Debug, Clone, Serialize)]
pub struct Grant {
    /// Who.
    pub user: DiscordId,
    /// From whom.
    pub provider: Provider,
    /// The provider's name for it.
    pub reference: Reference,
    /// What of.
    pub what: What,
    /// How it stands.
    pub status: Status,
    /// From when on; now when absent, and for what is known the start that it has.
    pub start: Option<Timestamp>,
    /// Until when.
    pub until: Until,
    /// Whether it ends then for good. Else the news of its renewal are awaited for an hour.
    pub ends: bool,
    /// When a payment failed.
    pub past_due_at: Option<Timestamp>,
    /// Who grants it.
    pub granted_by: String,
    /// Why.
    pub note: Option<String>,
}

/// What a grant did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Whether the entitlement is new.
    pub created: bool,
}

impl Command for Grant {
    const NAME: &'static str = "entitlement_grant";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = Granted;
    type Refusal = GrantRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Granted, Failure<GrantRefusal>> {
        lock_user(tx, self.user).await?.ok_or(GrantRefusal::NotLinked)?;
        let plan = match &self.what {
            What::Tier(tier) => {
                store::plan_find(tx.conn(), tier).await?.ok_or(GrantRefusal::PlanNotFound)?
            }
            What::Product(product) => {
                store::plan_of_product(tx.conn(), self.provider, product.as_str())
                    .await?
                    .ok_or(GrantRefusal::ProductUnmapped)?
            }
        };
        let known = store::entitlement_lock(tx.conn(), self.provider, &self.reference).await?;
        let now = tx.now();
        let start = self.start.or(known.map(|known| known.period.start)).unwrap_or(now);
        let period = match self.until {
            Until::Time(end) => Period::new(start, end).ok_or(GrantRefusal::EmptyPeriod)?,
            Until::Months(months) => Period::months(start, months),
        };
        let over = matches!(self.status, Status::Canceled | Status::Expired);
        let state = EntitlementState {
            cancel_at_period_end: self.ends,
            ends_at: self.ends.then_some(period.end),
            ended_at: over.then_some(now),
            past_due_at: self.past_due_at,
            granted_by: Some(self.granted_by.clone()),
            note: self.note.clone(),
            ..EntitlementState::new(plan.id, self.status, period)
        };
        applied(tx, self.user, self.provider, &self.reference, &state).await
    }
}

/// Ends what a user has from such a provider, at once. Ending it twice changes nothing.
#[derive(Debug, Clone)]
pub struct EndGrant {
    /// Whose.
    pub user: DiscordId,
    /// From whom.
    pub provider: Provider,
    /// The provider's name for it.
    pub reference: Reference,
    /// Who ends it.
    pub ended_by: String,
}

impl Command for EndGrant {
    const NAME: &'static str = "entitlement_end";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = Granted;
    type Refusal = GrantRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Granted, Failure<GrantRefusal>> {
        lock_user(tx, self.user).await?.ok_or(GrantRefusal::NotLinked)?;
        let known = store::entitlement_lock(tx.conn(), self.provider, &self.reference).await?;
        let known = known.filter(|known| known.user == self.user).ok_or(GrantRefusal::NotFound)?;
        if known.ended_at.is_some() {
            return Ok(Granted { created: false });
        }
        let now = tx.now();
        let mut state = EntitlementState::of(&known);
        state.status = Status::Canceled;
        state.ended_at = Some(now);
        state.ends_at = Some(now);
        state.granted_by = Some(self.ended_by.clone());
        applied(tx, self.user, self.provider, &self.reference, &state).await
    }
}

async fn applied(
    tx: &mut Tx,
    user: DiscordId,
    provider: Provider,
    reference: &Reference,
    state: &EntitlementState,
) -> Result<Granted, Failure<GrantRefusal>> {
    match apply_entitlement(tx, user, provider, reference, state).await? {
        Applied::Created => Ok(Granted { created: true }),
        Applied::Changed | Applied::Same | Applied::Stale => Ok(Granted { created: false }),
        Applied::NotLinked => Err(GrantRefusal::NotLinked.into()),
        Applied::BelongsTo(other) => Err(GrantRefusal::BelongsTo(other).into()),
    }
}

/// The entitlement that a grant made or changed.
///
/// # Errors
/// When the database fails.
pub async fn granted(
    conn: &mut sqlx::PgConnection,
    provider: Provider,
    reference: &Reference,
) -> Result<Option<Held>, crate::db::DbError> {
    store::entitlement_find(conn, provider, reference).await
}
