//! The loop that accepts sockets and speaks HTTP/1.1 on them.
//!
//! It is written on hyper and not on the framework's own `serve`, because a websocket gateway takes the plain
//! `TcpStream` back: `hyper::upgrade::on(request).await?.downcast::<TokioIo<TcpStream>>()`. Three invariants: no
//! more than `connections_max` sockets are held, counting upgraded ones for as long as their [`Slot`] lives; a client
//! that does not finish its request's head is cut; and at the end every request in flight is answered or, past the
//! deadline, its socket closed. Upgraded sockets are not waited for: whoever took one ends it.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use super::client_ip::Peer;

/// Connections that the kernel queues while the loop is busy: a whole community may reconnect at once.
const BACKLOG_CONNECTIONS_MAX: i32 = 4_096;
/// Bytes of one connection that the kernel keeps for us before they are sent. Left alone it keeps megabytes for a client
/// that reads nothing, and a slow one looks like a fast one for just as long.
#[cfg(target_os = "linux")]
const UNSENT_BYTES_MAX: u32 = 64 * 1024;
/// The largest request head in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long a client may take to send a request's head. The wait for the next request counts, so it is also how
/// long a kept connection may idle.
pub const HEAD_SPAN_MAX: Duration = Duration::from_secs(10);
/// The pause after an error of the listener itself, such as no free file descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections that are being told, at one time, that there is no room.
const REFUSALS_MAX: usize = 64;
/// How long a refused client may take to read that.
const REFUSAL_SPAN_MAX: Duration = Duration::from_secs(1);

const REFUSAL_BODY: &str = r#"{"error":{"code":"overloaded","message":"the server holds as many connections as it may; repeat after Retry-After seconds","details":[]}}"#;

/// A connection's place under `connections_max`. It is in the extensions of every request; a gateway that upgrades a
/// socket keeps it, so that the socket still counts.
#[derive(Debug, Clone)]
pub struct Slot {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// What to serve and within which limits.
#[derive(Debug)]
pub struct Server {
    /// From [`bind`].
    pub listener: TcpListener,
    /// The routes, wrapped in their layers.
    pub app: Router,
    /// Sockets held at one time, upgraded ones included.
    pub connections_max: usize,
    /// How long requests in flight may take to finish after the stop.
    pub drain_max: Duration,
    /// How long a client may take to send a request's head; [`HEAD_SPAN_MAX`] unless a test is in a hurry.
    pub head_max: Duration,
}

/// Opens the listening socket.
///
/// # Errors
/// What the operating system says, usually that the address is in use.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket =
        Socket::new(Domain::for_address(address), Type::STREAM.nonblocking(), Some(Protocol::TCP))?;
    // Without it a restart would have to wait for the old connections' last packets to expire.
    socket.set_reuse_address(true)?;
    // Those that are accepted inherit it.
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG_CONNECTIONS_MAX)?;
    TcpListener::from_std(socket.into())
}

impl Server {
    /// Serves until `stop`, then drains. The tracker is this server's own: it is closed and empty at the end.
    pub async fn run(self, tracker: TaskTracker, stop: CancellationToken) {
        let abort = CancellationToken::new();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.head_max)
            .max_buf_size(HEAD_BYTES_MAX);
        let conversation =
            Conversation { http, app: self.app, stop: stop.clone(), abort: abort.clone() };
        accept(&self.listener, self.connections_max, &conversation, &tracker).await;
        drop(self.listener);

        tracker.close();
        if tokio::time::timeout(self.drain_max, tracker.wait()).await.is_err() {
            tracing::warn!(
                connections = tracker.len(),
                "closing connections that did not finish in time"
            );
            abort.cancel();
            tracker.wait().await;
        }
    }
}

/// What all connections share.
#[derive(Clone)]
struct Conversation {
    http: http1::Builder,
    app: Router,
    stop: CancellationToken,
    abort: CancellationToken,
}

async fn accept(
    listener: &TcpListener,
    connections_max: usize,
    with: &Conversation,
    tracker: &TaskTracker,
) {
    let slots = Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS)));
    let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
    loop {
        let accepted = tokio::select! {
            () = with.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                // Out of file descriptors: those that wait stay queued, and spinning would not free one.
                tracing::warn!(%error, "cannot accept connections; trying again shortly");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if let Ok(permit) = Arc::clone(&slots).try_acquire_owned() {
            let slot = Slot { _permit: Arc::new(permit) };
            tracker.spawn(with.clone().hold(stream, peer, slot));
        } else if let Ok(permit) = Arc::clone(&refusals).try_acquire_owned() {
            tracker.spawn(refuse(stream, permit));
        }
    }
}

impl Conversation {
    async fn hold(self, stream: TcpStream, peer: SocketAddr, slot: Slot) {
        // A small event must not wait for the acknowledgement of the one before it.
        if let Err(error) = stream.set_nodelay(true) {
            return tracing::debug!(%peer, %error, "connection ended before it began");
        }
        let app = self.app;
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer));
            request.extensions_mut().insert(slot.clone());
            app.clone().call(request)
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = self.abort.cancelled() => Ok(()),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "connection ended early");
        }
    }
}

/// Says that there is no room. The rest of the request is read, because closing a socket with unread input resets
/// it, and a reset can overtake the answer.
async fn refuse(mut stream: TcpStream, permit: OwnedSemaphorePermit) {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\nretry-after: 5\r\nconnection: close\r\n\r\n{REFUSAL_BODY}",
        REFUSAL_BODY.len()
    );
    let farewell = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut scrap = [0; 1_024];
        while stream.read(&mut scrap).await? > 0 {}
        io::Result::Ok(())
    };
    if !matches!(tokio::time::timeout(REFUSAL_SPAN_MAX, farewell).await, Ok(Ok(()))) {
        tracing::debug!("a refused client did not wait for its answer");
    }
    drop(permit);
}

/// Errors that concern the one connection that was about to be accepted, not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    let kinds =
        [ErrorKind::ConnectionAborted, ErrorKind::ConnectionReset, ErrorKind::ConnectionRefused];
    kinds.contains(&error.kind()) || error.kind() == ErrorKind::Interrupted
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Instant;

    use axum::Extension;
    use axum::body::Body;
    use axum::extract::Request as AxumRequest;
    use axum::http::StatusCode;
    use axum::response::Response;
    use axum::routing::get;
    use socket2::SockRef;
    use tokio::sync::{Notify, mpsc};

    use super::*;

    /// A running server, and how to stop it.
    struct Running {
        address: SocketAddr,
        stop: CancellationToken,
        ended: tokio::task::JoinHandle<()>,
    }

    #[expect(clippy::disallowed_methods, reason = "the test is the task's owner")]
    fn start(app: Router, connections_max: usize, drain_ms: u64) -> Running {
        let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let server = Server {
            listener,
            app,
            connections_max,
            drain_max: Duration::from_millis(drain_ms),
            head_max: Duration::from_millis(300),
        };
        let ended = tokio::spawn(server.run(TaskTracker::new(), stop.clone()));
        Running { address, stop, ended }
    }

    impl Running {
        async fn connect(&self, head: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            stream
        }
    }

    async fn read_all(mut stream: TcpStream) -> String {
        let mut text = String::new();
        // A connection that the server gives up may end in a reset, which is an end as well.
        let _: Result<usize, _> = stream.read_to_string(&mut text).await;
        text
    }

    /// Somebody who reads nothing costs the kernel what the two windows take and little more.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn the_kernel_keeps_little_for_who_reads_nothing() {
        let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let client = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
        client.set_recv_buffer_size(4_096).unwrap();
        client.connect(&listener.local_addr().unwrap().into()).unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        assert_eq!(SockRef::from(&accepted).tcp_notsent_lowat().unwrap(), UNSENT_BYTES_MAX);
        let (mut kept, piece) = (0, [0; 1_024]);
        while let Ok(n) = accepted.try_write(&piece) {
            kept += n;
        }
        assert!((1..4 * 64 * 1_024).contains(&kept), "{kept} bytes");
    }

    #[tokio::test]
    async fn requests_know_their_peer() {
        let app = Router::new()
            .route("/", get(async |Extension(Peer(peer)): Extension<Peer>| peer.ip().to_string()));
        let server = start(app, 8, 1_000);
        let stream = server.connect("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        let text = read_all(stream).await;
        assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("127.0.0.1"), "{text}");
    }

    #[tokio::test]
    async fn a_client_that_never_ends_its_head_is_cut() {
        let server = start(Router::new(), 8, 1_000);
        let begun = Instant::now();
        let mut stream = server.connect("GET / HTTP/1.1\r\nhost:").await;
        let drip = async {
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), drip).await.expect("the socket is still open");
        assert!(begun.elapsed() >= Duration::from_millis(300), "cut too early");
    }

    #[tokio::test]
    async fn an_upgraded_socket_is_the_plain_stream_and_keeps_its_slot() {
        let (sender, mut upgraded) = mpsc::channel(1);
        let app = Router::new().route(
            "/ws",
            get(move |Extension(slot): Extension<Slot>, request: AxumRequest| {
                std::future::ready(upgrade(sender.clone(), slot, request))
            }),
        );
        let server = start(app, 1, 1_000);
        let head =
            "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nearly";
        let client = server.connect(head).await;
        let (slot, mut stream, early) = upgraded.recv().await.unwrap();
        assert_eq!(&*early, b"early", "bytes behind the head are handed over");

        let refused = read_all(server.connect("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
        assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("overloaded"), "{refused}");

        stream.write_all(b"mine").await.unwrap();
        drop((stream, slot));
        let text = read_all(client).await;
        assert!(text.starts_with("HTTP/1.1 101") && text.ends_with("mine"), "{text}");
        let head = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        let answer = read_all(server.connect(head).await).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "the slot is free again: {answer}");
    }

    #[expect(clippy::disallowed_methods, reason = "the test is the task's owner")]
    fn upgrade(
        sender: mpsc::Sender<(Slot, TcpStream, bytes::Bytes)>,
        slot: Slot,
        mut request: AxumRequest,
    ) -> Response {
        let upgrade = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let parts = upgrade.await.unwrap().downcast::<TokioIo<TcpStream>>().unwrap();
            sender.send((slot, parts.io.into_inner(), parts.read_buf)).await.unwrap();
        });
        let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
        response
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .body(Body::empty())
            .unwrap()
    }

    #[tokio::test]
    async fn a_stop_lets_requests_finish_and_accepts_no_more() {
        let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (enter, go) = (Arc::clone(&entered), Arc::clone(&release));
        let app = Router::new().route(
            "/",
            get(async move || {
                enter.notify_one();
                go.notified().await;
                "finished"
            }),
        );
        let server = start(app, 8, 5_000);
        let idle = server.connect("").await;
        let busy = server.connect("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        entered.notified().await;
        server.stop.cancel();
        assert_eq!(read_all(idle).await, "", "an idle connection is closed at once");
        TcpStream::connect(server.address).await.expect_err("nobody listens any more");
        release.notify_one();
        let text = read_all(busy).await;
        assert!(text.ends_with("finished"), "{text}");
        server.ended.await.unwrap();
    }

    #[tokio::test]
    async fn past_the_deadline_connections_are_closed() {
        let entered = Arc::new(Notify::new());
        let enter = Arc::clone(&entered);
        let app = Router::new().route(
            "/",
            get(async move || {
                enter.notify_one();
                std::future::pending::<&'static str>().await
            }),
        );
        let server = start(app, 8, 50);
        let stuck = server.connect("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        entered.notified().await;
        server.stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), server.ended).await.unwrap().unwrap();
        assert_eq!(read_all(stuck).await, "");
    }
}
