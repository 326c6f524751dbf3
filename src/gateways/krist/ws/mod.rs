//! Krist's websocket: a ticket by `POST /ws/start`, then `GET /ws/gateway/{token}`, where the socket becomes one of the
//! hub's connections in this dialect. No origin is refused here: a token is what lets somebody in.

mod levels;
mod message;
mod session;
pub(super) mod ticket;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

use self::{
    session::{Session, Turned},
    ticket::{TICKET_TTL, Ticket},
};
use super::{Krist, Part, error::KristError, fields::Fields, reply::Reply};
use crate::{
    auth::{Caller, gate::ClientIp},
    gateways::ws::{Newcomer, handshake},
    http::serve::Slot,
    hub::{Dialect, Grant},
};

/// Gives a ticket for a websocket, to a guest or to the owner of a wallet.
pub(super) async fn start(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    caller: Caller,
    route: MatchedPath,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Reply, KristError> {
    krist.limits.start(ip)?;
    // Before the key is looked up, so that a revocation in between is noticed.
    let checked = krist.native.hub.head();
    let (owner, session) = match (fields.key_if_any()?, caller) {
        (Some(key), _) => {
            (Some(krist.prove(ip, &key).await?.ok_or_else(KristError::auth_failed)?), None)
        }
        (None, Caller::Wallet { address, session, expires }) => {
            (Some(address), Some((session, expires)))
        }
        (None, _) => (None, None),
    };
    let token = Ticket { owner, session, checked }.issue(&krist.native.db).await?;
    let (scheme, host) = krist.place(&headers);
    let prefix = route.as_str().strip_suffix("/ws/start").unwrap_or_default();
    let url = format!("{scheme}://{host}{prefix}/ws/gateway/{token}");
    Ok(Reply::ok().with("url", &url).with("expires", &TICKET_TTL.as_secs()))
}

/// Opens the websocket that a token stands for. A bad one is told so on the websocket, where a browser can read it.
pub(super) async fn gateway(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    Part(token): Part,
    mut request: Request,
) -> Result<Response, Response> {
    let mut response = handshake(&request).map_err(IntoResponse::into_response)?;
    let peer = ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let admission = krist
        .native
        .hub
        .admit(peer)
        .map_err(|refused| KristError::from(refused).into_response())?;
    let ticket = Ticket::redeem(&krist.native.db, &token).await;
    let ticket = ticket.map_err(|error| KristError::from(error).into_response())?;
    if let Some(name) = offered(request.headers()) {
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, name);
    }
    let slot: Option<Slot> = request.extensions_mut().remove();
    let (grant, dialect): (Grant, Box<dyn Dialect>) = match ticket {
        Some(ticket) => {
            let (_, host) = krist.place(request.headers());
            let grant = ticket.grant();
            (grant, Box::new(Session::new(Arc::clone(&krist), ticket.owner, ip, &host, slot)))
        }
        None => (Grant::default(), Box::new(Turned::new(slot))),
    };
    let newcomer =
        Newcomer { upgrade: hyper::upgrade::on(&mut request), dialect, grant, admission };
    krist.native.tasks.spawn("krist.upgrade", newcomer.move_in(krist.native.hub.clone()));
    Ok(response)
}

impl Krist {
    /// How clients reach this hub: the scheme of its websockets, and its host.
    pub(super) fn place(&self, headers: &HeaderMap) -> (&'static str, String) {
        if let Some(url) = &self.settings.public_url
            && let Some(host) = url.host_str()
        {
            let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            return (scheme, format!("{host}{port}"));
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        ("ws", host.unwrap_or("localhost").to_owned())
    }
}

/// The first subprotocol that a client offers. Browsers close a connection that answers with none of them.
fn offered(headers: &HeaderMap) -> Option<HeaderValue> {
    let line = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    let first = line.split(',').map(str::trim).find(|name| !name.is_empty())?;
    HeaderValue::from_str(first).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_subprotocol_is_taken() {
        let check = |line: Option<&str>, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(line) = line {
                headers.insert(header::SEC_WEBSOCKET_PROTOCOL, line.parse().unwrap());
            }
            let found = offered(&headers);
            assert_eq!(found.as_ref().map(|name| name.to_str().unwrap()), expected, "{line:?}");
        };
        check(None, None);
        check(Some("krist.js"), Some("krist.js"));
        check(Some("krist.js, other"), Some("krist.js"));
        check(Some(" , other"), Some("other"));
        check(Some(""), None);
    }
}
