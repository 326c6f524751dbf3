//! Checkouts, purchases and webhook events on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{CheckoutStatus, EventStatus, Note, PurchaseStatus};
use crate::{
    kernel::{id::DiscordId, time::Timestamp},
    plans::model::{Provider, Reference, Tier},
};

/// A page on which a user can pay, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckoutView {
    /// The provider's name for it.
    pub checkout_id: Reference,
    /// Who.
    pub discord_user_id: DiscordId,
    /// For which plan; null when it is sold as none.
    pub tier: Option<Tier>,
    /// How it stands. `confirmed` means that the buyer pressed pay, `succeeded` that it is paid.
    pub status: CheckoutStatus,
    /// Where its page is.
    pub url: Option<String>,
    /// Until when it can be paid.
    pub expires_at: Timestamp,
}

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PurchaseView {
    /// Its number here.
    pub id: i64,
    /// Where it was made.
    pub provider: Provider,
    /// The provider's name for it.
    pub order_id: Reference,
    /// Whose.
    pub discord_user_id: DiscordId,
    /// For which subscription.
    pub subscription_id: Option<Reference>,
    /// For which product.
    pub product_id: Option<Reference>,
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
    /// Why it was to be paid, in the provider's word, such as `subscription_cycle`.
    pub reason: Option<String>,
    /// The number on the invoice.
    pub invoice: Option<String>,
    /// When it was made.
    pub ordered_at: Timestamp,
    /// Rises by 1 with each event of the purchase.
    pub version: i64,
}

/// An event of a provider.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WebhookEventView {
    /// Its number here.
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
    /// What is to be said of it.
    pub code: Option<Note>,
    /// How often it was tried, here and by the provider.
    pub attempts: i32,
    /// When it is tried again; null when it is not.
    pub next_attempt_at: Option<Timestamp>,
    /// The user it waits for.
    pub awaits_user: Option<DiscordId>,
    /// The provider's customer it waits for.
    pub awaits_customer: Option<String>,
    /// The product it waits for.
    pub awaits_product: Option<String>,
    /// When the provider told it.
    pub told_at: Timestamp,
    /// When it arrived first.
    pub received_at: Timestamp,
    /// When it was done.
    pub processed_at: Option<Timestamp>,
}
