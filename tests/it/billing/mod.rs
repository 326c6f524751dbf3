//! Buying plans: the door of webhooks, what events come to, the whole way with a stand-in for Polar, and outages.

mod door;
mod flow;
mod order;
mod outage;
mod signatures;
