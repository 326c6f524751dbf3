//! A community in a box: a database of its own, hubs on free ports, callers with a token.

mod api;
mod balancer;
pub(crate) mod cluster;
pub(crate) mod contracts;
pub(crate) mod krist;
mod listener;
pub(crate) mod load;
pub(crate) mod names;
pub(crate) mod orchestra;
pub(crate) mod orchestrator;
pub(crate) mod players;
pub(crate) mod polar;
mod site;
mod socket;
mod stream;
mod traffic;
pub(crate) mod wire;

pub(crate) use self::{
    api::{Api, Reply},
    balancer::Balancer,
    listener::{Listener, epoch},
    site::{Hub, Site, soak},
    socket::{Heard, Knock, PATIENCE, Socket, seq},
    stream::Stream,
    traffic::{Traffic, pay_through, ring},
};

/// Private keys and the addresses that they lead to.
pub(crate) const ANNA: (&str, &str) = ("a", "k8juvewcui");
/// See [`ANNA`].
pub(crate) const BERT: (&str, &str) = ("b", "k7oax47quv");
/// See [`ANNA`].
pub(crate) const CARA: (&str, &str) = ("c", "kwsgj3x184");
/// An address that nobody has.
pub(crate) const NOBODY: &str = "kvhccnbm95";

/// Where chance begins. It is printed, so that a run that failed can be had again with `TOLLBELL_TEST_SEED`.
pub(crate) fn seed() -> u64 {
    let given = std::env::var_os("TOLLBELL_TEST_SEED");
    let seed = given.map_or_else(rand::random, |seed| seed.to_str().unwrap().parse().unwrap());
    eprintln!("TOLLBELL_TEST_SEED={seed}");
    seed
}
