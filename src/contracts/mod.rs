//! Floor 5: contracts and subscriptions, money that moves by itself.
//!
//! Owns the tables `contracts`, `contract_versions`, `subscriptions`, `charges` and `contract_names`; emits `contract.created`,
//! `contract.edited`, `contract.opened`, `contract.closed`, `contract.canceled`, `subscription.started`,
//! `subscription.renewed`, `subscription.cancel_requested`, `subscription.resumed`, `subscription.forced`,
//! `subscription.terms_changed`, `subscription.terms_accepted`, `subscription.payment_failed`, `subscription.lapsed` and
//! `subscription.canceled`. Holds:
//! * contracts are locked first, by rising id, then subscriptions, then what the ledger locks;
//! * nobody pays more for a term than they agreed to, pays twice for one, or pays before the one before it is over;
//! * each term is one charge and each charge one payment, in the transaction that begins the term;
//! * terms are counted from their anchor, so a late renewal moves nothing;
//! * a canceled contract entitles nobody from its commit on; its subscriptions end page by page behind it.

mod catalogue;
pub mod charges;
mod check;
pub mod commands;
pub mod events;
pub mod grants;
pub mod model;
pub mod named;
mod queries;
pub mod routes;
pub mod schedule;
mod store;
pub mod subscribers;
mod topics;
pub mod views;

pub use self::{
    catalogue::catalogue,
    check::{ContractCheck, check},
    subscribers::clock::{Alarm, RenewalClock, renew_page},
    topics::ContractTopics,
};
