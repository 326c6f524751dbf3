//! Keeping what users have equal to what the provider says, also when no webhook tells it.
//!
//! Webhooks are lost: a provider gives an event up within the hour, and makes none while it has given up the endpoint.
//! So everything is compared when a hub starts and every hour, a user when their news are late, when they come back
//! from a checkout and when they link, and the endpoint every five minutes. What was repaired is told as `ops.drift`.
//! The work is shared by all nodes: each piece is taken by one of them, in a row of its own.

pub mod clock;
pub mod follow;
pub mod reconcile;
pub(super) mod store;
