//! What a caller may listen to. Each slice has a family of topics and decides about it.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::value::RawValue;

use super::Caller;
use crate::{
    db::{DbError, Snapshot},
    kernel::event::Topic,
};

/// Whether a caller may listen to a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// They may.
    Allowed,
    /// They may not.
    Forbidden,
    /// There is no such topic.
    Unknown,
}

/// Whether a caller may listen, or how to find out.
pub enum Verdict<'a> {
    /// It follows from who they are.
    Known(Audience),
    /// It has to be read.
    Read(BoxFuture<'a, Result<Audience, DbError>>),
}

impl Verdict<'_> {
    /// That they may, or may not.
    pub const fn allowed(allowed: bool) -> Self {
        Self::Known(if allowed { Audience::Allowed } else { Audience::Forbidden })
    }
}

/// The topics of one slice.
pub trait Topics: Send + Sync {
    /// Whether the caller may listen; `None` when the topic belongs to another slice.
    fn audience<'a>(&'a self, caller: &'a Caller, topic: &'a Topic) -> Option<Verdict<'a>>;

    /// What the topic is about, as of the snapshot: the REST body of the same resource, in parts. `None` when the
    /// topic belongs to another slice; no parts when there is nothing to show.
    fn snapshot<'a>(
        &'a self,
        view: &'a mut Snapshot,
        topic: &'a Topic,
    ) -> Option<BoxFuture<'a, Result<Vec<Box<RawValue>>, DbError>>>;
}

/// The topics of all slices.
#[derive(Clone)]
pub struct TopicMap(Arc<[Box<dyn Topics>]>);

impl std::fmt::Debug for TopicMap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TopicMap").finish_non_exhaustive()
    }
}

impl TopicMap {
    /// The topics of these slices. No two of them may claim the same topic.
    pub fn new(slices: Vec<Box<dyn Topics>>) -> Self {
        Self(slices.into())
    }

    /// Whether the caller may listen.
    ///
    /// # Errors
    /// When the slice can't find out.
    pub async fn audience(&self, caller: &Caller, topic: &Topic) -> Result<Audience, DbError> {
        match self.verdict(caller, topic) {
            Verdict::Known(audience) => Ok(audience),
            Verdict::Read(reading) => reading.await,
        }
    }

    /// Whether the caller may listen; `None` when that has to be read.
    pub fn known(&self, caller: &Caller, topic: &Topic) -> Option<Audience> {
        match self.verdict(caller, topic) {
            Verdict::Known(audience) => Some(audience),
            Verdict::Read(_) => None,
        }
    }

    fn verdict<'a>(&'a self, caller: &'a Caller, topic: &'a Topic) -> Verdict<'a> {
        let mut slices = self.0.iter();
        let verdict = slices.find_map(|slice| slice.audience(caller, topic));
        verdict.unwrap_or(Verdict::Known(Audience::Unknown))
    }

    /// What the topic is about, in parts.
    ///
    /// # Errors
    /// When the slice can't read it.
    pub async fn snapshot(
        &self,
        view: &mut Snapshot,
        topic: &Topic,
    ) -> Result<Vec<Box<RawValue>>, DbError> {
        for slice in self.0.iter() {
            if let Some(parts) = slice.snapshot(view, topic) {
                return parts.await;
            }
        }
        Ok(Vec::new())
    }
}
