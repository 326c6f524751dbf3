//! Behaviour over HTTP and websocket: every test starts the real binary on a database of its own.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test is a program of its own, and panics when it meets something else than it expects"
)]

mod authorisation;
mod bad_input;
mod bench;
mod contracts;
mod crash;
mod documents;
mod doors;
mod drain;
mod edges;
mod ledger;
mod misuse;
mod names;
mod nodes;
mod operator;
mod outage;
mod positions;
mod protocol;
mod pull;
mod races;
mod realtime;
mod renewals;
mod resume;
mod sessions;
mod slow;
mod subscriptions;
mod support;
