//! Requests that read or change something. Every POST carries a key of its own and repeats it, so that trying again is safe.

mod model;

use std::{sync::Arc, time::Duration};

use reqwest::{
    Method, StatusCode,
    header::{self, HeaderMap, HeaderValue},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use url::Url;
use uuid::Uuid;

pub use self::model::{Login, Order, Page, Payment, SessionInfo, Supply, Wallet};
use crate::{amount::Amount, tls::install_crypto};

/// How often one request is sent at most.
const ATTEMPTS_MAX: u32 = 4;

/// The longest wait before another attempt. A server that asks for more gets its answer passed on to the caller.
const RETRY_WAIT_MAX: Duration = Duration::from_secs(30);

/// How long one attempt may take, answer included.
const ATTEMPT_WAIT_MAX: Duration = Duration::from_secs(30);

/// The answers after which the same request may succeed: too many, and those of a hub or proxy that can't now.
const RETRIED: [StatusCode; 4] = [
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

/// The name of the header that makes a change safe to repeat.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A client of the REST half. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base: Arc<Url>,
    authorization: Option<HeaderValue>,
}

/// Why a request has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The address is none of a hub.
    #[error("{0:?} is no address of a hub; write it like https://hub.example")]
    Url(String),
    /// The path or the token holds characters that cannot be sent.
    #[error("the request cannot be written: {0}")]
    Request(String),
    /// The server refused, with its reason.
    #[error("the server refused with {status} ({code}): {message}", code = refusal.code, message = refusal.message)]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's explanation.
        refusal: Box<RefusalDetail>,
    },
    /// The server answered with something that is none of its shapes.
    #[error("the server answered {status} with an unexpected body")]
    Unexpected {
        /// The HTTP status.
        status: u16,
    },
    /// No answer came, after all attempts. A POST may have had its effect; an order with a `request_id` can be sent again.
    #[error("no answer from the server")]
    Unreachable(#[source] reqwest::Error),
}

/// The inside of the envelope `{"error":{"code","message","details"}}`.
#[derive(Debug, Clone, Deserialize)]
pub struct RefusalDetail {
    /// The stable code, such as `insufficient_funds`.
    pub code: String,
    /// The explanation for people.
    #[serde(default)]
    pub message: String,
    /// More about it, as it was sent.
    pub details: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Failure {
    error: RefusalDetail,
}

impl Api {
    /// A guest's client of the hub at `url`, such as `https://hub.example`.
    ///
    /// # Errors
    /// [`ApiError::Url`] when that is no address; [`ApiError::Unreachable`] when no client can be set up.
    pub fn new(url: &str) -> Result<Self, ApiError> {
        install_crypto();
        let base = api_url(url).ok_or_else(|| ApiError::Url(url.to_owned()))?;
        let http = reqwest::Client::builder()
            .timeout(ATTEMPT_WAIT_MAX)
            .build()
            .map_err(ApiError::Unreachable)?;
        Ok(Self { http, base: Arc::new(base), authorization: None })
    }

    /// The same client with these credentials. A token that no header can carry is refused by the first request.
    #[must_use]
    pub fn with_token(mut self, token: impl AsRef<str>) -> Self {
        let text = format!("Bearer {}", token.as_ref());
        // An empty value stands for the unusable token, so that it is not taken for a guest's silence.
        let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        value.set_sensitive(true);
        self.authorization = Some(value);
        self
    }

    /// Opens a session for the wallet of a private key.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn login(&self, privatekey: &str) -> Result<Login, ApiError> {
        self.post("login", &model::Credentials { privatekey }).await
    }

    /// The session of the token.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn session(&self) -> Result<SessionInfo, ApiError> {
        self.get("session").await
    }

    /// Replaces the session by a fresh one; the old token lives on for a short overlap.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn refresh(&self) -> Result<Login, ApiError> {
        self.post("session/refresh", &model::Empty {}).await
    }

    /// Ends the session of the token.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn logout(&self) -> Result<(), ApiError> {
        let body = encode(&model::Empty {})?;
        self.send(Method::POST, self.url("logout")?, Some(body)).await.map(drop)
    }

    /// Pays from the wallet of the token.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn pay(&self, order: &Order) -> Result<Payment, ApiError> {
        self.post("payments", order).await
    }

    /// One payment.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn payment(&self, id: u64) -> Result<Payment, ApiError> {
        self.get(&format!("payments/{id}")).await
    }

    /// One wallet.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn wallet(&self, address: &str) -> Result<Wallet, ApiError> {
        self.get(&format!("wallets/{}", segment(address))).await
    }

    /// A wallet's payments, newest first: at most `limit`, those before the id `before`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn payments(
        &self,
        address: &str,
        limit: u32,
        before: Option<u64>,
    ) -> Result<Page<Payment>, ApiError> {
        let before = before.map_or_else(String::new, |id| format!("&before={id}"));
        self.get(&format!("wallets/{}/payments?limit={limit}{before}", segment(address))).await
    }

    /// How much money there is.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn supply(&self) -> Result<Supply, ApiError> {
        self.get("supply").await
    }

    /// Makes money and gives it to a wallet. For operators.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn mint(&self, address: &str, amount: &Amount) -> Result<Payment, ApiError> {
        self.post("admin/mint", &model::Mint { address, amount }).await
    }

    /// Reads `path` below `/api/v1/`, or one that begins with `/`, and gives what stands in `data`, or the whole of an
    /// answer without that.
    ///
    /// # Errors
    /// [`ApiError::Refused`] with the server's reason; the other kinds when there is no such answer.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.ask(Method::GET, path, None).await
    }

    /// Posts to a path under a fresh idempotency key; else as [`Self::get`].
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.ask(Method::POST, path, Some(encode(body)?)).await
    }

    /// Changes what is at a path; as [`Self::post`].
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, ApiError> {
        self.ask(Method::PATCH, path, Some(encode(body)?)).await
    }

    /// Ends what is at a path; as [`Self::post`], without a body.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        self.ask(Method::DELETE, path, None).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<T, ApiError> {
        let (status, body) = self.send(method, self.url(path)?, body).await?;
        decode(status, &body)
    }

    fn url(&self, path: &str) -> Result<Url, ApiError> {
        let whole = match path.strip_prefix('/') {
            Some(path) => {
                let base = self.base.as_str();
                format!("{}/{path}", base.strip_suffix("/api/v1").unwrap_or(base))
            }
            None => format!("{}/{path}", self.base),
        };
        Url::parse(&whole).map_err(|error| ApiError::Request(error.to_string()))
    }

    /// Sends a request until it has an answer that another attempt would not better.
    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<String>,
    ) -> Result<(StatusCode, String), ApiError> {
        let headers = self.headers(method != Method::GET, body.is_some())?;
        let mut attempt = 1;
        loop {
            let mut request =
                self.http.request(method.clone(), url.clone()).headers(headers.clone());
            if let Some(body) = &body {
                request = request.body(body.clone());
            }
            let answer = exchange(request).await;
            let Some(wait) = retry_wait(&answer, attempt).filter(|_| attempt < ATTEMPTS_MAX) else {
                let (status, _, body) = answer.map_err(ApiError::Unreachable)?;
                return if status.is_success() {
                    Ok((status, body))
                } else {
                    Err(refused(status, &body))
                };
            };
            tracing::debug!(attempt, ?wait, %url, "trying the request again");
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    fn headers(&self, changes: bool, has_body: bool) -> Result<HeaderMap, ApiError> {
        let mut headers = HeaderMap::new();
        if let Some(value) = &self.authorization {
            if value.is_empty() {
                return Err(ApiError::Request("the token holds characters no header can".into()));
            }
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        if changes {
            let key = HeaderValue::try_from(idempotency_key())
                .map_err(|error| ApiError::Request(error.to_string()))?;
            headers.insert(IDEMPOTENCY_KEY, key);
        }
        if has_body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(headers)
    }
}

type Exchanged = Result<(StatusCode, Option<Duration>, String), reqwest::Error>;

async fn exchange(request: reqwest::RequestBuilder) -> Exchanged {
    let answer = request.send().await?;
    let told = answer.headers().get(header::RETRY_AFTER);
    let told = told.and_then(|value| value.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    Ok((answer.status(), told, answer.text().await?))
}

/// How long to wait before sending again; none when it would be of no use.
fn retry_wait(answer: &Exchanged, attempt: u32) -> Option<Duration> {
    let ceiling = Duration::from_millis(250).saturating_mul(1 << attempt.min(6));
    let jitter = ceiling.mul_f64(rand::random());
    match answer {
        Ok((status, told, _)) if RETRIED.contains(status) => {
            Some(told.unwrap_or(Duration::ZERO) + jitter).filter(|wait| *wait <= RETRY_WAIT_MAX)
        }
        Err(error) if !error.is_builder() => Some(jitter),
        _ => None,
    }
}

fn encode(body: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(body).map_err(|error| ApiError::Request(error.to_string()))
}

fn decode<T: DeserializeOwned>(status: StatusCode, body: &str) -> Result<T, ApiError> {
    // Only what is under /api/v1 has the envelope. An error inside it is the one to tell.
    let data = match serde_json::from_str::<Answer<&RawValue>>(body) {
        Ok(answer) => answer.data.get(),
        Err(_) => body,
    };
    serde_json::from_str(data).map_err(|error| {
        tracing::debug!(%error, "the answer has another shape");
        ApiError::Unexpected { status: status.as_u16() }
    })
}

fn refused(status: StatusCode, body: &str) -> ApiError {
    let status = status.as_u16();
    // The doors under /api/subscriptions have the refusal's fields in the body itself.
    let refusal = serde_json::from_str::<Failure>(body)
        .map(|failure| failure.error)
        .or_else(|_| serde_json::from_str::<RefusalDetail>(body));
    match refusal {
        Ok(refusal) => ApiError::Refused { status, refusal: Box::new(refusal) },
        Err(_) => ApiError::Unexpected { status },
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where this crate makes an id")]
fn idempotency_key() -> String {
    Uuid::new_v4().to_string()
}

/// One part of a path, with everything escaped that would end it.
fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The address of the API, without a slash behind it; none when `text` is no address of a hub.
pub(crate) fn api_url(text: &str) -> Option<Url> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = match scheme {
        "http" | "ws" => "http",
        "https" | "wss" => "https",
        _ => return None,
    };
    let mut url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut().ok()?.pop_if_empty().extend(["api", "v1"]);
    Some(url)
}
