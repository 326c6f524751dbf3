//! The events of users as clients know them. Their topics are described with the plans.

use super::events::{UserLinked, WalletLink};
use crate::kernel::catalogue::{Catalogue, KindEntry, Shape};

/// The description of this part of the slice.
pub fn catalogue() -> Catalogue {
    Catalogue {
        topics: Vec::new(),
        kinds: vec![
            KindEntry {
                kind: "user.linked",
                meaning: "Somebody signed in with Discord, or a program vouched for them, for the first time.",
                data: Shape::of::<UserLinked>(),
                example: include_str!("../../../tests/golden/events/user.linked.json"),
            },
            KindEntry {
                kind: "user.wallet_linked",
                meaning: "A user proved that a wallet is theirs.",
                data: Shape::of::<WalletLink>(),
                example: include_str!("../../../tests/golden/events/user.wallet_linked.json"),
            },
            KindEntry {
                kind: "user.wallet_unlinked",
                meaning: "A wallet is no longer a user's.",
                data: Shape::of::<WalletLink>(),
                example: include_str!("../../../tests/golden/events/user.wallet_unlinked.json"),
            },
        ],
        hints: Vec::new(),
    }
}
