//! Names that move in from elsewhere, a batch of lines at a time.
//!
//! A name keeps who bought it and when. That never changes, so the same line again finds its name, whatever became of
//! it meanwhile, and changes nothing.

use std::collections::{HashMap, HashSet};

use super::{ARecord, OwnedName, commands::tell, events::Happening, store};
use crate::{
    db::{Command, DbError, Failure, Never, Tx},
    kernel::{address::Address, id::NameId, name::Name, time::Timestamp},
    ledger::queries::without_wallet,
};

/// Lines of one transaction at the most.
pub const IMPORT_LINES_MAX: usize = 500;

/// A name as a file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameLine {
    /// The name.
    pub name: Name,
    /// Whose it is.
    pub owner: Address,
    /// Who bought it; `None` is its owner.
    pub original_owner: Option<Address>,
    /// Where it leads.
    pub record: Option<ARecord>,
    /// When it was bought; `None` is now.
    pub registered_at: Option<Timestamp>,
    /// When it was changed last; `None` is when it was bought.
    pub updated_at: Option<Timestamp>,
    /// When it got another owner, if it did.
    pub transferred_at: Option<Timestamp>,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFate {
    /// The name is here now.
    Imported,
    /// It was imported before, and nothing changed.
    Known,
    /// Somebody else has bought the name here.
    NameTaken,
    /// The owner has no wallet.
    WalletNotFound,
}

impl NameLine {
    fn bought_by(&self) -> &Address {
        self.original_owner.as_ref().unwrap_or(&self.owner)
    }

    fn name(&self, now: Timestamp) -> OwnedName {
        let registered_at = self.registered_at.unwrap_or(now);
        OwnedName {
            id: NameId::new(0),
            name: self.name.clone(),
            owner: self.owner.clone(),
            original_owner: self.bought_by().clone(),
            record: self.record.clone(),
            version: 1,
            registered_at,
            updated_at: self.updated_at.unwrap_or(registered_at),
            transferred_at: self.transferred_at,
        }
    }

    fn fate(&self, here: Option<&Address>, walletless: &HashSet<String>) -> NameFate {
        match here {
            Some(original) if original == self.bought_by() => NameFate::Known,
            Some(_) => NameFate::NameTaken,
            None if walletless.contains(self.owner.as_str()) => NameFate::WalletNotFound,
            None => NameFate::Imported,
        }
    }
}

/// Imports a batch of names, no name twice. Gives what became of each, in their order.
#[derive(Debug)]
pub struct ImportNames(pub Vec<NameLine>);

impl Command for ImportNames {
    const NAME: &'static str = "names_import";
    const REPEATABLE: bool = true;
    type Done = Vec<NameFate>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<NameFate>, Failure<Never>> {
        if self.0.len() > IMPORT_LINES_MAX {
            return Err(DbError::impossible("a batch of too many lines").into());
        }
        let now = tx.now();
        let names: Vec<String> = self.0.iter().map(|line| line.name.to_string()).collect();
        let owners: Vec<String> = self.0.iter().map(|line| line.owner.to_string()).collect();
        let here: HashMap<Name, Address> =
            store::names_bought_by(tx.conn(), &names).await?.into_iter().collect();
        let walletless = without_wallet(tx.conn(), &owners).await?.into_iter().collect();
        let fates: Vec<NameFate> =
            self.0.iter().map(|line| line.fate(here.get(&line.name), &walletless)).collect();
        let fresh: Vec<OwnedName> = self
            .0
            .iter()
            .zip(&fates)
            .filter(|(_, fate)| **fate == NameFate::Imported)
            .map(|(line, _)| line.name(now))
            .collect();
        if !fresh.is_empty() {
            // A name that somebody buys at this moment makes the batch run again and find it.
            store::names_insert(tx.conn(), &fresh).await?;
        }
        for name in &fresh {
            tell(tx, Happening::Registered, name, None)?;
        }
        Ok(fates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: &str = "k8juvewcui";
    const BERT: &str = "k7oax47quv";

    #[test]
    fn a_line_finds_its_name_by_who_bought_it() {
        let address = |text: &str| text.parse::<Address>().unwrap();
        let line = |original: Option<&str>| NameLine {
            name: "bakery".parse().unwrap(),
            owner: address(ANNA),
            original_owner: original.map(address),
            record: None,
            registered_at: None,
            updated_at: None,
            transferred_at: None,
        };
        let check = |original: Option<&str>, here: Option<&str>, walletless: &[&str], expected| {
            let walletless = walletless.iter().map(ToString::to_string).collect();
            let fate = line(original).fate(here.map(address).as_ref(), &walletless);
            assert_eq!(fate, expected, "{original:?} {here:?} {walletless:?}");
        };
        check(None, None, &[], NameFate::Imported);
        check(Some(BERT), None, &[BERT], NameFate::Imported);
        check(None, None, &[ANNA], NameFate::WalletNotFound);
        check(None, Some(ANNA), &[], NameFate::Known);
        check(Some(BERT), Some(BERT), &[ANNA], NameFate::Known);
        check(Some(BERT), Some(ANNA), &[], NameFate::NameTaken);
        check(None, Some(BERT), &[], NameFate::NameTaken);
    }

    #[test]
    fn what_a_line_leaves_out_is_what_it_would_be_for_a_new_name() {
        let at = |second| Timestamp::new(chrono::DateTime::from_timestamp(second, 0).unwrap());
        let bare = NameLine {
            name: "bakery".parse().unwrap(),
            owner: ANNA.parse().unwrap(),
            original_owner: None,
            record: None,
            registered_at: None,
            updated_at: None,
            transferred_at: None,
        };
        let name = bare.name(at(9));
        assert_eq!(
            (name.original_owner.as_str(), name.registered_at, name.updated_at),
            (ANNA, at(9), at(9))
        );
        let dated = NameLine { registered_at: Some(at(3)), ..bare };
        assert_eq!((dated.name(at(9)).registered_at, dated.name(at(9)).updated_at), (at(3), at(3)));
    }
}
