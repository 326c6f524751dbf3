//! One connection's side of Krist's websocket: who it is, which levels it holds, and an answer to every message.
//!
//! What needs no look at the database is answered on the connection's own thread. The rest runs on the main runtime,
//! one message at a time, so answers come in the order of the questions.

use std::{
    cell::{Cell, RefCell},
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::value::RawValue;

use super::{
    levels::{DEFAULT, LEVELS_MAX, Level, names, wants},
    message::{Asked, Kind, Read, answer, refusal},
};
use crate::{
    db::random,
    gateways::{
        budget::{Budget, Spent},
        codes::Code,
        krist::{
            Krist,
            error::KristError,
            fields::Fields,
            motd::{WORK, motd},
            pay::Ask,
            profile::Profile,
            reply::Reply,
            views::TransactionView,
        },
    },
    http::serve::Slot,
    hub::{
        Action, Close, Dialect, Encoding, Grant, Handled, Interest, Listen, Notice, Start, View,
    },
    kernel::{
        address::Address,
        event::{Credential, Seq},
    },
};

/// Bytes of a frame at the most; a larger one closes the connection with 1009.
const FRAME_BYTES_MAX: usize = 64 * 1024;
/// The pause between two signs of life: at least this, and up to twice as long, so that they spread.
const BEAT: Duration = Duration::from_millis(4_500);
/// Closes whoever goes on although each message is refused.
const TOO_MANY: Close = Close::TOO_MANY;
/// Closes whoever is so slow that the log has forgotten what comes next; their client connects again by itself.
const TOO_SLOW: Close = Close::new(1013, "too slow; connect again");
/// Closes whoever has no good token.
const TURNED: Close = Close::new(1008, "invalid websocket token");

/// See the module.
pub(super) struct Session {
    krist: Arc<Krist>,
    ip: Option<IpAddr>,
    /// Shared with the answer that is being found out.
    state: Arc<Mutex<State>>,
    hello: Bytes,
    budget: RefCell<Budget>,
    next_beat: Cell<Instant>,
    /// The connection's place among the sockets of the listener.
    _slot: Option<Slot>,
}

/// Who a connection is and what it listens to, in the order in which it asked.
struct State {
    owner: Option<Address>,
    levels: Vec<Level>,
}

impl Session {
    /// The session of somebody who has just come.
    pub(super) fn new(
        krist: Arc<Krist>,
        owner: Option<Address>,
        ip: Option<IpAddr>,
        host: &str,
        slot: Option<Slot>,
    ) -> Self {
        let hello = Reply::ok().with("type", "hello");
        let hello = hello.and(motd(&krist, host, krist.native.db.now())).frame();
        let now = Instant::now();
        let budget = Budget::new(krist.native.settings.messages_per_min, now);
        Self {
            ip,
            state: Arc::new(Mutex::new(State { owner, levels: DEFAULT.to_vec() })),
            hello,
            budget: RefCell::new(budget),
            next_beat: Cell::new(now + pause()),
            _slot: slot,
            krist,
        }
    }

    fn keepalive(&self) -> Bytes {
        let now = self.krist.native.db.now();
        Reply::default().with("type", "keepalive").with("server_time", &now).frame()
    }

    fn ask(&self, view: &View<'_>, asked: Asked) -> Handled {
        let head = |reply: Reply| send(&answer(&asked.id, asked.kind).and(reply));
        let now = |reply| Handled::Now(vec![head(reply)]);
        let levels = || Reply::default().with("subscription_level", &self.state.lock().levels);
        match asked.kind {
            Kind::Work => now(Reply::default().with("work", &WORK)),
            Kind::GetSubscriptionLevel => now(levels()),
            Kind::GetValidSubscriptionLevels => {
                now(Reply::default().with("valid_subscription_levels", &names()))
            }
            Kind::SubmitBlock => {
                now(Reply::default().with("success", &false).with("error", "mining_disabled"))
            }
            Kind::Subscribe | Kind::Unsubscribe => match self.change_levels(&asked) {
                Ok(wanted) => {
                    let reply = answer(&asked.id, asked.kind).and(levels()).frame();
                    Handled::Now(listen(view.interest, &wanted, reply))
                }
                Err(error) => Handled::Now(vec![refuse(Some(&asked.id), &error)]),
            },
            Kind::Logout => {
                self.state.lock().owner = None;
                let wanted = self.wanted();
                let reply = answer(&asked.id, asked.kind).and(guest()).frame();
                let mut actions = vec![Action::Grant(Grant::default())];
                actions.extend(listen(view.interest, &wanted, reply));
                Handled::Now(actions)
            }
            Kind::Address | Kind::Me | Kind::Login | Kind::MakeTransaction | Kind::Replay => {
                let work = Work {
                    krist: Arc::clone(&self.krist),
                    ip: self.ip,
                    state: Arc::clone(&self.state),
                    held: view.interest.clone(),
                };
                Handled::Later(Box::pin(async move {
                    let done = work.run(&asked).await;
                    done.unwrap_or_else(|error| vec![refuse(Some(&asked.id), &error)])
                }))
            }
        }
    }

    fn wanted(&self) -> Interest {
        let state = self.state.lock();
        Interest::new(wants(&state.levels, state.owner.as_ref()))
    }

    /// Adds or removes a level, and gives what is wanted then. Doing it twice changes nothing.
    fn change_levels(&self, asked: &Asked) -> Result<Interest, KristError> {
        let invalid = || KristError::invalid("event");
        let level: Level = asked.fields.required("event")?.parse().map_err(|()| invalid())?;
        // Who pays whom is for the parties alone in a ledger that is not public.
        let shared = matches!(level, Level::Names | Level::Motd | Level::Contracts)
            || level.topic().is_none();
        if !shared && !self.krist.settings.public {
            return Err(KristError::auth_failed());
        }
        let mut state = self.state.lock();
        let held = state.levels.contains(&level);
        match asked.kind {
            Kind::Unsubscribe => state.levels.retain(|other| *other != level),
            _ if !held && state.levels.len() >= LEVELS_MAX => return Err(invalid()),
            _ if !held => state.levels.push(level),
            _ => {}
        }
        drop(state);
        Ok(self.wanted())
    }
}

impl Dialect for Session {
    fn encoding(&self) -> Encoding {
        self.krist.encoding
    }

    fn message_bytes(&self, _: usize) -> usize {
        FRAME_BYTES_MAX
    }

    fn open(&self, view: &View<'_>) -> Vec<Action> {
        let mut actions = vec![Action::Send(self.hello.clone())];
        actions.extend(listen(view.interest, &self.wanted(), self.keepalive()));
        actions
    }

    fn message(&self, view: &View<'_>, text: &str) -> Handled {
        let read = Read::new(text);
        match (self.budget.borrow_mut().spend(Instant::now()), &read) {
            (Spent::Fine, _) => {}
            (Spent::Wait(span), Read::Asked(asked)) => {
                let error = KristError::rate_limited(span);
                return Handled::Now(vec![refuse(Some(&asked.id), &error)]);
            }
            (Spent::Wait(span), _) => {
                return Handled::Now(vec![refuse(None, &KristError::rate_limited(span))]);
            }
            (Spent::Abuse, _) => return Handled::Now(vec![Action::Close(TOO_MANY)]),
        }
        match read {
            Read::Asked(asked) => self.ask(view, asked),
            Read::Alive => Handled::Now(vec![Action::Send(self.keepalive())]),
            Read::Refused(id, error) => Handled::Now(vec![refuse(id.as_deref(), &error)]),
        }
    }

    fn binary(&self, _: &View<'_>, _: Bytes) -> Handled {
        let Read::Refused(_, error) = Read::syntax_error() else { return Handled::Now(Vec::new()) };
        Handled::Now(vec![refuse(None, &error)])
    }

    fn notice(&self, _: Notice) -> Option<Bytes> {
        None
    }

    fn beat(&self, now: Instant) -> Option<Bytes> {
        if now < self.next_beat.get() {
            return None;
        }
        self.next_beat.set(now + pause());
        Some(self.keepalive())
    }

    fn lost(&self) -> Option<Close> {
        Some(TOO_SLOW)
    }
}

/// A message whose answer has to be looked up.
struct Work {
    krist: Arc<Krist>,
    ip: Option<IpAddr>,
    state: Arc<Mutex<State>>,
    held: Interest,
}

impl Work {
    async fn run(&self, asked: &Asked) -> Result<Vec<Action>, KristError> {
        let head = answer(&asked.id, asked.kind);
        match asked.kind {
            Kind::Login => self.login(head, &asked.fields).await,
            Kind::Replay => self.replay(head, &asked.fields).await,
            Kind::MakeTransaction => {
                let session = self.state.lock().owner.clone();
                let ask = Ask { fields: &asked.fields, session, ip: self.ip, key: None };
                let paid = self.krist.pay(ask).await?;
                let view = TransactionView::new(&paid.payment, self.profile(), self.krist.scale());
                Ok(vec![send(&head.with("transaction", &view))])
            }
            Kind::Address => {
                let address = asked.fields.required("address")?;
                let names = asked.fields.raw("fetchNames").is_some();
                let owner = self.state.lock().owner.clone();
                let view = self.krist.address(owner.as_ref(), &address, names).await?;
                Ok(vec![send(&head.with("address", &view))])
            }
            _ => {
                let owner = self.state.lock().owner.clone();
                Ok(vec![send(&head.and(self.who(owner.as_ref()).await?))])
            }
        }
    }

    fn profile(&self) -> Profile {
        self.krist.settings.profile
    }

    async fn who(&self, owner: Option<&Address>) -> Result<Reply, KristError> {
        let Some(owner) = owner else { return Ok(guest()) };
        let view = self.krist.address(Some(owner), owner.as_str(), false).await?;
        let known = Reply::default().with("isGuest", &false).with("is_guest", &false);
        Ok(known.with("address", &view))
    }

    /// Becomes the owner of a wallet. A key that is not the wallet's makes a guest of whoever tried it.
    async fn login(&self, head: Reply, fields: &Fields) -> Result<Vec<Action>, KristError> {
        let key = fields.key()?;
        let checked = self.krist.native.hub.head();
        let owner = self.krist.prove(self.ip, &key).await?;
        let reply = head.and(self.who(owner.as_ref()).await?).frame();
        let credential = owner.as_ref().map(|owner| Credential::of("wallet", owner));
        let grant = Grant { credential, checked, expires: None };
        let mut state = self.state.lock();
        state.owner = owner;
        let wanted = Interest::new(wants(&state.levels, state.owner.as_ref()));
        drop(state);
        let mut actions = vec![Action::Grant(grant)];
        actions.extend(listen(&self.held, &wanted, reply));
        Ok(actions)
    }

    /// Goes on behind an event: what was sent since comes again, and then what is new.
    async fn replay(&self, head: Reply, fields: &Fields) -> Result<Vec<Action>, KristError> {
        let invalid = || KristError::invalid("since");
        let since = fields.given("since").ok_or_else(|| KristError::missing("since"))?;
        let text: String = serde_json::from_str(since.get()).unwrap_or_else(|_| since.get().into());
        let since = text.parse::<i64>().ok().filter(|since| *since >= 0).map(Seq::new);
        let since = since.ok_or_else(invalid)?;
        if let Err(fault) = self.krist.native.reachable(since).await {
            return Err(match fault.code {
                Code::Gone => KristError::new("gone", "Events behind since are no longer kept"),
                Code::BadRequest => invalid(),
                _ => KristError::unavailable(Duration::from_secs(1)),
            });
        }
        let wants = self.held.wants().to_vec();
        let leave = Action::Leave(self.held.topics().cloned().collect());
        let reply = head.with("since", &since.to_string());
        let answer = Box::new(move |place: crate::hub::Place| {
            let head = place.head.max(since);
            vec![reply.with("head", &head.to_string()).frame()]
        });
        let listen = Listen { wants, start: Start::Since(since), answer, arrival: None };
        Ok(vec![leave, Action::Listen(listen)])
    }
}

/// What makes a connection that holds one interest hold another, with its answer. What stays is not interrupted.
fn listen(held: &Interest, wanted: &Interest, reply: Bytes) -> Vec<Action> {
    let gone: Vec<_> = held.topics().filter(|topic| !wanted.holds(topic)).cloned().collect();
    let mut actions = Vec::new();
    if !gone.is_empty() {
        actions.push(Action::Leave(gone));
    }
    let fresh = wanted.wants().iter().filter(|want| !held.wants().contains(want));
    let wants: Vec<_> = fresh.cloned().collect();
    actions.push(if wants.is_empty() {
        Action::Send(reply)
    } else {
        let answer = Box::new(|_| vec![reply]);
        Action::Listen(Listen { wants, start: Start::Here, answer, arrival: None })
    });
    actions
}

fn guest() -> Reply {
    Reply::default().with("isGuest", &true).with("is_guest", &true)
}

fn pause() -> Duration {
    BEAT.mul_f64(1.0 + random::fraction())
}

fn send(reply: &Reply) -> Action {
    Action::Send(reply.frame())
}

fn refuse(id: Option<&RawValue>, error: &KristError) -> Action {
    Action::Send(refusal(id, error).frame())
}

/// Whoever came without a good token: told so, and closed.
pub(super) struct Turned {
    _slot: Option<Slot>,
}

impl Turned {
    pub(super) fn new(slot: Option<Slot>) -> Self {
        Self { _slot: slot }
    }
}

impl Dialect for Turned {
    fn open(&self, _: &View<'_>) -> Vec<Action> {
        vec![refuse(None, &KristError::invalid_token()), Action::Close(TURNED)]
    }

    fn message(&self, _: &View<'_>, _: &str) -> Handled {
        Handled::Now(Vec::new())
    }

    fn notice(&self, _: Notice) -> Option<Bytes> {
        None
    }
}
