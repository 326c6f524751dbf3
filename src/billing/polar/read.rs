//! Reads what Polar sends: an envelope becomes neutral changes, or it says which field is at fault.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::wire;
use crate::{
    billing::model::{
        AMOUNT_CENTS_MAX, Change, CheckoutNews, CheckoutStatus, CustomerNews, Identity,
        PurchaseNews, PurchaseStatus, SubscriptionNews, Wish,
    },
    kernel::{id::DiscordId, time::Timestamp},
    plans::{
        Seen,
        model::{Period, Reference, Status, Tier},
    },
};

/// The longest type of an event in bytes.
const KIND_BYTES_MAX: usize = 120;
/// The longest word for a status that is kept, in characters.
const STATUS_CHARS_MAX: usize = 64;
/// The longest other text that is kept, in characters.
const TEXT_CHARS_MAX: usize = 64;
/// The longest address of a page in bytes.
const URL_BYTES_MAX: usize = 2_048;
/// How long a period is that does not say when it ends.
const PERIOD_DAYS: i64 = 31;
/// Years in which an event can lie. Dates beyond are mistakes, and some have no place in the database.
const YEARS: std::ops::RangeInclusive<i32> = 2_000..=9_000;
/// What is about a person and needed by nobody: it is not stored.
const PRIVATE: &[&str] = &[
    "avatar_url",
    "billing_address",
    "billing_name",
    "client_secret",
    "customer_billing_address",
    "customer_billing_name",
    "customer_email",
    "customer_ip_address",
    "customer_name",
    "customer_tax_id",
    "email",
    "tax_id",
    "token",
];

/// Why a delivery says nothing that we can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is no JSON.
    #[error("the body is not JSON: {0}")]
    Json(String),
    /// It is JSON of another shape, or a value makes no sense.
    #[error("{field}: {cause}")]
    Field {
        /// Where.
        field: String,
        /// Why.
        cause: String,
    },
}

/// What a delivery says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Its type, in Polar's word.
    pub kind: String,
    /// When it was told.
    pub told_at: Timestamp,
    /// What it says.
    pub change: Change,
    /// The body without what is about a person, to be read again later.
    pub payload: String,
}

/// Reads a delivery.
///
/// # Errors
/// [`ReadError`] with the field at fault.
pub fn news(body: &[u8]) -> Result<News, ReadError> {
    let mut value: Value =
        serde_json::from_slice(body).map_err(|error| ReadError::Json(error.to_string()))?;
    redact(&mut value);
    let payload = value.to_string();
    let wire::Envelope { kind, timestamp, data } = shaped(value, "")?;
    if kind.is_empty() || kind.len() > KIND_BYTES_MAX {
        return Err(bad("type", format!("1 to {KIND_BYTES_MAX} characters")));
    }
    let told_at = time("timestamp", timestamp)?;
    let data = Value::Object(data);
    let change = match kind.split_once('.') {
        Some(("subscription", _)) => {
            Change::Subscription(subscription(&shaped(data, "data.")?, told_at)?)
        }
        Some(("customer", "state_changed" | "deleted")) => {
            Change::Customer(customer(&shaped(data, "data.")?, told_at)?)
        }
        Some(("order", _)) => Change::Purchase(purchase(shaped(data, "data.")?, told_at)?),
        Some(("checkout", _)) => Change::Checkout(checkout(shaped(data, "data.")?, told_at)?),
        Some(("product", "updated")) => product(&shaped(data, "data.")?)?,
        _ => Change::Nothing,
    };
    Ok(News { kind, told_at, change, payload })
}

/// A subscription as the API gives it. It was so when it was asked for.
///
/// # Errors
/// [`ReadError`] with the field at fault.
pub(super) fn subscription(
    wire: &wire::Subscription,
    told_at: Timestamp,
) -> Result<SubscriptionNews, ReadError> {
    let changed = wire.modified_at.or(wire.created_at);
    let modified = time("data.modified_at", changed.ok_or_else(|| missing("data.created_at"))?)?;
    let word = wire.status.as_str().unwrap_or_default().trim();
    let (status, is_known) = match status(word) {
        Some(status) => (status, true),
        None => (Status::Inactive, false),
    };
    let maybe = |field: &str, at: Option<DateTime<Utc>>| at.map(|at| time(field, at)).transpose();
    let ends_at = maybe("data.ends_at", wire.ends_at)?;
    let ended_at = maybe("data.ended_at", wire.ended_at)?;
    let starts = wire.current_period_start.or(wire.started_at).or(wire.created_at);
    let starts =
        time("data.current_period_start", starts.ok_or_else(|| missing("data.created_at"))?)?;
    let ends = match maybe("data.current_period_end", wire.current_period_end)? {
        Some(ends) => Some(ends),
        None => ends_at.or(ended_at).filter(|ends| *ends > starts),
    };
    let usual = starts.get() + chrono::Duration::days(PERIOD_DAYS);
    let period = Period::new(starts, ends.unwrap_or_else(|| Timestamp::new(usual)))
        .ok_or_else(|| bad("data.current_period_end", "not behind current_period_start"))?;
    let customer = wire.customer.as_ref();
    let product = wire.product.as_ref();
    Ok(SubscriptionNews {
        reference: reference("data.id", &wire.id)?,
        identity: Identity {
            external: customer
                .and_then(|customer| customer.external_id.as_deref())
                .or(wire.external_customer_id.as_deref())
                .and_then(|text| text.parse().ok()),
            metadata: discord_id(&wire.metadata),
            customer: optional(
                "data.customer_id",
                wire.customer_id.as_deref().or(customer.and_then(|it| it.id.as_deref())),
            )?,
        },
        wish: Wish {
            product: optional(
                "data.product_id",
                wire.product_id.as_deref().or(product.and_then(|it| it.id.as_deref())),
            )?,
            product_tier: product.and_then(|product| tier(&product.metadata)),
            metadata_tier: tier(&wire.metadata),
        },
        status,
        provider_status: cut(word, STATUS_CHARS_MAX),
        is_known,
        period,
        cancel_at_period_end: wire.cancel_at_period_end,
        ends_at,
        ended_at,
        past_due_at: maybe("data.past_due_at", wire.past_due_at)?,
        paused_at: maybe("data.paused_at", wire.paused_at)?,
        resumes_at: maybe("data.resumes_at", wire.resumes_at)?,
        seen: Seen { modified, told: told_at },
    })
}

/// What Polar's word for a status means. The words behind the last line are not Polar's today; `None` is a word that
/// nobody knows, which grants nothing.
fn status(word: &str) -> Option<Status> {
    Some(match word {
        "active" => Status::Active,
        "trialing" => Status::Trialing,
        "past_due" => Status::PastDue,
        // Polar says so only when access has ended.
        "canceled" | "cancelled" => Status::Canceled,
        "unpaid" | "revoked" | "ended" | "expired" => Status::Expired,
        "incomplete" | "incomplete_expired" | "paused" => Status::Inactive,
        _ => return None,
    })
}

/// Everything that a customer has. Its subscriptions say nothing of their customer, so they get it from here.
///
/// # Errors
/// [`ReadError`] with the field at fault.
pub(super) fn customer(
    wire: &wire::CustomerState,
    told_at: Timestamp,
) -> Result<CustomerNews, ReadError> {
    let id = wire.customer.id.as_deref().ok_or_else(|| missing("data.id"))?;
    let customer = reference("data.id", id)?;
    let external = wire.customer.external_id.as_deref().and_then(|text| text.parse().ok());
    let mut subscriptions = Vec::new();
    for one in &wire.active_subscriptions {
        let mut news = subscription(one, told_at)?;
        news.identity.external = external;
        news.identity.customer = Some(customer.clone());
        news.identity.metadata = news.identity.metadata.or(discord_id(&wire.customer.metadata));
        subscriptions.push(news);
    }
    Ok(CustomerNews { customer, subscriptions, told_at })
}

fn purchase(wire: wire::Order, told_at: Timestamp) -> Result<PurchaseNews, ReadError> {
    let cents = |field: &str, amount: i64| {
        let valid = (0..=AMOUNT_CENTS_MAX).contains(&amount);
        if valid { Ok(amount) } else { Err(bad(field, "not a sum of money")) }
    };
    let status = match wire.status.as_str() {
        "refunded" => PurchaseStatus::Refunded,
        "partially_refunded" => PurchaseStatus::PartiallyRefunded,
        "paid" => PurchaseStatus::Paid,
        "void" => PurchaseStatus::Failed,
        _ if wire.paid => PurchaseStatus::Paid,
        // Polar will try again: so it tried.
        _ if wire.next_payment_attempt_at.is_some() => PurchaseStatus::Failed,
        _ => PurchaseStatus::Pending,
    };
    let currency = wire.currency.to_ascii_lowercase();
    if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_lowercase()) {
        return Err(bad("data.currency", "three letters"));
    }
    let refunded = wire.refunded_amount.saturating_add(wire.refunded_tax_amount);
    let identity = Identity {
        external: wire
            .customer
            .as_ref()
            .and_then(|customer| customer.external_id.as_deref())
            .and_then(|text| text.parse().ok()),
        metadata: discord_id(&wire.metadata),
        customer: optional("data.customer_id", wire.customer_id.as_deref())?,
    };
    Ok(PurchaseNews {
        reference: reference("data.id", &wire.id)?,
        identity,
        subscription: optional("data.subscription_id", wire.subscription_id.as_deref())?,
        product: optional("data.product_id", wire.product_id.as_deref())?,
        status,
        amount_cents: cents("data.total_amount", wire.total_amount)?,
        tax_cents: cents("data.tax_amount", wire.tax_amount)?,
        refunded_cents: cents("data.refunded_amount", refunded)?,
        currency,
        reason: wire.billing_reason.map(|text| cut(&text, TEXT_CHARS_MAX)),
        invoice: wire.invoice_number.map(|text| cut(&text, TEXT_CHARS_MAX)),
        ordered_at: time("data.created_at", wire.created_at)?,
        seen: Seen {
            modified: time("data.modified_at", wire.modified_at.unwrap_or(wire.created_at))?,
            told: told_at,
        },
    })
}

/// A checkout as the API gives it, or as an event tells of it.
///
/// # Errors
/// [`ReadError`] with the field at fault.
pub(super) fn checkout(
    wire: wire::Checkout,
    told_at: Timestamp,
) -> Result<CheckoutNews, ReadError> {
    let status = match wire.status.as_str() {
        "expired" => CheckoutStatus::Expired,
        "confirmed" => CheckoutStatus::Confirmed,
        "succeeded" => CheckoutStatus::Succeeded,
        "failed" => CheckoutStatus::Failed,
        _ => CheckoutStatus::Open,
    };
    Ok(CheckoutNews {
        reference: reference("data.id", &wire.id)?,
        identity: Identity {
            external: wire.external_customer_id.as_deref().and_then(|text| text.parse().ok()),
            metadata: discord_id(&wire.metadata),
            customer: optional("data.customer_id", wire.customer_id.as_deref())?,
        },
        wish: Wish {
            product: optional("data.product_id", wire.product_id.as_deref())?,
            product_tier: None,
            metadata_tier: tier(&wire.metadata),
        },
        status,
        url: wire.url.filter(|url| url.len() <= URL_BYTES_MAX),
        expires_at: time("data.expires_at", wire.expires_at)?,
        seen: Seen {
            modified: time("data.modified_at", wire.modified_at.unwrap_or(wire.created_at))?,
            told: told_at,
        },
    })
}

fn product(wire: &wire::ProductNews) -> Result<Change, ReadError> {
    let id = reference("data.id", &wire.id)?;
    Ok(if wire.is_archived { Change::Archived(id) } else { Change::Nothing })
}

/// Takes away what is about a person.
fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !PRIVATE.contains(&name.as_str()));
            // Of all objects only customers have a name that we gave them, and theirs is a person's.
            if fields.contains_key("external_id") {
                fields.remove("name");
            }
            fields.values_mut().for_each(redact);
        }
        Value::Array(values) => values.iter_mut().for_each(redact),
        _ => {}
    }
}

/// JSON of a shape, or the field that does not fit.
pub(super) fn shaped<T: DeserializeOwned>(value: Value, prefix: &str) -> Result<T, ReadError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "body".to_owned() } else { format!("{prefix}{path}") };
        ReadError::Field { field, cause: error.into_inner().to_string() }
    })
}

fn reference(field: &str, text: &str) -> Result<Reference, ReadError> {
    Reference::new(text).ok_or_else(|| bad(field, "1 to 128 characters without blanks"))
}

fn optional(field: &str, text: Option<&str>) -> Result<Option<Reference>, ReadError> {
    text.filter(|text| !text.is_empty()).map(|text| reference(field, text)).transpose()
}

fn time(field: &str, at: DateTime<Utc>) -> Result<Timestamp, ReadError> {
    use chrono::Datelike as _;
    if YEARS.contains(&at.year()) {
        return Ok(Timestamp::new(at));
    }
    Err(bad(field, format!("in none of the years {} to {}", YEARS.start(), YEARS.end())))
}

/// What we wrote on the checkout. Metadata may be a number, which JSON keeps whole here.
fn discord_id(metadata: &Map<String, Value>) -> Option<DiscordId> {
    match metadata.get("discord_user_id")? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

fn tier(metadata: &Map<String, Value>) -> Option<Tier> {
    metadata.get("tier")?.as_str()?.parse().ok()
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars).collect()
}

fn bad(field: &str, cause: impl Into<String>) -> ReadError {
    ReadError::Field { field: field.to_owned(), cause: cause.into() }
}

fn missing(field: &str) -> ReadError {
    bad(field, "missing")
}

#[cfg(test)]
mod tests;
