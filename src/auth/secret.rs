//! Tokens on their way in and out.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::random;

/// The longest token in bytes.
const TOKEN_BYTES_MAX: usize = 256;
/// Begins every service key, so that a leaked one is recognised.
const KEY_PREFIX: &str = "tbk_";

/// A bearer token: of a session, a service key, or a ticket. It can't be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes what a client sent. `None` when it can't be a token of ours.
    ///
    /// A session's token is a UUID and read with or without dashes, in any case.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty()
            || text.len() > TOKEN_BYTES_MAX
            || !text.bytes().all(|b| b.is_ascii_graphic())
        {
            return None;
        }
        Some(Uuid::try_parse(text).map_or_else(|_| Self(text.into()), Self::of))
    }

    /// A fresh token of a session: 122 random bits.
    pub fn session() -> Self {
        Self::of(random::uuid())
    }

    /// A fresh service key: 256 random bits.
    pub fn service_key() -> Self {
        Self(format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random::bytes::<32>())))
    }

    /// A fresh ticket: 192 random bits.
    pub fn ticket() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::bytes::<24>()))
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// The text, to hand to the client whose it is.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn of(id: Uuid) -> Self {
        Self(id.hyphenated().to_string())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_token_has_many_spellings() {
        let hash = |text| Token::new(text).unwrap().hash();
        let one = hash("2f1d3b7e-4c5a-4b6d-8e9f-0a1b2c3d4e5f");
        assert_eq!(one, hash("2F1D3B7E-4C5A-4B6D-8E9F-0A1B2C3D4E5F"));
        assert_eq!(one, hash("2f1d3b7e4c5a4b6d8e9f0a1b2c3d4e5f"));
        assert_ne!(one, hash("2f1d3b7e-4c5a-4b6d-8e9f-0a1b2c3d4e50"));
    }

    #[test]
    fn what_can_be_no_token_is_none() {
        for text in ["", "  ", "a b", "é", &"x".repeat(257)] {
            assert_eq!(Token::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn fresh_tokens_differ_and_have_no_face() {
        assert_ne!(Token::service_key(), Token::service_key());
        assert_eq!(format!("{:?}", Token::session()), "Token(…)");
    }
}
