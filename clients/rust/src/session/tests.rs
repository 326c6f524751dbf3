//! The session's rulebook: what happens, and what is done about it.
//!
//! `Play` feeds inputs and writes each action as one short line, so that a test reads as a protocol of the conversation.

use std::time::{Duration, Instant};

use super::*;

const WELCOME: &str = r#"{"type":"welcome","conn":"c_1","epoch":"e7","head":50,"ping_s":25,"x":1}"#;
const RESUMED: &str =
    r#"{"type":"subscribed","id":0,"topics":["t"],"mode":"resumed","from":41,"head":50}"#;
const LIVE_AT_50: &str =
    r#"{"type":"subscribed","id":0,"topics":["t"],"mode":"live","from":51,"head":50}"#;

struct Play {
    session: Session,
    start: Instant,
    now: Instant,
    roll: f64,
}

impl Play {
    fn new(position: Option<u64>, change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = Plan {
            topics: vec!["t".into(), "u".into()],
            kinds: Vec::new(),
            begin_at: None,
            snapshot: false,
            credentialed: false,
            timing: Timing::default(),
        };
        change(&mut plan);
        let now = Instant::now();
        let position = position.map(|seq| Position { epoch: "e7".into(), seq });
        Self { session: Session::new(plan, position, now), start: now, now, roll: 0.5 }
    }

    /// A guest that holds event 40 and is subscribed behind it on link 1.
    fn resumed() -> Self {
        let mut play = Self::new(Some(40), |_| {});
        play.tick();
        play.frame(1, WELCOME);
        assert_eq!(play.frame(1, RESUMED), "emit connected");
        play
    }

    fn give(&mut self, input: Input) -> String {
        let at = Moment { now: self.now, roll: self.roll };
        let lines: Vec<String> = self.session.handle(at, input).iter().map(line).collect();
        lines.join("; ")
    }

    fn tick(&mut self) -> String {
        self.give(Input::Tick)
    }

    fn frame(&mut self, id: LinkId, text: &str) -> String {
        self.give(Input::Frame(id, text.into()))
    }

    fn event(&mut self, id: LinkId, seq: u64) -> String {
        self.frame(id, &event(seq))
    }

    fn closed(&mut self, id: LinkId, code: u16) -> String {
        self.give(Input::Lost(id, Loss::Closed { code, reason: String::new() }))
    }

    fn refused(&mut self, id: LinkId, request: u64, rest: &str) -> String {
        self.frame(id, &format!(r#"{{"type":"error","id":{request},"message":"m",{rest}}}"#))
    }

    fn token(&mut self, token: &str) -> String {
        self.give(Input::Token(Ok(token.into())))
    }

    fn wait(&mut self, ms: u64) -> String {
        self.now += Duration::from_millis(ms);
        self.tick()
    }

    /// The deadline, in milliseconds from now.
    fn due_ms(&self) -> Option<u128> {
        self.session.deadline().map(|due| (due - self.now).as_millis())
    }
}

fn event(seq: u64) -> String {
    format!(r#"{{"type":"event","seq":{seq},"kind":"k","topics":["t"],"at":"","data":{{}}}}"#)
}

fn line(action: &Action) -> String {
    match action {
        Action::Open(id, None) => format!("open {id}"),
        Action::Open(id, Some(token)) => format!("open {id} {token}"),
        Action::Send(id, text) => {
            let message: serde_json::Value = serde_json::from_str(text).unwrap();
            let since = if message["since"].is_null() { "" } else { " since" };
            let snapshot = if message["snapshot"] == true { " snapshot" } else { "" };
            let kind = message["type"].as_str().unwrap();
            let detail = message["since"].as_u64().map_or(String::new(), |seq| format!(" {seq}"));
            format!("send {id} {kind}{since}{detail}{snapshot}")
        }
        Action::Close(id, code) => format!("close {id} {code}"),
        Action::FetchToken => "fetch".into(),
        Action::Save(position) => format!("save {} {}", position.epoch, position.seq),
        Action::Emit(item) => match item {
            Item::Event(event) => format!("emit {}", event.seq),
            Item::Snapshot(snapshot) => format!("emit snapshot {}", snapshot.part),
            Item::Live { seq } => format!("emit live {seq}"),
            Item::Hint(hint) => format!("emit hint {}", hint.kind),
            Item::Gap { reason, held, .. } => format!("emit gap {reason:?} {}", held.seq),
            Item::Revoked { code, .. } => format!("emit revoked {code}"),
            Item::Status(Status::Connected) => "emit connected".into(),
            Item::Status(Status::Reconnecting { in_ms, .. }) => {
                format!("emit reconnecting {in_ms}")
            }
            Item::Status(Status::Stopped(Stop::Closed { code, .. })) => format!("stop {code}"),
            Item::Status(Status::Stopped(stop)) => {
                format!("stop {}", format!("{stop:?}").split([' ', '{']).next().unwrap())
            }
        },
    }
}

#[test]
fn a_session_without_a_position_begins_at_the_head() {
    let mut play = Play::new(None, |_| {});
    assert_eq!(play.tick(), "open 1");
    assert_eq!(play.frame(1, WELCOME), "send 1 subscribe");
    assert_eq!(play.frame(1, LIVE_AT_50), "emit connected; save e7 50");
    assert_eq!(play.frame(1, r#"{"type":"live","id":2,"seq":50}"#), "save e7 50; emit live 50");
    assert_eq!(play.event(1, 51), "emit 51");
}

#[test]
fn every_close_code_has_its_answer() {
    // The link served for a second, which is not yet stable; the dice always show one half.
    for (code, expected) in [
        (1000, "stop 1000"),
        (1001, "emit reconnecting 125"),
        (1009, "stop 1009"),
        (1012, "emit reconnecting 2500"),
        (1013, "emit reconnecting 5125"),
        (4400, "stop 4400"),
        (4401, "stop Unauthorized"),
        (4403, "stop Unauthorized"),
        (4408, "emit reconnecting 125"),
        (4413, "emit reconnecting 125"),
        (4429, "emit reconnecting 125"),
        (4500, "emit reconnecting 125"),
        (1005, "emit reconnecting 125"),
        (4999, "emit reconnecting 125"),
    ] {
        let mut play = Play::resumed();
        play.wait(1000);
        assert_eq!(play.closed(1, code), expected, "{code}");
        if expected.starts_with("stop") {
            assert!(play.session.stopped() && play.due_ms().is_none());
        } else {
            let wait = play.due_ms().unwrap();
            assert_eq!(play.wait(u64::try_from(wait).unwrap()), "open 3", "{code}");
        }
    }
    let named = crate::close::CLOSE_CODES.map(|(code, ..)| code);
    assert_eq!(named, [1000, 1001, 1009, 1012, 1013, 4400, 4401, 4403, 4408, 4413, 4429, 4500]);
}

#[test]
fn a_close_code_about_the_token_asks_for_another_one() {
    for code in [4401, 4403] {
        let mut play = Play::new(Some(40), |plan| plan.credentialed = true);
        assert_eq!(play.tick(), "fetch");
        assert_eq!(play.token("one"), "open 1 one");
        play.frame(1, WELCOME);
        play.frame(1, RESUMED);
        assert_eq!(play.closed(1, code), "emit reconnecting 125");
        assert_eq!(play.wait(125), "fetch");
        let mut same = Play { session: play.session, ..play };
        assert_eq!(same.token("one"), "stop Unauthorized", "a refused token is not offered again");
    }
    let mut play = Play::new(Some(40), |plan| plan.credentialed = true);
    play.tick();
    play.token("one");
    let loss = Loss::Rejected { status: 401, retry_after: None };
    assert_eq!(play.give(Input::Lost(1, loss)), "emit reconnecting 125");
    assert_eq!(play.wait(125), "fetch");
    assert_eq!(play.token("two"), "open 2 two");
}

#[test]
fn each_message_of_the_server_has_its_effect() {
    for (message, expected) in [
        (event(41).as_str(), "emit 41"),
        (event(40).as_str(), ""),
        (r#"{"type":"mark","seq":45}"#, "save e7 45"),
        (r#"{"type":"mark","seq":40}"#, "save e7 40"),
        (r#"{"type":"live","id":2,"seq":50}"#, "save e7 50; emit live 50"),
        (r#"{"type":"live","id":2,"seq":3}"#, "save e7 40; emit live 3"),
        (
            r#"{"type":"snapshot","topic":"t","seq":50,"part":1,"last":true,"data":{}}"#,
            "emit snapshot 1",
        ),
        (
            r#"{"type":"hint","kind":"server.tick","topics":["t"],"data":{}}"#,
            "emit hint server.tick",
        ),
        (r#"{"type":"revoked","topics":["t"],"code":"forbidden"}"#, "emit revoked forbidden"),
        (
            r#"{"type":"revoked","topics":["t","u"],"code":"forbidden"}"#,
            "emit revoked forbidden; close 1 1000; stop NoTopics",
        ),
        (r#"{"type":"revoked","topics":["other"],"code":"forbidden"}"#, ""),
        (r#"{"type":"expiring","in_s":60}"#, ""),
        (r#"{"type":"drain","reconnect_in_ms":8123,"close_in_ms":38123}"#, ""),
        (r#"{"type":"pong","id":6,"t":1,"now":""}"#, ""),
        (r#"{"type":"ok","id":9}"#, ""),
        (r#"{"type":"error","code":"bad_request","message":"m","retry":false}"#, ""),
        (r#"{"type":"of the future","seq":"not a number"}"#, ""),
        ("{", "close 1 1002; emit reconnecting 125"),
        ("[]", "close 1 1002; emit reconnecting 125"),
        (r#"{"type":"event","seq":41}"#, "close 1 1002; emit reconnecting 125"),
        (r#"{"type":"mark","seq":-1}"#, "close 1 1002; emit reconnecting 125"),
    ] {
        assert_eq!(Play::resumed().frame(1, message), expected, "{message}");
    }
}

#[test]
fn each_refusal_of_a_subscription_has_its_answer() {
    for (refusal, expected) in [
        (r#""code":"gone","oldest":45"#, "emit gap Gone 40; send 1 subscribe"),
        (r#""code":"epoch_changed""#, "emit gap EpochChanged 40; send 1 subscribe"),
        (r#""code":"bad_request""#, "close 1 1000; stop Refused"),
        (r#""code":"forbidden""#, "close 1 1000; stop Refused"),
        (r#""code":"not_found""#, "close 1 1000; stop Refused"),
        (r#""code":"limit_topics""#, "close 1 1000; stop Refused"),
        (r#""code":"unauthorized""#, "close 1 1000; stop Unauthorized"),
        (r#""code":"token_expired""#, "close 1 1000; stop Unauthorized"),
        (r#""code":"unavailable","retry":true"#, "close 1 1000; emit reconnecting 125"),
        (r#""code":"internal","retry":true"#, "close 1 1000; emit reconnecting 125"),
        (r#""code":"rate_limited","retry_after_ms":7000"#, "close 1 1000; emit reconnecting 7000"),
    ] {
        let mut play = Play::new(Some(40), |_| {});
        play.tick();
        assert_eq!(play.frame(1, WELCOME), "send 1 subscribe since 40");
        assert_eq!(play.refused(1, 2, refusal), expected, "{refusal}");
    }
}

#[test]
fn a_bare_number_belongs_to_the_history_of_the_first_greeting() {
    let mut play = Play::new(None, |plan| plan.begin_at = Some(40));
    play.tick();
    assert_eq!(play.frame(1, WELCOME), "send 1 subscribe since 40");
    assert_eq!(play.frame(1, RESUMED), "emit connected");
    assert_eq!(play.event(1, 41), "emit 41");
    // The position is the session's own from here on.
    assert_eq!(play.closed(1, 1006), "emit reconnecting 125");
    assert_eq!(play.wait(125), "open 3");
    assert_eq!(play.frame(3, WELCOME), "send 3 subscribe since 41");
}

#[test]
fn a_position_goes_before_a_bare_number_and_a_gap_ends_it() {
    let mut play = Play::new(Some(45), |plan| plan.begin_at = Some(40));
    play.tick();
    assert_eq!(play.frame(1, WELCOME), "send 1 subscribe since 45");
    let told = play.refused(1, 2, r#""code":"gone","oldest":48"#);
    assert_eq!(told, "emit gap Gone 45; send 1 subscribe");
}

#[test]
fn a_gap_is_told_and_then_begun_anew() {
    let mut play = Play::new(Some(40), |plan| plan.snapshot = true);
    play.tick();
    assert_eq!(play.frame(1, WELCOME), "send 1 subscribe since 40");
    let told = play.refused(1, 2, r#""code":"gone","oldest":45"#);
    assert_eq!(told, "emit gap Gone 40; send 1 subscribe snapshot");
    let answer = RESUMED.replace("resumed", "snapshot");
    assert_eq!(play.frame(1, &answer), "emit connected");
    // A link lost between the parts begins with the first part again.
    let part = r#"{"type":"snapshot","topic":"t","seq":50,"part":1,"last":false,"data":{}}"#;
    assert_eq!(play.frame(1, part), "emit snapshot 1");
    assert_eq!(play.frame(1, r#"{"type":"mark","seq":50}"#), "");
    assert_eq!(play.closed(1, 4500), "emit reconnecting 125");
    assert_eq!(play.wait(125), "open 4");
    assert_eq!(play.frame(4, WELCOME), "send 4 subscribe snapshot");
    play.frame(4, &answer);
    assert_eq!(play.event(4, 51), "emit 51; save e7 51");
    // A second `gone`, to a subscribe that named no position, makes no sense and must not loop.
    let mut play = Play::new(None, |_| {});
    play.tick();
    play.frame(1, WELCOME);
    assert_eq!(play.refused(1, 2, r#""code":"gone""#), "close 1 1000; stop Refused");
}

#[test]
fn a_server_that_quietly_does_not_resume_is_caught() {
    let mut play = Play::new(Some(40), |_| {});
    play.tick();
    play.frame(1, WELCOME);
    assert_eq!(play.frame(1, LIVE_AT_50), "emit gap Gone 40; emit connected; save e7 50");
}

#[test]
fn events_are_accepted_only_behind_a_subscription() {
    let mut play = Play::new(Some(40), |_| {});
    play.tick();
    assert_eq!(play.event(1, 41), "close 1 1002; emit reconnecting 125");
    play.wait(125);
    play.frame(2, WELCOME);
    assert_eq!(play.event(2, 41), "close 2 1002; emit reconnecting 250");
    assert_eq!(play.event(2, 41), "", "a frame of a closed link is late, not wrong");
}

#[test]
fn the_backoff_doubles_to_its_ceiling_and_is_cleared_by_a_stable_link() {
    let mut play = Play::new(Some(40), |_| {});
    play.roll = 0.999_999;
    play.tick();
    let mut id = 1;
    for expected in [249, 499, 999, 1999, 3999, 7999, 15999, 19999, 19999] {
        let told = play.give(Input::Lost(id, Loss::failed("no route")));
        assert_eq!(told, format!("emit reconnecting {expected}"));
        assert_eq!(play.wait(expected + 1), format!("open {}", id + 1));
        id += 1;
    }
    play.frame(id, WELCOME);
    play.frame(id, RESUMED);
    for _ in 0..2 {
        play.wait(15_000);
        play.give(Input::Heard(id));
    }
    assert_eq!(play.closed(id, 4500), "emit reconnecting 249");
}

#[test]
fn silence_is_borne_for_the_ping_interval_and_the_grace() {
    let mut play = Play::new(Some(40), |_| {});
    play.tick();
    assert_eq!(play.due_ms(), Some(10_000), "a link must be greeted in time");
    play.wait(9_999);
    play.give(Input::Heard(1));
    assert_eq!(play.wait(1), "close 1 1000; emit reconnecting 125");

    let mut play = Play::resumed();
    assert_eq!(play.due_ms(), Some(35_000));
    play.wait(34_999);
    play.give(Input::Heard(1));
    assert_eq!(play.wait(34_999), "");
    assert_eq!(play.wait(1), "close 1 1000; emit reconnecting 125");

    let mut play = Play::resumed();
    play.now += Duration::from_hours(1);
    assert_eq!(play.give(Input::Listening), "", "nobody listened, so silence means nothing");
}

#[test]
fn a_drained_link_serves_until_its_replacement_has_caught_up() {
    let mut play = Play::resumed();
    play.frame(1, r#"{"type":"drain","reconnect_in_ms":8000,"close_in_ms":38000}"#);
    assert_eq!(play.event(1, 41), "emit 41");
    assert_eq!(play.wait(7_999), "");
    assert_eq!(play.wait(1), "open 3");
    assert_eq!(play.event(1, 42), "emit 42");
    assert_eq!(play.frame(3, WELCOME), "send 3 subscribe since 42");
    assert_eq!(play.event(1, 43), "emit 43");
    assert_eq!(play.frame(3, RESUMED), "");
    assert_eq!(play.event(3, 43), "");
    assert_eq!(play.event(3, 44), "emit 44");
    assert_eq!(play.event(1, 44), "");
    assert_eq!(play.frame(3, r#"{"type":"live","id":4,"seq":44}"#), "save e7 44; close 1 1000");
    assert_eq!(play.event(3, 45), "emit 45");
    // The replacement can be drained in its turn.
    play.frame(3, r#"{"type":"drain","reconnect_in_ms":10,"close_in_ms":38000}"#);
    assert_eq!(play.wait(10), "open 5");
    assert!(play.now > play.start);
}

#[test]
fn a_replacement_that_fails_is_tried_again_while_the_old_link_serves() {
    let drain = r#"{"type":"drain","reconnect_in_ms":0,"close_in_ms":30000}"#;
    let mut play = Play::resumed();
    assert_eq!(play.frame(1, drain), "open 3");
    let loss = Loss::Rejected { status: 403, retry_after: None };
    assert_eq!(
        play.give(Input::Lost(3, loss)),
        "",
        "not even a final answer takes the old link away"
    );
    assert_eq!(play.event(1, 41), "emit 41");
    assert_eq!(play.wait(125), "open 4");
    // The old link ends before the new one is there: now there is an interruption to tell.
    assert_eq!(play.closed(1, 1001), "emit reconnecting 0");
    play.frame(4, WELCOME);
    assert_eq!(play.frame(4, RESUMED), "emit connected");
}

#[test]
fn a_drained_link_that_closes_early_is_followed_at_the_told_time() {
    let mut play = Play::resumed();
    play.frame(1, r#"{"type":"drain","reconnect_in_ms":8000,"close_in_ms":38000}"#);
    play.wait(1_000);
    assert_eq!(play.closed(1, 1001), "emit reconnecting 7000");
}

#[test]
fn a_replacement_in_another_epoch_ends_the_old_link() {
    let mut play = Play::resumed();
    play.frame(1, r#"{"type":"drain","reconnect_in_ms":0,"close_in_ms":30000}"#);
    play.frame(3, &WELCOME.replace("e7", "e8"));
    let told = play.refused(3, 4, r#""code":"epoch_changed""#);
    assert_eq!(told, "close 1 1000; emit gap EpochChanged 40; send 3 subscribe");
    assert_eq!(play.frame(3, &LIVE_AT_50.replace("51", "6")), "save e8 5");
    assert_eq!(play.event(3, 6), "emit 6", "a lower number of another history is no duplicate");
}

#[test]
fn a_token_is_replaced_before_it_expires() {
    let mut play = Play::new(Some(40), |plan| plan.credentialed = true);
    play.tick();
    play.token("one");
    play.frame(1, WELCOME);
    play.frame(1, RESUMED);
    let expiring = r#"{"type":"expiring","in_s":60}"#;
    assert_eq!(play.frame(1, expiring), "fetch");
    assert_eq!(play.frame(1, expiring), "", "one question at a time");
    assert_eq!(play.give(Input::Token(Err("no route".into()))), "");
    assert_eq!(play.wait(125), "fetch");
    assert_eq!(play.token("two"), "send 1 auth");
    assert_eq!(play.wait(1000), "", "an answered notice is done with");
    // The link ends before `ok`: the server closed for the old token, so the new one is still good.
    assert_eq!(play.closed(1, 4403), "emit reconnecting 250");
    assert_eq!(play.wait(250), "open 4 two");
}

#[test]
fn a_refused_replacement_token_is_not_offered_again() {
    let mut play = Play::new(Some(40), |plan| plan.credentialed = true);
    play.tick();
    play.token("one");
    play.frame(1, WELCOME);
    play.frame(1, RESUMED);
    play.frame(1, r#"{"type":"expiring","in_s":60}"#);
    assert_eq!(play.token("two"), "send 1 auth");
    assert_eq!(play.refused(1, 3, r#""code":"unauthorized""#), "");
    assert_eq!(play.closed(1, 4403), "emit reconnecting 125");
    assert_eq!(play.wait(125), "fetch");
    assert_eq!(play.token("three"), "open 4 three");
}

#[test]
fn a_guest_and_a_source_without_tokens_stay_reasonable() {
    let mut play = Play::resumed();
    assert_eq!(
        play.frame(1, r#"{"type":"expiring","in_s":60}"#),
        "",
        "a guest has nothing to renew"
    );
    let mut play = Play::new(None, |plan| plan.credentialed = true);
    assert_eq!(play.tick(), "fetch");
    assert_eq!(play.give(Input::Token(Err("no route".into()))), "emit reconnecting 125");
    assert_eq!(play.wait(125), "fetch");
}

#[test]
fn a_loss_while_the_token_is_fetched_opens_one_link_only() {
    let mut play = Play::new(Some(40), |plan| plan.credentialed = true);
    play.tick();
    play.token("one");
    play.frame(1, WELCOME);
    play.frame(1, RESUMED);
    // The replacement is refused for its token, so the next attempt fetches; meanwhile the old link ends.
    assert_eq!(
        play.frame(1, r#"{"type":"drain","reconnect_in_ms":0,"close_in_ms":9}"#),
        "open 3 one"
    );
    play.give(Input::Lost(3, Loss::Rejected { status: 401, retry_after: None }));
    assert_eq!(play.wait(125), "fetch");
    assert_eq!(play.closed(1, 1001), "emit reconnecting 250");
    assert_eq!(play.token("two"), "open 4 two");
    assert_eq!(play.wait(250), "");
}
