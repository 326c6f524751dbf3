//! All SQL on `names`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    ARecord, OwnedName,
    queries::{NameFilter, NameOrder},
};
use crate::{
    db::DbError,
    kernel::{address::Address, id::NameId, name::Name, time::Timestamp},
};

struct NameRow {
    id: i64,
    name: String,
    owner: String,
    original_owner: String,
    record: Option<String>,
    version: i64,
    registered_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    transferred_at: Option<DateTime<Utc>>,
}

impl TryFrom<NameRow> for OwnedName {
    type Error = DbError;

    fn try_from(row: NameRow) -> Result<Self, DbError> {
        let record = row.record.map(|text| ARecord::new(text).ok_or("a record")).transpose();
        Ok(Self {
            id: NameId::new(row.id),
            name: row.name.parse().map_err(DbError::impossible)?,
            owner: row.owner.parse().map_err(DbError::impossible)?,
            original_owner: row.original_owner.parse().map_err(DbError::impossible)?,
            record: record.map_err(DbError::impossible)?,
            version: row.version,
            registered_at: Timestamp::new(row.registered_at),
            updated_at: Timestamp::new(row.updated_at),
            transferred_at: row.transferred_at.map(Timestamp::new),
        })
    }
}

/// Registers a name; `None` when somebody owns it. Waits for whoever is buying it.
pub(super) async fn name_insert(
    conn: &mut PgConnection,
    name: &Name,
    owner: &Address,
    now: Timestamp,
) -> Result<Option<NameId>, DbError> {
    let id = sqlx::query_scalar!(
        "insert into names (name, owner, original_owner, registered_at, updated_at) values ($1, $2, $2, $3, $3)
         on conflict (name) do nothing returning id",
        name.as_str(),
        owner.as_str(),
        now.get()
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(NameId::new))
}

/// Locks a name against every other change and every payment to it.
pub(super) async fn name_lock(
    conn: &mut PgConnection,
    name: &Name,
) -> Result<Option<OwnedName>, DbError> {
    let row = sqlx::query_as!(
        NameRow,
        "select id, name, owner, original_owner, record, version, registered_at, updated_at, transferred_at
         from names where name = $1 for no key update",
        name.as_str()
    )
    .fetch_optional(conn)
    .await?;
    row.map(OwnedName::try_from).transpose()
}

/// Keeps names as they are while money moves to their owners, by rising id. Payments do not wait for one another.
pub(super) async fn names_share(
    conn: &mut PgConnection,
    names: &[String],
) -> Result<Vec<(Name, Address)>, DbError> {
    let rows = sqlx::query!(
        "select name, owner from names where name = any($1) order by id + 0 for share",
        names
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let name = row.name.parse().map_err(DbError::impossible)?;
            Ok((name, row.owner.parse().map_err(DbError::impossible)?))
        })
        .collect()
}

pub(super) async fn name_update(conn: &mut PgConnection, name: &OwnedName) -> Result<(), DbError> {
    sqlx::query!(
        "update names set owner = $2, record = $3, version = $4, updated_at = $5, transferred_at = $6 where id = $1",
        name.id.get(),
        name.owner.as_str(),
        name.record.as_ref().map(ARecord::as_str),
        name.version,
        name.updated_at.get(),
        name.transferred_at.map(Timestamp::get)
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn name_find(
    conn: &mut PgConnection,
    name: &Name,
) -> Result<Option<OwnedName>, DbError> {
    let row = sqlx::query_as!(
        NameRow,
        "select id, name, owner, original_owner, record, version, registered_at, updated_at, transferred_at
         from names where name = $1",
        name.as_str()
    )
    .fetch_optional(conn)
    .await?;
    row.map(OwnedName::try_from).transpose()
}

/// The names that a filter lets through.
pub(super) async fn names_list(
    conn: &mut PgConnection,
    filter: &NameFilter,
    order: NameOrder,
    (offset, limit): (i64, i64),
) -> Result<Vec<OwnedName>, DbError> {
    let owners = filter.owners();
    let rows = match order {
        NameOrder::Oldest => {
            sqlx::query_as!(
                NameRow,
                "select id, name, owner, original_owner, record, version, registered_at, updated_at, transferred_at
                 from names where ($1::text[] is null or owner = any($1)) and id > $2
                 order by id offset $3 limit $4",
                owners.as_deref(),
                filter.after,
                offset,
                limit
            )
            .fetch_all(conn)
            .await?
        }
        NameOrder::Newest => {
            sqlx::query_as!(
                NameRow,
                "select id, name, owner, original_owner, record, version, registered_at, updated_at, transferred_at
                 from names where ($1::text[] is null or owner = any($1)) and id > $2
                 order by id desc offset $3 limit $4",
                owners.as_deref(),
                filter.after,
                offset,
                limit
            )
            .fetch_all(conn)
            .await?
        }
        NameOrder::Name => {
            sqlx::query_as!(
                NameRow,
                "select id, name, owner, original_owner, record, version, registered_at, updated_at, transferred_at
                 from names where ($1::text[] is null or owner = any($1)) and id > $2
                 order by name offset $3 limit $4",
                owners.as_deref(),
                filter.after,
                offset,
                limit
            )
            .fetch_all(conn)
            .await?
        }
    };
    rows.into_iter().map(OwnedName::try_from).collect()
}

/// How many names a filter lets through; counted up to `most`.
pub(super) async fn names_count(
    conn: &mut PgConnection,
    filter: &NameFilter,
    most: i64,
) -> Result<i64, DbError> {
    let owners = filter.owners();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from
           (select from names where ($1::text[] is null or owner = any($1)) and id > $2 limit $3) counted"#,
        owners.as_deref(),
        filter.after,
        most
    )
    .fetch_one(conn)
    .await?)
}

/// How many names each of some wallets owns. Who owns none is not among them.
pub(super) async fn names_per_owner(
    conn: &mut PgConnection,
    owners: &[String],
) -> Result<Vec<(Address, i64)>, DbError> {
    let rows = sqlx::query!(
        r#"select owner, count(*) as "count!" from names where owner = any($1) group by owner"#,
        owners
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.owner.parse().map_err(DbError::impossible)?, row.count)))
        .collect()
}

/// Who bought each of some names. One that nobody has bought is not among them.
pub(super) async fn names_bought_by(
    conn: &mut PgConnection,
    names: &[String],
) -> Result<Vec<(Name, Address)>, DbError> {
    let rows = sqlx::query!("select name, original_owner from names where name = any($1)", names)
        .fetch_all(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let name = row.name.parse().map_err(DbError::impossible)?;
            Ok((name, row.original_owner.parse().map_err(DbError::impossible)?))
        })
        .collect()
}

/// Registers many names as they are.
///
/// # Errors
/// [`DbError::Raced`] when somebody has bought one of them meanwhile.
#[expect(clippy::as_conversions, reason = "the macro's notation for an array with nulls")]
pub(super) async fn names_insert(
    conn: &mut PgConnection,
    names: &[OwnedName],
) -> Result<(), DbError> {
    let text = |value: fn(&OwnedName) -> &str| {
        names.iter().map(|name| value(name).to_owned()).collect::<Vec<_>>()
    };
    let time = |value: fn(&OwnedName) -> Timestamp| {
        names.iter().map(|name| value(name).get()).collect::<Vec<_>>()
    };
    let records: Vec<Option<String>> = names
        .iter()
        .map(|name| name.record.as_ref().map(|record| record.as_str().to_owned()))
        .collect();
    let transferred: Vec<Option<DateTime<Utc>>> =
        names.iter().map(|name| name.transferred_at.map(Timestamp::get)).collect();
    let done = sqlx::query!(
        "insert into names (name, owner, original_owner, record, registered_at, updated_at, transferred_at)
         select name, owner, original_owner, record, registered_at, updated_at, transferred_at
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                     $7::timestamptz[])
              with ordinality
              as t (name, owner, original_owner, record, registered_at, updated_at, transferred_at, place)
         order by place on conflict (name) do nothing",
        &text(|name| name.name.as_str()),
        &text(|name| name.owner.as_str()),
        &text(|name| name.original_owner.as_str()),
        &records as &[Option<String>],
        &time(|name| name.registered_at),
        &time(|name| name.updated_at),
        &transferred as &[Option<DateTime<Utc>>]
    )
    .execute(conn)
    .await?;
    match usize::try_from(done.rows_affected()) {
        Ok(made) if made == names.len() => Ok(()),
        _ => Err(DbError::Raced),
    }
}
