//! The AsyncAPI 3.0 document of the native protocol, put together from the types that are sent.
//!
//! Nothing in it is written twice: messages come from [`super::ws::protocol`], events and topics from the catalogues of
//! the slices, codes from [`super::codes`], examples of events from the golden files that the events are tested with.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    codes::{CLOSES, CODES},
    operate::events::{ClockAdvanced, NOTICE_CHANGED, NoticeChanged, NoticeView},
    stats::{HUB_STATS, Pulse},
    topics,
    ws::protocol::{
        Authenticate, Done, Drain, Expiring, Hint, Live, Mark, MessageId, Ping, Pong, Refused,
        Revoked, SnapshotPart, Subscribe, Subscribed, Unsubscribe, Welcome,
    },
};
use crate::{
    auth::{self, acts::Acted},
    billing, contracts,
    kernel::{
        catalogue::{Catalogue, KindEntry, Shape, TopicEntry},
        event::{Seq, Topic},
        time::Timestamp,
    },
    ledger, names, plans, servers,
};

/// The document.
pub fn document() -> Value {
    let mut document = Document::default();
    let client = client_messages().map(|(name, meaning, shape)| {
        document.message(name, meaning, &with_type(name, &shape, true), &shape, None)
    });
    let server = server_messages().map(|(name, meaning, shape)| {
        document.message(name, meaning, &with_type(name, &shape, false), &shape, None)
    });
    let mut socket: Vec<&str> = client.to_vec();
    socket.extend(server);
    document.channel("socket", "/api/v1/ws", "One JSON object per text frame.", &socket);
    for catalogue in catalogues() {
        document.slice(&catalogue);
    }
    document.schema(&Shape::of::<MessageId>());
    for shape in [Shape::of::<Seq>(), Shape::of::<Timestamp>(), Shape::of::<Topic>()] {
        document.schema(&shape);
    }
    document.finish(&client, &server)
}

/// What every slice tells its listeners.
pub fn catalogues() -> Vec<Catalogue> {
    vec![
        ledger::catalogue(),
        names::catalogue(),
        servers::catalogue(),
        contracts::catalogue(),
        plans::catalogue(),
        billing::catalogue(),
        auth::users::catalogue::catalogue(),
        own(),
    ]
}

/// The topics, events and hints of the hub itself.
fn own() -> Catalogue {
    Catalogue {
        topics: vec![
            TopicEntry {
                name: topics::PULSE,
                audience: "everyone",
                kinds: &[HUB_STATS],
                snapshot: None,
            },
            TopicEntry {
                name: topics::NOTICES,
                audience: "everyone",
                kinds: &[NOTICE_CHANGED],
                snapshot: Some(Shape::of::<NoticeView>()),
            },
            TopicEntry {
                name: topics::OPS,
                audience: "admins",
                kinds: &["ops.acted", "ops.clock_advanced", HUB_STATS],
                snapshot: None,
            },
        ],
        kinds: vec![
            KindEntry {
                kind: "ops.acted",
                meaning: "An operator did something; the event stands in the transaction of what was done.",
                data: Shape::of::<Acted>(),
                example: include_str!("../../tests/golden/events/ops.acted.json"),
            },
            KindEntry {
                kind: "ops.clock_advanced",
                meaning: "Somebody moved the test clock of a hub that was started with --dev.",
                data: Shape::of::<ClockAdvanced>(),
                example: include_str!("../../tests/golden/events/ops.clock_advanced.json"),
            },
            KindEntry {
                kind: NOTICE_CHANGED,
                meaning: "The operator set the message of the day, or switched payments on or off.",
                data: Shape::of::<NoticeChanged>(),
                example: include_str!("../../tests/golden/events/notice.changed.json"),
            },
        ],
        hints: vec![KindEntry {
            kind: HUB_STATS,
            meaning: "What the node did in the last second; with more of it on `ops`.",
            data: Shape::of::<Pulse>(),
            example: include_str!("../../tests/golden/hints/hub.stats.json"),
        }],
    }
}

fn client_messages() -> [(&'static str, &'static str, Shape); 4] {
    [
        ("subscribe", "Listen to topics.", Shape::of::<Subscribe>()),
        ("unsubscribe", "Stop listening to topics.", Shape::of::<Unsubscribe>()),
        ("auth", "Replace the credentials.", Shape::of::<Authenticate>()),
        ("ping", "Ask for a `pong`.", Shape::of::<Ping>()),
    ]
}

fn server_messages() -> [(&'static str, &'static str, Shape); 12] {
    [
        ("welcome", "The first frame.", Shape::of::<Welcome>()),
        ("subscribed", "The answer to `subscribe`.", Shape::of::<Subscribed>()),
        ("snapshot", "The state of a topic.", Shape::of::<SnapshotPart>()),
        ("live", "The catch-up of a subscription is complete.", Shape::of::<Live>()),
        ("mark", "The position to persist.", Shape::of::<Mark>()),
        ("ok", "The answer to `unsubscribe` and `auth`.", Shape::of::<Done>()),
        ("hint", "Something that happens now and is in no log.", Shape::of::<Hint>()),
        ("expiring", "The token ends soon.", Shape::of::<Expiring>()),
        ("pong", "The answer to `ping`.", Shape::of::<Pong>()),
        ("drain", "This hub stops soon.", Shape::of::<Drain>()),
        ("revoked", "Topics are lost.", Shape::of::<Revoked>()),
        ("error", "A message is refused and changed nothing.", Shape::of::<Refused>()),
    ]
}

/// The document while it grows.
#[derive(Default)]
struct Document {
    channels: Map<String, Value>,
    messages: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl Document {
    fn slice(&mut self, catalogue: &Catalogue) {
        for entry in &catalogue.kinds {
            self.kind(entry, "event");
        }
        for entry in &catalogue.hints {
            self.kind(entry, "hint");
        }
        for topic in &catalogue.topics {
            self.topic(topic);
        }
    }

    fn kind(&mut self, entry: &KindEntry, r#type: &str) {
        let mut properties = json!({
            "type": {"const": r#type},
            "kind": {"const": entry.kind},
            "topics": {"type": "array", "items": reference("Topic")},
            "data": reference(&entry.data.name),
        });
        let mut required = vec!["type", "kind", "topics", "data"];
        let mut example: Value = serde_json::from_str(entry.example).unwrap_or_default();
        if let (Some(example), Some(properties)) =
            (example.as_object_mut(), properties.as_object_mut())
        {
            example.insert("type".into(), r#type.into());
            if r#type == "event" {
                properties.insert("seq".into(), reference("Seq"));
                properties.insert("at".into(), reference("Timestamp"));
                required.extend(["seq", "at"]);
                example.insert("seq".into(), 18_447.into());
                example.insert("at".into(), "2026-11-22T01:00:00.123Z".into());
            }
        }
        let payload = json!({"type": "object", "properties": properties, "required": required});
        self.message(entry.kind, entry.meaning, &payload, &entry.data, Some(example));
    }

    fn topic(&mut self, topic: &TopicEntry) {
        let description = format!("A topic. Who may listen: {}.", topic.audience);
        self.channel(topic.name, topic.name, &description, topic.kinds);
        let parameters: Map<String, Value> = topic
            .name
            .split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}'))
            .map(|(name, _)| (name.to_owned(), json!({})))
            .collect();
        let channel = self.channels.get_mut(topic.name).and_then(Value::as_object_mut);
        if let Some(channel) = channel {
            if !parameters.is_empty() {
                channel.insert("parameters".into(), parameters.into());
            }
            let snapshot = topic.snapshot.as_ref().map(|shape| reference(&shape.name));
            channel.entry("x-snapshot").or_insert(snapshot.unwrap_or_default());
        }
        if let Some(shape) = &topic.snapshot {
            self.schema(shape);
        }
    }

    fn channel(&mut self, name: &str, address: &str, description: &str, messages: &[&str]) {
        let refer = |message: &&str| {
            ((*message).to_owned(), json!({"$ref": format!("#/components/messages/{message}")}))
        };
        let messages: Map<String, Value> = messages.iter().map(refer).collect();
        // A topic of one slice that another speaks on as well has the messages of both.
        if let Some(known) = self.channels.get_mut(name)
            && let Some(known) = known.get_mut("messages").and_then(Value::as_object_mut)
        {
            known.extend(messages);
            return;
        }
        let channel = json!({"address": address, "description": description, "messages": messages});
        self.channels.insert(name.into(), channel);
    }

    fn message<'a>(
        &mut self,
        name: &'a str,
        meaning: &str,
        payload: &Value,
        shape: &Shape,
        example: Option<Value>,
    ) -> &'a str {
        self.schema(shape);
        let mut message = json!({"name": name, "summary": meaning, "payload": payload});
        if let (Some(message), Some(example)) = (message.as_object_mut(), example) {
            message.insert("examples".into(), json!([{"payload": example}]));
        }
        self.messages.insert(name.into(), message);
        name
    }

    fn schema(&mut self, shape: &Shape) {
        for (name, schema) in &shape.schemas {
            // A schema that has no JSON form is a defect of the library, and the drift test shows it.
            self.schemas.insert(name.clone(), serde_json::to_value(schema).unwrap_or_default());
        }
    }

    fn finish(self, client: &[&str], server: &[&str]) -> Value {
        let refer = |names: &[&str]| -> Vec<Value> {
            let path = |name: &&str| format!("#/channels/socket/messages/{name}");
            names.iter().map(|name| json!({"$ref": path(name)})).collect()
        };
        json!({
            "asyncapi": "3.0.0",
            "info": {
                "title": "tollbell",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "The native realtime protocol tollbell.v1: every committed change, once and in order.",
            },
            "defaultContentType": "application/json",
            "servers": {"hub": {
                "host": "{host}",
                "protocol": "ws",
                "variables": {"host": {"default": "127.0.0.1:8080"}},
            }},
            "channels": self.channels,
            "operations": {
                "ask": {"action": "receive", "channel": {"$ref": "#/channels/socket"}, "messages": refer(client)},
                "tell": {"action": "send", "channel": {"$ref": "#/channels/socket"}, "messages": refer(server)},
            },
            "components": {"messages": self.messages, "schemas": self.schemas},
            "x-error-codes": CODES.iter().map(|(_, code, status, retry, meaning)| {
                json!({"code": code, "http_status": status, "retry": retry, "meaning": meaning})
            }).collect::<Vec<_>>(),
            "x-close-codes": CLOSES.iter().map(|(code, meaning, client)| {
                json!({"code": code, "meaning": meaning, "client": client})
            }).collect::<Vec<_>>(),
        })
    }
}

/// A message on the socket: its fields and its type, and for a client's message the name to echo.
fn with_type(name: &str, shape: &Shape, from_client: bool) -> Value {
    let mut own = json!({"type": {"const": name}});
    if let (Some(own), true) = (own.as_object_mut(), from_client) {
        own.insert("id".into(), reference(&MessageId::name()));
    }
    let own = json!({"type": "object", "properties": own, "required": ["type"]});
    json!({"allOf": [reference(&shape.name), own]})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::gateways::operate;

    /// Every `$ref` below a value.
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 50, "{}", found.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
        }
    }

    #[test]
    fn every_kind_that_is_sent_is_described() {
        let described: BTreeSet<_> = catalogues()
            .iter()
            .flat_map(|catalogue| catalogue.kinds.iter().map(|entry| entry.kind))
            .collect();
        let sent = [
            ledger::events::KINDS,
            billing::events::KINDS,
            servers::events::KINDS,
            names::events::KINDS,
            contracts::events::KINDS,
            plans::events::KINDS,
            auth::users::events::KINDS,
            auth::acts::events::KINDS,
            operate::events::KINDS,
        ]
        .concat();
        assert_eq!(described, sent.into_iter().collect());
    }

    #[test]
    fn an_example_is_of_the_kind_that_it_stands_for() {
        for entry in catalogues().iter().flat_map(|all| all.kinds.iter().chain(&all.hints)) {
            let example: Value = serde_json::from_str(entry.example).unwrap();
            assert_eq!(example["kind"], entry.kind);
            assert!(example["topics"].is_array() && example["data"].is_object(), "{}", entry.kind);
        }
    }

    #[test]
    fn the_tables_are_in_the_document() {
        let document = document();
        let codes = document["x-error-codes"].as_array().unwrap();
        let closes = document["x-close-codes"].as_array().unwrap();
        assert_eq!((codes.len(), closes.len()), (CODES.len(), CLOSES.len()));
        assert_eq!(
            document["components"]["messages"]["payment.made"]["examples"][0]["payload"]["seq"],
            18_447
        );
    }
}
