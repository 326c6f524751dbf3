//! Short texts that others write: without control characters, never empty, of a bounded length.

use serde::{Deserialize, Serialize};

/// A text of 1 to `MAX` characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// What fits of a text, or `None` when nothing is left of it.
    pub fn cut(raw: &str) -> Option<Self> {
        let kept: String = raw.trim().chars().filter(|c| !c.is_control()).take(MAX).collect();
        let kept = kept.trim_end();
        (!kept.is_empty()).then(|| Self(kept.to_owned()))
    }

    /// The text, when all of it fits.
    pub fn whole(raw: &str) -> Option<Self> {
        Self::cut(raw).filter(|text| text.0 == raw.trim())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> std::fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_and_what_is_nothing_is_none() {
        let cut = |raw: &str| Text::<4>::cut(raw).map(|text| text.0);
        for (raw, expected) in [
            ("abcd", Some("abcd")),
            ("abcde", Some("abcd")),
            (" a b ", Some("a b")),
            ("abc d", Some("abc")),
            ("a\0b\n", Some("ab")),
            ("äöüßx", Some("äöüß")),
            ("", None),
            (" \t", None),
            ("\0", None),
        ] {
            assert_eq!(cut(raw).as_deref(), expected, "{raw:?}");
        }
    }

    #[test]
    fn a_whole_text_is_not_cut() {
        let whole = |raw: &str| Text::<4>::whole(raw).map(|text| text.0);
        assert_eq!(whole(" -1 ").as_deref(), Some("-1"));
        assert_eq!(whole("abcde"), None);
        assert_eq!(whole("a\0b"), None);
    }
}
