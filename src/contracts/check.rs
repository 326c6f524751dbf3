//! Whether every term was paid once: what `tollbell verify-ledger` asks.

use super::charges::store::{charge_faults, charged_payments};
use crate::{
    db::{Db, DbError},
    kernel::id::PaymentId,
    ledger::payments_unlike,
};

/// Charges that are compared with the ledger at a time.
const CHARGES_PAGE: i64 = 5_000;

/// The findings of one look at all charges, taken at one position of the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContractCheck {
    /// Charges there are.
    pub charges: i64,
    /// Charges that are no payment of their subscriber over their amount.
    pub unlike_payment: i64,
    /// Subscriptions whose last term has no charge, or another than it says.
    pub uncharged: i64,
    /// Charges for terms that their subscription has not come to.
    pub misplaced: i64,
}

impl ContractCheck {
    /// Each promise with whether it is kept.
    pub fn promises(&self) -> [(&'static str, bool); 2] {
        [
            ("every charge is one payment", self.unlike_payment == 0),
            ("every term is one charge", self.uncharged == 0 && self.misplaced == 0),
        ]
    }

    /// Whether every promise is kept.
    pub fn holds(&self) -> bool {
        self.promises().iter().all(|(_, kept)| *kept)
    }
}

/// Looks at every charge, in one consistent view.
///
/// # Errors
/// When the database fails.
pub async fn check(db: &Db) -> Result<ContractCheck, DbError> {
    let mut view = db.snapshot().await?;
    let faults = charge_faults(view.conn()).await?;
    let mut found = ContractCheck {
        charges: faults.charges,
        unlike_payment: 0,
        uncharged: faults.uncharged,
        misplaced: faults.misplaced,
    };
    let mut after = PaymentId::new(0);
    loop {
        let page = charged_payments(view.conn(), after, CHARGES_PAGE).await?;
        let Some((last, ..)) = page.last() else { return Ok(found) };
        after = *last;
        found.unlike_payment += payments_unlike(view.conn(), &page).await?;
    }
}
