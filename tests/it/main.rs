//! Behaviour over HTTP and websocket: every test starts the real binary on a database of its own.

mod authorisation;
mod bad_input;
mod crash;
mod documents;
mod doors;
mod drain;
mod ledger;
mod misuse;
mod nodes;
mod outage;
mod positions;
mod protocol;
mod pull;
mod races;
mod realtime;
mod resume;
mod sessions;
mod slow;
mod support;
