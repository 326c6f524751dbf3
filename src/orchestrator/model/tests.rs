//! The rulebook of a server's life: every input in every state, and the roads through them.

use super::*;

pub(in crate::orchestrator) const PATIENCE: Patience =
    Patience { ready: Duration::from_mins(1), stop: Duration::from_secs(10) };

/// So many seconds after the order.
pub(in crate::orchestrator) fn at(seconds: u64) -> Timestamp {
    let begin: Timestamp = serde_json::from_str(r#""2026-11-22T10:00:00Z""#).unwrap();
    begin.plus(Duration::from_secs(seconds)).unwrap()
}

pub(in crate::orchestrator) fn mark() -> Mark {
    Mark("7|8|b".to_owned())
}

/// A server for ten minutes, just accepted.
pub(in crate::orchestrator) fn server() -> Server {
    let order = Order {
        session: "8e03978e-40d5-43e8-bc93-6894a57f9324".to_owned(),
        key: "key".to_owned(),
        game: "20".to_owned(),
        comment: "Ada's".to_owned(),
        launch_source: "website".to_owned(),
        minutes: 10,
        expires_at: None,
        password: "pw".to_owned(),
        password_given: true,
        port: 27_000,
        host: "play.example".to_owned(),
        callback: "http://hub/callback".to_owned(),
        at: at(0),
    };
    Server::accepted(ServerId::new(Uuid::nil()), order)
}

/// A server that went through these inputs, a second apart.
fn after(inputs: &[Input]) -> Server {
    let mut server = server();
    for (second, input) in (1..).zip(inputs) {
        server.take(input.clone(), at(second), &PATIENCE);
    }
    server
}

fn stop(reason: &str) -> Input {
    Input::Stop(reason.to_owned())
}

fn refused() -> Input {
    Input::Refused { code: "spawn_failed", message: "no such program".to_owned() }
}

/// The state's name, what the hub has been told behind `launch_accepted`, and what is done to the process.
type Outcome = (&'static str, &'static [&'static str], Option<Force>);

const SAME_ACCEPTED: Outcome = ("launching", &[], None);
const SAME_RUNNING: Outcome = ("running", &["ready"], None);
const SAME_STOPPING: Outcome = ("stopping", &["ready", "stopping:asked"], None);
const SAME_ENDED: Outcome = ("exited", &["ready", "exited:exit_code_0"], None);

const EARLY: Outcome = ("failed", &["launch_failed:exited_before_ready"], None);
const REFUSED: Outcome = ("failed", &["launch_failed:spawn_failed"], None);
const OBEYED: Outcome = ("stopped", &["ready", "stopping:asked", "stopped:asked"], None);
const SAME: [Outcome; 5] = [SAME_ACCEPTED, SAME_ACCEPTED, SAME_RUNNING, SAME_STOPPING, SAME_ENDED];

/// One row an input, one column a state: accepted, starting, running, stopping, ended.
fn table() -> Vec<(Input, [Outcome; 5])> {
    let [accepted, starting, running, stopping, ended] = SAME;
    let ends = |running: Outcome| [EARLY, EARLY, running, OBEYED, ended];
    let asked = Some(Force::Ask);
    vec![
        (Input::Placed(mark()), SAME),
        (refused(), [REFUSED, REFUSED, running, stopping, ended]),
        (Input::Ready, [accepted, SAME_RUNNING, running, stopping, ended]),
        (Input::Ended(Ending::Code(3)), ends(("exited", &["ready", "exited:exit_code_3"], None))),
        (Input::Ended(Ending::Signal(11)), ends(("exited", &["ready", "exited:signal_11"], None))),
        (Input::Ended(Ending::Signal(9)), ends(("killed", &["ready", "killed:signal_9"], None))),
        (Input::Lost, ends(("exited", &["ready", "exited:lost"], None))),
        (
            stop("late"),
            [
                ("stopped", &["stopped:late"], None),
                ("stopping", &["stopping:late"], asked),
                ("stopping", &["ready", "stopping:late"], asked),
                stopping,
                ended,
            ],
        ),
        (Input::Clock, [accepted, starting, running, stopping, ended]),
    ]
}

/// The five states, each with the road to it.
fn states() -> [Server; 5] {
    let placed = Input::Placed(mark());
    [
        after(&[]),
        after(std::slice::from_ref(&placed)),
        after(&[placed.clone(), Input::Ready]),
        after(&[placed.clone(), Input::Ready, stop("asked")]),
        after(&[placed, Input::Ready, Input::Ended(Ending::Code(0))]),
    ]
}

fn told(server: &Server) -> Vec<String> {
    let name = |event: &Event| {
        let kind = serde_json::to_value(event.kind).unwrap();
        let kind = kind.as_str().unwrap().to_owned();
        event.reason.as_ref().map_or(kind.clone(), |reason| format!("{kind}:{reason}"))
    };
    server.outbox.iter().map(name).collect()
}

#[test]
fn every_input_in_every_state() {
    for (input, row) in table() {
        for (mut server, (state, events, force)) in states().into_iter().zip(row) {
            let before = format!("{input:?} in {:?}", server.state);
            let done = server.take(input.clone(), at(9), &PATIENCE);
            assert_eq!((server.state_name(), done), (state, force), "{before}");
            let expected: Vec<_> = [&["launch_accepted"], events].concat();
            assert_eq!(told(&server), expected, "{before}");
        }
    }
}

/// Whom the hub does not know is stopped, and nothing more is told of it.
#[test]
fn the_forgotten_end_in_silence() {
    let force = [None, Some(Force::Ask), Some(Force::Ask), None, None];
    for (mut server, force) in states().into_iter().zip(force) {
        let before = server.state.clone();
        assert_eq!(server.take(Input::Forgotten, at(9), &PATIENCE), force, "{before:?}");
        assert!(told(&server).is_empty() && !server.beats(), "{before:?}");
        server.take(Input::Ended(Ending::Code(0)), at(10), &PATIENCE);
        assert!(server.is_over(), "{before:?}");
    }
}

#[test]
fn numbers_of_events_rise_and_are_never_used_again() {
    let mut server = after(&[Input::Placed(mark())]);
    server.acknowledged();
    server.take(Input::Ready, at(2), &PATIENCE);
    server.take(stop("asked"), at(3), &PATIENCE);
    server.take(Input::Ended(Ending::Code(0)), at(4), &PATIENCE);
    let numbers: Vec<_> = server.outbox.iter().map(|event| event.number).collect();
    assert_eq!(numbers, [2, 3, 4]);
    for _ in 0..5 {
        server.acknowledged();
    }
    assert!(server.is_over());
}

#[test]
fn the_runtime_is_whole_seconds_from_ready_to_the_end() {
    let ms = |ms| at(0).plus(Duration::from_millis(ms)).unwrap();
    for (ready, ended, runtime) in [(1_000, 1_999, 0), (1_000, 2_000, 1), (1_500, 421_499, 419)] {
        let mut server = after(&[Input::Placed(mark())]);
        server.take(Input::Ready, ms(ready), &PATIENCE);
        server.take(Input::Ended(Ending::Code(0)), ms(ended), &PATIENCE);
        let State::Ended(end) = &server.state else { panic!("{server:?}") };
        assert_eq!((end.ready_at, end.runtime_seconds), (Some(ms(ready)), runtime));
    }
    // Never ready is never paid for.
    for road in
        [vec![stop("a")], vec![Input::Placed(mark()), stop("a"), Input::Ended(Ending::Code(0))]]
    {
        let State::Ended(end) = after(&road).state else { panic!("{road:?}") };
        assert_eq!((end.kind, end.ready_at, end.runtime_seconds), (EventKind::Stopped, None, 0));
    }
}

/// Nobody saw it end, so it is billed until it was last seen.
#[test]
fn the_lost_are_billed_until_they_were_last_seen() {
    let mut server = after(&[Input::Placed(mark()), Input::Ready]);
    server.seen_at = at(62);
    server.take(Input::Lost, at(4_000), &PATIENCE);
    let State::Ended(end) = &server.state else { panic!("{server:?}") };
    assert_eq!((end.at, end.runtime_seconds), (at(62), 60));
}

#[test]
fn time_alone_stops_what_may_not_go_on() {
    let [accepted, starting, running, stopping, _] = states();
    // Ready after 2 s, for 10 minutes; started after 1 s, ready within 60; stopping since 3 s, for 10.
    for (mut server, due) in [(accepted, 60), (starting, 61), (running, 602), (stopping, 13)] {
        let before = server.clone();
        assert_eq!(server.deadline(&PATIENCE), Some(at(due)), "{before:?}");
        assert_eq!(server.take(Input::Clock, at(due - 1), &PATIENCE), None);
        assert_eq!(server, before);
        server.take(Input::Clock, at(due), &PATIENCE);
        assert_ne!(server, before);
    }
}

#[test]
fn a_server_that_is_not_ready_in_time_has_failed_once_it_is_gone() {
    let mut server = after(&[Input::Placed(mark())]);
    assert_eq!(server.take(Input::Clock, at(61), &PATIENCE), Some(Force::Ask));
    assert_eq!(told(&server), ["launch_accepted"]);
    server.take(Input::Ended(Ending::Signal(15)), at(62), &PATIENCE);
    assert_eq!(told(&server), ["launch_accepted", "launch_failed:not_ready_in_time"]);
}

#[test]
fn a_server_that_does_not_obey_is_killed_again_and_again() {
    let mut server = after(&[Input::Placed(mark()), Input::Ready, stop("asked")]);
    assert_eq!(server.take(Input::Clock, at(13), &PATIENCE), Some(Force::Kill));
    assert_eq!(server.take(Input::Clock, at(17), &PATIENCE), None);
    assert_eq!(server.take(Input::Clock, at(18), &PATIENCE), Some(Force::Kill));
    server.take(Input::Ended(Ending::Signal(9)), at(19), &PATIENCE);
    assert_eq!(told(&server), ["launch_accepted", "ready", "stopping:asked", "killed:asked"]);
}

/// Its minutes begin when it is ready; what is not ready when they would be over needs not be any more.
#[test]
fn an_order_expires_until_its_server_is_ready() {
    let [_, starting, running, ..] = states();
    for (mut server, expires, due, reason) in [
        (starting.clone(), 30, 30, TIME_LIMIT),
        (starting, 90, 61, "not_ready_in_time"),
        (running, 300, 602, TIME_LIMIT),
    ] {
        server.order.expires_at = Some(at(expires));
        assert_eq!(server.deadline(&PATIENCE), Some(at(due)));
        server.take(Input::Clock, at(due), &PATIENCE);
        let State::Stopping { stop, .. } = &server.state else { panic!("{server:?}") };
        assert_eq!(stop.reason, reason);
    }
}

#[test]
fn signs_of_life_begin_when_it_is_ready() {
    let beats: Vec<_> = states().iter().map(Server::beats).collect();
    assert_eq!(beats, [false, false, true, true, false]);
    assert!(!after(&[Input::Placed(mark()), stop("asked")]).beats(), "it never was ready");
}

#[test]
fn a_server_is_stored_whole() {
    for server in states() {
        let text = serde_json::to_string(&server).unwrap();
        assert_eq!(serde_json::from_str::<Server>(&text).unwrap(), server, "{text}");
    }
}
