//! How a link can be lost, and what to do then: the one table of close codes.

use std::time::Duration;

use crate::item::Stop;

/// What a lost link asks of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Do not come back.
    Stop,
    /// Come back at the time that was told, else after the usual backoff.
    Resume,
    /// Come back within this time, evenly spread: many links were lost at once.
    Spread(Duration),
    /// Come back after the usual backoff on top of this time.
    NotBefore(Duration),
    /// Come back with another token.
    Token,
}

/// Every close code the protocol names: code, meaning, advice. A code that is not here is a lost link.
pub(crate) const CLOSE_CODES: [(u16, &str, Advice); 12] = [
    (1000, "the conversation is over", Advice::Stop),
    (1001, "the server is going away", Advice::Resume),
    (1009, "a frame was too large", Advice::Stop),
    (1012, "the server restarts", Advice::Spread(Duration::from_secs(5))),
    (1013, "the server is overloaded", Advice::NotBefore(Duration::from_secs(5))),
    (4400, "a message was malformed", Advice::Stop),
    (4401, "the credentials are bad or revoked", Advice::Token),
    (4403, "the token has expired", Advice::Token),
    (4408, "a ping went unanswered", Advice::Resume),
    (4413, "the link took no byte for too long", Advice::Resume),
    (4429, "too many commands or connections", Advice::Resume),
    (4500, "the server failed", Advice::Resume),
];

/// How a link was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The server sent a close frame.
    Closed { code: u16, reason: String },
    /// The server answered the opening request with an HTTP status.
    Rejected { status: u16, retry_after: Option<Duration> },
    /// The server refused the subscription for good.
    Refused { code: String, message: String },
    /// The server refused the credentials inside the conversation.
    Unauthorized { reason: String },
    /// Anything else: no route, cut, silence, nonsense.
    Failed { reason: String },
}

impl Loss {
    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into() }
    }

    pub(crate) fn advice(&self) -> Advice {
        match self {
            Self::Closed { code, .. } => {
                row(*code).map_or(Advice::Resume, |(_, _, advice)| *advice)
            }
            Self::Rejected { status: 401, .. } | Self::Unauthorized { .. } => Advice::Token,
            // A request that is wrong stays wrong; these three are about the moment, not the request.
            Self::Rejected { status: 408 | 425 | 429, .. } => Advice::Resume,
            Self::Rejected { status: 400..=499, .. } | Self::Refused { .. } => Advice::Stop,
            Self::Rejected { .. } | Self::Failed { .. } => Advice::Resume,
        }
    }

    /// The waiting time the server told with the loss itself.
    pub(crate) fn told(&self) -> Option<Duration> {
        match self {
            Self::Closed { reason, .. } => retry_after(reason),
            Self::Rejected { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// One line for people.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Closed { code, reason } if reason.is_empty() => {
                let meaning = row(*code).map_or("the link was closed", |(_, meaning, _)| *meaning);
                format!("{meaning} ({code})")
            }
            Self::Closed { code, reason } => format!("{reason} ({code})"),
            Self::Rejected { status, .. } => format!("the server answered with HTTP {status}"),
            Self::Refused { code, message } => format!("{message} ({code})"),
            Self::Unauthorized { reason } | Self::Failed { reason } => reason.clone(),
        }
    }

    /// The loss as the end of the session.
    pub(crate) fn into_stop(self) -> Stop {
        let reason = self.reason();
        match self {
            Self::Closed { code, .. } if self.advice() == Advice::Stop => {
                Stop::Closed { code, reason }
            }
            Self::Rejected { status, .. } if status != 401 => Stop::Rejected { status },
            Self::Refused { code, message } => Stop::Refused { code, message },
            _ => Stop::Unauthorized { reason },
        }
    }
}

fn row(code: u16) -> Option<&'static (u16, &'static str, Advice)> {
    CLOSE_CODES.iter().find(|(known, _, _)| *known == code)
}

/// Reads `retry_after_ms` from a close reason, whether it is JSON or `retry_after_ms=1500`.
fn retry_after(reason: &str) -> Option<Duration> {
    let (_, rest) = reason.split_once("retry_after_ms")?;
    let digits = rest.trim_start_matches(['"', ':', '=', ' ']);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits.get(..end)?.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_may_tell_when_to_come_back() {
        for (reason, told_ms) in [
            ("retry_after_ms=1500", Some(1500)),
            (r#"{"retry_after_ms":1500}"#, Some(1500)),
            (r#"{"code":"rate_limited","retry_after_ms": 7, "x":1}"#, Some(7)),
            ("retry_after_ms", None),
            ("retry_after_ms=99999999999999999999999", None),
            ("slow down", None),
        ] {
            assert_eq!(retry_after(reason), told_ms.map(Duration::from_millis), "{reason}");
        }
    }

    #[test]
    fn an_http_answer_is_judged_by_its_class() {
        for (status, advice) in [
            (400, Advice::Stop),
            (401, Advice::Token),
            (403, Advice::Stop),
            (404, Advice::Stop),
            (408, Advice::Resume),
            (429, Advice::Resume),
            (500, Advice::Resume),
            (503, Advice::Resume),
            (200, Advice::Resume),
        ] {
            assert_eq!(Loss::Rejected { status, retry_after: None }.advice(), advice, "{status}");
        }
    }
}
