//! The two communities that this door can look like: what differs between them, and nothing else.

use std::fmt;

/// Whose clients are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Kromer: decimals, names end in `.kro`, errors have their status, payees must exist.
    Kromer,
    /// Krist: whole numbers, names end in `.kst`, every answer is 200, payees are made by being paid.
    Krist,
}

impl Profile {
    /// What the currency is called.
    pub const fn currency(self) -> &'static str {
        match self {
            Self::Kromer => "Kromer",
            Self::Krist => "Krist",
        }
    }

    /// How amounts are marked.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Kromer => "KRO",
            Self::Krist => "KST",
        }
    }

    /// Whether errors have a status other than 200: Krist's programs break on one.
    pub const fn has_statuses(self) -> bool {
        matches!(self, Self::Kromer)
    }

    /// What stands for metadata that there is none of: clients of Kromer want a text.
    pub const fn no_metadata(self) -> Option<&'static str> {
        match self {
            Self::Kromer => Some(""),
            Self::Krist => None,
        }
    }

    /// Whether new money comes from nobody, or from the wallet that mints.
    pub const fn hides_mint(self) -> bool {
        matches!(self, Self::Krist)
    }

    /// Whether paying an address that nobody has makes its wallet.
    pub const fn makes_payees(self) -> bool {
        matches!(self, Self::Krist)
    }

    /// Whether decimals beyond the currency's are cut off, or rounded to the nearest even.
    pub const fn truncates(self) -> bool {
        matches!(self, Self::Krist)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kromer => "kromer",
            Self::Krist => "krist",
        })
    }
}
