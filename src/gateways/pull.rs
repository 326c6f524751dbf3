//! `GET /api/v1/events`: the door for those who speak plain HTTP. The same events, the same order, the same rules as on
//! the websocket; `Accept` chooses between a stream of server-sent events and one page of JSON.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, header},
    response::Response,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    codes::{Code, Fault},
    listen::{Native, Position, grant, wants},
    pages::{self, EventPage},
    sse,
    ws::no_room,
};
use crate::{
    auth::gate::{ClientIp, admit},
    http::{error::ApiError, extract::Query, openapi::Failures},
    hub::{Interest, ReadError},
    kernel::event::Seq,
};

/// Events on a page when the client does not say.
const PAGE_EVENTS_DEFAULT: usize = 100;
/// Events on a page at the most; a larger `limit` is clamped.
const PAGE_EVENTS_MAX: usize = 1_000;
/// The longest wait for an event in seconds; a larger `wait` is clamped.
const WAIT_SECONDS_MAX: u64 = 30;
/// Where a browser says how far it came.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What to hear, and from where.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct EventsQuery {
    /// The topics, separated by commas.
    topics: String,
    /// Which kinds of events, separated by commas: `payment.made`, `payment.*`.
    kinds: Option<String>,
    /// Continue behind this event. Without it: with what happens next. `Last-Event-ID` goes before it.
    since: Option<u64>,
    /// The history that `since` counts in.
    epoch: Option<String>,
    /// Events on a page, 1 to 1,000. Default 100. Only for JSON.
    limit: Option<usize>,
    /// Seconds to wait for an event, 0 to 30. Default 0. Only for JSON.
    wait: Option<u64>,
}

/// Hear events: a stream with `Accept: text/event-stream`, else one page
#[utoipa::path(get, path = "/api/v1/events", tag = "realtime",
    params(EventsQuery, ("Last-Event-ID" = Option<String>, Header, description = "`epoch-seq`, as in the `id` of an event")),
    security((), ("session" = []), ("service_key" = [])),
    responses(
        (status = 200, content((EventPage = "application/json"), (String = "text/event-stream"))),
        (status = 409, description = "`epoch_changed`: the log is another one"),
        (status = 410, description = "`gone`: events behind `since` are no longer kept"), Failures))]
pub(super) async fn events(
    State(native): State<Arc<Native>>,
    ClientIp(ip): ClientIp,
    headers: HeaderMap,
    Query(query): Query<EventsQuery>,
) -> Result<Response, ApiError> {
    let ip = ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let admission = native.hub.admit(ip).map_err(no_room)?;
    let max = native.settings.topics_max;
    let kinds = query.kinds.as_deref().map(list);
    let wants = wants(&list(&query.topics), kinds.as_deref(), max)?;
    let position = match last_event_id(&headers)? {
        Some(position) => Some(position),
        None => Position::given(query.since, query.epoch)?,
    };
    let epoch = native.db.log().epoch().clone();
    if let Some(position) = &position {
        position.counts_in(&epoch)?;
    }
    // Before the credentials are looked up, so that a revocation in between is noticed.
    let checked = native.hub.head();
    let caller = admit(&native.auth, &headers).await?;
    native.authorise(&caller, &wants).await?;
    let after = match position {
        Some(position) => {
            native.reachable(position.seq).await?;
            position.seq
        }
        None => native.hub.head(),
    };
    let grant = grant(&caller, checked);
    let expires = grant.expires;
    let reader = native.hub.reader(Interest::new(wants), after, grant);
    if wants_stream(&headers) {
        return Ok(sse::stream(sse::Feed {
            native,
            reader,
            epoch,
            expires,
            _admission: admission,
        }));
    }
    let limit = query.limit.unwrap_or(PAGE_EVENTS_DEFAULT).clamp(1, PAGE_EVENTS_MAX);
    let wait = Duration::from_secs(query.wait.unwrap_or(0).min(WAIT_SECONDS_MAX));
    Ok(pages::page(&native.hub, reader, &epoch, limit, wait).await?)
}

/// What a reader's failure is to its client.
pub(super) fn failed(error: ReadError, head: Seq) -> Fault {
    match error {
        ReadError::Gone { oldest } => Fault::gone(oldest, head.max(oldest.previous())),
        ReadError::Revoked => {
            Fault::new(Code::Unauthorized, "the credentials were revoked; log in again")
        }
        ReadError::Stale | ReadError::Draining => {
            let message = "this node can't go on here; connect again and continue behind `next`";
            let retry_after = Some(Duration::from_secs(1));
            Fault { retry_after, ..Fault::new(Code::Unavailable, message) }
        }
        ReadError::Db(error) => error.into(),
    }
}

/// The entries of a list between commas.
fn list(text: &str) -> Vec<String> {
    text.split(',').map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect()
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let types = lines.flat_map(|line| line.split(','));
    types
        .filter_map(|entry| entry.split(';').next())
        .any(|essence| essence.trim().eq_ignore_ascii_case("text/event-stream"))
}

/// The position of a browser that reconnects: `e7-18446`.
fn last_event_id(headers: &HeaderMap) -> Result<Option<Position>, Fault> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let position = value
        .to_str()
        .ok()
        .and_then(|text| text.rsplit_once('-'))
        .and_then(|(epoch, seq)| Position::given(seq.parse().ok(), Some(epoch.into())).ok()?);
    match position {
        Some(position) => Ok(Some(position)),
        None => Err(Fault::bad("`Last-Event-ID` must be the `id` of an event, as in e7-18446")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &'static str, value: &str) -> HeaderMap {
        [(HeaderName::from_static(name), value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn accept_chooses_the_form() {
        let check =
            |value: &str, expected| assert_eq!(wants_stream(&header("accept", value)), expected);
        check("text/event-stream", true);
        check("Text/Event-Stream; q=1", true);
        check("application/json, text/event-stream", true);
        check("application/json", false);
        check("*/*", false);
        assert!(!wants_stream(&HeaderMap::new()));
    }

    #[test]
    fn a_browser_comes_back_with_the_id_it_was_given() {
        let read = |value: &str| last_event_id(&header("last-event-id", value));
        let position =
            |epoch: &str, seq| Ok(Some(Position { epoch: epoch.into(), seq: Seq::new(seq) }));
        assert_eq!(read("e7-18446"), position("e7", 18_446));
        assert_eq!(read("a-b-0"), position("a-b", 0));
        assert_eq!(read(""), Ok(None));
        assert_eq!(last_event_id(&HeaderMap::new()), Ok(None));
        for bad in ["18446", "e7-", "e7-x", "e7-1.5", "e7-18446 "] {
            assert_eq!(read(bad).err().map(|fault| fault.code), Some(Code::BadRequest), "{bad}");
        }
    }

    #[test]
    fn a_list_stands_between_commas() {
        assert_eq!(list("a, b,,c"), ["a", "b", "c"]);
        assert!(list("").is_empty());
    }

    #[test]
    fn a_reader_fails_with_the_codes_of_the_protocol() {
        let code = |error| failed(error, Seq::new(20)).code;
        assert_eq!(code(ReadError::Gone { oldest: Seq::new(9) }), Code::Gone);
        assert_eq!(code(ReadError::Revoked), Code::Unauthorized);
        assert_eq!(code(ReadError::Stale), Code::Unavailable);
        assert_eq!(code(ReadError::Draining), Code::Unavailable);
        assert_eq!(code(ReadError::Db(crate::db::DbError::Down)), Code::Unavailable);
    }
}
