//! Money on the wire: exact decimal text, never a float.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

/// An amount of money as the exact decimal text the server uses, such as `12.50`. It travels as a JSON number.
///
/// There is deliberately no arithmetic and no equality here: `1.5` and `1.50` are the same money, and only the server
/// knows how many decimals count.
#[derive(Debug, Clone)]
pub struct Amount(String);

/// The text is no plain decimal number.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0:?} is no amount; write digits with at most one point, such as 12.50")]
pub struct InvalidAmount(String);

impl Amount {
    /// The decimal text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let decimal = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        // JSON writes no leading zeros, and the text goes out as it is.
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if decimal(whole) && decimal(fraction) && !leading_zero {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidAmount(text.to_owned()))
        }
    }
}

impl From<u32> for Amount {
    fn from(whole: u32) -> Self {
        Self(whole.to_string())
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        raw.get().trim_matches('"').parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_keeps_every_digit_and_is_a_json_number() {
        for text in ["0", "12.50", "-3.00001", "9007199254740993", "0.10"] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!(serde_json::to_string(&amount).unwrap(), text);
            assert_eq!(serde_json::from_str::<Amount>(text).unwrap().as_str(), text);
        }
        assert_eq!(serde_json::from_str::<Amount>("\"1.20\"").unwrap().as_str(), "1.20");
    }

    #[test]
    fn what_is_no_plain_decimal_is_refused() {
        for text in ["", "-", "1.", ".5", "01", "1e3", "1.2.3", "+1", " 1", "NaN", "1,5"] {
            assert!(text.parse::<Amount>().is_err(), "{text:?}");
        }
    }
}
