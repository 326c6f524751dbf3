//! Every kind of event has a type, and the hub's own examples fit it.

#![expect(clippy::unwrap_used, reason = "an example that can't be read is a failed test")]

use std::{fs, path::Path};

use serde_json::{Value, json};
use tollbell_client::{Change, Event};

fn event(kind: &str, data: &Value) -> Event {
    let event = json!({"seq": 7, "kind": kind, "topics": [], "at": "", "data": data});
    serde_json::from_str(&event.to_string()).unwrap()
}

#[test]
fn every_public_kind_is_known_and_its_example_fits() {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let document = fs::read_to_string(clients.join("asyncapi.json")).unwrap();
    let document: Value = serde_json::from_str(&document).unwrap();
    let messages = document["components"]["messages"].as_object().unwrap();
    let mut seen = 0;
    for (kind, message) in messages {
        let example = &message["examples"][0]["payload"];
        if example["type"] != "event" {
            continue;
        }
        let change = event(kind, &example["data"]).change().unwrap();
        assert!(!matches!(change, Change::Unknown), "{kind} is unknown");
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} kinds");
}

#[test]
fn a_payment_has_exact_amounts_and_a_newer_kind_is_no_error() {
    let data = json!({"amount": 10.25, "at": "", "from": "ka", "from_version": 1, "id": 9, "to": "kb",
        "to_version": 2, "type": "transfer", "of the future": true});
    let Change::PaymentMade(payment) = event("payment.made", &data).change().unwrap() else {
        panic!("a payment is a payment");
    };
    assert_eq!(
        (payment.amount.as_str(), payment.from.as_str(), payment.metadata),
        ("10.25", "ka", None)
    );
    assert!(matches!(event("kind.unknown", &json!([])).change().unwrap(), Change::Unknown));
    event("payment.made", &json!({"amount": "much"})).change().unwrap_err();
}
