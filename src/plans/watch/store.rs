//! SQL on `entitlements` for those who ask providers.

use sqlx::PgConnection;

use super::Watched;
use crate::{
    db::DbError,
    kernel::{
        id::{DiscordId, EntitlementId},
        time::Timestamp,
    },
    plans::model::{Provider, Reference},
};

struct Row {
    id: i64,
    discord_id: i64,
    reference: String,
    status: String,
}

impl TryFrom<Row> for Watched {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let reference = Reference::new(&row.reference);
        Ok(Self {
            id: EntitlementId::new(row.id),
            user: DiscordId::new(row.discord_id),
            reference: reference.ok_or_else(|| DbError::impossible("a reference"))?,
            status: row.status.parse().map_err(DbError::impossible)?,
        })
    }
}

pub(super) async fn live(
    conn: &mut PgConnection,
    provider: Provider,
    after: EntitlementId,
    limit: i64,
) -> Result<Vec<Watched>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, discord_id, reference, status from entitlements
         where provider = $1 and status in ('active', 'trialing', 'past_due') and id > $2 order by id limit $3",
        provider.name(),
        after.get(),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) async fn late(
    conn: &mut PgConnection,
    provider: Provider,
    (since, now): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Watched>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "select id, discord_id, reference, status from entitlements
         where provider = $1
           and (status = 'past_due'
                or status in ('active', 'trialing') and period_end <= $2 and period_end > $3)
         order by discord_id, id limit $4",
        provider.name(),
        now.get(),
        since.get(),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}
