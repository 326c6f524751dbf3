//! What Discord is asked over HTTP.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, header};
use secrecy::ExposeSecret;
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::DiscordSettings;
use crate::{
    auth::users::{Profile, USERNAME_CHARS_MAX},
    http::client,
    kernel::id::DiscordId,
};

/// How long Discord may take for one answer.
const ANSWER_SPAN_MAX: Duration = Duration::from_secs(10);
/// The largest answer in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// What is asked for: who somebody is, and their address.
const SCOPE: &str = "identify email";

/// Why Discord did not say who somebody is.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    /// It could not be reached, or took too long.
    #[error("could not reach Discord")]
    Unreachable(#[from] reqwest::Error),
    /// It said no.
    #[error("Discord answered {0}")]
    Refused(u16),
    /// It said something else than it should.
    #[error("could not read the answer of Discord: {0}")]
    Unreadable(String),
    /// Its address is no address that anything can be added to.
    #[error("could not make an address below {0}; set discord_base_url to where Discord is")]
    Address(Url),
}

/// Somebody as Discord knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: DiscordId,
    pub(super) profile: Profile,
}

#[derive(Deserialize)]
struct TokenBody {
    access_token: String,
}

#[derive(Deserialize)]
struct PersonBody {
    id: DiscordId,
    username: String,
    global_name: Option<String>,
    avatar: Option<String>,
    email: Option<String>,
}

/// Asks Discord.
#[derive(Debug, Clone)]
pub(super) struct Discord {
    settings: DiscordSettings,
    http: Client,
}

impl Discord {
    pub(super) fn new(settings: DiscordSettings) -> Result<Self, reqwest::Error> {
        let http = client::builder().timeout(ANSWER_SPAN_MAX).build()?;
        Ok(Self { settings, http })
    }

    /// Where a browser asks for a code.
    pub(super) fn authorize(
        &self,
        redirect: &Url,
        state: &str,
        challenge: &str,
    ) -> Result<Url, ClientError> {
        let mut url = self.at(&["oauth2", "authorize"])?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("scope", SCOPE)
            .append_pair("redirect_uri", redirect.as_str())
            .append_pair("state", state)
            .append_pair("code_challenge", challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who gave a code.
    pub(super) async fn person(
        &self,
        redirect: &Url,
        code: &str,
        verifier: &str,
    ) -> Result<Person, ClientError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect.as_str()),
            ("code_verifier", verifier),
            ("client_id", &self.settings.client_id),
            ("client_secret", self.settings.client_secret.expose_secret()),
        ];
        let request = self.http.post(self.at(&["api", "oauth2", "token"])?).form(&form);
        let TokenBody { access_token } = answer(request).await?;
        let request = self.http.get(self.at(&["api", "users", "@me"])?).bearer_auth(access_token);
        let body: PersonBody = answer(request).await?;
        let short = |text: String| text.chars().take(USERNAME_CHARS_MAX).collect();
        Ok(Person {
            id: body.id,
            profile: Profile {
                username: Some(short(body.username)),
                display_name: body.global_name.map(short),
                avatar: body.avatar.map(short),
                email: body.email.filter(|text| (3..=320).contains(&text.chars().count())),
            },
        })
    }

    fn at(&self, parts: &[&str]) -> Result<Url, ClientError> {
        let mut url = self.settings.base_url.clone();
        match url.path_segments_mut() {
            Ok(mut path) => {
                path.pop_if_empty().extend(parts);
            }
            Err(()) => return Err(ClientError::Address(self.settings.base_url.clone())),
        }
        Ok(url)
    }
}

/// Sends a request and reads its answer, which is JSON and not too large.
async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ClientError> {
    let mut response = request.header(header::ACCEPT, "application/json").send().await?;
    if !response.status().is_success() {
        return Err(ClientError::Refused(response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(ClientError::Unreadable(format!("more than {ANSWER_BYTES_MAX} bytes")));
        }
        bytes.extend_from_slice(&chunk);
    }
    // The error of the parser names a place, and not what stands there.
    serde_json::from_slice(&bytes).map_err(|error| ClientError::Unreadable(error.to_string()))
}
