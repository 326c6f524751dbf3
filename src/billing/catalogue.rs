//! The events of billing as clients know them. The topics are described where they are at home: those of users with the
//! plans, `ops` with the hub.

use super::events::{
    CheckoutChanged, DriftFound, OPS, PurchaseChanged, WebhookFailed, WebhookSettled,
};
use crate::kernel::catalogue::{Catalogue, KindEntry, Shape, TopicEntry};

/// What users are told.
const OF_USERS: &[&str] =
    &["checkout.changed", "purchase.paid", "purchase.refunded", "purchase.failed"];
/// What operators are told.
const OF_OPS: &[&str] = &["ops.webhook_failed", "ops.webhook_settled", "ops.drift"];

/// The description of this slice. The examples are the golden files that the events are tested against.
pub fn catalogue() -> Catalogue {
    let topic = |name, audience, kinds| TopicEntry { name, audience, kinds, snapshot: None };
    Catalogue {
        topics: vec![
            topic("user:{discord_id}", "that user, and service keys with the scope bot", OF_USERS),
            topic("users", "service keys with the scope bot", OF_USERS),
            topic(OPS, "admins", OF_OPS),
        ],
        kinds: kinds(),
        hints: Vec::new(),
    }
}

fn kinds() -> Vec<KindEntry> {
    macro_rules! kind {
        ($kind:literal, $data:ty, $meaning:literal) => {
            KindEntry {
                kind: $kind,
                meaning: $meaning,
                data: Shape::of::<$data>(),
                example: include_str!(concat!("../../tests/golden/events/", $kind, ".json")),
            }
        };
    }
    vec![
        kind!(
            "checkout.changed",
            CheckoutChanged,
            "A checkout was opened, or became something else."
        ),
        kind!("purchase.paid", PurchaseChanged, "Money came in for a purchase."),
        kind!("purchase.refunded", PurchaseChanged, "Money of a purchase was given back."),
        kind!("purchase.failed", PurchaseChanged, "A payment failed; the provider may try again."),
        kind!(
            "ops.webhook_failed",
            WebhookFailed,
            "An event of a provider waits, failed, or says something that an operator should look at."
        ),
        kind!(
            "ops.webhook_settled",
            WebhookSettled,
            "An event of a provider of which operators were told was applied, or needs nothing."
        ),
        kind!(
            "ops.drift",
            DriftFound,
            "Something differed from what a provider says, and was repaired."
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::billing::events::KINDS;

    #[test]
    fn every_kind_is_described_and_on_a_topic() {
        let described: Vec<_> = kinds().iter().map(|entry| entry.kind).collect();
        assert_eq!(described, KINDS);
        assert_eq!([OF_USERS, OF_OPS].concat(), KINDS);
    }
}
