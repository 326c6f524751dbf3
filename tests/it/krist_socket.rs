//! Krist's websocket: tickets, levels, events, and what happens when a hub or a key goes away.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{
    ANNA, BERT, CARA, Hub, Knock, Site, Socket,
    contracts::{offer, subscribed},
    krist::{DOOR, get, guest, hold, holding, owner, pay, post, said, ticket},
};

/// The next event, whatever comes between.
async fn transaction(socket: &mut Socket) -> Value {
    let event = socket.event().await;
    assert_eq!(event["event"], "transaction", "{event}");
    assert!(event.get("id").is_none() && event.get("ok").is_none(), "{event}");
    event["transaction"].clone()
}

/// What comes first on a socket that should hear nothing of what was paid: the answer to a question asked afterwards.
async fn silent(socket: &mut Socket) {
    let answer = socket.ask(json!({"id": "silence", "type": "work"})).await;
    assert_eq!(answer["id"], "silence");
    assert!(!socket.has_early("event"), "it heard something");
}

#[tokio::test]
async fn a_greeting_says_it_all() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let socket = guest(&hub).await;
    let hello = &socket.welcome;
    assert_eq!((&hello["ok"], &hello["transactions_enabled"]), (&json!(true), &json!(true)));
    assert!(hello.get("id").is_none(), "{hello}");
    assert_eq!(hello["constants"]["wallet_version"], 16);
    assert_eq!(hello["currency"]["name_suffix"], "kro");
}

#[tokio::test]
async fn a_ticket_is_good_once_and_on_any_hub() {
    let site = Site::new().await;
    let (one, other) = (site.hub(&[]).await, site.hub(&[]).await);
    let path = ticket(&one.guest(), DOOR, &json!({})).await;
    let token = path.rsplit('/').next().unwrap();
    assert!(token.len() == 36 && token.bytes().all(|b| b.is_ascii_hexdigit()), "{token}");
    Knock::at(&other).door(&path, "hello").open().await.unwrap();
    // A bad token is told on the websocket, where a browser can read it.
    for path in [path.as_str(), "/api/krist/ws/gateway/nonsense"] {
        let mut turned = Knock::at(&one).door(path, "error").open().await.unwrap();
        assert_eq!(
            (&turned.welcome["ok"], &turned.welcome["error"]),
            (&json!(false), &json!("invalid_websocket_token"))
        );
        assert_eq!(turned.welcome["message"], "Invalid websocket token");
        assert_eq!(turned.closed().await, 1008);
    }
    assert_eq!(
        said(&post(&one, "/ws/start", json!({"privatekey": 7})).await),
        (400, false, "invalid_parameter")
    );
    let plain = get(&one, "/ws/gateway/nonsense").await;
    assert_eq!(plain.status, 426, "{plain:?}");
}

#[tokio::test]
async fn a_session_opens_a_socket_and_closes_it() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let anna = hub.login(ANNA).await;
    let path = ticket(&anna, DOOR, &json!({})).await;
    let mut socket = Knock::at(&hub).door(&path, "hello").open().await.unwrap();
    let me = socket.ask(json!({"id": 1, "type": "me"})).await;
    assert_eq!((&me["isGuest"], &me["address"]["address"]), (&json!(false), &json!(ANNA.1)));
    assert_eq!(anna.post("/api/v1/logout", &json!({})).await.status, 200);
    assert_eq!(socket.closed().await, 4401);
}

#[tokio::test]
async fn a_locked_wallet_loses_its_sockets_and_gets_none() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = owner(&hub, ANNA).await;
    let lock = async |locked: bool| {
        let path = format!("/api/v1/admin/wallets/{}", ANNA.1);
        assert_eq!(hub.admin().patch(&path, &json!({"locked": locked})).await.status, 200);
    };
    lock(true).await;
    assert_eq!(socket.closed().await, 4401);
    assert_eq!(
        said(&post(&hub, "/ws/start", json!({"privatekey": ANNA.0})).await),
        (401, false, "auth_failed")
    );
    let mut other = guest(&hub).await;
    let failed = other.ask(json!({"id": 1, "type": "login", "privatekey": ANNA.0})).await;
    assert_eq!(
        (&failed["ok"], &failed["isGuest"]),
        (&json!(true), &json!(true)),
        "a failed login makes a guest"
    );
    lock(false).await;
    let mut again = owner(&hub, ANNA).await;
    assert_eq!(again.ask(json!({"id": 1, "type": "me"})).await["isGuest"], false);
}

#[tokio::test]
async fn levels_decide_what_is_heard_and_two_of_them_tell_it_once() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.people().await;
    let mut all = holding(&hub, &["transactions"]).await;
    let mut own = owner(&hub, ANNA).await;
    let mut both = owner(&hub, ANNA).await;
    both.ask(json!({"id": 1, "type": "subscribe", "event": "transactions"})).await;
    let mut none = guest(&hub).await;
    let mut stranger = owner(&hub, CARA).await;
    for amount in [1, 2] {
        assert!(said(&pay(&hub, ANNA, BERT.1, json!(amount)).await).1);
    }
    for socket in [&mut all, &mut own, &mut both] {
        for amount in [1, 2] {
            assert_eq!(transaction(socket).await["value"], amount);
        }
    }
    for socket in [&mut all, &mut own, &mut both, &mut none, &mut stranger] {
        silent(socket).await;
    }
    // Who is no longer the owner hears nothing of it, and who is again does.
    own.ask(json!({"id": 1, "type": "logout"})).await;
    all.ask(json!({"id": 1, "type": "unsubscribe", "event": "transactions"})).await;
    assert!(said(&pay(&hub, ANNA, BERT.1, json!(3)).await).1);
    assert_eq!(transaction(&mut both).await["value"], 3);
    silent(&mut own).await;
    silent(&mut all).await;
    let me = own.ask(json!({"id": 1, "type": "login", "privatekey": BERT.0})).await;
    assert_eq!((&me["isGuest"], &me["address"]["address"]), (&json!(false), &json!(BERT.1)));
    assert!(said(&pay(&hub, ANNA, BERT.1, json!(4)).await).1);
    assert_eq!(transaction(&mut own).await["value"], 4);
}

#[tokio::test]
async fn new_money_is_a_transaction_too() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.login(ANNA).await;
    let mut socket = owner(&hub, ANNA).await;
    hub.admin().mint(ANNA.1, "7").await;
    let told = transaction(&mut socket).await;
    assert_eq!(
        (&told["type"], &told["from"], &told["value"]),
        (&json!("mined"), &json!("serverwelf"), &json!(7))
    );
}

#[tokio::test]
async fn a_payment_over_the_socket_is_one_of_the_till() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.people().await;
    let mut socket = owner(&hub, ANNA).await;
    let ask = json!({"id": "p", "type": "make_transaction", "to": BERT.1, "amount": 5, "metadata": "over the socket"});
    socket.say(&ask).await;
    let answer = socket.answer().await;
    assert_eq!((&answer["ok"], &answer["id"]), (&json!(true), &json!("p")), "{answer}");
    assert_eq!(
        (&answer["transaction"]["from"], &answer["transaction"]["value"]),
        (&json!(ANNA.1), &json!(5))
    );
    assert_eq!(transaction(&mut socket).await, answer["transaction"]);
    // A key goes before the session, and a guest needs one.
    let mut stranger = guest(&hub).await;
    let ask = json!({"id": 1, "type": "make_transaction", "to": BERT.1, "amount": 5});
    let refused = stranger.ask(ask.clone()).await;
    assert_eq!(
        (&refused["error"], &refused["parameter"]),
        (&json!("missing_parameter"), &json!("privatekey"))
    );
    let mut keyed = ask;
    keyed["privatekey"] = ANNA.0.into();
    keyed["requestId"] = "01234567-89ab-cdef-0123-456789abcdef".into();
    let first = stranger.ask(keyed.clone()).await;
    assert_eq!(stranger.ask(keyed).await["transaction"], first["transaction"], "the same request");
    assert_eq!(hub.guest().balance(BERT.1).await, "10");
    site.verify();
}

#[tokio::test]
async fn levels_are_named_listed_and_bounded() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = guest(&hub).await;
    let valid = socket.ask(json!({"id": 1, "type": "get_valid_subscription_levels"})).await;
    let names = valid["valid_subscription_levels"].as_array().unwrap().clone();
    for name in [
        "transactions",
        "ownTransactions",
        "names",
        "ownNames",
        "motd",
        "blocks",
        "ownBlocks",
        "ownSubscriptions",
        "subscriptions",
        "contracts",
        "contract:<id>",
    ] {
        assert!(names.contains(&json!(name)), "{name}");
    }
    let bad = socket.ask(json!({"id": 1, "type": "subscribe", "event": "dances"})).await;
    assert_eq!((&bad["error"], &bad["parameter"]), (&json!("invalid_parameter"), &json!("event")));
    let first = socket.ask(json!({"id": 1, "type": "subscribe", "event": "names"})).await;
    assert_eq!(first["subscription_level"], json!(["ownTransactions", "blocks", "names"]));
    let again = socket.ask(json!({"id": 1, "type": "subscribe", "event": "names"})).await;
    assert_eq!(again["subscription_level"], first["subscription_level"]);
    for id in 1..=61 {
        let more = json!({"id": 1, "type": "subscribe", "event": format!("contract:{id}")});
        assert_eq!(socket.ask(more).await["ok"], true);
    }
    let full = socket.ask(json!({"id": 1, "type": "subscribe", "event": "contract:99"})).await;
    assert_eq!(
        (&full["error"], &full["parameter"]),
        (&json!("invalid_parameter"), &json!("event"))
    );
    let held = socket.ask(json!({"id": 1, "type": "subscribe", "event": "contract:61"})).await;
    assert_eq!(held["ok"], true, "one that is held is no new one");
    let less = socket.ask(json!({"id": 1, "type": "unsubscribe", "event": "names"})).await;
    assert_eq!(
        (less["subscription_level"].as_array().unwrap().len(), &less["responding_to"]),
        (63, &json!("subscribe"))
    );
}

#[tokio::test]
async fn a_new_message_of_the_day_is_heard_and_no_other_notice() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut socket = holding(&hub, &["motd"]).await;
    for body in [json!({"transactions_enabled": false}), json!({"motd": "The market is open."})] {
        assert_eq!(hub.admin().patch("/api/v1/admin/notice", &body).await.status, 200);
    }
    let told = socket.event().await;
    assert_eq!(
        (&told["event"], &told["motd"]),
        (&json!("motd"), &json!("The market is open.")),
        "{told}"
    );
    let motd = hub.guest().get("/api/krist/motd").await.body;
    assert_eq!((&told["set"], &told["motd_set"]), (&motd["set"], &motd["motd_set"]));
}

#[tokio::test]
async fn contracts_and_subscriptions_are_heard_by_whom_they_concern() {
    let site = Site::new().await;
    let hub = site.hub(&["--dev"]).await;
    let [anna, bert, ..] = hub.people().await;
    anna.pay(BERT.1, "100").await;
    let mut everything = holding(&hub, &["contracts", "subscriptions"]).await;
    let mut subscriber = owner(&hub, BERT).await;
    hold(&mut subscriber, &["ownSubscriptions", "ownTransactions"]).await;
    let contract = offer(&anna, json!({})).await;
    let made = everything.event().await;
    assert_eq!((&made["event"], &made["action"]), (&json!("contract"), &json!("created")));
    let mut one = holding(&hub, &[&format!("contract:{contract}")]).await;
    let path = subscribed(&bert, contract).await;
    assert_eq!(transaction(&mut subscriber).await["value"], 2, "the payment comes first");
    for socket in [&mut everything, &mut one, &mut subscriber] {
        let told = socket.event().await;
        assert_eq!(
            (&told["event"], &told["action"], &told["status"]),
            (&json!("subscription"), &json!("subscribe"), &json!("active"))
        );
        assert_eq!(
            (&told["contractId"], &told["subscriberAddress"]),
            (&json!(contract), &json!(BERT.1))
        );
    }
    hub.admin().post("/api/v1/admin/clock", &json!({"advance_s": 600})).await;
    assert_eq!(transaction(&mut subscriber).await["from"], BERT.1);
    let renewed = subscriber.event().await;
    assert_eq!(
        (&renewed["action"], &renewed["renewed"], &renewed["term"]),
        (&json!("payment_success"), &json!(true), &json!(2))
    );
    assert_eq!(bert.delete(&path).await.status, 200);
    assert_eq!(subscriber.event().await["action"], "unsubscribe");
    assert_eq!(anna.delete(&format!("/api/v1/contracts/{contract}")).await.status, 200);
    let over = subscriber.event().await;
    assert_eq!(
        (&over["action"], &over["status"]),
        (&json!("contract_cancelled"), &json!("cancelled"))
    );
}

#[tokio::test]
async fn a_socket_goes_on_where_it_was_by_replay() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.people().await;
    let mut socket = holding(&hub, &["transactions"]).await;
    let mut events = Vec::new();
    for amount in [1, 2, 3] {
        assert!(said(&pay(&hub, ANNA, BERT.1, json!(amount)).await).1);
        events.push(socket.event().await);
    }
    let first = events[0]["event_id"].as_str().unwrap().to_owned();
    drop(socket);
    drop(hub);
    let hub = site.hub(&[]).await;
    let mut socket = holding(&hub, &["transactions"]).await;
    let answer = socket.ask(json!({"id": 1, "type": "replay", "since": first})).await;
    assert_eq!((&answer["ok"], &answer["since"]), (&json!(true), &json!(first)), "{answer}");
    assert_eq!(
        [socket.event().await, socket.event().await],
        [events[1].clone(), events[2].clone()]
    );
    assert!(said(&pay(&hub, ANNA, BERT.1, json!(4)).await).1);
    assert_eq!(transaction(&mut socket).await["value"], 4, "and then what is new");
    let ahead = socket.ask(json!({"id": 1, "type": "replay", "since": 1_000_000})).await;
    assert_eq!(
        (&ahead["error"], &ahead["parameter"]),
        (&json!("invalid_parameter"), &json!("since"))
    );
}

#[tokio::test]
async fn what_is_no_longer_kept_can_not_be_replayed() {
    let site = Site::new().await;
    let flags = ["--dev", "--retain-days=1", "--log-partition-events=1000", "--ring-events=100"];
    let hub = site.hub(&flags).await;
    let [anna, ..] = hub.people().await;
    for _ in 0..11 {
        let pays = (0..100).map(|_| anna.pay(BERT.1, "0.01"));
        futures_util::future::join_all(pays).await;
    }
    hub.advance(2 * 86_400).await;
    let mut socket = guest(&hub).await;
    let mut said = serde_json::Value::Null;
    for _ in 0..100 {
        said = socket.ask(json!({"id": 1, "type": "replay", "since": 1})).await;
        if said["ok"] == false {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!((&said["ok"], &said["error"]), (&json!(false), &json!("gone")), "{said}");
}

#[tokio::test]
async fn a_private_ledger_tells_nobody_who_pays_whom() {
    let site = Site::new().await;
    let hub = site.hub(&["--public-ledger=false"]).await;
    let mut socket = owner(&hub, ANNA).await;
    for level in ["transactions", "subscriptions", "contract:1"] {
        let answer = socket.ask(json!({"id": 1, "type": "subscribe", "event": level})).await;
        assert_eq!(answer["error"], "auth_failed", "{level}");
    }
    for level in ["contracts", "names", "ownSubscriptions"] {
        assert_eq!(
            socket.ask(json!({"id": 1, "type": "subscribe", "event": level})).await["ok"],
            true
        );
    }
    let other = socket.ask(json!({"id": 1, "type": "address", "address": BERT.1})).await;
    assert_eq!(other["error"], "auth_failed");
    hub.admin().mint(ANNA.1, "7").await;
    assert_eq!(transaction(&mut socket).await["value"], 7);
    let own = socket.ask(json!({"id": 1, "type": "address", "address": ANNA.1})).await;
    assert_eq!(own["address"]["balance"], 7);
}

#[tokio::test]
async fn a_subprotocol_is_echoed_and_no_origin_refused() {
    let site = Site::new().await;
    let hub = site.hub(&["--allowed-origins=https://only.example"]).await;
    let open = async |header: (&str, &str)| {
        let path = ticket(&hub.guest(), DOOR, &json!({})).await;
        Knock::at(&hub).door(&path, "hello").header(header.0, header.1).open().await.unwrap()
    };
    let protocol = ("sec-websocket-protocol", "krist.js, other");
    assert_eq!(open(protocol).await.protocol.as_deref(), Some("krist.js"));
    let page = open(("origin", "https://wallet.example")).await;
    assert_eq!(page.protocol, None);
}

#[tokio::test]
async fn the_address_of_the_socket_is_the_one_that_clients_can_reach() {
    let site = Site::new().await;
    let url = async |hub: &Hub, path: &str| {
        let reply = hub.guest().send(Method::POST, path, &[], Vec::new()).await;
        reply.body["url"].as_str().unwrap().rsplit_once('/').unwrap().0.to_owned()
    };
    let hub = site.hub(&["--public-url=https://hub.example.org"]).await;
    assert_eq!(
        url(&hub, "/api/krist/ws/start").await,
        "wss://hub.example.org/api/krist/ws/gateway"
    );
    let krist = Site::new().await;
    let hub = krist.hub(&["--krist-profile=krist", "--money-scale=0"]).await;
    assert_eq!(url(&hub, "/ws/start").await, format!("ws://{}/ws/gateway", hub.address));
    let path = ticket(&hub.guest(), "", &json!({})).await;
    let socket = Knock::at(&hub).door(&path, "hello").open().await.unwrap();
    assert_eq!(socket.welcome["currency"]["currency_name"], "Krist");
}
