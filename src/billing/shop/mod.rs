//! Buying: pages to pay on, the customer's own pages, other plans, and what was paid.
//!
//! The provider is asked outside of any transaction, and what it answers is applied as if a webhook had told it. So a
//! user sees at once what they asked for, and the webhook that follows changes nothing more.

pub mod commands;
pub mod routes;
pub(super) mod store;
