//! What a client sent: an object in JSON with whatever content type, a form, or nothing at all.
//!
//! Values are kept as they were written until somebody asks for one, so that a number never goes through a float.

use std::collections::HashMap;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};
use secrecy::SecretString;
use serde_json::value::{RawValue, to_raw_value};

use super::error::KristError;
use crate::kernel::address::PrivateKey;

/// The fields of a body or of a message.
#[derive(Debug, Default)]
pub(super) struct Fields(HashMap<String, Box<RawValue>>);

impl Fields {
    /// Reads an object in JSON.
    pub(super) fn json(text: &str) -> Option<Self> {
        // A map can be read from an object only.
        serde_json::from_str(text).ok().map(Self)
    }

    fn body(bytes: &[u8]) -> Result<Self, KristError> {
        let malformed = || KristError::new("payload_error", "The body is no JSON object");
        let text = str::from_utf8(bytes).map_err(|_utf8| malformed())?.trim();
        match text.as_bytes() {
            [] => Ok(Self::default()),
            [b'{', ..] => Self::json(text).ok_or_else(malformed),
            [b'[' | b'"', ..] => Err(malformed()),
            _ if text.contains('=') => Ok(Self::form(text)),
            _ => Err(malformed()),
        }
    }

    fn form(text: &str) -> Self {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        let raw = pairs.filter_map(|(name, value)| {
            to_raw_value(&value).ok().map(|value| (name.into_owned(), value))
        });
        Self(raw.collect())
    }

    /// A field as it was written. What JavaScript takes for nothing is not there.
    pub(super) fn raw(&self, name: &str) -> Option<&RawValue> {
        let raw = self.0.get(name)?;
        let nothing = matches!(raw.get(), "null" | "false" | "\"\"" | "0");
        (!nothing).then_some(raw)
    }

    /// A field exactly as it was written, whatever it says.
    pub(super) fn given(&self, name: &str) -> Option<&RawValue> {
        self.0.get(name).map(|raw| &**raw)
    }

    /// A text that may be absent.
    ///
    /// # Errors
    /// `invalid_parameter` for another type.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, KristError> {
        let read = |raw: &RawValue| serde_json::from_str(raw.get());
        self.raw(name).map(read).transpose().map_err(|_type| KristError::invalid(name))
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// `missing_parameter`, `invalid_parameter`.
    pub(super) fn required(&self, name: &'static str) -> Result<String, KristError> {
        self.text(name)?.ok_or_else(|| KristError::missing(name))
    }

    /// A number or a numeric text, as text.
    pub(super) fn number(&self, name: &str) -> Option<String> {
        let raw = self.raw(name)?.get();
        serde_json::from_str::<String>(raw).ok().or_else(|| {
            raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then(|| raw.to_owned())
        })
    }

    /// The private key that must be there.
    ///
    /// # Errors
    /// `missing_parameter`, `invalid_parameter`.
    pub(super) fn key(&self) -> Result<PrivateKey, KristError> {
        self.key_if_any()?.ok_or_else(|| KristError::missing("privatekey"))
    }

    /// The private key, if there is one.
    ///
    /// # Errors
    /// `invalid_parameter`.
    pub(super) fn key_if_any(&self) -> Result<Option<PrivateKey>, KristError> {
        let Some(raw) = self.raw("privatekey") else { return Ok(None) };
        let key = serde_json::from_str::<SecretString>(raw.get()).ok().map(PrivateKey::new);
        match key {
            Some(Ok(key)) => Ok(Some(key)),
            _ => Err(KristError::invalid("privatekey")),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = KristError;

    async fn from_request(request: Request, state: &S) -> Result<Self, KristError> {
        let too_large = |_rejection| KristError::new("payload_too_large", "The body is too large");
        let bytes = Bytes::from_request(request, state).await.map_err(too_large)?;
        Self::body(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(result: Result<T, KristError>) -> Option<&'static str> {
        result.err().map(|error| error.code)
    }

    #[test]
    fn a_body_is_an_object_a_form_or_nothing() {
        for good in ["", "  ", "{}", r#"{"a":1}"#, "a=1&b=%20x", " {\"a\":null} "] {
            assert!(Fields::body(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in ["[]", "\"a\"", "{", "{\"a\":}", "nonsense", "7"] {
            assert_eq!(code(Fields::body(bad.as_bytes())), Some("payload_error"), "{bad}");
        }
        assert_eq!(code(Fields::body(b"{\"a\":\"\xff\"}")), Some("payload_error"));
        let form = Fields::body(b"to=k8juvewcui&amount=10").unwrap();
        assert_eq!(form.required("to").unwrap(), "k8juvewcui");
        assert_eq!(form.number("amount").unwrap(), "10");
    }

    #[test]
    fn what_javascript_takes_for_nothing_is_missing() {
        let fields = Fields::json(r#"{"a":null,"b":"","c":0,"d":false,"e":7,"f":"x","g":[]}"#);
        let fields = fields.unwrap();
        for name in ["a", "b", "c", "d", "z"] {
            assert_eq!(code(fields.required(name)), Some("missing_parameter"), "{name}");
        }
        assert_eq!(code(fields.required("e")), Some("invalid_parameter"));
        assert_eq!(fields.required("f").unwrap(), "x");
        assert_eq!(
            (fields.number("e").unwrap(), fields.number("f").unwrap()),
            ("7".into(), "x".into())
        );
        assert_eq!(fields.number("g"), None);
    }

    #[test]
    fn a_private_key_is_a_text_of_bounded_length() {
        let key = |json: &str| code(Fields::json(json).unwrap().key());
        assert_eq!(key(r#"{"privatekey":"a"}"#), None);
        assert_eq!(key("{}"), Some("missing_parameter"));
        assert_eq!(key(r#"{"privatekey":""}"#), Some("missing_parameter"));
        assert_eq!(key(r#"{"privatekey":7}"#), Some("invalid_parameter"));
        let long = format!(r#"{{"privatekey":"{}"}}"#, "x".repeat(513));
        assert_eq!(key(&long), Some("invalid_parameter"));
    }
}
