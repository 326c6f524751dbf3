//! The SQL of lists.

use sqlx::PgConnection;

use super::{NamePayments, PaymentList, Rows, SEARCHED_PAYMENTS_MAX};
use crate::{
    db::DbError,
    kernel::{address::Address, name::Name},
    ledger::{
        Payment, Wallet,
        store::{PaymentRow, WalletRow},
    },
};

fn wallets(rows: Vec<WalletRow>) -> Result<Vec<Wallet>, DbError> {
    rows.into_iter().map(Wallet::try_from).collect()
}

fn payments(rows: Vec<PaymentRow>) -> Result<Vec<Payment>, DbError> {
    rows.into_iter().map(Payment::try_from).collect()
}

fn texts(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

pub(super) async fn wallets_count(conn: &mut PgConnection) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from wallets where floor = 0"#)
        .fetch_one(conn)
        .await?)
}

pub(super) async fn wallets_made(
    conn: &mut PgConnection,
    rows: Rows,
) -> Result<Vec<Wallet>, DbError> {
    let found = sqlx::query_as!(
        WalletRow,
        "select id, address, balance, floor, total_in, total_out, version, locked, created_at
         from wallets where floor = 0 order by id offset $1 limit $2",
        rows.offset,
        rows.limit
    )
    .fetch_all(conn)
    .await?;
    wallets(found)
}

pub(super) async fn wallets_rich(
    conn: &mut PgConnection,
    rows: Rows,
) -> Result<Vec<Wallet>, DbError> {
    let found = sqlx::query_as!(
        WalletRow,
        "select id, address, balance, floor, total_in, total_out, version, locked, created_at
         from wallets where floor = 0 order by balance desc, id offset $1 limit $2",
        rows.offset,
        rows.limit
    )
    .fetch_all(conn)
    .await?;
    wallets(found)
}

pub(super) async fn wallets_of(
    conn: &mut PgConnection,
    addresses: &[Address],
) -> Result<Vec<Wallet>, DbError> {
    let found = sqlx::query_as!(
        WalletRow,
        "select id, address, balance, floor, total_in, total_out, version, locked, created_at
         from wallets where address = any($1)",
        &texts(addresses)
    )
    .fetch_all(conn)
    .await?;
    wallets(found)
}

/// The newest id, which is also how many payments there are.
pub(super) async fn payments_last(conn: &mut PgConnection) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(r#"select coalesce(max(id), 0) as "last!" from payments"#)
        .fetch_one(conn)
        .await?)
}

/// How many payments there are, with or without new money.
pub(super) async fn payments_count_all(
    conn: &mut PgConnection,
    mined: bool,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce((select max(id) from payments), 0)
                  - case when $1 then 0 else (select count(*) from payments where kind = 'mined') end as "count!""#,
        mined
    )
    .fetch_one(conn)
    .await?)
}

/// Payments by rising or falling id, from a place that is counted from their number.
pub(super) async fn payments_dense(
    conn: &mut PgConnection,
    last: i64,
    descending: bool,
    rows: Rows,
) -> Result<Vec<Payment>, DbError> {
    let (after, upto) = if descending {
        (last.saturating_sub(rows.offset).saturating_sub(rows.limit), last - rows.offset)
    } else {
        (rows.offset, rows.offset.saturating_add(rows.limit).min(last))
    };
    let mut found = sqlx::query_as!(
        PaymentRow,
        "select p.id, a.address as payer, b.address as payee, p.amount, p.kind, p.name, p.sent_name, p.sent_metaname, p.metadata,
                p.request_id, p.at,
                p.payer_version, p.payee_version
         from payments p join wallets a on a.id = p.payer join wallets b on b.id = p.payee
         where p.id > $1 and p.id <= $2 order by p.id",
        after,
        upto
    )
    .fetch_all(conn)
    .await?;
    if descending {
        found.reverse();
    }
    payments(found)
}

/// A wallet's payments, newest first. Each side comes from its own index.
pub(super) async fn payments_newest(
    conn: &mut PgConnection,
    wallet: &Address,
    mined: bool,
    rows: Rows,
) -> Result<Vec<Payment>, DbError> {
    let found = sqlx::query_as!(
        PaymentRow,
        r#"with w as materialized (select id from wallets where address = $1)
           select p.id as "id!", a.address as payer, b.address as payee, p.amount as "amount!", p.kind as "kind!",
                  p.name, p.sent_name, p.sent_metaname, p.metadata, p.request_id, p.at as "at!", p.payer_version as "payer_version!",
                  p.payee_version as "payee_version!"
           from ((select * from payments where payer = (select id from w) and ($2 or kind <> 'mined')
                  order by id desc limit $3::bigint + $4)
                 union all
                 (select * from payments where payee = (select id from w) and ($2 or kind <> 'mined')
                  order by id desc limit $3 + $4)) p
           join wallets a on a.id = p.payer join wallets b on b.id = p.payee
           order by p.id desc offset $3 limit $4"#,
        wallet.as_str(),
        mined,
        rows.offset,
        rows.limit
    )
    .fetch_all(conn)
    .await?;
    payments(found)
}

/// How many payments concern the wallets of a list.
pub(super) async fn payments_count(
    conn: &mut PgConnection,
    list: &PaymentList,
) -> Result<i64, DbError> {
    let wallets = texts(list.wallets.as_deref().unwrap_or_default());
    Ok(sqlx::query_scalar!(
        r#"with w as materialized (select array(select id from wallets where address = any($1)) as ids)
           select count(*) as "count!" from payments p, w
           where (p.payer = any(w.ids) or p.payee = any(w.ids)) and ($2 or p.kind <> 'mined')"#,
        &wallets,
        list.mined
    )
    .fetch_one(conn)
    .await?)
}

/// Payments in any order.
pub(super) async fn payments_sorted(
    conn: &mut PgConnection,
    list: &PaymentList,
    rows: Rows,
) -> Result<Vec<Payment>, DbError> {
    let wallets = list.wallets.as_deref().map(texts);
    let found = sqlx::query_as!(
        PaymentRow,
        "select p.id, a.address as payer, b.address as payee, p.amount, p.kind, p.name, p.sent_name, p.sent_metaname, p.metadata,
                p.request_id, p.at,
                p.payer_version, p.payee_version
         from payments p join wallets a on a.id = p.payer join wallets b on b.id = p.payee
         where ($1::text[] is null or a.address = any($1) or b.address = any($1)) and ($2 or p.kind <> 'mined')
         order by case when not $4 then case $3 when 'from' then a.address when 'to' then b.address
                                           when 'sent_name' then p.sent_name
                                           when 'sent_metaname' then p.sent_metaname end end,
                  case when $4 then case $3 when 'from' then a.address when 'to' then b.address
                                           when 'sent_name' then p.sent_name
                                           when 'sent_metaname' then p.sent_metaname end end desc,
                  case when not $4 then case $3 when 'value' then p.amount else p.id end end,
                  case when $4 then case $3 when 'value' then p.amount else p.id end end desc,
                  p.id
         offset $5 limit $6",
        wallets.as_deref(),
        list.mined,
        list.order.name(),
        list.descending,
        rows.offset,
        rows.limit
    )
    .fetch_all(conn)
    .await?;
    payments(found)
}

pub(super) async fn metadata_count(conn: &mut PgConnection, text: &str) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from payments
           where id > (select coalesce(max(id), 0) from payments) - $2
             and position(lower($1) in lower(metadata)) > 0"#,
        text,
        SEARCHED_PAYMENTS_MAX
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn metadata_search(
    conn: &mut PgConnection,
    text: &str,
    rows: Rows,
) -> Result<Vec<Payment>, DbError> {
    let found = sqlx::query_as!(
        PaymentRow,
        "select p.id, a.address as payer, b.address as payee, p.amount, p.kind, p.name, p.sent_name, p.sent_metaname, p.metadata,
                p.request_id, p.at,
                p.payer_version, p.payee_version
         from payments p join wallets a on a.id = p.payer join wallets b on b.id = p.payee
         where p.id > (select coalesce(max(id), 0) from payments) - $2
           and position(lower($1) in lower(p.metadata)) > 0
         order by p.id desc offset $3 limit $4",
        text,
        SEARCHED_PAYMENTS_MAX,
        rows.offset,
        rows.limit
    )
    .fetch_all(conn)
    .await?;
    payments(found)
}

/// Whether payments about a name are wanted, and those to it.
const fn wanted(which: NamePayments) -> (bool, bool) {
    match which {
        NamePayments::About => (true, false),
        NamePayments::To => (false, true),
        NamePayments::Any => (true, true),
    }
}

pub(super) async fn named_count(
    conn: &mut PgConnection,
    name: &Name,
    which: NamePayments,
) -> Result<i64, DbError> {
    let (about, to) = wanted(which);
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from payments where $2 and name = $1 or $3 and sent_name = $1"#,
        name.as_str(),
        about,
        to
    )
    .fetch_one(conn)
    .await?)
}

pub(super) async fn named(
    conn: &mut PgConnection,
    name: &Name,
    which: NamePayments,
    descending: bool,
    rows: Rows,
) -> Result<Vec<Payment>, DbError> {
    let (about, to) = wanted(which);
    let found = sqlx::query_as!(
        PaymentRow,
        "select p.id, a.address as payer, b.address as payee, p.amount, p.kind, p.name, p.sent_name, p.sent_metaname,
                p.metadata, p.request_id, p.at, p.payer_version, p.payee_version
         from payments p join wallets a on a.id = p.payer join wallets b on b.id = p.payee
         where $2 and p.name = $1 or $3 and p.sent_name = $1
         order by case when $4 then -p.id else p.id end offset $5 limit $6",
        name.as_str(),
        about,
        to,
        descending,
        rows.offset,
        rows.limit
    )
    .fetch_all(conn)
    .await?;
    payments(found)
}
