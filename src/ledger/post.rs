//! The one function that moves money.
//!
//! Any number of orders, one after the other, in one transaction: a payment over REST, a batch of the till, five
//! hundred renewals. One statement locks and loads every wallet, by rising id; the decisions are made in memory; one
//! statement writes what changed. A refused order never stops the others.
//!
//! Keys are written behind the log's head here, although they come before it in the lock order. That is safe: whoever
//! else holds the same key is the same payer and waits for the payer's wallet, which is locked first.

use std::collections::{BTreeSet, HashMap};

use super::{
    LedgerRefusal, Payee, Payment, Reach, Transfer,
    events::{LedgerEvent, WalletChange},
    model::{Book, Versions},
    store,
};
use crate::{
    auth::acts::Acted,
    db::{
        Answer, DbError, Tx,
        keys::{self, Outcome, Remembered, RequestKey},
    },
    kernel::{
        address::Address,
        id::{PaymentId, WalletId},
        time::Timestamp,
    },
};

/// A transfer, and the key of the request that asked for it.
#[derive(Debug, Clone)]
pub struct Order {
    /// What to do.
    pub transfer: Transfer,
    /// Which request asks: the same key again gets the same answer. `None` when the client gave none, or the command
    /// that posts it knows by itself that it does so once.
    pub key: Option<RequestKey>,
    /// What is told behind its payment, when it is the operator who moves money.
    pub act: Option<Acted>,
}

/// What became of an order, or [`DbError::KeyReused`], or [`DbError::PaymentsOff`].
pub type Posted = Result<Answer<Payment, LedgerRefusal>, DbError>;

/// Carries the orders out, in their order, and emits a `payment.made` for each that succeeds. Gives what became of
/// each, in the same order. No two orders may have the same key, or the same payer and request id: the second of them
/// belongs into the next transaction, where it finds what became of the first.
///
/// # Errors
/// When the database fails; then nothing happened.
pub async fn post(tx: &mut Tx, orders: &[Order]) -> Result<Vec<Posted>, DbError> {
    post_to(tx, &Reach::default(), orders).await
}

/// As [`post()`], for orders that pay names, or wallets that nobody has yet.
///
/// # Errors
/// As [`post()`].
pub async fn post_to(tx: &mut Tx, reach: &Reach, orders: &[Order]) -> Result<Vec<Posted>, DbError> {
    carry_out(tx, reach, orders, |_, _, _| Ok(())).await
}

/// As [`post()`]. For each order in turn, `behind` hears its place and what became of it, right behind the event of its
/// payment: what it emits follows that event.
///
/// # Errors
/// As [`post()`], and those of `behind`.
pub async fn post_each(
    tx: &mut Tx,
    orders: &[Order],
    behind: impl FnMut(&mut Tx, usize, &Posted) -> Result<(), DbError> + Send,
) -> Result<Vec<Posted>, DbError> {
    carry_out(tx, &Reach::default(), orders, behind).await
}

async fn carry_out(
    tx: &mut Tx,
    reach: &Reach,
    orders: &[Order],
    mut behind: impl FnMut(&mut Tx, usize, &Posted) -> Result<(), DbError> + Send,
) -> Result<Vec<Posted>, DbError> {
    let payees = orders.iter().filter_map(|order| reach.wallet(&order.transfer.payee).ok());
    let addresses: BTreeSet<&Address> =
        orders.iter().map(|order| &order.transfer.payer).chain(payees).collect();
    let mut book = Book::new(store::wallets_lock(tx.conn(), addresses).await?);
    // Read behind the locks: an earlier request with the same key has committed by now.
    let memory = Memory::load(tx, &book, orders).await?;
    if reach.makes_wallets {
        let now = tx.now();
        for order in orders {
            if let Payee::Wallet(address) = &order.transfer.payee {
                book.add(address, now);
            }
        }
    }
    let decisions: Vec<_> =
        orders.iter().map(|order| memory.decide(&mut book, reach, order)).collect();
    make_wallets(tx, &mut book).await?;
    let moved = decisions.iter().filter(|decision| matches!(decision, Decision::Moves(..))).count();
    let mut ids = tx.payment_ids(moved).await?;
    let now = tx.now();
    let answers: Vec<_> = orders
        .iter()
        .zip(decisions)
        .map(|(order, decision)| settle(&order.transfer, decision, &mut ids, now))
        .collect::<Result<_, _>>()?;
    write(tx, &book, orders, &answers).await?;
    for (index, (order, answer)) in orders.iter().zip(&answers).enumerate() {
        if let Some(payment) = new_payment(answer) {
            tx.emit(&LedgerEvent::PaymentMade(payment.clone()))?;
            if let Some(act) = &order.act {
                tx.emit(act)?;
            }
        }
        behind(tx, index, answer)?;
    }
    Ok(answers)
}

/// Gives a row to each wallet that nobody had and that is paid now. Rows come before the head of the log: two
/// transactions that make the same wallet wait for one another, and the loser runs again.
async fn make_wallets(tx: &mut Tx, book: &mut Book) -> Result<(), DbError> {
    let fresh: Vec<Address> = book.fresh().cloned().collect();
    if fresh.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    for (address, id) in store::wallets_insert(tx.conn(), &fresh, now).await? {
        book.number(&address, id);
        tx.emit(&LedgerEvent::WalletCreated(WalletChange { address, version: 1 }))?;
    }
    Ok(())
}

/// What earlier requests have left that bears on these orders.
struct Memory {
    keys: HashMap<[u8; 32], Remembered>,
    payments: Vec<Payment>,
    /// Whether wallets may pay at all.
    open: bool,
}

/// What is to become of one order.
enum Decision {
    /// Its key was answered before.
    Known(Posted),
    /// Its request id names this payment.
    Repeats(Payment),
    /// It is refused.
    Refused(LedgerRefusal),
    /// It moves money to this wallet.
    Moves(Address, Versions),
}

impl Memory {
    async fn load(tx: &mut Tx, book: &Book, orders: &[Order]) -> Result<Self, DbError> {
        let ids: Vec<_> =
            orders.iter().filter_map(|order| order.key.as_ref()).map(RequestKey::id).collect();
        let keys = keys::find(tx.conn(), &ids).await?;
        let named = |Order { transfer, .. }: &Order| -> Option<(WalletId, String)> {
            Some((book.id(&transfer.payer)?, transfer.request_id.as_ref()?.as_str().to_owned()))
        };
        let payments = match orders.iter().filter_map(named).collect::<Vec<_>>() {
            named if named.is_empty() => Vec::new(),
            named => store::payments_by_request(tx.conn(), named).await?,
        };
        let keys = keys.into_iter().map(|found| (found.id(), found)).collect();
        Ok(Self { keys, payments, open: tx.payments_on() })
    }

    fn decide(&self, book: &mut Book, reach: &Reach, order: &Order) -> Decision {
        let Order { transfer, key, .. } = order;
        if let Some(key) = key
            && let Some(remembered) = self.keys.get(&key.id())
        {
            let answer = remembered.answer(key).map(|outcome| Answer { outcome, replayed: true });
            return Decision::Known(answer);
        }
        if let Some(payment) = self.named(transfer) {
            return match payment.conflict(transfer) {
                Some(field) => Decision::Refused(LedgerRefusal::RequestIdConflict(field.into())),
                None => Decision::Repeats(payment.clone()),
            };
        }
        // The operator's own money moves all the same, and no key remembers this: it is not for ever.
        if !self.open && transfer.payer != Address::system() {
            return Decision::Known(Err(DbError::PaymentsOff));
        }
        let moved = reach.wallet(&transfer.payee).and_then(|payee| {
            let versions = book.transfer(&transfer.payer, payee, transfer.amount)?;
            Ok(Decision::Moves(payee.clone(), versions))
        });
        moved.unwrap_or_else(Decision::Refused)
    }

    /// The payment that this order's request id stands for.
    fn named(&self, order: &Transfer) -> Option<&Payment> {
        order.request_id.as_ref()?;
        self.payments
            .iter()
            .find(|payment| payment.payer == order.payer && payment.request_id == order.request_id)
    }
}

/// Numbers what moves, and makes an answer of every decision.
fn settle(
    order: &Transfer,
    decision: Decision,
    ids: &mut impl Iterator<Item = PaymentId>,
    now: Timestamp,
) -> Result<Posted, DbError> {
    let fresh = |outcome| Ok(Answer { outcome, replayed: false });
    Ok(match decision {
        Decision::Known(answer) => answer,
        Decision::Repeats(payment) => {
            Ok(Answer { outcome: Outcome::Done(payment), replayed: true })
        }
        Decision::Refused(refusal) => fresh(Outcome::Refused(refusal)),
        Decision::Moves(payee, versions) => {
            let sent = match &order.payee {
                Payee::Wallet(_) => None,
                Payee::Name(target) => Some(target.clone()),
            };
            let id = ids.next().ok_or_else(|| DbError::impossible("a payment without a number"))?;
            fresh(Outcome::Done(Payment {
                id,
                payer: order.payer.clone(),
                payee,
                amount: order.amount.amount(),
                kind: order.kind,
                name: order.name.clone(),
                sent,
                metadata: order.metadata.clone(),
                request_id: order.request_id.clone(),
                at: now,
                payer_version: versions.payer,
                payee_version: versions.payee,
            }))
        }
    })
}

/// The payment that an answer has made, if it did.
fn new_payment(answer: &Posted) -> Option<&Payment> {
    match answer {
        Ok(Answer { outcome: Outcome::Done(payment), replayed: false }) => Some(payment),
        _ => None,
    }
}

/// Writes the changed wallets, the new payments and the answers.
async fn write(
    tx: &mut Tx,
    book: &Book,
    orders: &[Order],
    answers: &[Posted],
) -> Result<(), DbError> {
    let now = tx.now();
    let payments: Vec<&Payment> = answers.iter().filter_map(new_payment).collect();
    if !payments.is_empty() {
        store::payments_write(tx.conn(), book, &payments).await?;
    }
    // What a request id repeats is answered by it for ever and needs no key.
    let outcomes = orders.iter().zip(answers).filter_map(|(order, answer)| match answer {
        Ok(Answer { outcome, replayed: false }) => Some((order.key.as_ref()?, outcome)),
        _ => None,
    });
    keys::store(tx.conn(), now, outcomes).await
}
