//! The events of names.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{ARecord, OwnedName};
use crate::kernel::{
    address::Address,
    event::{Fact, Topic},
    id::PaymentId,
    money::Scale,
    name::Name,
    time::Timestamp,
};

/// The kinds of this slice.
pub const KINDS: &[&str] = &["name.registered", "name.updated", "name.transferred"];

/// What happened to a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// Somebody bought it, or it came with an import.
    Registered,
    /// It leads elsewhere.
    Updated,
    /// It has another owner.
    Transferred {
        /// Whose it was.
        from: Address,
    },
}

/// Something happened to a name.
#[derive(Debug, Clone)]
pub struct NameEvent {
    /// What.
    pub happening: Happening,
    /// The name as it is now.
    pub name: OwnedName,
    /// The payment that tells of it, which comes right before this event; `None` for an import.
    pub payment: Option<PaymentId>,
}

/// The data of all events of names.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NameChanged {
    /// The name as it is now.
    #[serde(flatten)]
    pub name: NameView,
    /// Whose it was, when it has another owner.
    pub previous_owner: Option<Address>,
    /// The payment that tells of it, which comes right before this event; null for an import.
    pub payment_id: Option<PaymentId>,
}

/// A name on the wire.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NameView {
    /// The name, without its suffix.
    pub name: Name,
    /// Whose it is.
    pub owner: Address,
    /// Who bought it.
    pub original_owner: Address,
    /// Where it leads.
    pub record: Option<ARecord>,
    /// Raised by 1 with each event of the name; also the `ETag`.
    pub version: i64,
    /// When it was bought.
    pub registered_at: Timestamp,
    /// When it got its owner or its record.
    pub updated_at: Timestamp,
    /// When it got another owner, if it did.
    pub transferred_at: Option<Timestamp>,
}

impl From<&OwnedName> for NameView {
    fn from(name: &OwnedName) -> Self {
        Self {
            name: name.name.clone(),
            owner: name.owner.clone(),
            original_owner: name.original_owner.clone(),
            record: name.record.clone(),
            version: name.version,
            registered_at: name.registered_at,
            updated_at: name.updated_at,
            transferred_at: name.transferred_at,
        }
    }
}

impl NameEvent {
    fn previous(&self) -> Option<&Address> {
        match &self.happening {
            Happening::Transferred { from } => Some(from),
            Happening::Registered | Happening::Updated => None,
        }
    }
}

impl Fact for NameEvent {
    fn kind(&self) -> &'static str {
        match self.happening {
            Happening::Registered => "name.registered",
            Happening::Updated => "name.updated",
            Happening::Transferred { .. } => "name.transferred",
        }
    }

    fn topics(&self) -> Vec<Topic> {
        let mut topics = vec![Topic::named("names"), Topic::of("wallet", &self.name.owner)];
        topics.extend(self.previous().map(|owner| Topic::of("wallet", owner)));
        topics
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(&NameChanged {
            name: NameView::from(&self.name),
            previous_owner: self.previous().cloned(),
            payment_id: self.payment,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::Value;

    use super::*;
    use crate::kernel::id::NameId;

    /// One event of each kind.
    fn examples() -> [NameEvent; 3] {
        let at = |milli| Timestamp::new(DateTime::from_timestamp_millis(milli).unwrap());
        let (anna, bert): (Address, Address) =
            ("k8juvewcui".parse().unwrap(), "k7oax47quv".parse().unwrap());
        let name = "bakery".parse().unwrap();
        let bought = OwnedName::bought(NameId::new(7), name, anna.clone(), at(1_795_309_200_123));
        let record = ARecord::new("example.org".into()).unwrap();
        let led = bought.lead(&anna, Some(&record), at(1_795_309_260_000)).unwrap().unwrap();
        let given = led.give(&anna, &bert, at(1_795_309_320_000)).unwrap().unwrap();
        let event = |happening, name, payment| NameEvent {
            happening,
            name,
            payment: Some(PaymentId::new(payment)),
        };
        [
            event(Happening::Registered, bought, 9_912),
            event(Happening::Updated, led, 9_913),
            event(Happening::Transferred { from: anna }, given, 9_914),
        ]
    }

    #[test]
    fn every_kind_has_its_golden_json() {
        let events = examples();
        assert_eq!(events.iter().map(Fact::kind).collect::<Vec<_>>(), KINDS);
        for event in events {
            let path =
                format!("{}/tests/golden/events/{}.json", env!("CARGO_MANIFEST_DIR"), event.kind());
            let golden: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).expect(&path)).unwrap();
            let topics: Vec<_> = event.topics().iter().map(ToString::to_string).collect();
            let data: Value =
                serde_json::from_str(event.data(Scale::new(2).unwrap()).unwrap().get()).unwrap();
            assert_eq!(
                serde_json::json!({"kind": event.kind(), "topics": topics, "data": data}),
                golden
            );
        }
    }
}
