//! What every client is told about the community: the message of the day, and whether wallets may pay.
//!
//! Each node keeps it in memory, as new as the last event that the node has published: a door that greets thousands of
//! clients asks no database. Whether a payment goes through is decided by its own transaction, never by this.

use std::sync::Arc;

use parking_lot::RwLock;

use super::{
    events::{NOTICE_CHANGED, NoticeChanged, NoticeView},
    store,
};
use crate::{
    db::{Db, DbError, Snapshot, Tap},
    kernel::event::{Event, Seq},
};

/// The notice as this node knows it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NoticeBoard(Arc<RwLock<(Seq, NoticeView)>>);

impl NoticeBoard {
    /// Reads the notice as it stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(db: &Db) -> Result<Self, DbError> {
        let mut view = db.snapshot().await?;
        let notice = notice(&mut view).await?;
        Ok(Self(Arc::new(RwLock::new((view.seq(), notice)))))
    }

    /// The notice.
    pub fn notice(&self) -> NoticeView {
        self.0.read().1.clone()
    }
}

impl Tap for NoticeBoard {
    fn publish(&self, events: &[Arc<Event>]) {
        for event in events.iter().filter(|event| &*event.kind == NOTICE_CHANGED) {
            match serde_json::from_str::<NoticeChanged>(event.data.get()) {
                Ok(changed) => {
                    let mut known = self.0.write();
                    // A node that starts passes events again that are older than what it has read.
                    if event.seq > known.0 {
                        *known = (event.seq, changed.notice);
                    }
                }
                Err(error) => {
                    tracing::error!(seq = %event.seq, %error, "could not read a notice; keeping the one before");
                }
            }
        }
    }
}

/// The notice as of a snapshot.
///
/// # Errors
/// When the database fails.
pub(in crate::gateways) async fn notice(view: &mut Snapshot) -> Result<NoticeView, DbError> {
    store::notice_find(view.conn()).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{event::Topic, time::Timestamp};

    fn at(milli: i64) -> Timestamp {
        Timestamp::new(chrono::DateTime::from_timestamp_millis(milli).unwrap())
    }

    fn event(seq: i64, kind: &str, data: &str) -> Arc<Event> {
        Arc::new(Event {
            seq: Seq::new(seq),
            at: at(0),
            kind: kind.into(),
            topics: [Topic::named("notices")].into(),
            data: serde_json::value::RawValue::from_string(data.to_owned()).unwrap(),
        })
    }

    #[test]
    fn the_board_shows_the_newest_and_never_an_older_one() {
        let first =
            NoticeView { motd: "hello".into(), motd_set_at: at(0), transactions_enabled: true };
        let board = NoticeBoard(Arc::new(RwLock::new((Seq::new(7), first.clone()))));
        let changed = |motd: &str| {
            let notice = NoticeView { motd: motd.into(), ..first.clone() };
            let changed = NoticeChanged { notice, changed: vec!["motd".into()] };
            serde_json::to_string(&changed).unwrap()
        };
        board.publish(&[event(6, NOTICE_CHANGED, &changed("older"))]);
        assert_eq!(board.notice().motd, "hello");
        board.publish(&[event(8, NOTICE_CHANGED, "{}"), event(9, "payment.made", "{}")]);
        assert_eq!(board.notice().motd, "hello", "what can't be read changes nothing");
        board.publish(&[event(10, NOTICE_CHANGED, &changed("newer"))]);
        assert_eq!(board.notice().motd, "newer");
    }
}
