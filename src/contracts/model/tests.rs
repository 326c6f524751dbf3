//! The rules of a contract, as tables.

use super::*;
use crate::kernel::money::Amount;

pub(in crate::contracts) const OWNER: &str = "k8juvewcui";

pub(in crate::contracts) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(in crate::contracts) fn at(text: &str) -> Timestamp {
    serde_json::from_value(format!("{text}T00:00:00Z").into()).unwrap()
}

pub(in crate::contracts) fn price(units: i64) -> Payable {
    Amount::minor(units).payable().unwrap()
}

/// A monthly contract of 2.50 that everybody may subscribe to.
pub(in crate::contracts) fn contract() -> Contract {
    let terms = Terms {
        version: 1,
        price: price(250),
        schedule: Schedule::Months(1),
        catch_up: CatchUp::One,
    };
    Contract {
        id: ContractId::new(7),
        offer: Offer {
            owner: address(OWNER),
            status: ContractStatus::Open,
            terms,
            consent_by: None,
        },
        title: Title::new("Newspaper".into()).unwrap(),
        description: None,
        max_subscribers: None,
        allow_list: None,
        version: 4,
        created_at: at("2026-11-22"),
        updated_at: at("2026-11-22"),
    }
}

#[test]
fn every_field_can_be_changed_alone_and_says_so() {
    let other = || AllowList::new(&["k7oax47quv".into()]).unwrap().unwrap();
    let edits: Vec<(&str, Edit)> = vec![
        ("title", Edit { title: Title::new("Weekly".into()), ..Edit::default() }),
        (
            "description",
            Edit {
                description: Patch::Set(Description::new("x".into()).unwrap()),
                ..Edit::default()
            },
        ),
        // Regression: a patch of the status alone was taken for an empty one.
        ("status", Edit { status: Some(ContractStatus::Closed), ..Edit::default() }),
        ("price", Edit { price: Some(price(251)), ..Edit::default() }),
        ("schedule", Edit { schedule: Some(Schedule::Seconds(60)), ..Edit::default() }),
        ("catch_up", Edit { catch_up: Some(CatchUp::All), ..Edit::default() }),
        ("max_subscribers", Edit { max_subscribers: Patch::Set(5), ..Edit::default() }),
        ("allow_list", Edit { allow_list: Patch::Set(other()), ..Edit::default() }),
        (
            "require_consent_by",
            Edit { consent_by: Patch::Set(at("2027-01-01")), ..Edit::default() },
        ),
    ];
    for (field, edit) in edits {
        let edited = contract().edit(&edit, at("2026-12-01")).unwrap().unwrap();
        assert_eq!(edited.changed, [field]);
        assert_eq!((edited.contract.version, edited.contract.updated_at), (5, at("2026-12-01")));
        let terms = ["price", "schedule", "catch_up"].contains(&field);
        assert_eq!(edited.has_new_terms(), terms, "{field}");
        assert_eq!(edited.contract.offer.terms.version, if terms { 5 } else { 1 }, "{field}");
        assert_eq!(edited.concerns_subscribers(), terms || field == "require_consent_by");
        // The same again changes nothing.
        assert_eq!(edited.contract.edit(&edit, at("2026-12-02")), Ok(None), "{field}");
    }
    assert_eq!(contract().edit(&Edit::default(), at("2026-12-01")), Ok(None));
}

/// Regression: any change of the status was allowed, from canceled to open too.
#[test]
fn a_canceled_contract_is_over() {
    use ContractStatus::{Canceled, Closed, Open};
    for (from, to, expected) in [
        (Open, Closed, Ok(true)),
        (Closed, Open, Ok(true)),
        (Open, Canceled, Ok(true)),
        (Closed, Canceled, Ok(true)),
        (Open, Open, Ok(false)),
        (Canceled, Canceled, Ok(false)),
        (Canceled, Open, Err(ContractRefusal::ContractCanceled)),
        (Canceled, Closed, Err(ContractRefusal::ContractCanceled)),
    ] {
        let mut contract = contract();
        contract.offer.status = from;
        let edit = Edit { status: Some(to), ..Edit::default() };
        let edited = contract.edit(&edit, at("2026-12-01"));
        assert_eq!(edited.clone().map(|edited| edited.is_some()), expected, "{from:?} to {to:?}");
        if let Ok(Some(edited)) = edited {
            assert_eq!(edited.concerns_subscribers(), to == Canceled);
        }
    }
    let mut over = contract();
    over.offer.status = Canceled;
    let edit = Edit { price: Some(price(1)), ..Edit::default() };
    assert_eq!(over.edit(&edit, at("2026-12-01")), Err(ContractRefusal::ContractCanceled));
}

/// Regression: limits that the database did not share, and an empty list that meant nobody.
#[test]
fn texts_and_lists_are_checked_when_they_are_made() {
    for good in ["x".into(), "é".repeat(TITLE_CHARS_MAX)] {
        assert!(Title::new(good).is_some());
    }
    for bad in [String::new(), "é".repeat(TITLE_CHARS_MAX + 1), "a\nb".into(), "\0".into()] {
        assert!(Title::new(bad.clone()).is_none(), "{bad:?}");
    }
    assert!(Description::new("a\nb".into()).is_some());
    assert!(Description::new("é".repeat(DESCRIPTION_CHARS_MAX)).is_some());
    assert!(Description::new("é".repeat(DESCRIPTION_CHARS_MAX + 1)).is_none());
    let list = |entries: &[&str]| {
        AllowList::new(&entries.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(list(&[]), Ok(None));
    let both = list(&[" K7OAX47QUV", "k8juvewcui", "k7oax47quv"]).unwrap().unwrap();
    assert_eq!(both.iter().map(Address::as_str).collect::<Vec<_>>(), ["k7oax47quv", OWNER]);
    assert_eq!(list(&["k8juvewcui", "nobody"]), Err(AllowListError::NotAnAddress(1)));
    let many: Vec<_> = (0..=ALLOW_LIST_WALLETS_MAX).map(|n| format!("k{n:09}")).collect();
    assert_eq!(AllowList::new(&many), Err(AllowListError::TooLong));
    assert!(AllowList::new(&many[1..]).is_ok());
}

#[test]
fn the_same_for_less_needs_no_consent() {
    let agreed = contract().offer.terms;
    let check =
        |other: Terms, expected: bool| assert_eq!(agreed.cover(&other), expected, "{other:?}");
    check(agreed.clone(), true);
    check(Terms { version: 2, price: price(249), ..agreed.clone() }, true);
    check(Terms { version: 2, price: price(251), ..agreed.clone() }, false);
    check(
        Terms { version: 2, price: price(1), schedule: Schedule::Seconds(60), ..agreed.clone() },
        false,
    );
    check(Terms { version: 2, catch_up: CatchUp::All, ..agreed.clone() }, false);
}
