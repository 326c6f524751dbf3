//! One connection's side of `tollbell.v1`: reads what the client says and answers it.
//!
//! Every client message gets exactly one answer. A text that is no message gets `error bad_request`, because its
//! sender can read that; a binary frame is not this protocol at all and closes the connection with 4400.
//!
//! What needs no look at the database is answered on the connection's own thread. The rest runs on the main runtime,
//! one message at a time, and for a snapshot the hub holds the connection where it is before its transaction begins.

use std::{cell::RefCell, sync::Arc, time::Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use secrecy::ExposeSecret;

use super::protocol::{
    Ask, Authenticate, Done, Drain, Expiring, Limits, Live, Mark, MessageId, Mode, Pong, Received,
    Refused, Revoked, SERVER_FRAME_BYTES_MAX, SnapshotPart, Subscribe, Subscribed, Tell, Welcome,
};
use crate::{
    auth::{AuthError, Caller, CallerView, Token, topics::Audience},
    gateways::{
        budget::{Budget, Spent},
        codes::{Code, Fault},
        listen::{Native, Position, fit, grant, wants},
    },
    http::serve::Slot,
    hub::{
        Action, Close, Dialect, Handled, Interest, Listen, Notice, Place, Start, View, Want, frame,
    },
    kernel::event::{Epoch, Seq, Topic},
};

/// Bytes of all snapshots that one `subscribe` may ask for.
const SNAPSHOT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Closes whoever goes on although each message is refused; told in the form that clients look for.
const TOO_MANY: Close = Close::new(Close::TOO_MANY.code, "retry_after_ms=10000");
/// Closes whoever does not speak the protocol.
const BINARY: Close = Close::new(Close::MALFORMED.code, "send one JSON object per text frame");

/// See the module.
pub(super) struct Session {
    native: Arc<Native>,
    /// Shared with the answer that is being found out.
    caller: Arc<Mutex<Caller>>,
    budget: RefCell<Budget>,
    /// The connection's place among the sockets of the listener.
    _slot: Option<Slot>,
}

impl Session {
    /// The session of a caller who has just come.
    pub(super) fn new(native: Arc<Native>, caller: Caller, slot: Option<Slot>) -> Self {
        let budget = Budget::new(native.settings.messages_per_min, Instant::now());
        Self {
            native,
            caller: Arc::new(Mutex::new(caller)),
            budget: RefCell::new(budget),
            _slot: slot,
        }
    }

    fn ask(&self, view: &View<'_>, id: Option<MessageId>, ask: Ask) -> Handled {
        let native = Arc::clone(&self.native);
        match ask {
            Ask::Ping(ping) => now(&Tell::Pong(Pong { id, t: ping.t, now: native.db.now() })),
            Ask::Unsubscribe(message) => {
                // What is no topic is not held either.
                let topics = message.topics.iter().filter_map(|name| name.parse().ok()).collect();
                let done = Tell::Ok(Done { id, caller: None });
                Handled::Now(vec![Action::Leave(topics), send(&done)])
            }
            Ask::Auth(message) => {
                let (caller, held) = (Arc::clone(&self.caller), view.interest.clone());
                Handled::Later(Box::pin(async move {
                    let answer = authenticate(&native, &caller, &held, id.clone(), message).await;
                    answer.unwrap_or_else(|fault| vec![refuse(id, fault)])
                }))
            }
            Ask::Subscribe(message) => {
                let epoch = native.db.log().epoch();
                let max = native.settings.topics_max;
                let plan = match Plan::new(max, epoch, view.interest, message) {
                    Ok(plan) => plan,
                    Err(fault) => return Handled::Now(vec![refuse(id, fault)]),
                };
                let caller = self.caller.lock().clone();
                if let Some(decided) = plan.decide(&native, &caller) {
                    let action = match decided {
                        Ok(start) => Action::Listen(plan.listen(id, start, Vec::new())),
                        Err(fault) => refuse(id, fault),
                    };
                    return Handled::Now(vec![action]);
                }
                let held = plan.snapshot;
                let work = Box::pin(async move {
                    match plan.carry_out(&native, &caller, id.clone()).await {
                        Ok(listen) => vec![Action::Listen(listen)],
                        Err(fault) => vec![refuse(id, fault)],
                    }
                });
                if held { Handled::Held(work) } else { Handled::Later(work) }
            }
        }
    }
}

impl Dialect for Session {
    fn caller(&self) -> Option<serde_json::Value> {
        let caller = self.caller.lock().view();
        // A view that has no JSON form is a defect, and an operator sees a guest.
        (caller != CallerView::Guest).then(|| serde_json::to_value(caller).ok()).flatten()
    }

    fn open(&self, view: &View<'_>) -> Vec<Action> {
        let settings = &self.native.settings;
        vec![send(&Tell::Welcome(Welcome {
            conn: view.id.to_string(),
            epoch: self.native.db.log().epoch().clone(),
            head: view.place.head,
            ping_s: settings.ping_s,
            now: self.native.db.now(),
            caller: self.caller.lock().view(),
            limits: Limits {
                topics: settings.topics_max,
                frame_bytes: settings.frame_bytes_max,
                queue_bytes: settings.queue_bytes_max,
                messages_per_min: settings.messages_per_min,
            },
        }))]
    }

    fn message(&self, view: &View<'_>, text: &str) -> Handled {
        let Received { id, ask } = Received::parse(text);
        match self.budget.borrow_mut().spend(Instant::now()) {
            Spent::Fine => {}
            Spent::Wait(span) => {
                return Handled::Now(vec![refuse(id, Fault::rate_limited(span))]);
            }
            Spent::Abuse => return Handled::Now(vec![Action::Close(TOO_MANY)]),
        }
        match ask {
            Ok(ask) => self.ask(view, id, ask),
            Err(fault) => Handled::Now(vec![refuse(id, fault)]),
        }
    }

    fn binary(&self, _: &View<'_>, _: Bytes) -> Handled {
        Handled::Now(vec![Action::Close(BINARY)])
    }

    fn notice(&self, notice: Notice) -> Option<Bytes> {
        let tell = match notice {
            Notice::Mark(seq) => Tell::Mark(Mark { seq }),
            Notice::Drain { reconnect_in_ms, close_in_ms } => {
                Tell::Drain(Drain { reconnect_in_ms, close_in_ms })
            }
            Notice::Expiring { in_s } => Tell::Expiring(Expiring { in_s }),
            Notice::Gone { head, oldest } => {
                Tell::Error(Refused::new(None, Fault::gone(oldest, head)))
            }
        };
        frame::json(&tell)
    }
}

/// A `subscribe` of which everything is checked that needs no look at the database.
struct Plan {
    wants: Vec<Want>,
    position: Option<Position>,
    snapshot: bool,
}

impl Plan {
    fn new(max: usize, epoch: &Epoch, held: &Interest, message: Subscribe) -> Result<Self, Fault> {
        let wants = wants(&message.topics, message.kinds.as_deref(), max)?;
        fit(held, &wants, max)?;
        let position = Position::given(message.since, message.epoch)?;
        if let Some(position) = &position {
            if !held.is_empty() {
                return Err(Fault::bad(
                    "`since` places the whole connection, which listens already; unsubscribe first",
                ));
            }
            position.counts_in(epoch)?;
        }
        Ok(Self { wants, position, snapshot: message.snapshot.unwrap_or_default() })
    }

    async fn carry_out(
        self,
        native: &Native,
        caller: &Caller,
        id: Option<MessageId>,
    ) -> Result<Listen, Fault> {
        native.authorise(caller, &self.wants).await?;
        let (start, parts) = self.start(native).await?;
        Ok(self.listen(id, start, parts))
    }

    /// Where to begin, when nothing has to be read for it: most subscriptions, and all of a storm.
    fn decide(&self, native: &Native, caller: &Caller) -> Option<Result<Start, Fault>> {
        let start = match &self.position {
            _ if self.snapshot => return None,
            None => Start::Here,
            Some(position) if native.remembers(position.seq) => Start::Since(position.seq),
            Some(_) => return None,
        };
        Some(native.authorise_now(caller, &self.wants)?.map(|()| start))
    }

    /// Where to begin, and what to show there. A snapshot takes the place of a position that is no longer kept.
    async fn start(&self, native: &Native) -> Result<(Start, Vec<Bytes>), Fault> {
        if let Some(position) = &self.position {
            match native.reachable(position.seq).await {
                Ok(()) => return Ok((Start::Since(position.seq), Vec::new())),
                Err(fault) if fault.code == Code::Gone && self.snapshot => {}
                Err(fault) => return Err(fault),
            }
        }
        if !self.snapshot {
            return Ok((Start::Here, Vec::new()));
        }
        let (seq, parts) = snapshots(native, &self.wants).await?;
        Ok((Start::Snapshot(seq), parts))
    }

    /// The change of topics, with its answer built at the place where it takes effect.
    fn listen(self, id: Option<MessageId>, start: Start, parts: Vec<Bytes>) -> Listen {
        let topics = self.wants.iter().map(|want| want.topic.clone()).collect();
        let arrived = id.clone();
        let answer = move |place: Place| {
            let (mode, behind) = match start {
                Start::Here => (Mode::Live, place.position),
                Start::Since(since) => (Mode::Resumed, since),
                Start::Snapshot(seq) => (Mode::Snapshot, seq),
            };
            let head = place.head.max(behind);
            let subscribed = Subscribed { id, topics, mode, from: behind.next(), head };
            let mut frames = parts;
            frames.insert(0, encode(&Tell::Subscribed(subscribed)));
            frames
        };
        let arrival = move |seq| frame::json(&Tell::Live(Live { id: arrived, seq }));
        Listen {
            wants: self.wants,
            start,
            answer: Box::new(answer),
            arrival: Some(Box::new(arrival)),
        }
    }
}

/// The state of all topics at one position of the log. Every topic has at least one part, so that a client knows
/// when it has all of them.
async fn snapshots(native: &Native, wants: &[Want]) -> Result<(Seq, Vec<Bytes>), Fault> {
    let mut view = native.db.snapshot().await?;
    let seq = view.seq();
    let (mut frames, mut bytes) = (Vec::new(), 0_usize);
    for Want { topic, .. } in wants {
        let parts = native.topics.snapshot(&mut view, topic).await?;
        for frame in parts_of(topic, seq, parts) {
            bytes = bytes.saturating_add(frame.len());
            if frame.len() > SERVER_FRAME_BYTES_MAX || bytes > SNAPSHOT_BYTES_MAX {
                let message = format!("the snapshot of {topic} is too large; name fewer topics");
                return Err(Fault::new(Code::TooLarge, message));
            }
            frames.push(frame);
        }
    }
    Ok((seq, frames))
}

fn parts_of(
    topic: &Topic,
    seq: Seq,
    parts: Vec<Box<serde_json::value::RawValue>>,
) -> impl Iterator<Item = Bytes> {
    let count = parts.len().max(1);
    let data = parts.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
    data.zip(1..=count).map(move |(data, part)| {
        let last = part == count;
        encode(&Tell::Snapshot(SnapshotPart { topic: topic.clone(), seq, part, last, data }))
    })
}

/// Replaces the credentials. Topics that the new caller may not have are lost, the others go on without a gap.
async fn authenticate(
    native: &Native,
    current: &Mutex<Caller>,
    held: &Interest,
    id: Option<MessageId>,
    message: Authenticate,
) -> Result<Vec<Action>, Fault> {
    let token = Token::new(message.token.expose_secret()).ok_or(AuthError::Unauthorized)?;
    let checked = native.hub.head();
    let caller = native.auth.caller(&token).await?;
    let mut lost = Vec::new();
    for topic in held.topics() {
        if native.topics.audience(&caller, topic).await? != Audience::Allowed {
            lost.push(topic.clone());
        }
    }
    let done = Tell::Ok(Done { id, caller: Some(caller.view()) });
    let mut actions = vec![Action::Grant(grant(&caller, checked)), send(&done)];
    *current.lock() = caller;
    if !lost.is_empty() {
        let revoked = Tell::Revoked(Revoked { topics: lost.clone(), code: Code::Forbidden });
        actions.extend([Action::Leave(lost), send(&revoked)]);
    }
    Ok(actions)
}

fn now(tell: &Tell) -> Handled {
    Handled::Now(vec![send(tell)])
}

fn refuse(id: Option<MessageId>, fault: Fault) -> Action {
    send(&Tell::Error(Refused::new(id, fault)))
}

fn send(tell: &Tell) -> Action {
    Action::Send(encode(tell))
}

/// The frame of a message. One that has no JSON form is a defect, which the encoder logs.
fn encode(tell: &Tell) -> Bytes {
    frame::json(tell).unwrap_or_default()
}

#[cfg(test)]
mod tests;
