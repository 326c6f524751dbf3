//! Every kind of event beside its golden JSON.

use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::plans::model::Account;
use crate::plans::model::tests::{at, entitlement, plan};

fn check(fact: &impl Fact) {
    let data = fact.data(Scale::new(2).unwrap()).unwrap();
    let data: Value = serde_json::from_str(data.get()).unwrap();
    let event = serde_json::json!({"kind": fact.kind(), "topics": fact.topics(), "data": data});
    let path = format!("{}/tests/golden/events/{}.json", env!("CARGO_MANIFEST_DIR"), fact.kind());
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(event, golden, "{}", serde_json::to_string_pretty(&event).unwrap());
}

#[test]
fn every_kind_has_its_golden_json() {
    let plan = plan();
    check(&PlanChanged::new(&plan));
    let held = Held { entitlement: entitlement(), plan: Arc::new(plan) };
    let user = held.entitlement.user;
    let changed = Some(EntitlementView::new(&held.entitlement, &held.plan));
    let account = Account { user, held: vec![held.clone()], used: vec![], holds: vec![] };
    let view = AccessView::new(&account, at("2026-10-02T00:00:00Z"));
    check(&EntitlementChanged { discord_user_id: user, changed, entitlement: view });
    check(&RoleChanged {
        discord_user_id: user,
        tier: held.plan.tier.clone(),
        discord_role_id: held.plan.discord_role_id,
        granted: true,
    });
    let window = held.entitlement.period.window(at("2026-10-02T00:00:00Z"));
    let balance = |used, reserved| Balance { quota: 360, used, reserved };
    let session = Some(ServerSessionId::new(uuid::Uuid::from_u128(7)));
    let usage = |used, reserved, change| {
        UsageEvent::new(user, &held, window, balance(used, reserved), session, change)
    };
    check(&usage(280, 60, UsageChange::Reserved { minutes: 60 }));
    check(&usage(280, 0, UsageChange::Released { minutes: 60 }));
    check(&usage(
        290,
        0,
        UsageChange::Recorded {
            entry: 3,
            minutes: 10,
            reason: EntryReason::ServerSession,
            note: Some("user_stop".into()),
        },
    ));
    check(&UsageThreshold::new(user, &held, window, balance(290, 0), 80));
}
