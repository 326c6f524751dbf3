//! The database floor. Only the private cluster lives here for now.

pub mod embedded;
