//! A baseline: the hub that is written in an hour. axum's websocket, a broadcast channel for each topic, and two tasks
//! for each connection: one reads, the other writes every event by itself. It speaks as much of the protocol as its
//! clients need.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, bail};
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
use futures_util::{SinkExt as _, StreamExt as _, stream::SplitSink};
use serde::{Deserialize, Serialize};
use tokio::{
    net::TcpListener,
    runtime,
    sync::broadcast::{self, error::RecvError},
    task::JoinSet,
};
use tokio_stream::{
    StreamMap,
    wrappers::{BroadcastStream, errors::BroadcastStreamRecvError},
};

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
            let text = Utf8Bytes::try_from(frame::payload(&frame::event(&event)))?;
            for topic in event.topics.iter().filter_map(|topic| self.topics.get(topic.as_str())) {
                // Nobody may be listening.
                let _ = topic.send(text.clone());
            }
        }
        Ok(None)
    }
}

async fn upgrade(State(topics): State<Topics>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async move |socket| {
        // A client that leaves is no error of a server.
        let _ = serve(socket, &topics).await;
    })
}

/// One subscription, then a task that writes and one that reads. A socket that is looked at for input after each event
/// would have its reading buffer prepared each time, which costs more than all the rest.
async fn serve(mut socket: WebSocket, topics: &Topics) -> anyhow::Result<()> {
    socket.send(text(&Said::Welcome { head: BEGIN })?).await?;
    let asked = socket.recv().await.context("the client left")??;
    let Asked::Subscribe { topics: names } = serde_json::from_str(asked.to_text()?)?;
    let channel = |name: &String| {
        topics
            .entry(name.clone())
            .or_insert_with(|| broadcast::channel(CHANNEL_EVENTS).0)
            .subscribe()
    };
    let events = match &*names {
        [only] => Events::One(channel(only)),
        many => Events::Many(
            many.iter().map(|name| (name.clone(), BroadcastStream::new(channel(name)))).collect(),
        ),
    };
    socket.send(text(&Said::Subscribed { topics: &names, mode: "live" })?).await?;
    let (sink, mut stream) = socket.split();
    let mut writing = JoinSet::new();
    writing.spawn(write(sink, events));
    while let Some(Ok(_)) = stream.next().await {}
    Ok(())
}

async fn write(mut sink: SplitSink<WebSocket, Message>, mut events: Events) {
    while let Some(event) = events.next().await {
        // Who was too slow has lost some, and hears nothing of it.
        let Ok(event) = event else { continue };
        if sink.send(Message::Text(event)).await.is_err() {
            return;
        }
    }
}

/// What a connection has subscribed to. For one topic a channel is all that is needed.
enum Events {
    One(broadcast::Receiver<Utf8Bytes>),
    Many(StreamMap<String, BroadcastStream<Utf8Bytes>>),
}

impl Events {
    /// The next event, or that some were lost; `None` when there will be no more.
    async fn next(&mut self) -> Option<Result<Utf8Bytes, u64>> {
        match self {
            Self::One(events) => match events.recv().await {
                Ok(event) => Some(Ok(event)),
                Err(RecvError::Lagged(lost)) => Some(Err(lost)),
                Err(RecvError::Closed) => None,
            },
            Self::Many(many) => {
                let (_, event) = many.next().await?;
                Some(event.map_err(|BroadcastStreamRecvError::Lagged(lost)| lost))
            }
        }
    }
}

fn text(said: &Said<'_>) -> serde_json::Result<Message> {
    Ok(Message::Text(serde_json::to_string(said)?.into()))
}
