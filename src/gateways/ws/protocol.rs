//! The messages of `tollbell.v1`: what clients send and what they are sent, as types.
//!
//! A client message is read in two steps: its `type` and `id` first, then the fields that its type has. So an error
//! names the message that it answers, and an unknown type is told apart from bad JSON. (A tagged enum would do
//! neither: it buffers the whole message, in which raw JSON is lost, and fails as a whole.)

use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use utoipa::{PartialSchema, ToSchema};

use crate::{
    auth::CallerView,
    gateways::codes::{Code, Fault},
    kernel::{
        event::{Epoch, Seq, Topic},
        time::Timestamp,
    },
};

/// The longest `id` of a client message in bytes of JSON.
pub const ID_BYTES_MAX: usize = 128;
/// No frame of the hub is larger than this, in bytes.
pub const SERVER_FRAME_BYTES_MAX: usize = 64 * 1024;

/// The client's own name for a message: a string or a number, echoed exactly as it was written.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct MessageId(Box<RawValue>);

impl MessageId {
    /// Takes the raw `id` of a message.
    fn new(raw: Box<RawValue>) -> Option<Self> {
        let named = raw.get().starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit());
        (named && raw.get().len() <= ID_BYTES_MAX).then_some(Self(raw))
    }
}

impl PartialSchema for MessageId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Type};
        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::String))
            .item(ObjectBuilder::new().schema_type(Type::Number))
            .description(Some("The client's own name for the message, echoed as it was written."))
            .into()
    }
}

impl ToSchema for MessageId {}

/// What a client asks for.
#[derive(Debug)]
pub enum Ask {
    /// Listen.
    Subscribe(Subscribe),
    /// Stop listening.
    Unsubscribe(Unsubscribe),
    /// Be somebody else.
    Auth(Authenticate),
    /// Nothing; is anybody there?
    Ping(Ping),
}

/// Listen to topics.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Subscribe {
    /// The topics, all of them or none.
    pub topics: Vec<String>,
    /// Which kinds of events: `payment.made`, `payment.*` or `*`. All of them when absent.
    pub kinds: Option<Vec<String>>,
    /// Continue behind this event. Only while the connection holds no topic, and with `epoch`.
    pub since: Option<u64>,
    /// The history that `since` counts in.
    pub epoch: Option<String>,
    /// Begin with the state of each topic.
    pub snapshot: Option<bool>,
}

/// Stop listening to topics. Those that are not held are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Unsubscribe {
    /// The topics.
    pub topics: Vec<String>,
}

/// Replace the credentials of the connection.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Authenticate {
    /// A session's token or a service key.
    #[schema(value_type = String)]
    pub token: SecretString,
}

/// Ask for a `pong`.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Ping {
    /// Anything; it comes back.
    #[schema(value_type = Option<Object>)]
    pub t: Option<Box<RawValue>>,
}

/// A client message as far as it can be understood: even one that can't be answered may say whom to answer.
#[derive(Debug)]
pub struct Received {
    /// The id to echo.
    pub id: Option<MessageId>,
    /// What is asked, or why that is not understood.
    pub ask: Result<Ask, Fault>,
}

#[derive(Deserialize)]
struct Head {
    r#type: Option<Box<RawValue>>,
    id: Option<Box<RawValue>>,
}

impl Received {
    /// Reads a text frame.
    pub fn parse(text: &str) -> Self {
        // A struct can also be read from an array, which is no message.
        if !text.trim_start().starts_with('{') {
            return Self { id: None, ask: Err(Fault::bad("a message is one JSON object")) };
        }
        let head: Head = match serde_json::from_str(text) {
            Ok(head) => head,
            Err(error) => return Self { id: None, ask: Err(malformed(&error)) },
        };
        let id = match head.id.map(MessageId::new) {
            None => None,
            Some(Some(id)) => Some(id),
            Some(None) => {
                let message =
                    format!("`id` must be a string or a number of at most {ID_BYTES_MAX} bytes");
                return Self { id: None, ask: Err(Fault::bad(message)) };
            }
        };
        let kind = head.r#type.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        let ask = match kind.as_deref() {
            Some("subscribe") => fields(text).map(Ask::Subscribe),
            Some("unsubscribe") => fields(text).map(Ask::Unsubscribe),
            Some("auth") => fields(text).map(Ask::Auth),
            Some("ping") => fields(text).map(Ask::Ping),
            Some(_) => Err(Fault::new(
                Code::UnknownType,
                "`type` must be subscribe, unsubscribe, auth or ping",
            )),
            None => Err(Fault::bad("a message needs a `type`, which is a string")),
        };
        Self { id, ask }
    }
}

fn fields<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| malformed(&error))
}

fn malformed(error: &serde_json::Error) -> Fault {
    Fault::bad(format!("the message does not parse: {error}"))
}

/// What a client is told, but for events, which the hub encodes once for all.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Tell {
    /// See the type.
    Welcome(Welcome),
    /// See the type.
    Subscribed(Subscribed),
    /// See the type.
    Snapshot(SnapshotPart),
    /// See the type.
    Live(Live),
    /// See the type.
    Mark(Mark),
    /// See the type.
    Ok(Done),
    /// See the type.
    Hint(Hint),
    /// See the type.
    Expiring(Expiring),
    /// See the type.
    Pong(Pong),
    /// See the type.
    Drain(Drain),
    /// See the type.
    Revoked(Revoked),
    /// See the type.
    Error(Refused),
}

/// The first frame, at once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Welcome {
    /// A name of the connection, for the log of the hub.
    pub conn: String,
    /// The history that positions count in.
    pub epoch: Epoch,
    /// The newest event.
    pub head: Seq,
    /// Seconds between the pings of the hub.
    pub ping_s: u64,
    /// The database's time.
    pub now: Timestamp,
    /// Who the hub believes is asking.
    pub caller: CallerView,
    /// What a connection may do.
    pub limits: Limits,
}

/// What a connection may do.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Limits {
    /// Topics held at one time.
    pub topics: usize,
    /// Bytes of one frame of the client.
    pub frame_bytes: usize,
    /// Bytes that wait for the client before it is read on from the log instead.
    pub queue_bytes: usize,
    /// Messages of the client a minute.
    pub messages_per_min: u32,
}

/// How a subscription begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// With what happens next.
    Live,
    /// With what happened behind `since`.
    Resumed,
    /// With the state of each topic.
    Snapshot,
}

/// The answer to `subscribe`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Subscribed {
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// The topics that were named.
    pub topics: Vec<Topic>,
    /// How the subscription begins.
    pub mode: Mode,
    /// Every event of these topics from this one on is sent.
    pub from: Seq,
    /// The newest event at this moment.
    pub head: Seq,
}

/// The state of one topic at a position, or a part of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SnapshotPart {
    /// The topic.
    pub topic: Topic,
    /// The position.
    pub seq: Seq,
    /// The number of the part, from 1.
    pub part: usize,
    /// Whether it is the last part of this topic.
    pub last: bool,
    /// The REST body of the same resource; `null` when the topic has no state to show.
    #[schema(value_type = Object)]
    pub data: Option<Box<RawValue>>,
}

/// The catch-up of a subscription is complete.
#[derive(Debug, Serialize, ToSchema)]
pub struct Live {
    /// The id of the `subscribe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// Everything up to here was sent.
    pub seq: Seq,
}

/// Everything up to `seq` that is this connection's was sent: the position to persist.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mark {
    /// The position.
    pub seq: Seq,
}

/// The answer to `unsubscribe` and `auth`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// Who the hub now believes is asking; only after `auth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<CallerView>,
}

/// Something that happens now and is in no log: no `seq`, it may be missed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hint {
    /// What it tells, such as `hub.stats`.
    pub kind: String,
    /// The topics it belongs to.
    pub topics: Vec<Topic>,
    /// Its content.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

/// The token ends soon; then the connection is closed with 4403 unless `auth` brings another.
#[derive(Debug, Serialize, ToSchema)]
pub struct Expiring {
    /// Seconds until then.
    pub in_s: u64,
}

/// The answer to `ping`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pong {
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// The `t` of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub t: Option<Box<RawValue>>,
    /// The database's time.
    pub now: Timestamp,
}

/// This hub stops soon: open a new connection at the told time, resume on it, then close this one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Drain {
    /// When to open the new connection, in milliseconds.
    pub reconnect_in_ms: u64,
    /// When this one is closed, in milliseconds.
    pub close_in_ms: u64,
}

/// Topics that are lost; the connection and its other topics live.
#[derive(Debug, Serialize, ToSchema)]
pub struct Revoked {
    /// The topics.
    pub topics: Vec<Topic>,
    /// Why.
    pub code: Code,
}

/// A message is refused and changed nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refused {
    /// The id of the message, when it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// Why.
    pub code: Code,
    /// For people; it may change.
    pub message: String,
    /// Whether the same message may succeed later.
    pub retry: bool,
    /// When, in milliseconds, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The newest event, with `gone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<Seq>,
    /// The oldest event that is kept, with `gone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest: Option<Seq>,
}

impl Refused {
    /// The refusal of a message.
    pub fn new(id: Option<MessageId>, fault: Fault) -> Self {
        Self {
            id,
            code: fault.code,
            message: fault.message.into_owned(),
            retry: fault.code.retry(),
            retry_after_ms: fault.retry_after.map(whole_ms),
            head: fault.head,
            oldest: fault.oldest,
        }
    }
}

/// Rounded up: who waits for as long as it is told does not come too early.
fn whole_ms(span: Duration) -> u64 {
    u64::try_from(span.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
