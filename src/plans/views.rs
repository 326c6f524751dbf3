//! Plans, entitlements and access on the wire.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::model::{
    Account, Balance, Entitlement, Held, Limits, Plan, Product, Provider, Reference, Status, Tier,
    Usable,
};
use crate::kernel::{
    id::{DiscordId, EntitlementId},
    time::Timestamp,
};

/// A plan as everybody may see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanView {
    /// Its stable name.
    pub tier: Tier,
    /// Its name for people.
    name: String,
    /// What is said of it.
    description: String,
    /// What it brings.
    benefits: Vec<String>,
    /// Whole dollars, for display.
    monthly_price_usd: u32,
    #[serde(flatten)]
    limits: Limits,
    /// The role that comes with it.
    discord_role_id: Option<DiscordId>,
    /// Of several plans of a user, the highest counts.
    entitlement_priority: i32,
    /// Where it stands in a list.
    display_order: i32,
    /// Days that it still works after a payment has failed.
    grace_days: u32,
    /// Whether it is for sale.
    is_active: bool,
    /// As which products it is sold.
    products: Vec<Product>,
    /// The first of them at Polar; null when it can't be bought there.
    polar_product_id: Option<Reference>,
    /// Rises by 1 with each change.
    pub version: i64,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl From<&Plan> for PlanView {
    fn from(plan: &Plan) -> Self {
        let polar = plan.products.iter().find(|product| product.provider == Provider::Polar);
        Self {
            tier: plan.tier.clone(),
            name: plan.name.clone(),
            description: plan.description.clone(),
            benefits: plan.benefits.clone(),
            monthly_price_usd: plan.monthly_price_usd,
            limits: plan.limits,
            discord_role_id: plan.discord_role_id,
            entitlement_priority: plan.entitlement_priority,
            display_order: plan.display_order,
            grace_days: plan.grace_days,
            is_active: plan.is_active,
            polar_product_id: polar.map(|product| product.product_id.clone()),
            products: plan.products.clone(),
            version: plan.version,
            updated_at: plan.updated_at,
        }
    }
}

/// What one provider grants to one user.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntitlementView {
    /// Its number.
    id: EntitlementId,
    /// The plan.
    tier: Tier,
    /// The plan's name for people.
    plan: String,
    /// Where it comes from.
    provider: Provider,
    /// The provider's name for it.
    #[serde(rename = "ref")]
    reference: Reference,
    /// How it stands.
    status: Status,
    /// What the provider calls that.
    provider_status: Option<String>,
    /// When its period began.
    period_start: Timestamp,
    /// When its period ends.
    period_end: Timestamp,
    /// Whether it ends with the period.
    cancel_at_period_end: bool,
    /// When it will end.
    ends_at: Option<Timestamp>,
    /// When it ended.
    ended_at: Option<Timestamp>,
    /// When a payment failed.
    past_due_at: Option<Timestamp>,
    /// Until when it can be used although a payment failed.
    grace_until: Option<Timestamp>,
    /// When it was paused.
    paused_at: Option<Timestamp>,
    /// When it goes on.
    resumes_at: Option<Timestamp>,
    /// Why it was granted, if somebody said so.
    note: Option<String>,
    /// Rises by 1 with each change.
    version: i64,
}

impl EntitlementView {
    /// An entitlement of a plan.
    pub fn new(entitlement: &Entitlement, plan: &Plan) -> Self {
        Self {
            id: entitlement.id,
            tier: plan.tier.clone(),
            plan: plan.name.clone(),
            provider: entitlement.provider,
            reference: entitlement.reference.clone(),
            status: entitlement.status,
            provider_status: entitlement.provider_status.clone(),
            period_start: entitlement.period.start,
            period_end: entitlement.period.end,
            cancel_at_period_end: entitlement.cancel_at_period_end,
            ends_at: entitlement.ends_at,
            ended_at: entitlement.ended_at,
            past_due_at: entitlement.past_due_at,
            grace_until: entitlement.grace_until(plan),
            paused_at: entitlement.paused_at,
            resumes_at: entitlement.resumes_at,
            note: entitlement.note.clone(),
            version: entitlement.version,
        }
    }
}

/// A plan that an operator gave.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CompView {
    #[serde(flatten)]
    entitlement: EntitlementView,
    /// Whose it is.
    discord_user_id: DiscordId,
    /// Who said so last: the public name of a service key.
    granted_by: Option<String>,
    /// Whether it is over: it was ended, or its time has come.
    ended: bool,
}

impl CompView {
    /// A gift as it stands at a time.
    pub fn new(held: &Held, now: Timestamp) -> Self {
        let one = &held.entitlement;
        Self {
            entitlement: EntitlementView::new(one, &held.plan),
            discord_user_id: one.user,
            granted_by: one.granted_by.clone(),
            ended: one.ended_at.is_some() || one.period.end <= now,
        }
    }
}

/// The answer of the access check: whether a user may start a server session, with what, and until when. Every key is
/// always there.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AccessView {
    /// Whether the user has a plan that can be used now.
    pub active: bool,
    /// The plan's stable name.
    tier: Option<Tier>,
    /// The plan's name for people.
    plan: Option<String>,
    /// Where it comes from.
    provider: Option<Provider>,
    /// How it stands with its provider.
    status: Option<Status>,
    /// When the period that was paid for began.
    period_start: Option<Timestamp>,
    /// When the period that was paid for ends.
    period_end: Option<Timestamp>,
    /// When the window began in which minutes are counted now.
    usage_window_start: Option<Timestamp>,
    /// When the minutes are new again.
    usage_window_end: Option<Timestamp>,
    /// Minutes in each window.
    monthly_server_minutes: u32,
    /// Minutes used in this window.
    used_server_minutes: i64,
    /// Minutes held for open sessions.
    reserved_server_minutes: u32,
    /// Minutes not used.
    remaining_server_minutes: u32,
    /// Minutes neither used nor held: what a session that starts now may get.
    available_server_minutes: u32,
    /// Minutes of one session at the most.
    max_session_minutes: u32,
    /// Sessions that may be open at once.
    max_concurrent_servers: u32,
    /// Whether it ends with the period.
    cancel_at_period_end: bool,
    /// When it is paid anew; null when it is not.
    renews_at: Option<Timestamp>,
    /// When it ends; null when it goes on.
    ends_at: Option<Timestamp>,
    /// Until when it works although a payment failed.
    grace_until: Option<Timestamp>,
    /// Everything that can be used, the best first.
    entitlements: Vec<EntitlementView>,
    /// The newest open server session.
    #[schema(value_type = Option<Object>)]
    active_session: Option<Box<RawValue>>,
    /// All open server sessions, the newest first.
    #[schema(value_type = Vec<Object>)]
    open_sessions: Vec<Box<RawValue>>,
}

impl AccessView {
    /// What a user has at a time.
    pub fn new(account: &Account, now: Timestamp) -> Self {
        let usable = account.usable(now);
        let views = usable.iter().map(|one| EntitlementView::new(one.entitlement, one.plan));
        let entitlements = views.collect();
        let mut view = Self::nothing();
        view.entitlements = entitlements;
        if let Some(first) = usable.first() {
            view.fill(first);
        }
        view
    }

    /// The same with the open sessions, the newest first.
    #[must_use]
    pub fn with_sessions(mut self, sessions: Vec<Box<RawValue>>) -> Self {
        self.active_session = sessions.first().cloned();
        self.open_sessions = sessions;
        self
    }

    fn fill(&mut self, one: &Usable<'_>) {
        let Usable { entitlement, plan, window, balance } = one;
        let goes_on = !entitlement.cancel_at_period_end
            && matches!(entitlement.status, Status::Active | Status::Trialing);
        self.active = true;
        self.tier = Some(plan.tier.clone());
        self.plan = Some(plan.name.clone());
        self.provider = Some(entitlement.provider);
        self.status = Some(entitlement.status);
        self.period_start = Some(entitlement.period.start);
        self.period_end = Some(entitlement.period.end);
        self.usage_window_start = Some(window.start);
        self.usage_window_end = Some(window.end);
        self.count(*balance, plan.limits);
        self.cancel_at_period_end = entitlement.cancel_at_period_end;
        self.renews_at = goes_on.then_some(entitlement.period.end);
        self.ends_at = entitlement.ends_at;
        self.grace_until = entitlement.grace_until(plan);
    }

    fn count(&mut self, balance: Balance, limits: Limits) {
        self.used_server_minutes = balance.used;
        self.remaining_server_minutes = balance.remaining();
        self.available_server_minutes = balance.available();
        self.reserved_server_minutes = balance.reserved;
        self.monthly_server_minutes = limits.monthly_server_minutes;
        self.max_session_minutes = limits.max_session_minutes;
        self.max_concurrent_servers = limits.max_concurrent_servers;
    }

    const fn nothing() -> Self {
        Self {
            active: false,
            tier: None,
            plan: None,
            provider: None,
            status: None,
            period_start: None,
            period_end: None,
            usage_window_start: None,
            usage_window_end: None,
            monthly_server_minutes: 0,
            used_server_minutes: 0,
            reserved_server_minutes: 0,
            remaining_server_minutes: 0,
            available_server_minutes: 0,
            max_session_minutes: 0,
            max_concurrent_servers: 0,
            cancel_at_period_end: false,
            renews_at: None,
            ends_at: None,
            grace_until: None,
            entitlements: Vec::new(),
            active_session: None,
            open_sessions: Vec::new(),
        }
    }
}

/// Which plan a user has, and the role that comes with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StandingView {
    /// Who.
    pub discord_user_id: DiscordId,
    /// The plan's tier.
    pub tier: Tier,
    /// The plan's role; null when it has none.
    pub discord_role_id: Option<DiscordId>,
}

/// Who has which plan.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Standings {
    /// By rising id.
    pub standings: Vec<StandingView>,
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::plans::model::tests::{at, entitlement};

    /// Regression: an open session was hidden once the plan had ended.
    #[test]
    fn open_sessions_are_shown_with_and_without_a_plan() {
        let none = Account { user: entitlement().user, held: vec![], used: vec![], holds: vec![] };
        let view = AccessView::new(&none, at("2026-10-02T00:00:00Z"));
        let sessions = vec![to_raw_value("newest").unwrap(), to_raw_value("older").unwrap()];
        let view = serde_json::to_value(view.with_sessions(sessions)).unwrap();
        assert_eq!((&view["active"], &view["active_session"]), (&false.into(), &"newest".into()));
        assert_eq!(view["open_sessions"].as_array().unwrap().len(), 2);
    }
}
