//! Signed webhooks: what is signed, with which keys, and how a delivery is checked.
//!
//! A delivery is signed as Standard Webhooks says: HMAC-SHA256 over `id.timestamp.body`. What differs is the key: some
//! senders use the bytes of the whole secret, prefix included, others what its base64 part decodes to, and nothing in a
//! delivery says which. So each configured secret gives both keys, and either may match. Several secrets at once are a
//! rotation. Here are no clock and no wire: the time is an argument, and refusing is all that a bad delivery causes.

use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::STANDARD as BASE64,
    },
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

/// How far the time of a delivery may be from ours, in seconds, on either side.
pub const SKEW_SECONDS_MAX: i64 = 300;
/// Secrets at one time: the one in use, and those that are being replaced.
pub const SECRETS_MAX: usize = 8;
/// The longest id of a delivery in bytes.
pub const ID_BYTES_MAX: usize = 128;
/// Signatures of one delivery that are looked at; a sender that rotates sends two.
const SIGNATURES_MAX: usize = 16;
/// Digits of a timestamp at the most.
const TIMESTAMP_DIGITS_MAX: usize = 12;

/// What a secret begins with when the rest of it is base64.
const PREFIX: &str = "whsec_";
/// The version of a signature, before its comma.
const VERSION: &str = "v1";

/// Secrets are copied by hand, so padding is as it may be. Bits that stand for nothing are ignored: a key more in the
/// bunch is made of the same secret.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// How a key is made of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// The bytes of the whole secret.
    Raw,
    /// What its base64 part stands for, as Standard Webhooks has it.
    Standard,
}

impl Scheme {
    /// The key of a secret; `None` when it has none in this scheme.
    fn key(self, secret: &str) -> Option<SecretSlice<u8>> {
        let bytes = match self {
            Self::Raw => secret.as_bytes().to_vec(),
            Self::Standard => LENIENT.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).ok()?,
        };
        (!bytes.is_empty()).then(|| SecretSlice::from(bytes))
    }
}

/// Why a delivery is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header is missing or empty.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// The id is too long or holds something that can't be printed.
    #[error("webhook-id is not 1 to {ID_BYTES_MAX} printable characters")]
    Id,
    /// The timestamp is no number of seconds.
    #[error("webhook-timestamp is not a whole number of seconds")]
    Timestamp,
    /// The timestamp is too long ago: a replay, or a clock that is wrong.
    #[error("webhook-timestamp is more than {SKEW_SECONDS_MAX} seconds ago")]
    Stale,
    /// The timestamp lies ahead.
    #[error("webhook-timestamp is more than {SKEW_SECONDS_MAX} seconds ahead")]
    Future,
    /// No signature is that of any of our keys.
    #[error("no signature fits the body and any of the secrets")]
    Mismatch,
}

/// The three headers of a delivery; an absent one is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers<'a> {
    /// `webhook-id`: the event, the same in each attempt.
    pub id: &'a str,
    /// `webhook-timestamp`: when this attempt was made, in seconds.
    pub timestamp: &'a str,
    /// `webhook-signature`: signatures with spaces between them.
    pub signature: &'a str,
}

/// The keys that a delivery may be signed with.
#[derive(Debug, Default)]
pub struct Keys(Vec<SecretSlice<u8>>);

impl Keys {
    /// Both keys of each secret of a list with commas. Space around a secret, such as the end of a line, is none of it.
    pub fn new(secrets: &SecretString) -> Self {
        let mut keys: Vec<SecretSlice<u8>> = Vec::new();
        let texts = secrets.expose_secret().split(',').map(str::trim);
        for text in texts.filter(|text| !text.is_empty()).take(SECRETS_MAX) {
            for key in [Scheme::Raw, Scheme::Standard].into_iter().filter_map(|it| it.key(text)) {
                if !keys.iter().any(|known| known.expose_secret() == key.expose_secret()) {
                    keys.push(key);
                }
            }
        }
        Self(keys)
    }

    /// Whether there is no key: then nothing is believed.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Believes a delivery or says why not. `now` is in seconds, by the clock of the host: a signature's age has
    /// nothing to do with what is due.
    ///
    /// # Errors
    /// See [`SignatureError`].
    pub fn check(&self, headers: Headers<'_>, body: &[u8], now: i64) -> Result<(), SignatureError> {
        let Headers { id, timestamp, signature } = headers;
        for (name, value) in
            [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature)]
        {
            if value.is_empty() {
                return Err(SignatureError::Missing(name));
            }
        }
        if id.len() > ID_BYTES_MAX || !id.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(SignatureError::Id);
        }
        let sent = seconds(timestamp).ok_or(SignatureError::Timestamp)?;
        if sent < now.saturating_sub(SKEW_SECONDS_MAX) {
            return Err(SignatureError::Stale);
        }
        if sent > now.saturating_add(SKEW_SECONDS_MAX) {
            return Err(SignatureError::Future);
        }
        let signatures = signature.split(' ').filter_map(|part| part.split_once(','));
        let signatures = signatures.filter(|(version, _)| *version == VERSION).take(SIGNATURES_MAX);
        let mut decoded = signatures.filter_map(|(_, text)| BASE64.decode(text).ok());
        let matches = decoded.any(|signature| {
            self.0.iter().any(|key| {
                // In constant time: how much of it was right is nobody's business.
                mac(key.expose_secret(), id, timestamp, body)
                    .is_some_and(|mac| mac.verify_slice(&signature).is_ok())
            })
        });
        if matches { Ok(()) } else { Err(SignatureError::Mismatch) }
    }
}

/// Signs a delivery: the value of `webhook-signature`. `None` when the secret has no key in the scheme.
pub fn sign(
    secret: &SecretString,
    scheme: Scheme,
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> Option<String> {
    let key = scheme.key(secret.expose_secret().trim())?;
    let mac = mac(key.expose_secret(), id, &timestamp.to_string(), body)?;
    Some(format!("{VERSION},{}", BASE64.encode(mac.finalize().into_bytes())))
}

fn mac(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length, so there is always one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Some(mac)
}

/// Digits only: no sign, no fraction, no space. What is signed is the text, and one number should have one text.
fn seconds(text: &str) -> Option<i64> {
    let plain = text.len() <= TIMESTAMP_DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
