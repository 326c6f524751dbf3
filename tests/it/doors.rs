//! Who may open a websocket, as whom, and what they may hear.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::support::{ANNA, Api, BERT, Knock, Site, Socket};

/// The entry that carries a token among the subprotocols.
fn bearer(token: &str) -> String {
    format!("bearer.{}", URL_SAFE_NO_PAD.encode(token))
}

async fn ticket(api: &Api) -> String {
    let reply = api.post("/api/v1/ws/tickets", &json!({})).await;
    assert_eq!((reply.status, &reply.data()["expires_in_s"]), (201, &json!(30)), "{reply:?}");
    reply.data()["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_subprotocol_is_echoed_and_the_token_beside_it_is_not() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let anna = hub.login(ANNA).await;
    let token = bearer(anna.token.as_deref().unwrap());
    let guest = json!({"kind": "guest"});
    let owner = json!({"kind": "wallet", "wallet": ANNA.1});
    let cases = [
        (None, None, &guest),
        (Some("tollbell.v1.json".to_owned()), Some("tollbell.v1.json"), &guest),
        (Some("chat, tollbell.v1.json".to_owned()), Some("tollbell.v1.json"), &guest),
        (Some("chat".to_owned()), None, &guest),
        (Some(format!("tollbell.v1.json, {token}")), Some("tollbell.v1.json"), &owner),
        (Some(token.clone()), None, &owner),
    ];
    for (offered, echoed, caller) in cases {
        let mut knock = Knock::at(&hub);
        if let Some(offered) = &offered {
            knock = knock.header("sec-websocket-protocol", offered);
        }
        let socket = knock.open().await.unwrap();
        assert_eq!(socket.protocol.as_deref(), echoed, "{offered:?}");
        assert_eq!(&socket.welcome["caller"], caller, "{offered:?}");
    }
    // A service key in either header.
    let key = hub.admin().token.unwrap();
    for (name, value) in [("x-api-key", key.clone()), ("authorization", format!("Bearer {key}"))] {
        let socket = Knock::at(&hub).header(name, &value).open().await.unwrap();
        assert_eq!(socket.welcome["caller"]["kind"], "service", "{name}");
    }
}

#[tokio::test]
async fn a_ticket_opens_one_websocket() {
    let site = Site::new().await;
    let hubs = [site.hub(&["--dev"]).await, site.hub(&["--dev"]).await];
    let anna = hubs[0].login(ANNA).await;
    let first = ticket(&anna).await;
    let socket = Knock::at(&hubs[1]).ticket(&first).open().await.unwrap();
    assert_eq!(socket.welcome["caller"], json!({"kind": "wallet", "wallet": ANNA.1}));
    for hub in &hubs {
        let again = Knock::at(hub).ticket(&first).open().await.err().unwrap();
        assert_eq!(again.said(), (401, "unauthorized".into()));
    }
    // At once from many sides: once.
    let shared = ticket(&anna).await;
    let knocks = (0..10).map(|n| Knock::at(&hubs[n % 2]).ticket(&shared).open());
    let opened = futures_util::future::join_all(knocks).await;
    assert_eq!(opened.iter().filter(|opened| opened.is_ok()).count(), 1);
    // Too late, and after the session has ended.
    let late = ticket(&anna).await;
    hubs[0].advance(31).await;
    assert_eq!(Knock::at(&hubs[0]).ticket(&late).open().await.err().unwrap().status, 401);
    let orphan = ticket(&anna).await;
    assert_eq!(anna.post("/api/v1/logout", &json!({})).await.status, 200);
    assert_eq!(Knock::at(&hubs[0]).ticket(&orphan).open().await.err().unwrap().status, 401);
    assert_eq!(hubs[0].guest().post("/api/v1/ws/tickets", &json!({})).await.status, 401);
}

#[tokio::test]
async fn who_shows_a_bad_token_is_no_guest() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let anna = hub.login(ANNA).await;
    let bert = hub.login(BERT).await;
    bert.post("/api/v1/logout", &json!({})).await;
    hub.advance(3_601).await;
    let expired = anna.token.unwrap();
    let ended = bert.token.unwrap();
    for token in [&expired, &ended, "4d5f2c1e-8b1f-4f0e-9d5a-3f1c2b7a6e90", "x", ""] {
        let turned = [
            Knock::at(&hub).header("authorization", &format!("Bearer {token}")),
            Knock::at(&hub).header("x-api-key", token),
            Knock::at(&hub).header("sec-websocket-protocol", &bearer(token)),
            Knock::at(&hub).ticket(token),
        ];
        for knock in turned {
            let turned = knock.open().await.err().unwrap();
            assert_eq!(turned.said(), (401, "unauthorized".into()), "{token:?}");
        }
    }
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_when_some_are_listed() {
    let site = Site::new().await;
    let hub = site.hub(&["--allowed-origins", "https://shop.example"]).await;
    let knock = async |origin: Option<&str>| {
        let mut knock = Knock::at(&hub);
        if let Some(origin) = origin {
            knock = knock.header("origin", origin);
        }
        knock.open().await.map_or_else(|turned| turned.said(), |_| (101, String::new()))
    };
    let refused = (403, "origin_not_allowed".to_owned());
    assert_eq!(knock(None).await.0, 101);
    assert_eq!(knock(Some("https://shop.example")).await.0, 101);
    for origin in
        ["https://evil.example", "http://shop.example", "https://shop.example:8443", "null"]
    {
        assert_eq!(knock(Some(origin)).await, refused, "{origin}");
    }
    let open = site.hub(&[]).await;
    let socket = Knock::at(&open).header("origin", "https://evil.example").open().await;
    assert!(socket.is_ok());
}

#[tokio::test]
async fn what_is_no_upgrade_is_told_so() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    assert_eq!(hub.guest().get("/api/v1/ws").await.said(), (426, "upgrade_required"));
}

#[tokio::test]
async fn a_private_ledger_is_heard_by_its_owners() {
    let site = Site::new().await;
    let hub = site.hub(&["--public-ledger=false"]).await;
    let [anna, bert, _] = hub.people().await;
    let own = |(_, address): (&str, &str)| format!("wallet:{address}");
    let said = async |socket: &mut Socket, topic: &str| {
        let answer = socket.ask(json!({"type": "subscribe", "topics": [topic]})).await;
        answer.get("code").unwrap_or(&answer["mode"]).as_str().unwrap().to_owned()
    };
    let mut guest = Socket::guest(&hub).await;
    let mut owner = Socket::of(&hub, &anna).await;
    let mut admin = Socket::of(&hub, &hub.admin()).await;
    for (topic, expected) in [
        ("payments".to_owned(), ["forbidden", "forbidden", "live"]),
        (own(ANNA), ["forbidden", "live", "live"]),
        (own(BERT), ["forbidden", "forbidden", "live"]),
    ] {
        for (socket, expected) in [&mut guest, &mut owner, &mut admin].into_iter().zip(expected) {
            assert_eq!(
                said(socket, &topic).await,
                expected,
                "{topic}: {}",
                socket.welcome["caller"]
            );
        }
    }
    let page = hub.guest().get("/api/v1/events?topics=payments").await;
    assert_eq!(page.said(), (403, "forbidden"));

    // A guest becomes an owner.
    let ok = guest.ask(json!({"type": "auth", "id": 4, "token": bert.token})).await;
    let caller = json!({"kind": "wallet", "wallet": BERT.1});
    assert_eq!(ok, json!({"type": "ok", "id": 4, "caller": caller}));
    assert_eq!(said(&mut guest, &own(BERT)).await, "live");
    assert_eq!(said(&mut guest, "pulse").await, "live");
    anna.pay(BERT.1, "1").await;
    assert_eq!(guest.event().await["data"]["amount"], 1);
    // A bad token changes nothing.
    let error = guest.ask(json!({"type": "auth", "id": 5, "token": "nonsense"})).await;
    assert_eq!((&error["code"], &error["id"]), (&json!("unauthorized"), &json!(5)));
    anna.pay(BERT.1, "2").await;
    assert_eq!(guest.event().await["data"]["amount"], 2);
    // Somebody else keeps what everybody may hear and loses the rest.
    let ok = guest.ask(json!({"type": "auth", "token": anna.token})).await;
    assert_eq!(ok["caller"]["wallet"], ANNA.1);
    let revoked = guest.hear_a("revoked").await;
    assert_eq!(revoked, json!({"type": "revoked", "topics": [own(BERT)], "code": "forbidden"}));
    guest.hear_a("hint").await;
    assert_eq!(said(&mut guest, &own(ANNA)).await, "live");
    hub.admin().mint(BERT.1, "3").await;
    anna.pay(BERT.1, "4").await;
    let event = guest.event().await;
    assert_eq!(event["data"]["amount"], 4, "what is Bert's alone is not heard");
}

#[tokio::test]
async fn a_token_that_ends_is_announced_and_then_closes() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let anna = hub.login(ANNA).await;
    hub.advance(3_600 - 30).await;
    let mut stays = Socket::of(&hub, &anna).await;
    let mut goes = Socket::of(&hub, &anna).await;
    for socket in [&mut stays, &mut goes] {
        let expiring = socket.hear_a("expiring").await;
        assert!((1..=30).contains(&expiring["in_s"].as_u64().unwrap()), "{expiring}");
    }
    let fresh = anna.post("/api/v1/session/refresh", &json!({})).await;
    let ok = stays.ask(json!({"type": "auth", "token": fresh.data()["token"]})).await;
    assert_eq!(ok["type"], "ok", "{ok}");
    hub.advance(30).await;
    assert_eq!(goes.closed().await, 4403);
    assert_eq!(stays.ask(json!({"type": "ping"})).await["type"], "pong");
}
