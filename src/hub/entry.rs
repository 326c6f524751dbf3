//! One event of the log together with its encoded frames, shared by everyone who reads it.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use bytes::Bytes;

use super::{
    frame::{self, Encoder},
    interest::Interest,
};
use crate::kernel::event::{ACCESS_REVOKED, Credential, Event, Revocation, Seq};

/// What an entry costs besides its bytes: its parts, its place in the ring and in the index of topics.
const ENTRY_OVERHEAD_BYTES: usize = 512;

/// Names the dialect in which a reader wants its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encoding(Option<usize>);

impl Encoding {
    /// The native protocol, of which SSE and the JSON pages are forms.
    pub const NATIVE: Self = Self(None);
}

/// The dialects of this process besides the native one, which were registered at start.
#[derive(Debug, Clone, Default)]
pub struct Encoders(Arc<[Encoder]>);

impl Encoders {
    /// These and one more, and its name.
    #[must_use]
    pub fn with(self, encoder: Encoder) -> (Self, Encoding) {
        let name = Encoding(Some(self.0.len()));
        (Self(self.0.iter().copied().chain([encoder]).collect()), name)
    }
}

/// An event and its frames. The native frame is built at once, others when someone first wants them.
#[derive(Debug)]
pub struct Entry {
    event: Arc<Event>,
    encoders: Encoders,
    native: Bytes,
    others: OnceLock<Box<[OnceLock<Option<Bytes>>]>>,
    revoked: Option<Box<[Credential]>>,
    born: Instant,
}

impl Entry {
    /// Encodes an event of which this process learned then.
    pub fn new(event: Arc<Event>, encoders: &Encoders, born: Instant) -> Arc<Self> {
        let revoked = (&*event.kind == ACCESS_REVOKED).then(|| revoked(&event));
        let native = frame::event(&event);
        let (encoders, others) = (encoders.clone(), OnceLock::new());
        Arc::new(Self { event, encoders, native, others, revoked, born })
    }

    /// Its place in the log.
    pub fn seq(&self) -> Seq {
        self.event.seq
    }

    /// The event itself.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// When this process learned of it.
    pub fn born(&self) -> Instant {
        self.born
    }

    /// Its frame in a dialect, if the dialect shows such events. A revocation is shown in none.
    pub fn frame(&self, encoding: Encoding) -> Option<&Bytes> {
        if self.revoked.is_some() {
            return None;
        }
        let Encoding(Some(other)) = encoding else { return Some(&self.native) };
        let Encoders(encoders) = &self.encoders;
        let others = self.others.get_or_init(|| encoders.iter().map(|_| OnceLock::new()).collect());
        let encode = || encoders.get(other).and_then(|encoder| encoder(&self.event));
        others.get(other)?.get_or_init(encode).as_ref()
    }

    /// The event object of the native protocol.
    pub fn json(&self) -> Option<Bytes> {
        self.frame(Encoding::NATIVE).map(frame::payload)
    }

    /// The credentials it ends, when it is a revocation.
    pub fn revoked(&self) -> Option<&[Credential]> {
        self.revoked.as_deref()
    }

    /// Whether a reader gets to see it.
    pub fn is_for(&self, interest: &Interest) -> bool {
        self.revoked.is_none() && interest.takes(&self.event)
    }

    /// About how many bytes it takes on the wire.
    pub fn wire_bytes(&self) -> usize {
        self.frame(Encoding::NATIVE).map_or(0, Bytes::len)
    }

    /// About how many bytes of memory it holds when somebody of every dialect listens.
    pub fn weight_bytes(&self) -> usize {
        let data = self.event.data.get().len();
        let frames = self.wire_bytes().saturating_mul(self.encoders.0.len().saturating_add(1));
        ENTRY_OVERHEAD_BYTES.saturating_add(frames).saturating_add(data)
    }
}

fn revoked(event: &Event) -> Box<[Credential]> {
    match serde_json::from_str::<Revocation>(event.data.get()) {
        Ok(revocation) => revocation.credentials.into(),
        Err(error) => {
            tracing::error!(seq = %event.seq, %error, "could not read a revocation; it closes nobody");
            Box::default()
        }
    }
}
