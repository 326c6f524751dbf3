//! Brings events to the hub and understands its answers.
//!
//! A 2xx is durable. A 404 that the hub itself gives means that it knows nothing of the session: stop and forget. What
//! can never be accepted (another 4xx) is dropped with an error in the log, so that it blocks nothing behind it.
//! Everything else is brought again, with a pause that grows.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use reqwest::Response;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::{
    model::{Event, EventKind, Server, ServerId},
    settings::HubSettings,
};
use crate::{
    http::{
        client,
        signature::{self, Scheme},
    },
    kernel::time::{HostClock, Timestamp},
};

/// How long the hub may take to answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long a connection may take.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(2);
/// Letters on their way at one time.
const CARRIED_MAX: usize = 16;
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1_024;
/// The first pause, and the longest.
const PAUSE_MIN: Duration = Duration::from_millis(500);
/// See [`PAUSE_MIN`].
const PAUSE_MAX: Duration = Duration::from_mins(1);

/// Carries letters.
#[derive(Debug, Clone)]
pub(super) struct Courier {
    http: reqwest::Client,
    key: SecretString,
    signing: Option<SecretString>,
    hands: Arc<Semaphore>,
}

/// An event in its envelope.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    id: String,
    to: String,
    body: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The hub has it; it may want the server stopped.
    Heard {
        /// Whether it does.
        stop: bool,
    },
    /// The hub knows nothing of the session.
    Unknown,
    /// The hub will never take it.
    Refused,
    /// It is to be brought again, after this at the earliest if the hub has said so.
    Later(Option<Duration>),
}

/// The body of a callback.
#[derive(Debug, Serialize)]
struct Body<'a> {
    event_id: &'a str,
    event: EventKind,
    occurred_at: Timestamp,
    orchestrator_session_id: ServerId,
    orchestrator_state: &'static str,
    server_identifier: String,
    host: &'a str,
    port: u16,
    password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<&'a str>,
}

/// What is of interest in the hub's answers.
#[derive(Debug, Default, Deserialize)]
struct Answer {
    #[serde(default)]
    commands: Vec<String>,
    success: Option<bool>,
    error: Option<AnswerError>,
}

#[derive(Debug, Deserialize)]
struct AnswerError {
    #[serde(default)]
    code: String,
}

impl Letter {
    /// An event of the outbox. Its id is the same however often it is brought.
    pub(super) fn of(server: &Server, event: &Event) -> Self {
        Self::new(server, event, format!("{}-{}", server.id, event.number))
    }

    /// A sign of life. It is brought once: the next one says more.
    pub(super) fn beat(server: &Server, now: Timestamp) -> Self {
        let ready_at = server.ready_at();
        let kind = EventKind::Heartbeat;
        let event = Event { number: 0, kind, at: now, ready_at, reason: None, end: None };
        let id = format!("{}-beat-{}", server.id, now.get().timestamp_millis());
        Self::new(server, &event, id)
    }

    fn new(server: &Server, event: &Event, id: String) -> Self {
        let order = &server.order;
        let end = event.end.as_ref();
        let failure = end.filter(|end| end.kind == EventKind::LaunchFailed);
        let body = Body {
            event_id: &id,
            event: event.kind,
            occurred_at: event.at,
            orchestrator_session_id: server.id,
            orchestrator_state: event.kind.state(),
            server_identifier: format!("{}:{}", order.host, order.port),
            host: &order.host,
            port: order.port,
            password: &order.password,
            ready_at: event.ready_at,
            stopped_at: end.map(|end| end.at),
            runtime_seconds: end.map(|end| end.runtime_seconds),
            reason: event.reason.as_deref(),
            error_code: failure.map(|end| end.reason.as_str()),
            error_message: failure.map(|end| end.message.as_str()),
        };
        let body = serde_json::json!(body).to_string();
        Self { id, to: order.callback.clone(), body }
    }
}

impl Courier {
    /// Carries to this hub.
    ///
    /// # Errors
    /// When TLS can't be had.
    pub(super) fn new(hub: &HubSettings) -> anyhow::Result<Self> {
        let http = client::builder()
            .connect_timeout(CONNECT_WAIT_MAX)
            .timeout(ANSWER_WAIT_MAX)
            .user_agent(concat!("tollbell-orchestrator/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("could not set up HTTP")?;
        let hands = Arc::new(Semaphore::new(CARRIED_MAX));
        Ok(Self { http, key: hub.key.clone(), signing: hub.signing.clone(), hands })
    }

    /// Brings a letter once.
    pub(super) async fn carry(self, letter: Letter) -> Verdict {
        let Ok(_hand) = self.hands.acquire().await else { return Verdict::Later(None) };
        let mut request = self
            .http
            .post(letter.to)
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("x-api-key", self.key.expose_secret());
        let at = HostClock.now().get().timestamp();
        let sign = |secret| {
            signature::sign(secret, Scheme::Standard, &letter.id, at, letter.body.as_bytes())
        };
        if let Some(signature) = self.signing.as_ref().and_then(sign) {
            request = request
                .header("webhook-id", &letter.id)
                .header("webhook-timestamp", at)
                .header("webhook-signature", signature);
        }
        match request.body(letter.body).send().await {
            Ok(response) => judge(&letter.id, response).await,
            Err(error) => {
                let cause = format!("{:#}", anyhow::Error::from(error.without_url()));
                tracing::warn!(event = letter.id, cause, "could not reach the hub");
                Verdict::Later(None)
            }
        }
    }
}

/// The pause before the next attempt. `spread` from 0 to 1 keeps many servers from coming all at once.
pub(super) fn pause(attempts: u32, spread: f64) -> Duration {
    let grown = PAUSE_MIN.saturating_mul(1 << attempts.min(10)).min(PAUSE_MAX);
    grown.mul_f64(0.75 + spread.clamp(0.0, 1.0) / 4.0)
}

async fn judge(event: &str, response: Response) -> Verdict {
    let status = response.status().as_u16();
    let wait = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let wait = wait.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let text = read(response).await;
    let verdict = verdict(status, &text, wait.map(|wait| wait.min(PAUSE_MAX)));
    match verdict {
        Verdict::Heard { .. } => tracing::debug!(event, status, "the hub has it"),
        Verdict::Unknown => tracing::warn!(event, "the hub knows nothing of this session"),
        Verdict::Refused => {
            tracing::error!(event, status, answer = text, "the hub refused an event");
        }
        Verdict::Later(_) => tracing::warn!(event, status, "the hub can't take an event now"),
    }
    verdict
}

/// What an answer means.
fn verdict(status: u16, text: &str, wait: Option<Duration>) -> Verdict {
    let answer: Option<Answer> = serde_json::from_str(text).ok();
    match status {
        200..=299 => {
            let stop =
                answer.is_some_and(|answer| answer.commands.iter().any(|word| word == "stop"));
            Verdict::Heard { stop }
        }
        // A proxy whose hub is being replaced answers 404 too, and a wrong URL does; neither ends a game.
        404 | 410 if answer.as_ref().is_some_and(Answer::is_of_the_hub) => Verdict::Unknown,
        // A key can be mended, a proxy too.
        300..=399 | 401 | 403 | 404 | 405 | 407 | 408 | 410 | 421 | 425 | 429 | 500.. => {
            Verdict::Later(wait)
        }
        _ => Verdict::Refused,
    }
}

impl Answer {
    fn is_of_the_hub(&self) -> bool {
        match &self.error {
            Some(error) => !error.code.is_empty() && error.code != "route_not_found",
            None => self.success == Some(false),
        }
    }
}

async fn read(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES_MAX {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orchestrator::model::{
        Ending, Input,
        tests::{PATIENCE, at, mark, server},
    };

    #[test]
    fn an_answer_is_understood() {
        let unknown = r#"{"success":false,"code":"NOT_FOUND","message":"no such session"}"#;
        let enveloped = r#"{"error":{"code":"session_not_found","message":"none"}}"#;
        let no_route = r#"{"error":{"code":"route_not_found","message":"none"}}"#;
        let heard = |stop| Verdict::Heard { stop };
        let later = Verdict::Later(None);
        for (status, text, expected) in [
            (200, r#"{"success":true,"status":"processed"}"#, heard(false)),
            (200, r#"{"commands":["stop"]}"#, heard(true)),
            (200, r#"{"commands":["dance"]}"#, heard(false)),
            (200, r#"{"commands":"stop"}"#, heard(false)),
            (204, "", heard(false)),
            (200, "<html>", heard(false)),
            (404, unknown, Verdict::Unknown),
            (410, unknown, Verdict::Unknown),
            (404, enveloped, Verdict::Unknown),
            (404, no_route, later.clone()),
            (404, "<html>nginx</html>", later.clone()),
            (404, "[]", later.clone()),
            (301, "", later.clone()),
            (401, unknown, later.clone()),
            (403, "", later.clone()),
            (429, "", later.clone()),
            (500, "", later.clone()),
            (503, unknown, later),
            (400, unknown, Verdict::Refused),
            (409, "", Verdict::Refused),
            (413, "", Verdict::Refused),
            (422, "", Verdict::Refused),
        ] {
            assert_eq!(verdict(status, text, None), expected, "{status} {text}");
        }
        let wait = Some(Duration::from_secs(7));
        assert_eq!(verdict(503, "", wait), Verdict::Later(wait));
    }

    #[test]
    fn the_pause_grows_to_a_minute() {
        for (attempts, spread, ms) in
            [(0, 1.0, 500), (0, 0.0, 375), (1, 1.0, 1_000), (4, 1.0, 8_000), (9, 1.0, 60_000)]
        {
            assert_eq!(pause(attempts, spread), Duration::from_millis(ms), "{attempts} {spread}");
        }
        assert!(pause(u32::MAX, 2.0) <= PAUSE_MAX);
    }

    #[test]
    fn a_letter_says_what_the_hub_reads() {
        let mut server = server();
        server.take(Input::Placed(mark()), at(1), &PATIENCE);
        server.take(Input::Ready, at(2), &PATIENCE);
        server.take(Input::Ended(Ending::Code(3)), at(65), &PATIENCE);
        let events: Vec<serde_json::Value> = server
            .outbox
            .iter()
            .map(|event| serde_json::from_str(&Letter::of(&server, event).body).unwrap())
            .collect();
        let id = server.id.to_string();
        let common = |mut rest: serde_json::Value| {
            let shared = serde_json::json!({
                "orchestrator_session_id": id, "server_identifier": "play.example:27000",
                "host": "play.example", "port": 27000, "password": "pw",
            });
            rest.as_object_mut().unwrap().extend(shared.as_object().unwrap().clone());
            rest
        };
        let ready_at = at(2).to_string();
        assert_eq!(
            events,
            [
                common(serde_json::json!({
                    "event_id": format!("{id}-1"), "event": "launch_accepted",
                    "occurred_at": at(0).to_string(), "orchestrator_state": "launching",
                })),
                common(serde_json::json!({
                    "event_id": format!("{id}-2"), "event": "ready", "ready_at": ready_at,
                    "occurred_at": ready_at, "orchestrator_state": "running",
                })),
                common(serde_json::json!({
                    "event_id": format!("{id}-3"), "event": "exited", "ready_at": ready_at,
                    "occurred_at": at(65).to_string(), "stopped_at": at(65).to_string(),
                    "orchestrator_state": "exited", "runtime_seconds": 63, "reason": "exit_code_3",
                })),
            ]
        );
        assert_ne!(Letter::beat(&server, at(3)).id, Letter::beat(&server, at(4)).id);
    }

    #[test]
    fn a_failed_launch_says_why() {
        let mut server = server();
        server.take(Input::Placed(mark()), at(1), &PATIENCE);
        server.take(Input::Ended(Ending::Code(127)), at(2), &PATIENCE);
        let letter = Letter::of(&server, &server.outbox[1]);
        let body: serde_json::Value = serde_json::from_str(&letter.body).unwrap();
        assert_eq!(body["event"], "launch_failed");
        assert_eq!(body["error_code"], "exited_before_ready");
        assert!(body["error_message"].as_str().unwrap().contains("exit code 127"), "{body}");
        assert_eq!(body["runtime_seconds"], 0);
    }
}
