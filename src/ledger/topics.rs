//! The topics of the ledger: `payments` and `wallet:{address}`.

use futures_util::future::{BoxFuture, ready};
use serde_json::value::{RawValue, to_raw_value};

use super::{queries, routes::WalletView};
use crate::{
    auth::{
        Caller, Scope,
        topics::{Audience, Topics, Verdict},
    },
    db::{DbError, Snapshot},
    kernel::{address::Address, event::Topic, money::Scale},
};

/// Who may listen to the ledger.
#[derive(Debug, Clone, Copy)]
pub struct LedgerTopics {
    /// Whether everybody may see every wallet.
    pub public: bool,
    /// Decimals of the currency.
    pub scale: Scale,
}

/// A topic of this slice.
enum LedgerTopic {
    Payments,
    Wallet(Option<Address>),
}

fn parse(topic: &Topic) -> Option<LedgerTopic> {
    match topic.split() {
        ("payments", None) => Some(LedgerTopic::Payments),
        ("wallet", Some(address)) => Some(LedgerTopic::Wallet(address.parse().ok())),
        _ => None,
    }
}

impl Topics for LedgerTopics {
    fn audience<'a>(&'a self, caller: &'a Caller, topic: &'a Topic) -> Option<Verdict<'a>> {
        let allowed = match parse(topic)? {
            LedgerTopic::Wallet(None) => return Some(Verdict::Known(Audience::Unknown)),
            LedgerTopic::Payments => self.public || caller.has(Scope::Admin),
            LedgerTopic::Wallet(Some(address)) => {
                self.public || caller.owns(&address) || caller.has(Scope::Admin)
            }
        };
        Some(Verdict::allowed(allowed))
    }

    fn snapshot<'a>(
        &'a self,
        view: &'a mut Snapshot,
        topic: &'a Topic,
    ) -> Option<BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>>> {
        let LedgerTopic::Wallet(address) = parse(topic)? else {
            return Some(Box::pin(ready(Ok(Vec::new()))));
        };
        Some(Box::pin(async move {
            let Some(address) = address else { return Ok(Vec::new()) };
            let wallet = queries::wallet(view.conn(), &address).await?;
            let part = |wallet| to_raw_value(&WalletView::new(&wallet, self.scale));
            Ok(wallet.map(part).transpose()?.into_iter().collect())
        }))
    }
}
