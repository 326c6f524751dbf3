//! What a socket listens to in Krist's words, and in the hub's.

use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::{
    hub::{Kinds, Want},
    kernel::{address::Address, event::Topic, id::ContractId},
};

/// Levels of one socket at the most.
pub(super) const LEVELS_MAX: usize = 64;

/// One level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Blocks,
    OwnBlocks,
    Transactions,
    OwnTransactions,
    Names,
    OwnNames,
    Motd,
    OwnSubscriptions,
    Subscriptions,
    Contracts,
    Contract(ContractId),
}

/// The levels that have a name of their own.
const NAMED: [(&str, Level); 10] = [
    ("blocks", Level::Blocks),
    ("ownBlocks", Level::OwnBlocks),
    ("transactions", Level::Transactions),
    ("ownTransactions", Level::OwnTransactions),
    ("names", Level::Names),
    ("ownNames", Level::OwnNames),
    ("motd", Level::Motd),
    ("ownSubscriptions", Level::OwnSubscriptions),
    ("subscriptions", Level::Subscriptions),
    ("contracts", Level::Contracts),
];
/// What stands for the level of one contract.
const CONTRACT: &str = "contract:";
const CONTRACT_PATTERN: &str = "contract:<id>";

/// What a socket holds that has asked for nothing. Strict clients can't read a level that they do not know, so what
/// Krist does not have must be asked for.
pub(super) const DEFAULT: [Level; 2] = [Level::OwnTransactions, Level::Blocks];

/// All names of levels.
pub(super) fn names() -> Vec<&'static str> {
    NAMED.iter().map(|(name, _)| *name).chain([CONTRACT_PATTERN]).collect()
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(id) = text.strip_prefix(CONTRACT) {
            let number = id.parse::<i64>().ok().filter(|id| *id > 0);
            return number.map(|id| Self::Contract(ContractId::new(id))).ok_or(());
        }
        NAMED.iter().find(|(name, _)| *name == text).map(|(_, level)| *level).ok_or(())
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Contract(id) => serializer.collect_str(&format_args!("{CONTRACT}{id}")),
            named => {
                let name = NAMED.iter().find(|(_, level)| level == named).map(|(name, _)| *name);
                serializer.serialize_str(name.unwrap_or_default())
            }
        }
    }
}

impl Level {
    /// The topic that everybody may name, if it has one: what is only the session's own is allowed by being so.
    pub(super) fn topic(self) -> Option<Topic> {
        match self {
            Self::Transactions => Some(Topic::named("payments")),
            Self::Names => Some(Topic::named("names")),
            Self::Motd => Some(Topic::named("notices")),
            Self::Subscriptions => Some(Topic::named("subscriptions")),
            Self::Contracts => Some(Topic::named("contracts")),
            Self::Contract(id) => Some(Topic::of("contract", id)),
            _ => None,
        }
    }

    /// The kinds that are the session's own.
    fn own_kinds(self) -> &'static [&'static str] {
        match self {
            Self::OwnTransactions => &["payment.made"],
            Self::OwnNames => &["name.*"],
            Self::OwnSubscriptions => &["subscription.*", "contract.*"],
            _ => &[],
        }
    }
}

/// What the hub is asked for, so that these levels are heard. Nothing is own to a guest.
pub(super) fn wants(levels: &[Level], owner: Option<&Address>) -> Vec<Want> {
    let open = levels.iter().filter_map(|level| level.topic());
    let mut wants: Vec<_> = open.map(|topic| Want { topic, kinds: Kinds::All }).collect();
    let own: Vec<&str> = levels.iter().flat_map(|level| level.own_kinds()).copied().collect();
    if let (Some(owner), Ok(kinds)) = (owner, Kinds::parse(own)) {
        wants.push(Want { topic: Topic::of("wallet", owner), kinds });
    }
    wants
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Interest;

    #[test]
    fn levels_have_the_names_that_clients_know() {
        for name in names().iter().filter(|name| **name != CONTRACT_PATTERN) {
            let level: Level = name.parse().unwrap();
            assert_eq!(serde_json::to_value(level).unwrap(), *name);
        }
        let one: Level = "contract:7".parse().unwrap();
        assert_eq!(serde_json::to_value(one).unwrap(), "contract:7");
        for bad in ["", "Transactions", "contract:", "contract:0", "contract:x", CONTRACT_PATTERN] {
            assert!(bad.parse::<Level>().is_err(), "{bad}");
        }
        assert_eq!(
            serde_json::to_value(DEFAULT).unwrap(),
            serde_json::json!(["ownTransactions", "blocks"])
        );
    }

    #[test]
    fn own_levels_share_the_topic_of_the_wallet() {
        let owner: Address = "k8juvewcui".parse().unwrap();
        let topics = |levels: &[Level], owner| -> Vec<String> {
            let interest = Interest::new(wants(levels, owner));
            interest.topics().map(ToString::to_string).collect()
        };
        assert_eq!(topics(&DEFAULT, Some(&owner)), ["wallet:k8juvewcui"]);
        assert!(topics(&DEFAULT, None).is_empty(), "a guest owns nothing");
        let all = [Level::Transactions, Level::OwnTransactions, Level::OwnNames, Level::Motd];
        assert_eq!(topics(&all, Some(&owner)), ["notices", "payments", "wallet:k8juvewcui"]);
        assert_eq!(topics(&[Level::Contract(ContractId::new(7))], None), ["contract:7"]);
        assert_eq!(
            wants(&all, Some(&owner))[2].kinds,
            Kinds::parse(["name.*", "payment.made"]).unwrap()
        );
    }
}
