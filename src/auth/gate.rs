//! The gate before every API route: it finds out who asks, and whether they ask too often.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};

use super::{
    Auth, AuthError, Caller, Scope, Token,
    acts::{Acted, Actor},
    discord::cookies,
};
use crate::{
    db::DbError,
    http::{client_ip::TrustedProxies, error::ApiError, layers::X_API_KEY},
    kernel::{
        address::Address,
        id::{DiscordId, ServiceKeyId, SessionId, UserSessionId},
        time::Timestamp,
    },
};

/// When a client should try again that met a database it can't use now.
const RETRY: Duration = Duration::from_secs(1);

/// What the gate needs.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Knows the callers.
    pub auth: Arc<Auth>,
    /// Whose word on the client's address is believed.
    pub proxies: TrustedProxies,
    /// Whether a browser's cookie is a credential here. A socket and a stream take none: any page may open one.
    pub cookies: bool,
}

/// The client's address, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub struct ClientIp(pub Option<IpAddr>);

/// Lets a request through with its [`Caller`] and [`ClientIp`] attached.
///
/// # Errors
/// 401 when a credential is given and not valid, 429 when the caller asks too often.
pub async fn gate(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let ip = gate.proxies.client_ip(request.extensions(), request.headers());
    let mut caller = admit(&gate.auth, request.headers()).await?;
    if gate.cookies && caller == Caller::Guest {
        caller = browser(&gate.auth, &mut request).await?;
    }
    if let Some(ip) = ip {
        gate.auth
            .limits()
            .request(&caller, ip)
            .map_err(|exceeded| ApiError::rate_limited(exceeded.0))?;
    }
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(ClientIp(ip));
    Ok(next.run(request).await)
}

/// The session's token of a browser, for what its pages must know to change something.
#[derive(Debug, Clone)]
pub(super) struct CsrfToken(pub(super) Option<String>);

/// Who is signed in with the browser that sent a request. A cookie of nobody is a guest's: it stays behind when a session
/// has ended.
async fn browser(auth: &Auth, request: &mut Request) -> Result<Caller, ApiError> {
    let Some(cookie) = cookies::find(request.headers(), cookies::SESSION) else {
        return Ok(Caller::Guest);
    };
    let Some(token) = Token::new(&cookie) else { return Ok(Caller::Guest) };
    let caller = match auth.caller(&token).await {
        Ok(caller @ Caller::User { .. }) => caller,
        Ok(_) | Err(AuthError::Unauthorized) => return Ok(Caller::Guest),
        Err(error @ AuthError::Db(_)) => return Err(error.into()),
    };
    if !cookies::may_change(request.method(), request.headers(), token.reveal()) {
        let message = "a change by cookie needs the X-CSRF-Token that GET /api/v1/users/me says";
        return Err(ApiError::forbidden("csrf_required", message));
    }
    let csrf = cookies::csrf_token(token.reveal());
    request.extensions_mut().insert(CsrfToken(Some(csrf)));
    Ok(caller)
}

impl<S: Send + Sync> FromRequestParts<S> for CsrfToken {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self(None)))
    }
}

/// Who sent these headers.
///
/// # Errors
/// 401 when a credential is given and not valid.
pub async fn admit(auth: &Auth, headers: &HeaderMap) -> Result<Caller, ApiError> {
    match credential(headers) {
        None => Ok(Caller::Guest),
        Some(text) => {
            let token = Token::new(text.trim()).ok_or_else(unauthorized)?;
            Ok(auth.caller(&token).await?)
        }
    }
}

/// The credential of a request: `Authorization: Bearer` or `Token`, else `X-API-KEY`. One that is there but can't be read is
/// the empty text, which is nobody's.
fn credential(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    match text(header::AUTHORIZATION) {
        Some(value) => {
            let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
            let known = ["bearer", "token"].iter().any(|name| scheme.eq_ignore_ascii_case(name));
            Some(if known { token } else { "" })
        }
        None => text(X_API_KEY),
    }
}

fn unauthorized() -> ApiError {
    ApiError::unauthorized("unauthorized", "the credential is not valid; log in again")
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unauthorized => unauthorized(),
            AuthError::Db(error) => error.into(),
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::KeyReused => Self::conflict(
                "idempotency_key_reused",
                "the Idempotency-Key was used with another request; use a fresh one",
            ),
            DbError::PaymentsOff => Self::locked(
                "transactions_disabled",
                "the operator has switched payments off; try later",
            ),
            DbError::Unknown => Self::timeout(),
            error if error.is_unavailable() => {
                tracing::warn!(error = %anyhow::Error::new(error), "the database is unavailable");
                Self::unavailable(RETRY)
            }
            error => Self::internal(error),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // A route outside the gate would take everybody for a guest; that is a defect, not a guest.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            ApiError::internal(anyhow::anyhow!("a route outside the gate asked for its caller"))
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientIp {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self(None)))
    }
}

/// A caller who is the owner of a wallet, through a session.
#[derive(Debug, Clone)]
pub struct Owner {
    /// The wallet.
    pub address: Address,
    /// The session.
    pub session: SessionId,
    /// When the token ends.
    pub expires: Timestamp,
    /// A stable name, see [`Caller::name`].
    pub name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Owner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let name = caller.name();
        match caller {
            Caller::Wallet { address, session, expires } => {
                Ok(Self { address, session, expires, name })
            }
            Caller::Guest => {
                Err(ApiError::unauthorized("unauthorized", "log in with a private key first"))
            }
            Caller::User { .. } | Caller::Service { .. } => Err(ApiError::forbidden(
                "forbidden",
                "this is for the owner of a wallet; log in with its private key",
            )),
        }
    }
}

/// A caller who is a user.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub user: DiscordId,
    /// The session.
    pub session: UserSessionId,
    /// When the token ends.
    pub expires: Timestamp,
    /// A stable name, see [`Caller::name`].
    pub name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let name = caller.name();
        match caller {
            Caller::User { user, session, expires } => Ok(Self { user, session, expires, name }),
            Caller::Guest => Err(ApiError::unauthorized("unauthorized", "sign in first")),
            Caller::Wallet { .. } | Caller::Service { .. } => {
                Err(ApiError::forbidden("forbidden", "this is for a user; use a token of theirs"))
            }
        }
    }
}

/// A caller with the scope `bot`: a program that acts for users.
#[derive(Debug, Clone)]
pub struct Bot {
    /// The key that proves it.
    pub key: ServiceKeyId,
    /// A stable name, see [`Caller::name`].
    pub name: String,
    /// Whom an act is told of.
    pub actor: Actor,
    operates: bool,
}

impl Bot {
    /// Says what they do, when they ask with the operator's rights: a bot that acts for users is no operator.
    pub fn operates(&self, action: &'static str, target: impl fmt::Display) -> Option<Acted> {
        self.operates.then(|| self.actor.acts(action, target))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Bot {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        match (&caller, Actor::of(&caller)) {
            (Caller::Service { key, scopes, .. }, Some(actor)) if scopes.allow(Scope::Bot) => {
                let operates = scopes.allow(Scope::Admin);
                Ok(Self { key: *key, name: caller.name(), actor, operates })
            }
            (Caller::Guest, _) => {
                Err(ApiError::unauthorized("unauthorized", "use a service key with the scope bot"))
            }
            _ => {
                Err(ApiError::forbidden("forbidden", "this needs a service key with the scope bot"))
            }
        }
    }
}

/// A caller with the scope `admin`.
#[derive(Debug, Clone)]
pub struct Admin {
    /// A stable name, see [`Caller::name`].
    pub name: String,
    actor: Actor,
}

impl Admin {
    /// Says that they do something to something.
    pub fn acts(&self, action: &'static str, target: impl fmt::Display) -> Acted {
        self.actor.acts(action, target)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        match (&caller, Actor::operator(&caller)) {
            (_, Some(actor)) => Ok(Self { name: caller.name(), actor }),
            (Caller::Guest, None) => Err(ApiError::unauthorized(
                "unauthorized",
                "use a service key with the scope admin",
            )),
            _ => Err(ApiError::forbidden(
                "forbidden",
                "this needs a service key with the scope admin",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_credential_is_found_where_clients_put_it() {
        let check = |headers: &[(&'static str, &'static str)], expected: Option<&str>| {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
                .collect();
            assert_eq!(credential(&map), expected, "{headers:?}");
        };
        check(&[], None);
        check(&[("authorization", "Bearer abc")], Some("abc"));
        check(&[("authorization", "bearer abc")], Some("abc"));
        check(&[("authorization", "Token abc")], Some("abc"));
        check(&[("authorization", "Tokens abc")], Some(""));
        check(&[("x-api-key", "abc")], Some("abc"));
        check(&[("authorization", "Bearer abc"), ("x-api-key", "def")], Some("abc"));
        // Given and useless is not the same as not given.
        check(&[("authorization", "Basic abc")], Some(""));
        check(&[("authorization", "abc")], Some(""));
        check(&[("authorization", "Bearer")], Some(""));
    }
}
