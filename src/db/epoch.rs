//! The epoch: a short name of the history that this database holds.

use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::DbError;
use crate::kernel::event::Epoch;

/// Hexadecimal digits of an epoch.
const EPOCH_CHARS: usize = 12;

/// The hash of the cluster's identifier, its timeline, the number under which the log was created in it, and a row
/// written at the first migration: a restored backup and a promoted standby have another, and so has a dump, even one
/// that was loaded into the cluster that it was made in.
pub(super) async fn read(conn: &mut PgConnection) -> Result<Epoch, DbError> {
    let row = sqlx::query!(
        r#"select (select system_identifier from pg_control_system()) as "system!",
                  substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as "timeline!",
                  (select oid from pg_database where datname = current_database()) || '.' || tableoid as "place!",
                  history
           from log_head"#
    )
    .fetch_one(conn)
    .await?;
    let name = format!("{}/{}/{}/{}", row.system, row.timeline, row.place, row.history);
    let mut hash = hex::encode(Sha256::digest(name));
    hash.truncate(EPOCH_CHARS);
    Ok(Epoch::new(&format!("e{hash}")))
}
