//! All SQL on `wallets`, `payments` and `verifier_secret`.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Metadata, Payment, RequestId, Wallet, model::Book, queries::About};
use crate::{
    db::DbError,
    kernel::{
        address::Address,
        id::{PaymentId, WalletId},
        money::Amount,
        name::{Name, Target},
        time::Timestamp,
    },
};

pub(super) struct WalletRow {
    pub(super) id: i64,
    pub(super) address: String,
    pub(super) balance: i64,
    pub(super) floor: i64,
    pub(super) total_in: i64,
    pub(super) total_out: i64,
    pub(super) version: i64,
    pub(super) locked: bool,
    pub(super) created_at: DateTime<Utc>,
}

impl TryFrom<WalletRow> for Wallet {
    type Error = DbError;

    fn try_from(row: WalletRow) -> Result<Self, DbError> {
        Ok(Self {
            id: WalletId::new(row.id),
            address: row.address.parse().map_err(DbError::impossible)?,
            balance: Amount::minor(row.balance),
            floor: Amount::minor(row.floor),
            total_in: Amount::minor(row.total_in),
            total_out: Amount::minor(row.total_out),
            version: row.version,
            locked: row.locked,
            created_at: Timestamp::new(row.created_at),
        })
    }
}

pub(super) struct PaymentRow {
    pub(super) id: i64,
    pub(super) payer: String,
    pub(super) payee: String,
    pub(super) amount: i64,
    pub(super) kind: String,
    pub(super) name: Option<String>,
    pub(super) sent_name: Option<String>,
    pub(super) sent_metaname: Option<String>,
    pub(super) metadata: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) at: DateTime<Utc>,
    pub(super) payer_version: i64,
    pub(super) payee_version: i64,
}

impl TryFrom<PaymentRow> for Payment {
    type Error = DbError;

    fn try_from(row: PaymentRow) -> Result<Self, DbError> {
        let metadata =
            row.metadata.map(|text| Metadata::stored(text).ok_or("metadata")).transpose();
        let name = row.name.map(|text| text.parse()).transpose().map_err(DbError::impossible)?;
        let metaname = row.sent_metaname.map(|text| text.parse()).transpose();
        let sent = match row.sent_name {
            Some(name) => Some(Target {
                name: name.parse().map_err(DbError::impossible)?,
                metaname: metaname.map_err(DbError::impossible)?,
            }),
            None => None,
        };
        let request_id =
            row.request_id.map(|text| RequestId::new(text).ok_or("a request id")).transpose();
        Ok(Self {
            id: PaymentId::new(row.id),
            payer: row.payer.parse().map_err(DbError::impossible)?,
            payee: row.payee.parse().map_err(DbError::impossible)?,
            amount: Amount::minor(row.amount),
            kind: row.kind.parse().map_err(DbError::impossible)?,
            name,
            sent,
            metadata: metadata.map_err(DbError::impossible)?,
            request_id: request_id.map_err(DbError::impossible)?,
            at: Timestamp::new(row.at),
            payer_version: row.payer_version,
            payee_version: row.payee_version,
        })
    }
}

/// Locks wallets by rising id. Those that do not exist are not among what it gives. The order is no column's, so no plan
/// walks through all wallets for it.
pub(super) async fn wallets_lock(
    conn: &mut PgConnection,
    addresses: BTreeSet<&Address>,
) -> Result<Vec<Wallet>, DbError> {
    let addresses: Vec<String> = addresses.into_iter().map(ToString::to_string).collect();
    let rows = sqlx::query_as!(
        WalletRow,
        "select id, address, balance, floor, total_in, total_out, version, locked, created_at
         from wallets where address = any($1) order by id + 0 for no key update",
        &addresses
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Wallet::try_from).collect()
}

/// Wallets by their rows, oldest first.
pub(super) async fn wallets_by_id(
    conn: &mut PgConnection,
    ids: &[i64],
) -> Result<Vec<Wallet>, DbError> {
    let rows = sqlx::query_as!(
        WalletRow,
        "select id, address, balance, floor, total_in, total_out, version, locked, created_at
         from wallets where id = any($1) order by id",
        ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Wallet::try_from).collect()
}

pub(super) async fn wallet_find(
    conn: &mut PgConnection,
    address: &Address,
) -> Result<Option<Wallet>, DbError> {
    let row = sqlx::query_as!(
        WalletRow,
        "select id, address, balance, floor, total_in, total_out, version, locked, created_at
         from wallets where address = $1",
        address.as_str()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Wallet::try_from).transpose()
}

/// Makes an empty wallet; `None` when the address is taken.
pub(super) async fn wallet_insert(
    conn: &mut PgConnection,
    address: &Address,
    verifier: Option<&[u8; 32]>,
    now: Timestamp,
) -> Result<Option<Wallet>, DbError> {
    let row = sqlx::query_as!(
        WalletRow,
        "insert into wallets (address, verifier, created_at) values ($1, $2, $3)
         on conflict (address) do nothing
         returning id, address, balance, floor, total_in, total_out, version, locked, created_at",
        address.as_str(),
        verifier.map(<[u8; 32]>::as_slice),
        now.get()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Wallet::try_from).transpose()
}

/// Makes empty wallets, in this order, and gives their rows.
///
/// # Errors
/// [`DbError::Conflict`] when somebody else has made one of them meanwhile.
pub(super) async fn wallets_insert(
    conn: &mut PgConnection,
    addresses: &[Address],
    now: Timestamp,
) -> Result<Vec<(Address, WalletId)>, DbError> {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        "insert into wallets (address, created_at)
         select address, $2 from unnest($1::text[]) with ordinality as t (address, place) order by place
         on conflict (address) do nothing returning address, id",
        &texts,
        now.get()
    )
    .fetch_all(conn)
    .await?;
    if rows.len() != addresses.len() {
        return Err(DbError::Raced);
    }
    rows.into_iter()
        .map(|row| Ok((row.address.parse().map_err(DbError::impossible)?, WalletId::new(row.id))))
        .collect()
}

/// The verifier that a locked row holds; `None` when nobody has claimed the wallet.
pub(super) async fn verifier_find(
    conn: &mut PgConnection,
    id: WalletId,
) -> Result<Option<Vec<u8>>, DbError> {
    Ok(sqlx::query_scalar!("select verifier from wallets where id = $1", id.get())
        .fetch_one(conn)
        .await?)
}

pub(super) async fn verifier_set(
    conn: &mut PgConnection,
    id: WalletId,
    verifier: &[u8; 32],
) -> Result<(), DbError> {
    sqlx::query!("update wallets set verifier = $2 where id = $1", id.get(), verifier.as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps the fingerprint of the first hub's secret. Gives the one that is kept.
pub(super) async fn secret_claim(
    conn: &mut PgConnection,
    fingerprint: &[u8; 32],
) -> Result<Vec<u8>, DbError> {
    sqlx::query!(
        "insert into verifier_secret (fingerprint) values ($1) on conflict (one) do nothing",
        fingerprint.as_slice()
    )
    .execute(&mut *conn)
    .await?;
    Ok(sqlx::query_scalar!("select fingerprint from verifier_secret").fetch_one(conn).await?)
}

pub(super) async fn wallet_set_locked(
    conn: &mut PgConnection,
    wallet: &Wallet,
) -> Result<(), DbError> {
    sqlx::query!(
        "update wallets set locked = $2, version = $3 where id = $1",
        wallet.id.get(),
        wallet.locked,
        wallet.version
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes every changed wallet once and every payment, in one statement. For an equality the till's plan may walk through
/// the index of all wallets, if there were few when it was made; for `any` it looks each one up.
#[expect(clippy::as_conversions, reason = "the macro's notation for an array with nulls")]
pub(super) async fn payments_write(
    conn: &mut PgConnection,
    book: &Book,
    payments: &[&Payment],
) -> Result<(), DbError> {
    let wallets: Vec<_> = book.changed().collect();
    let column =
        |value: fn(&Wallet) -> i64| wallets.iter().map(|wallet| value(wallet)).collect::<Vec<_>>();
    let row = |address: &Address| {
        book.id(address)
            .map(WalletId::get)
            .ok_or_else(|| DbError::impossible("a payment outside its book"))
    };
    let of = |value: fn(&Payment) -> i64| {
        payments.iter().map(|payment| value(payment)).collect::<Vec<_>>()
    };
    let payers =
        payments.iter().map(|payment| row(&payment.payer)).collect::<Result<Vec<_>, _>>()?;
    let payees =
        payments.iter().map(|payment| row(&payment.payee)).collect::<Result<Vec<_>, _>>()?;
    let kinds: Vec<_> = payments.iter().map(|payment| payment.kind.name().to_owned()).collect();
    let text = |value: fn(&Payment) -> Option<&str>| {
        payments.iter().map(|payment| value(payment).map(str::to_owned)).collect::<Vec<_>>()
    };
    let at: Vec<_> = payments.iter().map(|payment| payment.at.get()).collect();
    let done = sqlx::query!(
        "with changed as (
             update wallets w
             set balance = t.balance, total_in = t.total_in, total_out = t.total_out, version = t.version
             from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
                  as t (id, balance, total_in, total_out, version)
             where w.id = any(array[t.id])
         )
         insert into payments (id, payer, payee, amount, kind, metadata, request_id, at, payer_version, payee_version, name,
                               sent_name, sent_metaname)
         select * from unnest($6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::text[],
                              $12::text[], $13::timestamptz[], $14::bigint[], $15::bigint[], $16::text[],
                              $17::text[], $18::text[])",
        &column(|wallet| wallet.id.get()),
        &column(|wallet| wallet.balance.units()),
        &column(|wallet| wallet.total_in.units()),
        &column(|wallet| wallet.total_out.units()),
        &column(|wallet| wallet.version),
        &of(|payment| payment.id.get()),
        &payers,
        &payees,
        &of(|payment| payment.amount.units()),
        &kinds,
        &text(|payment| payment.metadata.as_ref().map(Metadata::as_str)) as &[Option<String>],
        &text(|payment| payment.request_id.as_ref().map(RequestId::as_str)) as &[Option<String>],
        &at,
        &of(|payment| payment.payer_version),
        &of(|payment| payment.payee_version),
        &text(|payment| payment.name.as_ref().map(Name::as_str)) as &[Option<String>],
        &text(|payment| payment.sent.as_ref().map(|sent| sent.name.as_str())) as &[Option<String>],
        &text(|payment| Some(payment.sent.as_ref()?.metaname.as_ref()?.as_str()))
            as &[Option<String>]
    )
    .execute(conn)
    .await?;
    match usize::try_from(done.rows_affected()) {
        Ok(rows) if rows == payments.len() => Ok(()),
        _ => Err(DbError::impossible("a payment that was not written")),
    }
}

/// The payments that these payers named by these request ids. `lateral`, and `offset 0` that keeps it, have them looked up
/// one by one.
pub(super) async fn payments_by_request(
    conn: &mut PgConnection,
    named: Vec<(WalletId, String)>,
) -> Result<Vec<Payment>, DbError> {
    let (payers, request_ids): (Vec<_>, Vec<_>) =
        named.into_iter().map(|(payer, request_id)| (payer.get(), request_id)).unzip();
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"select p.id, (select address from wallets where id = p.payer) as "payer!",
                  (select address from wallets where id = p.payee) as "payee!", p.amount, p.kind, p.name, p.sent_name,
                  p.sent_metaname, p.metadata, p.request_id, p.at, p.payer_version, p.payee_version
           from unnest($1::bigint[], $2::text[]) as named (payer, request_id),
                lateral (select * from payments
                         where payer = named.payer and request_id = named.request_id offset 0) p"#,
        &payers,
        &request_ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Payment::try_from).collect()
}

pub(super) async fn payment_find(
    conn: &mut PgConnection,
    id: PaymentId,
) -> Result<Option<Payment>, DbError> {
    let row = sqlx::query_as!(
        PaymentRow,
        "select p.id, a.address as payer, b.address as payee, p.amount, p.kind, p.name, p.sent_name,
                p.sent_metaname, p.metadata, p.request_id, p.at, p.payer_version, p.payee_version
         from payments p join wallets a on a.id = p.payer join wallets b on b.id = p.payee
         where p.id = $1",
        id.get()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Payment::try_from).transpose()
}

/// A wallet's payments with an id below `before`, newest first. Each side comes from its own index.
pub(super) async fn payments_of(
    conn: &mut PgConnection,
    wallet: WalletId,
    before: i64,
    limit: i64,
) -> Result<Vec<Payment>, DbError> {
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"select p.id as "id!", a.address as payer, b.address as payee, p.amount as "amount!", p.kind as "kind!",
                  p.name, p.sent_name, p.sent_metaname, p.metadata, p.request_id, p.at as "at!", p.payer_version as "payer_version!",
                  p.payee_version as "payee_version!"
           from ((select * from payments where payer = $1 and id < $2 order by id desc limit $3)
                 union all
                 (select * from payments where payee = $1 and id < $2 order by id desc limit $3)) p
           join wallets a on a.id = p.payer join wallets b on b.id = p.payee
           order by p.id desc limit $3"#,
        wallet.get(),
        before,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// How many payments of a wallet have an id below `before`; counted up to `most`.
pub(super) async fn payments_count(
    conn: &mut PgConnection,
    wallet: WalletId,
    before: i64,
    most: i64,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select least($3, (select count(*) from (select from payments where payer = $1 and id < $2 limit $3) a)
                          + (select count(*) from (select from payments where payee = $1 and id < $2 limit $3) b))
                  as "count!""#,
        wallet.get(),
        before,
        most
    )
    .fetch_one(conn)
    .await?)
}

/// The payments about a name or to it with an id below `before`, newest first. Each column has an index of its own.
pub(super) async fn payments_of_name(
    conn: &mut PgConnection,
    name: &Name,
    about: About,
    before: i64,
    limit: i64,
) -> Result<Vec<Payment>, DbError> {
    let (its, to_it) = sides(name, about);
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"select p.id as "id!", a.address as payer, b.address as payee, p.amount as "amount!", p.kind as "kind!",
                  p.name, p.sent_name, p.sent_metaname, p.metadata, p.request_id, p.at as "at!",
                  p.payer_version as "payer_version!", p.payee_version as "payee_version!"
           from ((select * from payments where name = $1 and id < $3 order by id desc limit $4)
                 union all
                 (select * from payments where sent_name = $2 and id < $3 order by id desc limit $4)) p
           join wallets a on a.id = p.payer join wallets b on b.id = p.payee
           order by p.id desc limit $4"#,
        its,
        to_it,
        before,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Payment::try_from).collect()
}

/// How many of those there are; counted up to `most`.
pub(super) async fn payments_of_name_count(
    conn: &mut PgConnection,
    name: &Name,
    about: About,
    before: i64,
    most: i64,
) -> Result<i64, DbError> {
    let (its, to_it) = sides(name, about);
    Ok(sqlx::query_scalar!(
        r#"select (select count(*) from (select from payments where name = $1 and id < $3 limit $4) a)
                  + (select count(*) from (select from payments where sent_name = $2 and id < $3 limit $4) b)
                  as "count!""#,
        its,
        to_it,
        before,
        most
    )
    .fetch_one(conn)
    .await?)
}

/// The name for the column that is asked, and nothing for the other: no row equals null.
fn sides(name: &Name, about: About) -> (Option<&str>, Option<&str>) {
    match about {
        About::Its => (Some(name.as_str()), None),
        About::ToIt => (None, Some(name.as_str())),
    }
}

/// To whom the newest purchase or transfer of each name gave it.
pub(super) async fn name_holders(
    conn: &mut PgConnection,
    names: &[String],
) -> Result<Vec<(Name, Address)>, DbError> {
    let rows = sqlx::query!(
        r#"select distinct on (p.name) p.name as "name!",
                  case p.kind when 'name_purchase' then a.address else b.address end as "holder!"
           from payments p join wallets a on a.id = p.payer join wallets b on b.id = p.payee
           where p.name = any($1) and p.kind in ('name_purchase', 'name_transfer')
           order by p.name, p.id desc"#,
        names
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let name = row.name.parse().map_err(DbError::impossible)?;
            Ok((name, row.holder.parse().map_err(DbError::impossible)?))
        })
        .collect()
}

/// Those of some addresses that no wallet has.
pub(super) async fn without_wallet(
    conn: &mut PgConnection,
    addresses: &[String],
) -> Result<Vec<String>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select address as "address!" from unnest($1::text[]) as t (address)
           where not exists (select from wallets w where w.address = t.address)"#,
        addresses
    )
    .fetch_all(conn)
    .await?)
}

/// All money in circulation: what the wallets hold that can't go below zero.
pub(super) async fn supply(conn: &mut PgConnection) -> Result<Amount, DbError> {
    let units = sqlx::query_scalar!(
        r#"select coalesce(-sum(balance), 0)::bigint as "units!" from wallets where floor < 0"#
    )
    .fetch_one(conn)
    .await?;
    Ok(Amount::minor(units))
}

/// How many of these are no payment of this payer over this amount.
pub(super) async fn payments_unlike(
    conn: &mut PgConnection,
    told: &[(PaymentId, Amount, Address)],
) -> Result<i64, DbError> {
    let ids: Vec<_> = told.iter().map(|(id, ..)| id.get()).collect();
    let amounts: Vec<_> = told.iter().map(|(_, amount, _)| amount.units()).collect();
    let payers: Vec<_> = told.iter().map(|(.., payer)| payer.to_string()).collect();
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from unnest($1::bigint[], $2::bigint[], $3::text[]) as t (id, amount, payer)
           where not exists (select from payments p join wallets w on w.id = p.payer
                             where p.id = t.id and p.amount = t.amount and w.address = t.payer)"#,
        &ids,
        &amounts,
        &payers
    )
    .fetch_one(conn)
    .await?)
}

/// The faults of the ledger, each as a count that should be zero.
#[derive(Debug)]
pub(super) struct Faults {
    /// The sum of all balances.
    pub(super) sum: String,
    pub(super) wallets: i64,
    pub(super) overdrawn: i64,
    pub(super) unlike_history: i64,
    pub(super) payments: i64,
    pub(super) last_payment: i64,
}

pub(super) async fn faults(conn: &mut PgConnection) -> Result<Faults, DbError> {
    Ok(sqlx::query_as!(
        Faults,
        r#"with moved as (
               select wallet, sum(amount_in) as total_in, sum(amount_out) as total_out
               from (select payee as wallet, amount as amount_in, 0 as amount_out from payments
                     union all select payer, 0, amount from payments) m
               group by wallet
           )
           select (select coalesce(sum(balance), 0)::text from wallets) as "sum!",
                  (select count(*) from wallets) as "wallets!",
                  (select count(*) from wallets where balance < floor) as "overdrawn!",
                  (select count(*) from wallets w left join moved m on m.wallet = w.id
                   where w.total_in <> coalesce(m.total_in, 0) or w.total_out <> coalesce(m.total_out, 0)
                      or w.balance <> w.total_in - w.total_out) as "unlike_history!",
                  (select count(*) from payments) as "payments!",
                  (select coalesce(max(id), 0) from payments) as "last_payment!""#
    )
    .fetch_one(conn)
    .await?)
}
