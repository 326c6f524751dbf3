//! The messages of `tollbell.v1` as this client reads and writes them. Unknown fields and unknown types are ignored.

use serde::{Deserialize, Serialize};

use crate::item::{Event, Hint, Snapshot};

/// A message of the server.
#[derive(Debug)]
pub(crate) enum ServerMessage {
    Welcome(Welcome),
    Subscribed(Subscribed),
    Snapshot(Snapshot),
    Event(Event),
    Live {
        seq: u64,
    },
    Mark {
        seq: u64,
    },
    Hint(Hint),
    Ok {
        id: u64,
    },
    Expiring,
    Drain {
        reconnect_in_ms: u64,
    },
    Revoked {
        topics: Vec<String>,
        code: String,
    },
    Error(Refusal),
    /// Carries nothing this client waits for, or is newer than it.
    Other,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Welcome {
    pub(crate) epoch: String,
    pub(crate) ping_s: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Subscribed {
    pub(crate) mode: Mode,
    pub(crate) from: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    Live,
    Resumed,
    Snapshot,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) id: Option<u64>,
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) retry: bool,
    pub(crate) retry_after_ms: Option<u64>,
    pub(crate) oldest: Option<u64>,
}

impl ServerMessage {
    /// Reads one text frame. It looks at the type first, because a tagged enum would buffer each body to find its tag.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Tag<'a> {
            #[serde(rename = "type", borrow)]
            kind: std::borrow::Cow<'a, str>,
        }
        #[derive(Deserialize)]
        struct At {
            seq: u64,
        }
        #[derive(Deserialize)]
        struct Answer {
            id: u64,
        }
        #[derive(Deserialize)]
        struct Drain {
            reconnect_in_ms: u64,
        }
        #[derive(Deserialize)]
        struct Revoked {
            topics: Vec<String>,
            code: String,
        }
        let tag: Tag<'_> = serde_json::from_str(text)?;
        Ok(match tag.kind.as_ref() {
            "event" => Self::Event(serde_json::from_str(text)?),
            "mark" => Self::Mark { seq: serde_json::from_str::<At>(text)?.seq },
            "live" => Self::Live { seq: serde_json::from_str::<At>(text)?.seq },
            "hint" => Self::Hint(serde_json::from_str(text)?),
            "welcome" => Self::Welcome(serde_json::from_str(text)?),
            "subscribed" => Self::Subscribed(serde_json::from_str(text)?),
            "snapshot" => Self::Snapshot(serde_json::from_str(text)?),
            "error" => Self::Error(serde_json::from_str(text)?),
            "ok" => Self::Ok { id: serde_json::from_str::<Answer>(text)?.id },
            "expiring" => Self::Expiring,
            "drain" => {
                let Drain { reconnect_in_ms } = serde_json::from_str(text)?;
                Self::Drain { reconnect_in_ms }
            }
            "revoked" => {
                let Revoked { topics, code } = serde_json::from_str(text)?;
                Self::Revoked { topics, code }
            }
            _ => Self::Other,
        })
    }
}

/// A message of this client.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ClientMessage<'a> {
    Subscribe {
        id: u64,
        topics: &'a [String],
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        kinds: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<u64>,
        snapshot: bool,
    },
    Auth {
        id: u64,
        token: &'a str,
    },
}

impl ClientMessage<'_> {
    pub(crate) fn encode(&self) -> String {
        // Strings and numbers always have a JSON form; should that ever change, the server answers `bad_request`.
        serde_json::to_string(self).unwrap_or_default()
    }
}
