//! Events in this dialect: one or none for each event of the log, built once for all who listen.
//!
//! Both profiles have an encoder of their own, because a frame holds nothing that differs between its receivers.
//! Shapes are those of Krist and of Kromer's subscriptions; `event_id` is the position in the log, for `replay`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    profile::Profile,
    views::{NameView, TransactionView, payee, payer},
};
use crate::{
    gateways::operate::events::NoticeChanged,
    hub::frame::{self, Encoder},
    kernel::{
        event::{Event, Seq},
        time::Timestamp,
    },
    ledger::PaymentKind,
};

/// The encoder of a profile.
pub(super) const fn encoder(profile: Profile) -> Encoder {
    match profile {
        Profile::Kromer => |event| encode(event, Profile::Kromer),
        Profile::Krist => |event| encode(event, Profile::Krist),
    }
}

fn encode(event: &Event, profile: Profile) -> Option<Bytes> {
    let (noun, verb) = event.kind.split_once('.')?;
    let frame = match noun {
        "payment" => transaction(event, profile),
        "name" => name(event),
        "contract" => contract(event, verb),
        "subscription" => subscription(event, verb),
        "notice" => notice(event),
        _ => Ok(None),
    };
    frame.unwrap_or_else(|error| {
        tracing::error!(seq = %event.seq, kind = &*event.kind, %error, "could not show an event");
        None
    })
}

/// What all events have.
#[derive(Serialize)]
struct Told<'a, T> {
    r#type: &'static str,
    event: &'a str,
    event_id: String,
    #[serde(flatten)]
    body: T,
}

fn told<T: Serialize>(event: &'static str, seq: Seq, body: T) -> Option<Bytes> {
    frame::json(&Told { r#type: "event", event, event_id: seq.to_string(), body })
}

/// What is read of `payment.made`.
#[derive(Deserialize)]
struct Paid<'a> {
    id: i64,
    #[serde(borrow)]
    from: &'a str,
    to: &'a str,
    amount: &'a RawValue,
    r#type: PaymentKind,
    metadata: Option<String>,
    name: Option<&'a str>,
    sent_name: Option<&'a str>,
    sent_metaname: Option<&'a str>,
    at: Timestamp,
}

fn transaction(event: &Event, profile: Profile) -> Result<Option<Bytes>, serde_json::Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        transaction: TransactionView<'a, &'a RawValue>,
    }
    let paid: Paid<'_> = serde_json::from_str(event.data.get())?;
    let transaction = TransactionView {
        id: paid.id,
        from: payer(paid.from, paid.r#type, profile),
        to: payee(paid.to, paid.r#type, profile),
        value: paid.amount,
        time: paid.at,
        name: paid.name,
        metadata: paid.metadata.as_deref().or(profile.no_metadata()),
        sent_metaname: paid.sent_metaname,
        sent_name: paid.sent_name,
        r#type: paid.r#type,
    };
    Ok(told("transaction", event.seq, Body { transaction }))
}

fn name(event: &Event) -> Result<Option<Bytes>, serde_json::Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        name: NameView<'a>,
    }
    #[derive(Deserialize)]
    struct Named<'a> {
        name: &'a str,
        owner: &'a str,
        original_owner: &'a str,
        record: Option<String>,
        registered_at: Timestamp,
        updated_at: Timestamp,
        transferred_at: Option<Timestamp>,
    }
    let named: Named<'_> = serde_json::from_str(event.data.get())?;
    let name = NameView {
        name: named.name,
        owner: named.owner,
        original_owner: named.original_owner,
        registered: named.registered_at,
        updated: named.updated_at,
        transferred: named.transferred_at,
        transfered: named.transferred_at,
        a: named.record.as_deref(),
        unpaid: 0,
    };
    Ok(told("name", event.seq, Body { name }))
}

fn contract(event: &Event, verb: &str) -> Result<Option<Bytes>, serde_json::Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        action: &'a str,
        contract: &'a RawValue,
        changed: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Changed<'a> {
        #[serde(borrow)]
        contract: &'a RawValue,
        changed: &'a RawValue,
    }
    let Changed { contract, changed } = serde_json::from_str(event.data.get())?;
    Ok(told("contract", event.seq, Body { action: verb, contract, changed }))
}

/// The message of the day, in the fields of `hello`, when it is what has changed.
fn notice(event: &Event) -> Result<Option<Bytes>, serde_json::Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        motd: &'a str,
        set: Timestamp,
        motd_set: Timestamp,
    }
    let NoticeChanged { notice, changed } = serde_json::from_str(event.data.get())?;
    if !changed.iter().any(|field| field == "motd") {
        return Ok(None);
    }
    let (motd, set) = (notice.motd.as_str(), notice.motd_set_at);
    Ok(told("motd", event.seq, Body { motd, set, motd_set: set }))
}

/// What is read of `subscription.*`.
#[derive(Deserialize)]
struct Standing<'a> {
    contract_id: i64,
    subscription_id: i64,
    #[serde(borrow)]
    owner_address: &'a str,
    address: &'a str,
    status: &'a str,
    reason: Option<&'a str>,
    term: i64,
    price: &'a RawValue,
    lapsed_at: Option<Timestamp>,
    payment_id: i64,
}

/// Both spellings of each field, because Kromer's server writes one and its client reads the other.
#[derive(Serialize)]
#[expect(non_snake_case, reason = "the spelling of the client")]
struct SubscriptionTold<'a> {
    action: &'a str,
    contract_id: i64,
    contractId: i64,
    subscription_id: i64,
    subscriptionId: i64,
    owner_address: &'a str,
    ownerAddress: &'a str,
    subscriber_address: &'a str,
    subscriberAddress: &'a str,
    status: &'a str,
    reason: Option<&'a str>,
    term: i64,
    renewed: bool,
    lapsed_at: Option<Timestamp>,
    next_payment: Option<Timestamp>,
    nextPayment: Option<Timestamp>,
    price: &'a RawValue,
    transaction_id: i64,
}

fn subscription(event: &Event, verb: &str) -> Result<Option<Bytes>, serde_json::Error> {
    let standing: Standing<'_> = serde_json::from_str(event.data.get())?;
    let Some(action) = action(verb, standing.reason) else { return Ok(None) };
    let next = standing.lapsed_at.filter(|_| standing.status == "active");
    let body = SubscriptionTold {
        action,
        contract_id: standing.contract_id,
        contractId: standing.contract_id,
        subscription_id: standing.subscription_id,
        subscriptionId: standing.subscription_id,
        owner_address: standing.owner_address,
        ownerAddress: standing.owner_address,
        subscriber_address: standing.address,
        subscriberAddress: standing.address,
        status: cancelled(standing.status),
        reason: standing.reason.map(cancelled),
        term: standing.term,
        renewed: verb == "renewed",
        lapsed_at: standing.lapsed_at,
        next_payment: next,
        nextPayment: next,
        price: standing.price,
        transaction_id: standing.payment_id,
    };
    Ok(told("subscription", event.seq, body))
}

/// What Kromer calls it.
fn action<'a>(verb: &'a str, reason: Option<&str>) -> Option<&'a str> {
    Some(match verb {
        "started" => "subscribe",
        "renewed" => "payment_success",
        "cancel_requested" => "unsubscribe",
        "resumed" => "resume",
        "lapsed" => "lapse",
        "canceled" if reason == Some("contract_canceled") => "contract_cancelled",
        "canceled" => "ended",
        "forced" | "terms_changed" | "terms_accepted" | "payment_failed" => verb,
        _ => return None,
    })
}

/// Kromer's spelling.
pub(super) fn cancelled(word: &str) -> &str {
    match word {
        "canceled" => "cancelled",
        "contract_canceled" => "contract_cancelled",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Instant};

    use serde_json::{Value, json};

    use super::*;
    use crate::hub::{Encoders, Entry};

    /// The golden event of a kind, as this dialect shows it.
    fn shown(kind: &str, profile: Profile) -> Option<Value> {
        let path = format!("{}/tests/golden/events/{kind}.json", env!("CARGO_MANIFEST_DIR"));
        let golden: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let event = Event {
            seq: Seq::new(18_447),
            at: serde_json::from_value(json!("2026-11-22T01:00:00.123Z")).unwrap(),
            kind: kind.into(),
            topics: Box::default(),
            data: RawValue::from_string(golden["data"].to_string()).unwrap(),
        };
        let (encoders, encoding) = Encoders::default().with(encoder(profile));
        let entry = Entry::new(Arc::new(event), &encoders, Instant::now());
        let frame = entry.frame(encoding)?;
        Some(serde_json::from_slice(&frame::payload(frame)).unwrap())
    }

    #[test]
    fn a_payment_is_a_transaction() {
        let told = |profile| shown("payment.made", profile).unwrap();
        let expected = json!({"type": "event", "event": "transaction", "event_id": "18447", "transaction": {
            "id": 9_912, "from": "k8juvewcui", "to": "k7oax47quv", "value": 10.25,
            "time": "2026-11-22T01:00:00.123Z", "name": null, "metadata": "message=thanks",
            "sent_metaname": null, "sent_name": null, "type": "transfer"}});
        assert_eq!(told(Profile::Kromer), expected);
        assert_eq!(told(Profile::Krist), expected);
    }

    #[test]
    fn a_name_is_told_in_both_spellings() {
        let told = shown("name.transferred", Profile::Krist).unwrap();
        assert_eq!(told["event"], "name");
        let name = &told["name"];
        assert_eq!((&name["name"], &name["a"]), (&json!("bakery"), &json!("example.org")));
        assert!(name["transferred"].is_string() && name["transferred"] == name["transfered"]);
        assert!(shown("name.registered", Profile::Krist).unwrap()["name"]["transferred"].is_null());
    }

    #[test]
    fn the_message_of_the_day_is_told_in_the_fields_of_hello() {
        let told = shown("notice.changed", Profile::Krist).unwrap();
        assert_eq!(
            told,
            json!({"type": "event", "event": "motd", "event_id": "18447", "motd": "The market is open.",
                "set": "2026-11-22T01:00:00.123Z", "motd_set": "2026-11-22T01:00:00.123Z"})
        );
    }

    #[test]
    fn a_subscription_has_both_spellings() {
        let told = shown("subscription.renewed", Profile::Kromer).unwrap();
        assert_eq!(told["event"], "subscription");
        assert_eq!((&told["action"], &told["renewed"]), (&json!("payment_success"), &json!(true)));
        for (snake, camel) in [
            ("contract_id", "contractId"),
            ("subscription_id", "subscriptionId"),
            ("owner_address", "ownerAddress"),
            ("subscriber_address", "subscriberAddress"),
            ("next_payment", "nextPayment"),
        ] {
            assert!(!told[snake].is_null() && told[snake] == told[camel], "{snake} {told}");
        }
    }

    #[test]
    fn every_kind_has_its_action_or_none() {
        let check = |kind: &str, event: &str, action: &str| {
            let told = shown(kind, Profile::Kromer).unwrap();
            assert_eq!(
                (&told["event"], &told["action"]),
                (&json!(event), &json!(action)),
                "{kind}"
            );
        };
        check("contract.created", "contract", "created");
        check("contract.canceled", "contract", "canceled");
        check("subscription.started", "subscription", "subscribe");
        check("subscription.cancel_requested", "subscription", "unsubscribe");
        check("subscription.resumed", "subscription", "resume");
        check("subscription.lapsed", "subscription", "lapse");
        check("subscription.canceled", "subscription", "ended");
        check("subscription.payment_failed", "subscription", "payment_failed");
        check("subscription.terms_changed", "subscription", "terms_changed");
        assert_eq!(shown("wallet.created", Profile::Kromer), None);
        assert_eq!(action("canceled", Some("contract_canceled")), Some("contract_cancelled"));
    }

    #[test]
    fn an_encoding_is_built_when_somebody_wants_it() {
        use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
        static BUILT: AtomicU32 = AtomicU32::new(0);
        let count: Encoder = |_| {
            BUILT.fetch_add(1, Relaxed);
            None
        };
        let (encoders, encoding) = Encoders::default().with(count);
        let event = crate::gateways::fixtures::entry(7).event().clone();
        let entry = Entry::new(Arc::new(event), &encoders, Instant::now());
        assert_eq!(BUILT.load(Relaxed), 0);
        assert!(entry.frame(encoding).is_none() && entry.frame(encoding).is_none());
        assert_eq!(BUILT.load(Relaxed), 1, "once for all");
    }
}
