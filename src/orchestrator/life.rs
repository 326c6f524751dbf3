//! One task a server: the only one that changes it, stores it, and speaks of it.
//!
//! What happens is decided by [`super::model`], stored, and then done. The hub hears events one after the other, in
//! order; while one waits for its acknowledgement everything else goes on. Signs of life are sent only when nothing
//! else is to be told.

use std::{future::pending, pin::Pin, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{Instant, sleep_until},
};
use tokio_util::task::TaskTracker;

use super::{
    courier::{Courier, Letter, Verdict, pause},
    driver::{Driver, Held, LaunchError, News},
    folder::Folder,
    model::{Force, Input, Mark, Server, State},
    settings::Game,
};
use crate::kernel::time::HostClock;

/// Wishes to stop that may wait; more are told to come back.
pub(super) const STOPS_MAX: usize = 16;
/// Between two looks after a server's output.
const TEND: Duration = Duration::from_secs(1);
/// How long to wait with the next attempt to store what could not be stored.
const SAVE_AGAIN: Duration = Duration::from_secs(1);

/// What all lives share.
#[derive(Debug)]
pub(super) struct Means<D> {
    /// Runs servers.
    pub(super) driver: D,
    /// Stores them.
    pub(super) folder: Arc<Folder>,
    /// What is being stored; it goes on when a life is cut off.
    pub(super) saves: TaskTracker,
    /// Speaks to the hub.
    pub(super) courier: Courier,
    /// Between two signs of life.
    pub(super) heartbeat: Duration,
}

/// Somebody wants a server to stop.
#[derive(Debug)]
pub(super) struct StopOrder {
    /// Why.
    pub(super) reason: String,
    /// Told once that is stored: a wish that a crash could lose is not heard yet.
    pub(super) heard: oneshot::Sender<()>,
}

/// A server's life.
pub(super) struct Life<D: Driver> {
    means: Arc<Means<D>>,
    server: Server,
    game: Game,
    held: Option<D::Held>,
    stops: mpsc::Receiver<StopOrder>,
    shown: watch::Sender<Server>,
    /// A letter on its way, and whether it is a sign of life.
    flight: Option<(bool, Flight)>,
    attempts: u32,
    send_at: Instant,
    beat_at: Instant,
    tend_at: Instant,
    seen_at: Instant,
    /// When to store again what could not be stored.
    save_at: Option<Instant>,
}

type Flight = Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// What a life waits for.
enum Turn {
    News(News),
    Stop(StopOrder),
    Verdict(Verdict),
    Time,
}

impl<D: Driver> Life<D> {
    /// The life of a server that is stored. It is shown to whoever asks, and told to stop.
    pub(super) fn new(
        means: Arc<Means<D>>,
        server: Server,
        game: Game,
        stops: mpsc::Receiver<StopOrder>,
        shown: watch::Sender<Server>,
    ) -> Self {
        let now = Instant::now();
        Self {
            means,
            server,
            game,
            held: None,
            stops,
            shown,
            flight: None,
            attempts: 0,
            send_at: now,
            beat_at: now,
            tend_at: now,
            seen_at: now,
            save_at: None,
        }
    }

    /// Lives until the server has ended and the hub knows.
    pub(super) async fn run(mut self) {
        self.begin().await;
        while !self.server.is_over() {
            self.depart();
            match self.turn().await {
                Turn::News(News::Ready) => self.take(Input::Ready).await,
                Turn::News(News::Ended(ending)) => {
                    self.held = None;
                    self.take(Input::Ended(ending)).await;
                }
                Turn::Stop(StopOrder { reason, heard }) => {
                    self.take(Input::Stop(reason)).await;
                    if self.save_at.is_none() {
                        // Whoever asked may have gone away.
                        let _ = heard.send(());
                    }
                }
                Turn::Verdict(verdict) => self.hear(verdict).await,
                Turn::Time => self.time().await,
            }
        }
        while self.save_at.is_some() {
            tokio::time::sleep(SAVE_AGAIN).await;
            self.save().await;
        }
    }

    /// Starts what was accepted, finds what was started before a restart.
    async fn begin(&mut self) {
        self.take(Input::Clock).await;
        match &self.server.state {
            State::Accepted => {
                if let Err(LaunchError { code, message }) = self.launch().await {
                    self.held = None;
                    self.take(Input::Refused { code, message }).await;
                }
            }
            State::Starting { mark, .. } | State::Running { mark, .. } => {
                self.find(mark.clone()).await;
            }
            State::Stopping { mark, .. } => {
                self.find(mark.clone()).await;
                // It may not have been told before the restart.
                if let Some(held) = &mut self.held {
                    held.force(Force::Ask);
                }
            }
            State::Ended(_) => {}
        }
    }

    async fn launch(&mut self) -> Result<(), LaunchError> {
        let log = self.means.folder.log(self.server.id);
        let mut held = self.means.driver.prepare(&self.server, &self.game, log).await?;
        self.take(Input::Placed(held.mark())).await;
        if self.save_at.is_some() {
            // It may not run before a restart could find it; unheld it ends.
            let message = "the orchestrator can't store its state".to_owned();
            return Err(LaunchError { code: "state_unwritable", message });
        }
        held.go().await?;
        self.held = Some(held);
        tracing::info!(
            server = %self.server.id, session = self.server.order.session,
            game = self.game.code, port = self.server.order.port, "started a server"
        );
        Ok(())
    }

    async fn find(&mut self, mark: Mark) {
        let log = self.means.folder.log(self.server.id);
        self.held = self.means.driver.find(&self.server, &self.game, &mark, log).await;
        let found = self.held.is_some();
        tracing::info!(server = %self.server.id, found, "looked for a server after a restart");
        if !found {
            self.take(Input::Lost).await;
        }
    }

    /// Sends the next letter when its time has come.
    fn depart(&mut self) {
        let now = Instant::now();
        if self.flight.is_some() {
            return;
        }
        let letter = match self.server.outbox.first() {
            Some(event) if now >= self.send_at => Some((false, Letter::of(&self.server, event))),
            None if self.server.beats() && now >= self.beat_at => {
                self.beat_at = now + self.means.heartbeat;
                Some((true, Letter::beat(&self.server, HostClock.now())))
            }
            _ => None,
        };
        self.flight = letter.map(|(beat, letter)| {
            let flight: Flight = Box::pin(self.means.courier.clone().carry(letter));
            (beat, flight)
        });
    }

    async fn turn(&mut self) -> Turn {
        let wake = self.wake();
        let until_ready = matches!(self.server.state, State::Starting { .. });
        let Self { held, flight, stops, .. } = self;
        let news = async {
            match held {
                Some(held) => held.news(until_ready).await,
                None => pending().await,
            }
        };
        let verdict = async {
            match flight {
                Some((_, flight)) => flight.await,
                None => pending().await,
            }
        };
        tokio::select! {
            news = news => Turn::News(news),
            verdict = verdict => Turn::Verdict(verdict),
            Some(order) = stops.recv() => Turn::Stop(order),
            () = sleep_until(wake) => Turn::Time,
        }
    }

    /// When something is due.
    fn wake(&self) -> Instant {
        let now = HostClock.now();
        let deadline = self.server.deadline(&self.game.patience);
        // A deadline is reached when the clock, cut to milliseconds, shows it.
        let deadline = deadline
            .map(|at| Instant::now() + at.since(now) + Duration::from_millis(1))
            .filter(|_| self.server.is_open());
        let send = match (&self.flight, self.server.outbox.is_empty()) {
            (Some(_), _) => None,
            (None, false) => Some(self.send_at),
            (None, true) => self.server.beats().then_some(self.beat_at),
        };
        let tend = self.held.is_some().then_some(self.tend_at);
        let dues = [deadline, send, tend, self.save_at];
        dues.into_iter().flatten().min().unwrap_or_else(|| Instant::now() + TEND)
    }

    async fn time(&mut self) {
        let now = Instant::now();
        if self.save_at.is_some_and(|at| now >= at) {
            self.save().await;
        }
        if now >= self.tend_at {
            self.tend_at = now + TEND;
            if let Some(held) = &mut self.held {
                held.tend().await;
            }
        }
        if now >= self.seen_at && self.held.is_some() {
            self.seen_at = now + self.means.heartbeat;
            self.server.seen_at = HostClock.now();
            self.save().await;
        }
        self.take(Input::Clock).await;
    }

    async fn hear(&mut self, verdict: Verdict) {
        let Some((beat, _)) = self.flight.take() else { return };
        match verdict {
            Verdict::Heard { stop } => {
                self.attempts = 0;
                if !beat {
                    self.server.acknowledged();
                    self.save().await;
                }
                if stop {
                    self.take(Input::Stop("hub_command".to_owned())).await;
                }
            }
            Verdict::Unknown => self.take(Input::Forgotten).await,
            Verdict::Refused if !beat => {
                self.attempts = 0;
                self.server.acknowledged();
                self.save().await;
            }
            Verdict::Later(wait) if !beat => {
                let pause = pause(self.attempts, self.spread());
                self.send_at = Instant::now() + wait.map_or(pause, |wait| wait.max(pause));
                self.attempts = self.attempts.saturating_add(1);
            }
            Verdict::Refused | Verdict::Later(_) => {}
        }
    }

    async fn take(&mut self, input: Input) {
        let before = self.server.clone();
        let force = self.server.take(input, HostClock.now(), &self.game.patience);
        if self.server != before {
            self.save().await;
            if self.server.state_name() != before.state_name() {
                tracing::info!(
                    server = %self.server.id, session = self.server.order.session,
                    from = before.state_name(), to = self.server.state_name(), "a server changed"
                );
            }
        }
        if let (Some(force), Some(held)) = (force, &mut self.held) {
            held.force(force);
        }
    }

    /// What can't be stored is done all the same: a server that must stop must stop on a full disk too.
    async fn save(&mut self) {
        let (folder, server) = (Arc::clone(&self.means.folder), self.server.clone());
        let saved = self.means.saves.spawn_blocking(move || folder.save(&server)).await;
        // Not before: whoever sees a change may rely on it.
        self.shown.send_replace(self.server.clone());
        self.save_at = match saved {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                tracing::error!(server = %self.server.id, %error, "could not store a server");
                Some(Instant::now() + SAVE_AGAIN)
            }
            Err(_) => Some(Instant::now() + SAVE_AGAIN),
        };
    }

    /// The same for each server, different among them.
    fn spread(&self) -> f64 {
        let last = self.server.id.to_string().bytes().last().unwrap_or_default();
        f64::from(last % 16) / 15.0
    }
}
