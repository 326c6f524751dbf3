//! What stands among the payments although no money moves with it: a name got another owner, or leads elsewhere.
//!
//! Programs of this economy read the history of a name from the payments, so these have numbers and events as payments
//! have, over nothing.

use super::{
    Metadata, Payment, PaymentKind,
    events::LedgerEvent,
    model::{Book, LedgerRefusal},
    store,
};
use crate::{
    db::{DbError, Failure, Tx},
    kernel::{address::Address, money::Amount, name::Name},
};

/// What to write.
#[derive(Debug, Clone)]
pub struct Record {
    /// Who acts.
    pub payer: Address,
    /// Whom it concerns.
    pub payee: Address,
    /// [`PaymentKind::NameTransfer`] or [`PaymentKind::NameARecord`].
    pub kind: PaymentKind,
    /// The name that it is about.
    pub name: Name,
    /// What it says.
    pub metadata: Option<Metadata>,
}

/// Writes it as a payment over nothing and emits its `payment.made`. Locks the two wallets, and then the head of the
/// log: nothing may be locked behind it.
///
/// # Errors
/// When one of the wallets is missing, both are one, or the payer is locked; [`DbError::PaymentsOff`].
pub async fn record(tx: &mut Tx, record: &Record) -> Result<Payment, Failure<LedgerRefusal>> {
    if !tx.payments_on() {
        return Err(DbError::PaymentsOff.into());
    }
    let wallets = store::wallets_lock(tx.conn(), [&record.payer, &record.payee].into()).await?;
    let mut book = Book::new(wallets);
    let versions = book.note(&record.payer, &record.payee)?;
    let id = tx.payment_ids(1).await?.next();
    let payment = Payment {
        id: id.ok_or_else(|| DbError::impossible("a payment without a number"))?,
        payer: record.payer.clone(),
        payee: record.payee.clone(),
        amount: Amount::ZERO,
        kind: record.kind,
        name: Some(record.name.clone()),
        sent: None,
        metadata: record.metadata.clone(),
        request_id: None,
        at: tx.now(),
        payer_version: versions.payer,
        payee_version: versions.payee,
    };
    store::payments_write(tx.conn(), &book, &[&payment]).await?;
    tx.emit(&LedgerEvent::PaymentMade(payment.clone()))?;
    Ok(payment)
}
