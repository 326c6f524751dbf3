//! Query strings as Krist's clients write them: numbers read as JavaScript's `parseInt` does, flags that are there or
//! not, and a `?cc` glued to the end of whatever came before.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};

use super::error::KristError;
use crate::ledger::lists::{OFFSET_ROWS_MAX, Rows};

/// Rows of a list when the client does not say, and at the most.
const ROWS_DEFAULT: i64 = 50;
const ROWS_MAX: i64 = 1_000;

/// The parameters of a request, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the part of a URL behind the question mark.
    pub(super) fn read(raw: &str) -> Self {
        Self(url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    /// The first value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a flag is set: it is there, and is neither `false` nor `0`.
    pub(super) fn flag(&self, names: &[&str]) -> bool {
        let value = names.iter().find_map(|name| self.get(name));
        value.is_some_and(|value| {
            let word = value.split('?').next().unwrap_or_default();
            !word.eq_ignore_ascii_case("false") && word != "0"
        })
    }

    /// Whether the client can't read answers that have another status than 200.
    pub(super) fn wants_ok(&self) -> bool {
        self.0.iter().any(|(key, value)| {
            key == "cc" || key.ends_with("?cc") || value == "?cc" || value.ends_with("?cc")
        })
    }

    /// Which rows of a list.
    ///
    /// # Errors
    /// `invalid_parameter` for what is no number of rows.
    pub(super) fn rows(&self) -> Result<Rows, KristError> {
        let number = |name: &'static str, default: i64| match self.get(name) {
            // What a JavaScript client has no value for it sends all the same.
            None | Some("" | "undefined" | "null") => Ok(default),
            Some(text) => parse_int(text).ok_or_else(|| KristError::invalid(name)),
        };
        let limit = number("limit", ROWS_DEFAULT)?;
        let offset = number("offset", 0)?;
        if limit <= 0 {
            return Err(KristError::invalid("limit"));
        }
        if !(0..=OFFSET_ROWS_MAX).contains(&offset) {
            return Err(KristError::invalid("offset"));
        }
        Ok(Rows { limit: limit.min(ROWS_MAX), offset })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

/// The integer at the beginning of a text, if there is one.
pub(super) fn parse_int(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let (sign, digits) = match text.as_bytes() {
        [b'-', ..] => (-1, text.get(1..)?),
        [b'+', ..] => (1, text.get(1..)?),
        _ => (1, text),
    };
    let end = digits.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits.get(..end).filter(|digits| !digits.is_empty())?;
    // What no number of rows or id can be is the largest that one can.
    Some(whole.parse::<i64>().unwrap_or(i64::MAX).saturating_mul(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_javascript_does() {
        for (text, expected) in [
            ("50", Some(50)),
            ("0?cc", Some(0)),
            ("  7", Some(7)),
            ("+3", Some(3)),
            ("-3", Some(-3)),
            ("12.9", Some(12)),
            ("1e3", Some(1)),
            ("99999999999999999999", Some(i64::MAX)),
            ("", None),
            ("-", None),
            ("abc", None),
            ("?5", None),
        ] {
            assert_eq!(parse_int(text), expected, "{text:?}");
        }
    }

    #[test]
    fn pages_are_clamped_or_refused() {
        let check = |raw: &str, expected: Result<(i64, i64), &str>| {
            let found = Query::read(raw).rows().map(|rows| (rows.limit, rows.offset));
            let expected = expected.map_err(KristError::invalid);
            assert_eq!(found, expected, "{raw}");
        };
        check("", Ok((50, 0)));
        check("limit=50&offset=0?cc", Ok((50, 0)));
        check("limit=5000&offset=7", Ok((1_000, 7)));
        check("limit=&offset=", Ok((50, 0)));
        check("limit=undefined&offset=null", Ok((50, 0)));
        check("limit=0", Err("limit"));
        check("limit=-1", Err("limit"));
        check("limit=x", Err("limit"));
        check("offset=-1", Err("offset"));
        check("offset=x", Err("offset"));
        check("offset=1000001", Err("offset"));
    }

    #[test]
    fn flags_are_there_or_not() {
        for (raw, expected) in [
            ("", false),
            ("excludeMined", true),
            ("excludeMined=", true),
            ("excludeMined=true", true),
            ("excludeMined=1", true),
            ("exclude_mined=yes", true),
            ("excludeMined=false", false),
            ("excludeMined=False", false),
            ("excludeMined=0", false),
            ("excludeMined=0?cc", false),
        ] {
            let flag = Query::read(raw).flag(&["excludeMined", "exclude_mined"]);
            assert_eq!(flag, expected, "{raw}");
        }
    }

    #[test]
    fn who_can_read_only_ok_says_so_anywhere() {
        for raw in ["cc", "cc=", "limit=1&cc", "limit=50&offset=0?cc", "excludeMined?cc", "q=?cc"] {
            assert!(Query::read(raw).wants_ok(), "{raw}");
        }
        for raw in ["", "acc=1", "q=cc", "ccc"] {
            assert!(!Query::read(raw).wants_ok(), "{raw}");
        }
    }
}
