//! The rules of plans, in tables.

use std::sync::Arc;

use super::*;
use crate::kernel::id::ServerSessionId;

/// A time.
pub(in crate::plans) fn at(text: &str) -> Timestamp {
    serde_json::from_str(&format!("\"{text}\"")).unwrap()
}

/// The plan of the examples.
pub(in crate::plans) fn plan() -> Plan {
    Plan {
        id: PlanId::new(1),
        tier: "supporter".parse().unwrap(),
        name: "Supporter".into(),
        description: "Casual servers for friends.".into(),
        benefits: vec!["Six hours a month".into()],
        monthly_price_usd: 5,
        limits: Limits {
            monthly_server_minutes: 360,
            max_session_minutes: 120,
            max_concurrent_servers: 1,
        },
        discord_role_id: Some(DiscordId::new(1_030_000_000_000_000_001)),
        entitlement_priority: 10,
        display_order: 10,
        grace_days: 0,
        is_active: true,
        products: vec![Product {
            provider: Provider::Polar,
            product_id: Reference::new("0d9f7a7e-2222-4c1e-8a55-000000000002").unwrap(),
        }],
        version: 2,
        updated_at: at("2026-09-10T09:00:00Z"),
    }
}

/// October of a supporter.
pub(in crate::plans) fn entitlement() -> Entitlement {
    Entitlement {
        id: EntitlementId::new(7),
        user: DiscordId::new(80_351_110_224_678_912),
        plan: PlanId::new(1),
        provider: Provider::Polar,
        reference: Reference::new("0d9f7a7e-4444-4c1e-8a55-000000000005").unwrap(),
        customer: None,
        status: Status::Active,
        provider_status: Some("active".into()),
        period: Period::new(at("2026-10-01T12:00:00Z"), at("2026-11-01T12:00:00Z")).unwrap(),
        cancel_at_period_end: false,
        ends_at: None,
        ended_at: None,
        past_due_at: None,
        paused_at: None,
        resumes_at: None,
        seen: None,
        granted_by: None,
        note: None,
        version: 1,
    }
}

fn period(start: &str, end: &str) -> Period {
    Period::new(at(start), at(end)).unwrap()
}

fn held(id: i64, change: impl FnOnce(&mut Entitlement, &mut Plan)) -> Held {
    let (mut entitlement, mut plan) = (entitlement(), plan());
    entitlement.id = EntitlementId::new(id);
    change(&mut entitlement, &mut plan);
    Held { entitlement, plan: Arc::new(plan) }
}

fn account(held: Vec<Held>) -> Account {
    Account { user: entitlement().user, held, used: vec![], holds: vec![] }
}

/// Regression: a run of 300.001 seconds cost 10 minutes, and one of no second at all 5.
#[test]
fn a_run_is_charged_in_steps_of_five_minutes_up_to_what_was_held() {
    let cases = [
        (0, 60, 0),
        (-5, 60, 0),
        (i64::MIN, 60, 0),
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
        (3_000, 60, 50),
        (i64::MAX, 60, 60),
        (i64::MAX, u32::MAX, u32::MAX),
    ];
    for (runtime_s, allocated, expected) in cases {
        assert_eq!(charge(runtime_s, allocated), expected, "{runtime_s} s of {allocated} min");
    }
}

#[test]
fn a_window_is_a_monthly_step_of_the_period_that_was_paid_for() {
    let month = ("2026-10-01T12:00:00Z", "2026-11-01T12:00:00Z");
    let year = ("2026-01-31T00:00:00Z", "2027-01-31T00:00:00Z");
    let week = ("2026-10-01T00:00:00Z", "2026-10-08T00:00:00Z");
    let cases = [
        // A month is one window.
        (month, "2026-10-01T12:00:00Z", month),
        (month, "2026-11-01T11:59:59.999Z", month),
        // In a year minutes are new each month; a day that a month lacks is its last.
        (year, "2026-01-31T00:00:00Z", ("2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z")),
        (year, "2026-02-27T23:59:59.999Z", ("2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z")),
        (year, "2026-02-28T00:00:00Z", ("2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z")),
        (year, "2026-03-30T23:00:00Z", ("2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z")),
        (year, "2026-12-31T00:00:00Z", ("2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z")),
        // A week is a window of its own.
        (week, "2026-10-07T00:00:00Z", week),
        // Behind its end begins what would follow.
        (month, "2026-11-01T12:00:00Z", ("2026-11-01T12:00:00Z", "2026-12-01T12:00:00Z")),
        (month, "2026-11-01T12:59:00Z", ("2026-11-01T12:00:00Z", "2026-12-01T12:00:00Z")),
        (week, "2026-10-08T00:30:00Z", ("2026-10-08T00:00:00Z", "2026-10-15T00:00:00Z")),
    ];
    for ((start, end), now, expected) in cases {
        let window = period(start, end).window(at(now));
        assert_eq!((window.start, window.end), (at(expected.0), at(expected.1)), "{start} {now}");
    }
    assert_eq!(Period::new(at(month.0), at(month.0)), None);
    assert_eq!(Period::new(at(month.1), at(month.0)), None);
    let two = Period::months(at("2026-12-31T00:00:00Z"), 2);
    assert_eq!(two.end, at("2027-02-28T00:00:00Z"));
}

/// Regression: states that nobody knew were taken for active.
#[test]
fn what_can_be_used_depends_on_state_period_and_grace() {
    type Change = fn(&mut Entitlement, &mut Plan);
    let past_due: Change = |entitlement, plan| {
        entitlement.status = Status::PastDue;
        entitlement.past_due_at = Some(at("2026-10-05T12:00:00Z"));
        plan.grace_days = 2;
    };
    let cases: &[(&str, Change, &str, bool)] = &[
        ("before", |_, _| {}, "2026-10-01T11:59:59Z", false),
        ("begins", |_, _| {}, "2026-10-01T12:00:00Z", true),
        ("runs", |_, _| {}, "2026-11-01T11:59:59Z", true),
        ("is awaited", |_, _| {}, "2026-11-01T12:00:00Z", true),
        ("is awaited for an hour", |_, _| {}, "2026-11-01T12:59:59.999Z", true),
        ("and no longer", |_, _| {}, "2026-11-01T13:00:00Z", false),
        ("trial", |one, _| one.status = Status::Trialing, "2026-10-02T00:00:00Z", true),
        ("trial awaited", |one, _| one.status = Status::Trialing, "2026-11-01T12:30:00Z", true),
        ("ends", |one, _| one.cancel_at_period_end = true, "2026-11-01T11:59:59Z", true),
        ("has ended", |one, _| one.cancel_at_period_end = true, "2026-11-01T12:00:00Z", false),
        ("canceled", |one, _| one.status = Status::Canceled, "2026-10-02T00:00:00Z", false),
        ("expired", |one, _| one.status = Status::Expired, "2026-10-02T00:00:00Z", false),
        ("inactive", |one, _| one.status = Status::Inactive, "2026-10-02T00:00:00Z", false),
        ("in grace", past_due, "2026-10-07T11:59:59Z", true),
        ("grace is over", past_due, "2026-10-07T12:00:00Z", false),
        (
            "no grace",
            |one, plan| {
                past(one);
                plan.grace_days = 0;
            },
            "2026-10-05T12:00:00Z",
            false,
        ),
        (
            "past due since when",
            |one, plan| {
                past(one);
                one.past_due_at = None;
                plan.grace_days = 9;
            },
            "2026-10-05T12:00:00Z",
            false,
        ),
    ];
    for (name, change, now, expected) in cases {
        let one = held(1, change);
        let usable = one.entitlement.window(&one.plan, at(now)).is_some();
        assert_eq!(usable, *expected, "{name} at {now}");
    }
}

fn past(entitlement: &mut Entitlement) {
    entitlement.status = Status::PastDue;
    entitlement.past_due_at = Some(at("2026-10-05T12:00:00Z"));
}

#[test]
fn time_alone_changes_what_a_user_has_at_known_moments() {
    let review = |change: fn(&mut Entitlement, &mut Plan), now: &str| {
        let one = held(1, change);
        one.entitlement.review_at(&one.plan, at(now)).map(|at| at.to_string())
    };
    let at = |text: &str| Some(text.to_owned());
    assert_eq!(review(|_, _| {}, "2026-09-01T00:00:00Z"), at("2026-10-01T12:00:00.000Z"));
    assert_eq!(review(|_, _| {}, "2026-10-02T00:00:00Z"), at("2026-11-01T13:00:00.000Z"));
    assert_eq!(review(|_, _| {}, "2026-11-01T13:00:00Z"), None);
    let ends: fn(&mut Entitlement, &mut Plan) = |one, _| one.cancel_at_period_end = true;
    assert_eq!(review(ends, "2026-10-02T00:00:00Z"), at("2026-11-01T12:00:00.000Z"));
    let late = |one: &mut Entitlement, plan: &mut Plan| {
        past(one);
        plan.grace_days = 2;
    };
    assert_eq!(review(late, "2026-10-06T00:00:00Z"), at("2026-10-07T12:00:00.000Z"));
    assert_eq!(review(|one, _| one.status = Status::Canceled, "2026-10-02T00:00:00Z"), None);
}

/// Regression: ties were decided by chance.
#[test]
fn of_several_plans_the_one_with_the_highest_priority_counts() {
    type Change = fn(&mut Entitlement, &mut Plan);
    let now = at("2026-10-02T00:00:00Z");
    let none: Change = |_, _| {};
    // Each row: the change that makes the second one better than the first, or not.
    let cases: &[(&str, Change, Change, i64)] = &[
        (
            "a lower quota with a higher priority",
            none,
            |_, plan| {
                plan.entitlement_priority = 11;
                plan.limits.monthly_server_minutes = 10;
            },
            2,
        ),
        ("price", none, |_, plan| plan.monthly_price_usd = 6, 2),
        ("minutes", none, |_, plan| plan.limits.monthly_server_minutes = 361, 2),
        ("order", none, |_, plan| plan.display_order = 9, 2),
        ("order", none, |_, plan| plan.display_order = 11, 1),
        ("a later end", none, |one, _| one.period.end = at("2026-11-02T12:00:00Z"), 2),
        ("an earlier end", none, |one, _| one.period.end = at("2026-10-30T12:00:00Z"), 1),
        ("nothing but the number", none, none, 2),
        (
            "not usable",
            none,
            |one, plan| {
                plan.entitlement_priority = 99;
                one.status = Status::Inactive;
            },
            1,
        ),
    ];
    for (name, first, second, expected) in cases {
        for turned in [false, true] {
            let mut both = vec![held(1, first), held(2, second)];
            if turned {
                both.reverse();
            }
            let account = account(both);
            let best = account.usable(now).first().map(|one| one.entitlement.id.get());
            assert_eq!(best, Some(*expected), "{name}");
        }
    }
}

fn hold(minutes: u32) -> Hold {
    Hold {
        session: ServerSessionId::new(uuid::Uuid::from_u128(minutes.into())),
        entitlement: EntitlementId::new(1),
        window_start: at("2026-10-01T12:00:00Z"),
        minutes,
    }
}

fn used(minutes: i64) -> WindowUse {
    let window_start = at("2026-10-01T12:00:00Z");
    WindowUse { entitlement: EntitlementId::new(1), window_start, minutes }
}

/// Regression: minutes were not reserved, so three starts on the last 30 got 30 each.
#[test]
fn minutes_are_what_the_plan_gives_less_what_is_used_and_held() {
    // quota, used, held -> remaining, available
    let cases = [
        (360, 0, vec![], 360, 360),
        (360, 10, vec![], 350, 350),
        (360, 10, vec![60, 30], 350, 260),
        (360, 330, vec![30], 30, 0),
        (360, 400, vec![], 0, 0),
        (360, -60, vec![], 420, 420),
        (0, 0, vec![], 0, 0),
    ];
    for (quota, minutes, holds, remaining, available) in cases {
        let one = held(1, |_, plan| plan.limits.monthly_server_minutes = quota);
        let holds = holds.into_iter().map(hold).collect();
        let account = Account { used: vec![used(minutes)], holds, ..account(vec![one]) };
        let balance = account.usable(at("2026-10-02T00:00:00Z"))[0].balance;
        assert_eq!((balance.remaining(), balance.available()), (remaining, available), "{minutes}");
    }
    // Use counts in its window alone, however the period's end has moved since.
    let moved = held(1, |one, _| one.period.end = at("2026-11-20T00:00:00Z"));
    let account = Account { used: vec![used(100)], ..account(vec![moved]) };
    assert_eq!(account.usable(at("2026-10-31T00:00:00Z"))[0].balance.used, 100);
    assert_eq!(account.usable(at("2026-11-02T00:00:00Z"))[0].balance.used, 0);
}

#[test]
fn a_session_gets_minutes_by_the_first_plan_that_has_some() {
    let now = at("2026-10-02T00:00:00Z");
    let check = |account: &Account, requested, expected: Result<(u32, u32), &str>| {
        let allotted = account.allot(requested, now);
        let said = allotted.as_ref().map(|one| (one.requested, one.allocated));
        assert_eq!(said.map_err(crate::db::Refusal::code), expected, "{requested:?} {allotted:?}");
    };
    let plain = account(vec![held(1, |_, _| {})]);
    for (requested, expected) in [
        (None, (120, 120)),
        (Some(0), (120, 120)),
        (Some(1), (5, 5)),
        (Some(4), (5, 5)),
        (Some(5), (5, 5)),
        (Some(60), (60, 60)),
        (Some(121), (121, 120)),
        (Some(1_000_000_000), (100_000, 120)),
    ] {
        check(&plain, requested, Ok(expected));
    }
    let two = |change: fn(&mut Entitlement, &mut Plan)| {
        held(1, |one, plan| {
            plan.limits.max_concurrent_servers = 2;
            change(one, plan);
        })
    };
    // The last minutes may be fewer than a session asks for at least.
    let few = Account { used: vec![used(357)], ..account(vec![two(|_, _| {})]) };
    check(&few, Some(60), Ok((60, 3)));
    let rest = Account { used: vec![used(300)], holds: vec![hold(30)], ..few.clone() };
    check(&rest, None, Ok((120, 30)));
    // The first rule that is broken is told.
    check(&account(vec![]), None, Err("NO_ACTIVE_SUBSCRIPTION"));
    check(
        &account(vec![held(1, |one, _| one.status = Status::Expired)]),
        None,
        Err("NO_ACTIVE_SUBSCRIPTION"),
    );
    check(&Account { holds: vec![hold(30)], ..plain.clone() }, None, Err("CONCURRENCY_LIMIT"));
    let spent = Account { used: vec![used(360)], ..plain.clone() };
    check(&spent, None, Err("MINUTES_EXHAUSTED"));
    let both = Account { holds: vec![hold(30)], ..spent.clone() };
    check(&both, None, Err("CONCURRENCY_LIMIT"));
    let reserved = Account { used: vec![used(330)], holds: vec![hold(30)], ..few };
    check(&reserved, None, Err("MINUTES_EXHAUSTED"));
    // A plan without minutes gives way to the next, with the limits of that one.
    let mut two_plans = spent;
    two_plans.held.push(held(2, |_, plan| {
        plan.entitlement_priority = 1;
        plan.limits.max_session_minutes = 30;
    }));
    let allotted = two_plans.allot(None, now).unwrap();
    assert_eq!((allotted.entitlement.get(), allotted.allocated), (2, 30));
}

#[test]
fn thresholds_are_reached_at_80_and_100_percent() {
    for (quota, used, expected) in [
        (100, 79, vec![]),
        (100, 80, vec![80]),
        (100, 99, vec![80]),
        (100, 100, vec![80, 100]),
        (100, 250, vec![80, 100]),
        (3, 2, vec![]),
        (0, 5, vec![]),
        (100, -5, vec![]),
    ] {
        let balance = Balance { quota, used, reserved: 0 };
        assert_eq!(balance.reached().collect::<Vec<_>>(), expected, "{used} of {quota}");
    }
}

#[test]
fn names_of_tiers_and_things_are_plain() {
    for good in ["supporter", "tier-2", "0_x", &"a".repeat(64)] {
        assert_eq!(good.parse::<Tier>().unwrap().as_str(), good);
    }
    for bad in ["", "-a", "_a", "Supporter", "a b", "a/b", "é", &"a".repeat(65)] {
        assert_eq!(bad.parse::<Tier>(), Err(TierError), "{bad:?}");
    }
    for (text, valid) in
        [("x", true), ("0d9f7a7e-4444", true), ("", false), ("a b", false), ("a\n", false)]
    {
        assert_eq!(Reference::new(text).is_some(), valid, "{text:?}");
    }
    for status in Status::ALL {
        assert_eq!(status.name().parse(), Ok(status));
    }
    for provider in Provider::ALL {
        assert_eq!(provider.name().parse(), Ok(provider));
    }
}
