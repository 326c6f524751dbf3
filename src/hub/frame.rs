//! Encodes what the hub sends: whole unmasked websocket frames, built once and shared by every receiver.
//!
//! Decoding is left to tungstenite. The encoder is ours because a frame that is built per receiver costs more than
//! everything else a delivery does outside the kernel.

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::kernel::{
    event::{Event, Seq, Topic},
    time::Timestamp,
};

/// The longest head of a frame that is not masked.
const HEAD_BYTES_MAX: usize = 10;
/// The first byte of the only frame of a message.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// A ping without payload.
pub const PING: Bytes = Bytes::from_static(&[0x89, 0]);

/// Turns an event into one frame of a dialect, or into nothing when the dialect does not know such events.
pub type Encoder = fn(&Event) -> Option<Bytes>;

/// A text frame around any payload.
pub fn text(payload: &str) -> Bytes {
    around(TEXT, payload.as_bytes())
}

/// A binary frame around any payload.
pub fn binary(payload: &[u8]) -> Bytes {
    around(BINARY, payload)
}

/// A text frame that holds a value as JSON, or `None` when the value has no JSON form.
pub fn json(value: &impl Serialize) -> Option<Bytes> {
    json_sized(value, 128)
}

/// The event object of the native protocol. It holds nothing that differs between receivers.
pub fn event(event: &Event) -> Option<Bytes> {
    let wire = EventWire {
        r#type: "event",
        seq: event.seq,
        kind: &event.kind,
        topics: &event.topics,
        at: event.at,
        data: &event.data,
    };
    let topics: usize =
        event.topics.iter().map(|topic| topic.as_str().len().saturating_add(3)).sum();
    json_sized(&wire, event.data.get().len().saturating_add(topics).saturating_add(128))
}

/// What a frame carries, without its head.
pub fn payload(frame: &Bytes) -> Bytes {
    let head = match frame.get(1) {
        Some(126) => 4,
        Some(127) => HEAD_BYTES_MAX,
        _ => 2,
    };
    frame.slice(head.min(frame.len())..)
}

#[derive(Serialize)]
struct EventWire<'a> {
    r#type: &'static str,
    seq: Seq,
    kind: &'a str,
    topics: &'a [Topic],
    at: Timestamp,
    data: &'a RawValue,
}

fn around(first: u8, payload: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(HEAD_BYTES_MAX.saturating_add(payload.len()));
    out.extend_from_slice(&[0; HEAD_BYTES_MAX]);
    out.extend_from_slice(payload);
    finish(first, out)
}

fn json_sized(value: &impl Serialize, size: usize) -> Option<Bytes> {
    let mut out = Vec::with_capacity(HEAD_BYTES_MAX.saturating_add(size));
    out.extend_from_slice(&[0; HEAD_BYTES_MAX]);
    if let Err(error) = serde_json::to_writer(&mut out, value) {
        tracing::error!(%error, "could not encode a frame");
        return None;
    }
    Some(finish(TEXT, out))
}

/// Puts the head into the space left for it, right before the payload, and cuts off what of it is not needed.
fn finish(first: u8, mut out: Vec<u8>) -> Bytes {
    let (head, unused) = head(first, out.len().saturating_sub(HEAD_BYTES_MAX));
    if let Some(space) = out.first_chunk_mut() {
        *space = head;
    }
    Bytes::from(out).slice(unused..)
}

/// The head of a frame, aligned to the right, and how many bytes on its left are unused.
fn head(first: u8, len: usize) -> ([u8; HEAD_BYTES_MAX], usize) {
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len @ 0..=125), _) => ([0, 0, 0, 0, 0, 0, 0, 0, first, len], 8),
        (_, Ok(len)) => {
            let [a, b] = len.to_be_bytes();
            ([0, 0, 0, 0, 0, 0, first, 126, a, b], 6)
        }
        _ => {
            let mut head = [first, 127, 0, 0, 0, 0, 0, 0, 0, 0];
            if let Some(space) = head.last_chunk_mut() {
                *space = u64::try_from(len).unwrap_or(u64::MAX).to_be_bytes();
            }
            (head, 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tokio_tungstenite::tungstenite::{
        Message, WebSocket,
        protocol::{Role, WebSocketConfig},
    };

    use super::*;
    use crate::hub::fixtures;

    /// Another's decoder must read what we encode, at every boundary of the three forms of a head.
    #[test]
    fn every_length_is_read_back() {
        let config = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
        for len in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let sent = "x".repeat(len);
            let frame = text(&sent);
            assert_eq!(payload(&frame), sent.as_bytes(), "{len}");
            let stream = Cursor::new(frame.to_vec());
            let mut reader = WebSocket::from_raw_socket(stream, Role::Client, Some(config));
            assert_eq!(reader.read().unwrap(), Message::text(sent), "{len}");
        }
    }

    #[test]
    fn an_event_has_the_form_of_the_protocol() {
        let event = fixtures::event(18_447, "payment.made", &["payments", "wallet:kabc"]);
        let frame = super::event(&event).unwrap();
        assert_eq!(
            str::from_utf8(&payload(&frame)).unwrap(),
            r#"{"type":"event","seq":18447,"kind":"payment.made","topics":["payments","wallet:kabc"],"#
                .to_owned()
                + r#""at":"2026-11-22T01:00:00.000Z","data":{"n":18447}}"#
        );
    }
}
