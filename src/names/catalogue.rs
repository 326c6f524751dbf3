//! The events and the topic of names as clients know them.

use super::events::{KINDS, NameChanged};
use crate::kernel::catalogue::{Catalogue, KindEntry, Shape, TopicEntry};

/// The description of this slice. The examples are the golden files that the events are tested against.
pub fn catalogue() -> Catalogue {
    let kind = |kind, meaning, example| KindEntry {
        kind,
        meaning,
        data: Shape::of::<NameChanged>(),
        example,
    };
    Catalogue {
        topics: vec![
            TopicEntry { name: "names", audience: "everyone", kinds: KINDS, snapshot: None },
            TopicEntry {
                name: "wallet:{address}",
                audience: "everyone; with `public_ledger` off, its owner and admins",
                kinds: KINDS,
                snapshot: None,
            },
        ],
        kinds: vec![
            kind(
                "name.registered",
                "Somebody bought a name, or it came with an import.",
                include_str!("../../tests/golden/events/name.registered.json"),
            ),
            kind(
                "name.updated",
                "The owner of a name changed where it leads.",
                include_str!("../../tests/golden/events/name.updated.json"),
            ),
            kind(
                "name.transferred",
                "A name has another owner, who is paid from here on.",
                include_str!("../../tests/golden/events/name.transferred.json"),
            ),
        ],
        hints: Vec::new(),
    }
}
