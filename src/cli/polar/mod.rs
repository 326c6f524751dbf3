//! `tollbell dev polar`: a stand-in for Polar, so that buying a plan can be tried and tested without an account.
//!
//! It has the part of Polar's API that the hub uses, pages on which a person pays and manages what they bought, and
//! deliveries that behave as the real ones: signed either way, tried ten times, given up, in disorder when it is told
//! to, and an endpoint that is disabled. `/fake` shows everything and lets a test change it. Its clock runs with the
//! host's and can be moved ahead; only signatures go by the host's own time. Nothing is kept when it ends.

mod courier;
mod post;
mod routes;
mod shape;
mod world;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::world::{Endpoint, World};
use super::output;
use crate::{
    config::{PolarArgs, Settings},
    db::{random, tasks::Tasks},
    http::{
        serve::{self, HEAD_SPAN_MAX, Server},
        signature::Scheme,
    },
    kernel::time::HostClock,
};

/// Connections held at one time.
const CONNECTIONS_MAX: usize = 256;
/// How long requests may take to finish at the end.
const FINISH: Duration = Duration::from_secs(2);

/// The stand-in, shared by its routes and its loops.
#[derive(Debug, Clone)]
struct Polar(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    world: Mutex<World>,
    faults: Mutex<Faults>,
    /// How far the clock is ahead.
    ahead: Mutex<chrono::Duration>,
    /// Something may be due.
    wake: Notify,
    secret: SecretString,
    token: String,
    /// Where it is reached.
    base: String,
}

/// What goes wrong on purpose.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Faults {
    /// Nothing is delivered.
    hold: bool,
    /// The youngest event goes first.
    reorder: bool,
    /// How often each attempt is made at once, besides the first.
    copies: u8,
    /// What the API answers instead of what it should.
    api_status: Option<u16>,
}

impl Polar {
    /// The time here.
    fn now(&self) -> DateTime<Utc> {
        HostClock.now().get() + *self.0.ahead.lock()
    }

    /// Moves the clock, renews what is due, and lets the courier look again.
    fn advance(&self, by: chrono::Duration) {
        *self.0.ahead.lock() += by;
        self.tick();
    }

    fn tick(&self) {
        let now = self.now();
        // A year that passes at once is renewed month by month.
        while self.0.world.lock().tick(now) {}
        self.0.wake.notify_waiters();
        self.0.wake.notify_one();
    }
}

/// Runs the stand-in until it is interrupted.
///
/// # Errors
/// When it can't listen.
pub(super) async fn run(settings: &Settings, args: PolarArgs) -> anyhow::Result<()> {
    let listener = serve::bind(args.at)
        .with_context(|| format!("could not listen on {}; give --at a free address", args.at))?;
    let base = format!("http://{}", listener.local_addr()?);
    let secret = settings.billing.polar_webhook_secret.clone();
    let token = settings.billing.polar_access_token.as_ref();
    let webhook = match args.webhook_url {
        Some(url) => url.to_string(),
        None => format!("http://{}/subscriptions/polar/webhook/", settings.listen.listen),
    };
    let endpoint =
        Endpoint { id: random::uuid(), url: webhook, enabled: true, is_standard: !args.raw_secret };
    let polar = Polar(Arc::new(Inner {
        world: Mutex::new(World::new(endpoint, HostClock.now().get())),
        faults: Mutex::default(),
        ahead: Mutex::new(chrono::Duration::zero()),
        wake: Notify::new(),
        secret: secret.unwrap_or_else(|| SecretString::from(routes::fresh_secret())),
        token: token.map_or_else(|| "polar_oat_dev".to_owned(), routes::revealed),
        base,
    }));
    let (tasks, _failures) = Tasks::new();
    tasks.spawn("courier", courier::run(polar.clone(), courier::client()?));
    output::print(&routes::greeting(&polar))?;
    let stop = CancellationToken::new();
    let server = Server {
        listener,
        app: routes::router(polar),
        connections_max: CONNECTIONS_MAX,
        drain_max: FINISH,
        head_max: HEAD_SPAN_MAX,
    };
    tokio::select! {
        () = server.run(TaskTracker::new(), stop.clone()) => {}
        ended = tokio::signal::ctrl_c() => ended?,
    }
    tasks.stop(FINISH).await;
    Ok(())
}

/// The scheme that an endpoint signs with.
fn scheme(endpoint: &Endpoint) -> Scheme {
    if endpoint.is_standard { Scheme::Standard } else { Scheme::Raw }
}
