//! What wallets and the operator do with subscriptions. The clock's own work stands in `renew.rs`.

use serde::{Deserialize, Serialize};

use super::{
    model::{Admission, EndReason, Request, State, Subscription, admit},
    queries::{self, Standing},
    renew::tell,
    store,
};
use crate::{
    contracts::{
        charges::{self, Charge},
        commands::By,
        events::Happening,
        model::{Contract, ContractRefusal},
        schedule::{Anchor, Term},
        store::{contract_lock, contracts_share},
    },
    db::{Command, DbError, Failure, Tx, keys::Outcome},
    kernel::{
        address::Address,
        id::{ContractId, SubscriptionId},
    },
    ledger::{Payment, post},
};

/// Subscribes a wallet and takes the first payment. A wallet that is subscribed stays so and pays nothing.
#[derive(Debug, Serialize)]
pub struct Subscribe {
    /// To what.
    pub contract: ContractId,
    /// Who pays.
    pub wallet: Address,
    /// Who asks.
    pub request: Request,
}

/// What [`Subscribe`] came to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscribed {
    /// The subscription.
    pub standing: Standing,
    /// The payment for the first term; `None` when there was nothing to pay.
    pub payment: Option<Payment>,
}

impl Command for Subscribe {
    const NAME: &'static str = "subscribe";
    type Done = Subscribed;
    type Refusal = ContractRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Subscribed, Failure<ContractRefusal>> {
        let now = tx.now();
        let found = contract_lock(tx.conn(), self.contract).await?;
        let contract = found.ok_or(ContractRefusal::ContractNotFound)?;
        let standing = store::subscription_lock(tx.conn(), self.contract, &self.wallet).await?;
        let taken = self.taken(tx, &contract).await?;
        let before = standing.map(|standing| standing.subscription);
        let admission = admit(&contract, &self.wallet, before.as_ref(), self.request, taken, now)?;
        let (subscription, payment) = match (admission, before) {
            (Admission::Pays(term), before) => {
                let (subscription, payment) = self.pay(tx, &contract, before, term).await?;
                (subscription, Some(payment))
            }
            (Admission::Stands, Some(before)) => (self.keep(tx, &contract, before).await?, None),
            (Admission::Resumes, Some(before)) => {
                let resumed = before.resume(&contract.offer, now)?.unwrap_or(before);
                changed(tx, &contract, &resumed, Happening::Resumed).await?;
                (self.keep(tx, &contract, resumed).await?, None)
            }
            (Admission::Stands | Admission::Resumes, None) => {
                return Err(DbError::impossible("nothing that stands").into());
            }
        };
        Ok(Subscribed { standing: Standing { subscription, offer: contract.offer }, payment })
    }
}

impl Subscribe {
    /// How many are subscribed, counted up to the cap.
    async fn taken(&self, tx: &mut Tx, contract: &Contract) -> Result<u32, DbError> {
        let Some(most) = contract.max_subscribers else { return Ok(0) };
        let counts =
            store::subscribers_count(tx.conn(), &[self.contract.get()], most.into()).await?;
        Ok(counts.first().and_then(|count| u32::try_from(*count).ok()).unwrap_or(most))
    }

    /// Leaves a subscription as it is; what the operator asks for can't be ended from then on.
    async fn keep(
        &self,
        tx: &mut Tx,
        contract: &Contract,
        standing: Subscription,
    ) -> Result<Subscription, DbError> {
        match standing.force() {
            Some(forced) if self.request == Request::Operator => {
                changed(tx, contract, &forced, Happening::Forced).await?;
                Ok(forced)
            }
            _ => Ok(standing),
        }
    }

    /// Takes the first payment of a new run.
    async fn pay(
        &self,
        tx: &mut Tx,
        contract: &Contract,
        before: Option<Subscription>,
        term: Term,
    ) -> Result<(Subscription, Payment), Failure<ContractRefusal>> {
        let (now, offer) = (tx.now(), &contract.offer);
        let id = match &before {
            Some(before) => before.id,
            None => store::subscription_id(tx.conn()).await?,
        };
        // The clock has not come to it yet; its end is told before its new beginning.
        let over = before
            .as_ref()
            .and_then(|before| before.end(EndReason::Unsubscribed, before.term.ends));
        if let Some(over) = &over {
            tell(tx, Happening::Ended, over, offer)?;
        }
        let order =
            charges::order(&self.wallet, offer, offer.terms.price, (self.contract, id, term));
        let payment = match post(tx, &[order]).await?.pop() {
            Some(Ok(answer)) => match answer.outcome {
                Outcome::Done(payment) => payment,
                Outcome::Refused(refusal) => return Err(ContractRefusal::from(refusal).into()),
            },
            Some(Err(error)) => return Err(error.into()),
            None => return Err(DbError::impossible("an order without an answer").into()),
        };
        let last = over.as_ref().or(before.as_ref());
        let subscription = Subscription {
            id,
            contract: self.contract,
            address: self.wallet.clone(),
            state: State::Active,
            run: last.map_or(1, |last| last.run + 1),
            term,
            agreed: offer.terms.clone(),
            anchor: Anchor { at: now, term: 0 },
            started_at: now,
            can_unsubscribe: self.request != Request::Operator,
            last_payment: payment.id,
            version: last.map_or(1, |last| last.version + 1),
        };
        match before {
            Some(_) => store::subscriptions_write(tx.conn(), &[&subscription]).await?,
            None => store::subscription_insert(tx.conn(), &subscription).await?,
        }
        let charge = Charge::of(&subscription, &payment, now);
        charges::store::charges_insert(tx.conn(), &[charge]).await?;
        tell(tx, Happening::Started, &subscription, offer)?;
        Ok((subscription, payment))
    }
}

/// What a wallet, or the operator, wants of one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// To end with the term.
    Cancel,
    /// To end now.
    CancelNow,
    /// To go on after all.
    Resume,
    /// To agree to the newest terms, which should have this version.
    Accept {
        /// The version.
        seen: Option<i64>,
    },
    /// To end now, whatever its wallet wants. For the operator.
    Revoke,
}

/// Changes one subscription. Doing it twice changes nothing.
#[derive(Debug)]
pub struct ChangeSubscription {
    /// Which.
    pub id: SubscriptionId,
    /// Who wants it.
    pub by: By,
    /// What they want.
    pub change: Change,
}

impl Command for ChangeSubscription {
    const NAME: &'static str = "subscription_change";
    type Done = Standing;
    type Refusal = ContractRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Standing, Failure<ContractRefusal>> {
        let now = tx.now();
        // The number of the contract never changes, so it is read before the contract is locked.
        let found = queries::subscription(tx.conn(), self.id).await?;
        let Standing { subscription: seen, .. } =
            found.ok_or(ContractRefusal::SubscriptionNotFound)?;
        if matches!(&self.by, By::Owner(wallet) if *wallet != seen.address) {
            return Err(ContractRefusal::NotYours.into());
        }
        let contract = contracts_share(tx.conn(), &[seen.contract.get()]).await?.pop();
        let contract = contract.ok_or(ContractRefusal::ContractNotFound)?;
        let locked = store::subscription_lock(tx.conn(), seen.contract, &seen.address).await?;
        let mut standing = locked.ok_or(ContractRefusal::SubscriptionNotFound)?;
        let (before, offer) = (&standing.subscription, &standing.offer);
        let (after, happening) = match self.change {
            Change::Cancel => (before.cancel(now)?, Happening::CancelRequested),
            Change::CancelNow => (before.cancel_now(now)?, Happening::Ended),
            Change::Resume => (before.resume(offer, now)?, Happening::Resumed),
            Change::Accept { seen } => (before.accept(offer, seen)?, Happening::TermsAccepted),
            Change::Revoke => (before.end(EndReason::RevokedByOperator, now), Happening::Ended),
        };
        if let Some(after) = after {
            changed(tx, &contract, &after, happening).await?;
            standing.subscription = after;
        }
        Ok(standing)
    }
}

/// Stores a subscription as it stands, and tells of it.
async fn changed(
    tx: &mut Tx,
    contract: &Contract,
    subscription: &Subscription,
    happening: Happening,
) -> Result<(), DbError> {
    store::subscriptions_write(tx.conn(), &[subscription]).await?;
    tell(tx, happening, subscription, &contract.offer)
}
