//! The events of the operator's topic that no other slice emits.

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use crate::kernel::{
    event::{Fact, Topic},
    money::Scale,
    time::Timestamp,
};

/// The kinds of this slice.
pub const KINDS: &[&str] = &["ops.clock_advanced", NOTICE_CHANGED];
/// The kind of [`NoticeChanged`].
pub const NOTICE_CHANGED: &str = "notice.changed";

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

/// What every client is told about the community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NoticeView {
    /// The message of the day.
    pub motd: String,
    /// When it was set.
    pub motd_set_at: Timestamp,
    /// Whether wallets may pay.
    pub transactions_enabled: bool,
}

/// The notice was changed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct NoticeChanged {
    /// The notice as it is now.
    #[serde(flatten)]
    pub notice: NoticeView,
    /// The fields that are no longer what they were: `motd`, `transactions_enabled`.
    pub changed: Vec<String>,
}

impl Fact for NoticeChanged {
    fn kind(&self) -> &'static str {
        NOTICE_CHANGED
    }

    fn topics(&self) -> Vec<Topic> {
        vec![Topic::named("notices")]
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn check(event: &impl Fact, golden: &str) {
        let golden: Value = serde_json::from_str(golden).unwrap();
        let data: Value =
            serde_json::from_str(event.data(Scale::new(2).unwrap()).unwrap().get()).unwrap();
        assert_eq!(
            serde_json::json!({"kind": event.kind(), "topics": event.topics(), "data": data}),
            golden
        );
        assert!(KINDS.contains(&event.kind()));
    }

    #[test]
    fn every_kind_has_its_golden_json() {
        let clock = ClockAdvanced {
            offset_s: 86_400,
            by: "key:00000000-0000-0000-0000-000000000007".into(),
        };
        check(&clock, include_str!("../../../tests/golden/events/ops.clock_advanced.json"));
        let at = chrono::DateTime::from_timestamp_millis(1_795_309_200_123).unwrap();
        let notice = NoticeView {
            motd: "The market is open.".into(),
            motd_set_at: Timestamp::new(at),
            transactions_enabled: true,
        };
        let changed = NoticeChanged { notice, changed: vec!["motd".into()] };
        check(&changed, include_str!("../../../tests/golden/events/notice.changed.json"));
        assert_eq!(KINDS.len(), 2);
    }
}
