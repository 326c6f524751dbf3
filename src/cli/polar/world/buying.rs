//! Checkouts, and what comes of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Checkout, Customer, Order, Refused, Subscription, World, period_end};
use crate::db::random;

/// How long a checkout can be paid.
const CHECKOUT_HOURS: i64 = 24;
/// Tax on everything, of 100.
const TAX_PERCENT: i64 = 20;

/// What a checkout is made of.
#[derive(Debug, Deserialize)]
pub(in crate::cli::polar) struct CheckoutBody {
    products: Vec<Uuid>,
    external_customer_id: Option<String>,
    customer_email: Option<String>,
    success_url: Option<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// What a purchase without a checkout is made of.
#[derive(Debug, Default, Deserialize)]
pub(in crate::cli::polar) struct Purchase {
    /// What is bought; the first product when it does not say.
    pub(in crate::cli::polar) product: Option<Uuid>,
    pub(in crate::cli::polar) external_id: Option<String>,
    pub(in crate::cli::polar) email: Option<String>,
    #[serde(default)]
    pub(in crate::cli::polar) metadata: Map<String, Value>,
    #[serde(default)]
    pub(in crate::cli::polar) trial: bool,
    #[serde(skip)]
    pub(super) checkout: Option<Uuid>,
}

impl World {
    /// Opens a checkout. `base` is where its page is.
    pub(in crate::cli::polar) fn open_checkout(
        &mut self,
        body: CheckoutBody,
        base: &str,
        now: DateTime<Utc>,
    ) -> Result<Checkout, Refused> {
        let product = body.products.first().and_then(|id| self.products.get(id));
        let product = product
            .filter(|product| !product.is_archived)
            .ok_or(Refused::Unprocessable("products", "Product does not exist."))?;
        let is_deliverable = |email: &String| email.contains('@') && !email.ends_with(".invalid");
        if body.customer_email.as_ref().is_some_and(|email| !is_deliverable(email)) {
            let message = "value is not a valid email address: the domain name does not exist.";
            return Err(Refused::Unprocessable("customer_email", message));
        }
        let id = random::uuid();
        let checkout = Checkout {
            id,
            status: "open",
            product: product.id,
            customer: None,
            external_id: body.external_customer_id,
            email: body.customer_email,
            success_url: body.success_url.map(|url| url.replace("{CHECKOUT_ID}", &id.to_string())),
            url: format!("{base}/checkout/{id}"),
            total: product.price,
            metadata: body.metadata,
            created_at: now,
            modified_at: None,
            expires_at: now + Duration::hours(CHECKOUT_HOURS),
        };
        self.checkouts.insert(id, checkout.clone());
        Ok(checkout)
    }

    /// The buyer presses pay. Gives where their browser goes.
    pub(in crate::cli::polar) fn pay_checkout(
        &mut self,
        id: Uuid,
        email: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, Refused> {
        let checkout = self.checkouts.get(&id).ok_or(Refused::NotFound)?.clone();
        if checkout.status != "open" || checkout.expires_at <= now {
            return Err(Refused::Forbidden("NotOpenCheckout", "Checkout is not open."));
        }
        let email = checkout.email.clone().or(email);
        let purchase = Purchase {
            product: Some(checkout.product),
            external_id: checkout.external_id.clone(),
            email,
            metadata: checkout.metadata.clone(),
            trial: false,
            checkout: Some(id),
        };
        let customer = self.customer(&purchase, now)?;
        let has_one = |one: &Subscription| one.customer == customer && one.is_active();
        if self.subscriptions.values().any(has_one) {
            let message = "You already have an active subscription.";
            return Err(Refused::Forbidden("AlreadyActiveSubscriptionError", message));
        }
        self.move_checkout(id, "confirmed", customer, now);
        if self.customers.get(&customer).is_some_and(|customer| customer.declines) {
            self.move_checkout(id, "failed", customer, now);
            return Ok(None);
        }
        self.buy(&purchase, now)?;
        self.move_checkout(id, "succeeded", customer, now);
        Ok(checkout.success_url)
    }

    /// Buys without a checkout.
    pub(in crate::cli::polar) fn buy(
        &mut self,
        purchase: &Purchase,
        now: DateTime<Utc>,
    ) -> Result<Uuid, Refused> {
        let customer = self.customer(purchase, now)?;
        let product = match purchase.product {
            Some(id) => self.products.get(&id),
            None => self.products.values().next(),
        };
        let product = product.ok_or(Refused::NotFound)?.clone();
        let id = random::uuid();
        let subscription = Subscription {
            id,
            customer,
            product: product.id,
            next_product: None,
            checkout: purchase.checkout,
            status: "incomplete".to_owned(),
            amount: product.price,
            interval: product.interval.clone(),
            period: (now, period_end(now, &product.interval)),
            cancel_at_period_end: false,
            canceled_at: None,
            ends_at: None,
            ended_at: None,
            past_due_at: None,
            paused_at: None,
            metadata: purchase.metadata.clone(),
            created_at: now,
            modified_at: None,
        };
        self.subscriptions.insert(id, subscription);
        self.tell_subscription(&["subscription.created"], id, now);
        let order = self.order(id, "subscription_create", now)?;
        let status = if purchase.trial { "trialing" } else { "active" };
        let modified_at = self.stamp(now);
        let subscription = self.subscription(id)?;
        status.clone_into(&mut subscription.status);
        subscription.modified_at = Some(modified_at);
        self.tell_subscription(&["subscription.active"], id, now);
        self.settle_order(order, now);
        Ok(id)
    }

    /// The customer of a purchase, who may be new.
    fn customer(&mut self, purchase: &Purchase, now: DateTime<Utc>) -> Result<Uuid, Refused> {
        if let Some(known) = purchase.external_id.as_ref().and_then(|id| self.by_external_id(id)) {
            if purchase.email.as_ref().is_some_and(|email| *email != known.email) {
                let message = "External ID belongs to a customer with another email.";
                return Err(Refused::Unprocessable("external_customer_id", message));
            }
            return Ok(known.id);
        }
        let email = match &purchase.email {
            Some(email) => email.clone(),
            None => format!("{}@example.com", purchase.external_id.as_deref().unwrap_or("buyer")),
        };
        // An address that is known keeps its customer, who keeps the name that the operator gave first.
        if let Some(known) = self.customers.values().find(|one| one.email == email) {
            return Ok(known.id);
        }
        let id = random::uuid();
        let external_id = purchase.external_id.clone();
        let customer =
            Customer { id, external_id, email, declines: false, created_at: now, deleted_at: None };
        self.customers.insert(id, customer);
        Ok(id)
    }

    fn move_checkout(
        &mut self,
        id: Uuid,
        status: &'static str,
        customer: Uuid,
        now: DateTime<Utc>,
    ) {
        let modified_at = self.stamp(now);
        if let Some(checkout) = self.checkouts.get_mut(&id) {
            checkout.status = status;
            checkout.customer = Some(customer);
            checkout.modified_at = Some(modified_at);
        }
        self.tell_checkout(id, now);
    }

    /// Asks for the payment of a period.
    pub(super) fn order(
        &mut self,
        subscription: Uuid,
        reason: &'static str,
        now: DateTime<Utc>,
    ) -> Result<Uuid, Refused> {
        let paid_for = self.subscription(subscription)?;
        let (amount, product) = (paid_for.amount, paid_for.product);
        let id = random::uuid();
        let order = Order {
            id,
            subscription,
            product,
            status: "pending",
            paid: false,
            amount,
            tax: amount * TAX_PERCENT / 100,
            refunded: 0,
            reason,
            invoice: format!("TOLL-{:04}", self.orders.len() + 1),
            next_attempt_at: None,
            created_at: now,
            modified_at: None,
        };
        self.orders.insert(id, order);
        self.tell_order(&["order.created"], id, now);
        Ok(id)
    }

    /// The payment arrives.
    pub(super) fn settle_order(&mut self, id: Uuid, now: DateTime<Utc>) {
        let modified_at = self.stamp(now);
        if let Some(order) = self.orders.get_mut(&id) {
            order.status = "paid";
            order.paid = true;
            order.next_attempt_at = None;
            order.modified_at = Some(modified_at);
        }
        self.tell_order(&["order.updated", "order.paid"], id, now);
    }

    /// The newest order of a subscription.
    pub(super) fn last_order(&self, subscription: Uuid) -> Option<&Order> {
        let orders: &BTreeMap<Uuid, Order> = &self.orders;
        let own = orders.values().filter(|order| order.subscription == subscription);
        own.max_by_key(|order| (order.created_at, order.invoice.clone()))
    }
}
