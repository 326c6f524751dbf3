//! Behaviour over HTTP and websocket: every test starts the real binary on a database of its own.

mod authorisation;
mod bad_input;
mod crash;
mod documents;
mod ledger;
mod outage;
mod sessions;
mod support;
