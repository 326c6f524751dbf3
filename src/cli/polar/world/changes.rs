//! What becomes of a subscription: renewals, failures, cancellations, pauses, other products, refunds.

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

use super::{Refused, World, period_end};

/// When the first attempt after a failed payment is.
const DUNNING_DAYS: i64 = 2;

/// When another product begins to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::polar) enum From {
    Now,
    NextPeriod,
}

impl World {
    /// Another period begins, paid or not.
    pub(in crate::cli::polar) fn renew(
        &mut self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let modified_at = self.stamp(now);
        let next = self.subscription(id)?.next_product.take();
        let next = next.and_then(|id| self.products.get(&id)).map(|next| (next.id, next.price));
        let subscription = self.subscription(id)?;
        let (customer, interval) = (subscription.customer, subscription.interval.clone());
        let starts = subscription.period.1.min(now);
        subscription.period = (starts, period_end(starts, &interval));
        subscription.modified_at = Some(modified_at);
        "active".clone_into(&mut subscription.status);
        if let Some(next) = next {
            (subscription.product, subscription.amount) = next;
        }
        self.tell_subscription(&["subscription.cycled", "subscription.updated"], id, now);
        let order = self.order(id, "subscription_cycle", now)?;
        if !self.customers.get(&customer).is_some_and(|customer| customer.declines) {
            self.settle_order(order, now);
            return Ok(());
        }
        let modified_at = self.stamp(now);
        if let Some(order) = self.orders.get_mut(&order) {
            order.next_attempt_at = Some(now + Duration::days(DUNNING_DAYS));
            order.modified_at = Some(modified_at);
        }
        self.tell_order(&["order.updated"], order, now);
        let subscription = self.subscription(id)?;
        "past_due".clone_into(&mut subscription.status);
        subscription.past_due_at = Some(now);
        subscription.modified_at = Some(modified_at);
        self.tell_subscription(&["subscription.updated", "subscription.past_due"], id, now);
        Ok(())
    }

    /// A payment that failed succeeds after all.
    pub(in crate::cli::polar) fn recover(
        &mut self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let modified_at = self.stamp(now);
        let subscription = self.subscription(id)?;
        "active".clone_into(&mut subscription.status);
        subscription.past_due_at = None;
        subscription.modified_at = Some(modified_at);
        if let Some(order) = self.last_order(id).map(|order| order.id) {
            self.settle_order(order, now);
        }
        self.tell_subscription(&["subscription.updated", "subscription.active"], id, now);
        Ok(())
    }

    /// It will end with its period.
    pub(in crate::cli::polar) fn cancel(
        &mut self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let modified_at = self.stamp(now);
        let subscription = self.subscription(id)?;
        if subscription.ended_at.is_some() {
            let message = "This subscription is already canceled.";
            return Err(Refused::Forbidden("AlreadyCanceledSubscription", message));
        }
        subscription.cancel_at_period_end = true;
        subscription.canceled_at = Some(now);
        subscription.ends_at = Some(subscription.period.1);
        subscription.modified_at = Some(modified_at);
        self.tell_subscription(&["subscription.updated", "subscription.canceled"], id, now);
        Ok(())
    }

    /// It goes on after all.
    pub(in crate::cli::polar) fn uncancel(
        &mut self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let modified_at = self.stamp(now);
        let subscription = self.subscription(id)?;
        if subscription.ended_at.is_some() {
            let message = "This subscription is already canceled.";
            return Err(Refused::Forbidden("AlreadyCanceledSubscription", message));
        }
        subscription.cancel_at_period_end = false;
        (subscription.canceled_at, subscription.ends_at) = (None, None);
        subscription.modified_at = Some(modified_at);
        self.tell_subscription(&["subscription.updated", "subscription.uncanceled"], id, now);
        Ok(())
    }

    /// It ends now.
    pub(in crate::cli::polar) fn revoke(
        &mut self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let modified_at = self.stamp(now);
        let subscription = self.subscription(id)?;
        let announced = subscription.cancel_at_period_end;
        "canceled".clone_into(&mut subscription.status);
        subscription.cancel_at_period_end = false;
        subscription.canceled_at = subscription.canceled_at.or(Some(now));
        (subscription.ends_at, subscription.ended_at) = (Some(now), Some(now));
        subscription.modified_at = Some(modified_at);
        let kinds: &[&'static str] = if announced {
            &["subscription.updated", "subscription.revoked"]
        } else {
            &["subscription.updated", "subscription.canceled", "subscription.revoked"]
        };
        self.tell_subscription(kinds, id, now);
        Ok(())
    }

    /// It rests.
    pub(in crate::cli::polar) fn pause(
        &mut self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let modified_at = self.stamp(now);
        let subscription = self.subscription(id)?;
        "paused".clone_into(&mut subscription.status);
        subscription.paused_at = Some(now);
        subscription.modified_at = Some(modified_at);
        self.tell_subscription(&["subscription.updated", "subscription.paused"], id, now);
        Ok(())
    }

    /// It goes on with a new period.
    pub(in crate::cli::polar) fn resume(
        &mut self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let modified_at = self.stamp(now);
        let subscription = self.subscription(id)?;
        "active".clone_into(&mut subscription.status);
        subscription.paused_at = None;
        subscription.period = (now, period_end(now, &subscription.interval));
        subscription.modified_at = Some(modified_at);
        self.tell_subscription(&["subscription.updated", "subscription.resumed"], id, now);
        let order = self.order(id, "subscription_cycle", now)?;
        self.settle_order(order, now);
        Ok(())
    }

    /// It is for another product.
    pub(in crate::cli::polar) fn change_product(
        &mut self,
        id: Uuid,
        product: Uuid,
        from: From,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let missing = Refused::Unprocessable("product_id", "Product does not exist.");
        let price = self.products.get(&product).ok_or(missing)?.price;
        let modified_at = self.stamp(now);
        let subscription = self.subscription(id)?;
        if subscription.ended_at.is_some() {
            let message = "This subscription is already canceled.";
            return Err(Refused::Forbidden("AlreadyCanceledSubscription", message));
        }
        match from {
            From::Now => {
                (subscription.product, subscription.amount) = (product, price);
                subscription.next_product = None;
            }
            From::NextPeriod => subscription.next_product = Some(product),
        }
        subscription.modified_at = Some(modified_at);
        self.tell_subscription(&["subscription.updated"], id, now);
        if from == From::Now {
            let order = self.order(id, "subscription_update", now)?;
            self.settle_order(order, now);
        }
        Ok(())
    }

    /// Money goes back, in cents without tax.
    pub(in crate::cli::polar) fn refund(
        &mut self,
        order: Uuid,
        amount: i64,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let modified_at = self.stamp(now);
        let found = self.orders.get_mut(&order).ok_or(Refused::NotFound)?;
        let left = found.amount - found.refunded;
        if !found.paid || !(1..=left).contains(&amount) {
            return Err(Refused::Unprocessable("amount", "Refund amount exceeds what is left."));
        }
        found.refunded += amount;
        found.status =
            if found.refunded == found.amount { "refunded" } else { "partially_refunded" };
        found.modified_at = Some(modified_at);
        self.tell_order(&["order.updated", "order.refunded"], order, now);
        Ok(())
    }

    /// A customer goes, and with them what they had.
    pub(in crate::cli::polar) fn delete_customer(
        &mut self,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let customer = self.customers.get_mut(&id).ok_or(Refused::NotFound)?;
        customer.deleted_at = Some(now);
        let shape = customer.shape();
        let theirs: Vec<Uuid> = self
            .subscriptions
            .values()
            .filter(|one| one.customer == id && one.ended_at.is_none())
            .map(|one| one.id)
            .collect();
        for subscription in theirs {
            self.revoke(subscription, now)?;
        }
        self.tell("customer.deleted", &shape, now);
        Ok(())
    }
}
