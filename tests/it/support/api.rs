//! Asking over HTTP.

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};

/// One caller's view of a hub.
#[derive(Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    url: String,
    /// The caller's credential.
    pub(crate) token: Option<String>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body; text that is no JSON is a string.
    pub(crate) body: Value,
}

impl Reply {
    /// What is in `data`.
    pub(crate) fn data(&self) -> &Value {
        &self.body["data"]
    }

    /// The stable code of an error, or nothing.
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("")
    }

    /// Status and code, to compare in one line.
    pub(crate) fn said(&self) -> (u16, &str) {
        (self.status, self.code())
    }
}

impl Api {
    /// A caller with a credential, or a guest.
    pub(crate) fn new(url: &str, token: Option<&str>) -> Self {
        // Fails when another test was first, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { client, url: url.to_owned(), token: token.map(ToOwned::to_owned) }
    }

    /// Where it asks.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same caller at another hub.
    pub(crate) fn at(&self, hub: &super::Hub) -> Self {
        Self { url: hub.url(), ..self.clone() }
    }

    /// Sends anything.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Reply {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    /// Sends anything, to a hub that may be down.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Reply, reqwest::Error> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Reply { status, headers, body })
    }

    /// Reads.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    /// Sends JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &[], body.to_string().into()).await
    }

    /// Sends JSON with an `Idempotency-Key`.
    pub(crate) async fn post_keyed(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &[("idempotency-key", key)], body.to_string().into()).await
    }

    /// Sends JSON with PATCH.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, &[], body.to_string().into()).await
    }

    /// Sends JSON with PUT.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, &[], body.to_string().into()).await
    }

    /// Deletes.
    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], Vec::new()).await
    }

    /// Pays from the caller's wallet; the amount is decimal text.
    pub(crate) async fn pay(&self, to: &str, amount: &str) -> Reply {
        self.post("/api/v1/payments", &json!({"to": to, "amount": amount})).await
    }

    /// Gives new money, as the operator.
    pub(crate) async fn mint(&self, to: &str, amount: &str) -> Reply {
        let reply =
            self.post("/api/v1/admin/mint", &json!({"address": to, "amount": amount})).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        reply
    }

    /// What a wallet holds, as its JSON text.
    pub(crate) async fn balance(&self, address: &str) -> String {
        let reply = self.get(&format!("/api/v1/wallets/{address}")).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.data()["balance"].to_string()
    }
}
