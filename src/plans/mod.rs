//! Floor 3: premium plans, who has them, and the server minutes that are used of them.
//!
//! Owns the tables `plans`, `plan_products`, `entitlements`, `standings`, `reservations`, `usage_ledger` and
//! `usage_thresholds`; emits `plan.changed`, `entitlement.changed`, `role.changed`, `usage.reserved`, `usage.released`,
//! `usage.recorded` and `usage.threshold`. Nothing about ranked play is asked here, or may be. Holds:
//! * whoever changes what a user has or uses holds that user's lock (`auth::users::lock_user`), which comes before
//!   every other lock, so nothing is counted twice and nothing is missed;
//! * minutes are whole; they are reserved before they are used, in the window that is open then, and charged there
//!   however late that happens;
//! * a provider's news apply in the provider's order, however they arrive: what is not newer changes nothing;
//! * an unknown state grants nothing; usage is only ever added to;
//! * the access check answers from memory and is as new as the last event that this node has published.
//!
//! What higher slices call inside their own transactions:
//! * [`apply_entitlement`]: a provider says what somebody has. Gives what that changed; emits `entitlement.changed`, and
//!   `role.changed` when another plan counts now.
//! * [`reserve`]: holds minutes for a server session, or says why not; [`settle`] and [`release`] close it, once: the
//!   second call changes nothing; [`correct`] gives back what was charged too much.

pub mod access;
mod catalogue;
pub mod clock;
pub mod commands;
pub mod events;
mod granting;
pub mod model;
mod offers;
pub mod queries;
pub mod routes;
mod store;
mod topics;
pub mod usage;
pub mod views;
pub mod watch;

pub use self::{
    access::{Access, NoSessions, OpenSessions},
    catalogue::catalogue,
    commands::apply::{Applied, EntitlementState, Seen, apply_entitlement},
    topics::PlanTopics,
    usage::{Ask, Denied, Reservation, Settled, correct, release, reserve, settle},
};
