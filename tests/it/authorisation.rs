//! Who may ask what: every route, asked by every kind of caller.

use reqwest::Method;

use super::support::{
    ANNA, Api, BERT, CARA, Hub, NOBODY, Site,
    contracts::{offer, subscribed},
    names::buy,
    orchestra::{FakeHub, KEY, Orchestra, TOKEN},
};

/// The callers, in the order of a row's statuses: a guest, the owner of another wallet, a bot, an orchestrator, the
/// operator, and somebody with a token that was revoked.
const CALLERS: [&str; 6] = ["guest", "wallet", "bot", "orchestrator", "admin", "revoked"];

/// Method, path, and the status for each caller. The bodies are empty, so 400 and 404 mean that the caller got past
/// the door; `{}` in a path is filled in below.
const TABLE: &[(&str, &str, [u16; 6])] = &[
    ("POST", "/api/v1/login", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/v1/session", [401, 200, 403, 403, 403, 401]),
    ("POST", "/api/v1/session/refresh", [401, 200, 403, 403, 403, 401]),
    ("POST", "/api/v1/logout", [401, 200, 403, 403, 403, 401]),
    ("POST", "/api/v1/ws/tickets", [401, 201, 201, 201, 201, 401]),
    ("GET", "/api/v1/ws", [426, 426, 426, 426, 426, 401]),
    ("GET", "/api/v1/events", [400, 400, 400, 400, 400, 401]),
    // What watches over the hub and what describes it asks nobody's name.
    ("GET", "/healthz", [200; 6]),
    ("GET", "/readyz", [200; 6]),
    ("GET", "/metrics", [404; 6]),
    ("GET", "/openapi.json", [200; 6]),
    ("GET", "/docs", [200; 6]),
    ("GET", "/docs/{file}", [200; 6]),
    ("GET", "/docs/events", [200; 6]),
    ("GET", "/asyncapi.json", [200; 6]),
    ("GET", "/", [200; 6]),
    ("GET", "/app", [200; 6]),
    ("GET", "/app/{*file}", [200; 6]),
    ("GET", "/echo", if cfg!(feature = "echo") { [426; 6] } else { [404; 6] }),
    ("POST", "/api/v1/payments", [401, 400, 403, 403, 403, 401]),
    ("GET", "/api/v1/sign-in", [200, 200, 200, 200, 200, 401]),
    // Nobody has registered an application at Discord.
    ("GET", "/api/v1/sign-in/discord", [503, 503, 503, 503, 503, 401]),
    ("GET", "/api/v1/sign-in/discord/callback", [503, 503, 503, 503, 503, 401]),
    ("GET", "/api/subscriptions/me/entitlement", [401, 403, 403, 403, 403, 401]),
    ("GET", "/api/subscriptions/usage", [401, 403, 403, 403, 403, 401]),
    ("GET", "/api/subscriptions/plans", [200, 200, 200, 200, 200, 401]),
    ("PUT", "/api/subscriptions/plans/{tier}", [401, 403, 403, 403, 400, 401]),
    ("GET", "/api/subscriptions/roles", [401, 403, 200, 403, 200, 401]),
    ("GET", "/api/subscriptions/users/{discord_id}/entitlement", [401, 403, 200, 403, 200, 401]),
    ("GET", "/api/subscriptions/users/{discord_id}/usage", [401, 403, 200, 403, 200, 401]),
    (
        "PUT",
        "/api/subscriptions/users/{discord_id}/entitlements/{provider}/{ref}",
        [401, 403, 400, 403, 400, 401],
    ),
    (
        "DELETE",
        "/api/subscriptions/users/{discord_id}/entitlements/{provider}/{ref}",
        [401, 403, 404, 403, 404, 401],
    ),
    ("POST", "/api/subscriptions/users/{discord_id}/comps", [401, 403, 403, 403, 400, 401]),
    ("GET", "/api/subscriptions/comps", [401, 403, 403, 403, 200, 401]),
    ("POST", "/api/subscriptions/users/{discord_id}/adjustments", [401, 403, 403, 403, 400, 401]),
    // The user is the one that the bot links below.
    ("GET", "/api/v1/users/me", [401, 403, 403, 403, 403, 401]),
    ("PUT", "/api/v1/users/me/wallets/{address}", [401, 403, 403, 403, 403, 401]),
    ("DELETE", "/api/v1/users/me/wallets/{address}", [401, 403, 403, 403, 403, 401]),
    ("GET", "/api/v1/users/{discord_id}", [401, 403, 200, 403, 200, 401]),
    ("PUT", "/api/v1/users/{discord_id}", [401, 403, 200, 403, 200, 401]),
    ("GET", "/api/v1/users/{discord_id}/tokens", [401, 403, 200, 403, 200, 401]),
    ("POST", "/api/v1/users/{discord_id}/tokens", [401, 403, 201, 403, 201, 401]),
    ("DELETE", "/api/v1/users/{discord_id}/tokens", [401, 403, 200, 403, 200, 401]),
    // The sender of a webhook has a signature and no credential; here no secret is set.
    ("POST", "/subscriptions/polar/webhook", [503; 6]),
    ("POST", "/api/subscriptions/checkout", [401, 403, 400, 403, 400, 401]),
    ("GET", "/api/subscriptions/checkout/{id}", [401, 403, 404, 403, 404, 401]),
    ("POST", "/api/subscriptions/portal", [401, 403, 400, 403, 400, 401]),
    ("POST", "/api/subscriptions/change-plan", [401, 403, 400, 403, 400, 401]),
    ("POST", "/api/subscriptions/cancel", [401, 403, 400, 403, 400, 401]),
    ("POST", "/api/subscriptions/uncancel", [401, 403, 400, 403, 400, 401]),
    ("GET", "/api/subscriptions/purchases", [401, 403, 403, 403, 403, 401]),
    ("GET", "/api/subscriptions/users/{discord_id}/purchases", [401, 403, 200, 403, 200, 401]),
    ("POST", "/api/subscriptions/users/{discord_id}/reconcile", [401, 403, 403, 403, 503, 401]),
    ("GET", "/api/subscriptions/webhook-events", [401, 403, 403, 403, 200, 401]),
    ("POST", "/api/subscriptions/webhook-events/{id}/replay", [401, 403, 403, 403, 400, 401]),
    ("GET", "/api/v1/payments/{id}", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/wallets/{address}", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/wallets/{address}/payments", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/supply", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/names", [200, 200, 200, 200, 200, 401]),
    ("POST", "/api/v1/names", [401, 400, 403, 403, 403, 401]),
    ("GET", "/api/v1/names/{name}", [200, 200, 200, 200, 200, 401]),
    ("PATCH", "/api/v1/names/{name}", [401, 400, 403, 403, 403, 401]),
    ("GET", "/api/v1/names/{name}/check", [200, 200, 200, 200, 200, 401]),
    ("POST", "/api/v1/names/{name}/transfer", [401, 400, 403, 403, 403, 401]),
    ("GET", "/api/v1/names/{name}/history", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/names/{name}/payments", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/contracts", [200, 200, 200, 200, 200, 401]),
    ("POST", "/api/v1/contracts", [401, 400, 403, 403, 403, 401]),
    ("GET", "/api/v1/contracts/{id}", [200, 200, 200, 200, 200, 401]),
    ("PATCH", "/api/v1/contracts/{id}", [401, 400, 403, 403, 403, 401]),
    ("DELETE", "/api/v1/contracts/{id}", [401, 403, 403, 403, 403, 401]),
    ("GET", "/api/v1/contracts/{id}/subscribers", [200, 200, 200, 200, 200, 401]),
    // Past the door it is the wallet's money that is missing.
    ("POST", "/api/v1/contracts/{id}/subscribers", [401, 402, 403, 403, 403, 401]),
    ("GET", "/api/v1/contracts/{id}/subscribers/{address}", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/subscribers", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/subscribers/{id}", [200, 200, 200, 200, 200, 401]),
    ("DELETE", "/api/v1/subscribers/{id}", [401, 403, 403, 403, 403, 401]),
    ("POST", "/api/v1/subscribers/{id}/resume", [401, 403, 403, 403, 403, 401]),
    ("POST", "/api/v1/subscribers/{id}/accept", [401, 403, 403, 403, 403, 401]),
    ("GET", "/api/v1/subscribers/{id}/charges", [200, 200, 200, 200, 200, 401]),
    // Kromer's client says who it is in the body; only a token that is no good is turned away before that is read.
    ("GET", "/api/v1/subscriptions", [400, 400, 400, 400, 400, 401]),
    ("POST", "/api/v1/subscriptions", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/v1/subscriptions/{id}", [200, 200, 200, 200, 200, 401]),
    ("DELETE", "/api/v1/subscriptions/{id}", [400, 400, 400, 400, 400, 401]),
    ("POST", "/api/v1/subscriptions/{id}/close", [400, 400, 400, 400, 400, 401]),
    ("POST", "/api/v1/subscriptions/{id}/subscribe", [400, 400, 400, 400, 400, 401]),
    ("POST", "/api/v1/subscriptions/{id}/unsubscribe", [400, 400, 400, 400, 400, 401]),
    ("POST", "/api/v1/admin/subscribers", [401, 403, 403, 403, 400, 401]),
    ("DELETE", "/api/v1/admin/subscribers/{id}", [401, 403, 403, 403, 200, 401]),
    ("POST", "/api/v1/admin/contracts/{id}/cancel", [401, 403, 403, 403, 200, 401]),
    // This hub has no orchestrator, and there is no session.
    ("GET", "/api/subscriptions/casual-games", [401, 403, 503, 503, 503, 401]),
    ("POST", "/api/subscriptions/server-sessions/start", [401, 403, 400, 403, 400, 401]),
    ("GET", "/api/subscriptions/server-sessions", [401, 403, 200, 200, 200, 401]),
    ("GET", "/api/subscriptions/server-sessions/{id}", [401, 403, 404, 404, 404, 401]),
    ("POST", "/api/subscriptions/server-sessions/{id}/stop", [401, 403, 404, 403, 404, 401]),
    ("POST", "/api/subscriptions/server-sessions/{id}/heartbeat", [401, 403, 404, 404, 404, 401]),
    (
        "POST",
        "/api/subscriptions/server-sessions/{id}/orchestrator-event",
        [401, 403, 403, 400, 400, 401],
    ),
    ("GET", "/api/v1/servers", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/servers/{id}", [404, 404, 404, 404, 404, 401]),
    ("POST", "/api/v1/admin/wallets", [401, 403, 403, 403, 201, 401]),
    ("PATCH", "/api/v1/admin/wallets/{address}", [401, 403, 403, 403, 400, 401]),
    ("GET", "/api/v1/ws/session/count", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/notice", [200, 200, 200, 200, 200, 401]),
    ("PATCH", "/api/v1/admin/notice", [401, 403, 403, 403, 200, 401]),
    // Nobody plays here yet.
    ("GET", "/api/v1/wallet/by-player/{uuid}", [404, 404, 404, 404, 404, 401]),
    ("GET", "/api/v1/wallet/by-uuid/{uuid}", [404, 404, 404, 404, 404, 401]),
    ("GET", "/api/v1/wallet/by-name/{name}", [404, 404, 404, 404, 404, 401]),
    // Nobody but the operator sees that there is a door.
    ("POST", "/api/_internal/wallet/create", [404, 404, 404, 404, 400, 404]),
    ("POST", "/api/_internal/wallet/give-money", [404, 404, 404, 404, 400, 404]),
    ("GET", "/api/_internal/wallet/by-player/{uuid}", [404; 6]),
    ("POST", "/api/_internal/wallet/update-player", [404, 404, 404, 404, 400, 404]),
    ("GET", "/api/_internal/sessions", [404, 404, 404, 404, 200, 404]),
    ("DELETE", "/api/_internal/sessions", [404, 404, 404, 404, 400, 404]),
    ("DELETE", "/api/_internal/sessions/{id}", [404; 6]),
    ("POST", "/api/_internal/subscribers", [404, 404, 404, 404, 400, 404]),
    ("POST", "/api/_internal/contracts/{id}/cancel", [404, 404, 404, 404, 200, 404]),
    ("POST", "/api/v1/admin/mint", [401, 403, 403, 403, 400, 401]),
    ("GET", "/api/v1/admin/connections", [401, 403, 403, 403, 200, 401]),
    ("DELETE", "/api/v1/admin/connections/{id}", [401, 403, 403, 403, 404, 401]),
    ("POST", "/api/v1/admin/clock", [401, 403, 403, 403, 400, 401]),
    ("GET", "/api/v1/admin/sessions", [401, 403, 403, 403, 200, 401]),
    ("DELETE", "/api/v1/admin/sessions/{id}", [401, 403, 403, 403, 404, 401]),
    ("DELETE", "/api/v1/admin/sessions", [401, 403, 403, 403, 400, 401]),
];

/// The Krist door, where a key in the body says who one is; a token that is no longer good is told so all the same.
const KRIST: &[(&str, &str, [u16; 6])] = &[
    ("GET", "/api/krist/addresses", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/addresses/rich", [200, 200, 200, 200, 200, 401]),
    ("POST", "/api/krist/addresses/alert", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/addresses/{address}", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/addresses/{address}/transactions", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/transactions", [200, 200, 200, 200, 200, 401]),
    ("POST", "/api/krist/transactions", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/transactions/latest", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/transactions/{id}", [404, 404, 404, 404, 404, 401]),
    ("GET", "/api/krist/lookup/addresses/{addresses}", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/lookup/transactions", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/lookup/transactions/{addresses}", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/addresses/{address}/names", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/names", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/names/new", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/names/cost", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/names/bonus", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/names/check/{name}", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/names/{name}", [400, 400, 400, 400, 400, 401]),
    ("POST", "/api/krist/names/{name}", [400, 400, 400, 400, 400, 401]),
    ("PUT", "/api/krist/names/{name}", [400, 400, 400, 400, 400, 401]),
    ("POST", "/api/krist/names/{name}/transfer", [400, 400, 400, 400, 400, 401]),
    ("POST", "/api/krist/names/{name}/update", [400, 400, 400, 400, 400, 401]),
    ("PUT", "/api/krist/names/{name}/update", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/lookup/names", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/lookup/names/{name}", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/lookup/names/{name}/history", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/lookup/names/{name}/transactions", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/search", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/search/extended", [400, 400, 400, 400, 400, 401]),
    (
        "GET",
        "/api/krist/search/extended/results/transactions/{kind}",
        [400, 400, 400, 400, 400, 401],
    ),
    ("POST", "/api/krist/login", [400, 400, 400, 400, 400, 401]),
    ("POST", "/api/krist/v2", [400, 400, 400, 400, 400, 401]),
    ("GET", "/api/krist/motd", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/supply", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/walletversion", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/whatsnew", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/work", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/work/day", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/work/detailed", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/blocks", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/blocks/latest", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/blocks/lowest", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/blocks/last", [404, 404, 404, 404, 404, 401]),
    ("GET", "/api/krist/blocks/basevalue", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/blocks/value", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/blocks/{height}", [404, 404, 404, 404, 404, 401]),
    ("POST", "/api/krist/submit", [423, 423, 423, 423, 423, 401]),
    ("POST", "/api/krist/ws/start", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/krist/ws/gateway/{token}", [426, 426, 426, 426, 426, 401]),
];

/// What differs when the ledger is private. Anna's wallet and payment are asked for; the wallet caller is Cara.
const PRIVATE: &[(&str, &str, [u16; 6])] = &[
    ("GET", "/api/v1/payments/{id}", [401, 403, 403, 403, 200, 401]),
    ("GET", "/api/v1/wallets/{address}", [401, 403, 403, 403, 200, 401]),
    ("GET", "/api/v1/wallets/{address}/payments", [401, 403, 403, 403, 200, 401]),
    ("GET", "/api/v1/supply", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/wallet/by-player/{uuid}", [401, 403, 403, 403, 404, 401]),
    ("GET", "/api/v1/wallet/by-name/{name}", [401, 403, 403, 403, 404, 401]),
    // Whose a name is is for everyone, who pays to it is not.
    ("GET", "/api/v1/names", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/names/{name}/history", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/names/{name}/payments", [401, 403, 403, 403, 200, 401]),
    // What is offered is for everyone, who pays for it is not. A wallet lists its own, which are none.
    ("GET", "/api/v1/contracts/{id}", [200, 200, 200, 200, 200, 401]),
    ("GET", "/api/v1/contracts/{id}/subscribers", [401, 200, 403, 403, 200, 401]),
    ("GET", "/api/v1/contracts/{id}/subscribers/{address}", [401, 403, 403, 403, 200, 401]),
    ("GET", "/api/v1/subscribers", [401, 200, 403, 403, 200, 401]),
    ("GET", "/api/v1/subscribers/{id}", [401, 403, 403, 403, 200, 401]),
    ("GET", "/api/v1/subscribers/{id}/charges", [401, 403, 403, 403, 200, 401]),
];

/// The routes of the orchestrator, which knows one caller: whoever has its token.
const ORCHESTRATOR: &[(&str, &str, u16)] = &[
    ("GET", "/v1/games", 200),
    ("POST", "/v1/servers", 400),
    ("GET", "/v1/servers", 200),
    ("GET", "/v1/servers/{id}", 404),
    ("POST", "/v1/servers/{id}/stop", 404),
];

async fn check(site: &Site, hub: &Hub, table: &[(&str, &str, [u16; 6])]) {
    let anna = hub.login(ANNA).await;
    hub.admin().mint(ANNA.1, "510").await;
    buy(&anna, "bakery").await;
    // Bert is subscribed to the one contract.
    let bert = hub.login(BERT).await;
    hub.admin().mint(BERT.1, "10").await;
    subscribed(&bert, offer(&anna, serde_json::json!({})).await).await;
    let revoked = hub.login(CARA).await;
    assert_eq!(revoked.post("/api/v1/logout", &serde_json::json!({})).await.status, 200);
    let (bot, orchestrator) = (hub.with(&site.key("bot")), hub.with(&site.key("orchestrator")));
    let linked = bot.send(Method::PUT, "/api/v1/users/2002", &[], Vec::new()).await;
    assert_eq!(linked.status, 200, "{linked:?}");
    for (method, path, expected) in table {
        // A route may end the session, so each row has its own.
        let callers = [
            hub.guest(),
            hub.login(CARA).await,
            bot.clone(),
            orchestrator.clone(),
            hub.admin(),
            revoked.clone(),
        ];
        let path = filled(path);
        for ((caller, name), status) in callers.iter().zip(CALLERS).zip(expected) {
            let method: Method = method.parse().unwrap();
            let reply = caller.send(method.clone(), &path, &[], Vec::new()).await;
            assert_eq!(reply.status, *status, "{method} {path} as {name}: {:?}", reply.body);
            let (native, message) = (!reply.code().is_empty(), &reply.body["error"]["message"]);
            let premium = reply.body["success"] == false && reply.body["code"].is_string();
            let premium_door = ["/api/subscriptions", "/subscriptions/"];
            let worded = if premium_door.iter().any(|door| path.starts_with(door)) {
                premium && reply.body["message"].is_string()
            } else {
                native && message.is_string()
            };
            let krist = path.starts_with("/api/krist/") && reply.body["ok"] == false;
            let krist =
                krist && reply.body["error"].is_string() && reply.body["message"].is_string();
            let envelope = reply.status < 400 || krist || worded;
            assert!(
                envelope,
                "{method} {path} as {name} answers outside the envelope: {:?}",
                reply.body
            );
            if reply.status == 401 && !krist {
                assert_eq!(
                    reply.headers["www-authenticate"], "Bearer",
                    "{method} {path} as {name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_route_knows_its_callers() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    check(&site, &hub, TABLE).await;
}

#[tokio::test]
async fn the_krist_door_knows_its_callers() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    check(&site, &hub, KRIST).await;
}

#[tokio::test]
async fn a_private_ledger_is_for_its_owners() {
    let site = Site::new().await;
    let hub = site.hub(&["--public-ledger=false"]).await;
    check(&site, &hub, PRIVATE).await;
    let anna = hub.login(ANNA).await;
    assert_eq!(anna.get(&format!("/api/v1/wallets/{}", ANNA.1)).await.status, 200);
    assert_eq!(anna.get("/api/v1/payments/1").await.status, 200);
    assert_eq!(anna.get(&format!("/api/v1/wallets/{NOBODY}")).await.said(), (403, "forbidden"));
}

#[tokio::test]
async fn an_orchestrator_knows_its_token_only() {
    let hub = FakeHub::start().await;
    let orchestra = Orchestra::of(&hub);
    for (method, path, status) in ORCHESTRATOR {
        let ask = async |token| {
            let caller = Api::new(orchestra.url(), token);
            caller.send(method.parse().unwrap(), path, &[], Vec::new()).await
        };
        assert_eq!(ask(Some(TOKEN)).await.status, *status, "{method} {path}");
        for token in [None, Some("wrong"), Some(KEY), Some(""), Some(&TOKEN[1..])] {
            let reply = ask(token).await;
            assert_eq!(reply.said(), (401, "unauthorized"), "{method} {path} with {token:?}");
            assert_eq!(reply.headers["www-authenticate"], "Bearer");
        }
    }
    // Whoever keeps it running asks without.
    assert_eq!(Api::new(orchestra.url(), None).get("/healthz").await.status, 200);
}

/// A route's path with something in each of its places.
fn filled(path: &str) -> String {
    match path {
        path if ["payments", "contracts", "subscribers", "subscriptions"]
            .iter()
            .any(|family| path.contains(&format!("{family}/{{id}}"))) =>
        {
            path.replace("{id}", "1").replace("{address}", BERT.1)
        }
        path => path
            .replace("{id}", "00000000-0000-4000-8000-000000000000")
            .replace("{address}", ANNA.1)
            // The Krist door is asked for what is no name.
            .replace("{name}", if path.starts_with("/api/krist/") { "{name}" } else { "bakery" })
            .replace("{discord_id}", "2002")
            .replace("{tier}", "gold")
            .replace("{provider}", "comp")
            .replace("{ref}", "gift")
            .replace("{uuid}", "00000000-0000-4000-8000-000000000000")
            .replace("{file}", "index.css")
            .replace("{*file}", "main.js"),
    }
}
