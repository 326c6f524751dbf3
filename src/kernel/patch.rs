//! A field of a PATCH body: absent keeps, `null` clears, a value sets.

use serde::{Deserialize, Deserializer};

/// What a PATCH says about one field. Use with `#[serde(default)]`, which makes a missing field `Keep`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The field was not in the body.
    #[default]
    Keep,
    /// The field was `null`.
    Clear,
    /// The field had a value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the field was absent.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The field's value after the patch, given the one before.
    pub fn apply(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        title: Patch<String>,
    }

    #[test]
    fn absent_null_and_value_differ() {
        let check = |json: &str, expected: Patch<String>, after: Option<&str>| {
            let body: Body = serde_json::from_str(json).unwrap();
            assert_eq!(body.title, expected, "{json}");
            assert_eq!(body.title.apply(Some("old".into())).as_deref(), after, "{json}");
        };
        check("{}", Patch::Keep, Some("old"));
        check(r#"{"title":null}"#, Patch::Clear, None);
        check(r#"{"title":"new"}"#, Patch::Set("new".into()), Some("new"));
        assert!(serde_json::from_str::<Body>(r#"{"title":7}"#).is_err());
    }
}
