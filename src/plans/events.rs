//! The events of plans: what is offered, what a user has, what they used.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{
    model::{Balance, Held, Plan, Tier, Window},
    usage::EntryReason,
    views::{AccessView, EntitlementView, PlanView},
};
use crate::{
    auth::users::events::topics_of,
    kernel::{
        event::{Fact, Topic},
        id::{DiscordId, EntitlementId, ServerSessionId},
        money::Scale,
        time::Timestamp,
    },
};

/// The kinds of this slice.
pub const KINDS: &[&str] = &[
    "plan.changed",
    "entitlement.changed",
    "role.changed",
    "usage.reserved",
    "usage.released",
    "usage.recorded",
    "usage.threshold",
];

/// The topic of the plans that are offered.
pub const PLANS: &str = "plans";

/// A plan was made or changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanChanged {
    /// The plan after it.
    pub plan: PlanView,
}

impl PlanChanged {
    /// The event of a plan.
    pub fn new(plan: &Plan) -> Self {
        Self { plan: PlanView::from(plan) }
    }
}

impl Fact for PlanChanged {
    fn kind(&self) -> &'static str {
        "plan.changed"
    }

    fn topics(&self) -> Vec<Topic> {
        vec![Topic::named(PLANS)]
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// What a user has is no longer what it was.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntitlementChanged {
    /// Whose.
    pub discord_user_id: DiscordId,
    /// The entitlement that changed; null when it was time alone that changed what the user has.
    pub changed: Option<EntitlementView>,
    /// What the user has now, as the access check answers it; open sessions are told by their own events.
    pub entitlement: AccessView,
}

impl Fact for EntitlementChanged {
    fn kind(&self) -> &'static str {
        "entitlement.changed"
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.discord_user_id)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// A role to give or to take: the feed of a bot that keeps roles right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoleChanged {
    /// Whose.
    pub discord_user_id: DiscordId,
    /// The plan's tier.
    pub tier: Tier,
    /// The plan's role; null when it has none.
    pub discord_role_id: Option<DiscordId>,
    /// Whether it is to be given; else it is to be taken.
    pub granted: bool,
}

impl Fact for RoleChanged {
    fn kind(&self) -> &'static str {
        "role.changed"
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.discord_user_id)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// What happened to the minutes of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageChange {
    /// Some are held for a server session.
    Reserved {
        /// How many.
        minutes: u32,
    },
    /// Some are no longer held, and nothing was charged.
    Released {
        /// How many.
        minutes: u32,
    },
    /// An entry was added to the ledger; what was held for its session is free.
    Recorded {
        /// Its number.
        entry: i64,
        /// Used, or below zero given back.
        minutes: i32,
        /// Why.
        reason: EntryReason,
        /// What was said of it.
        note: Option<String>,
    },
}

/// An event about minutes.
#[derive(Debug, Clone)]
pub struct UsageEvent {
    user: DiscordId,
    entitlement: EntitlementId,
    tier: Tier,
    window: Window,
    balance: Balance,
    session: Option<ServerSessionId>,
    change: UsageChange,
}

/// The data of `usage.reserved` and `usage.released`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsageHeld {
    /// Whose.
    discord_user_id: DiscordId,
    /// The server session.
    session_id: Option<ServerSessionId>,
    /// How many minutes.
    minutes: u32,
    #[serde(flatten)]
    window: UsageWindow,
}

/// The data of `usage.recorded`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsageRecorded {
    /// Whose.
    discord_user_id: DiscordId,
    /// The number of the entry.
    entry_id: i64,
    /// The server session, if it was one.
    session_id: Option<ServerSessionId>,
    /// Used, or below zero given back.
    minutes: i32,
    /// Why.
    reason: EntryReason,
    /// What was said of it.
    note: Option<String>,
    #[serde(flatten)]
    window: UsageWindow,
}

/// How a window stands after an event.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsageWindow {
    /// The entitlement.
    entitlement_id: EntitlementId,
    /// Its plan.
    tier: Tier,
    /// When the window began.
    window_start: Timestamp,
    /// When it ends.
    window_end: Timestamp,
    /// What the plan gives in a window.
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

impl UsageWindow {
    fn new(entitlement: EntitlementId, tier: &Tier, window: Window, balance: Balance) -> Self {
        Self {
            entitlement_id: entitlement,
            tier: tier.clone(),
            window_start: window.start,
            window_end: window.end,
            monthly_server_minutes: balance.quota,
            used_server_minutes: balance.used,
            reserved_server_minutes: balance.reserved,
            remaining_server_minutes: balance.remaining(),
            available_server_minutes: balance.available(),
        }
    }
}

impl UsageEvent {
    /// What happened to minutes of a user, and how the window stands behind it.
    pub fn new(
        user: DiscordId,
        held: &Held,
        window: Window,
        balance: Balance,
        session: Option<ServerSessionId>,
        change: UsageChange,
    ) -> Self {
        let (entitlement, tier) = (held.entitlement.id, held.plan.tier.clone());
        Self { user, entitlement, tier, window, balance, session, change }
    }
}

impl Fact for UsageEvent {
    fn kind(&self) -> &'static str {
        match self.change {
            UsageChange::Reserved { .. } => "usage.reserved",
            UsageChange::Released { .. } => "usage.released",
            UsageChange::Recorded { .. } => "usage.recorded",
        }
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.user)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        let window = UsageWindow::new(self.entitlement, &self.tier, self.window, self.balance);
        let (discord_user_id, session_id) = (self.user, self.session);
        match &self.change {
            UsageChange::Reserved { minutes } | UsageChange::Released { minutes } => {
                to_raw_value(&UsageHeld { discord_user_id, session_id, minutes: *minutes, window })
            }
            UsageChange::Recorded { entry, minutes, reason, note } => {
                to_raw_value(&UsageRecorded {
                    discord_user_id,
                    entry_id: *entry,
                    session_id,
                    minutes: *minutes,
                    reason: *reason,
                    note: note.clone(),
                    window,
                })
            }
        }
    }
}

/// A share of a window's minutes is used. Each share is told once in a window.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsageThreshold {
    /// Whose.
    discord_user_id: DiscordId,
    /// The share: 80 or 100.
    percent: u32,
    #[serde(flatten)]
    window: UsageWindow,
}

impl UsageThreshold {
    /// A share that was reached.
    pub fn new(
        user: DiscordId,
        held: &Held,
        window: Window,
        balance: Balance,
        percent: u32,
    ) -> Self {
        let window = UsageWindow::new(held.entitlement.id, &held.plan.tier, window, balance);
        Self { discord_user_id: user, percent, window }
    }
}

impl Fact for UsageThreshold {
    fn kind(&self) -> &'static str {
        "usage.threshold"
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.discord_user_id)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// The part of `plan.changed` that a follower reads.
#[derive(Debug, Deserialize)]
pub struct ChangedPlan {
    /// The plan.
    pub plan: ChangedProducts,
}

/// See [`ChangedPlan`].
#[derive(Debug, Deserialize)]
pub struct ChangedProducts {
    /// As which products it is sold.
    pub products: Vec<super::model::Product>,
}

#[cfg(test)]
mod tests;
