//! What becomes of a subscription, as tables: each row of the edge cases is a line.

use super::*;
use crate::contracts::{
    model::{
        AllowList,
        tests::{OWNER, address, at, contract, price},
    },
    schedule::Schedule,
};

const BERT: &str = "k7oax47quv";

/// Bert's subscription to the monthly contract of 2.50, in its third term, 22 January to 22 February 2027.
fn standing() -> Subscription {
    Subscription {
        id: SubscriptionId::new(31),
        contract: ContractId::new(7),
        address: address(BERT),
        state: State::Active,
        run: 1,
        term: Term { number: 3, starts: at("2027-01-22"), ends: at("2027-02-22") },
        agreed: contract().offer.terms,
        anchor: Anchor { at: at("2026-11-22"), term: 0 },
        started_at: at("2026-11-22"),
        can_unsubscribe: true,
        last_payment: PaymentId::new(9),
        version: 3,
    }
}

fn pending() -> Subscription {
    Subscription { state: State::Pending { requested_at: at("2027-02-01") }, ..standing() }
}

fn canceled() -> Subscription {
    pending().end(EndReason::Unsubscribed, at("2027-02-22")).unwrap()
}

fn only(wallets: &[&str]) -> Option<AllowList> {
    AllowList::new(&wallets.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

fn with(change: impl FnOnce(&mut Contract)) -> Contract {
    let mut contract = contract();
    change(&mut contract);
    contract
}

fn new_terms(units: i64, schedule: Schedule, consent_by: Option<&str>) -> Contract {
    with(|contract| {
        contract.offer.terms =
            Terms { version: 5, price: price(units), schedule, catch_up: CatchUp::One };
        contract.offer.consent_by = consent_by.map(at);
    })
}

#[test]
fn who_may_subscribe_and_what_it_costs() {
    use ContractRefusal as R;
    let now = at("2027-02-10");
    let owner = Request::Owner { max_price: None };
    let limit = |units| Request::Owner { max_price: Some(Amount::minor(units)) };
    let full = with(|contract| contract.max_subscribers = Some(5));
    let closed = with(|contract| contract.offer.status = ContractStatus::Closed);
    let over = with(|contract| contract.offer.status = ContractStatus::Canceled);
    let restricted = with(|contract| contract.allow_list = only(&["kwsgj3x184"]));
    let pays = Ok(Admission::Pays(Term { number: 1, starts: now, ends: at("2027-03-10") }));
    let check = |contract: &Contract, before: Option<&Subscription>, request, taken, expected| {
        assert_eq!(admit(contract, &address(BERT), before, request, taken, now), expected);
    };
    check(&contract(), None, owner, 0, pays.clone());
    check(&contract(), None, limit(250), 0, pays.clone());
    check(&contract(), None, limit(249), 0, Err(R::PriceChanged));
    check(&full, None, owner, 4, pays.clone());
    check(&full, None, owner, 5, Err(R::ContractFull));
    check(&closed, None, owner, 0, Err(R::ContractClosed));
    check(&over, None, owner, 0, Err(R::ContractCanceled));
    check(&restricted, None, owner, 0, Err(R::NotAllowed));
    let mine = with(|contract| contract.offer.owner = address(BERT));
    check(&mine, None, owner, 0, Err(LedgerRefusal::SameWallet.into()));
    // Whoever is subscribed needs no place, no permission and no money.
    check(&closed, Some(&standing()), limit(1), 0, Ok(Admission::Stands));
    check(&closed, Some(&pending()), limit(1), 0, Ok(Admission::Resumes));
    check(&restricted, Some(&pending()), owner, 0, Ok(Admission::Resumes));
    check(&over, Some(&standing()), owner, 0, Err(R::ContractCanceled));
    // Whoever was pays again, and under the rules for all.
    check(&contract(), Some(&canceled()), owner, 0, pays.clone());
    check(&closed, Some(&canceled()), owner, 0, Err(R::ContractClosed));
    let lapsed = Subscription { term: Term { ends: now, ..pending().term }, ..pending() };
    check(&contract(), Some(&lapsed), owner, 0, pays.clone());
    // The operator passes all but the end of the contract.
    for contract in [&full, &closed, &restricted] {
        check(contract, None, Request::Operator, 5, pays.clone());
    }
    check(&over, None, Request::Operator, 0, Err(R::ContractCanceled));
}

#[test]
fn what_the_end_of_a_term_brings() {
    use EndReason as E;
    let ends = |reason| Verdict::Ends(reason);
    let pays = |units: i64| {
        let term = Term { number: 4, starts: at("2027-02-22"), ends: at("2027-03-22") };
        Verdict::Pays { price: price(units), term }
    };
    let months = || Schedule::Months(1);
    let check = |name: &str, contract: &Contract, subscription: &Subscription, expected| {
        assert_eq!(subscription.verdict(contract, at("2027-02-22")), expected, "{name}");
    };
    let over = with(|contract| contract.offer.status = ContractStatus::Canceled);
    let closed = with(|contract| contract.offer.status = ContractStatus::Closed);
    let off_list = with(|contract| contract.allow_list = only(&[OWNER]));
    let on_list = with(|contract| contract.allow_list = only(&[BERT]));
    let lowered_cap = with(|contract| contract.max_subscribers = Some(1));
    let forced = Subscription { can_unsubscribe: false, ..standing() };
    check("renews", &contract(), &standing(), pays(250));
    check("contract canceled", &over, &pending(), ends(E::ContractCanceled));
    check("cancel asked for", &contract(), &pending(), ends(E::Unsubscribed));
    check("closed in the middle of a term", &closed, &standing(), pays(250));
    // Regression: whoever was taken off the list kept the clock busy for ever.
    check("off the list", &off_list, &standing(), ends(E::NotAllowed));
    check("on the list", &on_list, &standing(), pays(250));
    check("forced, off the list", &off_list, &forced, pays(250));
    check("cap lowered below the count", &lowered_cap, &standing(), pays(250));
    // Regression: an edit changed what subscribers pay.
    check("price raised", &new_terms(300, months(), None), &standing(), pays(250));
    check("price lowered", &new_terms(200, months(), None), &standing(), pays(200));
    check("other schedule", &new_terms(1, Schedule::Seconds(60), None), &standing(), pays(250));
    let late = new_terms(300, months(), Some("2027-02-23"));
    check("consent not due", &late, &standing(), pays(250));
    let due = new_terms(300, months(), Some("2027-02-22"));
    check("consent due", &due, &standing(), ends(E::TermsNotAccepted));
    let lowered = new_terms(200, months(), Some("2027-01-01"));
    check("consent to less is not needed", &lowered, &standing(), pays(200));
    let agreed = standing().accept(&due.offer, Some(5)).unwrap().unwrap();
    check("consent given", &due, &agreed, pays(300));
}

#[test]
fn a_downtime_of_five_terms_is_one_payment_or_one_each() {
    let now = at("2027-07-10");
    let one = standing().verdict(&contract(), now);
    let running = Term { number: 8, starts: at("2027-06-22"), ends: at("2027-07-22") };
    assert_eq!(one, Verdict::Pays { price: price(250), term: running });
    let mut all = standing();
    all.agreed.catch_up = CatchUp::All;
    let contract = with(|contract| contract.offer.terms.catch_up = CatchUp::All);
    for number in 4..=8 {
        let Verdict::Pays { term, .. } = all.verdict(&contract, now) else { panic!("{number}") };
        assert_eq!(term.number, number);
        all = all.renew(term, PaymentId::new(number));
    }
    assert_eq!(all.term, running);
    assert!(!all.is_due(now));
}

#[test]
fn why_a_refused_payment_ends_a_subscription() {
    let owner = address(OWNER);
    for (refusal, expected) in [
        (LedgerRefusal::InsufficientFunds, Some(EndReason::InsufficientFunds)),
        (LedgerRefusal::WalletLocked(address(BERT)), Some(EndReason::SubscriberLocked)),
        (LedgerRefusal::SameWallet, Some(EndReason::SameWallet)),
        (LedgerRefusal::WalletNotFound(owner.clone()), Some(EndReason::OwnerMissing)),
        // Nobody's fault, or a defect: it is tried again.
        (LedgerRefusal::WalletNotFound(address(BERT)), None),
        (LedgerRefusal::BalanceOverflow(owner.clone()), None),
    ] {
        assert_eq!(EndReason::of(&refusal, &owner), expected, "{refusal:?}");
    }
    let lapses: Vec<_> = EndReason::ALL.into_iter().filter(|reason| !reason.is_lapse()).collect();
    let own = [EndReason::Unsubscribed, EndReason::ContractCanceled, EndReason::RevokedByOperator];
    assert_eq!(lapses, own);
    for reason in EndReason::ALL {
        assert_eq!(reason.name().parse(), Ok(reason));
    }
}

#[test]
fn cancel_and_resume() {
    use ContractRefusal as R;
    let (now, offer) = (at("2027-02-10"), contract().offer);
    let asked = standing().cancel(now).unwrap().unwrap();
    assert_eq!(asked.state, State::Pending { requested_at: now });
    assert!(asked.is_entitled(&offer, now), "paid time is kept");
    assert_eq!(pending().cancel(now), Ok(None));
    assert_eq!(canceled().cancel(now), Ok(None));
    let resumed = asked.resume(&offer, now).unwrap().unwrap();
    assert_eq!((resumed.state, resumed.term), (State::Active, standing().term));
    assert_eq!(standing().resume(&offer, now), Ok(None));
    assert_eq!(pending().resume(&offer, at("2027-02-22")), Err(R::SubscriptionEnded));
    assert_eq!(canceled().resume(&offer, now), Err(R::SubscriptionEnded));
    let over = with(|contract| contract.offer.status = ContractStatus::Canceled).offer;
    assert_eq!(pending().resume(&over, now), Err(R::ContractCanceled));
    assert!(!standing().is_entitled(&over, now), "nobody is entitled to what is over");
    // At once: what is paid is lost, in one step of the version.
    for subscription in [standing(), pending()] {
        let ended = subscription.cancel_now(now).unwrap().unwrap();
        assert_eq!(ended.lapsed_at(), None);
        assert!(!ended.is_entitled(&offer, now));
        assert_eq!(ended.version, subscription.version + 1);
    }
    assert_eq!(canceled().cancel_now(now), Ok(None));
    let forced = standing().force().unwrap();
    assert_eq!(forced.cancel(now), Err(R::CannotUnsubscribe));
    assert_eq!(forced.cancel_now(now), Err(R::CannotUnsubscribe));
    assert_eq!(forced.force(), None);
    assert!(forced.end(EndReason::RevokedByOperator, now).is_some());
}

#[test]
fn consent_begins_with_the_next_term() {
    use ContractRefusal as R;
    let daily = new_terms(300, Schedule::Seconds(86_400), None).offer;
    let agreed = standing().accept(&daily, Some(5)).unwrap().unwrap();
    assert_eq!(agreed.term, standing().term, "the term that runs stays as it is");
    assert_eq!(agreed.anchor, Anchor { at: at("2027-02-22"), term: 3 });
    assert_eq!(agreed.open_terms(&daily), None);
    assert_eq!(agreed.accept(&daily, Some(5)), Ok(None));
    assert_eq!(standing().accept(&daily, Some(4)), Err(R::VersionConflict(5)));
    assert_eq!(canceled().accept(&daily, None), Err(R::SubscriptionEnded));
    let dearer = new_terms(300, Schedule::Months(1), None).offer;
    let agreed = standing().accept(&dearer, None).unwrap().unwrap();
    assert_eq!(agreed.anchor, standing().anchor, "the same schedule keeps its anchor");
    assert!(standing().open_terms(&dearer).is_some());
    assert_eq!(canceled().open_terms(&dearer), None);
}

#[test]
fn what_is_due_is_not_entitled_and_says_so() {
    let offer = contract().offer;
    for (now, entitled, due) in
        [("2027-02-21", true, false), ("2027-02-22", false, true), ("2027-02-23", false, true)]
    {
        assert_eq!(standing().is_entitled(&offer, at(now)), entitled, "{now}");
        assert_eq!(standing().is_due(at(now)), due, "{now}");
    }
    assert!(!canceled().is_due(at("2027-02-23")));
}
