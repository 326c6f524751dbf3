//! The two tables of the native protocol: why something is refused, and why a connection is closed.
//!
//! The code branches on the enums, the document and its tests read the tables, and every row stands here once.

use std::{borrow::Cow, time::Duration};

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::AuthError, db::DbError, http::error::ApiError, kernel::event::Seq};

/// When a client should try again that met a database it can't use now.
const UNAVAILABLE_RETRY: Duration = Duration::from_secs(1);

/// Why a message or a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// See [`CODES`], as for all of these.
    BadRequest,
    /// The type of a message is unknown.
    UnknownType,
    /// The credentials are not valid.
    Unauthorized,
    /// The token has ended.
    TokenExpired,
    /// The caller may not.
    Forbidden,
    /// There is no such topic.
    NotFound,
    /// Too many topics.
    LimitTopics,
    /// Too many messages or requests.
    RateLimited,
    /// Too many bytes.
    TooLarge,
    /// The position is no longer kept.
    Gone,
    /// The history is another one.
    EpochChanged,
    /// Try again.
    Unavailable,
    /// A defect.
    Internal,
}

/// Every code: its name, the status that the HTTP doors give it, whether the same request may succeed later, and
/// what it means.
pub const CODES: &[(Code, &str, u16, bool, &str)] = &[
    (
        Code::BadRequest,
        "bad_request",
        400,
        false,
        "the request breaks a rule; the message names it",
    ),
    (Code::UnknownType, "unknown_type", 400, false, "no client message has this type"),
    (Code::Unauthorized, "unauthorized", 401, false, "the credentials are not valid; get new ones"),
    (Code::TokenExpired, "token_expired", 401, false, "the token has ended; get a new one"),
    (Code::Forbidden, "forbidden", 403, false, "the caller may not listen to this topic"),
    (Code::NotFound, "not_found", 404, false, "there is no such topic"),
    (Code::LimitTopics, "limit_topics", 400, false, "more topics than a connection may hold"),
    (Code::RateLimited, "rate_limited", 429, true, "too often; wait for retry_after_ms"),
    (Code::TooLarge, "too_large", 413, false, "larger than one frame may be"),
    (Code::Gone, "gone", 410, false, "events behind `since` are no longer kept; take a snapshot"),
    (Code::EpochChanged, "epoch_changed", 409, false, "the log is another one; take a snapshot"),
    (Code::Unavailable, "unavailable", 503, true, "can't answer now; try again in a moment"),
    (Code::Internal, "internal", 500, true, "a defect of the hub; its log has the cause"),
];

impl Code {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The status of the HTTP doors.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().2).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Whether the same request may succeed later.
    pub fn retry(self) -> bool {
        self.row().3
    }

    fn row(self) -> (Self, &'static str, u16, bool, &'static str) {
        let found = CODES.iter().find(|(code, ..)| *code == self).copied();
        found.unwrap_or((Self::Internal, "internal", 500, true, ""))
    }
}

/// Every close code of the protocol: its number, what it means, and what a client does about it. Those that the hub
/// gives are [`crate::hub::Close`]'s.
pub const CLOSES: &[(u16, &str, &str)] = &[
    (1000, "the client is done", "stop"),
    (1001, "going away after `drain`", "resume at the told time"),
    (1009, "a frame was too large", "stop"),
    (1012, "a restart without `drain`", "resume, full jitter 0 to 5 s"),
    (1013, "overloaded", "resume, back off at least 5 s"),
    (4400, "malformed protocol, such as a binary frame", "stop"),
    (4401, "bad or revoked credentials", "stop until there is a new token"),
    (4403, "the token has ended", "get a token, resume"),
    (4408, "no pong", "resume"),
    (4413, "took no byte for 60 s", "resume"),
    (4429, "too many messages or connections", "resume after `retry_after_ms` of the reason"),
    (4500, "internal error", "resume, with jitter"),
];

/// One refusal, before a door gives it its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Why.
    pub code: Code,
    /// What it is about, and the cure.
    pub message: Cow<'static, str>,
    /// When to come back.
    pub retry_after: Option<Duration>,
    /// Where the log stands, when that is what the fault is about.
    pub head: Option<Seq>,
    /// The oldest event that is kept, as `head`.
    pub oldest: Option<Seq>,
}

impl Fault {
    /// A fault that is about nothing but itself.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), retry_after: None, head: None, oldest: None }
    }

    /// `bad_request`.
    pub fn bad(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    /// `gone`.
    pub fn gone(oldest: Seq, head: Seq) -> Self {
        let message = format!("events before {oldest} are no longer kept; take a snapshot");
        Self { head: Some(head), oldest: Some(oldest), ..Self::new(Code::Gone, message) }
    }

    /// `rate_limited`.
    pub fn rate_limited(retry_after: Duration) -> Self {
        let message = "too many messages; wait for retry_after_ms";
        Self { retry_after: Some(retry_after), ..Self::new(Code::RateLimited, message) }
    }

    /// `internal`. Logs the cause; the client learns nothing of it.
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        tracing::error!(cause = format!("{:#}", cause.into()), "could not answer a listener");
        Self::new(Code::Internal, "internal error; the log of the hub has the cause")
    }
}

impl From<DbError> for Fault {
    fn from(error: DbError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = %anyhow::Error::new(error), "the database is unavailable");
            let message = "can't answer now; try again in a moment";
            let retry_after = Some(UNAVAILABLE_RETRY);
            Self { retry_after, ..Self::new(Code::Unavailable, message) }
        } else {
            Self::internal(error)
        }
    }
}

impl From<AuthError> for Fault {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unauthorized => {
                Self::new(Code::Unauthorized, "the token is not valid; log in again")
            }
            AuthError::Db(error) => error.into(),
        }
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        let mut error = Self::new(fault.code.status(), fault.code.name(), fault.message);
        for (field, seq) in [("oldest", fault.oldest), ("head", fault.head)] {
            if let Some(seq) = seq {
                error = error.with_detail(field, seq.to_string());
            }
        }
        match fault.retry_after {
            Some(span) => error.with_retry_after(span),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Close;

    /// The codes as the protocol lists them.
    const NAMED: &str = "bad_request, unknown_type, unauthorized, token_expired, forbidden, not_found, limit_topics, \
        rate_limited, too_large, gone, epoch_changed, unavailable, internal";
    const NUMBERED: [u16; 12] =
        [1000, 1001, 1009, 1012, 1013, 4400, 4401, 4403, 4408, 4413, 4429, 4500];

    #[test]
    fn the_tables_are_those_of_the_protocol() {
        let names: Vec<_> = CODES.iter().map(|row| row.1).collect();
        assert_eq!(names.join(", "), NAMED);
        assert_eq!(CLOSES.iter().map(|row| row.0).collect::<Vec<_>>(), NUMBERED);
    }

    #[test]
    fn a_code_is_written_as_its_row_says() {
        for (code, name, status, retry, _) in CODES.iter().copied() {
            assert_eq!(serde_json::to_value(code).unwrap(), name);
            assert_eq!((code.name(), code.status().as_u16(), code.retry()), (name, status, retry));
        }
    }

    #[test]
    fn the_hub_closes_with_codes_of_the_table() {
        let given = [
            Close::AWAY,
            Close::TOO_LARGE,
            Close::RESTART,
            Close::MALFORMED,
            Close::UNAUTHORIZED,
            Close::EXPIRED,
            Close::SILENT,
            Close::STALLED,
            Close::TOO_MANY,
            Close::INTERNAL,
        ];
        for close in given {
            assert!(CLOSES.iter().any(|row| row.0 == close.code), "{close:?}");
        }
    }

    #[test]
    fn a_fault_keeps_its_code_status_and_details_over_http() {
        let error = ApiError::from(Fault::gone(Seq::new(9), Seq::new(20)));
        assert_eq!((error.status().as_u16(), error.code()), (410, "gone"));
        let expected = ApiError::new(
            StatusCode::GONE,
            "gone",
            "events before 9 are no longer kept; take a snapshot",
        );
        assert_eq!(error, expected.with_detail("oldest", "9").with_detail("head", "20"));
        let limited = ApiError::from(Fault::rate_limited(Duration::from_secs(2)));
        assert_eq!(limited.status().as_u16(), 429);
    }
}
