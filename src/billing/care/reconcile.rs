//! Comparing with the provider and repairing. The provider is asked first, outside of any transaction; what it said is
//! then applied by the same rules as its webhooks, so a comparison can't undo what was told meanwhile.

use std::collections::HashSet;

use super::store;
use crate::{
    auth::acts::{Acted, Acting},
    billing::{
        apply::{Teller, Verdict},
        events::{Drift, DriftFound},
        model::{Change, EventStatus, SubscriptionNews},
        polar::{OurEndpoint, Polar, PolarError},
        shop::commands::ApplyAnswer,
        webhooks,
    },
    db::{Command, Db, DbError, Failure, Never, Tx},
    kernel::{
        id::{DiscordId, EntitlementId},
        time::Timestamp,
    },
    plans::{
        self,
        model::{Provider, Reference, Status},
        watch,
    },
};

/// Pages of one comparison of everything. More subscriptions than that are compared user by user.
const PAGES_MAX: u32 = 10_000;
/// Entitlements that are looked at together.
const LIVE_ROWS: i64 = 500;
/// Where the webhook is, at the end of its address.
const WEBHOOK_PATH: &str = "/subscriptions/polar/webhook";

/// Why something could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum CareError {
    /// The provider did not say.
    #[error(transparent)]
    Polar(#[from] PolarError),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Compares what one user has. When an operator asked for it, that is told with its end.
///
/// # Errors
/// When the provider does not say, or the database fails.
pub async fn user(
    db: &Db,
    polar: &Polar,
    teller: Teller,
    user: DiscordId,
    act: Option<Acted>,
) -> Result<Vec<Drift>, CareError> {
    let asked_at = db.now();
    let mut told: Vec<SubscriptionNews> =
        polar.state(user, asked_at).await?.map(|state| state.subscriptions).unwrap_or_default();
    let held = plans::queries::of_user(&mut *db.read().await?, teller.provider, user).await?;
    let mut gone = Vec::new();
    for held in held.iter().filter(|held| is_live(held.entitlement.status)) {
        let reference = &held.entitlement.reference;
        if told.iter().any(|news| news.reference == *reference) {
            continue;
        }
        // Not among the active ones: it is over, waits for a payment, or belongs to another name of the customer.
        match polar.subscription(reference, asked_at).await? {
            Some(news) => told.push(news),
            None => gone.push(reference.clone()),
        }
    }
    let mut drift = Vec::new();
    for news in told {
        drift.extend(apply(db, teller, &Change::Subscription(news)).await?.drift);
    }
    for reference in gone {
        drift.extend(ran(db.run(&End { teller, reference, told_at: asked_at }).await)?.drift);
    }
    let act = act.map(|act| act.with("drift", drift.len()));
    ran(db.run(&Acting::when(act, Looked(user), |()| true)).await)?;
    Ok(drift)
}

/// Compares what everybody has. Gives how many subscriptions there are at the provider, and how many of them have no
/// user or no plan here.
///
/// # Errors
/// As [`user`].
pub async fn everybody(
    db: &Db,
    polar: &Polar,
    teller: Teller,
) -> Result<(usize, usize), CareError> {
    let mut listed: HashSet<Reference> = HashSet::new();
    let mut waiting = 0;
    for page in 1..=PAGES_MAX {
        let asked_at = db.now();
        let (news, more) = polar.subscriptions(page, asked_at).await?;
        for one in news {
            listed.insert(one.reference.clone());
            let verdict = apply(db, teller, &Change::Subscription(one)).await?;
            waiting += usize::from(verdict.status == EventStatus::Deferred);
        }
        if !more {
            break;
        }
    }
    let mut after = EntitlementId::new(0);
    loop {
        let live = watch::live(&mut *db.read().await?, teller.provider, after, LIVE_ROWS).await?;
        let Some(last) = live.last() else { break };
        after = last.id;
        for one in live.iter().filter(|one| !listed.contains(&one.reference)) {
            let asked_at = db.now();
            match polar.subscription(&one.reference, asked_at).await? {
                Some(news) => {
                    apply(db, teller, &Change::Subscription(news)).await?;
                }
                None => {
                    let reference = one.reference.clone();
                    ran(db.run(&End { teller, reference, told_at: asked_at }).await)?;
                }
            }
        }
    }
    Ok((listed.len(), waiting))
}

/// Looks after our webhook at the provider: has it enabled, and events delivered again that we lack. `asked` are those
/// for which that was done before. Gives whether the webhook had been given up.
///
/// # Errors
/// As [`user`].
pub(super) async fn webhook(
    db: &Db,
    polar: &Polar,
    reenable: bool,
    asked: &mut HashSet<String>,
) -> Result<bool, CareError> {
    let Some(endpoint) = polar.endpoint(WEBHOOK_PATH).await? else {
        tracing::warn!("Polar has no webhook whose address ends with {WEBHOOK_PATH}; add one");
        metrics::gauge!("polar_webhook_enabled").set(0.0);
        return Ok(false);
    };
    metrics::gauge!("polar_webhook_enabled").set(if endpoint.enabled { 1.0 } else { 0.0 });
    if !endpoint.enabled {
        tracing::error!(reenable, "Polar has given our webhook up");
        if reenable {
            polar.enable(&endpoint).await?;
        }
        ran(db.run(&Tell(Drift::WebhookDisabled { enabled: reenable })).await)?;
    }
    if endpoint.enabled || reenable {
        redeliver(db, polar, &endpoint, asked).await?;
    }
    Ok(!endpoint.enabled)
}

async fn redeliver(
    db: &Db,
    polar: &Polar,
    endpoint: &OurEndpoint,
    asked: &mut HashSet<String>,
) -> Result<(), CareError> {
    let failed = polar.failed_deliveries(endpoint).await?;
    let missing =
        webhooks::store::events_missing(&mut *db.read().await?, Provider::Polar, &failed).await?;
    let mut redelivered = 0;
    for id in missing.into_iter().filter(|id| !asked.contains(id)).collect::<Vec<_>>() {
        match polar.redeliver(&id).await {
            Ok(()) => redelivered += 1,
            Err(PolarError::Rejected { status, .. }) => {
                tracing::warn!(event = id, status, "Polar does not deliver an event again");
            }
            Err(error) => return Err(error.into()),
        }
        asked.insert(id);
    }
    if redelivered > 0 {
        ran(db.run(&Tell(Drift::EventsMissing { redelivered })).await)?;
    }
    Ok(())
}

fn is_live(status: Status) -> bool {
    matches!(status, Status::Active | Status::Trialing | Status::PastDue)
}

/// Applies what the provider said.
///
/// # Errors
/// When the database fails.
pub(super) async fn apply(db: &Db, teller: Teller, change: &Change) -> Result<Verdict, DbError> {
    ran(db.run(&ApplyAnswer { teller, change }).await)
}

pub(super) fn ran<D>(outcome: Result<D, Failure<Never>>) -> Result<D, DbError> {
    match outcome {
        Ok(done) => Ok(done),
        Err(Failure::Db(error)) => Err(error),
        Err(Failure::Refused(never)) => match never {},
    }
}

/// Ends what the provider no longer has.
#[derive(Debug)]
struct End {
    teller: Teller,
    reference: Reference,
    told_at: Timestamp,
}

impl Command for End {
    const NAME: &'static str = "billing_end";
    const REPEATABLE: bool = true;
    type Done = Verdict;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Verdict, Failure<Never>> {
        Ok(self.teller.end(tx, &self.reference, self.told_at).await?)
    }
}

/// Notes that a user was compared.
#[derive(Debug)]
struct Looked(DiscordId);

impl Command for Looked {
    const NAME: &'static str = "billing_looked";
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        let now = tx.now();
        Ok(store::look_done(tx.conn(), self.0, now).await?)
    }
}

/// Tells of something that was repaired.
#[derive(Debug)]
struct Tell(Drift);

impl Command for Tell {
    const NAME: &'static str = "billing_tell";
    type Done = ();
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<Never>> {
        let drift = self.0.clone();
        Ok(tx.emit(&DriftFound { provider: Provider::Polar, drift })?)
    }
}
