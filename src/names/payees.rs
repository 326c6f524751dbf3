//! Whom names stand for, when money moves.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;

use super::store;
use crate::{
    db::{DbError, Tx},
    kernel::{address::Address, name::Name},
    ledger::{Payees, Reach},
};

/// Answers the ledger's till.
#[derive(Debug, Clone, Copy)]
pub struct NamePayees;

impl Payees for NamePayees {
    fn lock<'a>(
        &'a self,
        tx: &'a mut Tx,
        names: &'a BTreeSet<Name>,
        reach: &'a mut Reach,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async move {
            reach.owners.extend(owners_lock(tx, names).await?);
            Ok(())
        })
    }
}

/// Locks names, so that they keep their owners until the transaction ends, and gives their owners. A name that nobody
/// owns is not among them. Names come before wallets in the lock order.
///
/// # Errors
/// When the database fails.
pub async fn owners_lock(
    tx: &mut Tx,
    names: &BTreeSet<Name>,
) -> Result<BTreeMap<Name, Address>, DbError> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    Ok(store::names_share(tx.conn(), &names).await?.into_iter().collect())
}
