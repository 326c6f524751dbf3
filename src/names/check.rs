//! Whether names belong to whom they should: what `tollbell verify-ledger` asks.

use std::collections::HashMap;

use super::{
    queries::{NameFilter, NameOrder},
    store,
};
use crate::{
    db::{Db, DbError},
    ledger::queries::{name_holders, without_wallet},
};

/// Names that are compared with the ledger at a time.
const NAMES_PAGE: i64 = 5_000;

/// The findings of one look at all names, taken at one position of the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct NameCheck {
    /// Names there are.
    pub names: i64,
    /// Names of an owner who has no wallet.
    pub ownerless: i64,
    /// Names that belong to somebody else than the newest payment about them gave them to.
    pub unlike_history: i64,
}

impl NameCheck {
    /// Each promise with whether it is kept.
    pub fn promises(&self) -> [(&'static str, bool); 2] {
        [
            ("every name's owner has a wallet", self.ownerless == 0),
            ("every name is whose the payments say", self.unlike_history == 0),
        ]
    }

    /// Whether every promise is kept.
    pub fn holds(&self) -> bool {
        self.promises().iter().all(|(_, kept)| *kept)
    }
}

/// Looks at every name, in one consistent view.
///
/// # Errors
/// When the database fails.
pub async fn check(db: &Db) -> Result<NameCheck, DbError> {
    let mut view = db.snapshot().await?;
    let (mut found, mut filter) = (NameCheck::default(), NameFilter::default());
    loop {
        let page =
            store::names_list(view.conn(), &filter, NameOrder::Oldest, (0, NAMES_PAGE)).await?;
        let Some(last) = page.last() else { return Ok(found) };
        filter.after = last.id.get();
        let owners: Vec<String> = page.iter().map(|name| name.owner.to_string()).collect();
        let names: Vec<String> = page.iter().map(|name| name.name.to_string()).collect();
        let count = |rows: usize| i64::try_from(rows).map_err(DbError::impossible);
        found.names += count(page.len())?;
        found.ownerless += count(without_wallet(view.conn(), &owners).await?.len())?;
        let holders: HashMap<_, _> = name_holders(view.conn(), &names).await?.into_iter().collect();
        // One that came with an import has no payment until something becomes of it.
        let unlike =
            page.iter().filter(|name| holders.get(&name.name).is_some_and(|by| *by != name.owner));
        found.unlike_history += count(unlike.count())?;
    }
}
