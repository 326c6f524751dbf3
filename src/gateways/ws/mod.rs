//! `GET /api/v1/ws`: the door to `tollbell.v1` over a websocket.
//!
//! Everything that can go wrong is answered over HTTP, before the upgrade: a request that is none, a foreign origin,
//! no room, bad credentials. After the upgrade the plain socket belongs to the hub.
//!
//! Credentials are looked for in this order, and the first that is there must be good: `Authorization` or `X-API-KEY`,
//! a subprotocol `bearer.<base64url token>` (never echoed), `?ticket=`. Without any the caller is a guest.

pub mod protocol;
mod session;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use utoipa::IntoParams;

use self::session::Session;
use super::listen::{Native, grant};
use crate::{
    auth::{
        Auth, AuthError, Caller, Token,
        gate::{ClientIp, admit},
    },
    http::{error::ApiError, extract::Query, layers::X_API_KEY, openapi::Failures, serve::Slot},
    hub::{Admission, Dialect, Grant, Hub, Refused},
};

/// The subprotocol, echoed when it is offered.
pub const SUBPROTOCOL: &str = "tollbell.v1.json";
/// A subprotocol entry that begins so carries a token.
const BEARER: &str = "bearer.";
/// When a client of a node that goes away finds another.
const DRAINING_RETRY: Duration = Duration::from_secs(1);
/// When there may be room again.
const FULL_RETRY: Duration = Duration::from_secs(5);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TicketQuery {
    /// From `POST /api/v1/ws/tickets`: worth one connection, for 30 seconds.
    ticket: Option<String>,
}

/// Open a websocket that speaks `tollbell.v1`
#[utoipa::path(get, path = "/api/v1/ws", tag = "realtime", params(TicketQuery),
    security((), ("session" = []), ("service_key" = [])),
    responses((status = 101, description = "the socket speaks tollbell.v1 now; see the AsyncAPI document"),
        (status = 426, description = "the request is no upgrade to a websocket"), Failures))]
pub(super) async fn ws(
    State(native): State<Arc<Native>>,
    ClientIp(ip): ClientIp,
    Query(query): Query<TicketQuery>,
    mut request: Request,
) -> Result<Response, ApiError> {
    let mut response = handshake(&request)?;
    check_origin(&native.settings.allowed_origins, request.headers())?;
    let ip = ip.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));
    let admission = native.hub.admit(ip).map_err(no_room)?;
    let offered = Offered::read(request.headers());
    // Before the credentials are looked up, so that a revocation in between is noticed.
    let checked = native.hub.head();
    let caller = identify(&native.auth, request.headers(), &offered, query.ticket).await?;
    if offered.subprotocol {
        let name = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, name);
    }
    let grant = grant(&caller, checked);
    let slot: Option<Slot> = request.extensions_mut().remove();
    let newcomer = Newcomer {
        upgrade: hyper::upgrade::on(&mut request),
        dialect: Box::new(Session::new(Arc::clone(&native), caller, slot)),
        grant,
        admission,
    };
    native.tasks.spawn("ws.upgrade", newcomer.move_in(native.hub.clone()));
    Ok(response)
}

/// A client whose request was answered with 101.
pub(super) struct Newcomer {
    pub(super) upgrade: OnUpgrade,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) grant: Grant,
    pub(super) admission: Admission,
}

impl Newcomer {
    /// Takes the socket back from HTTP and gives it to the hub.
    pub(super) async fn move_in(self, hub: Hub) {
        let upgraded = match self.upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => return tracing::debug!(%error, "a client left during its upgrade"),
        };
        let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else {
            return tracing::error!("an upgraded socket is none of the listener's");
        };
        let stream = parts.io.into_inner();
        let adopted =
            hub.adopt(stream, parts.read_buf, self.dialect, self.grant, self.admission).await;
        if let Err(error) = adopted {
            tracing::debug!(%error, "an upgraded socket could not be adopted");
        }
    }
}

/// The answer to a proper request for a websocket.
pub(super) fn handshake(request: &Request) -> Result<Response, ApiError> {
    create_response_with_body(request, Body::empty).map_err(|error| {
        if request.headers().contains_key(header::UPGRADE) {
            let message = format!("the upgrade to a websocket is not complete: {error}");
            return ApiError::bad_request("upgrade_invalid", message);
        }
        let message = "this address speaks websocket; use a websocket client, or /api/v1/events";
        ApiError::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", message)
    })
}

/// Pages of other sites are let in unless the operator has listed those that may: no cookie authenticates here. A
/// client without an origin is no page.
fn check_origin(allowed: &[String], headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let listed = |known: &String| known.as_bytes().eq_ignore_ascii_case(origin.as_bytes());
    if allowed.is_empty() || allowed.iter().any(listed) {
        return Ok(());
    }
    let message = "pages of this origin may not connect; ask the operator to list it";
    Err(ApiError::forbidden("origin_not_allowed", message))
}

/// Why there is no room for another client.
pub(super) fn no_room(refused: Refused) -> ApiError {
    match refused {
        Refused::Draining => ApiError::unavailable(DRAINING_RETRY),
        Refused::Full => {
            let message = "the hub holds as many connections as it may; repeat after Retry-After";
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message)
                .with_retry_after(FULL_RETRY)
        }
        Refused::Address => {
            let message = "too many connections from this address; close one first";
            ApiError::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message)
                .with_retry_after(FULL_RETRY)
        }
    }
}

/// What of the offered subprotocols concerns us.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offered {
    subprotocol: bool,
    /// The first `bearer.` entry. One that can't be read is the empty text, which is nobody's.
    token: Option<String>,
}

impl Offered {
    fn read(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter();
        let entries = lines.flat_map(|line| line.to_str().unwrap_or("").split(',')).map(str::trim);
        let mut offered = Self::default();
        for entry in entries {
            offered.subprotocol |= entry == SUBPROTOCOL;
            if let (None, Some(encoded)) = (&offered.token, entry.strip_prefix(BEARER)) {
                let decoded = URL_SAFE_NO_PAD.decode(encoded).ok();
                let token = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
                offered.token = Some(token.unwrap_or_default());
            }
        }
        offered
    }
}

/// Who wants to connect. What is given must be valid: nobody becomes a guest by mistake.
async fn identify(
    auth: &Auth,
    headers: &HeaderMap,
    offered: &Offered,
    ticket: Option<String>,
) -> Result<Caller, ApiError> {
    let in_header =
        [header::AUTHORIZATION, X_API_KEY].iter().any(|name| headers.contains_key(name));
    match (in_header, &offered.token, ticket) {
        (true, ..) => admit(auth, headers).await,
        (false, Some(token), _) => Ok(auth.caller(&token_of(token)?).await?),
        // It reads, so its future is large; that of everybody else's handshake is not.
        (false, None, Some(ticket)) => Ok(Box::pin(auth.redeem(&token_of(&ticket)?)).await?),
        (false, None, None) => Ok(Caller::Guest),
    }
}

fn token_of(text: &str) -> Result<Token, ApiError> {
    Ok(Token::new(text).ok_or(AuthError::Unauthorized)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(*name, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn a_request_that_is_no_upgrade_is_told_what_this_is() {
        let check = |lines: &[(&'static str, &str)], expected: (u16, &str)| {
            let mut request = Request::get("/api/v1/ws").body(Body::empty()).unwrap();
            *request.headers_mut() = headers(lines);
            let error = handshake(&request).unwrap_err();
            assert_eq!((error.status().as_u16(), error.code()), expected, "{lines:?}");
        };
        let version = ("sec-websocket-version", "13");
        let upgrade = ("upgrade", "websocket");
        check(&[], (426, "upgrade_required"));
        check(&[upgrade], (400, "upgrade_invalid"));
        check(&[upgrade, ("connection", "upgrade")], (400, "upgrade_invalid"));
        check(&[upgrade, ("connection", "upgrade"), version], (400, "upgrade_invalid"));
        let old = ("sec-websocket-version", "8");
        let key = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        check(&[upgrade, ("connection", "upgrade"), old, key], (400, "upgrade_invalid"));
    }

    #[test]
    fn the_handshake_is_that_of_the_rfc() {
        let mut request = Request::get("/api/v1/ws").body(Body::empty()).unwrap();
        *request.headers_mut() = headers(&[
            ("upgrade", "websocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ]);
        let response = handshake(&request).unwrap();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn an_origin_is_foreign_only_when_some_are_listed() {
        let check = |allowed: &[&str], origin: Option<&str>, expected: bool| {
            let allowed: Vec<_> = allowed.iter().map(|name| (*name).to_owned()).collect();
            let headers = origin.map(|origin| headers(&[("origin", origin)])).unwrap_or_default();
            let answer = check_origin(&allowed, &headers);
            assert_eq!(answer.is_ok(), expected, "{allowed:?} {origin:?}");
            assert!(answer.err().is_none_or(|error| error.code() == "origin_not_allowed"));
        };
        let shop = "https://shop.example";
        check(&[], None, true);
        check(&[], Some("https://elsewhere.example"), true);
        check(&[shop], None, true);
        check(&[shop], Some(shop), true);
        check(&[shop], Some("HTTPS://Shop.example"), true);
        check(&[shop], Some("https://shop.example.evil.example"), false);
        check(&[shop], Some("http://shop.example"), false);
        check(&[shop], Some("null"), false);
    }

    #[test]
    fn a_token_may_hide_among_the_subprotocols() {
        let check = |lines: &[&str], subprotocol: bool, token: Option<&str>| {
            let lines: Vec<_> =
                lines.iter().map(|line| ("sec-websocket-protocol", *line)).collect();
            let expected = Offered { subprotocol, token: token.map(Into::into) };
            assert_eq!(Offered::read(&headers(&lines)), expected, "{lines:?}");
        };
        check(&[], false, None);
        check(&["chat"], false, None);
        check(&["tollbell.v1.json"], true, None);
        check(&["chat, tollbell.v1.json , bearer.aGVsbG8"], true, Some("hello"));
        check(&["bearer.aGVsbG8", "tollbell.v1.json"], true, Some("hello"));
        check(&["bearer.aGVsbG8, bearer.b3RoZXI"], false, Some("hello"));
        // Given and useless is not the same as not given.
        check(&["bearer."], false, Some(""));
        check(&["bearer.!"], false, Some(""));
        check(&["bearer._w"], false, Some(""));
    }

    #[test]
    fn there_is_no_room_in_three_ways() {
        let told = |refused| {
            let error = no_room(refused);
            (error.status().as_u16(), error.code())
        };
        assert_eq!(told(Refused::Draining), (503, "unavailable"));
        assert_eq!(told(Refused::Full), (503, "overloaded"));
        assert_eq!(told(Refused::Address), (429, "rate_limited"));
    }
}
