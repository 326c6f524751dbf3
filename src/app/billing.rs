//! Billing as the settings want it: what its routes need, and its loops.

use std::sync::Arc;

use anyhow::Context as _;

use crate::{
    billing::{
        care::{clock::Care, follow::Wakener},
        polar::{Polar, PolarSettings},
        routes::BillingState,
        webhooks::routes::DoorState,
    },
    config::settings::BillingSettings,
    db::{Db, follow::follow, tasks::Tasks},
    http::signature::Keys,
};

/// Billing, ready to be served.
#[derive(Debug)]
pub(super) struct Billing {
    pub(super) state: BillingState,
    pub(super) door: DoorState,
}

impl Billing {
    /// Starts the loops, as far as there is somebody to ask or to hear from.
    pub(super) fn start(
        db: &Db,
        settings: &BillingSettings,
        tasks: &Tasks,
    ) -> anyhow::Result<Self> {
        let polar = Polar::new(PolarSettings {
            base: settings.polar_api_base_url.clone(),
            token: settings.polar_access_token.clone(),
        });
        let polar = polar.context("could not prepare to ask Polar")?;
        let keys = settings.polar_webhook_secret.as_ref().map(Keys::new).unwrap_or_default();
        let revoke_on_full_refund = settings.polar_revoke_on_full_refund;
        let asks = polar.is_configured();
        if asks || !keys.is_empty() {
            let care = Care {
                db: db.clone(),
                polar: polar.clone(),
                reenable: settings.polar_reenable_webhook,
                revoke_on_full_refund,
            };
            tasks.spawn("billing follower", follow(db.clone(), Wakener { asks }));
            tasks.spawn_vital("webhook retries", care.clone().retry_events(tasks.stopping()));
            if asks {
                tasks.spawn_vital("billing looks", care.clone().look(tasks.stopping()));
                tasks.spawn_vital("billing rounds", care.rounds(tasks.stopping()));
            }
        }
        let state = BillingState {
            db: db.clone(),
            polar,
            success_url: settings.polar_checkout_success_url.clone(),
            portal_url: settings.polar_customer_portal_url.clone(),
            revoke_on_full_refund,
        };
        let door = DoorState { db: db.clone(), keys: Arc::new(keys), revoke_on_full_refund };
        Ok(Self { state, door })
    }
}
