//! The events of the operator's topic that no other slice emits.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use crate::kernel::{
    event::{Fact, Topic},
    money::Scale,
};

/// The kinds of this slice.
pub const KINDS: &[&str] = &["ops.clock_advanced"];

/// The test clock was moved.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ClockAdvanced {
    /// How far the clock is ahead of the database's own, in seconds.
    pub offset_s: i64,
    /// Who moved it: the name of a service key.
    pub by: String,
}

impl Fact for ClockAdvanced {
    fn kind(&self) -> &'static str {
        "ops.clock_advanced"
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
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_kind_has_its_golden_json() {
        let event = ClockAdvanced {
            offset_s: 86_400,
            by: "key:00000000-0000-0000-0000-000000000007".into(),
        };
        let golden: Value = serde_json::from_str(include_str!(
            "../../../tests/golden/events/ops.clock_advanced.json"
        ))
        .unwrap();
        let data: Value =
            serde_json::from_str(event.data(Scale::new(2).unwrap()).unwrap().get()).unwrap();
        assert_eq!(
            serde_json::json!({"kind": event.kind(), "topics": event.topics(), "data": data}),
            golden
        );
        assert_eq!(KINDS, [event.kind()]);
    }
}
