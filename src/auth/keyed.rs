//! Running a command for a caller under the `Idempotency-Key` that they gave.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    db::{Answer, Command, Db, keys::RequestKey},
    http::{ApiError, idempotency::IdempotencyKey},
};

/// Runs a command once for the caller's key, or without one.
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
    let key = key.0.map(|key| RequestKey::given(caller, C::NAME, &key, command)).transpose()?;
    Ok(db.run_keyed(key.as_ref(), command).await?)
}
