//! How many connections are open, in all and from one address.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::watch;

/// How many connections are let in.
#[derive(Debug, Clone, Copy)]
pub struct AdmissionLimit {
    /// In all.
    pub total: usize,
    /// From one address.
    pub per_address: usize,
}

/// Why nobody else is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// This node is going away.
    #[error("this node is going away; connect again for another one")]
    Draining,
    /// It has all the connections it may have.
    #[error("this node has no connection left; try again later")]
    Full,
    /// This address has all the connections it may have.
    #[error("too many connections from this address; close one first")]
    Address,
}

/// Counts who is in.
#[derive(Debug)]
pub(super) struct Door {
    limit: AdmissionLimit,
    addresses: Mutex<HashMap<IpAddr, usize>>,
    open: watch::Sender<usize>,
    closed: watch::Sender<bool>,
}

/// The right to one connection. It ends when this is dropped.
#[derive(Debug)]
pub struct Admission {
    door: Arc<Door>,
    peer: IpAddr,
}

impl Door {
    /// An open door.
    pub(super) fn new(limit: AdmissionLimit) -> Arc<Self> {
        Arc::new(Self {
            limit,
            addresses: Mutex::default(),
            open: watch::Sender::new(0),
            closed: watch::Sender::new(false),
        })
    }

    /// Lets someone in.
    ///
    /// # Errors
    /// When the node is going away or a limit is reached.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Admission, Refused> {
        let mut addresses = self.addresses.lock();
        if *self.closed.borrow() {
            return Err(Refused::Draining);
        }
        if *self.open.borrow() >= self.limit.total {
            return Err(Refused::Full);
        }
        let count = addresses.entry(peer).or_default();
        if *count >= self.limit.per_address {
            return Err(Refused::Address);
        }
        *count = count.saturating_add(1);
        self.open.send_modify(|open| *open = open.saturating_add(1));
        Ok(Admission { door: Arc::clone(self), peer })
    }

    /// Lets nobody in any more.
    pub(super) fn close(&self) {
        let _addresses = self.addresses.lock();
        self.closed.send_replace(true);
    }

    /// Whether nobody is let in any more.
    pub(super) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Tells when nobody is let in any more.
    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closed.subscribe()
    }

    /// How many are in.
    pub(super) fn open(&self) -> usize {
        *self.open.borrow()
    }

    /// Waits until nobody is in.
    pub(super) async fn emptied(&self) {
        // It can't fail: the sender is ours.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }
}

impl Admission {
    /// Who was let in.
    pub const fn peer(&self) -> IpAddr {
        self.peer
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut addresses = self.door.addresses.lock();
        if let Some(count) = addresses.get_mut(&self.peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                addresses.remove(&self.peer);
            }
        }
        self.door.open.send_modify(|open| *open = open.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_holds_and_is_given_back() {
        let door = Door::new(AdmissionLimit { total: 3, per_address: 2 });
        let (one, other) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let first = door.admit(one).unwrap();
        let _second = door.admit(one).unwrap();
        assert_eq!(door.admit(one).unwrap_err(), Refused::Address);
        let _third = door.admit(other).unwrap();
        assert_eq!(door.admit(other).unwrap_err(), Refused::Full);
        drop(first);
        let _fourth = door.admit(one).unwrap();
        assert_eq!(door.open(), 3);
        door.close();
        assert_eq!(door.admit(other).unwrap_err(), Refused::Draining);
    }

    #[tokio::test]
    async fn an_empty_door_forgets_addresses() {
        let door = Door::new(AdmissionLimit { total: 3, per_address: 2 });
        let admission = door.admit([10, 0, 0, 1].into()).unwrap();
        drop(admission);
        door.emptied().await;
        assert!(door.addresses.lock().is_empty());
    }
}
