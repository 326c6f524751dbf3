//! What the operator may see of the connections of this node, and the order to end one.
//!
//! The shards are asked and answer between two passes; nothing is kept for this on the way of an event.

use std::{collections::HashMap, net::IpAddr};

use tokio::sync::oneshot;

use super::{Close, ConnectionId, Hub, shard::Order};
use crate::kernel::event::{Seq, Topic};

/// One connection as it is now.
#[derive(Debug, Clone)]
pub struct Connected {
    /// Its name.
    pub id: ConnectionId,
    /// Where it comes from.
    pub peer: IpAddr,
    /// Who speaks, in the words of its dialect.
    pub caller: Option<serde_json::Value>,
    /// What it listens to.
    pub topics: Vec<Topic>,
    /// Whether it is handed what comes; else it reads on from the ring or the log.
    pub live: bool,
    /// Everything it listens to up to here was handed to its socket.
    pub position: Seq,
    /// Bytes that its socket has not accepted.
    pub queued_bytes: usize,
}

/// What one look at a node's connections found.
#[derive(Debug, Clone, Default)]
pub struct Census {
    /// How many there are.
    pub total: usize,
    /// Some of them: those that are not live first, then the newest.
    pub connections: Vec<Connected>,
    /// How many listen to each topic.
    pub topics: HashMap<Topic, usize>,
}

impl Census {
    /// Takes in another shard's, and keeps `most` connections.
    fn absorb(&mut self, other: Self, most: usize) {
        self.total += other.total;
        self.connections.extend(other.connections);
        self.keep(most);
        for (topic, count) in other.topics {
            *self.topics.entry(topic).or_default() += count;
        }
    }

    /// Keeps the connections that an operator looks for first.
    pub(super) fn keep(&mut self, most: usize) {
        self.connections.sort_by_key(|one| (one.live, std::cmp::Reverse(one.id)));
        self.connections.truncate(most);
    }
}

impl ConnectionId {
    /// Reads a name as it is written, such as `c_1f`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = u64::from_str_radix(text.strip_prefix("c_")?, 16).ok().map(Self);
        number.filter(|id| id.to_string() == text)
    }
}

impl Hub {
    /// Looks at the connections of this node, and tells of `most` of them.
    pub async fn census(&self, most: usize) -> Census {
        let mut whole = Census::default();
        for shard in self.shards.iter() {
            let (answer, found) = oneshot::channel();
            // A shard that has stopped has nobody.
            if shard.send(Order::Count { most, answer }).await.is_ok()
                && let Ok(part) = found.await
            {
                whole.absorb(part, most);
            }
        }
        whole
    }

    /// Ends a connection of this node. False when there is none of this name.
    pub async fn part(&self, id: ConnectionId, close: Close) -> bool {
        for shard in self.shards.iter() {
            let (answer, found) = oneshot::channel();
            if shard.send(Order::Part { id, close, answer }).await.is_ok()
                && found.await == Ok(true)
            {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_only_as_it_is_written() {
        for id in [1, 255, u64::MAX] {
            assert_eq!(ConnectionId::parse(&ConnectionId(id).to_string()), Some(ConnectionId(id)));
        }
        for text in ["", "c_", "c_0g", "c_01", "c_FF", "1f", "c_10000000000000000", "c_-1"] {
            assert_eq!(ConnectionId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn those_that_are_behind_are_told_first_and_then_the_newest() {
        let one = |id, live| Connected {
            id: ConnectionId(id),
            peer: IpAddr::from([127, 0, 0, 1]),
            caller: None,
            topics: Vec::new(),
            live,
            position: Seq::ZERO,
            queued_bytes: 0,
        };
        let part = |connections: Vec<Connected>| Census {
            total: connections.len(),
            topics: HashMap::from([(Topic::named("payments"), connections.len())]),
            connections,
        };
        let mut whole = part(vec![one(1, true), one(4, true)]);
        whole.absorb(part(vec![one(2, true), one(3, false)]), 3);
        let ids: Vec<_> = whole.connections.iter().map(|one| one.id.0).collect();
        assert_eq!((whole.total, ids), (4, vec![3, 4, 2]));
        assert_eq!(whole.topics[&Topic::named("payments")], 4);
    }
}
