//! The hub's work on events without any socket, to be counted rather than timed.

use std::{sync::Arc, time::Instant};

use super::{
    cursor::{Cursor, Step},
    entry::{Encoders, Encoding, Entry},
    interest::Interest,
    page::PageLimit,
    ring::{Ring, RingLimit},
};
use crate::kernel::event::{Event, Seq};

/// Encodes events, puts them into a ring, and lets one reader of an interest go through it from the first on. Gives
/// the bytes that the reader would be sent. The events must be numbered from 1.
pub fn rehearse(events: &[Arc<Event>], interest: &Interest) -> usize {
    let ring = Ring::new(Seq::ZERO, RingLimit::default());
    let encoders = Encoders::default();
    let born = Instant::now();
    ring.push(events.iter().map(|event| Entry::new(Arc::clone(event), &encoders, born)));
    let limit = PageLimit { events: 128, bytes: 64 << 10 };
    let mut bytes = 0;
    let mut cursor = Cursor::behind(Seq::ZERO, interest.clone());
    while let Step::Read(ask) = cursor.next(ring.head()) {
        let Some(page) = ring.page(ask.after, ask.upto, interest, limit) else { break };
        if cursor.read(ask, page.position) {
            bytes += page.join(Encoding::NATIVE).len();
        }
    }
    bytes
}
