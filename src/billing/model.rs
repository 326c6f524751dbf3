//! What providers tell, without the providers: changes, whose they are, and what is decided about them. No clock, no
//! wire, no database.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    kernel::{id::DiscordId, time::Timestamp},
    plans::{
        Seen,
        model::{Period, Reference, Status, Tier},
    },
};

/// The first pause before an event that could not be applied is tried again: a buyer who links a moment later should
/// not have to wait.
pub const RETRY_FIRST: Duration = Duration::from_secs(3);
/// The second pause; each later one is twice the one before.
pub const RETRY_MIN: Duration = Duration::from_mins(1);
/// The longest.
pub const RETRY_MAX: Duration = Duration::from_hours(6);
/// How often an event is tried that fails. What waits for a user or a product is not given up.
pub const ATTEMPTS_MAX: i32 = 100;
/// The most money in cents that one purchase can be about.
pub const AMOUNT_CENTS_MAX: i64 = 1_000_000_000_000;

/// Something that a provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// How a subscription stands.
    Subscription(SubscriptionNews),
    /// Everything that a customer has; what is not in it is over.
    Customer(CustomerNews),
    /// How a purchase stands.
    Purchase(PurchaseNews),
    /// How a checkout stands.
    Checkout(CheckoutNews),
    /// A product is no longer sold.
    Archived(Reference),
    /// Nothing that concerns us.
    Nothing,
}

/// Who is meant, in the words of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The name that we gave the provider's customer.
    pub external: Option<DiscordId>,
    /// What we wrote on the checkout.
    pub metadata: Option<DiscordId>,
    /// The provider's own name for the customer.
    pub customer: Option<Reference>,
}

/// What was bought, in the words of the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wish {
    /// The product.
    pub product: Option<Reference>,
    /// The plan that is written on the product.
    pub product_tier: Option<Tier>,
    /// The plan that was written on the checkout: what was bought first, and not what it was changed to.
    pub metadata_tier: Option<Tier>,
}

/// How a subscription stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionNews {
    /// The provider's name for it.
    pub reference: Reference,
    /// Whose it is.
    pub identity: Identity,
    /// What of.
    pub wish: Wish,
    /// How it stands. What we don't know is `Inactive`.
    pub status: Status,
    /// What the provider calls that.
    pub provider_status: String,
    /// Whether we know that word.
    pub is_known: bool,
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
    /// Its place among the news of it.
    pub seen: Seen,
}

/// Everything that a customer has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerNews {
    /// The customer.
    pub customer: Reference,
    /// What is active.
    pub subscriptions: Vec<SubscriptionNews>,
    /// When that was so.
    pub told_at: Timestamp,
}

/// How a purchase stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseNews {
    /// The provider's name for it.
    pub reference: Reference,
    /// Whose it is.
    pub identity: Identity,
    /// For which subscription.
    pub subscription: Option<Reference>,
    /// For which product.
    pub product: Option<Reference>,
    /// How it stands.
    pub status: PurchaseStatus,
    /// What was, or is to be, paid, in cents, tax included.
    pub amount_cents: i64,
    /// The tax in it.
    pub tax_cents: i64,
    /// What was given back, tax included.
    pub refunded_cents: i64,
    /// Three letters.
    pub currency: String,
    /// Why it was to be paid, in the provider's word.
    pub reason: Option<String>,
    /// The number on the invoice.
    pub invoice: Option<String>,
    /// When it was made.
    pub ordered_at: Timestamp,
    /// Its place among the news of it.
    pub seen: Seen,
}

/// How a purchase stands. Of two news with one place in the provider's order, the later status here is the newer one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseStatus {
    /// Not yet paid.
    Pending,
    /// The payment failed; the provider may try again.
    Failed,
    /// Paid.
    Paid,
    /// Paid, and partly given back.
    PartiallyRefunded,
    /// Paid, and given back.
    Refunded,
}

impl PurchaseStatus {
    const ALL: [Self; 5] =
        [Self::Pending, Self::Failed, Self::Paid, Self::PartiallyRefunded, Self::Refunded];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }

    /// Whether money came in.
    pub const fn is_paid(self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded | Self::Refunded)
    }
}

impl std::str::FromStr for PurchaseStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|status| status.name() == text);
        found.ok_or_else(|| format!("no purchase is called {text:?}"))
    }
}

impl PurchaseNews {
    /// Whether these are newer than what is known. Times are kept to the millisecond, and a provider does two things in
    /// one: then what comes of a purchase decides, so that the order of arrival does not.
    pub fn outrank(&self, seen: Seen, status: PurchaseStatus, refunded_cents: i64) -> bool {
        (self.seen, self.status, self.refunded_cents) > (seen, status, refunded_cents)
    }
}

/// How a checkout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutNews {
    /// The provider's name for it.
    pub reference: Reference,
    /// Whose it is.
    pub identity: Identity,
    /// For which plan.
    pub wish: Wish,
    /// How it stands.
    pub status: CheckoutStatus,
    /// Where its page is.
    pub url: Option<String>,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
    /// Its place among the news of it.
    pub seen: Seen,
}

/// How a checkout stands. Of two news with one place in the provider's order, the later status here is the newer one.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CheckoutStatus {
    /// It can be paid.
    Open,
    /// The buyer pressed pay; nothing is paid yet.
    Confirmed,
    /// It was not paid in time.
    Expired,
    /// The payment failed.
    Failed,
    /// It is paid.
    Succeeded,
}

impl CheckoutStatus {
    const ALL: [Self; 5] =
        [Self::Open, Self::Confirmed, Self::Expired, Self::Failed, Self::Succeeded];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Expired => "expired",
            Self::Confirmed => "confirmed",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more becomes of it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Expired | Self::Succeeded | Self::Failed)
    }
}

impl std::str::FromStr for CheckoutStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|status| status.name() == text);
        found.ok_or_else(|| format!("no checkout is called {text:?}"))
    }
}

impl CheckoutNews {
    /// Whether these are newer than what is known, as for purchases.
    pub fn outrank(&self, seen: Seen, status: CheckoutStatus) -> bool {
        (self.seen, self.status) > (seen, status)
    }
}

/// Whose something is, and whether the provider's words about that agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// The user.
    pub user: DiscordId,
    /// Whether another user is named as well.
    pub conflict: bool,
}

impl Identity {
    /// Whose something is: the user who has it already, else whom we called the customer, else whom we wrote on the
    /// checkout, else whose customer it is known to be. Never by an address of mail.
    pub fn resolve(
        &self,
        holder: Option<DiscordId>,
        of_customer: Option<DiscordId>,
    ) -> Option<Resolved> {
        let user = holder.or(self.external).or(self.metadata).or(of_customer)?;
        let differs = |named: Option<DiscordId>| named.is_some_and(|named| named != user);
        // What was written on the checkout counts only beside the customer's own name; a customer may buy for another.
        let conflict =
            differs(self.external) || (self.external.is_some() && differs(self.metadata));
        Some(Resolved { user, conflict })
    }
}

/// How far news are that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// They are applied.
    Processed,
    /// They don't concern us.
    Ignored,
    /// They wait for a user to link or a product to be mapped.
    Deferred,
    /// They could not be applied; they are tried again.
    Failed,
}

impl EventStatus {
    const ALL: [Self; 4] = [Self::Processed, Self::Ignored, Self::Deferred, Self::Failed];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Ignored => "ignored",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more is to be done.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Processed | Self::Ignored)
    }
}

impl std::str::FromStr for EventStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|status| status.name() == text);
        found.ok_or_else(|| format!("no event is {text:?}"))
    }
}

/// What is to be said of news beside their status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Note {
    /// Newer news were there before.
    Stale,
    /// The provider's word for the status is new to us; it grants nothing.
    UnknownStatus,
    /// The provider names two users; the one who has it, or whose customer it is, keeps it.
    IdentityConflict,
    /// Nobody can be found whose it is.
    UserUnknown,
    /// The user has never signed in.
    UserNotLinked,
    /// The product is sold as no plan.
    PlanUnknown,
    /// A product that is sold as a plan is no longer sold.
    ProductArchived,
    /// A defect of ours, or of the database; the log has the cause.
    Internal,
}

impl Note {
    const ALL: [Self; 8] = [
        Self::Stale,
        Self::UnknownStatus,
        Self::IdentityConflict,
        Self::UserUnknown,
        Self::UserNotLinked,
        Self::PlanUnknown,
        Self::ProductArchived,
        Self::Internal,
    ];

    /// The name on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stale => "STALE",
            Self::UnknownStatus => "UNKNOWN_STATUS",
            Self::IdentityConflict => "IDENTITY_CONFLICT",
            Self::UserUnknown => "USER_UNKNOWN",
            Self::UserNotLinked => "USER_NOT_LINKED",
            Self::PlanUnknown => "PLAN_UNKNOWN",
            Self::ProductArchived => "PRODUCT_ARCHIVED",
            Self::Internal => "INTERNAL",
        }
    }

    /// Whether the operator should look.
    pub const fn is_alarming(self) -> bool {
        !matches!(self, Self::Stale)
    }
}

impl std::str::FromStr for Note {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|note| note.name() == text);
        found.ok_or_else(|| format!("no note is called {text:?}"))
    }
}

/// The pause before an event is tried again that was tried `attempts` times; `None` when it is given up.
pub fn retry_pause(status: EventStatus, attempts: i32) -> Option<Duration> {
    let doublings = u32::try_from(attempts.saturating_sub(2)).ok();
    let pause = match doublings {
        None => RETRY_FIRST,
        Some(doublings) => RETRY_MIN
            .saturating_mul(1_u32.checked_shl(doublings).unwrap_or(u32::MAX))
            .min(RETRY_MAX),
    };
    match status {
        EventStatus::Deferred => Some(pause),
        EventStatus::Failed => (attempts < ATTEMPTS_MAX).then_some(pause),
        EventStatus::Processed | EventStatus::Ignored => None,
    }
}

#[cfg(test)]
mod tests;
