//! Floor 4: what is bought elsewhere. Webhooks of providers, checkouts, purchases.

pub mod signature;
