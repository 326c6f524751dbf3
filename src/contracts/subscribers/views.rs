//! Subscriptions on the wire.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{EndReason, State, Subscription, SubscriptionStatus};
use crate::{
    contracts::{model::Offer, views::ScheduleView},
    kernel::{
        address::Address,
        id::{ContractId, PaymentId, SubscriptionId},
        money::{Decimal, Scale},
        time::Timestamp,
    },
    ledger::events::PaymentMade,
};

/// A subscription.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubscriptionView {
    /// Its number.
    subscription_id: SubscriptionId,
    /// What it is to.
    contract_id: ContractId,
    /// Who pays.
    address: Address,
    /// Who is paid.
    owner_address: Address,
    /// `active` renews, `pending` ends with its term.
    status: SubscriptionStatus,
    /// Why it ended.
    reason: Option<EndReason>,
    /// Whether the wallet has now what it paid for.
    entitled: bool,
    /// Whether the term is over and the renewal is on its way.
    renewing: bool,
    /// What the next term costs.
    price: Decimal,
    #[serde(flatten)]
    schedule: ScheduleView,
    /// The version of the contract that the wallet agreed to.
    contract_version: i64,
    /// How often the wallet has subscribed.
    run: i32,
    /// When this run began.
    started_at: Timestamp,
    /// The last term that was paid, from 1 in each run.
    term: i64,
    /// When that term began.
    term_started_at: Timestamp,
    /// Until when it is paid; null when it has ended.
    lapsed_at: Option<Timestamp>,
    /// When the wallet asked for the end.
    cancel_requested_at: Option<Timestamp>,
    /// When it ended.
    ended_at: Option<Timestamp>,
    /// Whether the wallet may end it.
    can_unsubscribe: bool,
    /// The payment for the last term.
    last_payment_id: PaymentId,
    /// The terms that the wallet would have to agree to.
    pending_change: Option<PendingChange>,
    /// Raised by 1 with each event of the subscription.
    version: i64,
}

/// Terms that wait for the consent of a subscriber.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PendingChange {
    /// The version of the contract to agree to.
    contract_version: i64,
    /// What a term will cost.
    price: Decimal,
    #[serde(flatten)]
    schedule: ScheduleView,
    /// Without consent the subscription ends with the first term that ends at this time or later; null: never.
    consent_by: Option<Timestamp>,
}

/// What subscribing came to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubscribedView {
    #[serde(flatten)]
    pub(super) subscription: SubscriptionView,
    /// The payment for the first term; null when there was nothing to pay.
    pub(super) payment: Option<PaymentMade>,
}

impl SubscriptionView {
    /// The subscription as it stands now.
    pub fn new(subscription: &Subscription, offer: &Offer, now: Timestamp, scale: Scale) -> Self {
        let (reason, ended_at, cancel_requested_at) = match subscription.state {
            State::Active => (None, None, None),
            State::Pending { requested_at } => (None, None, Some(requested_at)),
            State::Canceled { reason, ended_at, requested_at } => {
                (Some(reason), Some(ended_at), requested_at)
            }
        };
        Self {
            subscription_id: subscription.id,
            contract_id: subscription.contract,
            address: subscription.address.clone(),
            owner_address: offer.owner.clone(),
            status: subscription.status(),
            reason,
            entitled: subscription.is_entitled(offer, now),
            renewing: subscription.status() == SubscriptionStatus::Active
                && subscription.is_due(now),
            price: subscription.price(offer).amount().at(scale),
            schedule: ScheduleView::new(&subscription.agreed.schedule),
            contract_version: subscription.agreed.version,
            run: subscription.run,
            started_at: subscription.started_at,
            term: subscription.term.number,
            term_started_at: subscription.term.starts,
            lapsed_at: subscription.lapsed_at(),
            cancel_requested_at,
            ended_at,
            can_unsubscribe: subscription.can_unsubscribe,
            last_payment_id: subscription.last_payment,
            pending_change: PendingChange::of(subscription, offer, scale),
            version: subscription.version,
        }
    }
}

impl PendingChange {
    /// The terms that a subscription waits for, if it does.
    pub fn of(subscription: &Subscription, offer: &Offer, scale: Scale) -> Option<Self> {
        subscription.open_terms(offer).map(|terms| Self {
            contract_version: terms.version,
            price: terms.price.amount().at(scale),
            schedule: ScheduleView::new(&terms.schedule),
            consent_by: offer.consent_by,
        })
    }
}
