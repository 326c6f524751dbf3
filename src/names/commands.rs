//! What wallets do with names.

use serde::{Deserialize, Serialize};

use super::{
    ARecord, NameRefusal, OwnedName,
    events::{Happening, NameEvent},
    store,
};
use crate::{
    db::{Command, DbError, Failure, Tx, keys::Outcome},
    kernel::{address::Address, id::PaymentId, money::Payable, name::Name},
    ledger::{
        LedgerRefusal, Metadata, Order, Payment, PaymentKind, Record, Transfer, post, record,
    },
};

/// Buys a name from the system.
#[derive(Debug, Serialize)]
pub struct PurchaseName {
    /// Which.
    pub name: Name,
    /// Who pays and owns it.
    pub buyer: Address,
    /// What it costs.
    pub price: Payable,
}

/// What a command did to a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NameDone {
    /// The name as it is now.
    pub name: OwnedName,
    /// The payment that tells of it; `None` when nothing changed.
    pub payment: Option<Payment>,
}

impl Command for PurchaseName {
    const NAME: &'static str = "name_purchase";
    type Done = NameDone;
    type Refusal = NameRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<NameDone, Failure<NameRefusal>> {
        let now = tx.now();
        // The row comes before the wallets, as locks do; who can't pay takes it back with the whole transaction.
        let id = store::name_insert(tx.conn(), &self.name, &self.buyer, now).await?;
        let id = id.ok_or_else(|| NameRefusal::NameTaken(self.name.clone()))?;
        let payment = match post(tx, &[self.order()]).await?.pop() {
            Some(Ok(answer)) => match answer.outcome {
                Outcome::Done(payment) => payment,
                Outcome::Refused(refusal) => return Err(NameRefusal::Ledger(refusal).into()),
            },
            Some(Err(error)) => return Err(error.into()),
            None => return Err(DbError::impossible("an order without an answer").into()),
        };
        let name = OwnedName::bought(id, self.name.clone(), self.buyer.clone(), now);
        tell(tx, Happening::Registered, &name, Some(payment.id))?;
        Ok(NameDone { name, payment: Some(payment) })
    }
}

impl PurchaseName {
    fn order(&self) -> Order {
        let transfer = Transfer {
            payer: self.buyer.clone(),
            payee: Address::system().into(),
            amount: self.price,
            kind: PaymentKind::NamePurchase,
            name: Some(self.name.clone()),
            metadata: None,
            request_id: None,
        };
        Order { transfer, key: None, act: None }
    }
}

/// Gives a name to another wallet. Giving it to its owner changes nothing.
#[derive(Debug, Serialize)]
pub struct GiveName {
    /// Which.
    pub name: Name,
    /// Who gives it, who should be its owner.
    pub by: Address,
    /// Who gets it.
    pub to: Address,
}

impl Command for GiveName {
    const NAME: &'static str = "name_transfer";
    type Done = NameDone;
    type Refusal = NameRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<NameDone, Failure<NameRefusal>> {
        let before = locked(tx, &self.name).await?;
        let Some(name) = before.give(&self.by, &self.to, tx.now())? else {
            return Ok(NameDone { name: before, payment: None });
        };
        let note = Record {
            payer: self.by.clone(),
            payee: self.to.clone(),
            kind: PaymentKind::NameTransfer,
            name: self.name.clone(),
            metadata: None,
        };
        let payment = record(tx, &note).await.map_err(ledger)?;
        store::name_update(tx.conn(), &name).await?;
        let happening = Happening::Transferred { from: before.owner };
        tell(tx, happening, &name, Some(payment.id))?;
        Ok(NameDone { name, payment: Some(payment) })
    }
}

/// Changes where a name leads.
#[derive(Debug, Serialize)]
pub struct LeadName {
    /// Which.
    pub name: Name,
    /// Who changes it, who should be its owner.
    pub by: Address,
    /// Where it shall lead; `None` is nowhere.
    pub record: Option<ARecord>,
}

impl Command for LeadName {
    const NAME: &'static str = "name_update";
    type Done = NameDone;
    type Refusal = NameRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<NameDone, Failure<NameRefusal>> {
        let before = locked(tx, &self.name).await?;
        let Some(name) = before.lead(&self.by, self.record.as_ref(), tx.now())? else {
            return Ok(NameDone { name: before, payment: None });
        };
        let note = Record {
            payer: self.by.clone(),
            payee: Address::system(),
            kind: PaymentKind::NameARecord,
            name: self.name.clone(),
            metadata: self.record.as_ref().and_then(|to| Metadata::new(to.as_str().to_owned())),
        };
        let payment = record(tx, &note).await.map_err(ledger)?;
        store::name_update(tx.conn(), &name).await?;
        tell(tx, Happening::Updated, &name, Some(payment.id))?;
        Ok(NameDone { name, payment: Some(payment) })
    }
}

async fn locked(tx: &mut Tx, name: &Name) -> Result<OwnedName, Failure<NameRefusal>> {
    let found = store::name_lock(tx.conn(), name).await?;
    found.ok_or_else(|| NameRefusal::NameNotFound(name.clone()).into())
}

pub(super) fn tell(
    tx: &mut Tx,
    happening: Happening,
    name: &OwnedName,
    payment: Option<PaymentId>,
) -> Result<(), DbError> {
    tx.emit(&NameEvent { happening, name: name.clone(), payment })
}

fn ledger(failure: Failure<LedgerRefusal>) -> Failure<NameRefusal> {
    match failure {
        Failure::Refused(refusal) => NameRefusal::Ledger(refusal).into(),
        Failure::Db(error) => error.into(),
    }
}
