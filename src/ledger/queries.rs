//! What is read of the ledger.

use sqlx::PgConnection;

use super::{Payment, Wallet, store};
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        id::PaymentId,
        money::Amount,
        page::{Page, PageQuery},
    },
};

/// Following rows are counted up to here; a page that says so many may have more.
pub(super) const REMAINING_ROWS_MAX: i64 = 10_000;

pub(super) async fn wallet(
    conn: &mut PgConnection,
    address: &Address,
) -> Result<Option<Wallet>, DbError> {
    store::wallet_find(conn, address).await
}

pub(super) async fn payment(
    conn: &mut PgConnection,
    id: PaymentId,
) -> Result<Option<Payment>, DbError> {
    store::payment_find(conn, id).await
}

/// A wallet's payments, newest first.
pub(super) async fn payments(
    conn: &mut PgConnection,
    wallet: &Wallet,
    query: PageQuery,
) -> Result<Page<Payment>, DbError> {
    let before = query.before.unwrap_or(i64::MAX);
    let items = store::payments_of(conn, wallet.id, before, i64::from(query.rows())).await?;
    let remaining = match items.last() {
        Some(last) => {
            store::payments_count(conn, wallet.id, last.id.get(), REMAINING_ROWS_MAX).await?
        }
        None => 0,
    };
    Ok(Page::new(items, remaining, |payment| payment.id.get()))
}

pub(super) async fn supply(conn: &mut PgConnection) -> Result<Amount, DbError> {
    store::supply(conn).await
}
