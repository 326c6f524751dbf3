//! What events carry. Written by `clients/types/generate`: do not edit.

use serde::Deserialize;

use crate::amount::Amount;

/// The test clock was moved.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ClockAdvanced {
    /// Who moved it: the name of a service key.
    pub by: String,
    /// How far the clock is ahead of the database's own, in seconds.
    pub offset_s: i64,
}

/// The data of `contract.*`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ContractChanged {
    /// The fields that are no longer what they were.
    pub changed: Vec<String>,
    /// The contract after the change, as everybody may see it.
    pub contract: PublicContract,
}

/// The data of all events of names.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct NameChanged {
    /// The name, without its suffix.
    pub name: String,
    /// Who bought it.
    pub original_owner: String,
    /// Whose it is.
    pub owner: String,
    /// Where it leads.
    #[serde(default)]
    pub record: Option<String>,
    /// When it was bought.
    pub registered_at: String,
    /// When it got another owner, if it did.
    #[serde(default)]
    pub transferred_at: Option<String>,
    /// When it got its owner or its record.
    pub updated_at: String,
    /// Raised by 1 with each event of the name; also the `ETag`.
    pub version: i64,
    /// The payment that tells of it, which comes right before this event; null for an import.
    #[serde(default)]
    pub payment_id: Option<i64>,
    /// Whose it was, when it has another owner.
    #[serde(default)]
    pub previous_owner: Option<String>,
}

/// The data of `payment.made`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct PaymentMade {
    /// How much.
    pub amount: Amount,
    /// When.
    pub at: String,
    /// Who paid.
    pub from: String,
    /// The payer's version after it: dense, so a listener to the wallet sees that nothing is
    /// missing.
    pub from_version: i64,
    /// The payment's number, rising.
    pub id: i64,
    /// What the payer wrote on it, behind the name that was paid.
    #[serde(default)]
    pub metadata: Option<String>,
    /// The name that was bought, or got another owner or record.
    #[serde(default)]
    pub name: Option<String>,
    /// The payer's own name for it.
    #[serde(default)]
    pub request_id: Option<String>,
    /// What stood before the `@` of that name.
    #[serde(default)]
    pub sent_metaname: Option<String>,
    /// The name whose owner was paid.
    #[serde(default)]
    pub sent_name: Option<String>,
    /// Who was paid.
    pub to: String,
    /// The payee's version after it.
    pub to_version: i64,
    /// Why.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Terms that wait for the consent of a subscriber.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct PendingChange {
    /// At each occurrence of this cron expression of five fields, in UTC.
    #[serde(default)]
    pub cron_expr: Option<String>,
    /// Every so many months, on the day of the first or the last one of a shorter month.
    #[serde(default)]
    pub period_months: Option<u64>,
    /// Every so many seconds.
    #[serde(default)]
    pub period_seconds: Option<u64>,
    /// Without consent the subscription ends with the first term that ends at this time or later;
    /// null: never.
    #[serde(default)]
    pub consent_by: Option<String>,
    /// The version of the contract to agree to.
    pub contract_version: i64,
    /// What a term will cost.
    pub price: Amount,
}

/// A contract as everybody may see it.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct PublicContract {
    /// At each occurrence of this cron expression of five fields, in UTC.
    #[serde(default)]
    pub cron_expr: Option<String>,
    /// Every so many months, on the day of the first or the last one of a shorter month.
    #[serde(default)]
    pub period_months: Option<u64>,
    /// Every so many seconds.
    #[serde(default)]
    pub period_seconds: Option<u64>,
    /// Who is paid.
    pub address: String,
    /// What is paid when renewals were held up for longer than a term.
    pub catch_up: String,
    /// Its number.
    pub contract_id: i64,
    /// When it was made.
    pub created_at: String,
    /// What its owner says of it. Of a restricted contract only those see it who may subscribe.
    #[serde(default)]
    pub description: Option<String>,
    /// How many may be subscribed at once; null is any number.
    #[serde(default)]
    pub max_subscribers: Option<u64>,
    /// What a term costs.
    pub price: Amount,
    /// Subscribers who have not agreed to the newest terms end with the first term that ends at
    /// this time or later.
    #[serde(default)]
    pub require_consent_by: Option<String>,
    /// Whether it is for an allow list only.
    pub restricted: bool,
    /// Whether it can be subscribed to.
    pub status: String,
    /// The version that brought the price and the schedule.
    pub terms_version: i64,
    /// What its owner calls it.
    pub title: String,
    /// When it was changed last.
    pub updated_at: String,
    /// Raised by 1 with each event of the contract; also the `ETag`.
    pub version: i64,
}

/// The data of `subscription.*`: all that a listener needs, without a second call.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct SubscriptionChanged {
    /// Who pays.
    pub address: String,
    /// Whether its wallet may end it.
    pub can_unsubscribe: bool,
    /// The contract.
    pub contract_id: i64,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<String>,
    /// Until when it is paid; null when it has ended.
    #[serde(default)]
    pub lapsed_at: Option<String>,
    /// Who is paid.
    pub owner_address: String,
    /// The payment for that term.
    pub payment_id: i64,
    /// The terms that its wallet would have to agree to.
    #[serde(default)]
    pub pending_change: Option<PendingChange>,
    /// What a term costs.
    pub price: Amount,
    /// Why it ended.
    #[serde(default)]
    pub reason: Option<String>,
    /// How often the wallet has subscribed.
    pub run: i64,
    /// Terms before it that were missed and cost nothing.
    pub skipped_terms: i64,
    /// Where it stands now.
    pub status: String,
    /// The subscription.
    pub subscription_id: i64,
    /// The last term that was paid, from 1 in each run.
    pub term: i64,
    /// When that term began.
    pub term_started_at: String,
    /// Its version: dense, so a listener to the subscription sees that nothing is missing.
    pub version: i64,
}

/// The data of `wallet.created`, `wallet.locked` and `wallet.unlocked`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct WalletChange {
    /// The wallet.
    pub address: String,
    /// Its version after the change.
    pub version: i64,
}
