//! Floor 3: wallets and payments.
//!
//! Owns the tables `wallets`, `payments`, `verifier_secret`, `players` and `player_wallets`; emits `payment.made`,
//! `wallet.created`, `wallet.locked`, `wallet.unlocked`, `player.linked` and `player.renamed`. Holds:
//! * money moves through [`post()`] alone, and every movement has two sides: all balances add up to 0;
//! * wallets are locked by rising id, then request keys are written, then the head of the log is taken;
//! * no balance falls below its floor, by the decision in memory and again by the table's constraint;
//! * payments become visible by rising id.

mod catalogue;
mod check;
pub mod commands;
pub mod events;
pub mod imports;
pub mod linking;
pub mod lists;
mod login;
mod model;
pub mod players;
mod post;
pub mod queries;
mod record;
pub mod routes;
mod store;
mod till;
mod topics;

pub use self::{
    catalogue::catalogue,
    check::{LedgerCheck, check, payments_unlike},
    login::{Claim, Login, SecretError, Standing, VerifierSecret, recognise},
    model::{
        LedgerRefusal, METADATA_CHARS_MAX, Metadata, Payee, Payment, PaymentKind, Reach, RequestId,
        Transfer, Wallet, rehearse,
    },
    post::{Order, Posted, post, post_each, post_to},
    record::{Record, record},
    till::{Lane, Payees, Till, TillError, TillSettings},
    topics::LedgerTopics,
};
