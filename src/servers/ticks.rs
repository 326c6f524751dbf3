//! Signs of life on their way to listeners. They are hints: what does not fit into the queue is not told.

use tokio::sync::mpsc;

use super::events::ServerTick;

/// Signs of life that may wait.
const TICKS_QUEUE_MAX: usize = 1_024;

/// Takes signs of life.
#[derive(Debug, Clone)]
pub struct Ticks(mpsc::Sender<ServerTick>);

impl Ticks {
    /// A queue, and where its other end is.
    pub fn new() -> (Self, mpsc::Receiver<ServerTick>) {
        let (sender, receiver) = mpsc::channel(TICKS_QUEUE_MAX);
        (Self(sender), receiver)
    }

    /// Tells one, or nobody when too many wait.
    pub(super) fn tell(&self, tick: ServerTick) {
        let _ = self.0.try_send(tick);
    }
}
