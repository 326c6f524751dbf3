//! Odd bodies, and what is made of them.

use serde_json::json;

use super::*;

fn object(value: &Value) -> Object {
    value.as_object().cloned().unwrap()
}

#[test]
fn minutes_are_whole_and_bounded() {
    let check = |value: Value, expected: Result<Option<u32>, InputError>| {
        let body = object(&json!({"game_code": "21", "requested_minutes": value}));
        assert_eq!(start(&body).map(|input| input.minutes), expected, "{value}");
    };
    for plan in [json!(null), json!(0), json!(""), json!(" "), json!("0"), json!(0.0)] {
        check(plan, Ok(None));
    }
    for (value, minutes) in [
        (json!(60), 60),
        (json!("60"), 60),
        (json!(60.0), 60),
        (json!(-3), 1),
        (json!(4), 4),
        (json!(1_000_000_000), 100_000),
        (json!(u64::MAX), 100_000),
        (json!(1e300), 100_000),
        (json!(-1e300), 1),
    ] {
        check(value, Ok(Some(minutes)));
    }
    for bad in [json!("7.5"), json!("abc"), json!(7.9), json!(true), json!([]), json!({"a": 1})] {
        check(bad, Err(InputError::Minutes));
    }
}

#[test]
fn a_start_is_read_in_both_spellings() {
    let snake = object(&json!({
        "game_code": 21, "requested_minutes": 30, "game": "Decode", "comment": " My arena ",
        "password": "pw", "launch_source": "api", "launch_context": {"guild": "7"},
    }));
    let camel = object(&json!({
        "gameCode": "21", "requestedMinutes": "30", "game": "Decode", "comment": "My arena",
        "password": "pw", "launchSource": "api", "launchContext": {"guild": "7"},
    }));
    let input = start(&snake).unwrap();
    assert_eq!(start(&camel).unwrap(), input);
    assert_eq!(input.comment.unwrap().as_str(), "My arena");
    assert_eq!(input.context.unwrap().as_str(), r#"{"guild":"7"}"#);
    let plain = start(&object(&json!({"game_code": "-1", "comment": "é".repeat(200)}))).unwrap();
    assert_eq!(plain.game.as_str(), "-1", "the code is the label of a game without one");
    assert_eq!(plain.comment.unwrap().as_str().chars().count(), 120);
}

#[test]
fn a_start_that_cannot_be_read_says_why() {
    let long = "x".repeat(33);
    for (body, expected) in [
        (json!({}), InputError::GameCode),
        (json!({"game_code": ""}), InputError::GameCode),
        (json!({"game_code": "\u{0}"}), InputError::GameCode),
        (json!({"game_code": long}), InputError::GameCode),
        (json!({"game_code": ["21"]}), InputError::Field("game_code")),
        (json!({"game_code": "21", "comment": {}}), InputError::Field("comment")),
        (json!({"game_code": "21", "launch_context": []}), InputError::Field("launch_context")),
        (
            json!({"game_code": "21", "launch_context": {"a": "x".repeat(5_000)}}),
            InputError::Field("launch_context"),
        ),
    ] {
        assert_eq!(start(&object(&body)), Err(expected), "{body}");
    }
}

#[test]
fn an_owner_is_a_discord_id() {
    let check = |value: Value, expected: Result<i64, InputError>| {
        let body = object(&json!({"owner_discord_id": value}));
        assert_eq!(owner(&body).map(DiscordId::get), expected, "{value}");
    };
    check(json!("80351110224678912"), Ok(80_351_110_224_678_912));
    check(json!(80_351_110_224_678_912_i64), Ok(80_351_110_224_678_912));
    for absent in [json!(null), json!(""), json!("  ")] {
        check(absent, Err(InputError::Owner));
    }
    for bad in [json!("abc"), json!(-1), json!(1.5), json!(true), json!({}), json!("9e9")] {
        check(bad, Err(InputError::DiscordId));
    }
    assert_eq!(owner(&object(&json!({"ownerDiscordUserId": "7"}))).unwrap().get(), 7);
    assert_eq!(owner(&object(&json!({}))), Err(InputError::Owner));
}

#[test]
fn a_callback_names_the_field_that_cannot_be_read() {
    let check = |field: &str, value: Value, fits: bool| {
        let mut body = object(&json!({"event_id": "e1", "event": "ready"}));
        body.insert(field.to_owned(), value.clone());
        match callback(&body) {
            Ok(_) => assert!(fits, "{field} {value}"),
            Err(InputError::Field(named)) => assert!(!fits && named == field, "{field} {value}"),
            Err(other) => panic!("{other:?}"),
        }
    };
    for fits in [json!(1), json!(65_535), json!("11115"), json!(11_115.0), json!(null), json!("")] {
        check("port", fits, true);
    }
    for bad in [json!(0), json!(65_536), json!(-1), json!("x"), json!(1.5), json!(true), json!([])]
    {
        check("port", bad, false);
    }
    for field in ["occurred_at", "ready_at", "stopped_at"] {
        for fits in
            ["2026-10-01T12:30:00Z", "2026-10-01T14:30:00.25+02:00", "2026-10-01 12:30:00", ""]
        {
            check(field, json!(fits), true);
        }
        for bad in
            [json!("yesterday"), json!(1_790_856_000), json!({}), json!("2026-13-01T00:00:00Z")]
        {
            check(field, bad, false);
        }
    }
    for fits in [json!(420), json!(420.9), json!("420"), json!(-5), json!(1e300), json!(null)] {
        check("runtime_seconds", fits, true);
    }
    for bad in [json!("long"), json!("NaN"), json!("inf"), json!(true), json!([1])] {
        check("runtime_seconds", bad, false);
    }
    check("event_id", json!(7), true);
    check("event_id", json!("x".repeat(128)), true);
    for bad in [json!("x".repeat(129)), json!(""), json!(null), json!({})] {
        check("event_id", bad, false);
    }
    for bad in [json!(""), json!(null), json!([])] {
        check("event", bad, false);
    }
    check("host", json!({}), false);
}

#[test]
fn a_callback_is_read_to_the_last_field() {
    let body = json!({
        "event_id": "evt-7f3", "event": "stopped", "occurred_at": "2026-10-01T12:30:00Z",
        "orchestrator_session_id": "orch-1", "orchestrator_state": "stopped", "host": "h", "port": 11_115,
        "stopped_at": "2026-10-01T12:30:00Z", "runtime_seconds": 420.9, "reason": "user_stop",
    });
    let read = callback(&object(&body)).unwrap();
    let report = read.report.unwrap();
    assert_eq!((read.id.as_str(), report.event), ("evt-7f3", Event::Stopped));
    assert_eq!(report.runtime_s, Some(420));
    assert_eq!(report.occurred_at.unwrap().to_string(), "2026-10-01T12:30:00.000Z");
    assert_eq!(report.details.port, Some(11_115));
    assert_eq!(report.reason.unwrap().as_str(), "user_stop");
    let failed = json!({"event_id": 1, "event": "launch_failed", "error_message": "no host"});
    let error = callback(&object(&failed)).unwrap().report.unwrap().launch_error.unwrap();
    assert_eq!(error.code.as_str(), "launch_failed");
    assert_eq!(error.message.unwrap().as_str(), "no host");
}

#[test]
fn an_event_that_nobody_knows_is_no_fault() {
    let body = json!({"event_id": "e1", "event": "player_joined", "port": "x"});
    assert_eq!(callback(&object(&body)).unwrap().report, None);
}

#[test]
fn answers_to_a_launch_are_found_where_orchestrators_put_them() {
    let expected = |id: &str| (id.to_owned(), Some(7_u16));
    for (answer, id) in [
        (json!({"id": "a", "port": 7}), "a"),
        (json!({"session": {"sessionId": "b", "port": "7"}}), "b"),
        (json!({"server": {"orchestratorSessionId": 12, "port": 7}}), "12"),
    ] {
        let details = launched(&answer).unwrap();
        let found = (details.orchestrator_id.unwrap().as_str().to_owned(), details.port);
        assert_eq!(found, expected(id), "{answer}");
    }
    let odd = launched(&json!({"id": {"a": 1}, "port": "x", "host": []})).unwrap();
    assert_eq!(odd, Details::default());
    for garbage in [json!([]), json!("ok"), json!(null), json!(7)] {
        assert_eq!(launched(&garbage), None, "{garbage}");
    }
}

/// Regression: a refusal whose `error` is a text was an error of ours, and left the session pending.
#[test]
fn a_refusal_of_any_shape_is_read() {
    for (answer, code, message) in [
        (
            json!({"error": {"code": "NO_CAPACITY", "message": "full"}}),
            Some("NO_CAPACITY"),
            Some("full"),
        ),
        (json!({"error": "full"}), None, Some("full")),
        (json!({"code": "NO_CAPACITY"}), Some("NO_CAPACITY"), None),
        (json!({"detail": "full"}), None, Some("full")),
        (json!({"error": {"code": 7}}), None, None),
        (json!({"error": []}), None, None),
        (json!("full"), None, Some("full")),
        (json!(null), None, None),
    ] {
        let (found, said) = refusal(&answer);
        assert_eq!(found.as_ref().map(Text::as_str), code, "{answer}");
        assert_eq!(said.as_ref().map(Text::as_str), message, "{answer}");
    }
}

#[test]
fn only_servers_that_surely_live_are_called() {
    let session = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    let one = |id: Value, state: &str| json!({"id": id, "state": state, "websiteServerSessionId": session});
    let answer = json!({"servers": [
        one(json!("a"), "running"),
        one(json!(7), "starting"),
        one(json!("b"), "stopping"),
        one(json!("c"), "ended"),
        one(json!("d"), "hibernating"),
        one(json!({}), "running"),
        {"id": "e", "state": "running"},
        {"id": "f", "state": "running", "websiteServerSessionId": "x"},
        "g",
    ]});
    let names = |answer: &Value| -> Option<Vec<String>> {
        Some(living(answer)?.iter().map(|one| one.server.to_string()).collect())
    };
    assert_eq!(names(&answer).unwrap(), ["a", "7"]);
    assert_eq!(names(&answer["servers"]).unwrap(), ["a", "7"]);
    for garbage in [json!({}), json!("x"), json!({"servers": 7})] {
        assert_eq!(names(&garbage), None);
    }
}
