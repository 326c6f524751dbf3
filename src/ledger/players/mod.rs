//! Players of the game, and the wallets that are made for them. Owns the tables `players` and `player_wallets`; emits
//! `player.linked` and `player.renamed`. A player is locked before wallets.

pub mod commands;
pub mod model;
pub mod queries;
pub mod routes;
pub(super) mod store;
