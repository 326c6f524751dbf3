//! What every request that we send shares.

use reqwest::{Client, ClientBuilder, redirect::Policy};

/// A client that keeps its keys to the host it was told, and so follows no redirect. Whoever builds it adds how long
/// it waits.
pub fn builder() -> ClientBuilder {
    // Fails when somebody in this process was first, which is fine: reqwest only wants one to be there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .redirect(Policy::none())
        .user_agent(concat!("tollbell/", env!("CARGO_PKG_VERSION")))
}
