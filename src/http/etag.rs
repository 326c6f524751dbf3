//! Conditional reads: the `ETag` of a resource is its version in quotes, and `If-None-Match` saves its body.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

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

impl IfNoneMatch {
    /// Answers with the resource at `version`, or with 304 when the client holds exactly that.
    pub fn answer(&self, version: i64, body: impl IntoResponse) -> Response {
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
