//! The API: the routes of all slices behind the gate, and the document that describes them.

use std::sync::Arc;

use axum::{Router, middleware::from_fn_with_state};
use utoipa::openapi::OpenApi;

use crate::{
    auth::{self, Auth, gate::Gate, topics::TopicMap},
    config::Settings,
    db::{Db, random, tasks::Tasks},
    http::{
        client_ip::TrustedProxies,
        layers::{self, ANSWER_SECONDS_MAX},
        openapi,
    },
    hub::Hub,
    ledger::{self, LedgerTopics, Till, VerifierSecret, routes::LedgerState},
};

/// What the API is made of.
pub(super) struct Parts<'a> {
    pub(super) db: &'a Db,
    pub(super) auth: &'a Arc<Auth>,
    pub(super) till: &'a Till,
    pub(super) hub: &'a Hub,
    pub(super) verifiers: &'a VerifierSecret,
    pub(super) settings: &'a Settings,
}

/// The document of every route.
pub fn document() -> OpenApi {
    let mut document = openapi::router::<()>().into_openapi();
    for slice in [auth::routes::routes().into_openapi(), ledger::routes::routes().into_openapi()] {
        document.merge(slice);
    }
    document
}

/// Everything that is served, in its layers.
pub(super) fn app(parts: &Parts<'_>, _tasks: &Tasks) -> anyhow::Result<Router> {
    let proxies = TrustedProxies::new(&parts.settings.listen.trusted_proxies);
    let gate = Gate { auth: Arc::clone(parts.auth), proxies };
    let ledger = LedgerState {
        db: parts.db.clone(),
        till: parts.till.clone(),
        auth: Arc::clone(parts.auth),
        secret: parts.verifiers.clone(),
        public: parts.settings.ledger.public_ledger,
    };
    let answers = Router::new()
        .merge(auth::routes::routes().with_state(Arc::clone(parts.auth)).split_for_parts().0)
        .merge(ledger::routes::routes().with_state(ledger).split_for_parts().0)
        .layer(from_fn_with_state(gate.clone(), auth::gate::gate))
        .merge(openapi::docs(&document())?);
    Ok(layers::wrap(answers, Router::new(), ANSWER_SECONDS_MAX, random::uuid))
}
