//! Wallets that move in from elsewhere: made, claimed, locked and funded as their file says, once.
//!
//! Money comes by a payment of the system under a request id of the wallet, which the ledger remembers for ever: the
//! same line again finds it and changes nothing, whatever became of the wallet meanwhile.

pub mod commands;
pub mod model;
pub(super) mod store;
