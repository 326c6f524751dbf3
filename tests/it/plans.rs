//! Plans and entitlements over HTTP: offered, granted, checked, adjusted, told.

use serde_json::{Value, json};

use super::support::{Api, Hub, Reply, Site, Socket};

const ADA: &str = "80351110224678912";

/// Status and code of an answer in the envelope of these routes, which every answer has.
fn said(reply: &Reply) -> (u16, &str) {
    let ok = reply.status < 400;
    assert_eq!(reply.body["success"], ok, "{reply:?}");
    assert!(ok || reply.body["message"].is_string(), "{reply:?}");
    (reply.status, reply.body["code"].as_str().unwrap_or(""))
}

fn of_ada(rest: &str) -> String {
    format!("/api/subscriptions/users/{ADA}/{rest}")
}

/// The hub's time.
async fn now(hub: &Hub) -> Value {
    let moved = hub.admin().post("/api/v1/admin/clock", &json!({"advance_s": 1})).await;
    moved.data()["now"].clone()
}

/// A time some while later.
fn later(at: &Value, span: chrono::Duration) -> String {
    let at: chrono::DateTime<chrono::Utc> = serde_json::from_value(at.clone()).unwrap();
    (at + span).to_rfc3339()
}

async fn stage(site: &Site) -> (Hub, Api, Api) {
    let hub = site.hub(&["--dev"]).await;
    let bot = hub.with(&site.key("bot"));
    let ada = hub.user(&bot, ADA).await;
    (hub, bot, ada)
}

/// Regression: without a plan, keys of the answer were missing.
#[tokio::test]
async fn the_access_check_has_every_key_with_and_without_a_plan() {
    let site = Site::new().await;
    let (hub, bot, ada) = stage(&site).await;
    let none = ada.get("/api/subscriptions/me/entitlement/").await;
    assert_eq!(said(&none), (200, ""));
    let nothing = &none.body["entitlement"];
    for (key, expected) in [
        ("active", json!(false)),
        ("tier", Value::Null),
        ("plan", Value::Null),
        ("period_start", Value::Null),
        ("active_session", Value::Null),
        ("monthly_server_minutes", json!(0)),
        ("max_concurrent_servers", json!(0)),
        ("cancel_at_period_end", json!(false)),
        ("entitlements", json!([])),
        ("open_sessions", json!([])),
    ] {
        assert_eq!(nothing[key], expected, "{key}");
    }
    let comp =
        hub.admin().post(&of_ada("comps/"), &json!({"tier": "supporter", "months": 1})).await;
    assert_eq!(said(&comp), (201, ""));
    for path in ["/api/subscriptions/me/entitlement/", "/api/subscriptions/me/entitlement"] {
        let reply = ada.get(path).await;
        let some = &reply.body["entitlement"];
        assert_eq!(
            (&some["active"], &some["tier"], &some["plan"]),
            (&json!(true), &json!("supporter"), &json!("Supporter"))
        );
        assert_eq!(
            (&some["monthly_server_minutes"], &some["remaining_server_minutes"]),
            (&json!(360), &json!(360))
        );
        assert_eq!(
            (&some["max_session_minutes"], &some["max_concurrent_servers"]),
            (&json!(120), &json!(1))
        );
        assert_eq!((&some["provider"], &some["status"]), (&json!("comp"), &json!("active")));
        assert_eq!(some["entitlements"].as_array().unwrap().len(), 1);
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(nothing), keys(some));
    }
    let theirs = bot.get(&of_ada("entitlement/")).await;
    assert_eq!(theirs.body["discord_user_id"], ADA);
    assert_eq!(theirs.body["entitlement"]["tier"], "supporter");
}

/// Regression: an id that is no number was a 500, and answers without a code were plenty.
#[tokio::test]
async fn who_may_not_and_who_is_not_there_get_a_code() {
    let site = Site::new().await;
    let (hub, bot, ada) = stage(&site).await;
    let guest = hub.guest();
    assert_eq!(
        said(&guest.get("/api/subscriptions/me/entitlement/").await),
        (401, "NOT_AUTHENTICATED")
    );
    assert_eq!(said(&guest.get(&of_ada("entitlement/")).await), (401, "NOT_AUTHENTICATED"));
    assert_eq!(
        said(&hub.with("tbk_wrong").get("/api/subscriptions/plans/").await),
        (401, "NOT_AUTHENTICATED")
    );
    assert_eq!(said(&ada.get(&of_ada("entitlement/")).await), (403, "FORBIDDEN"));
    assert_eq!(said(&bot.get("/api/subscriptions/me/entitlement/").await), (403, "FORBIDDEN"));
    assert_eq!(
        said(&bot.get("/api/subscriptions/users/2002/entitlement/").await),
        (404, "USER_NOT_LINKED")
    );
    for bad in ["abc", "0", "-1", "1.5", "99999999999999999999", "%20", "null"] {
        let reply = bot.get(&format!("/api/subscriptions/users/{bad}/entitlement/")).await;
        assert_eq!(said(&reply), (400, "INVALID_DISCORD_ID"), "{bad}");
    }
    assert_eq!(said(&bot.get("/api/subscriptions/nothing/").await), (404, "NOT_FOUND"));
    assert_eq!(said(&bot.get("/api/subscriptions").await), (404, "NOT_FOUND"));
    assert_eq!(said(&bot.delete("/api/subscriptions/plans/").await), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(said(&bot.get("/api/subscriptions/roles/?after=x").await), (400, "INVALID_QUERY"));
    let all = bot.get("/api/subscriptions/plans/?all=true").await;
    assert_eq!(said(&all), (403, "FORBIDDEN"));
}

#[tokio::test]
async fn the_operator_makes_and_changes_plans_and_everybody_hears_it() {
    let site = Site::new().await;
    let (hub, ..) = stage(&site).await;
    let mut socket = Socket::on(&hub, &["plans"]).await;
    let (admin, guest) = (hub.admin(), hub.guest());
    let seeded = guest.get("/api/subscriptions/plans/").await;
    let tiers = |reply: &Reply| -> Vec<String> {
        let plans = reply.body["plans"].as_array().unwrap();
        plans.iter().map(|plan| plan["tier"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(tiers(&seeded), ["supporter", "host"]);
    let path = "/api/subscriptions/plans/gold/";
    assert_eq!(said(&admin.put(path, &json!({"name": "Gold"})).await), (400, "LIMITS_REQUIRED"));
    let product = |id: &str| json!({"provider": "polar", "product_id": id});
    let body = json!({"name": "Gold", "monthly_server_minutes": 600, "max_session_minutes": 60,
        "benefits": ["Ten hours"], "display_order": 5, "discord_role_id": "1030000000000000001",
        "products": [product("year"), product("month")]});
    let made = admin.put(path, &body).await;
    assert_eq!(said(&made), (200, ""));
    let plan = &made.body["plan"];
    assert_eq!((&plan["version"], &plan["max_concurrent_servers"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&plan["polar_product_id"], &plan["discord_role_id"]),
        (&json!("year"), &json!("1030000000000000001"))
    );
    assert_eq!(tiers(&guest.get("/api/subscriptions/plans").await), ["gold", "supporter", "host"]);
    // The same again changes nothing and tells nobody; a product is one plan's.
    assert_eq!(admin.put(path, &body).await.body["plan"]["version"], 1);
    let taken =
        admin.put("/api/subscriptions/plans/host/", &json!({"products": [product("month")]})).await;
    assert_eq!(said(&taken), (409, "PRODUCT_TAKEN"));
    assert_eq!(taken.body["details"][0]["message"], "gold");
    let changed = admin
        .put(path, &json!({"is_active": false, "discord_role_id": null, "products": []}))
        .await;
    assert_eq!(
        (&changed.body["plan"]["version"], &changed.body["plan"]["name"]),
        (&json!(2), &json!("Gold"))
    );
    assert_eq!(tiers(&guest.get("/api/subscriptions/plans/").await), ["supporter", "host"]);
    assert_eq!(
        tiers(&admin.get("/api/subscriptions/plans/?all=true").await),
        ["gold", "supporter", "host"]
    );
    let events = socket.events(2).await;
    let versions: Vec<_> = events.iter().map(|event| &event["data"]["plan"]["version"]).collect();
    assert_eq!(versions, [1, 2]);
}

/// Regression: a state that nobody knew was taken for active.
#[tokio::test]
async fn a_program_says_what_others_sold_and_a_bot_hears_which_roles_follow() {
    let site = Site::new().await;
    let (hub, bot, ada) = stage(&site).await;
    let role = "1030000000000000001";
    hub.admin().put("/api/subscriptions/plans/host/", &json!({"discord_role_id": role})).await;
    let mut socket = Socket::of_on(&hub, &bot, &["users"]).await;
    let active = async || {
        ada.get("/api/subscriptions/me/entitlement/").await.body["entitlement"]["tier"].clone()
    };
    let (sponsor, server) = (
        of_ada("entitlements/github_sponsors/s1/"),
        of_ada("entitlements/discord_server_subscription/d1/"),
    );
    for status in ["paused", "incomplete_expired", "", "ACTIVE", "unknown"] {
        let body = json!({"tier": "supporter", "months": 1, "status": status});
        assert!(bot.put(&sponsor, &body).await.status < 300, "{status}");
        assert_eq!(active().await, Value::Null, "{status}");
    }
    let body = json!({"tier": "supporter", "months": 1});
    let put = bot.put(&sponsor, &body).await;
    assert_eq!((put.status, &put.body["granted"]["version"]), (200, &json!(2)), "{put:?}");
    assert_eq!(put.body["entitlement"]["tier"], "supporter");
    assert_eq!(bot.put(&sponsor, &body).await.body["granted"]["version"], 2, "the same is no news");
    // Two plans: the higher priority counts, and when it ends the other one does.
    assert_eq!(bot.put(&server, &json!({"tier": "host", "months": 1})).await.status, 201);
    assert_eq!(active().await, "host");
    let held = ada.get("/api/subscriptions/me/entitlement/").await;
    assert_eq!(held.body["entitlement"]["entitlements"].as_array().unwrap().len(), 2);
    let roles = bot.get("/api/subscriptions/roles/").await;
    assert_eq!(
        roles.body["standings"],
        json!([{"discord_user_id": ADA, "tier": "host", "discord_role_id": role}])
    );
    let ended = bot.delete(&server).await;
    assert_eq!((ended.status, &ended.body["granted"]["status"]), (200, &json!("canceled")));
    assert_eq!(bot.delete(&server).await.status, 200, "twice is once");
    assert_eq!(active().await, "supporter");
    assert_eq!(bot.delete(&sponsor).await.status, 200);
    assert_eq!(active().await, Value::Null);
    assert_roles(&socket.events(11).await, role);
    // Another user's name for it is refused.
    hub.user(&bot, "2002").await;
    let other = bot.put(&sponsor.replace(ADA, "2002"), &body).await;
    assert_eq!(said(&other), (409, "ENTITLEMENT_TAKEN"));
}

/// A role is taken before the next one is given, and the versions of one entitlement are dense.
fn assert_roles(heard: &[Value], role: &str) {
    let told: Vec<_> = heard
        .iter()
        .filter(|event| event["kind"] == "role.changed")
        .map(|event| {
            let data = &event["data"];
            (
                data["tier"].as_str().unwrap(),
                data["discord_role_id"].as_str(),
                data["granted"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("supporter", None, true),
            ("supporter", None, false),
            ("host", Some(role), true),
            ("host", Some(role), false),
            ("supporter", None, true),
            ("supporter", None, false),
        ]
    );
    let versions: Vec<_> = heard
        .iter()
        .filter(|event| event["data"]["changed"]["ref"] == "s1")
        .map(|event| event["data"]["changed"]["version"].as_i64().unwrap())
        .collect();
    assert!(versions.windows(2).all(|two| two[1] == two[0] + 1), "dense: {versions:?}");
}

#[tokio::test]
async fn time_alone_ends_a_plan_and_everybody_concerned_is_told() {
    let site = Site::new().await;
    let (hub, bot, _) = stage(&site).await;
    hub.admin().put("/api/subscriptions/plans/supporter/", &json!({"grace_days": 2})).await;
    let mut socket = Socket::of_on(&hub, &bot, &[&format!("user:{ADA}")]).await;
    let sponsor = of_ada("entitlements/github_sponsors/s1/");
    let end = later(&now(&hub).await, chrono::Duration::days(30));
    let body = json!({"tier": "supporter", "period_end": end});
    assert_eq!(bot.put(&sponsor, &body).await.status, 201);
    assert_eq!(socket.events(2).await[1]["data"]["granted"], true);
    let active =
        async || bot.get(&of_ada("entitlement/")).await.body["entitlement"]["active"].clone();
    // The period is over and the news of its renewal are awaited for an hour.
    hub.advance(30 * 86_400 + 60).await;
    assert_eq!(active().await, true);
    hub.advance(3_600).await;
    assert_eq!(active().await, false);
    let events = socket.events(2).await;
    assert_eq!(
        (&events[0]["kind"], &events[0]["data"]["changed"]),
        (&json!("entitlement.changed"), &Value::Null)
    );
    assert_eq!(
        (&events[1]["kind"], &events[1]["data"]["granted"]),
        (&json!("role.changed"), &json!(false))
    );
    // A failed payment has the plan's days of grace, and no more.
    let now = now(&hub).await;
    let body = json!({"tier": "supporter", "period_start": now, "months": 1, "status": "past_due", "past_due_at": now});
    assert_eq!(bot.put(&sponsor, &body).await.status, 200);
    let reply = bot.get(&of_ada("entitlement/")).await;
    let seen = &reply.body["entitlement"];
    assert_eq!((&seen["active"], &seen["status"]), (&json!(true), &json!("past_due")));
    assert!(seen["grace_until"].is_string() && seen["renews_at"].is_null(), "{seen}");
    assert_eq!(socket.events(2).await[1]["data"]["granted"], true);
    hub.advance(2 * 86_400).await;
    assert_eq!(active().await, false);
    assert_eq!(socket.events(2).await[1]["data"]["granted"], false);
}

#[tokio::test]
async fn a_gift_goes_on_month_by_month_until_it_expires() {
    let site = Site::new().await;
    let (hub, bot, _) = stage(&site).await;
    let start: chrono::DateTime<chrono::Utc> = serde_json::from_value(now(&hub).await).unwrap();
    let expires = start.checked_add_months(chrono::Months::new(3)).unwrap().to_rfc3339();
    let body = json!({"tier": "supporter", "auto_renew": true, "expires_at": expires, "note": "thanks", "ref": "g1"});
    let given = hub.admin().post(&of_ada("comps/"), &body).await;
    assert_eq!(
        (given.status, &given.body["granted"]["note"]),
        (201, &json!("thanks")),
        "{given:?}"
    );
    assert_eq!(hub.admin().post(&of_ada("comps/"), &body).await.status, 200, "twice is once");
    let taken = json!({"minutes": 100, "reason": "used elsewhere"});
    let mut windows = Vec::new();
    for month in 0..3 {
        let reply = hub.admin().post(&of_ada("adjustments/"), &taken).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        assert_eq!(reply.body["entitlement"]["used_server_minutes"], 100, "month {month}");
        windows.push(reply.body["window_start"].clone());
        hub.advance(31 * 86_400).await;
    }
    windows.dedup();
    assert_eq!(windows.len(), 3);
    let over = bot.get(&of_ada("entitlement/")).await;
    assert_eq!(
        over.body["entitlement"]["active"], false,
        "no hour more: nobody's news are awaited"
    );
}

#[tokio::test]
async fn minutes_are_given_and_taken_by_entries_that_are_there_once() {
    let site = Site::new().await;
    let (hub, bot, ada) = stage(&site).await;
    let admin = hub.admin();
    assert_eq!(
        admin.post(&of_ada("comps/"), &json!({"tier": "supporter", "months": 1})).await.status,
        201
    );
    let path = of_ada("adjustments/");
    let body = json!({"minutes": -60, "reason": "sorry", "entry_key": "ticket-7"});
    let both =
        futures_util::future::join_all((0..5).map(|_| Box::pin(admin.post(&path, &body)))).await;
    let made = both.iter().filter(|reply| reply.status == 201).count();
    assert_eq!((made, both.len()), (1, 5), "{both:?}");
    assert!(both.iter().all(|reply| reply.status == 201 || reply.body["duplicate"] == true));
    let other = json!({"minutes": -61, "reason": "sorry", "entry_key": "ticket-7"});
    assert_eq!(said(&admin.post(&path, &other).await), (409, "IDEMPOTENCY_MISMATCH"));
    let taken = admin.post(&path, &json!({"minutes": 350, "reason": "used elsewhere"})).await;
    let seen = &taken.body["entitlement"];
    assert_eq!(
        (&seen["used_server_minutes"], &seen["remaining_server_minutes"]),
        (&json!(290), &json!(70))
    );
    let foreign = json!({"minutes": 1, "reason": "x", "entitlement_id": 9_999});
    assert_eq!(said(&admin.post(&path, &foreign).await), (404, "ENTITLEMENT_NOT_FOUND"));
    // Both read the same history; a user only their own.
    let mine = ada.get("/api/subscriptions/usage/").await;
    let theirs = bot.get(&of_ada("usage/")).await;
    assert_eq!(mine.body["usage"]["entries"], theirs.body["usage"]["entries"]);
    let entries = mine.body["usage"]["entries"].as_array().unwrap();
    let minutes: Vec<_> = entries.iter().map(|entry| entry["minutes"].as_i64().unwrap()).collect();
    assert_eq!(
        (minutes, &mine.body["usage"]["used_server_minutes"]),
        (vec![350, -60], &json!(290))
    );
    assert_eq!(entries[1]["note"], "sorry");
    let long_ago = ada.get("/api/subscriptions/usage/?period=2001-01-01T00:00:00Z").await;
    assert_eq!(long_ago.body["usage"]["entries"], json!([]));
    assert_eq!(said(&ada.get("/api/subscriptions/usage/?period=x").await), (400, "INVALID_QUERY"));
    assert_eq!(said(&ada.get(&of_ada("usage/")).await), (403, "FORBIDDEN"));
}

#[tokio::test]
async fn the_snapshots_of_users_are_what_the_access_check_says() {
    let site = Site::new().await;
    let (hub, bot, ada) = stage(&site).await;
    assert_eq!(
        hub.admin()
            .post(&of_ada("comps/"), &json!({"tier": "supporter", "months": 1}))
            .await
            .status,
        201
    );
    let mut socket = Socket::of(&hub, &bot).await;
    let topic = format!("user:{ADA}");
    for (topic, expected) in [
        (
            topic.as_str(),
            ada.get("/api/subscriptions/me/entitlement/").await.body["entitlement"].clone(),
        ),
        (
            "users",
            json!({"standings": bot.get("/api/subscriptions/roles/").await.body["standings"]}),
        ),
    ] {
        socket
            .ask(json!({"type": "subscribe", "id": 1, "topics": [topic], "snapshot": true}))
            .await;
        let part = socket.hear_a("snapshot").await;
        assert_eq!(part["data"], expected, "{topic}");
        socket.hear_a("live").await;
    }
}

/// The share of the requests of a route that were answered within a time, as the hub's own figures have it.
async fn share_within(admin: &str, route: &str, seconds: &str) -> f64 {
    let page = Api::new(&format!("http://{admin}"), None).get("/metrics").await;
    let page = page.body.as_str().unwrap().to_owned();
    let count = |needle: &str| {
        let ours = page.lines().filter(|line| line.contains(route) && line.contains(needle));
        ours.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
    };
    let all = count("http_request_seconds_count");
    assert!(all > 0.0, "{page}");
    count(&format!("le=\"{seconds}\"")) / all
}

/// The access check is answered from memory: most of the time within a millisecond, from the request's head to the
/// answer's, in a build that is not even optimised.
#[tokio::test]
async fn the_access_check_takes_less_than_a_millisecond() {
    let site = Site::new().await;
    let admin =
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let hub = site.hub(&["--admin-listen", &admin]).await;
    let bot = hub.with(&site.key("bot"));
    let ada = hub.user(&bot, ADA).await;
    assert_eq!(
        hub.admin()
            .post(&of_ada("comps/"), &json!({"tier": "supporter", "months": 1}))
            .await
            .status,
        201
    );
    for _ in 0..500 {
        assert_eq!(ada.get("/api/subscriptions/me/entitlement/").await.status, 200);
    }
    let share = share_within(&admin, "/api/subscriptions/me/entitlement", "0.001").await;
    assert!(share > 0.5, "{share} within a millisecond");
}
