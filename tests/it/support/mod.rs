//! A community in a box: a database of its own, hubs on free ports, callers with a token.

mod api;
pub(crate) mod cluster;
pub(crate) mod load;
mod site;

pub(crate) use self::{
    api::{Api, Reply},
    site::{Hub, Site, soak},
};

/// Private keys and the addresses that they lead to.
pub(crate) const ANNA: (&str, &str) = ("a", "k8juvewcui");
/// See [`ANNA`].
pub(crate) const BERT: (&str, &str) = ("b", "k7oax47quv");
/// See [`ANNA`].
pub(crate) const CARA: (&str, &str) = ("c", "kwsgj3x184");
/// An address that nobody has.
pub(crate) const NOBODY: &str = "kvhccnbm95";
