//! What is read of the ledger.

use sqlx::PgConnection;

use super::{Payment, Wallet, store};
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        id::PaymentId,
        money::Amount,
        name::Name,
        page::{Page, PageQuery},
    },
};

/// Following rows are counted up to here; a page that says so many may have more.
pub(super) const REMAINING_ROWS_MAX: i64 = 10_000;

/// One wallet.
///
/// # Errors
/// When the database fails.
pub async fn wallet(conn: &mut PgConnection, address: &Address) -> Result<Option<Wallet>, DbError> {
    store::wallet_find(conn, address).await
}

/// One payment.
///
/// # Errors
/// When the database fails.
pub async fn payment(conn: &mut PgConnection, id: PaymentId) -> Result<Option<Payment>, DbError> {
    store::payment_find(conn, id).await
}

/// A wallet's payments, newest first.
///
/// # Errors
/// When the database fails.
pub async fn payments(
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

/// All money in circulation.
///
/// # Errors
/// When the database fails.
pub async fn supply(conn: &mut PgConnection) -> Result<Amount, DbError> {
    store::supply(conn).await
}

/// What payments have to do with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// They tell what became of it: it was bought, got another owner or another record.
    Its,
    /// They were paid to it.
    ToIt,
}

/// The payments that have to do with a name, newest first.
///
/// # Errors
/// When the database fails.
pub async fn payments_of_name(
    conn: &mut PgConnection,
    name: &Name,
    about: About,
    query: PageQuery,
) -> Result<Page<Payment>, DbError> {
    let before = query.before.unwrap_or(i64::MAX);
    let items = store::payments_of_name(conn, name, about, before, i64::from(query.rows())).await?;
    let remaining = match items.last() {
        Some(last) => {
            store::payments_of_name_count(conn, name, about, last.id.get(), REMAINING_ROWS_MAX)
                .await?
        }
        None => 0,
    };
    Ok(Page::new(items, remaining, |payment| payment.id.get()))
}

/// To whom the newest payments about some names gave them. A name that no payment is about is not among them.
///
/// # Errors
/// When the database fails.
pub async fn name_holders(
    conn: &mut PgConnection,
    names: &[String],
) -> Result<Vec<(Name, Address)>, DbError> {
    store::name_holders(conn, names).await
}

/// Those of some addresses that no wallet has.
///
/// # Errors
/// When the database fails.
pub async fn without_wallet(
    conn: &mut PgConnection,
    addresses: &[String],
) -> Result<Vec<String>, DbError> {
    store::without_wallet(conn, addresses).await
}
