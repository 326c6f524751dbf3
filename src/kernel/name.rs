//! Names that wallets own, and how a payer writes whom to pay by one: `meta@name.kro`.
//!
//! A name stands for its owner at the time of a payment. What is before the `@` is for the owner's own use: a shop
//! tells its shelves apart by it. Case does not matter on the way in; everything is stored in lower case.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

/// The longest name in characters.
pub const NAME_CHARS_MAX: usize = 64;
/// The longest part before the `@` in characters.
pub const METANAME_CHARS_MAX: usize = 32;
/// The longest suffix in characters.
pub const SUFFIX_CHARS_MAX: usize = 8;

/// A name without its suffix: 1 to 64 of `a-z0-9`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[a-z0-9]{1,64}$", example = "bakery")]
pub struct Name(String);

/// What stands before the `@`: 1 to 32 of `a-z0-9_-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[a-z0-9_-]{1,32}$", example = "counter")]
pub struct Metaname(String);

/// What all names of a community end with: 1 to 8 of `a-z`, without the dot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Suffix(String);

/// Whom a payer named: `meta@name.kro` or `name.kro`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Target {
    /// Whose owner is paid.
    pub name: Name,
    /// For the owner's own use.
    pub metaname: Option<Metaname>,
}

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// See [`Name`].
    #[error("a name is 1 to {NAME_CHARS_MAX} of a-z and 0-9, without its suffix")]
    Name,
    /// See [`Metaname`].
    #[error("what stands before the @ is 1 to {METANAME_CHARS_MAX} of a-z, 0-9, _ and -")]
    Metaname,
    /// See [`Suffix`].
    #[error("a suffix is 1 to {SUFFIX_CHARS_MAX} of a-z, without the dot")]
    Suffix,
}

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Metaname {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Lower-case text of at most `max` characters that `valid` lets through.
fn plain(text: &str, max: usize, valid: fn(u8) -> bool) -> Option<String> {
    let text = text.to_ascii_lowercase();
    ((1..=max).contains(&text.len()) && text.bytes().all(valid)).then_some(text)
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        plain(text, NAME_CHARS_MAX, valid).map(Self).ok_or(NameError::Name)
    }
}

impl FromStr for Metaname {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let valid =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        plain(text, METANAME_CHARS_MAX, valid).map(Self).ok_or(NameError::Metaname)
    }
}

impl FromStr for Suffix {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let valid = |b: u8| b.is_ascii_lowercase();
        plain(text, SUFFIX_CHARS_MAX, valid).map(Self).ok_or(NameError::Suffix)
    }
}

impl Suffix {
    /// The suffix without its dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads `meta@name.kro` or `name.kro`. `None` when the text does not end with this suffix: then it is no name,
    /// whatever else it is.
    pub fn target(&self, text: &str) -> Option<Result<Target, NameError>> {
        let (spec, suffix) = text.rsplit_once('.')?;
        if !suffix.eq_ignore_ascii_case(&self.0) {
            return None;
        }
        let (metaname, name) = match spec.split_once('@') {
            Some((metaname, name)) => (Some(metaname.parse()), name),
            None => (None, spec),
        };
        let read = || Ok(Target { metaname: metaname.transpose()?, name: name.parse()? });
        Some(read())
    }

    /// Writes a target as [`Suffix::target`] reads it.
    pub fn write(&self, target: &Target) -> String {
        let Target { name, metaname } = target;
        match metaname {
            Some(metaname) => format!("{}@{name}.{}", metaname.as_str(), self.0),
            None => format!("{name}.{}", self.0),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Metaname {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain_and_has_no_case() {
        let longest = "a".repeat(NAME_CHARS_MAX);
        for (text, name) in
            [("bakery", "bakery"), ("Bakery2", "bakery2"), ("7", "7"), (&longest, &longest)]
        {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), name);
        }
        let long = "a".repeat(NAME_CHARS_MAX + 1);
        for bad in ["", "a b", "a-b", "a_b", "bäckerei", "bakery.kro", "a@b", "a\n", &long] {
            assert_eq!(bad.parse::<Name>(), Err(NameError::Name), "{bad:?}");
        }
        let long = "a".repeat(METANAME_CHARS_MAX + 1);
        assert_eq!("The-Shelf_3".parse::<Metaname>().unwrap().as_str(), "the-shelf_3");
        for bad in ["", "a b", "a.b", "ä", &long] {
            assert_eq!(bad.parse::<Metaname>(), Err(NameError::Metaname), "{bad:?}");
        }
        for bad in ["", ".kro", "k1", "kromerkro"] {
            assert_eq!(bad.parse::<Suffix>(), Err(NameError::Suffix), "{bad:?}");
        }
    }

    #[test]
    fn what_ends_with_the_suffix_is_a_target() {
        let suffix: Suffix = "kro".parse().unwrap();
        let check = |text: &str, expected: Option<Result<(Option<&str>, &str), NameError>>| {
            let read = suffix.target(text);
            let read = read.as_ref().map(|read| {
                read.as_ref()
                    .map(|target| {
                        (target.metaname.as_ref().map(Metaname::as_str), target.name.as_str())
                    })
                    .map_err(|error| *error)
            });
            assert_eq!(read, expected, "{text:?}");
        };
        check("bakery.kro", Some(Ok((None, "bakery"))));
        check("Bakery.KRO", Some(Ok((None, "bakery"))));
        check("counter@bakery.kro", Some(Ok((Some("counter"), "bakery"))));
        check("k8juvewcui", None);
        check("bakery.kst", None);
        check("bakery.kro.uk", None);
        check("kro", None);
        check(".kro", Some(Err(NameError::Name)));
        check("@bakery.kro", Some(Err(NameError::Metaname)));
        check("counter@.kro", Some(Err(NameError::Name)));
        check("a@b@c.kro", Some(Err(NameError::Name)));
        check("a.b.kro", Some(Err(NameError::Name)));
    }

    #[test]
    fn a_target_is_written_as_it_is_read() {
        let suffix: Suffix = "kst".parse().unwrap();
        for text in ["bakery.kst", "counter@bakery.kst"] {
            assert_eq!(suffix.write(&suffix.target(text).unwrap().unwrap()), text);
        }
    }
}
