//! What the community says about itself: `GET /motd`, and the greeting of a websocket.

use serde::Serialize;

use super::{Krist, reply::Reply};
use crate::kernel::{money::Decimal, time::Timestamp};

/// A number that old miners want to see. Nothing is mined here.
pub(super) const WORK: u32 = 100_000;
/// Which derivation of addresses clients must speak.
pub(super) const WALLET_VERSION: u32 = 16;

#[derive(Serialize)]
struct Package {
    name: &'static str,
    version: &'static str,
    author: &'static str,
    licence: &'static str,
    repository: &'static str,
    git_hash: &'static str,
}

#[derive(Serialize)]
struct Constants {
    wallet_version: u32,
    nonce_max_size: u32,
    name_cost: Decimal,
    min_work: u32,
    max_work: u32,
    work_factor: f32,
    seconds_per_block: u32,
}

fn currency(krist: &Krist) -> Reply {
    let profile = krist.settings.profile;
    Reply::default()
        .with("address_prefix", "k")
        .with("name_suffix", &krist.settings.suffix)
        .with("currency_name", profile.currency())
        .with("currency_symbol", profile.symbol())
}

/// The fields behind `ok` and `type`.
pub(super) fn motd(krist: &Krist, host: &str, now: Timestamp) -> Reply {
    let version = env!("CARGO_PKG_VERSION");
    let package = Package {
        name: "tollbell",
        version,
        author: "the tollbell contributors",
        licence: "MIT OR Apache-2.0",
        repository: "",
        git_hash: version,
    };
    let constants = Constants {
        wallet_version: WALLET_VERSION,
        nonce_max_size: 24,
        name_cost: krist.settings.name_price.amount().at(krist.scale()),
        min_work: 1,
        max_work: WORK,
        work_factor: 0.025,
        seconds_per_block: 300,
    };
    let notice = krist.notices.notice();
    Reply::default()
        .with("server_time", &now)
        .with("motd", &notice.motd)
        .with("set", &notice.motd_set_at)
        .with("motd_set", &notice.motd_set_at)
        .with("public_url", host)
        .with("public_ws_url", host)
        .with("mining_enabled", &false)
        .with("transactions_enabled", &notice.transactions_enabled)
        .with("debug_mode", &krist.settings.debug)
        .with("work", &WORK)
        .with("last_block", &())
        .with("package", &package)
        .with("constants", &constants)
        .with("currency", &currency(krist))
        .with("notice", "")
}
