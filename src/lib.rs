//! tollbell: a realtime notification hub with a ledger under it.
//!
//! A module imports strictly lower floors only, and no domain slice imports [`hub`]. `ARCHITECTURE.md` is the map.
//!
//! ```text
//!  7  app config telemetry bench cli  build everything, start and drain; settings; load tests; subcommands
//!     orchestrator                 runs game servers; knows the hub by HTTP only
//!  6  gateways                     the protocols' doors: ws, sse
//!  5  contracts                    contracts, subscriptions, renewal clock
//!  4  names servers billing        names that wallets own; server sessions and their orchestrator; purchases, webhooks
//!  3  ledger plans                 wallets, payments; plans, entitlements, usage
//!  2  auth  hub                    callers, sessions, users, service keys; fan-out
//!  1  db  http                     pool, Tx, Command, log, relay, embedded Postgres; errors, extractors
//!  0  kernel                       ids, money, address, time, patch, event envelope
//! ```

pub mod app;
pub mod auth;
pub mod bench;
pub mod billing;
pub mod cli;
pub mod config;
pub mod contracts;
pub mod db;
pub mod gateways;
pub mod http;
pub mod hub;
pub mod kernel;
pub mod ledger;
pub mod names;
pub mod orchestrator;
pub mod plans;
pub mod servers;
pub mod telemetry;
