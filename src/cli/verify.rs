//! `tollbell verify-ledger`: proves from the database that the money is where it should be.

use std::process::ExitCode;

use super::{database, database::Schema, output};
use crate::{
    config::Settings,
    contracts::{self, ContractCheck},
    ledger::{self, LedgerCheck},
    names::{self, NameCheck},
};

/// Looks at everything and prints a line for each promise.
///
/// # Errors
/// When the database fails; a broken promise is no error but an exit code.
pub(super) async fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let look = async |db: &_| {
        let ledger = Box::pin(ledger::check(db)).await?;
        let contracts = Box::pin(contracts::check(db)).await?;
        Ok((ledger, contracts, Box::pin(names::check(db)).await?))
    };
    let (ledger, contracts, names) = database::on(settings, Schema::Found, look).await?;
    output::print(&report(&ledger, &contracts, &names))?;
    let holds = ledger.holds() && contracts.holds() && names.holds();
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(found: &LedgerCheck, contracts: &ContractCheck, names: &NameCheck) -> String {
    let LedgerCheck { log, numbers, .. } = found;
    let figures = [
        format!("the sum is {}", found.sum),
        format!("{} of {} wallets below", found.overdrawn, found.wallets),
        format!("{} of {} wallets unlike their payments", found.unlike_history, found.wallets),
        format!(
            "{} payments, the last is {}, the log gave out {}",
            found.payments, found.last_payment, numbers.head
        ),
        format!(
            "{} events for {} numbers, the last is {}",
            numbers.told, numbers.span, numbers.last
        ),
        format!(
            "{} of {} events up to {}, {} index rows astray",
            log.kept, log.expected, log.head, log.astray
        ),
        format!(
            "{} of {} charges unlike their payment",
            contracts.unlike_payment, contracts.charges
        ),
        format!("{} terms unpaid, {} charges too many", contracts.uncharged, contracts.misplaced),
        format!("{} of {} names without", names.ownerless, names.names),
        format!("{} of {} names unlike their payments", names.unlike_history, names.names),
    ];
    let promises = found.promises().into_iter().chain(contracts.promises()).chain(names.promises());
    let rows = promises.zip(figures).map(|((promise, kept), figures)| {
        let word = if kept { "ok" } else { "BROKEN" };
        vec![word.to_owned(), promise.to_owned(), figures]
    });
    output::columns(&rows.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        db::inspect::{LogCheck, NumberCheck},
        kernel::event::Seq,
    };

    #[test]
    fn each_promise_has_its_line_and_a_broken_one_stands_out() {
        let mut found = LedgerCheck {
            sum: "0".into(),
            wallets: 3,
            overdrawn: 0,
            unlike_history: 0,
            payments: 9,
            last_payment: 9,
            log: LogCheck { head: Seq::new(12), kept: 12, expected: 12, astray: 0 },
            numbers: NumberCheck { head: 9, last: 9, span: 9, told: 9 },
        };
        let mut contracts = ContractCheck { charges: 5, ..ContractCheck::default() };
        let mut names = NameCheck { names: 4, ..NameCheck::default() };
        let text = report(&found, &contracts, &names);
        assert_eq!(text.lines().filter(|line| line.starts_with("ok ")).count(), 10, "{text}");
        assert!(text.contains("12 of 12 events up to 12, 0 index rows astray"), "{text}");
        found.sum = "-5".into();
        let text = report(&found, &contracts, &names);
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("BROKEN  all balances add up to 0"), "{first}");
        assert!(first.ends_with("the sum is -5"), "{first}");
        assert_eq!(text.matches("BROKEN").count(), 1, "{text}");
        contracts.unlike_payment = 1;
        let text = report(&found, &contracts, &names);
        assert!(text.contains("1 of 5 charges unlike their payment"), "{text}");
        assert_eq!(text.matches("BROKEN").count(), 2, "{text}");
        names.unlike_history = 3;
        let text = report(&found, &contracts, &names);
        assert!(text.contains("3 of 4 names unlike their payments"), "{text}");
        assert_eq!(text.matches("BROKEN").count(), 3, "{text}");
    }
}
