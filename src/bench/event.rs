//! The events of a load test: the same bytes whoever sends them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::kernel::{
    event::{Event, Seq, Topic},
    time::{HostClock, Timestamp},
};

/// Where the events of a baseline begin: their numbers all have ten digits.
pub(super) const BEGIN: Seq = Seq::new(1_000_000_000);
/// How many bytes of JSON such an event has.
pub(super) const BYTES: usize = 200;

/// The digits of the largest number.
const DIGITS_MAX: usize = 19;
const KIND: &str = "payment.made";
const SHARED: &str = "payments";

/// Which topics the events are on, and so who hears them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Spread {
    /// All on one topic, which everyone listens to.
    Shared,
    /// Each on the topic of one listener, drawn at random.
    Each,
    /// All on the shared topic and on that of one listener; everyone listens to both.
    Both,
    /// As [`Spread::Shared`], and what they tell is a payment, which other dialects can show too.
    Paid,
}

impl Spread {
    /// What a listener listens to.
    pub(super) fn interest(self, listener: u32) -> Vec<String> {
        match self {
            Self::Shared | Self::Paid => vec![SHARED.to_owned()],
            Self::Each => vec![own(listener)],
            Self::Both => vec![SHARED.to_owned(), own(listener)],
        }
    }
}

/// The topic of one listener: that of a wallet, which needs no rights.
pub(super) fn own(listener: u32) -> String {
    format!("wallet:k{listener:09}")
}

/// The listener that an event is for: any, but the same for all who ask.
pub(super) fn pick(seq: u64, listeners: u32) -> u32 {
    // splitmix64: well mixed, and there is nothing to remember.
    let mut mixed = seq.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let place = (mixed ^ (mixed >> 31)) % u64::from(listeners.max(1));
    u32::try_from(place).unwrap_or(0)
}

/// Makes events of one size, as cheaply as may be: they are not what is measured.
#[derive(Debug, Clone)]
pub(super) struct Press {
    /// The topics that an event for each listener is on; one for all when they share it.
    topics: Arc<[Box<[Topic]>]>,
    kind: Arc<str>,
    at: Timestamp,
    /// The data of an event by how many digits its number has, so that all events are of one size.
    data: Arc<[Box<RawValue>]>,
}

impl Press {
    /// For so many listeners.
    pub(super) fn new(spread: Spread, listeners: u32) -> anyhow::Result<Self> {
        let shared = matches!(spread, Spread::Shared | Spread::Paid);
        let many = if shared { 1 } else { listeners.max(1) };
        let topics = |listener| -> anyhow::Result<Box<[Topic]>> {
            spread.interest(listener).iter().map(|name| Ok(name.parse()?)).collect()
        };
        let topics = (0..many).map(topics).collect::<Result<Arc<[_]>, _>>()?;
        let at = HostClock.now();
        let names: usize =
            topics.first().into_iter().flatten().map(|name| name.as_str().len() + 3).sum();
        // What stands around topics, number and padding.
        let around =
            r#"{"type":"event","seq":,"kind":"","topics":[],"at":"","data":{"pad":""}}"#.len();
        let fixed = around + KIND.len() + names - 1 + at.to_string().len();
        let pad =
            |digits| format!(r#"{{"pad":"{:x<1$}"}}"#, "", BYTES.saturating_sub(fixed + digits));
        let data = (0..=DIGITS_MAX).map(|digits| {
            RawValue::from_string(if spread == Spread::Paid { payment(at) } else { pad(digits) })
        });
        let data = data.collect::<Result<_, _>>()?;
        Ok(Self { topics, kind: KIND.into(), at, data })
    }

    /// The topics of an event.
    pub(super) fn topics(&self, seq: Seq) -> &[Topic] {
        let listeners = u32::try_from(self.topics.len()).unwrap_or(u32::MAX);
        let listener = usize::try_from(pick(seq.get().unsigned_abs(), listeners));
        listener.ok().and_then(|listener| self.topics.get(listener)).map_or(&[], |topics| topics)
    }

    fn data(&self, seq: Seq) -> Box<RawValue> {
        let digits = seq.get().checked_ilog10().map_or(1, |digits| digits.saturating_add(1));
        let data = usize::try_from(digits).ok().and_then(|digits| self.data.get(digits));
        data.cloned().unwrap_or_else(|| RawValue::NULL.to_owned())
    }

    /// The event with this number.
    pub(super) fn event(&self, seq: Seq) -> Event {
        Event {
            seq,
            at: self.at,
            kind: Arc::clone(&self.kind),
            topics: self.topics(seq).into(),
            data: self.data(seq),
        }
    }
}

/// What a payment tells.
fn payment(at: Timestamp) -> String {
    let names = r#""name":null,"sent_name":null,"sent_metaname":null"#;
    let parties = r#""from":"k8juvewcui","to":"k7oax47quv""#;
    format!(
        r#"{{"id":9912,{parties},"amount":10.25,"type":"transfer",{names},"metadata":"message=thanks","request_id":null,"at":"{at}","from_version":12,"to_version":7}}"#
    )
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{
        gateways::krist,
        hub::{Encoders, Entry, frame},
    };

    #[test]
    fn a_payment_can_be_shown_in_every_dialect() {
        let event = Press::new(Spread::Paid, 1_000).unwrap().event(BEGIN.next());
        for profile in [krist::Profile::Kromer, krist::Profile::Krist] {
            let (encoders, encoding) = krist::register(Encoders::default(), profile);
            let entry = Entry::new(Arc::new(event.clone()), &encoders, Instant::now());
            let text = frame::payload(entry.frame(encoding).unwrap());
            let begin = r#"{"type":"event","event":"transaction","event_id":"1000000001","#;
            assert!(text.starts_with(begin.as_bytes()), "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn every_event_has_the_same_size_whatever_its_topics() {
        for spread in [Spread::Shared, Spread::Each, Spread::Both] {
            for seq in [1, 9, 10, BEGIN.get() + 7, i64::MAX] {
                let event = Press::new(spread, 1_000).unwrap().event(Seq::new(seq));
                let frame = frame::event(&event);
                assert_eq!(frame::payload(&frame).len(), BYTES, "{spread:?} {seq}");
            }
        }
    }

    #[test]
    fn listeners_are_picked_evenly_and_repeatably() {
        let mut hits = [0_u32; 10];
        (0..10_000).for_each(|seq| hits[usize::try_from(pick(seq, 10)).unwrap()] += 1);
        assert!(hits.iter().all(|hits| (850..1_150).contains(hits)), "{hits:?}");
        assert_eq!(pick(77, 1_000), pick(77, 1_000));
    }
}
