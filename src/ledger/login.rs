//! Logging in with a wallet's private key.
//!
//! Krist's rule: whoever first logs in with a key owns the wallet that the key leads to. Stored is a keyed hash of
//! Krist's verifier: cheap enough for a request, useless in a leaked dump without the server's secret.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{LedgerRefusal, Wallet, commands::created, store};
use crate::{
    auth::commands::{Opened, open_session},
    db::{Command, Db, DbError, Failure, Tx},
    kernel::address::{Address, PrivateKey},
};

/// The server's secret: the key of the hash under which verifiers are stored. All hubs of a database share it.
#[derive(Clone)]
pub struct VerifierSecret([u8; 32]);

/// Why a secret can't be used with a database.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Another hub began this database with another secret.
    #[error("the database was begun with another secret; set `secret` to that of the first hub")]
    Other,
    /// The database could not say.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl VerifierSecret {
    /// Makes a key of a secret text of any length.
    pub fn new(text: &SecretString) -> Self {
        Self(Sha256::digest(text.expose_secret()).into())
    }

    /// Makes sure that this is the secret of the database: the first one ever used is.
    ///
    /// # Errors
    /// [`SecretError::Other`] when it is not.
    pub async fn claim(&self, db: &Db) -> Result<(), SecretError> {
        let fingerprint = Sha256::digest(Sha256::digest(self.0)).into();
        let kept = store::secret_claim(&mut *db.read().await?, &fingerprint).await?;
        if kept == fingerprint { Ok(()) } else { Err(SecretError::Other) }
    }

    /// What is stored for a private key.
    pub(super) fn of_key(&self, key: &PrivateKey, address: &Address) -> [u8; 32] {
        self.verifier(key, address).finalize().into_bytes().into()
    }

    /// What is stored for a verifier that another server has made of a private key.
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    pub(super) fn of_verifier(&self, verifier: &str) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(verifier.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The hash of what is stored for a private key.
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
        let address = claim(tx, &self.key, &self.secret).await?;
        let opened = open_session(tx, &address, self.user_agent.as_deref()).await?;
        Ok((address, opened))
    }
}

/// Makes a wallet its key's, as [`Login`] does, and opens no session.
#[derive(Debug)]
pub struct Claim {
    /// The key.
    pub key: PrivateKey,
    /// The server's secret.
    pub secret: VerifierSecret,
}

impl Command for Claim {
    const NAME: &'static str = "wallet_claim";
    const REPEATABLE: bool = true;
    type Done = Address;
    type Refusal = LedgerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Address, Failure<LedgerRefusal>> {
        claim(tx, &self.key, &self.secret).await
    }
}

/// What a private key is to the wallet that it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the wallet's.
    Owner,
    /// Nobody has claimed the wallet, or there is none yet: [`Claim`] makes it the key's.
    Unclaimed,
    /// The wallet is another key's, or locked.
    Refused,
}

/// Looks up what a key is, for doors that prove it with every request. Nothing is written.
///
/// # Errors
/// When the database fails.
pub async fn recognise(
    conn: &mut PgConnection,
    secret: &VerifierSecret,
    key: &PrivateKey,
    address: &Address,
) -> Result<Standing, DbError> {
    let Some(wallet) = store::wallet_find(conn, address).await? else {
        return Ok(Standing::Unclaimed);
    };
    let stored = store::verifier_find(conn, wallet.id).await?;
    // Compared in constant time.
    let is_owner = |stored: Vec<u8>| secret.verifier(key, address).verify_slice(&stored).is_ok();
    Ok(match stored.map(is_owner) {
        _ if wallet.locked => Standing::Refused,
        Some(true) => Standing::Owner,
        Some(false) => Standing::Refused,
        None => Standing::Unclaimed,
    })
}

/// Makes sure that whoever holds a private key may act for its wallet, and locks the wallet. One that nobody has seen
/// yet is made, one that nobody has claimed is claimed.
///
/// # Errors
/// When the wallet was claimed with another key or is locked, or the database fails.
pub(super) async fn claim(
    tx: &mut Tx,
    key: &PrivateKey,
    secret: &VerifierSecret,
) -> Result<Address, Failure<LedgerRefusal>> {
    let address = Address::of(key);
    let verifier = secret.verifier(key, &address);
    let known = store::wallets_lock(tx.conn(), [&address].into()).await?;
    match known.into_iter().next() {
        Some(wallet) => verify(tx, &wallet, verifier).await?,
        None => {
            let bytes = verifier.finalize().into_bytes().into();
            created(tx, &address, Some(&bytes)).await?;
        }
    }
    Ok(address)
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
