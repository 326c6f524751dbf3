//! Floor 6: the door for Krist's and Kromer's clients, under `/api/krist` and, for Krist's, at `/` too.
//!
//! It is thin: it reads what those clients write, builds the commands that all doors build, and answers in their
//! shapes. Its websocket is a dialect of the hub. Owns the table `krist_tickets`; emits nothing. Holds:
//! * every request and every frame of a client gets exactly one answer, with Krist's codes and messages;
//! * an event is encoded once for all connections of the profile, and only when one listens;
//! * nothing is a guest's own, and no private key is kept.
//!
//! ```text
//!  rest/    addresses, transactions, names, lookup, search, and what is constant
//!  ws/      tickets, levels, messages, the session of a connection
//!  pay.rs   the rules of a payment, for both
//!  subscriptions.rs   /api/v1/subscriptions: contracts as Kromer's client speaks of them
//! ```

mod amount;
mod error;
mod fields;
mod frames;
mod gate;
mod limits;
mod motd;
mod pay;
mod profile;
mod query;
mod reply;
mod rest;
mod store;
pub mod subscriptions;
mod views;
mod ws;

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use url::Url;

pub use self::{
    error::CODES,
    limits::KristLimits,
    profile::Profile,
    ws::ticket::{guest_ticket, sweep as sweep_tickets},
};
use self::{error::KristError, limits::Limits};
use super::{listen::Native, operate::notices::NoticeBoard};
use crate::{
    http::client_ip::TrustedProxies,
    hub::{Encoders, Encoding},
    kernel::{
        money::{Payable, Scale},
        name::Suffix,
    },
    ledger::{Till, VerifierSecret},
};

/// How often idle rate limits are forgotten.
const FORGET: Duration = Duration::from_mins(1);

/// How this door behaves.
#[derive(Debug, Clone)]
pub struct KristSettings {
    /// Whose clients are expected.
    pub profile: Profile,
    /// Whether everybody may see every wallet.
    pub public: bool,
    /// What names end in.
    pub suffix: Suffix,
    /// What a name costs.
    pub name_price: Payable,
    /// Where clients reach the hub, when a proxy stands before it.
    pub public_url: Option<Url>,
    /// Whether this is no place for real money, which clients are told.
    pub debug: bool,
    /// How often it may be knocked at.
    pub limits: KristLimits,
    /// Whose word on a client's address is believed.
    pub proxies: TrustedProxies,
}

/// What the routes of this door share.
#[derive(Debug)]
pub struct Krist {
    native: Arc<Native>,
    till: Till,
    verifiers: VerifierSecret,
    settings: KristSettings,
    limits: Limits,
    encoding: Encoding,
    notices: NoticeBoard,
}

/// Adds the dialect of a profile to those of the hub.
pub fn register(encoders: Encoders, profile: Profile) -> (Encoders, Encoding) {
    encoders.with(frames::encoder(profile))
}

impl Krist {
    /// The door. The encoding is what [`register`] gave.
    pub fn new(
        native: Arc<Native>,
        till: Till,
        verifiers: VerifierSecret,
        notices: NoticeBoard,
        settings: KristSettings,
        encoding: Encoding,
    ) -> Arc<Self> {
        let limits = Limits::new(settings.limits);
        Arc::new(Self { native, till, verifiers, settings, limits, encoding, notices })
    }

    /// Forgets who has not knocked lately, again and again.
    pub async fn forget(self: Arc<Self>) {
        loop {
            tokio::time::sleep(FORGET).await;
            self.limits.forget_idle();
        }
    }

    fn scale(&self) -> Scale {
        self.native.db.scale()
    }
}

/// The routes that answer at once and those that stay open, at every place where the profile has them.
pub fn routers(krist: &Arc<Krist>) -> (Router, Router) {
    let gate = || from_fn_with_state(Arc::clone(krist), gate::gate);
    let answers = || {
        rest::routes()
            .route("/ws/start", post(ws::start))
            .fallback(route_not_found)
            .method_not_allowed_fallback(route_not_found)
            .with_state(Arc::clone(krist))
    };
    let streams = || {
        Router::new().route("/ws/gateway/{token}", get(ws::gateway)).with_state(Arc::clone(krist))
    };
    let (mut all, mut open) =
        (Router::new().nest("/api/krist", answers().layer(gate())), Router::new());
    open = open.nest("/api/krist", streams().layer(gate()));
    if krist.settings.profile == Profile::Krist {
        all = all.merge(answers().reset_fallback().layer(gate()));
        open = open.merge(streams().layer(gate()));
    }
    (all, open)
}

async fn route_not_found() -> KristError {
    KristError::route_not_found()
}

/// The last variable part of a path. What is no UTF-8 is read as nothing, which nobody is called.
struct Part(String);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let last =
            params.ok().and_then(|params| params.iter().last().map(|(_, value)| value.to_owned()));
        Ok(Self(last.unwrap_or_default()))
    }
}
