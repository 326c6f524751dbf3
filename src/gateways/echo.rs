//! `GET /echo`: sends every message back, for the conformance cases of RFC 6455. Compiled with the feature `echo` only.
//!
//! It is a dialect like any other, so what is tested is the hub's own decoder, encoder and way out.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
    routing::get,
};
use bytes::Bytes;

use super::{
    listen::Native,
    ws::{Newcomer, handshake, no_room},
};
use crate::{
    http::error::ApiError,
    hub::{Action, Dialect, Grant, Handled, Notice, View, frame},
};

/// The largest message of the cases.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// The route.
pub fn router(native: Arc<Native>) -> Router {
    Router::new().route("/echo", get(echo)).with_state(native)
}

async fn echo(
    State(native): State<Arc<Native>>,
    mut request: Request,
) -> Result<Response, ApiError> {
    let response = handshake(&request)?;
    let admission = native.hub.admit(IpAddr::V4(Ipv4Addr::LOCALHOST)).map_err(no_room)?;
    let newcomer = Newcomer {
        upgrade: hyper::upgrade::on(&mut request),
        dialect: Box::new(Echo),
        grant: Grant::default(),
        admission,
    };
    native.tasks.spawn("echo.upgrade", newcomer.move_in(native.hub.clone()));
    Ok(response)
}

/// Says what it hears.
struct Echo;

impl Dialect for Echo {
    fn message_bytes(&self, _: usize) -> usize {
        MESSAGE_BYTES_MAX
    }

    fn open(&self, _: &View<'_>) -> Vec<Action> {
        Vec::new()
    }

    fn message(&self, _: &View<'_>, text: &str) -> Handled {
        Handled::Now(vec![Action::Send(frame::text(text))])
    }

    fn binary(&self, _: &View<'_>, data: Bytes) -> Handled {
        Handled::Now(vec![Action::Send(frame::binary(&data))])
    }

    fn notice(&self, _: Notice) -> Option<Bytes> {
        None
    }
}
