//! One page of events as JSON, at once or as soon as there is something to tell.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use utoipa::ToSchema;

use super::{codes::Fault, pull::failed};
use crate::{
    hub::{Hub, Page, PageLimit, ReadError, Reader},
    kernel::{
        event::{Epoch, Seq, Topic},
        time::Timestamp,
    },
};

/// Bytes of the events on a page at the most, roughly; a single event may be larger.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// A page of events.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what is put together from encoded events")]
pub(super) struct EventPage {
    /// The history that the numbers count in.
    epoch: Epoch,
    /// The events, in order.
    events: Vec<EventObject>,
    /// Ask for the next page with this as `since`.
    next: Seq,
    /// The newest event.
    head: Seq,
}

/// An event, the same on all doors.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes what the hub encodes")]
pub(super) struct EventObject {
    /// Always `event`.
    r#type: String,
    /// Its number in the log: dense, rising, in commit order.
    seq: Seq,
    /// What happened.
    kind: String,
    /// The topics it belongs to.
    topics: Vec<Topic>,
    /// When it was committed.
    at: Timestamp,
    /// What it says; the AsyncAPI document has the shape of each kind.
    #[schema(value_type = Object)]
    data: (),
}

/// Reads the next page, waiting for its first event.
pub(super) async fn page(
    hub: &Hub,
    mut reader: Reader,
    epoch: &Epoch,
    limit: usize,
    wait: Duration,
) -> Result<Response, Fault> {
    let limit = PageLimit { events: limit, bytes: PAGE_BYTES_MAX };
    let page = match reader.page(limit, wait).await {
        Ok(page) => page,
        // Nothing came so far; the next request finds another node.
        Err(ReadError::Draining) => Page { entries: Vec::new(), position: reader.position() },
        Err(error) => return Err(failed(error, hub.head())),
    };
    let body = body(epoch, &page, hub.head()).map_err(Fault::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from(body)).into_response())
}

/// Puts the encoded events into a page as they are.
fn body(epoch: &Epoch, page: &Page, head: Seq) -> Result<Vec<u8>, serde_json::Error> {
    let mut body = br#"{"epoch":"#.to_vec();
    serde_json::to_writer(&mut body, epoch)?;
    body.extend_from_slice(br#","events":["#);
    for (at, event) in page.entries.iter().filter_map(|entry| entry.json()).enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(&event);
    }
    let (next, head) = (page.position, head.max(page.position));
    body.extend_from_slice(format!(r#"],"next":{next},"head":{head}}}"#).as_bytes());
    Ok(body)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::gateways::fixtures::entry;

    #[test]
    fn a_page_holds_the_events_as_they_are_sent_everywhere() {
        let read = |entries: Vec<_>, position| -> Value {
            let page = Page { entries, position: Seq::new(position) };
            serde_json::from_slice(&body(&Epoch::new("e7"), &page, Seq::new(8)).unwrap()).unwrap()
        };
        let event = |seq: i64| {
            json!({"type": "event", "seq": seq, "kind": "payment.made", "topics": ["payments"],
                   "at": "2026-11-22T01:00:00.123Z", "data": {"n": seq}})
        };
        assert_eq!(
            read(vec![entry(5), entry(7)], 7),
            json!({"epoch": "e7", "events": [event(5), event(7)], "next": 7, "head": 8})
        );
        // A reader may be ahead of what this node knew a moment before.
        assert_eq!(read(vec![], 9), json!({"epoch": "e7", "events": [], "next": 9, "head": 9}));
    }
}
