//! Granting over HTTP: what programs and the operator say that users have, and minutes that are given or taken.

pub(super) mod routes;
