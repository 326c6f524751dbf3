//! Typed ids: each kind of id is its own type, and adding a kind is one line at the foot of this file.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Declares an id that is a positive 64-bit integer in the database and a number in JSON.
macro_rules! integer_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Wraps a number that came from the database.
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            /// The number, for binding to a statement.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// Declares an id that is a UUID in the database and a string in JSON.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that came from the database or from the operating system's randomness.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID, for binding to a statement.
            pub const fn get(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

integer_id! {
    /// A wallet's row. Never on the wire: there a wallet is its address.
    WalletId
}
integer_id! {
    /// A payment. Ids become visible in rising order: who has seen 7 will never see a new 6.
    PaymentId
}
integer_id! {
    /// A contract.
    ContractId
}
integer_id! {
    /// A subscription of one wallet to one contract.
    SubscriptionId
}
uuid_id! {
    /// The public name of a session; the token itself is a secret and never stored.
    SessionId
}
uuid_id! {
    /// The public name of a service key.
    ServiceKeyId
}
uuid_id! {
    /// A player, as the game knows them.
    PlayerId
}
integer_id! {
    /// A name's row. On the wire a name is itself.
    NameId
}
uuid_id! {
    /// The public name of a user's session: of a token that a service key issued, or of a browser's cookie.
    UserSessionId
}
uuid_id! {
    /// A game server's run, from its launch to its end.
    ServerSessionId
}
integer_id! {
    /// A plan's row. On the wire a plan is its tier.
    PlanId
}
integer_id! {
    /// What one provider grants to one user.
    EntitlementId
}

/// A person, by the id that Discord gave them. A string in JSON: it exceeds the integers that JavaScript can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^[1-9][0-9]{0,18}$", example = "80351110224678912")]
pub struct DiscordId(i64);

/// Why a text is no Discord id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a Discord id is a positive whole number below 2^63, as a string")]
pub struct DiscordIdError;

impl DiscordId {
    /// Wraps a number that came from the database.
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The number, for binding to a statement.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for DiscordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for DiscordId {
    type Err = DiscordIdError;

    fn from_str(text: &str) -> Result<Self, DiscordIdError> {
        // One spelling for one person: no sign, no leading zero.
        let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
        let id = text.parse::<i64>().ok().filter(|id| plain && *id > 0);
        id.map(Self).ok_or(DiscordIdError)
    }
}

impl Serialize for DiscordId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DiscordId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discord_id_is_a_string_with_one_spelling() {
        for good in ["1", "2002", "80351110224678912", "9223372036854775807"] {
            let id: DiscordId = good.parse().unwrap();
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(json, format!("\"{good}\""));
            assert_eq!(serde_json::from_str::<DiscordId>(&json).unwrap(), id);
        }
        let bad = ["", "0", "007", "-1", "+1", "1.0", "1e3", " 1", "abc", "9223372036854775808"];
        for bad in bad {
            assert_eq!(bad.parse::<DiscordId>(), Err(DiscordIdError), "{bad:?}");
        }
        // A number has lost its last digits before it gets here.
        assert!(serde_json::from_str::<DiscordId>("80351110224678912").is_err());
    }
}
