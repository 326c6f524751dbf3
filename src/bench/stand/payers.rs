//! Wallets that pay, and ways to let them pay without HTTP in between.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow, bail};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::transfer;
use crate::{
    bench::store,
    db::{Command, Db, Failure, Never, Tx, keys::Outcome},
    kernel::address::{Address, PrivateKey},
    ledger::{
        Login, Order, Payment, PaymentKind, Posted, Till, VerifierSecret, events::LedgerEvent, post,
    },
};

/// What each wallet has, in the smallest unit.
const FUNDS: i64 = 1_000_000_000;
/// Payments of the batch whose log is weighed, and how often it is posted.
const BATCH_ORDERS: usize = 128;
const BATCHES: u32 = 40;

/// A wallet with a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::bench) struct Payer {
    pub(in crate::bench) address: String,
    pub(in crate::bench) token: String,
}

/// How the wallets of a process pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::bench) enum Way {
    /// Through the till.
    Till,
    /// Each payment in a transaction of its own.
    Single,
}

/// One payment in one transaction.
struct Single(Order);

/// A batch as the till posts it.
struct Batch(Vec<Order>);

/// The same, not written through to the disk.
struct Loose(Batch);

/// A transaction that does nothing but tell of payments, and is not written through to the disk either.
struct Tellings(Vec<Payment>);

impl Command for Single {
    const NAME: &'static str = "bench_single";
    const REPEATABLE: bool = true;
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        post(tx, std::slice::from_ref(&self.0)).await?;
        Ok(())
    }
}

impl Command for Batch {
    const NAME: &'static str = "bench_batch";
    type Done = Vec<Posted>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Posted>, Failure<Never>> {
        Ok(post(tx, &self.0).await?)
    }
}

impl Command for Loose {
    const NAME: &'static str = "bench_loose";
    type Done = Vec<Posted>;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Vec<Posted>, Failure<Never>> {
        store::loosen(tx.conn()).await?;
        self.0.apply(tx).await
    }
}

impl Command for Tellings {
    const NAME: &'static str = "bench_tellings";
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        store::loosen(tx.conn()).await?;
        self.0
            .iter()
            .try_for_each(|payment| tx.emit(&LedgerEvent::PaymentMade(payment.clone())))?;
        Ok(())
    }
}

/// The addresses of some payers.
pub(super) fn addresses(payers: &[Payer]) -> anyhow::Result<Arc<[Address]>> {
    payers.iter().map(|payer| Ok(payer.address.parse()?)).collect()
}

/// Makes wallets, funds them and logs them in.
pub(super) async fn make(db: &Db, secret: &SecretString, count: u32) -> anyhow::Result<Vec<Payer>> {
    let secret = VerifierSecret::new(secret);
    let (mut payers, mut funds) = (Vec::new(), Vec::new());
    for number in 0..count {
        let key = PrivateKey::new(SecretString::from(format!("payer {number} of a load test")))?;
        let login = Login { key, user_agent: None, secret: secret.clone() };
        let (address, opened) = match db.run(&login).await {
            Ok(done) => done,
            Err(error) => bail!("could not log in: {error:?}"),
        };
        funds.push(transfer(&Address::system(), &address, FUNDS, PaymentKind::Mined)?);
        let token = opened.token.reveal().to_owned();
        payers.push(Payer { address: address.to_string(), token });
    }
    match db.run(&Batch(funds)).await {
        Ok(posted) => {
            payments(posted)?;
            Ok(payers)
        }
        Err(error) => bail!("could not fund the wallets: {error:?}"),
    }
}

/// All pay at once, again and again for a while. Says how many payments were made.
pub(super) async fn pay(
    db: &Db,
    till: &Till,
    payers: Arc<[Address]>,
    way: Way,
    hot: bool,
    span: Duration,
) -> anyhow::Result<u64> {
    let (count, end) = (Arc::new(AtomicU64::new(0)), Instant::now() + span);
    let mut tasks = JoinSet::new();
    for place in 0..payers.len() {
        let (db, till) = (db.clone(), till.clone());
        let (payers, count) = (Arc::clone(&payers), Arc::clone(&count));
        tasks.spawn(async move {
            let neighbour = if hot && place != 0 { 0 } else { (place + 1) % payers.len() };
            let payer = payers.get(place).context("a payer")?;
            let payee = payers.get(neighbour).context("a payee")?;
            while Instant::now() < end {
                let order = transfer(payer, payee, 1, PaymentKind::Transfer)?;
                match way {
                    Way::Till => drop(payments(vec![Ok(till.pay(order).await?)])?),
                    Way::Single => match db.run(&Single(order)).await {
                        Ok(()) => {}
                        // Too many at once for the pool: a door would say so, and this payment was none.
                        Err(Failure::Db(error)) if error.is_unavailable() => continue,
                        Err(error) => bail!("a payment failed: {error:?}"),
                    },
                }
                count.fetch_add(1, Relaxed);
            }
            Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(count.load(Relaxed))
}

/// How long the statements of a batch of payments take, and those that tell of it alone: medians, less what every
/// transaction takes. Without the disk, which both would wait for alike.
pub(super) async fn weigh_log(db: &Db, payers: &[Address]) -> anyhow::Result<[Duration; 2]> {
    let (mut batches, mut tellings, mut nothings) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..BATCHES {
        let neighbours = payers.iter().skip(1).chain(payers.first());
        let orders = payers.iter().zip(neighbours).take(BATCH_ORDERS);
        let orders = orders.map(|(payer, payee)| transfer(payer, payee, 1, PaymentKind::Transfer));
        let batch = Loose(Batch(orders.collect::<Result<_, _>>()?));
        let began = Instant::now();
        let posted = db.run(&batch).await.map_err(|error| anyhow!("{error:?}"))?;
        batches.push(began.elapsed());
        for (payments, times) in [(payments(posted)?, &mut tellings), (Vec::new(), &mut nothings)] {
            let began = Instant::now();
            db.run(&Tellings(payments)).await.map_err(|error| anyhow!("{error:?}"))?;
            times.push(began.elapsed());
        }
    }
    let [batch, telling, nothing] = [batches, tellings, nothings].map(median);
    Ok([batch.saturating_sub(nothing), telling.saturating_sub(nothing)])
}

fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied().unwrap_or_default()
}

/// The payments that were made, when all were.
fn payments(posted: Vec<Posted>) -> anyhow::Result<Vec<Payment>> {
    let made = |posted: Posted| match posted?.outcome {
        Outcome::Done(payment) => Ok(payment),
        Outcome::Refused(refusal) => Err(anyhow!("a payment was refused: {refusal:?}")),
    };
    posted.into_iter().map(made).collect()
}
