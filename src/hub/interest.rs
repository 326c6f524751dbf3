//! What a reader listens to: a sorted set of topics, each with a filter of kinds.
//!
//! Two readers with equal interests get equal bytes, so an interest is also the key by which readers are grouped.

use std::sync::Arc;

use crate::kernel::event::{Event, Topic};

/// Kinds named by one topic's filter at the most.
pub const KINDS_MAX: usize = 32;
/// Bytes of one pattern of a filter at the most.
pub(super) const KIND_BYTES_MAX: usize = 64;

/// Which kinds of events a reader wants of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Kinds {
    /// All of them.
    #[default]
    All,
    /// Those that match one of the patterns, which are sorted.
    Some(Arc<[Pattern]>),
}

/// One pattern of a filter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pattern {
    /// `payment.*`, kept as `payment.`
    Family(Box<str>),
    /// `payment.made`
    Exact(Box<str>),
}

/// Why a filter is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KindsError {
    /// Too many patterns.
    #[error("a filter has 1 to {KINDS_MAX} kinds; leave it out to hear all of them")]
    Count,
    /// Not a pattern.
    #[error("a kind is `noun.verb`, or `noun.*`, or `*`, in a-z, 0-9 and _")]
    Form,
}

impl Kinds {
    /// Reads the patterns of a filter: `payment.made`, `payment.*`, `*`.
    ///
    /// # Errors
    /// When there are too many, or one is no pattern.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Self, KindsError> {
        let mut parsed = Vec::new();
        for pattern in patterns {
            if parsed.len() == KINDS_MAX {
                return Err(KindsError::Count);
            }
            if pattern == "*" {
                return Ok(Self::All);
            }
            parsed.push(Pattern::parse(pattern).ok_or(KindsError::Form)?);
        }
        if parsed.is_empty() {
            return Err(KindsError::Count);
        }
        parsed.sort();
        parsed.dedup();
        Ok(Self::Some(parsed.into()))
    }

    /// Whether a kind passes.
    pub fn pass(&self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(patterns) => patterns.iter().any(|pattern| pattern.matches(kind)),
        }
    }
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_');
        let (noun, verb) = text.split_once('.').filter(|_| text.len() <= KIND_BYTES_MAX)?;
        if noun.is_empty() || !noun.bytes().all(plain) {
            return None;
        }
        match verb {
            "*" => Some(Self::Family(format!("{noun}.").into())),
            "" => None,
            _ => verb.bytes().all(plain).then(|| Self::Exact(text.into())),
        }
    }

    fn matches(&self, kind: &str) -> bool {
        match self {
            Self::Family(family) => kind.starts_with(&**family),
            Self::Exact(exact) => kind == &**exact,
        }
    }
}

/// One topic of an interest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Want {
    /// The topic.
    pub topic: Topic,
    /// Which of its events.
    pub kinds: Kinds,
}

/// A set of wanted topics, sorted by topic, each once. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Interest(Arc<[Want]>);

impl Interest {
    /// The interest in these topics. Of a topic named twice the later filter stands.
    pub fn new(wants: impl IntoIterator<Item = Want>) -> Self {
        Self::default().with(wants)
    }

    /// This interest and these topics. A topic that is named again takes the new filter.
    #[must_use]
    pub fn with(&self, wants: impl IntoIterator<Item = Want>) -> Self {
        let mut all = self.0.to_vec();
        for want in wants {
            match all.binary_search_by(|held| held.topic.cmp(&want.topic)) {
                Ok(at) => {
                    if let Some(held) = all.get_mut(at) {
                        *held = want;
                    }
                }
                Err(at) => all.insert(at, want),
            }
        }
        Self(all.into())
    }

    /// This interest without these topics.
    #[must_use]
    pub fn without(&self, topics: &[Topic]) -> Self {
        Self(self.0.iter().filter(|held| !topics.contains(&held.topic)).cloned().collect())
    }

    /// Whether it has no topic.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many topics it has.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Its topics, in order.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.0.iter().map(|want| &want.topic)
    }

    /// Its topics and their filters, in the order of the topics.
    pub fn wants(&self) -> &[Want] {
        &self.0
    }

    /// Whether it has a topic.
    pub fn holds(&self, topic: &Topic) -> bool {
        self.want(topic).is_some()
    }

    /// Whether an event is wanted: one of its topics is held with a filter that its kind passes.
    pub fn takes(&self, event: &Event) -> bool {
        let passes = |topic| self.want(topic).is_some_and(|want| want.kinds.pass(&event.kind));
        event.topics.iter().any(passes)
    }

    fn want(&self, topic: &Topic) -> Option<&Want> {
        let at = self.0.binary_search_by(|want| want.topic.cmp(topic)).ok()?;
        self.0.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::fixtures::{event, want, want_kinds};

    #[test]
    fn a_filter_knows_exact_kinds_and_families() {
        let check = |patterns: &[&str], kind: &str, expected: bool| {
            let kinds = Kinds::parse(patterns.iter().copied()).unwrap();
            assert_eq!(kinds.pass(kind), expected, "{patterns:?} {kind}");
        };
        check(&["payment.made"], "payment.made", true);
        check(&["payment.made"], "payment.made_up", false);
        check(&["payment.*"], "payment.made", true);
        check(&["payment.*"], "payments.made", false);
        check(&["subscription.renewed", "payment.*"], "subscription.renewed", true);
        check(&["subscription.renewed", "payment.*"], "subscription.ended", false);
        check(&["payment.*", "*"], "subscription.ended", true);
    }

    #[test]
    fn a_filter_is_refused_with_its_reason() {
        for bad in
            ["", ".", "payment", "payment.", ".made", "pay*.made", "payment.ma*", "Payment.*"]
        {
            assert_eq!(Kinds::parse([bad]), Err(KindsError::Form), "{bad:?}");
        }
        assert_eq!(Kinds::parse([]), Err(KindsError::Count));
        assert_eq!(Kinds::parse(std::iter::repeat_n("a.b", KINDS_MAX + 1)), Err(KindsError::Count));
    }

    #[test]
    fn equal_sets_are_equal_in_whatever_order_they_were_named() {
        let one = Interest::new([want("b"), want("a"), want("c")]);
        let other = Interest::new([want("c"), want("b"), want("a"), want("a")]);
        assert_eq!(one, other);
        assert_eq!(one.without(&["b".parse().unwrap()]), Interest::new([want("a"), want("c")]));
    }

    #[test]
    fn naming_a_topic_again_replaces_its_filter() {
        let narrow = Interest::new([want_kinds("a", &["x.y"])]);
        assert!(!narrow.takes(&event(1, "p.q", &["a"])));
        assert!(narrow.takes(&event(1, "x.y", &["a"])));
        assert!(narrow.with([want("a")]).takes(&event(1, "p.q", &["a"])));
    }

    #[test]
    fn one_of_several_topics_is_enough() {
        let interest = Interest::new([want_kinds("a", &["x.y"]), want("b")]);
        assert!(interest.takes(&event(1, "p.q", &["a", "b"])));
        assert!(!interest.takes(&event(1, "p.q", &["a", "c"])));
    }
}
