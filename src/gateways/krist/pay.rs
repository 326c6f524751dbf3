//! Paying: the same rules for a request and for a message of a websocket, and the same till as all other doors.

use std::{net::IpAddr, num::NonZeroU32};

use super::{Krist, amount, error::KristError, fields::Fields};
use crate::{
    db::{Failure, keys::Outcome, keys::RequestKey},
    kernel::address::{Address, PrivateKey},
    ledger::{
        Claim, LedgerRefusal, Metadata, Order, Payee, Payment, PaymentKind, RequestId, Standing,
        Transfer, commands::CreateWallet, queries, recognise,
    },
};

/// Who pays.
pub(super) enum Payer {
    /// Whoever proves it with this key.
    Key(PrivateKey),
    /// The owner of a session, who has proved it.
    Owner(Address),
}

/// A payment that is asked for.
pub(super) struct Ask<'a> {
    /// What the client says.
    pub(super) fields: &'a Fields,
    /// Whose session it is, if it is one.
    pub(super) session: Option<Address>,
    /// Where the client is.
    pub(super) ip: Option<IpAddr>,
    /// The client's `Idempotency-Key`.
    pub(super) key: Option<String>,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Paid {
    pub(super) payment: Payment,
    /// Whether it was made before, for the same request.
    pub(super) replayed: bool,
}

/// A payment as far as it can be checked without the database, in Krist's order.
struct Plan {
    payer: Payer,
    payee: Payee,
    amount: crate::kernel::money::Payable,
    metadata: Option<Metadata>,
    request_id: Option<RequestId>,
}

impl Plan {
    fn new(krist: &Krist, ask: &Ask<'_>) -> Result<Self, KristError> {
        let Ask { fields, session, .. } = ask;
        let payer = match (fields.key_if_any()?, session) {
            (Some(key), _) => Payer::Key(key),
            (None, Some(address)) => Payer::Owner(address.clone()),
            (None, None) => return Err(KristError::missing("privatekey")),
        };
        let to = fields.required("to")?;
        if fields.raw("amount").is_none() {
            return Err(KristError::missing("amount"));
        }
        let request_id = fields.text("requestId")?;
        if request_id.as_deref().is_some_and(|id| !is_request_id(id)) {
            return Err(KristError::invalid("requestId"));
        }
        let payee = match krist.settings.suffix.target(to.trim()) {
            Some(Ok(target)) => Payee::Name(target),
            Some(Err(_)) => return Err(KristError::invalid("to")),
            None => Payee::Wallet(to.parse().map_err(|_unknown| KristError::invalid("to"))?),
        };
        let (scale, truncates) = (krist.native.db.scale(), krist.settings.profile.truncates());
        let amount =
            fields.number("amount").and_then(|text| amount::payable(&text, scale, truncates));
        let metadata = fields.text("metadata")?.map(Metadata::new);
        let metadata = metadata.map(|text| text.ok_or_else(|| KristError::invalid("metadata")));
        let amount = amount.ok_or_else(|| KristError::invalid("amount"))?;
        let metadata = metadata.transpose()?;
        Ok(Self {
            payer,
            amount,
            // Shops read the name that was paid at the front of what was written.
            metadata: match &payee {
                Payee::Name(target) => {
                    let written = krist.settings.suffix.write(target);
                    Metadata::to_name(&written, metadata.as_ref())
                }
                Payee::Wallet(_) => metadata,
            },
            payee,
            request_id: request_id.and_then(RequestId::new),
        })
    }
}

/// Krist's shape of a request id: that of a UUID, of any letters.
fn is_request_id(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| plain(part))
}

impl Krist {
    /// Pays, or says why not.
    ///
    /// # Errors
    /// The first reason in Krist's order.
    pub(super) async fn pay(&self, ask: Ask<'_>) -> Result<Paid, KristError> {
        let plan = Plan::new(self, &ask)?;
        let payer = match plan.payer {
            Payer::Owner(address) => address,
            Payer::Key(key) => {
                self.prove(ask.ip, &key).await?.ok_or_else(KristError::auth_failed)?
            }
        };
        self.limits.payment(ask.ip, payer.as_str(), NonZeroU32::MIN)?;
        let transfer = Transfer {
            payer,
            payee: plan.payee,
            amount: plan.amount,
            kind: PaymentKind::Transfer,
            name: None,
            metadata: plan.metadata,
            request_id: plan.request_id,
        };
        let key = match ask.key {
            Some(key) => {
                Some(RequestKey::given(transfer.payer.as_str(), "krist.pay", &key, &transfer)?)
            }
            None => {
                self.look_ahead(&transfer).await?;
                None
            }
        };
        let answer = self.till.pay(Order { transfer, key, act: None }).await?;
        match answer.outcome {
            Outcome::Done(payment) => Ok(Paid { payment, replayed: answer.replayed }),
            Outcome::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// What Krist says before it looks for the payee: that there is too little. The till decides again, under its locks.
    async fn look_ahead(&self, transfer: &Transfer) -> Result<(), KristError> {
        let Transfer { payer, amount, request_id, .. } = transfer;
        // What was paid before may have been the last that the payer had.
        if request_id.is_some() {
            return Ok(());
        }
        let payer = queries::wallet(&mut *self.native.db.read().await?, payer).await?;
        let rich = payer.is_some_and(|wallet| wallet.balance >= amount.amount());
        if rich { Ok(()) } else { Err(KristError::insufficient_funds()) }
    }

    /// Makes the wallet of an address that nobody has.
    pub(super) async fn make_wallet(&self, address: &Address) -> Result<(), KristError> {
        match self.native.db.run(&CreateWallet { address: address.clone() }).await {
            // Somebody else was faster.
            Ok(_) | Err(Failure::Refused(LedgerRefusal::WalletExists(_))) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Whose key this is. A wallet that nobody has claimed becomes the key's, which counts as a login. `None` when
    /// the key is not the wallet's, or the wallet is locked.
    ///
    /// # Errors
    /// `rate_limit_hit`, and what the database says.
    pub(super) async fn prove(
        &self,
        ip: Option<IpAddr>,
        key: &PrivateKey,
    ) -> Result<Option<Address>, KristError> {
        let (db, address) = (&self.native.db, Address::of(key));
        let standing = recognise(&mut *db.read().await?, &self.verifiers, key, &address).await?;
        match standing {
            Standing::Owner => return Ok(Some(address)),
            Standing::Refused => return Ok(None),
            Standing::Unclaimed => {}
        }
        if let Some(ip) = ip {
            let counted = self.native.auth.limits().login(ip, &address);
            counted.map_err(|exceeded| KristError::rate_limited(exceeded.0))?;
        }
        let claim = Claim { key: key.clone(), secret: self.verifiers.clone() };
        match db.run(&claim).await {
            Ok(address) => Ok(Some(address)),
            Err(Failure::Refused(
                LedgerRefusal::AuthenticationFailed | LedgerRefusal::WalletLocked(_),
            )) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_has_the_shape_of_a_uuid() {
        for (text, expected) in [
            ("01234567-89ab-cdef-ghij-klmnopqrstuv", true),
            ("f6a1f1f0-9fd5-4a57-9d1c-9d1c9d1c9d1c", true),
            ("F6A1F1F0-9FD5-4A57-9D1C-9D1C9D1C9D1C", false),
            ("f6a1f1f09fd54a579d1c9d1c9d1c9d1c", false),
            ("f6a1f1f0-9fd5-4a57-9d1c-9d1c9d1c9d1", false),
            ("f6a1f1f0-9fd5-4a57-9d1c-9d1c9d1c9d1c-", false),
            ("", false),
        ] {
            assert_eq!(is_request_id(text), expected, "{text}");
        }
    }
}
