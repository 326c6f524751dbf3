//! The one kind of event of this slice: applied by every hub in its place, sent to nobody.

use serde_json::value::{RawValue, to_raw_value};

use crate::kernel::{
    event::{ACCESS_REVOKED, Fact, Revocation, Topic},
    money::Scale,
};

/// The kinds of this slice.
pub const KINDS: &[&str] = &[ACCESS_REVOKED];

impl Fact for Revocation {
    fn kind(&self) -> &'static str {
        ACCESS_REVOKED
    }

    fn topics(&self) -> Vec<Topic> {
        Vec::new()
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;
    use crate::kernel::{event::Credential, id::SessionId};

    #[test]
    fn the_kind_has_its_golden_json() {
        let id = SessionId::new(Uuid::from_u128(7));
        let event = Revocation { credentials: vec![Credential::of("session", id)] };
        let golden: Value =
            serde_json::from_str(include_str!("../../tests/golden/events/access.revoked.json"))
                .unwrap();
        let data: Value =
            serde_json::from_str(event.data(Scale::new(2).unwrap()).unwrap().get()).unwrap();
        assert_eq!(
            serde_json::json!({"kind": event.kind(), "topics": event.topics(), "data": data}),
            golden
        );
    }
}
