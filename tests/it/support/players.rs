//! Users with a plan, and their server sessions.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Api, Hub, PATIENCE, Reply, Site};

/// What a plan allows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Minutes a month.
    pub(crate) minutes: i32,
    /// Minutes of one session.
    pub(crate) session: i32,
    /// Sessions at once.
    pub(crate) at_once: i32,
}

/// As much as most tests need: an hour a session, one at a time.
pub(crate) const USUAL: Allowance = Allowance { minutes: 600, session: 60, at_once: 1 };

/// A user with a plan.
pub(crate) struct Player {
    /// Their Discord id.
    pub(crate) id: i64,
    /// They ask.
    pub(crate) api: Api,
}

/// A user who is linked, and has a token.
pub(crate) async fn stranger(hub: &Hub, id: i64) -> Player {
    let path = format!("/api/v1/users/{id}/tokens");
    let reply = hub.admin().post(&path, &json!({"username": format!("player{id}")})).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    Player { id, api: Api::new(&hub.url(), reply.data()["token"].as_str()) }
}

/// A user with a plan of their own.
pub(crate) async fn player(site: &Site, hub: &Hub, id: i64, allowance: Allowance) -> Player {
    let player = stranger(hub, id).await;
    let Allowance { minutes, session, at_once } = allowance;
    let plan = "with plan as (
            insert into plans (tier, name, monthly_server_minutes, max_session_minutes, max_concurrent_servers,
                               created_at, updated_at)
            values ($1, 'A plan of the tests', $2, $3, $4, clock_timestamp(), clock_timestamp()) returning id)
        insert into entitlements (discord_id, plan_id, provider, reference, status, period_start, period_end,
                                  created_at, updated_at)
        select $5, id, 'comp', $1, 'active', clock_timestamp() - interval '1 day', clock_timestamp() + interval '27 days',
               clock_timestamp(), clock_timestamp() from plan";
    sqlx::query(plan)
        .bind(format!("tests-{id}"))
        .bind(minutes)
        .bind(session)
        .bind(at_once)
        .bind(id)
        .execute(&mut site.sql().await)
        .await
        .unwrap();
    player
}

impl Player {
    /// Asks for a session.
    pub(crate) async fn start(&self, more: Value) -> Reply {
        start(&self.api, more).await
    }

    /// Starts a session and gives its id.
    pub(crate) async fn started(&self) -> String {
        let reply = self.start(json!({})).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply.body["session"]["id"].as_str().unwrap().to_owned()
    }

    /// Asks to stop a session.
    pub(crate) async fn stop(&self, session: &str) -> Reply {
        self.api.post(&format!("{SESSIONS}/{session}/stop"), &json!({})).await
    }

    /// A session, as its owner sees it.
    pub(crate) async fn session(&self, session: &str) -> Value {
        let reply = self.api.get(&format!("{SESSIONS}/{session}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body["session"].clone()
    }

    /// Where a session stands.
    pub(crate) async fn status(&self, session: &str) -> String {
        self.session(session).await["status"].as_str().unwrap().to_owned()
    }

    /// Waits until a session stands there.
    pub(crate) async fn waits_for(&self, session: &str, status: &str) -> Value {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            let now = self.session(session).await;
            if now["status"] == status {
                return now;
            }
            assert!(std::time::Instant::now() < deadline, "waited for {status}: {now}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Minutes used, and minutes held.
    pub(crate) async fn minutes(&self, site: &Site) -> (i64, i64) {
        let sql =
            "select (select coalesce(sum(minutes), 0) from usage_ledger where discord_id = $1),
                          (select coalesce(sum(allocated_minutes), 0) from reservations
                           where discord_id = $1 and closed_at is null)";
        sqlx::query_as(sql).bind(self.id).fetch_one(&mut site.sql().await).await.unwrap()
    }
}

/// The path of sessions.
pub(crate) const SESSIONS: &str = "/api/subscriptions/server-sessions";

/// Asks for a session, as whoever.
pub(crate) async fn start(api: &Api, more: Value) -> Reply {
    api.post(&format!("{SESSIONS}/start"), &order(&more)).await
}

/// An order of a session.
pub(crate) fn order(more: &Value) -> Value {
    let mut body = json!({"game_code": "21"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// Status and code of the envelope of these paths.
pub(crate) fn said(reply: &Reply) -> (u16, &str) {
    let code = reply.body["code"].as_str().unwrap_or("");
    assert_eq!(reply.body["success"], reply.status < 400, "{reply:?}");
    (reply.status, code)
}
