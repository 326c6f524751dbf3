//! Linking a wallet to a user: who holds its private key says whose it is.

pub mod routes;

use serde::{Deserialize, Serialize};

use super::{LedgerRefusal, VerifierSecret, login::claim};
use crate::{
    auth::users::{self, commands::UserRefusal},
    db::{Command, Failure, Refusal, Tx},
    kernel::{
        address::{Address, PrivateKey},
        id::DiscordId,
    },
};

/// Why a wallet is not linked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkRefusal {
    /// The user may not have it.
    User(UserRefusal),
    /// The key is not the wallet's.
    Ledger(LedgerRefusal),
}

impl Refusal for LinkRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::User(refusal) => refusal.code(),
            Self::Ledger(refusal) => refusal.code(),
        }
    }
}

/// Makes a wallet a user's. As with a login, the first who comes with the key of a wallet claims it.
#[derive(Debug)]
pub struct LinkWallet {
    /// Whose it is to be.
    pub user: DiscordId,
    /// Its private key.
    pub key: PrivateKey,
    /// The server's secret.
    pub secret: VerifierSecret,
}

impl Command for LinkWallet {
    const NAME: &'static str = "wallet_link";
    const REPEATABLE: bool = true;
    const SETTLED: bool = true;
    type Done = Address;
    type Refusal = LinkRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Address, Failure<LinkRefusal>> {
        // The user is locked before the wallet.
        let user = users::lock_user(tx, self.user).await?;
        let user = user.ok_or(LinkRefusal::User(UserRefusal::NotLinked))?;
        let address = claim(tx, &self.key, &self.secret).await.map_err(of_ledger)?;
        users::link_wallet(tx, &user, &address).await.map_err(of_user)?;
        Ok(address)
    }
}

fn of_ledger(failure: Failure<LedgerRefusal>) -> Failure<LinkRefusal> {
    match failure {
        Failure::Db(error) => Failure::Db(error),
        Failure::Refused(refusal) => Failure::Refused(LinkRefusal::Ledger(refusal)),
    }
}

fn of_user(failure: Failure<UserRefusal>) -> Failure<LinkRefusal> {
    match failure {
        Failure::Db(error) => Failure::Db(error),
        Failure::Refused(refusal) => Failure::Refused(LinkRefusal::User(refusal)),
    }
}
