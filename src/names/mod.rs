//! Floor 4: names that wallets own. A payment to a name pays its owner.
//!
//! Owns the table `names`; emits `name.registered`, `name.updated` and `name.transferred`. Holds:
//! * a name is locked before wallets, so whoever it stands for when money moves is who is paid;
//! * a name is bought by a payment in the transaction that registers it;
//! * what becomes of a name is a payment too, over nothing, right before its event: the payments tell its history;
//! * a name belongs to whom the newest payment about it gave it.

mod catalogue;
mod check;
pub mod commands;
pub mod events;
pub mod import;
mod model;
mod payees;
pub mod queries;
pub mod routes;
mod store;
mod topics;

pub use self::{
    catalogue::catalogue,
    check::{NameCheck, check},
    model::{ARecord, NameRefusal, OwnedName, RECORD_CHARS_MAX},
    payees::{NamePayees, owners_lock},
    topics::NameTopics,
};
