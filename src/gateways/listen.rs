//! What a listener asks for, checked: the rules that all native doors share.
//!
//! Checked in this order: the form of topics and kinds, their number, the rules of the position, the epoch, who may
//! listen, and whether the log still has what is asked for. A request that breaks several rules is told the first.

use std::sync::Arc;

use super::codes::{Code, Fault};
use crate::{
    auth::{
        Auth, Caller,
        topics::{Audience, TopicMap},
    },
    db::{Db, tasks::Tasks},
    hub::{Grant, Hub, Interest, Kinds, Want},
    kernel::event::{Epoch, Seq, Topic},
};

/// What clients of the native doors may do.
#[derive(Debug, Clone)]
pub struct NativeSettings {
    /// Topics of one connection, stream or page at the most.
    pub topics_max: usize,
    /// Bytes of one frame of a client at the most.
    pub frame_bytes_max: usize,
    /// Bytes that wait for a slow connection before it reads on from the log.
    pub queue_bytes_max: usize,
    /// Messages of one connection a minute.
    pub messages_per_min: u32,
    /// Seconds between pings.
    pub ping_s: u64,
    /// Web origins that may open a websocket. None means all of them.
    pub allowed_origins: Vec<String>,
}

/// What the native doors share.
#[derive(Debug)]
pub struct Native {
    /// Knows the callers.
    pub auth: Arc<Auth>,
    /// The database.
    pub db: Db,
    /// Where events come from.
    pub hub: Hub,
    /// Who may listen to what.
    pub topics: TopicMap,
    /// Starts what moves an upgraded socket.
    pub tasks: Tasks,
    /// What clients may do.
    pub settings: NativeSettings,
}

/// A position that a listener wants to continue from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// The history it counts in.
    pub(super) epoch: String,
    /// The last event that the listener has.
    pub(super) seq: Seq,
}

impl Position {
    /// Reads what a client gave. Half a position is none.
    ///
    /// # Errors
    /// `bad_request` for a number without its history.
    pub(super) fn given(since: Option<u64>, epoch: Option<String>) -> Result<Option<Self>, Fault> {
        match (since, epoch) {
            (Some(since), Some(epoch)) => {
                let seq = Seq::new(i64::try_from(since).unwrap_or(i64::MAX));
                Ok(Some(Self { epoch, seq }))
            }
            (Some(_), None) => {
                Err(Fault::bad("`since` needs the `epoch` that it counts in; give both"))
            }
            (None, _) => Ok(None),
        }
    }

    /// Checks that the position counts in the history that is served here.
    ///
    /// # Errors
    /// `epoch_changed`.
    pub(super) fn counts_in(&self, epoch: &Epoch) -> Result<(), Fault> {
        if self.epoch == epoch.as_str() {
            return Ok(());
        }
        let message = format!("this is the history {epoch}, not {}; take a snapshot", self.epoch);
        Err(Fault::new(Code::EpochChanged, message))
    }
}

/// The topics that a client named, with their filter, in the order named and each once.
///
/// # Errors
/// `bad_request` for what is no topic or no filter, `limit_topics` for too many.
pub(super) fn wants(
    names: &[String],
    kinds: Option<&[String]>,
    max: usize,
) -> Result<Vec<Want>, Fault> {
    if names.is_empty() {
        return Err(Fault::bad("`topics` must name at least one topic"));
    }
    if names.len() > max {
        return Err(too_many(max));
    }
    let kinds = match kinds {
        None => Kinds::All,
        Some(patterns) => Kinds::parse(patterns.iter().map(String::as_str))
            .map_err(|error| Fault::bad(error.to_string()))?,
    };
    let mut wants: Vec<Want> = Vec::with_capacity(names.len());
    for name in names {
        let topic: Topic = name.parse().map_err(|error| Fault::bad(format!("{error}")))?;
        if !wants.iter().any(|want| want.topic == topic) {
            wants.push(Want { topic, kinds: kinds.clone() });
        }
    }
    Ok(wants)
}

/// Whether a listener that holds topics may have these besides.
///
/// # Errors
/// `limit_topics`.
pub(super) fn fit(held: &Interest, wants: &[Want], max: usize) -> Result<(), Fault> {
    let fresh = wants.iter().filter(|want| !held.holds(&want.topic)).count();
    if held.len().saturating_add(fresh) > max { Err(too_many(max)) } else { Ok(()) }
}

fn too_many(max: usize) -> Fault {
    Fault::new(Code::LimitTopics, format!("at most {max} topics; open another connection for more"))
}

impl Native {
    /// Lets a caller listen to all of the topics or to none.
    ///
    /// # Errors
    /// `not_found` or `forbidden` for the first topic that they may not have.
    pub(super) async fn authorise(&self, caller: &Caller, wants: &[Want]) -> Result<(), Fault> {
        for Want { topic, .. } in wants {
            let audience = self.topics.audience(caller, topic).await?;
            permit(topic, audience)?;
        }
        Ok(())
    }

    /// As [`Self::authorise`]; `None` when some of it has to be read.
    pub(super) fn authorise_now(
        &self,
        caller: &Caller,
        wants: &[Want],
    ) -> Option<Result<(), Fault>> {
        for Want { topic, .. } in wants {
            if let Err(fault) = permit(topic, self.topics.known(caller, topic)?) {
                return Some(Err(fault));
            }
        }
        Some(Ok(()))
    }

    /// Whether everything behind a position can be told from memory. What memory still has is not served past the
    /// retention: it would depend on the node that is asked.
    pub(super) fn remembers(&self, since: Seq) -> bool {
        self.hub.reaches(since) && since.next() >= self.db.progress().oldest()
    }

    /// Checks that everything behind a position can still be told. What the ring has needs no statement, so a storm of
    /// reconnecting clients costs the database nothing. What is in the future is decided by the log and not by this
    /// node, which may be a moment behind the node that gave the position.
    ///
    /// # Errors
    /// `bad_request` for a position in the future, `gone` for one that is too old.
    pub(super) async fn reachable(&self, since: Seq) -> Result<(), Fault> {
        if self.remembers(since) {
            return Ok(());
        }
        let head = self.db.log().head().await?;
        if since > head.seq {
            let message = format!("`since` {since} is in the future; the log is at {}", head.seq);
            return Err(Fault::bad(message));
        }
        if since.next() < head.oldest {
            return Err(Fault::gone(head.oldest, head.seq));
        }
        Ok(())
    }
}

fn permit(topic: &Topic, audience: Audience) -> Result<(), Fault> {
    match audience {
        Audience::Allowed => Ok(()),
        Audience::Forbidden => {
            Err(Fault::new(Code::Forbidden, format!("this caller may not listen to {topic}")))
        }
        Audience::Unknown => Err(Fault::new(Code::NotFound, format!("there is no topic {topic}"))),
    }
}

/// By which right a caller listens who was looked up after the node was at `checked`.
pub(super) fn grant(caller: &Caller, checked: Seq) -> Grant {
    Grant { credential: caller.credential(), checked, expires: caller.expires() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn code<T>(result: Result<T, Fault>) -> Option<Code> {
        result.err().map(|fault| fault.code)
    }

    #[test]
    fn topics_are_checked_before_anything_is_looked_up() {
        let check = |topics: &[&str], kinds: Option<&[&str]>, expected: Option<Code>| {
            let kinds = kinds.map(names);
            let found = wants(&names(topics), kinds.as_deref(), 3);
            assert_eq!(code(found), expected, "{topics:?} {kinds:?}");
        };
        check(&["payments"], None, None);
        check(&["payments", "wallet:k8juvewcui"], Some(&["payment.*"]), None);
        check(&["payments", "payments", "payments"], None, None);
        check(&[], None, Some(Code::BadRequest));
        check(&[""], None, Some(Code::BadRequest));
        check(&["Payments"], None, Some(Code::BadRequest));
        check(&["payments"], Some(&[]), Some(Code::BadRequest));
        check(&["payments"], Some(&["payment"]), Some(Code::BadRequest));
        check(&["a", "b", "c", "d"], None, Some(Code::LimitTopics));
    }

    #[test]
    fn a_topic_named_twice_is_wanted_once() {
        let found = wants(&names(&["b", "a", "b"]), None, 9).unwrap();
        let topics: Vec<_> = found.iter().map(|want| want.topic.as_str()).collect();
        assert_eq!(topics, ["b", "a"]);
    }

    #[test]
    fn held_topics_count_and_those_named_again_do_not() {
        let held = Interest::new(wants(&names(&["a", "b"]), None, 9).unwrap());
        let more = |topics: &[&str]| fit(&held, &wants(&names(topics), None, 9).unwrap(), 3);
        assert_eq!(code(more(&["c"])), None);
        assert_eq!(code(more(&["a", "b", "c"])), None);
        assert_eq!(code(more(&["c", "d"])), Some(Code::LimitTopics));
    }

    #[test]
    fn a_position_is_whole_or_absent() {
        assert_eq!(Position::given(None, None), Ok(None));
        assert_eq!(Position::given(None, Some("e7".into())), Ok(None));
        assert_eq!(code(Position::given(Some(7), None)), Some(Code::BadRequest));
        let whole = Position::given(Some(u64::MAX), Some("e7".into())).unwrap().unwrap();
        assert_eq!(whole.seq, Seq::new(i64::MAX));
        assert_eq!(whole.counts_in(&Epoch::new("e7")), Ok(()));
        assert_eq!(code(whole.counts_in(&Epoch::new("e8"))), Some(Code::EpochChanged));
    }
}
