//! The state machine of a client's session, without IO: what happened goes in, what is to be done comes out.
//!
//! A session has one position and up to two links. Usually there is one link; while the server drains, the next one
//! opens beside it. Events of both are accepted by one rule: a link that was subscribed with `since` delivers everything
//! behind `since` in order, so whatever it brings beyond the position is the next event, and whatever is not beyond it is
//! known. Links can therefore overlap without a gap or a duplicate, as long as there is a position to compare with; a
//! link that subscribes without one becomes the only link.
//!
//! Invariants: `position` never falls within an epoch, and rises only over what the application was given; a lost link
//! leads to exactly one of: another link goes on, an attempt is due, a token is being fetched, the session has stopped.

mod conversation;
mod link;
mod timing;
mod token;

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub use self::timing::Timing;
use self::{link::Link, token::Token};
pub(crate) use self::{
    link::LinkId,
    timing::{Backoff, Moment},
};
use crate::{
    close::{Advice, Loss},
    item::{Item, Position, Status, Stop},
    wire::ClientMessage,
};

/// The close code for a link this client is done with.
pub(crate) const CLOSE_DONE: u16 = 1000;

/// The close code for a link on which the server spoke nonsense.
const CLOSE_PROTOCOL: u16 = 1002;

/// What the application asked for.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) topics: Vec<String>,
    pub(crate) kinds: Vec<String>,
    /// The number behind which to begin, in whatever history the first greeting names.
    pub(crate) begin_at: Option<u64>,
    /// Whether to begin with snapshots when there is no position to resume.
    pub(crate) snapshot: bool,
    /// Whether tokens can be fetched; without, the caller is a guest.
    pub(crate) credentialed: bool,
    pub(crate) timing: Timing,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Input {
    /// A text frame came.
    Frame(LinkId, String),
    /// Another sign of life came.
    Heard(LinkId),
    /// Nobody was reading the links for a while; their silence until now means nothing.
    Listening,
    Lost(LinkId, Loss),
    /// The answer to [`Action::FetchToken`]: a token, or why there is none.
    Token(Result<String, String>),
    /// [`Session::deadline`] has come.
    Tick,
}

/// What is to be done, in this order.
#[derive(Debug)]
pub(crate) enum Action {
    /// Open a socket with this token; its frames come in under this id.
    Open(LinkId, Option<String>),
    Send(LinkId, String),
    /// Close the link, opening or open. Nothing of it comes in any more.
    Close(LinkId, u16),
    FetchToken,
    Emit(Item),
    /// Persist this position once the application has taken everything emitted before.
    Save(Position),
}

#[derive(Debug)]
pub(crate) struct Session {
    plan: Plan,
    position: Option<Position>,
    /// The link that serves, and behind it the one that is to replace it.
    links: Vec<Link>,
    backoff: Backoff,
    /// When to open a link.
    open_at: Option<Instant>,
    token: Token,
    connected: bool,
    stopped: bool,
    ids: u64,
    out: Vec<Action>,
}

impl Session {
    /// A session that opens its first link at `now`.
    pub(crate) fn new(plan: Plan, position: Option<Position>, now: Instant) -> Self {
        Self {
            plan,
            position,
            links: Vec::new(),
            backoff: Backoff::default(),
            open_at: Some(now),
            token: Token::default(),
            connected: false,
            stopped: false,
            ids: 0,
            out: Vec::new(),
        }
    }

    /// Takes in what happened and says what to do. Whatever is due at this moment is done with it.
    pub(crate) fn handle(&mut self, at: Moment, input: Input) -> Vec<Action> {
        if !self.stopped {
            match input {
                Input::Frame(id, text) => self.frame(at, id, &text),
                Input::Heard(id) => self.heard(at, id),
                Input::Listening => self.links.iter_mut().for_each(|link| link.heard = at.now),
                Input::Lost(id, loss) => self.lose(at, id, loss),
                Input::Token(answer) => self.token_came(at, answer),
                Input::Tick => {}
            }
            self.catch_up_with_time(at);
        }
        std::mem::take(&mut self.out)
    }

    /// When [`Input::Tick`] is wanted, whatever else comes before.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let silence = self.links.iter().map(Link::deadline).min();
        [silence, self.open_due(), self.token.renew_due()].into_iter().flatten().min()
    }

    /// Whether the session is over. Nothing happens after that.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped
    }

    fn catch_up_with_time(&mut self, at: Moment) {
        let silent = |link: &&Link| link.deadline() <= at.now;
        while let Some(id) = self.links.iter().find(silent).map(|link| link.id) {
            self.drop_link(at, id, CLOSE_DONE, Loss::failed("the server fell silent"));
        }
        if self.stopped {
            return;
        }
        if self.open_due().is_some_and(|due| due <= at.now) {
            self.links.iter_mut().for_each(|link| link.replace_at = None);
            self.open(at);
        }
        if self.token.renew_due().is_some_and(|due| due <= at.now) {
            self.token.renew_at = None;
            self.fetch();
        }
    }

    fn open_due(&self) -> Option<Instant> {
        match self.links.as_slice() {
            [] => self.open_at,
            [link] => self.open_at.or(link.replace_at).filter(|_| !self.token.opens),
            _ => None,
        }
    }

    fn open(&mut self, at: Moment) {
        self.open_at = None;
        if self.plan.credentialed && self.token.held.is_none() {
            self.token.opens = true;
            self.fetch();
            return;
        }
        let id = self.next_id();
        let within = self.plan.timing.open_within;
        self.links.push(Link::opening(id, self.token.held.clone(), at.now, within));
        self.out.push(Action::Open(id, self.token.held.clone()));
    }

    fn fetch(&mut self) {
        if !self.token.fetching {
            self.token.fetching = true;
            self.out.push(Action::FetchToken);
        }
    }

    fn token_came(&mut self, at: Moment, answer: Result<String, String>) {
        self.token.fetching = false;
        let opening = std::mem::take(&mut self.token.opens);
        match answer {
            Ok(token) if self.token.is_refused(&token) => {
                let reason = "the same token came again".to_owned();
                self.refuse(at, opening, Stop::Unauthorized { reason });
            }
            Ok(token) => {
                self.token.renew_at = None;
                if self.token.held.as_ref() != Some(&token) {
                    self.token.held = Some(token.clone());
                    self.present(&token);
                }
                if opening {
                    self.open(at);
                }
            }
            Err(reason) => {
                let delay = self.backoff.next(&self.plan.timing, at);
                if opening {
                    self.schedule(at, delay, format!("no token: {reason}"));
                } else {
                    self.token.renew_at = Some(at.now + delay);
                }
            }
        }
    }

    /// There is no use in opening a link. One that still serves may do so to its end.
    fn refuse(&mut self, at: Moment, opening: bool, stop: Stop) {
        if opening && self.links.is_empty() {
            self.stop(stop);
        } else if opening {
            let delay = self.backoff.next(&self.plan.timing, at);
            self.schedule(at, delay, stop.to_string());
        }
    }

    /// Replaces the credentials of links that have been greeted; one that is opening carries its own.
    fn present(&mut self, token: &str) {
        for link in self.links.iter_mut().filter(|link| link.epoch.is_some()) {
            self.ids += 1;
            link.presented = Some((self.ids, token.to_owned()));
            let text = ClientMessage::Auth { id: self.ids, token }.encode();
            self.out.push(Action::Send(link.id, text));
        }
    }

    fn heard(&mut self, at: Moment, id: LinkId) {
        if let Some(link) = self.links.iter_mut().find(|link| link.id == id) {
            // A link that is opening has until its deadline, whatever it says before the greeting.
            if link.epoch.is_some() {
                link.heard = at.now;
            }
        }
    }

    fn drop_link(&mut self, at: Moment, id: LinkId, code: u16, loss: Loss) {
        self.out.push(Action::Close(id, code));
        self.lose(at, id, loss);
    }

    fn lose(&mut self, at: Moment, id: LinkId, loss: Loss) {
        let Some(index) = self.links.iter().position(|link| link.id == id) else { return };
        let link = self.links.remove(index);
        if link.joined_at.is_some_and(|since| at.now - since >= self.plan.timing.stable_after) {
            self.backoff.clear();
        }
        let advice = loss.advice();
        if advice == Advice::Token {
            self.token.discard(link.token.clone());
        }
        let reason = loss.reason();
        if let Some(other) = self.links.first() {
            // The link that was replaced may go as it likes. Its replacement is tried again while the old one serves.
            if index == 1 {
                let delay = self.delay(at, &link, &loss);
                self.schedule(at, delay, reason);
            } else if other.joined_at.is_none() {
                self.reconnecting(Duration::ZERO, reason);
            }
        } else if advice == Advice::Stop || (advice == Advice::Token && !self.plan.credentialed) {
            self.stop(loss.into_stop());
        } else {
            let delay = self.delay(at, &link, &loss);
            self.schedule(at, delay, reason);
        }
    }

    /// How long to wait after a loss: as told, else as the close code advises.
    fn delay(&mut self, at: Moment, link: &Link, loss: &Loss) -> Duration {
        let told = link.replace_at.or(link.told).filter(|told| *told > at.now);
        if let Some(wait) = loss.told().or(told.map(|told| told - at.now)) {
            return wait;
        }
        match loss.advice() {
            Advice::Spread(width) => width.mul_f64(at.roll),
            Advice::NotBefore(floor) => floor + self.backoff.next(&self.plan.timing, at),
            Advice::Resume | Advice::Token | Advice::Stop => {
                self.backoff.next(&self.plan.timing, at)
            }
        }
    }

    fn schedule(&mut self, at: Moment, delay: Duration, reason: String) {
        self.open_at = Some(at.now + delay);
        if self.links.is_empty() {
            self.token.renew_at = None;
            self.reconnecting(delay, reason);
        }
    }

    fn reconnecting(&mut self, delay: Duration, reason: String) {
        self.connected = false;
        let in_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.out.push(Action::Emit(Item::Status(Status::Reconnecting { in_ms, reason })));
    }

    fn stop(&mut self, stop: Stop) {
        self.stopped = true;
        for link in self.links.drain(..) {
            self.out.push(Action::Close(link.id, CLOSE_DONE));
        }
        self.out.push(Action::Emit(Item::Status(Status::Stopped(stop))));
    }

    fn keep_only(&mut self, id: LinkId) {
        for link in self.links.extract_if(.., |link| link.id != id) {
            self.out.push(Action::Close(link.id, CLOSE_DONE));
        }
    }

    fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }
}
