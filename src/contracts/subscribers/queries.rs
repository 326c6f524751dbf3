//! Reads of subscriptions.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{
    model::{Subscription, SubscriptionStatus},
    store,
};
use crate::{
    auth::Caller,
    contracts::{model::Offer, queries::COUNTED_ROWS_MAX},
    db::DbError,
    kernel::{
        address::Address,
        id::{ContractId, SubscriptionId},
        page::{ForwardQuery, Page},
    },
};

/// A subscription and what its contract offers: what a wallet is told about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The subscription.
    pub subscription: Subscription,
    /// What its contract offers now.
    pub offer: Offer,
}

impl Standing {
    /// Whether the caller is the wallet that pays or the one that is paid.
    pub fn is_party(&self, caller: &Caller) -> bool {
        caller.owns(&self.subscription.address) || caller.owns(&self.offer.owner)
    }
}

/// Which subscriptions a list is of. What is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub(super) struct SubscriptionFilter {
    /// To this contract.
    pub(super) contract: Option<ContractId>,
    /// Of this wallet.
    pub(super) address: Option<Address>,
    /// With this status.
    pub(super) status: Option<SubscriptionStatus>,
    /// Ended, or not.
    pub(super) is_active: Option<bool>,
    /// Which this wallet pays or is paid for.
    pub(super) party: Option<Address>,
}

pub(in crate::contracts) async fn subscription(
    conn: &mut PgConnection,
    id: SubscriptionId,
) -> Result<Option<Standing>, DbError> {
    Ok(store::standings(conn, &[id.get()]).await?.pop())
}

/// A wallet's subscription to a contract.
pub(super) async fn subscription_of(
    conn: &mut PgConnection,
    contract: ContractId,
    address: &Address,
) -> Result<Option<Standing>, DbError> {
    store::subscription_of(conn, contract, address).await
}

/// The subscriptions that a filter lets through, oldest first.
pub(super) async fn subscriptions(
    conn: &mut PgConnection,
    filter: &SubscriptionFilter,
    query: ForwardQuery,
) -> Result<Page<Standing>, DbError> {
    let (after, rows) = (SubscriptionId::new(query.after()), i64::from(query.rows()));
    let items = store::subscriptions_list(conn, filter, after, query.offset(), rows).await?;
    let remaining = match items.last() {
        Some(Standing { subscription: last, .. }) => {
            store::subscriptions_count(conn, filter, last.id, COUNTED_ROWS_MAX).await?
        }
        None => 0,
    };
    Ok(Page::new(items, remaining, |standing| standing.subscription.id.get()))
}
