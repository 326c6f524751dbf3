//! Krist's shapes of what the ledger knows.

use serde::Serialize;

use super::profile::Profile;
use crate::{
    kernel::{
        money::{Decimal, Scale},
        name::{Metaname, Name},
        time::Timestamp,
    },
    ledger::{Metadata, Payment, PaymentKind, Wallet},
    names::{ARecord, OwnedName},
};

/// A wallet.
#[derive(Debug, Serialize)]
pub(super) struct AddressView {
    address: String,
    balance: Decimal,
    totalin: Decimal,
    totalout: Decimal,
    firstseen: Timestamp,
    /// How many names it has; only when that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<i64>,
}

impl AddressView {
    pub(super) fn new(wallet: &Wallet, names: Option<i64>, scale: Scale) -> Self {
        Self {
            address: wallet.address.to_string(),
            balance: wallet.balance.at(scale),
            totalin: wallet.total_in.at(scale),
            totalout: wallet.total_out.at(scale),
            firstseen: wallet.created_at,
            names,
        }
    }
}

/// A payment, from the table or from an event: `value` is a decimal of either.
#[derive(Debug, Serialize)]
pub(super) struct TransactionView<'a, V> {
    pub(super) id: i64,
    pub(super) from: Option<&'a str>,
    pub(super) to: &'a str,
    pub(super) value: V,
    pub(super) time: Timestamp,
    pub(super) name: Option<&'a str>,
    pub(super) metadata: Option<&'a str>,
    pub(super) sent_metaname: Option<&'a str>,
    pub(super) sent_name: Option<&'a str>,
    pub(super) r#type: PaymentKind,
}

impl<'a> TransactionView<'a, Decimal> {
    pub(super) fn new(payment: &'a Payment, profile: Profile, scale: Scale) -> Self {
        let metadata = payment.metadata.as_ref().map(Metadata::as_str);
        let sent = payment.sent.as_ref();
        Self {
            id: payment.id.get(),
            from: payer(payment.payer.as_str(), payment.kind, profile),
            to: payee(payment.payee.as_str(), payment.kind, profile),
            value: payment.amount.at(scale),
            time: payment.at,
            name: payment.name.as_ref().map(Name::as_str),
            metadata: metadata.or(profile.no_metadata()),
            sent_metaname: sent.and_then(|sent| sent.metaname.as_ref()).map(Metaname::as_str),
            sent_name: sent.map(|sent| sent.name.as_str()),
            r#type: payment.kind,
        }
    }
}

/// Who a payment is said to come from.
pub(super) fn payer(address: &str, kind: PaymentKind, profile: Profile) -> Option<&str> {
    (kind != PaymentKind::Mined || !profile.hides_mint()).then_some(address)
}

/// Who a payment is said to go to: Krist writes what was done to a name there.
pub(super) fn payee(address: &str, kind: PaymentKind, profile: Profile) -> &str {
    match (profile, kind) {
        (Profile::Krist, PaymentKind::NamePurchase) => "name",
        (Profile::Krist, PaymentKind::NameARecord) => "a",
        _ => address,
    }
}

/// A name, with what two servers have spelled differently in both spellings.
#[derive(Debug, Serialize)]
pub(super) struct NameView<'a> {
    pub(super) name: &'a str,
    pub(super) owner: &'a str,
    pub(super) original_owner: &'a str,
    pub(super) registered: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) transferred: Option<Timestamp>,
    pub(super) transfered: Option<Timestamp>,
    pub(super) a: Option<&'a str>,
    /// What miners would still be paid for it.
    pub(super) unpaid: u32,
}

impl<'a> NameView<'a> {
    pub(super) fn new(name: &'a OwnedName) -> Self {
        Self {
            name: name.name.as_str(),
            owner: name.owner.as_str(),
            original_owner: name.original_owner.as_str(),
            registered: name.registered_at,
            updated: name.updated_at,
            transferred: name.transferred_at,
            transfered: name.transferred_at,
            a: name.record.as_ref().map(ARecord::as_str),
            unpaid: 0,
        }
    }
}
