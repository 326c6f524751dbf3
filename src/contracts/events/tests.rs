//! One event of each kind, compared with its golden file.

use serde_json::Value;

use super::*;
use crate::{
    contracts::{
        model::{AllowList, CatchUp, Description, Terms, Title},
        schedule::{Anchor, Schedule, Term},
    },
    kernel::{id::PaymentId, money::Amount},
};

fn at(text: &str) -> Timestamp {
    serde_json::from_value(text.into()).unwrap()
}

fn terms(version: i64, units: i64) -> Terms {
    let price = Amount::minor(units).payable().unwrap();
    Terms { version, price, schedule: Schedule::Months(1), catch_up: CatchUp::One }
}

fn contract() -> Contract {
    Contract {
        id: ContractId::new(7),
        offer: Offer {
            owner: "k8juvewcui".parse().unwrap(),
            status: ContractStatus::Open,
            terms: terms(1, 250),
            consent_by: None,
        },
        title: Title::new("Newspaper".into()).unwrap(),
        description: Description::new("Every morning at the door.".into()),
        max_subscribers: Some(100),
        allow_list: None,
        version: 3,
        created_at: at("2026-11-22T01:00:00Z"),
        updated_at: at("2026-11-22T01:00:00.123Z"),
    }
}

fn subscription() -> Subscription {
    let (starts, ends) = (at("2026-11-22T01:00:00Z"), at("2026-12-22T01:00:00Z"));
    Subscription {
        id: SubscriptionId::new(31),
        contract: ContractId::new(7),
        address: "k7oax47quv".parse().unwrap(),
        state: State::Active,
        run: 1,
        term: Term { number: 5, starts, ends },
        agreed: terms(1, 250),
        anchor: Anchor { at: at("2026-07-22T01:00:00Z"), term: 0 },
        started_at: at("2026-07-22T01:00:00Z"),
        can_unsubscribe: true,
        last_payment: PaymentId::new(9_912),
        version: 8,
    }
}

fn contract_events() -> Vec<ContractEvent> {
    let new = contract();
    let new = Contract { version: 1, updated_at: new.created_at, ..new };
    let list = AllowList::new(&["k7oax47quv".into()]).unwrap();
    let restricted = Contract { allow_list: list, ..contract() };
    let with = |status| {
        let offer = Offer { status, ..contract().offer };
        ContractEvent { contract: Contract { offer, ..contract() }, changed: vec!["status"] }
    };
    vec![
        ContractEvent { contract: new, changed: vec![] },
        ContractEvent { contract: restricted, changed: vec!["allow_list"] },
        with(ContractStatus::Open),
        with(ContractStatus::Closed),
        with(ContractStatus::Canceled),
    ]
}

fn subscription_events() -> Vec<SubscriptionEvent> {
    use Happening as H;
    let one = subscription();
    let first = Term { number: 1, ..one.term };
    let pending = State::Pending { requested_at: one.term.starts };
    let ended = |reason| State::Canceled { reason, ended_at: one.term.ends, requested_at: None };
    let event = |happening, subscription| SubscriptionEvent {
        happening,
        subscription,
        offer: contract().offer,
    };
    let raised = Offer {
        terms: terms(3, 300),
        consent_by: Some(at("2026-12-31T00:00:00Z")),
        ..contract().offer
    };
    let agreed = Subscription { agreed: terms(3, 300), ..one.clone() };
    vec![
        event(H::Started, Subscription { term: first, version: 1, ..one.clone() }),
        event(H::Renewed { skipped: 2 }, one.clone()),
        event(H::CancelRequested, Subscription { state: pending, ..one.clone() }),
        event(H::Resumed, one.clone()),
        event(H::Forced, Subscription { can_unsubscribe: false, ..one.clone() }),
        SubscriptionEvent { offer: raised.clone(), ..event(H::TermsChanged, one.clone()) },
        SubscriptionEvent { offer: raised, ..event(H::TermsAccepted, agreed) },
        event(H::PaymentFailed, one.clone()),
        event(H::Ended, Subscription { state: ended(EndReason::InsufficientFunds), ..one.clone() }),
        event(H::Ended, Subscription { state: ended(EndReason::Unsubscribed), ..one.clone() }),
    ]
}

#[test]
fn every_kind_has_its_golden_json() {
    let contracts: Vec<Box<dyn Fact>> =
        contract_events().into_iter().map(|event| -> Box<dyn Fact> { Box::new(event) }).collect();
    let subscriptions =
        subscription_events().into_iter().map(|event| -> Box<dyn Fact> { Box::new(event) });
    let events: Vec<_> = contracts.into_iter().chain(subscriptions).collect();
    assert_eq!(events.iter().map(|event| event.kind()).collect::<Vec<_>>(), KINDS);
    for event in events {
        let path =
            format!("{}/tests/golden/events/{}.json", env!("CARGO_MANIFEST_DIR"), event.kind());
        let golden: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).expect(&path)).unwrap();
        let data: Value =
            serde_json::from_str(event.data(Scale::new(2).unwrap()).unwrap().get()).unwrap();
        assert_eq!(
            serde_json::json!({"kind": event.kind(), "topics": event.topics(), "data": data}),
            golden
        );
    }
}
