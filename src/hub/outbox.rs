//! What a socket has not accepted yet. No IO.
//!
//! It is empty as long as the client keeps up. After a short write it holds the rest of one joined buffer, and behind
//! it answers to the client; nothing more is read for the client before this is empty. So its size is bounded by one
//! buffer and by the answers, and the reading side stops before they pile up.

use std::{collections::VecDeque, io};

use bytes::Bytes;

/// Frames that may wait before no more input is taken from the client.
const WAITING_FRAMES_MAX: usize = 2;

/// See the module.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub(super) struct Outbox(VecDeque<Bytes>);

impl Outbox {
    /// Whether everything was accepted.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes that were not accepted.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    /// Whether another message of the client may be answered.
    pub(super) fn has_room(&self) -> bool {
        self.0.len() < WAITING_FRAMES_MAX
    }

    /// Writes whole frames, or keeps what is not accepted. `write` has the contract of a non-blocking socket.
    ///
    /// # Errors
    /// When the socket is broken.
    pub(super) fn offer(
        &mut self,
        frames: Bytes,
        write: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let idle = self.0.is_empty();
        self.push(frames);
        if idle { self.flush(write) } else { Ok(0) }
    }

    /// Keeps whole frames behind all that waits.
    pub(super) fn push(&mut self, frames: Bytes) {
        if !frames.is_empty() {
            self.0.push_back(frames);
        }
    }

    /// Writes until the socket accepts no more. Says how many bytes it accepted.
    ///
    /// # Errors
    /// When the socket is broken.
    pub(super) fn flush(
        &mut self,
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut accepted = 0_usize;
        while let Some(front) = self.0.front_mut() {
            match write(front) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) if n < front.len() => {
                    accepted = accepted.saturating_add(n);
                    *front = front.slice(n..);
                }
                Ok(n) => {
                    accepted = accepted.saturating_add(n);
                    self.0.pop_front();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(accepted),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // An idle connection holds no memory for a queue.
        self.0 = VecDeque::new();
        Ok(accepted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A socket that accepts so many bytes.
    fn socket(room: usize, sent: &mut Vec<u8>) -> impl FnMut(&[u8]) -> io::Result<usize> {
        let mut room = room;
        move |bytes| {
            let n = bytes.len().min(room);
            room -= n;
            sent.extend(&bytes[..n]);
            if n == 0 { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(n) }
        }
    }

    #[test]
    fn whatever_is_accepted_at_a_time_the_bytes_and_their_order_are_the_same() {
        for room in 1..8 {
            let (mut outbox, mut sent) = (Outbox::default(), Vec::new());
            for frames in ["abc", "", "d", "efgh"] {
                outbox.offer(Bytes::from(frames), socket(room, &mut sent)).unwrap();
            }
            while !outbox.is_empty() {
                outbox.flush(socket(room, &mut sent)).unwrap();
            }
            assert_eq!(sent, b"abcdefgh", "{room} at a time");
        }
    }

    #[test]
    fn a_rest_leaves_room_for_one_answer() {
        let (mut outbox, mut sent) = (Outbox::default(), Vec::new());
        outbox.offer(Bytes::from("abc"), socket(1, &mut sent)).unwrap();
        assert!(outbox.has_room());
        outbox.offer(Bytes::from("de"), socket(9, &mut sent)).unwrap();
        assert!(!outbox.has_room());
        assert_eq!((outbox.0.len(), &*sent), (2, &b"a"[..]));
    }

    #[test]
    fn a_broken_socket_is_told() {
        let broken = |_: &[u8]| Err(io::ErrorKind::BrokenPipe.into());
        assert!(Outbox::default().offer(Bytes::from("a"), broken).is_err());
    }
}
