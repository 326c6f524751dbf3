//! What the tests of the doors share.

use std::{sync::Arc, time::Instant};

use chrono::DateTime;
use serde_json::value::RawValue;

use crate::{
    hub::{Encoders, Entry},
    kernel::{
        event::{Event, Seq, Topic},
        time::Timestamp,
    },
};

/// A payment at a position, as the hub hands it on.
pub(super) fn entry(seq: i64) -> Arc<Entry> {
    let event = Event {
        seq: Seq::new(seq),
        at: Timestamp::new(DateTime::from_timestamp_millis(1_795_309_200_123).unwrap()),
        kind: "payment.made".into(),
        topics: [Topic::named("payments")].into(),
        data: RawValue::from_string(format!(r#"{{"n":{seq}}}"#)).unwrap(),
    };
    Entry::new(Arc::new(event), &Encoders::default(), Instant::now())
}
