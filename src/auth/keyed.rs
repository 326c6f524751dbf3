//! Running a command for a caller under the `Idempotency-Key` that they gave.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    db::{Answer, Command, Db, keys::RequestKey},
    http::{ApiError, idempotency::IdempotencyKey},
};

/// Runs a command once for the caller's key; without one, once for a key of our own.
///
/// # Errors
/// When the key was used with another request, or the database fails.
pub async fn run<C>(
    db: &Db,
    caller: &str,
    key: IdempotencyKey,
    command: &C,
) -> Result<Answer<C::Done, C::Refusal>, ApiError>
where
    C: Command<Done: Serialize + DeserializeOwned + Sync> + Serialize,
{
    let key = match key.0 {
        Some(key) => RequestKey::given(caller, C::NAME, &key, command)?,
        None => RequestKey::made(),
    };
    Ok(db.run_keyed(&key, command).await?)
}
