//! Notes when a user loses the plan that their sessions run on, for operators who want such servers stopped. Without
//! that setting a session uses the minutes that were reserved for it.

use serde::Deserialize;

use super::store;
use crate::{
    db::{DbError, Tx, follow::Follow},
    kernel::{event::Event, id::DiscordId},
};

/// Follows what users have.
#[derive(Debug, Clone, Copy)]
pub struct Revocations;

/// What it needs to know of `entitlement.changed`.
#[derive(Deserialize)]
struct Changed {
    discord_user_id: DiscordId,
    entitlement: Access,
}

#[derive(Deserialize)]
struct Access {
    active: bool,
}

impl Follow for Revocations {
    const NAME: &'static str = "server_revocations";
    const KINDS: &'static [&'static str] = &["entitlement.changed"];

    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), DbError> {
        let changed: Changed = serde_json::from_str(event.data.get())?;
        let since = Some(tx.now()).filter(|_| !changed.entitlement.active);
        store::sessions_revoke(tx.conn(), changed.discord_user_id, since).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_of_plans_can_be_read() {
        let golden = include_str!("../../tests/golden/events/entitlement.changed.json");
        let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
        let changed: Changed = serde_json::from_value(golden["data"].clone()).unwrap();
        assert_eq!(changed.discord_user_id.get(), 80_351_110_224_678_912);
        assert!(changed.entitlement.active);
    }
}
