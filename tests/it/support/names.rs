//! Names as tests buy them.

use serde_json::{Value, json};

use super::{Api, Reply};

/// What a name costs unless a hub is told otherwise.
pub(crate) const PRICE: &str = "500";

/// Asks to buy a name.
pub(crate) async fn purchase(buyer: &Api, name: &str) -> Reply {
    buyer.post("/api/v1/names", &json!({"name": name})).await
}

/// Buys a name.
pub(crate) async fn buy(buyer: &Api, name: &str) -> Value {
    let reply = purchase(buyer, name).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.data().clone()
}

/// Asks to give a name to somebody.
pub(crate) async fn give(owner: &Api, name: &str, to: &str) -> Reply {
    owner.post(&format!("/api/v1/names/{name}/transfer"), &json!({"to": to})).await
}

/// Asks to lead a name somewhere, or nowhere.
pub(crate) async fn lead(owner: &Api, name: &str, record: Value) -> Reply {
    owner.patch(&format!("/api/v1/names/{name}"), &json!({"record": record})).await
}
