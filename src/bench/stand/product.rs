//! The hub itself, whole: what `serve` starts, with orders from a load test.
//!
//! No stream of real payments fills the sockets of many listeners, so events for them are put into the inbox of a
//! relay, as a commit does; everything behind the inbox is the product's own.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use nix::sys::signal::{Signal, raise};
use secrecy::SecretString;
use tokio::sync::{mpsc, watch};

use super::{
    Answer, Order, Payer,
    child::{Contender, Line},
    payers, transfer,
};
use crate::{
    app::{self, Running},
    bench::{event::Press, machine::uptime, store},
    config::Settings,
    db::{Db, Inbox, Relay, keys::Outcome, tasks::Tasks},
    gateways::krist,
    hub::Hub,
    kernel::event::{Event, Seq},
    ledger::{PaymentKind, Till},
    telemetry::Figures,
};

struct Product {
    db: Db,
    hub: Hub,
    till: Till,
    secret: SecretString,
    tasks: Tasks,
    press: Press,
    /// Of a relay whose events are in no log; there is none until it is needed.
    inbox: Option<mpsc::Sender<Vec<Arc<Event>>>>,
    head: Seq,
    payers: Vec<Payer>,
}

/// Serves until told to stop.
pub(super) async fn run(settings: &Settings, mut line: Line, press: Press) -> anyhow::Result<()> {
    let running: Running = Box::pin(app::start(settings, Figures::install()?)).await?;
    line.say(&Answer::Ready(running.address)).await?;
    let product = Product {
        db: running.db.clone(),
        hub: running.hub.clone(),
        till: running.till.clone(),
        secret: running.secret.clone(),
        tasks: running.tasks.clone(),
        press,
        inbox: None,
        head: Seq::ZERO,
        payers: Vec::new(),
    };
    running.tasks.spawn("bench.orders", async move {
        if let Err(error) = line.serve(product).await {
            tracing::error!(error = format!("{error:#}"), "an order failed");
        }
        // Whoever gave the orders is gone; there is nobody to serve.
        let _ = raise(Signal::SIGTERM);
    });
    Box::pin(running.serve()).await
}

impl Contender for Product {
    async fn obey(&mut self, order: Order) -> anyhow::Result<Option<Answer>> {
        Ok(match order {
            Order::Publish(count) => {
                self.publish(count).await?;
                None
            }
            Order::Begin => Some(Answer::Count(self.begin().await?.get().unsigned_abs())),
            Order::Pay => Some(Answer::Paid(self.pay().await?)),
            Order::Transactions => {
                let count = store::transactions(&mut *self.db.read().await?).await?;
                Some(Answer::Count(count))
            }
            Order::Head => {
                Some(Answer::Count(self.db.log().head().await?.seq.get().unsigned_abs()))
            }
            Order::Behind => Some(Answer::Count(u64::try_from(self.hub.stats().behind)?)),
            Order::Payers(count) => {
                self.payers = self.make(count).await?;
                Some(Answer::Payers(self.payers.clone()))
            }
            Order::Tickets(count) => {
                let mut tickets = Vec::new();
                for _ in 0..count {
                    tickets.push(krist::guest_ticket(&self.db, self.hub.head()).await?);
                }
                Some(Answer::Tickets(tickets))
            }
            Order::PayAll { way, hot, seconds } => {
                let (span, payers) =
                    (Duration::from_secs(seconds), payers::addresses(&self.payers)?);
                let count = payers::pay(&self.db, &self.till, payers, way, hot, span).await?;
                Some(Answer::Count(count))
            }
            Order::WeighLog => {
                let payers = payers::addresses(&self.payers)?;
                Some(Answer::Spans(payers::weigh_log(&self.db, &payers).await?))
            }
            Order::Backlog(count) => {
                let mut conn = self.db.read().await?;
                let head = store::backlog(&mut conn, &self.press, count).await?;
                Some(Answer::Count(head.get().unsigned_abs()))
            }
            Order::Delays { count } => {
                let late = store::charge_delay(&mut *self.db.read().await?, count).await?;
                Some(Answer::Delay(late.context("some subscriptions were not renewed")?))
            }
            Order::Subscribe { .. } | Order::Renew { .. } | Order::Pgbench { .. } => {
                bail!("ask the baseline")
            }
            Order::Usage => bail!("whoever reads the line answers this"),
        })
    }
}

impl Product {
    /// Starts a relay of its own for events that are in no log, behind the newest one. The log's head is moved far
    /// ahead, so that the relay takes what it is given for committed; a hub can't be started on this database again.
    async fn begin(&mut self) -> anyhow::Result<Seq> {
        let head = self.hub.head();
        store::move_head(&mut *self.db.read().await?, head).await?;
        let (sender, inbox) = Inbox::new();
        let relay = Relay::new(self.db.clone(), inbox, head, vec![Arc::new(self.hub.clone())]);
        let (hints, hear) = watch::channel(Seq::ZERO);
        let run = relay.run(hear, self.tasks.stopping());
        self.tasks.spawn("bench.relay", async move {
            run.await;
            drop(hints);
        });
        (self.inbox, self.head) = (Some(sender), head);
        Ok(head)
    }

    async fn publish(&mut self, count: u32) -> anyhow::Result<()> {
        let inbox = self.inbox.clone().context("nobody has begun")?;
        let batch = (0..count).map(|_| {
            self.head = self.head.next();
            Arc::new(self.press.event(self.head))
        });
        inbox.send(batch.collect()).await.map_err(|_gone| anyhow!("the relay has stopped"))
    }

    /// Makes a payment. Gives when it was known to be committed.
    async fn pay(&mut self) -> anyhow::Result<Duration> {
        if self.payers.len() < 2 {
            self.payers = self.make(2).await?;
        }
        let addresses = payers::addresses(&self.payers)?;
        let [payer, payee, ..] = &*addresses else { bail!("nobody can pay") };
        let told = self.till.pay(transfer(payer, payee, 1, PaymentKind::Transfer)?).await;
        let at = uptime()?;
        match told?.outcome {
            Outcome::Done(_) => Ok(at),
            Outcome::Refused(refusal) => bail!("a payment was refused: {refusal:?}"),
        }
    }

    async fn make(&self, count: u32) -> anyhow::Result<Vec<Payer>> {
        let payers = payers::make(&self.db, &self.secret, count).await?;
        // Whoever listens from here on hears nothing of this.
        let head = self.db.log().head().await?.seq;
        self.db.progress().position().wait_for(|position| *position >= head).await?;
        Ok(payers)
    }
}
