//! All SQL that changes `charges`.

use sqlx::PgConnection;

use super::Charge;
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        id::{PaymentId, SubscriptionId},
        money::Amount,
        time::Timestamp,
    },
};

/// Stores what was paid for terms, in one statement. A second payment for a term fails on the key.
pub(in crate::contracts) async fn charges_insert(
    conn: &mut PgConnection,
    charges: &[Charge],
) -> Result<(), DbError> {
    if charges.is_empty() {
        return Ok(());
    }
    let numbers = |value: fn(&Charge) -> i64| charges.iter().map(value).collect::<Vec<_>>();
    let times = |value: fn(&Charge) -> Timestamp| {
        charges.iter().map(|charge| value(charge).get()).collect::<Vec<_>>()
    };
    let runs: Vec<_> = charges.iter().map(|charge| charge.run).collect();
    sqlx::query!(
        "insert into charges (subscription_id, run, term, payment_id, amount, due_at, charged_at)
         select * from unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[], $5::bigint[],
                              $6::timestamptz[], $7::timestamptz[])",
        &numbers(|charge| charge.subscription.get()),
        &runs,
        &numbers(|charge| charge.term),
        &numbers(|charge| charge.payment.get()),
        &numbers(|charge| charge.amount.units()),
        &times(|charge| charge.due_at),
        &times(|charge| charge.charged_at)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was paid for a subscription before the payment `before`, newest first.
pub(in crate::contracts) async fn charges_list(
    conn: &mut PgConnection,
    id: SubscriptionId,
    before: i64,
    limit: i64,
) -> Result<Vec<Charge>, DbError> {
    let rows = sqlx::query!(
        "select run, term, payment_id, amount, due_at, charged_at from charges
         where subscription_id = $1 and payment_id < $2 order by run desc, term desc limit $3",
        id.get(),
        before,
        limit
    )
    .fetch_all(conn)
    .await?;
    let charges = rows.into_iter().map(|row| Charge {
        subscription: id,
        run: row.run,
        term: row.term,
        payment: PaymentId::new(row.payment_id),
        amount: Amount::minor(row.amount),
        due_at: Timestamp::new(row.due_at),
        charged_at: Timestamp::new(row.charged_at),
    });
    Ok(charges.collect())
}

/// How many charges of a subscription lie before the payment `before`; counted up to `most`.
pub(in crate::contracts) async fn charges_count(
    conn: &mut PgConnection,
    id: SubscriptionId,
    before: i64,
    most: i64,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from
           (select from charges where subscription_id = $1 and payment_id < $2 limit $3) counted"#,
        id.get(),
        before,
        most
    )
    .fetch_one(conn)
    .await?)
}

/// The faults of subscriptions, each as a count that should be zero, and how many charges there are.
#[derive(Debug)]
pub(in crate::contracts) struct ChargeFaults {
    pub(in crate::contracts) charges: i64,
    pub(in crate::contracts) uncharged: i64,
    pub(in crate::contracts) misplaced: i64,
}

/// Counts subscriptions whose last term has no charge, or not the one it names, and charges outside their run.
pub(in crate::contracts) async fn charge_faults(
    conn: &mut PgConnection,
) -> Result<ChargeFaults, DbError> {
    Ok(sqlx::query_as!(
        ChargeFaults,
        r#"select (select count(*) from charges) as "charges!",
                  (select count(*) from subscriptions s
                   where not exists (select from charges c where c.subscription_id = s.id and c.run = s.run
                                     and c.term = s.term and c.payment_id = s.last_payment)) as "uncharged!",
                  (select count(*) from charges c join subscriptions s on s.id = c.subscription_id
                   where c.run > s.run or (c.run = s.run and c.term > s.term)) as "misplaced!""#
    )
    .fetch_one(conn)
    .await?)
}

/// The charges behind a payment, as they are to be compared with the ledger: payer, payee, payment, amount.
pub(in crate::contracts) async fn charged_payments(
    conn: &mut PgConnection,
    after: PaymentId,
    limit: i64,
) -> Result<Vec<(PaymentId, Amount, Address)>, DbError> {
    let rows = sqlx::query!(
        "select c.payment_id, c.amount, s.address from charges c join subscriptions s on s.id = c.subscription_id
         where c.payment_id > $1 order by c.payment_id limit $2",
        after.get(),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let payer = row.address.parse().map_err(DbError::impossible)?;
            Ok((PaymentId::new(row.payment_id), Amount::minor(row.amount), payer))
        })
        .collect()
}
