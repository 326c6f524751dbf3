//! Waking other nodes: one notification per batch of commits, from a line of its own.
//!
//! A NOTIFY inside a business transaction takes a lock of the whole cluster across its COMMIT. Here it is a statement
//! of its own that carries the newest position; while one is on its way, later positions wait and become one.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::watch;

use super::{Db, DbError};
use crate::kernel::event::Seq;

const CHANNEL: &str = "tollbell";
/// The pause before a lost line is opened again.
const RECONNECT: Duration = Duration::from_secs(1);

/// Tells other nodes how far this one has published its own commits.
pub async fn announce(db: Db, mut committed: watch::Receiver<Seq>) {
    while committed.changed().await.is_ok() {
        let seq = *committed.borrow_and_update();
        let told = async {
            let mut conn = db.read().await?;
            sqlx::query!("select pg_notify($1, $2)", CHANNEL, seq.to_string())
                .execute(&mut *conn)
                .await?;
            Ok::<_, DbError>(())
        };
        if let Err(error) = told.await {
            // The other nodes find the events at their next tick.
            tracing::debug!(%error, "could not notify the other nodes");
        }
    }
}

/// Listens to what other nodes announce and passes the newest position on.
pub async fn listen(db: Db, hints: watch::Sender<Seq>) {
    loop {
        if let Err(error) = listen_once(&db, &hints).await {
            tracing::debug!(%error, "the line for notifications broke");
        }
        tokio::time::sleep(RECONNECT).await;
    }
}

async fn listen_once(db: &Db, hints: &watch::Sender<Seq>) -> Result<(), DbError> {
    // A pool of its own: a notification on a line that runs statements is a protocol error.
    let mut listener = PgListener::connect_with(&db.lonely_pool()).await?;
    listener.listen(CHANNEL).await?;
    while let Some(notification) = listener.try_recv().await? {
        if let Ok(seq) = notification.payload().parse() {
            let seq = Seq::new(seq);
            hints.send_if_modified(|known| {
                let news = seq > *known;
                *known = seq.max(*known);
                news
            });
        }
    }
    Ok(())
}
