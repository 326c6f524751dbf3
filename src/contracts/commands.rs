//! What owners and the operator do with contracts.

use serde::Serialize;

use super::{
    events::ContractEvent,
    model::{
        AllowList, CatchUp, Contract, ContractRefusal, ContractStatus, Description, Edit, Offer,
        Terms, Title,
    },
    schedule::Schedule,
    store,
};
use crate::{
    db::{Command, Failure, Tx},
    kernel::{address::Address, id::ContractId, money::Payable},
};

/// Offers a contract.
#[derive(Debug, Serialize)]
pub struct CreateContract {
    /// Who offers it and is paid.
    pub owner: Address,
    /// What it is called.
    pub title: Title,
    /// What is said of it.
    pub description: Option<Description>,
    /// What a term costs.
    pub price: Payable,
    /// When terms end.
    pub schedule: Schedule,
    /// What is paid after an outage.
    pub catch_up: CatchUp,
    /// How many may be subscribed at once.
    pub max_subscribers: Option<u32>,
    /// Who may subscribe.
    pub allow_list: Option<AllowList>,
}

impl Command for CreateContract {
    const NAME: &'static str = "contract_create";
    type Done = Contract;
    type Refusal = ContractRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Contract, Failure<ContractRefusal>> {
        let now = tx.now();
        let terms = Terms {
            version: 1,
            price: self.price,
            schedule: self.schedule.clone(),
            catch_up: self.catch_up,
        };
        let mut contract = Contract {
            id: ContractId::new(0),
            offer: Offer {
                owner: self.owner.clone(),
                status: ContractStatus::Open,
                terms,
                consent_by: None,
            },
            title: self.title.clone(),
            description: self.description.clone(),
            max_subscribers: self.max_subscribers,
            allow_list: self.allow_list.clone(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        contract.id = store::contract_insert(tx.conn(), &contract).await?;
        tx.emit(&ContractEvent { contract: contract.clone(), changed: Vec::new() })?;
        Ok(contract)
    }
}

/// Who wants something of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The owner of a wallet, who should be the owner of the contract.
    Owner(Address),
    /// The operator.
    Operator,
}

/// Changes a contract, closes, reopens or cancels it. Doing it twice changes nothing.
#[derive(Debug)]
pub struct EditContract {
    /// Which.
    pub id: ContractId,
    /// Who wants it.
    pub by: By,
    /// The version that they have seen, if they say so.
    pub seen: Option<i64>,
    /// What they want.
    pub edit: Edit,
}

impl Command for EditContract {
    const NAME: &'static str = "contract_edit";
    type Done = Contract;
    type Refusal = ContractRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Contract, Failure<ContractRefusal>> {
        let now = tx.now();
        let found = store::contract_lock(tx.conn(), self.id).await?;
        let contract = found.ok_or(ContractRefusal::ContractNotFound)?;
        if matches!(&self.by, By::Owner(wallet) if *wallet != contract.offer.owner) {
            return Err(ContractRefusal::NotYours.into());
        }
        if self.seen.is_some_and(|seen| seen != contract.version) {
            return Err(ContractRefusal::VersionConflict(contract.version).into());
        }
        let Some(edited) = contract.edit(&self.edit, now)? else { return Ok(contract) };
        let after = edited.contract.clone();
        if edited.has_new_terms() {
            store::version_insert(tx.conn(), self.id, &after.offer.terms, now).await?;
        }
        store::contract_update(tx.conn(), &after, edited.concerns_subscribers()).await?;
        tx.emit(&ContractEvent::from(edited))?;
        Ok(after)
    }
}
