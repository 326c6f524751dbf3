//! What a client says: bytes into messages, messages into actions.
//!
//! tungstenite decodes: masks, fragments, UTF-8, limits, the closing handshake. It never touches the socket. It reads
//! from the shard's scratch buffer, so an idle connection holds no buffer, and its own replies (pong, close) take our
//! way out, where a flood of pings meets the rule that input is taken only while there is room for an answer.

use std::{
    io::{self, ErrorKind::WouldBlock, Read, Write},
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::{
    Error, Message, Utf8Bytes,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use super::{Connection, LINGER, Phase};
use crate::hub::{
    close::Close,
    dialect::{Action, Handled, Listen, Start},
};

/// What tungstenite sees instead of a socket.
struct Pipe<'a> {
    input: &'a [u8],
    connection: &'a Connection,
}

impl Read for Pipe<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.input.read(buf)? {
            0 => Err(WouldBlock.into()),
            n => Ok(n),
        }
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.connection.offer(Bytes::copy_from_slice(buf));
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Connection {
    /// Takes what the socket has. Ready when something was taken.
    pub(super) fn poll_read(self: &Rc<Self>, cx: &mut Context<'_>) -> Poll<()> {
        let phase = self.phase.get();
        if phase == Phase::Over || (phase == Phase::Open && self.is_paused()) {
            return Poll::Pending;
        }
        if matches!(phase, Phase::Open | Phase::Closing) && self.resumes.replace(false) {
            let unread = self.unread.take();
            self.feed(&unread);
            return Poll::Ready(());
        }
        let readable = ready!(self.stream.poll_read_ready(cx));
        let shard = Rc::clone(&self.shard);
        let mut scratch = shard.scratch();
        match readable.and_then(|()| self.stream.try_read(&mut scratch)) {
            Ok(0) => self.phase.set(Phase::Over),
            Ok(n) if matches!(phase, Phase::Open | Phase::Closing) => {
                self.feed(scratch.get(..n).unwrap_or_default());
            }
            Ok(_) => {}
            Err(error) if error.kind() == WouldBlock => {}
            Err(_) => self.phase.set(Phase::Over),
        }
        Poll::Ready(())
    }

    /// Decodes and handles bytes, one message after the other, as long as each can be answered.
    pub(super) fn feed(self: &Rc<Self>, input: &[u8]) {
        let mut pipe = Pipe { input, connection: self };
        loop {
            match self.phase.get() {
                Phase::Open if self.is_paused() => {
                    self.unread.replace(Bytes::copy_from_slice(pipe.input));
                    self.resumes.set(true);
                    return;
                }
                Phase::Open | Phase::Closing => {}
                Phase::Parting | Phase::Shut | Phase::Over => return,
            }
            let message = self.ws.borrow_mut().read(&mut pipe);
            match message {
                Ok(message) => {
                    self.silent.set(0);
                    self.take_message(message);
                }
                Err(Error::Io(error)) if error.kind() == WouldBlock => return,
                Err(error) => return self.part(&error),
            }
        }
    }

    fn take_message(self: &Rc<Self>, message: Message) {
        if self.phase.get() != Phase::Open {
            return;
        }
        match message {
            Message::Text(text) => self.handle(self.view(|view| self.dialect.message(view, &text))),
            Message::Binary(data) => self.handle(self.view(|view| self.dialect.binary(view, data))),
            // The next read sends the answer and ends with `ConnectionClosed`.
            Message::Close(_) => self.end(Phase::Closing, LINGER),
            // The next read sends the pong.
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }

    fn handle(self: &Rc<Self>, handled: Handled) {
        let work = match handled {
            Handled::Now(actions) => return self.apply(actions),
            Handled::Later(work) => work,
            Handled::Held(work) => {
                self.hold();
                work
            }
        };
        let (answer, job) = oneshot::channel();
        self.job.replace(Some(job));
        self.shard.fetch().spawn("hub.message", async move {
            // The connection may be gone by now.
            let _ = answer.send(work.await);
        });
    }

    /// Carries out what a dialect answered, in order.
    pub(super) fn apply(self: &Rc<Self>, actions: Vec<Action>) {
        for action in actions {
            if self.phase.get() != Phase::Open {
                return;
            }
            match action {
                Action::Send(frames) => self.offer(frames),
                Action::Listen(listen) => self.listen(listen),
                Action::Leave(topics) => {
                    self.leave_group();
                    let interest = self.cursor.borrow().interest().without(&topics);
                    self.cursor.borrow_mut().listen(interest);
                    self.join_group();
                }
                Action::Grant(grant) => self.take_grant(grant),
                Action::Close(close) => self.close(close),
            }
        }
    }

    fn listen(self: &Rc<Self>, listen: Listen) {
        let Listen { wants, start, answer, arrival } = listen;
        let mut cursor = self.cursor.borrow_mut();
        let interest = cursor.interest().with(wants);
        match start {
            Start::Here => cursor.listen(interest),
            Start::Since(position) if cursor.interest().is_empty() => {
                if cursor.is_live() {
                    self.shard.counts().fell_behind();
                }
                cursor.resume(position, interest);
            }
            Start::Since(_) => {
                drop(cursor);
                tracing::error!(connection = %self.id, "a position was set under held topics");
                return self.close(Close::INTERNAL);
            }
            Start::Snapshot(position) => {
                let spliced = cursor.splice(position, interest);
                drop(cursor);
                if let Err(error) = spliced {
                    tracing::error!(connection = %self.id, %error, "could not place a snapshot");
                    return self.close(Close::INTERNAL);
                }
                self.splice.replace(Some(answer));
                self.arrivals.borrow_mut().extend(arrival);
                return;
            }
        }
        drop(cursor);
        self.leave_group();
        self.join_group();
        self.arrivals.borrow_mut().extend(arrival);
        let mut frames = answer(self.place());
        if self.is_live() {
            frames.extend(self.arrival());
        }
        self.offer_all(frames);
    }

    /// Answers what can't be decoded, or ends a handshake that is through.
    fn part(self: &Rc<Self>, error: &Error) {
        let close = match error {
            Error::Utf8(_) => Some(Close::INVALID),
            Error::Capacity(_) => Some(Close::TOO_LARGE),
            Error::Protocol(_) => Some(Close::PROTOCOL),
            // Both close frames are through.
            _ => None,
        };
        if let Some(close) = close {
            self.close(close);
        }
        self.end(Phase::Parting, LINGER);
        self.phase.set(Phase::Parting);
        self.wake();
    }

    /// Puts a close frame behind all that waits.
    pub(super) fn send_close(&self, close: Close) {
        let reason = Utf8Bytes::from_static(close.reason);
        let frame = CloseFrame { code: CloseCode::from(close.code), reason };
        // The pipe takes everything, so this fails only when a close frame was sent before.
        let _ = self.ws.borrow_mut().close(&mut Pipe { input: &[], connection: self }, Some(frame));
    }
}
