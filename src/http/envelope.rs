//! The envelope of `/api/subscriptions` and `/subscriptions`: `{"success":true,…}`, and for errors
//! `{"success":false,"code","message","details"}` with codes in capitals.
//!
//! Routes there answer with [`Success`] and fail with an [`ApiError`] as everywhere. What is refused before or beside a
//! route (no credential, too many requests, a body that is no JSON, a path that nobody has) is an [`ApiError`] too, and
//! one layer around everything writes all of them anew: [`reword`]. So no answer leaves these paths outside the envelope.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::Request,
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{Content, Ref, RefOr, ResponseBuilder},
};

use super::error::{ApiError, Detail};

/// The paths with this envelope.
const PREFIXES: &[&str] = &["/api/subscriptions", "/subscriptions"];

/// The codes of the framework that have another name here. The others are the same in capitals.
const RENAMED: &[(&str, &str)] = &[
    ("json_syntax", "INVALID_JSON"),
    ("json_type", "INVALID_BODY"),
    ("body_unreadable", "INVALID_BODY"),
    ("path_invalid", "INVALID_PATH"),
    ("query_invalid", "INVALID_QUERY"),
    ("validation_error", "INVALID_VALUE"),
    ("unauthorized", "NOT_AUTHENTICATED"),
    ("route_not_found", "NOT_FOUND"),
];

/// A successful answer: `{"success":true}` and the fields of the body beside it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Success<T> {
    /// Always true.
    success: bool,
    #[serde(flatten)]
    body: T,
}

impl<T> Success<T> {
    /// The answer as a JSON body.
    pub const fn json(body: T) -> Json<Self> {
        Json(Self { success: true, body })
    }
}

/// The body of every failed request.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailureBody {
    /// Always false.
    pub success: bool,
    /// Stable; programs branch on it.
    #[schema(example = "NO_ACTIVE_SUBSCRIPTION")]
    pub code: String,
    /// For people; it may change.
    pub message: String,
    /// The fields at fault, or what else a program needs to know; empty when there is nothing.
    pub details: Vec<Detail>,
}

/// The errors that any route of these paths may answer with, for the `responses(…)` of a route.
#[derive(Debug, Clone, Copy)]
pub struct Failures;

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let statuses = [
            ("400", "the request does not parse or breaks a rule"),
            ("401", "the credential is missing, wrong, expired or revoked"),
            ("403", "the caller may not"),
            ("404", "there is no such thing"),
            ("409", "the request is fine and something else stands in its way"),
            ("429", "too many requests; see Retry-After"),
            ("500", "a defect; quote the X-Request-Id"),
            ("503", "cannot answer now; see Retry-After"),
        ];
        let body = || Content::new(Some(Ref::from_schema_name("FailureBody")));
        let response = |text: &str| {
            ResponseBuilder::new().description(text).content("application/json", body())
        };
        statuses.map(|(status, text)| (status.to_owned(), response(text).build().into())).into()
    }
}

/// Writes errors on the paths of this envelope in its form. Status and headers stay.
pub async fn reword(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let ours = |prefix: &&str| {
        path.strip_prefix(*prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let ours = PREFIXES.iter().any(ours);
    let response = next.run(request).await;
    match response.extensions().get::<ApiError>().cloned() {
        Some(error) if ours => reworded(&error, response.headers()),
        _ => response,
    }
}

fn reworded(error: &ApiError, headers: &HeaderMap) -> Response {
    let body = FailureBody {
        success: false,
        code: code(error.code()),
        message: error.message().to_owned(),
        details: error.details().to_vec(),
    };
    let mut response = (error.status(), Json(body)).into_response();
    // What the answer was told beside its body, by the error itself or on its way.
    for (name, value) in headers {
        if *name != header::CONTENT_LENGTH && *name != header::CONTENT_TYPE {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

fn code(code: &str) -> String {
    let renamed = RENAMED.iter().find(|(known, _)| *known == code).map(|(_, name)| *name);
    renamed.map_or_else(|| code.to_ascii_uppercase(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{Router, body::Body, middleware::from_fn, routing::get};
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;
    use crate::http::extract::tests::body_json;

    async fn ask(path: &str) -> (u16, HeaderMap, Value) {
        #[derive(Serialize)]
        struct Answer {
            minutes: u32,
        }
        let refused = async || -> Result<(), ApiError> {
            Err(ApiError::rate_limited(Duration::from_secs(7)).with_detail("open", "2"))
        };
        let app = Router::new()
            .route("/api/subscriptions/fine", get(async || Success::json(Answer { minutes: 5 })))
            .route("/api/subscriptions/bad", get(refused))
            .route("/api/subscriptionsbad", get(refused))
            .layer(from_fn(reword));
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        (status, headers, body_json(response).await)
    }

    #[tokio::test]
    async fn success_and_failure_have_one_envelope() {
        let (status, _, body) = ask("/api/subscriptions/fine").await;
        assert_eq!((status, body), (200, json!({"success": true, "minutes": 5})));
        let (status, headers, body) = ask("/api/subscriptions/bad").await;
        assert_eq!((status, &headers["retry-after"]), (429, &"7".parse().unwrap()));
        let message = "too many requests; wait for Retry-After seconds";
        let details = json!([{"field": "open", "message": "2"}]);
        assert_eq!(
            body,
            json!({"success": false, "code": "RATE_LIMITED", "message": message, "details": details})
        );
        let (_, _, body) = ask("/api/subscriptionsbad").await;
        assert_eq!(body["error"]["code"], "rate_limited");
    }

    #[test]
    fn codes_of_the_framework_have_the_names_of_this_envelope() {
        for (inner, outer) in [
            ("json_syntax", "INVALID_JSON"),
            ("unauthorized", "NOT_AUTHENTICATED"),
            ("route_not_found", "NOT_FOUND"),
            ("unavailable", "UNAVAILABLE"),
            ("POLAR_NOT_CONFIGURED", "POLAR_NOT_CONFIGURED"),
        ] {
            assert_eq!(code(inner), outer);
        }
    }
}
