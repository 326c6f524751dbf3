//! The orchestrator's side of the API: it reports, at least once and in any order, and may be told to stop in the answer.
//!
//! An answer of 200 means that the report is stored; 404 that nobody here knows the session; anything of 500 and above
//! that it should be sent again.

pub mod routes;

pub(super) use self::routes::routes;
