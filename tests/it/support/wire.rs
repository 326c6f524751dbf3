//! The line between a hub and its database, which loses a COMMIT when it is told to.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, UnixStream, tcp, unix},
    sync::watch,
    task::JoinHandle,
};

use super::cluster::PgServer;

/// What of a commit the line loses, before it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The COMMIT: the database never hears of it.
    Order,
    /// The answer: the database has done it.
    Answer,
    /// The answer, and from then on every connection, until the line is mended.
    All,
}

/// A line that lets everything through until it is told to lose something. Dropping it cuts all connections.
pub(crate) struct Wire {
    address: SocketAddr,
    next: Arc<Mutex<Option<Loss>>>,
    whole: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Wire {
    /// A line to this server.
    pub(crate) async fn to(server: &PgServer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (next, whole) = (Arc::default(), watch::Sender::new(true));
        let task = tokio::spawn(serve(listener, server.socket(), Arc::clone(&next), whole.clone()));
        Self { address, next, whole, task }
    }

    /// Where a hub finds the database.
    pub(crate) fn url(&self) -> String {
        format!("postgresql://postgres@{}/tollbell?sslmode=disable", self.address)
    }

    /// Loses this of the next commit of a payment.
    pub(crate) fn lose(&self, loss: Loss) {
        *self.next.lock().unwrap() = Some(loss);
    }

    /// Whether what was to be lost is lost.
    pub(crate) fn has_lost(&self) -> bool {
        self.next.lock().unwrap().is_none()
    }

    /// Lets everything through again.
    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    listener: TcpListener,
    socket: PathBuf,
    next: Arc<Mutex<Option<Loss>>>,
    whole: watch::Sender<bool>,
) {
    let mut lines = tokio::task::JoinSet::new();
    while let Ok((hub, _)) = listener.accept().await {
        lines.spawn(carry(hub, socket.clone(), Arc::clone(&next), whole.clone()));
    }
}

async fn carry(
    hub: TcpStream,
    socket: PathBuf,
    next: Arc<Mutex<Option<Loss>>>,
    whole: watch::Sender<bool>,
) {
    let Ok(server) = UnixStream::connect(&socket).await else { return };
    let ((from_hub, mut to_hub), (mut from_server, to_server)) =
        (hub.into_split(), server.into_split());
    let mut state = whole.subscribe();
    let lost = tokio::select! {
        lost = orders(from_hub, to_server, &next) => lost.unwrap_or_default(),
        _ = copy(&mut from_server, &mut to_hub) => None,
        _ = state.wait_for(|whole| !whole) => None,
    };
    if let Some(Loss::Answer | Loss::All) = lost {
        // The hub is cut off when the answer is here.
        let _ = from_server.read(&mut [0; 64]).await;
    }
    if lost == Some(Loss::All) {
        whole.send_replace(false);
    }
}

/// Carries what a hub says, up to what is lost.
async fn orders(
    mut hub: tcp::OwnedReadHalf,
    mut server: unix::OwnedWriteHalf,
    next: &Mutex<Option<Loss>>,
) -> io::Result<Option<Loss>> {
    let (mut piece, mut pays) = ([0; 16 << 10], false);
    loop {
        let read = hub.read(&mut piece).await?;
        let said = &piece[..read];
        if read == 0 {
            return Ok(None);
        }
        let says = |text: &[u8]| said.windows(text.len()).any(|part| part == text);
        // A statement is said once; from then on the connection is known to pay.
        pays |= says(b"insert into payments");
        let loss = if pays && says(b"COMMIT\0") { next.lock().unwrap().take() } else { None };
        if loss != Some(Loss::Order) {
            server.write_all(said).await?;
        }
        if loss.is_some() {
            return Ok(loss);
        }
    }
}
