//! The loops of billing: events that are tried again, users and checkouts that are looked at, and the rounds that all
//! nodes share. Three loops, because asking a provider about everybody takes a while and a buyer should not wait for it.
//!
//! The database's time decides what is due, and its rows who does it; the host's decides how long to sleep.

use std::{collections::HashSet, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{
    reconcile::{self, CareError, apply, ran},
    store,
};
use crate::{
    billing::{
        apply::Teller,
        events::Occasion,
        model::{Change, EventStatus, retry_pause},
        polar::Polar,
        shop,
        webhooks::{self, commands::ForgetPayloads, routes::retry},
    },
    db::{Command, Db, DbError, Failure, Never, Tx},
    kernel::{id::DiscordId, time::Timestamp},
    plans::{
        model::{Provider, Reference, Status},
        watch,
    },
};

/// The longest sleep between two looks at what is due. A look costs one short statement.
const SLEEP: Duration = Duration::from_secs(1);
/// The pause after a failure; it doubles with each.
const FAILED: Duration = Duration::from_millis(500);
/// The longest such pause.
const FAILED_MAX: Duration = Duration::from_mins(1);
/// Events that are tried again before the next look.
const EVENTS_MAX: i64 = 100;
/// How often a checkout is looked at.
const CHECKOUT_PAUSE: Duration = Duration::from_secs(2);
/// How often a user is looked at whose period is over, at the most.
const LOOK_PAUSE: Duration = Duration::from_mins(1);
/// How often a user is looked at whose payment failed, at the most: that takes days.
const LOOK_PAUSE_UNPAID: Duration = Duration::from_mins(10);
/// When a user is looked at again whom the provider told nothing about.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// Users whose news are late, of one round.
const LATE_USERS_MAX: i64 = 500;
/// How long the payload of an event that is done is kept.
const KEEP: Duration = Duration::from_hours(30 * 24);
/// Payloads that are forgotten in one transaction.
const FORGET_ROWS: i64 = 1_000;

/// The rounds, and how often each is due.
const SYNC: (&str, Duration) = ("sync", Duration::from_hours(1));
/// See [`SYNC`].
const ENDPOINT: (&str, Duration) = ("endpoint", Duration::from_mins(5));
/// See [`SYNC`].
const LATE: (&str, Duration) = ("late", Duration::from_mins(1));
/// See [`SYNC`].
const FORGET: (&str, Duration) = ("forget", Duration::from_hours(1));

/// What the loops need.
#[derive(Debug, Clone)]
pub struct Care {
    /// The database.
    pub db: Db,
    /// Polar's API.
    pub polar: Polar,
    /// Whether our webhook is enabled again when Polar has given it up.
    pub reenable: bool,
    /// Whether a plan ends when its payment is given back in full.
    pub revoke_on_full_refund: bool,
}

/// The work of a loop.
#[derive(Debug, Clone, Copy)]
enum Work {
    Events,
    Looks,
}

impl Care {
    /// Tries events again that are due.
    pub async fn retry_events(self, stop: CancellationToken) {
        self.cycle(stop, Work::Events).await;
    }

    /// Looks at users and checkouts that are due.
    pub async fn look(self, stop: CancellationToken) {
        self.cycle(stop, Work::Looks).await;
    }

    /// Does the rounds. The first ones are due at once: nobody knows what happened while no hub was there.
    pub async fn rounds(self, stop: CancellationToken) {
        let mut at_once = true;
        let mut asked = HashSet::new();
        let mut failures = 0;
        while !stop.is_cancelled() {
            let pause = match self.round(&mut at_once, &mut asked).await {
                Ok(()) => {
                    failures = 0;
                    SLEEP
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "a round of billing failed; it comes again");
                    failed(failures)
                }
            };
            self.wait(&stop, pause).await;
        }
    }

    async fn cycle(&self, stop: CancellationToken, work: Work) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            let done = match work {
                Work::Events => self.events().await,
                Work::Looks => self.looks().await,
            };
            match done {
                Ok(more) => {
                    failures = 0;
                    if !more {
                        self.wait(&stop, SLEEP).await;
                    }
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(?work, %error, failures, "billing failed; trying again");
                    self.wait(&stop, failed(failures)).await;
                }
            }
        }
    }

    async fn wait(&self, stop: &CancellationToken, pause: Duration) {
        let mut offset = self.db.progress().clock_offset();
        tokio::select! {
            () = sleep(pause) => {}
            Ok(()) = offset.changed() => {}
            () = stop.cancelled() => {}
        }
    }

    /// Gives whether there may be more.
    async fn events(&self) -> Result<bool, CareError> {
        let now = self.db.now();
        let due = webhooks::store::events_due(&mut *self.db.read().await?, now, EVENTS_MAX).await?;
        let mut tried = 0;
        for id in &due {
            tried += usize::from(
                retry(&self.db, *id, self.revoke_on_full_refund, None).await?.is_some(),
            );
        }
        Ok(tried > 0)
    }

    /// Gives whether there may be more.
    async fn looks(&self) -> Result<bool, CareError> {
        let Some(taken) = ran(self.db.run(&TakeLook).await)? else {
            return self.checkouts().await;
        };
        let (user, occasion, attempts) = taken;
        let teller = self.teller(Some(occasion));
        match reconcile::user(&self.db, &self.polar, teller, user, None).await {
            Ok(_) => {}
            Err(CareError::Db(error)) => return Err(error.into()),
            Err(CareError::Polar(error)) => {
                // It is due again in a while, and later each time.
                tracing::warn!(%user, attempts, %error, "could not compare a user with Polar");
                if let Some(pause) = retry_pause(EventStatus::Failed, attempts.saturating_add(1)) {
                    ran(self.db.run(&PutOff { user, pause }).await)?;
                }
            }
        }
        Ok(true)
    }

    /// Gives whether there may be more.
    async fn checkouts(&self) -> Result<bool, CareError> {
        let Some((id, user)) = ran(self.db.run(&TakeCheckout).await)? else { return Ok(false) };
        let Some(news) = self.polar.checkout(&id, self.db.now()).await? else { return Ok(true) };
        let over = news.status.is_final();
        apply(&self.db, self.teller(None), &Change::Checkout(news)).await?;
        if over {
            // The subscription should be there by now, whether or not its webhook has come.
            let teller = self.teller(Some(Occasion::Checkout));
            reconcile::user(&self.db, &self.polar, teller, user, None).await?;
        }
        Ok(true)
    }

    async fn round(
        &self,
        at_once: &mut bool,
        asked: &mut HashSet<String>,
    ) -> Result<(), CareError> {
        let teller = self.teller(Some(Occasion::Sync));
        if self.is_due(ENDPOINT, *at_once).await?
            && reconcile::webhook(&self.db, &self.polar, self.reenable, asked).await?
        {
            // While it was disabled, nothing that happened became an event.
            *at_once = true;
        }
        if self.is_due(SYNC, *at_once).await? {
            asked.clear();
            let done = reconcile::everybody(&self.db, &self.polar, teller).await;
            if done.is_err() {
                // It is not done, so it is due; not for this node alone.
                *at_once = true;
            }
            let (subscriptions, waiting) = done?;
            tracing::info!(subscriptions, waiting, "compared everything with Polar");
        }
        *at_once = false;
        if self.is_due(LATE, false).await? {
            ran(self.db.run(&RequestLate).await)?;
        }
        if self.is_due(FORGET, false).await? {
            let now = self.db.now();
            let before = now.minus(KEEP).unwrap_or(now);
            ran(self.db.run(&ForgetPayloads { before, limit: FORGET_ROWS }).await)?;
        }
        Ok(())
    }

    async fn is_due(
        &self,
        (name, every): (&'static str, Duration),
        at_once: bool,
    ) -> Result<bool, DbError> {
        ran(self.db.run(&TakeRound { name, every, at_once }).await)
    }

    const fn teller(&self, occasion: Option<Occasion>) -> Teller {
        let revoke_on_full_refund = self.revoke_on_full_refund;
        Teller { provider: Provider::Polar, occasion, revoke_on_full_refund }
    }
}

/// Takes a user who is due.
#[derive(Debug)]
struct TakeLook;

impl Command for TakeLook {
    const NAME: &'static str = "billing_take_look";
    type Done = Option<(DiscordId, Occasion, i32)>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Done, Failure<Never>> {
        let now = tx.now();
        // Until it is told to be done: whoever took it may die.
        Ok(store::look_take(tx.conn(), now, after(now, LOOK_AGAIN)).await?)
    }
}

/// Puts a user off whom the provider told nothing about.
#[derive(Debug)]
struct PutOff {
    user: DiscordId,
    pause: Duration,
}

impl Command for PutOff {
    const NAME: &'static str = "billing_put_off";
    const REPEATABLE: bool = true;
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        let now = tx.now();
        Ok(store::look_put_off(tx.conn(), self.user, after(now, self.pause)).await?)
    }
}

/// Takes a checkout that is due.
#[derive(Debug)]
struct TakeCheckout;

impl Command for TakeCheckout {
    const NAME: &'static str = "billing_take_checkout";
    type Done = Option<(Reference, DiscordId)>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Done, Failure<Never>> {
        let now = tx.now();
        Ok(shop::store::checkout_take(tx.conn(), now, after(now, CHECKOUT_PAUSE)).await?)
    }
}

/// Takes a round when it is due.
#[derive(Debug)]
struct TakeRound {
    name: &'static str,
    every: Duration,
    at_once: bool,
}

impl Command for TakeRound {
    const NAME: &'static str = "billing_take_round";
    type Done = bool;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, Failure<Never>> {
        let now = tx.now();
        let times = (now, after(now, self.every));
        Ok(store::round_take(tx.conn(), self.name, times, self.at_once).await?)
    }
}

/// Has users looked at whose news are late: a period is over and nobody said what follows, or a payment failed.
#[derive(Debug)]
struct RequestLate;

impl Command for RequestLate {
    const NAME: &'static str = "billing_request_late";
    const REPEATABLE: bool = true;
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        let now = tx.now();
        let late = watch::late(tx.conn(), Provider::Polar, now, LATE_USERS_MAX).await?;
        for one in late {
            let unpaid = one.status == Status::PastDue;
            let pause = if unpaid { LOOK_PAUSE_UNPAID } else { LOOK_PAUSE };
            let since = now.minus(pause).unwrap_or(now);
            store::look_request(tx.conn(), one.user, Occasion::Late, (now, since)).await?;
        }
        Ok(())
    }
}

/// The pause after so many failures in a row.
fn failed(failures: u32) -> Duration {
    FAILED
        .saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX))
        .min(FAILED_MAX)
}

fn after(now: Timestamp, span: Duration) -> Timestamp {
    now.plus(span).unwrap_or(now)
}
