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
pub struct Encoding(usize);

impl Encoding {
    /// The native protocol, of which SSE and the JSON pages are forms.
    pub const NATIVE: Self = Self(0);
}

/// The dialects of this process: the native one, and those that were registered at start.
#[derive(Debug, Clone)]
pub struct Encoders(Arc<[Encoder]>);

impl Default for Encoders {
    fn default() -> Self {
        Self(Arc::new([frame::event]))
    }
}

impl Encoders {
    /// These and one more, and its name.
    #[must_use]
    pub fn with(self, encoder: Encoder) -> (Self, Encoding) {
        let name = Encoding(self.0.len());
        (Self(self.0.iter().copied().chain([encoder]).collect()), name)
    }
}

/// An event and its frames. The native frame is built at once, others when someone first wants them.
#[derive(Debug)]
pub struct Entry {
    event: Arc<Event>,
    encoders: Encoders,
    frames: Box<[OnceLock<Option<Bytes>>]>,
    revoked: Option<Box<[Credential]>>,
    born: Instant,
}

impl Entry {
    /// Encodes an event.
    pub fn new(event: Arc<Event>, encoders: &Encoders) -> Arc<Self> {
        let frames = encoders.0.iter().map(|_| OnceLock::new()).collect();
        let revoked = (&*event.kind == ACCESS_REVOKED).then(|| revoked(&event));
        let encoders = encoders.clone();
        let entry = Arc::new(Self { event, encoders, frames, revoked, born: Instant::now() });
        entry.frame(Encoding::NATIVE);
        entry
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
        let encoder = self.encoders.0.get(encoding.0)?;
        self.frames.get(encoding.0)?.get_or_init(|| encoder(&self.event)).as_ref()
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
        let frames = self.wire_bytes().saturating_mul(self.encoders.0.len());
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
