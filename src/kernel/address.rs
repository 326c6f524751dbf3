//! Wallet addresses and how a private key leads to one.
//!
//! The derivation (version 2) is Krist's, byte for byte, so that people keep the wallets they have. It hashes
//! hexadecimal *text*, not bytes; the vectors below pin that.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

/// The longest private key in bytes. Krist has no limit; a body has.
pub const PRIVATE_KEY_BYTES_MAX: usize = 512;

/// Characters of a version 2 address behind its prefix.
const ADDRESS_CHARS: usize = 9;

/// The address of a wallet: `k` and nine of `a-z0-9`, or the system's own wallet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^(k[a-z0-9]{9}|serverwelf)$", example = "k8juvewcui")]
pub struct Address(String);

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an address is k and nine of a-z and 0-9")]
pub struct AddressError;

impl Address {
    /// The wallet that mints: source of new money and sink of fees. Nobody can log in to it.
    pub const SYSTEM: &'static str = "serverwelf";

    /// The system's own wallet.
    pub fn system() -> Self {
        Self(Self::SYSTEM.into())
    }

    /// The address of a private key.
    pub fn of(key: &PrivateKey) -> Self {
        derive(key.0.expose_secret())
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let valid = |rest: &str| {
            rest.len() == ADDRESS_CHARS
                && rest.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9'))
        };
        if text == Self::SYSTEM || text.strip_prefix('k').is_some_and(valid) {
            Ok(Self(text.into()))
        } else {
            Err(AddressError)
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A wallet's private key, as its owner typed it. It can't be printed and is wiped when dropped.
#[derive(Debug, Clone)]
pub struct PrivateKey(SecretString);

/// Why a text is no private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a private key is 1 to {PRIVATE_KEY_BYTES_MAX} bytes")]
pub struct PrivateKeyError;

impl PrivateKey {
    /// Takes a non-empty text of at most [`PRIVATE_KEY_BYTES_MAX`] bytes, used as it is.
    ///
    /// # Errors
    /// When it is empty or too long.
    pub fn new(text: SecretString) -> Result<Self, PrivateKeyError> {
        match text.expose_secret().len() {
            1..=PRIVATE_KEY_BYTES_MAX => Ok(Self(text)),
            _ => Err(PrivateKeyError),
        }
    }

    /// Krist's verifier: the hash of address and key. Stored only under a further keyed hash.
    pub fn verifier(&self, address: &Address) -> String {
        hash(&format!("{address}{}", self.0.expose_secret()))
    }
}

/// The hash that everything here is made of: SHA-256 of a text, as lower-case hexadecimal text.
fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn derive(key: &str) -> Address {
    let twice = |text: &str| hash(&hash(text));
    let mut chain = twice(key);
    let mut pairs = [(0_u8, false); ADDRESS_CHARS];
    for (value, _) in &mut pairs {
        *value = byte_at(&chain, 0);
        chain = twice(&chain);
    }
    let mut address = String::from("k");
    while address.len() <= ADDRESS_CHARS {
        let link = address.len() - 1;
        let index = usize::from(byte_at(&chain, link)) % ADDRESS_CHARS;
        match pairs.get_mut(index) {
            Some((value, used @ false)) => {
                address.push(character(*value));
                *used = true;
            }
            _ => chain = hash(&chain),
        }
    }
    Address(address)
}

/// The byte that two hexadecimal digits of a hash spell.
fn byte_at(hex: &str, index: usize) -> u8 {
    hex.get(index * 2..index * 2 + 2)
        .and_then(|pair| u8::from_str_radix(pair, 16).ok())
        .unwrap_or(0)
}

/// Seven bytes a character: `0-9`, `a-z`, and the few left over are `e`.
fn character(byte: u8) -> char {
    match byte / 7 {
        n @ 0..=9 => char::from(b'0' + n),
        n @ 10..=35 => char::from(b'a' + (n - 10)),
        _ => 'e',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> PrivateKey {
        PrivateKey::new(SecretString::from(text)).unwrap()
    }

    #[test]
    fn keys_lead_to_the_addresses_that_people_have() {
        for (text, address) in [
            ("a", "k8juvewcui"),
            ("b", "k7oax47quv"),
            ("c", "kwsgj3x184"),
            ("d", "k0duvsr4qn"),
            ("z", "kvhccnbm95"),
            ("test123", "krcgbmalxg"),
            ("y5HvW0g1wboIbLQaT6W3Wt8sT3f8tYO9", "kdk1ku9oeq"),
            ("é", "khmmwc37v8"),
        ] {
            assert_eq!(Address::of(&key(text)).as_str(), address, "{text}");
        }
    }

    #[test]
    fn the_verifier_is_krists() {
        let key = key("a");
        assert_eq!(
            key.verifier(&Address::of(&key)),
            "a350fa569fc53804c4282afbebafeba973c33238704815ea41fa8eec1f13a791"
        );
    }

    #[test]
    fn a_key_has_a_length_and_no_face() {
        assert!(PrivateKey::new(SecretString::from("")).is_err());
        assert!(PrivateKey::new(SecretString::from("x".repeat(513))).is_err());
        assert!(!format!("{:?}", key("hunter2")).contains("hunter2"));
    }

    #[test]
    fn only_addresses_are_addresses() {
        for good in ["k8juvewcui", "serverwelf"] {
            assert_eq!(good.parse::<Address>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "k",
            "K8juvewcui",
            "k8juvewcuI",
            "a8juvewcui",
            "k8juvewcui1",
            "k8juvewcu",
            "k8juvewcué",
        ] {
            assert_eq!(bad.parse::<Address>(), Err(AddressError), "{bad:?}");
        }
    }
}
