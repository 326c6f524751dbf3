//! `serve --demo`: a few wallets with money in them, two of them to play with, and some life on the topics.
//!
//! The private keys are made from the server's secret: nobody can guess them, and a restart prints the same. Money is
//! minted under a request id of the wallet, which the ledger remembers for ever, so a restart mints nothing.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::{
    db::{Db, DbError, Failure, keys::Outcome, random},
    kernel::{
        address::{Address, PrivateKey, PrivateKeyError},
        money::{Amount, Scale},
    },
    ledger::{
        LedgerRefusal, Metadata, Order, Payment, PaymentKind, RequestId, Till, TillError, Transfer,
        commands::CreateWallet,
    },
};

/// Wallets there are, and how many of them are handed to the person who tries things out.
const WALLETS: usize = 5;
/// See [`WALLETS`].
const WALLETS_SHOWN: usize = 2;
/// What each wallet is given, in whole units.
const FUNDS: &str = "1000";
/// What one payment of the demonstration moves at the most, in whole units.
const PAYMENT_UNITS_MAX: u32 = 5;
/// The pause between two payments, and what chance adds to it at the most.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// See [`PAUSE_MIN`].
const PAUSE_CHANCE: Duration = Duration::from_secs(2);
/// What is written on payments.
const REASONS: [&str; 5] =
    ["message=bread", "message=thanks", "message=rent of the stall", "message=iron", "message=tip"];

/// The wallets of the demonstration, funded.
#[derive(Debug)]
pub struct Demo {
    wallets: Vec<DemoWallet>,
    scale: Scale,
}

/// One of them.
#[derive(Debug)]
pub struct DemoWallet {
    /// Its address.
    pub address: Address,
    /// Its private key.
    pub key: SecretString,
}

/// Why there is no demonstration.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A private key could not be made.
    #[error(transparent)]
    Key(#[from] PrivateKeyError),
    /// The database could not carry it out.
    #[error("could not make the wallets of the demonstration")]
    Db(#[from] DbError),
    /// The till could not carry it out.
    #[error("could not fund the wallets of the demonstration")]
    Till(#[from] TillError),
    /// The ledger said no.
    #[error("the ledger refused to fund the wallets of the demonstration: {0:?}")]
    Refused(LedgerRefusal),
    /// The currency can't hold what they are given.
    #[error("the wallets of the demonstration can't be given {FUNDS} with {0} decimals")]
    Scale(u8),
}

impl Demo {
    /// The wallets for the person who tries things out.
    pub fn shown(&self) -> &[DemoWallet] {
        self.wallets.get(..WALLETS_SHOWN).unwrap_or(&self.wallets)
    }
}

/// Makes and funds the wallets, or finds them as they are. The till's lane must be running.
///
/// # Errors
/// See [`DemoError`].
pub async fn prepare(db: &Db, till: &Till, secret: &SecretString) -> Result<Demo, DemoError> {
    let scale = db.scale();
    let funds = scale.parse(FUNDS).ok().ok_or(DemoError::Scale(scale.decimals()))?;
    let mut wallets = Vec::with_capacity(WALLETS);
    for number in 1..=WALLETS {
        let wallet = wallet(secret, number)?;
        match db.run(&CreateWallet { address: wallet.address.clone() }).await {
            Ok(_) | Err(Failure::Refused(LedgerRefusal::WalletExists(_))) => {}
            Err(Failure::Refused(other)) => return Err(DemoError::Refused(other)),
            Err(Failure::Db(error)) => return Err(error.into()),
        }
        let order = transfer(&Address::system(), &wallet.address, funds).map(|given| Transfer {
            kind: PaymentKind::Mined,
            request_id: RequestId::new(format!("demo:{}", wallet.address)),
            ..given
        });
        if let Some(order) = order {
            pay(till, order).await?.map_err(DemoError::Refused)?;
        }
        wallets.push(wallet);
    }
    Ok(Demo { wallets, scale })
}

/// Lets the wallets pay one another, again and again.
pub async fn live(demo: Demo, till: Till) {
    loop {
        tokio::time::sleep(PAUSE_MIN + PAUSE_CHANCE.mul_f64(random::fraction())).await;
        let Some(order) = any_payment(&demo, random::bytes()) else { continue };
        match pay(&till, order).await {
            // Whoever tries things out may have spent it all or have locked the wallet.
            Ok(Ok(_) | Err(_)) => {}
            Err(error) => tracing::debug!(%error, "a payment of the demonstration failed"),
        }
    }
}

async fn pay(till: &Till, transfer: Transfer) -> Result<Result<Payment, LedgerRefusal>, TillError> {
    let answer = till.pay(Order { transfer, key: None, act: None }).await?;
    Ok(match answer.outcome {
        Outcome::Done(payment) => Ok(payment),
        Outcome::Refused(refusal) => Err(refusal),
    })
}

/// The payment that some random bytes stand for: who, to whom, how much, and why.
fn any_payment(demo: &Demo, dice: [u8; 8]) -> Option<Transfer> {
    let [payer, payee, reason, _, amount @ ..] = dice;
    let payer = usize::from(payer) % demo.wallets.len();
    // One of the others.
    let payee =
        (payer + 1 + usize::from(payee) % demo.wallets.len().checked_sub(1)?) % demo.wallets.len();
    let most = PAYMENT_UNITS_MAX * 10_u32.pow(u32::from(demo.scale.decimals()));
    let amount = Amount::minor(i64::from(u32::from_be_bytes(amount) % most + 1));
    let reason = REASONS.get(usize::from(reason) % REASONS.len())?;
    let (payer, payee) = (demo.wallets.get(payer)?, demo.wallets.get(payee)?);
    let order = transfer(&payer.address, &payee.address, amount)?;
    Some(Transfer { metadata: Metadata::new((*reason).to_owned()), ..order })
}

fn transfer(payer: &Address, payee: &Address, amount: Amount) -> Option<Transfer> {
    Some(Transfer {
        payer: payer.clone(),
        payee: payee.clone().into(),
        amount: amount.payable()?,
        kind: PaymentKind::Transfer,
        name: None,
        metadata: None,
        request_id: None,
    })
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn wallet(secret: &SecretString, number: usize) -> Result<DemoWallet, PrivateKeyError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(format!("wallet {number} of the demonstration").as_bytes());
    let digest = hex::encode(mac.finalize().into_bytes());
    let text: String = format!("demo{number}-").chars().chain(digest.chars().take(32)).collect();
    let key = SecretString::from(text);
    let address = Address::of(&PrivateKey::new(key.clone())?);
    Ok(DemoWallet { address, key })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ledger::Payee;

    pub(crate) fn demo(decimals: u8) -> Demo {
        let secret = SecretString::from("0b5e7a1c94d2f38846a1");
        let wallets = (1..=WALLETS).map(|number| wallet(&secret, number).unwrap()).collect();
        Demo { wallets, scale: Scale::new(decimals).unwrap() }
    }

    #[test]
    fn the_same_secret_makes_the_same_wallets_and_another_makes_others() {
        let (one, again) = (demo(2), demo(2));
        for (one, again) in one.wallets.iter().zip(&again.wallets) {
            assert_eq!(one.address, again.address);
        }
        let other = wallet(&SecretString::from("another"), 1).unwrap();
        let mut all: Vec<_> =
            one.wallets.iter().chain([&other]).map(|it| it.address.as_str()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), WALLETS + 1);
        assert_eq!(one.shown().len(), WALLETS_SHOWN);
        let key = one.wallets[0].key.expose_secret();
        assert!(key.starts_with("demo1-") && key.len() == 38, "{key}");
    }

    #[test]
    fn every_throw_of_the_dice_is_a_payment_between_two_wallets() {
        for decimals in 0..=Scale::MAX {
            let demo = demo(decimals);
            let most = i64::from(PAYMENT_UNITS_MAX) * 10_i64.pow(decimals.into());
            for (payer, payee) in (0..=u8::MAX).flat_map(|a| [0, 1, 77, u8::MAX].map(|b| (a, b))) {
                for amount in [[0; 4], [u8::MAX; 4], [0, 1, payer, payee]] {
                    let [a, b, c, d] = amount;
                    let order = any_payment(&demo, [payer, payee, payer, 0, a, b, c, d]).unwrap();
                    assert_ne!(Payee::Wallet(order.payer), order.payee);
                    assert!((1..=most).contains(&order.amount.amount().units()));
                    assert!(order.metadata.is_some());
                }
            }
        }
    }
}
