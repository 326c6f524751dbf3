//! A baseline: the hub that is written in an hour. axum's websocket, a broadcast channel for each topic, and a task for
//! each connection, which writes every event by itself. It speaks as much of the protocol as its clients need.

use std::{future::pending, path::Path, sync::Arc};

use anyhow::bail;
use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    response::Response,
    routing::get,
};
use dashmap::DashMap;
use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, runtime, sync::broadcast};
use tokio_stream::{StreamMap, wrappers::BroadcastStream};

use super::{
    Answer, Order,
    child::{Contender, Line},
};
use crate::{
    bench::event::{BEGIN, Press},
    hub::frame,
    kernel::event::Seq,
};

/// Events that a slow connection may be behind before it loses some.
const CHANNEL_EVENTS: usize = 1_024;
/// Room for what a client says. The default is prepared anew after each event, which costs more than all the rest.
const READ_BYTES: usize = 1_024;

type Topics = Arc<DashMap<String, broadcast::Sender<Utf8Bytes>>>;

struct Naive {
    topics: Topics,
    press: Press,
    head: Seq,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said<'a> {
    Welcome { head: Seq },
    Subscribed { topics: &'a [String], mode: &'static str },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Asked {
    Subscribe { topics: Vec<String> },
}

/// Serves until its line ends. It has one processor, so one thread does everything: a second one would cost it a switch
/// of threads for every connection that it wakes.
pub(super) fn run(control: &Path, press: Press) -> anyhow::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { serve_all(Line::connect(control).await?, press).await })
}

async fn serve_all(mut line: Line, press: Press) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let topics = Topics::default();
    let app = Router::new().route("/api/v1/ws", get(upgrade)).with_state(Arc::clone(&topics));
    line.say(&Answer::Ready(address)).await?;
    tokio::select! {
        served = axum::serve(listener, app) => Ok(served?),
        ended = line.serve(Naive { topics, press, head: BEGIN }) => ended,
    }
}

impl Contender for Naive {
    async fn obey(&mut self, order: Order) -> anyhow::Result<Option<Answer>> {
        let count = match order {
            Order::Publish(count) => count,
            Order::Begin => return Ok(Some(Answer::Count(self.head.get().unsigned_abs()))),
            other => bail!("a baseline can't do {other:?}"),
        };
        for _ in 0..count {
            self.head = self.head.next();
            let event = self.press.event(self.head);
            let Some(frame) = frame::event(&event) else { continue };
            let text = Utf8Bytes::try_from(frame::payload(&frame))?;
            for topic in event.topics.iter().filter_map(|topic| self.topics.get(topic.as_str())) {
                // Nobody may be listening.
                let _ = topic.send(text.clone());
            }
        }
        Ok(None)
    }
}

async fn upgrade(State(topics): State<Topics>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.read_buffer_size(READ_BYTES).on_upgrade(async move |socket| {
        // A client that leaves is no error of a server.
        let _ = serve(socket, &topics).await;
    })
}

async fn serve(mut socket: WebSocket, topics: &Topics) -> anyhow::Result<()> {
    socket.send(text(&Said::Welcome { head: BEGIN })?).await?;
    let mut events = Events::default();
    loop {
        tokio::select! {
            biased;
            event = events.next() => socket.send(Message::Text(event)).await?,
            asked = socket.recv() => {
                let Some(Ok(asked)) = asked else { return Ok(()) };
                let Message::Text(asked) = asked else { continue };
                let Asked::Subscribe { topics: names } = serde_json::from_str(&asked)?;
                for name in &names {
                    let sender = topics.entry(name.clone()).or_insert_with(|| broadcast::channel(CHANNEL_EVENTS).0);
                    events.add(name, sender.subscribe());
                }
                socket.send(text(&Said::Subscribed { topics: &names, mode: "live" })?).await?;
            }
        }
    }
}

/// What a connection has subscribed to. Most want one topic, for which a channel is all that is needed.
#[derive(Default)]
enum Events {
    #[default]
    None,
    One(String, broadcast::Receiver<Utf8Bytes>),
    Many(StreamMap<String, BroadcastStream<Utf8Bytes>>),
}

impl Events {
    fn add(&mut self, name: &str, events: broadcast::Receiver<Utf8Bytes>) {
        let name = name.to_owned();
        *self = match std::mem::take(self) {
            Self::None => Self::One(name, events),
            Self::One(first, one) => {
                let both = [(first, one), (name, events)];
                Self::Many(
                    both.map(|(name, events)| (name, BroadcastStream::new(events)))
                        .into_iter()
                        .collect(),
                )
            }
            Self::Many(mut many) => {
                many.insert(name, BroadcastStream::new(events));
                Self::Many(many)
            }
        };
    }

    /// The next event. Who was too slow has lost some, and hears nothing of it.
    async fn next(&mut self) -> Utf8Bytes {
        loop {
            let event = match self {
                Self::None => pending().await,
                Self::One(_, events) => events.recv().await.ok(),
                Self::Many(many) => many.next().await.and_then(|(_, event)| event.ok()),
            };
            if let Some(event) = event {
                return event;
            }
        }
    }
}

fn text(said: &Said<'_>) -> serde_json::Result<Message> {
    Ok(Message::Text(serde_json::to_string(said)?.into()))
}
