//! Request keys: the same request answers the same, however often it is sent.
//!
//! A key belongs to one caller and one command, and is stored in the transaction of the change itself. Two requests
//! with one key that meet: the loser waits for the winner's commit, fails on the primary key, runs again and finds
//! the winner's answer.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::DbError;
use crate::kernel::time::Timestamp;

/// Names one request of one caller.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey {
    key: [u8; 32],
    fingerprint: [u8; 32],
}

impl RequestKey {
    /// The key that a caller gave for a command, with the request it stands for.
    ///
    /// # Errors
    /// When the request has no JSON form.
    pub fn given(
        caller: &str,
        command: &str,
        key: &str,
        request: &impl Serialize,
    ) -> Result<Self, DbError> {
        let mut hash = Sha256::new();
        for part in [caller, command, key] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let fingerprint = Sha256::digest(serde_json::to_vec(request)?);
        Ok(Self { key: hash.finalize().into(), fingerprint: fingerprint.into() })
    }

    /// Whether this key is the same as another but stands for another request.
    pub fn contradicts(&self, other: &Self) -> bool {
        self.key == other.key && self.fingerprint != other.fingerprint
    }

    /// Whether both are the same request.
    pub fn same(&self, other: &Self) -> bool {
        self == other
    }

    /// The key without its request.
    pub const fn id(&self) -> [u8; 32] {
        self.key
    }
}

/// What a command said, as it is remembered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome<D, R> {
    /// It did what was asked.
    Done(D),
    /// It decided against it.
    Refused(R),
}

/// A remembered outcome.
#[derive(Debug)]
pub struct Remembered {
    key: RequestKey,
    outcome: String,
}

impl Remembered {
    /// The outcome, when it is the answer to this request.
    ///
    /// # Errors
    /// [`DbError::KeyReused`] when the key stood for another request.
    pub fn answer<D: DeserializeOwned, R: DeserializeOwned>(
        &self,
        key: &RequestKey,
    ) -> Result<Outcome<D, R>, DbError> {
        if self.key.contradicts(key) {
            return Err(DbError::KeyReused);
        }
        Ok(serde_json::from_str(&self.outcome)?)
    }

    /// The key it was stored under, without its request.
    pub const fn id(&self) -> [u8; 32] {
        self.key.id()
    }
}

/// Finds what is remembered of some keys.
///
/// # Errors
/// When the database fails.
pub async fn find(conn: &mut PgConnection, keys: &[[u8; 32]]) -> Result<Vec<Remembered>, DbError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Vec<u8>> = keys.iter().map(|key| key.to_vec()).collect();
    let rows = sqlx::query!(
        "select key, fingerprint, outcome from request_keys where key = any($1)",
        &keys
    )
    .fetch_all(conn)
    .await?;
    let hash =
        |bytes: Vec<u8>| bytes.try_into().or(Err(DbError::impossible("a hash of another length")));
    rows.into_iter()
        .map(|row| {
            let key = RequestKey { key: hash(row.key)?, fingerprint: hash(row.fingerprint)? };
            Ok(Remembered { key, outcome: row.outcome })
        })
        .collect()
}

/// Remembers outcomes, in the transaction that made them.
///
/// # Errors
/// [`DbError::Conflict`] when one of the keys was stored meanwhile.
pub async fn store<'a, D: Serialize + 'a, R: Serialize + 'a>(
    conn: &mut PgConnection,
    now: Timestamp,
    outcomes: impl IntoIterator<Item = (&'a RequestKey, &'a Outcome<D, R>)>,
) -> Result<(), DbError> {
    let (mut keys, mut prints, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for (key, outcome) in outcomes {
        keys.push(key.key.to_vec());
        prints.push(key.fingerprint.to_vec());
        texts.push(serde_json::to_string(outcome)?);
    }
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into request_keys (key, fingerprint, outcome, at)
         select key, fingerprint, outcome, $4
         from unnest($1::bytea[], $2::bytea[], $3::text[]) as t (key, fingerprint, outcome)
         order by key",
        &keys,
        &prints,
        &texts,
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets keys older than `before`, a bounded number at a time. Says how many.
///
/// # Errors
/// When the database fails.
pub(super) async fn purge(
    conn: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from request_keys where key in
         (select key from request_keys where at < $1 order by at limit $2 for update skip locked)",
        before.get(),
        limit
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_its_caller_and_command() {
        let key = |caller, command, key, body: &str| {
            RequestKey::given(caller, command, key, &body).unwrap()
        };
        let first = key("k8juvewcui", "pay", "1", "{}");
        assert!(first.same(&key("k8juvewcui", "pay", "1", "{}")));
        assert!(first.contradicts(&key("k8juvewcui", "pay", "1", "{ }")));
        for other in [
            key("k7oax47quv", "pay", "1", "{}"),
            key("k8juvewcui", "mint", "1", "{}"),
            key("k8juvewcu", "ipay", "1", "{}"),
        ] {
            assert_ne!(first.id(), other.id());
        }
    }
}
