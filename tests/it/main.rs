//! Behaviour over HTTP and websocket: every test starts the real binary on a database of its own.

mod authorisation;
mod bad_input;
mod ledger;
mod sessions;
mod support;
