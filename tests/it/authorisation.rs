//! Who may ask what: every route, asked by every kind of caller.

use reqwest::Method;

use super::support::{
    ANNA, Api, BERT, CARA, Hub, NOBODY, Site,
    contracts::{offer, subscribed},
    names::buy,
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
    ("POST", "/api/v1/admin/subscribers", [401, 403, 403, 403, 400, 401]),
    ("DELETE", "/api/v1/admin/subscribers/{id}", [401, 403, 403, 403, 200, 401]),
    ("POST", "/api/v1/admin/contracts/{id}/cancel", [401, 403, 403, 403, 200, 401]),
    ("POST", "/api/v1/admin/wallets", [401, 403, 403, 403, 201, 401]),
    ("PATCH", "/api/v1/admin/wallets/{address}", [401, 403, 403, 403, 400, 401]),
    ("POST", "/api/v1/admin/mint", [401, 403, 403, 403, 400, 401]),
    ("GET", "/api/v1/admin/connections", [401, 403, 403, 403, 200, 401]),
    ("DELETE", "/api/v1/admin/connections/{id}", [401, 403, 403, 403, 404, 401]),
    ("POST", "/api/v1/admin/clock", [401, 403, 403, 403, 400, 401]),
    ("GET", "/api/v1/admin/sessions", [401, 403, 403, 403, 200, 401]),
    ("DELETE", "/api/v1/admin/sessions/{id}", [401, 403, 403, 403, 404, 401]),
    ("DELETE", "/api/v1/admin/sessions", [401, 403, 403, 403, 400, 401]),
];

/// What differs when the ledger is private. Anna's wallet and payment are asked for; the wallet caller is Cara.
const PRIVATE: &[(&str, &str, [u16; 6])] = &[
    ("GET", "/api/v1/payments/{id}", [401, 403, 403, 403, 200, 401]),
    ("GET", "/api/v1/wallets/{address}", [401, 403, 403, 403, 200, 401]),
    ("GET", "/api/v1/wallets/{address}/payments", [401, 403, 403, 403, 200, 401]),
    ("GET", "/api/v1/supply", [200, 200, 200, 200, 200, 401]),
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
    let key = |name: &str| {
        let output = site.run(&["token", "create", name, "--scopes", name]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let word = text.split_whitespace().find(|word| word.starts_with("tbk_"));
        Api::new(&hub.url(), Some(word.expect("the key is printed")))
    };
    let (bot, orchestrator) = (key("bot"), key("orchestrator"));
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
        let path = match *path {
            path if ["payments", "contracts", "subscribers"]
                .iter()
                .any(|family| path.contains(&format!("{family}/{{id}}"))) =>
            {
                path.replace("{id}", "1").replace("{address}", BERT.1)
            }
            path => path
                .replace("{id}", "00000000-0000-4000-8000-000000000000")
                .replace("{address}", ANNA.1)
                .replace("{name}", "bakery")
                .replace("{file}", "index.css")
                .replace("{*file}", "main.js"),
        };
        for ((caller, name), status) in callers.iter().zip(CALLERS).zip(expected) {
            let method: Method = method.parse().unwrap();
            let reply = caller.send(method.clone(), &path, &[], Vec::new()).await;
            assert_eq!(reply.status, *status, "{method} {path} as {name}: {:?}", reply.body);
            let envelope = reply.status < 400
                || (!reply.code().is_empty() && reply.body["error"]["message"].is_string());
            assert!(
                envelope,
                "{method} {path} as {name} answers outside the envelope: {:?}",
                reply.body
            );
            if reply.status == 401 {
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
async fn a_private_ledger_is_for_its_owners() {
    let site = Site::new().await;
    let hub = site.hub(&["--public-ledger=false"]).await;
    check(&site, &hub, PRIVATE).await;
    let anna = hub.login(ANNA).await;
    assert_eq!(anna.get(&format!("/api/v1/wallets/{}", ANNA.1)).await.status, 200);
    assert_eq!(anna.get("/api/v1/payments/1").await.status, 200);
    assert_eq!(anna.get(&format!("/api/v1/wallets/{NOBODY}")).await.said(), (403, "forbidden"));
}
