//! The events and topics of contracts as clients know them.

use super::{
    events::{ContractChanged, KINDS, SubscriptionChanged},
    subscribers::views::SubscriptionView,
    views::ContractView,
};
use crate::kernel::catalogue::{Catalogue, KindEntry, Shape, TopicEntry};

/// The kinds about contracts, at the beginning of [`KINDS`].
const CONTRACT_KINDS: &[&str] = &[
    "contract.created",
    "contract.edited",
    "contract.opened",
    "contract.closed",
    "contract.canceled",
];
/// The kinds about subscriptions, behind them.
const SUBSCRIPTION_KINDS: &[&str] = &[
    "subscription.started",
    "subscription.renewed",
    "subscription.cancel_requested",
    "subscription.resumed",
    "subscription.forced",
    "subscription.terms_changed",
    "subscription.terms_accepted",
    "subscription.payment_failed",
    "subscription.lapsed",
    "subscription.canceled",
];

/// The description of this slice. The examples are the golden files that the events are tested against.
pub fn catalogue() -> Catalogue {
    Catalogue { topics: topics(), kinds: kinds(), hints: Vec::new() }
}

fn topics() -> Vec<TopicEntry> {
    vec![
        TopicEntry {
            name: "contracts",
            audience: "everyone",
            kinds: CONTRACT_KINDS,
            snapshot: None,
        },
        TopicEntry {
            name: "subscriptions",
            audience: "everyone; with `public_ledger` off, admins",
            kinds: SUBSCRIPTION_KINDS,
            snapshot: None,
        },
        TopicEntry {
            name: "contract:{id}",
            audience: "everyone; with `public_ledger` off, its owner and admins",
            kinds: KINDS,
            snapshot: Some(Shape::of::<ContractView>()),
        },
        // The ledger's topic, which has the snapshot.
        TopicEntry {
            name: "wallet:{address}",
            audience: "everyone; with `public_ledger` off, its owner and admins",
            kinds: KINDS,
            snapshot: None,
        },
        TopicEntry {
            name: "subscription:{id}",
            audience: "everyone; with `public_ledger` off, both wallets and admins",
            kinds: SUBSCRIPTION_KINDS,
            snapshot: Some(Shape::of::<SubscriptionView>()),
        },
    ]
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
        kind!("contract.created", ContractChanged, "A wallet offers a contract."),
        kind!("contract.edited", ContractChanged, "The owner changed a contract."),
        kind!("contract.opened", ContractChanged, "The owner takes new subscribers again."),
        kind!("contract.closed", ContractChanged, "The owner takes no new subscribers."),
        kind!(
            "contract.canceled",
            ContractChanged,
            "The contract is over: nobody is entitled any more, and each subscription ends with its own event."
        ),
        kind!(
            "subscription.started",
            SubscriptionChanged,
            "A wallet subscribed and paid for a first term; its payment is the event before."
        ),
        kind!(
            "subscription.renewed",
            SubscriptionChanged,
            "Another term was paid; its payment is the event before."
        ),
        kind!(
            "subscription.cancel_requested",
            SubscriptionChanged,
            "The subscriber wants to end with the term, and is entitled until then."
        ),
        kind!("subscription.resumed", SubscriptionChanged, "The subscriber goes on after all."),
        kind!(
            "subscription.forced",
            SubscriptionChanged,
            "The operator made it a subscription that its wallet can't end."
        ),
        kind!(
            "subscription.terms_changed",
            SubscriptionChanged,
            "The contract has other terms; the subscriber keeps the old ones until it agrees."
        ),
        kind!(
            "subscription.terms_accepted",
            SubscriptionChanged,
            "The subscriber agreed to the newest terms, from the next term on."
        ),
        kind!(
            "subscription.payment_failed",
            SubscriptionChanged,
            "The subscriber holds less than the price; `subscription.lapsed` follows."
        ),
        kind!(
            "subscription.lapsed",
            SubscriptionChanged,
            "The subscription ended with its term although its wallet did not ask for that."
        ),
        kind!(
            "subscription.canceled",
            SubscriptionChanged,
            "The subscription ended: as its wallet wanted, with its contract, or by the operator."
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_described_and_on_a_topic() {
        let described: Vec<_> = kinds().iter().map(|entry| entry.kind).collect();
        assert_eq!(described, KINDS);
        assert_eq!([CONTRACT_KINDS, SUBSCRIPTION_KINDS].concat(), KINDS);
    }
}
