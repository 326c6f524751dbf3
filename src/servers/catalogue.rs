//! The events and topics of server sessions as clients know them.

use super::{
    events::{
        KINDS, OrphanStopped, SERVER_TICK, ServerAnomaly, ServerChanged, ServerTick, ServerWarning,
    },
    topics::OpenServers,
    views::ServerView,
};
use crate::kernel::catalogue::{Catalogue, KindEntry, Shape, TopicEntry};

/// What everybody hears of a server.
const PUBLIC_KINDS: &[&str] = &[
    "server.pending",
    "server.launching",
    "server.ready",
    "server.stopping",
    "server.stopped",
    "server.failed",
    "server.expired",
    "server.killed",
    "server.updated",
    SERVER_TICK,
];

/// What an owner hears of a session.
const OWNER_KINDS: &[&str] = &[
    "server.pending",
    "server.launching",
    "server.ready",
    "server.stopping",
    "server.stopped",
    "server.failed",
    "server.expired",
    "server.killed",
    "server.updated",
    "server.warning",
];

/// The description of this slice. The examples are the golden files that the events are tested against.
pub fn catalogue() -> Catalogue {
    Catalogue {
        topics: topics(),
        kinds: kinds(),
        hints: vec![KindEntry {
            kind: SERVER_TICK,
            meaning: "A server lives; at most once in half a minute.",
            data: Shape::of::<ServerTick>(),
            example: include_str!("../../tests/golden/hints/server.tick.json"),
        }],
    }
}

fn topics() -> Vec<TopicEntry> {
    vec![
        TopicEntry {
            name: "servers",
            audience: "everyone, in the public view",
            kinds: PUBLIC_KINDS,
            snapshot: Some(Shape::of::<OpenServers>()),
        },
        TopicEntry {
            name: "server:{id}",
            audience: "everyone, in the public view",
            kinds: PUBLIC_KINDS,
            snapshot: Some(Shape::of::<ServerView>()),
        },
        // Other slices' topics, which have the snapshots.
        TopicEntry {
            name: "user:{discord_id}",
            audience: "that user, and service keys with the scope bot",
            kinds: OWNER_KINDS,
            snapshot: None,
        },
        TopicEntry {
            name: "users",
            audience: "service keys with the scope bot",
            kinds: OWNER_KINDS,
            snapshot: None,
        },
        TopicEntry {
            name: "ops",
            audience: "admins",
            kinds: KINDS.get(10..).unwrap_or_default(),
            snapshot: None,
        },
    ]
}

fn kinds() -> Vec<KindEntry> {
    macro_rules! kind {
        ($kind:literal, $data:ty, $meaning:literal) => {
            KindEntry {
                kind: $kind,
                meaning: $meaning,
                data: Shape::of::<$data>(),
                example: include_str!(concat!("../../tests/golden/events/", $kind, ".json")),
            }
        };
    }
    vec![
        kind!("server.pending", ServerChanged, "Minutes are reserved and a server is ordered."),
        kind!("server.launching", ServerChanged, "The orchestrator is at it."),
        kind!("server.ready", ServerChanged, "Players can join."),
        kind!("server.stopping", ServerChanged, "The server is going down."),
        kind!("server.stopped", ServerChanged, "The server is down and its minutes are charged."),
        kind!("server.failed", ServerChanged, "There never was a server, and nothing is charged."),
        kind!(
            "server.expired",
            ServerChanged,
            "The hub gave the session up: its server was silent, or its stop was never confirmed."
        ),
        kind!("server.killed", ServerChanged, "The orchestrator ended the server the hard way."),
        kind!(
            "server.updated",
            ServerChanged,
            "Something else is known of the session, which stands where it stood."
        ),
        kind!("server.warning", ServerWarning, "So many minutes are left. For its owner only."),
        kind!(
            "ops.orphan_stopped",
            OrphanStopped,
            "A server that no session paid for was told to stop, and has heard it."
        ),
        kind!("ops.server_anomaly", ServerAnomaly, "The orchestrator reported what can't be."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_described_and_on_a_topic() {
        let described: Vec<_> = kinds().iter().map(|entry| entry.kind).collect();
        assert_eq!(described, KINDS);
        for kind in KINDS {
            assert!(topics().iter().any(|topic| topic.kinds.contains(kind)), "{kind}");
        }
        assert!(
            topics()
                .iter()
                .flat_map(|topic| topic.kinds)
                .all(|kind| { KINDS.contains(kind) || *kind == SERVER_TICK })
        );
    }
}
