//! What a subscription is, and what becomes of it: when it is asked for, canceled, renewed. Pure.
//!
//! ```text
//!  (none) ── subscribe, paid ──► active ── cancel ──► pending ── term end ──► canceled
//!                                 │  ▲ ▲                 │                       ▲
//!                       term end, │  │ └──── resume ─────┘                       │
//!                            paid └──┘   active ── term end, not paid ───────────┘   contract canceled: at once
//! ```

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    contracts::{
        model::{CatchUp, Contract, ContractRefusal, ContractStatus, Offer, Terms},
        schedule::{Anchor, Term},
    },
    kernel::{
        address::Address,
        id::{ContractId, PaymentId, SubscriptionId},
        money::{Amount, Payable},
        time::Timestamp,
    },
    ledger::LedgerRefusal,
};

/// A wallet's subscription to a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its number.
    pub id: SubscriptionId,
    /// What it is to.
    pub contract: ContractId,
    /// Who pays.
    pub address: Address,
    /// Where it stands.
    pub state: State,
    /// How often the wallet has subscribed.
    pub run: i32,
    /// The last term that was paid.
    pub term: Term,
    /// What the wallet agreed to.
    pub agreed: Terms,
    /// Where terms are counted from.
    pub anchor: Anchor,
    /// When the run began.
    pub started_at: Timestamp,
    /// Whether the wallet may end it.
    pub can_unsubscribe: bool,
    /// The payment for the last term.
    pub last_payment: PaymentId,
    /// Raised by 1 with each event of it.
    pub version: i64,
}

/// Where a subscription stands. What is active or pending is paid until the end of its term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It renews.
    Active,
    /// It ends with the term.
    Pending {
        /// When its wallet asked for that.
        requested_at: Timestamp,
    },
    /// It has ended.
    Canceled {
        /// Why.
        reason: EndReason,
        /// When.
        ended_at: Timestamp,
        /// When its wallet asked for that, if it did.
        requested_at: Option<Timestamp>,
    },
}

/// The word for [`State`] on the wire and in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// It renews.
    #[serde(alias = "Active")]
    Active,
    /// It ends with the term.
    #[serde(alias = "Pending")]
    Pending,
    /// It has ended.
    #[serde(alias = "Canceled", alias = "cancelled", alias = "Cancelled")]
    Canceled,
}

/// Why a subscription ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Its wallet wanted that.
    Unsubscribed,
    /// Its wallet held less than the price.
    InsufficientFunds,
    /// The contract is over.
    ContractCanceled,
    /// Its wallet is no longer on the allow list.
    NotAllowed,
    /// Its wallet did not agree to the new terms in time.
    TermsNotAccepted,
    /// The owner's wallet is gone.
    OwnerMissing,
    /// Its wallet is locked.
    SubscriberLocked,
    /// The owner would pay itself.
    SameWallet,
    /// The operator ended it.
    RevokedByOperator,
}

impl SubscriptionStatus {
    /// The name in the database and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Canceled => "canceled",
        }
    }
}

impl EndReason {
    const ALL: [Self; 9] = [
        Self::Unsubscribed,
        Self::InsufficientFunds,
        Self::ContractCanceled,
        Self::NotAllowed,
        Self::TermsNotAccepted,
        Self::OwnerMissing,
        Self::SubscriberLocked,
        Self::SameWallet,
        Self::RevokedByOperator,
    ];

    /// The name in the database and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unsubscribed => "unsubscribed",
            Self::InsufficientFunds => "insufficient_funds",
            Self::ContractCanceled => "contract_canceled",
            Self::NotAllowed => "not_allowed",
            Self::TermsNotAccepted => "terms_not_accepted",
            Self::OwnerMissing => "owner_missing",
            Self::SubscriberLocked => "subscriber_locked",
            Self::SameWallet => "same_wallet",
            Self::RevokedByOperator => "revoked_by_operator",
        }
    }

    /// Whether the subscription lapsed: it ended at the end of a term although nobody wanted that.
    pub const fn is_lapse(self) -> bool {
        !matches!(self, Self::Unsubscribed | Self::ContractCanceled | Self::RevokedByOperator)
    }

    /// Why a payment that the ledger refused ends the subscription; `None` when the subscriber can't be blamed, and
    /// the payment is tried again later.
    pub fn of(refusal: &LedgerRefusal, owner: &Address) -> Option<Self> {
        match refusal {
            LedgerRefusal::InsufficientFunds => Some(Self::InsufficientFunds),
            LedgerRefusal::WalletLocked(_) => Some(Self::SubscriberLocked),
            LedgerRefusal::SameWallet => Some(Self::SameWallet),
            LedgerRefusal::WalletNotFound(wallet) if wallet == owner => Some(Self::OwnerMissing),
            _ => None,
        }
    }
}

impl FromStr for EndReason {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.name() == name)
            .ok_or_else(|| format!("an end for the reason {name:?}"))
    }
}

/// What a request to subscribe comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It is subscribed: nothing to do.
    Stands,
    /// It takes its cancellation back, and pays nothing.
    Resumes,
    /// It pays for a first term.
    Pays(Term),
}

/// What is to be done about a subscription whose term is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It ends.
    Ends(EndReason),
    /// It pays for another term, and ends when it can't.
    Pays {
        /// How much.
        price: Payable,
        /// For this term.
        term: Term,
    },
    /// The calendar has no further term.
    Endless,
}

/// Who asks to subscribe a wallet, and on what condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Request {
    /// Its owner, who may not want to pay more than this.
    Owner {
        /// The limit.
        max_price: Option<Amount>,
    },
    /// The operator: neither allow list nor cap nor closing stands in the way, and the wallet can't end it.
    Operator,
}

/// What a request to subscribe comes to. `taken` is how many are subscribed.
///
/// # Errors
/// The first reason in the order of [`ContractRefusal`].
pub fn admit(
    contract: &Contract,
    wallet: &Address,
    standing: Option<&Subscription>,
    request: Request,
    taken: u32,
    now: Timestamp,
) -> Result<Admission, ContractRefusal> {
    let offer = &contract.offer;
    if offer.status == ContractStatus::Canceled {
        return Err(ContractRefusal::ContractCanceled);
    }
    match standing.map(|standing| (standing.state, now < standing.term.ends)) {
        Some((State::Active, _)) => return Ok(Admission::Stands),
        Some((State::Pending { .. }, true)) => return Ok(Admission::Resumes),
        Some((State::Pending { .. }, false) | (State::Canceled { .. }, _)) | None => {}
    }
    if let Request::Owner { max_price } = request {
        let price = offer.terms.price.amount();
        if offer.status == ContractStatus::Closed {
            return Err(ContractRefusal::ContractClosed);
        }
        if !contract.admits(wallet) {
            return Err(ContractRefusal::NotAllowed);
        }
        if contract.max_subscribers.is_some_and(|most| taken >= most) {
            return Err(ContractRefusal::ContractFull);
        }
        if max_price.is_some_and(|most| price > most) {
            return Err(ContractRefusal::PriceChanged);
        }
    }
    if *wallet == offer.owner {
        return Err(LedgerRefusal::SameWallet.into());
    }
    // Where the calendar ends, nobody can begin.
    let first = offer.terms.schedule.first(now);
    first.map(Admission::Pays).ok_or(ContractRefusal::ContractClosed)
}

impl Subscription {
    /// The word for where it stands.
    pub const fn status(&self) -> SubscriptionStatus {
        match self.state {
            State::Active => SubscriptionStatus::Active,
            State::Pending { .. } => SubscriptionStatus::Pending,
            State::Canceled { .. } => SubscriptionStatus::Canceled,
        }
    }

    /// Until when it is paid; `None` when it has ended.
    pub const fn lapsed_at(&self) -> Option<Timestamp> {
        match self.state {
            State::Canceled { .. } => None,
            State::Active | State::Pending { .. } => Some(self.term.ends),
        }
    }

    /// Whether its wallet has now what it paid for.
    pub fn is_entitled(&self, offer: &Offer, now: Timestamp) -> bool {
        offer.status != ContractStatus::Canceled && self.lapsed_at().is_some_and(|end| now < end)
    }

    /// Whether its term is over and the clock has not come to it yet.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.lapsed_at().is_some_and(|end| end <= now)
    }

    /// The terms that it would have to agree to, when there are any.
    pub fn open_terms<'a>(&self, offer: &'a Offer) -> Option<&'a Terms> {
        let ended = matches!(self.state, State::Canceled { .. });
        let settled = offer.terms.version == self.agreed.version || self.agreed.cover(&offer.terms);
        (!ended && !settled).then_some(&offer.terms)
    }

    /// The subscription as it ends, or `None` when it has ended.
    pub fn end(&self, reason: EndReason, at: Timestamp) -> Option<Self> {
        let requested_at = match self.state {
            State::Active => None,
            State::Pending { requested_at } => Some(requested_at),
            State::Canceled { .. } => return None,
        };
        Some(self.stand(State::Canceled { reason, ended_at: at, requested_at }))
    }

    /// Asks for the end with the term; what is paid is kept. `None` when that was asked before.
    ///
    /// # Errors
    /// [`ContractRefusal::CannotUnsubscribe`] for what the operator has forced on a wallet.
    pub fn cancel(&self, now: Timestamp) -> Result<Option<Self>, ContractRefusal> {
        match self.state {
            State::Pending { .. } | State::Canceled { .. } => Ok(None),
            State::Active if !self.can_unsubscribe => Err(ContractRefusal::CannotUnsubscribe),
            State::Active => Ok(Some(self.stand(State::Pending { requested_at: now }))),
        }
    }

    /// Ends now; what is paid is lost. `None` when it has ended.
    ///
    /// # Errors
    /// As [`Self::cancel`].
    pub fn cancel_now(&self, now: Timestamp) -> Result<Option<Self>, ContractRefusal> {
        if !self.can_unsubscribe && self.lapsed_at().is_some() {
            return Err(ContractRefusal::CannotUnsubscribe);
        }
        let asked = match self.state {
            State::Active => self.stand(State::Pending { requested_at: now }),
            State::Pending { .. } | State::Canceled { .. } => self.clone(),
        };
        Ok(asked
            .end(EndReason::Unsubscribed, now)
            .map(|ended| Self { version: self.version + 1, ..ended }))
    }

    /// Takes a cancellation back before the term is over. `None` when there was none.
    ///
    /// # Errors
    /// [`ContractRefusal::ContractCanceled`] and [`ContractRefusal::SubscriptionEnded`] when it is too late.
    pub fn resume(&self, offer: &Offer, now: Timestamp) -> Result<Option<Self>, ContractRefusal> {
        match self.state {
            _ if offer.status == ContractStatus::Canceled => Err(ContractRefusal::ContractCanceled),
            State::Active => Ok(None),
            State::Pending { .. } if now < self.term.ends => Ok(Some(self.stand(State::Active))),
            State::Pending { .. } | State::Canceled { .. } => {
                Err(ContractRefusal::SubscriptionEnded)
            }
        }
    }

    /// Agrees to the newest terms, from the next term on. `None` when that was done before.
    ///
    /// # Errors
    /// [`ContractRefusal::VersionConflict`] when the newest are not the ones that the wallet has `seen`, and the
    /// errors of [`Self::resume`].
    pub fn accept(
        &self,
        offer: &Offer,
        seen: Option<i64>,
    ) -> Result<Option<Self>, ContractRefusal> {
        if offer.status == ContractStatus::Canceled {
            return Err(ContractRefusal::ContractCanceled);
        }
        if matches!(self.state, State::Canceled { .. }) {
            return Err(ContractRefusal::SubscriptionEnded);
        }
        let newest = &offer.terms;
        if seen.is_some_and(|seen| seen != newest.version) {
            return Err(ContractRefusal::VersionConflict(newest.version));
        }
        if newest.version == self.agreed.version {
            return Ok(None);
        }
        let mut next = self.stand(self.state);
        if newest.schedule != self.agreed.schedule {
            next.anchor = Anchor { at: self.term.ends, term: self.term.number };
        }
        next.agreed = newest.clone();
        Ok(Some(next))
    }

    /// What is to be done now that its term is over.
    pub fn verdict(&self, contract: &Contract, now: Timestamp) -> Verdict {
        let offer = &contract.offer;
        if offer.status == ContractStatus::Canceled {
            return Verdict::Ends(EndReason::ContractCanceled);
        }
        if matches!(self.state, State::Pending { .. }) {
            return Verdict::Ends(EndReason::Unsubscribed);
        }
        if self.can_unsubscribe && !contract.admits(&self.address) {
            return Verdict::Ends(EndReason::NotAllowed);
        }
        let overdue = offer.consent_by.is_some_and(|by| by <= self.term.ends);
        if overdue && self.open_terms(offer).is_some() {
            return Verdict::Ends(EndReason::TermsNotAccepted);
        }
        let term = match self.agreed.catch_up {
            CatchUp::One => self.agreed.schedule.current(self.anchor, self.term, now),
            CatchUp::All => self.agreed.schedule.following(self.anchor, self.term),
        };
        let price = self.price(offer);
        term.map_or(Verdict::Endless, |term| Verdict::Pays { price, term })
    }

    /// The subscription with another term paid.
    #[must_use]
    pub fn renew(&self, term: Term, payment: PaymentId) -> Self {
        Self { term, last_payment: payment, ..self.stand(State::Active) }
    }

    /// What the next term costs: what was agreed, or less when the price of the same terms was lowered.
    pub fn price(&self, offer: &Offer) -> Payable {
        if self.agreed.cover(&offer.terms) { offer.terms.price } else { self.agreed.price }
    }

    /// The subscription as one that its wallet can't end, or `None` when it is that already.
    pub fn force(&self) -> Option<Self> {
        let forced = || Self { can_unsubscribe: false, ..self.stand(State::Active) };
        self.can_unsubscribe.then(forced)
    }

    /// The same subscription behind one event more.
    #[must_use]
    pub fn renumbered(&self) -> Self {
        self.stand(self.state)
    }

    fn stand(&self, state: State) -> Self {
        Self { state, version: self.version + 1, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
