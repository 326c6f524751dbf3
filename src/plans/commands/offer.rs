//! The operator says what plans there are.

use crate::{
    db::{Command, Failure, Refusal, Tx},
    kernel::{id::DiscordId, patch::Patch},
    plans::{
        events::PlanChanged,
        model::{Limits, Plan, Product, Tier},
        offers,
    },
};
use serde::{Deserialize, Serialize};

/// Products of one plan.
pub const PRODUCTS_MAX: usize = 50;

/// What is to be different about a plan; what is absent stays, or is the default of a new plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanEdit {
    /// See [`Plan::name`].
    pub name: Option<String>,
    /// See [`Plan::description`].
    pub description: Option<String>,
    /// See [`Plan::benefits`].
    pub benefits: Option<Vec<String>>,
    /// See [`Plan::monthly_price_usd`].
    pub monthly_price_usd: Option<u32>,
    /// See [`Limits::monthly_server_minutes`].
    pub monthly_server_minutes: Option<u32>,
    /// See [`Limits::max_session_minutes`].
    pub max_session_minutes: Option<u32>,
    /// See [`Limits::max_concurrent_servers`].
    pub max_concurrent_servers: Option<u32>,
    /// See [`Plan::discord_role_id`].
    pub discord_role_id: Patch<DiscordId>,
    /// See [`Plan::entitlement_priority`].
    pub entitlement_priority: Option<i32>,
    /// See [`Plan::display_order`].
    pub display_order: Option<i32>,
    /// See [`Plan::grace_days`].
    pub grace_days: Option<u32>,
    /// See [`Plan::is_active`].
    pub is_active: Option<bool>,
    /// All of them; see [`Plan::products`].
    pub products: Option<Vec<Product>>,
}

impl PlanEdit {
    /// The plan as it is to be.
    fn of(&self, plan: &Plan) -> Plan {
        let limits = plan.limits;
        Plan {
            name: self.name.clone().unwrap_or_else(|| plan.name.clone()),
            description: self.description.clone().unwrap_or_else(|| plan.description.clone()),
            benefits: self.benefits.clone().unwrap_or_else(|| plan.benefits.clone()),
            monthly_price_usd: self.monthly_price_usd.unwrap_or(plan.monthly_price_usd),
            limits: Limits {
                monthly_server_minutes: self
                    .monthly_server_minutes
                    .unwrap_or(limits.monthly_server_minutes),
                max_session_minutes: self.max_session_minutes.unwrap_or(limits.max_session_minutes),
                max_concurrent_servers: self
                    .max_concurrent_servers
                    .unwrap_or(limits.max_concurrent_servers),
            },
            discord_role_id: match self.discord_role_id {
                Patch::Keep => plan.discord_role_id,
                Patch::Clear => None,
                Patch::Set(role) => Some(role),
            },
            entitlement_priority: self.entitlement_priority.unwrap_or(plan.entitlement_priority),
            display_order: self.display_order.unwrap_or(plan.display_order),
            grace_days: self.grace_days.unwrap_or(plan.grace_days),
            is_active: self.is_active.unwrap_or(plan.is_active),
            products: self.products.clone().unwrap_or_else(|| plan.products.clone()),
            ..plan.clone()
        }
    }
}

/// Why a plan is not changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferRefusal {
    /// A new plan needs its minutes and the length of a session.
    LimitsRequired,
    /// A product is sold as another plan.
    ProductTaken {
        /// The product.
        product: Product,
        /// That plan's tier.
        tier: String,
    },
}

impl Refusal for OfferRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::LimitsRequired => "LIMITS_REQUIRED",
            Self::ProductTaken { .. } => "PRODUCT_TAKEN",
        }
    }
}

/// Makes or changes a plan. Those who have it are looked at again at once.
#[derive(Debug)]
pub struct PutPlan {
    /// Which.
    pub tier: Tier,
    /// What is to be different.
    pub edit: PlanEdit,
}

impl Command for PutPlan {
    const NAME: &'static str = "plan_put";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = Plan;
    type Refusal = OfferRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Plan, Failure<OfferRefusal>> {
        let now = tx.now();
        let known = offers::plan_lock(tx.conn(), &self.tier).await?;
        let (plan, fresh) = match known {
            Some(plan) => (plan, false),
            None => {
                let (Some(minutes), Some(session)) =
                    (self.edit.monthly_server_minutes, self.edit.max_session_minutes)
                else {
                    return Err(OfferRefusal::LimitsRequired.into());
                };
                offers::plan_insert(tx.conn(), &self.tier, minutes, session, now).await?
            }
        };
        let mut after = self.edit.of(&plan);
        if after == plan && !fresh {
            return Ok(plan);
        }
        for product in &after.products {
            if let Some(tier) = offers::sold_as(tx.conn(), product, plan.id).await? {
                return Err(OfferRefusal::ProductTaken { product: product.clone(), tier }.into());
            }
        }
        after.version = plan.version + i64::from(!fresh);
        after.updated_at = now;
        offers::plan_update(tx.conn(), &after).await?;
        if after.products != plan.products {
            offers::products_replace(tx.conn(), after.id, &after.products).await?;
        }
        offers::standings_review(tx.conn(), after.id, now).await?;
        tx.emit(&PlanChanged::new(&after))?;
        Ok(after)
    }
}
