//! Tries every interleaving of a log, its relay, a shard, a socket and a client, and looks at what the client gets.
//!
//! The world is small (six events on two topics, a ring of two, pages of two) and explored whole: from the empty
//! world, every possible next step is taken, and every state that was not seen before is explored in turn. The
//! cursor, the ring, the pages and the outbox are the ones that run in production; the model only decides when each
//! of them gets its turn.
//!
//! The client checks as a real one would, with nothing but what arrives on its socket: each answer says from which
//! position on it hears which topics, and from there every event of them must come, once and in order, before
//! anything that claims to lie behind it.

use std::{
    collections::{HashSet, VecDeque},
    io::{self, Write},
    sync::Arc,
};

use bytes::Bytes;

use super::{Ask, Cursor, Step};
use crate::{
    hub::{
        entry::Entry,
        fixtures::{entry, want},
        interest::Interest,
        outbox::Outbox,
        page::{Page, PageLimit},
        ring::{Ring, RingLimit},
    },
    kernel::event::Seq,
};

const EVENTS: u8 = 6;
const RING: RingLimit = RingLimit { events: 2, bytes: usize::MAX };
const PAGE: PageLimit = PageLimit { events: 2, bytes: usize::MAX };
/// How far the relay may lag behind the log.
const LAG: u8 = 2;
/// Topics of the events, as bits: `a` is 1, `b` is 2.
const TOPICS: [u8; 6] = [1, 2, 3, 1, 2, 3];

/// Frames of the model are two bytes, so that a short write can cut one: a kind (an answer also has topics in its low
/// bits) and a position.
const EVENT: u8 = 0x10;
const MARK: u8 = 0x20;
const ANSWER: u8 = 0x30;

#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    /// Events in the log, the newest event in the ring, and the position of the shard.
    log: u8,
    head: u8,
    shard: u8,
    socket: Socket,
    /// A page on its way from the log, if any, and whose events were asked for.
    page: Option<(Ask, Interest)>,
    /// What will be listened to behind the snapshot that is being read, and its position once it has one.
    snapshot: Option<(u8, Option<u8>)>,
    /// The position and the topics of a snapshot that waits for its place.
    splice: Option<(u8, u8)>,
    /// Which topics the client has asked for, as bits.
    asked: u8,
    /// Changes of interest the client may still make.
    changes: u8,
    cursor: Cursor,
    outbox: Outbox,
    client: Client,
}

/// How many bytes the kernel accepts before it refuses.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Socket {
    Full,
    OneByte,
    Open,
}

/// What the client knows.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
struct Client {
    topics: u8,
    /// Everything of its topics up to here has arrived.
    position: u8,
    /// The beginning of a frame.
    partial: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Commit,
    Publish,
    Sweep { at_most: usize },
    Socket(u8),
    Advance,
    PageArrives,
    Mark,
    Listen(u8),
    Resume { since: u8, topics: u8 },
    Hold(u8),
    SnapshotBegins,
    SnapshotArrives,
    SnapshotFails,
}

impl World {
    fn new() -> Self {
        Self {
            log: 0,
            head: 0,
            shard: 0,
            socket: Socket::Open,
            page: None,
            snapshot: None,
            splice: None,
            asked: 0,
            changes: 3,
            cursor: Cursor::live(),
            outbox: Outbox::default(),
            client: Client::default(),
        }
    }

    /// Everything that may happen next.
    fn acts(&self) -> Vec<Act> {
        let mut acts = Vec::new();
        if self.socket == Socket::Open && self.outbox.is_empty() {
            acts.push(Act::Mark);
        }
        if self.log < EVENTS.min(self.head + LAG) {
            acts.push(Act::Commit);
        }
        if self.head < self.log {
            acts.push(Act::Publish);
        }
        if self.shard < self.head {
            acts.extend([Act::Sweep { at_most: 1 }, Act::Sweep { at_most: 2 }]);
        }
        let sockets = [Socket::Full, Socket::OneByte, Socket::Open];
        let others = (0_u8..).zip(sockets).filter(|(_, socket)| *socket != self.socket);
        acts.extend(others.map(|(index, _)| Act::Socket(index)));
        if !self.cursor.is_live() {
            acts.push(Act::Advance);
        }
        if self.page.is_some() {
            acts.push(Act::PageArrives);
        }
        match self.snapshot {
            None => {}
            Some((_, None)) => acts.push(Act::SnapshotBegins),
            Some((_, Some(_))) => acts.extend([Act::SnapshotArrives, Act::SnapshotFails]),
        }
        // One message of a client is answered before the next is read.
        if self.changes > 0 && !self.cursor.is_changing() && self.outbox.has_room() {
            match self.asked {
                0 => {
                    acts.extend([Act::Listen(1), Act::Hold(1), Act::Hold(3)]);
                    acts.extend((0..=self.log).map(|since| Act::Resume { since, topics: 1 }));
                }
                1 => acts.extend([Act::Listen(3), Act::Listen(2), Act::Hold(3)]),
                3 => acts.extend([Act::Listen(2), Act::Listen(0)]),
                _ => acts.extend([Act::Listen(0), Act::Hold(3)]),
            }
        }
        acts
    }

    fn step(&mut self, act: Act, lab: &Lab) -> Result<(), String> {
        match act {
            Act::Commit => self.log += 1,
            Act::Publish => self.head += 1,
            Act::Sweep { at_most } => self.sweep(at_most, lab)?,
            Act::Socket(index) => {
                self.socket = [Socket::Full, Socket::OneByte, Socket::Open][usize::from(index)];
            }
            Act::Advance => self.advance(lab)?,
            Act::PageArrives => self.page_arrives(lab)?,
            Act::Mark => self.mark()?,
            Act::Listen(topics) => {
                self.asked = topics;
                self.changes -= 1;
                self.cursor.listen(interest(topics));
                self.answer(topics)?;
            }
            Act::Resume { since, topics } => {
                self.asked = topics;
                self.changes -= 1;
                self.cursor.resume(seq(since), interest(topics));
                self.answer(topics)?;
            }
            Act::Hold(topics) => {
                self.changes -= 1;
                self.cursor.hold(seq(self.shard));
                self.snapshot = Some((topics, None));
            }
            Act::SnapshotBegins => {
                self.snapshot = self.snapshot.map(|(topics, _)| (topics, Some(self.log)));
            }
            Act::SnapshotArrives => {
                let Some((topics, Some(at))) = self.snapshot.take() else { return Ok(()) };
                let taken = self.cursor.splice(seq(at), interest(topics));
                taken.map_err(|error| error.to_string())?;
                self.splice = Some((at, topics));
            }
            Act::SnapshotFails => {
                self.snapshot = None;
                self.cursor.release();
            }
        }
        Ok(())
    }

    /// The shard hands on what waits in the ring.
    fn sweep(&mut self, at_most: usize, lab: &Lab) -> Result<(), String> {
        let limit = PageLimit { events: at_most, ..PAGE };
        let Some(run) = lab.ring(self.head).run(seq(self.shard), limit) else {
            // The shard itself was too slow: its connections read on, and it goes on at the head.
            self.cursor.fall_behind(seq(self.shard));
            self.shard = self.head;
            return Ok(());
        };
        self.shard += u8::try_from(run.len()).unwrap();
        if self.cursor.is_live() {
            let wanted = run.iter().filter(|entry| entry.is_for(self.cursor.interest()));
            let joined: Vec<u8> = wanted.flat_map(frame).collect();
            self.offer(joined)?;
        }
        Ok(())
    }

    /// The connection's own turn: write what waits, else do what the cursor says.
    fn advance(&mut self, lab: &Lab) -> Result<(), String> {
        if !self.outbox.is_empty() {
            return self.flush();
        }
        if self.page.is_some() {
            return Ok(());
        }
        match self.cursor.next(seq(self.shard)) {
            Step::Live | Step::Wait => Ok(()),
            Step::Splice => {
                let (at, topics) = self.splice.take().ok_or("a splice that nobody asked for")?;
                if at > self.shard {
                    return Err("a snapshot overtook the shard, and with it a revocation".into());
                }
                self.asked = topics;
                self.offer(vec![ANSWER | topics, at])
            }
            Step::Read(ask) => {
                let ring = lab.ring(self.head);
                match ring.page(ask.after, ask.upto, self.cursor.interest(), PAGE) {
                    Some(page) => self.take_page(ask, &page),
                    None => {
                        self.page = Some((ask, self.cursor.interest().clone()));
                        Ok(())
                    }
                }
            }
        }
    }

    fn page_arrives(&mut self, lab: &Lab) -> Result<(), String> {
        let (ask, interest) = self.page.take().ok_or("no page was asked for")?;
        let behind = lab.log.iter().filter(|entry| entry.seq() > ask.after);
        let upto = behind.take_while(|entry| entry.seq() <= ask.upto);
        let wanted = upto.filter(|entry| entry.is_for(&interest));
        let page = Page::collect(wanted, ask.upto, &interest, PAGE);
        self.take_page(ask, &page)
    }

    fn take_page(&mut self, ask: Ask, page: &Page) -> Result<(), String> {
        if self.cursor.read(ask, page.position) {
            self.offer(page.entries.iter().flat_map(frame).collect())?;
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<(), String> {
        if !self.outbox.is_empty() {
            return Ok(());
        }
        let position = self.cursor.position(seq(self.shard));
        self.offer(vec![MARK, number(position)])
    }

    fn answer(&mut self, topics: u8) -> Result<(), String> {
        let position = self.cursor.position(seq(self.shard));
        self.offer(vec![ANSWER | topics, number(position)])
    }

    fn offer(&mut self, frames: Vec<u8>) -> Result<(), String> {
        let Self { outbox, socket, client, .. } = self;
        let mut seen = Ok(());
        let offered =
            outbox.offer(Bytes::from(frames), |bytes| accept(socket, client, bytes, &mut seen));
        offered.map_err(|error| error.to_string())?;
        if !self.outbox.is_empty() {
            self.cursor.fall_behind(seq(self.shard));
        }
        seen
    }

    fn flush(&mut self) -> Result<(), String> {
        let Self { outbox, socket, client, .. } = self;
        let mut seen = Ok(());
        let flushed = outbox.flush(|bytes| accept(socket, client, bytes, &mut seen));
        flushed.map_err(|error| error.to_string())?;
        seen
    }

    /// Turns are only ever compared: worlds that differ in nothing else are the same.
    fn forget_turns(&mut self) {
        if let Some((ask, _)) = &mut self.page {
            ask.turn = if ask.turn == self.cursor.turn { 0 } else { u32::MAX };
        }
        self.cursor.turn = 0;
    }

    /// When nothing can move any more but the client, it must be live and the client must have everything.
    fn check_rest(&self, lab: &Lab) -> Result<(), String> {
        let busy = self.page.is_some() || self.snapshot.is_some() || self.socket != Socket::Open;
        if busy || self.shard < EVENTS {
            return Ok(());
        }
        let mut next = self.clone();
        next.step(Act::Advance, lab)?;
        if next != *self {
            return Ok(());
        }
        if !self.cursor.is_live() || !self.outbox.is_empty() || self.splice.is_some() {
            return Err("came to rest without being live".into());
        }
        if self.client.partial.is_some() {
            return Err("the last frame was cut".into());
        }
        self.client.complete_upto(EVENTS)
    }
}

impl Client {
    fn hear(&mut self, byte: u8) -> Result<(), String> {
        let Some(kind) = self.partial.take() else {
            self.partial = Some(byte);
            return Ok(());
        };
        let (kind, topics, at) = (kind & 0xf0, kind & 0x0f, byte);
        match kind {
            EVENT => {
                if self.missing(EVENTS) != Some(at) {
                    return Err(format!("got event {at} where {:?} is next", self.missing(EVENTS)));
                }
                self.position = at;
                Ok(())
            }
            ANSWER => {
                if self.topics != 0 {
                    self.complete_upto(at)?;
                    if at < self.position {
                        return Err(format!("answered at {at}, behind {}", self.position));
                    }
                }
                (self.topics, self.position) = (topics, at);
                Ok(())
            }
            MARK => self.complete_upto(at),
            _ => Err(format!("a frame of kind {kind}")),
        }
    }

    fn complete_upto(&self, at: u8) -> Result<(), String> {
        match self.missing(at) {
            Some(missing) => Err(format!("at {at} without event {missing}")),
            None => Ok(()),
        }
    }

    /// The next event that should come, up to a position.
    fn missing(&self, upto: u8) -> Option<u8> {
        let heard = |seq: &u8| TOPICS[usize::from(*seq) - 1] & self.topics != 0;
        (self.position + 1..=upto).find(heard)
    }
}

/// Things that do not change while the world is explored.
struct Lab {
    log: Vec<Arc<Entry>>,
    /// By head.
    rings: Vec<Ring>,
}

impl Lab {
    fn new() -> Self {
        let log: Vec<_> =
            (1..).zip(TOPICS).map(|(seq, topics)| entry(seq, "x.y", &names(topics))).collect();
        let ring = |head| {
            let ring = Ring::new(Seq::ZERO, RING);
            ring.push(log.iter().take(head).map(Arc::clone));
            ring
        };
        let rings = (0..=log.len()).map(ring).collect();
        Self { log, rings }
    }

    fn ring(&self, head: u8) -> &Ring {
        &self.rings[usize::from(head)]
    }
}

fn accept(
    socket: &mut Socket,
    client: &mut Client,
    bytes: &[u8],
    seen: &mut Result<(), String>,
) -> io::Result<usize> {
    let n = match socket {
        Socket::Full => return Err(io::ErrorKind::WouldBlock.into()),
        Socket::OneByte => 1,
        Socket::Open => bytes.len(),
    };
    if *socket == Socket::OneByte {
        *socket = Socket::Full;
    }
    for byte in &bytes[..n] {
        if seen.is_ok() {
            *seen = client.hear(*byte);
        }
    }
    Ok(n)
}

fn frame(entry: &Arc<Entry>) -> [u8; 2] {
    [EVENT, number(entry.seq())]
}

fn names(topics: u8) -> Vec<&'static str> {
    [(1, "a"), (2, "b")]
        .iter()
        .filter(|(bit, _)| topics & bit != 0)
        .map(|(_, name)| *name)
        .collect()
}

fn interest(topics: u8) -> Interest {
    Interest::new(names(topics).into_iter().map(want))
}

fn seq(number: u8) -> Seq {
    Seq::new(number.into())
}

fn number(seq: Seq) -> u8 {
    u8::try_from(seq.get()).unwrap()
}

/// Explores the whole world and gives the number of its states, or what went wrong and how it came to that.
fn explore() -> Result<usize, String> {
    let lab = Lab::new();
    let mut known = HashSet::from([World::new()]);
    let mut waiting = VecDeque::from([World::new()]);
    while let Some(world) = waiting.pop_front() {
        world.check_rest(&lab)?;
        for act in world.acts() {
            let mut next = world.clone();
            next.step(act, &lab).map_err(|wrong| format!("{act:?}: {wrong}"))?;
            next.forget_turns();
            if !known.contains(&next) {
                known.insert(next.clone());
                waiting.push_back(next);
            }
        }
    }
    Ok(known.len())
}

#[test]
fn every_interleaving_delivers_everything_once_and_in_order() {
    let states = explore().unwrap_or_else(|wrong| panic!("{wrong}"));
    // Past the capture of the harness: the number of states is the measure of this test.
    writeln!(io::stderr(), "the cursor's model has {states} states").unwrap();
    assert!(states > 100_000, "the model has shrunk to {states} states");
}
