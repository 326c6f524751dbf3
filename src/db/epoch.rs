//! The epoch: a short name of the history that this database holds.

use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::DbError;
use crate::kernel::event::Epoch;

/// Hexadecimal digits of an epoch.
const EPOCH_CHARS: usize = 12;

/// The hash of the cluster's identifier, its timeline and a row written at the first migration: a dump that was
/// loaded elsewhere, a restored backup and a promoted standby each have another.
pub(super) async fn read(conn: &mut PgConnection) -> Result<Epoch, DbError> {
    let row = sqlx::query!(
        r#"select (select system_identifier from pg_control_system()) as "system!",
                  substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as "timeline!",
                  history
           from log_head"#
    )
    .fetch_one(conn)
    .await?;
    let name = format!("{}/{}/{}", row.system, row.timeline, row.history);
    let mut hash = hex::encode(Sha256::digest(name));
    hash.truncate(EPOCH_CHARS);
    Ok(Epoch::new(&format!("e{hash}")))
}
