//! The access check from memory: all that happens between a user's account and the bytes of the answer.
//!
//! `cargo bench --bench access` prints the time per check for one plan and for many. What the gate and the socket add
//! stands in the hub's figures, as `http_request_seconds` of the route.

use std::{
    hint::black_box,
    io::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;
use serde_json::json;
use tollbell::{
    kernel::{
        id::{DiscordId, EntitlementId, PlanId, ServerSessionId},
        time::Timestamp,
    },
    plans::{
        model::{
            Account, Entitlement, Held, Hold, Limits, Period, Plan, Provider, Reference, Status,
            WindowUse,
        },
        views::AccessView,
    },
};

/// Checks of one repetition.
const CHECKS: u32 = 20_000;
/// Repetitions, the two sizes taking turns.
const REPETITIONS: usize = 5;

fn main() -> io::Result<()> {
    let now: Timestamp = read("2026-10-15T12:00:00Z");
    let (one, many) = (account(1), account(50));
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        small.push(per_check(&one, now));
        large.push(per_check(&many, now));
    }
    let (small, large) = (median(small), median(large));
    writeln!(io::stdout(), "one plan {small:?}  fifty plans {large:?}")
}

fn per_check(account: &Account, now: Timestamp) -> Duration {
    let started = Instant::now();
    for _ in 0..CHECKS {
        black_box(serde_json::to_vec(&AccessView::new(black_box(account), now)).ok());
    }
    started.elapsed() / CHECKS
}

fn median(mut spans: Vec<Duration>) -> Duration {
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied().unwrap_or_default()
}

/// A user with so many plans, each with use in its window, and an open session.
fn account(plans: i64) -> Account {
    let start: Timestamp = read("2026-10-01T12:00:00Z");
    let period = Period { start, end: read("2026-11-01T12:00:00Z") };
    let user = DiscordId::new(80_351_110_224_678_912);
    let entitlement = |id| Entitlement {
        id: EntitlementId::new(id),
        user,
        plan: PlanId::new(id),
        provider: Provider::Polar,
        reference: Reference::of(id),
        customer: None,
        status: Status::Active,
        provider_status: Some("active".into()),
        period,
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
    };
    let held = |id| Held { entitlement: entitlement(id), plan: Arc::new(plan(id, start)) };
    let used =
        |id| WindowUse { entitlement: EntitlementId::new(id), window_start: start, minutes: 120 };
    let session = ServerSessionId::new(uuid::Uuid::from_u128(7));
    let entitlement = EntitlementId::new(1);
    let hold = Hold { session, entitlement, window_start: start, minutes: 60 };
    Account {
        user,
        held: (1..=plans).map(held).collect(),
        used: (1..=plans).map(used).collect(),
        holds: vec![hold],
    }
}

fn plan(id: i64, updated_at: Timestamp) -> Plan {
    Plan {
        id: PlanId::new(id),
        tier: read("supporter"),
        name: "Supporter".into(),
        description: String::new(),
        benefits: Vec::new(),
        monthly_price_usd: 5,
        limits: Limits {
            monthly_server_minutes: 360,
            max_session_minutes: 120,
            max_concurrent_servers: 1,
        },
        discord_role_id: None,
        entitlement_priority: 10,
        display_order: 10,
        grace_days: 0,
        is_active: true,
        products: Vec::new(),
        version: 1,
        updated_at,
    }
}

#[expect(clippy::unwrap_used, reason = "the texts stand in this file")]
fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(json!(text)).unwrap()
}
