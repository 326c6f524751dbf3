//! `/lookup`: several wallets, or what concerns them, at once.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;

use super::Answered;
use crate::{
    auth::Caller,
    gateways::krist::{
        Krist, Part, error::KristError, query::Query, reply::Reply, views::AddressView,
    },
    kernel::address::Address,
    ledger::lists::{self, PaymentList, PaymentOrder},
    names::queries,
};

/// Addresses that are looked up at once.
const LOOKUP_ADDRESSES_MAX: usize = 128;

/// The addresses between commas. Clients may have percent-encoded the commas, which the path undoes.
pub(super) fn addresses_of(text: &str) -> Result<Vec<Address>, KristError> {
    let invalid = || KristError::invalid("addresses");
    let mut addresses = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        if addresses.len() == LOOKUP_ADDRESSES_MAX {
            return Err(invalid());
        }
        let address = part.to_ascii_lowercase().parse().map_err(|_unknown| invalid())?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

fn texts(addresses: &[Address]) -> Vec<&str> {
    addresses.iter().map(Address::as_str).collect()
}

pub(super) async fn addresses(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    Part(text): Part,
    query: Query,
) -> Answered {
    let asked = addresses_of(&text)?;
    if asked.is_empty() {
        return Err(KristError::missing("addresses"));
    }
    only(&krist, &caller, &asked)?;
    let mut conn = krist.native.db.read().await?;
    let found = lists::wallets_of(&mut conn, &asked).await?;
    let names = if query.flag(&["fetchNames", "fetch_names"]) {
        Some(queries::count_each(&mut conn, &asked).await?)
    } else {
        None
    };
    drop(conn);
    let owned = |owner: &Address| {
        let counts = names.as_ref()?.iter().find(|(address, _)| address == owner);
        Some(counts.map_or(0, |(_, count)| *count))
    };
    let mut all: BTreeMap<&str, Option<AddressView>> =
        asked.iter().map(|address| (address.as_str(), None)).collect();
    for wallet in &found {
        let view = AddressView::new(wallet, owned(&wallet.address), krist.scale());
        all.insert(wallet.address.as_str(), Some(view));
    }
    let missing = asked.len().saturating_sub(found.len());
    Ok(Reply::ok().with("found", &found.len()).with("notFound", &missing).with("addresses", &all))
}

pub(super) async fn all_transactions(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    query: Query,
) -> Answered {
    listed(&krist, &caller, &query, None).await
}

pub(super) async fn transactions(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    Part(text): Part,
    query: Query,
) -> Answered {
    let addresses = addresses_of(&text)?;
    listed(&krist, &caller, &query, Some(addresses).filter(|list| !list.is_empty())).await
}

async fn listed(
    krist: &Krist,
    caller: &Caller,
    query: &Query,
    wallets: Option<Vec<Address>>,
) -> Answered {
    only(krist, caller, wallets.as_deref().unwrap_or_default())?;
    let rows = query.rows()?;
    let list = PaymentList {
        wallets,
        mined: query.flag(&["includeMined", "include_mined"]),
        order: order(query)?,
        descending: descending(query)?,
    };
    let listed = lists::payments(&mut *krist.native.db.read().await?, &list, rows).await?;
    Ok(krist.transactions(&listed))
}

/// In a ledger that is not public a wallet may look up itself and nobody else.
pub(super) fn only(
    krist: &Krist,
    caller: &Caller,
    addresses: &[Address],
) -> Result<(), KristError> {
    if addresses.is_empty() {
        return krist.may_see(caller, &[]);
    }
    texts(addresses).iter().try_for_each(|address| krist.may_see(caller, &[address]))
}

fn order(query: &Query) -> Result<PaymentOrder, KristError> {
    match query.get("orderBy") {
        // The number of a payment is also the order of their times.
        None | Some("" | "id" | "time") => Ok(PaymentOrder::Id),
        Some("from") => Ok(PaymentOrder::From),
        Some("to") => Ok(PaymentOrder::To),
        Some("value") => Ok(PaymentOrder::Value),
        Some("sent_name") => Ok(PaymentOrder::SentName),
        Some("sent_metaname") => Ok(PaymentOrder::SentMetaname),
        Some(_) => Err(KristError::invalid("orderBy")),
    }
}

/// Whether the last comes first, which Krist's lookups do only when asked to.
pub(super) fn descending(query: &Query) -> Result<bool, KristError> {
    match query.get("order").map(str::to_ascii_uppercase).as_deref() {
        None | Some("" | "ASC") => Ok(false),
        Some("DESC") => Ok(true),
        Some(_) => Err(KristError::invalid("order")),
    }
}
