//! What the application receives: events, snapshots and everything it must be told about the link.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// A reader's whole position: everything up to `seq` of the history named `epoch` has been received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The name of the history. A restored or promoted database has another.
    pub epoch: String,
    /// The number of the last event received; 0 is before the first.
    pub seq: u64,
}

/// One item of the stream, in the order in which it holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Item {
    /// A committed change. Each comes once, in rising `seq`.
    Event(Event),
    /// The state of a topic, to which the events behind it apply.
    Snapshot(Snapshot),
    /// Catching up is complete: what follows happens now.
    Live {
        /// The position at which the link went live.
        seq: u64,
    },
    /// A live-only notice without a position; it may be missed.
    Hint(Hint),
    /// Events between `held` and what follows may be missing and cannot be had any more. State built from events is to
    /// be read anew: from the snapshots that follow when they were asked for, else over REST.
    Gap {
        /// Why the position could not be resumed.
        reason: GapReason,
        /// The last position that was complete.
        held: Position,
        /// The oldest event the server still has, when it said so.
        oldest: Option<u64>,
    },
    /// Topics that may not be listened to any more. The others go on.
    Revoked {
        /// The topics lost.
        topics: Vec<String>,
        /// The stable code of the reason, such as `forbidden`.
        code: String,
    },
    /// What the link is doing.
    Status(Status),
}

/// A committed change.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// Its number in the log: dense, rising, in commit order.
    pub seq: u64,
    /// What happened, such as `payment.made`.
    pub kind: String,
    /// The topics it belongs to.
    pub topics: Vec<String>,
    /// When it was committed, RFC 3339.
    pub at: String,
    /// The body as it was sent. [`Event::data`] parses it.
    #[serde(rename = "data")]
    pub raw: Box<RawValue>,
}

/// The state of a topic at a position, whole or in parts.
#[derive(Debug, Clone, Deserialize)]
pub struct Snapshot {
    /// The topic it describes.
    pub topic: String,
    /// The state is that after this event.
    pub seq: u64,
    /// 1 for the first part. A snapshot that starts over after a lost link begins again with 1.
    pub part: u32,
    /// Whether this part completes the topic.
    pub last: bool,
    /// The body as it was sent. [`Snapshot::data`] parses it.
    #[serde(rename = "data")]
    pub raw: Box<RawValue>,
}

/// A live-only notice.
#[derive(Debug, Clone, Deserialize)]
pub struct Hint {
    /// What it tells, such as `server.tick`.
    pub kind: String,
    /// The topics it belongs to.
    pub topics: Vec<String>,
    /// The body as it was sent. [`Hint::data`] parses it.
    #[serde(rename = "data")]
    pub raw: Box<RawValue>,
}

macro_rules! parse_data {
    ($($carrier:ty),*) => {$(
        impl $carrier {
            /// Parses the body.
            ///
            /// # Errors
            /// When the body has another shape than `T`.
            pub fn data<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
                serde_json::from_str(self.raw.get())
            }
        }
    )*};
}
parse_data!(Event, Snapshot, Hint);

/// Why a position could not be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// The server no longer keeps events that old.
    Gone,
    /// The server's history is another one: its database was restored or promoted.
    EpochChanged,
}

/// What the link is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Subscribed; events follow.
    Connected,
    /// The link is lost. The next attempt begins in `in_ms`, and nothing will be missing after it.
    Reconnecting {
        /// Milliseconds until the next attempt.
        in_ms: u64,
        /// What happened.
        reason: String,
    },
    /// The end: no attempt follows, and this is the last item.
    Stopped(Stop),
}

/// Why the client gave up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stop {
    /// The server closed the link for good.
    #[error("the server closed the link with {code}: {reason}")]
    Closed {
        /// The websocket close code.
        code: u16,
        /// What the server said, else what the code means.
        reason: String,
    },
    /// The server does not accept the websocket at this address.
    #[error("the server answered the websocket request with HTTP {status}; check the address")]
    Rejected {
        /// The HTTP status.
        status: u16,
    },
    /// The server refused the subscription.
    #[error("the server refused the subscription ({code}): {message}")]
    Refused {
        /// The stable error code, such as `forbidden`.
        code: String,
        /// The server's explanation.
        message: String,
    },
    /// The credentials are not accepted and no others are at hand.
    #[error("the token was refused and no other is at hand: {reason}")]
    Unauthorized {
        /// What the server said.
        reason: String,
    },
    /// Every topic was revoked.
    #[error("no topic is left to listen to")]
    NoTopics,
}
