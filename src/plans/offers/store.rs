//! SQL that changes plans, and what is due because of it.

use sqlx::PgConnection;

use crate::{
    db::DbError,
    kernel::{
        id::{DiscordId, PlanId},
        time::Timestamp,
    },
    plans::{
        model::{Plan, Product, Tier},
        store::{self, signed},
    },
};

/// Locks a plan against every other change of it.
pub(in crate::plans) async fn plan_lock(
    conn: &mut PgConnection,
    tier: &Tier,
) -> Result<Option<Plan>, DbError> {
    sqlx::query!("select id from plans where tier = $1 for no key update", tier.as_str())
        .fetch_optional(&mut *conn)
        .await?;
    store::plan_find(conn, tier).await
}

/// Makes a plan and locks it. Says whether it was made: another may have been quicker.
pub(in crate::plans) async fn plan_insert(
    conn: &mut PgConnection,
    tier: &Tier,
    minutes: u32,
    session: u32,
    now: Timestamp,
) -> Result<(Plan, bool), DbError> {
    let done = sqlx::query!(
        "insert into plans (tier, name, monthly_server_minutes, max_session_minutes, created_at, updated_at)
         values ($1, $1, $2, $3, $4, $4) on conflict (tier) do nothing",
        tier.as_str(),
        signed(minutes)?,
        signed(session)?,
        now.get()
    )
    .execute(&mut *conn)
    .await?;
    let plan = plan_lock(conn, tier).await?;
    let plan = plan.ok_or_else(|| DbError::impossible("a plan that was just made"))?;
    Ok((plan, done.rows_affected() == 1))
}

pub(in crate::plans) async fn plan_update(
    conn: &mut PgConnection,
    plan: &Plan,
) -> Result<(), DbError> {
    sqlx::query!(
        "update plans set name = $2, description = $3, benefits = $4, monthly_price_usd = $5,
                          monthly_server_minutes = $6, max_session_minutes = $7, max_concurrent_servers = $8,
                          discord_role_id = $9, entitlement_priority = $10, display_order = $11, grace_days = $12,
                          is_active = $13, version = $14, updated_at = $15
         where id = $1",
        plan.id.get(),
        plan.name,
        plan.description,
        &plan.benefits,
        signed(plan.monthly_price_usd)?,
        signed(plan.limits.monthly_server_minutes)?,
        signed(plan.limits.max_session_minutes)?,
        signed(plan.limits.max_concurrent_servers)?,
        plan.discord_role_id.map(|role| role.to_string()),
        plan.entitlement_priority,
        plan.display_order,
        signed(plan.grace_days)?,
        plan.is_active,
        plan.version,
        plan.updated_at.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The tier of another plan that a product is sold as.
pub(in crate::plans) async fn sold_as(
    conn: &mut PgConnection,
    product: &Product,
    plan: PlanId,
) -> Result<Option<String>, DbError> {
    Ok(sqlx::query_scalar!(
        "select p.tier from plan_products o join plans p on p.id = o.plan_id
         where o.provider = $1 and o.product_id = $2 and o.plan_id <> $3",
        product.provider.name(),
        product.product_id.as_str(),
        plan.get()
    )
    .fetch_optional(conn)
    .await?)
}

pub(in crate::plans) async fn products_replace(
    conn: &mut PgConnection,
    plan: PlanId,
    products: &[Product],
) -> Result<(), DbError> {
    sqlx::query!("delete from plan_products where plan_id = $1", plan.get())
        .execute(&mut *conn)
        .await?;
    let providers: Vec<String> =
        products.iter().map(|product| product.provider.to_string()).collect();
    let ids: Vec<String> = products.iter().map(|product| product.product_id.to_string()).collect();
    sqlx::query!(
        "insert into plan_products (plan_id, provider, product_id, position)
         select $1::bigint, provider, product_id, place::integer
         from unnest($2::text[], $3::text[]) with ordinality as product (provider, product_id, place)",
        plan.get(),
        &providers,
        &ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets the clock look again at everybody who may have a plan.
pub(in crate::plans) async fn standings_review(
    conn: &mut PgConnection,
    plan: PlanId,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update standings set review_at = $2
         where discord_id in (select discord_id from entitlements where plan_id = $1
                              and status in ('active', 'trialing', 'past_due'))",
        plan.get(),
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A user to look at again, with the time at which that is due.
pub(in crate::plans) type Due = (Timestamp, DiscordId);

/// The users that are to be looked at again, those that are due longest first, behind one of them.
pub(in crate::plans) async fn standings_due(
    conn: &mut PgConnection,
    until: Option<Timestamp>,
    behind: Option<Due>,
    limit: i64,
) -> Result<Vec<Due>, DbError> {
    let (at, user) = behind.unzip();
    let rows = sqlx::query!(
        r#"select review_at as "review_at!", discord_id from standings
           where review_at is not null and ($1::timestamptz is null or review_at <= $1)
             and ($2::timestamptz is null or (review_at, discord_id) > ($2, $3::bigint))
           order by review_at, discord_id limit $4"#,
        until.map(Timestamp::get),
        at.map(Timestamp::get),
        user.map(DiscordId::get),
        limit
    )
    .fetch_all(conn)
    .await?;
    let due = |at, user| (Timestamp::new(at), DiscordId::new(user));
    Ok(rows.into_iter().map(|row| due(row.review_at, row.discord_id)).collect())
}
