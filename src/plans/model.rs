//! Plans, entitlements and what follows from them at a time. Pure: the time is an argument.

mod account;
mod minutes;
mod window;

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    account::{Account, Allotment, Held, Hold, Usable, WindowUse},
    minutes::{
        Balance, CHARGE_STEP_MINUTES, REQUEST_MINUTES_MAX, REQUEST_MINUTES_MIN, THRESHOLDS, charge,
    },
    window::{Period, Window},
};
use crate::kernel::{
    id::{DiscordId, EntitlementId, PlanId},
    time::Timestamp,
};

/// How long a period that should have been renewed still works while the provider's news are awaited.
pub const RENEWAL_SKEW: Duration = Duration::from_hours(1);
/// The longest tier in characters.
pub const TIER_CHARS_MAX: usize = 64;
/// The longest name of a provider for an entitlement, a product or a customer in characters.
pub const REFERENCE_CHARS_MAX: usize = 128;

/// Where an entitlement comes from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// A purchase through Polar.
    Polar,
    /// A gift of the operator's.
    Comp,
    /// A sponsorship on GitHub.
    GithubSponsors,
    /// A subscription to a Discord server.
    DiscordServerSubscription,
    /// A subscription to a contract of this hub, paid in its own currency.
    Contract,
}

impl Provider {
    const ALL: [Self; 5] = [
        Self::Polar,
        Self::Comp,
        Self::GithubSponsors,
        Self::DiscordServerSubscription,
        Self::Contract,
    ];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Polar => "polar",
            Self::Comp => "comp",
            Self::GithubSponsors => "github_sponsors",
            Self::DiscordServerSubscription => "discord_server_subscription",
            Self::Contract => "contract",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|provider| provider.name() == text);
        found.ok_or_else(|| format!("no provider is called {text:?}"))
    }
}

/// How an entitlement stands with its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Paid.
    Active,
    /// On trial.
    Trialing,
    /// A payment failed; usable for the plan's days of grace.
    PastDue,
    /// It was ended.
    Canceled,
    /// It ran out.
    Expired,
    /// Not begun, paused, or in a state that nobody knows.
    Inactive,
}

impl Status {
    const ALL: [Self; 6] = [
        Self::Active,
        Self::Trialing,
        Self::PastDue,
        Self::Canceled,
        Self::Expired,
        Self::Inactive,
    ];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Inactive => "inactive",
        }
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|status| status.name() == text);
        found.ok_or_else(|| format!("no status is called {text:?}"))
    }
}

/// The stable name of a plan: 1 to 64 of `a-z`, `0-9`, `_` and `-`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9_-]{0,63}$", example = "supporter")]
pub struct Tier(String);

/// Why a text is no tier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a tier is 1 to {TIER_CHARS_MAX} of a-z, 0-9, _ and -, beginning with a letter or digit")]
pub struct TierError;

impl Tier {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tier {
    type Err = TierError;

    fn from_str(text: &str) -> Result<Self, TierError> {
        let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        let valid = begins && text.len() <= TIER_CHARS_MAX && text.bytes().all(plain);
        if valid { Ok(Self(text.into())) } else { Err(TierError) }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Tier {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A provider's own name for a thing: 1 to 128 visible characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Reference(String);

impl Reference {
    /// Takes a name. `None` when it is empty, longer than 128 characters or holds a blank or control character.
    pub fn new(text: &str) -> Option<Self> {
        let visible = |c: char| !c.is_whitespace() && !c.is_control();
        let valid = (1..=REFERENCE_CHARS_MAX).contains(&text.chars().count());
        (valid && text.chars().all(visible)).then(|| Self(text.into()))
    }

    /// A name made of an id.
    pub fn of(id: impl fmt::Display) -> Self {
        Self(id.to_string())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let rule = "1 to 128 characters without blanks";
        Self::new(&text).ok_or_else(|| serde::de::Error::custom(rule))
    }
}

/// What is sold elsewhere as a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Product {
    /// Where.
    pub provider: Provider,
    /// The provider's id of the product; for `contract` the id of a contract.
    pub product_id: Reference,
}

/// How much a plan gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Minutes in each window, which is a month or the period when that is shorter.
    pub monthly_server_minutes: u32,
    /// Minutes of one server session at the most.
    pub max_session_minutes: u32,
    /// Server sessions that may be open at once.
    pub max_concurrent_servers: u32,
}

/// What users can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its row.
    pub id: PlanId,
    /// Its stable name.
    pub tier: Tier,
    /// Its name for people.
    pub name: String,
    /// What is said of it.
    pub description: String,
    /// What it brings, one line each.
    pub benefits: Vec<String>,
    /// Whole dollars, for display.
    pub monthly_price_usd: u32,
    /// How much it gives.
    pub limits: Limits,
    /// The role that a bot gives to those who have it.
    pub discord_role_id: Option<DiscordId>,
    /// Of several plans of a user, the highest counts.
    pub entitlement_priority: i32,
    /// Where it stands in a list, from low to high.
    pub display_order: i32,
    /// Days that it still works after a payment has failed.
    pub grace_days: u32,
    /// Whether it is for sale. What was bought stays.
    pub is_active: bool,
    /// As which products it is sold, in the operator's order.
    pub products: Vec<Product>,
    /// Rises by 1 with each change.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What one provider grants to one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    /// Its row.
    pub id: EntitlementId,
    /// Whose it is.
    pub user: DiscordId,
    /// What of.
    pub plan: PlanId,
    /// Where it comes from.
    pub provider: Provider,
    /// The provider's name for it.
    pub reference: Reference,
    /// The provider's name for the customer.
    pub customer: Option<String>,
    /// How it stands.
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
    /// The place of this state in the provider's order: when the provider changed it, and when it said so.
    pub seen: Option<(Timestamp, Timestamp)>,
    /// Who granted it.
    pub granted_by: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// Rises by 1 with each change.
    pub version: i64,
}

impl Entitlement {
    /// The window in which minutes are used at a time; `None` when it can't be used then.
    pub fn window(&self, plan: &Plan, now: Timestamp) -> Option<Window> {
        if now < self.period.start {
            return None;
        }
        let usable = match self.status {
            Status::Active | Status::Trialing => now < self.usable_until(plan)?,
            Status::PastDue => self.grace_until(plan).is_some_and(|until| now < until),
            Status::Canceled | Status::Expired | Status::Inactive => false,
        };
        usable.then(|| self.period.window(now))
    }

    /// Until when it can be used if nothing more is heard of it; `None` when it can't be used at all.
    pub fn usable_until(&self, plan: &Plan) -> Option<Timestamp> {
        let skew = if self.cancel_at_period_end { Duration::ZERO } else { RENEWAL_SKEW };
        match self.status {
            Status::Active | Status::Trialing => self.period.end.plus(skew),
            Status::PastDue => self.grace_until(plan),
            Status::Canceled | Status::Expired | Status::Inactive => None,
        }
    }

    /// Until when it can be used although a payment failed.
    pub fn grace_until(&self, plan: &Plan) -> Option<Timestamp> {
        let grace = Duration::from_hours(24 * u64::from(plan.grace_days));
        self.past_due_at.filter(|_| self.status == Status::PastDue)?.plus(grace)
    }

    /// Whether the period is over and the provider should have said more.
    pub fn is_late(&self, now: Timestamp) -> bool {
        matches!(self.status, Status::Active | Status::Trialing) && self.period.end <= now
    }

    /// The next moment at which time alone changes what it is worth.
    pub fn review_at(&self, plan: &Plan, now: Timestamp) -> Option<Timestamp> {
        let until = self.usable_until(plan)?;
        [self.period.start, until].into_iter().filter(|at| *at > now).min()
    }
}

#[cfg(test)]
pub(in crate::plans) mod tests;
