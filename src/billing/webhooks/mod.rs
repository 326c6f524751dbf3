//! Events of providers: taken down once, applied once, and tried again until they are.
//!
//! An event and what it changes are one transaction, so an event that is done is done. Who sends the same event at the
//! same time waits for that transaction and finds it done. An event whose user or product is missing is deferred: it
//! waits here, because the provider would give it up. One that fails is answered with a failure, so that the provider
//! sends it again, and is tried again by us as well.

pub mod commands;
pub mod routes;
pub(super) mod store;

use crate::{kernel::id::DiscordId, plans::model::Reference};

/// What an event waits for, as far as that can be said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waiting {
    /// A user to link.
    pub user: Option<DiscordId>,
    /// A customer to become known.
    pub customer: Option<Reference>,
    /// A product to be mapped.
    pub product: Option<Reference>,
}
