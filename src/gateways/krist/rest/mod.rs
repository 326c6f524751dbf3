//! The routes of this door that answer at once. Paths, parameters and shapes are Krist's.

mod addresses;
mod lookup;
mod misc;
mod names;
mod search;
mod transactions;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use super::{
    Krist,
    error::KristError,
    query::Query,
    reply::Reply,
    views::{AddressView, TransactionView},
};
use crate::{
    auth::Caller,
    ledger::{Payment, Wallet, lists::Listed},
};

/// What every route gives.
type Answered = Result<Reply, KristError>;

/// All of them, without their place.
pub(super) fn routes() -> Router<Arc<Krist>> {
    Router::new()
        .route("/addresses", get(addresses::addresses))
        .route("/addresses/rich", get(addresses::rich))
        .route("/addresses/alert", post(addresses::alert))
        .route("/addresses/{address}", get(addresses::address))
        .route("/addresses/{address}/names", get(names::of_address))
        .route("/addresses/{address}/transactions", get(addresses::transactions))
        .route("/transactions", get(transactions::transactions).post(transactions::pay))
        .route("/transactions/latest", get(transactions::latest))
        .route("/transactions/{id}", get(transactions::transaction))
        .route("/lookup/addresses/{addresses}", get(lookup::addresses))
        .route("/lookup/transactions", get(lookup::all_transactions))
        .route("/lookup/transactions/{addresses}", get(lookup::transactions))
        .route("/names", get(names::names))
        .route("/names/new", get(names::new))
        .route("/names/cost", get(names::cost))
        .route("/names/bonus", get(names::bonus))
        .route("/names/check/{name}", get(names::check))
        .route("/names/{name}", get(names::name).post(names::purchase).put(names::update))
        .route("/names/{name}/transfer", post(names::transfer))
        .route("/names/{name}/update", post(names::update).put(names::update))
        .route("/lookup/names", get(names::lookup_all))
        .route("/lookup/names/{name}", get(names::lookup))
        .route("/lookup/names/{name}/history", get(names::history))
        .route("/lookup/names/{name}/transactions", get(names::transactions))
        .route("/search", get(search::search))
        .route("/search/extended", get(search::extended))
        .route("/search/extended/results/transactions/{kind}", get(search::results))
        .route("/login", post(misc::login))
        .route("/v2", post(misc::v2))
        .route("/motd", get(misc::motd))
        .route("/supply", get(misc::supply))
        .route("/walletversion", get(misc::wallet_version))
        .route("/whatsnew", get(misc::whatsnew))
        .route("/work", get(misc::work))
        .route("/work/day", get(misc::work_day))
        .route("/work/detailed", get(misc::work_detailed))
        .route("/blocks", get(misc::blocks))
        .route("/blocks/latest", get(misc::blocks))
        .route("/blocks/lowest", get(misc::blocks))
        .route("/blocks/last", get(misc::block))
        .route("/blocks/basevalue", get(misc::block_value))
        .route("/blocks/value", get(misc::block_value))
        .route("/blocks/{height}", get(misc::block))
        .route("/submit", post(misc::submit))
}

impl Krist {
    /// Whether a caller may see what concerns some wallets; no wallet stands for all of them.
    fn may_see(&self, caller: &Caller, wallets: &[&str]) -> Result<(), KristError> {
        let owns = |address: &crate::kernel::address::Address| wallets.contains(&address.as_str());
        let allowed = self.settings.public
            || caller.has(crate::auth::Scope::Admin)
            || matches!(caller, Caller::Wallet { address, .. } if owns(address));
        if allowed { Ok(()) } else { Err(KristError::auth_failed()) }
    }

    fn transactions(&self, listed: &Listed<Payment>) -> Reply {
        let (profile, scale) = (self.settings.profile, self.scale());
        let view = |payment| TransactionView::new(payment, profile, scale);
        let rows: Vec<_> = listed.rows.iter().map(view).collect();
        list("transactions", &rows, listed.total)
    }

    fn addresses(&self, listed: &Listed<Wallet>) -> Reply {
        let view = |wallet| AddressView::new(wallet, None, self.scale());
        let rows: Vec<_> = listed.rows.iter().map(view).collect();
        list("addresses", &rows, listed.total)
    }
}

fn list<T: serde::Serialize>(plural: &'static str, rows: &[T], total: i64) -> Reply {
    Reply::ok().with("count", &rows.len()).with("total", &total).with(plural, rows)
}

/// Whether new money is left out of a list.
fn excludes_mined(query: &Query) -> bool {
    query.flag(&["excludeMined", "exclude_mined"])
}
