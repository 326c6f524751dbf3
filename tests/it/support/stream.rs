//! Server-sent events as a browser takes them.

use serde_json::Value;
use tokio::time::timeout;

use super::{Hub, socket::PATIENCE};

/// One event of a stream.
#[derive(Debug, PartialEq)]
pub(crate) struct Sent {
    /// Where a browser would go on.
    pub(crate) id: Option<String>,
    /// The type; `message` when none is given.
    pub(crate) event: String,
    /// The data.
    pub(crate) data: Value,
    /// When to come back, in milliseconds.
    pub(crate) retry: Option<u64>,
}

/// An open stream.
pub(crate) struct Stream {
    response: reqwest::Response,
    unread: Vec<u8>,
}

impl Stream {
    /// Opens the stream of a query such as `topics=payments`.
    pub(crate) async fn open(hub: &Hub, query: &str, headers: &[(&str, &str)]) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client
            .get(format!("{}/api/v1/events?{query}", hub.url()))
            .header("accept", "text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = timeout(PATIENCE, request.send()).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, unread: Vec::new() }
    }

    /// The next event of any type, or `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        loop {
            while let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.unread.drain(..end + 2).collect();
                if let Some(sent) = parse(std::str::from_utf8(&block).unwrap()) {
                    return Some(sent);
                }
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await;
            match chunk.expect("the stream is silent") {
                Ok(Some(bytes)) => self.unread.extend_from_slice(&bytes),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The next events of the log; marks between them are dropped.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<Sent> {
        let mut events = Vec::new();
        while events.len() < count {
            let sent = self.next().await.expect("the stream ended");
            match sent.event.as_str() {
                "message" => events.push(sent),
                "mark" => {}
                _ => panic!("{sent:?}"),
            }
        }
        events
    }
}

/// Reads a block; a comment is none.
fn parse(block: &str) -> Option<Sent> {
    let field = |name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|value| value.trim_start().to_owned())
    };
    Some(Sent {
        data: serde_json::from_str(&field("data")?).unwrap(),
        id: field("id"),
        event: field("event").unwrap_or_else(|| "message".into()),
        retry: field("retry").map(|retry| retry.parse().unwrap()),
    })
}
