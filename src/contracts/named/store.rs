//! All SQL on `contract_names`, and what lists of contracts by name need.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::NamedFilter;
use crate::{
    contracts::model::Contract,
    db::DbError,
    kernel::{
        address::Address,
        id::ContractId,
        name::{Metaname, Name, Target},
    },
    ledger::lists::Rows,
};

pub(super) async fn receiver_insert(
    conn: &mut PgConnection,
    contract: ContractId,
    receiver: &Target,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into contract_names (contract_id, name, metaname) values ($1, $2, $3)",
        contract.get(),
        receiver.name.as_str(),
        receiver.metaname.as_ref().map(Metaname::as_str)
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn receivers(
    conn: &mut PgConnection,
    contracts: &[i64],
) -> Result<HashMap<ContractId, Target>, DbError> {
    let rows = sqlx::query!(
        "select contract_id, name, metaname from contract_names where contract_id = any($1)",
        contracts
    )
    .fetch_all(conn)
    .await?;
    let target = |name: String, metaname: Option<String>| -> Result<Target, DbError> {
        let metaname = metaname.map(|text| text.parse()).transpose();
        Ok(Target {
            name: name.parse().map_err(DbError::impossible)?,
            metaname: metaname.map_err(DbError::impossible)?,
        })
    };
    rows.into_iter()
        .map(|row| Ok((ContractId::new(row.contract_id), target(row.name, row.metaname)?)))
        .collect()
}

/// The contracts of a name that are not over, by rising id.
pub(super) async fn contracts_of(
    conn: &mut PgConnection,
    name: &Name,
) -> Result<Vec<ContractId>, DbError> {
    let ids = sqlx::query_scalar!(
        "select c.id from contract_names n join contracts c on c.id = n.contract_id
         where n.name = $1 and c.status <> 'canceled' order by c.id",
        name.as_str()
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ContractId::new).collect())
}

/// Stores another owner of a contract.
pub(super) async fn contract_move(
    conn: &mut PgConnection,
    contract: &Contract,
) -> Result<(), DbError> {
    sqlx::query!(
        "update contracts set owner = $2, version = $3, updated_at = $4 where id = $1",
        contract.id.get(),
        contract.offer.owner.as_str(),
        contract.version,
        contract.updated_at.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn contracts_list(
    conn: &mut PgConnection,
    filter: &NamedFilter,
    rows: Rows,
) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "select c.id from contracts c left join contract_names n on n.contract_id = c.id
         where ($1::text is null or n.name = $1)
           and ($2::text is null or not $3 and c.owner = $2
                or not $4 and c.owner <> $2 and exists
                   (select from subscriptions s
                    where s.contract_id = c.id and s.address = $2 and s.due_at is not null
                      and (s.can_unsubscribe or not $5)))
         order by c.id offset $6 limit $7",
        filter.name.as_ref().map(Name::as_str),
        filter.wallet.as_ref().map(Address::as_str),
        filter.exclude_owned,
        filter.only_owned,
        filter.only_unsubscribable,
        rows.offset,
        rows.limit
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn contracts_count(
    conn: &mut PgConnection,
    filter: &NamedFilter,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from contracts c left join contract_names n on n.contract_id = c.id
           where ($1::text is null or n.name = $1)
             and ($2::text is null or not $3 and c.owner = $2
                  or not $4 and c.owner <> $2 and exists
                     (select from subscriptions s
                      where s.contract_id = c.id and s.address = $2 and s.due_at is not null
                        and (s.can_unsubscribe or not $5)))"#,
        filter.name.as_ref().map(Name::as_str),
        filter.wallet.as_ref().map(Address::as_str),
        filter.exclude_owned,
        filter.only_owned,
        filter.only_unsubscribable
    )
    .fetch_one(conn)
    .await?)
}
