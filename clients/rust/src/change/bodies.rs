//! What events carry. Written by `clients/types/generate`: do not edit.

use serde::Deserialize;

use crate::amount::Amount;

/// The answer of the access check: whether a user may start a server session, with what, and until
/// when. Every key is always there.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct AccessView {
    /// Whether the user has a plan that can be used now.
    pub active: bool,
    /// The newest open server session.
    #[serde(default)]
    pub active_session: Option<serde_json::Value>,
    /// Minutes neither used nor held: what a session that starts now may get.
    pub available_server_minutes: u64,
    /// Whether it ends with the period.
    pub cancel_at_period_end: bool,
    /// When it ends; null when it goes on.
    #[serde(default)]
    pub ends_at: Option<String>,
    /// Everything that can be used, the best first.
    pub entitlements: Vec<EntitlementView>,
    /// Until when it works although a payment failed.
    #[serde(default)]
    pub grace_until: Option<String>,
    /// Sessions that may be open at once.
    pub max_concurrent_servers: u64,
    /// Minutes of one session at the most.
    pub max_session_minutes: u64,
    /// Minutes in each window.
    pub monthly_server_minutes: u64,
    /// All open server sessions, the newest first.
    pub open_sessions: Vec<serde_json::Value>,
    /// When the period that was paid for ends.
    #[serde(default)]
    pub period_end: Option<String>,
    /// When the period that was paid for began.
    #[serde(default)]
    pub period_start: Option<String>,
    /// The plan's name for people.
    #[serde(default)]
    pub plan: Option<String>,
    /// Where it comes from.
    #[serde(default)]
    pub provider: Option<String>,
    /// Minutes not used.
    pub remaining_server_minutes: u64,
    /// When it is paid anew; null when it is not.
    #[serde(default)]
    pub renews_at: Option<String>,
    /// Minutes held for open sessions.
    pub reserved_server_minutes: u64,
    /// How it stands with its provider.
    #[serde(default)]
    pub status: Option<String>,
    /// The plan's stable name.
    #[serde(default)]
    pub tier: Option<String>,
    /// When the minutes are new again.
    #[serde(default)]
    pub usage_window_end: Option<String>,
    /// When the window began in which minutes are counted now.
    #[serde(default)]
    pub usage_window_start: Option<String>,
    /// Minutes used in this window.
    pub used_server_minutes: i64,
}

/// An operator did something.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Acted {
    /// What: a noun, a dot and a verb, as in `wallet.lock`.
    pub action: String,
    /// Who: the public name of a service key, or `console` for a command on the host.
    pub by: String,
    /// More about it; each action has its own.
    pub detail: serde_json::Value,
    /// What that key is called.
    pub name: String,
    /// To what: an address, an id, a name.
    pub target: String,
}

/// A checkout was opened, or became something else.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct CheckoutChanged {
    /// The checkout after it.
    pub checkout: CheckoutView,
}

/// A page on which a user can pay, and what became of it.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct CheckoutView {
    /// The provider's name for it.
    pub checkout_id: String,
    /// Who.
    pub discord_user_id: String,
    /// Until when it can be paid.
    pub expires_at: String,
    /// How it stands. `confirmed` means that the buyer pressed pay, `succeeded` that it is paid.
    pub status: String,
    /// For which plan; null when it is sold as none.
    #[serde(default)]
    pub tier: Option<String>,
    /// Where its page is.
    #[serde(default)]
    pub url: Option<String>,
}

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

/// The data of `ops.drift`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct DriftFound {
    /// Who says otherwise.
    pub provider: String,
}

/// What a user has is no longer what it was.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct EntitlementChanged {
    /// The entitlement that changed; null when it was time alone that changed what the user has.
    #[serde(default)]
    pub changed: Option<EntitlementView>,
    /// Whose.
    pub discord_user_id: String,
    /// What the user has now, as the access check answers it; open sessions are told by their own
    /// events.
    pub entitlement: AccessView,
}

/// What one provider grants to one user.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct EntitlementView {
    /// Whether it ends with the period.
    pub cancel_at_period_end: bool,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<String>,
    /// When it will end.
    #[serde(default)]
    pub ends_at: Option<String>,
    /// Until when it can be used although a payment failed.
    #[serde(default)]
    pub grace_until: Option<String>,
    /// Its number.
    pub id: i64,
    /// Why it was granted, if somebody said so.
    #[serde(default)]
    pub note: Option<String>,
    /// When a payment failed.
    #[serde(default)]
    pub past_due_at: Option<String>,
    /// When it was paused.
    #[serde(default)]
    pub paused_at: Option<String>,
    /// When its period ends.
    pub period_end: String,
    /// When its period began.
    pub period_start: String,
    /// The plan's name for people.
    pub plan: String,
    /// Where it comes from.
    pub provider: String,
    /// What the provider calls that.
    #[serde(default)]
    pub provider_status: Option<String>,
    /// The provider's name for it.
    #[serde(rename = "ref")]
    pub ref_: String,
    /// When it goes on.
    #[serde(default)]
    pub resumes_at: Option<String>,
    /// How it stands.
    pub status: String,
    /// The plan.
    pub tier: String,
    /// Rises by 1 with each change.
    pub version: i64,
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

/// The notice was changed.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct NoticeChanged {
    /// The message of the day.
    pub motd: String,
    /// When it was set.
    pub motd_set_at: String,
    /// Whether wallets may pay.
    pub transactions_enabled: bool,
    /// The fields that are no longer what they were: `motd`, `transactions_enabled`.
    pub changed: Vec<String>,
}

/// A server that no session paid for was told to stop.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct OrphanStopped {
    /// How often it had to be told.
    pub attempts: u64,
    /// The orchestrator's name of it.
    pub orchestrator_session_id: String,
    /// What it was told.
    pub reason: String,
    /// The session that it was launched for.
    pub session_id: String,
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

/// A plan was made or changed.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct PlanChanged {
    /// The plan after it.
    pub plan: PlanView,
}

/// A plan as everybody may see it.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct PlanView {
    /// Server sessions that may be open at once.
    pub max_concurrent_servers: u64,
    /// Minutes of one server session at the most.
    pub max_session_minutes: u64,
    /// Minutes in each window, which is a month or the period when that is shorter.
    pub monthly_server_minutes: u64,
    /// What it brings.
    pub benefits: Vec<String>,
    /// What is said of it.
    pub description: String,
    /// The role that comes with it.
    #[serde(default)]
    pub discord_role_id: Option<String>,
    /// Where it stands in a list.
    pub display_order: i64,
    /// Of several plans of a user, the highest counts.
    pub entitlement_priority: i64,
    /// Days that it still works after a payment has failed.
    pub grace_days: u64,
    /// Whether it is for sale.
    pub is_active: bool,
    /// Whole dollars, for display.
    pub monthly_price_usd: u64,
    /// Its name for people.
    pub name: String,
    /// The first of them at Polar; null when it can't be bought there.
    #[serde(default)]
    pub polar_product_id: Option<String>,
    /// As which products it is sold.
    pub products: Vec<Product>,
    /// Its stable name.
    pub tier: String,
    /// When it was last changed.
    pub updated_at: String,
    /// Rises by 1 with each change.
    pub version: i64,
}

/// The data of `player.linked` and `player.renamed`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct PlayerChange {
    /// The wallet.
    pub address: String,
    /// What they are called.
    pub name: String,
    /// The game's UUID of the player.
    pub uuid: String,
}

/// What is sold elsewhere as a plan.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Product {
    /// The provider's id of the product; for `contract` the id of a contract.
    pub product_id: String,
    /// Where.
    pub provider: String,
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

/// The data of `purchase.*`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct PurchaseChanged {
    /// The purchase after it.
    pub purchase: PurchaseView,
}

/// A purchase.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct PurchaseView {
    /// What was, or is to be, paid, in cents, tax included.
    pub amount_cents: i64,
    /// Three letters.
    pub currency: String,
    /// Whose.
    pub discord_user_id: String,
    /// Its number here.
    pub id: i64,
    /// The number on the invoice.
    #[serde(default)]
    pub invoice: Option<String>,
    /// The provider's name for it.
    pub order_id: String,
    /// When it was made.
    pub ordered_at: String,
    /// For which product.
    #[serde(default)]
    pub product_id: Option<String>,
    /// Where it was made.
    pub provider: String,
    /// Why it was to be paid, in the provider's word, such as `subscription_cycle`.
    #[serde(default)]
    pub reason: Option<String>,
    /// What was given back, tax included.
    pub refunded_cents: i64,
    /// How it stands.
    pub status: String,
    /// For which subscription.
    #[serde(default)]
    pub subscription_id: Option<String>,
    /// The tax in it.
    pub tax_cents: i64,
    /// Rises by 1 with each event of the purchase.
    pub version: i64,
}

/// A role to give or to take: the feed of a bot that keeps roles right.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct RoleChanged {
    /// The plan's role; null when it has none.
    #[serde(default)]
    pub discord_role_id: Option<String>,
    /// Whose.
    pub discord_user_id: String,
    /// Whether it is to be given; else it is to be taken.
    pub granted: bool,
    /// The plan's tier.
    pub tier: String,
}

/// The orchestrator reported something that can't be.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ServerAnomaly {
    /// What can't be.
    pub anomaly: String,
    /// What it reported.
    pub event: String,
    /// Its name of the report.
    pub event_id: String,
    /// The server that it was about, if it said so.
    #[serde(default)]
    pub orchestrator_session_id: Option<String>,
    /// The session that it was about.
    pub session_id: String,
}

/// A session has only so many minutes left. For its owner; it is no change of the session.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ServerWarning {
    /// The minutes that are reserved, and the most that it can cost.
    pub allocated_minutes: u64,
    /// The minutes that were charged; null until it has ended.
    #[serde(default)]
    pub billed_minutes: Option<u64>,
    /// What the server is called.
    pub comment: String,
    /// When it ends at the latest, as far as is known now.
    #[serde(default)]
    pub expires_at: Option<String>,
    /// What the game is called.
    pub game: String,
    /// Which game.
    pub game_code: String,
    /// Where to connect.
    pub host: String,
    /// Its name.
    pub id: String,
    /// The last sign of life.
    pub last_heartbeat_at: String,
    /// Why there never was a server, for programs.
    pub launch_error_code: String,
    /// Why there never was a server, for people.
    pub launch_error_message: String,
    /// Who had it started.
    pub launch_source: String,
    /// The orchestrator's name of the session.
    pub orchestrator_session_id: String,
    /// The orchestrator's own word for the state.
    pub orchestrator_state: String,
    /// Whose it is.
    pub owner_discord_id: String,
    /// What to connect with.
    pub password: String,
    /// Where to connect; null until it is known.
    #[serde(default)]
    pub port: Option<u64>,
    /// Since when players can join.
    #[serde(default)]
    pub ready_at: Option<String>,
    /// The minutes that were asked for.
    pub requested_minutes: u64,
    /// A name of the server for people.
    pub server_identifier: String,
    /// When its minutes were reserved.
    pub started_at: String,
    /// Where it stands.
    pub status: String,
    /// Why it stops, or ended.
    pub stop_reason: String,
    /// When its stop was asked for.
    #[serde(default)]
    pub stop_requested_at: Option<String>,
    /// When it ended.
    #[serde(default)]
    pub stopped_at: Option<String>,
    /// When it has to end; null until it is ready.
    #[serde(default)]
    pub time_limit_at: Option<String>,
    /// When it last changed.
    pub updated_at: String,
    /// Raised by 1 with each event of the session, so a listener sees that nothing is missing.
    pub version: i64,
    /// How many: 10, 5 or 1.
    pub minutes_left: u64,
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

/// The data of `usage.reserved` and `usage.released`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct UsageHeld {
    /// What is neither used nor held.
    pub available_server_minutes: u64,
    /// The entitlement.
    pub entitlement_id: i64,
    /// What the plan gives in a window.
    pub monthly_server_minutes: u64,
    /// What is not used.
    pub remaining_server_minutes: u64,
    /// What is held for open sessions.
    pub reserved_server_minutes: u64,
    /// Its plan.
    pub tier: String,
    /// What was used.
    pub used_server_minutes: i64,
    /// When it ends.
    pub window_end: String,
    /// When the window began.
    pub window_start: String,
    /// Whose.
    pub discord_user_id: String,
    /// How many minutes.
    pub minutes: u64,
    /// The server session.
    #[serde(default)]
    pub session_id: Option<String>,
}

/// The data of `usage.recorded`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct UsageRecorded {
    /// What is neither used nor held.
    pub available_server_minutes: u64,
    /// The entitlement.
    pub entitlement_id: i64,
    /// What the plan gives in a window.
    pub monthly_server_minutes: u64,
    /// What is not used.
    pub remaining_server_minutes: u64,
    /// What is held for open sessions.
    pub reserved_server_minutes: u64,
    /// Its plan.
    pub tier: String,
    /// What was used.
    pub used_server_minutes: i64,
    /// When it ends.
    pub window_end: String,
    /// When the window began.
    pub window_start: String,
    /// Whose.
    pub discord_user_id: String,
    /// The number of the entry.
    pub entry_id: i64,
    /// Used, or below zero given back.
    pub minutes: i64,
    /// What was said of it.
    #[serde(default)]
    pub note: Option<String>,
    /// Why.
    pub reason: String,
    /// The server session, if it was one.
    #[serde(default)]
    pub session_id: Option<String>,
}

/// A share of a window's minutes is used. Each share is told once in a window.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct UsageThreshold {
    /// What is neither used nor held.
    pub available_server_minutes: u64,
    /// The entitlement.
    pub entitlement_id: i64,
    /// What the plan gives in a window.
    pub monthly_server_minutes: u64,
    /// What is not used.
    pub remaining_server_minutes: u64,
    /// What is held for open sessions.
    pub reserved_server_minutes: u64,
    /// Its plan.
    pub tier: String,
    /// What was used.
    pub used_server_minutes: i64,
    /// When it ends.
    pub window_end: String,
    /// When the window began.
    pub window_start: String,
    /// Whose.
    pub discord_user_id: String,
    /// The share: 80 or 100.
    pub percent: u64,
}

/// What is known of a person.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// Discord's hash of their picture.
    #[serde(default)]
    pub avatar: Option<String>,
    /// Discord's id, which is the user's own.
    pub discord_user_id: String,
    /// What they want to be called.
    #[serde(default)]
    pub display_name: Option<String>,
    /// When they were linked.
    pub linked_at: String,
    /// Discord's unique name; empty when nobody said it.
    pub username: String,
    /// Rises by 1 with each event of the user.
    pub version: i64,
}

/// A user was linked.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct UserLinked {
    /// Who.
    pub user: User,
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

/// The data of `user.wallet_linked` and `user.wallet_unlinked`.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct WalletLink {
    /// Which.
    pub address: String,
    /// Whose.
    pub discord_user_id: String,
    /// The user's version: dense, so a listener sees that nothing is missing.
    pub version: i64,
}

/// A provider's event could not be applied as it should, or says something that an operator should
/// look at.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct WebhookFailed {
    /// How often it was tried.
    pub attempts: i64,
    /// What is the matter.
    pub code: String,
    /// The provider's name for it.
    pub event_id: String,
    /// Its number here, to replay it.
    pub id: i64,
    /// When it is tried again; null when it is not.
    #[serde(default)]
    pub next_attempt_at: Option<String>,
    /// Who sent it.
    pub provider: String,
    /// How far it is.
    pub status: String,
    /// Its type, in the provider's word.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A provider's event of which operators were told needs them no more: it was applied, or there is
/// nothing to apply.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct WebhookSettled {
    /// How often it was tried.
    pub attempts: i64,
    /// The provider's name for it.
    pub event_id: String,
    /// Its number here.
    pub id: i64,
    /// Who sent it.
    pub provider: String,
    /// How far it is: `processed` or `ignored`.
    pub status: String,
    /// Its type, in the provider's word.
    #[serde(rename = "type")]
    pub kind: String,
}
