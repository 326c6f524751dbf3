//! The operator's door as programs of the game know it: `/api/_internal` and the header `Kromer-Key`.

use reqwest::Method;
use serde_json::{Value, json};

use super::support::{
    ANNA, Api, BERT, Hub, NOBODY, Reply, Site, Socket,
    contracts::{offer, subscribed},
};

const PLAYER: &str = "069a79f4-44e9-4726-a5be-fca90e38aaf5";
const OTHER: &str = "853c80ef-3c37-49fd-aa49-938b674adae6";

/// Asks as the game does: with the key in a header of its own.
async fn ask(hub: &Hub, method: Method, path: &str, body: &Value) -> Reply {
    let key = hub.admin().token.unwrap();
    let path = format!("/api/_internal{path}");
    let body = if body.is_null() { Vec::new() } else { body.to_string().into() };
    hub.guest().send(method, &path, &[("kromer-key", &key)], body).await
}

async fn create(hub: &Hub, uuid: &str, name: &str) -> Value {
    let body = json!({"uuid": uuid, "name": name});
    let made = ask(hub, Method::POST, "/wallet/create", &body).await;
    assert_eq!(made.status, 200, "{made:?}");
    made.body
}

fn addresses(wallets: &Value) -> Vec<&str> {
    wallets.as_array().unwrap().iter().map(|one| one["address"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn nobody_else_sees_that_there_is_a_door() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let anna = hub.login(ANNA).await;
    let nowhere = hub.guest().get("/api/_internal/nowhere").await;
    assert_eq!(nowhere.said(), (404, "route_not_found"));
    let output = site.run(&["token", "create", "bot", "--scopes", "bot"]);
    let bot = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let long = "x".repeat(300);
    for key in ["", "wrong", "tbk_wrong", "\u{e9}", &long, &bot, anna.token.as_deref().unwrap()] {
        for (method, path) in [
            (Method::POST, "/api/_internal/wallet/create"),
            (Method::GET, "/api/_internal/sessions"),
            (Method::DELETE, "/api/_internal/sessions?all=true"),
            (Method::POST, "/api/_internal/subscribers"),
        ] {
            let reply = hub.guest().send(method, path, &[("kromer-key", key)], Vec::new()).await;
            assert_eq!((reply.status, &reply.body), (404, &nowhere.body), "{path} with {key:?}");
        }
    }
    assert_eq!(anna.get("/api/v1/session").await.status, 200, "nothing was revoked");
    // The operator's key opens it in the other headers as well.
    assert_eq!(hub.admin().get("/api/_internal/sessions").await.status, 200);
}

#[tokio::test]
async fn a_player_gets_a_wallet_with_money_in_it() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let mut payments = Socket::on(&hub, &["payments"]).await;
    let made = create(&hub, PLAYER, "Notch").await;
    let (key, address) = (made["privatekey"].as_str().unwrap(), made["address"].as_str().unwrap());
    hub.login((key, address)).await;
    let minted = payments.event().await;
    assert_eq!(
        (&minted["data"]["to"], &minted["data"]["amount"], &minted["data"]["type"]),
        (&json!(address), &json!(100), &json!("mined"))
    );
    let told = site.seqs(&[&format!("wallet:{address}")]).await;
    assert_eq!(told.len(), 3, "made, linked, funded");

    let second = create(&hub, PLAYER, "Notch").await;
    let both = [address, second["address"].as_str().unwrap()];
    let path = format!("/wallet/by-player/{PLAYER}");
    let held = ask(&hub, Method::GET, &path, &Value::Null).await;
    assert_eq!(addresses(&held.body["wallet"]), both);
    for path in ["by-player/", "by-uuid/"].map(|by| format!("{by}{PLAYER}")) {
        let held = hub.guest().get(&format!("/api/v1/wallet/{path}")).await;
        assert_eq!(addresses(held.data()), both, "{path}");
        assert_eq!(held.data()[0]["balance"], 100);
        assert!(held.data()[0].get("private_key").is_none());
    }
    let by_name = hub.guest().get("/api/v1/wallet/by-name/nOTCH").await;
    assert_eq!(addresses(by_name.data()), both);
    for bad in
        [json!({}), json!({"uuid": "x", "name": "a"}), json!({"uuid": PLAYER, "name": "a b"})]
    {
        let refused = ask(&hub, Method::POST, "/wallet/create", &bad).await;
        assert_eq!(refused.said(), (400, "json_type"), "{bad}");
    }
    let path = format!("/wallet/by-player/{OTHER}");
    let nobody = ask(&hub, Method::GET, &path, &Value::Null).await;
    assert_eq!(nobody.said(), (404, "player_not_found"));
    let nobody = hub.guest().get("/api/v1/wallet/by-name/nobody").await;
    assert_eq!(nobody.said(), (404, "player_not_found"));
    site.verify();
}

#[tokio::test]
async fn a_player_has_so_many_wallets_and_no_more() {
    let site = Site::new().await;
    let hub = site.hub(&["--player-funds=0"]).await;
    for _ in 0..64 {
        create(&hub, PLAYER, "Notch").await;
    }
    let body = json!({"uuid": PLAYER, "name": "Notch"});
    let more = ask(&hub, Method::POST, "/wallet/create", &body).await;
    assert_eq!(more.said(), (409, "player_wallets_full"));
    create(&hub, OTHER, "Jeb").await;
    assert_eq!(hub.guest().get("/api/v1/supply").await.data()["supply"], 0);
}

#[tokio::test]
async fn a_name_belongs_to_whom_the_game_said_so_last() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let first = create(&hub, PLAYER, "Notch").await;
    let second = create(&hub, OTHER, "Jeb").await;
    let holder = async |name: &str| {
        let reply = hub.guest().get(&format!("/api/v1/wallet/by-name/{name}")).await;
        reply.data()[0]["address"].clone()
    };
    assert_eq!(holder("Notch").await, first["address"]);
    let topic = format!("wallet:{}", second["address"].as_str().unwrap());
    let mut socket = Socket::on(&hub, &[&topic]).await;
    let rename = async |uuid: &str, name: &str| {
        let body = json!({"uuid": uuid, "username": name});
        ask(&hub, Method::POST, "/wallet/update-player", &body).await
    };
    assert_eq!(rename(OTHER, "Notch").await.body, json!({"uuid": OTHER, "name": "Notch"}));
    let heard = socket.event().await;
    assert_eq!(
        (&heard["kind"], &heard["data"]["name"]),
        (&json!("player.renamed"), &json!("Notch"))
    );
    assert_eq!(holder("Notch").await, second["address"]);
    assert_eq!(holder("Jeb").await, Value::Null);
    assert_eq!(rename(PLAYER, "Notch").await.status, 200);
    assert_eq!(holder("Notch").await, first["address"], "who says it again has it again");
    let nobody = rename("00000000-0000-4000-8000-000000000000", "Who").await;
    assert_eq!(nobody.said(), (404, "player_not_found"));
}

#[tokio::test]
async fn the_game_gives_money_and_takes_it() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    hub.people().await;
    let give = async |address: &str, amount: Value| {
        let body = json!({"address": address, "amount": amount});
        ask(&hub, Method::POST, "/wallet/give-money", &body).await
    };
    let given = give(BERT.1, json!(2.5)).await;
    assert_eq!((given.status, &given.body["wallet"]["balance"]), (200, &json!(2.5)));
    assert_eq!(given.body["wallet"]["address"], BERT.1);
    let taken = give(BERT.1, json!("-0.5")).await;
    assert_eq!(taken.body["wallet"]["balance"], 2);
    assert_eq!(give(BERT.1, json!(-3)).await.said(), (402, "insufficient_funds"));
    assert_eq!(give(NOBODY, json!(1)).await.said(), (404, "wallet_not_found"));
    for bad in [json!(0), json!("NaN"), json!(0.001)] {
        assert_eq!(give(BERT.1, bad.clone()).await.said(), (400, "validation_error"), "{bad}");
    }
    let payments = hub.guest().get(&format!("/api/v1/wallets/{}/payments", BERT.1)).await;
    let kinds: Vec<_> = payments.data()["items"].as_array().unwrap().iter().collect();
    assert_eq!(kinds.iter().map(|one| &one["type"]).collect::<Vec<_>>(), ["transfer", "mined"]);
    let key = hub.admin().token.unwrap();
    let keyed = async || {
        let headers = [("kromer-key", key.as_str()), ("idempotency-key", "k1")];
        let body = json!({"address": BERT.1, "amount": 1}).to_string().into();
        let path = "/api/_internal/wallet/give-money";
        hub.guest().send(Method::POST, path, &headers, body).await.body
    };
    assert_eq!(keyed().await["wallet"]["balance"], 3);
    assert_eq!(keyed().await["wallet"]["balance"], 3, "a repeated gift is one gift");
    assert_eq!(hub.guest().get("/api/v1/supply").await.data()["supply"], 1_003);
    site.verify();
}

#[tokio::test]
async fn the_operator_lists_sessions_and_ends_them() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let (anna, bert, again) = (hub.login(ANNA).await, hub.login(BERT).await, hub.login(BERT).await);
    let listed = async |query: &str| {
        ask(&hub, Method::GET, &format!("/sessions{query}"), &Value::Null).await.data().clone()
    };
    assert_eq!(listed("").await.as_array().unwrap().len(), 3);
    let of_bert = listed(&format!("?address={}", BERT.1)).await;
    assert_eq!(addresses(&of_bert), [BERT.1, BERT.1]);
    assert!(!of_bert.to_string().contains(bert.token.as_deref().unwrap()), "no token is shown");
    let alive = async |api: &Api| api.get("/api/v1/session").await.status == 200;
    let end = async |path: &str| {
        ask(&hub, Method::DELETE, &format!("/sessions{path}"), &Value::Null).await
    };
    let id = of_bert[0]["id"].as_str().unwrap();
    assert_eq!(end(&format!("/{id}")).await.data(), &json!({"revoked": 1}));
    assert_eq!(end(&format!("/{id}")).await.said(), (404, "session_not_found"));
    assert_ne!(alive(&bert).await, alive(&again).await, "one of the two is left");
    let rest = end(&format!("?address={}", BERT.1)).await;
    assert_eq!(rest.data(), &json!({"revoked": 1}));
    assert!(!alive(&bert).await && !alive(&again).await && alive(&anna).await);
    assert_eq!(end("").await.said(), (400, "validation_error"));
    assert_eq!(end("?all=true").await.data(), &json!({"revoked": 1}));
    assert!(!alive(&anna).await);
}

#[tokio::test]
async fn a_tax_is_a_subscription_that_its_wallet_can_not_end() {
    let site = Site::new().await;
    let hub = site.hub(&[]).await;
    let [anna, bert, _] = hub.people().await;
    hub.admin().mint(BERT.1, "10").await;
    let contract = offer(&anna, json!({})).await;
    let body = json!({"contract_id": contract, "address": BERT.1, "can_unsubscribe": false});
    let forced = ask(&hub, Method::POST, "/subscribers", &body).await;
    assert_eq!(
        (forced.status, &forced.data()["can_unsubscribe"], &forced.data()["address"]),
        (201, &json!(false), &json!(BERT.1))
    );
    let path = format!("/api/v1/subscribers/{}", forced.data()["subscription_id"]);
    assert_eq!(bert.delete(&path).await.said(), (403, "cannot_unsubscribe"));
    let path = format!("/contracts/{contract}/cancel");
    let stopped = ask(&hub, Method::POST, &path, &Value::Null).await;
    assert_eq!((stopped.status, &stopped.data()["status"]), (200, &json!("canceled")));
    let other = offer(&anna, json!({})).await;
    subscribed(&bert, other).await;
    site.verify();
}
