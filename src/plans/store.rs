//! All SQL on the tables of plans.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    commands::{Standing, apply::EntitlementState},
    model::{
        Account, Entitlement, Held, Hold, Limits, Period, Plan, Product, Provider, Reference, Tier,
        WindowUse,
    },
    views::StandingView,
};
use crate::{
    db::DbError,
    kernel::{
        id::{DiscordId, EntitlementId, PlanId, ServerSessionId},
        time::Timestamp,
    },
};

/// Entitlements of a user that are looked at: the newest that may still count.
const HELD_MAX: i64 = 200;
/// A window is at most a month long, and one that is awaited is an hour late.
const WINDOW_AGE_MAX: Duration = Duration::from_hours(33 * 24);

struct PlanRow {
    id: i64,
    tier: String,
    name: String,
    description: String,
    benefits: Vec<String>,
    monthly_price_usd: i32,
    monthly_server_minutes: i32,
    max_session_minutes: i32,
    max_concurrent_servers: i32,
    discord_role_id: Option<String>,
    entitlement_priority: i32,
    display_order: i32,
    grace_days: i32,
    is_active: bool,
    version: i64,
    updated_at: DateTime<Utc>,
}

impl PlanRow {
    fn plan(self, products: Vec<Product>) -> Result<Plan, DbError> {
        let role = self.discord_role_id.map(|id| id.parse()).transpose();
        Ok(Plan {
            id: PlanId::new(self.id),
            tier: self.tier.parse().map_err(DbError::impossible)?,
            name: self.name,
            description: self.description,
            benefits: self.benefits,
            monthly_price_usd: count(self.monthly_price_usd)?,
            limits: Limits {
                monthly_server_minutes: count(self.monthly_server_minutes)?,
                max_session_minutes: count(self.max_session_minutes)?,
                max_concurrent_servers: count(self.max_concurrent_servers)?,
            },
            discord_role_id: role.map_err(DbError::impossible)?,
            entitlement_priority: self.entitlement_priority,
            display_order: self.display_order,
            grace_days: count(self.grace_days)?,
            is_active: self.is_active,
            products,
            version: self.version,
            updated_at: Timestamp::new(self.updated_at),
        })
    }
}

struct EntitlementRow {
    id: i64,
    discord_id: i64,
    plan_id: i64,
    provider: String,
    reference: String,
    customer: Option<String>,
    status: String,
    provider_status: Option<String>,
    period_start: DateTime<Utc>,
    period_end: DateTime<Utc>,
    cancel_at_period_end: bool,
    ends_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    past_due_at: Option<DateTime<Utc>>,
    paused_at: Option<DateTime<Utc>>,
    resumes_at: Option<DateTime<Utc>>,
    provider_modified_at: Option<DateTime<Utc>>,
    provider_event_at: Option<DateTime<Utc>>,
    granted_by: Option<String>,
    note: Option<String>,
    version: i64,
}

impl TryFrom<EntitlementRow> for Entitlement {
    type Error = DbError;

    fn try_from(row: EntitlementRow) -> Result<Self, DbError> {
        let (start, end) = (Timestamp::new(row.period_start), Timestamp::new(row.period_end));
        let seen = row.provider_modified_at.zip(row.provider_event_at);
        Ok(Self {
            id: EntitlementId::new(row.id),
            user: DiscordId::new(row.discord_id),
            plan: PlanId::new(row.plan_id),
            provider: row.provider.parse().map_err(DbError::impossible)?,
            reference: Reference::new(&row.reference)
                .ok_or_else(|| DbError::impossible("a reference"))?,
            customer: row.customer,
            status: row.status.parse().map_err(DbError::impossible)?,
            provider_status: row.provider_status,
            period: Period::new(start, end)
                .ok_or_else(|| DbError::impossible("an empty period"))?,
            cancel_at_period_end: row.cancel_at_period_end,
            ends_at: row.ends_at.map(Timestamp::new),
            ended_at: row.ended_at.map(Timestamp::new),
            past_due_at: row.past_due_at.map(Timestamp::new),
            paused_at: row.paused_at.map(Timestamp::new),
            resumes_at: row.resumes_at.map(Timestamp::new),
            seen: seen.map(|(modified, told)| (Timestamp::new(modified), Timestamp::new(told))),
            granted_by: row.granted_by,
            note: row.note,
            version: row.version,
        })
    }
}

/// Plans by their rows; all of them when `ids` is none.
async fn plans_read(conn: &mut PgConnection, ids: Option<&[i64]>) -> Result<Vec<Plan>, DbError> {
    let rows = sqlx::query_as!(
        PlanRow,
        "select id, tier, name, description, benefits, monthly_price_usd, monthly_server_minutes,
                max_session_minutes, max_concurrent_servers, discord_role_id, entitlement_priority,
                display_order, grace_days, is_active, version, updated_at
         from plans where $1::bigint[] is null or id = any($1)
         order by display_order, monthly_price_usd, name, id",
        ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let products = sqlx::query!(
        "select plan_id, provider, product_id from plan_products
         where $1::bigint[] is null or plan_id = any($1) order by plan_id, position",
        ids
    )
    .fetch_all(conn)
    .await?;
    let mut of_plans: HashMap<i64, Vec<Product>> = HashMap::new();
    for row in products {
        let provider = row.provider.parse().map_err(DbError::impossible)?;
        let product_id =
            Reference::new(&row.product_id).ok_or_else(|| DbError::impossible("a product"))?;
        of_plans.entry(row.plan_id).or_default().push(Product { provider, product_id });
    }
    rows.into_iter()
        .map(|row| {
            let products = of_plans.remove(&row.id).unwrap_or_default();
            row.plan(products)
        })
        .collect()
}

/// Joins entitlements with their plans.
async fn held(conn: &mut PgConnection, rows: Vec<EntitlementRow>) -> Result<Vec<Held>, DbError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: Vec<i64> = rows.iter().map(|row| row.plan_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let plans: HashMap<PlanId, Arc<Plan>> = plans_read(conn, Some(&ids))
        .await?
        .into_iter()
        .map(|plan| (plan.id, Arc::new(plan)))
        .collect();
    rows.into_iter()
        .map(|row| {
            let plan = plans.get(&PlanId::new(row.plan_id)).map(Arc::clone);
            let plan = plan.ok_or_else(|| DbError::impossible("an entitlement of no plan"))?;
            Ok(Held { entitlement: row.try_into()?, plan })
        })
        .collect()
}

/// All that is known of a user's plans and minutes. Consistent while the user is locked, or in a snapshot.
pub(super) async fn account_load(
    conn: &mut PgConnection,
    user: DiscordId,
    now: Timestamp,
) -> Result<Account, DbError> {
    let rows = sqlx::query_as!(
        EntitlementRow,
        "select id, discord_id, plan_id, provider, reference, customer, status, provider_status, period_start,
                period_end, cancel_at_period_end, ends_at, ended_at, past_due_at, paused_at, resumes_at,
                provider_modified_at, provider_event_at, granted_by, note, version
         from entitlements where discord_id = $1 and status in ('active', 'trialing', 'past_due')
         order by id desc limit $2",
        user.get(),
        HELD_MAX
    )
    .fetch_all(&mut *conn)
    .await?;
    let held = held(&mut *conn, rows).await?;
    let ids: Vec<i64> = held.iter().map(|held| held.entitlement.id.get()).collect();
    let oldest = now.minus(WINDOW_AGE_MAX).unwrap_or(now);
    let used = sqlx::query!(
        r#"select entitlement_id, window_start, sum(minutes)::bigint as "minutes!"
           from usage_ledger where entitlement_id = any($1) and window_start >= $2
           group by entitlement_id, window_start"#,
        &ids,
        oldest.get()
    )
    .fetch_all(&mut *conn)
    .await?;
    let holds = sqlx::query!(
        "select session_id, entitlement_id, window_start, allocated_minutes
         from reservations where discord_id = $1 and closed_at is null order by made_at, session_id",
        user.get()
    )
    .fetch_all(conn)
    .await?;
    let used = used.into_iter().map(|row| WindowUse {
        entitlement: EntitlementId::new(row.entitlement_id),
        window_start: Timestamp::new(row.window_start),
        minutes: row.minutes,
    });
    let holds = holds.into_iter().map(|row| {
        Ok::<_, DbError>(Hold {
            session: ServerSessionId::new(row.session_id),
            entitlement: EntitlementId::new(row.entitlement_id),
            window_start: Timestamp::new(row.window_start),
            minutes: count(row.allocated_minutes)?,
        })
    });
    Ok(Account { user, held, used: used.collect(), holds: holds.collect::<Result<_, _>>()? })
}

/// One entitlement with its plan.
pub(super) async fn held_find(
    conn: &mut PgConnection,
    id: EntitlementId,
) -> Result<Option<Held>, DbError> {
    let row = sqlx::query_as!(
        EntitlementRow,
        "select id, discord_id, plan_id, provider, reference, customer, status, provider_status, period_start,
                period_end, cancel_at_period_end, ends_at, ended_at, past_due_at, paused_at, resumes_at,
                provider_modified_at, provider_event_at, granted_by, note, version
         from entitlements where id = $1",
        id.get()
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(held(conn, row.into_iter().collect()).await?.pop())
}

/// One entitlement with its plan, by the provider's name for it.
pub(super) async fn entitlement_find(
    conn: &mut PgConnection,
    provider: Provider,
    reference: &Reference,
) -> Result<Option<Held>, DbError> {
    let id = sqlx::query_scalar!(
        "select id from entitlements where provider = $1 and reference = $2",
        provider.name(),
        reference.as_str()
    )
    .fetch_optional(&mut *conn)
    .await?;
    match id {
        Some(id) => held_find(conn, EntitlementId::new(id)).await,
        None => Ok(None),
    }
}

/// What a provider granted to one of its customers, newest first.
pub(super) async fn entitlements_of_customer(
    conn: &mut PgConnection,
    provider: Provider,
    customer: &str,
) -> Result<Vec<Entitlement>, DbError> {
    let rows = sqlx::query_as!(
        EntitlementRow,
        "select id, discord_id, plan_id, provider, reference, customer, status, provider_status, period_start,
                period_end, cancel_at_period_end, ends_at, ended_at, past_due_at, paused_at, resumes_at,
                provider_modified_at, provider_event_at, granted_by, note, version
         from entitlements where provider = $1 and customer = $2 order by id desc limit $3",
        provider.name(),
        customer,
        HELD_MAX
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Entitlement::try_from).collect()
}

/// What a provider granted to a user, newest first.
pub(super) async fn entitlements_of_user(
    conn: &mut PgConnection,
    provider: Provider,
    user: DiscordId,
) -> Result<Vec<Held>, DbError> {
    let rows = sqlx::query_as!(
        EntitlementRow,
        "select id, discord_id, plan_id, provider, reference, customer, status, provider_status, period_start,
                period_end, cancel_at_period_end, ends_at, ended_at, past_due_at, paused_at, resumes_at,
                provider_modified_at, provider_event_at, granted_by, note, version
         from entitlements where provider = $1 and discord_id = $2 order by id desc limit $3",
        provider.name(),
        user.get(),
        HELD_MAX
    )
    .fetch_all(&mut *conn)
    .await?;
    held(conn, rows).await
}

/// What a provider granted to anybody, before a number, newest first.
pub(super) async fn entitlements_from(
    conn: &mut PgConnection,
    provider: Provider,
    (before, limit): (i64, i64),
) -> Result<Vec<Held>, DbError> {
    let rows = sqlx::query_as!(
        EntitlementRow,
        "select id, discord_id, plan_id, provider, reference, customer, status, provider_status, period_start,
                period_end, cancel_at_period_end, ends_at, ended_at, past_due_at, paused_at, resumes_at,
                provider_modified_at, provider_event_at, granted_by, note, version
         from entitlements where provider = $1 and id < $2 order by id desc limit $3",
        provider.name(),
        before,
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    held(conn, rows).await
}

/// Locks an entitlement by the provider's name for it.
pub(super) async fn entitlement_lock(
    conn: &mut PgConnection,
    provider: Provider,
    reference: &Reference,
) -> Result<Option<Entitlement>, DbError> {
    let row = sqlx::query_as!(
        EntitlementRow,
        "select id, discord_id, plan_id, provider, reference, customer, status, provider_status, period_start,
                period_end, cancel_at_period_end, ends_at, ended_at, past_due_at, paused_at, resumes_at,
                provider_modified_at, provider_event_at, granted_by, note, version
         from entitlements where provider = $1 and reference = $2 for update",
        provider.name(),
        reference.as_str()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Entitlement::try_from).transpose()
}

/// Makes an entitlement; nothing when another transaction has just made one of this name.
pub(super) async fn entitlement_insert(
    conn: &mut PgConnection,
    user: DiscordId,
    provider: Provider,
    reference: &Reference,
    state: &EntitlementState,
    now: Timestamp,
) -> Result<Option<Entitlement>, DbError> {
    let row = sqlx::query_as!(
        EntitlementRow,
        "insert into entitlements
             (discord_id, plan_id, provider, reference, customer, status, provider_status, period_start, period_end,
              cancel_at_period_end, ends_at, ended_at, past_due_at, paused_at, resumes_at, provider_modified_at,
              provider_event_at, granted_by, note, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)
         on conflict (provider, reference) do nothing
         returning id, discord_id, plan_id, provider, reference, customer, status, provider_status, period_start,
                   period_end, cancel_at_period_end, ends_at, ended_at, past_due_at, paused_at, resumes_at,
                   provider_modified_at, provider_event_at, granted_by, note, version",
        user.get(),
        state.plan.get(),
        provider.name(),
        reference.as_str(),
        state.customer,
        state.status.name(),
        state.provider_status,
        state.period.start.get(),
        state.period.end.get(),
        state.cancel_at_period_end,
        state.ends_at.map(Timestamp::get),
        state.ended_at.map(Timestamp::get),
        state.past_due_at.map(Timestamp::get),
        state.paused_at.map(Timestamp::get),
        state.resumes_at.map(Timestamp::get),
        state.seen.map(|seen| seen.modified.get()),
        state.seen.map(|seen| seen.told.get()),
        state.granted_by,
        state.note,
        now.get()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Entitlement::try_from).transpose()
}

/// Makes an entitlement be as a state says. Its version stays when that is nothing that anybody is told.
pub(super) async fn entitlement_update(
    conn: &mut PgConnection,
    known: &Entitlement,
    user: DiscordId,
    state: &EntitlementState,
    silent: bool,
    now: Timestamp,
) -> Result<Entitlement, DbError> {
    let row = sqlx::query_as!(
        EntitlementRow,
        "update entitlements
         set discord_id = $2, plan_id = $3, customer = $4, status = $5, provider_status = $6, period_start = $7,
             period_end = $8, cancel_at_period_end = $9, ends_at = $10, ended_at = $11, past_due_at = $12,
             paused_at = $13, resumes_at = $14, provider_modified_at = $15, provider_event_at = $16,
             granted_by = $17, note = $18, version = version + $19, updated_at = $20
         where id = $1
         returning id, discord_id, plan_id, provider, reference, customer, status, provider_status, period_start,
                   period_end, cancel_at_period_end, ends_at, ended_at, past_due_at, paused_at, resumes_at,
                   provider_modified_at, provider_event_at, granted_by, note, version",
        known.id.get(),
        user.get(),
        state.plan.get(),
        state.customer,
        state.status.name(),
        state.provider_status,
        state.period.start.get(),
        state.period.end.get(),
        state.cancel_at_period_end,
        state.ends_at.map(Timestamp::get),
        state.ended_at.map(Timestamp::get),
        state.past_due_at.map(Timestamp::get),
        state.paused_at.map(Timestamp::get),
        state.resumes_at.map(Timestamp::get),
        state.seen.map(|seen| seen.modified.get()),
        state.seen.map(|seen| seen.told.get()),
        state.granted_by,
        state.note,
        i64::from(!silent),
        now.get()
    )
    .fetch_one(conn)
    .await?;
    row.try_into()
}

pub(super) async fn tier_find(conn: &mut PgConnection, id: PlanId) -> Result<Tier, DbError> {
    let tier = sqlx::query_scalar!("select tier from plans where id = $1", id.get())
        .fetch_one(conn)
        .await?;
    tier.parse().map_err(DbError::impossible)
}

/// The plan that a product is sold as.
pub(super) async fn plan_of_product(
    conn: &mut PgConnection,
    provider: Provider,
    product: &str,
) -> Result<Option<Plan>, DbError> {
    let id = sqlx::query_scalar!(
        "select plan_id from plan_products where provider = $1 and product_id = $2",
        provider.name(),
        product
    )
    .fetch_optional(&mut *conn)
    .await?;
    match id {
        Some(id) => Ok(plans_read(conn, Some(&[id])).await?.pop()),
        None => Ok(None),
    }
}

/// The products of a provider that are sold as plans.
pub(super) async fn products_of(
    conn: &mut PgConnection,
    provider: Provider,
) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        "select product_id from plan_products where provider = $1 order by product_id",
        provider.name()
    )
    .fetch_all(conn)
    .await?)
}

pub(super) async fn plan_find(
    conn: &mut PgConnection,
    tier: &Tier,
) -> Result<Option<Plan>, DbError> {
    let id = sqlx::query_scalar!("select id from plans where tier = $1", tier.as_str())
        .fetch_optional(&mut *conn)
        .await?;
    match id {
        Some(id) => Ok(plans_read(conn, Some(&[id])).await?.pop()),
        None => Ok(None),
    }
}

/// All plans, in the order of a list.
pub(super) async fn plans_list(conn: &mut PgConnection) -> Result<Vec<Plan>, DbError> {
    plans_read(conn, None).await
}

pub(super) async fn standing_find(
    conn: &mut PgConnection,
    user: DiscordId,
) -> Result<Option<Standing>, DbError> {
    let row = sqlx::query!(
        "select entitlement_id, plan_id, discord_role_id, review_at from standings where discord_id = $1",
        user.get()
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let role = row.discord_role_id.map(|id| id.parse()).transpose();
    Ok(Some(Standing {
        entitlement: row.entitlement_id.map(EntitlementId::new),
        plan: row.plan_id.map(PlanId::new),
        role: role.map_err(DbError::impossible)?,
        review_at: row.review_at.map(Timestamp::new),
    }))
}

pub(super) async fn standing_put(
    conn: &mut PgConnection,
    user: DiscordId,
    standing: &Standing,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into standings (discord_id, entitlement_id, plan_id, discord_role_id, review_at)
         values ($1, $2, $3, $4, $5)
         on conflict (discord_id) do update
         set entitlement_id = excluded.entitlement_id, plan_id = excluded.plan_id,
             discord_role_id = excluded.discord_role_id, review_at = excluded.review_at",
        user.get(),
        standing.entitlement.map(EntitlementId::get),
        standing.plan.map(PlanId::get),
        standing.role.map(|role| role.to_string()),
        standing.review_at.map(Timestamp::get)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Who has which plan, by rising id of the user.
pub(super) async fn standings_list(
    conn: &mut PgConnection,
    after: DiscordId,
    limit: i64,
) -> Result<Vec<StandingView>, DbError> {
    let rows = sqlx::query!(
        "select s.discord_id, p.tier, s.discord_role_id from standings s join plans p on p.id = s.plan_id
         where s.discord_id > $1 order by s.discord_id limit $2",
        after.get(),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let role = row.discord_role_id.map(|id| id.parse()).transpose();
            Ok(StandingView {
                discord_user_id: DiscordId::new(row.discord_id),
                tier: row.tier.parse().map_err(DbError::impossible)?,
                discord_role_id: role.map_err(DbError::impossible)?,
            })
        })
        .collect()
}

/// A number that the table keeps above or at zero.
pub(super) fn count(value: i32) -> Result<u32, DbError> {
    u32::try_from(value).map_err(DbError::impossible)
}

/// A number as the table keeps it.
pub(super) fn signed(value: u32) -> Result<i32, DbError> {
    i32::try_from(value).map_err(DbError::impossible)
}
