//! What the operator does to the hub as a whole, and what no other slice has a place for.
//!
//! Emits `ops.clock_advanced`. Holds: the test clock moves only where the hub was started for trying things out.

pub mod commands;
pub mod connections;
pub mod events;
pub mod routes;
