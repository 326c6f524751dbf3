//! Which live connections of a shard get which events.
//!
//! Connections with the same interest and the same dialect get the same bytes, so they form a group, and a pass
//! builds one buffer for all of them. Groups that want the same events of a pass share even that.

use std::{
    cell::{Cell, RefCell},
    io,
    os::fd::RawFd,
    rc::Rc,
};

use bytes::Bytes;
use nix::sys::socket::{MsgFlags, send};

use super::{
    Map,
    connection::Connection,
    entry::Encoding,
    interest::{Interest, Kinds},
};
use crate::kernel::event::{Seq, Topic};

/// One bit for each event of a pass.
pub(super) type Mask = u128;

/// The live connections of a shard, by what they listen to.
#[derive(Default)]
pub(super) struct Groups {
    all: Map<Key, Rc<Group>>,
    /// Who listens to a topic, and the place of the topic in their interest.
    topics: Map<Topic, Vec<(Rc<Group>, usize)>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    encoding: Encoding,
    interest: Interest,
}

/// Live connections that get the same bytes.
pub(super) struct Group {
    key: Key,
    members: RefCell<Vec<Member>>,
    /// Where it stands in the list of each of its topics, so that leaving is not a search.
    slots: RefCell<Box<[usize]>>,
    /// Scratch of [`Groups::wanted`].
    mask: Cell<Mask>,
}

/// A connection beside its socket. A delivery needs the socket alone: what it does not read, it need not fetch from
/// memory, which for thousands of connections costs as much as all else that we do for a delivery.
struct Member {
    /// Open as long as the connection is held.
    socket: RawFd,
    connection: Rc<Connection>,
}

/// One event of a pass, as far as groups are concerned.
pub(super) struct Item<'a> {
    pub(super) topics: &'a [Topic],
    pub(super) kind: &'a str,
}

impl Group {
    pub(super) fn encoding(&self) -> Encoding {
        self.key.encoding
    }

    pub(super) fn members(&self) -> Vec<Rc<Connection>> {
        self.members.borrow().iter().map(|member| Rc::clone(&member.connection)).collect()
    }

    /// A frame that any member would build alike.
    pub(super) fn frame(&self, build: impl FnOnce(&Connection) -> Option<Bytes>) -> Option<Bytes> {
        build(&self.members.borrow().first()?.connection)
    }

    /// Writes a buffer to every member; those that can't keep up fall behind. Says how many were served.
    pub(super) fn write(&self, frames: &Bytes, upto: Seq) -> u64 {
        let members = self.members.borrow();
        let slow: Vec<_> = members
            .iter()
            .filter(|member| !member.deliver(frames))
            .map(|member| Rc::clone(&member.connection))
            .collect();
        let served = u64::try_from(members.len()).unwrap_or(0);
        drop(members);
        for connection in slow {
            connection.fall_behind(upto);
        }
        served
    }

    /// Which of the items on a topic of ours we want.
    fn pass(&self, want: usize, mask: Mask, items: &[Item<'_>]) -> Mask {
        match self.key.interest.wants().get(want).map(|want| &want.kinds) {
            None => 0,
            Some(Kinds::All) => mask,
            Some(kinds) => bits(items)
                .filter(|(bit, item)| mask & bit != 0 && kinds.pass(item.kind))
                .fold(0, |passed, (bit, _)| passed | bit),
        }
    }
}

impl Member {
    /// Writes a buffer. False when not all of it was taken; the connection keeps the rest.
    fn deliver(&self, frames: &Bytes) -> bool {
        match send(self.socket, frames, MsgFlags::empty()) {
            Ok(n) if n == frames.len() => true,
            short => {
                self.connection.keep(frames, short.map_err(io::Error::from));
                false
            }
        }
    }
}

impl Groups {
    /// Adds a connection. Says where it stands, which [`Groups::leave`] wants to know.
    pub(super) fn join(
        &mut self,
        connection: Rc<Connection>,
        encoding: Encoding,
        interest: &Interest,
    ) -> (Rc<Group>, usize) {
        let key = Key { encoding, interest: interest.clone() };
        let group = match self.all.get(&key) {
            Some(group) => Rc::clone(group),
            None => self.found(key),
        };
        let mut members = group.members.borrow_mut();
        let place = members.len();
        members.push(Member { socket: connection.socket(), connection });
        drop(members);
        (group, place)
    }

    /// Removes the connection at a place. Gives the one that stands there now instead.
    pub(super) fn leave(&mut self, group: &Rc<Group>, place: usize) -> Option<Rc<Connection>> {
        let mut members = group.members.borrow_mut();
        if place < members.len() {
            members.swap_remove(place);
        }
        let moved = members.get(place).map(|member| Rc::clone(&member.connection));
        let empty = members.is_empty();
        drop(members);
        if empty {
            self.dissolve(group);
        }
        moved
    }

    /// The groups that want any of the items, and which of them.
    pub(super) fn wanted(&self, items: &[Item<'_>]) -> Vec<(Rc<Group>, Mask)> {
        let mut masks: Map<&Topic, Mask> = Map::default();
        for (bit, item) in bits(items) {
            for topic in item.topics {
                *masks.entry(topic).or_default() |= bit;
            }
        }
        let mut touched = Vec::new();
        for (topic, mask) in masks {
            for (group, want) in self.topics.get(topic).into_iter().flatten() {
                let passed = group.pass(*want, mask, items);
                if passed != 0 && group.mask.replace(group.mask.get() | passed) == 0 {
                    touched.push(Rc::clone(group));
                }
            }
        }
        touched.into_iter().map(|group| (Rc::clone(&group), group.mask.take())).collect()
    }

    /// All groups.
    pub(super) fn all(&self) -> Vec<Rc<Group>> {
        self.all.values().map(Rc::clone).collect()
    }

    /// How many groups there are, and how many topics they listen to.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.all.len(), self.topics.len())
    }

    fn found(&mut self, key: Key) -> Rc<Group> {
        let group = Rc::new(Group {
            key: key.clone(),
            members: RefCell::default(),
            slots: RefCell::default(),
            mask: Cell::new(0),
        });
        let enter = |(want, topic): (usize, &Topic)| {
            let listeners = self.topics.entry(topic.clone()).or_default();
            listeners.push((Rc::clone(&group), want));
            listeners.len().saturating_sub(1)
        };
        let slots = key.interest.topics().enumerate().map(enter).collect();
        group.slots.replace(slots);
        self.all.insert(key, Rc::clone(&group));
        group
    }

    fn dissolve(&mut self, group: &Rc<Group>) {
        self.all.remove(&group.key);
        let slots = group.slots.take();
        for (topic, slot) in group.key.interest.topics().zip(slots) {
            let Some(listeners) = self.topics.get_mut(topic) else { continue };
            if slot < listeners.len() {
                listeners.swap_remove(slot);
            }
            if let Some((moved, want)) = listeners.get(slot)
                && let Some(place) = moved.slots.borrow_mut().get_mut(*want)
            {
                *place = slot;
            }
            if listeners.is_empty() {
                self.topics.remove(topic);
            }
        }
    }
}

/// Each item with its bit. A pass has no more items than a mask has bits.
pub(super) fn bits<T>(items: &[T]) -> impl Iterator<Item = (Mask, &T)> {
    (0..Mask::BITS).map(|bit| 1 << bit).zip(items)
}
