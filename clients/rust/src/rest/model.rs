//! The bodies of requests and answers. Fields that are newer than this client are ignored.

use serde::{Deserialize, Serialize};

use crate::amount::Amount;

#[derive(Debug, Serialize)]
pub(super) struct Credentials<'a> {
    pub(super) privatekey: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Empty {}

#[derive(Debug, Serialize)]
pub(super) struct Mint<'a> {
    pub(super) address: &'a str,
    pub(super) amount: &'a Amount,
}

/// A session that was opened.
#[derive(Clone, Deserialize)]
pub struct Login {
    /// The secret to present.
    pub token: String,
    /// When it ends, RFC 3339.
    pub expires: String,
    /// The wallet it speaks for.
    pub address: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The session a token belongs to.
#[derive(Debug, Clone, Deserialize)]
pub struct SessionInfo {
    /// The wallet it speaks for.
    pub address: String,
    /// When it ends, RFC 3339.
    pub expires: String,
}

/// The order to pay.
#[derive(Debug, Clone, Serialize)]
pub struct Order {
    /// The wallet or name that gets it.
    pub to: String,
    /// How much.
    pub amount: Amount,
    /// A note that travels with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// A key of the caller's own: a second order with it is the same payment, in another process too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Order {
    /// An order without a note.
    pub fn new(to: impl Into<String>, amount: Amount) -> Self {
        Self { to: to.into(), amount, metadata: None, request_id: None }
    }
}

/// Money that moved.
#[derive(Debug, Clone, Deserialize)]
pub struct Payment {
    /// Its number, rising in the order in which payments became visible.
    pub id: u64,
    /// Who paid; none when the money was made.
    pub from: Option<String>,
    /// Who was paid; none when the money left the economy.
    pub to: Option<String>,
    /// How much.
    pub amount: Amount,
    /// Why it moved, such as `transfer`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The note that travelled with it.
    pub metadata: Option<String>,
    /// When, RFC 3339.
    pub at: String,
}

/// A wallet.
#[derive(Debug, Clone, Deserialize)]
pub struct Wallet {
    /// Its address.
    pub address: String,
    /// What it holds.
    pub balance: Amount,
}

/// All the money there is.
#[derive(Debug, Clone, Deserialize)]
pub struct Supply {
    /// The sum of all wallets.
    pub supply: Amount,
}

/// A part of a list.
#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// How many there are here.
    pub count: u64,
    /// How many follow.
    pub remaining: u64,
    /// What to give as `before` for the next part; none at the end.
    pub next: Option<u64>,
}
