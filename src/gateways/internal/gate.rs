//! Who may enter.

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};

use crate::{
    auth::{
        Caller, Scope, Token,
        gate::{ClientIp, Gate, admit},
    },
    http::{
        error::ApiError,
        layers::{self, KROMER_KEY},
    },
};

/// Lets the operator through with their [`Caller`] attached, and nobody else.
///
/// # Errors
/// 404 for everybody else, and 429 for who tries too often.
pub async fn gate(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let ip = gate.proxies.client_ip(request.extensions(), request.headers());
    let caller = match caller(&gate, request.headers()).await {
        Ok(caller) => caller,
        // A database that can't be asked is no reason to deny the door.
        Err(error) if error.status().is_server_error() => return Err(error),
        Err(_) => Caller::Guest,
    };
    if let Some(ip) = ip {
        let counted = gate.auth.limits().request(&caller, ip);
        counted.map_err(|exceeded| ApiError::rate_limited(exceeded.0))?;
    }
    if !caller.has(Scope::Admin) {
        return Err(layers::no_route());
    }
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(ClientIp(ip));
    Ok(next.run(request).await)
}

async fn caller(gate: &Gate, headers: &HeaderMap) -> Result<Caller, ApiError> {
    let Some(value) = headers.get(KROMER_KEY) else { return admit(&gate.auth, headers).await };
    match value.to_str().ok().and_then(Token::new) {
        Some(token) => Ok(gate.auth.caller(&token).await?),
        None => Ok(Caller::Guest),
    }
}
