//! Encodes what the hub sends: whole unmasked websocket frames, built once and shared by every receiver.
//!
//! Decoding is left to tungstenite. The encoder is ours because a frame that is built per receiver costs more than
//! everything else a delivery does outside the kernel.

use std::io::Write as _;

use bytes::Bytes;
use serde::Serialize;

use crate::kernel::event::Event;

/// The longest head of a frame that is not masked.
const HEAD_BYTES_MAX: usize = 10;
/// The first byte of the only frame of a message.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;

/// What a message takes besides data and topics, as a rule: room for more is made when it is needed.
const MESSAGE_BYTES: usize = 128;

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
    let mut out = Vec::with_capacity(HEAD_BYTES_MAX.saturating_add(MESSAGE_BYTES));
    out.extend_from_slice(&[0; HEAD_BYTES_MAX]);
    if let Err(error) = serde_json::to_writer(&mut out, value) {
        tracing::error!(%error, "could not encode a frame");
        return None;
    }
    Some(finish(TEXT, out))
}

/// The event object of the native protocol. It holds nothing that differs between receivers.
///
/// Written field by field: a serializer takes longer for the names of the fields than this takes for all.
pub fn event(event: &Event) -> Bytes {
    let Event { seq, at, kind, topics, data } = event;
    let names: usize = topics.iter().map(|topic| topic.as_str().len().saturating_add(3)).sum();
    let size = data.get().len().saturating_add(names).saturating_add(MESSAGE_BYTES);
    let mut out = Vec::with_capacity(HEAD_BYTES_MAX.saturating_add(size));
    out.extend_from_slice(&[0; HEAD_BYTES_MAX]);
    out.extend_from_slice(br#"{"type":"event","seq":"#);
    // Writing to memory can't fail.
    let _ = write!(out, "{seq}");
    out.extend_from_slice(br#","kind":"#);
    push_text(&mut out, kind);
    out.extend_from_slice(br#","topics":["#);
    for (place, topic) in topics.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        push_text(&mut out, topic.as_str());
    }
    out.extend_from_slice(br#"],"at":""#);
    let _ = write!(out, "{at}");
    out.extend_from_slice(br#"","data":"#);
    out.extend_from_slice(data.get().as_bytes());
    out.push(b'}');
    finish(TEXT, out)
}

/// A JSON string. Kinds and topics need no escapes, which is faster seen than done.
fn push_text(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // A text always has a JSON form.
        let _ = serde_json::to_writer(out, text);
    }
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

fn around(first: u8, payload: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(HEAD_BYTES_MAX.saturating_add(payload.len()));
    out.extend_from_slice(&[0; HEAD_BYTES_MAX]);
    out.extend_from_slice(payload);
    finish(first, out)
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
    use crate::{hub::fixtures, kernel::event::Topic};

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
        let frame = super::event(&event);
        assert_eq!(
            str::from_utf8(&payload(&frame)).unwrap(),
            r#"{"type":"event","seq":18447,"kind":"payment.made","topics":["payments","wallet:kabc"],"#
                .to_owned()
                + r#""at":"2026-11-22T01:00:00.000Z","data":{"n":18447}}"#
        );
    }
    /// Another's encoder must agree, also about texts that none of our kinds and topics has.
    #[test]
    fn an_event_is_what_a_serializer_writes() {
        let topic = |name: &'static str| Topic::named(name);
        let mut event = fixtures::event(7, "payment.made", &["payments"]);
        for topics in [vec![], vec![topic("a"), topic("wallet:k\"\\\n\u{1}\u{7f}é"), topic("")]] {
            event.topics = topics.into();
            let Event { seq, at, kind, topics, data } = &event;
            let written: serde_json::Value =
                serde_json::from_slice(&payload(&super::event(&event))).unwrap();
            let expected = serde_json::json!({
                "type": "event", "seq": seq, "kind": &**kind, "topics": topics, "at": at, "data": data
            });
            assert_eq!(written, expected);
        }
    }
}
