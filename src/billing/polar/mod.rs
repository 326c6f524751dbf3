//! The adapter of Polar: its webhooks in, its API out. Nothing outside of this folder sees Polar's JSON.

mod client;
mod read;
mod wire;

pub use self::{
    client::{
        Begins, CheckoutAsk, CheckoutLink, OurEndpoint, Polar, PolarError, PolarSettings,
        PortalLink,
    },
    read::{News, ReadError, news},
};
