//! The clock's work, each piece a command: renewing what is due, telling subscribers what became of their contract,
//! putting off what fails.
//!
//! Subscriptions are picked without a lock. A command locks their contracts by rising id, then the subscriptions that
//! nobody else holds, and looks again whether they are due: two nodes at one page share it. All payments of a page are
//! one call of the ledger; who can't pay ends, and nobody behind waits for that.

use std::collections::{BTreeSet, HashMap};

use super::{
    model::{EndReason, State, Subscription, Verdict},
    queries::Standing,
    store::{self, Due},
};
use crate::{
    contracts::{
        charges::{self, Charge},
        events::{Happening, SubscriptionEvent},
        model::{Contract, ContractStatus, Offer},
        schedule::Term,
        store::{contracts_share, told_set, untold_lock},
    },
    db::{Command, DbError, Failure, Never, Tx, keys::Outcome},
    kernel::{id::SubscriptionId, money::Payable, time::Timestamp},
    ledger::{Order, Posted, post_each},
};

/// Subscriptions that one transaction renews, ends or tells at the most.
pub(super) const PAGE_SUBSCRIPTIONS_MAX: u16 = 500;

/// Renews those of some subscriptions that are due and not in other hands. Gives how many it dealt with.
#[derive(Debug)]
pub(super) struct Renew<'a> {
    /// Which.
    pub(super) due: &'a [Due],
    /// A clock that is past this has jumped: nothing is renewed.
    pub(super) until: Timestamp,
}

impl Command for Renew<'_> {
    const NAME: &'static str = "renew";
    const REPEATABLE: bool = true;
    type Done = usize;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<usize, Failure<Never>> {
        let now = tx.now();
        if now > self.until {
            return Ok(0);
        }
        let contracts: BTreeSet<_> = self.due.iter().map(|due| due.contract.get()).collect();
        let contracts: Vec<_> = contracts.into_iter().collect();
        let contracts = contracts_share(tx.conn(), &contracts).await?;
        let contracts: HashMap<_, _> =
            contracts.into_iter().map(|contract| (contract.id, contract)).collect();
        let ids: Vec<_> = self.due.iter().map(|due| due.id.get()).collect();
        let standings = store::due_lock(tx.conn(), &ids, now).await?;
        let mut page = Page::default();
        for Standing { subscription, offer } in &standings {
            let contract = contracts
                .get(&subscription.contract)
                .ok_or_else(|| DbError::impossible("a subscription to a contract not locked"))?;
            page.decide(subscription, offer, contract, now)?;
        }
        page.carry_out(tx).await?;
        Ok(standings.len())
    }
}

/// What is to be done about a page of subscriptions, and what was.
#[derive(Default)]
struct Page<'a> {
    ends: Vec<(Subscription, &'a Offer)>,
    renewals: Vec<Renewal<'a>>,
    changed: Vec<Subscription>,
    charges: Vec<Charge>,
    postponed: Vec<i64>,
}

/// A subscription that is to pay for its next term.
struct Renewal<'a> {
    subscription: &'a Subscription,
    offer: &'a Offer,
    price: Payable,
    term: Term,
}

impl<'a> Page<'a> {
    fn decide(
        &mut self,
        subscription: &'a Subscription,
        offer: &'a Offer,
        contract: &Contract,
        now: Timestamp,
    ) -> Result<(), DbError> {
        match subscription.verdict(contract, now) {
            Verdict::Ends(reason) => {
                self.ends.extend(
                    subscription.end(reason, subscription.term.ends).map(|end| (end, offer)),
                );
            }
            Verdict::Pays { price, term } => {
                self.renewals.push(Renewal { subscription, offer, price, term });
            }
            Verdict::Endless => return Err(DbError::impossible("a term behind the calendar")),
        }
        Ok(())
    }

    async fn carry_out(mut self, tx: &mut Tx) -> Result<(), DbError> {
        let now = tx.now();
        for (ended, offer) in std::mem::take(&mut self.ends) {
            tell(tx, Happening::Ended, &ended, offer)?;
            self.changed.push(ended);
        }
        let renewals = std::mem::take(&mut self.renewals);
        let orders: Vec<_> = renewals.iter().map(Renewal::order).collect();
        post_each(tx, &orders, |tx, index, posted| match renewals.get(index) {
            Some(renewal) => self.settle(tx, renewal, posted),
            None => Err(DbError::impossible("an answer without an order")),
        })
        .await?;
        let changed: Vec<_> = self.changed.iter().collect();
        store::subscriptions_write(tx.conn(), &changed).await?;
        charges::store::charges_insert(tx.conn(), &self.charges).await?;
        if !self.postponed.is_empty() {
            store::subscriptions_postpone(tx.conn(), &self.postponed, now).await?;
        }
        Ok(())
    }

    /// Tells what became of a renewal, behind the event of its payment.
    fn settle(
        &mut self,
        tx: &mut Tx,
        renewal: &Renewal<'_>,
        posted: &Posted,
    ) -> Result<(), DbError> {
        let Renewal { subscription, offer, term, .. } = renewal;
        let refusal = match posted {
            Ok(answer) => match &answer.outcome {
                Outcome::Done(payment) => {
                    let renewed = subscription.renew(*term, payment.id);
                    let skipped = term.number - subscription.term.number - 1;
                    tell(tx, Happening::Renewed { skipped }, &renewed, offer)?;
                    self.charges.push(Charge::of(&renewed, payment, subscription.term.ends));
                    self.changed.push(renewed);
                    return Ok(());
                }
                Outcome::Refused(refusal) => refusal,
            },
            Err(DbError::PaymentsOff) => return Err(DbError::PaymentsOff),
            Err(error) => return Err(DbError::impossible(error)),
        };
        let Some(reason) = EndReason::of(refusal, &offer.owner) else {
            tracing::warn!(subscription = %subscription.id, ?refusal, "a renewal is put off");
            self.postponed.push(subscription.id.get());
            return Ok(());
        };
        let mut last = Subscription::clone(subscription);
        if reason == EndReason::InsufficientFunds {
            last = subscription.renumbered();
            tell(tx, Happening::PaymentFailed, &last, offer)?;
        }
        if let Some(ended) = last.end(reason, last.term.ends) {
            tell(tx, Happening::Ended, &ended, offer)?;
            self.changed.push(ended);
        }
        Ok(())
    }
}

impl Renewal<'_> {
    fn order(&self) -> Order {
        let Self { subscription, offer, price, term } = self;
        charges::order(
            &subscription.address,
            offer,
            *price,
            (subscription.contract, subscription.id, *term),
        )
    }
}

/// Tells the next page of subscribers that their contract is over, which ends them, or has other terms. Gives whether
/// there was anything to tell.
#[derive(Debug)]
pub(super) struct TellSubscribers;

impl Command for TellSubscribers {
    const NAME: &'static str = "subscribers_tell";
    const REPEATABLE: bool = true;
    type Done = bool;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, Failure<Never>> {
        let now = tx.now();
        let Some((contract, behind)) = untold_lock(tx.conn()).await? else { return Ok(false) };
        let most = PAGE_SUBSCRIPTIONS_MAX.into();
        let page = store::subscribed_lock(tx.conn(), contract, behind, most).await?;
        let mut changed = Vec::new();
        for Standing { subscription, offer } in &page {
            let (happening, next) = match offer.status {
                ContractStatus::Canceled => {
                    (Happening::Ended, subscription.end(EndReason::ContractCanceled, now))
                }
                ContractStatus::Open | ContractStatus::Closed => {
                    let concerned = subscription.state == State::Active
                        && subscription.open_terms(offer).is_some();
                    (Happening::TermsChanged, concerned.then(|| subscription.renumbered()))
                }
            };
            if let Some(next) = next {
                tell(tx, happening, &next, offer)?;
                changed.push(next);
            }
        }
        store::subscriptions_write(tx.conn(), &changed.iter().collect::<Vec<_>>()).await?;
        let full = page.len() == usize::from(PAGE_SUBSCRIPTIONS_MAX);
        let last = page.last().filter(|_| full).map(|standing| standing.subscription.id);
        told_set(tx.conn(), contract, last).await?;
        Ok(true)
    }
}

/// Puts a subscription off that fails for a reason of ours, so that it costs the others nothing.
#[derive(Debug)]
pub(super) struct Postpone(pub(super) SubscriptionId);

impl Command for Postpone {
    const NAME: &'static str = "renewal_postpone";
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        let now = tx.now();
        store::subscriptions_postpone(tx.conn(), &[self.0.get()], now).await?;
        Ok(())
    }
}

/// Tells what happened to a subscription.
pub(super) fn tell(
    tx: &mut Tx,
    happening: Happening,
    subscription: &Subscription,
    offer: &Offer,
) -> Result<(), DbError> {
    let (subscription, offer) = (subscription.clone(), offer.clone());
    tx.emit(&SubscriptionEvent { happening, subscription, offer })
}
