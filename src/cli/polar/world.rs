//! What the stand-in knows: products, customers, subscriptions, orders, checkouts, and how they become one another.
//!
//! Every change is what the real one would tell about it, in the order in which it would: the functions here change an
//! object and post its events. Time is an argument; it is the stand-in's own, which a test moves.

pub(super) mod buying;
pub(super) mod changes;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Months, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    post::{Body, Post},
    shape::{self, time},
};
use crate::db::random;

/// How long after a change the state of its customer is told, once for all changes meanwhile.
const STATE_DELAY_SECONDS: i64 = 2;

/// Something that is sold.
#[derive(Debug, Clone)]
pub(super) struct Product {
    pub(super) id: Uuid,
    pub(super) name: String,
    /// In cents.
    pub(super) price: i64,
    /// `month` or `year`.
    pub(super) interval: String,
    pub(super) is_archived: bool,
    pub(super) metadata: Map<String, Value>,
    pub(super) created_at: DateTime<Utc>,
}

/// Somebody who buys.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) id: Uuid,
    pub(super) external_id: Option<String>,
    pub(super) email: String,
    /// Whether the next payment fails.
    pub(super) declines: bool,
    pub(super) created_at: DateTime<Utc>,
    pub(super) deleted_at: Option<DateTime<Utc>>,
}

/// A subscription.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub(super) id: Uuid,
    pub(super) customer: Uuid,
    pub(super) product: Uuid,
    /// What it becomes with the next period.
    pub(super) next_product: Option<Uuid>,
    pub(super) checkout: Option<Uuid>,
    pub(super) status: String,
    pub(super) amount: i64,
    pub(super) interval: String,
    pub(super) period: (DateTime<Utc>, DateTime<Utc>),
    pub(super) cancel_at_period_end: bool,
    pub(super) canceled_at: Option<DateTime<Utc>>,
    pub(super) ends_at: Option<DateTime<Utc>>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) past_due_at: Option<DateTime<Utc>>,
    pub(super) paused_at: Option<DateTime<Utc>>,
    pub(super) metadata: Map<String, Value>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) modified_at: Option<DateTime<Utc>>,
}

/// A payment.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) id: Uuid,
    pub(super) subscription: Uuid,
    pub(super) product: Uuid,
    pub(super) status: &'static str,
    pub(super) paid: bool,
    pub(super) amount: i64,
    pub(super) tax: i64,
    pub(super) refunded: i64,
    pub(super) reason: &'static str,
    pub(super) invoice: String,
    pub(super) next_attempt_at: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) modified_at: Option<DateTime<Utc>>,
}

/// A page on which somebody may pay.
#[derive(Debug, Clone)]
pub(super) struct Checkout {
    pub(super) id: Uuid,
    pub(super) status: &'static str,
    pub(super) product: Uuid,
    pub(super) customer: Option<Uuid>,
    pub(super) external_id: Option<String>,
    pub(super) email: Option<String>,
    pub(super) success_url: Option<String>,
    pub(super) url: String,
    pub(super) total: i64,
    pub(super) metadata: Map<String, Value>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) modified_at: Option<DateTime<Utc>>,
    pub(super) expires_at: DateTime<Utc>,
}

/// Where events go.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) id: Uuid,
    pub(super) url: String,
    pub(super) enabled: bool,
    /// Whether deliveries are signed as Standard Webhooks says, or with the raw secret.
    pub(super) is_standard: bool,
}

/// Why something can't be done, as the API says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    NotFound,
    /// What is wrong with which field.
    Unprocessable(&'static str, &'static str),
    Forbidden(&'static str, &'static str),
}

/// Everything.
#[derive(Debug)]
pub(super) struct World {
    pub(super) products: BTreeMap<Uuid, Product>,
    pub(super) customers: BTreeMap<Uuid, Customer>,
    pub(super) subscriptions: BTreeMap<Uuid, Subscription>,
    pub(super) orders: BTreeMap<Uuid, Order>,
    pub(super) checkouts: BTreeMap<Uuid, Checkout>,
    /// Ways into the portal, by token.
    pub(super) portals: BTreeMap<String, Uuid>,
    pub(super) endpoint: Endpoint,
    pub(super) post: Post,
    /// The last time that an event had: no two have the same.
    told_at: DateTime<Utc>,
}

impl World {
    /// Sells the two plans that every hub begins with, by the month and by the year.
    pub(super) fn new(endpoint: Endpoint, now: DateTime<Utc>) -> Self {
        let mut world = Self {
            products: BTreeMap::new(),
            customers: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            orders: BTreeMap::new(),
            checkouts: BTreeMap::new(),
            portals: BTreeMap::new(),
            endpoint,
            post: Post::default(),
            told_at: now,
        };
        for (number, tier, name, price, interval) in [
            (2, "supporter", "Supporter", 500, "month"),
            (3, "host", "Host", 1_200, "month"),
            (4, "supporter", "Supporter, a year", 5_000, "year"),
        ] {
            let id = Uuid::from_u128(0x0d9f_7a7e_2222_4c1e_8a55_0000_0000_0000 + number);
            let metadata = Map::from_iter([("tier".to_owned(), json!(tier))]);
            world.add_product(Product {
                id,
                name: name.to_owned(),
                price,
                interval: interval.to_owned(),
                is_archived: false,
                metadata,
                created_at: now,
            });
        }
        world
    }

    /// Sells something more, or something else.
    pub(super) fn add_product(&mut self, product: Product) {
        self.products.insert(product.id, product);
    }

    /// Lets time pass: what has come to its end is renewed, or ends. Gives whether anything did.
    pub(super) fn tick(&mut self, now: DateTime<Utc>) -> bool {
        let over = |one: &&Subscription| {
            matches!(one.status.as_str(), "active" | "trialing") && one.period.1 <= now
        };
        let due: Vec<Uuid> =
            self.subscriptions.values().filter(over).map(|subscription| subscription.id).collect();
        for id in &due {
            let ends = self.subscriptions.get(id).is_some_and(|one| one.cancel_at_period_end);
            let _ = if ends { self.revoke(*id, now) } else { self.renew(*id, now) };
        }
        !due.is_empty()
    }

    /// Tells of something, unless nobody is there to hear it.
    fn tell(&mut self, kind: &'static str, data: &Value, now: DateTime<Utc>) {
        let told_at = self.stamp(now);
        if self.endpoint.enabled {
            let envelope = json!({"type": kind, "timestamp": time(told_at), "data": data});
            self.post.send(kind, Body::Ready(envelope.to_string()), (random::uuid(), now, now));
        }
    }

    /// Tells of a subscription as it is now, and, in a while, of its customer.
    fn tell_subscription(&mut self, kinds: &[&'static str], id: Uuid, now: DateTime<Utc>) {
        let Some(subscription) = self.subscriptions.get(&id).cloned() else { return };
        let Some(shape) = self.shape_of(&subscription) else { return };
        for kind in kinds {
            self.tell(kind, &shape, now);
        }
        if self.endpoint.enabled && !self.post.awaits_state_of(subscription.customer) {
            let due = now + Duration::seconds(STATE_DELAY_SECONDS);
            let state = Body::StateOf(subscription.customer);
            self.post.send("customer.state_changed", state, (random::uuid(), now, due));
        }
    }

    fn tell_order(&mut self, kinds: &[&'static str], id: Uuid, now: DateTime<Utc>) {
        let Some(order) = self.orders.get(&id) else { return };
        let Some(subscription) = self.subscriptions.get(&order.subscription) else { return };
        let Some(customer) = self.customers.get(&subscription.customer) else { return };
        let shape = order.shape(customer, subscription);
        for kind in kinds {
            self.tell(kind, &shape, now);
        }
    }

    fn tell_checkout(&mut self, id: Uuid, now: DateTime<Utc>) {
        let Some(shape) = self.checkouts.get(&id).map(Checkout::shape) else { return };
        self.tell("checkout.updated", &shape, now);
    }

    /// What is sent now for an event: a state is made when it is sent.
    pub(super) fn envelope(&mut self, body: &Body, now: DateTime<Utc>) -> String {
        match body {
            Body::Ready(text) => text.clone(),
            Body::StateOf(customer) => {
                let told_at = self.stamp(now);
                let data = self.state_of(*customer).unwrap_or_default();
                json!({"type": "customer.state_changed", "timestamp": time(told_at), "data": data})
                    .to_string()
            }
        }
    }

    /// The state of a customer.
    pub(super) fn state_of(&self, id: Uuid) -> Option<Value> {
        let customer = self.customers.get(&id)?;
        let active: Vec<_> = self
            .subscriptions
            .values()
            .filter(|one| one.customer == id && one.is_active())
            .collect();
        Some(shape::state(customer, &active))
    }

    /// A subscription with its customer and product.
    pub(super) fn shape_of(&self, subscription: &Subscription) -> Option<Value> {
        let customer = self.customers.get(&subscription.customer)?;
        let product = self.products.get(&subscription.product)?;
        Some(subscription.shape(customer, product))
    }

    /// The customer whom the operator calls this.
    pub(super) fn by_external_id(&self, external_id: &str) -> Option<&Customer> {
        let known = |customer: &&Customer| customer.external_id.as_deref() == Some(external_id);
        self.customers.values().find(known).filter(|customer| customer.deleted_at.is_none())
    }

    /// A time for an event, later than that of any before it.
    fn stamp(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.told_at = now.max(self.told_at + Duration::microseconds(1));
        self.told_at
    }

    fn subscription(&mut self, id: Uuid) -> Result<&mut Subscription, Refused> {
        self.subscriptions.get_mut(&id).ok_or(Refused::NotFound)
    }
}

impl Subscription {
    /// Whether it is among a customer's active ones.
    pub(super) fn is_active(&self) -> bool {
        matches!(self.status.as_str(), "active" | "trialing")
    }
}

/// The end of a period that begins now.
fn period_end(start: DateTime<Utc>, interval: &str) -> DateTime<Utc> {
    let months = if interval == "year" { 12 } else { 1 };
    start.checked_add_months(Months::new(months)).unwrap_or(start)
}

#[cfg(test)]
mod tests;
