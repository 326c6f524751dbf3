//! The Krist door as its clients use it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, Hub, Knock, Reply, Socket};

/// Where the door is, unless the hub looks like Krist.
pub(crate) const DOOR: &str = "/api/krist";

/// Reads from the door.
pub(crate) async fn get(hub: &Hub, path: &str) -> Reply {
    hub.guest().get(&format!("{DOOR}{path}")).await
}

/// Sends JSON to the door.
pub(crate) async fn post(hub: &Hub, path: &str, body: Value) -> Reply {
    hub.guest().post(&format!("{DOOR}{path}"), &body).await
}

/// Pays as most clients do: the key in the body.
pub(crate) async fn pay(hub: &Hub, (private, _): (&str, &str), to: &str, amount: Value) -> Reply {
    post(hub, "/transactions", json!({"privatekey": private, "to": to, "amount": amount})).await
}

/// What a reply is: its status, whether it says ok, and its code.
pub(crate) fn said(reply: &Reply) -> (u16, bool, &str) {
    let code = reply.body["error"].as_str().unwrap_or("");
    (reply.status, reply.body["ok"] == true, code)
}

/// Asks for a ticket and gives the path that its socket is opened at.
pub(crate) async fn ticket(api: &Api, door: &str, body: &Value) -> String {
    let reply =
        api.send(Method::POST, &format!("{door}/ws/start"), &[], body.to_string().into()).await;
    assert_eq!(said(&reply), (200, true, ""), "{reply:?}");
    let url: url::Url = reply.body["url"].as_str().unwrap().parse().unwrap();
    assert_eq!((url.scheme(), &reply.body["expires"]), ("ws", &json!(30)));
    url.path().to_owned()
}

/// A guest's socket.
pub(crate) async fn guest(hub: &Hub) -> Socket {
    opened(hub, json!({})).await
}

/// The socket of a wallet's owner.
pub(crate) async fn owner(hub: &Hub, (private, _): (&str, &str)) -> Socket {
    opened(hub, json!({"privatekey": private})).await
}

async fn opened(hub: &Hub, body: Value) -> Socket {
    let path = ticket(&hub.guest(), DOOR, &body).await;
    Knock::at(hub).door(&path, "hello").open().await.unwrap()
}

/// A guest's socket that holds these levels and no others.
pub(crate) async fn holding(hub: &Hub, levels: &[&str]) -> Socket {
    let mut socket = guest(hub).await;
    hold(&mut socket, levels).await;
    socket
}

/// Makes a socket hold these levels and no others.
pub(crate) async fn hold(socket: &mut Socket, levels: &[&str]) {
    let held = socket.ask(json!({"id": 1, "type": "get_subscription_level"})).await;
    for level in held["subscription_level"].as_array().unwrap() {
        socket.ask(json!({"id": 2, "type": "unsubscribe", "event": level})).await;
    }
    for level in levels {
        let answer = socket.ask(json!({"id": 3, "type": "subscribe", "event": level})).await;
        assert_eq!(answer["ok"], true, "{answer}");
    }
}
