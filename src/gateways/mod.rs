//! Floor 6: the doors of the native protocol, and that of Krist's. They parse what clients ask, decide by the topics of
//! the slices who may hear what, and attach listeners to the hub.
//!
//! ```text
//!  ws/    GET /api/v1/ws        one websocket, many topics; sessions answer messages
//!  pull   GET /api/v1/events    sse: a stream        pages: one page, or a long poll
//!  krist/ /api/krist            Krist's REST and websocket, with codes and rules of its own
//!  dashboard/  the page at /app, and the readable AsyncAPI document
//! ```
//!
//! The native doors share the rules in `listen.rs` and the codes in `codes.rs`. Owns the tables `krist_tickets` and
//! `notice` (`operate/`). Emits `ops.clock_advanced` and `notice.changed` (`operate/`), and the hint `hub.stats`. Holds:
//! * nobody listens to a topic that its slice has not allowed them;
//! * every client message has exactly one answer, every refusal one of the codes;
//! * a position is resumed exactly or refused, never quietly replaced by another.

pub mod asyncapi;
mod budget;
pub mod codes;
pub mod dashboard;
#[cfg(feature = "echo")]
pub mod echo;
#[cfg(test)]
mod fixtures;
pub mod internal;
pub mod krist;
mod listen;
pub mod operate;
mod pages;
mod pull;
mod sse;
pub mod stats;
pub mod ticks;
mod topics;
pub mod ws;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

pub use self::{
    listen::{Native, NativeSettings},
    topics::HubTopics,
};

/// The codes that the doors add over HTTP to those of [`codes::CODES`].
pub const CODES: &[(&str, u16, &str)] = &[
    ("upgrade_invalid", 400, "the upgrade to a websocket lacks one of its headers"),
    ("origin_not_allowed", 403, "pages of this origin may not connect"),
    ("upgrade_required", 426, "the address speaks websocket and the request is no upgrade"),
];

/// The native doors. Their answers stay open: they belong to the routes without a time limit.
pub fn routes() -> OpenApiRouter<Arc<Native>> {
    OpenApiRouter::new().routes(routes!(ws::ws)).routes(routes!(pull::events))
}
