//! The OpenAPI document and its page.
//!
//! Each slice gives an `OpenApiRouter` whose routes carry their own description, so the document cannot drift from
//! what is served. The page at `/docs` comes out of the binary and asks no other host for anything.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use std::collections::BTreeMap;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, Modify};
use utoipa_axum::router::OpenApiRouter;

use super::error::{ApiError, Detail, ErrorBody, ErrorContent};

/// The name of the scheme for a bearer session, for `security(("session" = []))`.
pub const SESSION: &str = "session";
/// The name of the scheme for a service key.
pub const SERVICE_KEY: &str = "service_key";
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
    components(schemas(ErrorBody, ErrorContent, Detail)),
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
        let components = document.components.get_or_insert_default();
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
