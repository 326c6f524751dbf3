//! Polar's JSON, as far as it is needed. Nothing outside the adapter sees it.
//!
//! Unknown fields are ignored and most may be absent or null: what Polar sends depends on its version. What must be
//! there is what nothing can be decided without. A status is read from whatever JSON stands there, because one that we
//! don't know must take access away rather than be refused for hours and then be lost.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What every delivery has.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) timestamp: DateTime<Utc>,
    pub(super) data: Map<String, Value>,
}

/// Text and numbers that an operator, or we, attached to an object.
pub(super) type Metadata = Map<String, Value>;

/// A subscription, as its own events, the API, and a customer's state have it.
#[derive(Debug, Deserialize)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) created_at: Option<DateTime<Utc>>,
    pub(super) modified_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub(super) status: Value,
    pub(super) current_period_start: Option<DateTime<Utc>>,
    pub(super) current_period_end: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) cancel_at_period_end: bool,
    pub(super) started_at: Option<DateTime<Utc>>,
    pub(super) ends_at: Option<DateTime<Utc>>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) past_due_at: Option<DateTime<Utc>>,
    pub(super) paused_at: Option<DateTime<Utc>>,
    pub(super) resumes_at: Option<DateTime<Utc>>,
    pub(super) product_id: Option<String>,
    pub(super) customer_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) metadata: Metadata,
    pub(super) customer: Option<Customer>,
    pub(super) product: Option<Product>,
    #[serde(alias = "customer_external_id")]
    pub(super) external_customer_id: Option<String>,
}

/// A customer, alone or inside something else.
#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    pub(super) id: Option<String>,
    pub(super) external_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) metadata: Metadata,
}

/// A product inside a subscription.
#[derive(Debug, Deserialize)]
pub(super) struct Product {
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) metadata: Metadata,
}

/// Everything that one customer has at a moment.
#[derive(Debug, Deserialize)]
pub(super) struct CustomerState {
    #[serde(flatten)]
    pub(super) customer: Customer,
    #[serde(default)]
    pub(super) active_subscriptions: Vec<Subscription>,
}

/// An order: one payment for a product.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) modified_at: Option<DateTime<Utc>>,
    pub(super) status: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) paid: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) total_amount: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) tax_amount: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) refunded_amount: i64,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) refunded_tax_amount: i64,
    pub(super) currency: String,
    pub(super) billing_reason: Option<String>,
    pub(super) invoice_number: Option<String>,
    pub(super) subscription_id: Option<String>,
    pub(super) product_id: Option<String>,
    pub(super) customer_id: Option<String>,
    pub(super) next_payment_attempt_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) metadata: Metadata,
    pub(super) customer: Option<Customer>,
}

/// A checkout: a page on which somebody may pay.
#[derive(Debug, Deserialize)]
pub(super) struct Checkout {
    pub(super) id: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) modified_at: Option<DateTime<Utc>>,
    pub(super) status: String,
    pub(super) url: Option<String>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) product_id: Option<String>,
    pub(super) customer_id: Option<String>,
    #[serde(alias = "customer_external_id")]
    pub(super) external_customer_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) metadata: Metadata,
}

/// A product of which an event tells.
#[derive(Debug, Deserialize)]
pub(super) struct ProductNews {
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) is_archived: bool,
}

/// A page of the API's lists.
#[derive(Debug, Deserialize)]
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    pub(super) pagination: Pagination,
}

/// Where a page stands.
#[derive(Debug, Deserialize)]
pub(super) struct Pagination {
    pub(super) max_page: i64,
}

/// A short-lived way into the customer's portal.
#[derive(Debug, Deserialize)]
pub(super) struct CustomerSession {
    pub(super) customer_portal_url: String,
    pub(super) expires_at: DateTime<Utc>,
}

/// Where Polar sends its events.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Endpoint {
    pub(super) id: String,
    pub(super) url: String,
    #[serde(default, deserialize_with = "enabled")]
    pub(super) enabled: bool,
}

/// An attempt to deliver an event.
#[derive(Debug, Deserialize)]
pub(super) struct Delivery {
    pub(super) webhook_event: DeliveredEvent,
}

/// The event of an attempt.
#[derive(Debug, Deserialize)]
pub(super) struct DeliveredEvent {
    pub(super) id: String,
}

/// Null is the same as absent.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An endpoint of a version that does not say so is enabled.
fn enabled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(true))
}
