//! The API: the routes of all slices behind the gate, and the document that describes them.

use std::{num::NonZeroU32, sync::Arc};

use anyhow::Context;
use axum::{Router, middleware::from_fn_with_state};
use utoipa::openapi::OpenApi;

use super::billing::Billing;
use crate::{
    auth::{
        self, Auth,
        discord::{DiscordSettings, routes::SignIn},
        gate::Gate,
        topics::TopicMap,
    },
    billing,
    config::{KristProfile, Settings},
    contracts::{self, ContractTopics, routes::ContractState},
    db::{Db, random, tasks::Tasks},
    gateways::{
        self, HubTopics, Native, NativeSettings,
        internal::routes::InternalState,
        krist::{self, Krist, KristLimits, KristSettings, Profile},
        operate::{notices::NoticeBoard, routes::OperateState},
    },
    http::{
        client_ip::TrustedProxies,
        layers::{self, ANSWER_SECONDS_MAX},
        openapi,
    },
    hub::{Encoding, Hub},
    kernel::money::Payable,
    ledger::{self, LedgerTopics, Till, VerifierSecret, routes::LedgerState},
    names::{self, NameTopics, routes::NameState},
    plans::{self, Access, PlanTopics, routes::PlanState},
    servers::{self, ServerTopics, routes::ServerState},
};

/// What the API is made of.
pub(super) struct Parts<'a> {
    pub(super) db: &'a Db,
    pub(super) auth: &'a Arc<Auth>,
    pub(super) till: &'a Till,
    pub(super) hub: &'a Hub,
    pub(super) access: &'a Arc<Access>,
    pub(super) servers: &'a ServerState,
    pub(super) verifiers: &'a VerifierSecret,
    pub(super) notices: &'a NoticeBoard,
    /// What the hub calls the dialect of the Krist door.
    pub(super) dialect: Encoding,
    pub(super) settings: &'a Settings,
}

/// The document of every route.
pub fn document() -> OpenApi {
    let mut document = openapi::router::<()>().into_openapi();
    for slice in [
        auth::routes::routes().into_openapi(),
        auth::discord::routes::routes().into_openapi(),
        ledger::routes::routes().into_openapi(),
        names::routes::routes().into_openapi(),
        plans::routes::routes().into_openapi(),
        contracts::routes::routes().into_openapi(),
        billing::routes::routes().into_openapi(),
        billing::webhooks::routes::door().into_openapi(),
        servers::routes::routes().into_openapi(),
        gateways::operate::routes::routes().into_openapi(),
        krist::subscriptions::routes().into_openapi(),
        gateways::internal::routes::routes().into_openapi(),
        gateways::routes().into_openapi(),
    ] {
        document.merge(slice);
    }
    document
}

/// Everything that is served, in its layers.
pub(super) fn app(parts: &Parts<'_>, tasks: &Tasks, health: Router) -> anyhow::Result<Router> {
    let proxies = TrustedProxies::new(&parts.settings.listen.trusted_proxies);
    let gate = |cookies| Gate { auth: Arc::clone(parts.auth), proxies: proxies.clone(), cookies };
    let private = from_fn_with_state(gate(false), gateways::internal::gate);
    let gate = |cookies| from_fn_with_state(gate(cookies), auth::gate::gate);
    let plans = PlanState { db: parts.db.clone(), access: Arc::clone(parts.access) };
    let sign_in = sign_in(parts)?;
    let internal = internal(parts).layer(private);
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
    let billing = Billing::start(parts.db, &parts.settings.billing, tasks)?;
    let native = Arc::new(native(parts, tasks));
    let krist = krist_door(parts, Arc::clone(&native))?;
    tasks.spawn("forget krist", Arc::clone(&krist).forget());
    let (krist_answers, krist_streams) = krist::routers(&krist);
    let answers = Router::new()
        .merge(Router::from(auth::routes::routes().with_state(Arc::clone(parts.auth))))
        .merge(Router::from(auth::discord::routes::routes().with_state(sign_in)))
        .merge(Router::from(ledger::routes::routes().with_state(ledger)))
        .merge(Router::from(names::routes::routes().with_state(names)))
        .merge(Router::from(plans::routes::routes().with_state(plans)))
        .merge(Router::from(contracts::routes::routes().with_state(contracts)))
        .merge(Router::from(billing::routes::routes().with_state(billing.state)))
        .merge(Router::from(servers::routes::routes().with_state(parts.servers.clone())))
        .merge(Router::from(gateways::operate::routes::routes().with_state(operate)))
        .merge(Router::from(krist::subscriptions::routes().with_state(Arc::clone(&krist))))
        .layer(gate(true))
        .merge(krist_answers)
        .merge(Router::from(billing::webhooks::routes::door().with_state(billing.door)))
        .merge(internal)
        .merge(openapi::docs(&document())?)
        .merge(gateways::dashboard::routes())
        .merge(gateways::dashboard::home())
        .merge(health);
    let streams = Router::from(gateways::routes().with_state(Arc::clone(&native)))
        .layer(gate(false))
        .merge(krist_streams);
    #[cfg(feature = "echo")]
    let streams = streams.merge(gateways::echo::router(native));
    Ok(layers::wrap(answers, streams, ANSWER_SECONDS_MAX, random::uuid))
}

/// What programs of the game ask of the operator's door.
fn internal(parts: &Parts<'_>) -> Router {
    let ledger = &parts.settings.ledger;
    let state = InternalState {
        db: parts.db.clone(),
        till: parts.till.clone(),
        secret: parts.verifiers.clone(),
        funds: parts.db.scale().whole(ledger.player_funds).payable(),
    };
    let contracts = ContractState { db: parts.db.clone(), public: ledger.public_ledger };
    Router::from(gateways::internal::routes::routes().with_state(state))
        .merge(auth::routes::internal().with_state(Arc::clone(parts.auth)))
        .merge(contracts::routes::internal().with_state(contracts))
}

fn names(parts: &Parts<'_>) -> anyhow::Result<NameState> {
    let ledger = &parts.settings.ledger;
    Ok(NameState {
        db: parts.db.clone(),
        public: ledger.public_ledger,
        suffix: ledger.name_suffix.clone(),
        price: name_price(parts)?,
    })
}

fn name_price(parts: &Parts<'_>) -> anyhow::Result<Payable> {
    let price = parts.db.scale().whole(parts.settings.ledger.name_cost);
    price.payable().context("name_cost is at least 1")
}

/// Whose clients the Krist door expects.
pub(super) fn krist_profile(settings: &Settings) -> Profile {
    match settings.krist.krist_profile {
        KristProfile::Kromer => Profile::Kromer,
        KristProfile::Krist => Profile::Krist,
    }
}

fn krist_door(parts: &Parts<'_>, native: Arc<Native>) -> anyhow::Result<Arc<Krist>> {
    let Settings { krist, listen, ledger, auth, trial, .. } = parts.settings;
    let positive = |value| NonZeroU32::new(value).context("a rate limit is at least 1");
    let settings = KristSettings {
        profile: krist_profile(parts.settings),
        public: ledger.public_ledger,
        suffix: ledger.name_suffix.clone(),
        name_price: name_price(parts)?,
        public_url: listen.public_url.clone(),
        debug: trial.dev,
        limits: KristLimits {
            requests_per_min: positive(krist.krist_requests_per_min)?,
            starts_per_min: positive(krist.krist_starts_per_min)?,
            payments_per_s: positive(krist.krist_payments_per_s)?,
            loopback_unlimited: auth.loopback_unlimited,
        },
        proxies: TrustedProxies::new(&listen.trusted_proxies),
    };
    let (till, verifiers) = (parts.till.clone(), parts.verifiers.clone());
    let notices = parts.notices.clone();
    Ok(Krist::new(native, till, verifiers, notices, settings, parts.dialect))
}

/// Signing in with Discord, when the operator has registered an application there.
fn sign_in(parts: &Parts<'_>) -> anyhow::Result<Arc<SignIn>> {
    let Settings { people, listen, .. } = parts.settings;
    let application = people.discord_client_id.clone().zip(people.discord_client_secret.clone());
    let discord = application.map(|(client_id, client_secret)| DiscordSettings {
        client_id,
        client_secret,
        base_url: people.discord_base_url.clone(),
    });
    Ok(SignIn::new(Arc::clone(parts.auth), discord, listen.public_url.clone())?)
}

fn native(parts: &Parts<'_>, tasks: &Tasks) -> Native {
    let Settings { hub, listen, ledger, .. } = parts.settings;
    let size = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    let public = ledger.public_ledger;
    let ledger = LedgerTopics { public, scale: parts.db.scale() };
    let contracts = ContractTopics { db: parts.db.clone(), public };
    let plans = PlanTopics { db: parts.db.clone(), access: Arc::clone(parts.access) };
    Native {
        auth: Arc::clone(parts.auth),
        db: parts.db.clone(),
        hub: parts.hub.clone(),
        topics: TopicMap::new(vec![
            Box::new(ledger),
            Box::new(NameTopics),
            Box::new(plans),
            Box::new(ServerTopics),
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
