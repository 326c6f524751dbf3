//! Reads of contracts.

use sqlx::PgConnection;

use super::{
    model::{Contract, ContractStatus},
    store,
    subscribers::store::subscribers_count,
};
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        id::ContractId,
        page::{ForwardQuery, Page},
    },
};

/// Following rows and subscribers are counted up to here; a page that says so many may have more.
pub(super) const COUNTED_ROWS_MAX: i64 = 10_000;

/// Which contracts a list is of. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub(super) struct ContractFilter {
    /// Of this owner.
    pub(super) owner: Option<Address>,
    /// With this status.
    pub(super) status: Option<ContractStatus>,
    /// To which this wallet may subscribe.
    pub(super) eligible_for: Option<Address>,
    /// With this in the title or in the description that everybody may see.
    pub(super) text: Option<String>,
}

pub(super) async fn contract(
    conn: &mut PgConnection,
    id: ContractId,
) -> Result<Option<Contract>, DbError> {
    store::contract_find(conn, id).await
}

/// The contracts that a filter lets through, oldest first, each with the number of its subscribers.
pub(super) async fn contracts(
    conn: &mut PgConnection,
    filter: &ContractFilter,
    query: ForwardQuery,
) -> Result<Page<(Contract, i64)>, DbError> {
    let (after, rows) = (ContractId::new(query.after()), i64::from(query.rows()));
    let contracts = store::contracts_list(conn, filter, after, query.offset(), rows).await?;
    let remaining = match contracts.last() {
        Some(last) => store::contracts_count(conn, filter, last.id, COUNTED_ROWS_MAX).await?,
        None => 0,
    };
    let ids: Vec<i64> = contracts.iter().map(|contract| contract.id.get()).collect();
    let counts = subscribers_count(conn, &ids, COUNTED_ROWS_MAX).await?;
    let items = contracts.into_iter().zip(counts).collect();
    Ok(Page::new(items, remaining, |(contract, _): &(Contract, i64)| contract.id.get()))
}

/// How many are subscribed to a contract; counted up to [`COUNTED_ROWS_MAX`].
pub(super) async fn subscribers(conn: &mut PgConnection, id: ContractId) -> Result<i64, DbError> {
    let counts = subscribers_count(conn, &[id.get()], COUNTED_ROWS_MAX).await?;
    Ok(counts.into_iter().next().unwrap_or(0))
}
