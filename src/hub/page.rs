//! A bounded stretch of the log for one reader: the events it wants, and how far they reach.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{
    entry::{Encoding, Entry},
    interest::Interest,
};
use crate::kernel::event::Seq;

/// How much is read, joined and written at once.
#[derive(Debug, Clone, Copy)]
pub struct PageLimit {
    /// Events at the most.
    pub events: usize,
    /// Bytes on the wire at the most, roughly; a single event may be larger.
    pub bytes: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Page {
    /// The events, in order.
    pub entries: Vec<Arc<Entry>>,
    /// Everything up to here that the reader wants is in this page or in one before it.
    pub position: Seq,
}

impl Page {
    /// Takes what is wanted of the candidates until the page is full. The candidates are in order and hold every
    /// wanted event up to `upto`, or more of them than a page can hold.
    pub fn collect<'a>(
        candidates: impl IntoIterator<Item = &'a Arc<Entry>>,
        upto: Seq,
        interest: &Interest,
        limit: PageLimit,
    ) -> Self {
        let mut page = Self { entries: Vec::new(), position: upto };
        let mut bytes = 0_usize;
        let mut seen = None;
        for (count, entry) in candidates.into_iter().enumerate() {
            bytes = bytes.saturating_add(entry.wire_bytes());
            let full = count >= limit.events || bytes > limit.bytes;
            if let Some(seen) = seen.filter(|_| full) {
                page.position = seen;
                break;
            }
            if entry.is_for(interest) {
                page.entries.push(Arc::clone(entry));
            }
            seen = Some(entry.seq());
        }
        page
    }

    /// Its frames in one buffer. A single frame is shared and not copied.
    pub fn join(&self, encoding: Encoding) -> Bytes {
        let frames: Vec<_> =
            self.entries.iter().filter_map(|entry| entry.frame(encoding)).collect();
        join(&frames)
    }
}

/// Joins frames into one buffer, which leaves in one write.
pub(super) fn join(frames: &[&Bytes]) -> Bytes {
    if let [only] = frames {
        return Bytes::clone(only);
    }
    let mut all = BytesMut::with_capacity(frames.iter().map(|frame| frame.len()).sum());
    for frame in frames {
        all.extend_from_slice(frame);
    }
    all.freeze()
}
