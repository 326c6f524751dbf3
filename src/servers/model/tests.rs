//! The rules of a session as tables.

use std::time::Duration;

use uuid::Uuid;

use super::{
    launch::{Beaten, Launched},
    report::{Event, Report, Verdict, next},
    sweep::{Due, Limits, Swept},
    *,
};

/// Seconds behind the reservation.
fn at(seconds: i64) -> Timestamp {
    let start = chrono::DateTime::from_timestamp(1_790_856_000, 0).unwrap();
    Timestamp::new(start + chrono::Duration::seconds(seconds))
}

fn text<const MAX: usize>(raw: &str) -> Text<MAX> {
    Text::cut(raw).unwrap()
}

/// A session of an hour whose server was ready after a minute, as it is in each status.
fn session(status: Status) -> ServerSession {
    let order = Order {
        game_code: text("21"),
        game: text("Decode"),
        comment: Some(text("CasualPB")),
        source: LaunchSource::Website,
        context: None,
        requested: 60,
    };
    let id = ServerSessionId::new(Uuid::from_u128(7));
    let mut one = ServerSession::new(id, DiscordId::new(803), order, 60, None, at(0));
    one.status = status;
    if status.rank() >= Status::Running.rank() {
        one.ready_at = Some(at(60));
    }
    if status.rank() >= Status::Launching.rank() {
        one.details.orchestrator_id = Some(text("orch-1"));
    }
    if status == Status::Stopping {
        one.stop_requested_at = Some(at(360));
    }
    if !status.is_open() {
        one.end = Some(End { at: at(600), billed: 10, reported_at: None });
    }
    one
}

fn report(event: Event) -> Report {
    let details = Details { orchestrator_id: Some(text("orch-1")), ..Details::default() };
    Report {
        event,
        occurred_at: None,
        details,
        ready_at: None,
        stopped_at: None,
        runtime_s: None,
        reason: None,
        launch_error: None,
    }
}

fn changed(verdict: Verdict) -> Change {
    match verdict {
        Verdict::Changed(change) => *change,
        other => panic!("no change: {other:?}"),
    }
}

#[test]
fn every_cell_of_the_transition_table() {
    use Status::{Expired, Failed, Killed, Launching, Pending, Running, Stopped, Stopping};
    let open = [Pending, Launching, Running, Stopping];
    let table = [
        (Event::LaunchAccepted, [Launching, Launching, Running, Stopping]),
        (Event::Ready, [Running, Running, Running, Stopping]),
        (Event::Heartbeat, [Running, Running, Running, Stopping]),
        (Event::Stopping, [Stopping; 4]),
        (Event::Stopped, [Stopped; 4]),
        (Event::Exited, [Stopped; 4]),
        (Event::Killed, [Killed; 4]),
        (Event::LaunchFailed, [Failed; 4]),
    ];
    assert_eq!(table.map(|(event, _)| event), Event::ALL);
    for (event, row) in table {
        for (before, after) in open.into_iter().zip(row) {
            assert_eq!(next(before, event), Some(after), "{event:?} in {before:?}");
            assert!(after.rank() >= before.rank(), "{event:?} in {before:?}");
            let verdict = session(before).hear(&report(event), at(900));
            let now = match verdict {
                Verdict::Changed(change) => change.session.status,
                Verdict::Beat(_) => before,
                Verdict::Ignored { .. } => panic!("{event:?} in {before:?} is ignored"),
            };
            assert_eq!(now, after, "{event:?} in {before:?}");
        }
        for before in [Stopped, Failed, Expired, Killed] {
            assert_eq!(next(before, event), None, "{event:?} in {before:?}");
        }
    }
}

/// Regression: terminal sessions came back to life. Nothing but the proof of an expired session's end touches one.
#[test]
fn terminal_sessions_do_not_come_back_to_life() {
    for status in [Status::Stopped, Status::Failed, Status::Expired, Status::Killed] {
        for event in Event::ALL {
            let before = session(status);
            let verdict = before.hear(&report(event), at(900));
            let ends = matches!(event, Event::Stopped | Event::Exited | Event::Killed);
            if status == Status::Expired && ends {
                assert_eq!(changed(verdict).session.status, Status::Expired);
                continue;
            }
            // A server that the hub gave up and that says it lives is stopped.
            let given_up = status != Status::Killed;
            let orphan = given_up && event.claims_life();
            let expected = Verdict::Ignored { orphan, anomaly: None };
            assert_eq!(verdict, expected, "{event:?} in {status:?}");
        }
    }
}

#[test]
fn a_late_heartbeat_of_a_server_that_ended_is_no_orphan() {
    let over = changed(session(Status::Running).hear(&report(Event::Stopped), at(600))).session;
    let verdict = over.hear(&report(Event::Heartbeat), at(601));
    assert_eq!(verdict, Verdict::Ignored { orphan: false, anomaly: None });
}

#[test]
fn minutes_are_charged_in_steps_of_five_and_never_above_the_reservation() {
    for (runtime_s, allocated, expected) in [
        (0, 60, 0),
        (1, 60, 5),
        (299, 60, 5),
        (300, 60, 5),
        (301, 60, 10),
        (370, 60, 10),
        (420, 60, 10),
        (599, 60, 10),
        (3_599, 60, 60),
        (3_600, 60, 60),
        (3_601, 60, 60),
        (7_200, 60, 60),
        (400, 3, 3),
        (360, 7, 7),
        (7_199, 120, 120),
        (u64::MAX, 100_000, 100_000),
    ] {
        assert_eq!(charge(runtime_s, allocated), expected, "{runtime_s} s of {allocated} min");
    }
}

/// Who ended it, when it was ready, what the report says, when it came; what it costs.
#[test]
fn a_bill_is_the_servers_own_time() {
    let check = |name: &str, ready: Option<i64>, edit: &dyn Fn(&mut Report), billed: u32| {
        let mut one = session(Status::Running);
        one.ready_at = ready.map(at);
        let mut said = report(Event::Stopped);
        edit(&mut said);
        let change = changed(one.hear(&said, at(3_060)));
        assert_eq!(change.session.end.unwrap().billed, billed, "{name}");
        let settled = if billed == 0 { Settlement::Release } else { Settlement::Charge(billed) };
        assert_eq!(change.settlement, Some(settled), "{name}");
    };
    check("until the receipt", Some(60), &|_| {}, 50);
    check("until it occurred", Some(60), &|said| said.occurred_at = Some(at(480)), 10);
    check("until stopped_at", Some(60), &|said| said.stopped_at = Some(at(361)), 10);
    check("a stop before it was ready", Some(60), &|said| said.stopped_at = Some(at(3)), 0);
    check("a stop in the future", Some(60), &|said| said.stopped_at = Some(at(9_999)), 50);
    check("a runtime", Some(60), &|said| said.runtime_s = Some(420), 10);
    check("no runtime", Some(60), &|said| said.runtime_s = Some(0), 0);
    check("a runtime below zero", Some(60), &|said| said.runtime_s = Some(-5), 50);
    check("a runtime of years", Some(60), &|said| said.runtime_s = Some(i64::MAX), 50);
    check("the longest that can be", Some(60), &|said| said.runtime_s = Some(3_180), 55);
    check("a second more than can be", Some(60), &|said| said.runtime_s = Some(3_181), 50);
    check("a report that says when it was ready", None, &|said| said.ready_at = Some(at(60)), 50);
}

/// Regression: sessions that were never ready were billed.
#[test]
fn never_ready_sessions_are_not_billed() {
    for status in [Status::Pending, Status::Launching, Status::Stopping] {
        let mut one = session(status);
        one.ready_at = None;
        for event in [Event::Stopped, Event::Exited, Event::Killed, Event::LaunchFailed] {
            let mut said = report(event);
            said.runtime_s = Some(420);
            let change = changed(one.hear(&said, at(900)));
            assert_eq!(change.settlement, Some(Settlement::Release), "{event:?} in {status:?}");
        }
    }
    for due in [Due::LaunchTimeout, Due::StopUnconfirmed] {
        let mut one = session(Status::Stopping);
        one.ready_at = None;
        let Swept::Changed(change) = one.sweep(due, at(2_000)) else { panic!("{due:?}") };
        assert_eq!(change.settlement, Some(Settlement::Release), "{due:?}");
    }
    let Stop::Now(change) = session(Status::Pending).stop("stopped", at(20)) else { panic!() };
    assert_eq!(
        (change.session.status, change.settlement),
        (Status::Stopped, Some(Settlement::Release))
    );
}

/// Regression: a server that only ever beat ran for free.
#[test]
fn a_server_that_only_beat_is_ready_since_its_first_heartbeat() {
    let mut said = report(Event::Heartbeat);
    said.occurred_at = Some(at(60));
    let one = changed(session(Status::Pending).hear(&said, at(61))).session;
    assert_eq!((one.status, one.ready_at), (Status::Running, Some(at(60))));
    let over = changed(one.hear(&report(Event::Stopped), at(3_060))).session;
    assert_eq!(over.end.unwrap().billed, 50);
}

#[test]
fn who_asked_to_stop_does_not_pay_for_a_slow_stop() {
    let stopping = session(Status::Stopping);
    let billed = |receipt| {
        let change = changed(stopping.hear(&report(Event::Stopped), at(receipt)));
        change.session.end.unwrap().billed
    };
    // Asked for at 360: 300 s after it was ready.
    assert_eq!(billed(360), 5);
    assert_eq!(billed(420), 10, "up to a minute is the server's own time");
    assert_eq!(billed(421), 5);
    assert_eq!(billed(3_000), 5);
}

#[test]
fn times_of_a_report_are_held_inside_the_sessions_life() {
    let ready = |edit: &dyn Fn(&mut Report)| {
        let mut said = report(Event::Ready);
        edit(&mut said);
        changed(session(Status::Launching).hear(&said, at(100))).session.ready_at.unwrap()
    };
    assert_eq!(ready(&|_| {}), at(100));
    assert_eq!(ready(&|said| said.occurred_at = Some(at(40))), at(40));
    assert_eq!(ready(&|said| said.ready_at = Some(at(30))), at(30));
    assert_eq!(ready(&|said| said.ready_at = Some(at(-30))), at(0));
    assert_eq!(ready(&|said| said.ready_at = Some(at(130))), at(100));
    assert_eq!(ready(&|said| said.occurred_at = Some(at(401))), at(100));
    let beat = |occurred| {
        let mut said = report(Event::Heartbeat);
        said.occurred_at = Some(at(occurred));
        session(Status::Running).hear(&said, at(100))
    };
    for (occurred, expected) in [(90, 90), (-90, 0), (110, 100), (1_000, 100)] {
        assert_eq!(beat(occurred), Verdict::Beat(at(expected)), "{occurred}");
    }
}

#[test]
fn the_first_ready_counts_and_a_repeated_one_changes_nothing() {
    let mut said = report(Event::Ready);
    said.ready_at = Some(at(70));
    assert_eq!(session(Status::Running).hear(&said, at(80)), Verdict::Beat(at(80)));
    let mut stopping = session(Status::Stopping);
    stopping.ready_at = None;
    let after = changed(stopping.hear(&said, at(400))).session;
    assert_eq!((after.status, after.ready_at), (Status::Stopping, Some(at(70))));
}

#[test]
fn a_session_has_one_server() {
    let mut said = report(Event::Ready);
    said.details.orchestrator_id = Some(text("orch-2"));
    for status in Status::ALL.into_iter().filter(|status| *status != Status::Pending) {
        let anomaly = Some(Anomaly::OtherServer);
        let expected = Verdict::Ignored { orphan: true, anomaly };
        assert_eq!(session(status).hear(&said, at(900)), expected, "{status:?}");
    }
    said.event = Event::Stopped;
    let expected = Verdict::Ignored { orphan: false, anomaly: Some(Anomaly::OtherServer) };
    assert_eq!(session(Status::Running).hear(&said, at(900)), expected);
}

#[test]
fn a_launch_that_failed_after_all_is_told_to_the_operator() {
    let anomaly =
        |status| changed(session(status).hear(&report(Event::LaunchFailed), at(900))).anomaly;
    assert_eq!(anomaly(Status::Launching), None);
    assert_eq!(anomaly(Status::Running), Some(Anomaly::FailedAfterReady));
    assert_eq!(anomaly(Status::Stopping), Some(Anomaly::FailedAfterReady));
}

/// Regression: expiry billed until now instead of until the last sign of life, and a late proof was worth nothing.
#[test]
fn a_late_proof_lowers_the_bill_of_an_expired_session_once() {
    let mut running = session(Status::Running);
    running.beat_at = at(1_260);
    let Swept::Changed(change) = running.sweep(Due::HeartbeatLost, at(1_900)) else { panic!() };
    assert_eq!(change.settlement, Some(Settlement::Charge(20)));
    let expired = change.session;
    let mut proof = report(Event::Stopped);
    proof.runtime_s = Some(420);
    let change = changed(expired.hear(&proof, at(2_000)));
    assert_eq!(change.settlement, Some(Settlement::Correct(10)));
    assert_eq!(change.session.end.unwrap().billed, 10);
    assert_eq!(change.session.status, Status::Expired);
    let again = change.session.hear(&proof, at(2_001));
    assert_eq!(again, Verdict::Ignored { orphan: false, anomaly: None });
    proof.runtime_s = Some(1_700);
    let higher = changed(expired.hear(&proof, at(2_000)));
    assert_eq!((higher.settlement, higher.session.end.unwrap().billed), (None, 20));
}

/// Regression: the answer to the launch overwrote what a report had said before it.
#[test]
fn an_answer_to_a_launch_takes_nothing_back() {
    let details = Details {
        orchestrator_id: Some(text("orch-1")),
        host: Some(text("old.example")),
        password: Some(text("generated")),
        ..Details::default()
    };
    for status in Status::ALL {
        let mut before = session(status);
        before.details.host = before.details.orchestrator_id.as_ref().map(|_| text("new.example"));
        let launched = before.launched(&details, at(900));
        if !status.is_open() {
            // Killed is the orchestrator's own word; in the other cases the server is one too many.
            let orphan = Launched::Orphan(text("orch-1"));
            let expected = if status == Status::Killed { Launched::Stands } else { orphan };
            assert_eq!(launched, expected, "{status:?}");
            continue;
        }
        let Launched::Changed(change) = launched else { panic!("{status:?}: {launched:?}") };
        let (after, is_first) = (change.session, status == Status::Pending);
        let expected = if is_first { Status::Launching } else { status };
        assert_eq!(after.status, expected);
        let host = if is_first { "old.example" } else { "new.example" };
        assert_eq!(after.details.host.unwrap().as_str(), host, "{status:?}");
        assert_eq!(after.details.password.unwrap().as_str(), "generated");
    }
}

#[test]
fn a_launch_without_an_answer_fails_unless_a_report_proved_it() {
    let error = LaunchError { code: text("ORCHESTRATOR_UNAVAILABLE"), message: None };
    let check = |edit: &dyn Fn(&mut ServerSession), fails: bool| {
        let mut one = session(Status::Pending);
        edit(&mut one);
        let after = one.not_launched(&error, at(12));
        match after {
            Launched::Changed(change) => {
                assert!(fails);
                assert_eq!(change.session.status, Status::Failed);
                assert_eq!(change.settlement, Some(Settlement::Release));
                assert!(change.session.is_guarded());
            }
            other => assert_eq!((other, fails), (Launched::Stands, false)),
        }
    };
    check(&|_| {}, true);
    check(&|one| one.status = Status::Launching, true);
    check(&|one| one.details.orchestrator_id = Some(text("orch-1")), false);
    check(&|one| (one.status, one.ready_at) = (Status::Running, Some(at(1))), false);
    check(&|one| *one = session(Status::Stopped), false);
}

#[test]
fn a_stop_is_recorded_in_every_state() {
    for status in Status::ALL {
        let stop = session(status).stop("website_stop", at(400));
        match status {
            Status::Launching | Status::Running => {
                let Stop::Now(change) = stop else { panic!("{stop:?}") };
                assert_eq!(change.session.status, Status::Stopping);
                assert_eq!(change.session.stop_requested_at, Some(at(400)));
                assert_eq!(change.session.to_stop().unwrap().as_str(), "orch-1");
                assert_eq!(change.settlement, None);
            }
            Status::Pending => {
                let Stop::Now(change) = stop else { panic!("{stop:?}") };
                assert_eq!(change.session.status, Status::Stopped);
                assert!(change.session.is_guarded(), "a server may still appear");
            }
            Status::Stopping => assert_eq!(stop, Stop::Again),
            _ => assert_eq!(stop, Stop::Over),
        }
    }
}

const LIMITS: Limits = Limits {
    launch: Duration::from_mins(5),
    silence: Duration::from_mins(10),
    stop: Duration::from_mins(10),
    revoked: None,
};

/// Regression: pending, launching and stopping never expired, and locked their owner out.
#[test]
fn no_session_stands_still_for_ever() {
    let mut beating = session(Status::Running);
    beating.beat_at = at(3_600);
    let silent = session(Status::Running);
    for (name, one, seconds, expected) in [
        ("pending", session(Status::Pending), 300, None),
        ("pending", session(Status::Pending), 301, Some(Due::LaunchTimeout)),
        ("launching", session(Status::Launching), 301, Some(Due::LaunchTimeout)),
        ("silent", silent.clone(), 600, None),
        ("silent", silent.clone(), 601, Some(Due::HeartbeatLost)),
        ("silent and over", silent, 4_000, Some(Due::HeartbeatLost)),
        ("over", beating.clone(), 3_659, Some(Due::Warning(1))),
        ("over", beating, 3_660, Some(Due::TimeLimit)),
        ("stopping", session(Status::Stopping), 960, None),
        ("stopping", session(Status::Stopping), 961, Some(Due::StopUnconfirmed)),
    ] {
        assert_eq!(one.due(&LIMITS, at(seconds)), expected, "{name} at {seconds}");
    }
    for status in [Status::Stopped, Status::Failed, Status::Expired, Status::Killed] {
        assert_eq!(session(status).due(&LIMITS, at(100_000)), None, "{status:?}");
    }
}

#[test]
fn a_sweep_ends_with_a_bill_that_nobody_can_dispute() {
    let check = |status, due, now, expected: (Status, Option<Settlement>, &str)| {
        let Swept::Changed(change) = session(status).sweep(due, at(now)) else { panic!("{due:?}") };
        let reason = change.session.reason.unwrap();
        assert_eq!((change.session.status, change.settlement, reason.as_str()), expected);
    };
    let released = Some(Settlement::Release);
    let failed = (Status::Failed, released, "launch_timeout");
    check(Status::Launching, Due::LaunchTimeout, 301, failed);
    // Its last sign of life was the reservation.
    let lost = (Status::Expired, released, "heartbeat_lost");
    check(Status::Running, Due::HeartbeatLost, 700, lost);
    check(Status::Running, Due::TimeLimit, 3_660, (Status::Stopping, None, "time_limit"));
    let unconfirmed = (Status::Expired, Some(Settlement::Charge(5)), "stop_unconfirmed");
    check(Status::Stopping, Due::StopUnconfirmed, 961, unconfirmed);
}

#[test]
fn each_warning_is_given_once_and_only_the_last_of_several() {
    let due = |allocated: u32, warned: Option<u8>, left_s: i64| {
        let mut one = session(Status::Running);
        (one.allocated, one.warned, one.beat_at) = (allocated, warned, at(100_000));
        one.due(&LIMITS, at(60 + i64::from(allocated) * 60 - left_s))
    };
    for (allocated, warned, left_s, expected) in [
        (60, None, 601, None),
        (60, None, 600, Some(10)),
        (60, Some(10), 599, None),
        (60, Some(10), 300, Some(5)),
        (60, Some(5), 60, Some(1)),
        (60, Some(1), 30, None),
        (60, None, 200, Some(5)),
        (60, None, 20, Some(1)),
        // A session of ten minutes is not warned at its very beginning.
        (10, None, 600, None),
        (10, None, 300, Some(5)),
        (5, None, 300, None),
        (1, None, 60, None),
    ] {
        let expected = expected.map(Due::Warning);
        assert_eq!(due(allocated, warned, left_s), expected, "{allocated} {warned:?} {left_s}");
    }
}

#[test]
fn a_heartbeat_of_the_owner_never_moves_the_status() {
    for status in Status::ALL {
        let one = session(status);
        let expected = status.is_open().then_some(Beaten::At(at(900)));
        assert_eq!(one.beat(None, at(900)), expected, "{status:?}");
        match one.beat(Some(&text("arena-3")), at(900)) {
            Some(Beaten::Renamed(change)) => assert_eq!(change.session.status, status),
            other => assert!(other.is_none() && !status.is_open(), "{other:?}"),
        }
    }
}

#[test]
fn a_change_is_numbered_and_a_sign_of_life_is_not() {
    let one = session(Status::Launching);
    let after = changed(one.hear(&report(Event::Ready), at(90))).session;
    assert_eq!((one.version, after.version, after.updated_at), (1, 2, at(90)));
    let mut beat = report(Event::Heartbeat);
    beat.details.state = Some(text("running, 3 players"));
    assert_eq!(after.hear(&beat, at(120)), Verdict::Beat(at(120)));
    beat.details.port = Some(11_115);
    assert_eq!(changed(after.hear(&beat, at(120))).session.version, 3);
}

#[test]
fn listeners_are_told_of_one_sign_of_life_each_half_minute() {
    let mut one = session(Status::Running);
    for (beat_at, next, expected) in
        [(60, 89, false), (60, 90, true), (90, 100, false), (119, 120, true)]
    {
        one.beat_at = at(beat_at);
        assert_eq!(one.ticks(at(next)), expected, "{beat_at} {next}");
    }
}

#[test]
fn a_session_whose_plan_is_lost_is_stopped_only_if_the_operator_wants_it() {
    let mut one = session(Status::Running);
    (one.revoked_at, one.beat_at) = (Some(at(100)), at(400));
    let strict = Limits { revoked: Some(Duration::from_mins(5)), ..LIMITS };
    assert_eq!(one.due(&LIMITS, at(401)), None);
    assert_eq!(one.due(&strict, at(400)), None);
    assert_eq!(one.due(&strict, at(401)), Some(Due::Revoked));
    let Swept::Changed(change) = one.sweep(Due::Revoked, at(401)) else { panic!() };
    assert_eq!((change.session.status, change.settlement), (Status::Stopping, None));
    one.revoked_at = None;
    assert_eq!(one.due(&strict, at(401)), None);
}
