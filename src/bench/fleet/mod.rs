//! The load generator: thousands of listeners on one thread, as cheap as the server they listen to.
//!
//! It waits for nothing while it measures, so that a server never pays for waking it up. Every event is checked for
//! its order and its audience (`tally.rs`).

mod frames;
mod link;
mod tally;

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use mio::{Events, Poll, Token};

use self::link::{Ears, Link, Manner, News, Phase};
pub(super) use self::tally::{Faults, Tally};
use super::{
    event::Spread,
    machine::{Usage, uptime},
    stand::{Order, Stand},
};

/// Handshakes that are on their way at one time.
const OPENING_MAX: usize = 1_024;
/// How long all of them may take.
const OPEN_MAX: Duration = Duration::from_mins(1);
/// How long after the end of a load its last event may arrive.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Bytes read at once: several joined writes of a server.
const READ_BYTES: usize = 512 << 10;
const EVENTS: usize = 1_024;

/// What a listener says after a welcome.
pub(super) type Ask = Box<dyn Fn(u32, &[u8]) -> String>;

/// How the listeners ask for their topics.
pub(super) struct Asking {
    /// A credential, if they have one.
    pub(super) token: Option<String>,
    /// Where each asks for its websocket, where that is not the same for all.
    pub(super) paths: Option<Vec<String>>,
    /// What a listener says after a welcome.
    pub(super) ask: Ask,
    /// How the answer begins that makes it live.
    pub(super) arrived: &'static [u8],
    /// The number of the first event that will be heard, if it is known.
    pub(super) first: Option<u64>,
}

/// How fast events are ordered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Load {
    /// As fast as they are delivered: at most so many are not, and at least so many are ordered at once.
    Saturated { window: u32, burst: u32 },
    /// One at a time, at a steady pace, whether or not they are delivered.
    Paced(Duration),
}

/// What a load has cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) usage: Usage,
    pub(super) took: Duration,
    pub(super) deliveries: u64,
}

/// See the module.
pub(super) struct Fleet {
    poll: Poll,
    events: Events,
    scratch: Box<[u8]>,
    links: Vec<Link>,
    manner: Manner,
    ask: Ask,
    live: usize,
    opening: usize,
    pub(super) tally: Tally,
}

impl Asking {
    /// Listens to the topics of a spread, as a guest.
    pub(super) fn topics(spread: Spread) -> Self {
        Self {
            token: None,
            paths: None,
            ask: Box::new(move |listener, _| subscribe(&spread.interest(listener), "")),
            arrived: br#"{"type":"subscribed""#,
            first: None,
        }
    }

    /// Listens to all payments in Krist's dialect, each with a ticket of its own.
    pub(super) fn krist(tickets: &[String]) -> Self {
        let path = |ticket: &String| format!("/api/krist/ws/gateway/{ticket}");
        Self {
            token: None,
            paths: Some(tickets.iter().map(path).collect()),
            ask: Box::new(|_, _| {
                r#"{"id":1,"type":"subscribe","event":"transactions"}"#.to_owned()
            }),
            arrived: br#"{"ok":true,"id":1,"type":"response""#,
            first: None,
        }
    }
}

/// The number of the first event that will be ordered.
pub(super) fn begin(stand: &mut Stand) -> anyhow::Result<u64> {
    Ok(stand.count(&Order::Begin)?.saturating_add(1))
}

/// A message that asks for topics, with more fields if there are any.
pub(super) fn subscribe(topics: &[String], fields: &str) -> String {
    format!(r#"{{"type":"subscribe","topics":["{}"]{fields}}}"#, topics.join(r#"",""#))
}

impl Fleet {
    /// Listeners that are not connected yet.
    pub(super) fn new(
        target: SocketAddr,
        spread: Spread,
        listeners: u32,
        asking: Asking,
    ) -> anyhow::Result<Self> {
        let credential = asking.token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!(
            "HTTP/1.1\r\nHost: {target}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n",
            credential.unwrap_or_default()
        );
        let paths = asking.paths;
        let request = Box::new(move |listener| {
            let place = usize::try_from(listener).unwrap_or(usize::MAX);
            let path = paths.as_ref().and_then(|paths| paths.get(place)).map(String::as_str);
            format!("GET {} {head}", path.unwrap_or("/api/v1/ws"))
        });
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS),
            scratch: vec![0; READ_BYTES].into(),
            links: (0..listeners).map(|_| Link::new()).collect(),
            manner: Manner { target, request, arrived: asking.arrived },
            ask: asking.ask,
            live: 0,
            opening: 0,
            tally: Tally::new(spread, listeners, asking.first)?,
        })
    }

    /// Guests who listen to the topics of a spread, connected.
    pub(super) fn up(stand: &mut Stand, spread: Spread, listeners: u32) -> anyhow::Result<Self> {
        let asking = Asking { first: Some(begin(stand)?), ..Asking::topics(spread) };
        let mut fleet = Self::new(stand.address, spread, listeners, asking)?;
        fleet.connect()?;
        Ok(fleet)
    }

    /// Connects all who are away and waits until they are live. Gives how long that took.
    pub(super) fn connect(&mut self) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let mut next = 0;
        while self.live < self.links.len() {
            while self.opening < OPENING_MAX && next < self.links.len() {
                if let Some(link) =
                    self.links.get_mut(next).filter(|link| link.phase == Phase::Away)
                {
                    link.connect(Token(next), self.manner.target, self.poll.registry())?;
                    self.opening += 1;
                }
                next += 1;
            }
            self.turn(Some(Duration::from_millis(10)))?;
            if began.elapsed() > OPEN_MAX {
                bail!("{} of {} listeners came up in {OPEN_MAX:?}", self.live, self.links.len());
            }
        }
        Ok(began.elapsed())
    }

    /// All leave at once, without a word.
    pub(super) fn leave(&mut self) {
        self.links.iter_mut().for_each(Link::leave);
        (self.live, self.opening) = (0, 0);
    }

    /// The first of them will stall.
    pub(super) fn confine(&self, count: u32) -> anyhow::Result<()> {
        let mut confined = self.links.iter().take(usize::try_from(count)?);
        Ok(confined.try_for_each(Link::confine)?)
    }

    /// The first of them read no more.
    pub(super) fn stall(&mut self, count: u32) -> anyhow::Result<()> {
        let stalled = self.links.iter_mut().take(usize::try_from(count)?);
        stalled.into_iter().try_for_each(|link| link.stall(self.poll.registry()))?;
        self.tally.deafen(count);
        Ok(())
    }

    /// Orders events for a while, waits until the last has arrived, and says what it cost the server.
    pub(super) fn drive(
        &mut self,
        stand: &mut Stand,
        load: Load,
        span: Duration,
    ) -> anyhow::Result<Run> {
        let before = stand.usage()?;
        let (heard, began) = (self.tally.deliveries, uptime()?);
        let end = began + span;
        let mut next = began;
        let mut now = began;
        while now < end {
            match load {
                Load::Saturated { window, burst } => {
                    let room = u64::from(window).saturating_sub(self.tally.unfinished());
                    if room >= u64::from(burst) {
                        self.order(stand, burst)?;
                    }
                }
                Load::Paced(pause) => {
                    if now >= next {
                        next += pause;
                        self.order(stand, 1)?;
                    }
                }
            }
            now = self.turn(Some(Duration::ZERO))?;
        }
        while self.tally.unfinished() > 0 && now < end + DRAIN_MAX {
            now = self.turn(Some(Duration::ZERO))?;
        }
        let usage = stand.usage()?.since(&before);
        Ok(Run {
            usage,
            took: now.saturating_sub(began),
            deliveries: self.tally.deliveries.saturating_sub(heard),
        })
    }

    fn order(&mut self, stand: &mut Stand, count: u32) -> anyhow::Result<()> {
        self.tally.order(count, uptime()?);
        Ok(stand.tell(&Order::Publish(count))?)
    }

    /// Takes what has come in, and waits for something if nothing has. Gives the time at which it was.
    pub(super) fn turn(&mut self, patience: Option<Duration>) -> anyhow::Result<Duration> {
        match self.poll.poll(&mut self.events, patience) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => other?,
        }
        let mut now = uptime()?;
        for event in &self.events {
            let Token(place) = event.token();
            let Some(link) = self.links.get_mut(place) else { continue };
            now = uptime()?;
            let mut ears = Ears {
                listener: u32::try_from(place)?,
                manner: &self.manner,
                ask: &*self.ask,
                tally: &mut self.tally,
                now,
            };
            match link
                .turn(&mut self.scratch, &mut ears)
                .with_context(|| format!("listener {place}"))?
            {
                News::None => {}
                News::Arrived => {
                    self.live += 1;
                    self.opening = self.opening.saturating_sub(1);
                }
                News::Ended => bail!("a server ended the connection of listener {place}"),
            }
        }
        Ok(now)
    }
}
