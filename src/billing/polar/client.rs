//! Polar's API, as far as we use it.
//!
//! A request that changes nothing is tried again when Polar can't be reached or is busy. One that changes something is
//! tried again only when no connection was made, so nothing can have happened. All of them have a time limit, and none
//! is made inside a transaction.

use std::time::Duration;

use reqwest::{
    Client, Method, Response,
    header::{HeaderValue, RETRY_AFTER},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio::time::sleep;
use url::Url;

use super::{ReadError, read, wire};
use crate::{
    billing::model::{CheckoutNews, CustomerNews, SubscriptionNews},
    http::client,
    kernel::{id::DiscordId, time::Timestamp},
    plans::model::{Reference, Tier},
};

/// The version of the API that this was written for.
const VERSION: &str = "2026-04";
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(8);
/// Tries of one request.
const TRIES_MAX: u32 = 3;
/// The pause behind the first try; it doubles.
const PAUSE: Duration = Duration::from_millis(250);
/// The longest time that Polar may ask us to wait inside a request.
const WAIT_MAX: Duration = Duration::from_secs(2);
/// The largest answer in bytes.
const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest text of an error that is passed on, in characters.
const DETAIL_CHARS_MAX: usize = 300;
/// Rows of a page.
const PAGE_ROWS: u32 = 100;

/// Where Polar is, and who we are there.
#[derive(Debug, Clone)]
pub struct PolarSettings {
    /// Without the version.
    pub base: Url,
    /// None: nothing can be asked.
    pub token: Option<SecretString>,
}

/// Polar's API.
#[derive(Debug, Clone)]
pub struct Polar {
    client: Client,
    base: String,
    token: Option<SecretString>,
}

/// Why Polar did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum PolarError {
    /// There is no access token.
    #[error("no access token is set; set polar_access_token")]
    NotConfigured,
    /// It can't be reached, or it is broken.
    #[error("Polar can't be reached: {0}")]
    Unreachable(String),
    /// We asked too often.
    #[error("Polar wants to be asked less often")]
    Limited(Duration),
    /// It said no.
    #[error("Polar answered {status}: {detail}")]
    Rejected {
        /// The status of its answer.
        status: u16,
        /// The class of its error.
        class: String,
        /// What it said.
        detail: String,
    },
    /// It said something that we can't read.
    #[error("Polar's answer can't be read: {0}")]
    Unreadable(String),
}

impl From<ReadError> for PolarError {
    fn from(error: ReadError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// What is to be bought, by whom.
#[derive(Debug)]
pub struct CheckoutAsk<'a> {
    /// Who.
    pub user: DiscordId,
    /// The plan.
    pub tier: &'a Tier,
    /// The product.
    pub product: &'a Reference,
    /// Their address of mail, if they told it.
    pub email: Option<&'a str>,
    /// Where they are, so that Polar does not take our place for theirs.
    pub ip: Option<std::net::IpAddr>,
    /// Where they go afterwards.
    pub success_url: Option<&'a str>,
}

/// A page on which somebody can pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutLink {
    /// The checkout.
    pub news: CheckoutNews,
    /// Where its page is.
    pub url: String,
}

/// A short-lived way into the customer's own pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalLink {
    /// Where.
    pub url: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// When another product begins to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// At once; the difference is invoiced.
    Now,
    /// With the next period.
    NextPeriod,
}

/// The endpoint that belongs to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurEndpoint {
    /// Its id.
    pub id: String,
    /// Whether Polar delivers to it.
    pub enabled: bool,
}

impl Polar {
    /// A client.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new(settings: PolarSettings) -> Result<Self, reqwest::Error> {
        let client = client::builder().connect_timeout(CONNECT).timeout(REQUEST).build()?;
        let base = settings.base.as_str().trim_end_matches('/').to_owned();
        let token = settings.token.filter(|token| !token.expose_secret().trim().is_empty());
        Ok(Self { client, base, token })
    }

    /// Whether there is an access token.
    pub const fn is_configured(&self) -> bool {
        self.token.is_some()
    }

    /// Opens a checkout. Without the buyer's address of mail when Polar does not believe it.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn open_checkout(
        &self,
        ask: &CheckoutAsk<'_>,
        now: Timestamp,
    ) -> Result<CheckoutLink, PolarError> {
        let user = ask.user.to_string();
        let mut body = json!({
            "products": [ask.product],
            "external_customer_id": user,
            "metadata": {"discord_user_id": user, "tier": ask.tier},
            "customer_email": ask.email,
            "customer_ip_address": ask.ip,
            "success_url": ask.success_url,
        });
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        let mut answer = self.change(Method::POST, "/checkouts/", &body).await;
        let of_email = |error: &PolarError| matches!(error, PolarError::Rejected { status: 422, detail, .. } if detail.contains("customer_email"));
        if ask.email.is_some() && answer.as_ref().is_err_and(of_email) {
            if let Some(fields) = body.as_object_mut() {
                fields.remove("customer_email");
            }
            answer = self.change(Method::POST, "/checkouts/", &body).await;
        }
        let news = read::checkout(read::shaped(answer?, "")?, now)?;
        let url = news.url.clone();
        let url = url.ok_or_else(|| PolarError::Unreadable("a checkout without a url".into()))?;
        Ok(CheckoutLink { news, url })
    }

    /// A checkout, or `None` when there is none of this name.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn checkout(
        &self,
        id: &Reference,
        now: Timestamp,
    ) -> Result<Option<CheckoutNews>, PolarError> {
        let path = format!("/checkouts/{}", segment(id.as_str()));
        let Some(answer) = found(self.read(&path).await)? else { return Ok(None) };
        Ok(Some(read::checkout(read::shaped(answer, "")?, now)?))
    }

    /// Opens the customer's portal; `None` when Polar does not know the customer.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn open_portal(
        &self,
        user: DiscordId,
        customer: Option<&str>,
        return_url: Option<&str>,
    ) -> Result<Option<PortalLink>, PolarError> {
        let mut body = match customer {
            Some(customer) => json!({"customer_id": customer}),
            None => json!({"external_customer_id": user}),
        };
        if let (Some(fields), Some(url)) = (body.as_object_mut(), return_url) {
            fields.insert("return_url".into(), url.into());
        }
        let answer = match self.change(Method::POST, "/customer-sessions/", &body).await {
            Err(PolarError::Rejected { status: 404 | 422, .. }) => return Ok(None),
            answer => answer?,
        };
        let session: wire::CustomerSession = read::shaped(answer, "")?;
        let expires_at = Timestamp::new(session.expires_at);
        Ok(Some(PortalLink { url: session.customer_portal_url, expires_at }))
    }

    /// Everything that a user has, or `None` when Polar does not know them. `now` is when this is asked.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn state(
        &self,
        user: DiscordId,
        now: Timestamp,
    ) -> Result<Option<CustomerNews>, PolarError> {
        let path = format!("/customers/external/{user}/state");
        let Some(answer) = found(self.read(&path).await)? else { return Ok(None) };
        Ok(Some(read::customer(&read::shaped(answer, "")?, now)?))
    }

    /// A subscription, or `None` when there is none of this name.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn subscription(
        &self,
        id: &Reference,
        now: Timestamp,
    ) -> Result<Option<SubscriptionNews>, PolarError> {
        let path = format!("/subscriptions/{}", segment(id.as_str()));
        let Some(answer) = found(self.read(&path).await)? else { return Ok(None) };
        Ok(Some(read::subscription(&read::shaped(answer, "")?, now)?))
    }

    /// A page of all active subscriptions, from 1, and whether there are more.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn subscriptions(
        &self,
        page: u32,
        now: Timestamp,
    ) -> Result<(Vec<SubscriptionNews>, bool), PolarError> {
        let path = format!("/subscriptions/?active=true&limit={PAGE_ROWS}&page={page}");
        let listed: wire::Listed<wire::Subscription> = read::shaped(self.read(&path).await?, "")?;
        let more = i64::from(page) < listed.pagination.max_page;
        let news = listed.items.iter().map(|one| read::subscription(one, now));
        Ok((news.collect::<Result<_, _>>()?, more))
    }

    /// Makes a subscription one for another product. Gives it as it is then.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn change_product(
        &self,
        id: &Reference,
        product: &Reference,
        from: Begins,
        now: Timestamp,
    ) -> Result<SubscriptionNews, PolarError> {
        let proration = match from {
            Begins::Now => "invoice",
            Begins::NextPeriod => "next_period",
        };
        let body = json!({"product_id": product, "proration_behavior": proration});
        self.update(id, &body, now).await
    }

    /// Lets a subscription end with its period, or go on after all. Gives it as it is then.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn cancel(
        &self,
        id: &Reference,
        cancel: bool,
        now: Timestamp,
    ) -> Result<SubscriptionNews, PolarError> {
        self.update(id, &json!({"cancel_at_period_end": cancel}), now).await
    }

    async fn update(
        &self,
        id: &Reference,
        body: &Value,
        now: Timestamp,
    ) -> Result<SubscriptionNews, PolarError> {
        let path = format!("/subscriptions/{}", segment(id.as_str()));
        let answer = self.change(Method::PATCH, &path, body).await?;
        Ok(read::subscription(&read::shaped(answer, "")?, now)?)
    }

    /// The endpoint whose address ends with this path; `None` when Polar delivers nothing to us.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn endpoint(&self, path: &str) -> Result<Option<OurEndpoint>, PolarError> {
        let answer = self.read(&format!("/webhooks/endpoints?limit={PAGE_ROWS}")).await?;
        let listed: wire::Listed<wire::Endpoint> = read::shaped(answer, "")?;
        let ours = |one: &wire::Endpoint| {
            Url::parse(&one.url).is_ok_and(|url| url.path().trim_end_matches('/').ends_with(path))
        };
        let mut found: Vec<_> = listed.items.into_iter().filter(ours).collect();
        // Of several, one that works is enough.
        found.sort_by_key(|one| !one.enabled);
        Ok(found.into_iter().next().map(|one| OurEndpoint { id: one.id, enabled: one.enabled }))
    }

    /// Lets Polar deliver to an endpoint again.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn enable(&self, endpoint: &OurEndpoint) -> Result<(), PolarError> {
        let path = format!("/webhooks/endpoints/{}", segment(&endpoint.id));
        self.change(Method::PATCH, &path, &json!({"enabled": true})).await?;
        Ok(())
    }

    /// The events of the newest deliveries to an endpoint that failed, each once, newest first.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn failed_deliveries(
        &self,
        endpoint: &OurEndpoint,
    ) -> Result<Vec<String>, PolarError> {
        let id = segment(&endpoint.id);
        let path =
            format!("/webhooks/deliveries?endpoint_id={id}&succeeded=false&limit={PAGE_ROWS}");
        let listed: wire::Listed<wire::Delivery> = read::shaped(self.read(&path).await?, "")?;
        let mut ids: Vec<String> = Vec::new();
        for delivery in listed.items {
            if !ids.contains(&delivery.webhook_event.id) {
                ids.push(delivery.webhook_event.id);
            }
        }
        Ok(ids)
    }

    /// Has an event delivered once more.
    ///
    /// # Errors
    /// See [`PolarError`].
    pub async fn redeliver(&self, event: &str) -> Result<(), PolarError> {
        let path = format!("/webhooks/events/{}/redeliver", segment(event));
        self.change(Method::POST, &path, &json!({})).await?;
        Ok(())
    }

    async fn read(&self, path: &str) -> Result<Value, PolarError> {
        self.ask(Method::GET, path, None).await
    }

    async fn change(&self, method: Method, path: &str, body: &Value) -> Result<Value, PolarError> {
        self.ask(method, path, Some(body)).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, PolarError> {
        let token = self.token.as_ref().ok_or(PolarError::NotConfigured)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let mut request = self
                .client
                .request(method.clone(), format!("{}/v1{path}", self.base))
                .bearer_auth(token.expose_secret().trim())
                .header("accept", "application/json")
                .header("polar-version", VERSION);
            if let Some(body) = body {
                request = request.json(body);
            }
            let (error, nothing_happened) = match request.send().await {
                Ok(response) => match answer(response).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => (error, false),
                },
                Err(error) => {
                    let is_connect = error.is_connect();
                    (PolarError::Unreachable(error.without_url().to_string()), is_connect)
                }
            };
            let pause = match &error {
                PolarError::Limited(wait) if *wait <= WAIT_MAX => *wait,
                PolarError::Unreachable(_) => PAUSE.saturating_mul(1 << tries.min(8)),
                _ => return Err(error),
            };
            if tries >= TRIES_MAX || !(nothing_happened || method == Method::GET) {
                return Err(error);
            }
            tracing::debug!(%error, path, "asking Polar again");
            sleep(pause).await;
        }
    }
}

/// What an answer says, or why it says nothing.
async fn answer(response: Response) -> Result<Value, PolarError> {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).and_then(seconds);
    let bytes = body(response).await?;
    match status.as_u16() {
        200..=299 if bytes.is_empty() => Ok(Value::Null),
        200..=299 => serde_json::from_slice(&bytes)
            .map_err(|error| PolarError::Unreadable(error.to_string())),
        429 => Err(PolarError::Limited(wait.unwrap_or(WAIT_MAX))),
        500.. => Err(PolarError::Unreachable(format!("it answered {status}"))),
        status => {
            let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let class = said.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
            let detail = match said.get("detail") {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            let detail = detail.chars().take(DETAIL_CHARS_MAX).collect();
            Err(PolarError::Rejected { status, class, detail })
        }
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, PolarError> {
    let mut bytes = Vec::new();
    let unreachable =
        |error: reqwest::Error| PolarError::Unreachable(error.without_url().to_string());
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(PolarError::Unreadable(format!("more than {ANSWER_BYTES_MAX} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Not found is an answer.
fn found(answer: Result<Value, PolarError>) -> Result<Option<Value>, PolarError> {
    match answer {
        Err(PolarError::Rejected { status: 404, .. }) => Ok(None),
        answer => answer.map(Some),
    }
}

fn seconds(value: &HeaderValue) -> Option<Duration> {
    value.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// A name as a part of a path.
fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_part_of_a_path() {
        for (name, expected) in
            [("0d9f7a7e-4444", "0d9f7a7e-4444"), ("../x", "..%2Fx"), ("a?b#c", "a%3Fb%23c")]
        {
            assert_eq!(segment(name), expected);
        }
    }

    #[tokio::test]
    async fn without_a_token_nothing_is_asked() {
        for token in [None, Some(""), Some("  ")] {
            let settings = PolarSettings {
                base: "http://127.0.0.1:9".parse().unwrap(),
                token: token.map(SecretString::from),
            };
            let polar = Polar::new(settings).unwrap();
            assert!(!polar.is_configured());
            let now = Timestamp::new(chrono::DateTime::UNIX_EPOCH);
            let asked = polar.state(DiscordId::new(1), now).await;
            assert!(matches!(asked, Err(PolarError::NotConfigured)), "{asked:?}");
        }
    }
}
