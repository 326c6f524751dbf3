//! The import of wallets, a batch of lines at a time.

use std::collections::HashMap;

use super::{
    model::{Claimed, Fate, Here, ImportRefusal, Plan, Stands, WalletLine, plan},
    store::{self, NewWallet},
};
use crate::{
    db::{Command, DbError, Failure, Never, Tx, keys::Outcome},
    kernel::{address::Address, id::WalletId},
    ledger::{
        Order, PaymentKind, Posted, Transfer, VerifierSecret, Wallet,
        events::{LedgerEvent, WalletChange},
        post,
        store::{payments_by_request, wallet_find, wallets_lock},
    },
};

/// Lines of one transaction at the most: their events are then fewer than the log has room for, however small its
/// partitions are.
pub const IMPORT_LINES_MAX: usize = 500;

/// Imports a batch of wallets, no address twice. Gives what became of each, in their order.
#[derive(Debug)]
pub struct ImportWallets {
    /// The lines, at most [`IMPORT_LINES_MAX`].
    pub lines: Vec<WalletLine>,
    /// The server's secret.
    pub secret: VerifierSecret,
}

impl Command for ImportWallets {
    const NAME: &'static str = "wallets_import";
    const REPEATABLE: bool = true;
    type Done = Vec<Fate>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Fate>, Failure<Never>> {
        if self.lines.len() > IMPORT_LINES_MAX {
            return Err(DbError::impossible("a batch of too many lines").into());
        }
        let here = self.here(tx).await?;
        let plans: Vec<_> =
            self.lines.iter().map(|line| plan(line, here.get(&line.address))).collect();
        let planned: Vec<(&WalletLine, Plan)> = self
            .lines
            .iter()
            .zip(&plans)
            .filter_map(|(line, plan)| Some((line, *plan.as_ref().ok()?)))
            .collect();
        self.make(tx, &planned).await?;
        self.change(tx, &planned, &here).await?;
        let mut posted = fund(tx, &planned).await?;
        let fate = |(line, plan): (&WalletLine, Result<Plan, ImportRefusal>)| match plan {
            Err(refusal) => Ok(Fate::Refused(refusal)),
            Ok(plan) if plan.is_nothing() => Ok(Fate::Known),
            Ok(Plan { fund: true, .. }) => match posted.remove(&line.address) {
                Some(Ok(answer)) => Ok(match answer.outcome {
                    Outcome::Done(_) => Fate::Imported,
                    Outcome::Refused(refusal) => Fate::Refused(ImportRefusal::Ledger(refusal)),
                }),
                Some(Err(error)) => Err(error),
                None => Err(DbError::impossible("an order without an answer")),
            },
            Ok(_) => Ok(Fate::Imported),
        };
        Ok(self.lines.iter().zip(plans).map(fate).collect::<Result<_, _>>()?)
    }
}

impl ImportWallets {
    /// Locks what is here already of these wallets.
    async fn here(&self, tx: &mut Tx) -> Result<HashMap<Address, Here>, DbError> {
        let addresses = self.lines.iter().map(|line| &line.address).collect();
        let wallets = wallets_lock(tx.conn(), addresses).await?;
        let ids: Vec<i64> = wallets.iter().map(|wallet| wallet.id.get()).collect();
        let verifiers: HashMap<WalletId, Vec<u8>> =
            store::verifiers(tx.conn(), &ids).await?.into_iter().collect();
        let system = wallet_find(tx.conn(), &Address::system()).await?;
        let system = system.ok_or_else(|| DbError::impossible("a ledger without its system"))?;
        let named = self.lines.iter().filter_map(WalletLine::request_id);
        let named = named.map(|id| (system.id, id.as_str().to_owned())).collect();
        let imported = payments_by_request(tx.conn(), named).await?;
        let imported: HashMap<_, _> =
            imported.into_iter().map(|payment| (payment.payee, payment.amount)).collect();
        let lines: HashMap<_, _> = self.lines.iter().map(|line| (&line.address, line)).collect();
        let here = |wallet: Wallet| {
            let wanted = lines.get(&wallet.address).and_then(|line| self.keyed(line));
            let claim = match (verifiers.get(&wallet.id), wanted) {
                (None, _) => Claimed::Nobody,
                (Some(held), Some(wanted)) if held.as_slice() == wanted => Claimed::Same,
                (Some(_), _) => Claimed::Other,
            };
            let imported = imported.get(&wallet.address).copied();
            (wallet.address.clone(), Here { wallet, claim, imported })
        };
        Ok(wallets.into_iter().map(here).collect())
    }

    fn keyed(&self, line: &WalletLine) -> Option<[u8; 32]> {
        line.verifier.as_ref().map(|verifier| self.secret.of_verifier(verifier.as_str()))
    }

    /// Makes the wallets that are not here, locked where they shall be.
    async fn make(&self, tx: &mut Tx, planned: &[(&WalletLine, Plan)]) -> Result<(), DbError> {
        let planned = planned.iter().filter(|(_, plan)| plan.wallet == Stands::New);
        let made: Vec<_> = planned
            .map(|(line, plan)| NewWallet {
                address: &line.address,
                verifier: self.keyed(line),
                locked: plan.lock,
                version: if plan.lock { 2 } else { 1 },
            })
            .collect();
        if made.is_empty() {
            return Ok(());
        }
        let now = tx.now();
        store::wallets_make(tx.conn(), &made, now).await?;
        for NewWallet { address, locked, .. } in &made {
            let change = |version| WalletChange { address: (*address).clone(), version };
            tx.emit(&LedgerEvent::WalletCreated(change(1)))?;
            if *locked {
                tx.emit(&LedgerEvent::WalletLocked(change(2)))?;
            }
        }
        Ok(())
    }

    /// Claims and locks those that are here.
    async fn change(
        &self,
        tx: &mut Tx,
        planned: &[(&WalletLine, Plan)],
        here: &HashMap<Address, Here>,
    ) -> Result<(), DbError> {
        let (mut claims, mut shut) = (Vec::new(), Vec::new());
        for (line, plan) in planned.iter().filter(|(_, plan)| plan.wallet == Stands::Already) {
            let Some(Here { wallet, .. }) = here.get(&line.address) else { continue };
            if let (true, Some(bytes)) = (plan.claim, self.keyed(line)) {
                claims.push((wallet.id, bytes));
            }
            if plan.lock {
                shut.push(wallet.id.get());
                let change =
                    WalletChange { address: wallet.address.clone(), version: wallet.version + 1 };
                tx.emit(&LedgerEvent::WalletLocked(change))?;
            }
        }
        if !claims.is_empty() {
            store::verifiers_set(tx.conn(), &claims).await?;
        }
        if !shut.is_empty() {
            store::wallets_shut(tx.conn(), &shut).await?;
        }
        Ok(())
    }
}

/// Brings the balances.
async fn fund(
    tx: &mut Tx,
    planned: &[(&WalletLine, Plan)],
) -> Result<HashMap<Address, Posted>, DbError> {
    let order = |(line, plan): &(&WalletLine, Plan)| {
        let transfer = Transfer {
            payer: Address::system(),
            payee: line.address.clone().into(),
            amount: line.balance.filter(|_| plan.fund)?,
            kind: PaymentKind::Mined,
            name: None,
            metadata: None,
            request_id: line.request_id(),
        };
        Some((line.address.clone(), Order { transfer, key: None, act: None }))
    };
    let (wallets, orders): (Vec<_>, Vec<_>) = planned.iter().filter_map(order).unzip();
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    Ok(wallets.into_iter().zip(post(tx, &orders).await?).collect())
}
