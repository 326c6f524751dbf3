//! `/addresses`: wallets, in Krist's words.

use std::sync::Arc;

use axum::extract::State;

use super::{Answered, excludes_mined};
use crate::{
    auth::{Caller, gate::ClientIp},
    gateways::krist::{
        Krist, Part, error::KristError, fields::Fields, query::Query, reply::Reply,
        views::AddressView,
    },
    kernel::address::Address,
    ledger::{
        Wallet,
        lists::{self, PaymentList, PaymentOrder, WalletOrder},
    },
    names::queries,
};

/// Characters of an address of the first version, which can be asked for although nobody has one any more.
const V1_CHARS: usize = 10;

impl Krist {
    /// The wallet with an address, if the owner of a session may see it.
    pub(in crate::gateways::krist) async fn address(
        &self,
        owner: Option<&Address>,
        text: &str,
        names: bool,
    ) -> Result<AddressView, KristError> {
        let address = address_of(text)?;
        if !self.settings.public && owner != Some(&address) {
            return Err(KristError::auth_failed());
        }
        let wallet = self.wallet(&address).await?;
        let names = if names {
            let owner = std::slice::from_ref(&address);
            let counts = queries::count_each(&mut *self.native.db.read().await?, owner).await?;
            Some(counts.first().map_or(0, |(_, count)| *count))
        } else {
            None
        };
        Ok(AddressView::new(&wallet, names, self.scale()))
    }

    pub(super) async fn wallet(&self, address: &Address) -> Result<Wallet, KristError> {
        let found =
            lists::wallets_of(&mut *self.native.db.read().await?, std::slice::from_ref(address))
                .await?;
        found.into_iter().next().ok_or_else(|| KristError::address_not_found(address))
    }
}

/// An address that can be looked up. One of the first version is nobody's.
pub(super) fn address_of(text: &str) -> Result<Address, KristError> {
    let text = text.trim().to_ascii_lowercase();
    let is_v1 =
        text.len() == V1_CHARS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    text.parse().map_err(|_unknown| {
        if is_v1 { KristError::no_such_address(&text) } else { KristError::invalid("address") }
    })
}

pub(super) async fn addresses(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    query: Query,
) -> Answered {
    listed(&krist, &caller, &query, WalletOrder::Made).await
}

pub(super) async fn rich(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    query: Query,
) -> Answered {
    listed(&krist, &caller, &query, WalletOrder::Rich).await
}

async fn listed(krist: &Krist, caller: &Caller, query: &Query, order: WalletOrder) -> Answered {
    krist.may_see(caller, &[])?;
    let rows = query.rows()?;
    let listed = lists::wallets(&mut *krist.native.db.read().await?, order, rows).await?;
    Ok(krist.addresses(&listed))
}

pub(super) async fn address(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    Part(address): Part,
    query: Query,
) -> Answered {
    let known = address_of(&address)?;
    krist.may_see(&caller, &[known.as_str()])?;
    let names = query.flag(&["fetchNames", "fetch_names"]);
    let view = krist.address(Some(&known), &address, names).await?;
    Ok(Reply::ok().with("address", &view))
}

pub(super) async fn transactions(
    State(krist): State<Arc<Krist>>,
    caller: Caller,
    Part(address): Part,
    query: Query,
) -> Answered {
    let address = address_of(&address)?;
    krist.may_see(&caller, &[address.as_str()])?;
    let rows = query.rows()?;
    krist.wallet(&address).await?;
    let list = PaymentList {
        wallets: Some(vec![address]),
        mined: !excludes_mined(&query),
        order: PaymentOrder::Id,
        descending: true,
    };
    let listed = lists::payments(&mut *krist.native.db.read().await?, &list, rows).await?;
    Ok(krist.transactions(&listed))
}

/// What the operator wants the owner of a wallet to know: nothing.
pub(super) async fn alert(
    State(krist): State<Arc<Krist>>,
    ClientIp(ip): ClientIp,
    fields: Fields,
) -> Answered {
    let key = fields.key()?;
    match krist.prove(ip, &key).await? {
        Some(_) => Ok(Reply::ok().with("alert", &())),
        None => Err(KristError::auth_failed()),
    }
}
