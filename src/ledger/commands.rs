//! What the operator does with wallets. Money moves in [`super::post()`], logins in [`super::Login`].

use serde::{Deserialize, Serialize};

use super::{
    LedgerRefusal, Wallet,
    events::{LedgerEvent, WalletChange},
    store,
};
use crate::{
    db::{Command, DbError, Failure, Tx},
    kernel::{
        address::Address,
        event::{Credential, Revocation},
    },
};

/// Makes an empty wallet that its owner claims by logging in.
#[derive(Debug, Serialize)]
pub struct CreateWallet {
    /// The address that the owner's private key leads to.
    pub address: Address,
}

/// What a command did to a wallet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WalletDone {
    /// The wallet.
    pub address: Address,
    /// Its version after the change.
    pub version: i64,
}

impl Command for CreateWallet {
    const NAME: &'static str = "wallet_create";
    type Done = WalletDone;
    type Refusal = LedgerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<WalletDone, Failure<LedgerRefusal>> {
        created(tx, &self.address, None).await
    }
}

/// Makes a wallet and tells of it.
pub(super) async fn created(
    tx: &mut Tx,
    address: &Address,
    verifier: Option<&[u8; 32]>,
) -> Result<WalletDone, Failure<LedgerRefusal>> {
    let now = tx.now();
    let Some(wallet) = store::wallet_insert(tx.conn(), address, verifier, now).await? else {
        return Err(LedgerRefusal::WalletExists(address.clone()).into());
    };
    tx.emit(&LedgerEvent::WalletCreated(change(&wallet)))?;
    Ok(WalletDone { address: wallet.address, version: wallet.version })
}

/// Locks or unlocks a wallet. A locked wallet can't log in and can't pay; it still receives. Sockets that its private
/// key has opened are closed. Doing it twice changes nothing.
#[derive(Debug, Serialize)]
pub struct LockWallet {
    /// The wallet.
    pub address: Address,
    /// Whether it shall be locked.
    pub locked: bool,
}

impl Command for LockWallet {
    const NAME: &'static str = "wallet_lock";
    const SETTLED: bool = true;
    type Done = WalletDone;
    type Refusal = LedgerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<WalletDone, Failure<LedgerRefusal>> {
        let mut wallet = locked(tx, &self.address).await?;
        if wallet.locked != self.locked {
            wallet.locked = self.locked;
            wallet.version += 1;
            store::wallet_set_locked(tx.conn(), &wallet).await?;
            let change = change(&wallet);
            if self.locked {
                tx.emit(&LedgerEvent::WalletLocked(change))?;
                let key = Credential::of("wallet", &wallet.address);
                tx.emit(&Revocation { credentials: vec![key] })?;
            } else {
                tx.emit(&LedgerEvent::WalletUnlocked(change))?;
            }
        }
        Ok(WalletDone { address: wallet.address, version: wallet.version })
    }
}

async fn locked(tx: &mut Tx, address: &Address) -> Result<Wallet, Failure<LedgerRefusal>> {
    let found: Result<_, DbError> = store::wallets_lock(tx.conn(), [address].into()).await;
    found?.into_iter().next().ok_or_else(|| LedgerRefusal::WalletNotFound(address.clone()).into())
}

fn change(wallet: &Wallet) -> WalletChange {
    WalletChange { address: wallet.address.clone(), version: wallet.version }
}
