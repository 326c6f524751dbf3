//! The till: one lane for all payments of a node.
//!
//! It takes what queued while the last batch committed and posts it as one transaction, with no timer: an idle till
//! pays at once, a busy one pays many at a time. An error that no retry mends is bisected until the order that causes
//! it stands alone, so it fails alone.

use std::collections::{HashSet, VecDeque};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{
    LedgerRefusal, Order, Payment, RequestId,
    post::{Posted, post},
};
use crate::{
    db::{Answer, Command, Db, DbError, Failure, Never, Tx, keys::RequestKey},
    kernel::address::Address,
};

/// How much the till holds.
#[derive(Debug, Clone, Copy)]
pub struct TillSettings {
    /// Orders that wait at the most; one more is told to come back.
    pub queue_max: usize,
    /// Orders in one transaction at the most.
    pub batch_max: usize,
}

/// Takes orders. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Till(mpsc::Sender<Waiting>);

/// The lane behind a till, to be run by one task.
#[derive(Debug)]
pub struct Lane {
    db: Db,
    orders: mpsc::Receiver<Waiting>,
    batch_max: usize,
    /// Orders that could not be in the same transaction as one before them.
    deferred: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    order: Order,
    reply: oneshot::Sender<Posted>,
}

/// Why an order was not carried out. Nothing happened, or it will be found under its key.
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
    pub fn new(db: Db, settings: TillSettings) -> (Self, Lane) {
        let (sender, orders) = mpsc::channel(settings.queue_max);
        (
            Self(sender),
            Lane { db, orders, batch_max: settings.batch_max, deferred: VecDeque::new() },
        )
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
        let mut taken = Vec::with_capacity(self.batch_max);
        loop {
            if self.deferred.is_empty() {
                tokio::select! {
                    biased;
                    count = self.orders.recv_many(&mut taken, self.batch_max) => if count == 0 { return },
                    () = stop.cancelled() => {
                        self.orders.close();
                        continue;
                    }
                }
            }
            self.deferred.extend(taken.drain(..));
            let batch = next_batch(&mut self.deferred, self.batch_max);
            metrics::histogram!("till_batch_orders")
                .record(f64::from(u32::try_from(batch.len()).unwrap_or(u32::MAX)));
            self.post(batch).await;
        }
    }

    /// Posts a batch; what fails as a whole is halved until it is one order.
    async fn post(&self, batch: Vec<Waiting>) {
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            let orders: Vec<_> = part.iter().map(|waiting| waiting.order.clone()).collect();
            match self.db.run(&PostBatch(orders)).await {
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

/// A batch of orders, as one transaction. Each finds itself by its key when it runs again.
struct PostBatch(Vec<Order>);

impl Command for PostBatch {
    const NAME: &'static str = "pay";
    const REPEATABLE: bool = true;
    type Done = Vec<Posted>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Done, Failure<Never>> {
        Ok(post(tx, &self.0).await?)
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
            payee: Address::system(),
            amount: Amount::minor(1).payable().unwrap(),
            kind: PaymentKind::Transfer,
            metadata: None,
            request_id: request_id.and_then(|id| RequestId::new(id.into())),
        };
        let key = RequestKey::given(payer, "pay", key, &"").unwrap();
        Waiting { order: Order { transfer, key: Some(key) }, reply: oneshot::channel().0 }
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
