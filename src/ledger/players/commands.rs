//! What the game does for its players.

use super::{
    model::{PLAYER_WALLETS_MAX, Player},
    store,
};
use crate::{
    db::{Command, DbError, Failure, Tx, keys::Outcome},
    kernel::{
        address::{Address, PrivateKey},
        id::WalletId,
        money::Payable,
    },
    ledger::{
        LedgerRefusal, Order, PaymentKind, Transfer, VerifierSecret, Wallet,
        commands::created,
        events::{LedgerEvent, PlayerChange},
        post,
        store::{wallet_find, wallets_by_id},
    },
};

/// Makes a wallet for a player, with money in it. The caller of this has made the private key, which is not stored.
#[derive(Debug)]
pub struct CreatePlayerWallet {
    /// Who, and what they are called by now.
    pub player: Player,
    /// The key of the new wallet.
    pub key: PrivateKey,
    /// The server's secret.
    pub secret: VerifierSecret,
    /// New money for it.
    pub funds: Option<Payable>,
}

impl Command for CreatePlayerWallet {
    const NAME: &'static str = "player_wallet_create";
    type Done = Address;
    type Refusal = LedgerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<Address, Failure<LedgerRefusal>> {
        let now = tx.now();
        store::player_name(tx.conn(), &self.player, now).await?;
        let held = store::player_wallets(tx.conn(), self.player.id).await?;
        if held.len() >= PLAYER_WALLETS_MAX {
            return Err(LedgerRefusal::PlayerWalletsFull.into());
        }
        let address = Address::of(&self.key);
        let verifier = self.secret.of_key(&self.key, &address);
        created(tx, &address, Some(&verifier)).await?;
        let id = wallet(tx, &address).await?;
        store::player_wallet_insert(tx.conn(), self.player.id, id, now).await?;
        let change = PlayerChange::new(&self.player, address.clone());
        tx.emit(&LedgerEvent::PlayerLinked(change))?;
        if let Some(amount) = self.funds {
            fund(tx, &address, amount).await?;
        }
        Ok(address)
    }
}

async fn wallet(tx: &mut Tx, address: &Address) -> Result<WalletId, DbError> {
    let found = wallet_find(tx.conn(), address).await?;
    found.map(|wallet| wallet.id).ok_or_else(|| DbError::impossible("a wallet that was not made"))
}

async fn fund(
    tx: &mut Tx,
    address: &Address,
    amount: Payable,
) -> Result<(), Failure<LedgerRefusal>> {
    let transfer = Transfer {
        payer: Address::system(),
        payee: address.clone().into(),
        amount,
        kind: PaymentKind::Mined,
        name: None,
        metadata: None,
        request_id: None,
    };
    match post(tx, &[Order { transfer, key: None, act: None }]).await?.pop() {
        Some(Ok(answer)) => match answer.outcome {
            Outcome::Done(_) => Ok(()),
            Outcome::Refused(refusal) => Err(refusal.into()),
        },
        Some(Err(error)) => Err(error.into()),
        None => Err(DbError::impossible("an order without an answer").into()),
    }
}

/// Writes down what a player is called by now. Saying the same again changes nothing but who of two with one name has
/// it.
#[derive(Debug)]
pub struct RenamePlayer(pub Player);

impl Command for RenamePlayer {
    const NAME: &'static str = "player_rename";
    const REPEATABLE: bool = true;
    type Done = ();
    type Refusal = LedgerRefusal;

    async fn apply(&self, tx: &mut Tx) -> Result<(), Failure<LedgerRefusal>> {
        let Self(player) = self;
        let now = tx.now();
        let before = store::player_lock(tx.conn(), player.id).await?;
        let before = before.ok_or(LedgerRefusal::PlayerNotFound)?;
        store::player_name(tx.conn(), player, now).await?;
        if before.name != player.name {
            let rows = store::player_wallets(tx.conn(), player.id).await?;
            for Wallet { address, .. } in wallets_by_id(tx.conn(), &rows).await? {
                tx.emit(&LedgerEvent::PlayerRenamed(PlayerChange::new(player, address)))?;
            }
        }
        Ok(())
    }
}
