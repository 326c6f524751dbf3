//! What a contract is, who it is for, and what its owner may change. Pure: no clock, no database.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use crate::{
    db::Refusal,
    kernel::{
        address::Address, id::ContractId, money::Payable, name::Name, patch::Patch, time::Timestamp,
    },
    ledger::LedgerRefusal,
};

/// The longest title in characters.
pub const TITLE_CHARS_MAX: usize = 64;
/// The longest description in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 255;
/// The highest cap of a contract.
pub const CAP_SUBSCRIBERS_MAX: u32 = 1_000_000_000;
/// Wallets on an allow list at the most.
pub const ALLOW_LIST_WALLETS_MAX: usize = 1_000;

/// A contract: what it offers, to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// Its number.
    pub id: ContractId,
    /// What it offers.
    pub offer: Offer,
    /// What its owner calls it.
    pub title: Title,
    /// What its owner says of it.
    pub description: Option<Description>,
    /// How many may be subscribed at once; `None` is any number.
    pub max_subscribers: Option<u32>,
    /// Who may subscribe; `None` is everybody.
    pub allow_list: Option<AllowList>,
    /// Raised by 1 with each event of it.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What a subscription needs to know of its contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Who is paid.
    pub owner: Address,
    /// Whether it can be subscribed to.
    pub status: ContractStatus,
    /// What new subscribers agree to.
    pub terms: Terms,
    /// Who has not agreed to the newest terms ends with the first term that ends at this time or later.
    pub consent_by: Option<Timestamp>,
}

/// What a subscriber agrees to. Never changed: other terms are another version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The contract's version that brought them.
    pub version: i64,
    /// What a term costs.
    pub price: Payable,
    /// When terms end.
    pub schedule: Schedule,
    /// What is paid after an outage.
    pub catch_up: CatchUp,
}

impl Terms {
    /// Whether whoever agreed to these terms has nothing to say against others: the same, for no more money.
    pub fn cover(&self, other: &Self) -> bool {
        self.schedule == other.schedule
            && self.catch_up == other.catch_up
            && other.price <= self.price
    }
}

/// Whether a contract can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractStatus {
    /// It can.
    #[serde(alias = "Open")]
    Open,
    /// It can't; who is subscribed stays so.
    #[serde(alias = "Closed")]
    Closed,
    /// It is over, for good.
    #[serde(alias = "Canceled", alias = "cancelled", alias = "Cancelled")]
    Canceled,
}

/// What is paid when renewals were held up for longer than a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// The term that runs now; the missed ones cost nothing.
    #[default]
    One,
    /// Every term.
    All,
}

/// What an owner calls a contract: 1 to 64 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Title(String);

/// What an owner says of a contract: 1 to 255 characters, none of them a control character but the line break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Description(String);

/// Who may subscribe: 1 to 1,000 wallets, each once, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct AllowList(BTreeSet<Address>);

impl Title {
    /// Takes a text, or gives nothing when it is empty, too long or holds control characters.
    pub fn new(text: String) -> Option<Self> {
        let plain = !text.chars().any(char::is_control);
        (plain && (1..=TITLE_CHARS_MAX).contains(&text.chars().count())).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Description {
    /// Takes a text, or gives nothing when it is empty, too long or holds control characters.
    pub fn new(text: String) -> Option<Self> {
        let plain = text.chars().all(|c| c == '\n' || !c.is_control());
        (plain && (1..=DESCRIPTION_CHARS_MAX).contains(&text.chars().count())).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a list is no allow list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowListError {
    /// The entry with this index is no address.
    #[error("not an address: k and nine of a-z and 0-9")]
    NotAnAddress(usize),
    /// It is too long.
    #[error("at most {ALLOW_LIST_WALLETS_MAX} wallets")]
    TooLong,
}

impl AllowList {
    /// Reads a list in any order and case, with repetitions. Nobody on it means everybody, which is no list.
    ///
    /// # Errors
    /// When an entry is no address or there are too many.
    pub fn new(entries: &[String]) -> Result<Option<Self>, AllowListError> {
        let read = |(index, entry): (usize, &String)| {
            entry.trim().to_ascii_lowercase().parse().or(Err(AllowListError::NotAnAddress(index)))
        };
        let wallets: BTreeSet<Address> =
            entries.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        match wallets.len() {
            0 => Ok(None),
            1..=ALLOW_LIST_WALLETS_MAX => Ok(Some(Self(wallets))),
            _ => Err(AllowListError::TooLong),
        }
    }

    /// Whether a wallet is on it.
    pub fn has(&self, wallet: &Address) -> bool {
        self.0.contains(wallet)
    }

    /// The wallets, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Address> {
        self.0.iter()
    }
}

impl ContractStatus {
    /// The name in the database and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Canceled => "canceled",
        }
    }
}

impl FromStr for ContractStatus {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Open, Self::Closed, Self::Canceled]
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| format!("a contract that is {name:?}"))
    }
}

impl CatchUp {
    /// The name in the database and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::All => "all",
        }
    }
}

impl FromStr for CatchUp {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::One, Self::All]
            .into_iter()
            .find(|policy| policy.name() == name)
            .ok_or_else(|| format!("a catch-up policy {name:?}"))
    }
}

/// What an owner wants to change. What is not named stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// Another title.
    pub title: Option<Title>,
    /// Another description, or none.
    pub description: Patch<Description>,
    /// Close, reopen or cancel.
    pub status: Option<ContractStatus>,
    /// Another price.
    pub price: Option<Payable>,
    /// Another schedule.
    pub schedule: Option<Schedule>,
    /// Another catch-up policy.
    pub catch_up: Option<CatchUp>,
    /// Another cap, or none.
    pub max_subscribers: Patch<u32>,
    /// Another allow list, or none.
    pub allow_list: Patch<AllowList>,
    /// By when subscribers must agree to the newest terms, or never.
    pub consent_by: Patch<Timestamp>,
}

/// A contract after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The contract.
    pub contract: Contract,
    /// The fields that are no longer what they were, as they are called on the wire.
    pub changed: Vec<&'static str>,
}

impl Edited {
    /// Whether the subscribers must be told, each by an event of their own.
    pub fn concerns_subscribers(&self) -> bool {
        let over = self.contract.offer.status == ContractStatus::Canceled;
        over || self.has_new_terms() || self.changed.contains(&"require_consent_by")
    }

    /// Whether there are other terms than before.
    pub fn has_new_terms(&self) -> bool {
        self.contract.offer.terms.version == self.contract.version
    }
}

impl Contract {
    /// Whether a wallet may subscribe as far as the allow list is concerned.
    pub fn admits(&self, wallet: &Address) -> bool {
        self.allow_list.as_ref().is_none_or(|list| list.has(wallet))
    }

    /// The contract as it will be, or `None` when nothing changes.
    ///
    /// # Errors
    /// [`ContractRefusal::ContractCanceled`]: what is over stays as it is.
    pub fn edit(&self, edit: &Edit, now: Timestamp) -> Result<Option<Edited>, ContractRefusal> {
        let mut next = self.clone();
        next.title = edit.title.clone().unwrap_or(next.title);
        next.description = edit.description.clone().apply(next.description);
        next.max_subscribers = edit.max_subscribers.clone().apply(next.max_subscribers);
        next.allow_list = edit.allow_list.clone().apply(next.allow_list);
        let offer = &mut next.offer;
        offer.status = edit.status.unwrap_or(offer.status);
        offer.consent_by = edit.consent_by.clone().apply(offer.consent_by);
        offer.terms.price = edit.price.unwrap_or(offer.terms.price);
        offer.terms.schedule =
            edit.schedule.clone().unwrap_or_else(|| offer.terms.schedule.clone());
        offer.terms.catch_up = edit.catch_up.unwrap_or(offer.terms.catch_up);
        let changed = self.differences(&next);
        if changed.is_empty() {
            return Ok(None);
        }
        if self.offer.status == ContractStatus::Canceled {
            return Err(ContractRefusal::ContractCanceled);
        }
        (next.version, next.updated_at) = (self.version + 1, now);
        if next.offer.terms != self.offer.terms {
            next.offer.terms.version = next.version;
        }
        Ok(Some(Edited { contract: next, changed }))
    }

    fn differences(&self, next: &Self) -> Vec<&'static str> {
        let (was, is) = (&self.offer, &next.offer);
        [
            ("title", self.title != next.title),
            ("description", self.description != next.description),
            ("status", was.status != is.status),
            ("price", was.terms.price != is.terms.price),
            ("schedule", was.terms.schedule != is.terms.schedule),
            ("catch_up", was.terms.catch_up != is.terms.catch_up),
            ("max_subscribers", self.max_subscribers != next.max_subscribers),
            ("allow_list", self.allow_list != next.allow_list),
            ("require_consent_by", was.consent_by != is.consent_by),
        ]
        .into_iter()
        .filter_map(|(field, differs)| differs.then_some(field))
        .collect()
    }
}

/// Why this slice says no. In the order in which they are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractRefusal {
    /// Nobody owns the name that it should be offered under.
    NameNotFound(Name),
    /// Somebody else owns it.
    NotNameOwner(Name),
    /// There is no such contract.
    ContractNotFound,
    /// There is no such subscription.
    SubscriptionNotFound,
    /// The caller is not the one whose it is.
    NotYours,
    /// It has another version than the caller has seen.
    VersionConflict(i64),
    /// The contract is over.
    ContractCanceled,
    /// The contract takes no new subscribers.
    ContractClosed,
    /// The wallet is not on the allow list.
    NotAllowed,
    /// It has as many subscribers as it may.
    ContractFull,
    /// It costs more than the caller wants to pay.
    PriceChanged,
    /// The operator has made the subscription one that can't be ended.
    CannotUnsubscribe,
    /// The subscription is over.
    SubscriptionEnded,
    /// The ledger says no.
    Ledger(LedgerRefusal),
}

impl Refusal for ContractRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NameNotFound(_) => "name_not_found",
            Self::NotNameOwner(_) => "not_name_owner",
            Self::ContractNotFound => "contract_not_found",
            Self::SubscriptionNotFound => "subscription_not_found",
            Self::NotYours => "forbidden",
            Self::VersionConflict(_) => "version_conflict",
            Self::ContractCanceled => "contract_canceled",
            Self::ContractClosed => "contract_closed",
            Self::NotAllowed => "not_allowed",
            Self::ContractFull => "contract_full",
            Self::PriceChanged => "price_changed",
            Self::CannotUnsubscribe => "cannot_unsubscribe",
            Self::SubscriptionEnded => "subscription_ended",
            Self::Ledger(refusal) => refusal.code(),
        }
    }
}

impl From<LedgerRefusal> for ContractRefusal {
    fn from(refusal: LedgerRefusal) -> Self {
        Self::Ledger(refusal)
    }
}

#[cfg(test)]
pub(super) mod tests;
