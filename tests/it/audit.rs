//! What operators do stands in the log, once, in the transaction that did it; and the gifts that they gave.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{
    ANNA, Api, BERT, CARA, Heard, NOBODY, Reply, Site, Socket,
    contracts::{offer, subscribed},
    polar::{SECRET, deliver, event, subscription},
};

const USER: &str = "2002";

/// All acts that the log has.
async fn acts(site: &Site) -> Vec<Value> {
    let sql = "select data from events where kind = 'ops.acted' order by seq";
    let rows: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut site.sql().await).await.unwrap();
    rows.iter().map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// What an operator does, and what the log says of it: nothing, or an action and its target.
struct Watch<'a> {
    site: &'a Site,
    seen: usize,
}

impl Watch<'_> {
    async fn told(&mut self, reply: &Reply, status: u16, act: Option<(&str, &str)>) -> Value {
        assert_eq!(reply.status, status, "{reply:?}");
        let all = acts(self.site).await;
        let fresh = &all[self.seen..];
        self.seen = all.len();
        let named: Vec<_> = fresh
            .iter()
            .map(|one| (one["action"].as_str().unwrap(), one["target"].as_str().unwrap()))
            .collect();
        assert_eq!(named, act.into_iter().collect::<Vec<_>>(), "{reply:?}");
        for one in fresh {
            assert!(one["by"].as_str().unwrap().starts_with("key:"), "{one}");
            assert_ne!(one["name"], "", "{one}");
        }
        fresh.first().map_or(Value::Null, |one| one["detail"].clone())
    }

    /// Says the same twice: it is told once.
    async fn once(&mut self, admin: &Api, ask: (Method, &str, Value), act: (&str, &str)) -> Value {
        let (method, path, body) = ask;
        let send =
            async || admin.send(method.clone(), path, &[], body.to_string().into_bytes()).await;
        let first = send().await;
        assert!([200, 201].contains(&first.status), "{first:?}");
        let detail = self.told(&first, first.status, Some(act)).await;
        let again = send().await;
        self.told(&again, again.status, None).await;
        detail
    }
}

#[tokio::test]
async fn what_an_operator_does_to_wallets_is_told_once() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let (admin, anna) = (hub.admin(), hub.login(ANNA).await);
    hub.login(BERT).await;
    let watch = &mut Watch { site: &site, seen: 0 };
    let mint = json!({"address": ANNA.1, "amount": "12.5"});
    let minted = admin.post_keyed("/api/v1/admin/mint", "one", &mint).await;
    let detail = watch.told(&minted, 201, Some(("money.mint", ANNA.1))).await;
    assert_eq!(detail, json!({"amount": "12.5"}));
    let minted = admin.post_keyed("/api/v1/admin/mint", "one", &mint).await;
    watch.told(&minted, 201, None).await;
    let nobody = json!({"address": NOBODY, "amount": 1});
    watch.told(&admin.post("/api/v1/admin/mint", &nobody).await, 404, None).await;
    let bert = format!("/api/v1/admin/wallets/{}", BERT.1);
    let lock = |locked: bool| (Method::PATCH, bert.as_str(), json!({"locked": locked}));
    watch.once(&admin, lock(true), ("wallet.lock", BERT.1)).await;
    watch.once(&admin, lock(false), ("wallet.unlock", BERT.1)).await;
    let make = (Method::POST, "/api/v1/admin/wallets", json!({"address": NOBODY}));
    watch.once(&admin, make, ("wallet.create", NOBODY)).await;
    let notice = (Method::PATCH, "/api/v1/admin/notice", json!({"motd": "Closed on Sundays."}));
    let detail = watch.once(&admin, notice, ("notice.change", "notice")).await;
    assert_eq!(detail, json!({"motd": "Closed on Sundays."}));
    let clock = admin.post("/api/v1/admin/clock", &json!({"advance_s": 5})).await;
    watch.told(&clock, 200, Some(("clock.advance", "clock"))).await;
    hub.login(CARA).await;
    let sessions = admin.get(&format!("/api/v1/admin/sessions?address={}", CARA.1)).await;
    let session = sessions.data()[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/admin/sessions/{session}");
    watch.once(&admin, (Method::DELETE, &path, Value::Null), ("session.revoke", &session)).await;
    let all = admin.delete("/api/v1/admin/sessions?all=true").await;
    watch.told(&all, 200, Some(("sessions.revoke", "all"))).await;
    assert_eq!(anna.get("/api/v1/session").await.status, 401);
    let guest = Socket::guest(&hub).await;
    let name = guest.welcome["conn"].as_str().unwrap();
    let kicked = admin.delete(&format!("/api/v1/admin/connections/{name}")).await;
    watch.told(&kicked, 200, Some(("connection.kick", name))).await;
    let nobody = admin.delete("/api/v1/admin/connections/c_ffff").await;
    watch.told(&nobody, 404, None).await;
    // What a wallet does itself is no act.
    let anna = hub.login(ANNA).await;
    watch.told(&anna.pay(BERT.1, "1").await, 201, None).await;
}

#[tokio::test]
async fn an_act_stands_in_the_transaction_of_what_was_done() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.login(ANNA).await;
    hub.admin().mint(ANNA.1, "10").await;
    let path = format!("/api/v1/admin/wallets/{}", ANNA.1);
    assert_eq!(hub.admin().patch(&path, &json!({"locked": true})).await.status, 200);
    let apart = "select count(*) from events a where a.kind = 'ops.acted' and not exists
                 (select from events b where b.seq = a.seq - 1 and b.at = a.at
                  and b.kind in ('payment.made', 'access.revoked'))";
    assert_eq!(site.count("select count(*) from events where kind = 'ops.acted'").await, 2);
    assert_eq!(site.count(apart).await, 0, "each follows what it tells of, at the same time");
}

#[tokio::test]
async fn what_an_operator_does_to_contracts_is_told_once() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let (admin, anna, bert) = (hub.admin(), hub.login(ANNA).await, hub.login(BERT).await);
    hub.login(CARA).await;
    admin.mint(BERT.1, "100").await;
    admin.mint(CARA.1, "100").await;
    let contract = offer(&anna, json!({})).await;
    let subscription = subscribed(&bert, contract).await;
    let watch = &mut Watch { site: &site, seen: acts(&site).await.len() };
    let tax = json!({"contract_id": contract, "address": CARA.1});
    let ask = (Method::POST, "/api/v1/admin/subscribers", tax);
    let detail = watch.once(&admin, ask, ("subscription.force", CARA.1)).await;
    assert_eq!(detail, json!({"contract_id": contract}));
    let id = subscription.rsplit_once('/').unwrap().1;
    let path = format!("/api/v1/admin/subscribers/{id}");
    watch.once(&admin, (Method::DELETE, &path, Value::Null), ("subscription.revoke", id)).await;
    let path = format!("/api/v1/admin/contracts/{contract}/cancel");
    let act = ("contract.cancel", contract.to_string());
    watch.once(&admin, (Method::POST, &path, json!({})), (act.0, &act.1)).await;
}

#[tokio::test]
async fn what_an_operator_does_to_users_and_plans_is_told_once_and_what_a_bot_does_for_them_is_not()
{
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let (admin, bot) = (hub.admin(), hub.with(&site.key("bot")));
    // A key is made at the console.
    let made = acts(&site).await.pop().unwrap();
    assert_eq!((&made["by"], &made["action"]), (&json!("console"), &json!("key.create")));
    assert_eq!(made["detail"], json!({"scopes": ["bot"]}));
    let watch = &mut Watch { site: &site, seen: 1 };
    let linked = bot.put("/api/v1/users/3003", &json!({})).await;
    watch.told(&linked, 200, None).await;
    let issued = bot.post("/api/v1/users/3003/tokens", &json!({})).await;
    watch.told(&issued, 201, None).await;
    let user = format!("/api/v1/users/{USER}");
    watch.once(&admin, (Method::PUT, &user, json!({})), ("user.link", USER)).await;
    let tokens = format!("{user}/tokens");
    let issued = admin.post(&tokens, &json!({"ttl_s": 60})).await;
    let detail = watch.told(&issued, 201, Some(("user_token.issue", USER))).await;
    assert_eq!(detail, json!({"ttl_s": 60}));
    let ask = (Method::DELETE, tokens.as_str(), Value::Null);
    watch.once(&admin, ask, ("user_tokens.revoke", USER)).await;

    let plan = json!({"name": "Gold", "monthly_server_minutes": 60, "max_session_minutes": 30});
    let ask = (Method::PUT, "/api/subscriptions/plans/gold/", plan);
    watch.once(&admin, ask, ("plan.put", "gold")).await;
    let base = format!("/api/subscriptions/users/{USER}");
    let gift = json!({"tier": "gold", "months": 1, "note": "for the tests", "ref": "gift"});
    let comps = format!("{base}/comps/");
    let detail = watch.once(&admin, (Method::POST, &comps, gift), ("comp.give", USER)).await;
    let said = json!({"provider": "comp", "ref": "gift", "tier": "gold", "note": "for the tests"});
    assert_eq!(detail, said);
    let adjust = json!({"minutes": -5, "reason": "a fault of ours", "entry_key": "one"});
    let path = format!("{base}/adjustments/");
    let detail = watch.once(&admin, (Method::POST, &path, adjust), ("minutes.adjust", USER)).await;
    assert_eq!(detail, json!({"minutes": -5, "reason": "a fault of ours", "entry_key": "one"}));
    // Who sponsors is said by a program, and it is an act all the same: it gives somebody a plan.
    let path = format!("{base}/entitlements/github_sponsors/octo/");
    let body = json!({"tier": "gold", "period_end": "2099-01-01T00:00:00Z"});
    watch.once(&bot, (Method::PUT, &path, body), ("entitlement.put", USER)).await;
    let path = format!("{base}/entitlements/comp/gift/");
    watch.once(&admin, (Method::DELETE, &path, Value::Null), ("entitlement.end", USER)).await;
}

#[tokio::test]
async fn what_the_game_does_through_its_door_is_told_as_well() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.login(ANNA).await;
    let key = hub.admin().token.unwrap();
    let ask = async |path: &str, body: Value| {
        let path = format!("/api/_internal{path}");
        let headers = [("kromer-key", key.as_str())];
        hub.guest().send(Method::POST, &path, &headers, body.to_string().into_bytes()).await
    };
    let watch = &mut Watch { site: &site, seen: 0 };
    let player = "069a79f4-44e9-4726-a5be-fca90e38aaf5";
    let made = ask("/wallet/create", json!({"uuid": player, "name": "Ada"})).await;
    let wallet = made.body["address"].as_str().unwrap();
    let detail = watch.told(&made, 200, Some(("player.wallet_create", wallet))).await;
    assert_eq!(detail, json!({"player": player}));
    for (amount, action) in [("5", "money.mint"), ("-2", "money.take")] {
        let moved = ask("/wallet/give-money", json!({"address": ANNA.1, "amount": amount})).await;
        let detail = watch.told(&moved, 200, Some((action, ANNA.1))).await;
        assert_eq!(detail, json!({"amount": amount.trim_start_matches('-')}));
    }
    let poor = ask("/wallet/give-money", json!({"address": ANNA.1, "amount": "-900"})).await;
    watch.told(&poor, 402, None).await;
    let rename = json!({"uuid": player, "username": "Ada2"});
    let renamed = ask("/wallet/update-player", rename.clone()).await;
    let detail = watch.told(&renamed, 200, Some(("player.rename", player))).await;
    assert_eq!(detail, json!({"name": "Ada2"}));
    watch.told(&ask("/wallet/update-player", rename).await, 200, None).await;
}

#[tokio::test]
async fn a_webhook_that_operators_were_told_of_is_told_again_when_it_is_settled() {
    let site = Site::new().await;
    let hub = site.hub(&[&format!("--polar-webhook-secret={SECRET}"), "--dev"]).await;
    hub.link(USER).await;
    let mut ops = Socket::of_on(&hub, &hub.admin(), &["ops"]).await;
    let more = json!({"product_id": "unheard-of", "metadata": {}, "product": null});
    let waits = event("subscription.active", "2026-11-01T12:00:03Z", subscription("s", USER, more));
    assert_eq!(deliver(&hub, "m", &waits).await.body["status"], "deferred");
    let failed = ops.event().await;
    assert_eq!(failed["kind"], "ops.webhook_failed");
    let id = failed["data"]["id"].as_i64().unwrap();
    // Trying in vain is an act, and settles nothing.
    let path = format!("/api/subscriptions/webhook-events/{id}/replay/");
    assert_eq!(hub.admin().post(&path, &json!({})).await.body["event"]["status"], "deferred");
    let act = ops.event().await;
    assert_eq!(
        (&act["kind"], &act["data"]["action"]),
        (&json!("ops.acted"), &json!("webhook.replay"))
    );
    assert_eq!(act["data"]["target"], id.to_string());
    hub.sell("host", &["unheard-of"]).await;
    assert_eq!(ops.event().await["data"]["action"], "plan.put");
    let settled = ops.event().await;
    assert_eq!(settled["kind"], "ops.webhook_settled", "{settled}");
    let data = &settled["data"];
    assert_eq!((&data["id"], &data["status"]), (&json!(id), &json!("processed")));
    assert_eq!((&data["type"], &data["event_id"]), (&json!("subscription.active"), &json!("m")));
    // What is done is replayed by nobody; what nobody was told of settles in silence.
    assert_eq!(hub.admin().post(&path, &json!({})).await.status, 200);
    let fine = subscription("t", USER, json!({}));
    let fine = event("subscription.active", "2026-11-01T12:00:03Z", fine);
    assert_eq!(deliver(&hub, "n", &fine).await.body["status"], "processed");
    assert_eq!(deliver(&hub, "n", &fine).await.body["duplicate"], true);
    let told =
        "select count(*) from events where kind in ('ops.webhook_settled', 'ops.webhook_failed')";
    assert_eq!(site.count(told).await, 2);
    assert_eq!(acts(&site).await.iter().filter(|act| act["action"] == "webhook.replay").count(), 1);
}

#[tokio::test]
async fn gifts_are_listed_newest_first_with_who_gave_them() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let admin = hub.admin();
    let plan = json!({"name": "Gold", "monthly_server_minutes": 60, "max_session_minutes": 30});
    assert_eq!(admin.put("/api/subscriptions/plans/gold/", &plan).await.status, 200);
    for user in ["2001", "2002", "2003"] {
        hub.link(user).await;
        let gift = json!({"tier": "gold", "months": 1, "note": format!("for {user}"), "ref": user});
        let path = format!("/api/subscriptions/users/{user}/comps/");
        assert_eq!(admin.post(&path, &gift).await.status, 201);
    }
    let list = async |query: &str| {
        let reply = admin.get(&format!("/api/subscriptions/comps/{query}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body
    };
    let users = |page: &Value| -> Vec<String> {
        let comps = page["comps"].as_array().unwrap().iter();
        comps.map(|one| one["discord_user_id"].as_str().unwrap().to_owned()).collect()
    };
    let first = list("?limit=2").await;
    assert_eq!(users(&first), ["2003", "2002"]);
    let rest = list(&format!("?limit=2&before={}", first["next"])).await;
    assert_eq!((users(&rest), &rest["next"]), (vec!["2001".to_owned()], &Value::Null));
    let one = &rest["comps"][0];
    assert_eq!((&one["tier"], &one["ref"]), (&json!("gold"), &json!("2001")), "{one}");
    assert_eq!((&one["note"], &one["ended"]), (&json!("for 2001"), &json!(false)), "{one}");
    assert!(one["granted_by"].as_str().unwrap().starts_with("key:"), "{one}");
    let path = "/api/subscriptions/users/2001/entitlements/comp/2001/";
    assert_eq!(admin.delete(path).await.status, 200);
    let ended: BTreeSet<_> = list("").await["comps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["discord_user_id"].to_string(), one["ended"].as_bool().unwrap()))
        .collect();
    let expected = [("\"2001\"", true), ("\"2002\"", false), ("\"2003\"", false)];
    assert_eq!(ended, expected.map(|(user, over)| (user.to_owned(), over)).into());
    assert_eq!(admin.get("/api/subscriptions/comps/?limit=many").await.status, 400);
}

#[tokio::test]
async fn a_login_is_seen_in_the_hint_of_its_node() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut ops = Socket::of_on(&hub, &hub.admin(), &["ops"]).await;
    let changes = async |ops: &mut Socket| -> u64 {
        loop {
            let Heard::Frame(text) = ops.next().await else { panic!("the socket has ended") };
            let frame: Value = serde_json::from_str(&text).unwrap();
            if frame["type"] == "hint" {
                break frame["data"]["node"]["session_changes"].as_u64().unwrap();
            }
        }
    };
    let before = changes(&mut ops).await;
    let anna = hub.login(ANNA).await;
    let mut opened = changes(&mut ops).await;
    while opened == before {
        opened = changes(&mut ops).await;
    }
    assert_eq!(anna.post("/api/v1/logout", &json!({})).await.status, 200);
    let mut ended = changes(&mut ops).await;
    while ended == opened {
        ended = changes(&mut ops).await;
    }
    assert!(before < opened && opened < ended, "{before} {opened} {ended}");
}
