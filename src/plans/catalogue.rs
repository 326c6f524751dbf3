//! The events and topics of plans as clients know them.

use super::{
    events::{
        EntitlementChanged, PLANS, PlanChanged, RoleChanged, UsageHeld, UsageRecorded,
        UsageThreshold,
    },
    views::{AccessView, PlanView, Standings},
};
use crate::kernel::catalogue::{Catalogue, KindEntry, Shape, TopicEntry};

/// What is told to a user; other slices add theirs.
const OF_USERS: &[&str] = &[
    "user.linked",
    "user.wallet_linked",
    "user.wallet_unlinked",
    "entitlement.changed",
    "role.changed",
    "usage.reserved",
    "usage.released",
    "usage.recorded",
    "usage.threshold",
];

/// The description of this slice. The examples are the golden files that the events are tested against.
pub fn catalogue() -> Catalogue {
    let topic = |name, audience, kinds, snapshot| TopicEntry { name, audience, kinds, snapshot };
    Catalogue {
        topics: vec![
            topic(PLANS, "everyone", &["plan.changed"], Some(Shape::of::<PlanView>())),
            topic(
                "user:{discord_id}",
                "that user, and service keys with the scope bot",
                OF_USERS,
                Some(Shape::of::<AccessView>()),
            ),
            topic(
                "users",
                "service keys with the scope bot",
                OF_USERS,
                Some(Shape::of::<Standings>()),
            ),
        ],
        kinds: vec![
            KindEntry {
                kind: "plan.changed",
                meaning: "The operator made or changed a plan.",
                data: Shape::of::<PlanChanged>(),
                example: include_str!("../../tests/golden/events/plan.changed.json"),
            },
            KindEntry {
                kind: "entitlement.changed",
                meaning: "What a user has is no longer what it was.",
                data: Shape::of::<EntitlementChanged>(),
                example: include_str!("../../tests/golden/events/entitlement.changed.json"),
            },
            KindEntry {
                kind: "role.changed",
                meaning: "A bot should give or take the role of a plan.",
                data: Shape::of::<RoleChanged>(),
                example: include_str!("../../tests/golden/events/role.changed.json"),
            },
            KindEntry {
                kind: "usage.reserved",
                meaning: "Minutes are held for a server session.",
                data: Shape::of::<UsageHeld>(),
                example: include_str!("../../tests/golden/events/usage.reserved.json"),
            },
            KindEntry {
                kind: "usage.released",
                meaning: "Minutes that were held are free again, and nothing was charged.",
                data: Shape::of::<UsageHeld>(),
                example: include_str!("../../tests/golden/events/usage.released.json"),
            },
            KindEntry {
                kind: "usage.recorded",
                meaning: "Minutes were used, or given back.",
                data: Shape::of::<UsageRecorded>(),
                example: include_str!("../../tests/golden/events/usage.recorded.json"),
            },
            KindEntry {
                kind: "usage.threshold",
                meaning: "A share of a window's minutes is used; each share is told once in a window.",
                data: Shape::of::<UsageThreshold>(),
                example: include_str!("../../tests/golden/events/usage.threshold.json"),
            },
        ],
        hints: Vec::new(),
    }
}
