//! The JSON of the stand-in's objects, with the fields that the real one has where programs look for them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::world::{Checkout, Customer, Endpoint, Order, Product, Subscription};

/// The one organisation.
const ORGANIZATION: Uuid = Uuid::from_u128(0x0d9f_7a7e_1111_4c1e_8a55_0000_0000_0001);

/// A time as the wire has it.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn maybe(at: Option<DateTime<Utc>>) -> Option<String> {
    at.map(time)
}

impl Product {
    pub(super) fn shape(&self) -> Value {
        json!({
            "id": self.id, "created_at": time(self.created_at), "modified_at": null, "name": self.name,
            "description": null, "visibility": "public", "recurring_interval": self.interval,
            "recurring_interval_count": 1, "is_recurring": true, "is_archived": self.is_archived,
            "organization_id": ORGANIZATION, "metadata": self.metadata,
            "prices": [{"amount_type": "fixed", "price_currency": "usd", "price_amount": self.price}],
            "benefits": [], "medias": [],
        })
    }
}

impl Customer {
    pub(super) fn shape(&self) -> Value {
        json!({
            "id": self.id, "created_at": time(self.created_at), "modified_at": null, "metadata": {},
            "external_id": self.external_id, "email": self.email, "email_verified": true,
            "type": "individual", "name": null, "billing_name": null, "billing_address": null,
            "tax_id": null, "locale": "en", "organization_id": ORGANIZATION,
            "deleted_at": maybe(self.deleted_at), "avatar_url": null,
        })
    }
}

impl Subscription {
    /// Without what stands around it, as inside an order or a customer's state.
    pub(super) fn bare(&self) -> Value {
        json!({
            "id": self.id, "created_at": time(self.created_at), "modified_at": maybe(self.modified_at),
            "amount": self.amount, "currency": "usd", "recurring_interval": self.interval,
            "recurring_interval_count": 1, "status": self.status,
            "current_period_start": time(self.period.0), "current_period_end": time(self.period.1),
            "trial_start": null, "trial_end": null, "cancel_at_period_end": self.cancel_at_period_end,
            "canceled_at": maybe(self.canceled_at), "started_at": time(self.created_at),
            "ends_at": maybe(self.ends_at), "ended_at": maybe(self.ended_at),
            "past_due_at": maybe(self.past_due_at), "pause_at_period_end": false,
            "paused_at": maybe(self.paused_at), "resumes_at": null, "customer_id": self.customer,
            "product_id": self.product, "discount_id": null, "checkout_id": self.checkout,
            "metadata": self.metadata, "custom_field_data": {}, "meters": [],
        })
    }

    pub(super) fn shape(&self, customer: &Customer, product: &Product) -> Value {
        let mut shape = self.bare();
        if let Some(fields) = shape.as_object_mut() {
            fields.insert("customer".into(), customer.shape());
            fields.insert("product".into(), product.shape());
            fields.insert("discount".into(), Value::Null);
            fields.insert("prices".into(), json!([]));
            fields.insert("pending_update".into(), json!(self.next_product));
        }
        shape
    }
}

/// Everything that a customer has.
pub(super) fn state(customer: &Customer, active: &[&Subscription]) -> Value {
    let mut shape = customer.shape();
    if let Some(fields) = shape.as_object_mut() {
        let active: Vec<Value> = active.iter().map(|one| one.bare()).collect();
        fields.insert("active_subscriptions".into(), active.into());
        fields.insert("granted_benefits".into(), json!([]));
        fields.insert("active_meters".into(), json!([]));
    }
    shape
}

impl Order {
    pub(super) fn shape(&self, customer: &Customer, subscription: &Subscription) -> Value {
        json!({
            "id": self.id, "created_at": time(self.created_at), "modified_at": maybe(self.modified_at),
            "status": self.status, "paid": self.paid, "subtotal_amount": self.amount, "discount_amount": 0,
            "net_amount": self.amount, "tax_amount": self.tax, "total_amount": self.amount + self.tax,
            "due_amount": if self.paid { 0 } else { self.amount + self.tax },
            "refunded_amount": self.refunded, "refunded_tax_amount": 0, "currency": "usd",
            "billing_reason": self.reason, "invoice_number": self.invoice, "customer_id": customer.id,
            "product_id": self.product, "subscription_id": self.subscription,
            "checkout_id": subscription.checkout, "next_payment_attempt_at": maybe(self.next_attempt_at),
            "metadata": subscription.metadata, "customer": customer.shape(),
            "subscription": subscription.bare(), "items": [], "description": "a plan",
        })
    }
}

impl Checkout {
    pub(super) fn shape(&self) -> Value {
        json!({
            "id": self.id, "created_at": time(self.created_at), "modified_at": maybe(self.modified_at),
            "status": self.status, "url": self.url, "expires_at": time(self.expires_at),
            "client_secret": format!("polar_c_{}", self.id), "success_url": self.success_url,
            "product_id": self.product, "products": [self.product], "customer_id": self.customer,
            "external_customer_id": self.external_id, "customer_email": self.email,
            "total_amount": self.total, "tax_amount": 0, "currency": "usd", "metadata": self.metadata,
            "subscription_id": null,
        })
    }
}

impl Endpoint {
    pub(super) fn shape(&self) -> Value {
        json!({
            "id": self.id, "url": self.url, "enabled": self.enabled, "format": "raw", "api_version": "2026-04",
            "uses_standard_webhook_signature": self.is_standard, "events": [],
            "organization_id": ORGANIZATION,
        })
    }
}
