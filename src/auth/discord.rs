//! Signing in with Discord: OAuth 2 with a state that belongs to one browser and one attempt, and PKCE.
//!
//! ```text
//!  browser ── GET sign-in/discord ──► state stored (hashed), cookie of the attempt ──► Discord
//!  browser ◄── code, state ── Discord
//!  browser ── GET callback ──► state used up, code exchanged, user read, session opened ──► page
//! ```
//!
//! The secret of an attempt is in the browser's cookie alone: its hash is stored, and the verifier of PKCE is made of it
//! and of the state. A state that somebody else began, or one that was used, opens nothing.

mod client;
pub(super) mod cookies;
pub mod routes;
mod store;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use url::Url;

pub(super) use self::store::sweep;
use crate::db::random;

/// How long somebody may take at Discord.
const ATTEMPT_TTL: Duration = Duration::from_mins(10);
/// The longest path to return to in bytes.
const RETURN_BYTES_MAX: usize = 1_024;

/// What the operator registered at Discord.
#[derive(Debug, Clone)]
pub struct DiscordSettings {
    /// The application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// Where Discord is.
    pub base_url: Url,
}

/// The secret of one attempt, in the browser's cookie.
#[derive(Clone, PartialEq, Eq)]
struct Attempt(String);

impl Attempt {
    fn fresh() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::bytes::<32>()))
    }

    /// Reads a cookie's value. `None` when it is none that was made here.
    fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.into()))
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// The verifier of PKCE: 43 characters that only who has both the cookie and the state can make.
    fn verifier(&self, state: &str) -> String {
        let mut hash = Sha256::new();
        for part in ["pkce", &self.0, state] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }
}

/// What Discord is told of the verifier before it sees it.
fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

fn state_hash(state: &str) -> [u8; 32] {
    Sha256::digest(state).into()
}

/// Where a browser goes when it is signed in: a path of this host. Anything that a browser could read as another host is
/// none.
fn return_path(text: &str) -> Option<&str> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let local = text.starts_with('/') && !text.starts_with("//");
    (plain && local && text.len() <= RETURN_BYTES_MAX).then_some(text)
}

/// The path with one parameter more.
fn with_error(path: &str, code: &str) -> String {
    let (path, fragment) = path.split_once('#').map_or((path, None), |(a, b)| (a, Some(b)));
    let mark = if path.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|text| format!("#{text}")).unwrap_or_default();
    format!("{path}{mark}sign_in_error={code}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_returns_to_a_path_of_this_host_only() {
        for good in ["/", "/app/", "/app/?tab=plan#usage", "/a//b", "/%2F%2Fevil.example"] {
            assert_eq!(return_path(good), Some(good));
        }
        let long = format!("/{}", "a".repeat(RETURN_BYTES_MAX));
        let bad = [
            "",
            "app",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            " /app",
            "/a b",
            "/\t/evil.example",
            "/\r\nset-cookie:x",
            "/é",
            &long,
        ];
        for bad in bad {
            assert_eq!(return_path(bad), None, "{bad:?}");
        }
        assert_eq!(with_error("/app/", "denied"), "/app/?sign_in_error=denied");
        assert_eq!(with_error("/app/?a=b#c", "denied"), "/app/?a=b&sign_in_error=denied#c");
    }

    #[test]
    fn the_verifier_is_of_one_browser_and_one_state() {
        let (one, other) = (Attempt::fresh(), Attempt::fresh());
        assert_eq!(one.verifier("s").len(), 43);
        assert_eq!(one.verifier("s"), one.verifier("s"));
        assert_ne!(one.verifier("s"), one.verifier("t"));
        assert_ne!(one.verifier("s"), other.verifier("s"));
        // The example of RFC 7636.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(Attempt::read(&one.0).is_some());
        for bad in ["", "x", "a=b", &"A".repeat(44)] {
            assert!(Attempt::read(bad).is_none(), "{bad}");
        }
    }
}
