//! Which live connections of a shard get which events.
//!
//! Connections with the same interest and the same dialect get the same bytes, so they form a group, and a pass
//! builds one buffer for all of them. Groups that want the same events of a pass share even that.
//!
//! A pass is as long as may be. Where many hear everything, few events are much work and the connections' own tasks
//! must not wait for more. Where each hears something else, only a long pass has two events for the same socket, and
//! one write for both.

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
    page::PageLimit,
};
use crate::kernel::event::{Seq, Topic};

/// Deliveries for which a pass is made longer than one buffer.
const PASS_DELIVERIES_MAX: usize = 8_192;

/// Which events of a pass somebody wants: their places in it, rising.
pub(super) type Picks = Rc<[u16]>;

/// The live connections of a shard, by what they listen to.
#[derive(Default)]
pub(super) struct Groups {
    all: Map<Key, Rc<Group>>,
    topics: Map<Topic, Listeners>,
}

/// Who listens to a topic.
#[derive(Default)]
struct Listeners {
    /// Each group, and the place of the topic in its interest.
    groups: Vec<(Rc<Group>, usize)>,
    /// Scratch of [`Groups::wanted`]: its events in this pass, and how many connections hear them.
    picks: RefCell<Vec<u16>>,
    members: Cell<usize>,
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
    picks: RefCell<Option<Picks>>,
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
    pub(super) bytes: usize,
}

/// Which groups want what of some items.
pub(super) struct Wanted {
    pub(super) groups: Vec<(Rc<Group>, Picks)>,
    /// How many of the items this is about: the first ones.
    pub(super) items: usize,
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

    /// Adds those items on a topic of ours that we want. True when they are the first.
    fn pick(&self, want: usize, picks: &Picks, items: &[Item<'_>]) -> bool {
        let passed = match self.key.interest.wants().get(want).map(|want| &want.kinds) {
            None => return false,
            Some(Kinds::All) => Rc::clone(picks),
            Some(kinds) => {
                let kind = |pick: u16| items.get(usize::from(pick)).map_or("", |item| item.kind);
                picks.iter().copied().filter(|pick| kinds.pass(kind(*pick))).collect()
            }
        };
        if passed.is_empty() {
            return false;
        }
        let mut held = self.picks.borrow_mut();
        let first = held.is_none();
        *held = Some(held.take().map_or_else(|| Rc::clone(&passed), |held| union(&held, &passed)));
        first
    }
}

impl Member {
    /// Writes a buffer. False when not all of it was taken; the connection keeps the rest.
    fn deliver(&self, frames: &Bytes) -> bool {
        match write(self.socket, frames) {
            Ok(n) if n == frames.len() => true,
            short => {
                self.connection.keep(frames, short);
                false
            }
        }
    }
}

/// Writes to a non-blocking socket, whether or not its runtime has heard that it takes something.
pub(super) fn write(socket: RawFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(send(socket, bytes, MsgFlags::empty())?)
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

    /// The groups that want any of the items, and which of them. Of more items than fit into `limit`, only so many
    /// are looked at as make few deliveries.
    pub(super) fn wanted(&self, items: &[Item<'_>], limit: PageLimit) -> Wanted {
        let mut topics: Vec<&Listeners> = Vec::new();
        let (mut deliveries, mut bytes, mut count) = (0_usize, 0_usize, 0_usize);
        for (place, item) in (0_u16..).zip(items) {
            bytes = bytes.saturating_add(item.bytes);
            let full = count >= limit.events || bytes > limit.bytes;
            if full && count > 0 && deliveries >= PASS_DELIVERIES_MAX {
                break;
            }
            count = count.saturating_add(1);
            for listeners in item.topics.iter().filter_map(|topic| self.topics.get(topic)) {
                let mut picks = listeners.picks.borrow_mut();
                if picks.is_empty() {
                    listeners.members.set(listeners.count());
                    topics.push(listeners);
                }
                if picks.last() != Some(&place) {
                    picks.push(place);
                }
                deliveries = deliveries.saturating_add(listeners.members.get());
            }
        }
        let mut touched = Vec::new();
        for listeners in topics {
            let picks = Picks::from(&**listeners.picks.borrow());
            listeners.picks.borrow_mut().clear();
            let picking = listeners.groups.iter();
            touched.extend(picking.filter(|(group, want)| group.pick(*want, &picks, items)));
        }
        let groups = touched
            .into_iter()
            .filter_map(|(group, _)| Some((Rc::clone(group), group.picks.take()?)))
            .collect();
        Wanted { groups, items: count }
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
            picks: RefCell::default(),
        });
        let enter = |(want, topic): (usize, &Topic)| {
            let listeners = &mut self.topics.entry(topic.clone()).or_default().groups;
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
            let Some(Listeners { groups: listeners, .. }) = self.topics.get_mut(topic) else {
                continue;
            };
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

impl Listeners {
    /// How many they are; those who listen to all the same in one dialect are one group.
    fn count(&self) -> usize {
        self.groups.iter().map(|(group, _)| group.members.borrow().len()).sum()
    }
}

/// What is in either, in order.
fn union(one: &Picks, other: &Picks) -> Picks {
    let (more, less) = if one.len() < other.len() { (other, one) } else { (one, other) };
    // An event of a payment is on the topic of all payments and on those of its wallets.
    if less.iter().all(|pick| more.binary_search(pick).is_ok()) {
        return Rc::clone(more);
    }
    let mut both = [&**one, &**other].concat();
    both.sort_unstable();
    both.dedup();
    both.into()
}
