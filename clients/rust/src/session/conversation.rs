//! The conversation on a link: what each message of the server means for the session.

use std::time::Duration;

use super::{Action, CLOSE_DONE, CLOSE_PROTOCOL, LinkId, Moment, Session, link::Stage};
use crate::{
    close::Loss,
    item::{Event, GapReason, Item, Position, Snapshot, Status, Stop},
    wire::{ClientMessage, Mode, Refusal, ServerMessage, Subscribed, Welcome},
};

impl Session {
    pub(super) fn frame(&mut self, at: Moment, id: LinkId, text: &str) {
        // A frame of a link that was closed may still be on its way in.
        let Some(link) = self.links.iter().find(|link| link.id == id) else { return };
        let greeted = link.epoch.is_some();
        self.heard(at, id);
        match ServerMessage::parse(text) {
            Ok(ServerMessage::Welcome(welcome)) => self.welcome(at, id, welcome),
            Ok(message) if greeted => self.message(at, id, message),
            // Skipping a frame could skip an event. The position has not moved, so resuming brings it again.
            Ok(_) => self.drop_link(at, id, CLOSE_PROTOCOL, Loss::failed("no greeting came first")),
            Err(error) => {
                let loss = Loss::failed(format!("a frame of the server is malformed: {error}"));
                self.drop_link(at, id, CLOSE_PROTOCOL, loss);
            }
        }
    }

    fn message(&mut self, at: Moment, id: LinkId, message: ServerMessage) {
        match message {
            ServerMessage::Event(event) => self.event(at, id, event),
            ServerMessage::Mark { seq } => self.mark(id, seq),
            ServerMessage::Subscribed(answer) => self.subscribed(at, id, &answer),
            ServerMessage::Snapshot(snapshot) => self.snapshot(id, snapshot),
            ServerMessage::Live { seq } => self.live(id, seq),
            ServerMessage::Hint(hint) => {
                if self.links.first().is_some_and(|link| link.id == id) {
                    self.out.push(Action::Emit(Item::Hint(hint)));
                }
            }
            ServerMessage::Expiring => {
                self.token.renew_at = self.plan.credentialed.then_some(at.now);
            }
            ServerMessage::Drain { reconnect_in_ms } => {
                if let Some(link) = self.links.iter_mut().find(|link| link.id == id) {
                    link.replace_at = Some(at.now + Duration::from_millis(reconnect_in_ms));
                }
            }
            ServerMessage::Ok { id: answered } => {
                if let Some(link) = self.links.iter_mut().find(|link| link.id == id)
                    && let Some((_, token)) =
                        link.presented.take_if(|(asked, _)| *asked == answered)
                {
                    link.token = Some(token);
                }
            }
            ServerMessage::Revoked { topics, code } => self.revoked(topics, code),
            ServerMessage::Error(refusal) => self.refusal(at, id, refusal),
            ServerMessage::Welcome(_) | ServerMessage::Other => {}
        }
    }

    fn welcome(&mut self, at: Moment, id: LinkId, welcome: Welcome) {
        let silence =
            Duration::from_secs(welcome.ping_s).saturating_add(self.plan.timing.ping_grace);
        // Taken once: after a gap the session begins anew at the head, not at the number that could not be had.
        if let (Some(seq), None) = (self.plan.begin_at.take(), &self.position) {
            self.position = Some(Position { epoch: welcome.epoch.clone(), seq });
        }
        if let Some(link) = self.links.iter_mut().find(|link| link.id == id) {
            link.greeted(welcome.epoch, at.now, silence);
            self.subscribe(id);
        }
    }

    fn subscribe(&mut self, id: LinkId) {
        if self.position.is_none() {
            self.keep_only(id);
        }
        let request = self.next_id();
        let message = ClientMessage::Subscribe {
            id: request,
            topics: &self.plan.topics,
            kinds: &self.plan.kinds,
            epoch: self.position.as_ref().map(|position| position.epoch.as_str()),
            since: self.position.as_ref().map(|position| position.seq),
            // A position is resumed or refused, never quietly replaced by a snapshot.
            snapshot: self.plan.snapshot && self.position.is_none(),
        };
        self.out.push(Action::Send(id, message.encode()));
        let resuming = self.position.is_some();
        if let Some(link) = self.links.iter_mut().find(|link| link.id == id) {
            link.stage = Stage::Subscribing { request, resuming };
        }
    }

    fn subscribed(&mut self, at: Moment, id: LinkId, answer: &Subscribed) {
        let Some(link) = self.links.iter_mut().find(|link| link.id == id) else { return };
        let Stage::Subscribing { resuming, .. } = link.stage else { return };
        link.stage = Stage::Joined;
        link.joined_at = Some(at.now);
        let epoch = link.epoch.clone().unwrap_or_default();
        if resuming && answer.mode != Mode::Resumed {
            self.gap(id, GapReason::Gone, None);
        }
        if !self.connected {
            self.connected = true;
            self.out.push(Action::Emit(Item::Status(Status::Connected)));
        }
        // With a snapshot the position is that behind it, and not held before all its parts are there.
        if self.position.is_none() && answer.mode != Mode::Snapshot {
            self.advance(Position { epoch, seq: answer.from.saturating_sub(1) });
            self.save();
        }
    }

    fn event(&mut self, at: Moment, id: LinkId, event: Event) {
        let Some(place) = self.place(id, event.seq) else {
            let loss = Loss::failed("an event came before the subscription was accepted");
            return self.drop_link(at, id, CLOSE_PROTOCOL, loss);
        };
        let first = self.position.is_none();
        if self.advance(place) {
            self.out.push(Action::Emit(Item::Event(event)));
        }
        if first {
            self.save();
        }
    }

    fn snapshot(&mut self, id: LinkId, snapshot: Snapshot) {
        if self.links.first().is_some_and(|link| link.id == id) {
            self.out.push(Action::Emit(Item::Snapshot(snapshot)));
        }
    }

    fn mark(&mut self, id: LinkId, seq: u64) {
        // Between the parts of a first snapshot a mark says nothing: the parts still missing have no number.
        if self.position.is_some()
            && let Some(at) = self.place(id, seq)
        {
            self.advance(at);
            self.save();
        }
    }

    fn live(&mut self, id: LinkId, seq: u64) {
        let Some(at) = self.place(id, seq) else { return };
        self.advance(at);
        self.save();
        if self.links.first().is_some_and(|link| link.id == id) {
            self.out.push(Action::Emit(Item::Live { seq }));
        } else {
            // The replacement has caught up: now the link it replaces can go, and the application notices nothing.
            self.keep_only(id);
        }
    }

    fn revoked(&mut self, topics: Vec<String>, code: String) {
        let held = self.plan.topics.len();
        self.plan.topics.retain(|topic| !topics.contains(topic));
        if self.plan.topics.len() < held {
            self.out.push(Action::Emit(Item::Revoked { topics, code }));
        }
        if self.plan.topics.is_empty() {
            self.stop(Stop::NoTopics);
        }
    }

    fn refusal(&mut self, at: Moment, id: LinkId, refusal: Refusal) {
        let link = self.links.iter_mut().find(|link| link.id == id);
        let Some(link) = link else { return };
        if let Some(wait) = refusal.retry_after_ms {
            link.told = Some(at.now + Duration::from_millis(wait));
        }
        let Refusal { code, message, oldest, .. } = refusal;
        let resuming = match link.stage {
            Stage::Subscribing { request, resuming } if refusal.id == Some(request) => resuming,
            _ => {
                tracing::warn!(code, message, "the server reports an error");
                // A refused `auth` is followed by the close that says what to do.
                let presented = link.presented.take_if(|(asked, _)| Some(*asked) == refusal.id);
                return self.token.discard(presented.map(|(_, token)| token));
            }
        };
        match code.as_str() {
            "gone" if resuming => {
                self.gap(id, GapReason::Gone, oldest);
                self.subscribe(id);
            }
            "epoch_changed" if resuming => {
                self.gap(id, GapReason::EpochChanged, oldest);
                self.subscribe(id);
            }
            "unauthorized" | "token_expired" => {
                self.drop_link(at, id, CLOSE_DONE, Loss::Unauthorized { reason: message });
            }
            _ if refusal.retry || code == "rate_limited" => {
                let reason = format!("the server cannot subscribe now: {message} ({code})");
                self.drop_link(at, id, CLOSE_DONE, Loss::failed(reason));
            }
            _ => self.drop_link(at, id, CLOSE_DONE, Loss::Refused { code, message }),
        }
    }

    /// Tells the application what it lost. What follows on this link begins anew.
    fn gap(&mut self, id: LinkId, reason: GapReason, oldest: Option<u64>) {
        self.keep_only(id);
        if let Some(held) = self.position.take() {
            self.out.push(Action::Emit(Item::Gap { reason, held, oldest }));
        }
    }

    /// The position of a number on a link; none when the link is not subscribed.
    fn place(&self, id: LinkId, seq: u64) -> Option<Position> {
        let link = self.links.iter().find(|link| link.id == id)?;
        link.joined_at?;
        link.epoch.clone().map(|epoch| Position { epoch, seq })
    }

    /// Moves the position forward; false when it has been there.
    fn advance(&mut self, to: Position) -> bool {
        let fresh = self.position.as_ref().is_none_or(|at| at.epoch != to.epoch || at.seq < to.seq);
        if fresh {
            self.position = Some(to);
        }
        fresh
    }

    fn save(&mut self) {
        self.out.extend(self.position.clone().map(Action::Save));
    }
}
