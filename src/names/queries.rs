//! What is read of names.

use sqlx::PgConnection;

use super::{OwnedName, store};
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        name::Name,
        page::{ForwardQuery, Page},
    },
};

/// Following rows are counted up to here; a page that says so many may have more.
pub const COUNTED_ROWS_MAX: i64 = 10_000;

/// Which names a list is of.
#[derive(Debug, Clone, Default)]
pub struct NameFilter {
    /// Of any of these owners; `None` is of everybody.
    pub owners: Option<Vec<Address>>,
    /// Behind this row.
    pub after: i64,
}

impl NameFilter {
    pub(super) fn owners(&self) -> Option<Vec<String>> {
        self.owners.as_ref().map(|owners| owners.iter().map(ToString::to_string).collect())
    }
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOrder {
    /// As they were bought.
    Oldest,
    /// The other way round.
    Newest,
    /// By name.
    Name,
}

/// One name.
///
/// # Errors
/// When the database fails.
pub async fn name(conn: &mut PgConnection, name: &Name) -> Result<Option<OwnedName>, DbError> {
    store::name_find(conn, name).await
}

/// The names that a filter lets through.
///
/// # Errors
/// When the database fails.
pub async fn list(
    conn: &mut PgConnection,
    filter: &NameFilter,
    order: NameOrder,
    (offset, limit): (i64, i64),
) -> Result<Vec<OwnedName>, DbError> {
    store::names_list(conn, filter, order, (offset, limit)).await
}

/// How many names a filter lets through; counted up to `most`.
///
/// # Errors
/// When the database fails.
pub async fn count(
    conn: &mut PgConnection,
    filter: &NameFilter,
    most: i64,
) -> Result<i64, DbError> {
    store::names_count(conn, filter, most).await
}

/// How many names each of some wallets owns. Who owns none is not among them.
///
/// # Errors
/// When the database fails.
pub async fn count_each(
    conn: &mut PgConnection,
    owners: &[Address],
) -> Result<Vec<(Address, i64)>, DbError> {
    let owners: Vec<String> = owners.iter().map(ToString::to_string).collect();
    store::names_per_owner(conn, &owners).await
}

/// The names of an owner or of everybody, as they were bought.
pub(super) async fn page(
    conn: &mut PgConnection,
    owner: Option<Address>,
    query: ForwardQuery,
) -> Result<Page<OwnedName>, DbError> {
    let mut filter = NameFilter { owners: owner.map(|owner| vec![owner]), after: query.after() };
    let rows = (query.offset(), i64::from(query.rows()));
    let items = store::names_list(conn, &filter, NameOrder::Oldest, rows).await?;
    let remaining = match items.last() {
        Some(last) => {
            filter.after = last.id.get();
            store::names_count(conn, &filter, COUNTED_ROWS_MAX).await?
        }
        None => 0,
    };
    Ok(Page::new(items, remaining, |name| name.id.get()))
}
