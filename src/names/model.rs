//! What a name is and what may become of it. Pure: no clock, no database.

use serde::{Deserialize, Serialize};

use crate::{
    db::Refusal,
    kernel::{address::Address, id::NameId, name::Name, time::Timestamp},
    ledger::LedgerRefusal,
};

/// The longest record in characters.
pub const RECORD_CHARS_MAX: usize = 255;

/// A name that somebody owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedName {
    /// Its row.
    pub id: NameId,
    /// The name, without its suffix.
    pub name: Name,
    /// Whose it is.
    pub owner: Address,
    /// Who bought it.
    pub original_owner: Address,
    /// Where it leads.
    pub record: Option<ARecord>,
    /// Raised by 1 with each event of it.
    pub version: i64,
    /// When it was bought.
    pub registered_at: Timestamp,
    /// When it got its owner or its record.
    pub updated_at: Timestamp,
    /// When it got another owner, if it did.
    pub transferred_at: Option<Timestamp>,
}

/// Where a name leads, for programs that ask: 1 to 255 visible ASCII characters, of which the first is none of `.?#`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct ARecord(String);

impl ARecord {
    /// Takes a text, or gives nothing when it is empty, too long or holds other characters.
    pub fn new(text: String) -> Option<Self> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        let led = !text.starts_with(['.', '?', '#']);
        (visible && led && (1..=RECORD_CHARS_MAX).contains(&text.len())).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl OwnedName {
    /// A name as it is right after it was bought.
    pub fn bought(id: NameId, name: Name, buyer: Address, now: Timestamp) -> Self {
        Self {
            id,
            name,
            original_owner: buyer.clone(),
            owner: buyer,
            record: None,
            version: 1,
            registered_at: now,
            updated_at: now,
            transferred_at: None,
        }
    }

    /// The name with another owner; `None` when it has that owner already.
    ///
    /// # Errors
    /// [`NameRefusal::NotNameOwner`] unless its owner gives it.
    pub fn give(
        &self,
        by: &Address,
        to: &Address,
        now: Timestamp,
    ) -> Result<Option<Self>, NameRefusal> {
        self.of(by)?;
        if self.owner == *to {
            return Ok(None);
        }
        Ok(Some(Self {
            owner: to.clone(),
            version: self.version + 1,
            updated_at: now,
            transferred_at: Some(now),
            ..self.clone()
        }))
    }

    /// The name with another record or none; `None` when it has that already.
    ///
    /// # Errors
    /// [`NameRefusal::NotNameOwner`] unless its owner changes it.
    pub fn lead(
        &self,
        by: &Address,
        record: Option<&ARecord>,
        now: Timestamp,
    ) -> Result<Option<Self>, NameRefusal> {
        self.of(by)?;
        if self.record.as_ref() == record {
            return Ok(None);
        }
        Ok(Some(Self {
            record: record.cloned(),
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        }))
    }

    fn of(&self, by: &Address) -> Result<(), NameRefusal> {
        if self.owner == *by { Ok(()) } else { Err(NameRefusal::NotNameOwner(self.name.clone())) }
    }
}

/// Why this slice says no. In the order in which they are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameRefusal {
    /// Somebody owns the name.
    NameTaken(Name),
    /// Nobody owns the name.
    NameNotFound(Name),
    /// The caller is not its owner.
    NotNameOwner(Name),
    /// The ledger says no.
    Ledger(LedgerRefusal),
}

impl Refusal for NameRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NameTaken(_) => "name_taken",
            Self::NameNotFound(_) => "name_not_found",
            Self::NotNameOwner(_) => "not_name_owner",
            Self::Ledger(refusal) => refusal.code(),
        }
    }
}

impl From<LedgerRefusal> for NameRefusal {
    fn from(refusal: LedgerRefusal) -> Self {
        Self::Ledger(refusal)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const ANNA: &str = "k8juvewcui";
    const BERT: &str = "k7oax47quv";

    fn address(text: &str) -> Address {
        text.parse().unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::new(DateTime::from_timestamp(second, 0).unwrap())
    }

    fn record(text: &str) -> ARecord {
        ARecord::new(text.into()).unwrap()
    }

    /// Anna's, leading to `example.org`, since the first second.
    fn bakery() -> OwnedName {
        let name = "bakery".parse().unwrap();
        let bought = OwnedName::bought(NameId::new(7), name, address(ANNA), at(1));
        OwnedName { record: Some(record("example.org")), ..bought }
    }

    #[test]
    fn only_the_owner_gives_it_and_only_to_somebody_else() {
        let check = |by: &str, to: &str, expected: Result<Option<&str>, &str>| {
            let given = bakery().give(&address(by), &address(to), at(2));
            let owner = given.as_ref().map(|given| given.as_ref().map(|name| name.owner.as_str()));
            assert_eq!(owner.map_err(Refusal::code), expected, "{by} gives it to {to}");
        };
        check(ANNA, BERT, Ok(Some(BERT)));
        check(ANNA, ANNA, Ok(None));
        check(BERT, BERT, Err("not_name_owner"));
        check(BERT, ANNA, Err("not_name_owner"));
        let given = bakery().give(&address(ANNA), &address(BERT), at(2)).unwrap().unwrap();
        assert_eq!(
            (given.version, given.updated_at, given.transferred_at),
            (2, at(2), Some(at(2)))
        );
        // The rest stays as it is: where it leads, who bought it, and when.
        assert_eq!(
            (given.record, given.original_owner, given.registered_at),
            (bakery().record, address(ANNA), at(1))
        );
    }

    #[test]
    fn only_the_owner_leads_it_elsewhere() {
        let check = |by: &str, to: Option<&str>, expected: Result<Option<Option<&str>>, &str>| {
            let to = to.map(record);
            let led = bakery().lead(&address(by), to.as_ref(), at(2));
            let leads = led
                .as_ref()
                .map(|led| led.as_ref().map(|name| name.record.as_ref().map(ARecord::as_str)));
            assert_eq!(leads.map_err(Refusal::code), expected, "{by} leads it to {to:?}");
        };
        check(ANNA, Some("example.com"), Ok(Some(Some("example.com"))));
        check(ANNA, None, Ok(Some(None)));
        check(ANNA, Some("example.org"), Ok(None));
        check(BERT, Some("example.com"), Err("not_name_owner"));
        check(BERT, None, Err("not_name_owner"));
        let led = bakery().lead(&address(ANNA), None, at(2)).unwrap().unwrap();
        assert_eq!((led.version, led.updated_at, led.transferred_at), (2, at(2), None));
    }

    #[test]
    fn a_record_is_short_and_visible() {
        for good in ["example.org", "$example.org/page#here", "a", &"x".repeat(RECORD_CHARS_MAX)] {
            assert!(ARecord::new(good.into()).is_some(), "{good:?}");
        }
        let long = "x".repeat(RECORD_CHARS_MAX + 1);
        for bad in ["", ".example.org", "?a", "#a", "a b", "a\n", "é", &long] {
            assert!(ARecord::new(bad.into()).is_none(), "{bad:?}");
        }
    }
}
