//! The OpenAPI document and its page.
//!
//! Each slice gives an `OpenApiRouter` whose routes carry their own description, so the document cannot drift from
//! what is served. The page at `/docs` comes out of the binary and asks no other host for anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, Modify};
use utoipa_axum::router::OpenApiRouter;

use super::envelope::FailureBody;
use super::error::{ApiError, Detail, ErrorBody, ErrorContent};

/// The name of the scheme for a bearer session, for `security(("session" = []))`.
pub const SESSION: &str = "session";
/// The name of the scheme for a service key.
pub const SERVICE_KEY: &str = "service_key";
/// The name of the scheme for the operator's door.
pub const KROMER_KEY: &str = "kromer_key";
/// Where the document is served.
pub const DOCUMENT_PATH: &str = "/openapi.json";

/// The page runs only what this host serves. Its style sheet is partly made by its script.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'self'; frame-ancestors 'none'";

/// An empty router whose document has the title, the security schemes and the error envelope. Slices are merged
/// into it.
pub fn router<S: Clone + Send + Sync + 'static>() -> OpenApiRouter<S> {
    OpenApiRouter::with_openapi(<Document as utoipa::OpenApi>::openapi())
}

/// The routes of the document and its page.
///
/// # Errors
/// When the document has no JSON form, which is a defect.
pub fn docs(document: &OpenApi) -> Result<Router, serde_json::Error> {
    let json = Bytes::from(serde_json::to_vec(document)?);
    let document = move || std::future::ready(([(header::CONTENT_TYPE, "application/json")], json));
    // The page would else send the document to a validator on another host.
    let config = Arc::new(utoipa_swagger_ui::Config::from(DOCUMENT_PATH).validator_url("none"));
    let index = Arc::clone(&config);
    Ok(Router::new()
        .route(DOCUMENT_PATH, get(document))
        .route("/docs", get(async move || page_file("index.html", index)))
        .route("/docs/{file}", get(async move |Path(file): Path<String>| page_file(&file, config))))
}

/// The errors that any route may answer with, for the `responses(…)` of a route.
#[derive(Debug, Clone, Copy)]
pub struct Failures;

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let statuses = [
            ("400", "the request does not parse or breaks a rule"),
            ("401", "the credential is missing, wrong, expired or revoked"),
            ("403", "the caller may not"),
            ("429", "too many requests; see Retry-After"),
            ("500", "a defect; quote the X-Request-Id"),
            ("503", "cannot answer now; see Retry-After"),
            ("504", "no answer in time; the outcome is unknown"),
        ];
        let body = || Content::new(Some(Ref::from_schema_name("ErrorBody")));
        let response = |text: &str| {
            ResponseBuilder::new().description(text).content("application/json", body())
        };
        statuses.map(|(status, text)| (status.to_owned(), response(text).build().into())).into()
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "tollbell", description = "A realtime notification hub with a ledger under it."),
    components(schemas(ErrorBody, ErrorContent, Detail, FailureBody)),
    modifiers(&Schemes)
)]
struct Document;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut OpenApi) {
        let session = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token of a login, or a service key."))
            .build();
        let key = ApiKeyValue::with_description("X-API-KEY", "A service key.");
        let kromer =
            ApiKeyValue::with_description("Kromer-Key", "A service key with the scope admin.");
        let components = document.components.get_or_insert_default();
        let kromer = SecurityScheme::ApiKey(ApiKey::Header(kromer));
        components.add_security_scheme(KROMER_KEY, kromer);
        components.add_security_scheme(SESSION, SecurityScheme::Http(session));
        components.add_security_scheme(SERVICE_KEY, SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// The page's links are relative. A base makes them right under `/docs` as well, where a browser would look beside
/// it, and saves the redirect to `/docs/`.
fn page_file(name: &str, config: Arc<utoipa_swagger_ui::Config<'static>>) -> Response {
    let file = match utoipa_swagger_ui::serve(name, config) {
        Ok(Some(file)) => file,
        Ok(None) => {
            return ApiError::not_found("route_not_found", "the page has no such file")
                .into_response();
        }
        Err(error) => {
            return ApiError::internal(anyhow::anyhow!("cannot make {name}: {error}"))
                .into_response();
        }
    };
    let mut bytes = Bytes::from(file.bytes.into_owned());
    if name == "index.html" {
        let html =
            String::from_utf8_lossy(&bytes).replace("<head>", "<head><base href=\"/docs/\">");
        bytes = html.replace("<title>Swagger UI", "<title>tollbell API").into();
    }
    let mut response = ([(header::CONTENT_TYPE, file.content_type)], bytes).into_response();
    let policy = HeaderValue::from_static(PAGE_POLICY);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::Body;
    use axum::http::Request;
    use serde_json::Value;
    use tower::ServiceExt;
    use utoipa_axum::routes;
    use uuid::Uuid;

    use super::*;
    use crate::http::layers;

    /// Rings the bell.
    #[utoipa::path(get, path = "/api/v1/bell", responses((status = 200, body = String), Failures),
        security(("session" = []), ("service_key" = [])))]
    async fn bell() -> &'static str {
        "ding"
    }

    fn app() -> (Router, OpenApi) {
        let (answers, document) = router().routes(routes!(bell)).split_for_parts();
        let answers = answers.merge(docs(&document).unwrap());
        (layers::wrap(answers, Router::new(), Duration::from_secs(1), Uuid::nil), document)
    }

    async fn fetch(path: &str) -> (u16, String, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = app().0.oneshot(request).await.unwrap();
        let header = response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), 4 << 20).await.unwrap();
        (status, header.unwrap_or_default(), String::from_utf8_lossy(&bytes).into_owned())
    }

    #[tokio::test]
    async fn the_document_describes_routes_failures_and_schemes() {
        let (status, content_type, text) = fetch(DOCUMENT_PATH).await;
        assert_eq!((status, content_type.as_str()), (200, "application/json"));
        let document: Value = serde_json::from_str(&text).unwrap();
        let failure =
            "/paths/~1api~1v1~1bell/get/responses/429/content/application~1json/schema/$ref";
        assert_eq!(document.pointer(failure).unwrap(), "#/components/schemas/ErrorBody");
        assert!(document.pointer("/components/schemas/ErrorBody").is_some());
        assert_eq!(
            document.pointer("/components/securitySchemes/session/scheme").unwrap(),
            "bearer"
        );
        assert_eq!(
            document.pointer("/components/securitySchemes/service_key/name").unwrap(),
            "X-API-KEY"
        );
    }

    #[tokio::test]
    async fn the_page_and_all_it_loads_come_from_here() {
        for path in ["/docs", "/docs/"] {
            let (status, content_type, html) = fetch(path).await;
            assert_eq!((status, content_type.as_str()), (200, "text/html"), "{path}");
            assert!(html.contains("<base href=\"/docs/\">"), "{html}");
            assert!(!html.contains("//"), "a link to another host: {html}");
            let links =
                html.split(['"']).filter(|text| text.starts_with("./") || *text == "index.css");
            for link in links.map(|link| link.trim_start_matches("./")) {
                let (status, _, body) = fetch(&format!("/docs/{link}")).await;
                assert!(status == 200 && !body.is_empty(), "{link}");
            }
        }
        let (_, _, script) = fetch("/docs/swagger-initializer.js").await;
        assert!(
            script.contains("\"/openapi.json\"") && script.contains("\"validatorUrl\": \"none\""),
            "{script}"
        );
        assert!(!script.contains("petstore"), "{script}");
        assert_eq!(fetch("/docs/nothing.js").await.0, 404);
    }
}
