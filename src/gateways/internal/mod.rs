//! The operator's door as programs of the game know it: `/api/_internal`, opened by the header `Kromer-Key`.
//!
//! The header holds a service key with the scope admin. Whoever brings none, or another, is told that there is no such
//! route: what is behind this door is nobody else's business. Owns no table, emits no event of its own.

mod gate;
pub mod routes;

pub use self::gate::gate;
