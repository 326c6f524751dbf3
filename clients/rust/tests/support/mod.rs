//! A websocket server whose every word the test says, and short waiting times.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a scripted server that fails is a failed test"
)]
#![expect(clippy::result_large_err, reason = "tungstenite gives the handshake callback its type")]

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
        protocol::CloseFrame,
    },
};
use tollbell_client::{Events, Hub, HubBuilder, Item, Position, Status, Timing};

/// How long a step that should happen at once may take on a busy machine.
pub(crate) const STEP_WAIT_MAX: Duration = Duration::from_secs(10);

pub(crate) struct Server(TcpListener);

impl Server {
    pub(crate) async fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    /// A client of this server that waits briefly between its attempts.
    pub(crate) fn client(&self) -> HubBuilder {
        let url = format!("http://{}", self.0.local_addr().unwrap());
        let timing = Timing {
            backoff_min: Duration::from_millis(2),
            backoff_max: Duration::from_millis(10),
            ..Timing::default()
        };
        Hub::builder(url).topics(["payments"]).timing(timing)
    }

    /// The next link, before any greeting, and the token it came with.
    pub(crate) async fn accept(&self) -> Link {
        let (socket, _) = timeout(STEP_WAIT_MAX, self.0.accept()).await.unwrap().unwrap();
        let mut token = None;
        let note = |request: &Request, response: Response| {
            assert_eq!(request.uri().path(), "/api/v1/ws");
            let header = request.headers().get("authorization");
            token = header.map(|value| value.to_str().unwrap().replace("Bearer ", ""));
            Ok(response)
        };
        let socket = accept_hdr_async(socket, note).await.unwrap();
        Link { socket, token }
    }

    /// Answers the next opening request with an HTTP status.
    pub(crate) async fn reject(&self, status: StatusCode) {
        let (socket, _) = timeout(STEP_WAIT_MAX, self.0.accept()).await.unwrap().unwrap();
        let refuse = |_: &Request, _: Response| {
            let mut answer = ErrorResponse::new(None);
            *answer.status_mut() = status;
            Err(answer)
        };
        accept_hdr_async(socket, refuse).await.unwrap_err();
    }

    /// A link that is greeted, and what the client asks for on it.
    pub(crate) async fn greet(&self) -> (Link, Value) {
        let mut link = self.accept().await;
        link.say(&welcome("e7", 25)).await;
        let request = link.hear().await;
        (link, request)
    }

    /// A link that is subscribed behind `since`.
    pub(crate) async fn subscribed(&self, since: u64) -> Link {
        let (mut link, request) = self.greet().await;
        link.say(&subscribed(&request, "resumed", since + 1)).await;
        link
    }
}

pub(crate) struct Link {
    socket: WebSocketStream<TcpStream>,
    pub(crate) token: Option<String>,
}

impl Link {
    pub(crate) async fn say(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn events(&mut self, seqs: impl IntoIterator<Item = u64>) {
        for seq in seqs {
            self.say(&event(seq)).await;
        }
    }

    /// The client's next message.
    pub(crate) async fn hear(&mut self) -> Value {
        loop {
            match timeout(STEP_WAIT_MAX, self.socket.next()).await.unwrap() {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the client said {other:?}"),
            }
        }
    }

    /// The code with which the client closes the link.
    pub(crate) async fn until_closed(&mut self) -> u16 {
        match timeout(STEP_WAIT_MAX, self.socket.next()).await.unwrap() {
            Some(Ok(Message::Close(Some(frame)))) => frame.code.into(),
            other => panic!("the client said {other:?}"),
        }
    }

    pub(crate) async fn close(&mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.socket.close(Some(frame)).await.unwrap();
    }
}

pub(crate) fn welcome(epoch: &str, ping_s: u64) -> Value {
    json!({"type": "welcome", "conn": "c_1", "epoch": epoch, "head": 50, "ping_s": ping_s})
}

pub(crate) fn subscribed(request: &Value, mode: &str, from: u64) -> Value {
    json!({"type": "subscribed", "id": request["id"], "topics": request["topics"], "mode": mode,
        "from": from, "head": from})
}

pub(crate) fn event(seq: u64) -> Value {
    json!({"type": "event", "seq": seq, "kind": "payment.made", "topics": ["payments"],
        "at": "2026-11-22T01:00:00.123Z", "data": {"amount": seq}})
}

pub(crate) fn refusal(request: &Value, code: &str) -> Value {
    json!({"type": "error", "id": request["id"], "code": code, "message": "no", "retry": false,
        "head": 90, "oldest": 60})
}

pub(crate) fn position(epoch: &str, seq: u64) -> Position {
    Position { epoch: epoch.into(), seq }
}

pub(crate) async fn next(events: &mut Events) -> Item {
    timeout(STEP_WAIT_MAX, events.next()).await.unwrap().expect("the stream goes on")
}

/// The next event's number. Anything else on the way fails the test.
pub(crate) async fn next_seq(events: &mut Events) -> u64 {
    match next(events).await {
        Item::Event(event) => event.seq,
        other => panic!("expected an event, not {other:?}"),
    }
}

pub(crate) async fn until_connected(events: &mut Events) {
    loop {
        match next(events).await {
            Item::Status(Status::Connected) => return,
            Item::Status(Status::Reconnecting { .. }) => {}
            other => panic!("expected the link to come up, not {other:?}"),
        }
    }
}
