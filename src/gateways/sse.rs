//! Events as server-sent events.
//!
//! `id` is the position, `e7-18446`, so a browser that reconnects goes on where it was: the first line of a stream and
//! every mark carry one too. Events have the default type, because their kind is in their data and a page should not
//! have to name every kind it may meet. A stream that can't go on says so with `event: error` and ends.

use std::{
    convert::Infallible,
    fmt::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream::unfold;
use tokio::time::sleep;

use super::{
    codes::{Code, Fault},
    listen::Native,
    pull::failed,
    ws::protocol::{Mark, Refused, Tell},
};
use crate::{
    db::random,
    hub::{Admission, Page, PageLimit, ReadError, Reader},
    kernel::{
        event::{Epoch, Seq},
        time::Timestamp,
    },
};

/// What is joined into one piece of the stream.
const PIECE: PageLimit = PageLimit { events: 1_000, bytes: 64 * 1024 };
/// The longest time without a mark while events pass by that are not for this stream.
const MARK_EVERY: Duration = Duration::from_secs(4);
/// The longest silence; proxies cut what is silent for longer.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// When a browser comes back, in milliseconds: chance spreads those who lost the same node.
const RETRY_MS: std::ops::Range<u32> = 1_000..5_000;
/// The pause before a database that is away is asked again.
const AWAY: Duration = Duration::from_millis(500);

/// What one stream needs.
pub(super) struct Feed {
    pub(super) native: Arc<Native>,
    pub(super) reader: Reader,
    pub(super) epoch: Epoch,
    /// When the credentials end.
    pub(super) expires: Option<Timestamp>,
    /// Counts the stream among the connections.
    pub(super) _admission: Admission,
}

/// The answer that goes on for as long as both sides want.
pub(super) fn stream(feed: Feed) -> Response {
    let telling = Telling { told: None, spoke: Instant::now(), ended: false, feed };
    let pieces = unfold(telling, |mut telling| async move {
        let piece = telling.next().await?;
        Some((Ok::<_, Infallible>(piece), telling))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

/// A stream in progress.
struct Telling {
    feed: Feed,
    /// The last position that was told; none before the first piece.
    told: Option<Seq>,
    spoke: Instant,
    ended: bool,
}

impl Telling {
    /// The next piece, or `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        if self.told.is_none() {
            let mut piece = retry();
            self.mark(&mut piece, self.feed.reader.position());
            return Some(self.speak(piece));
        }
        loop {
            let now = self.feed.native.db.now();
            let left = self.feed.expires.map(|at| at.since(now));
            if left.is_some_and(|left| left.is_zero()) {
                let message = "the token has ended; get a new one and connect again";
                return Some(self.end(Fault::new(Code::TokenExpired, message)));
            }
            let wait = left.unwrap_or(MARK_EVERY).min(MARK_EVERY);
            let piece = match self.feed.reader.page(PIECE, wait).await {
                Ok(page) => self.page(&page),
                Err(ReadError::Draining) => {
                    self.ended = true;
                    let mut piece = retry();
                    self.mark(&mut piece, self.feed.reader.position());
                    Some(piece)
                }
                Err(ReadError::Db(error)) if error.is_unavailable() => {
                    sleep(AWAY).await;
                    self.keep_alive()
                }
                Err(error) => {
                    let fault = failed(error, self.feed.native.hub.head());
                    return Some(self.end(fault));
                }
            };
            if let Some(piece) = piece {
                return Some(self.speak(piece));
            }
        }
    }

    /// The events of a page; or a mark when others passed by; or a sign of life when it is time for one.
    fn page(&mut self, page: &Page) -> Option<String> {
        let mut piece = String::new();
        for entry in &page.entries {
            let Some(json) = entry.json() else { continue };
            self.block(&mut piece, None, Some(entry.seq()), &String::from_utf8_lossy(&json));
        }
        if !page.entries.is_empty() {
            self.told = page.entries.last().map(|entry| entry.seq());
        } else if self.told < Some(page.position) {
            self.mark(&mut piece, page.position);
        } else {
            return self.keep_alive();
        }
        Some(piece)
    }

    fn keep_alive(&self) -> Option<String> {
        (self.spoke.elapsed() + MARK_EVERY > SILENCE_MAX).then(|| ":\n\n".to_owned())
    }

    fn mark(&mut self, piece: &mut String, seq: Seq) {
        self.told = Some(seq);
        let mark = serde_json::to_string(&Tell::Mark(Mark { seq })).unwrap_or_default();
        self.block(piece, Some("mark"), Some(seq), &mark);
    }

    /// The last piece.
    fn end(&mut self, fault: Fault) -> Bytes {
        self.ended = true;
        let mut piece = String::new();
        let error = Tell::Error(Refused::new(None, fault));
        let error = serde_json::to_string(&error).unwrap_or_default();
        self.block(&mut piece, Some("error"), None, &error);
        self.speak(piece)
    }

    fn block(&self, piece: &mut String, event: Option<&str>, seq: Option<Seq>, data: &str) {
        let mut write = || -> fmt::Result {
            if let Some(seq) = seq {
                writeln!(piece, "id: {}-{seq}", self.feed.epoch)?;
            }
            if let Some(event) = event {
                writeln!(piece, "event: {event}")?;
            }
            writeln!(piece, "data: {data}\n")
        };
        // Writing to a text can't fail.
        let _ = write();
    }

    fn speak(&mut self, piece: String) -> Bytes {
        self.spoke = Instant::now();
        piece.into()
    }
}

/// Tells a browser when to come back.
fn retry() -> String {
    let span = f64::from(RETRY_MS.end.saturating_sub(RETRY_MS.start)) * random::fraction();
    format!("retry: {:.0}\n", f64::from(RETRY_MS.start) + span)
}
