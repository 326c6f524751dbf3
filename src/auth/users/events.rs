//! The events of users.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::User;
use crate::kernel::{
    address::Address,
    event::{Fact, Topic},
    id::DiscordId,
    money::Scale,
};

/// The kinds of this part of the slice.
pub const KINDS: &[&str] = &["user.linked", "user.wallet_linked", "user.wallet_unlinked"];

/// The topics of everything that is a user's own: theirs, and the one of all users.
pub fn topics_of(user: DiscordId) -> Vec<Topic> {
    vec![Topic::of("user", user), Topic::named("users")]
}

/// A user was linked.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserLinked {
    /// Who.
    pub user: User,
}

impl Fact for UserLinked {
    fn kind(&self) -> &'static str {
        "user.linked"
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.user.discord_user_id)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

/// A wallet became a user's, or is no longer.
#[derive(Debug, Clone)]
pub struct WalletChanged {
    /// Whose.
    pub user: DiscordId,
    /// Which.
    pub address: Address,
    /// Whether it is theirs now.
    pub linked: bool,
    /// The user's version.
    pub version: i64,
}

/// The data of `user.wallet_linked` and `user.wallet_unlinked`.
#[derive(Debug, Clone, Serialize, serde::Deserialize, ToSchema)]
pub struct WalletLink {
    /// Whose.
    pub discord_user_id: DiscordId,
    /// Which.
    pub address: Address,
    /// The user's version: dense, so a listener sees that nothing is missing.
    pub version: i64,
}

impl Fact for WalletChanged {
    fn kind(&self) -> &'static str {
        if self.linked { "user.wallet_linked" } else { "user.wallet_unlinked" }
    }

    fn topics(&self) -> Vec<Topic> {
        topics_of(self.user)
    }

    fn data(&self, _: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(&WalletLink {
            discord_user_id: self.user,
            address: self.address.clone(),
            version: self.version,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::Value;

    use super::*;
    use crate::kernel::time::Timestamp;

    fn check(fact: &impl Fact, golden: &str) {
        let golden: Value = serde_json::from_str(golden).unwrap();
        let data = fact.data(Scale::new(2).unwrap()).unwrap();
        let data: Value = serde_json::from_str(data.get()).unwrap();
        let event = serde_json::json!({"kind": fact.kind(), "topics": fact.topics(), "data": data});
        assert_eq!(event, golden);
    }

    #[test]
    fn every_kind_has_its_golden_json() {
        let id = DiscordId::new(80_351_110_224_678_912);
        let user = User {
            discord_user_id: id,
            username: "ada".into(),
            display_name: Some("Ada".into()),
            avatar: None,
            email: Some("ada@example.com".into()),
            version: 1,
            linked_at: Timestamp::new(DateTime::from_timestamp(1_790_856_000, 0).unwrap()),
        };
        let linked = include_str!("../../../tests/golden/events/user.linked.json");
        check(&UserLinked { user }, linked);
        let wallet = |linked, version| WalletChanged {
            user: id,
            address: "k8juvewcui".parse().unwrap(),
            linked,
            version,
        };
        let linked = include_str!("../../../tests/golden/events/user.wallet_linked.json");
        check(&wallet(true, 2), linked);
        let unlinked = include_str!("../../../tests/golden/events/user.wallet_unlinked.json");
        check(&wallet(false, 3), unlinked);
    }
}
