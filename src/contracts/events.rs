//! The events of contracts and subscriptions.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{
    model::{Contract, ContractStatus, Edited, Offer},
    subscribers::{
        model::{EndReason, State, Subscription, SubscriptionStatus},
        views::PendingChange,
    },
    views::PublicContract,
};
use crate::kernel::{
    address::Address,
    event::{Fact, Topic},
    id::{ContractId, PaymentId, SubscriptionId},
    money::{Decimal, Scale},
    time::Timestamp,
};

/// The kinds of this slice.
pub const KINDS: &[&str] = &[
    "contract.created",
    "contract.edited",
    "contract.opened",
    "contract.closed",
    "contract.canceled",
    "subscription.started",
    "subscription.renewed",
    "subscription.cancel_requested",
    "subscription.resumed",
    "subscription.forced",
    "subscription.terms_changed",
    "subscription.terms_accepted",
    "subscription.payment_failed",
    "subscription.lapsed",
    "subscription.canceled",
];

/// What happened to a contract.
#[derive(Debug, Clone)]
pub struct ContractEvent {
    /// The contract after it.
    pub contract: Contract,
    /// The fields that are no longer what they were; none of a new contract.
    pub changed: Vec<&'static str>,
}

impl From<Edited> for ContractEvent {
    fn from(edited: Edited) -> Self {
        Self { contract: edited.contract, changed: edited.changed }
    }
}

/// The data of `contract.*`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ContractChanged {
    /// The contract after the change, as everybody may see it.
    contract: PublicContract,
    /// The fields that are no longer what they were.
    #[schema(value_type = Vec<String>)]
    changed: Vec<&'static str>,
}

impl Fact for ContractEvent {
    fn kind(&self) -> &'static str {
        let status = self.changed.contains(&"status").then_some(self.contract.offer.status);
        match status {
            Some(ContractStatus::Open) => "contract.opened",
            Some(ContractStatus::Closed) => "contract.closed",
            Some(ContractStatus::Canceled) => "contract.canceled",
            None if self.changed.is_empty() => "contract.created",
            None => "contract.edited",
        }
    }

    fn topics(&self) -> Vec<Topic> {
        vec![
            Topic::named("contracts"),
            Topic::of("contract", self.contract.id),
            Topic::of("wallet", &self.contract.offer.owner),
        ]
    }

    fn data(&self, scale: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        let contract = PublicContract::new(&self.contract, scale);
        to_raw_value(&ContractChanged { contract, changed: self.changed.clone() })
    }
}

/// What happened to a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// Its first term was paid.
    Started,
    /// Another term was paid; `skipped` terms before it were missed and cost nothing.
    Renewed {
        /// How many.
        skipped: i64,
    },
    /// Its wallet wants it to end with the term.
    CancelRequested,
    /// Its wallet took that back.
    Resumed,
    /// The operator made it one that its wallet can't end.
    Forced,
    /// Its contract has other terms, to which its wallet has not agreed.
    TermsChanged,
    /// Its wallet agreed to them.
    TermsAccepted,
    /// Its wallet could not pay. `subscription.lapsed` follows.
    PaymentFailed,
    /// It ended at the end of its term although its wallet did not ask for that, or because it asked, or the
    /// contract is over: the state says why.
    Ended,
}

/// An event of a subscription.
#[derive(Debug, Clone)]
pub struct SubscriptionEvent {
    /// What happened.
    pub happening: Happening,
    /// The subscription after it.
    pub subscription: Subscription,
    /// Its contract.
    pub offer: Offer,
}

/// The data of `subscription.*`: all that a listener needs, without a second call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubscriptionChanged {
    /// The contract.
    contract_id: ContractId,
    /// The subscription.
    subscription_id: SubscriptionId,
    /// Who is paid.
    owner_address: Address,
    /// Who pays.
    address: Address,
    /// Where it stands now.
    status: SubscriptionStatus,
    /// Why it ended.
    reason: Option<EndReason>,
    /// How often the wallet has subscribed.
    run: i32,
    /// The last term that was paid, from 1 in each run.
    term: i64,
    /// Terms before it that were missed and cost nothing.
    skipped_terms: i64,
    /// What a term costs.
    price: Decimal,
    /// When that term began.
    term_started_at: Timestamp,
    /// Until when it is paid; null when it has ended.
    lapsed_at: Option<Timestamp>,
    /// When it ended.
    ended_at: Option<Timestamp>,
    /// The payment for that term.
    payment_id: PaymentId,
    /// Whether its wallet may end it.
    can_unsubscribe: bool,
    /// The terms that its wallet would have to agree to.
    pending_change: Option<PendingChange>,
    /// Its version: dense, so a listener to the subscription sees that nothing is missing.
    version: i64,
}

impl Fact for SubscriptionEvent {
    fn kind(&self) -> &'static str {
        match self.happening {
            Happening::Started => "subscription.started",
            Happening::Renewed { .. } => "subscription.renewed",
            Happening::CancelRequested => "subscription.cancel_requested",
            Happening::Resumed => "subscription.resumed",
            Happening::Forced => "subscription.forced",
            Happening::TermsChanged => "subscription.terms_changed",
            Happening::TermsAccepted => "subscription.terms_accepted",
            Happening::PaymentFailed => "subscription.payment_failed",
            Happening::Ended => match self.subscription.state {
                State::Canceled { reason, .. } if reason.is_lapse() => "subscription.lapsed",
                _ => "subscription.canceled",
            },
        }
    }

    fn topics(&self) -> Vec<Topic> {
        vec![
            Topic::named("subscriptions"),
            Topic::of("contract", self.subscription.contract),
            Topic::of("subscription", self.subscription.id),
            Topic::of("wallet", &self.subscription.address),
            Topic::of("wallet", &self.offer.owner),
        ]
    }

    fn data(&self, scale: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        let Self { happening, subscription, offer } = self;
        let (reason, ended_at) = match subscription.state {
            State::Canceled { reason, ended_at, .. } => (Some(reason), Some(ended_at)),
            State::Active | State::Pending { .. } => (None, None),
        };
        let skipped_terms = match happening {
            Happening::Renewed { skipped } => *skipped,
            _ => 0,
        };
        to_raw_value(&SubscriptionChanged {
            contract_id: subscription.contract,
            subscription_id: subscription.id,
            owner_address: offer.owner.clone(),
            address: subscription.address.clone(),
            status: subscription.status(),
            reason,
            run: subscription.run,
            term: subscription.term.number,
            skipped_terms,
            price: subscription.price(offer).amount().at(scale),
            term_started_at: subscription.term.starts,
            lapsed_at: subscription.lapsed_at(),
            ended_at,
            payment_id: subscription.last_payment,
            can_unsubscribe: subscription.can_unsubscribe,
            pending_change: PendingChange::of(subscription, offer, scale),
            version: subscription.version,
        })
    }
}

#[cfg(test)]
mod tests;
