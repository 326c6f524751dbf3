//! What was paid for terms: one charge for each term of a run, one payment for each charge.

pub(super) mod store;

use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{
    model::Offer, queries::COUNTED_ROWS_MAX, schedule::Term, subscribers::model::Subscription,
};
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        id::{ContractId, PaymentId, SubscriptionId},
        money::{Amount, Decimal, Payable, Scale},
        page::{Page, PageQuery},
        time::Timestamp,
    },
    ledger::{Metadata, Order, Payment, PaymentKind, Transfer},
};

/// What was paid for a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// For which subscription.
    pub subscription: SubscriptionId,
    /// In which run.
    pub run: i32,
    /// For which term of it.
    pub term: i64,
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Amount,
    /// When it was due: at the end of the term before.
    pub due_at: Timestamp,
    /// When it was paid.
    pub charged_at: Timestamp,
}

impl Charge {
    /// The charge for the term that a subscription has just paid for.
    pub(super) fn of(subscription: &Subscription, payment: &Payment, due_at: Timestamp) -> Self {
        Self {
            subscription: subscription.id,
            run: subscription.run,
            term: subscription.term.number,
            payment: payment.id,
            amount: payment.amount,
            due_at,
            charged_at: payment.at,
        }
    }
}

/// The order to pay for a term. It needs no key of its own: it is given under the locks of contract and subscription,
/// and the charge that is stored with it can't be stored twice.
pub(super) fn order(
    payer: &Address,
    offer: &Offer,
    price: Payable,
    (contract, subscription, term): (ContractId, SubscriptionId, Term),
) -> Order {
    // In the form that wallets read.
    let note = format!("subscription={contract};sub_id={subscription};term={}", term.number);
    let transfer = Transfer {
        payer: payer.clone(),
        payee: offer.owner.clone().into(),
        amount: price,
        kind: PaymentKind::Transfer,
        name: None,
        metadata: Metadata::new(note),
        request_id: None,
    };
    Order { transfer, key: None, act: None }
}

/// A charge on the wire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChargeView {
    /// In which run.
    run: i32,
    /// For which term of it.
    term: i64,
    /// How much.
    amount: Decimal,
    /// The payment.
    payment_id: PaymentId,
    /// When it was due.
    due_at: Timestamp,
    /// When it was paid.
    charged_at: Timestamp,
}

impl ChargeView {
    /// The charge on the wire.
    pub fn new(charge: &Charge, scale: Scale) -> Self {
        Self {
            run: charge.run,
            term: charge.term,
            amount: charge.amount.at(scale),
            payment_id: charge.payment,
            due_at: charge.due_at,
            charged_at: charge.charged_at,
        }
    }
}

/// What was paid for a subscription, newest first. Its `before` is a payment.
pub(super) async fn charges(
    conn: &mut PgConnection,
    id: SubscriptionId,
    query: PageQuery,
) -> Result<Page<Charge>, DbError> {
    let before = query.before.unwrap_or(i64::MAX);
    let items = store::charges_list(conn, id, before, i64::from(query.rows())).await?;
    let remaining = match items.last() {
        Some(last) => store::charges_count(conn, id, last.payment.get(), COUNTED_ROWS_MAX).await?,
        None => 0,
    };
    Ok(Page::new(items, remaining, |charge| charge.payment.get()))
}
