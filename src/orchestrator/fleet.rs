//! All servers: who gets a place and a port, and whose life is whose.
//!
//! One task owns the list and answers one question after the other, so two orders with one key can't both start a
//! server, and no port is given twice. A life that panics takes the orchestrator down: its restart finds the server
//! again, which nobody would watch otherwise.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, TcpListener, UdpSocket},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot, watch,
    },
    task::{Id, JoinSet},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

use super::{
    driver::Driver,
    life::{Life, Means, STOPS_MAX, StopOrder},
    model::{Order, Patience, Server, ServerId},
    settings::{Command, Game, Readiness, Settings},
};
use crate::kernel::time::{HostClock, Timestamp};

/// Questions that may wait; more are told to come back.
const ASKS_MAX: usize = 256;
/// How long a server that is over is remembered, so that a repeated order gets its first answer.
const REMEMBERED: Duration = Duration::from_hours(24);
/// How long servers may take to die that are killed.
const KILL_MAX: Duration = Duration::from_secs(10);
/// How long the hub may take to hear of the last ends.
const HEAR_MAX: Duration = Duration::from_secs(3);
/// Between two looks whether all servers have stopped.
const STOP_LOOK: Duration = Duration::from_millis(20);
/// Between two looks at what may be forgotten.
const FORGET: Duration = Duration::from_mins(1);

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Launch {
    /// The hub's id of the session.
    pub(super) session: String,
    /// The key of the request.
    pub(super) key: String,
    /// The game's code.
    pub(super) game: String,
    /// Minutes that it may run.
    pub(super) minutes: u32,
    /// When its time is over if it is not ready by then.
    pub(super) expires_at: Option<Timestamp>,
    /// The name that its owner gave it.
    pub(super) comment: String,
    /// Where it was ordered.
    pub(super) source: String,
    /// What players must know to join.
    pub(super) password: Option<String>,
    /// Where the hub wants to hear of it.
    pub(super) callback: Url,
}

/// A server that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Launched {
    /// As it is now.
    pub(super) server: Server,
    /// Whether an earlier request made it.
    pub(super) replayed: bool,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// No game has the code.
    #[error("no game has the code `{0}`; GET /v1/games lists them")]
    GameUnknown(String),
    /// The game does not run for so long.
    #[error("a session of this game has at most {0} minutes; ask for less")]
    TooLong(u32),
    /// The session, or the key, was used for another order.
    #[error("the session or the key was used for another order; use a new one")]
    Mismatch,
    /// As many servers run as may.
    #[error("all {0} places for servers are taken; try again when one has ended")]
    ServersFull(usize),
    /// As many servers of the game run as may.
    #[error("all {0} places for servers of this game are taken; try again when one has ended")]
    GameFull(usize),
    /// No port is free.
    #[error("no port is free; try again when a server has ended")]
    PortsFull,
    /// The hub does not take what it is told, and more can't be remembered.
    #[error("too many servers wait for the hub to hear of their end; look why it does not")]
    Unheard,
    /// The state folder can't be written.
    #[error("the orchestrator can't store its state; its log says why")]
    Unwritable,
}

/// Asks the task that owns the servers.
#[derive(Debug, Clone)]
pub(super) struct Fleet(mpsc::Sender<Ask>);

/// The fleet has too much to do, or is going down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the fleet can't answer now")]
pub(super) struct Busy;

/// How to tell a server something, and how to see what it does.
type Door = (mpsc::Sender<StopOrder>, watch::Receiver<Server>);

#[derive(Debug)]
enum Ask {
    Launch(Box<Launch>, oneshot::Sender<Result<Launched, Refusal>>),
    Door(String, oneshot::Sender<Option<Door>>),
    One(String, oneshot::Sender<Option<Server>>),
    All(oneshot::Sender<Vec<Server>>),
}

impl Fleet {
    /// A server for this session: a new one, or the one that an earlier request made.
    ///
    /// # Errors
    /// When the fleet can't answer; within, why there is none.
    pub(super) async fn launch(&self, launch: Launch) -> Result<Result<Launched, Refusal>, Busy> {
        self.ask(|reply| Ask::Launch(Box::new(launch), reply)).await
    }

    /// Tells a server to stop; that is stored when this returns. It is named by its id or its session's.
    ///
    /// # Errors
    /// When the fleet can't answer, or can't store it.
    pub(super) async fn stop(&self, id: String, reason: String) -> Result<Option<Server>, Busy> {
        let Some((stops, shown)) = self.ask(|reply| Ask::Door(id, reply)).await? else {
            return Ok(None);
        };
        let (heard, hears) = oneshot::channel();
        let sent = stops.try_send(StopOrder { reason, heard });
        // A life that is over hears nothing, and its server has stopped.
        if !matches!(sent, Err(TrySendError::Closed(_))) {
            sent.map_err(|_full_or_closed| Busy)?;
            let heard = hears.await;
            if heard.is_err() && shown.borrow().is_open() {
                return Err(Busy);
            }
        }
        let server = shown.borrow().clone();
        Ok(Some(server))
    }

    /// A server, named by its id or its session's.
    ///
    /// # Errors
    /// When the fleet can't answer.
    pub(super) async fn one(&self, id: String) -> Result<Option<Server>, Busy> {
        self.ask(|reply| Ask::One(id, reply)).await
    }

    /// All servers that are remembered, the oldest first.
    ///
    /// # Errors
    /// When the fleet can't answer.
    pub(super) async fn all(&self) -> Result<Vec<Server>, Busy> {
        self.ask(Ask::All).await
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Busy> {
        let (reply, answer) = oneshot::channel();
        // Full and closed are one to whoever asks: come back later.
        self.0.try_send(ask(reply)).map_err(|_full_or_closed| Busy)?;
        answer.await.map_err(|_full_or_closed| Busy)
    }
}

/// Owns the servers.
pub(super) struct Yard<D: Driver> {
    settings: Arc<Settings>,
    means: Arc<Means<D>>,
    new_id: fn() -> Uuid,
    asks: mpsc::Receiver<Ask>,
    /// Every server that is remembered.
    berths: BTreeMap<ServerId, Berth>,
    by_session: BTreeMap<String, ServerId>,
    by_key: BTreeMap<String, ServerId>,
    lives: JoinSet<()>,
    living: BTreeMap<Id, ServerId>,
    last_port: Option<u16>,
}

/// A server as the yard sees it.
struct Berth {
    shown: watch::Receiver<Server>,
    stops: mpsc::Sender<StopOrder>,
    /// Whether a task looks after it.
    lives: bool,
}

impl<D: Driver> Yard<D> {
    /// A yard with the servers that were stored, and who asks it.
    pub(super) fn new(
        settings: Arc<Settings>,
        means: Arc<Means<D>>,
        new_id: fn() -> Uuid,
        stored: Vec<Server>,
    ) -> (Self, Fleet) {
        let (fleet, asks) = mpsc::channel(ASKS_MAX);
        let mut yard = Self {
            settings,
            means,
            new_id,
            asks,
            berths: BTreeMap::new(),
            by_session: BTreeMap::new(),
            by_key: BTreeMap::new(),
            lives: JoinSet::new(),
            living: BTreeMap::new(),
            last_port: None,
        };
        for server in stored {
            yard.moor(server);
        }
        (yard, Fleet(fleet))
    }

    /// Answers until `stop`; then the servers run on, or with `stop_with_me` are stopped and reported first.
    ///
    /// # Errors
    /// When a life has panicked.
    pub(super) async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut forget = interval(FORGET);
        forget.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ask) = self.asks.recv() => self.answer(ask).await,
                Some(ended) = self.lives.join_next_with_id() => self.ended(ended)?,
                _ = forget.tick() => self.forget(),
            }
        }
        if self.settings.stop_with_me {
            self.stop_all().await?;
        }
        let left = self.open().count();
        if left > 0 {
            tracing::info!(servers = left, "servers run on; the next start finds them again");
        }
        // Each holds the folder; who starts next must find it free.
        self.lives.shutdown().await;
        self.means.saves.close();
        self.means.saves.wait().await;
        Ok(())
    }

    async fn answer(&mut self, ask: Ask) {
        // Whoever asked may have gone away; then nobody wants the answer.
        match ask {
            Ask::Launch(launch, reply) => {
                let answer = self.launch(*launch).await;
                let _ = reply.send(answer);
            }
            Ask::Door(id, reply) => {
                let door = |berth: &Berth| (berth.stops.clone(), berth.shown.clone());
                let _ = reply.send(self.find(&id).map(door));
            }
            Ask::One(id, reply) => {
                let _ = reply.send(self.find(&id).map(|berth| berth.shown.borrow().clone()));
            }
            Ask::All(reply) => {
                let mut all: Vec<_> =
                    self.berths.values().map(|berth| berth.shown.borrow().clone()).collect();
                all.sort_by_key(|server| (server.order.at, server.id));
                let _ = reply.send(all);
            }
        }
    }

    async fn launch(&mut self, launch: Launch) -> Result<Launched, Refusal> {
        let known = [self.by_session.get(&launch.session), self.by_key.get(&launch.key)];
        if let Some(server) = known.into_iter().flatten().next().and_then(|id| self.shown(*id)) {
            return if is_same(&server, &launch) {
                Ok(Launched { server, replayed: true })
            } else {
                Err(Refusal::Mismatch)
            };
        }
        let server = self.place(launch)?;
        let (folder, stored) = (Arc::clone(&self.means.folder), server.clone());
        match tokio::task::spawn_blocking(move || folder.save(&stored)).await {
            Ok(Ok(())) => {}
            failed => {
                tracing::error!(?failed, "could not store a new server");
                return Err(Refusal::Unwritable);
            }
        }
        self.moor(server.clone());
        Ok(Launched { server, replayed: false })
    }

    /// A new server with a place and a port.
    fn place(&mut self, launch: Launch) -> Result<Server, Refusal> {
        let settings = Arc::clone(&self.settings);
        let game =
            settings.game(&launch.game).ok_or_else(|| Refusal::GameUnknown(launch.game.clone()))?;
        if launch.minutes > game.minutes_max {
            return Err(Refusal::TooLong(game.minutes_max));
        }
        if self.berths.len() >= settings.kept_max && !self.forget_one() {
            return Err(Refusal::Unheard);
        }
        if self.open().count() >= settings.servers_max {
            return Err(Refusal::ServersFull(settings.servers_max));
        }
        if self.open().filter(|server| server.order.game == game.code).count() >= game.servers_max {
            return Err(Refusal::GameFull(game.servers_max));
        }
        let port = self.port().ok_or(Refusal::PortsFull)?;
        let password_given = launch.password.is_some();
        let password = launch.password.unwrap_or_else(|| {
            let made = (self.new_id)().simple().to_string();
            if game.makes_password { made.chars().take(12).collect() } else { String::new() }
        });
        let order = Order {
            session: launch.session,
            key: launch.key,
            game: launch.game,
            comment: launch.comment,
            launch_source: launch.source,
            minutes: launch.minutes,
            expires_at: launch.expires_at,
            password,
            password_given,
            port,
            host: settings.host.clone(),
            callback: launch.callback.into(),
            at: HostClock.now(),
        };
        Ok(Server::accepted(ServerId::new((self.new_id)()), order))
    }

    /// A port that no server has and that nobody else on this machine listens on. Ports take turns, so that players of
    /// the last session do not fall into the next one.
    fn port(&mut self) -> Option<u16> {
        let taken: BTreeSet<u16> = self.open().map(|server| server.order.port).collect();
        let (first, last) = (*self.settings.ports.start(), *self.settings.ports.end());
        let begin =
            self.last_port.and_then(|port| port.checked_add(1)).filter(|port| *port <= last);
        let begin = begin.unwrap_or(first).max(first);
        let port = (begin..=last)
            .chain(first..begin)
            .find(|port| !taken.contains(port) && is_free(*port))?;
        self.last_port = Some(port);
        Some(port)
    }

    /// Lets a server live, and remembers it.
    fn moor(&mut self, server: Server) {
        let id = server.id;
        let (shown_to, shown) = watch::channel(server.clone());
        let (stops, told) = mpsc::channel(STOPS_MAX);
        self.by_session.insert(server.order.session.clone(), id);
        self.by_key.insert(server.order.key.clone(), id);
        let lives = !server.is_over();
        if lives {
            let game = self.settings.game(&server.order.game).cloned();
            let game = game.unwrap_or_else(|| gone(&server.order.game));
            let life = Life::new(Arc::clone(&self.means), server, game, told, shown_to);
            let task = self.lives.spawn(life.run());
            self.living.insert(task.id(), id);
        }
        self.berths.insert(id, Berth { shown, stops, lives });
    }

    fn ended(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) -> anyhow::Result<()> {
        let task = match ended {
            Ok((task, ())) => task,
            Err(error) => anyhow::bail!("the task of a server has failed: {error}"),
        };
        if let Some(berth) = self.living.remove(&task).and_then(|id| self.berths.get_mut(&id)) {
            berth.lives = false;
        }
        Ok(())
    }

    async fn stop_all(&mut self) -> anyhow::Result<()> {
        for berth in self.berths.values().filter(|berth| berth.lives) {
            let (heard, _) = oneshot::channel();
            let reason = "orchestrator_stopped".to_owned();
            let _ = berth.stops.try_send(StopOrder { reason, heard });
        }
        let patience = self.settings.games.iter().map(|game| game.patience.stop).max();
        let limit = patience.unwrap_or_default() + KILL_MAX;
        match timeout(limit, self.all_until(|yard| yard.open().next().is_none())).await {
            Ok(stopped) => stopped?,
            Err(_elapsed) => tracing::warn!("some servers did not stop in time"),
        }
        // What the hub does not hear now it hears after the next start.
        match timeout(HEAR_MAX, self.all_until(|yard| yard.lives.is_empty())).await {
            Ok(ended) => ended,
            Err(_elapsed) => Ok(()),
        }
    }

    /// Waits for lives to end until that is enough.
    async fn all_until(&mut self, enough: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        while !enough(self) {
            tokio::select! {
                Some(ended) = self.lives.join_next_with_id() => self.ended(ended)?,
                () = sleep(STOP_LOOK) => {}
            }
        }
        Ok(())
    }

    fn forget(&mut self) {
        let now = HostClock.now();
        let old: Vec<_> = self
            .berths
            .iter()
            .filter(|(_, berth)| {
                !berth.lives && now.since(berth.shown.borrow().order.at) > REMEMBERED
            })
            .map(|(id, _)| *id)
            .collect();
        for id in old {
            self.drop_berth(id);
        }
    }

    /// Forgets the oldest server that is over. Says whether there was one.
    fn forget_one(&mut self) -> bool {
        let over = self.berths.iter().filter(|(_, berth)| !berth.lives);
        let oldest = over.min_by_key(|(_, berth)| berth.shown.borrow().order.at).map(|(id, _)| *id);
        oldest.map(|id| self.drop_berth(id)).is_some()
    }

    fn drop_berth(&mut self, id: ServerId) {
        if let Err(error) = self.means.folder.remove(id) {
            tracing::warn!(server = %id, %error, "could not remove the files of a server");
            return;
        }
        if let Some(berth) = self.berths.remove(&id) {
            let server = berth.shown.borrow();
            self.by_session.remove(&server.order.session);
            self.by_key.remove(&server.order.key);
        }
    }

    fn find(&self, id: &str) -> Option<&Berth> {
        let own = id.parse().ok().filter(|id| self.berths.contains_key(id));
        let id = own.or_else(|| self.by_session.get(id).copied())?;
        self.berths.get(&id)
    }

    fn shown(&self, id: ServerId) -> Option<Server> {
        self.berths.get(&id).map(|berth| berth.shown.borrow().clone())
    }

    /// The servers that may have a process.
    fn open(&self) -> impl Iterator<Item = Server> {
        let all = self.berths.values().filter(|berth| berth.lives);
        all.map(|berth| berth.shown.borrow().clone()).filter(Server::is_open)
    }
}

/// Whether a server is what an order asks for.
fn is_same(server: &Server, launch: &Launch) -> bool {
    let order = &server.order;
    let given = order.password_given.then_some(&order.password);
    (&order.session, &order.key, &order.game, order.minutes, &order.comment, given)
        == (
            &launch.session,
            &launch.key,
            &launch.game,
            launch.minutes,
            &launch.comment,
            launch.password.as_ref(),
        )
}

/// Games use one protocol or both; a port is free when both are.
fn is_free(port: u16) -> bool {
    let address = (Ipv4Addr::UNSPECIFIED, port);
    TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()
}

/// What stands for a game that was taken out of the configuration while a server of it ran: enough to stop it.
fn gone(code: &str) -> Game {
    let seconds = Duration::from_secs;
    Game {
        code: code.to_owned(),
        name: code.to_owned(),
        kind: String::new(),
        command: Command::File("/bin/false".into()),
        args: Vec::new(),
        env: Vec::new(),
        folder: "/".into(),
        ready: Readiness::Port,
        patience: Patience { ready: seconds(120), stop: seconds(10) },
        stop_signal: nix::sys::signal::Signal::SIGTERM,
        minutes_max: u32::MAX,
        servers_max: usize::MAX,
        makes_password: false,
        log_bytes_max: 1 << 20,
    }
}

#[cfg(test)]
mod tests;
