//! The layers around every route, in one place because their order is the point.
//!
//! From the outside in: the path loses its trailing slash, secrets are marked so that no log shows them, the request
//! gets its id, its log line and its figures, pages of other sites are allowed in, and a panic becomes an answer that
//! has all of these.
//! Routes that answer at once also get a time limit, a body limit and compression; routes that stay open (websocket,
//! event stream, long poll) get none of these.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::{Layer, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowHeaders, Any as AnyOrigin, CorsLayer};
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use uuid::Uuid;

use super::envelope;
use super::error::ApiError;
use super::extract::BODY_BYTES_MAX;
use super::idempotency::{IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED};
use super::observe::{X_REQUEST_ID, observe};

/// How long a route that answers at once may take.
pub const ANSWER_SECONDS_MAX: Duration = Duration::from_secs(30);

/// How long a browser may remember that it may call.
const CORS_AGE: Duration = Duration::from_hours(1);

/// The header of a service key.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The header of a service key as programs of the game know it.
pub const KROMER_KEY: HeaderName = HeaderName::from_static("kromer-key");

/// A page that loads nothing may do no harm; a route that serves pages sets a policy of its own.
const NO_CONTENT_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Joins the routes that answer within `answer_max` with those that stay open, and wraps both. `new_id` makes the
/// ids of requests that brought none.
pub fn wrap(
    answers: Router,
    streams: Router,
    answer_max: Duration,
    new_id: fn() -> Uuid,
) -> Router {
    let answers = answers.layer(
        ServiceBuilder::new()
            .layer(CompressionLayer::new())
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .layer(from_fn_with_state(answer_max, give_up)),
    );
    let secrets = [header::AUTHORIZATION, header::COOKIE, X_API_KEY, KROMER_KEY, IDEMPOTENCY_KEY];
    let routes = answers
        .merge(streams)
        .fallback(route_not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(
            ServiceBuilder::new()
                .layer(SetSensitiveRequestHeadersLayer::new(secrets))
                .layer(from_fn_with_state(new_id, observe))
                .layer(cors())
                .layer(unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .layer(unless_set(header::X_FRAME_OPTIONS, "DENY"))
                .layer(unless_set(header::REFERRER_POLICY, "no-referrer"))
                .layer(unless_set(header::CONTENT_SECURITY_POLICY, NO_CONTENT_POLICY))
                .layer(from_fn(envelope::reword))
                .layer(CatchPanicLayer::custom(panicked)),
        );
    // Routing happens inside a router, so the path must be changed outside of this one.
    Router::new().fallback_service(NormalizePathLayer::trim_trailing_slash().layer(routes))
}

/// Cookies authenticate nobody here, so any page may call with whatever headers it has. A literal `*` would not
/// cover `Authorization`, hence the mirror.
fn cors() -> CorsLayer {
    let methods =
        [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods(methods)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::ETAG, header::RETRY_AFTER, IDEMPOTENT_REPLAYED, X_REQUEST_ID])
        .max_age(CORS_AGE)
}

fn unless_set(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

async fn give_up(State(answer_max): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(answer_max, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => ApiError::timeout().into_response(),
    }
}

async fn route_not_found() -> ApiError {
    no_route()
}

/// What is said of a path that no route has, and of one that is not the caller's business.
pub fn no_route() -> ApiError {
    ApiError::not_found("route_not_found", "no route has this path; /docs lists them all")
}

async fn method_not_allowed() -> ApiError {
    let message = "the route does not have this method; the Allow header lists those it has";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands over the payload")]
fn panicked(payload: Box<dyn Any + Send>) -> Response {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("not a text"), "request handler panicked");
    ApiError::internal_logged().into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::{get, post};
    use tower::ServiceExt as _;

    use super::*;
    use crate::http::extract;
    use crate::http::extract::tests::body_json;

    fn app() -> Router {
        let answers = Router::new()
            .route("/", get(async || "root"))
            .route("/wallets/{address}", get(async || "x".repeat(4_096)).patch(async || "patched"))
            .route(
                "/echo",
                post(async |extract::Body(v): extract::Body<serde_json::Value>| v.to_string()),
            )
            .route("/panic", get(async || -> &'static str { panic!("secret of the house") }))
            .route("/slow", get(async || std::future::pending::<&'static str>().await))
            .route("/secret", get(async |request: Request| format!("{:?}", request.headers())));
        let streams = Router::new().route(
            "/stream",
            get(async || {
                tokio::time::sleep(Duration::from_millis(60)).await;
                ([(header::CONTENT_TYPE, "text/event-stream")], "data: x\n\n".repeat(100))
            }),
        );
        wrap(answers, streams, Duration::from_millis(20), Uuid::nil)
    }

    async fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        app().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn what_the_framework_rejects_is_in_the_envelope() {
        let check = async |method: &str, path: &str, status: u16, code: &str| {
            let response = ask(method, path, &[]).await;
            assert_eq!(response.status(), status, "{method} {path}");
            assert_eq!(response.headers()["content-type"], "application/json", "{method} {path}");
            assert_eq!(body_json(response).await["error"]["code"], code, "{method} {path}");
        };
        check("GET", "/nothing", 404, "route_not_found").await;
        check("POST", "/wallets/k1", 405, "method_not_allowed").await;
        check("BREW", "/wallets/k1", 405, "method_not_allowed").await;
        check("GET", "/panic", 500, "internal").await;
        check("GET", "/slow", 504, "timeout").await;
    }

    #[tokio::test]
    async fn a_wrong_method_keeps_allow() {
        let allow =
            ask("POST", "/wallets/k1", &[]).await.headers()["allow"].to_str().unwrap().to_owned();
        assert!(allow.contains("GET") && allow.contains("PATCH"), "{allow}");
    }

    #[tokio::test]
    async fn a_panic_tells_nothing() {
        let text = body_json(ask("GET", "/panic", &[]).await).await.to_string();
        assert!(!text.contains("house"), "{text}");
    }

    #[tokio::test]
    async fn both_spellings_of_a_path_are_one_route() {
        for path in ["/", "/wallets/k1", "/wallets/k1/", "/wallets/k1/?a=b"] {
            assert_eq!(ask("GET", path, &[]).await.status(), 200, "{path}");
        }
        assert_eq!(ask("POST", "/wallets/k1/", &[]).await.status(), 405);
    }

    #[tokio::test]
    async fn every_answer_carries_a_request_id_and_the_security_headers() {
        for path in ["/", "/nothing", "/panic", "/slow", "/stream"] {
            let response = ask("GET", path, &[]).await;
            let headers = response.headers();
            assert_eq!(headers["x-request-id"], Uuid::nil().to_string(), "{path}");
            assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
            assert_eq!(headers["content-security-policy"], NO_CONTENT_POLICY, "{path}");
        }
        let own = ask("GET", "/", &[("x-request-id", "mine-7")]).await;
        assert_eq!(own.headers()["x-request-id"], "mine-7");
        let forged = ask("GET", "/", &[("x-request-id", "a b")]).await;
        assert_eq!(forged.headers()["x-request-id"], Uuid::nil().to_string());
    }

    #[tokio::test]
    async fn a_page_of_another_site_may_call() {
        let preflight = [
            ("origin", "https://shop.example"),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,idempotency-key"),
        ];
        let response = ask("OPTIONS", "/wallets/k1", &preflight).await;
        let headers = response.headers();
        assert_eq!(response.status(), 200);
        assert_eq!(headers["access-control-allow-origin"], "*");
        assert_eq!(headers["access-control-allow-headers"], "authorization,idempotency-key");
        assert_eq!(headers["access-control-max-age"], "3600");
        assert_eq!(headers["access-control-allow-methods"], "GET,POST,PUT,PATCH,DELETE,OPTIONS");

        let response = ask("GET", "/nothing", &[("origin", "https://shop.example")]).await;
        assert_eq!(
            response.headers()["access-control-expose-headers"],
            "etag,retry-after,idempotent-replayed,x-request-id"
        );
    }

    #[tokio::test]
    async fn answers_are_compressed_and_streams_are_not() {
        let gzip = [("accept-encoding", "gzip")];
        let encoding = async |path: &str| {
            ask("GET", path, &gzip).await.headers().get(header::CONTENT_ENCODING).cloned()
        };
        assert_eq!(encoding("/wallets/k1").await.unwrap(), "gzip");
        assert_eq!(encoding("/stream").await, None);
    }

    #[tokio::test]
    async fn a_stream_has_no_time_limit() {
        assert_eq!(ask("GET", "/stream", &[]).await.status(), 200);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        let request =
            Request::post("/echo").body(Body::from(vec![b' '; BODY_BYTES_MAX + 1])).unwrap();
        let response = app().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(body_json(response).await["error"]["code"], "payload_too_large");
    }

    #[tokio::test]
    async fn debug_output_hides_credentials() {
        let sent = [
            ("authorization", "Bearer abc123"),
            ("x-api-key", "abc123"),
            ("cookie", "abc123"),
            ("idempotency-key", "abc123"),
        ];
        let body = ask("GET", "/secret", &sent).await.into_body();
        let bytes = axum::body::to_bytes(body, 65_536).await.unwrap();
        let shown = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(shown.contains("Sensitive") && !shown.contains("abc123"), "{shown}");
    }
}
