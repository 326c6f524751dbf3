//! The gate before every route of this door: who asks, whether too often, and with which status the answer goes out.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Krist, error::KristError, limits::Left, query::Query};
use crate::auth::{Caller, gate::ClientIp};

const RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Lets a request through with its caller and address attached.
pub(super) async fn gate(
    State(krist): State<Arc<Krist>>,
    mut request: Request,
    next: Next,
) -> Response {
    let wants_ok = Query::read(request.uri().query().unwrap_or_default()).wants_ok();
    let admitted = admit(&krist, &mut request).await;
    let (mut response, left) = match admitted {
        Ok(left) => (next.run(request).await, left),
        Err(error) => (error.into_response(), None),
    };
    if let Some(left) = left {
        tell(&mut response, left);
    }
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    // Krist's clients look at the status for nothing but this.
    let hidden = !krist.settings.profile.has_statuses() && status != StatusCode::TOO_MANY_REQUESTS;
    if failed && (wants_ok || hidden) {
        *response.status_mut() = StatusCode::OK;
    }
    response
}

/// Most clients put their key into the body, and are nobody here. A session's token makes its owner of a caller.
async fn admit(krist: &Krist, request: &mut Request) -> Result<Option<Left>, KristError> {
    let ip = krist.settings.proxies.client_ip(request.extensions(), request.headers());
    // Tickets have a bucket of their own: thousands of clients who come back at once are no reason to turn them away.
    let counted = !request.uri().path().contains("/ws/");
    let left = if counted { krist.limits.request(ip)? } else { None };
    let caller = if request.headers().contains_key(header::AUTHORIZATION) {
        crate::auth::gate::admit(&krist.native.auth, request.headers())
            .await
            .map_err(|_refused| KristError::auth_failed())?
    } else {
        Caller::Guest
    };
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(ClientIp(ip));
    Ok(left)
}

fn tell(response: &mut Response, left: Left) {
    let headers = response.headers_mut();
    headers.insert(RATELIMIT_LIMIT, HeaderValue::from(left.limit));
    headers.insert(RATELIMIT_REMAINING, HeaderValue::from(left.remaining));
    headers.insert(RATELIMIT_RESET, HeaderValue::from(left.reset_s));
}
