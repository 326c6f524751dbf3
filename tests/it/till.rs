//! What a batch of the till costs the database.

use sqlx::PgConnection;
use tollbell::{
    db::{Answer, Command, Failure, Never, Tx, keys::Outcome},
    kernel::{address::Address, money::Amount},
    ledger::{Order, PaymentKind, RequestId, Transfer, post},
};

use super::{
    reservations::Local,
    support::{ANNA, Site},
};

/// Wallets, and payments to them, that come after the plans were made, and the last of the wallets.
const WALLETS: i64 = 5_000;
const LAST: &str = "k000005000";
/// Rows that a payment may read, those behind its foreign keys with them.
const ROWS_MAX: i64 = 10;
/// Payments that meet each connection of the till.
const PAYMENTS: usize = 8;

/// A payment as the till posts it. Gives how many rows of the ledger were read for it, and whether it was made before.
struct Pay(Order);

impl Pay {
    fn to(payee: &str, request: usize) -> Self {
        let address = |text: &str| text.parse::<Address>().unwrap();
        let transfer = Transfer {
            payer: address("serverwelf"),
            payee: address(payee).into(),
            amount: Amount::minor(1).payable().unwrap(),
            kind: PaymentKind::Mined,
            name: None,
            metadata: None,
            request_id: RequestId::new(request.to_string()),
        };
        Self(Order { transfer, key: None, act: None })
    }
}

impl Command for Pay {
    const NAME: &'static str = "test_pay";
    type Done = (i64, bool);
    type Refusal = Never;

    async fn apply(&self, tx: &mut Tx) -> Result<(i64, bool), Failure<Never>> {
        let before = rows_read(tx.conn()).await;
        let posted = post(tx, std::slice::from_ref(&self.0)).await?;
        let [Ok(Answer { outcome: Outcome::Done(_), replayed })] = &posted[..] else {
            panic!("{posted:?}");
        };
        Ok((rows_read(tx.conn()).await - before, *replayed))
    }
}

/// Rows of the ledger that this session has read and not yet reported.
async fn rows_read(conn: &mut PgConnection) -> i64 {
    let sum = "select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint
               from pg_stat_xact_user_tables where relname in ('wallets', 'payments')";
    sqlx::query_scalar(sum).fetch_one(conn).await.unwrap()
}

/// Regression: plans from the time when PostgreSQL had counted two wallets walked through all that came later.
#[tokio::test]
async fn a_payment_reads_little_however_small_the_tables_were() {
    for counted in [false, true] {
        let site = Site::new().await;
        let hub = site.hub(&[]).await;
        hub.login(ANNA).await;
        hub.admin().mint(ANNA.1, "1").await;
        let mut sql = site.sql().await;
        if counted {
            sqlx::raw_sql("vacuum analyze wallets, payments").execute(&mut sql).await.unwrap();
        }
        let till = Local::at(&site).await.db.lane();
        for request in 0..PAYMENTS {
            till.run(&Pay::to(ANNA.1, request)).await.unwrap();
        }
        let more = "with made as (
                insert into wallets (address, created_at)
                select 'k' || lpad(n::text, 9, '0'), now() from generate_series(1, $1) as n returning id
            )
            insert into payments (id, payer, payee, amount, kind, request_id, at, payer_version, payee_version)
            select -id, id, 1, 1, 'transfer', '1', now(), 1, 1 from made";
        sqlx::query(more).bind(WALLETS).execute(&mut sql).await.unwrap();
        // Some are repeated, the others are new.
        for request in 0..PAYMENTS * 2 {
            let known = request < PAYMENTS;
            let pay = Pay::to(if known { ANNA.1 } else { LAST }, request);
            let (read, replayed) = till.run(&pay).await.unwrap();
            assert_eq!(replayed, known, "{request}");
            assert!((1..=ROWS_MAX).contains(&read), "{read} rows, the tables counted: {counted}");
        }
    }
}
