//! The orchestrator, as it is called: launch, stop, the list of games.
//!
//! Every call has a time limit that includes its retries, and reads a bounded answer. A launch may be repeated because
//! the session's id is its key. What a failure means for the server is said by [`CallError`], never guessed later.

use std::{fmt::Write as _, time::Duration};

use reqwest::{Client, Method};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use super::{
    input,
    model::{Details, LaunchError, LaunchSource, Reason, ServerName, ServerSession, Text},
    roll_call::Living,
};
use crate::{http::client, kernel::id::ServerSessionId};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);
/// The pauses before a call is sent again; one more attempt than there are pauses.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(750)];
/// The most of an answer that is read in bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// The code for an orchestrator that gives no usable answer.
pub(super) const UNAVAILABLE: &str = "ORCHESTRATOR_UNAVAILABLE";
/// The code for an orchestrator that refuses and does not say why.
pub(super) const REJECTED: &str = "ORCHESTRATOR_REJECTED_REQUEST";

/// Where the orchestrator is.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Its base URL.
    pub base: Url,
    /// What proves to it who calls.
    pub token: SecretString,
    /// The longest call, with its retries.
    pub limit: Duration,
    /// Where it reports to: the hub's base URL.
    pub hub: Url,
}

/// Calls the orchestrator.
#[derive(Debug, Clone)]
pub struct OrchestratorClient {
    http: Client,
    base: String,
    token: SecretString,
    limit: Duration,
    hub: String,
}

/// Why a call gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// It said no.
    #[error("the orchestrator refused with {status}")]
    Refused {
        /// The status of its answer.
        status: u16,
        /// Its own code.
        code: Option<Reason>,
        /// What it said.
        message: Option<Text<500>>,
    },
    /// There was no answer, or none that can be read. Whether it did what was asked is not known.
    #[error("the orchestrator gave no usable answer: {0}")]
    Unavailable(&'static str),
}

impl CallError {
    /// What the session keeps of it.
    pub(super) fn launch_error(&self) -> Option<LaunchError> {
        let (code, message) = match self {
            Self::Refused { code, message, .. } => {
                (code.clone().or_else(|| Text::cut(REJECTED)), message.clone())
            }
            Self::Unavailable(why) => (Text::cut(UNAVAILABLE), Text::cut(why)),
        };
        code.map(|code| LaunchError { code, message })
    }

    /// Whether the orchestrator does not know the server it was asked about.
    pub(super) const fn is_unknown_server(&self) -> bool {
        matches!(self, Self::Refused { status: 404 | 410, .. })
    }
}

/// An attempt that gave nothing.
struct Missed {
    error: CallError,
    /// Whether another attempt is worth it.
    again: bool,
}

impl OrchestratorClient {
    /// A client.
    ///
    /// # Errors
    /// When the operating system gives no certificates or randomness to begin with.
    pub fn new(settings: ClientSettings) -> Result<Self, reqwest::Error> {
        // It is a neighbour, and no settings are taken from elsewhere.
        let http = client::builder().connect_timeout(CONNECT).no_proxy().build()?;
        let plain = |url: &Url| url.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            http,
            base: plain(&settings.base),
            token: settings.token,
            limit: settings.limit,
            hub: plain(&settings.hub),
        })
    }

    /// The longest call.
    pub(super) const fn limit(&self) -> Duration {
        self.limit
    }

    /// Orders a server for a session.
    pub(super) async fn launch(
        &self,
        session: &ServerSession,
        display_name: &str,
    ) -> Result<Details, CallError> {
        let body = self.order(session, display_name);
        let key = session.id.to_string();
        let answer = self.call(Method::POST, "/v1/servers", Some((Some(&key), &body))).await?;
        input::launched(&answer).ok_or(CallError::Unavailable("it answered without an object"))
    }

    /// Asks for the end of a server.
    pub(super) async fn stop(&self, server: &ServerName, reason: &str) -> Result<(), CallError> {
        let path = format!("/v1/servers/{}/stop", encoded(server.as_str()));
        let body = json!({"reason": reason});
        // Without a key: a stop that is repeated should be heard again, not answered from memory.
        match self.call(Method::POST, &path, Some((None, &body))).await {
            // It is told, whatever it answers with.
            Ok(_) | Err(CallError::Unavailable(UNREADABLE)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What can be played.
    pub(super) async fn games(&self) -> Result<Vec<Value>, CallError> {
        let mut answer = self.call(Method::GET, "/v1/games?kind=casual", None).await?;
        match answer.get_mut("games").map(Value::take) {
            Some(Value::Array(games)) => Ok(games),
            _ => Err(CallError::Unavailable("it answered without a list of games")),
        }
    }

    /// Which servers live; `None` when the orchestrator can't tell.
    pub(super) async fn living(&self) -> Result<Option<Vec<Living>>, CallError> {
        match self.call(Method::GET, "/v1/servers?kind=casual&open=true", None).await {
            Ok(answer) => Ok(input::living(&answer)),
            Err(CallError::Refused { status: 404 | 405 | 501, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn order(&self, session: &ServerSession, display_name: &str) -> Value {
        let order = &session.order;
        let kind = match order.source {
            LaunchSource::DiscordBot => "discord_bot",
            LaunchSource::Website | LaunchSource::Api => "website_user",
        };
        let mut body = json!({
            "kind": "casual",
            "gameCode": order.game_code,
            "websiteServerSessionId": session.id,
            "requestedMinutes": order.requested,
            "maxMinutes": session.allocated,
            "comment": order.comment.as_ref().map_or("", Text::as_str),
            "launchSource": order.source.name(),
            "callbackUrl": self.callback(session.id),
            "expiresAt": session.expires_at(),
            "actor": {
                "type": kind,
                "discordUserId": session.owner,
                "displayName": display_name,
            },
        });
        if let (Some(password), Some(fields)) = (&session.details.password, body.as_object_mut()) {
            fields.insert("password".to_owned(), json!(password));
        }
        body
    }

    fn callback(&self, id: ServerSessionId) -> String {
        format!("{}/api/subscriptions/server-sessions/{id}/orchestrator-event/", self.hub)
    }

    /// Sends a request until it is answered, the attempts are used up, or the time is over.
    async fn call(
        &self,
        method: Method,
        path: &str,
        sent: Option<(Option<&str>, &Value)>,
    ) -> Result<Value, CallError> {
        let started = Instant::now();
        let deadline = started + self.limit;
        let mut pauses = PAUSES.iter();
        let outcome = loop {
            let attempt = self.attempt(method.clone(), path, sent);
            let missed = match timeout_at(deadline, attempt).await {
                Ok(Ok(answer)) => break Ok(answer),
                Ok(Err(missed)) => missed,
                Err(_elapsed) => break Err(CallError::Unavailable(TOO_LATE)),
            };
            match pauses.next().filter(|pause| missed.again && Instant::now() + **pause < deadline)
            {
                Some(pause) => sleep(*pause).await,
                None => break Err(missed.error),
            }
        };
        let said = if outcome.is_ok() { "ok" } else { "failed" };
        metrics::histogram!("orchestrator_call_seconds", "outcome" => said)
            .record(started.elapsed());
        outcome
    }

    async fn attempt(
        &self,
        method: Method,
        path: &str,
        sent: Option<(Option<&str>, &Value)>,
    ) -> Result<Value, Missed> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(self.token.expose_secret())
            .header(reqwest::header::ACCEPT, "application/json");
        if let Some((key, body)) = sent {
            request = request.json(body);
            request = match key {
                Some(key) => request.header("idempotency-key", key),
                None => request,
            };
        }
        let mut response = request.send().await.map_err(|error| Missed {
            // Whoever hung up without a word may not have heard; the key makes a repetition safe.
            again: !error.is_timeout() || error.is_connect(),
            error: CallError::Unavailable(unreachable(&error)),
        })?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= ANSWER_BYTES_MAX => {
                    bytes.extend_from_slice(&chunk);
                }
                Ok(Some(_)) => return Err(unreadable("its answer is too long")),
                Ok(None) => break,
                Err(_broken) => return Err(unreadable(HUNG_UP)),
            }
        }
        judge(status, &bytes)
    }
}

/// The reason of a call whose answer is no JSON.
const UNREADABLE: &str = "its answer cannot be read";
/// The reason of a call whose line broke.
const HUNG_UP: &str = "it hung up";
/// The reason of a call that was given up.
const TOO_LATE: &str = "it did not answer in time";

fn judge(status: u16, bytes: &[u8]) -> Result<Value, Missed> {
    let answer = serde_json::from_slice::<Value>(bytes);
    if (200..300).contains(&status) {
        return answer.map_err(|_error| unreadable(UNREADABLE));
    }
    let again = matches!(status, 502..=504);
    let (code, message) = input::refusal(&answer.unwrap_or_default());
    // What stands before the orchestrator says that it is not there, unless it says so itself, with a code.
    let error = if status < 400 || (again && code.is_none()) {
        CallError::Unavailable("it is not where it should be")
    } else {
        CallError::Refused { status, code, message }
    };
    Err(Missed { error, again })
}

fn unreadable(why: &'static str) -> Missed {
    Missed { error: CallError::Unavailable(why), again: false }
}

fn unreachable(error: &reqwest::Error) -> &'static str {
    match error {
        error if error.is_connect() => "it cannot be reached",
        error if error.is_timeout() => TOO_LATE,
        _ => HUNG_UP,
    }
}

/// A part of a path: what is neither letter, digit, `-`, `_`, `.` nor `~` becomes `%XX`.
fn encoded(part: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_~".contains(&b);
    let mut path = String::with_capacity(part.len());
    for byte in part.bytes() {
        if plain(byte) {
            path.push(char::from(byte));
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_one_part_of_a_path() {
        for (name, expected) in [
            ("orch-1_a~", "orch-1_a~"),
            ("a/b", "a%2Fb"),
            ("..", "%2E%2E"),
            ("a?b#c", "a%3Fb%23c"),
            ("é %", "%C3%A9%20%25"),
        ] {
            assert_eq!(encoded(name), expected);
        }
    }

    #[test]
    fn an_answer_means_what_its_status_says() {
        let check = |status: u16, body: &str, expected: Result<(), (&str, bool)>| {
            let judged = judge(status, body.as_bytes());
            let found = judged.map(|_| ()).map_err(|missed| {
                let error = missed.error.launch_error().unwrap();
                (error.code.as_str().to_owned(), missed.again)
            });
            let expected = expected.map_err(|(code, again)| (code.to_owned(), again));
            assert_eq!(found, expected, "{status} {body}");
        };
        check(201, "{}", Ok(()));
        check(200, "<html>", Err((UNAVAILABLE, false)));
        check(200, "", Err((UNAVAILABLE, false)));
        check(301, "", Err((UNAVAILABLE, false)));
        check(409, r#"{"error":{"code":"NO_CAPACITY"}}"#, Err(("NO_CAPACITY", false)));
        check(400, r#"{"error":"full"}"#, Err((REJECTED, false)));
        check(500, "oops", Err((REJECTED, false)));
        for status in [502, 503, 504] {
            check(status, "<html>", Err((UNAVAILABLE, true)));
            check(status, r#"{"error":{"code":"X"}}"#, Err(("X", true)));
        }
    }
}
