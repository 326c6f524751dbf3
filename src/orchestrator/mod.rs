//! Floor 7: the orchestrator, for those who have none. It starts game servers when a hub asks, watches them, and tells
//! the hub what becomes of them. It knows the hub by HTTP only and could be a program of its own.
//!
//! It owns a folder: a file for each server and its output. Invariants:
//! * one order starts one server, however often it is sent;
//! * nothing runs that is not written down, so a restart finds every server again or reports it lost;
//! * what the hub is to hear is written together with the change itself, and is sent in order until it is heard;
//! * a server that must stop does stop: asked, and killed with all it started when it does not obey.
//!
//! ```text
//! routes ─► fleet (places, ports, one order once) ─► life (a task a server) ─► model (decides) ─► folder (stores)
//!                                                      ├─► driver ◄─ process (runs it)
//!                                                      └─► courier (tells the hub)
//! ```
//!
//! What is not here: no database, no more than one machine, no containers. A scheduler would be another
//! [`driver::Driver`].

mod courier;
pub mod driver;
mod fleet;
mod folder;
mod life;
pub mod model;
mod process;
pub mod routes;
pub mod settings;
pub mod template;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub use self::settings::{Problem, Settings};
use self::{
    courier::Courier,
    fleet::{Fleet, Yard},
    folder::Folder,
    life::Means,
    process::Processes,
};
use crate::http::serve::{HEAD_SPAN_MAX, Server, bind};

/// Connections at one time: one hub calls, or a few nodes of it.
const CONNECTIONS_MAX: usize = 256;
/// How long requests in flight may take to finish.
const FINISH: Duration = Duration::from_secs(5);

/// What the orchestrator finds around it.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The path of this program.
    pub program: PathBuf,
    /// What games see of this process's environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Makes random ids.
    pub new_id: fn() -> Uuid,
}

/// An orchestrator whose servers live and whose door is open.
pub struct Orchestrator {
    address: SocketAddr,
    listener: TcpListener,
    yard: Yard<Processes>,
    fleet: Fleet,
    settings: Arc<Settings>,
    new_id: fn() -> Uuid,
}

impl Orchestrator {
    /// Takes its address and its folder, and finds the servers again that it had.
    ///
    /// # Errors
    /// When one of them can't be had.
    pub fn start(settings: Settings, surroundings: Surroundings) -> anyhow::Result<Self> {
        let listener = bind(settings.listen).with_context(|| {
            format!("could not listen on {}; set listen to a free address", settings.listen)
        })?;
        Self::start_at(listener, settings, surroundings)
    }

    /// As [`Orchestrator::start`], at a listener that is there, whatever the settings say.
    ///
    /// # Errors
    /// When its folder can't be had.
    pub fn start_at(
        listener: TcpListener,
        settings: Settings,
        surroundings: Surroundings,
    ) -> anyhow::Result<Self> {
        let address = listener.local_addr()?;
        let folder = Arc::new(Folder::open(&settings.state_dir)?);
        let stored = folder.load()?;
        let courier = Courier::new(&settings.hub)?;
        let Surroundings { program, environment, new_id } = surroundings;
        let driver = Processes::new(program, environment);
        let (saves, heartbeat) = (TaskTracker::new(), settings.heartbeat);
        let means = Arc::new(Means { driver, folder, saves, courier, heartbeat });
        let settings = Arc::new(settings);
        let (yard, fleet) = Yard::new(Arc::clone(&settings), means, new_id, stored);
        Ok(Self { address, listener, yard, fleet, settings, new_id })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`. The servers run on, unless they are to stop with it.
    ///
    /// # Errors
    /// When a part has failed; a restart goes on where it was.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let app = routes::app(self.settings, self.fleet, self.new_id);
        let door = Server {
            listener: self.listener,
            app,
            connections_max: CONNECTIONS_MAX,
            drain_max: FINISH,
            head_max: HEAD_SPAN_MAX,
        };
        let (shut, failed) = (stop.clone(), stop.clone());
        let yard = async {
            let ended = self.yard.run(stop).await;
            failed.cancel();
            ended
        };
        let (ended, ()) = tokio::join!(yard, door.run(TaskTracker::new(), shut));
        ended
    }
}
