//! What this door answers: one flat JSON object, written field by field so that amounts stay the decimals they are.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::hub::frame;

/// The fields of an answer, in order.
#[derive(Debug, Default)]
pub(super) struct Reply(Vec<(&'static str, Box<RawValue>)>);

impl Reply {
    /// The answer to a request that succeeded.
    pub(super) fn ok() -> Self {
        Self::default().with("ok", &true)
    }

    /// One field more.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: &(impl Serialize + ?Sized)) -> Self {
        match to_raw_value(value) {
            Ok(raw) => self.0.push((name, raw)),
            Err(error) => tracing::error!(%error, name, "could not encode a field"),
        }
        self
    }

    /// The fields of another answer behind these.
    #[must_use]
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The answer as a frame of a websocket.
    pub(super) fn frame(&self) -> Bytes {
        frame::json(self).unwrap_or_default()
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        json(&self)
    }
}

/// The answer over HTTP.
pub(super) fn json(reply: &Reply) -> Response {
    let body = serde_json::to_vec(reply).map_or_else(
        |error| {
            tracing::error!(%error, "could not encode an answer");
            Body::empty()
        },
        Body::from,
    );
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], body).into_response()
}
