//! What this door refuses: Krist's codes and English messages, word for word, because programs parse them.

use std::{borrow::Cow, time::Duration};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::reply::{Reply, json};
use crate::{
    auth::AuthError,
    db::{DbError, Failure},
    http::error::ApiError,
    hub::Refused,
    kernel::{address::Address, name::Name},
    ledger::{LedgerRefusal, TillError},
    names::NameRefusal,
};

/// Every code of this door, its status where errors have one, and what it means.
pub const CODES: &[(&str, u16, &str)] = &[
    ("missing_parameter", 400, "a parameter is missing; `parameter` names it"),
    ("invalid_parameter", 400, "a parameter is outside its rules; `parameter` names it"),
    ("same_wallet_transfer", 400, "payer and payee are the same wallet"),
    ("auth_failed", 401, "the private key is not the wallet's, or the wallet is locked"),
    ("insufficient_funds", 403, "the payer holds less than the amount"),
    ("not_name_owner", 403, "the name belongs to somebody else"),
    ("invalid_websocket_token", 403, "the token is unknown, used or older than 30 seconds"),
    ("mining_disabled", 423, "nothing is mined here"),
    ("transactions_disabled", 423, "the operator has stopped payments"),
    ("address_not_found", 404, "no wallet has this address; `address` names it"),
    ("name_not_found", 404, "nobody has this name; `name` names it"),
    ("transaction_not_found", 404, "no payment has this id"),
    ("block_not_found", 404, "there are no blocks"),
    ("route_not_found", 404, "no route has this path and method"),
    ("name_taken", 409, "somebody has this name"),
    (
        "transaction_conflict",
        409,
        "the request id stands for another payment; `parameter` names what differs",
    ),
    ("gone", 410, "events behind `since` are no longer kept"),
    ("payload_too_large", 413, "the body is larger than 64 KiB"),
    ("payload_error", 400, "the body is neither an object in JSON nor a form"),
    ("syntax_error", 400, "a message on a websocket is no JSON object"),
    ("message_too_long", 400, "a message on a websocket has more than 512 characters"),
    ("rate_limit_hit", 429, "too many requests; `Retry-After` says when to come back"),
    ("server_error", 500, "a defect, or no room or database now"),
];

/// An error on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KristError {
    pub(super) code: &'static str,
    status: StatusCode,
    message: Cow<'static, str>,
    /// What the error is about: a name and its value.
    about: Option<(&'static str, String)>,
    retry_after: Option<Duration>,
}

impl KristError {
    /// An error with the status of its row.
    pub(super) fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let row = CODES.iter().find(|(listed, ..)| *listed == code);
        let status = row.and_then(|(_, status, _)| StatusCode::from_u16(*status).ok());
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { code, status, message: message.into(), about: None, retry_after: None }
    }

    fn about(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.about = Some((name, value.into()));
        self
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::new("missing_parameter", format!("Missing parameter {parameter}"))
            .about("parameter", parameter)
    }

    pub(super) fn invalid(parameter: &str) -> Self {
        Self::new("invalid_parameter", format!("Invalid parameter {parameter}"))
            .about("parameter", parameter)
    }

    pub(super) fn auth_failed() -> Self {
        Self::new("auth_failed", "Authentication failed")
    }

    pub(super) fn address_not_found(address: &Address) -> Self {
        Self::no_such_address(address.as_str())
    }

    pub(super) fn no_such_address(text: &str) -> Self {
        Self::new("address_not_found", format!("Address {text} not found")).about("address", text)
    }

    pub(super) fn name_not_found(name: &Name) -> Self {
        Self::new("name_not_found", format!("Name {name} not found")).about("name", name.as_str())
    }

    pub(super) fn insufficient_funds() -> Self {
        Self::new("insufficient_funds", "Insufficient funds")
    }

    pub(super) fn transaction_not_found() -> Self {
        Self::new("transaction_not_found", "Transaction not found")
    }

    pub(super) fn conflict(parameter: &str) -> Self {
        let message = format!("Transaction conflict for parameter {parameter}");
        Self::new("transaction_conflict", message).about("parameter", parameter)
    }

    pub(super) fn mining_disabled() -> Self {
        Self::new("mining_disabled", "Mining disabled")
    }

    pub(super) fn invalid_token() -> Self {
        Self::new("invalid_websocket_token", "Invalid websocket token")
    }

    pub(super) fn route_not_found() -> Self {
        Self::new("route_not_found", "Route not found")
    }

    pub(super) fn rate_limited(retry_after: Duration) -> Self {
        let error = Self::new("rate_limit_hit", "Rate limit hit");
        Self { retry_after: Some(retry_after), ..error }
    }

    /// Nothing is wrong with the request.
    pub(super) fn unavailable(retry_after: Duration) -> Self {
        let error = Self::new("server_error", "Server error");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { status, retry_after: Some(retry_after), ..error }
    }

    /// Nobody can say whether the request was carried out, so nothing asks to repeat it.
    fn unknown() -> Self {
        let error = Self::new("server_error", "Server error");
        Self { status: StatusCode::GATEWAY_TIMEOUT, ..error }
    }

    /// Logs the cause; the client learns nothing of it.
    pub(super) fn internal(cause: impl Into<anyhow::Error>) -> Self {
        tracing::error!(
            cause = format!("{:#}", cause.into()),
            "a request of the Krist door failed"
        );
        Self::new("server_error", "Server error")
    }

    /// What proving a key can fail with, in the envelope of the native API.
    pub(super) fn into_api(self) -> ApiError {
        match (self.code, self.retry_after) {
            ("rate_limit_hit", Some(span)) => ApiError::rate_limited(span),
            (_, Some(span)) => ApiError::unavailable(span),
            (_, None) if self.status == StatusCode::GATEWAY_TIMEOUT => ApiError::timeout(),
            (_, None) => ApiError::internal_logged(),
        }
    }

    /// The fields of the error, behind what stands before them.
    pub(super) fn fill(&self, before: Reply) -> Reply {
        let reply = before.with("error", self.code).with("message", &*self.message);
        match &self.about {
            Some((name, value)) => reply.with(name, value),
            None => reply,
        }
    }
}

impl IntoResponse for KristError {
    fn into_response(self) -> Response {
        let mut response = json(&self.fill(Reply::default().with("ok", &false)));
        *response.status_mut() = self.status;
        if let Some(span) = self.retry_after {
            let seconds = span.as_secs().saturating_add(u64::from(span.subsec_nanos() > 0)).max(1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// When a client should try again that met a database it can't use now.
const RETRY: Duration = Duration::from_secs(1);

impl From<DbError> for KristError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::KeyReused => Self::conflict("Idempotency-Key"),
            DbError::PaymentsOff => Self::new("transactions_disabled", "Transactions disabled"),
            DbError::Unknown => Self::unknown(),
            error if error.is_unavailable() => {
                tracing::warn!(error = %anyhow::Error::new(error), "the database is unavailable");
                Self::unavailable(RETRY)
            }
            error => Self::internal(error),
        }
    }
}

impl From<TillError> for KristError {
    fn from(error: TillError) -> Self {
        match error {
            TillError::Full => Self::unavailable(RETRY),
            TillError::Db(error) => error.into(),
        }
    }
}

impl From<AuthError> for KristError {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unauthorized => Self::auth_failed(),
            AuthError::Db(error) => error.into(),
        }
    }
}

impl From<LedgerRefusal> for KristError {
    fn from(refusal: LedgerRefusal) -> Self {
        match refusal {
            LedgerRefusal::RequestIdConflict(field) => Self::conflict(&field),
            LedgerRefusal::SameWallet => {
                Self::new("same_wallet_transfer", "Same wallet transfer is not allowed")
            }
            LedgerRefusal::WalletNotFound(address) => Self::address_not_found(&address),
            LedgerRefusal::WalletLocked(_) | LedgerRefusal::AuthenticationFailed => {
                Self::auth_failed()
            }
            LedgerRefusal::InsufficientFunds => Self::insufficient_funds(),
            LedgerRefusal::BalanceOverflow(_) => Self::invalid("amount"),
            LedgerRefusal::WalletExists(_) => Self::invalid("address"),
            LedgerRefusal::NameNotFound(name) => Self::name_not_found(&name),
            // Players are known at the game's own door only.
            LedgerRefusal::PlayerNotFound | LedgerRefusal::PlayerWalletsFull => {
                Self::invalid("player")
            }
        }
    }
}

impl From<NameRefusal> for KristError {
    fn from(refusal: NameRefusal) -> Self {
        match refusal {
            NameRefusal::NameTaken(name) => {
                Self::new("name_taken", format!("Name {name} is already taken"))
                    .about("name", name.as_str())
            }
            NameRefusal::NameNotFound(name) => Self::name_not_found(&name),
            NameRefusal::NotNameOwner(name) => {
                Self::new("not_name_owner", format!("You are not the owner of name {name}"))
                    .about("name", name.as_str())
            }
            NameRefusal::Ledger(refusal) => refusal.into(),
        }
    }
}

impl<R: Into<Self>> From<Failure<R>> for KristError {
    fn from(failure: Failure<R>) -> Self {
        match failure {
            Failure::Refused(refusal) => refusal.into(),
            Failure::Db(error) => error.into(),
        }
    }
}

impl From<Refused> for KristError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Draining | Refused::Full => Self::unavailable(RETRY),
            Refused::Address => Self::rate_limited(RETRY),
        }
    }
}
