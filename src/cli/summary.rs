//! An event as a line: for people, with a summary by kind; for programs, as it was on the wire.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tollbell_client::{Event, Hint};

use super::output::plain;

/// What stands where a notice without a place in the log has no number or time.
const NOWHERE: &str = "-";
/// Kinds are padded to this width, so that summaries mostly begin below one another.
const KIND_CHARS: usize = 14;

/// The line of an event for people.
pub(super) fn event_line(event: &Event) -> String {
    let summary = summary(&event.kind, &event.raw);
    line(&event.at, &event.seq.to_string(), &event.kind, &summary)
}

/// The line of a hint for people.
pub(super) fn hint_line(hint: &Hint) -> String {
    line(NOWHERE, NOWHERE, &hint.kind, &summary(&hint.kind, &hint.raw))
}

/// An event as it was on the wire.
///
/// # Errors
/// Never in practice: all of it came as JSON.
pub(super) fn event_json(event: &Event) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Frame {
        what: "event",
        seq: Some(event.seq),
        kind: &event.kind,
        topics: &event.topics,
        at: Some(&event.at),
        data: &event.raw,
    })
}

/// A hint as it was on the wire.
///
/// # Errors
/// As [`event_json`].
pub(super) fn hint_json(hint: &Hint) -> Result<String, serde_json::Error> {
    let Hint { kind, topics, raw, .. } = hint;
    serde_json::to_string(&Frame { what: "hint", seq: None, kind, topics, at: None, data: raw })
}

#[derive(Serialize)]
struct Frame<'a> {
    #[serde(rename = "type")]
    what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    kind: &'a str,
    topics: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<&'a str>,
    data: &'a RawValue,
}

fn line(at: &str, seq: &str, kind: &str, summary: &str) -> String {
    plain(&format!("{at:24}  {seq:>8}  {kind:KIND_CHARS$}  {summary}"))
}

/// What happened, in a few words; the data itself for kinds that this program does not know.
fn summary(kind: &str, data: &RawValue) -> String {
    let known = match kind {
        "payment.made" => serde_json::from_str(data.get()).ok().map(payment),
        "wallet.created" | "wallet.locked" | "wallet.unlocked" => {
            serde_json::from_str(data.get()).ok().map(|wallet: Wallet| wallet.address)
        }
        "player.linked" | "player.renamed" => {
            let said = |it: Player| format!("{} is {}", it.address, it.name);
            serde_json::from_str(data.get()).ok().map(said)
        }
        _ if kind.starts_with("name.") => serde_json::from_str(data.get()).ok().map(name),
        _ if kind.starts_with("contract.") => serde_json::from_str(data.get()).ok().map(contract),
        _ if kind.starts_with("subscription.") => {
            serde_json::from_str(data.get()).ok().map(subscription)
        }
        _ => None,
    };
    known.unwrap_or_else(|| data.get().to_owned())
}

#[derive(Deserialize)]
struct Payment {
    from: String,
    to: String,
    /// The number as it was sent: a float would not be that number any more.
    amount: Box<RawValue>,
    #[serde(rename = "type")]
    why: String,
    metadata: Option<String>,
}

#[derive(Deserialize)]
struct Wallet {
    address: String,
}

#[derive(Deserialize)]
struct Player {
    name: String,
    address: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    owner: String,
    previous_owner: Option<String>,
    record: Option<String>,
}

#[derive(Deserialize)]
struct Contract {
    contract: Offer,
    changed: Vec<String>,
}

#[derive(Deserialize)]
struct Offer {
    contract_id: i64,
    address: String,
    title: String,
    price: Box<RawValue>,
}

#[derive(Deserialize)]
struct Subscription {
    contract_id: i64,
    owner_address: String,
    address: String,
    status: String,
    reason: Option<String>,
    term: i64,
    price: Box<RawValue>,
    lapsed_at: Option<String>,
}

fn contract(Contract { contract, changed }: Contract) -> String {
    let Offer { contract_id, address, title, price } = contract;
    let changed =
        if changed.is_empty() { String::new() } else { format!("  {}", changed.join(", ")) };
    format!("{contract_id} of {address}  {price}  {title:?}{changed}")
}

fn subscription(one: Subscription) -> String {
    let Subscription { contract_id, owner_address, address, term, price, .. } = one;
    let until = one.lapsed_at.map(|end| format!(" until {end}")).unwrap_or_default();
    let reason = one.reason.map(|reason| format!("  {reason}")).unwrap_or_default();
    let status = one.status;
    format!(
        "{address} → {owner_address}  {price}  contract {contract_id} term {term}{until}  {status}{reason}"
    )
}

fn name(named: Named) -> String {
    let Named { name, owner, previous_owner, record } = named;
    let from = previous_owner.map(|owner| format!("{owner} → ")).unwrap_or_default();
    let record = record.map(|record| format!("  {record:?}")).unwrap_or_default();
    format!("{name}  {from}{owner}{record}")
}

fn payment(payment: Payment) -> String {
    let Payment { from, to, amount, why, metadata } = payment;
    let why = if why == "transfer" { String::new() } else { format!("  {why}") };
    let metadata = metadata.map(|text| format!("  {text:?}")).unwrap_or_default();
    format!("{from} → {to}  {amount}{why}{metadata}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, data: &str) -> Event {
        let json = format!(
            r#"{{"type":"event","seq":18447,"kind":"{kind}","topics":["payments","wallet:k8juvewcui"],"at":"2026-11-22T01:00:00.123Z","data":{data}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn each_kind_has_its_summary() {
        for (kind, data, expected) in [
            (
                "payment.made",
                r#"{"from":"k8juvewcui","to":"k7oax47quv","amount":10.25,"type":"transfer","metadata":"message=thanks"}"#,
                r#"k8juvewcui → k7oax47quv  10.25  "message=thanks""#,
            ),
            (
                "payment.made",
                r#"{"from":"serverwelf","to":"k7oax47quv","amount":90071992547409.93,"type":"mined","metadata":null}"#,
                "serverwelf → k7oax47quv  90071992547409.93  mined",
            ),
            ("wallet.created", r#"{"address":"k8juvewcui","version":1}"#, "k8juvewcui"),
            ("wallet.locked", r#"{"address":"k8juvewcui","version":2}"#, "k8juvewcui"),
            ("wallet.unlocked", r#"{"address":"k8juvewcui","version":3}"#, "k8juvewcui"),
            (
                "contract.edited",
                r#"{"contract":{"contract_id":7,"address":"k8juvewcui","title":"Newspaper","price":2.5},"changed":["price"]}"#,
                r#"7 of k8juvewcui  2.5  "Newspaper"  price"#,
            ),
            (
                "subscription.lapsed",
                r#"{"contract_id":7,"owner_address":"k8juvewcui","address":"k7oax47quv","status":"canceled","reason":"insufficient_funds","term":5,"price":2.5,"lapsed_at":null}"#,
                "k7oax47quv → k8juvewcui  2.5  contract 7 term 5  canceled  insufficient_funds",
            ),
            (
                "name.transferred",
                r#"{"name":"bakery","owner":"k7oax47quv","previous_owner":"k8juvewcui","record":"example.org"}"#,
                r#"bakery  k8juvewcui → k7oax47quv  "example.org""#,
            ),
            (
                "name.registered",
                r#"{"name":"bakery","owner":"k7oax47quv","previous_owner":null,"record":null}"#,
                "bakery  k7oax47quv",
            ),
            ("player.linked", r#"{"name":"Notch","address":"k7oax47quv"}"#, "k7oax47quv is Notch"),
            ("server.ready", r#"{"id":7}"#, r#"{"id":7}"#),
            ("payment.made", r#"{"shape":"of tomorrow"}"#, r#"{"shape":"of tomorrow"}"#),
        ] {
            let event = event(kind, data);
            assert_eq!(summary(kind, &event.raw), expected, "{kind}");
        }
    }

    #[test]
    fn a_line_begins_with_when_and_where() {
        let line = event_line(&event("wallet.created", r#"{"address":"k8juvewcui","version":1}"#));
        assert_eq!(line, "2026-11-22T01:00:00.123Z     18447  wallet.created  k8juvewcui");
    }

    #[test]
    fn every_kind_about_money_has_a_summary_of_its_own() {
        use crate::{contracts, ledger, names};
        let kinds = [ledger::events::KINDS, names::events::KINDS, contracts::events::KINDS];
        for kind in kinds.concat() {
            let path = format!("{}/tests/golden/events/{kind}.json", env!("CARGO_MANIFEST_DIR"));
            let golden: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(&path).expect(&path)).unwrap();
            let data = serde_json::value::to_raw_value(&golden["data"]).unwrap();
            assert_ne!(summary(kind, &data), data.get(), "{kind} prints as JSON");
        }
    }

    #[test]
    fn nothing_in_an_event_steers_the_terminal() {
        let event = event("x.y", "{\"note\":\"\u{9b}2J\"}");
        assert!(event_line(&event).ends_with(r#"{"note":"\u{9b}2J"}"#));
    }

    #[test]
    fn json_is_what_was_on_the_wire() {
        let wire = r#"{"type":"event","seq":18447,"kind":"x.y","topics":["payments","wallet:k8juvewcui"],"at":"2026-11-22T01:00:00.123Z","data":{"amount":1.50}}"#;
        let event: Event = serde_json::from_str(wire).unwrap();
        assert_eq!(event_json(&event).unwrap(), wire);
        let wire = r#"{"type":"hint","kind":"hub.stats","topics":["pulse"],"data":{}}"#;
        let hint: Hint = serde_json::from_str(wire).unwrap();
        assert_eq!(hint_json(&hint).unwrap(), wire);
    }
}
