//! The header `Idempotency-Key` and its answer `Idempotent-Replayed: true`.
//!
//! The key is stored in the transaction that it protects, so this file only reads and writes headers.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::error::ApiError;

/// The longest key in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 255;

/// The header of a request.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The key that the client sent, if it sent one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut sent = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let (Some(value), None) = (sent.next(), sent.next()) else {
            // Two keys name two requests: refusing is the only reading that never runs the wrong one.
            let none = !parts.headers.contains_key(IDEMPOTENCY_KEY);
            return if none { Ok(Self(None)) } else { Err(invalid()) };
        };
        let visible = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_graphic);
        let bytes = value.as_bytes();
        if bytes.is_empty() || bytes.len() > IDEMPOTENCY_KEY_CHARS_MAX || !visible(bytes) {
            return Err(invalid());
        }
        Ok(Self(value.to_str().ok().map(ToOwned::to_owned)))
    }
}

/// An answer, marked when it repeats an earlier one.
#[derive(Debug)]
pub struct Replayed<R> {
    /// Whether the answer was given before.
    pub replayed: bool,
    /// The answer.
    pub response: R,
}

impl<R: IntoResponse> IntoResponse for Replayed<R> {
    fn into_response(self) -> Response {
        let mut response = self.response.into_response();
        if self.replayed {
            response.headers_mut().insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

fn invalid() -> ApiError {
    ApiError::bad_request(
        "invalid_idempotency_key",
        "Idempotency-Key must be one value of 1 to 255 visible ASCII characters, for example a UUID",
    )
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn extract(values: &[&[u8]]) -> Result<Option<String>, &'static str> {
        let mut parts = Request::new(()).into_parts().0;
        for value in values {
            parts.headers.append(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
        }
        let key = IdempotencyKey::from_request_parts(&mut parts, &()).await;
        key.map(|key| key.0).map_err(|error| error.code())
    }

    #[tokio::test]
    async fn a_key_is_one_visible_word() {
        let longest = "k".repeat(IDEMPOTENCY_KEY_CHARS_MAX);
        assert_eq!(extract(&[]).await, Ok(None));
        assert_eq!(extract(&[b"8e03978e-40d5"]).await, Ok(Some("8e03978e-40d5".into())));
        assert_eq!(extract(&[longest.as_bytes()]).await, Ok(Some(longest.clone())));
        let too_long = format!("{longest}k");
        let bad: [&[&[u8]]; 5] =
            [&[b""], &[b"a b"], &[b"\xe9"], &[too_long.as_bytes()], &[b"a", b"a"]];
        for values in bad {
            assert_eq!(extract(values).await, Err("invalid_idempotency_key"), "{values:?}");
        }
    }

    #[test]
    fn only_a_repeated_answer_is_marked() {
        let mark = |replayed| {
            let response = Replayed { replayed, response: "paid" }.into_response();
            response.headers().get(IDEMPOTENT_REPLAYED).cloned()
        };
        assert_eq!(mark(true).unwrap(), "true");
        assert_eq!(mark(false), None);
    }
}
