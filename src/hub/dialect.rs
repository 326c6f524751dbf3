//! What a protocol's door implements, and what it can ask of the hub.
//!
//! The hub moves frames and keeps positions; it does not know what a message says. A [`Dialect`] is one connection's
//! side of a protocol: it reads a text and answers with [`Action`]s. The hub carries them out in order, one message at
//! a time: the next is read when the answer to this one is on its way.

use std::{net::IpAddr, time::Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{close::Close, entry::Encoding, interest::Interest, interest::Want};
use crate::kernel::{
    event::{Credential, Seq, Topic},
    time::Timestamp,
};

/// Names a connection in this process and to its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub(super) u64);

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "c_{:x}", self.0)
    }
}

/// What a dialect may know of its connection.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// Its name.
    pub id: ConnectionId,
    /// Where it comes from.
    pub peer: IpAddr,
    /// What it listens to.
    pub interest: &'a Interest,
    /// Where it stands.
    pub place: Place,
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Everything it listens to up to here was sent.
    pub position: Seq,
    /// The newest event of this node.
    pub head: Seq,
}

/// One connection's side of a protocol.
pub trait Dialect: Send {
    /// In which of the registered forms it wants its events.
    fn encoding(&self) -> Encoding {
        Encoding::NATIVE
    }

    /// The largest message that it takes in bytes; normally what the settings say.
    fn message_bytes(&self, setting: usize) -> usize {
        setting
    }

    /// Who speaks, for the operator's eyes; a guest is nobody.
    fn caller(&self) -> Option<serde_json::Value> {
        None
    }

    /// The connection is open; says what is sent first.
    fn open(&self, view: &View<'_>) -> Vec<Action>;

    /// A text message came.
    fn message(&self, view: &View<'_>, text: &str) -> Handled;

    /// A binary message came.
    fn binary(&self, _view: &View<'_>, _data: Bytes) -> Handled {
        Handled::Now(vec![Action::Close(Close::UNSUPPORTED)])
    }

    /// Builds the frame of a notice, if the protocol has one. A mark must be the same for all connections of an
    /// encoding, because it is built once for all of them.
    fn notice(&self, notice: Notice) -> Option<Bytes>;

    /// Called about once a second while nothing waits for the client. Gives what the protocol says by itself, such as
    /// that it is still there.
    fn beat(&self, _now: Instant) -> Option<Bytes> {
        None
    }

    /// How a connection ends that has lost its topics because what comes next is no longer kept. `None` when
    /// [`Notice::Gone`] tells its client so, who can ask for topics again.
    fn lost(&self) -> Option<Close> {
        None
    }
}

/// What the hub itself has to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Everything that is yours up to here was sent.
    Mark(Seq),
    /// Open a new connection in so many milliseconds; this one will be closed.
    Drain {
        /// When to open the new one, in milliseconds from now.
        reconnect_in_ms: u64,
        /// When this one ends, in milliseconds from now.
        close_in_ms: u64,
    },
    /// The credentials end in so many seconds.
    Expiring {
        /// Seconds from now.
        in_s: u64,
    },
    /// What comes next is no longer kept: the connection lost all its topics.
    Gone {
        /// The newest event of this node.
        head: Seq,
        /// The oldest event that is still kept.
        oldest: Seq,
    },
}

/// How a message is answered.
pub enum Handled {
    /// At once.
    Now(Vec<Action>),
    /// When something was found out. It runs on the main runtime, where the pool lives.
    Later(BoxFuture<'static, Vec<Action>>),
    /// The same, and the connection stays at its position meanwhile. A snapshot whose transaction begins inside of
    /// this future can't lie behind the connection.
    Held(BoxFuture<'static, Vec<Action>>),
}

/// What a connection shall do.
pub enum Action {
    /// Send frames.
    Send(Bytes),
    /// Listen to topics.
    Listen(Listen),
    /// No longer listen to topics.
    Leave(Vec<Topic>),
    /// Take other credentials.
    Grant(Grant),
    /// End.
    Close(Close),
}

/// Builds what is sent when a change of topics takes its place in the order of events.
pub type Answer = Box<dyn FnOnce(Place) -> Vec<Bytes> + Send>;
/// Builds what is sent when a connection has caught up, from the position where it did.
pub type Arrival = Box<dyn FnOnce(Seq) -> Option<Bytes> + Send>;

/// A change of topics.
pub struct Listen {
    /// Topics that are added; one that is held already takes the new filter.
    pub wants: Vec<Want>,
    /// From where on they are heard.
    pub start: Start,
    /// What is sent at that place.
    pub answer: Answer,
    /// What is sent once everything up to now was sent, if anything.
    pub arrival: Option<Arrival>,
}

/// From where on a topic is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// From the connection's position on.
    Here,
    /// From behind this position, which places the whole connection: it must not listen to anything yet.
    Since(Seq),
    /// From behind a snapshot that was taken at this position, inside of a [`Handled::Held`].
    Snapshot(Seq),
}

/// By which right a connection listens.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// What the caller proved who they are with. A revocation of it ends the connection.
    pub credential: Option<Credential>,
    /// The newest event of this node ([`super::Hub::head`]) *before* the credential was looked up: revocations behind
    /// it are looked for.
    pub checked: Seq,
    /// When the credential ends, by the database's clock.
    pub expires: Option<Timestamp>,
}
