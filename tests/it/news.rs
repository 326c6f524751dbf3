//! News of a provider, in every order of arrival: what stands in the end is what the provider said last.

use serde_json::{Value, json};
use tollbell::{
    db::{Command, Failure, Never, Tx},
    kernel::{
        id::{DiscordId, PlanId},
        time::Timestamp,
    },
    plans::{
        self, Applied, EntitlementState, Seen,
        model::{Period, Provider, Reference, Status},
    },
};

use super::{
    reservations::Local,
    support::{Api, Hub, Site},
};

const ADA: DiscordId = DiscordId::new(80_351_110_224_678_912);

/// What the slice of a provider does with its news.
struct Tell<'a>(DiscordId, &'a Reference, &'a EntitlementState);

impl Command for Tell<'_> {
    const NAME: &'static str = "test_tell";
    type Done = Applied;
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<Applied, Failure<Never>> {
        Ok(plans::apply_entitlement(tx, self.0, Provider::Polar, self.1, self.2).await?)
    }
}

async fn tell(
    local: &Local,
    user: DiscordId,
    name: &Reference,
    state: &EntitlementState,
) -> Applied {
    match local.db.run(&Tell(user, name, state)).await {
        Ok(applied) => applied,
        Err(Failure::Db(error)) => panic!("{error}"),
        Err(Failure::Refused(never)) => match never {},
    }
}

fn at(text: &str) -> Timestamp {
    serde_json::from_value(json!(text)).unwrap()
}

/// A state that the provider had at a minute of the first of October, and told a second later.
fn state(minute: u32, status: Status, change: fn(&mut EntitlementState)) -> EntitlementState {
    let time = |second: u32| at(&format!("2026-10-01T12:{minute:02}:{second:02}Z"));
    let period = Period::new(at("2026-10-01T12:00:00Z"), at("2999-11-01T12:00:00Z")).unwrap();
    let mut state = EntitlementState::new(PlanId::new(1), status, period);
    state.seen = Some(Seen { modified: time(0), told: time(1) });
    change(&mut state);
    state
}

/// All orders of some things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let shorter = orders(count - 1);
    let longer = shorter.iter().flat_map(|order| {
        (0..=order.len()).map(|place| {
            let mut order = order.clone();
            order.insert(place, count - 1);
            order
        })
    });
    longer.collect()
}

async fn stage(site: &Site) -> (Hub, Local, Api) {
    let hub = site.hub(&[]).await;
    let bot = hub.with(&site.key("bot"));
    assert_eq!(bot.put(&format!("/api/v1/users/{ADA}"), &json!({})).await.status, 200);
    (hub, Local::at(site).await, bot)
}

/// Regression: late news overwrote newer ones, so that a plan that had been revoked came back.
#[tokio::test]
async fn news_in_any_order_come_to_the_same() {
    let site = Site::new().await;
    let (_hub, local, _) = stage(&site).await;
    let ended = |state: &mut EntitlementState| state.ended_at = Some(at("2026-10-01T12:04:00Z"));
    let news = [
        state(1, Status::Inactive, |_| {}),
        state(2, Status::Active, |_| {}),
        state(3, Status::Active, |state| state.cancel_at_period_end = true),
        // Two with one place in the provider's order: what is over stands above what is not.
        state(4, Status::Active, |_| {}),
        state(4, Status::Canceled, ended),
    ];
    let orders = orders(news.len());
    assert_eq!(orders.len(), 120);
    for (number, order) in orders.iter().enumerate() {
        let name = Reference::of(format!("s{number}"));
        for index in order {
            tell(&local, ADA, &name, &news[*index]).await;
        }
        // Once more, all of them: nothing changes.
        for index in order {
            let again = tell(&local, ADA, &name, &news[*index]).await;
            assert!(matches!(again, Applied::Same | Applied::Stale), "{order:?} {again:?}");
        }
    }
    let same = "select count(distinct (status, cancel_at_period_end, ended_at, provider_modified_at)) from entitlements";
    assert_eq!(site.count(same).await, 1);
    assert_eq!(
        site.count("select count(*) from entitlements where status = 'canceled'").await,
        120
    );
}

#[tokio::test]
async fn the_same_news_twenty_times_at_once_change_it_once() {
    let site = Site::new().await;
    let (hub, local, bot) = stage(&site).await;
    let before = hub.log_head().await;
    let (name, active) = (Reference::of("s1"), state(1, Status::Active, |_| {}));
    let tellings = (0..20).map(|_| Box::pin(tell(&local, ADA, &name, &active)));
    let applied = futures_util::future::join_all(tellings).await;
    let created = applied.iter().filter(|one| **one == Applied::Created).count();
    let same = applied.iter().filter(|one| **one == Applied::Same).count();
    assert_eq!((created, same), (1, 19), "{applied:?}");
    assert_eq!(hub.log_head().await - before, 2, "entitlement.changed and role.changed");
    // Told later and of the same moment: its place is remembered, and nobody is told.
    let mut later = active.clone();
    later.seen =
        Some(Seen { modified: at("2026-10-01T12:01:00Z"), told: at("2026-10-01T12:09:00Z") });
    assert_eq!(tell(&local, ADA, &name, &later).await, Applied::Same);
    assert_eq!(hub.log_head().await - before, 2);
    // Another user's, and somebody's whom nobody knows.
    assert_eq!(bot.put("/api/v1/users/2002", &json!({})).await.status, 200);
    let newer = state(5, Status::Active, |_| {});
    assert_eq!(tell(&local, DiscordId::new(2_002), &name, &newer).await, Applied::BelongsTo(ADA));
    assert_eq!(tell(&local, DiscordId::new(3_003), &name, &newer).await, Applied::NotLinked);
    let path = format!("/api/subscriptions/users/{ADA}/entitlement/");
    let seen = bot.get(&path).await.body["entitlement"].clone();
    assert_eq!((&seen["active"], &seen["provider"]), (&Value::Bool(true), &json!("polar")));
}
