//! The events of billing.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{
    model::{CheckoutStatus, EventStatus, Note, PurchaseStatus},
    views::{CheckoutView, PurchaseView},
};
use crate::{
    auth::users::events::topics_of,
    kernel::{
        event::{Fact, Topic},
        id::DiscordId,
        money::Scale,
        time::Timestamp,
    },
    plans::model::{Provider, Reference, Status, Tier},
};

/// The kinds of this slice.
pub const KINDS: &[&str] = &[
    "checkout.changed",
    "purchase.paid",
    "purchase.refunded",
    "purchase.failed",
    "ops.webhook_failed",
    "ops.webhook_settled",
    "ops.drift",
];

/// The topic of what operators should know.
pub const OPS: &str = "ops";

/// A checkout was opened, or became something else.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CheckoutChanged {
    /// The checkout after it.
    pub checkout: CheckoutView,
}

impl Fact for CheckoutChanged {
    fn kind(&self) -> &'static str {
        "checkout.changed"
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.checkout.discord_user_id)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// What happened to a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PurchaseChange {
    /// Money came in.
    Paid,
    /// Money went back.
    Refunded,
    /// A payment failed.
    Failed,
}

impl PurchaseChange {
    /// What there is to tell when a purchase is no longer what it was. What was refunded had been paid, and that is
    /// told first, whatever arrived first.
    pub fn between(
        before: Option<(PurchaseStatus, i64)>,
        after: (PurchaseStatus, i64),
    ) -> Vec<Self> {
        let was_paid = before.is_some_and(|(status, _)| status.is_paid());
        let was_failed = before.is_some_and(|(status, _)| status == PurchaseStatus::Failed);
        let given_back = before.map_or(0, |(_, refunded)| refunded);
        let mut changes = Vec::new();
        if after.0.is_paid() && !was_paid {
            changes.push(Self::Paid);
        }
        if after.1 > given_back {
            changes.push(Self::Refunded);
        }
        if after.0 == PurchaseStatus::Failed && !was_failed {
            changes.push(Self::Failed);
        }
        changes
    }
}

/// An event of a purchase.
#[derive(Debug, Clone)]
pub struct PurchaseEvent {
    /// What happened.
    pub change: PurchaseChange,
    /// The purchase after it.
    pub purchase: PurchaseView,
}

/// The data of `purchase.*`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PurchaseChanged {
    /// The purchase after it.
    purchase: PurchaseView,
}

impl Fact for PurchaseEvent {
    fn kind(&self) -> &'static str {
        match self.change {
            PurchaseChange::Paid => "purchase.paid",
            PurchaseChange::Refunded => "purchase.refunded",
            PurchaseChange::Failed => "purchase.failed",
        }
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.purchase.discord_user_id)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(&PurchaseChanged { purchase: self.purchase.clone() })
    }
}

/// A provider's event could not be applied as it should, or says something that an operator should look at.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookFailed {
    /// Its number here, to replay it.
    pub id: i64,
    /// Who sent it.
    pub provider: Provider,
    /// The provider's name for it.
    pub event_id: String,
    /// Its type, in the provider's word.
    #[serde(rename = "type")]
    pub kind: String,
    /// How far it is.
    pub status: EventStatus,
    /// What is the matter.
    pub code: Note,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried again; null when it is not.
    pub next_attempt_at: Option<Timestamp>,
}

impl Fact for WebhookFailed {
    fn kind(&self) -> &'static str {
        "ops.webhook_failed"
    }

    fn topics(&self) -> Vec<Topic> {
        vec![Topic::named(OPS)]
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// A provider's event of which operators were told needs them no more: it was applied, or there is nothing to apply.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookSettled {
    /// Its number here.
    pub id: i64,
    /// Who sent it.
    pub provider: Provider,
    /// The provider's name for it.
    pub event_id: String,
    /// Its type, in the provider's word.
    #[serde(rename = "type")]
    pub kind: String,
    /// How far it is: `processed` or `ignored`.
    pub status: EventStatus,
    /// How often it was tried.
    pub attempts: i32,
}

impl Fact for WebhookSettled {
    fn kind(&self) -> &'static str {
        "ops.webhook_settled"
    }

    fn topics(&self) -> Vec<Topic> {
        vec![Topic::named(OPS)]
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// Why it was compared with what the provider says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Everything is compared every hour, and when a hub starts.
    Sync,
    /// News of this user were late.
    Late,
    /// The user had come back from a checkout.
    Checkout,
    /// The user has just linked.
    Link,
    /// An operator asked for it.
    Operator,
}

impl Occasion {
    const ALL: [Self; 5] = [Self::Sync, Self::Late, Self::Checkout, Self::Link, Self::Operator];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Late => "late",
            Self::Checkout => "checkout",
            Self::Link => "link",
            Self::Operator => "operator",
        }
    }
}

impl std::str::FromStr for Occasion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|occasion| occasion.name() == text);
        found.ok_or_else(|| format!("no occasion is called {text:?}"))
    }
}

/// How a subscription stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stand {
    /// Of which plan.
    pub tier: Tier,
    /// How.
    pub status: Status,
    /// Until when it is paid.
    pub period_end: Timestamp,
    /// Whether it ends with the period.
    pub cancel_at_period_end: bool,
}

/// What differed from what a provider says, and was repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Drift {
    /// A subscription: no event had told of it.
    Entitlement {
        /// Whose.
        discord_user_id: DiscordId,
        /// The provider's name for it.
        reference: Reference,
        /// How it stood here; null when it was not known.
        before: Option<Stand>,
        /// How it stands.
        after: Stand,
        /// Why it was looked at.
        occasion: Occasion,
    },
    /// The provider had given our webhook up.
    WebhookDisabled {
        /// Whether it delivers again.
        enabled: bool,
    },
    /// Events that the provider could not deliver, and was asked to deliver again.
    EventsMissing {
        /// How many.
        redelivered: usize,
    },
}

/// The data of `ops.drift`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DriftFound {
    /// Who says otherwise.
    pub provider: Provider,
    /// What differed.
    #[serde(flatten)]
    pub drift: Drift,
}

impl Fact for DriftFound {
    fn kind(&self) -> &'static str {
        "ops.drift"
    }

    fn topics(&self) -> Vec<Topic> {
        vec![Topic::named(OPS)]
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// Whether a checkout is worth an event: a status is told once.
pub fn is_news(before: Option<CheckoutStatus>, after: CheckoutStatus) -> bool {
    before != Some(after)
}

#[cfg(test)]
mod tests;
