//! The API: the routes of all slices behind the gate, and the document that describes them.

use std::sync::Arc;

use anyhow::Context;
use axum::{Router, middleware::from_fn_with_state};
use utoipa::openapi::OpenApi;

use crate::{
    auth::{self, Auth, gate::Gate, topics::TopicMap},
    config::Settings,
    contracts::{self, ContractTopics, routes::ContractState},
    db::{Db, random, tasks::Tasks},
    gateways::{self, HubTopics, Native, NativeSettings, operate::routes::OperateState},
    http::{
        client_ip::TrustedProxies,
        layers::{self, ANSWER_SECONDS_MAX},
        openapi,
    },
    hub::Hub,
    ledger::{self, LedgerTopics, Till, VerifierSecret, routes::LedgerState},
    names::{self, NameTopics, routes::NameState},
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
    for slice in [
        auth::routes::routes().into_openapi(),
        ledger::routes::routes().into_openapi(),
        names::routes::routes().into_openapi(),
        contracts::routes::routes().into_openapi(),
        gateways::operate::routes::routes().into_openapi(),
        gateways::routes().into_openapi(),
    ] {
        document.merge(slice);
    }
    document
}

/// Everything that is served, in its layers.
pub(super) fn app(parts: &Parts<'_>, tasks: &Tasks, health: Router) -> anyhow::Result<Router> {
    let proxies = TrustedProxies::new(&parts.settings.listen.trusted_proxies);
    let gate = Gate { auth: Arc::clone(parts.auth), proxies };
    let gate = from_fn_with_state(gate, auth::gate::gate);
    let ledger = LedgerState {
        db: parts.db.clone(),
        till: parts.till.clone(),
        auth: Arc::clone(parts.auth),
        secret: parts.verifiers.clone(),
        public: parts.settings.ledger.public_ledger,
        suffix: parts.settings.ledger.name_suffix.clone(),
    };
    let names = names(parts)?;
    let contracts =
        ContractState { db: parts.db.clone(), public: parts.settings.ledger.public_ledger };
    let operate = OperateState {
        db: parts.db.clone(),
        hub: parts.hub.clone(),
        dev: parts.settings.trial.dev,
    };
    let native = Arc::new(native(parts, tasks));
    let answers = Router::new()
        .merge(Router::from(auth::routes::routes().with_state(Arc::clone(parts.auth))))
        .merge(Router::from(ledger::routes::routes().with_state(ledger)))
        .merge(Router::from(names::routes::routes().with_state(names)))
        .merge(Router::from(contracts::routes::routes().with_state(contracts)))
        .merge(Router::from(gateways::operate::routes::routes().with_state(operate)))
        .layer(gate.clone())
        .merge(openapi::docs(&document())?)
        .merge(gateways::dashboard::routes())
        .merge(gateways::dashboard::home())
        .merge(health);
    let streams = Router::from(gateways::routes().with_state(Arc::clone(&native))).layer(gate);
    #[cfg(feature = "echo")]
    let streams = streams.merge(gateways::echo::router(native));
    Ok(layers::wrap(answers, streams, ANSWER_SECONDS_MAX, random::uuid))
}

fn names(parts: &Parts<'_>) -> anyhow::Result<NameState> {
    let ledger = &parts.settings.ledger;
    Ok(NameState {
        db: parts.db.clone(),
        public: ledger.public_ledger,
        suffix: ledger.name_suffix.clone(),
        price: parts
            .db
            .scale()
            .whole(ledger.name_cost)
            .payable()
            .context("name_cost is at least 1")?,
    })
}

fn native(parts: &Parts<'_>, tasks: &Tasks) -> Native {
    let Settings { hub, listen, ledger, .. } = parts.settings;
    let size = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    let public = ledger.public_ledger;
    let ledger = LedgerTopics { public, scale: parts.db.scale() };
    let contracts = ContractTopics { db: parts.db.clone(), public };
    Native {
        auth: Arc::clone(parts.auth),
        db: parts.db.clone(),
        hub: parts.hub.clone(),
        topics: TopicMap::new(vec![
            Box::new(ledger),
            Box::new(NameTopics),
            Box::new(contracts),
            Box::new(HubTopics),
        ]),
        tasks: tasks.clone(),
        settings: NativeSettings {
            topics_max: size(hub.topics_max),
            frame_bytes_max: size(hub.frame_bytes_max),
            queue_bytes_max: size(hub.queue_bytes_max),
            messages_per_min: hub.messages_per_min,
            ping_s: hub.ping_seconds.into(),
            allowed_origins: listen.allowed_origins.clone(),
        },
    }
}
