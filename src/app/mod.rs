//! Floor 7: the one place that knows every part. It builds them, starts the loops, and takes everything down in the
//! stated order.
//!
//! Up: database, migrations, secrets, the hub's ring filled from the log, relay, till, doors, ready.
//! Down: not ready, drain the connections, stop accepting, finish requests, stop the loops, close the pool, leave the
//! private PostgreSQL. A vital loop that ends by itself takes the same way down, and the process fails.

mod api;
mod billing;
pub mod database;
pub mod files;
mod health;
mod secrets;
mod servers;

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc, time::Duration};

use anyhow::Context;
use secrecy::SecretString;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{api::Parts, database::Place, health::Readiness};
pub use self::{api::document, secrets::server_secret};
use crate::{
    auth::{
        Auth, Token,
        commands::sweep,
        limits::{LimitSettings, Limits},
    },
    config::{
        AdminListen, Settings,
        settings::{AuthSettings, DatabaseSettings},
    },
    contracts::{
        Alarm, RenewalClock,
        grants::{ContractGrants, grant_pages},
        named::NameOwners,
    },
    db::{
        Db, Relay, Tap,
        follow::follow,
        tasks::{Failures, Tasks},
        topics,
        upkeep::Upkeep,
        wake,
    },
    gateways::{self, operate::notices::NoticeBoard},
    http::serve::{self, HEAD_SPAN_MAX, Server},
    hub::{AdmissionLimit, Encoders, Hub, HubSettings, RingLimit},
    kernel::event::Seq,
    ledger::{Till, TillSettings, VerifierSecret},
    names::NamePayees,
    plans::{self, Access, clock::PlanAlarm},
    servers::UserSessions,
    telemetry::Figures,
};

/// How long requests in flight may take to finish.
const FINISH: Duration = Duration::from_secs(5);
/// How long the loops may take to stop.
const STOP: Duration = Duration::from_secs(5);
/// How often idle rate limits are forgotten.
const FORGET: Duration = Duration::from_mins(1);
/// How long a drained connection may stay after the time it was told to connect elsewhere.
const GRACE: Duration = Duration::from_secs(2);

/// A hub that is up.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The admin key, when it was made at this start. It is shown once.
    pub admin_key: Option<Token>,
    /// The database.
    pub db: Db,
    /// Takes payments.
    pub till: Till,
    /// The server's secret.
    pub secret: SecretString,
    /// Where loops of the caller's own belong.
    pub tasks: Tasks,
    /// Hands events to listeners.
    pub hub: Hub,
    place: Arc<Place>,
    readiness: Readiness,
    failures: Failures,
    doors: Doors,
    drain: Duration,
    term: Signal,
    int: Signal,
}

/// The listeners, which stop after the connections are drained.
#[derive(Debug)]
struct Doors {
    stop: CancellationToken,
    open: TaskTracker,
}

/// Starts a hub.
///
/// # Errors
/// With the cause and what to do about it.
pub async fn start(settings: &Settings, figures: Figures) -> anyhow::Result<Running> {
    let ports = Ports::bind(settings)?;
    let place = Arc::new(Place::find(settings).await?);
    match build(settings, figures, ports, &place).await {
        Ok(running) => Ok(running),
        Err(error) => {
            // Nobody is there to use a server that was started for this hub.
            if let Ok(place) = Arc::try_unwrap(place)
                && let Err(left) = place.leave().await
            {
                tracing::warn!(error = format!("{left:#}"), "could not leave the database");
            }
            Err(error)
        }
    }
}

/// The sockets, taken before anything else: an address in use is the usual reason for a start to fail.
struct Ports {
    public: TcpListener,
    admin: Option<TcpListener>,
}

impl Ports {
    fn bind(settings: &Settings) -> anyhow::Result<Self> {
        let public = serve::bind(settings.listen.listen).with_context(|| {
            format!("could not listen on {}; set listen to a free address", settings.listen.listen)
        })?;
        let admin = match settings.listen.admin_listen {
            AdminListen::Off => None,
            AdminListen::At(at) => Some(serve::bind(at).with_context(|| {
                format!("could not listen on {at}; set admin_listen to a free address or to off")
            })?),
        };
        Ok(Self { public, admin })
    }
}

async fn build(
    settings: &Settings,
    figures: Figures,
    ports: Ports,
    place: &Arc<Place>,
) -> anyhow::Result<Running> {
    let address = ports.public.local_addr()?;
    let (db, inbox) = place.open(settings).await?;
    let secret = secrets::server_secret(settings)?;
    let verifiers = VerifierSecret::new(&secret);
    verifiers.claim(&db).await?;
    let admin_key = secrets::admin_key(settings, &db).await?;
    secrets::api_key(settings, &db).await?;
    let (tasks, failures) = Tasks::new();

    let auth = Auth::new(db.clone(), Limits::new(limits(&settings.auth)?));
    let begin = ring_begin(&db, settings).await?;
    let profile = api::krist_profile(settings);
    let (encoders, dialect) = gateways::krist::register(Encoders::default(), profile);
    let hub = Hub::start(hub_settings(settings), &db, begin, encoders, &tasks)?;
    let access = Access::new(db.clone(), Arc::new(UserSessions));
    let clocks = Clocks::default();
    let notices = NoticeBoard::load(&db).await?;
    let taps = taps(&auth, &access, &notices, &hub, &clocks);
    start_relay(Relay::new(db.clone(), inbox, begin, taps), &db, settings, &tasks);
    let till = start_till(&db, settings, &tasks);
    clocks.start(&db, settings, &tasks);
    start_chores(&db, settings, &auth, place, &tasks);
    let name = address.to_string().into();
    tasks.spawn("pulse", gateways::stats::tell(hub.clone(), db.clone(), Arc::clone(&auth), name));
    tasks.spawn("figures", health::sample(db.clone(), hub.clone(), figures.clone()));

    let readiness = Readiness::new(db.clone());
    let servers = servers::start(&db, &hub, settings, address, &tasks)?;
    let parts = Parts {
        db: &db,
        auth: &auth,
        till: &till,
        hub: &hub,
        access: &access,
        servers: &servers,
        verifiers: &verifiers,
        notices: &notices,
        dialect,
        settings,
    };
    let doors = open_doors(ports, &parts, figures, &readiness, &tasks)?;
    filled(&db, &tasks).await?;
    // Whoever sees that the hub is ready may ask it to go.
    let (term, int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    readiness.started();
    let drain = Duration::from_secs(settings.listen.drain_seconds.into());
    Ok(Running {
        address,
        admin_key,
        db,
        till,
        secret,
        tasks,
        hub,
        place: Arc::clone(place),
        readiness,
        failures,
        doors,
        drain,
        term,
        int,
    })
}

/// Opens the listeners.
fn open_doors(
    ports: Ports,
    parts: &Parts<'_>,
    figures: Figures,
    readiness: &Readiness,
    tasks: &Tasks,
) -> anyhow::Result<Doors> {
    let app = api::app(parts, tasks, health::router(readiness.clone()))?;
    let doors = Doors { stop: CancellationToken::new(), open: TaskTracker::new() };
    doors.serve(tasks, "listener", server(ports.public, app, parts.settings)?);
    if let Some(listener) = ports.admin {
        let app = health::metrics(figures).merge(health::router(readiness.clone()));
        doors.serve(tasks, "admin listener", server(listener, app, parts.settings)?);
    }
    Ok(doors)
}

impl Running {
    /// Serves until SIGTERM or SIGINT, then takes everything down. A second signal cuts the waiting short.
    ///
    /// # Errors
    /// When a vital loop ended by itself, or the private cluster does not stop.
    pub async fn serve(mut self) -> anyhow::Result<()> {
        let failed = tokio::select! {
            _ = self.term.recv() => None,
            _ = self.int.recv() => None,
            name = self.failures.next() => Some(name),
        };
        if let Some(name) = failed {
            tracing::error!(task = name, "a vital loop has ended; stopping");
        } else {
            tracing::info!(drain_s = self.drain.as_secs(), "stopping");
            self.readiness.draining();
            tokio::select! {
                () = self.hub.drain(self.drain, GRACE) => {}
                _ = self.term.recv() => {}
                _ = self.int.recv() => {}
            }
        }
        self.stop().await?;
        match failed {
            Some(name) => anyhow::bail!("the loop {name} has ended; the log says why"),
            None => Ok(()),
        }
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.readiness.draining();
        self.doors.stop.cancel();
        self.doors.open.close();
        if tokio::time::timeout(FINISH + STOP, self.doors.open.wait()).await.is_err() {
            tracing::warn!("requests did not finish in time");
        }
        if !self.tasks.stop(STOP).await {
            tracing::warn!("some loops did not stop in time");
        }
        self.db.close().await;
        // The loops that held it have stopped; one that hangs keeps it, and then the server stays up, which is safe.
        match Arc::try_unwrap(self.place) {
            Ok(place) => place.leave().await,
            Err(_) => Ok(()),
        }
    }
}

impl Doors {
    fn serve(&self, tasks: &Tasks, name: &'static str, server: Server) {
        let run = server.run(TaskTracker::new(), self.stop.clone());
        tasks.spawn_vital(name, self.open.track_future(run));
    }
}

fn server(listener: TcpListener, app: axum::Router, settings: &Settings) -> anyhow::Result<Server> {
    Ok(Server {
        listener,
        app,
        connections_max: usize::try_from(settings.hub.connections_max)?,
        drain_max: FINISH,
        head_max: HEAD_SPAN_MAX,
    })
}

/// Where the ring begins, so that it is full when the relay has caught up.
async fn ring_begin(db: &Db, settings: &Settings) -> anyhow::Result<Seq> {
    let head = db.log().head().await?;
    let full = head.seq.get() - i64::from(settings.hub.ring_events);
    Ok(Seq::new(full).max(head.oldest.previous()))
}

/// Waits until the relay has passed what was committed before this start: a client that resumes needs no statement.
async fn filled(db: &Db, tasks: &Tasks) -> anyhow::Result<()> {
    let head = db.log().head().await?.seq;
    let mut position = db.progress().position();
    let stopping = tasks.stopping();
    tokio::select! {
        reached = position.wait_for(|position| *position >= head) => { reached?; }
        () = stopping.cancelled() => {}
    }
    Ok(())
}

/// What wakes the clocks of a node.
#[derive(Default)]
struct Clocks {
    renewals: Alarm,
    plans: PlanAlarm,
}

impl Clocks {
    /// Starts what is done when its time comes, and what follows from events.
    fn start(self, db: &Db, settings: &Settings, tasks: &Tasks) {
        let hold = Duration::from_secs(settings.ledger.renewal_hold_seconds.into());
        let clock = RenewalClock::new(db.clone(), self.renewals, hold);
        tasks.spawn_vital("renewals", clock.run(tasks.stopping()));
        tasks.spawn_vital("plans", plans::clock::run(db.clone(), self.plans, tasks.stopping()));
        tasks.spawn("grants", follow(db.clone(), ContractGrants));
        tasks.spawn("grant pages", grant_pages(db.clone()));
    }
}

/// What hears of every event, in this order: what answers from memory before those who are told.
fn taps(
    auth: &Arc<Auth>,
    access: &Arc<Access>,
    notices: &NoticeBoard,
    hub: &Hub,
    clocks: &Clocks,
) -> Vec<Arc<dyn Tap>> {
    vec![
        Arc::<Auth>::clone(auth),
        Arc::<Access>::clone(access),
        Arc::new(notices.clone()),
        Arc::new(hub.clone()),
        Arc::new(clocks.renewals.clone()),
        Arc::new(clocks.plans.clone()),
    ]
}

fn start_relay(relay: Relay, db: &Db, settings: &Settings, tasks: &Tasks) {
    let (hints, hear) = watch::channel(Seq::ZERO);
    tasks.spawn_vital("relay", relay.run(hear, tasks.stopping()));
    if settings.database.relay_notify {
        tasks.spawn("listen", wake::listen(db.clone(), hints));
        tasks.spawn("announce", wake::announce(db.clone(), db.committed_here()));
    }
}

fn start_till(db: &Db, settings: &Settings, tasks: &Tasks) -> Till {
    let size = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    let till = TillSettings {
        queue_max: size(settings.ledger.till_queue_max),
        batch_max: size(settings.ledger.till_batch_max),
        makes_wallets: settings.ledger.create_payees,
    };
    let (till, lane) = Till::new(db.lane(), Arc::new(NamePayees), till);
    tasks.spawn_vital("till", lane.run(tasks.stopping()));
    till
}

fn start_chores(db: &Db, settings: &Settings, auth: &Arc<Auth>, place: &Arc<Place>, tasks: &Tasks) {
    tasks.spawn("upkeep", upkeep(&settings.database, &settings.auth).run(db.clone()));
    tasks.spawn("topics", topics::index(db.clone()));
    tasks.spawn("sweep", sweep(db.clone()));
    tasks.spawn("follow names", follow(db.clone(), NameOwners));
    tasks.spawn("sweep tickets", gateways::krist::sweep_tickets(db.clone()));
    tasks.spawn("care", database::care(db.clone(), Arc::clone(place)));
    let auth = Arc::clone(auth);
    tasks.spawn("forget", async move {
        loop {
            tokio::time::sleep(FORGET).await;
            auth.limits().forget_idle();
        }
    });
}

fn upkeep(database: &DatabaseSettings, auth: &AuthSettings) -> Upkeep {
    Upkeep {
        partition_events: database.log_partition_events.into(),
        retain: Duration::from_hours(24 * u64::from(database.retain_days)),
        remember: Duration::from_hours(auth.idempotency_hours.into()),
    }
}

fn limits(settings: &AuthSettings) -> anyhow::Result<LimitSettings> {
    let positive = |value| NonZeroU32::new(value).context("a rate limit is at least 1");
    Ok(LimitSettings {
        guest_per_min: positive(settings.guest_requests_per_min)?,
        caller_per_min: positive(settings.caller_requests_per_min)?,
        login_per_min: positive(settings.logins_per_min)?,
        login_burst: positive(settings.logins_burst)?,
        loopback_unlimited: settings.loopback_unlimited,
    })
}

fn hub_settings(settings: &Settings) -> HubSettings {
    let size = |value: u32| usize::try_from(value).unwrap_or(usize::MAX);
    let hub = &settings.hub;
    HubSettings {
        shards: hub.shards.into(),
        ring: RingLimit {
            events: size(hub.ring_events),
            bytes: size(hub.ring_mib).saturating_mul(1 << 20),
        },
        admission: AdmissionLimit {
            total: size(hub.connections_max),
            per_address: match hub.connections_per_ip_max {
                0 => usize::MAX,
                most => size(most),
            },
        },
        frame_bytes: size(hub.frame_bytes_max),
        queue_bytes: size(hub.queue_bytes_max),
        ping: Duration::from_secs(hub.ping_seconds.into()),
        stall: Duration::from_secs(hub.stall_seconds.into()),
        ..HubSettings::default()
    }
}
