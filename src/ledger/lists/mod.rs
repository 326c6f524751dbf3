//! Lists of wallets and payments by offset, with their totals: what doors need whose clients count pages.
//!
//! Holds: an order by id is total, so pages of one direction neither overlap nor leave out; the total of a list and
//! its rows come from one statement's view or from ids, which are dense.

mod store;

use sqlx::PgConnection;

use super::{Payment, Wallet};
use crate::{
    db::DbError,
    kernel::{address::Address, name::Name},
};

/// The largest offset. Whoever wants to go further asks by id.
pub const OFFSET_ROWS_MAX: i64 = 1_000_000;
/// Payments whose metadata is searched: so many of the newest.
pub const SEARCHED_PAYMENTS_MAX: i64 = 1_000_000;

/// Which rows of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    /// How many at the most.
    pub limit: i64,
    /// How many are passed over.
    pub offset: i64,
}

/// Rows of a list, and how many it has in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// All of the list.
    pub total: i64,
}

/// In which order wallets are listed. The system's own wallet is in no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalletOrder {
    /// As they were made.
    Made,
    /// Those that hold most first.
    Rich,
}

/// What payments are sorted by; equal ones by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentOrder {
    /// The payment's number, which is also its time.
    Id,
    /// The payer's address.
    From,
    /// The payee's address.
    To,
    /// The amount.
    Value,
    /// The name that was paid.
    SentName,
    /// What stood before its `@`.
    SentMetaname,
}

impl PaymentOrder {
    const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::From => "from",
            Self::To => "to",
            Self::Value => "value",
            Self::SentName => "sent_name",
            Self::SentMetaname => "sent_metaname",
        }
    }
}

/// Which payments, in which order.
#[derive(Debug, Clone)]
pub struct PaymentList {
    /// Only those that one of these pays or is paid by; `None` is all.
    pub wallets: Option<Vec<Address>>,
    /// Whether new money is among them.
    pub mined: bool,
    /// What they are sorted by.
    pub order: PaymentOrder,
    /// Whether the last comes first.
    pub descending: bool,
}

/// What a search looks for in payments.
#[derive(Debug, Clone)]
pub enum PaymentSearch {
    /// A wallet that pays or is paid.
    Wallet(Address),
    /// A name that the payment is about or was made to.
    Name(Name),
    /// A text in the metadata, in whatever case.
    Metadata(String),
}

/// What payments have to do with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamePayments {
    /// They tell what became of it.
    About,
    /// They were made to it.
    To,
    /// One of these.
    Any,
}

/// Lists wallets.
///
/// # Errors
/// When the database fails.
pub async fn wallets(
    conn: &mut PgConnection,
    order: WalletOrder,
    rows: Rows,
) -> Result<Listed<Wallet>, DbError> {
    let total = store::wallets_count(conn).await?;
    let rows = match order {
        WalletOrder::Made => store::wallets_made(conn, rows).await?,
        WalletOrder::Rich => store::wallets_rich(conn, rows).await?,
    };
    Ok(Listed { rows, total })
}

/// The wallets that have these addresses, in no order.
///
/// # Errors
/// When the database fails.
pub async fn wallets_of(
    conn: &mut PgConnection,
    addresses: &[Address],
) -> Result<Vec<Wallet>, DbError> {
    store::wallets_of(conn, addresses).await
}

/// Lists payments.
///
/// # Errors
/// When the database fails.
pub async fn payments(
    conn: &mut PgConnection,
    list: &PaymentList,
    rows: Rows,
) -> Result<Listed<Payment>, DbError> {
    let (all, by_id) = (list.wallets.is_none(), list.order == PaymentOrder::Id);
    match (&list.wallets, list.mined) {
        (None, true) if by_id => {
            // Ids are dense, so an offset is an id and costs nothing however large it is.
            let total = store::payments_last(conn).await?;
            let rows = store::payments_dense(conn, total, list.descending, rows).await?;
            Ok(Listed { rows, total })
        }
        (Some(wallets), mined) if by_id && list.descending && wallets.len() == 1 => {
            let total = store::payments_count(conn, list).await?;
            let rows = match wallets.first() {
                Some(wallet) => store::payments_newest(conn, wallet, mined, rows).await?,
                None => Vec::new(),
            };
            Ok(Listed { rows, total })
        }
        _ => {
            let total = if all {
                store::payments_count_all(conn, list.mined).await?
            } else {
                store::payments_count(conn, list).await?
            };
            Ok(Listed { rows: store::payments_sorted(conn, list, rows).await?, total })
        }
    }
}

/// Searches payments, newest first.
///
/// # Errors
/// When the database fails.
pub async fn search(
    conn: &mut PgConnection,
    search: &PaymentSearch,
    rows: Rows,
) -> Result<Listed<Payment>, DbError> {
    match search {
        PaymentSearch::Wallet(wallet) => {
            let list = PaymentList {
                wallets: Some(vec![wallet.clone()]),
                mined: true,
                order: PaymentOrder::Id,
                descending: true,
            };
            payments(conn, &list, rows).await
        }
        PaymentSearch::Name(name) => {
            payments_of_name(conn, name, NamePayments::Any, true, rows).await
        }
        PaymentSearch::Metadata(text) => {
            let total = store::metadata_count(conn, text).await?;
            Ok(Listed { rows: store::metadata_search(conn, text, rows).await?, total })
        }
    }
}

/// The payments that have to do with a name.
///
/// # Errors
/// When the database fails.
pub async fn payments_of_name(
    conn: &mut PgConnection,
    name: &Name,
    which: NamePayments,
    descending: bool,
    rows: Rows,
) -> Result<Listed<Payment>, DbError> {
    let total = store::named_count(conn, name, which).await?;
    Ok(Listed { rows: store::named(conn, name, which, descending, rows).await?, total })
}
