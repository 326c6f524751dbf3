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
