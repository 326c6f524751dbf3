//! A baseline: the hub that is written in an hour. axum's websocket, a broadcast channel for each topic, and two tasks
//! for each connection: one reads, the other writes every event by itself. It speaks as much of the protocol as its
//! clients need.

use std::{path::Path, sync::Arc};

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
use futures_util::{SinkExt as _, StreamExt as _, stream::SplitStream};
use serde::{Deserialize, Serialize};
use tokio::{
    net::TcpListener,
    runtime,
    sync::{broadcast, mpsc},
    task::JoinSet,
};
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
    upgrade.on_upgrade(async move |socket| {
        // A client that leaves is no error of a server.
        let _ = serve(socket, &topics).await;
    })
}

/// One task writes and one reads. A socket that is looked at for input after each event would have its reading buffer
/// prepared each time, which costs more than all the rest.
async fn serve(socket: WebSocket, topics: &Topics) -> anyhow::Result<()> {
    let (mut sink, stream) = socket.split();
    sink.send(text(&Said::Welcome { head: BEGIN })?).await?;
    let (wishes, mut wanted) = mpsc::channel(1);
    let mut reading = JoinSet::new();
    reading.spawn(hear(stream, wishes));
    let mut events = StreamMap::new();
    loop {
        tokio::select! {
            Some((_, event)) = events.next() => {
                let event: Result<Utf8Bytes, _> = event;
                // Who was too slow has lost some, and hears nothing of it.
                if let Ok(event) = event {
                    sink.send(Message::Text(event)).await?;
                }
            }
            asked = wanted.recv() => {
                let Some(asked) = asked else { return Ok(()) };
                for topic in &asked {
                    let sender = topics.entry(topic.clone()).or_insert_with(|| broadcast::channel(CHANNEL_EVENTS).0);
                    events.insert(topic.clone(), BroadcastStream::new(sender.subscribe()));
                }
                sink.send(text(&Said::Subscribed { topics: &asked, mode: "live" })?).await?;
            }
        }
    }
}

/// Reads until the client leaves or says what nobody understands.
async fn hear(mut stream: SplitStream<WebSocket>, wishes: mpsc::Sender<Vec<String>>) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(asked) = message else { continue };
        let Ok(Asked::Subscribe { topics }) = serde_json::from_str(&asked) else { return };
        if wishes.send(topics).await.is_err() {
            return;
        }
    }
}

fn text(said: &Said<'_>) -> serde_json::Result<Message> {
    Ok(Message::Text(serde_json::to_string(said)?.into()))
}
