//! All SQL that changes `subscriptions`. The terms that a subscription agreed to and the offer of its contract are read
//! along, from tables of the same slice.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{
    model::{State, Subscription, SubscriptionStatus},
    queries::{Standing, SubscriptionFilter},
};
use crate::{
    contracts::{
        model::Offer,
        schedule::{Anchor, Term},
        store::TermsRow,
    },
    db::DbError,
    kernel::{
        address::Address,
        id::{ContractId, PaymentId, SubscriptionId},
        time::Timestamp,
    },
};

/// A subscription, the terms it agreed to, and the offer of its contract.
struct StandingRow {
    id: i64,
    contract_id: i64,
    address: String,
    status: String,
    reason: Option<String>,
    run: i32,
    term: i64,
    terms_version: i64,
    anchor_at: DateTime<Utc>,
    anchor_term: i64,
    started_at: DateTime<Utc>,
    term_started_at: DateTime<Utc>,
    lapsed_at: Option<DateTime<Utc>>,
    cancel_requested_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    can_unsubscribe: bool,
    last_payment: i64,
    version: i64,
    price: i64,
    cron_expr: Option<String>,
    period_seconds: Option<i64>,
    period_months: Option<i32>,
    catch_up: String,
    owner: String,
    contract_status: String,
    consent_by: Option<DateTime<Utc>>,
    new_version: i64,
    new_price: i64,
    new_cron_expr: Option<String>,
    new_period_seconds: Option<i64>,
    new_period_months: Option<i32>,
    new_catch_up: String,
}

impl TryFrom<StandingRow> for Standing {
    type Error = DbError;

    fn try_from(row: StandingRow) -> Result<Self, DbError> {
        let agreed = TermsRow {
            version: row.terms_version,
            price: row.price,
            cron_expr: row.cron_expr,
            period_seconds: row.period_seconds,
            period_months: row.period_months,
            catch_up: row.catch_up,
        };
        let newest = TermsRow {
            version: row.new_version,
            price: row.new_price,
            cron_expr: row.new_cron_expr,
            period_seconds: row.new_period_seconds,
            period_months: row.new_period_months,
            catch_up: row.new_catch_up,
        };
        let offer = Offer {
            owner: row.owner.parse().map_err(DbError::impossible)?,
            status: row.contract_status.parse().map_err(DbError::impossible)?,
            terms: newest.try_into()?,
            consent_by: row.consent_by.map(Timestamp::new),
        };
        let time = |at: Option<DateTime<Utc>>| at.map(Timestamp::new);
        let requested_at = time(row.cancel_requested_at);
        let (state, ends) = match (row.status.as_str(), time(row.lapsed_at), time(row.ended_at)) {
            ("active", Some(ends), None) => (State::Active, ends),
            ("pending", Some(ends), None) => {
                let requested_at = requested_at.ok_or_else(|| DbError::impossible("no request"))?;
                (State::Pending { requested_at }, ends)
            }
            ("canceled", None, Some(ended_at)) => {
                let reason = row.reason.unwrap_or_default().parse().map_err(DbError::impossible)?;
                (State::Canceled { reason, ended_at, requested_at }, ended_at)
            }
            _ => return Err(DbError::impossible("a subscription that stands nowhere")),
        };
        let starts = Timestamp::new(row.term_started_at);
        let subscription = Subscription {
            id: SubscriptionId::new(row.id),
            contract: ContractId::new(row.contract_id),
            address: row.address.parse().map_err(DbError::impossible)?,
            state,
            run: row.run,
            term: Term { number: row.term, starts, ends },
            agreed: agreed.try_into()?,
            anchor: Anchor { at: Timestamp::new(row.anchor_at), term: row.anchor_term },
            started_at: Timestamp::new(row.started_at),
            can_unsubscribe: row.can_unsubscribe,
            last_payment: PaymentId::new(row.last_payment),
            version: row.version,
        };
        Ok(Self { subscription, offer })
    }
}

/// A subscription whose term is over, as it was seen without a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// The subscription.
    pub(super) id: SubscriptionId,
    /// Its contract, which is locked first.
    pub(super) contract: ContractId,
    /// When the clock should have come.
    pub(super) at: Timestamp,
}

/// What is due, the longest overdue first, behind what was found before. Locks nothing.
pub(super) async fn due_list(
    conn: &mut PgConnection,
    now: Timestamp,
    behind: Option<Due>,
    limit: i64,
) -> Result<Vec<Due>, DbError> {
    let rows = sqlx::query!(
        r#"select id, contract_id, due_at as "due_at!" from subscriptions
           where due_at <= $1 and (due_at, id) > ($2, $3) order by due_at, id limit $4"#,
        now.get(),
        behind.map_or(DateTime::UNIX_EPOCH, |due| due.at.get()),
        behind.map_or(0, |due| due.id.get()),
        limit
    )
    .fetch_all(conn)
    .await?;
    let due = rows.into_iter().map(|row| Due {
        id: SubscriptionId::new(row.id),
        contract: ContractId::new(row.contract_id),
        at: Timestamp::new(row.due_at),
    });
    Ok(due.collect())
}

/// When the next subscription is due.
pub(super) async fn due_next(conn: &mut PgConnection) -> Result<Option<Timestamp>, DbError> {
    let next =
        sqlx::query_scalar!("select min(due_at) from subscriptions where due_at is not null");
    Ok(next.fetch_one(conn).await?.map(Timestamp::new))
}

/// Locks those of some subscriptions that are still due, the longest overdue first. What another node has locked is
/// passed over.
pub(super) async fn due_lock(
    conn: &mut PgConnection,
    ids: &[i64],
    now: Timestamp,
) -> Result<Vec<Standing>, DbError> {
    let locked = sqlx::query_scalar!(
        "select id from subscriptions where id = any($1) and due_at <= $2
         order by due_at, id for no key update skip locked",
        ids,
        now.get()
    );
    let locked = locked.fetch_all(&mut *conn).await?;
    standings(conn, &locked).await
}

/// Locks a wallet's subscription to a contract that is locked.
pub(super) async fn subscription_lock(
    conn: &mut PgConnection,
    contract: ContractId,
    address: &Address,
) -> Result<Option<Standing>, DbError> {
    let locked = sqlx::query_scalar!(
        "select id from subscriptions where contract_id = $1 and address = $2 for no key update",
        contract.get(),
        address.as_str()
    );
    let locked = locked.fetch_all(&mut *conn).await?;
    Ok(standings(conn, &locked).await?.pop())
}

/// Locks those that are subscribed to a locked contract, by rising id.
pub(super) async fn subscribed_lock(
    conn: &mut PgConnection,
    contract: ContractId,
    after: SubscriptionId,
    limit: i64,
) -> Result<Vec<Standing>, DbError> {
    let locked = sqlx::query_scalar!(
        "select id from subscriptions where contract_id = $1 and due_at is not null and id > $2
         order by id limit $3 for no key update",
        contract.get(),
        after.get(),
        limit
    );
    let locked = locked.fetch_all(&mut *conn).await?;
    standings(conn, &locked).await
}

/// Subscriptions by their numbers, in the order of these.
pub(in crate::contracts) async fn standings(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<Vec<Standing>, DbError> {
    let rows = sqlx::query_as!(
        StandingRow,
        r#"select s.id, s.contract_id, s.address, s.status, s.reason, s.run, s.term, s.terms_version, s.anchor_at,
                  s.anchor_term, s.started_at, s.term_started_at, s.lapsed_at, s.cancel_requested_at, s.ended_at,
                  s.can_unsubscribe, s.last_payment, s.version, a.price, a.cron_expr, a.period_seconds,
                  a.period_months, a.catch_up, c.owner, c.status as contract_status, c.consent_by,
                  t.version as new_version, t.price as new_price, t.cron_expr as new_cron_expr,
                  t.period_seconds as new_period_seconds, t.period_months as new_period_months,
                  t.catch_up as new_catch_up
           from unnest($1::bigint[]) with ordinality as wanted (id, place)
           join subscriptions s on s.id = wanted.id
           join contract_versions a on a.contract_id = s.contract_id and a.version = s.terms_version
           join contracts c on c.id = s.contract_id
           join contract_versions t on t.contract_id = c.id and t.version = c.terms_version
           order by place"#,
        ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Standing::try_from).collect()
}

/// A wallet's subscription to a contract: one look at one index.
pub(super) async fn subscription_of(
    conn: &mut PgConnection,
    contract: ContractId,
    address: &Address,
) -> Result<Option<Standing>, DbError> {
    let row = sqlx::query_as!(
        StandingRow,
        "select s.id, s.contract_id, s.address, s.status, s.reason, s.run, s.term, s.terms_version, s.anchor_at,
                s.anchor_term, s.started_at, s.term_started_at, s.lapsed_at, s.cancel_requested_at, s.ended_at,
                s.can_unsubscribe, s.last_payment, s.version, a.price, a.cron_expr, a.period_seconds,
                a.period_months, a.catch_up, c.owner, c.status as contract_status, c.consent_by,
                t.version as new_version, t.price as new_price, t.cron_expr as new_cron_expr,
                t.period_seconds as new_period_seconds, t.period_months as new_period_months,
                t.catch_up as new_catch_up
         from subscriptions s
         join contract_versions a on a.contract_id = s.contract_id and a.version = s.terms_version
         join contracts c on c.id = s.contract_id
         join contract_versions t on t.contract_id = c.id and t.version = c.terms_version
         where s.contract_id = $1 and s.address = $2",
        contract.get(),
        address.as_str()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Standing::try_from).transpose()
}

/// The subscriptions that a filter lets through, by rising id.
pub(super) async fn subscriptions_list(
    conn: &mut PgConnection,
    filter: &SubscriptionFilter,
    after: SubscriptionId,
    offset: i64,
    limit: i64,
) -> Result<Vec<Standing>, DbError> {
    let ids = sqlx::query_scalar!(
        "select s.id from subscriptions s join contracts c on c.id = s.contract_id
         where ($1::bigint is null or s.contract_id = $1)
           and ($2::text is null or s.address = $2)
           and ($3::text is null or s.status = $3)
           and ($4::boolean is null or (s.due_at is not null) = $4)
           and ($5::text is null or s.address = $5 or c.owner = $5)
           and s.id > $6
         order by s.id offset $7 limit $8",
        filter.contract.map(ContractId::get),
        filter.address.as_ref().map(Address::as_str),
        filter.status.map(SubscriptionStatus::name),
        filter.is_active,
        filter.party.as_ref().map(Address::as_str),
        after.get(),
        offset,
        limit
    );
    let ids = ids.fetch_all(&mut *conn).await?;
    standings(conn, &ids).await
}

/// How many subscriptions behind `after` a filter lets through; counted up to `most`.
pub(super) async fn subscriptions_count(
    conn: &mut PgConnection,
    filter: &SubscriptionFilter,
    after: SubscriptionId,
    most: i64,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from
           (select from subscriptions s join contracts c on c.id = s.contract_id
            where ($1::bigint is null or s.contract_id = $1)
              and ($2::text is null or s.address = $2)
              and ($3::text is null or s.status = $3)
              and ($4::boolean is null or (s.due_at is not null) = $4)
              and ($5::text is null or s.address = $5 or c.owner = $5)
              and s.id > $6
            limit $7) counted"#,
        filter.contract.map(ContractId::get),
        filter.address.as_ref().map(Address::as_str),
        filter.status.map(SubscriptionStatus::name),
        filter.is_active,
        filter.party.as_ref().map(Address::as_str),
        after.get(),
        most
    )
    .fetch_one(conn)
    .await?)
}

/// How many are subscribed to each of some contracts, in their order; counted up to `most`.
pub(in crate::contracts) async fn subscribers_count(
    conn: &mut PgConnection,
    contracts: &[i64],
    most: i64,
) -> Result<Vec<i64>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count as "count!" from unnest($1::bigint[]) with ordinality as wanted (id, place),
           lateral (select count(*) from (select from subscriptions s
                    where s.contract_id = wanted.id and s.due_at is not null limit $2) counted) n
           order by place"#,
        contracts,
        most
    )
    .fetch_all(conn)
    .await?)
}

/// Takes the number of a new subscription.
pub(super) async fn subscription_id(conn: &mut PgConnection) -> Result<SubscriptionId, DbError> {
    let id = sqlx::query_scalar!(
        r#"select nextval(pg_get_serial_sequence('subscriptions', 'id')) as "id!""#
    );
    Ok(SubscriptionId::new(id.fetch_one(conn).await?))
}

/// Stores a new subscription, which has paid for its first term.
pub(super) async fn subscription_insert(
    conn: &mut PgConnection,
    new: &Subscription,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into subscriptions
         (id, contract_id, address, status, run, term, terms_version, anchor_at, anchor_term, started_at,
          term_started_at, lapsed_at, due_at, can_unsubscribe, last_payment, version)
         overriding system value
         values ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14)",
        new.id.get(),
        new.contract.get(),
        new.address.as_str(),
        new.run,
        new.term.number,
        new.agreed.version,
        new.anchor.at.get(),
        new.anchor.term,
        new.started_at.get(),
        new.term.starts.get(),
        new.term.ends.get(),
        new.can_unsubscribe,
        new.last_payment.get(),
        new.version
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores subscriptions as they stand, in one statement. A look of the clock that was put off is due again.
#[expect(clippy::as_conversions, reason = "the macro's notation for an array with nulls")]
pub(super) async fn subscriptions_write(
    conn: &mut PgConnection,
    changed: &[&Subscription],
) -> Result<(), DbError> {
    if changed.is_empty() {
        return Ok(());
    }
    let numbers = |value: fn(&Subscription) -> i64| {
        changed.iter().map(|subscription| value(subscription)).collect::<Vec<_>>()
    };
    let times = |value: fn(&Subscription) -> Timestamp| {
        changed.iter().map(|subscription| value(subscription).get()).collect::<Vec<_>>()
    };
    let runs: Vec<_> = changed.iter().map(|subscription| subscription.run).collect();
    let statuses: Vec<_> = changed.iter().map(|one| one.status().name().to_owned()).collect();
    let lapses: Vec<_> = changed.iter().map(|one| one.lapsed_at().map(Timestamp::get)).collect();
    let bound: Vec<_> = changed.iter().map(|one| one.can_unsubscribe).collect();
    let (mut reasons, mut ends, mut requests) = (Vec::new(), Vec::new(), Vec::new());
    for subscription in changed {
        let (reason, ended_at, requested_at) = match subscription.state {
            State::Active => (None, None, None),
            State::Pending { requested_at } => (None, None, Some(requested_at)),
            State::Canceled { reason, ended_at, requested_at } => {
                (Some(reason.name().to_owned()), Some(ended_at), requested_at)
            }
        };
        reasons.push(reason);
        ends.push(ended_at.map(Timestamp::get));
        requests.push(requested_at.map(Timestamp::get));
    }
    let done = sqlx::query!(
        "update subscriptions s
         set status = t.status, reason = t.reason, run = t.run, term = t.term, terms_version = t.terms_version,
             anchor_at = t.anchor_at, anchor_term = t.anchor_term, started_at = t.started_at,
             term_started_at = t.term_started_at, lapsed_at = t.lapsed_at, due_at = t.lapsed_at, attempts = 0,
             cancel_requested_at = t.cancel_requested_at, ended_at = t.ended_at,
             can_unsubscribe = t.can_unsubscribe, last_payment = t.last_payment, version = t.version
         from unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::bigint[],
                     $7::timestamptz[], $8::bigint[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[],
                     $12::timestamptz[], $13::timestamptz[], $14::boolean[], $15::bigint[], $16::bigint[])
              as t (id, status, reason, run, term, terms_version, anchor_at, anchor_term, started_at,
                    term_started_at, lapsed_at, cancel_requested_at, ended_at, can_unsubscribe, last_payment, version)
         where s.id = t.id",
        &numbers(|one| one.id.get()),
        &statuses,
        &reasons as &[Option<String>],
        &runs,
        &numbers(|one| one.term.number),
        &numbers(|one| one.agreed.version),
        &times(|one| one.anchor.at),
        &numbers(|one| one.anchor.term),
        &times(|one| one.started_at),
        &times(|one| one.term.starts),
        &lapses as &[Option<DateTime<Utc>>],
        &requests as &[Option<DateTime<Utc>>],
        &ends as &[Option<DateTime<Utc>>],
        &bound,
        &numbers(|one| one.last_payment.get()),
        &numbers(|one| one.version)
    )
    .execute(conn)
    .await?;
    match usize::try_from(done.rows_affected()) {
        Ok(rows) if rows == changed.len() => Ok(()),
        _ => Err(DbError::impossible("a subscription that was not written")),
    }
}

/// Looks again later: after 1 second, then after twice as long each time, up to a minute.
pub(super) async fn subscriptions_postpone(
    conn: &mut PgConnection,
    ids: &[i64],
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "update subscriptions
         set due_at = greatest(due_at, $2::timestamptz + least(60, 1 << least(attempts, 6)) * interval '1 second'),
             attempts = attempts + 1
         where id = any($1) and due_at is not null",
        ids,
        now.get()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A wallet's subscriptions to some contracts.
pub(in crate::contracts) async fn standings_of(
    conn: &mut PgConnection,
    contracts: &[i64],
    address: &Address,
) -> Result<Vec<Standing>, DbError> {
    let ids = sqlx::query_scalar!(
        "select id from subscriptions where contract_id = any($1) and address = $2 order by id",
        contracts,
        address.as_str()
    )
    .fetch_all(&mut *conn)
    .await?;
    standings(conn, &ids).await
}
