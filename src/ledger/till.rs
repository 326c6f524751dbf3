//! The till: one lane for all payments of a node.
//!
//! It takes what queued while the last batch committed and posts it as one transaction, with no timer: an idle till
//! pays at once, a busy one pays many at a time. An error that no retry mends is bisected until the order that causes
//! it stands alone, so it fails alone.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    fmt,
    sync::Arc,
};

use futures_util::future::BoxFuture;
use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};
use tokio_util::sync::CancellationToken;

use super::{
    LedgerRefusal, Order, Payee, Payment, Reach, RequestId,
    post::{Posted, post_to},
};
use crate::{
    db::{Answer, Command, Db, DbError, Failure, Never, Tx, keys::RequestKey},
    kernel::{address::Address, name::Name},
};

/// Knows whom names stand for. The ledger asks, a higher slice answers, and the app introduces them.
pub trait Payees: fmt::Debug + Send + Sync {
    /// Locks names, in order, so that they keep their owners until the transaction has ended, and adds their owners to
    /// those in reach. A name that nobody owns is not among them.
    fn lock<'a>(
        &'a self,
        tx: &'a mut Tx,
        names: &'a BTreeSet<Name>,
        reach: &'a mut Reach,
    ) -> BoxFuture<'a, Result<(), DbError>>;
}

/// How much the till holds.
#[derive(Debug, Clone, Copy)]
pub struct TillSettings {
    /// Orders that wait at the most; one more is told to come back.
    pub queue_max: usize,
    /// Orders in one transaction at the most.
    pub batch_max: usize,
    /// Whether a payment to an address that nobody has makes the wallet.
    pub makes_wallets: bool,
}

/// Takes orders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Till(mpsc::Sender<Waiting>);

/// The lane behind a till, to be run by one task.
#[derive(Debug)]
pub struct Lane {
    db: Db,
    payees: Arc<dyn Payees>,
    orders: mpsc::Receiver<Waiting>,
    settings: TillSettings,
    /// Orders that could not be in the same transaction as one before them.
    deferred: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    order: Order,
    reply: oneshot::Sender<Posted>,
}

/// Why an order was not carried out. Nothing happened, unless it is [`DbError::Unknown`].
#[derive(Debug, thiserror::Error)]
pub enum TillError {
    /// Too many orders wait, or the till is closing.
    #[error("too many payments are waiting")]
    Full,
    /// The database could not carry it out.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Till {
    /// A till and its lane.
    pub fn new(db: Db, payees: Arc<dyn Payees>, settings: TillSettings) -> (Self, Lane) {
        let (sender, orders) = mpsc::channel(settings.queue_max);
        (Self(sender), Lane { db, payees, orders, settings, deferred: VecDeque::new() })
    }

    /// Carries one order out, together with whatever else waits.
    ///
    /// # Errors
    /// When the till is full or the database fails.
    pub async fn pay(&self, order: Order) -> Result<Answer<Payment, LedgerRefusal>, TillError> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(Waiting { order, reply }).or(Err(TillError::Full))?;
        match answer.await {
            Ok(posted) => Ok(posted?),
            Err(_) => Err(TillError::Full),
        }
    }
}

impl Lane {
    /// Posts batch after batch. When told to stop it posts what was taken in and ends.
    pub async fn run(mut self, stop: CancellationToken) {
        let batch_max = self.settings.batch_max;
        let mut taken = Vec::with_capacity(batch_max);
        let mut answered = 0;
        loop {
            if self.deferred.is_empty() {
                tokio::select! {
                    biased;
                    count = self.orders.recv_many(&mut taken, batch_max) => if count == 0 { return },
                    () = stop.cancelled() => {
                        self.orders.close();
                        continue;
                    }
                }
            }
            self.gather(&mut taken, answered).await;
            self.deferred.extend(taken.drain(..));
            let batch = next_batch(&mut self.deferred, batch_max);
            metrics::histogram!("till_batch_orders")
                .record(f64::from(u32::try_from(batch.len()).unwrap_or(u32::MAX)));
            answered = batch.len();
            self.post(batch).await;
        }
    }

    /// Takes what else comes by itself, until there are half as many as were answered last. They ask again together,
    /// and the first of them wakes this task before the others are read: it could commit for one while all the rest
    /// wait for that. Half of them can be read while the other half commits.
    async fn gather(&mut self, taken: &mut Vec<Waiting>, answered: usize) {
        while let Some(missing) = (answered / 2).checked_sub(taken.len()).filter(|n| *n > 0) {
            // Behind all tasks that can run, and behind the sockets that can be read.
            yield_now().await;
            if self.orders.is_empty() {
                return;
            }
            self.orders.recv_many(taken, missing).await;
        }
    }

    /// Posts a batch; what fails as a whole is halved until it is one order.
    async fn post(&self, batch: Vec<Waiting>) {
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            let orders: Vec<_> = part.iter().map(|waiting| waiting.order.clone()).collect();
            let batch = PostBatch {
                orders,
                payees: &*self.payees,
                makes_wallets: self.settings.makes_wallets,
            };
            match self.db.run(&batch).await {
                Ok(answers) => {
                    for (waiting, answer) in part.into_iter().zip(answers) {
                        // Nobody may be waiting any more; the payment stands all the same.
                        let _ = waiting.reply.send(answer);
                    }
                }
                Err(Failure::Refused(never)) => match never {},
                Err(Failure::Db(error)) if part.len() == 1 || error.is_unavailable() => {
                    answer_all(part, error);
                }
                Err(Failure::Db(error)) => {
                    tracing::warn!(%error, orders = part.len(), "a batch of payments failed; halving it");
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                }
            }
        }
    }
}

/// Tells everybody in a failed batch. One hears the cause, the others whether anything may have happened.
fn answer_all(part: Vec<Waiting>, error: DbError) {
    let unknown = matches!(error, DbError::Unknown);
    let mut cause = Some(error);
    for waiting in part {
        let other = if unknown { DbError::Unknown } else { DbError::Down };
        let _ = waiting.reply.send(Err(cause.take().unwrap_or(other)));
    }
}

/// The next orders that can share a transaction: no key twice, no request id of one payer twice. The order in which
/// they came is kept among those of one payer.
fn next_batch(waiting: &mut VecDeque<Waiting>, max: usize) -> Vec<Waiting> {
    let mut keys: HashSet<[u8; 32]> = HashSet::new();
    let mut names: HashSet<(Address, RequestId)> = HashSet::new();
    let mut held: HashSet<Address> = HashSet::new();
    let (mut batch, mut left) = (Vec::new(), VecDeque::new());
    for next in waiting.drain(..) {
        let transfer = &next.order.transfer;
        let name = transfer.request_id.clone().map(|id| (transfer.payer.clone(), id));
        let room = batch.len() < max && !held.contains(&transfer.payer);
        let fresh = |key: &RequestKey| keys.insert(key.id());
        if room
            && next.order.key.as_ref().is_none_or(fresh)
            && name.is_none_or(|name| names.insert(name))
        {
            batch.push(next);
        } else {
            held.insert(transfer.payer.clone());
            left.push_back(next);
        }
    }
    *waiting = left;
    batch
}

/// A batch of orders, as one transaction. It does not run again when its outcome stays unknown: an order without a key
/// would not find itself.
struct PostBatch<'a> {
    orders: Vec<Order>,
    payees: &'a dyn Payees,
    makes_wallets: bool,
}

impl Command for PostBatch<'_> {
    const NAME: &'static str = "pay";
    type Done = Vec<Posted>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Done, Failure<Never>> {
        let mut reach = Reach { makes_wallets: self.makes_wallets, ..Reach::default() };
        let name = |order: &Order| match &order.transfer.payee {
            Payee::Name(target) => Some(target.name.clone()),
            Payee::Wallet(_) => None,
        };
        let names: BTreeSet<Name> = self.orders.iter().filter_map(name).collect();
        if !names.is_empty() {
            // Names come before wallets in the lock order.
            self.payees.lock(tx, &names, &mut reach).await?;
        }
        Ok(post_to(tx, &reach, &self.orders).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::money::Amount,
        ledger::{PaymentKind, Transfer},
    };

    fn waiting(payer: &str, key: &str, request_id: Option<&str>) -> Waiting {
        let transfer = Transfer {
            payer: payer.parse().unwrap(),
            payee: Address::system().into(),
            amount: Amount::minor(1).payable().unwrap(),
            kind: PaymentKind::Transfer,
            name: None,
            metadata: None,
            request_id: request_id.and_then(|id| RequestId::new(id.into())),
        };
        let key = RequestKey::given(payer, "pay", key, &"").unwrap();
        Waiting {
            order: Order { transfer, key: Some(key), act: None },
            reply: oneshot::channel().0,
        }
    }

    #[test]
    fn a_batch_holds_no_request_twice_and_keeps_each_payers_order() {
        let (a, b) = ("k8juvewcui", "k7oax47quv");
        let mut queue: VecDeque<_> = [
            waiting(a, "1", None),
            waiting(a, "1", None),
            waiting(a, "2", None),
            waiting(b, "1", Some("x")),
            waiting(b, "2", Some("x")),
            waiting(b, "3", Some("y")),
        ]
        .into();
        let mut sizes = Vec::new();
        while !queue.is_empty() {
            sizes.push(next_batch(&mut queue, 512).len());
        }
        assert_eq!(
            sizes,
            [2, 4],
            "the repeated requests and what their payers sent behind them wait"
        );
        let mut queue: VecDeque<_> = (0..5).map(|key| waiting(a, &key.to_string(), None)).collect();
        assert_eq!(next_batch(&mut queue, 3).len(), 3);
        assert_eq!(queue.len(), 2);
    }
}
