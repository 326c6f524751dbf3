//! What a wallet and a payment are, and whether a transfer may happen. Pure: no clock, no database.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    db::Refusal,
    kernel::{
        address::Address,
        id::{PaymentId, WalletId},
        money::{Amount, Payable},
        time::Timestamp,
    },
};

/// The longest metadata of a payment in characters.
const METADATA_CHARS_MAX: usize = 255;
/// The longest request id of a payment in characters.
const REQUEST_ID_CHARS_MAX: usize = 64;

/// A wallet as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    /// Its row.
    pub id: WalletId,
    /// Its name.
    pub address: Address,
    /// What it holds.
    pub balance: Amount,
    /// How far the balance may fall.
    pub floor: Amount,
    /// All that it ever received.
    pub total_in: Amount,
    /// All that it ever paid.
    pub total_out: Amount,
    /// Raised by every change that an event tells of.
    pub version: i64,
    /// Whether it may neither pay nor log in.
    pub locked: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a payment was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// One wallet paid another.
    Transfer,
    /// The system gave new money.
    Mined,
}

impl PaymentKind {
    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Mined => "mined",
        }
    }
}

impl FromStr for PaymentKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "transfer" => Ok(Self::Transfer),
            "mined" => Ok(Self::Mined),
            _ => Err(format!("a payment of kind {name:?}")),
        }
    }
}

/// What a payer wrote on a payment: at most 255 printable ASCII characters and line breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Metadata(String);

impl Metadata {
    /// Takes a text, or gives nothing when it is too long or holds other characters.
    pub fn new(text: String) -> Option<Self> {
        let printable = text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n'));
        (printable && text.len() <= METADATA_CHARS_MAX).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The payer's own name for a payment: 1 to 64 visible ASCII characters. Only what succeeded is remembered by it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct RequestId(String);

impl RequestId {
    /// Takes a text, or gives nothing when it is empty, too long or holds other characters.
    pub fn new(text: String) -> Option<Self> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        (visible && (1..=REQUEST_ID_CHARS_MAX).contains(&text.len())).then_some(Self(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An order to move money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Who pays.
    pub payer: Address,
    /// Who is paid.
    pub payee: Address,
    /// How much.
    pub amount: Payable,
    /// Why.
    pub kind: PaymentKind,
    /// What the payer wrote on it.
    pub metadata: Option<Metadata>,
    /// The payer's own name for it.
    pub request_id: Option<RequestId>,
}

/// Money that moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its number: rising in the order in which payments become visible.
    pub id: PaymentId,
    /// Who paid.
    pub payer: Address,
    /// Who was paid.
    pub payee: Address,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub kind: PaymentKind,
    /// What the payer wrote on it.
    pub metadata: Option<Metadata>,
    /// The payer's own name for it.
    pub request_id: Option<RequestId>,
    /// When.
    pub at: Timestamp,
    /// The payer's version after it.
    pub payer_version: i64,
    /// The payee's version after it.
    pub payee_version: i64,
}

impl Payment {
    /// The first field in which an order with this payment's request id differs from it.
    pub fn conflict(&self, order: &Transfer) -> Option<&'static str> {
        [
            ("to", self.payee == order.payee),
            ("amount", self.amount == order.amount.amount()),
            ("metadata", self.metadata == order.metadata),
        ]
        .into_iter()
        .find_map(|(field, same)| (!same).then_some(field))
    }
}

/// Why the ledger says no. In the order in which they are checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerRefusal {
    /// The request id stands for a payment that differs in this field.
    RequestIdConflict(String),
    /// Payer and payee are the same wallet.
    SameWallet,
    /// There is no such wallet.
    WalletNotFound(Address),
    /// The wallet may not pay or log in.
    WalletLocked(Address),
    /// The payer holds less.
    InsufficientFunds,
    /// The payee would hold more than a wallet can.
    BalanceOverflow(Address),
    /// The wallet is there already.
    WalletExists(Address),
    /// The private key is not the one the wallet was claimed with.
    AuthenticationFailed,
}

impl Refusal for LedgerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::RequestIdConflict(_) => "request_id_conflict",
            Self::SameWallet => "same_wallet",
            Self::WalletNotFound(_) => "wallet_not_found",
            Self::WalletLocked(_) => "wallet_locked",
            Self::InsufficientFunds => "insufficient_funds",
            Self::BalanceOverflow(_) => "balance_overflow",
            Self::WalletExists(_) => "wallet_exists",
            Self::AuthenticationFailed => "authentication_failed",
        }
    }
}

/// The wallets of one transaction, locked, as they change in memory. What is decided sees all that was decided
/// before it: the fifth transfer can spend what the third one brought.
#[derive(Debug, Default)]
pub(super) struct Book {
    wallets: BTreeMap<Address, Entry>,
}

#[derive(Debug)]
struct Entry {
    wallet: Wallet,
    changed: bool,
}

/// The wallets' versions after a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Versions {
    /// The payer's.
    pub(super) payer: i64,
    /// The payee's.
    pub(super) payee: i64,
}

impl Book {
    /// A book of these wallets.
    pub(super) fn new(wallets: impl IntoIterator<Item = Wallet>) -> Self {
        let entry = |wallet: Wallet| (wallet.address.clone(), Entry { wallet, changed: false });
        Self { wallets: wallets.into_iter().map(entry).collect() }
    }

    /// Moves the money in memory, or says why not and changes nothing.
    ///
    /// # Errors
    /// The first reason in the order of [`LedgerRefusal`].
    pub(super) fn transfer(&mut self, order: &Transfer) -> Result<Versions, LedgerRefusal> {
        use LedgerRefusal::{BalanceOverflow, InsufficientFunds, SameWallet, WalletLocked};
        if order.payer == order.payee {
            return Err(SameWallet);
        }
        let amount = order.amount.amount();
        let payer = self.wallet(&order.payer)?;
        let payee = self.wallet(&order.payee)?;
        if payer.locked {
            return Err(WalletLocked(payer.address.clone()));
        }
        let left = payer.balance.minus(amount).filter(|left| *left >= payer.floor);
        let spent = left.ok_or(InsufficientFunds)?;
        let paid =
            payer.total_out.plus(amount).ok_or_else(|| BalanceOverflow(payer.address.clone()))?;
        let overflow = || BalanceOverflow(payee.address.clone());
        let held = payee.balance.plus(amount).ok_or_else(overflow)?;
        let received = payee.total_in.plus(amount).ok_or_else(overflow)?;
        let versions = Versions { payer: payer.version + 1, payee: payee.version + 1 };
        self.change(&order.payer, |wallet| {
            (wallet.balance, wallet.total_out, wallet.version) = (spent, paid, versions.payer);
        });
        self.change(&order.payee, |wallet| {
            (wallet.balance, wallet.total_in, wallet.version) = (held, received, versions.payee);
        });
        Ok(versions)
    }

    /// The wallets that changed.
    pub(super) fn changed(&self) -> impl Iterator<Item = &Wallet> {
        self.wallets.values().filter(|entry| entry.changed).map(|entry| &entry.wallet)
    }

    /// The row of a wallet in the book.
    pub(super) fn id(&self, address: &Address) -> Option<WalletId> {
        self.wallets.get(address).map(|entry| entry.wallet.id)
    }

    fn wallet(&self, address: &Address) -> Result<&Wallet, LedgerRefusal> {
        self.wallets
            .get(address)
            .map(|entry| &entry.wallet)
            .ok_or_else(|| LedgerRefusal::WalletNotFound(address.clone()))
    }

    fn change(&mut self, address: &Address, change: impl FnOnce(&mut Wallet)) {
        if let Some(entry) = self.wallets.get_mut(address) {
            change(&mut entry.wallet);
            entry.changed = true;
        }
    }
}

/// Decides orders one after the other, as a batch does between its two statements, to be counted rather than timed.
/// Gives how many were carried out.
pub fn rehearse(wallets: Vec<Wallet>, orders: &[Transfer]) -> usize {
    let mut book = Book::new(wallets);
    orders.iter().filter(|order| book.transfer(order).is_ok()).count()
}

#[cfg(test)]
mod tests;
