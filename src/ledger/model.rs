//! What a wallet and a payment are, and whether a transfer may happen. Pure: no clock, no database.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    db::Refusal,
    kernel::{
        address::Address,
        id::{PaymentId, WalletId},
        money::{Amount, Payable},
        name::{Name, Target},
        time::Timestamp,
    },
};

/// The longest metadata of a payment in characters, as its payer writes it.
pub const METADATA_CHARS_MAX: usize = 255;
/// The same with the name in front of it that was paid.
const METADATA_STORED_CHARS_MAX: usize = 512;
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
    /// A wallet bought a name from the system.
    NamePurchase,
    /// A name got another owner. No money moved.
    NameTransfer,
    /// The owner of a name changed where it leads. No money moved.
    NameARecord,
}

impl PaymentKind {
    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Mined => "mined",
            Self::NamePurchase => "name_purchase",
            Self::NameTransfer => "name_transfer",
            Self::NameARecord => "name_a_record",
        }
    }
}

impl FromStr for PaymentKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Transfer, Self::Mined, Self::NamePurchase, Self::NameTransfer, Self::NameARecord]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("a payment of kind {name:?}"))
    }
}

/// What a payer wrote on a payment: at most 255 printable ASCII characters and line breaks. A payment to a name has
/// that name in front of it, as the programs of shops read it there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct Metadata(String);

impl Metadata {
    /// Takes a text, or gives nothing when it is too long or holds other characters.
    pub fn new(text: String) -> Option<Self> {
        (text.len() <= METADATA_CHARS_MAX).then(|| Self::stored(text))?
    }

    /// Takes a text as it was stored, which may have a name in front.
    pub(super) fn stored(text: String) -> Option<Self> {
        let printable = text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n'));
        (printable && text.len() <= METADATA_STORED_CHARS_MAX).then_some(Self(text))
    }

    /// The metadata of a payment to a name: the name as it was written, then what the payer wrote.
    pub fn to_name(written: &str, metadata: Option<&Self>) -> Option<Self> {
        let rest = metadata.filter(|rest| !rest.0.is_empty());
        Self::stored(
            rest.map_or_else(|| written.to_owned(), |rest| format!("{written};{}", rest.0)),
        )
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

/// Whom an order pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Payee {
    /// A wallet.
    Wallet(Address),
    /// Whoever owns a name when the money moves.
    Name(Target),
}

impl From<Address> for Payee {
    fn from(address: Address) -> Self {
        Self::Wallet(address)
    }
}

/// Whom the orders of a transaction can reach.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// The owners of the names that are paid, locked. Nobody owns a name that is not here.
    pub owners: BTreeMap<Name, Address>,
    /// Whether a payment to an address that nobody has makes the wallet. Otherwise it is refused.
    pub makes_wallets: bool,
}

impl Reach {
    /// The wallet that a payee stands for.
    pub(super) fn wallet<'a>(&'a self, payee: &'a Payee) -> Result<&'a Address, LedgerRefusal> {
        match payee {
            Payee::Wallet(address) => Ok(address),
            Payee::Name(Target { name, .. }) => {
                self.owners.get(name).ok_or_else(|| LedgerRefusal::NameNotFound(name.clone()))
            }
        }
    }
}

/// An order to move money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transfer {
    /// Who pays.
    pub payer: Address,
    /// Who is paid.
    pub payee: Payee,
    /// How much.
    pub amount: Payable,
    /// Why.
    pub kind: PaymentKind,
    /// The name that is bought.
    pub name: Option<Name>,
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
    /// The name that it is about, when it is about one.
    pub name: Option<Name>,
    /// The name that was paid, when its owner was.
    pub sent: Option<Target>,
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
        let to = match &order.payee {
            Payee::Wallet(address) => self.sent.is_none() && self.payee == *address,
            // Whoever owns it by now: it is the same request.
            Payee::Name(target) => self.sent.as_ref() == Some(target),
        };
        [
            ("to", to),
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
    /// Nobody owns the name that is to be paid.
    NameNotFound(Name),
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
    /// No player is known as this.
    PlayerNotFound,
    /// The player has as many wallets as a player may.
    PlayerWalletsFull,
}

impl Refusal for LedgerRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::RequestIdConflict(_) => "request_id_conflict",
            Self::NameNotFound(_) => "name_not_found",
            Self::SameWallet => "same_wallet",
            Self::WalletNotFound(_) => "wallet_not_found",
            Self::WalletLocked(_) => "wallet_locked",
            Self::InsufficientFunds => "insufficient_funds",
            Self::BalanceOverflow(_) => "balance_overflow",
            Self::WalletExists(_) => "wallet_exists",
            Self::AuthenticationFailed => "authentication_failed",
            Self::PlayerNotFound => "player_not_found",
            Self::PlayerWalletsFull => "player_wallets_full",
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
    /// Whether it has no row yet.
    fresh: bool,
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
        let entry = |wallet: Wallet| {
            (wallet.address.clone(), Entry { wallet, changed: false, fresh: false })
        };
        Self { wallets: wallets.into_iter().map(entry).collect() }
    }

    /// Adds a wallet that nobody has yet. It gets a row when something is paid to it.
    pub(super) fn add(&mut self, address: &Address, now: Timestamp) {
        let wallet = Wallet {
            id: WalletId::new(0),
            address: address.clone(),
            balance: Amount::ZERO,
            floor: Amount::ZERO,
            total_in: Amount::ZERO,
            total_out: Amount::ZERO,
            version: 1,
            locked: false,
            created_at: now,
        };
        self.wallets.entry(address.clone()).or_insert(Entry {
            wallet,
            changed: false,
            fresh: true,
        });
    }

    /// The wallets that need a row, in order.
    pub(super) fn fresh(&self) -> impl Iterator<Item = &Address> {
        let fresh = self.wallets.iter().filter(|(_, entry)| entry.fresh && entry.changed);
        fresh.map(|(address, _)| address)
    }

    /// Says which row a wallet has got.
    pub(super) fn number(&mut self, address: &Address, id: WalletId) {
        if let Some(entry) = self.wallets.get_mut(address) {
            (entry.wallet.id, entry.fresh) = (id, false);
        }
    }

    /// Moves the money in memory, or says why not and changes nothing.
    ///
    /// # Errors
    /// The first reason in the order of [`LedgerRefusal`].
    pub(super) fn transfer(
        &mut self,
        from: &Address,
        to: &Address,
        amount: Payable,
    ) -> Result<Versions, LedgerRefusal> {
        use LedgerRefusal::{BalanceOverflow, InsufficientFunds};
        let (payer, payee) = self.parties(from, to)?;
        let amount = amount.amount();
        let left = payer.balance.minus(amount).filter(|left| *left >= payer.floor);
        let spent = left.ok_or(InsufficientFunds)?;
        let paid =
            payer.total_out.plus(amount).ok_or_else(|| BalanceOverflow(payer.address.clone()))?;
        let overflow = || BalanceOverflow(payee.address.clone());
        let held = payee.balance.plus(amount).ok_or_else(overflow)?;
        let received = payee.total_in.plus(amount).ok_or_else(overflow)?;
        let versions = Versions { payer: payer.version + 1, payee: payee.version + 1 };
        self.change(from, |wallet| {
            (wallet.balance, wallet.total_out, wallet.version) = (spent, paid, versions.payer);
        });
        self.change(to, |wallet| {
            (wallet.balance, wallet.total_in, wallet.version) = (held, received, versions.payee);
        });
        Ok(versions)
    }

    /// Writes between two wallets what no money moves with, or says why not and changes nothing.
    ///
    /// # Errors
    /// As [`Book::transfer`].
    pub(super) fn note(&mut self, from: &Address, to: &Address) -> Result<Versions, LedgerRefusal> {
        let (payer, payee) = self.parties(from, to)?;
        let versions = Versions { payer: payer.version + 1, payee: payee.version + 1 };
        self.change(from, |wallet| wallet.version = versions.payer);
        self.change(to, |wallet| wallet.version = versions.payee);
        Ok(versions)
    }

    /// The two sides, when they are two and the first may act.
    fn parties(&self, from: &Address, to: &Address) -> Result<(&Wallet, &Wallet), LedgerRefusal> {
        if from == to {
            return Err(LedgerRefusal::SameWallet);
        }
        let (payer, payee) = (self.wallet(from)?, self.wallet(to)?);
        if payer.locked {
            return Err(LedgerRefusal::WalletLocked(from.clone()));
        }
        Ok((payer, payee))
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
    let (mut book, reach) = (Book::new(wallets), Reach::default());
    let mut moves = |order: &Transfer| {
        let payee = reach.wallet(&order.payee)?;
        book.transfer(&order.payer, payee, order.amount)
    };
    orders.iter().filter(|order| moves(order).is_ok()).count()
}

#[cfg(test)]
mod tests;
