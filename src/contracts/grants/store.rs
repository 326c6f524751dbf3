//! SQL for what subscriptions grant.

use sqlx::PgConnection;

use crate::{
    db::DbError,
    kernel::{address::Address, id::ContractId},
};

/// A contract whose subscriptions are to be looked at.
pub(super) struct Task {
    pub(super) contract: ContractId,
    /// Those up to this one are done.
    pub(super) after: i64,
    /// Rises when the contract is sold as another plan meanwhile.
    generation: i64,
}

/// Has the subscriptions of a contract be looked at from the first one on. A contract that is not there has none.
pub(super) async fn task_insert(conn: &mut PgConnection, id: ContractId) -> Result<(), DbError> {
    sqlx::query!(
        "insert into contract_grants (contract_id) select id from contracts where id = $1
         on conflict (contract_id) do update
         set after_subscription = 0, generation = contract_grants.generation + 1",
        id.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn task_find(conn: &mut PgConnection) -> Result<Option<Task>, DbError> {
    let row = sqlx::query!(
        "select contract_id, after_subscription, generation from contract_grants order by contract_id limit 1"
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Task {
        contract: ContractId::new(row.contract_id),
        after: row.after_subscription,
        generation: row.generation,
    }))
}

/// Remembers how far a contract is done, unless it has to be done anew.
pub(super) async fn task_move(
    conn: &mut PgConnection,
    task: &Task,
    after: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "update contract_grants set after_subscription = $3
         where contract_id = $1 and generation = $2 and after_subscription < $3",
        task.contract.get(),
        task.generation,
        after
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn task_delete(conn: &mut PgConnection, task: &Task) -> Result<(), DbError> {
    sqlx::query!(
        "delete from contract_grants where contract_id = $1 and generation = $2",
        task.contract.get(),
        task.generation
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The live subscriptions to a contract behind one of them, by rising number.
pub(super) async fn live_to(
    conn: &mut PgConnection,
    contract: ContractId,
    after: i64,
    limit: i64,
) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "select id from subscriptions where contract_id = $1 and due_at is not null and id > $2
         order by id limit $3",
        contract.get(),
        after,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// The live subscriptions of a wallet to some contracts.
pub(super) async fn live_of(
    conn: &mut PgConnection,
    address: &Address,
    contracts: &[i64],
    limit: i64,
) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        "select id from subscriptions
         where address = $1 and contract_id = any($2) and due_at is not null order by id limit $3",
        address.as_str(),
        contracts,
        limit
    )
    .fetch_all(conn)
    .await?)
}
