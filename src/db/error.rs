//! What can go wrong between us and Postgres, and what a command may answer instead of its result.

use serde::{Serialize, de::DeserializeOwned};

/// A failure of the database or of our use of it. None of these is the client's doing, except a reused key.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The database can't be reached, is shutting down, is out of a resource or too busy. Worth trying again.
    #[error("the database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The relay sees no database at the moment; nothing was tried.
    #[error("the database is unavailable")]
    Down,
    /// Another transaction was in the way, or a COMMIT was lost; the same transaction may succeed when it runs again.
    #[error("lost a race in the database")]
    Conflict(#[source] sqlx::Error),
    /// Another transaction has made the same thing meanwhile; run again, this one finds it.
    #[error("lost a race for a new row")]
    Raced,
    /// The operator has switched payments off; nothing was tried.
    #[error("payments are switched off")]
    PaymentsOff,
    /// The connection broke during COMMIT and the log could not be asked: the change may or may not have happened.
    #[error("the outcome of a commit is unknown")]
    Unknown,
    /// A request key was used before with another request.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// A row says something that the model does not allow.
    #[error("the database holds an impossible row: {0}")]
    Impossible(String),
    /// A value has no JSON form or the stored JSON is not what we stored.
    #[error("could not encode or decode stored JSON")]
    Json(#[from] serde_json::Error),
    /// Anything else: a defect in a statement.
    #[error("a statement failed")]
    Statement(#[source] sqlx::Error),
}

impl DbError {
    /// Whether the client should try again in a moment.
    pub const fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::Down
                | Self::Conflict(_)
                | Self::Raced
                | Self::PaymentsOff
                | Self::Unknown
        )
    }

    /// An impossible row.
    pub fn impossible(what: impl std::fmt::Display) -> Self {
        Self::Impossible(what.to_string())
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(database) => match database.code().as_deref() {
                Some(CONFLICT_SERIALIZATION | CONFLICT_DEADLOCK) => Self::Conflict(error),
                Some(UNIQUE_VIOLATION) if database.constraint() == Some(KEY_CONSTRAINT) => {
                    Self::Conflict(error)
                }
                Some(code) if UNAVAILABLE.iter().any(|prefix| code.starts_with(prefix)) => {
                    Self::Unavailable(error)
                }
                _ => Self::Statement(error),
            },
            _ => Self::Statement(error),
        }
    }
}

const CONFLICT_SERIALIZATION: &str = "40001";
const CONFLICT_DEADLOCK: &str = "40P01";
const UNIQUE_VIOLATION: &str = "23505";
/// Two requests with the same key met: the loser runs again and finds the winner's answer.
const KEY_CONSTRAINT: &str = "request_keys_pkey";
/// Connection trouble, out of resources, operator intervention and system errors, lock and idle timeouts.
const UNAVAILABLE: &[&str] = &["08", "53", "57", "58", "55P03", "25P03"];

/// A closed set of reasons for which a command may say no. A refusal is a committed outcome: it is remembered under
/// the request's key, so it must be the same when it is told again.
pub trait Refusal: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The stable code of this reason.
    fn code(&self) -> &'static str;
}

/// Why a command gave no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure<R> {
    /// It decided against it. Nothing was written.
    #[error("refused")]
    Refused(R),
    /// It could not decide or not write.
    #[error(transparent)]
    Db(DbError),
}

impl<R: Refusal> From<R> for Failure<R> {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal)
    }
}

impl<R> From<DbError> for Failure<R> {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl<R> From<sqlx::Error> for Failure<R> {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}
