//! The events and topics of the ledger as clients know them.

use super::{
    events::{PaymentMade, PlayerChange, WalletChange},
    routes::WalletView,
};
use crate::kernel::catalogue::{Catalogue, KindEntry, Shape, TopicEntry};

/// The description of this slice. The examples are the golden files that the events are tested against.
pub fn catalogue() -> Catalogue {
    Catalogue {
        topics: vec![
            TopicEntry {
                name: "payments",
                audience: "everyone; with `public_ledger` off, admins",
                kinds: &["payment.made"],
                snapshot: None,
            },
            TopicEntry {
                name: "wallet:{address}",
                audience: "everyone; with `public_ledger` off, its owner and admins",
                kinds: super::events::KINDS,
                snapshot: Some(Shape::of::<WalletView>()),
            },
        ],
        kinds: vec![
            KindEntry {
                kind: "payment.made",
                meaning: "Money moved from one wallet to another.",
                data: Shape::of::<PaymentMade>(),
                example: include_str!("../../tests/golden/events/payment.made.json"),
            },
            KindEntry {
                kind: "wallet.created",
                meaning: "Somebody logged in with a new private key, or the operator made a wallet.",
                data: Shape::of::<WalletChange>(),
                example: include_str!("../../tests/golden/events/wallet.created.json"),
            },
            KindEntry {
                kind: "wallet.locked",
                meaning: "The operator locked the wallet: it can't log in and can't pay.",
                data: Shape::of::<WalletChange>(),
                example: include_str!("../../tests/golden/events/wallet.locked.json"),
            },
            KindEntry {
                kind: "wallet.unlocked",
                meaning: "The operator unlocked the wallet.",
                data: Shape::of::<WalletChange>(),
                example: include_str!("../../tests/golden/events/wallet.unlocked.json"),
            },
            KindEntry {
                kind: "player.linked",
                meaning: "The game made the wallet for a player.",
                data: Shape::of::<PlayerChange>(),
                example: include_str!("../../tests/golden/events/player.linked.json"),
            },
            KindEntry {
                kind: "player.renamed",
                meaning: "The player of the wallet is called otherwise.",
                data: Shape::of::<PlayerChange>(),
                example: include_str!("../../tests/golden/events/player.renamed.json"),
            },
        ],
        hints: Vec::new(),
    }
}
