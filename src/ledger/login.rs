//! Logging in with a wallet's private key.
//!
//! Krist's rule: whoever first logs in with a key owns the wallet that the key leads to. Stored is a keyed hash of
//! Krist's verifier: cheap enough for a request, useless in a leaked dump without the server's secret.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{LedgerRefusal, Wallet, commands::created, store};
use crate::{
    auth::commands::{Opened, open_session},
    db::{Command, Failure, Tx},
    kernel::address::{Address, PrivateKey},
};

/// The server's secret: the key of the hash under which verifiers are stored. All hubs of a database share it.
#[derive(Clone)]
pub struct VerifierSecret([u8; 32]);

impl VerifierSecret {
    /// Takes 32 secret bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What is stored for a private key.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    fn verifier(&self, key: &PrivateKey, address: &Address) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(key.verifier(address).as_bytes());
        mac
    }
}

impl fmt::Debug for VerifierSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifierSecret(…)")
    }
}

/// Opens a session for the holder of a private key. A wallet that nobody has seen yet is made, one that nobody has
/// claimed is claimed.
#[derive(Debug)]
pub struct Login {
    /// The key.
    pub key: PrivateKey,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The server's secret.
    pub secret: VerifierSecret,
}

impl Command for Login {
    const NAME: &'static str = "login";
    type Done = (Address, Opened);
    type Refusal = LedgerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Self::Done, Failure<LedgerRefusal>> {
        let address = Address::of(&self.key);
        let verifier = self.secret.verifier(&self.key, &address);
        let known = store::wallets_lock(tx.conn(), [&address].into()).await?;
        match known.into_iter().next() {
            Some(wallet) => verify(tx, &wallet, verifier).await?,
            None => {
                let bytes = verifier.finalize().into_bytes().into();
                created(tx, &address, Some(&bytes)).await?;
            }
        }
        let opened = open_session(tx, &address, self.user_agent.as_deref()).await?;
        Ok((address, opened))
    }
}

async fn verify(
    tx: &mut Tx,
    wallet: &Wallet,
    verifier: Hmac<Sha256>,
) -> Result<(), Failure<LedgerRefusal>> {
    let stored = store::verifier_find(tx.conn(), wallet.id).await?;
    // Compared in constant time.
    let known =
        stored.as_deref().is_none_or(|stored| verifier.clone().verify_slice(stored).is_ok());
    if !known {
        return Err(LedgerRefusal::AuthenticationFailed.into());
    }
    if wallet.locked {
        return Err(LedgerRefusal::WalletLocked(wallet.address.clone()).into());
    }
    if stored.is_none() {
        store::verifier_set(tx.conn(), wallet.id, &verifier.finalize().into_bytes().into()).await?;
    }
    Ok(())
}
