//! The envelope of an event: what the log stores and the hub delivers.
//!
//! The kinds themselves belong to the slices: each slice's `events.rs` is a closed enum that implements [`Fact`].
//! Everything between the log and the socket knows this file and no domain.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{money::Scale, time::Timestamp};

/// The longest topic name in bytes.
pub const TOPIC_BYTES_MAX: usize = 96;

/// A position in the log: dense, rising, in commit order. 0 is before the first event.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct Seq(i64);

impl Seq {
    /// The position before the first event.
    pub const ZERO: Self = Self(0);

    /// Wraps a number of the log. Negative numbers are no position and become zero.
    pub const fn new(seq: i64) -> Self {
        Self(if seq < 0 { 0 } else { seq })
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The position behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The position before this one; zero stays zero.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self::new(self.0.saturating_sub(1))
    }

    /// How many events lie behind `earlier` up to this position; zero when it is not earlier.
    pub fn distance(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0).max(0).unsigned_abs()
    }
}

impl std::fmt::Display for Seq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of one history. A restored or promoted database has another, so nobody continues on a rewound log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// Wraps the name that the database gave.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a listener names to hear events: `payments`, `wallet:kabc123def`, `user:803…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Topic(Arc<str>);

/// Why a text is no topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a topic is 1 to {TOPIC_BYTES_MAX} characters of a-z, 0-9, _, - and :")]
pub struct TopicError;

impl Topic {
    /// A topic named in our own code.
    pub fn named(name: &'static str) -> Self {
        Self(name.into())
    }

    /// The topic of one resource: `wallet` and an address make `wallet:kabc123def`.
    pub fn of(family: &'static str, id: impl std::fmt::Display) -> Self {
        Self(format!("{family}:{id}").into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the first colon, and the rest when there is one.
    pub fn split(&self) -> (&str, Option<&str>) {
        self.0.split_once(':').map_or((&self.0, None), |(family, id)| (family, Some(id)))
    }
}

impl std::str::FromStr for Topic {
    type Err = TopicError;

    fn from_str(text: &str) -> Result<Self, TopicError> {
        let valid = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b':');
        if text.is_empty() || text.len() > TOPIC_BYTES_MAX || !text.bytes().all(valid) {
            return Err(TopicError);
        }
        Ok(Self(text.into()))
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A fact of one slice, on its way into the log.
pub trait Fact: Send + Sync {
    /// The kind: a noun, a dot, a verb in the past tense.
    fn kind(&self) -> &'static str;

    /// Who hears it. All topics of one event have the same audience.
    fn topics(&self) -> Vec<Topic>;

    /// The data as JSON, with amounts as decimals of the community's scale.
    ///
    /// # Errors
    /// When the data has no JSON form, which is a defect of the slice.
    fn data(&self, scale: Scale) -> Result<Box<RawValue>, serde_json::Error>;
}

/// An event that its transaction has not numbered yet.
#[derive(Debug, Clone)]
pub struct Draft {
    /// See [`Fact::kind`].
    pub kind: &'static str,
    /// See [`Fact::topics`].
    pub topics: Vec<Topic>,
    /// See [`Fact::data`].
    pub data: Box<RawValue>,
}

/// A committed event.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// When it was committed, by the database's clock.
    pub at: Timestamp,
    /// See [`Fact::kind`].
    pub kind: Arc<str>,
    /// See [`Fact::topics`].
    pub topics: Box<[Topic]>,
    /// See [`Fact::data`].
    pub data: Box<RawValue>,
}

/// The kind of the event that ends credentials. Every hub applies it in its place and sends it to nobody.
pub const ACCESS_REVOKED: &str = "access.revoked";

/// The data of [`ACCESS_REVOKED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The credentials that end; a connection that was opened with one of them is closed.
    pub credentials: Vec<Credential>,
}

/// What a caller proved who they are with, by its public name: `session:…`, `key:…`, or `wallet:…` for a
/// private key. Not a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Credential(Arc<str>);

impl Credential {
    /// Names a credential.
    pub fn of(family: &'static str, id: impl std::fmt::Display) -> Self {
        Self(format!("{family}:{id}").into())
    }
}

impl std::fmt::Display for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_short_and_plain() {
        for good in ["payments", "wallet:k8juvewcui", "contract:7:owner", "user:80351110224678912"]
        {
            assert_eq!(good.parse::<Topic>().unwrap().as_str(), good);
        }
        let long = "a".repeat(TOPIC_BYTES_MAX + 1);
        for bad in ["", "Payments", "a b", "a,b", "é", "a\n", &long] {
            assert_eq!(bad.parse::<Topic>(), Err(TopicError), "{bad:?}");
        }
    }

    #[test]
    fn a_position_never_leaves_its_range() {
        assert_eq!(Seq::new(-3), Seq::ZERO);
        assert_eq!(Seq::ZERO.previous(), Seq::ZERO);
        assert_eq!(Seq::new(i64::MAX).next(), Seq::new(i64::MAX));
        assert_eq!(Seq::new(7).distance(Seq::new(5)), 2);
        assert_eq!(Seq::new(5).distance(Seq::new(7)), 0);
    }
}
