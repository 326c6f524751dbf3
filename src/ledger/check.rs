//! Whether the money is where it should be: what `tollbell verify-ledger` asks.

use sqlx::PgConnection;

use super::store;
use crate::{
    db::{
        Db, DbError,
        inspect::{self, LogCheck, NumberCheck},
    },
    kernel::{address::Address, id::PaymentId, money::Amount},
};

/// The findings of one look at the ledger and the log, taken at one position.
#[derive(Debug)]
pub struct LedgerCheck {
    /// The sum of all balances as a number; anything but 0 is money from nowhere.
    pub sum: String,
    /// Wallets there are.
    pub wallets: i64,
    /// Wallets below their floor.
    pub overdrawn: i64,
    /// Wallets whose totals or balance are not those of their payments.
    pub unlike_history: i64,
    /// Payments there are.
    pub payments: i64,
    /// The highest number of a payment.
    pub last_payment: i64,
    /// The log.
    pub log: LogCheck,
    /// The events of payments against the numbers given out.
    pub numbers: NumberCheck,
}

impl LedgerCheck {
    /// Each promise with whether it is kept.
    pub fn promises(&self) -> [(&'static str, bool); 6] {
        [
            ("all balances add up to 0", self.sum == "0"),
            ("no wallet is below its floor", self.overdrawn == 0),
            ("every balance is the sum of its payments", self.unlike_history == 0),
            (
                "payments are numbered without a gap",
                self.payments == self.last_payment && self.last_payment == self.numbers.head,
            ),
            ("every kept payment has its event", self.numbers.is_dense()),
            ("the log is dense and indexed", self.log.is_dense()),
        ]
    }

    /// Whether every promise is kept.
    pub fn holds(&self) -> bool {
        self.promises().iter().all(|(_, kept)| *kept)
    }
}

/// Looks at everything, in one consistent view. It reads every payment: minutes on a large ledger.
///
/// # Errors
/// When the database fails.
pub async fn check(db: &Db) -> Result<LedgerCheck, DbError> {
    let mut view = db.snapshot().await?;
    let faults = store::faults(view.conn()).await?;
    let log = inspect::check_log(view.conn()).await?;
    let numbers = inspect::check_numbers(view.conn(), "payment.made").await?;
    Ok(LedgerCheck {
        sum: faults.sum,
        wallets: faults.wallets,
        overdrawn: faults.overdrawn,
        unlike_history: faults.unlike_history,
        payments: faults.payments,
        last_payment: faults.last_payment,
        log,
        numbers,
    })
}

/// How many of these are no payment of this payer over this amount: for slices that remember payments of their own.
///
/// # Errors
/// When the database fails.
pub async fn payments_unlike(
    conn: &mut PgConnection,
    told: &[(PaymentId, Amount, Address)],
) -> Result<i64, DbError> {
    store::payments_unlike(conn, told).await
}
