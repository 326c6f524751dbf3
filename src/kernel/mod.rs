//! Floor 0: the vocabulary that every other module shares.
//!
//! Pure types: no IO, no clock reads except [`time::HostClock`], no framework. An invalid address, amount or
//! topic cannot be built, so nothing above this floor validates one again.

pub mod address;
pub mod catalogue;
pub mod event;
pub mod id;
pub mod money;
pub mod name;
pub mod page;
pub mod patch;
pub mod time;
