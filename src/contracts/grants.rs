//! What subscriptions grant: whoever is subscribed with a wallet that they have linked, to a contract that the operator
//! sells as a plan, has the plan for the term.
//!
//! A follower looks at a subscription again whenever something happened to it, to the link of its wallet, or to what its
//! contract is sold as, and makes the entitlement be what follows from how things stand then. So it does not matter in
//! which order they came: a late link and a late mapping grant the term that runs. A renewal extends, an end ends at
//! once, and a mapping that is taken away lets the term run out that was paid.
//!
//! A term's minutes are one user's: a wallet that goes to another user takes its plan along with the next term.

mod store;

use std::time::Duration;

use serde::Deserialize;

use self::store::Task;
use super::subscribers::{
    model::{State, Subscription},
    store::standings,
};
use crate::{
    auth::users::{self, events::WalletLink},
    db::{Command, Db, DbError, Failure, Never, Tx, follow::Follow},
    kernel::{
        event::Event,
        id::{ContractId, DiscordId, PlanId, SubscriptionId},
    },
    plans::{
        self, EntitlementState,
        events::ChangedPlan,
        model::{Entitlement, Period, Provider, Reference, Status},
    },
};

/// Subscriptions that one transaction looks at.
const PAGE_SUBSCRIPTIONS_MAX: i64 = 100;
/// Subscriptions of one wallet to contracts that are plans.
const WALLET_SUBSCRIPTIONS_MAX: i64 = 1_000;
/// How long the task waits before it looks for another contract.
const IDLE: Duration = Duration::from_secs(1);

/// Follows what subscriptions, wallets and plans go through.
#[derive(Debug, Clone, Copy)]
pub struct ContractGrants;

/// The part of `subscription.*` that is read here.
#[derive(Debug, Deserialize)]
struct Concerned {
    subscription_id: SubscriptionId,
}

impl Follow for ContractGrants {
    const NAME: &'static str = "contract_grants";
    const KINDS: &'static [&'static str] = &[
        "subscription.started",
        "subscription.renewed",
        "subscription.cancel_requested",
        "subscription.resumed",
        "subscription.lapsed",
        "subscription.canceled",
        "user.wallet_linked",
        "user.wallet_unlinked",
        "plan.changed",
    ];

    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), DbError> {
        let data = event.data.get();
        match &*event.kind {
            "plan.changed" => {
                let changed: ChangedPlan = serde_json::from_str(data)?;
                for product in &changed.plan.products {
                    let number = product.product_id.as_str().parse::<i64>().ok();
                    if let Some(id) = number.filter(|_| product.provider == Provider::Contract) {
                        store::task_insert(tx.conn(), ContractId::new(id)).await?;
                    }
                }
                Ok(())
            }
            "user.wallet_linked" | "user.wallet_unlinked" => {
                let link: WalletLink = serde_json::from_str(data)?;
                of_wallet(tx, &link).await
            }
            _ => {
                let Concerned { subscription_id } = serde_json::from_str(data)?;
                grant(tx, &[subscription_id.get()]).await
            }
        }
    }
}

/// Looks at what a wallet that was linked or unlinked is subscribed to, and at what was granted for it.
async fn of_wallet(tx: &mut Tx, link: &WalletLink) -> Result<(), DbError> {
    let contracts = plans::queries::products(tx.conn(), Provider::Contract).await?;
    let contracts: Vec<i64> = contracts.iter().filter_map(|id| id.parse().ok()).collect();
    let most = WALLET_SUBSCRIPTIONS_MAX;
    let mut ids = store::live_of(tx.conn(), &link.address, &contracts, most).await?;
    let customer = link.address.as_str();
    let granted = plans::queries::of_customer(tx.conn(), Provider::Contract, customer).await?;
    ids.extend(granted.iter().filter_map(|one| one.reference.as_str().parse::<i64>().ok()));
    ids.sort_unstable();
    ids.dedup();
    grant(tx, &ids).await
}

/// Makes what some subscriptions grant be what follows from how things stand.
async fn grant(tx: &mut Tx, ids: &[i64]) -> Result<(), DbError> {
    for standing in standings(tx.conn(), ids).await? {
        grant_one(tx, &standing.subscription).await?;
    }
    Ok(())
}

async fn grant_one(tx: &mut Tx, subscription: &Subscription) -> Result<(), DbError> {
    let reference = Reference::of(subscription.id);
    let known = plans::queries::entitlement(tx.conn(), Provider::Contract, &reference).await?;
    let known = known.map(|held| held.entitlement);
    let product = subscription.contract.to_string();
    let plan = plans::queries::plan_of_product(tx.conn(), Provider::Contract, &product).await?;
    let owners = users::owners(tx.conn(), std::slice::from_ref(&subscription.address)).await?;
    let owner = owners.first().map(|(_, user)| *user);
    if let Some(known) = known.as_ref().filter(|known| owner != Some(known.user)) {
        end(tx, known, &reference).await?;
    }
    let Some(user) = owner else { return Ok(()) };
    let ended = matches!(subscription.state, State::Canceled { .. });
    let state = match (plan, known) {
        (Some(plan), known) if !ended || known.is_some() => {
            state(subscription, plan.id, known.as_ref())?
        }
        (None, Some(known)) if ended || subscription.term.ends <= known.period.end => {
            state(subscription, known.plan, Some(&known))?
        }
        (None, Some(known)) => run_out(&known),
        _ => return Ok(()),
    };
    applied(tx, user, &reference, &state).await
}

/// What a subscription says of the entitlement that it grants.
fn state(
    subscription: &Subscription,
    plan: PlanId,
    known: Option<&Entitlement>,
) -> Result<EntitlementState, DbError> {
    let term = subscription.term;
    // One that ended in the instant in which its term began keeps the period that was granted.
    let period = Period::new(term.starts, term.ends).or(known.map(|known| known.period));
    let period = period.ok_or_else(|| DbError::impossible("a term without a length"))?;
    let status = match subscription.state {
        State::Active | State::Pending { .. } => Status::Active,
        State::Canceled { .. } => Status::Canceled,
    };
    let mut state = EntitlementState::new(plan, status, period);
    state.provider_status = Some(subscription.status().name().into());
    state.customer = Some(subscription.address.to_string());
    match subscription.state {
        State::Active => {}
        State::Pending { .. } => {
            state.cancel_at_period_end = true;
            state.ends_at = Some(term.ends);
        }
        State::Canceled { ended_at, .. } => {
            state.ends_at = Some(ended_at);
            state.ended_at = Some(ended_at);
        }
    }
    Ok(state)
}

/// What a subscription says that goes on to a contract which is no plan any more: the term that was paid as one runs out.
fn run_out(known: &Entitlement) -> EntitlementState {
    let mut state = EntitlementState::of(known);
    state.cancel_at_period_end = true;
    state.ends_at = state.ends_at.or(Some(known.period.end));
    state
}

/// Ends what was granted to a user whose the wallet is no longer.
async fn end(tx: &mut Tx, known: &Entitlement, reference: &Reference) -> Result<(), DbError> {
    if known.ended_at.is_some() {
        return Ok(());
    }
    let now = tx.now();
    let mut state = EntitlementState::of(known);
    state.status = Status::Canceled;
    state.ends_at = Some(now);
    state.ended_at = Some(now);
    applied(tx, known.user, reference, &state).await
}

async fn applied(
    tx: &mut Tx,
    user: DiscordId,
    reference: &Reference,
    state: &EntitlementState,
) -> Result<(), DbError> {
    let applied = plans::apply_entitlement(tx, user, Provider::Contract, reference, state).await?;
    tracing::debug!(%user, subscription = %reference, ?applied, "a subscription grants a plan");
    Ok(())
}

/// Looks at the subscriptions of contracts that are sold as another plan than before, page by page. One task a node; a
/// page that two of them look at is looked at twice.
pub async fn grant_pages(db: Db) {
    loop {
        let pause = match db.run(&GrantPage).await {
            Ok(true) => continue,
            Ok(false) => IDLE,
            Err(Failure::Db(error)) => {
                tracing::warn!(%error, "could not look at the subscriptions of a plan; trying again");
                IDLE
            }
            Err(Failure::Refused(never)) => match never {},
        };
        tokio::time::sleep(pause).await;
    }
}

/// The next page of subscriptions. Gives whether there was one. It holds no lock of its own: the follower would wait
/// for it while it waits for a user.
struct GrantPage;

impl Command for GrantPage {
    const NAME: &'static str = "contract_grant_page";
    const REPEATABLE: bool = true;
    type Done = bool;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<bool, Failure<Never>> {
        let Some(task) = store::task_find(tx.conn()).await? else { return Ok(false) };
        let Task { contract, after, .. } = task;
        let ids = store::live_to(tx.conn(), contract, after, PAGE_SUBSCRIPTIONS_MAX).await?;
        grant(tx, &ids).await?;
        let full = i64::try_from(ids.len()).is_ok_and(|count| count == PAGE_SUBSCRIPTIONS_MAX);
        match ids.last().filter(|_| full) {
            Some(last) => store::task_move(tx.conn(), &task, *last).await?,
            None => store::task_delete(tx.conn(), &task).await?,
        }
        Ok(true)
    }
}
