//! One listener of the load generator: opens its connection, asks for its topics, and tells what it hears.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    time::Duration,
};

use mio::{Interest, Registry, Token, net::TcpStream};
use socket2::SockRef;

use super::{
    frames::{self, Frame},
    tally::Tally,
};

/// What the kernel of a listener takes in that will stall: two joined writes.
const CONFINED_BYTES: usize = 32 << 10;

/// How far a listener is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Away,
    Connecting,
    Upgrading,
    Welcoming,
    Asking,
    Live,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Link {
    stream: Option<TcpStream>,
    pub(super) phase: Phase,
    /// The last event it has heard.
    pub(super) last: u64,
    /// What of a frame has come in so far.
    rest: Vec<u8>,
}

/// What the links have in common.
pub(super) struct Manner {
    pub(super) target: SocketAddr,
    /// The request for the upgrade of a listener.
    pub(super) request: Box<dyn Fn(u32) -> String>,
    /// How the answer begins that makes a listener live.
    pub(super) arrived: &'static [u8],
}

/// What a link tells it to.
pub(super) struct Ears<'a> {
    pub(super) listener: u32,
    pub(super) manner: &'a Manner,
    /// What to ask for, after a welcome.
    pub(super) ask: &'a dyn Fn(u32, &[u8]) -> String,
    pub(super) tally: &'a mut Tally,
    pub(super) now: Duration,
}

/// What a link heard besides events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    None,
    /// It has arrived.
    Arrived,
    /// Its connection has ended.
    Ended,
}

impl Link {
    pub(super) const fn new() -> Self {
        Self { stream: None, phase: Phase::Away, last: 0, rest: Vec::new() }
    }

    pub(super) fn connect(
        &mut self,
        token: Token,
        target: SocketAddr,
        registry: &Registry,
    ) -> io::Result<()> {
        let mut stream = TcpStream::connect(target)?;
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.stream = Some(stream);
        self.phase = Phase::Connecting;
        Ok(())
    }

    /// Ends the connection without a word.
    pub(super) fn leave(&mut self) {
        self.stream = None;
        self.phase = Phase::Away;
        self.rest = Vec::new();
    }

    /// Has little room for what it does not read at once. Before it hears anything: the kernel gives a fast reader
    /// room for megabytes and does not take it back.
    pub(super) fn confine(&self) -> io::Result<()> {
        let Some(stream) = &self.stream else { return Ok(()) };
        SockRef::from(stream).set_recv_buffer_size(CONFINED_BYTES)
    }

    /// Reads no more from here on.
    pub(super) fn stall(&mut self, registry: &Registry) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        registry.deregister(stream)
    }

    /// Takes what has come in.
    pub(super) fn turn(&mut self, scratch: &mut [u8], ears: &mut Ears<'_>) -> io::Result<News> {
        if self.phase == Phase::Connecting && !self.open(ears)? {
            return Ok(News::None);
        }
        let mut news = News::None;
        loop {
            let kept = self.rest.len();
            if let Some(begin) = scratch.get_mut(..kept) {
                begin.copy_from_slice(&self.rest);
            }
            let Some(stream) = &mut self.stream else { return Ok(news) };
            let room = scratch.get_mut(kept..).unwrap_or_default();
            let space = room.len();
            let read = match stream.read(room) {
                Ok(0) => return Ok(News::Ended),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(news),
                Err(error) => return Err(error),
            };
            self.rest.clear();
            let input = scratch.get(..kept.saturating_add(read)).unwrap_or_default();
            match self.hear(input, ears)? {
                News::None => {}
                News::Arrived => news = News::Arrived,
                News::Ended => return Ok(News::Ended),
            }
            // Fewer bytes than there was room for: the socket is empty, and will tell when it is not.
            if read < space {
                return Ok(news);
            }
        }
    }

    /// Asks for the upgrade once the connection stands. False while it does not.
    fn open(&mut self, ears: &Ears<'_>) -> io::Result<bool> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => return Ok(false),
            other => other?,
        };
        stream.set_nodelay(true)?;
        stream.write_all((ears.manner.request)(ears.listener).as_bytes())?;
        self.phase = Phase::Upgrading;
        Ok(true)
    }

    /// Takes whole frames off the input and keeps the rest.
    fn hear(&mut self, mut input: &[u8], ears: &mut Ears<'_>) -> io::Result<News> {
        let mut news = News::None;
        if self.phase == Phase::Upgrading {
            let Some(end) = input.windows(4).position(|end| end == b"\r\n\r\n") else {
                self.rest.extend_from_slice(input);
                return Ok(news);
            };
            if !input.starts_with(b"HTTP/1.1 101") {
                return Err(refused(input));
            }
            input = input.get(end.saturating_add(4)..).unwrap_or_default();
            self.phase = Phase::Welcoming;
        }
        while let Some((frame, rest)) = frames::next(input) {
            input = rest;
            match frame {
                Frame::Event(seq) => {
                    ears.tally.hear(ears.listener, &mut self.last, seq, ears.now);
                }
                Frame::Text(text) => match self.phase {
                    Phase::Welcoming => {
                        self.say(&frames::ask(&(ears.ask)(ears.listener, text)))?;
                        self.phase = Phase::Asking;
                    }
                    Phase::Asking if text.starts_with(ears.manner.arrived) => {
                        self.phase = Phase::Live;
                        news = News::Arrived;
                    }
                    Phase::Asking if text.starts_with(br#"{"type":"error""#) => {
                        return Err(refused(text));
                    }
                    _ => {}
                },
                Frame::Ping => self.say(frames::PONG)?,
                Frame::Close => return Ok(News::Ended),
                Frame::Other => {}
            }
        }
        self.rest.extend_from_slice(input);
        Ok(news)
    }

    fn say(&mut self, frame: &[u8]) -> io::Result<()> {
        self.stream.as_mut().map_or(Ok(()), |stream| stream.write_all(frame))
    }
}

fn refused(answer: &[u8]) -> io::Error {
    io::Error::other(String::from_utf8_lossy(answer).into_owned())
}
