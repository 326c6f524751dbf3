//! A baseline: the limit of one write for each delivery. One thread, readiness from the kernel, a frame that was built
//! before, and nothing else: no rights, no replay, no slow clients.

use std::{
    collections::HashMap,
    io::{self, BufRead as _, BufReader, Read, Write},
    net::SocketAddr,
    path::Path,
};

use anyhow::bail;
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream, UnixStream},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Answer, Order};
use crate::{
    bench::{
        event::{BEGIN, Press},
        machine::Usage,
    },
    hub::frame,
    kernel::event::Seq,
};

const LISTENER: Token = Token(usize::MAX - 1);
const CONTROL: Token = Token(usize::MAX - 2);
const EVENTS: usize = 1_024;
const READ_BYTES: usize = 4_096;

struct Raw {
    poll: Poll,
    listener: TcpListener,
    orders: BufReader<UnixStream>,
    clients: Vec<Option<TcpStream>>,
    free: Vec<usize>,
    /// Whose topic an event may be on.
    owners: HashMap<String, usize>,
    /// Who has asked for events.
    audience: Vec<usize>,
    press: Press,
    frame: Vec<u8>,
    head: Seq,
}

/// Serves until its line ends.
pub(super) fn run(control: &Path, press: &Press) -> anyhow::Result<()> {
    let poll = Poll::new()?;
    let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let mut line = UnixStream::connect(control)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    poll.registry().register(&mut line, CONTROL, Interest::READABLE)?;
    let ready = Answer::Ready(listener.local_addr()?);
    let frame = frame::event(&press.event(BEGIN)).to_vec();
    let mut raw = Raw {
        poll,
        listener,
        orders: BufReader::new(line),
        clients: Vec::new(),
        free: Vec::new(),
        owners: HashMap::new(),
        audience: Vec::new(),
        press: press.clone(),
        frame,
        head: BEGIN,
    };
    raw.say(&ready)?;
    let mut events = Events::with_capacity(EVENTS);
    loop {
        raw.poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => raw.accept()?,
                CONTROL => {
                    if !raw.obey()? {
                        return Ok(());
                    }
                }
                Token(client) => raw.hear(client),
            }
        }
    }
}

impl Raw {
    fn say(&mut self, answer: &Answer) -> io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        self.orders.get_mut().write_all(&line)
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let place = self.free.pop().unwrap_or(self.clients.len());
            self.poll.registry().register(&mut stream, Token(place), Interest::READABLE)?;
            match self.clients.get_mut(place) {
                Some(free) => *free = Some(stream),
                None => self.clients.push(Some(stream)),
            }
        }
    }

    /// Takes orders until none waits. False when there will be no more.
    fn obey(&mut self) -> anyhow::Result<bool> {
        let mut line = String::new();
        loop {
            match self.orders.read_line(&mut line) {
                Ok(0) => return Ok(false),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error.into()),
            }
            match serde_json::from_str(&line)? {
                Order::Publish(count) => (0..count).for_each(|_| self.publish()),
                Order::Begin => self.say(&Answer::Count(self.head.get().unsigned_abs()))?,
                Order::Usage => self.say(&Answer::Usage(Usage::of_this_process()?))?,
                other => bail!("a baseline can't do {other:?}"),
            }
            line.clear();
        }
    }

    fn publish(&mut self) {
        self.head = self.head.next();
        // All numbers have as many digits: the frame stays as long as it is.
        let place = find(&self.frame, b"\"seq\":");
        if let Some(digits) = place.and_then(|at| self.frame.get_mut(at..at.saturating_add(10))) {
            digits.copy_from_slice(self.head.to_string().as_bytes());
        }
        match self.press.topics(self.head) {
            [only] if only.split().1.is_some() => {
                let listener = self.owners.get(only.as_str());
                if let Some(Some(stream)) = listener.and_then(|place| self.clients.get(*place)) {
                    write(stream, &self.frame);
                }
            }
            _ => {
                for place in &self.audience {
                    if let Some(Some(stream)) = self.clients.get(*place) {
                        write(stream, &self.frame);
                    }
                }
            }
        }
    }

    /// A handshake, a subscription, or the end.
    fn hear(&mut self, client: usize) {
        let Some(Some(stream)) = self.clients.get_mut(client) else { return };
        let mut input = [0; READ_BYTES];
        let heard = match stream.read(&mut input) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Ok(0) | Err(_) => return self.forget(client),
            Ok(heard) => input.get(..heard).unwrap_or_default(),
        };
        if let Some(key) = key(heard) {
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                derive_accept_key(key)
            );
            write(stream, answer.as_bytes());
            write(stream, &frame::text(r#"{"type":"welcome"}"#));
            return;
        }
        // Clients of a load test mask with zeros, so that the text stands there as it is.
        let text = String::from_utf8_lossy(heard);
        for topic in text.split('"').filter(|part| part.starts_with("wallet:")) {
            self.owners.insert(topic.to_owned(), client);
        }
        self.audience.push(client);
        write(stream, &frame::text(r#"{"type":"subscribed"}"#));
    }

    fn forget(&mut self, client: usize) {
        if let Some(place) = self.clients.get_mut(client) {
            *place = None;
            self.free.push(client);
            self.audience.retain(|listener| *listener != client);
        }
    }
}

/// The key of a handshake, when it is one.
fn key(request: &[u8]) -> Option<&[u8]> {
    let begin = find(request, b"Sec-WebSocket-Key: ")?;
    let rest = request.get(begin..)?;
    rest.get(..rest.iter().position(|byte| *byte == b'\r')?)
}

/// Where a text ends in another.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let at = text.windows(part.len()).position(|window| window == part)?;
    Some(at.saturating_add(part.len()))
}

/// The limit knows no slow clients: what does not fit now is written again.
fn write(mut stream: &TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
            Err(_) => return,
        }
    }
}
