//! Applies what a provider says, inside a transaction: the same for a webhook, a comparison, and an answer to a request.
//!
//! Locks in the order of the house: the user first, then the entitlement (both by `plans`), then purchase or checkout.
//! Nothing here depends on the order in which news arrive: each kind of thing has its place among the news of it, and
//! what is not newer changes nothing.

use std::time::Duration;

use super::{
    events::{
        CheckoutChanged, Drift, DriftFound, Occasion, PurchaseChange, PurchaseEvent, Stand, is_news,
    },
    model::{
        Change, CheckoutNews, CustomerNews, EventStatus, Note, PurchaseNews, PurchaseStatus,
        Resolved, SubscriptionNews, Wish,
    },
    shop::store,
    views::PurchaseView,
    webhooks::{self, Waiting},
};
use crate::{
    auth::users::lock_user,
    db::{DbError, Tx},
    kernel::{id::DiscordId, time::Timestamp},
    plans::{
        Applied, EntitlementState, Seen, apply_entitlement,
        model::{Held, Plan, Provider, Reference, Status},
        queries,
    },
};

/// How long a webhook may be under way before it counts as lost.
const WEBHOOK_SPAN: Duration = Duration::from_mins(1);

/// From whom news come, and why they are applied now.
#[derive(Debug, Clone, Copy)]
pub struct Teller {
    /// Who says so.
    pub provider: Provider,
    /// Why we asked; none when we were told. What we had to ask for is drift, unless it was still on its way.
    pub occasion: Option<Occasion>,
    /// Whether a plan ends when its payment is given back in full.
    pub revoke_on_full_refund: bool,
}

/// What became of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How far they are.
    pub status: EventStatus,
    /// What is to be said of them.
    pub code: Option<Note>,
    /// What they wait for.
    pub waiting: Waiting,
    /// What was repaired.
    pub drift: Vec<Drift>,
}

impl Verdict {
    fn of(status: EventStatus, code: Option<Note>) -> Self {
        Self { status, code, waiting: Waiting::default(), drift: Vec::new() }
    }

    fn processed(code: Option<Note>) -> Self {
        Self::of(EventStatus::Processed, code)
    }

    fn ignored() -> Self {
        Self::of(EventStatus::Ignored, None)
    }

    fn deferred(code: Note, waiting: Waiting) -> Self {
        Self { waiting, ..Self::of(EventStatus::Deferred, Some(code)) }
    }
}

impl Teller {
    /// Applies a change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn apply(self, tx: &mut Tx, change: &Change) -> Result<Verdict, DbError> {
        match change {
            Change::Subscription(news) => self.subscription(tx, news).await,
            Change::Customer(news) => self.customer(tx, news).await,
            Change::Purchase(news) => self.purchase(tx, news).await,
            Change::Checkout(news) => self.checkout(tx, news).await,
            Change::Archived(product) => {
                let plan =
                    queries::plan_of_product(tx.conn(), self.provider, product.as_str()).await?;
                Ok(plan.map_or_else(Verdict::ignored, |_| {
                    Verdict::processed(Some(Note::ProductArchived))
                }))
            }
            Change::Nothing => Ok(Verdict::ignored()),
        }
    }

    async fn subscription(self, tx: &mut Tx, news: &SubscriptionNews) -> Result<Verdict, DbError> {
        let before = queries::entitlement(tx.conn(), self.provider, &news.reference).await?;
        let holder = before.as_ref().map(|held| held.entitlement.user);
        let customer = news.identity.customer.as_ref();
        let of_customer = match customer {
            Some(customer) if holder.is_none() => self.user_of_customer(tx, customer).await?,
            _ => None,
        };
        let Some(Resolved { user, conflict }) = news.identity.resolve(holder, of_customer) else {
            let waiting = Waiting { customer: customer.cloned(), ..Waiting::default() };
            return Ok(Verdict::deferred(Note::UserUnknown, waiting));
        };
        let Some(plan) = self.plan(tx, &news.wish).await? else {
            let waiting = Waiting { product: news.wish.product.clone(), ..Waiting::default() };
            return Ok(Verdict::deferred(Note::PlanUnknown, waiting));
        };
        let state = state(news, &plan);
        let applied = apply_entitlement(tx, user, self.provider, &news.reference, &state).await?;
        let code = match applied {
            Applied::NotLinked => {
                let waiting = Waiting { user: Some(user), ..Waiting::default() };
                return Ok(Verdict::deferred(Note::UserNotLinked, waiting));
            }
            // Between our look and our lock somebody else got it.
            Applied::BelongsTo(_) => Some(Note::IdentityConflict),
            _ if conflict => Some(Note::IdentityConflict),
            Applied::Stale => Some(Note::Stale),
            Applied::Created | Applied::Changed | Applied::Same if !news.is_known => {
                Some(Note::UnknownStatus)
            }
            Applied::Created | Applied::Changed | Applied::Same => None,
        };
        if let (Applied::Created, Some(customer)) = (applied, customer) {
            // Whose customer it is was not known before.
            let now = tx.now();
            webhooks::store::events_wake_customer(tx.conn(), customer, now).await?;
        }
        let mut verdict = Verdict::processed(code);
        if matches!(applied, Applied::Created | Applied::Changed) && !self.overtakes(news.seen) {
            let before = before.map(|held| stand(&held));
            verdict.drift = self.drifted(tx, user, &news.reference, before).await?;
        }
        Ok(verdict)
    }

    /// Whether we asked so soon that the webhook of it is only under way. Who asks because it is late, or because an
    /// operator wants to know, is told everything.
    fn overtakes(self, seen: Seen) -> bool {
        let patient = !matches!(self.occasion, Some(Occasion::Late | Occasion::Operator));
        patient && seen.told.since(seen.modified) < WEBHOOK_SPAN
    }

    /// Tells what a comparison repaired; nothing when we were told of it anyway.
    async fn drifted(
        self,
        tx: &mut Tx,
        user: DiscordId,
        reference: &Reference,
        before: Option<Stand>,
    ) -> Result<Vec<Drift>, DbError> {
        let Some(occasion) = self.occasion else { return Ok(Vec::new()) };
        let after = queries::entitlement(tx.conn(), self.provider, reference).await?;
        let after = after.ok_or_else(|| DbError::impossible("a grant that was just made"))?;
        let after = stand(&after);
        if before.as_ref() == Some(&after) {
            return Ok(Vec::new());
        }
        let drift = Drift::Entitlement {
            discord_user_id: user,
            reference: reference.clone(),
            before,
            after,
            occasion,
        };
        tx.emit(&DriftFound { provider: self.provider, drift: drift.clone() })?;
        Ok(vec![drift])
    }

    /// The plan that was bought: what the product is sold as, else what is written on the product, else on the checkout.
    async fn plan(self, tx: &mut Tx, wish: &Wish) -> Result<Option<Plan>, DbError> {
        if let Some(product) = &wish.product
            && let Some(plan) =
                queries::plan_of_product(tx.conn(), self.provider, product.as_str()).await?
        {
            return Ok(Some(plan));
        }
        for tier in [&wish.product_tier, &wish.metadata_tier].into_iter().flatten() {
            if let Some(plan) = queries::plan(tx.conn(), tier).await? {
                return Ok(Some(plan));
            }
        }
        Ok(None)
    }

    /// Everything that a customer has: what is not in it is over, unless it is waiting for a payment.
    async fn customer(self, tx: &mut Tx, news: &CustomerNews) -> Result<Verdict, DbError> {
        let held = queries::of_customer(tx.conn(), self.provider, news.customer.as_str()).await?;
        if held.is_empty() && news.subscriptions.is_empty() {
            return Ok(Verdict::ignored());
        }
        let mut verdict = Verdict::processed(None);
        for one in &news.subscriptions {
            verdict = verdict.and(self.subscription(tx, one).await?);
        }
        for one in held {
            let listed = news.subscriptions.iter().any(|listed| listed.reference == one.reference);
            let gone = matches!(one.status, Status::Active | Status::Trialing) && !listed;
            if gone {
                verdict = verdict.and(self.end(tx, &one.reference, news.told_at).await?);
            }
        }
        Ok(verdict)
    }

    /// Ends what the provider no longer listed at a time, unless there are newer news of it.
    pub(super) async fn end(
        self,
        tx: &mut Tx,
        reference: &Reference,
        told_at: Timestamp,
    ) -> Result<Verdict, DbError> {
        let found = queries::entitlement(tx.conn(), self.provider, reference).await?;
        let Some(held) = found else { return Ok(Verdict::ignored()) };
        let mut state = EntitlementState::of(&held.entitlement);
        let Some(seen) = state.seen.filter(|seen| seen.told < told_at) else {
            return Ok(Verdict::processed(Some(Note::Stale)));
        };
        state.status = Status::Expired;
        state.ended_at = Some(told_at);
        state.seen = Some(Seen { told: told_at, ..seen });
        let user = held.entitlement.user;
        let applied = apply_entitlement(tx, user, self.provider, reference, &state).await?;
        let mut verdict = Verdict::processed((applied == Applied::Stale).then_some(Note::Stale));
        if applied == Applied::Changed {
            verdict.drift = self.drifted(tx, user, reference, Some(stand(&held))).await?;
        }
        Ok(verdict)
    }

    /// Whose customer somebody is known to be.
    async fn user_of_customer(
        self,
        tx: &mut Tx,
        customer: &Reference,
    ) -> Result<Option<DiscordId>, DbError> {
        let held = queries::of_customer(tx.conn(), self.provider, customer.as_str()).await?;
        Ok(held.first().map(|newest| newest.user))
    }

    async fn purchase(self, tx: &mut Tx, news: &PurchaseNews) -> Result<Verdict, DbError> {
        let provider = self.provider;
        let of_subscription = match &news.subscription {
            Some(reference) => queries::entitlement(tx.conn(), provider, reference).await?,
            None => None,
        };
        let customer = news.identity.customer.as_ref();
        let of_customer = match customer {
            Some(customer) => self.user_of_customer(tx, customer).await?,
            None => None,
        };
        let holder = of_subscription.map(|held| held.entitlement.user);
        let Some(Resolved { user, conflict }) = news.identity.resolve(holder, of_customer) else {
            let waiting = Waiting { customer: customer.cloned(), ..Waiting::default() };
            return Ok(Verdict::deferred(Note::UserUnknown, waiting));
        };
        if lock_user(tx, user).await?.is_none() {
            let waiting = Waiting { user: Some(user), ..Waiting::default() };
            return Ok(Verdict::deferred(Note::UserNotLinked, waiting));
        }
        let known = store::purchase_lock(tx.conn(), provider, &news.reference).await?;
        if let Some(known) = &known
            && !news.outrank(known.seen, known.view.status, known.view.refunded_cents)
        {
            return Ok(Verdict::processed(Some(Note::Stale)));
        }
        // Whose it was first, it stays.
        let user = known.as_ref().map_or(user, |known| known.view.discord_user_id);
        let before = known.map(|known| (known.view.status, known.view.refunded_cents));
        let changes = PurchaseChange::between(before, (news.status, news.refunded_cents));
        let events = i64::try_from(changes.len()).map_err(DbError::impossible)?;
        let purchase = store::purchase_put(tx.conn(), (provider, user), news, events).await?;
        for (version, change) in (purchase.version + 1 - events..).zip(changes) {
            tx.emit(&PurchaseEvent {
                change,
                purchase: PurchaseView { version, ..purchase.clone() },
            })?;
        }
        let in_full = news.status == PurchaseStatus::Refunded;
        if let (true, true, Some(paid_for)) =
            (self.revoke_on_full_refund, in_full, &news.subscription)
        {
            self.end(tx, paid_for, news.seen.told).await?;
        }
        Ok(Verdict::processed(conflict.then_some(Note::IdentityConflict)))
    }

    async fn checkout(self, tx: &mut Tx, news: &CheckoutNews) -> Result<Verdict, DbError> {
        let provider = self.provider;
        let known = store::checkout_find(tx.conn(), provider, &news.reference).await?;
        let holder = known.map(|known| known.discord_user_id);
        // A checkout of somebody whom we don't know is no business of ours: what comes of it is told anyway.
        let Some(Resolved { user, .. }) = news.identity.resolve(holder, None) else {
            return Ok(Verdict::ignored());
        };
        if lock_user(tx, user).await?.is_none() {
            return Ok(Verdict::ignored());
        }
        let known = store::checkout_lock(tx.conn(), provider, &news.reference).await?;
        if let Some(known) = &known
            && !news.outrank(known.seen, known.view.status)
        {
            return Ok(Verdict::processed(Some(Note::Stale)));
        }
        let tier = match &known {
            Some(known) => known.view.tier.clone(),
            None => self.plan(tx, &news.wish).await?.map(|plan| plan.tier),
        };
        let now = tx.now();
        store::checkout_put(tx.conn(), (provider, user), news, tier.as_ref(), None, now).await?;
        if is_news(known.map(|known| known.view.status), news.status) {
            let after = store::checkout_find(tx.conn(), provider, &news.reference).await?;
            let checkout = after.ok_or_else(|| DbError::impossible("a checkout just stored"))?;
            tx.emit(&CheckoutChanged { checkout })?;
        }
        Ok(Verdict::processed(None))
    }
}

impl Verdict {
    /// Both together: what waits keeps the whole waiting, because applying the rest again does no harm.
    fn and(mut self, other: Self) -> Self {
        let mut drift = std::mem::take(&mut self.drift);
        let other_waits = other.status == EventStatus::Deferred;
        drift.extend(other.drift);
        let (status, code, waiting) = if self.status != EventStatus::Deferred && other_waits {
            (other.status, other.code, other.waiting)
        } else {
            let code = self.code.filter(|code| code.is_alarming());
            (self.status, code.or(other.code), self.waiting)
        };
        Self { status, code, waiting, drift }
    }
}

fn stand(held: &Held) -> Stand {
    Stand {
        tier: held.plan.tier.clone(),
        status: held.entitlement.status,
        period_end: held.entitlement.period.end,
        cancel_at_period_end: held.entitlement.cancel_at_period_end,
    }
}

fn state(news: &SubscriptionNews, plan: &Plan) -> EntitlementState {
    let customer = news.identity.customer.as_ref();
    EntitlementState {
        provider_status: Some(news.provider_status.clone()),
        cancel_at_period_end: news.cancel_at_period_end,
        ends_at: news.ends_at,
        ended_at: news.ended_at,
        past_due_at: news.past_due_at,
        paused_at: news.paused_at,
        resumes_at: news.resumes_at,
        customer: customer.map(ToString::to_string),
        seen: Some(news.seen),
        ..EntitlementState::new(plan.id, news.status, news.period)
    }
}
