//! The topic of names: `names`, for everyone.

use futures_util::future::{BoxFuture, ready};
use serde_json::value::RawValue;

use crate::{
    auth::{
        Caller,
        topics::{Topics, Verdict},
    },
    db::{DbError, Snapshot},
    kernel::event::Topic,
};

/// The name of the topic.
const NAMES: &str = "names";

/// Who may listen to names: everyone, as everyone may be paid by them.
#[derive(Debug, Clone, Copy)]
pub struct NameTopics;

impl Topics for NameTopics {
    fn audience<'a>(&'a self, _: &'a Caller, topic: &'a Topic) -> Option<Verdict<'a>> {
        (topic.as_str() == NAMES).then_some(Verdict::allowed(true))
    }

    fn snapshot<'a>(
        &'a self,
        _: &'a mut Snapshot,
        topic: &'a Topic,
    ) -> Option<BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>>> {
        // All names are no state that a listener could hold; they are listed page by page.
        (topic.as_str() == NAMES).then(|| -> BoxFuture<'a, _> { Box::pin(ready(Ok(Vec::new()))) })
    }
}
