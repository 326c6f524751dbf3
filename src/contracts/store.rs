//! All SQL on `contracts` and `contract_versions`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    model::{AllowList, Contract, ContractStatus, Description, Offer, Terms, Title},
    queries::ContractFilter,
    schedule::{CronExpr, Schedule},
};
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        id::{ContractId, SubscriptionId},
        money::Amount,
        time::Timestamp,
    },
};

struct ContractRow {
    id: i64,
    owner: String,
    status: String,
    title: String,
    description: Option<String>,
    max_subscribers: Option<i32>,
    allow_list: Option<Vec<String>>,
    version: i64,
    terms_version: i64,
    consent_by: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    price: i64,
    cron_expr: Option<String>,
    period_seconds: Option<i64>,
    period_months: Option<i32>,
    catch_up: String,
}

/// The columns of a version, as they lie in the table.
pub(super) struct TermsRow {
    pub(super) version: i64,
    pub(super) price: i64,
    pub(super) cron_expr: Option<String>,
    pub(super) period_seconds: Option<i64>,
    pub(super) period_months: Option<i32>,
    pub(super) catch_up: String,
}

impl TryFrom<TermsRow> for Terms {
    type Error = DbError;

    fn try_from(row: TermsRow) -> Result<Self, DbError> {
        let schedule = match (row.cron_expr, row.period_seconds, row.period_months) {
            (Some(text), None, None) => {
                Schedule::Cron(CronExpr::parse(&text).map_err(DbError::impossible)?)
            }
            (None, Some(seconds), None) => {
                Schedule::Seconds(u32::try_from(seconds).map_err(DbError::impossible)?)
            }
            (None, None, Some(months)) => {
                Schedule::Months(u32::try_from(months).map_err(DbError::impossible)?)
            }
            _ => return Err(DbError::impossible("a version without a schedule")),
        };
        Ok(Self {
            version: row.version,
            price: Amount::minor(row.price)
                .payable()
                .ok_or_else(|| DbError::impossible("a price of nothing"))?,
            schedule,
            catch_up: row.catch_up.parse().map_err(DbError::impossible)?,
        })
    }
}

impl TryFrom<ContractRow> for Contract {
    type Error = DbError;

    fn try_from(row: ContractRow) -> Result<Self, DbError> {
        let terms = TermsRow {
            version: row.terms_version,
            price: row.price,
            cron_expr: row.cron_expr,
            period_seconds: row.period_seconds,
            period_months: row.period_months,
            catch_up: row.catch_up,
        };
        let description =
            row.description.map(|text| Description::new(text).ok_or("a description")).transpose();
        let allow_list = row.allow_list.as_deref().map_or(Ok(None), AllowList::new);
        Ok(Self {
            id: ContractId::new(row.id),
            offer: Offer {
                owner: row.owner.parse().map_err(DbError::impossible)?,
                status: row.status.parse().map_err(DbError::impossible)?,
                terms: terms.try_into()?,
                consent_by: row.consent_by.map(Timestamp::new),
            },
            title: Title::new(row.title).ok_or_else(|| DbError::impossible("a title"))?,
            description: description.map_err(DbError::impossible)?,
            max_subscribers: row
                .max_subscribers
                .map(u32::try_from)
                .transpose()
                .map_err(DbError::impossible)?,
            allow_list: allow_list.map_err(DbError::impossible)?,
            version: row.version,
            created_at: Timestamp::new(row.created_at),
            updated_at: Timestamp::new(row.updated_at),
        })
    }
}

/// Locks a contract against every other change of it and of its subscriptions.
///
/// What is locked is read by a second statement: one that joins and waits for a lock would compare the new row with
/// the old version of the terms, and find nothing.
pub(super) async fn contract_lock(
    conn: &mut PgConnection,
    id: ContractId,
) -> Result<Option<Contract>, DbError> {
    sqlx::query!("select id from contracts where id = $1 for no key update", id.get())
        .fetch_optional(&mut *conn)
        .await?;
    contract_find(conn, id).await
}

/// Keeps contracts as they are while their subscriptions change. Locks by rising id.
pub(super) async fn contracts_share(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<Vec<Contract>, DbError> {
    sqlx::query!("select id from contracts where id = any($1) order by id for share", ids)
        .fetch_all(&mut *conn)
        .await?;
    contracts_read(conn, ids).await
}

/// Locks the contract whose subscribers are to be told next, and says up to which of them that is done. Contracts at
/// which another node is busy are passed over.
pub(super) async fn untold_lock(
    conn: &mut PgConnection,
) -> Result<Option<(ContractId, SubscriptionId)>, DbError> {
    let row = sqlx::query!(
        r#"select id, told as "told!" from contracts where told is not null
           order by id limit 1 for no key update skip locked"#
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (ContractId::new(row.id), SubscriptionId::new(row.told))))
}

pub(super) async fn told_set(
    conn: &mut PgConnection,
    id: ContractId,
    told: Option<SubscriptionId>,
) -> Result<(), DbError> {
    sqlx::query!(
        "update contracts set told = $2 where id = $1",
        id.get(),
        told.map(SubscriptionId::get)
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn contract_find(
    conn: &mut PgConnection,
    id: ContractId,
) -> Result<Option<Contract>, DbError> {
    Ok(contracts_read(conn, &[id.get()]).await?.pop())
}

/// The contracts that a filter lets through, by rising id.
pub(super) async fn contracts_list(
    conn: &mut PgConnection,
    filter: &ContractFilter,
    after: ContractId,
    offset: i64,
    limit: i64,
) -> Result<Vec<Contract>, DbError> {
    let ids = sqlx::query_scalar!(
        "select c.id from contracts c
         where ($1::text is null or c.owner = $1)
           and ($2::text is null or c.status = $2)
           and ($3::text is null or c.status = 'open' and c.owner <> $3
                                    and (c.allow_list is null or $3 = any(c.allow_list)))
           and ($4::text is null or position(lower($4) in lower(c.title)) > 0
                or c.allow_list is null and position(lower($4) in lower(c.description)) > 0)
           and c.id > $5
         order by c.id offset $6 limit $7",
        filter.owner.as_ref().map(Address::as_str),
        filter.status.map(ContractStatus::name),
        filter.eligible_for.as_ref().map(Address::as_str),
        filter.text,
        after.get(),
        offset,
        limit
    );
    let ids = ids.fetch_all(&mut *conn).await?;
    contracts_read(conn, &ids).await
}

/// Contracts by rising id.
pub(super) async fn contracts_read(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<Vec<Contract>, DbError> {
    let rows = sqlx::query_as!(
        ContractRow,
        "select c.id, c.owner, c.status, c.title, c.description, c.max_subscribers, c.allow_list, c.version,
                c.terms_version, c.consent_by, c.created_at, c.updated_at, v.price, v.cron_expr, v.period_seconds,
                v.period_months, v.catch_up
         from contracts c join contract_versions v on v.contract_id = c.id and v.version = c.terms_version
         where c.id = any($1) order by c.id",
        ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Contract::try_from).collect()
}

/// How many contracts behind `after` a filter lets through; counted up to `most`.
pub(super) async fn contracts_count(
    conn: &mut PgConnection,
    filter: &ContractFilter,
    after: ContractId,
    most: i64,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from
           (select from contracts c
            where ($1::text is null or c.owner = $1)
              and ($2::text is null or c.status = $2)
              and ($3::text is null or c.status = 'open' and c.owner <> $3
                                       and (c.allow_list is null or $3 = any(c.allow_list)))
              and ($4::text is null or position(lower($4) in lower(c.title)) > 0
                   or c.allow_list is null and position(lower($4) in lower(c.description)) > 0)
              and c.id > $5
            limit $6) counted"#,
        filter.owner.as_ref().map(Address::as_str),
        filter.status.map(ContractStatus::name),
        filter.eligible_for.as_ref().map(Address::as_str),
        filter.text,
        after.get(),
        most
    )
    .fetch_one(conn)
    .await?)
}

/// Stores a new contract and gives its number.
pub(super) async fn contract_insert(
    conn: &mut PgConnection,
    contract: &Contract,
) -> Result<ContractId, DbError> {
    let listed = listed(contract);
    let id = sqlx::query_scalar!(
        "insert into contracts (owner, status, title, description, max_subscribers, allow_list, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7) returning id",
        contract.offer.owner.as_str(),
        contract.offer.status.name(),
        contract.title.as_str(),
        contract.description.as_ref().map(Description::as_str),
        cap(contract)?,
        listed.as_deref(),
        contract.created_at.get()
    )
    .fetch_one(&mut *conn)
    .await?;
    let id = ContractId::new(id);
    version_insert(conn, id, &contract.offer.terms, contract.created_at).await?;
    Ok(id)
}

pub(super) async fn version_insert(
    conn: &mut PgConnection,
    contract: ContractId,
    terms: &Terms,
    now: Timestamp,
) -> Result<(), DbError> {
    let (mut cron, mut seconds, mut months) = (None, None, None);
    match &terms.schedule {
        Schedule::Cron(expr) => cron = Some(expr.as_str()),
        Schedule::Seconds(period) => seconds = Some(i64::from(*period)),
        Schedule::Months(period) => {
            months = Some(i32::try_from(*period).map_err(DbError::impossible)?);
        }
    }
    sqlx::query!(
        "insert into contract_versions
         (contract_id, version, price, cron_expr, period_seconds, period_months, catch_up, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        contract.get(),
        terms.version,
        terms.price.amount().units(),
        cron,
        seconds,
        months,
        terms.catch_up.name(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores a contract as it stands. With `tell` the clock tells its subscribers, from the first.
pub(super) async fn contract_update(
    conn: &mut PgConnection,
    contract: &Contract,
    tell: bool,
) -> Result<(), DbError> {
    let listed = listed(contract);
    sqlx::query!(
        "update contracts
         set status = $2, title = $3, description = $4, max_subscribers = $5, allow_list = $6, version = $7,
             terms_version = $8, consent_by = $9, updated_at = $10, told = case when $11 then 0 else told end
         where id = $1",
        contract.id.get(),
        contract.offer.status.name(),
        contract.title.as_str(),
        contract.description.as_ref().map(Description::as_str),
        cap(contract)?,
        listed.as_deref(),
        contract.version,
        contract.offer.terms.version,
        contract.offer.consent_by.map(Timestamp::get),
        contract.updated_at.get(),
        tell
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn cap(contract: &Contract) -> Result<Option<i32>, DbError> {
    contract.max_subscribers.map(i32::try_from).transpose().map_err(DbError::impossible)
}

fn listed(contract: &Contract) -> Option<Vec<String>> {
    contract.allow_list.as_ref().map(|list| list.iter().map(ToString::to_string).collect())
}
