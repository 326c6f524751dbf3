//! What the operator does to the hub as a whole, and what no other slice has a place for.
//!
//! Owns the table `notice`; emits `ops.clock_advanced` and `notice.changed`. Holds: the test clock moves only where the hub was started for trying things out.

pub mod commands;
pub mod connections;
pub mod events;
pub mod notices;
pub mod routes;
mod store;
