//! What is read of deliveries that fit Polar's own schemas, and of some that don't.

use serde_json::json;

use super::*;

macro_rules! golden {
    ($kind:literal) => {
        include_str!(concat!("../../../../tests/golden/polar/", $kind, ".json"))
    };
}

const ACTIVE: &str = golden!("subscription.active");
const STATE: &str = golden!("customer.state_changed");
const PAID: &str = golden!("order.paid");
const CHECKOUT: &str = golden!("checkout.updated");
const BENEFIT: &str = golden!("benefit_grant.created");
const ADA: DiscordId = DiscordId::new(80_351_110_224_678_912);

fn at(text: &str) -> Timestamp {
    serde_json::from_value(json!(text)).unwrap()
}

/// A delivery with these fields of its data otherwise.
fn with(text: &str, kind: &str, more: Value) -> News {
    let mut event: Value = serde_json::from_str(text).unwrap();
    event["type"] = json!(kind);
    let Value::Object(fields) = more else { panic!("{more}") };
    for (name, value) in fields {
        event["data"][name] = value;
    }
    news(event.to_string().as_bytes()).unwrap()
}

fn subscription_of(news: News) -> SubscriptionNews {
    match news.change {
        Change::Subscription(subscription) => subscription,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_subscription_says_whose_it_is_what_of_and_until_when() {
    let read = news(ACTIVE.as_bytes()).unwrap();
    assert_eq!(read.kind, "subscription.active");
    let subscription = subscription_of(read);
    assert_eq!(subscription.reference.as_str(), "0d9f7a7e-4444-4c1e-8a55-000000000005");
    assert_eq!(subscription.identity.external, Some(ADA));
    assert_eq!(subscription.identity.metadata, Some(ADA));
    let customer = subscription.identity.customer.as_ref().unwrap();
    assert_eq!(customer.as_str(), "0d9f7a7e-3333-4c1e-8a55-000000000004");
    let product = subscription.wish.product.as_ref().unwrap();
    assert_eq!(product.as_str(), "0d9f7a7e-2222-4c1e-8a55-000000000002");
    assert_eq!(subscription.wish.product_tier, Some("supporter".parse().unwrap()));
    assert_eq!((subscription.status, subscription.is_known), (Status::Active, true));
    assert_eq!(subscription.period.start, at("2026-10-01T12:00:00Z"));
    assert_eq!(subscription.period.end, at("2026-11-01T12:00:00Z"));
    let seen = Seen { modified: at("2026-10-01T12:00:02Z"), told: at("2026-10-01T12:00:03.12Z") };
    assert_eq!(subscription.seen, seen);
}

#[test]
fn the_other_events_of_a_subscription_are_the_same_with_other_fields() {
    let created =
        with(ACTIVE, "subscription.created", json!({"status": "incomplete", "modified_at": null}));
    let created = subscription_of(created);
    assert_eq!(created.status, Status::Inactive);
    // Never modified: it counts from when it was made.
    assert_eq!(created.seen.modified, at("2026-10-01T12:00:00Z"));
    let canceled = with(
        ACTIVE,
        "subscription.canceled",
        json!({"cancel_at_period_end": true, "ends_at": "2026-11-01T12:00:00Z"}),
    );
    let canceled = subscription_of(canceled);
    // The name of the event is not the loss of anything.
    assert_eq!((canceled.status, canceled.cancel_at_period_end), (Status::Active, true));
    assert_eq!(canceled.ends_at, Some(at("2026-11-01T12:00:00Z")));
    let paused = with(
        ACTIVE,
        "subscription.paused",
        json!({"status": "paused", "paused_at": "2026-11-01T12:00:05Z", "resumes_at": "2027-01-01T00:00:00Z"}),
    );
    let paused = subscription_of(paused);
    assert_eq!((paused.status, paused.is_known), (Status::Inactive, true));
    assert_eq!(paused.provider_status, "paused");
    assert_eq!(paused.resumes_at, Some(at("2027-01-01T00:00:00Z")));
}

#[test]
fn a_period_that_is_not_said_is_worked_out_without_a_clock_of_ours() {
    let period = |more| subscription_of(with(ACTIVE, "subscription.updated", more)).period;
    let none = json!({"current_period_start": null, "current_period_end": null});
    assert_eq!(period(none).end, at("2026-11-01T12:00:00Z"));
    let ends = json!({"current_period_end": null, "ends_at": "2026-10-20T00:00:00Z"});
    assert_eq!(period(ends).end, at("2026-10-20T00:00:00Z"));
    let ended = json!({"current_period_end": null, "ended_at": "2026-10-10T00:00:00Z"});
    assert_eq!(period(ended).end, at("2026-10-10T00:00:00Z"));
}

#[test]
fn the_state_of_a_customer_names_them_for_all_that_they_have() {
    let read = news(STATE.as_bytes()).unwrap();
    let Change::Customer(state) = read.change else { panic!("{:?}", read.change) };
    assert_eq!(state.told_at, at("2026-10-01T12:00:06Z"));
    assert_eq!(state.subscriptions.len(), 1);
    let one = &state.subscriptions[0];
    assert_eq!(one.identity.external, Some(ADA));
    assert_eq!(one.identity.customer, Some(state.customer.clone()));
    assert_eq!(one.seen.told, state.told_at);
    let gone = with(STATE, "customer.deleted", json!({"active_subscriptions": []}));
    assert!(matches!(gone.change, Change::Customer(state) if state.subscriptions.is_empty()));
}

#[test]
fn an_order_says_what_was_paid_and_given_back() {
    let purchase = |kind: &str, more| match with(PAID, kind, more).change {
        Change::Purchase(purchase) => purchase,
        other => panic!("{other:?}"),
    };
    let paid = purchase("order.paid", json!({}));
    assert_eq!((paid.status, paid.amount_cents, paid.tax_cents), (PurchaseStatus::Paid, 600, 100));
    assert_eq!(paid.invoice.as_deref(), Some("TOLL-0001"));
    let status = |more| purchase("order.updated", more).status;
    let pending = json!({"status": "pending", "paid": false});
    assert_eq!(status(pending), PurchaseStatus::Pending);
    let again = json!({"status": "pending", "paid": false, "next_payment_attempt_at": "2026-10-03T00:00:00Z"});
    assert_eq!(status(again), PurchaseStatus::Failed);
    assert_eq!(status(json!({"status": "void", "paid": false})), PurchaseStatus::Failed);
    let refunded =
        json!({"status": "refunded", "refunded_amount": 500, "refunded_tax_amount": 100});
    let refunded = purchase("order.refunded", refunded);
    assert_eq!((refunded.status, refunded.refunded_cents), (PurchaseStatus::Refunded, 600));
}

#[test]
fn a_checkout_is_read_and_what_does_not_concern_us_is_nothing() {
    let read = news(CHECKOUT.as_bytes()).unwrap();
    let Change::Checkout(checkout) = read.change else { panic!("{:?}", read.change) };
    assert_eq!(
        (checkout.status, checkout.identity.external),
        (CheckoutStatus::Succeeded, Some(ADA))
    );
    for text in [BENEFIT, &ACTIVE.replace("subscription.active", "organization.updated")] {
        assert_eq!(news(text.as_bytes()).unwrap().change, Change::Nothing);
    }
    let archived = json!({"type": "product.updated", "timestamp": "2026-10-01T12:00:00Z",
                          "data": {"id": "p", "is_archived": true}});
    let archived = news(archived.to_string().as_bytes()).unwrap().change;
    assert!(matches!(archived, Change::Archived(product) if product.as_str() == "p"));
}

#[test]
fn who_it_is_can_be_written_in_several_places() {
    let identity = |more| subscription_of(with(ACTIVE, "subscription.updated", more)).identity;
    let top = json!({"customer": null, "external_customer_id": "2002"});
    assert_eq!(identity(top).external, Some(DiscordId::new(2002)));
    let number = json!({"metadata": {"discord_user_id": 80_351_110_224_678_912_i64}});
    assert_eq!(identity(number).metadata, Some(ADA));
    // Another shop's customer, or somebody's joke, is nobody of ours.
    for name in ["shop-7", "", "007", "-1", "1e3", "99999999999999999999"] {
        let named = json!({"customer": {"id": "c", "external_id": name}, "metadata": {"discord_user_id": name}});
        let identity = identity(named);
        assert_eq!((identity.external, identity.metadata), (None, None), "{name}");
    }
}

#[test]
fn what_is_about_a_person_is_not_kept_and_the_rest_is_read_again() {
    for text in [ACTIVE, STATE, PAID, CHECKOUT] {
        let read = news(text.as_bytes()).unwrap();
        for private in ["ada@example.com", "\"Ada\"", "FR"] {
            assert!(!read.payload.contains(private), "{private} in {}", read.payload);
        }
        assert_eq!(news(read.payload.as_bytes()).unwrap(), read);
    }
}

#[test]
fn what_makes_no_sense_names_its_field() {
    let field = |body: &str| match news(body.as_bytes()) {
        Err(ReadError::Field { field, .. }) => field,
        other => panic!("{body}: {other:?}"),
    };
    let data = |more: Value| {
        let mut event: Value = serde_json::from_str(ACTIVE).unwrap();
        for (name, value) in more.as_object().unwrap() {
            event["data"][name] = value.clone();
        }
        event.to_string()
    };
    assert_eq!(field("[]"), "body");
    assert_eq!(field("7"), "body");
    assert_eq!(field(&data(json!({"current_period_end": "soon"}))), "data.current_period_end");
    assert_eq!(field(&data(json!({"modified_at": "0001-01-01T00:00:00Z"}))), "data.modified_at");
    assert_eq!(
        field(&data(json!({"current_period_end": "2020-01-01T00:00:00Z"}))),
        "data.current_period_end"
    );
    assert_eq!(field(&data(json!({"id": "a b"}))), "data.id");
    let undated = json!({"created_at": null, "modified_at": null});
    assert_eq!(field(&data(undated)), "data.created_at");
    assert!(matches!(news(b"{"), Err(ReadError::Json(_))));
}
