//! Contracts that are bound to a name: whoever owns the name is paid and decides, and a contract moves with it.
//!
//! A contract's owner is a wallet, here as everywhere. What is kept besides is the name that it was offered under; a
//! follower of `name.transferred` moves the contracts of a name to its new owner. Between the two commits a term that
//! falls due is still paid to the one before.

mod store;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{
    commands::CreateContract,
    events::ContractEvent,
    model::{Contract, ContractRefusal},
    queries::{self, COUNTED_ROWS_MAX},
    store::{contract_lock, contracts_read},
    subscribers::{
        queries::Standing,
        store::{standings_of, subscribers_count},
    },
};
use crate::{
    db::{Command, DbError, Failure, Tx, follow::Follow},
    kernel::{
        address::Address,
        event::Event,
        id::ContractId,
        name::{Name, Target},
    },
    ledger::lists::Rows,
    names::owners_lock,
};

/// Offers a contract under a name, which the one who offers it must own.
#[derive(Debug, Serialize)]
pub struct CreateNamed {
    /// The contract.
    pub contract: CreateContract,
    /// The name.
    pub receiver: Target,
}

impl Command for CreateNamed {
    const NAME: &'static str = "contract_create_named";
    type Done = Contract;
    type Refusal = ContractRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Contract, Failure<ContractRefusal>> {
        let name = &self.receiver.name;
        let owners = owners_lock(tx, &BTreeSet::from([name.clone()])).await?;
        match owners.get(name) {
            None => return Err(ContractRefusal::NameNotFound(name.clone()).into()),
            Some(owner) if *owner != self.contract.owner => {
                return Err(ContractRefusal::NotNameOwner(name.clone()).into());
            }
            Some(_) => {}
        }
        let contract = self.contract.apply(tx).await?;
        store::receiver_insert(tx.conn(), contract.id, &self.receiver).await?;
        Ok(contract)
    }
}

/// A contract as one who looks for it sees it.
#[derive(Debug, Clone)]
pub struct NamedContract {
    /// The contract.
    pub contract: Contract,
    /// The name that it is offered under, if it is.
    pub receiver: Option<Target>,
    /// How many are subscribed; counted up to 10,000.
    pub subscribers: i64,
    /// The subscription of the wallet that looks, if it has or had one.
    pub standing: Option<Standing>,
}

/// Which contracts a list is of: those of a name, and those that concern a wallet.
#[derive(Debug, Clone, Default)]
pub struct NamedFilter {
    /// Only those of this name.
    pub name: Option<Name>,
    /// Only those that this wallet offers or is subscribed to.
    pub wallet: Option<Address>,
    /// Not those that the wallet offers.
    pub exclude_owned: bool,
    /// Only those.
    pub only_owned: bool,
    /// Not those that the wallet can't leave.
    pub only_unsubscribable: bool,
}

/// One contract.
///
/// # Errors
/// When the database fails.
pub async fn contract(
    conn: &mut PgConnection,
    id: ContractId,
    viewer: Option<&Address>,
) -> Result<Option<NamedContract>, DbError> {
    match queries::contract(conn, id).await? {
        Some(contract) => Ok(shown(conn, vec![contract], viewer).await?.pop()),
        None => Ok(None),
    }
}

/// The contracts that a filter lets through, oldest first, and how many there are in all.
///
/// # Errors
/// When the database fails.
pub async fn contracts(
    conn: &mut PgConnection,
    filter: &NamedFilter,
    rows: Rows,
) -> Result<(Vec<NamedContract>, i64), DbError> {
    let ids = store::contracts_list(conn, filter, rows).await?;
    let total = store::contracts_count(conn, filter).await?;
    let contracts = contracts_read(conn, &ids).await?;
    Ok((shown(conn, contracts, filter.wallet.as_ref()).await?, total))
}

async fn shown(
    conn: &mut PgConnection,
    contracts: Vec<Contract>,
    viewer: Option<&Address>,
) -> Result<Vec<NamedContract>, DbError> {
    let ids: Vec<i64> = contracts.iter().map(|contract| contract.id.get()).collect();
    let counts = subscribers_count(conn, &ids, COUNTED_ROWS_MAX).await?;
    let receivers = store::receivers(conn, &ids).await?;
    let standings = match viewer {
        Some(viewer) => standings_of(conn, &ids, viewer).await?,
        None => Vec::new(),
    };
    let named = contracts.into_iter().zip(counts).map(|(contract, subscribers)| NamedContract {
        receiver: receivers.get(&contract.id).cloned(),
        standing: standings
            .iter()
            .find(|standing| standing.subscription.contract == contract.id)
            .cloned(),
        contract,
        subscribers,
    });
    Ok(named.collect())
}

/// Moves the contracts of a name to its new owner.
#[derive(Debug, Clone, Copy)]
pub struct NameOwners;

/// What is read of `name.transferred`.
#[derive(Deserialize)]
struct Transferred {
    name: Name,
    owner: Address,
}

impl Follow for NameOwners {
    const NAME: &'static str = "contracts.name_owners";
    const KINDS: &'static [&'static str] = &["name.transferred"];

    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), DbError> {
        let Transferred { name, owner } = serde_json::from_str(event.data.get())?;
        let now = tx.now();
        for id in store::contracts_of(tx.conn(), &name).await? {
            let Some(mut contract) = contract_lock(tx.conn(), id).await? else { continue };
            if contract.offer.owner == owner {
                continue;
            }
            contract.offer.owner = owner.clone();
            (contract.version, contract.updated_at) = (contract.version + 1, now);
            store::contract_move(tx.conn(), &contract).await?;
            tx.emit(&ContractEvent { contract, changed: vec!["address"] })?;
        }
        Ok(())
    }
}
