//! The client's side of websocket frames, as little of it as a load generator needs.

/// How the text of an event begins, at every contender.
const EVENT: &[u8] = br#"{"type":"event","seq":"#;
/// The same in Krist's dialect.
const TRANSACTION: &[u8] = br#"{"type":"event","event":"transaction","event_id":""#;

/// A pong without payload, masked with zeros.
pub(super) const PONG: &[u8] = &[0x8a, 0x80, 0, 0, 0, 0];

/// A frame from a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// An event and its number.
    Event(u64),
    /// Another message.
    Text(&'a [u8]),
    /// The server wants to know whether anybody is there.
    Ping,
    /// The server ends the connection.
    Close,
    /// Something else.
    Other,
}

/// Takes the next whole frame off the input. `None` when it has not all come in.
pub(super) fn next(input: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let ([first, second], rest) = input.split_first_chunk()?;
    let (len, rest) = match second & 0x7f {
        126 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*len)), rest)
        }
        127 => {
            let (len, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*len), rest)
        }
        len => (u64::from(len), rest),
    };
    let (payload, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    let frame = match first & 0x0f {
        1 => text(payload),
        8 => Frame::Close,
        9 => Frame::Ping,
        _ => Frame::Other,
    };
    Some((frame, rest))
}

fn text(payload: &[u8]) -> Frame<'_> {
    let digits = payload.strip_prefix(EVENT).or_else(|| payload.strip_prefix(TRANSACTION));
    let Some(digits) = digits else { return Frame::Text(payload) };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    Frame::Event(digits.fold(0, |seq: u64, digit| {
        seq.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')))
    }))
}

/// A text frame of a client. Its mask is zero: the server's work is the same, and ours is none.
pub(super) fn ask(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match (u8::try_from(text.len()), u16::try_from(text.len())) {
        (Ok(len @ 0..=125), _) => frame.push(0x80 | len),
        (_, Ok(len)) => {
            frame.push(0x80 | 0x7e);
            frame.extend(len.to_be_bytes());
        }
        _ => {
            frame.push(0xff);
            frame.extend(u64::try_from(text.len()).unwrap_or(0).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::frame;

    #[test]
    fn frames_are_told_apart_and_cut_where_they_end() {
        let long = format!(r#"{{"type":"event","seq":1000000007,"pad":"{}"}}"#, "x".repeat(300));
        let krist = r#"{"type":"event","event":"transaction","event_id":"77","transaction":{}}"#;
        assert_eq!(next(&frame::text(krist)).unwrap().0, Frame::Event(77));
        let mut wire = frame::text(&long).to_vec();
        wire.extend(frame::text(r#"{"type":"mark","seq":7}"#).iter());
        wire.extend([0x89, 0, 0x88, 2, 3, 233]);
        let (event, rest) = next(&wire).unwrap();
        assert_eq!(event, Frame::Event(1_000_000_007));
        let (mark, rest) = next(rest).unwrap();
        assert_eq!(mark, Frame::Text(br#"{"type":"mark","seq":7}"#));
        let (ping, rest) = next(rest).unwrap();
        let (close, rest) = next(rest).unwrap();
        assert_eq!((ping, close, rest), (Frame::Ping, Frame::Close, [].as_slice()));
        for end in 0..long.len() {
            assert_eq!(next(&wire[..end]), None, "{end} bytes are no frame");
        }
    }

    #[test]
    fn what_is_asked_can_be_read_by_a_server() {
        use tokio_tungstenite::tungstenite::{Message, WebSocket, protocol::Role};
        for len in [1, 125, 126, 70_000] {
            let text = "a".repeat(len);
            let wire = std::io::Cursor::new(ask(&text));
            let mut server = WebSocket::from_raw_socket(wire, Role::Server, None);
            assert_eq!(server.read().unwrap(), Message::text(text));
        }
    }
}
