//! The topics of contracts: `contracts`, `contract:{id}`, `subscriptions` and `subscription:{id}`.

use std::str::FromStr;

use futures_util::future::BoxFuture;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    queries,
    subscribers::{queries as subscribers, views::SubscriptionView},
    views::ContractView,
};
use crate::{
    auth::{
        Caller, Scope,
        topics::{Audience, Topics, Verdict},
    },
    db::{Db, DbError, Snapshot},
    kernel::{
        event::Topic,
        id::{ContractId, SubscriptionId},
    },
};

/// Who may listen to contracts. What is offered is for everyone; who pays for it is as public as the ledger.
#[derive(Debug, Clone)]
pub struct ContractTopics {
    /// The database, which knows whose a contract is.
    pub db: Db,
    /// Whether everybody may see every wallet.
    pub public: bool,
}

/// A topic of this slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContractTopic {
    Contracts,
    Subscriptions,
    Contract(ContractId),
    Subscription(SubscriptionId),
    /// Of a family of this slice, and naming nothing.
    Unknown,
}

fn parse(topic: &Topic) -> Option<ContractTopic> {
    let number = |text| i64::from_str(text).ok().filter(|id| *id > 0 && id.to_string() == text);
    let found = match topic.split() {
        ("contracts", None) => Some(ContractTopic::Contracts),
        ("subscriptions", None) => Some(ContractTopic::Subscriptions),
        ("contract", Some(id)) => number(id).map(|id| ContractTopic::Contract(ContractId::new(id))),
        ("subscription", Some(id)) => {
            number(id).map(|id| ContractTopic::Subscription(SubscriptionId::new(id)))
        }
        _ => return None,
    };
    Some(found.unwrap_or(ContractTopic::Unknown))
}

impl ContractTopics {
    /// Whether the caller is a party to what the topic is about, in a ledger that is not public.
    async fn is_party(&self, caller: &Caller, topic: ContractTopic) -> Result<bool, DbError> {
        let mut conn = self.db.read().await?;
        Ok(match topic {
            ContractTopic::Contract(id) => queries::contract(&mut conn, id)
                .await?
                .is_some_and(|contract| caller.owns(&contract.offer.owner)),
            ContractTopic::Subscription(id) => subscribers::subscription(&mut conn, id)
                .await?
                .is_some_and(|standing| standing.is_party(caller)),
            ContractTopic::Contracts | ContractTopic::Subscriptions | ContractTopic::Unknown => {
                false
            }
        })
    }
}

impl Topics for ContractTopics {
    fn audience<'a>(&'a self, caller: &'a Caller, topic: &'a Topic) -> Option<Verdict<'a>> {
        let topic = parse(topic)?;
        Some(match topic {
            ContractTopic::Unknown => Verdict::Known(Audience::Unknown),
            ContractTopic::Contracts => Verdict::allowed(true),
            _ if self.public || caller.has(Scope::Admin) => Verdict::allowed(true),
            _ => Verdict::Read(Box::pin(async move {
                let party = self.is_party(caller, topic).await?;
                Ok(if party { Audience::Allowed } else { Audience::Forbidden })
            })),
        })
    }

    fn snapshot<'a>(
        &'a self,
        view: &'a mut Snapshot,
        topic: &'a Topic,
    ) -> Option<BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>>> {
        let topic = parse(topic)?;
        let (now, scale) = (self.db.now(), self.db.scale());
        Some(Box::pin(async move {
            let part = match topic {
                ContractTopic::Contract(id) => {
                    let Some(contract) = queries::contract(view.conn(), id).await? else {
                        return Ok(Vec::new());
                    };
                    let subscribers = queries::subscribers(view.conn(), id).await?;
                    // A snapshot is for all listeners, so it shows what a guest sees.
                    to_raw_value(&ContractView::new(
                        &contract,
                        subscribers,
                        &Caller::Guest,
                        now,
                        scale,
                    ))?
                }
                ContractTopic::Subscription(id) => {
                    let Some(standing) = subscribers::subscription(view.conn(), id).await? else {
                        return Ok(Vec::new());
                    };
                    to_raw_value(&SubscriptionView::new(
                        &standing.subscription,
                        &standing.offer,
                        now,
                        scale,
                    ))?
                }
                ContractTopic::Contracts
                | ContractTopic::Subscriptions
                | ContractTopic::Unknown => return Ok(Vec::new()),
            };
            Ok(vec![part])
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_told_apart() {
        for (name, expected) in [
            ("contracts", Some(ContractTopic::Contracts)),
            ("subscriptions", Some(ContractTopic::Subscriptions)),
            ("contract:7", Some(ContractTopic::Contract(ContractId::new(7)))),
            ("subscription:31", Some(ContractTopic::Subscription(SubscriptionId::new(31)))),
            ("contract:0", Some(ContractTopic::Unknown)),
            ("contract:07", Some(ContractTopic::Unknown)),
            ("contract:x", Some(ContractTopic::Unknown)),
            ("contract", None),
            ("contracts:7", None),
            ("wallet:k8juvewcui", None),
        ] {
            assert_eq!(parse(&name.parse().unwrap()), expected, "{name}");
        }
    }
}
