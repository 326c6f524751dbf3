//! Floor 4: what is bought elsewhere. The neutral core, and the adapter of Polar.
//!
//! Owns the tables `webhook_events`, `checkouts`, `purchases`, `looks` and `billing_rounds`; emits `checkout.changed`,
//! `purchase.paid`, `purchase.refunded`, `purchase.failed`, `ops.webhook_failed`, `ops.webhook_settled` and
//! `ops.drift`. Who has which plan is the business of `plans`, which is told by `plans::apply_entitlement`. Holds:
//! * an event of a provider and what it changes are one transaction; an event is done when that was committed, and
//!   never because it was seen;
//! * whatever the order in which news arrive, the same is true at the end: each thing has its place among its news, by
//!   the provider's own times;
//! * a word of the provider that nobody knows grants nothing;
//! * what can't be applied yet waits here, and is applied when its user links or its product is mapped, without another
//!   word of the provider;
//! * a provider is asked outside of any transaction, and what it says is applied by the rules of its webhooks;
//! * nothing outside of `polar` sees Polar's JSON, and nothing about a person is stored that is not needed.
//!
//! Lock order: the event, the user, the entitlement, then purchase or checkout.

pub mod apply;
pub mod care;
mod catalogue;
pub mod events;
pub mod model;
pub mod polar;
pub mod queries;
pub mod routes;
pub mod shop;
pub mod views;
pub mod webhooks;

pub use self::catalogue::catalogue;
