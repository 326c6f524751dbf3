//! Extractors that answer with the error envelope: [`Body`], [`Params`], [`Query`].
//!
//! Unknown fields are ignored, as everywhere on the wire. A body without a content type is taken for JSON, because
//! scripts forget it, and so is an object that `curl -d` calls a form; a body of another type is refused.

use axum::body::Bytes;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::error::ApiError;

/// The largest request body in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// A JSON body. An empty one is read as `{}`, so that a route whose fields are all optional needs none.
#[derive(Debug, Clone, Copy)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let declared = declared(request.headers());
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        match bytes.trim_ascii() {
            [] => parse(b"{}").map(Self),
            json => match declared {
                Declared::Json => parse(json).map(Self),
                Declared::Form if json.starts_with(b"{") => parse(json).map(Self),
                Declared::Form | Declared::Other => Err(ApiError::unsupported_media_type()),
            },
        }
    }
}

/// The bytes of a body as they came, for what is signed over them.
#[derive(Debug, Clone)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Self).map_err(|rejection| unreadable(&rejection))
    }
}

/// The parameters of the matched path.
#[derive(Debug, Clone, Copy)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(params)| Self(params))
            .map_err(bad_path)
    }
}

/// The query string.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|rejection| bad_query(&rejection))
    }
}

/// Parses a body and says which field is at fault.
///
/// # Errors
/// `json_syntax` for what is no JSON, `json_type` for JSON of another shape.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        bad_json(&field, &error.into_inner())
    })?;
    deserializer.end().map_err(|error| bad_json(".", &error))?;
    Ok(value)
}

fn bad_json(field: &str, error: &serde_json::Error) -> ApiError {
    match error.classify() {
        Category::Data => {
            // A missing field has its parent's path, and the root's path is a lone dot.
            let field = if field == "." { "body" } else { field };
            ApiError::bad_request("json_type", format!("the body does not fit at {field}: {error}"))
                .with_detail(field, error.to_string())
        }
        Category::Syntax | Category::Eof | Category::Io => {
            ApiError::bad_request("json_syntax", format!("the body is not valid JSON: {error}"))
        }
    }
}

fn unreadable(rejection: &BytesRejection) -> ApiError {
    match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            ApiError::payload_too_large(BODY_BYTES_MAX)
        }
        _ => ApiError::bad_request(
            "body_unreadable",
            "the body ended before it was complete; send it again",
        ),
    }
}

fn bad_path(rejection: PathRejection) -> ApiError {
    let PathRejection::FailedToDeserializePathParams(failed) = rejection else {
        return ApiError::internal(rejection);
    };
    let message = failed.body_text();
    let field = match failed.into_kind() {
        ErrorKind::ParseErrorAtKey { key, .. }
        | ErrorKind::InvalidUtf8InPathParam { key }
        | ErrorKind::DeserializeError { key, .. } => key,
        ErrorKind::WrongNumberOfParameters { .. } | ErrorKind::UnsupportedType { .. } => {
            return ApiError::internal(anyhow::Error::msg(message));
        }
        _ => "path".to_owned(),
    };
    ApiError::bad_request("path_invalid", "a part of the path does not parse")
        .with_detail(field, message)
}

/// The rejection's source is serde's error behind the name of the parameter: `limit: invalid digit …`.
fn bad_query(rejection: &QueryRejection) -> ApiError {
    let cause = std::error::Error::source(rejection)
        .map_or_else(|| rejection.to_string(), ToString::to_string);
    let (field, message) = match cause.split_once(": ") {
        Some((field, message)) if !field.contains(' ') => (field.to_owned(), message.to_owned()),
        _ => ("query".to_owned(), cause),
    };
    ApiError::bad_request("query_invalid", "the query string does not parse")
        .with_detail(field, message)
}

/// What the client says its body is.
#[derive(Clone, Copy)]
enum Declared {
    /// JSON, or nothing at all.
    Json,
    /// A form, which is what `curl -d` says of everything.
    Form,
    /// Something else.
    Other,
}

fn declared(headers: &HeaderMap) -> Declared {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Declared::Json };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    match essence.strip_prefix("application/") {
        Some(kind) if kind == "json" || kind.ends_with("+json") => Declared::Json,
        Some("x-www-form-urlencoded") => Declared::Form,
        _ => Declared::Other,
    }
}

#[cfg(test)]
pub(in crate::http) mod tests {
    use axum::Router;
    use axum::response::{IntoResponse, Response};
    use axum::routing::{get, post};
    use serde::Deserialize;
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;

    /// The JSON of a response, `null` when it is none.
    pub(in crate::http) async fn body_json(response: Response) -> Value {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only parsed")]
    struct Order {
        to: String,
        amount: u32,
        #[serde(default)]
        tags: Vec<Tag>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only parsed")]
    struct Tag {
        name: String,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only parsed")]
    struct Optional {
        reason: Option<String>,
    }

    fn app() -> Router {
        Router::new()
            .route("/order", post(async |Body(_): Body<Order>| "ok"))
            .route("/optional", post(async |Body(_): Body<Optional>| "ok"))
            .route("/any", post(async |Body(_): Body<Value>| "ok"))
            .route("/payments/{id}", get(async |Params(_): Params<u32>| "ok"))
            .route("/list", get(async |Query(_): Query<crate::kernel::page::PageQuery>| "ok"))
            .layer(axum::extract::DefaultBodyLimit::max(BODY_BYTES_MAX))
    }

    async fn post_to(
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> (u16, String, String) {
        let mut request = Request::post(path);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        summary(
            app()
                .oneshot(request.body(axum::body::Body::from(body)).unwrap())
                .await
                .into_response(),
        )
        .await
    }

    async fn get_from(path: &str) -> (u16, String, String) {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        summary(app().oneshot(request).await.into_response()).await
    }

    async fn summary(response: Response) -> (u16, String, String) {
        let status = response.status().as_u16();
        let json = body_json(response).await;
        let text = |pointer: &str| {
            json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        (status, text("/error/code"), text("/error/details/0/field"))
    }

    #[tokio::test]
    async fn each_bad_body_has_its_code() {
        let cases: Vec<(&str, Vec<u8>, u16, &str, &str)> = vec![
            ("fits", br#"{"to":"k1","amount":3}"#.to_vec(), 200, "", ""),
            ("unknown field", br#"{"to":"k1","amount":3,"x":1}"#.to_vec(), 200, "", ""),
            ("cut short", br#"{"to":"#.to_vec(), 400, "json_syntax", ""),
            ("trailing", br#"{"to":"k1","amount":3} x"#.to_vec(), 400, "json_syntax", ""),
            ("not utf-8", b"{\"to\":\"\xff\",\"amount\":3}".to_vec(), 400, "json_syntax", ""),
            ("a text", br#""pay""#.to_vec(), 400, "json_type", "body"),
            ("wrong type", br#"{"to":"k1","amount":"3"}"#.to_vec(), 400, "json_type", "amount"),
            ("negative", br#"{"to":"k1","amount":-3}"#.to_vec(), 400, "json_type", "amount"),
            ("missing", br#"{"to":"k1"}"#.to_vec(), 400, "json_type", "body"),
            (
                "nested",
                br#"{"to":"","amount":1,"tags":[{"name":7}]}"#.to_vec(),
                400,
                "json_type",
                "tags[0].name",
            ),
            ("empty", Vec::new(), 400, "json_type", "body"),
            ("largest", sized(BODY_BYTES_MAX), 200, "", ""),
            ("too large", sized(BODY_BYTES_MAX + 1), 413, "payload_too_large", ""),
        ];
        for (name, body, status, code, field) in cases {
            let answer = post_to("/order", Some("application/json"), body).await;
            assert_eq!(answer, (status, code.to_owned(), field.to_owned()), "{name}");
        }
    }

    #[tokio::test]
    async fn the_content_type_may_be_absent_but_not_wrong() {
        let body = || br#"{"to":"k1","amount":3}"#.to_vec();
        for good in
            ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
        {
            assert_eq!(post_to("/order", Some(good), body()).await.0, 200, "{good}");
        }
        assert_eq!(post_to("/order", None, body()).await.0, 200);
        for bad in ["multipart/form-data", "text/plain", "application/jsonx", "json"] {
            let (status, code, _) = post_to("/order", Some(bad), body()).await;
            assert_eq!((status, code.as_str()), (415, "unsupported_media_type"), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_body_cannot_nest_without_end() {
        let nested = |levels| [b"[".repeat(levels), b"]".repeat(levels)].concat();
        assert_eq!(post_to("/any", None, nested(100)).await.0, 200);
        assert_eq!(post_to("/any", None, nested(200)).await.1, "json_syntax");
    }

    #[tokio::test]
    async fn an_empty_body_is_an_empty_object() {
        assert_eq!(post_to("/optional", Some("text/plain"), Vec::new()).await.0, 200);
        assert_eq!(post_to("/optional", None, b" \n".to_vec()).await.0, 200);
    }

    #[tokio::test]
    async fn paths_and_queries_name_the_parameter() {
        let check = async |path: &str, status: u16, code: &str, field: &str| {
            assert_eq!(get_from(path).await, (status, code.to_owned(), field.to_owned()), "{path}");
        };
        check("/payments/7", 200, "", "").await;
        check("/payments/x", 400, "path_invalid", "path").await;
        check("/payments/-1", 400, "path_invalid", "path").await;
        check("/payments/%ff", 400, "path_invalid", "id").await;
        check("/list?limit=7&before=9&other=x", 200, "", "").await;
        check("/list?limit=x", 400, "query_invalid", "limit").await;
        assert_eq!(get_from("/list?limit=1&limit=2").await.1, "query_invalid");
    }

    fn sized(bytes: usize) -> Vec<u8> {
        let mut body = br#"{"to":"k1","amount":3}"#.to_vec();
        body.resize(bytes, b' ');
        body
    }
}
