//! Events, entries and interests for the tests of this floor.

use std::{sync::Arc, time::Instant};

use chrono::DateTime;
use serde_json::value::RawValue;

use super::{
    entry::{Encoders, Entry},
    interest::{Kinds, Want},
};
use crate::kernel::{
    event::{ACCESS_REVOKED, Event, Seq},
    time::Timestamp,
};

pub(super) fn event(seq: i64, kind: &str, topics: &[&str]) -> Event {
    event_with(seq, kind, topics, format!(r#"{{"n":{seq}}}"#))
}

pub(super) fn event_with(seq: i64, kind: &str, topics: &[&str], data: String) -> Event {
    let at = DateTime::parse_from_rfc3339("2026-11-22T01:00:00Z").unwrap();
    Event {
        seq: Seq::new(seq),
        at: Timestamp::new(at.to_utc()),
        kind: kind.into(),
        topics: topics.iter().map(|topic| topic.parse().unwrap()).collect(),
        data: RawValue::from_string(data).unwrap(),
    }
}

pub(super) fn entry(seq: i64, kind: &str, topics: &[&str]) -> Arc<Entry> {
    Entry::new(Arc::new(event(seq, kind, topics)), &Encoders::default(), Instant::now())
}

pub(super) fn revocation_event(seq: i64, credential: &str) -> Event {
    let data = format!(r#"{{"credentials":["{credential}"]}}"#);
    event_with(seq, ACCESS_REVOKED, &["access"], data)
}

pub(super) fn revocation(seq: i64, credential: &str) -> Arc<Entry> {
    Entry::new(Arc::new(revocation_event(seq, credential)), &Encoders::default(), Instant::now())
}

pub(super) fn want(topic: &str) -> Want {
    Want { topic: topic.parse().unwrap(), kinds: Kinds::All }
}

pub(super) fn want_kinds(topic: &str, kinds: &[&str]) -> Want {
    let kinds = Kinds::parse(kinds.iter().copied()).unwrap();
    Want { topic: topic.parse().unwrap(), kinds }
}
