//! Listeners through the Rust client: what an application sees.

use std::time::Duration;

use tokio::{sync::watch, time::timeout};
use tollbell_client::{Event, Events, Hub as Client, Item, Position, Status, Timing};

use super::{Hub, PATIENCE, Socket};

/// An application that listens, and checks on the way that nothing comes twice or in the wrong order.
pub(crate) struct Listener {
    client: Client,
    events: Events,
    /// The last event.
    pub(crate) last: i64,
    /// How often the link was lost so that the application noticed.
    pub(crate) lost: usize,
}

impl Listener {
    /// Listens behind a position of the history that the hub serves.
    pub(crate) async fn behind(url: &str, topics: &[&str], epoch: &str, after: i64) -> Self {
        let position = Position { epoch: epoch.to_owned(), seq: after.try_into().unwrap() };
        let timing = Timing {
            backoff_min: Duration::from_millis(20),
            backoff_max: Duration::from_millis(500),
            ..Timing::default()
        };
        let builder = Client::builder(url).topics(topics.iter().copied()).since(position);
        let (client, events) = builder.timing(timing).connect().await.unwrap();
        Self { client, events, last: after, lost: 0 }
    }

    /// The next event, or `None` when everything up to `done` is here.
    pub(crate) async fn next(&mut self, done: &mut watch::Receiver<Option<i64>>) -> Option<Event> {
        loop {
            let last = self.last;
            let reached = |done: &Option<i64>| done.is_some_and(|end| end <= last);
            let item = tokio::select! {
                item = timeout(PATIENCE * 3, self.events.next()) => item.expect("the stream stands still"),
                _ = done.wait_for(reached) => return None,
            };
            match item.expect("the client gave up") {
                Item::Event(event) => {
                    let seq = i64::try_from(event.seq).unwrap();
                    assert!(seq > last, "{seq} comes after {last}");
                    self.last = seq;
                    return Some(event);
                }
                Item::Status(Status::Reconnecting { .. }) => self.lost += 1,
                Item::Status(Status::Connected) | Item::Live { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Everything up to the end, as positions.
    pub(crate) async fn rest(&mut self, mut done: watch::Receiver<Option<i64>>) -> Vec<i64> {
        let mut told = Vec::new();
        while let Some(event) = self.next(&mut done).await {
            told.push(event.seq.try_into().unwrap());
        }
        told
    }

    /// Leaves with a goodbye. Dropping a listener leaves without one.
    pub(crate) async fn leave(self) {
        self.client.close().await;
    }
}

/// The history that a hub serves.
pub(crate) async fn epoch(hub: &Hub) -> String {
    Socket::guest(hub).await.welcome["epoch"].as_str().unwrap().to_owned()
}
