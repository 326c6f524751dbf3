//! Tests over real sockets: a hub without a database, a small dialect, and clients that behave well or badly.

mod delivery;
mod endings;
mod reading;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::{
    Action, Close, Dialect, Encoders, Grant, Handled, Hub, HubSettings, Interest, Listen, Notice,
    Start, View,
    fetch::Fetch,
    fixtures::{event, want, want_kinds},
    frame,
};
use crate::{
    db::{DbError, LogPage, Tap, tasks::Tasks},
    kernel::{
        event::{Credential, Event, Seq},
        time::HostClock,
    },
};

/// Nothing in these tests takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// A log in memory. It can be away, and it can forget.
#[derive(Default)]
struct FakeLog {
    events: Mutex<Vec<Arc<Event>>>,
    floor: Mutex<Seq>,
    away: AtomicBool,
    reads: AtomicUsize,
}

impl FakeLog {
    fn head(&self) -> Seq {
        self.events.lock().last().map_or(Seq::ZERO, |event| event.seq)
    }

    fn page(
        &self,
        after: Seq,
        upto: Seq,
        interest: &Interest,
        limit: usize,
    ) -> Result<LogPage, DbError> {
        self.reads.fetch_add(1, SeqCst);
        if self.away.load(SeqCst) {
            return Err(DbError::Down);
        }
        let floor = *self.floor.lock();
        if after < floor {
            return Ok(LogPage::Gone { oldest: floor.next() });
        }
        let events = self.events.lock();
        let inside = events.iter().filter(|event| event.seq > after && event.seq <= upto);
        Ok(LogPage::Events(
            inside.filter(|event| interest.takes(event)).take(limit).cloned().collect(),
        ))
    }
}

/// A hub, and what feeds it.
struct Rig {
    hub: Hub,
    log: Arc<FakeLog>,
    tasks: Tasks,
    listener: TcpListener,
}

impl Rig {
    async fn new(settings: HubSettings) -> Self {
        let log = Arc::new(FakeLog::default());
        let source = Arc::clone(&log);
        let read = move |(after, upto, topics, limit): (Seq, Seq, Vec<_>, usize)| {
            let source = Arc::clone(&source);
            let page = async move {
                tokio::task::yield_now().await;
                let all =
                    topics.iter().map(|topic: &crate::kernel::event::Topic| want(topic.as_str()));
                source.page(after, upto, &Interest::new(all), limit)
            };
            page.boxed()
        };
        let (tasks, _) = Tasks::new();
        let fetch = Fetch::with(
            Box::new(read),
            Box::new(|| HostClock.now()),
            Encoders::default(),
            tasks.clone(),
        );
        let hub = Hub::start_with(settings, fetch, Seq::ZERO, Encoders::default(), &tasks).unwrap();
        Self { hub, log, tasks, listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    /// Commits and relays the next event.
    fn publish(&self, kind: &str, topics: &[&str]) -> i64 {
        let seq = self.log.head().next().get();
        self.publish_event(event(seq, kind, topics))
    }

    fn publish_event(&self, event: Event) -> i64 {
        self.publish_all([event])
    }

    /// Commits and relays events at once. Gives the last one's number.
    fn publish_all(&self, events: impl IntoIterator<Item = Event>) -> i64 {
        let events: Vec<_> = events.into_iter().map(Arc::new).collect();
        self.log.events.lock().extend(events.iter().map(Arc::clone));
        self.hub.publish(&events);
        self.log.head().get()
    }

    /// Waits until the shards have handed on what was published.
    async fn settled(&self) {
        self.until("all is handed on", |stats| stats.position == stats.head).await;
    }

    async fn connect(&self) -> Client {
        self.connect_with(Grant::default()).await
    }

    async fn connect_with(&self, grant: Grant) -> Client {
        Client(WebSocketStream::from_raw_socket(self.socket(grant).await, Role::Client, None).await)
    }

    /// A socket that the hub serves as if it had been upgraded.
    async fn socket(&self, grant: Grant) -> TcpStream {
        let (near, far) = tokio::join!(
            TcpStream::connect(self.listener.local_addr().unwrap()),
            self.listener.accept()
        );
        let (far, peer) = far.unwrap();
        let admission = self.hub.admit(peer.ip()).unwrap();
        let dialect = Box::new(Plain {
            log: Arc::clone(&self.log),
            beats: AtomicBool::default(),
            ends: AtomicBool::default(),
        });
        self.hub.adopt(far, Bytes::new(), dialect, grant, admission).await.unwrap();
        near.unwrap()
    }

    /// Waits until the hub's figures are as described.
    async fn until(&self, what: &str, reached: impl Fn(&super::HubStats) -> bool) {
        let poll = async {
            while !reached(&self.hub.stats()) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(PATIENCE, poll).await.unwrap_or_else(|_| panic!("{what}: {:?}", self.hub.stats()));
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.tasks.stopping().cancel();
    }
}

/// A well-behaved client.
struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message that is not a mark.
    async fn hear(&mut self) -> String {
        loop {
            let text = self.hear_all().await;
            if !text.starts_with("mark ") {
                return text;
            }
        }
    }

    /// The next message: a text, or how the connection ended.
    async fn hear_all(&mut self) -> String {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing came") {
                Some(Ok(Message::Text(text))) => return shorten(&text),
                Some(Ok(Message::Close(Some(frame)))) => return format!("close {}", frame.code),
                Some(Ok(_)) => {}
                Some(Err(error)) => return format!("broken: {error}"),
                None => return "end".into(),
            }
        }
    }

    async fn expect(&mut self, expected: &[&str]) {
        for line in expected {
            assert_eq!(self.hear().await, *line, "while waiting for {expected:?}");
        }
    }

    /// Says something and waits for its answer.
    async fn ask(&mut self, text: &str, answer: &str) {
        self.say(text).await;
        self.expect(&[answer]).await;
    }

    /// The next events up to one, which must be all that come.
    async fn events_until(&mut self, last: i64) -> Vec<i64> {
        let mut events = Vec::new();
        while events.last() != Some(&last) {
            let text = self.hear().await;
            let seq = text.strip_prefix("event ").unwrap_or_else(|| panic!("{text}"));
            events.push(seq.parse().unwrap());
        }
        events
    }
}

/// `event 7` for an event, everything else as it is.
fn shorten(text: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Numbered {
        seq: i64,
    }
    match serde_json::from_str::<Numbered>(text) {
        Ok(event) => format!("event {}", event.seq),
        Err(_) => text.into(),
    }
}

/// A dialect of plain words.
struct Plain {
    log: Arc<FakeLog>,
    /// Whether it says by itself that it is there.
    beats: AtomicBool,
    /// Whether it ends when the log has forgotten what comes next.
    ends: AtomicBool,
}

impl Dialect for Plain {
    fn open(&self, _: &View<'_>) -> Vec<Action> {
        Vec::new()
    }

    fn message(&self, view: &View<'_>, text: &str) -> Handled {
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let wants: Vec<_> = rest.split(' ').filter(|word| !word.is_empty()).map(wanted).collect();
        let log = Arc::clone(&self.log);
        match verb {
            "listen" => Handled::Now(vec![listen(wants, Start::Here)]),
            "late" => Handled::Later(Box::pin(async move { vec![listen(wants, Start::Here)] })),
            "since" => {
                let (since, topics) = rest.split_once(' ').unwrap();
                let wants = topics.split(' ').map(wanted).collect();
                Handled::Now(vec![listen(wants, Start::Since(Seq::new(since.parse().unwrap())))])
            }
            "snapshot" => Handled::Held(Box::pin(async move {
                tokio::task::yield_now().await;
                vec![listen(wants, Start::Snapshot(log.head()))]
            })),
            "refused" => Handled::Held(Box::pin(async { vec![say("refused")] })),
            "leave" => Handled::Now(vec![
                Action::Leave(wants.into_iter().map(|want| want.topic).collect()),
                say("left"),
            ]),
            // Looked up before anything happened, or just now.
            "grant" | "regrant" => Handled::Now(vec![
                Action::Grant(Grant {
                    credential: Some(Credential::of("session", rest)),
                    checked: if verb == "grant" { Seq::ZERO } else { view.place.head },
                    expires: None,
                }),
                say("granted"),
            ]),
            "beat" => {
                self.beats.store(true, SeqCst);
                Handled::Now(vec![say("beating")])
            }
            "end" => {
                self.ends.store(true, SeqCst);
                Handled::Now(vec![say("ending")])
            }
            "panic" => Handled::Later(Box::pin(async { panic!("a test panics here") })),
            "big" => Handled::Now(vec![say(&"x".repeat(rest.parse().unwrap()))]),
            _ => Handled::Now(vec![say(&format!("heard {text}")), Action::Close(Close::MALFORMED)]),
        }
    }

    fn notice(&self, notice: Notice) -> Option<Bytes> {
        Some(frame::text(&match notice {
            Notice::Mark(seq) => format!("mark {seq}"),
            Notice::Drain { reconnect_in_ms, close_in_ms } => {
                format!("drain {reconnect_in_ms} {close_in_ms}")
            }
            Notice::Expiring { in_s } => format!("expiring {in_s}"),
            Notice::Gone { head, oldest } => format!("gone {head} {oldest}"),
        }))
    }

    fn beat(&self, _: std::time::Instant) -> Option<Bytes> {
        self.beats.load(SeqCst).then(|| frame::text("beat"))
    }

    fn lost(&self) -> Option<Close> {
        self.ends.load(SeqCst).then_some(Close::new(1013, "too slow"))
    }
}

/// `a` for all kinds of a topic, `a/x.y` for some.
fn wanted(word: &str) -> super::Want {
    match word.split_once('/') {
        Some((topic, kind)) => want_kinds(topic, &[kind]),
        None => want(word),
    }
}

fn say(text: &str) -> Action {
    Action::Send(frame::text(text))
}

fn listen(wants: Vec<super::Want>, start: Start) -> Action {
    let snapshot = matches!(start, Start::Snapshot(_));
    Action::Listen(Listen {
        wants,
        start,
        answer: Box::new(move |place| {
            let word = if snapshot { "snapshot" } else { "listening" };
            vec![frame::text(&format!("{word} {}", place.position))]
        }),
        arrival: Some(Box::new(|seq| Some(frame::text(&format!("live {seq}"))))),
    })
}

fn credential(name: &str, checked: i64) -> Grant {
    let credential = Some(Credential::of("session", name));
    Grant { credential, checked: Seq::new(checked), expires: None }
}
