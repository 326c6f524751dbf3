//! What a session decides without looking anything up.

use serde_json::{Value, json, value::RawValue};

use super::*;

fn subscribe(text: &str) -> Subscribe {
    serde_json::from_str(text).unwrap()
}

fn plan(held: &[&str], text: &str) -> Result<Plan, Code> {
    let held = held.iter().map(|name| want(name));
    let held = Interest::new(held);
    Plan::new(3, &Epoch::new("e7"), &held, subscribe(text)).map_err(|fault| fault.code)
}

fn want(topic: &str) -> Want {
    Want { topic: topic.parse().unwrap(), kinds: crate::hub::Kinds::All }
}

fn read(frames: &[Bytes]) -> Vec<Value> {
    let read = |frame: &Bytes| serde_json::from_slice(&frame::payload(frame)).unwrap();
    frames.iter().map(read).collect()
}

#[test]
fn a_subscribe_is_refused_by_the_first_rule_that_it_breaks() {
    let check = |held: &[&str], text: &str, expected: Result<(), Code>| {
        assert_eq!(plan(held, text).map(|_| ()), expected, "{held:?} {text}");
    };
    check(&[], r#"{"topics":["a"]}"#, Ok(()));
    check(&["b"], r#"{"topics":["a"]}"#, Ok(()));
    check(&["a", "b", "c"], r#"{"topics":["a","b"],"kinds":["x.y"]}"#, Ok(()));
    check(&[], r#"{"topics":["a"],"since":7,"epoch":"e7"}"#, Ok(()));
    check(&[], r#"{"topics":["a"],"since":7,"epoch":"e7","snapshot":true}"#, Ok(()));
    check(&[], r#"{"topics":[]}"#, Err(Code::BadRequest));
    check(&[], r#"{"topics":["A"]}"#, Err(Code::BadRequest));
    check(&[], r#"{"topics":["a"],"kinds":["x"]}"#, Err(Code::BadRequest));
    check(&[], r#"{"topics":["a","b","c","d"]}"#, Err(Code::LimitTopics));
    check(&["a", "b"], r#"{"topics":["c","d"]}"#, Err(Code::LimitTopics));
    check(&[], r#"{"topics":["a"],"since":7}"#, Err(Code::BadRequest));
    check(&["b"], r#"{"topics":["a"],"since":7,"epoch":"e7"}"#, Err(Code::BadRequest));
    check(&["b"], r#"{"topics":["a"],"since":7,"epoch":"e8"}"#, Err(Code::BadRequest));
    check(&[], r#"{"topics":["a"],"since":7,"epoch":"e8"}"#, Err(Code::EpochChanged));
    check(
        &[],
        r#"{"topics":["a"],"since":7,"epoch":"e8","snapshot":true}"#,
        Err(Code::EpochChanged),
    );
}

#[test]
fn the_answer_to_a_subscribe_says_where_it_begins() {
    let check = |start: Start, mode: &str, from: i64, head: i64| {
        let id = Received::parse(r#"{"type":"ping","id":"x"}"#).id;
        let plan = Plan { wants: vec![want("a")], position: None, snapshot: false };
        let Listen { answer, arrival, .. } = plan.listen(id, start, Vec::new());
        let place = Place { position: Seq::new(5), head: Seq::new(8) };
        assert_eq!(
            read(&answer(place)),
            [json!({"type": "subscribed", "id": "x", "topics": ["a"], "mode": mode, "from": from,
                    "head": head})]
        );
        let live = arrival.unwrap()(Seq::new(8)).unwrap();
        assert_eq!(read(&[live]), [json!({"type": "live", "id": "x", "seq": 8})]);
    };
    check(Start::Here, "live", 6, 8);
    check(Start::Since(Seq::new(2)), "resumed", 3, 8);
    check(Start::Snapshot(Seq::new(7)), "snapshot", 8, 8);
    // The log may be ahead of what this node has heard.
    check(Start::Snapshot(Seq::new(11)), "snapshot", 12, 11);
}

#[test]
fn every_topic_of_a_snapshot_has_a_last_part() {
    let parts = |texts: &[&str]| {
        let parts = texts.iter().map(|text| RawValue::from_string((*text).into()).unwrap());
        let topic = Topic::named("a");
        let frames = parts_of(&topic, Seq::new(7), parts.collect());
        let read = read(&frames.collect::<Vec<_>>());
        let short = |part: &Value| json!([part["seq"], part["part"], part["last"], part["data"]]);
        Value::Array(read.iter().map(short).collect())
    };
    assert_eq!(parts(&[]), json!([[7, 1, true, null]]));
    assert_eq!(parts(&["1"]), json!([[7, 1, true, 1]]));
    assert_eq!(
        parts(&["1", "2", "3"]),
        json!([[7, 1, false, 1], [7, 2, false, 2], [7, 3, true, 3]])
    );
}

#[test]
fn the_closes_of_a_session_are_in_the_table_and_fit_their_frame() {
    for close in [TOO_MANY, BINARY] {
        assert!(crate::gateways::codes::CLOSES.iter().any(|row| row.0 == close.code));
        assert!(close.reason.len() <= 123);
    }
}
