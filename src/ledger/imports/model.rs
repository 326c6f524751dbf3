//! What becomes of a line of a file of wallets. Pure.

use std::str::FromStr;

use crate::{
    db::Refusal,
    kernel::{
        address::Address,
        money::{Amount, Payable},
    },
    ledger::{LedgerRefusal, RequestId, Wallet},
};

/// Hexadecimal digits of a verifier.
const VERIFIER_CHARS: usize = 64;

/// Krist's verifier as other servers store it: 64 hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verifier(String);

/// Why a text is no verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a verifier is {VERIFIER_CHARS} hexadecimal digits")]
pub struct VerifierError;

impl FromStr for Verifier {
    type Err = VerifierError;

    fn from_str(text: &str) -> Result<Self, VerifierError> {
        if text.len() == VERIFIER_CHARS && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(VerifierError)
        }
    }
}

impl Verifier {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A wallet as a file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletLine {
    /// Its address.
    pub address: Address,
    /// What it holds, or nothing.
    pub balance: Option<Payable>,
    /// Who owns it; `None` when nobody has claimed it.
    pub verifier: Option<Verifier>,
    /// Whether it can't log in and can't pay.
    pub locked: bool,
}

impl WalletLine {
    /// The name of the payment that brings its balance.
    pub(super) fn request_id(&self) -> Option<RequestId> {
        RequestId::new(format!("import:{}", self.address))
    }
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is as the line says now.
    Imported,
    /// It was imported before, and nothing changed.
    Known,
    /// It stays out.
    Refused(ImportRefusal),
}

/// Why a line stays out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportRefusal {
    /// It is about the system's own wallet.
    SystemWallet,
    /// The wallet was claimed with another private key.
    VerifierConflict,
    /// The wallet was imported before with this balance.
    ImportConflict(Amount),
    /// The wallet is here already and not locked, and the line brings nothing that could have locked it.
    WalletExists,
    /// The ledger says no.
    Ledger(LedgerRefusal),
}

impl ImportRefusal {
    /// The stable code of this reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::SystemWallet => "system_wallet",
            Self::VerifierConflict => "verifier_conflict",
            Self::ImportConflict(_) => "import_conflict",
            Self::WalletExists => "wallet_exists",
            Self::Ledger(refusal) => refusal.code(),
        }
    }
}

/// What is here already of the wallet of a line.
#[derive(Debug, Clone)]
pub(super) struct Here {
    pub(super) wallet: Wallet,
    /// Whether somebody has claimed it, and whether with the verifier of the line.
    pub(super) claim: Claimed,
    /// What an import before has brought.
    pub(super) imported: Option<Amount>,
}

/// Who has claimed a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claimed {
    Nobody,
    Same,
    /// Somebody, and the line names somebody else, or nobody.
    Other,
}

/// Whether there is a wallet already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stands {
    #[default]
    Already,
    New,
}

/// What is to be done about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Plan {
    pub(super) wallet: Stands,
    pub(super) claim: bool,
    pub(super) lock: bool,
    pub(super) fund: bool,
}

/// Decides about one line.
pub(super) fn plan(line: &WalletLine, here: Option<&Here>) -> Result<Plan, ImportRefusal> {
    if line.address == Address::system() {
        return Err(ImportRefusal::SystemWallet);
    }
    let (claims, brings) = (line.verifier.is_some(), line.balance.is_some());
    let Some(Here { wallet, claim, imported }) = here else {
        return Ok(Plan { wallet: Stands::New, claim: claims, lock: line.locked, fund: brings });
    };
    if claims && *claim == Claimed::Other {
        return Err(ImportRefusal::VerifierConflict);
    }
    let claim = claims && *claim == Claimed::Nobody;
    match (imported, line.balance) {
        (Some(before), brings) if brings.map_or(Amount::ZERO, Payable::amount) != *before => {
            Err(ImportRefusal::ImportConflict(*before))
        }
        (None, Some(_)) => {
            let lock = line.locked && !wallet.locked;
            Ok(Plan { wallet: Stands::Already, claim, lock, fund: true })
        }
        (None, None) if line.locked && !wallet.locked => Err(ImportRefusal::WalletExists),
        // What became of it since it was imported is the operator's or its owner's doing.
        (Some(_), _) | (None, None) => Ok(Plan { claim, ..Plan::default() }),
    }
}

impl Plan {
    /// Whether there is nothing to do.
    pub(super) fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::kernel::{id::WalletId, time::Timestamp};

    const DIGITS: &str = "a350fa569fc53804c4282afbebafeba973c33238704815ea41fa8eec1f13a791";

    fn line(units: i64, claimed: bool, locked: bool) -> WalletLine {
        WalletLine {
            address: "k8juvewcui".parse().unwrap(),
            balance: Amount::minor(units).payable(),
            verifier: claimed.then(|| DIGITS.parse().unwrap()),
            locked,
        }
    }

    fn here(locked: bool, claim: Claimed, imported: Option<i64>) -> Here {
        let wallet = Wallet {
            id: WalletId::new(2),
            address: "k8juvewcui".parse().unwrap(),
            balance: Amount::minor(7),
            floor: Amount::ZERO,
            total_in: Amount::minor(7),
            total_out: Amount::ZERO,
            version: 4,
            locked,
            created_at: Timestamp::new(DateTime::UNIX_EPOCH),
        };
        Here { wallet, claim, imported: imported.map(Amount::minor) }
    }

    /// The letters of what is done: make, claim, lock, fund; `-` for nothing; else the code.
    #[track_caller]
    fn check(line: &WalletLine, here: Option<&Here>, expected: &str) {
        let said = match plan(line, here) {
            Ok(plan) if plan.is_nothing() => "-".to_owned(),
            Ok(Plan { wallet, claim, lock, fund }) => {
                let parts = [(wallet == Stands::New, 'm'), (claim, 'c'), (lock, 'l'), (fund, 'f')];
                parts.into_iter().filter_map(|(done, letter)| done.then_some(letter)).collect()
            }
            Err(refusal) => refusal.code().to_owned(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn a_new_wallet_is_made_as_the_line_says() {
        check(&line(5, true, true), None, "mclf");
        check(&line(5, false, false), None, "mf");
        check(&line(0, true, false), None, "mc");
        check(&line(0, false, true), None, "ml");
        let system = WalletLine { address: Address::system(), ..line(5, false, false) };
        check(&system, None, "system_wallet");
    }

    #[test]
    fn what_was_imported_before_stays_as_it_has_become() {
        use Claimed::{Nobody, Other, Same};
        check(&line(5, true, false), Some(&here(false, Same, Some(5))), "-");
        // Unlocked or locked by the operator since.
        check(&line(5, true, true), Some(&here(false, Same, Some(5))), "-");
        check(&line(5, true, false), Some(&here(true, Same, Some(5))), "-");
        // A file that knows an owner where the one before knew none.
        check(&line(5, true, false), Some(&here(false, Nobody, Some(5))), "c");
        check(&line(5, false, false), Some(&here(false, Other, Some(5))), "-");
        check(&line(6, true, false), Some(&here(false, Same, Some(5))), "import_conflict");
        check(&line(0, true, false), Some(&here(false, Same, Some(5))), "import_conflict");
        check(&line(5, true, false), Some(&here(false, Other, Some(5))), "verifier_conflict");
    }

    #[test]
    fn a_wallet_that_came_by_itself_gets_what_the_line_brings() {
        use Claimed::{Nobody, Other, Same};
        check(&line(5, true, false), Some(&here(false, Same, None)), "f");
        check(&line(5, true, true), Some(&here(false, Nobody, None)), "clf");
        check(&line(5, false, true), Some(&here(true, Other, None)), "f");
        check(&line(5, true, false), Some(&here(false, Other, None)), "verifier_conflict");
        check(&line(0, true, false), Some(&here(false, Nobody, None)), "c");
        check(&line(0, false, false), Some(&here(false, Other, None)), "-");
        check(&line(0, true, true), Some(&here(true, Same, None)), "-");
        check(&line(0, true, true), Some(&here(false, Same, None)), "wallet_exists");
    }

    #[test]
    fn a_verifier_is_64_digits_in_any_case() {
        assert_eq!(DIGITS.to_uppercase().parse::<Verifier>().unwrap().as_str(), DIGITS);
        for bad in ["", "a", &DIGITS[1..], &format!("{DIGITS}0"), &DIGITS.replace('a', "g")] {
            assert_eq!(bad.parse::<Verifier>(), Err(VerifierError), "{bad:?}");
        }
    }
}
