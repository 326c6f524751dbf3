//! One event of each kind, compared with its golden file; and which events a purchase is worth.

use serde_json::{Value, json};

use super::*;

fn at(text: &str) -> Timestamp {
    serde_json::from_value(text.into()).unwrap()
}

fn reference(text: &str) -> Reference {
    Reference::new(text).unwrap()
}

const ADA: DiscordId = DiscordId::new(80_351_110_224_678_912);

fn purchase(status: PurchaseStatus, refunded_cents: i64, version: i64) -> PurchaseView {
    PurchaseView {
        id: 3,
        provider: Provider::Polar,
        order_id: reference("0d9f7a7e-7777-4c1e-8a55-000000000008"),
        discord_user_id: ADA,
        subscription_id: Some(reference("0d9f7a7e-4444-4c1e-8a55-000000000005")),
        product_id: Some(reference("0d9f7a7e-2222-4c1e-8a55-000000000002")),
        status,
        amount_cents: 600,
        tax_cents: 100,
        refunded_cents,
        currency: "usd".into(),
        reason: Some("subscription_create".into()),
        invoice: Some("TOLL-0001".into()),
        ordered_at: at("2026-10-01T12:00:00Z"),
        version,
    }
}

fn check(fact: &impl Fact) {
    let data = fact.data(Scale::new(2).unwrap()).unwrap();
    let data: Value = serde_json::from_str(data.get()).unwrap();
    let event = json!({"kind": fact.kind(), "topics": fact.topics(), "data": data});
    let path = format!("{}/tests/golden/events/{}.json", env!("CARGO_MANIFEST_DIR"), fact.kind());
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(event, golden, "{}", serde_json::to_string_pretty(&event).unwrap());
}

#[test]
fn every_kind_has_its_golden_json() {
    check(&CheckoutChanged {
        checkout: CheckoutView {
            checkout_id: reference("0d9f7a7e-6666-4c1e-8a55-000000000007"),
            discord_user_id: ADA,
            tier: Some("supporter".parse().unwrap()),
            status: CheckoutStatus::Succeeded,
            url: Some("https://polar.sh/checkout/polar_c_example".into()),
            expires_at: at("2026-10-02T12:00:00Z"),
        },
    });
    let event = |change, purchase| PurchaseEvent { change, purchase };
    check(&event(PurchaseChange::Paid, purchase(PurchaseStatus::Paid, 0, 1)));
    check(&event(PurchaseChange::Refunded, purchase(PurchaseStatus::Refunded, 600, 2)));
    check(&event(PurchaseChange::Failed, purchase(PurchaseStatus::Failed, 0, 1)));
    check(&WebhookFailed {
        id: 12,
        provider: Provider::Polar,
        event_id: "3f0d4a52-6f0a-4d8e-9a44-0c5b0f1d2e30".into(),
        kind: "subscription.active".into(),
        status: EventStatus::Deferred,
        code: Note::PlanUnknown,
        attempts: 1,
        next_attempt_at: Some(at("2026-10-01T12:01:00Z")),
    });
    check(&WebhookSettled {
        id: 12,
        provider: Provider::Polar,
        event_id: "3f0d4a52-6f0a-4d8e-9a44-0c5b0f1d2e30".into(),
        kind: "subscription.active".into(),
        status: EventStatus::Processed,
        attempts: 2,
    });
    let stand = |status, end| Stand {
        tier: "supporter".parse().unwrap(),
        status,
        period_end: at(end),
        cancel_at_period_end: false,
    };
    check(&DriftFound {
        provider: Provider::Polar,
        drift: Drift::Entitlement {
            discord_user_id: ADA,
            reference: reference("0d9f7a7e-4444-4c1e-8a55-000000000005"),
            before: Some(stand(Status::Active, "2026-11-01T12:00:00Z")),
            after: stand(Status::Canceled, "2026-11-01T12:00:00Z"),
            occasion: Occasion::Sync,
        },
    });
}

#[test]
fn a_drift_says_what_differed() {
    let of = |drift| {
        let found = DriftFound { provider: Provider::Polar, drift };
        serde_json::to_value(found).unwrap()
    };
    let disabled = of(Drift::WebhookDisabled { enabled: true });
    assert_eq!(disabled, json!({"provider": "polar", "what": "webhook_disabled", "enabled": true}));
    let missing = of(Drift::EventsMissing { redelivered: 3 });
    assert_eq!(missing, json!({"provider": "polar", "what": "events_missing", "redelivered": 3}));
    for occasion in Occasion::ALL {
        assert_eq!(occasion.name().parse(), Ok(occasion));
        assert_eq!(serde_json::to_value(occasion).unwrap(), occasion.name());
    }
}

#[test]
fn a_purchase_tells_each_step_once_and_paid_before_refunded() {
    use PurchaseChange::{Failed, Paid, Refunded};
    use PurchaseStatus as Is;
    let check = |before, after, expected: &[PurchaseChange]| {
        assert_eq!(PurchaseChange::between(before, after), expected, "{before:?} {after:?}");
    };
    check(None, (Is::Pending, 0), &[]);
    check(None, (Is::Paid, 0), &[Paid]);
    check(None, (Is::Failed, 0), &[Failed]);
    // The refund arrived before the payment.
    check(None, (Is::Refunded, 600), &[Paid, Refunded]);
    check(Some((Is::Pending, 0)), (Is::Paid, 0), &[Paid]);
    check(Some((Is::Failed, 0)), (Is::Paid, 0), &[Paid]);
    check(Some((Is::Failed, 0)), (Is::Failed, 0), &[]);
    check(Some((Is::Paid, 0)), (Is::Paid, 0), &[]);
    check(Some((Is::Paid, 0)), (Is::PartiallyRefunded, 100), &[Refunded]);
    check(Some((Is::PartiallyRefunded, 100)), (Is::Refunded, 600), &[Refunded]);
    check(Some((Is::Refunded, 600)), (Is::Refunded, 600), &[]);
}
