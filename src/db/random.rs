//! Randomness from the operating system: the one place that draws it.

use rand::{TryRngCore, rngs::OsRng};
use uuid::Uuid;

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness to give: no token made without it would be a secret.
#[expect(clippy::expect_used, reason = "going on without randomness would give guessable secrets")]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// A random UUID of version 4: 122 random bits.
///
/// # Panics
/// As [`bytes`].
pub fn uuid() -> Uuid {
    uuid::Builder::from_random_bytes(bytes()).into_uuid()
}

/// A number from 0 up to 1, to spread what would otherwise happen at once. Not for secrets.
pub fn fraction() -> f64 {
    rand::random()
}
