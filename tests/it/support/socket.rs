//! A websocket as it is on the wire: nothing is resumed, repeated or hidden.
//!
//! The opening request is written by hand, so that a test can ask for what no library would.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Error, Message, protocol::Role},
};

use super::{Api, Hub};

/// How long any answer may take, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// The handshake's example of RFC 6455, and the only right answer to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// An opening request in the making.
pub(crate) struct Knock {
    address: SocketAddr,
    path: String,
    head: String,
    window: Option<u32>,
    /// How the greeting is called.
    greeting: &'static str,
}

/// The answer to an opening request that was refused.
#[derive(Debug)]
pub(crate) struct Turned {
    /// The status; or the close code of a hub that changed its mind before it greeted.
    pub(crate) status: u16,
    /// The whole answer as text.
    text: String,
}

impl Turned {
    /// Status and stable code, to compare in one line.
    pub(crate) fn said(&self) -> (u16, String) {
        let body = self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        (self.status, body["error"]["code"].as_str().unwrap_or("").to_owned())
    }
}

impl Knock {
    /// Asks for the native websocket of a hub.
    pub(crate) fn at(hub: &Hub) -> Self {
        let head = format!(
            "host: {}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: {KEY}\r\n",
            hub.address
        );
        let path = "/api/v1/ws".into();
        let address = hub.address.parse().unwrap();
        Self { address, path, head, window: None, greeting: "welcome" }
    }

    /// At another door, which greets otherwise.
    pub(crate) fn door(mut self, path: &str, greeting: &'static str) -> Self {
        (self.path, self.greeting) = (path.to_owned(), greeting);
        self
    }

    /// With a ticket in the URL.
    pub(crate) fn ticket(mut self, ticket: &str) -> Self {
        self.path = format!("/api/v1/ws?ticket={ticket}");
        self
    }

    /// With a header more.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.extend([name, ": ", value, "\r\n"]);
        self
    }

    /// As this caller.
    pub(crate) fn caller(self, api: &Api) -> Self {
        match &api.token {
            Some(token) => self.header("authorization", &format!("Bearer {token}")),
            None => self,
        }
    }

    /// With room for few bytes in the receiving kernel, so that a client that does not read is soon seen by the hub.
    pub(crate) fn window(mut self, bytes: u32) -> Self {
        self.window = Some(bytes);
        self
    }

    /// Opens the websocket and hears its greeting, or tells how that was refused.
    pub(crate) async fn open(self) -> Result<Socket, Turned> {
        timeout(PATIENCE, self.opened()).await.expect("the hub does not answer a handshake")
    }

    async fn opened(self) -> Result<Socket, Turned> {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = self.window {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let mut stream = socket.connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!("GET {} HTTP/1.1\r\n{}\r\n", self.path, self.head);
        stream.write_all(request.as_bytes()).await.unwrap();
        let (head, rest) = read_head(&mut stream).await;
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        if status != 101 {
            let body = read_body(stream, &head, rest).await;
            return Err(Turned { status, text: head + &body });
        }
        assert_eq!(header(&head, "sec-websocket-accept"), Some(ACCEPT), "{head}");
        let protocol = header(&head, "sec-websocket-protocol").map(ToOwned::to_owned);
        let ws = WebSocketStream::from_partially_read(stream, rest, Role::Client, None).await;
        let mut socket = Socket { ws, protocol, welcome: Value::Null, early: VecDeque::new() };
        socket.welcome = match socket.next().await {
            Heard::Frame(text) => serde_json::from_str(&text).unwrap(),
            Heard::Closed(code) => return Err(Turned { status: code, text: String::new() }),
            Heard::Cut => panic!("cut before the greeting"),
        };
        assert_eq!(socket.welcome["type"], self.greeting);
        Ok(socket)
    }
}

/// What comes next on a websocket.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    /// A text frame.
    Frame(String),
    /// The hub's close code.
    Closed(u16),
    /// The end without a close frame.
    Cut,
}

/// An open websocket.
pub(crate) struct Socket {
    ws: WebSocketStream<TcpStream>,
    /// The subprotocol that the hub chose.
    pub(crate) protocol: Option<String>,
    /// The greeting.
    pub(crate) welcome: Value,
    /// Frames that came before an answer that was waited for.
    early: VecDeque<Value>,
}

impl Socket {
    /// A guest's websocket.
    pub(crate) async fn guest(hub: &Hub) -> Self {
        Knock::at(hub).open().await.unwrap()
    }

    /// A caller's websocket.
    pub(crate) async fn of(hub: &Hub, api: &Api) -> Self {
        Knock::at(hub).caller(api).open().await.unwrap()
    }

    /// A guest's websocket that listens to topics, behind everything that was committed before.
    pub(crate) async fn on(hub: &Hub, topics: &[&str]) -> Self {
        let mut socket = Self::guest(hub).await;
        socket.listen_behind(&json!(hub.log_head().await), topics).await;
        socket
    }

    /// A caller's websocket that listens to topics, behind everything that was committed before.
    pub(crate) async fn of_on(hub: &Hub, api: &Api, topics: &[&str]) -> Self {
        let mut socket = Self::of(hub, api).await;
        socket.listen_behind(&json!(hub.log_head().await), topics).await;
        socket
    }

    /// Listens behind the newest event that the hub knew when it greeted.
    pub(crate) async fn listen(&mut self, topics: &[&str]) {
        let since = self.welcome["head"].clone();
        self.listen_behind(&since, topics).await;
    }

    async fn listen_behind(&mut self, since: &Value, topics: &[&str]) {
        let epoch = &self.welcome["epoch"];
        let message =
            json!({"type": "subscribe", "topics": topics, "since": since, "epoch": epoch});
        let answer = self.ask(message).await;
        assert_eq!(answer["mode"], "resumed", "{answer}");
    }

    /// Sends a frame of any kind.
    pub(crate) async fn send(&mut self, message: Message) {
        let sent = timeout(PATIENCE, self.ws.send(message)).await;
        sent.expect("the hub takes no input").unwrap();
    }

    /// Sends a message.
    pub(crate) async fn say(&mut self, message: &Value) {
        self.send(Message::text(message.to_string())).await;
    }

    /// Writes bytes past the websocket.
    pub(crate) async fn write_raw(&mut self, bytes: &[u8]) {
        self.ws.get_mut().write_all(bytes).await.unwrap();
    }

    /// Gives the plain stream back. What was not read of it is lost.
    pub(crate) fn into_stream(self) -> TcpStream {
        self.ws.into_inner()
    }

    /// Sends a message and waits for its answer. Events and the like that come before it are kept.
    pub(crate) async fn ask(&mut self, message: Value) -> Value {
        self.say(&message).await;
        self.answer().await
    }

    /// The next frame that answers something.
    pub(crate) async fn answer(&mut self) -> Value {
        loop {
            let frame = self.fresh().await;
            let unasked =
                ["event", "mark", "live", "hint", "snapshot", "drain", "expiring", "keepalive"];
            if !unasked.iter().any(|kind| frame["type"] == *kind) {
                return frame;
            }
            self.early.push_back(frame);
        }
    }

    /// Whether a frame of a type came before an answer that was waited for, and nobody has heard it yet.
    pub(crate) fn has_early(&self, kind: &str) -> bool {
        self.early.iter().any(|frame| frame["type"] == kind)
    }

    /// The next frame, whatever it is.
    pub(crate) async fn hear(&mut self) -> Value {
        match self.early.pop_front() {
            Some(frame) => frame,
            None => self.fresh().await,
        }
    }

    /// The next frame of a type; those before it are dropped.
    pub(crate) async fn hear_a(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.hear().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Value {
        self.hear_a("event").await
    }

    /// The next events, each checked to be newer than the one before.
    pub(crate) async fn events(&mut self, count: usize) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::with_capacity(count);
        while events.len() < count {
            let event = self.event().await;
            let before = events.last().map_or(0, seq);
            assert!(before < seq(&event), "{before} comes before {event}");
            events.push(event);
        }
        events
    }

    /// What comes next, within a time.
    pub(crate) async fn next_within(&mut self, span: Duration) -> Option<Heard> {
        timeout(span, self.next()).await.ok()
    }

    /// What comes next.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            match self.ws.next().await {
                Some(Ok(Message::Text(text))) => return Heard::Frame(text.to_string()),
                Some(Ok(Message::Close(close))) => {
                    // The answer goes out with the next read.
                    let _ = self.ws.close(None).await;
                    return close.map_or(Heard::Cut, |close| Heard::Closed(close.code.into()));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(other)) => panic!("the hub sent {other:?}"),
                Some(Err(Error::Io(_) | Error::ConnectionClosed | Error::Protocol(_))) | None => {
                    return Heard::Cut;
                }
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }

    /// Reads to the close frame and tells its code.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            let heard = self.next_within(PATIENCE).await.expect("the hub does not close");
            match heard {
                Heard::Frame(_) => {}
                Heard::Closed(code) => return code,
                Heard::Cut => panic!("the hub cut the connection without a word"),
            }
        }
    }

    async fn fresh(&mut self) -> Value {
        match self.next_within(PATIENCE).await.expect("the hub is silent") {
            Heard::Frame(text) => serde_json::from_str(&text).unwrap(),
            end => panic!("waited for a frame: {end:?}"),
        }
    }
}

/// The position of an event or of anything else that has one.
pub(crate) fn seq(frame: &Value) -> i64 {
    frame["seq"].as_i64().unwrap_or_else(|| panic!("no seq in {frame}"))
}

/// Reads to the end of the head; what was read behind it is given back.
async fn read_head(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return (String::from_utf8(bytes).unwrap(), rest);
        }
        let read = stream.read_buf(&mut bytes).await.unwrap();
        assert_ne!(read, 0, "the hub hung up on {}", String::from_utf8_lossy(&bytes));
    }
}

async fn read_body(mut stream: TcpStream, head: &str, mut body: Vec<u8>) -> String {
    let length = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        assert_ne!(stream.read_buf(&mut body).await.unwrap(), 0, "the answer is cut off");
    }
    String::from_utf8(body).unwrap()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}
