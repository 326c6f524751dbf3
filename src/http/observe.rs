//! What an operator sees of a request: its id, one log line, a count and a duration.
//!
//! The line names the matched route, never the address that was asked for: a query string may hold a ticket, and a
//! label per wallet would fill the memory of whoever collects the metrics.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use uuid::Uuid;

/// The header with the id of a request, accepted from the client when it is short and plain.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Requests by `method`, `path` (the route) and `status`.
pub const HTTP_REQUESTS_TOTAL: &str = "http_requests_total";
/// Seconds from the request's head to the answer's head, by `method` and `path`.
pub const HTTP_REQUEST_SECONDS: &str = "http_request_seconds";

const REQUEST_ID_CHARS_MAX: usize = 64;
const UNMATCHED: &str = "unmatched";

/// The id of the request at hand.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

/// The middleware; `new_id` makes the ids of requests that brought none.
pub async fn observe(
    State(new_id): State<fn() -> Uuid>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = accepted_id(&request).unwrap_or_else(|| new_id().hyphenated().to_string());
    let method = method_label(request.method());
    let path: Arc<str> =
        request.extensions().get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str).into();
    request.extensions_mut().insert(RequestId(id.as_str().into()));

    let span = tracing::info_span!("request", id, method, path = &*path);
    let mut response = next.run(request).instrument(span.clone()).await;

    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    let (status, latency) = (response.status().as_u16(), begun.elapsed());
    span.in_scope(|| {
        let latency_ms = (latency.as_secs_f64() * 1e6).round() / 1e3;
        tracing::info!(status, latency_ms, "answered");
    });
    let labels = [("method", method.to_owned()), ("path", path.as_ref().to_owned())];
    metrics::histogram!(HTTP_REQUEST_SECONDS, &labels).record(latency);
    let [method, path] = labels;
    metrics::counter!(HTTP_REQUESTS_TOTAL, &[method, path, ("status", status.to_string())])
        .increment(1);
    response
}

/// A client's own id is kept so that its log and ours meet; anything that could forge a log line is not.
fn accepted_id(request: &Request) -> Option<String> {
    let id = request.headers().get(X_REQUEST_ID)?.to_str().ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    ((1..=REQUEST_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}

/// Methods are the client's to invent; labels are not.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_request_id_is_taken_only_when_it_is_plain() {
        let check = |sent: &str, taken: bool| {
            let request =
                Request::builder().header(X_REQUEST_ID, sent).body(Body::empty()).unwrap();
            assert_eq!(accepted_id(&request), taken.then(|| sent.to_owned()), "{sent:?}");
        };
        check("8e03978e-40d5", true);
        check("trace:1_2.3", true);
        check("", false);
        check("two words", false);
        check("{\"level\":\"fatal\"}", false);
        check(&"a".repeat(REQUEST_ID_CHARS_MAX), true);
        check(&"a".repeat(REQUEST_ID_CHARS_MAX + 1), false);
    }
}
