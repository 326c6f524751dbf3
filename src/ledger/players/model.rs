//! What a player is. Pure.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::kernel::id::PlayerId;

/// The longest name of a player in characters.
pub const PLAYER_NAME_CHARS_MAX: usize = 16;
/// Wallets of one player at the most.
pub const PLAYER_WALLETS_MAX: usize = 64;

/// A player.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Player {
    /// Who the game says they are. It never changes.
    pub id: PlayerId,
    /// What they are called.
    pub name: PlayerName,
}

/// What a player is called: 1 to 16 of letters, digits and `_`, as the game allows; case is kept and does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[A-Za-z0-9_]{1,16}$", example = "Notch")]
pub struct PlayerName(String);

/// Why a text is no player's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a player's name is 1 to {PLAYER_NAME_CHARS_MAX} of letters, digits and _")]
pub struct PlayerNameError;

impl PlayerName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PlayerName {
    type Err = PlayerNameError;

    fn from_str(text: &str) -> Result<Self, PlayerNameError> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if plain && (1..=PLAYER_NAME_CHARS_MAX).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(PlayerNameError)
        }
    }
}

impl<'de> Deserialize<'de> for PlayerName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_players_name_is_what_the_game_allows() {
        for good in ["Notch", "a", "_x_", "0123456789abcdef"] {
            assert_eq!(good.parse::<PlayerName>().unwrap().as_str(), good);
        }
        for bad in ["", "a b", "a-b", "é", "0123456789abcdefg", "a\n"] {
            assert_eq!(bad.parse::<PlayerName>(), Err(PlayerNameError), "{bad:?}");
        }
    }
}
