//! The topics that belong to the hub itself: `pulse` and `notices` for everybody, `ops` for the operator.

use futures_util::future::{BoxFuture, ready};
use serde_json::value::{RawValue, to_raw_value};

use super::operate::notices;
use crate::{
    auth::{
        Caller, Scope,
        topics::{Topics, Verdict},
    },
    db::{DbError, Snapshot},
    kernel::event::Topic,
};

/// How the hub is doing, in sums.
pub(super) const PULSE: &str = "pulse";
/// What every client is told about the community.
pub(super) const NOTICES: &str = "notices";
/// What the operator should know.
pub(super) const OPS: &str = "ops";

/// Who may listen to the hub itself.
#[derive(Debug, Clone, Copy)]
pub struct HubTopics;

impl Topics for HubTopics {
    fn audience<'a>(&'a self, caller: &'a Caller, topic: &'a Topic) -> Option<Verdict<'a>> {
        let allowed = match topic.as_str() {
            PULSE | NOTICES => true,
            OPS => caller.has(Scope::Admin),
            _ => return None,
        };
        Some(Verdict::allowed(allowed))
    }

    fn snapshot<'a>(
        &'a self,
        view: &'a mut Snapshot,
        topic: &'a Topic,
    ) -> Option<BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>>> {
        if topic.as_str() == NOTICES {
            return Some(Box::pin(async move {
                Ok(vec![to_raw_value(&notices::notice(view).await?)?])
            }));
        }
        let known = matches!(topic.as_str(), PULSE | OPS);
        // Hints have no state: the next one says all.
        known.then(|| -> BoxFuture<'a, _> { Box::pin(ready(Ok(Vec::new()))) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        auth::{
            Scopes,
            topics::{Audience, TopicMap},
        },
        kernel::id::ServiceKeyId,
    };

    fn service(scope: Scope) -> Caller {
        Caller::Service {
            key: ServiceKeyId::new(uuid::Uuid::nil()),
            name: "a key".into(),
            scopes: Scopes::new(vec![scope]).unwrap(),
        }
    }

    #[tokio::test]
    async fn everybody_hears_the_pulse_and_admins_the_rest() {
        let map = TopicMap::new(vec![Box::new(HubTopics)]);
        let check = async |caller: &Caller, topic: &'static str, expected: Audience| {
            let heard = map.audience(caller, &Topic::named(topic)).await.unwrap();
            assert_eq!(heard, expected, "{topic}");
        };
        check(&Caller::Guest, PULSE, Audience::Allowed).await;
        check(&Caller::Guest, NOTICES, Audience::Allowed).await;
        check(&Caller::Guest, OPS, Audience::Forbidden).await;
        check(&service(Scope::Bot), OPS, Audience::Forbidden).await;
        check(&service(Scope::Admin), OPS, Audience::Allowed).await;
        check(&service(Scope::Admin), "ops:more", Audience::Unknown).await;
    }
}
