//! The events of the ledger.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::{
    Metadata, Payment, PaymentKind, RequestId,
    players::model::{Player, PlayerName},
};
use crate::kernel::{
    address::Address,
    event::{Fact, Topic},
    id::{PaymentId, PlayerId},
    money::{Decimal, Scale},
    name::{Metaname, Name},
    time::Timestamp,
};

/// The kinds of this slice.
pub const KINDS: &[&str] = &[
    "payment.made",
    "wallet.created",
    "wallet.locked",
    "wallet.unlocked",
    "player.linked",
    "player.renamed",
];

/// What happened to wallets.
#[derive(Debug, Clone)]
pub enum LedgerEvent {
    /// Money moved.
    PaymentMade(Payment),
    /// Somebody logged in with a new key, or the operator made a wallet.
    WalletCreated(WalletChange),
    /// The operator locked a wallet.
    WalletLocked(WalletChange),
    /// The operator unlocked a wallet.
    WalletUnlocked(WalletChange),
    /// A wallet was made for a player.
    PlayerLinked(PlayerChange),
    /// The player of a wallet is called otherwise.
    PlayerRenamed(PlayerChange),
}

/// The data of `player.linked` and `player.renamed`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlayerChange {
    /// The game's UUID of the player.
    pub uuid: PlayerId,
    /// What they are called.
    pub name: PlayerName,
    /// The wallet.
    pub address: Address,
}

impl PlayerChange {
    /// What is said of a player's wallet.
    pub fn new(player: &Player, address: Address) -> Self {
        Self { uuid: player.id, name: player.name.clone(), address }
    }
}

/// The data of `wallet.created`, `wallet.locked` and `wallet.unlocked`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WalletChange {
    /// The wallet.
    pub address: Address,
    /// Its version after the change.
    pub version: i64,
}

/// The data of `payment.made`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaymentMade {
    /// The payment's number, rising.
    pub id: PaymentId,
    /// Who paid.
    pub from: Address,
    /// Who was paid.
    pub to: Address,
    /// How much.
    pub amount: Decimal,
    /// Why.
    #[serde(rename = "type")]
    pub kind: PaymentKind,
    /// The name that was bought, or got another owner or record.
    pub name: Option<Name>,
    /// The name whose owner was paid.
    pub sent_name: Option<Name>,
    /// What stood before the `@` of that name.
    pub sent_metaname: Option<Metaname>,
    /// What the payer wrote on it, behind the name that was paid.
    pub metadata: Option<Metadata>,
    /// The payer's own name for it.
    pub request_id: Option<RequestId>,
    /// When.
    pub at: Timestamp,
    /// The payer's version after it: dense, so a listener to the wallet sees that nothing is missing.
    pub from_version: i64,
    /// The payee's version after it.
    pub to_version: i64,
}

impl PaymentMade {
    /// The payment on the wire.
    pub fn new(payment: &Payment, scale: Scale) -> Self {
        let sent = payment.sent.as_ref();
        Self {
            id: payment.id,
            from: payment.payer.clone(),
            to: payment.payee.clone(),
            amount: payment.amount.at(scale),
            kind: payment.kind,
            name: payment.name.clone(),
            sent_name: sent.map(|sent| sent.name.clone()),
            sent_metaname: sent.and_then(|sent| sent.metaname.clone()),
            metadata: payment.metadata.clone(),
            request_id: payment.request_id.clone(),
            at: payment.at,
            from_version: payment.payer_version,
            to_version: payment.payee_version,
        }
    }
}

impl Fact for LedgerEvent {
    fn kind(&self) -> &'static str {
        match self {
            Self::PaymentMade(_) => "payment.made",
            Self::WalletCreated(_) => "wallet.created",
            Self::WalletLocked(_) => "wallet.locked",
            Self::WalletUnlocked(_) => "wallet.unlocked",
            Self::PlayerLinked(_) => "player.linked",
            Self::PlayerRenamed(_) => "player.renamed",
        }
    }

    fn topics(&self) -> Vec<Topic> {
        let wallet = |address: &Address| Topic::of("wallet", address);
        match self {
            Self::PaymentMade(payment) => {
                vec![Topic::named("payments"), wallet(&payment.payer), wallet(&payment.payee)]
            }
            Self::WalletCreated(change)
            | Self::WalletLocked(change)
            | Self::WalletUnlocked(change) => {
                vec![wallet(&change.address)]
            }
            Self::PlayerLinked(change) | Self::PlayerRenamed(change) => {
                vec![wallet(&change.address)]
            }
        }
    }

    fn data(&self, scale: Scale) -> Result<Box<RawValue>, serde_json::Error> {
        match self {
            Self::PaymentMade(payment) => to_raw_value(&PaymentMade::new(payment, scale)),
            Self::WalletCreated(change)
            | Self::WalletLocked(change)
            | Self::WalletUnlocked(change) => to_raw_value(change),
            Self::PlayerLinked(change) | Self::PlayerRenamed(change) => to_raw_value(change),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::Value;

    use super::*;
    use crate::kernel::money::Amount;

    /// One event of each kind.
    fn examples() -> Vec<LedgerEvent> {
        let change = WalletChange { address: "k8juvewcui".parse().unwrap(), version: 3 };
        let payment = Payment {
            id: PaymentId::new(9_912),
            payer: "k8juvewcui".parse().unwrap(),
            payee: "k7oax47quv".parse().unwrap(),
            amount: Amount::minor(1_025),
            kind: PaymentKind::Transfer,
            name: None,
            sent: None,
            metadata: Metadata::new("message=thanks".into()),
            request_id: None,
            at: Timestamp::new(DateTime::from_timestamp_millis(1_795_309_200_123).unwrap()),
            payer_version: 12,
            payee_version: 7,
        };
        let player = PlayerChange {
            uuid: PlayerId::new(uuid::Uuid::from_u128(7)),
            name: "Notch".parse().unwrap(),
            address: "k8juvewcui".parse().unwrap(),
        };
        vec![
            LedgerEvent::PaymentMade(payment),
            LedgerEvent::WalletCreated(change.clone()),
            LedgerEvent::WalletLocked(change.clone()),
            LedgerEvent::WalletUnlocked(change),
            LedgerEvent::PlayerLinked(player.clone()),
            LedgerEvent::PlayerRenamed(player),
        ]
    }

    #[test]
    fn every_kind_has_its_golden_json() {
        let events = examples();
        assert_eq!(events.iter().map(Fact::kind).collect::<Vec<_>>(), KINDS);
        for event in events {
            let path =
                format!("{}/tests/golden/events/{}.json", env!("CARGO_MANIFEST_DIR"), event.kind());
            let golden: Value =
                serde_json::from_str(&std::fs::read_to_string(&path).expect(&path)).unwrap();
            let topics: Vec<_> = event.topics().iter().map(ToString::to_string).collect();
            let data: Value =
                serde_json::from_str(event.data(Scale::new(2).unwrap()).unwrap().get()).unwrap();
            assert_eq!(
                serde_json::json!({"kind": event.kind(), "topics": topics, "data": data}),
                golden
            );
        }
    }
}
