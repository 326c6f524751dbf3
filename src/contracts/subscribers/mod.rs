//! Subscriptions: who agreed to what, until when it is paid, and the clock that renews it.
//!
//! Holds, beyond what the slice promises: a subscription is changed only while its contract is locked, so it never
//! renews under terms that changed meanwhile; nothing renews early, and no term twice.

pub mod clock;
pub mod commands;
pub mod model;
pub mod queries;
mod renew;
pub mod routes;
pub(super) mod store;
pub mod views;
