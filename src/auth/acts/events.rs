//! The event of what operators do.

use serde::Serialize;
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};
use utoipa::ToSchema;

use crate::kernel::{
    event::{Fact, Topic},
    money::Scale,
};

/// The kinds of this part of the slice.
pub const KINDS: &[&str] = &["ops.acted"];

/// An operator did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Acted {
    /// Who: the public name of a service key, or `console` for a command on the host.
    pub by: String,
    /// What that key is called.
    pub name: String,
    /// What: a noun, a dot and a verb, as in `wallet.lock`.
    pub action: String,
    /// To what: an address, an id, a name.
    pub target: String,
    /// More about it; each action has its own.
    #[schema(value_type = Object)]
    pub detail: Map<String, Value>,
}

impl Fact for Acted {
    fn kind(&self) -> &'static str {
        "ops.acted"
    }

    fn topics(&self) -> Vec<Topic> {
        vec![Topic::named("ops")]
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::auth::acts::Actor;

    #[test]
    fn every_kind_has_its_golden_json() {
        let golden: Value =
            serde_json::from_str(include_str!("../../../tests/golden/events/ops.acted.json"))
                .unwrap();
        let mut acted = Actor::console().acts("money.mint", "k8juvewcui").with("amount", "500");
        acted.by = "key:00000000-0000-0000-0000-000000000007".into();
        acted.name = "first key".into();
        let data = acted.data(Scale::new(2).unwrap()).unwrap();
        let data: Value = serde_json::from_str(data.get()).unwrap();
        assert_eq!(json!({"kind": acted.kind(), "topics": acted.topics(), "data": data}), golden);
        assert_eq!(KINDS, [acted.kind()]);
    }
}
