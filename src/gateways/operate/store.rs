//! All SQL on `notice`.

use sqlx::PgConnection;

use super::events::NoticeView;
use crate::{
    db::{DbError, inspect},
    kernel::time::Timestamp,
};

/// The notice as it stands.
pub(super) async fn notice_find(conn: &mut PgConnection) -> Result<NoticeView, DbError> {
    let row = sqlx::query!("select motd, motd_set_at from notice").fetch_one(&mut *conn).await?;
    Ok(NoticeView {
        motd: row.motd,
        motd_set_at: Timestamp::new(row.motd_set_at),
        transactions_enabled: inspect::payments_on(conn).await?,
    })
}

/// Locks the notice against other changes of it.
pub(super) async fn notice_lock(conn: &mut PgConnection) -> Result<NoticeView, DbError> {
    sqlx::query!("select one from notice for no key update").fetch_one(&mut *conn).await?;
    notice_find(conn).await
}

pub(super) async fn notice_update(
    conn: &mut PgConnection,
    notice: &NoticeView,
) -> Result<(), DbError> {
    sqlx::query!(
        "update notice set motd = $1, motd_set_at = $2",
        notice.motd,
        notice.motd_set_at.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}
