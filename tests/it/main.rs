//! Behaviour over HTTP and websocket: every test starts the real binary on a database of its own.
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test is a program of its own, and panics when it meets something else than it expects"
)]

mod audit;
mod authorisation;
mod bad_input;
mod bench;
mod billing;
mod contracts;
mod crash;
mod documents;
mod doors;
mod drain;
mod edges;
mod grants;
mod imports;
mod internal;
mod krist;
mod krist_clients;
mod krist_http;
mod krist_messages;
mod krist_mistakes;
mod krist_names;
mod krist_offers;
mod krist_socket;
mod ledger;
mod misuse;
mod names;
mod news;
mod nodes;
mod notices;
mod operator;
mod orchestration;
mod orchestrator;
mod orchestrator_kills;
mod outage;
mod pages;
mod plan_input;
mod plans;
mod positions;
mod protocol;
mod pull;
mod races;
mod realtime;
mod renewals;
mod reservations;
mod resume;
mod server_faults;
mod server_load;
mod server_races;
mod server_reports;
mod servers;
mod sessions;
mod sign_in;
mod slow;
mod subscriptions;
mod support;
mod till;
mod users;
