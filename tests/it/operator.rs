//! What the operator sees of the connections of a node, the way to end one, and the page that shows it.

use serde_json::{Value, json};

use super::support::{ANNA, Heard, Knock, Site, Socket};

/// The connections of a hub as the operator sees them.
async fn connections(hub: &super::support::Hub) -> Value {
    let reply = hub.admin().get("/api/v1/admin/connections").await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    reply.body["data"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sees_who_listens_to_what_and_ends_one_connection() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    assert_eq!(connections(&hub).await["total"], 0);
    let anna = hub.login(ANNA).await;
    let mut guest = Socket::guest(&hub).await;
    let mut wallet = Knock::at(&hub).caller(&anna).open().await.unwrap();
    guest.ask(json!({"type": "subscribe", "topics": ["payments", "pulse"]})).await;
    wallet.ask(json!({"type": "subscribe", "topics": ["payments"]})).await;
    let seen = connections(&hub).await;
    assert_eq!(seen["total"], 2);
    let of = |socket: &Socket| {
        let all = seen["connections"].as_array().unwrap();
        all.iter().find(|one| one["id"] == socket.welcome["conn"]).unwrap().clone()
    };
    let row = of(&guest);
    assert_eq!(
        (&row["caller"], &row["peer"], &row["live"]),
        (&Value::Null, &json!("127.0.0.1"), &json!(true))
    );
    assert_eq!((&row["topics"], &row["queued_bytes"]), (&json!(["payments", "pulse"]), &json!(0)));
    assert_eq!(of(&wallet)["caller"], json!({"kind": "wallet", "wallet": ANNA.1}));
    let topics =
        json!([{"topic": "payments", "connections": 2}, {"topic": "pulse", "connections": 1}]);
    assert_eq!(seen["topics"], topics);
    // One is ended, and told to come back later; the other notices nothing.
    let path = format!("/api/v1/admin/connections/{}", guest.welcome["conn"].as_str().unwrap());
    assert_eq!(hub.admin().delete(&path).await.status, 200);
    loop {
        match guest.next().await {
            Heard::Frame(_) => {}
            end => break assert_eq!(end, Heard::Closed(1013)),
        }
    }
    assert_eq!(wallet.ask(json!({"type": "ping"})).await["type"], "pong");
    hub.wait_until(async || connections(&hub).await["total"] == 1).await;
    for name in [guest.welcome["conn"].as_str().unwrap(), "c_ffff", "nobody"] {
        let reply = hub.admin().delete(&format!("/api/v1/admin/connections/{name}")).await;
        assert_eq!((reply.status, reply.code()), (404, "connection_not_found"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_part_of_the_hub() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let client =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let ask = async |path: &str, accept: &str| {
        client.get(hub.url() + path).header("accept", accept).send().await.unwrap()
    };
    let browser = "text/html,application/xhtml+xml";
    let led = ask("/", browser).await;
    assert_eq!(
        (led.status().as_u16(), led.headers()["location"].to_str().unwrap()),
        (303, "/app/")
    );
    for path in ["/app/", "/app", "/app/main.js", "/app/views/pulse.js", "/docs/events"] {
        let page = ask(path, browser).await;
        assert_eq!(page.status().as_u16(), 200, "{path}");
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(
            policy.starts_with("default-src 'none';") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
    }
    let document: Value = ask("/asyncapi.json", "*/*").await.json().await.unwrap();
    assert_eq!(document["asyncapi"], "3.0.0");
}
