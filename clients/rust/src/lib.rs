//! The Rust client of the tollbell realtime hub: the map of its modules.
//!
#![doc = include_str!("../README.md")]
//!
//! # How it is built
//!
//! `session` decides everything and touches nothing: frames, time and randomness go in, actions come out. `driver` owns
//! the sockets, the clock and the queue to the application, and does as it is told. `close` is the one table of what each
//! close code means. `rest` and `amount` are the other half: requests that change something.
//!
//! Invariants: an event reaches the application once and in order; what cannot be resumed is told as [`Item::Gap`]; the
//! stored position never runs ahead of what the application has taken from the stream.

mod amount;
#[rustfmt::skip]
pub mod change;
mod close;
mod driver;
mod hub;
mod item;
mod rest;
mod session;
mod store;
mod tls;
mod wire;

pub use amount::{Amount, InvalidAmount};
pub use change::Change;
pub use hub::{BoxError, ConnectError, Events, Hub, HubBuilder};
pub use item::{Event, GapReason, Hint, Item, Position, Snapshot, Status, Stop};
pub use rest::{
    Api, ApiError, Login, Order, Page, Payment, RefusalDetail, SessionInfo, Supply, Wallet,
};
pub use session::Timing;
pub use store::{FileStore, MemoryStore, PositionStore};
