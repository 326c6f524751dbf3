//! The error envelope: `{"error":{"code","message","details":[{"field","message"}]}}`.
//!
//! Slices have their own error enums without a status; their `routes.rs` turn them into an [`ApiError`] by the
//! constructors here. The message is for the caller, a cause is for the log: [`ApiError::internal`] writes it once,
//! inside the span that carries the request id, and sends none of it.

use std::borrow::Cow;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// The codes that this floor answers with: code, status, meaning. Slices add their own in their routes.
pub const CODES: &[(&str, u16, &str)] = &[
    ("json_syntax", 400, "the body is not JSON, not UTF-8, cut short or nested too deeply"),
    ("json_type", 400, "the body is JSON of another shape; `details` names the field"),
    ("body_unreadable", 400, "the body ended before it was complete"),
    ("path_invalid", 400, "a part of the path does not parse; `details` names it"),
    ("query_invalid", 400, "the query string does not parse; `details` names the parameter"),
    ("invalid_idempotency_key", 400, "Idempotency-Key is not 1 to 255 visible ASCII characters"),
    ("validation_error", 400, "a value is outside its rules; `details` names the field"),
    ("route_not_found", 404, "no route has this path"),
    ("method_not_allowed", 405, "the route exists; `Allow` lists its methods"),
    ("payload_too_large", 413, "the body is larger than 64 KiB"),
    ("unsupported_media_type", 415, "the body's content type is not application/json"),
    ("rate_limited", 429, "too many requests; `Retry-After` says when to come back"),
    ("internal", 500, "a defect; the log has the cause under the X-Request-Id of the answer"),
    ("unavailable", 503, "the database or the hub cannot answer now; `Retry-After` says when"),
    ("overloaded", 503, "the server holds as many connections as it may; `Retry-After` says when"),
    ("timeout", 504, "no answer in time and the outcome is unknown: repeat with the same key"),
];

/// An error on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    details: Vec<Detail>,
    retry_after: Option<Duration>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Detail {
    /// The field's path in the body, such as `allow_list[2]`, or the name of a parameter.
    pub field: String,
    /// What it should be.
    pub message: String,
}

/// The body of every failed request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorContent,
}

/// The content of [`ErrorBody`].
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorContent {
    /// Stable; programs branch on it.
    #[schema(value_type = String, example = "validation_error")]
    pub code: &'static str,
    /// For people; it may change.
    #[schema(value_type = String)]
    pub message: Cow<'static, str>,
    /// The fields at fault; empty when no field is.
    pub details: Vec<Detail>,
}

impl ApiError {
    /// An error of a slice; its `routes.rs` says which status a code has.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), retry_after: None }
    }

    /// 400 with a code of its own.
    pub fn bad_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 `validation_error` for one field; more fields are added by [`Self::with_detail`].
    pub fn validation(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let whole = format!("{field}: {message}");
        Self::bad_request("validation_error", whole).with_detail(field, message)
    }

    /// 401: who is asking is unknown or no longer valid.
    pub fn unauthorized(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    /// 403: the caller is known and may not.
    pub fn forbidden(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// 404: the resource does not exist, or not for this caller.
    pub fn not_found(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// 409: the request is fine and the resource is in another state.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 423: the operator has switched it off for a while.
    pub fn locked(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::LOCKED, code, message)
    }

    /// 413 `payload_too_large`.
    pub fn payload_too_large(bytes_max: usize) -> Self {
        let message = format!("the body is larger than {bytes_max} bytes; send less at a time");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message)
    }

    /// 415 `unsupported_media_type`.
    pub fn unsupported_media_type() -> Self {
        let message = "the body must be JSON; send Content-Type: application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    /// 429 `rate_limited`.
    pub fn rate_limited(retry_after: Duration) -> Self {
        let message = "too many requests; wait for Retry-After seconds";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
            .with_retry_after(retry_after)
    }

    /// 503 `unavailable`: nothing is wrong with the request.
    pub fn unavailable(retry_after: Duration) -> Self {
        let message = "cannot answer now; repeat after Retry-After seconds";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
            .with_retry_after(retry_after)
    }

    /// 504 `timeout`: the outcome is unknown.
    pub fn timeout() -> Self {
        let message = "no answer in time; repeat, with the same Idempotency-Key if the request changes something";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "timeout", message)
    }

    /// 500 `internal`. Logs the cause and everything below it; the caller learns only the request id.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        tracing::error!(cause = format!("{:#}", cause.into()), "request failed");
        Self::internal_logged()
    }

    /// 500 `internal` for a cause that is in the log already.
    pub fn internal_logged() -> Self {
        let message = "internal error; quote the X-Request-Id of this answer";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// The same error, naming one more field.
    #[must_use]
    pub fn with_detail(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.details.push(Detail { field: field.into(), message: message.into() });
        self
    }

    /// The same error, saying when to come back.
    #[must_use]
    pub fn with_retry_after(mut self, span: Duration) -> Self {
        self.retry_after = Some(span);
        self
    }

    /// The status that the answer will have.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The stable code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The fields at fault.
    pub fn details(&self) -> &[Detail] {
        &self.details
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // For the layers of paths whose errors have another form.
        let kept = self.clone();
        let content =
            ErrorContent { code: self.code, message: self.message, details: self.details };
        let mut response = (self.status, Json(ErrorBody { error: content })).into_response();
        if let Some(span) = self.retry_after {
            let seconds = HeaderValue::from(seconds_rounded_up(span));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response.extensions_mut().insert(kept);
        response
    }
}

/// Retry-After has whole seconds. Rounding down would invite the caller back too early, and zero at once.
fn seconds_rounded_up(span: Duration) -> u64 {
    span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::extract::tests::body_json;

    #[tokio::test]
    async fn the_envelope_has_code_message_and_details() {
        let response = ApiError::validation("amount", "must be above zero").into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(
            body_json(response).await,
            serde_json::json!({"error": {
                "code": "validation_error",
                "message": "amount: must be above zero",
                "details": [{"field": "amount", "message": "must be above zero"}],
            }})
        );
    }

    #[test]
    fn retry_after_is_whole_seconds_rounded_up() {
        for (span, seconds) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2"), (90_000, "90")] {
            let response = ApiError::rate_limited(Duration::from_millis(span)).into_response();
            assert_eq!(response.headers()[header::RETRY_AFTER], seconds, "{span} ms");
        }
    }

    #[test]
    fn only_unauthorized_names_a_scheme() {
        let header =
            |e: ApiError| e.into_response().headers().get(header::WWW_AUTHENTICATE).cloned();
        assert_eq!(header(ApiError::unauthorized("token_expired", "log in")).unwrap(), "Bearer");
        assert_eq!(header(ApiError::forbidden("forbidden", "not yours")), None);
    }

    #[tokio::test]
    async fn a_cause_is_never_sent() {
        let cause = anyhow::anyhow!("password=hunter2").context("cannot connect");
        let text = body_json(ApiError::internal(cause).into_response()).await.to_string();
        assert!(!text.contains("hunter2") && !text.contains("connect"), "{text}");
    }

    #[test]
    fn every_constructor_with_a_fixed_code_is_listed() {
        let fixed = [
            ApiError::validation("a", "b"),
            ApiError::payload_too_large(1),
            ApiError::unsupported_media_type(),
            ApiError::rate_limited(Duration::ZERO),
            ApiError::unavailable(Duration::ZERO),
            ApiError::timeout(),
            ApiError::internal_logged(),
        ];
        for error in fixed {
            let listed = CODES.iter().find(|(code, ..)| *code == error.code());
            assert_eq!(
                listed.map(|(_, status, _)| *status),
                Some(error.status().as_u16()),
                "{error:?}"
            );
        }
    }
}
