//! The public door: the builder, the handle and the stream of items.

use std::{
    error::Error,
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use futures_util::{FutureExt, Stream, StreamExt, future::BoxFuture};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use url::Url;

use crate::{
    driver::Driver,
    item::{Item, Position},
    session::{Plan, Session, Timing},
    store::PositionStore,
    tls::install_crypto,
};

/// How many items wait for the application unless [`HubBuilder::buffer`] says otherwise.
const BUFFER_ITEMS: usize = 256;

/// Any error of the application's own code.
pub type BoxError = Box<dyn Error + Send + Sync>;

pub(crate) type TokenSource =
    Arc<dyn Fn() -> BoxFuture<'static, Result<String, BoxError>> + Send + Sync>;

/// What the driver hands over, in order.
#[derive(Debug)]
pub(crate) enum Parcel {
    Item(Item),
    /// Everything handed over before completes this position.
    Position(Position),
}

/// The handle of a running client. Clones share it; dropping it changes nothing, dropping [`Events`] ends the client.
#[derive(Debug, Clone)]
pub struct Hub {
    cancel: CancellationToken,
    tasks: TaskTracker,
}

impl Hub {
    /// Begins a client of the hub at `url`, such as `https://hub.example`. `http`, `https`, `ws` and `wss` are equal
    /// here; a path in front of `/api/v1` is kept.
    pub fn builder(url: impl Into<String>) -> HubBuilder {
        HubBuilder {
            url: url.into(),
            tokens: None,
            topics: Vec::new(),
            kinds: Vec::new(),
            since: None,
            since_seq: None,
            snapshot: false,
            store: None,
            timing: Timing::default(),
            buffer: BUFFER_ITEMS,
        }
    }

    /// Ends the client: pending attempts are abandoned, open links are closed, and the stream ends after the items that
    /// already wait in it.
    pub async fn close(&self) {
        self.cancel.cancel();
        self.tasks.wait().await;
    }
}

/// Says what to listen to and how.
#[must_use = "nothing happens before `connect`"]
pub struct HubBuilder {
    url: String,
    tokens: Option<TokenSource>,
    topics: Vec<String>,
    kinds: Vec<String>,
    since: Option<Position>,
    since_seq: Option<u64>,
    snapshot: bool,
    store: Option<Arc<dyn PositionStore>>,
    timing: Timing,
    buffer: usize,
}

impl HubBuilder {
    /// Listens with this token. When it is refused or expires, the client stops; see [`Self::token_source`].
    pub fn token(self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.token_source(move || std::future::ready(Ok(token.clone())))
    }

    /// Asks for a token before the first link, when the server announces its end, and after it was refused. A source
    /// that fails is asked again with backoff; one that repeats a refused token ends the client.
    pub fn token_source<S, F>(mut self, source: S) -> Self
    where
        S: Fn() -> F + Send + Sync + 'static,
        F: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        self.tokens = Some(Arc::new(move || source().boxed()));
        self
    }

    /// The topics to listen to, at least one.
    pub fn topics<T: Into<String>>(mut self, topics: impl IntoIterator<Item = T>) -> Self {
        self.topics = topics.into_iter().map(Into::into).collect();
        self
    }

    /// Only events of these kinds; `payment.*` stands for all of a family. None means all.
    pub fn kinds<T: Into<String>>(mut self, kinds: impl IntoIterator<Item = T>) -> Self {
        self.kinds = kinds.into_iter().map(Into::into).collect();
        self
    }

    /// Begins behind this position instead of at the head. A position in the store goes before it.
    pub fn since(mut self, position: Position) -> Self {
        self.since = Some(position);
        self
    }

    /// Begins behind this number of the history that the server has now: for people who type one. A program that
    /// continues its own work gives the whole position to [`Self::since`], which goes before this.
    pub fn since_seq(mut self, seq: u64) -> Self {
        self.since_seq = Some(seq);
        self
    }

    /// Whether to begin with the state of each topic when there is no position, and after a gap.
    pub fn snapshot(mut self, snapshot: bool) -> Self {
        self.snapshot = snapshot;
        self
    }

    /// Where the position outlives the process.
    pub fn store(mut self, store: impl PositionStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Waiting times, backoff among them.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// How many items may wait for the application, at least 1 (default 256). When they are there, the socket is not read.
    pub fn buffer(mut self, items: usize) -> Self {
        self.buffer = items.max(1);
        self
    }

    /// Starts the client. It returns at once; the stream tells when the link is up.
    ///
    /// # Errors
    /// When the address or the topics cannot be used, or the store cannot be read.
    pub async fn connect(self) -> Result<(Hub, Events), ConnectError> {
        let url = websocket_url(&self.url)?;
        if self.topics.is_empty() {
            return Err(ConnectError::NoTopics);
        }
        install_crypto();
        let stored = match &self.store {
            Some(store) => {
                blocking(store, PositionStore::load).await.map_err(ConnectError::Store)?
            }
            None => None,
        };
        let position = stored.or(self.since);
        let plan = Plan {
            topics: self.topics,
            kinds: self.kinds,
            begin_at: self.since_seq,
            snapshot: self.snapshot,
            credentialed: self.tokens.is_some(),
            timing: self.timing,
        };
        let now: Instant = tokio::time::Instant::now().into_std();
        let session = Session::new(plan, position.clone(), now);
        let (sender, parcels) = mpsc::channel(self.buffer);
        let cancel = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(Driver::new(url.into(), session, self.tokens, sender).run(cancel.clone()));
        tasks.close();
        let stop = cancel.clone().drop_guard();
        let events = Events { parcels, position, store: self.store, saving: None, _stop: stop };
        Ok((Hub { cancel, tasks }, events))
    }
}

impl fmt::Debug for HubBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubBuilder")
            .field("url", &self.url)
            .field("topics", &self.topics)
            .finish_non_exhaustive()
    }
}

/// Why a client cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is none of a hub.
    #[error("{0:?} is no address of a hub; write it like https://hub.example")]
    Url(String),
    /// There is nothing to listen to.
    #[error("no topic is named; name at least one with `topics`")]
    NoTopics,
    /// The store cannot be read.
    #[error("the stored position cannot be read; repair or remove it")]
    Store(#[source] io::Error),
}

/// Items in order. The stream ends after [`crate::Status::Stopped`] or [`Hub::close`]; dropping it ends the client.
pub struct Events {
    parcels: mpsc::Receiver<Parcel>,
    position: Option<Position>,
    store: Option<Arc<dyn PositionStore>>,
    /// A write to the store that has begun. One at a time, so that they keep their order.
    saving: Option<JoinHandle<io::Result<()>>>,
    _stop: DropGuard,
}

impl Events {
    /// The next item, or none after the last. Asking for it says that the one before is done with; giving up the wait
    /// loses nothing.
    pub async fn next(&mut self) -> Option<Item> {
        StreamExt::next(self).await
    }

    /// The position behind the item returned last; none before the first is known.
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    fn save(&mut self) {
        if let (Some(store), Some(position)) = (&self.store, self.position.clone()) {
            self.saving = Some(blocking_task(store, move |store| store.save(&position)));
        }
    }
}

impl Stream for Events {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        loop {
            if let Some(saving) = self.saving.as_mut() {
                let saved = ready!(saving.poll_unpin(cx));
                self.saving = None;
                if let Err(error) = saved.unwrap_or_else(|lost| Err(io::Error::other(lost))) {
                    tracing::warn!(%error, "the position cannot be stored, so a restart would repeat events");
                }
            }
            match ready!(self.parcels.poll_recv(cx)) {
                Some(Parcel::Item(item)) => {
                    if let (Item::Event(event), Some(position)) = (&item, &mut self.position) {
                        position.seq = event.seq;
                    }
                    return Poll::Ready(Some(item));
                }
                Some(Parcel::Position(position)) => {
                    self.position = Some(position);
                    self.save();
                }
                None => return Poll::Ready(None),
            }
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("position", &self.position).finish_non_exhaustive()
    }
}

async fn blocking<T: Send + 'static>(
    store: &Arc<dyn PositionStore>,
    work: impl FnOnce(&dyn PositionStore) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    blocking_task(store, work).await.unwrap_or_else(|lost| Err(io::Error::other(lost)))
}

fn blocking_task<T: Send + 'static>(
    store: &Arc<dyn PositionStore>,
    work: impl FnOnce(&dyn PositionStore) -> io::Result<T> + Send + 'static,
) -> JoinHandle<io::Result<T>> {
    let store = Arc::clone(store);
    tokio::task::spawn_blocking(move || work(&*store))
}

fn websocket_url(text: &str) -> Result<Url, ConnectError> {
    let wrong = || ConnectError::Url(text.to_owned());
    let mut url = crate::rest::api_url(text).ok_or_else(wrong)?;
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    url.set_scheme(scheme).map_err(|()| wrong())?;
    url.path_segments_mut().map_err(|()| wrong())?.pop_if_empty().push("ws");
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_address_leads_to_the_websocket() {
        for (given, expected) in [
            ("https://hub.example", Some("wss://hub.example/api/v1/ws")),
            ("http://127.0.0.1:3000/", Some("ws://127.0.0.1:3000/api/v1/ws")),
            ("wss://hub.example/bell/", Some("wss://hub.example/bell/api/v1/ws")),
            ("ws://[::1]:80", Some("ws://[::1]/api/v1/ws")),
            ("ftp://hub.example", None),
            ("hub.example", None),
            ("", None),
        ] {
            let url = websocket_url(given).ok();
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{given}");
        }
    }
}
