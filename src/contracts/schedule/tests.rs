//! When terms end, as tables of beginnings and ends.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    let text = if text.len() == 10 { format!("{text}T12:00:00Z") } else { format!("{text}Z") };
    serde_json::from_value(text.into()).unwrap()
}

fn cron(text: &str) -> Schedule {
    Schedule::Cron(CronExpr::parse(text).unwrap())
}

/// Subscribes at the first time and renews on time; each term must end when the table says.
fn check(schedule: &Schedule, begin: &str, ends: &[&str]) {
    let anchor = Anchor { at: at(begin), term: 0 };
    let mut term = schedule.first(anchor.at).unwrap();
    for (index, end) in ends.iter().enumerate() {
        assert_eq!(term.ends, at(end), "term {} of {schedule:?} from {begin}", index + 1);
        let next = schedule.following(anchor, term).unwrap();
        assert_eq!(schedule.current(anchor, term, term.ends), Some(next), "renewed on the instant");
        assert_eq!((next.number, next.starts), (term.number + 1, term.ends));
        term = next;
    }
}

#[test]
fn months_without_drift() {
    check(
        &Schedule::Months(1),
        "2027-01-31",
        &["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30", "2027-07-31"],
    );
    check(&Schedule::Months(1), "2028-01-31", &["2028-02-29", "2028-03-31"]);
    check(
        &Schedule::Months(12),
        "2028-02-29",
        &["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29", "2033-02-28"],
    );
    check(&Schedule::Months(3), "2026-11-30", &["2027-02-28", "2027-05-30", "2027-08-30"]);
}

#[test]
fn periods_and_crons() {
    check(
        &Schedule::Seconds(60),
        "2026-11-22T01:00:00.123",
        &["2026-11-22T01:01:00.123", "2026-11-22T01:02:00.123"],
    );
    check(&Schedule::Seconds(86_400), "2026-12-30", &["2026-12-31", "2027-01-01"]);
    check(
        &cron("0 0 1 * *"),
        "2026-11-22",
        &["2026-12-01T00:00:00", "2027-01-01T00:00:00", "2027-02-01T00:00:00"],
    );
    check(&cron("*/15 * * * *"), "2026-11-22", &["2026-11-22T12:15:00", "2026-11-22T12:30:00"]);
    check(&cron("0 12 L * *"), "2027-01-31", &["2027-02-28", "2027-03-31"]);
}

/// Regression: nobody pays for seconds.
#[test]
fn an_occurrence_within_a_minute_is_passed_over() {
    for (now, ends) in [
        ("2026-11-22T11:58:59.999", "2026-11-22T12:00:00"),
        ("2026-11-22T11:59:00", "2026-11-22T12:00:00"),
        ("2026-11-22T11:59:00.001", "2026-11-22T13:00:00"),
        ("2026-11-22T12:00:00", "2026-11-22T13:00:00"),
    ] {
        assert_eq!(cron("0 * * * *").first(at(now)).unwrap().ends, at(ends), "{now}");
    }
}

#[test]
fn an_outage_of_five_terms_keeps_the_grid() {
    for (schedule, begin, now, number, ends) in [
        (Schedule::Seconds(3_600), "2026-11-22", "2026-11-22T18:20:00", 7, "2026-11-22T19:00:00"),
        (Schedule::Months(1), "2027-01-31", "2027-07-15", 6, "2027-07-31"),
        (Schedule::Months(1), "2027-01-31", "2027-06-30T12:00:00", 6, "2027-07-31"),
        (Schedule::Months(12), "2028-02-29", "2034-01-01", 6, "2034-02-28"),
        (cron("0 0 1 * *"), "2027-01-15", "2027-07-15", 7, "2027-08-01T00:00:00"),
    ] {
        let anchor = Anchor { at: at(begin), term: 0 };
        let first = schedule.first(anchor.at).unwrap();
        let term = schedule.current(anchor, first, at(now)).unwrap();
        assert_eq!((term.number, term.ends), (number, at(ends)), "{schedule:?} at {now}");
        assert!(term.starts <= at(now));
        // One by one comes to the same.
        let mut one = first;
        while one.ends <= at(now) {
            one = schedule.following(anchor, one).unwrap();
        }
        assert_eq!(one, term);
    }
}

#[test]
fn a_long_silence_of_the_clock_costs_bounded_work() {
    let schedule = cron("* * * * *");
    let first = schedule.first(at("2026-01-01")).unwrap();
    let anchor = Anchor { at: at("2026-01-01"), term: 0 };
    let term = schedule.current(anchor, first, at("2026-12-31T12:00:30")).unwrap();
    assert_eq!((term.starts, term.ends), (at("2026-12-31"), at("2026-12-31T12:01:00")));
    assert_eq!(term.number, first.number + OCCURRENCES_COUNTED_MAX + 1);
}

#[test]
fn a_new_anchor_is_the_end_of_the_running_term() {
    let anchor = Anchor { at: at("2027-03-10"), term: 4 };
    let ended = Term { number: 4, starts: at("2027-02-10"), ends: anchor.at };
    let next = Schedule::Seconds(86_400).following(anchor, ended).unwrap();
    assert_eq!((next.number, next.ends), (5, at("2027-03-11")));
    let late = Schedule::Seconds(86_400).current(anchor, ended, at("2027-03-13")).unwrap();
    assert_eq!((late.number, late.ends), (8, at("2027-03-14")));
}

/// Regression: a cron expression with seconds charged every second.
#[test]
fn schedules_are_checked_when_they_are_made() {
    use ScheduleError::{Months, Never, NotOne, Seconds};
    let now = at("2026-11-22");
    let check = |cron: Option<&str>, seconds: Option<u32>, months: Option<u32>, expected| {
        assert_eq!(
            Schedule::new(cron, seconds, months, now).err(),
            expected,
            "{cron:?} {seconds:?}"
        );
    };
    check(None, None, None, Some(NotOne));
    check(Some("0 0 * * *"), Some(60), None, Some(NotOne));
    check(Some("0 0 * * *"), None, None, None);
    check(None, Some(59), None, Some(Seconds));
    check(None, Some(60), None, None);
    check(None, Some(PERIOD_SECONDS_MAX), None, None);
    check(None, Some(PERIOD_SECONDS_MAX + 1), None, Some(Seconds));
    check(None, None, Some(0), Some(Months));
    check(None, None, Some(120), None);
    check(None, None, Some(121), Some(Months));
    check(Some("0 0 30 2 *"), None, None, Some(Never));
    for bad in ["", "* * * * * *", "* * * *", "@daily", "60 * * * *", "a b c d e", "0 0 * * 8"] {
        let refused = Schedule::new(Some(bad), None, None, now);
        assert!(matches!(refused, Err(ScheduleError::Cron(_))), "{bad:?}: {refused:?}");
    }
}

proptest! {
    /// Fifty renewals, each late by any time: the ends are those of a clock that was never late.
    #[test]
    fn late_renewals_move_nothing(delays in prop::collection::vec(0_u64..200, 50), months in any::<bool>()) {
        let schedule = if months { Schedule::Months(1) } else { Schedule::Seconds(2_592_000) };
        let anchor = Anchor { at: at("2027-01-31"), term: 0 };
        let mut term = schedule.first(anchor.at).unwrap();
        for hours in delays {
            let now = term.ends.plus(Duration::from_secs(hours * 3_600)).unwrap();
            term = schedule.current(anchor, term, now).unwrap();
            prop_assert_eq!(Some(term.ends), schedule.end(anchor, term.number));
            prop_assert!(term.starts <= now && now < term.ends);
        }
    }
}
