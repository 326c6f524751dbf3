//! The Rust client as the scripts of `clients/conformance` and the trials against a hub drive it: `driver URL OPTIONS`.
//! `clients/conformance/README.md` says what it prints.

use std::{
    collections::VecDeque,
    error::Error,
    io::{self, BufRead, Write},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tollbell_client::{
    Api, BoxError, GapReason, Hub, HubBuilder, Item, Position, PositionStore, Status, Stop, Timing,
};

/// Prints one line.
fn say(what: &Value) {
    // A reader that is gone needs no more lines.
    drop(writeln!(io::stdout(), "{what}"));
}

/// Shows what is saved.
struct Shown(Option<Position>);

impl PositionStore for Shown {
    fn load(&self) -> io::Result<Option<Position>> {
        Ok(self.0.clone())
    }

    fn save(&self, position: &Position) -> io::Result<()> {
        say(&json!({"saved": position}));
        Ok(())
    }
}

fn words(value: &Value) -> Vec<String> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

fn timing(ms: &Value) -> Timing {
    let default = Timing::default();
    let of = |name: &str, default| ms[name].as_u64().map_or(default, Duration::from_millis);
    Timing {
        backoff_min: of("backoff_min", default.backoff_min),
        backoff_max: of("backoff_max", default.backoff_max),
        stable_after: of("stable_after", default.stable_after),
        open_within: of("open_within", default.open_within),
        ping_grace: of("ping_grace", default.ping_grace),
    }
}

/// What the token source gives, the last one again and again; none is a failure.
fn next_token(left: &Mutex<VecDeque<Option<String>>>) -> Result<String, BoxError> {
    let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
    let token = if left.len() > 1 { left.pop_front() } else { left.front().cloned() };
    token.flatten().ok_or_else(|| "there is no token now".into())
}

fn make(url: &str, options: &Value) -> Result<HubBuilder, Box<dyn Error>> {
    let topics = options["topics"].is_array().then(|| words(&options["topics"]));
    let mut builder = Hub::builder(url)
        .topics(topics.unwrap_or_else(|| vec!["payments".to_owned()]))
        .kinds(words(&options["kinds"]))
        .snapshot(options["snapshot"] == true)
        .timing(timing(&options["timing_ms"]));
    if let Some(seq) = options["since"].as_u64() {
        builder = builder.since_seq(seq);
    } else if options["since"].is_object() {
        builder = builder.since(serde_json::from_value(options["since"].clone())?);
    }
    if let Some(held) = options.get("store") {
        builder = builder.store(Shown(serde_json::from_value(held.clone())?));
    }
    if let Some(key) = options["privatekey"].as_str() {
        let (api, key) = (Api::new(url)?, key.to_owned());
        builder = builder.token_source(move || {
            let (api, key) = (api.clone(), key.clone());
            async move { Ok(api.login(&key).await?.token) }
        });
    } else if let Some(tokens) = options["tokens"].as_array() {
        let tokens = tokens.iter().map(|token| token.as_str().map(ToOwned::to_owned)).collect();
        let left = Arc::new(Mutex::new(tokens));
        builder = builder.token_source(move || std::future::ready(next_token(&left)));
    }
    Ok(builder)
}

fn told(item: &Item) -> Value {
    match item {
        Item::Event(event) => {
            json!({"event": event.seq, "kind": event.kind, "data": event.raw})
        }
        Item::Snapshot(part) => {
            json!({"snapshot": part.topic, "seq": part.seq, "part": part.part, "last": part.last})
        }
        Item::Live { seq } => json!({"live": seq}),
        Item::Hint(hint) => json!({"hint": hint.kind}),
        Item::Gap { reason, held, oldest } => {
            let word = match reason {
                GapReason::EpochChanged => "epoch_changed",
                _ => "gone",
            };
            json!({"gap": word, "held": held, "oldest": oldest})
        }
        Item::Revoked { topics, code } => json!({"revoked": topics, "code": code}),
        Item::Status(Status::Connected) => json!({"status": "connected"}),
        Item::Status(Status::Reconnecting { in_ms, reason }) => {
            json!({"status": "reconnecting", "in_ms": in_ms, "reason": reason})
        }
        Item::Status(Status::Stopped(stop)) => json!({"stopped": match stop {
            Stop::Closed { code, .. } => json!(code),
            Stop::Rejected { status } => json!(status),
            Stop::Refused { code, .. } => json!(code),
            Stop::NoTopics => json!("no_topics"),
            _ => json!("unauthorized"),
        }}),
        _ => Value::Null,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (url, options) = arguments.next().zip(arguments.next()).ok_or("give a URL and options")?;
    let (hub, mut events) = make(&url, &serde_json::from_str(&options)?)?.connect().await?;
    let (runtime, closer) = (tokio::runtime::Handle::current(), hub.clone());
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if line.contains("\"close\"") {
                runtime.block_on(closer.close());
            }
        }
    });
    let mut stopped = false;
    while let Some(item) = events.next().await {
        stopped |= matches!(item, Item::Status(Status::Stopped(_)));
        say(&told(&item));
    }
    if !stopped {
        say(&json!({"closed": true}));
    }
    Ok(())
}
