//! Money: whole minor units in an `i64`, checked, never a float.
//!
//! How many minor units make one is the [`Scale`], a setting of the community: 2 for two decimals. Decimals are read
//! from the text that the client sent, because a number that went through a float is no longer that number.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, SchemaFormat, Type, schema::Schema},
};

/// The longest text of an amount in bytes: sign, 19 digits, point.
const TEXT_BYTES_MAX: usize = 40;

/// An amount in minor units. Balances and differences may be negative; what is paid is checked to be positive.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Amount(i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Wraps minor units, as the database stores them.
    pub const fn minor(units: i64) -> Self {
        Self(units)
    }

    /// The minor units.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Whether this is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The sum, or `None` when it leaves the range.
    pub const fn plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The difference, or `None` when it leaves the range.
    pub const fn minus(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// This amount as something that can be paid, or `None` when it is not positive.
    pub const fn payable(self) -> Option<Payable> {
        if self.is_positive() { Some(Payable(self)) } else { None }
    }

    /// The amount as a decimal number of `scale`.
    pub const fn at(self, scale: Scale) -> Decimal {
        Decimal { amount: self, scale }
    }
}

/// An amount that can be paid: more than nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Amount", into = "Amount")]
pub struct Payable(Amount);

impl TryFrom<Amount> for Payable {
    type Error = &'static str;

    fn try_from(amount: Amount) -> Result<Self, &'static str> {
        amount.payable().ok_or("an amount that is paid is more than nothing")
    }
}

impl From<Payable> for Amount {
    fn from(payable: Payable) -> Self {
        payable.amount()
    }
}

impl Payable {
    /// The amount.
    pub const fn amount(self) -> Amount {
        self.0
    }
}

/// How many decimals one unit of the currency has, 0 to 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale(u8);

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a plain decimal number: `NaN`, an exponent, a blank.
    #[error("not a plain decimal number")]
    NotANumber,
    /// More decimals than the currency has.
    #[error("more decimals than the currency has")]
    TooPrecise,
    /// Beyond what a wallet can hold.
    #[error("beyond what a wallet can hold")]
    OutOfRange,
}

impl Scale {
    /// The largest scale.
    pub const MAX: u8 = 5;

    /// A scale, or `None` above [`Scale::MAX`].
    pub const fn new(decimals: u8) -> Option<Self> {
        if decimals > Self::MAX { None } else { Some(Self(decimals)) }
    }

    /// The number of decimals.
    pub const fn decimals(self) -> u8 {
        self.0
    }

    /// So many whole units.
    pub fn whole(self, units: u32) -> Amount {
        // At most 2^32 units of 10^5: far within range.
        Amount(i64::from(units) * 10_i64.pow(u32::from(self.0)))
    }

    /// Reads a decimal text such as `10`, `-3.5` or `0.25`. Zeros behind the last allowed decimal are no precision.
    ///
    /// # Errors
    /// When the text is no plain decimal number, too precise, or out of range.
    pub fn parse(self, text: &str) -> Result<Amount, AmountError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) =
            digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if text.len() > TEXT_BYTES_MAX || !plain(whole) || !fraction.is_none_or(plain) {
            return Err(AmountError::NotANumber);
        }
        let fraction = fraction.unwrap_or("").trim_end_matches('0');
        let places = usize::from(self.0);
        if fraction.len() > places {
            return Err(AmountError::TooPrecise);
        }
        let sign = if negative { "-" } else { "" };
        format!("{sign}{whole}{fraction:0<places$}")
            .parse()
            .map(Amount)
            .or(Err(AmountError::OutOfRange))
    }
}

/// An amount with its scale: what people read and what JSON carries, `10.25` rather than `1025`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    amount: Amount,
    scale: Scale,
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::from(self.scale.0);
        let digits = format!("{:0>width$}", self.amount.0.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let sign = if self.amount.0 < 0 { "-" } else { "" };
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .description(Some(
                "A decimal number, exact to the currency's scale; read it as text, not as a float.",
            ))
            .into()
    }
}

impl ToSchema for Decimal {}

/// An amount as the client wrote it: a JSON number or a numeric string, not yet checked against the scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmountText(String);

impl AmountText {
    /// Checks the text against a scale.
    ///
    /// # Errors
    /// As [`Scale::parse`].
    pub fn parse(&self, scale: Scale) -> Result<Amount, AmountError> {
        scale.parse(&self.0)
    }
}

impl From<&str> for AmountText {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl<'de> Deserialize<'de> for AmountText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        let number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match inner {
            Some(inner) => Ok(Self(inner.into())),
            None if number => Ok(Self(text.into())),
            None => Err(serde::de::Error::custom("expected a number or a numeric string")),
        }
    }
}

impl PartialSchema for AmountText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .description(Some("A positive decimal number (or the same as a string), exact to the currency's scale."))
            .into()
    }
}

impl ToSchema for AmountText {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{AmountError::*, *};

    #[test]
    fn texts_are_read_exactly_or_refused() {
        let check = |scale: u8, text: &str, expected: Result<i64, AmountError>| {
            let read = Scale::new(scale).unwrap().parse(text).map(Amount::units);
            assert_eq!(read, expected, "{text:?} at scale {scale}");
        };
        check(2, "10", Ok(1_000));
        check(2, "10.25", Ok(1_025));
        check(2, "0.1", Ok(10));
        check(2, "0.10000", Ok(10));
        check(2, "-3.5", Ok(-350));
        check(2, "0.001", Err(TooPrecise));
        check(0, "7", Ok(7));
        check(0, "7.0", Ok(7));
        check(0, "7.5", Err(TooPrecise));
        check(5, "0.00001", Ok(1));
        check(2, "92233720368547758.07", Ok(i64::MAX));
        check(2, "92233720368547758.08", Err(OutOfRange));
        check(2, "-92233720368547758.08", Ok(i64::MIN));
        assert_eq!(Scale::new(5).unwrap().whole(u32::MAX), Amount(429_496_729_500_000));
        assert_eq!(Scale::new(0).unwrap().whole(7), Amount(7));
        for text in [
            "", "-", ".", ".5", "5.", "1e3", "NaN", "inf", "+1", " 1", "1 ", "1_0", "0x1", "1.2.3",
            "١",
        ] {
            check(2, text, Err(NotANumber));
        }
        check(2, &"9".repeat(41), Err(NotANumber));
    }

    #[test]
    fn json_numbers_and_numeric_strings_are_amounts() {
        let read = |json: &str| {
            serde_json::from_str::<AmountText>(json)
                .ok()
                .map(|text| text.parse(Scale::new(2).unwrap()).map(Amount::units))
        };
        assert_eq!(read("2.5"), Some(Ok(250)));
        assert_eq!(read("\"2.5\""), Some(Ok(250)));
        assert_eq!(read("9007199254740993"), Some(Ok(900_719_925_474_099_300)));
        assert_eq!(read("1e2"), Some(Err(NotANumber)));
        assert_eq!(read("\"NaN\""), Some(Err(NotANumber)));
        for json in ["null", "true", "[1]", "{}", "NaN"] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn amounts_are_written_without_trailing_zeros() {
        for (units, scale, text) in [
            (1_000, 2, "10"),
            (1_025, 2, "10.25"),
            (-5, 2, "-0.05"),
            (0, 5, "0"),
            (7, 0, "7"),
            (i64::MIN, 2, "-92233720368547758.08"),
        ] {
            let decimal = Amount::minor(units).at(Scale::new(scale).unwrap());
            assert_eq!(decimal.to_string(), text);
            assert_eq!(serde_json::to_string(&decimal).unwrap(), text);
        }
    }

    #[test]
    fn arithmetic_is_checked() {
        assert_eq!(Amount::minor(i64::MAX).plus(Amount::minor(1)), None);
        assert_eq!(Amount::minor(i64::MIN).minus(Amount::minor(1)), None);
        assert_eq!(Amount::minor(2).plus(Amount::minor(3)), Some(Amount::minor(5)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(units: i64, decimals in 0..=Scale::MAX) {
            let scale = Scale::new(decimals).unwrap();
            let amount = Amount::minor(units);
            prop_assert_eq!(scale.parse(&amount.at(scale).to_string()), Ok(amount));
        }
    }
}
