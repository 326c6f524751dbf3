//! The dashboard at `/app`: the whole hub to look at, served out of the binary.
//!
//! ```text
//!  page/          the files as they are sent: plain modules, style sheets, no build step
//!  events_page    /docs/events: every event with its example, made from the AsyncAPI document
//! ```
//!
//! The page is a client like any other: it speaks REST and `tollbell.v1` through `clients/typescript`, whose compiled
//! module it loads. Owns no table, emits nothing. Holds:
//! * nothing is asked of another host, and a strict policy makes the browser see to that;
//! * a file that changed is fetched anew, and one that did not is not: each has its hash as `ETag`.

mod events_page;

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::asyncapi;
use crate::http::{error::ApiError, etag::IfNoneMatch};

/// The page runs and loads what this host serves, and nothing else: no inline script or style, no frame, no form that
/// goes elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

/// The name of the page itself.
const INDEX: &str = "index.html";

/// Lists files of `page/` with their types.
macro_rules! files {
    ($($name:literal $kind:expr),+ $(,)?) => {
        &[$(($name, $kind, include_bytes!(concat!("page/", $name)).as_slice())),+]
    };
}

/// Every file: its name below `/app`, its type, and its content.
const FILES: &[(&str, &str, &[u8])] = files![
    "index.html" HTML,
    "bell.svg" IMAGE,
    "base.css" CSS,
    "views.css" CSS,
    "announce.js" SCRIPT,
    "chart.js" SCRIPT,
    "feed.js" SCRIPT,
    "format.js" SCRIPT,
    "live.js" SCRIPT,
    "main.js" SCRIPT,
    "member.js" SCRIPT,
    "ops.js" SCRIPT,
    "parts.js" SCRIPT,
    "pulse.js" SCRIPT,
    "reads.js" SCRIPT,
    "servers.js" SCRIPT,
    "signals.js" SCRIPT,
    "stores.js" SCRIPT,
    "views/contracts.js" SCRIPT,
    "views/membership.js" SCRIPT,
    "views/operator.js" SCRIPT,
    "views/pulse.js" SCRIPT,
    "views/status.js" SCRIPT,
    "views/wallet.js" SCRIPT,
];

/// The client that the page uses, in one module.
const CLIENT: (&str, &str, &[u8]) =
    ("tollbell.min.js", SCRIPT, include_bytes!("../../../clients/typescript/dist/tollbell.min.js"));

/// A file as it is sent.
#[derive(Debug, Clone)]
struct Page {
    kind: &'static str,
    tag: String,
    content: Bytes,
}

impl Page {
    fn new(kind: &'static str, content: Bytes) -> Self {
        let tag = hex::encode(Sha256::digest(&content)).chars().take(16).collect();
        Self { kind, tag, content }
    }

    fn answer(&self, held: &IfNoneMatch) -> Response {
        let mut response =
            held.answer(&self.tag, ([(header::CONTENT_TYPE, self.kind)], self.content.clone()));
        let policy = HeaderValue::from_static(POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}

/// The page, its files, and the readable form of the AsyncAPI document beside the document itself.
pub fn routes() -> Router {
    let pages = FILES.iter().chain([&CLIENT]);
    let pages: HashMap<&str, Page> = pages
        .map(|(name, kind, content)| (*name, Page::new(kind, Bytes::from_static(content))))
        .collect();
    let document = asyncapi::document();
    let events = Page::new(HTML, events_page::html(&document).into());
    let document = Page::new("application/json", document.to_string().into());
    let one = |page: Page| get(async move |held: IfNoneMatch| page.answer(&held));
    Router::new()
        .route("/app", get(index))
        .route("/app/{*file}", get(file))
        .with_state(Arc::new(pages))
        .route("/docs/events", one(events))
        .route("/asyncapi.json", one(document))
}

/// `/`: people are led to the page, programs are told where everything is.
pub fn home() -> Router {
    Router::new().route("/", get(lead))
}

async fn lead(headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        return Redirect::to("/app/").into_response();
    }
    let places = serde_json::json!({
        "name": "tollbell",
        "version": env!("CARGO_PKG_VERSION"),
        "app": "/app/",
        "docs": "/docs",
        "events": "/docs/events",
        "api": "/api/v1",
    });
    axum::Json(serde_json::json!({ "data": places })).into_response()
}

type Pages = Arc<HashMap<&'static str, Page>>;

async fn index(State(pages): State<Pages>, held: IfNoneMatch) -> Response {
    find(&pages, INDEX, &held)
}

async fn file(State(pages): State<Pages>, Path(name): Path<String>, held: IfNoneMatch) -> Response {
    find(&pages, &name, &held)
}

fn find(pages: &Pages, name: &str, held: &IfNoneMatch) -> Response {
    match pages.get(name) {
        Some(page) => page.answer(held),
        None => ApiError::not_found("route_not_found", "the page has no such file").into_response(),
    }
}

#[cfg(test)]
mod tests;
