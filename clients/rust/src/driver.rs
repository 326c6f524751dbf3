//! The IO around the session: sockets, clock, chance, the token source and the bounded queue to the application.
//!
//! One task owns everything. It reads a socket only after the application took what came before: a slow application makes
//! the socket fill up, and the server reads on from its log later. Owns: the sockets and the attempt to open one. It
//! decides nothing.

use std::{collections::VecDeque, future::poll_fn, task::Poll, time::Duration};

use futures_util::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use tokio::{net::TcpStream, select, sync::mpsc, time};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        handshake::client::Request,
        http::{HeaderValue, header},
        protocol::{CloseFrame, WebSocketConfig},
    },
};
use tokio_util::sync::CancellationToken;

use crate::{
    close::Loss,
    hub::{Parcel, TokenSource},
    session::{Action, CLOSE_DONE, Input, LinkId, Moment, Session},
};

/// The largest server message taken in. The protocol promises 64 KiB a frame.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// How long a socket may refuse what is written to it before it counts as lost.
const WRITE_WAIT_MAX: Duration = Duration::from_secs(10);

/// How long saying goodbye may take.
const GOODBYE_WAIT_MAX: Duration = Duration::from_secs(1);

/// How long the application's token source may take.
const TOKEN_WAIT_MAX: Duration = Duration::from_secs(30);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(crate) struct Driver {
    url: String,
    session: Session,
    tokens: Option<TokenSource>,
    parcels: mpsc::Sender<Parcel>,
    sockets: Vec<(LinkId, Socket)>,
    opening: Option<(LinkId, BoxFuture<'static, Result<Socket, Loss>>)>,
    fetching: Option<BoxFuture<'static, Result<String, String>>>,
    /// What happened while actions were carried out.
    happened: VecDeque<Input>,
}

impl Driver {
    pub(crate) fn new(
        url: String,
        session: Session,
        tokens: Option<TokenSource>,
        parcels: mpsc::Sender<Parcel>,
    ) -> Self {
        Self {
            url,
            session,
            tokens,
            parcels,
            sockets: Vec::new(),
            opening: None,
            fetching: None,
            happened: VecDeque::from([Input::Tick]),
        }
    }

    /// Runs until the session stops, the application drops its end or `cancel` is set; then says goodbye.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        select! {
            () = cancel.cancelled() => {}
            () = self.drive() => {}
        }
        for (_, mut socket) in std::mem::take(&mut self.sockets) {
            goodbye(&mut socket, CLOSE_DONE).await;
        }
    }

    async fn drive(&mut self) {
        while !self.session.stopped() && !self.parcels.is_closed() {
            let input = match self.happened.pop_front() {
                Some(input) => input,
                None => self.next_input().await,
            };
            let at = Moment { now: time::Instant::now().into_std(), roll: rand::random() };
            for action in self.session.handle(at, input) {
                self.perform(action).await;
            }
        }
    }

    async fn perform(&mut self, action: Action) {
        match action {
            Action::Open(id, token) => {
                self.opening = Some((id, dial(self.url.clone(), token).boxed()));
            }
            Action::FetchToken => {
                self.fetching = self.tokens.clone().map(|source| fetch(source).boxed());
            }
            Action::Send(id, text) => self.send(id, text).await,
            Action::Close(id, code) => {
                self.opening.take_if(|(opening, _)| *opening == id);
                if let Some(mut socket) = self.take_socket(id) {
                    goodbye(&mut socket, code).await;
                }
            }
            Action::Emit(item) => self.deliver(Parcel::Item(item)).await,
            Action::Save(position) => self.deliver(Parcel::Position(position)).await,
        }
    }

    async fn send(&mut self, id: LinkId, text: String) {
        let Some((_, socket)) = self.sockets.iter_mut().find(|(open, _)| *open == id) else {
            return;
        };
        let reason = match time::timeout(WRITE_WAIT_MAX, socket.send(Message::text(text))).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the link takes no bytes".to_owned(),
        };
        self.take_socket(id);
        self.happened.push_back(Input::Lost(id, Loss::failed(reason)));
    }

    /// Hands a parcel to the application and waits for room. Nothing is read meanwhile, so silence proves nothing.
    async fn deliver(&mut self, parcel: Parcel) {
        if let Err(mpsc::error::TrySendError::Full(parcel)) = self.parcels.try_send(parcel) {
            // An application that dropped its end is noticed by `drive`.
            drop(self.parcels.send(parcel).await);
            self.happened.push_back(Input::Listening);
        }
    }

    async fn next_input(&mut self) -> Input {
        let deadline = self.session.deadline().map(time::Instant::from_std);
        let due = async {
            match deadline {
                Some(deadline) => time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        // The order matters: rare things are not starved by many frames, and frames that lie ready count before silence.
        select! {
            biased;
            (id, opened) = until_open(&mut self.opening) => {
                self.opening = None;
                match opened {
                    Ok(socket) => {
                        self.sockets.push((id, socket));
                        Input::Tick
                    }
                    Err(loss) => Input::Lost(id, loss),
                }
            }
            answer = until_fetched(&mut self.fetching) => {
                self.fetching = None;
                Input::Token(answer)
            }
            (id, message) = next_message(&mut self.sockets) => self.read(id, message).await,
            () = self.parcels.closed() => Input::Tick,
            () = due => Input::Tick,
        }
    }

    async fn read(&mut self, id: LinkId, message: Option<Result<Message, Error>>) -> Input {
        let loss = match message {
            Some(Ok(Message::Text(text))) => return Input::Frame(id, text.to_string()),
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) = frame.map_or((1005, String::new()), |frame| {
                    (frame.code.into(), frame.reason.to_string())
                });
                Loss::Closed { code, reason }
            }
            Some(Ok(_)) => return Input::Heard(id),
            Some(Err(error)) => Loss::failed(error.to_string()),
            None => Loss::failed("the link ended without a word"),
        };
        if let Some(mut socket) = self.take_socket(id)
            && matches!(loss, Loss::Closed { .. })
        {
            // The answer to the close frame lies ready; whether it still arrives changes nothing.
            drop(time::timeout(GOODBYE_WAIT_MAX, socket.flush()).await);
        }
        Input::Lost(id, loss)
    }

    fn take_socket(&mut self, id: LinkId) -> Option<Socket> {
        let index = self.sockets.iter().position(|(open, _)| *open == id)?;
        Some(self.sockets.remove(index).1)
    }
}

async fn fetch(source: TokenSource) -> Result<String, String> {
    match time::timeout(TOKEN_WAIT_MAX, source()).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("the token source takes too long".to_owned()),
    }
}

async fn dial(url: String, token: Option<String>) -> Result<Socket, Loss> {
    let request =
        request(&url, token.as_deref()).map_err(|error| Loss::failed(error.to_string()))?;
    let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_BYTES_MAX));
    match Box::pin(connect_async_tls_with_config(request, Some(config), true, None)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(Loss::Rejected {
            status: answer.status().as_u16(),
            retry_after: answer
                .headers()
                .get(header::RETRY_AFTER)
                .and_then(|value| value.to_str().ok()?.parse().ok())
                .map(Duration::from_secs),
        }),
        Err(error) => Err(Loss::failed(error.to_string())),
    }
}

fn request(url: &str, token: Option<&str>) -> Result<Request, Error> {
    let mut request = url.into_client_request()?;
    if let Some(token) = token {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    Ok(request)
}

async fn goodbye(socket: &mut Socket, code: u16) {
    let frame = CloseFrame { code: code.into(), reason: "".into() };
    drop(time::timeout(GOODBYE_WAIT_MAX, socket.close(Some(frame))).await);
}

async fn until_open(
    opening: &mut Option<(LinkId, BoxFuture<'static, Result<Socket, Loss>>)>,
) -> (LinkId, Result<Socket, Loss>) {
    match opening {
        Some((id, attempt)) => (*id, attempt.await),
        None => std::future::pending().await,
    }
}

async fn until_fetched(
    fetching: &mut Option<BoxFuture<'static, Result<String, String>>>,
) -> Result<String, String> {
    match fetching {
        Some(answer) => answer.await,
        None => std::future::pending().await,
    }
}

/// The next message of any socket. The newest is asked first: it is the one that has to catch up.
async fn next_message(
    sockets: &mut [(LinkId, Socket)],
) -> (LinkId, Option<Result<Message, Error>>) {
    poll_fn(|cx| {
        for (id, socket) in sockets.iter_mut().rev() {
            if let Poll::Ready(message) = socket.poll_next_unpin(cx) {
                return Poll::Ready((*id, message));
            }
        }
        Poll::Pending
    })
    .await
}
