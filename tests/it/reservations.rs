//! Minutes of server sessions: reserved, charged, released and corrected, many at once.
//!
//! What owns server sessions runs these inside its own transactions, so the tests do too: beside the hub, on its
//! database, through the door that every change goes through.

use serde_json::{Value, json};
use sqlx::Row;
use tollbell::{
    db::{Command, Db, DbError, DbSettings, Failure, Never, Refusal, Tx},
    kernel::{
        id::{DiscordId, ServerSessionId},
        money::Scale,
    },
    plans::{self, Ask, Denied, Reservation, Settled},
};

use super::support::{Api, Hub, Site, Socket};

const ADA: &str = "80351110224678912";

/// A change that a slice above makes.
struct Reserve(DiscordId, Ask);

impl Command for Reserve {
    const NAME: &'static str = "test_reserve";
    type Done = Reservation;
    type Refusal = Denied;

    async fn apply(&self, tx: &mut Tx) -> Result<Reservation, Failure<Denied>> {
        plans::reserve(tx, self.0, &self.1).await
    }
}

/// See [`Reserve`].
enum Close {
    Settle(ServerSessionId, u32),
    Release(ServerSessionId),
    Correct(ServerSessionId, u32),
}

impl Command for Close {
    const NAME: &'static str = "test_close";
    type Done = (u32, bool);
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(u32, bool), Failure<Never>> {
        let said = |settled: Settled| (settled.billed, settled.fresh);
        Ok(match self {
            Self::Settle(id, minutes) => said(plans::settle(tx, *id, *minutes, "stopped").await?),
            Self::Release(id) => said(plans::release(tx, *id).await?),
            Self::Correct(id, minutes) => (plans::correct(tx, *id, *minutes, "late").await?, true),
        })
    }
}

/// A node without doors.
pub(crate) struct Local {
    /// The door of every change.
    pub(crate) db: Db,
}

impl Local {
    /// A node of this community.
    pub(crate) async fn at(site: &Site) -> Self {
        let settings = DbSettings {
            options: site.database_url.parse().unwrap(),
            pool_size: 8,
            migrate: false,
            partition_events: 1_000_000,
            scale: Scale::new(2).unwrap(),
        };
        let (db, _) = Db::open(settings).await.unwrap();
        Self { db }
    }

    async fn reserve(&self, user: &str, minutes: Option<u32>) -> Result<Reservation, Denied> {
        let session = ServerSessionId::new(tollbell::db::random::uuid());
        let ask = Ask { session, requested: minutes };
        match self.db.run(&Reserve(user.parse().unwrap(), ask)).await {
            Ok(reservation) => Ok(reservation),
            Err(Failure::Refused(denied)) => Err(denied),
            Err(Failure::Db(error)) => panic!("{error}"),
        }
    }

    async fn close(&self, close: Close) -> (u32, bool) {
        match self.db.run(&close).await {
            Ok(done) => done,
            Err(Failure::Db(error)) => panic!("{error}"),
            Err(Failure::Refused(never)) => match never {},
        }
    }
}

/// A hub, a node without doors, and Ada with a plan of so many minutes, servers and minutes a session.
async fn stage(site: &Site, minutes: u32, servers: u32) -> (Hub, Local, Api) {
    let hub = site.hub(&["--dev"]).await;
    let bot = hub.with(&site.key("bot"));
    let body = json!({"monthly_server_minutes": minutes, "max_concurrent_servers": servers,
                      "max_session_minutes": 120});
    let put = hub.admin().put("/api/subscriptions/plans/supporter/", &body).await;
    assert_eq!(put.status, 200, "{put:?}");
    let linked = bot.put(&format!("/api/v1/users/{ADA}"), &json!({})).await;
    assert_eq!(linked.status, 200);
    comp(&hub, json!({"tier": "supporter", "months": 1, "ref": "gift"})).await;
    (hub, Local::at(site).await, bot)
}

async fn comp(hub: &Hub, body: Value) {
    let path = format!("/api/subscriptions/users/{ADA}/comps/");
    let given = hub.admin().post(&path, &body).await;
    assert!(given.status < 300, "{given:?}");
}

/// What Ada has, as of what the other node has committed.
async fn entitlement(local: &Local, bot: &Api) -> Value {
    let seq = local.db.log().head().await.unwrap().seq.get();
    let path = format!("/api/subscriptions/users/{ADA}/entitlement/?since={seq}");
    let reply = bot.get(&path).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.body["entitlement"].clone()
}

/// Regression: minutes were not reserved, so three starts on the last 30 got 30 each.
#[tokio::test]
async fn three_starts_on_the_last_thirty_minutes_get_thirty_in_all() {
    let site = Site::new().await;
    let (_hub, local, bot) = stage(&site, 30, 3).await;
    let starts = (0..3).map(|_| Box::pin(local.reserve(ADA, Some(30))));
    let got = futures_util::future::join_all(starts).await;
    let allocated: u32 = got.iter().flatten().map(|one| one.allocated).sum();
    assert_eq!(allocated, 30, "{got:?}");
    let denied: Vec<_> =
        got.iter().filter_map(|one| one.as_ref().err()).map(Refusal::code).collect();
    assert_eq!(denied, ["MINUTES_EXHAUSTED"; 2]);
    let seen = entitlement(&local, &bot).await;
    assert_eq!(
        (&seen["reserved_server_minutes"], &seen["available_server_minutes"]),
        (&json!(30), &json!(0))
    );
}

/// Regression: the lock was void, so two starts at once both passed.
#[tokio::test]
async fn of_fifty_starts_at_once_one_passes_where_one_may() {
    let site = Site::new().await;
    let (_hub, local, _) = stage(&site, 10_000, 1).await;
    let starts = (0..50).map(|_| Box::pin(local.reserve(ADA, Some(5))));
    let got = futures_util::future::join_all(starts).await;
    assert_eq!(got.iter().filter(|one| one.is_ok()).count(), 1);
    let other = got.iter().filter_map(|one| one.as_ref().err());
    let open = Denied::ConcurrencyLimit { open: 1, limit: 1 };
    assert!(other.clone().all(|denied| *denied == open), "{:?}", other.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_session_is_charged_once_in_the_window_in_which_it_began() {
    let site = Site::new().await;
    let (hub, local, bot) = stage(&site, 100, 2).await;
    let mut socket = Socket::of_on(&hub, &bot, &[&format!("user:{ADA}")]).await;
    let one = local.reserve(ADA, Some(60)).await.unwrap();
    assert_eq!((one.requested, one.allocated, one.max_session), (60, 60, 120));
    // Ended twice, it costs what it cost first; more than was held is never charged.
    assert_eq!(local.close(Close::Settle(one.session, 85)).await, (60, true));
    assert_eq!(local.close(Close::Settle(one.session, 10)).await, (60, false));
    assert_eq!(local.close(Close::Release(one.session)).await, (60, false));
    let two = local.reserve(ADA, None).await.unwrap();
    assert_eq!((two.requested, two.allocated), (120, 40));
    assert_eq!(local.close(Close::Settle(two.session, 25)).await, (25, true));
    let kinds = |events: &[Value]| -> Vec<String> {
        events.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    };
    let events = socket.events(5).await;
    assert_eq!(
        kinds(&events),
        ["usage.reserved", "usage.recorded", "usage.reserved", "usage.recorded", "usage.threshold"]
    );
    assert_eq!(events[1]["data"]["minutes"], 60);
    assert_eq!(events[4]["data"]["percent"], 80);
    let seen = entitlement(&local, &bot).await;
    assert_eq!(
        (&seen["used_server_minutes"], &seen["remaining_server_minutes"]),
        (&json!(85), &json!(15))
    );
    // What proves to have been too much is given back, once; more is never taken.
    assert_eq!(local.close(Close::Correct(one.session, 70)).await.0, 0);
    assert_eq!(local.close(Close::Correct(one.session, 35)).await.0, 25);
    assert_eq!(local.close(Close::Correct(one.session, 35)).await.0, 0);
    // One that never ran costs nothing and leaves no entry.
    let three = local.reserve(ADA, Some(5)).await.unwrap();
    assert_eq!(local.close(Close::Release(three.session)).await, (0, true));
    let events = socket.events(3).await;
    assert_eq!(kinds(&events), ["usage.recorded", "usage.reserved", "usage.released"]);
    assert_eq!(
        (&events[0]["data"]["minutes"], &events[0]["data"]["reason"]),
        (&json!(-25), &json!("correction"))
    );
    assert_eq!(site.count("select count(*) from usage_ledger").await, 3);
    assert_eq!(entitlement(&local, &bot).await["used_server_minutes"], 60);
}

/// Regression: use was matched on both bounds of the period, so it vanished when the end moved, and a session over a
/// renewal was charged to the new period.
#[tokio::test]
async fn use_stays_when_the_end_moves_and_a_renewal_charges_where_it_was_reserved() {
    let site = Site::new().await;
    let (hub, local, bot) = stage(&site, 100, 2).await;
    let start = entitlement(&local, &bot).await["period_start"].clone();
    let one = local.reserve(ADA, Some(30)).await.unwrap();
    assert_eq!(local.close(Close::Settle(one.session, 30)).await, (30, true));
    let two = local.reserve(ADA, Some(20)).await.unwrap();
    // The end moves: what was used stays used, and what is held stays held.
    comp(&hub, json!({"tier": "supporter", "period_start": start, "ref": "gift", "months": 2}))
        .await;
    let seen = entitlement(&local, &bot).await;
    assert_eq!(
        (&seen["used_server_minutes"], &seen["reserved_server_minutes"]),
        (&json!(30), &json!(20))
    );
    // The plan is another one: the quota is, the use is not.
    let put = hub
        .admin()
        .put("/api/subscriptions/plans/supporter/", &json!({"monthly_server_minutes": 40}))
        .await;
    assert_eq!(put.status, 200);
    let seen = entitlement(&local, &bot).await;
    assert_eq!(
        (&seen["remaining_server_minutes"], &seen["available_server_minutes"]),
        (&json!(10), &json!(0))
    );
    // The next month begins while the session runs.
    hub.advance(31 * 86_400).await;
    let seen = entitlement(&local, &bot).await;
    assert_eq!((&seen["used_server_minutes"], &seen["active"]), (&json!(0), &json!(true)));
    assert_eq!(local.close(Close::Settle(two.session, 20)).await, (20, true));
    assert_eq!(
        entitlement(&local, &bot).await["used_server_minutes"],
        0,
        "charged where it was held"
    );
    let rows = sqlx::query("select distinct window_start from usage_ledger")
        .fetch_all(&mut site.sql().await)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    let window: chrono::DateTime<chrono::Utc> = rows[0].get(0);
    assert_eq!(tollbell::kernel::time::Timestamp::new(window).to_string(), start);
}

#[tokio::test]
async fn the_ledger_of_usage_is_only_ever_added_to() {
    let site = Site::new().await;
    let (_hub, local, _) = stage(&site, 100, 1).await;
    let one = local.reserve(ADA, Some(30)).await.unwrap();
    local.close(Close::Settle(one.session, 30)).await;
    for change in [
        "update usage_ledger set minutes = 1",
        "delete from usage_ledger",
        "delete from users",
        "delete from entitlements",
        "delete from reservations",
    ] {
        assert!(sqlx::query(change).execute(&mut site.sql().await).await.is_err(), "{change}");
    }
    assert_eq!(site.count("select sum(minutes)::bigint from usage_ledger").await, 30);
}

/// The access check is never older than an event that its caller has seen, however many changes there are at once.
#[tokio::test]
async fn the_access_check_is_as_new_as_the_last_event_that_its_caller_has_seen() {
    let site = Site::new().await;
    let (hub, local, bot) = stage(&site, 100_000, 100).await;
    let mut socket = Socket::of_on(&hub, &bot, &[&format!("user:{ADA}")]).await;
    let other = site.hub(&["--dev"]).await;
    let elsewhere = bot.at(&other);
    let work = async {
        for _ in 0..40 {
            local.reserve(ADA, Some(5)).await.unwrap();
        }
    };
    let watch = async {
        for _ in 0..40 {
            let event = socket.event().await;
            let told = event["data"]["reserved_server_minutes"].as_i64().unwrap();
            let seen = entitlement(&local, &bot).await["reserved_server_minutes"].as_i64().unwrap();
            assert!(seen >= told, "the answer says {seen}, the event before it {told}");
            // On another node the caller says what they have seen.
            let path =
                format!("/api/subscriptions/users/{ADA}/entitlement/?since={}", event["seq"]);
            let there = elsewhere.get(&path).await;
            let seen = there.body["entitlement"]["reserved_server_minutes"].as_i64().unwrap();
            assert!(seen >= told, "the other node says {seen}, the event before it {told}");
        }
    };
    tokio::join!(work, watch);
}

/// What nobody should do: settle what was never reserved.
#[tokio::test]
async fn a_session_without_a_reservation_is_a_defect_and_changes_nothing() {
    let site = Site::new().await;
    let (_hub, local, _) = stage(&site, 100, 1).await;
    let unknown = ServerSessionId::new(tollbell::db::random::uuid());
    let failed = local.db.run(&Close::Settle(unknown, 5)).await;
    assert!(matches!(failed, Err(Failure::Db(DbError::Impossible(_)))));
    let not_linked = local.reserve("2002", None).await;
    assert_eq!(not_linked, Err(Denied::UserNotLinked));
    assert_eq!(not_linked.unwrap_err().code(), "USER_NOT_LINKED");
}
