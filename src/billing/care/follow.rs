//! What the events of other slices cause here: who links gets what they bought before, and a product that is mapped
//! gives its plan to those who bought it.

use serde::Deserialize;

use super::store;
use crate::{
    billing::{events::Occasion, webhooks},
    db::{DbError, Tx, follow::Follow},
    kernel::{event::Event, id::DiscordId},
    plans::{events::ChangedPlan, model::Provider},
};

/// Follows users and plans.
#[derive(Debug, Clone, Copy)]
pub struct Wakener {
    /// Whether the provider can be asked about a user.
    pub asks: bool,
}

/// The part of `user.linked` that counts here.
#[derive(Debug, Deserialize)]
struct Linked {
    user: LinkedUser,
}

/// See [`Linked`].
#[derive(Debug, Deserialize)]
struct LinkedUser {
    discord_user_id: DiscordId,
}

impl Follow for Wakener {
    const NAME: &'static str = "billing";
    const KINDS: &'static [&'static str] = &["user.linked", "plan.changed"];

    async fn handle(&self, tx: &mut Tx, event: &Event) -> Result<(), DbError> {
        let now = tx.now();
        if &*event.kind == "user.linked" {
            let linked: Linked = serde_json::from_str(event.data.get())?;
            let user = linked.user.discord_user_id;
            webhooks::store::events_wake_user(tx.conn(), user, now).await?;
            if self.asks {
                // Events of before may have been given up by the provider.
                store::look_request(tx.conn(), user, Occasion::Link, (now, now)).await?;
            }
            return Ok(());
        }
        let changed: ChangedPlan = serde_json::from_str(event.data.get())?;
        let products = changed.plan.products.into_iter();
        let polar = products.filter(|product| product.provider == Provider::Polar);
        let ids: Vec<String> = polar.map(|product| product.product_id.to_string()).collect();
        webhooks::store::events_wake_products(tx.conn(), &ids, now).await
    }
}
