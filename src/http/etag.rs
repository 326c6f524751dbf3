//! Conditional reads: the `ETag` of a resource is its version in quotes, and `If-None-Match` saves its body.

use std::{convert::Infallible, fmt::Display};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::ApiError;

/// Characters of a tag that is a hash.
const TAG_CHARS: usize = 16;

/// What the client already holds, from `If-None-Match`.
#[derive(Debug, Clone, Default)]
pub struct IfNoneMatch(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let value = parts.headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        Ok(Self(value.map(ToOwned::to_owned)))
    }
}

/// The version that the client holds and wants to change, from `If-Match: "7"`.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        let tag = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match tag.map(str::parse) {
            Some(Ok(version)) => Ok(Self(Some(version))),
            _ if text == "*" => Ok(Self(None)),
            _ => Err(ApiError::validation("If-Match", "must be one ETag of this resource")),
        }
    }
}

/// Answers with a resource at `version`, whole whatever the client holds: parts of it change without the version.
pub fn whole(version: i64, body: impl IntoResponse) -> Response {
    IfNoneMatch::default().answer(version, body)
}

impl IfNoneMatch {
    /// Answers with a resource that has no version of its own for all it shows: its JSON is its version.
    pub fn answer_content(&self, body: &impl Serialize) -> Response {
        match serde_json::to_vec(body) {
            Ok(json) => {
                let digest = hex::encode(Sha256::digest(&json));
                let json = ([(header::CONTENT_TYPE, "application/json")], json);
                self.answer(digest.get(..TAG_CHARS).unwrap_or(&digest), json)
            }
            Err(error) => ApiError::internal(error).into_response(),
        }
    }

    /// Answers with the resource at `version`, or with 304 when the client holds exactly that.
    pub fn answer(&self, version: impl Display, body: impl IntoResponse) -> Response {
        let tag = format!("\"{version}\"");
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, value);
        }
        // Without this a cache could answer for the hub, and a balance is never old enough for that.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if self.holds(&tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, body).into_response()
    }

    /// A weak tag matches too: a compressing proxy weakens ours and the resource is still the same.
    fn holds(&self, tag: &str) -> bool {
        let held = self.0.as_deref().unwrap_or_default();
        held.split(',')
            .map(str::trim)
            .any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_saved_only_for_the_same_version() {
        let check = |held: Option<&str>, status: u16| {
            let response = IfNoneMatch(held.map(Into::into)).answer(7, "wallet");
            assert_eq!(response.status(), status, "{held:?}");
            assert_eq!(response.headers()[header::ETAG], "\"7\"", "{held:?}");
        };
        check(None, 200);
        check(Some("\"6\""), 200);
        check(Some("7"), 200);
        check(Some("\"7\""), 304);
        check(Some("W/\"7\""), 304);
        check(Some("\"6\", \"7\""), 304);
        check(Some("*"), 304);
    }
}
