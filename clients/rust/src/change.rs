//! The events by kind. Written by `clients/types/generate`: do not edit.
//!
//! Words that may grow, such as a status, are text; a kind or a field that is newer than this client is ignored.

mod bodies;

pub use self::bodies::*;
use crate::item::Event;

/// What happened, by kind.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Change {
    /// A checkout was opened, or became something else.
    CheckoutChanged(Box<CheckoutChanged>),
    /// The contract is over: nobody is entitled any more, and each subscription ends with its own
    /// event.
    ContractCanceled(Box<ContractChanged>),
    /// The owner takes no new subscribers.
    ContractClosed(Box<ContractChanged>),
    /// A wallet offers a contract.
    ContractCreated(Box<ContractChanged>),
    /// The owner changed a contract.
    ContractEdited(Box<ContractChanged>),
    /// The owner takes new subscribers again.
    ContractOpened(Box<ContractChanged>),
    /// What a user has is no longer what it was.
    EntitlementChanged(Box<EntitlementChanged>),
    /// Somebody bought a name, or it came with an import.
    NameRegistered(Box<NameChanged>),
    /// A name has another owner, who is paid from here on.
    NameTransferred(Box<NameChanged>),
    /// The owner of a name changed where it leads.
    NameUpdated(Box<NameChanged>),
    /// The operator set the message of the day, or switched payments on or off.
    NoticeChanged(Box<NoticeChanged>),
    /// An operator did something; the event stands in the transaction of what was done.
    OpsActed(Box<Acted>),
    /// Somebody moved the test clock of a hub that was started with --dev.
    OpsClockAdvanced(Box<ClockAdvanced>),
    /// Something differed from what a provider says, and was repaired.
    OpsDrift(Box<DriftFound>),
    /// A server that no session paid for was told to stop, and has heard it.
    OpsOrphanStopped(Box<OrphanStopped>),
    /// The orchestrator reported what can't be.
    OpsServerAnomaly(Box<ServerAnomaly>),
    /// An event of a provider waits, failed, or says something that an operator should look at.
    OpsWebhookFailed(Box<WebhookFailed>),
    /// An event of a provider of which operators were told was applied, or needs nothing.
    OpsWebhookSettled(Box<WebhookSettled>),
    /// Money moved from one wallet to another.
    PaymentMade(Box<PaymentMade>),
    /// The operator made or changed a plan.
    PlanChanged(Box<PlanChanged>),
    /// The game made the wallet for a player.
    PlayerLinked(Box<PlayerChange>),
    /// The player of the wallet is called otherwise.
    PlayerRenamed(Box<PlayerChange>),
    /// A payment failed; the provider may try again.
    PurchaseFailed(Box<PurchaseChanged>),
    /// Money came in for a purchase.
    PurchasePaid(Box<PurchaseChanged>),
    /// Money of a purchase was given back.
    PurchaseRefunded(Box<PurchaseChanged>),
    /// A bot should give or take the role of a plan.
    RoleChanged(Box<RoleChanged>),
    /// The hub gave the session up: its server was silent, or its stop was never confirmed.
    ServerExpired(Box<serde_json::Value>),
    /// There never was a server, and nothing is charged.
    ServerFailed(Box<serde_json::Value>),
    /// The orchestrator ended the server the hard way.
    ServerKilled(Box<serde_json::Value>),
    /// The orchestrator is at it.
    ServerLaunching(Box<serde_json::Value>),
    /// Minutes are reserved and a server is ordered.
    ServerPending(Box<serde_json::Value>),
    /// Players can join.
    ServerReady(Box<serde_json::Value>),
    /// The server is down and its minutes are charged.
    ServerStopped(Box<serde_json::Value>),
    /// The server is going down.
    ServerStopping(Box<serde_json::Value>),
    /// Something else is known of the session, which stands where it stood.
    ServerUpdated(Box<serde_json::Value>),
    /// So many minutes are left. For its owner only.
    ServerWarning(Box<ServerWarning>),
    /// The subscriber wants to end with the term, and is entitled until then.
    SubscriptionCancelRequested(Box<SubscriptionChanged>),
    /// The subscription ended: as its wallet wanted, with its contract, or by the operator.
    SubscriptionCanceled(Box<SubscriptionChanged>),
    /// The operator made it a subscription that its wallet can't end.
    SubscriptionForced(Box<SubscriptionChanged>),
    /// The subscription ended with its term although its wallet did not ask for that.
    SubscriptionLapsed(Box<SubscriptionChanged>),
    /// The subscriber holds less than the price; `subscription.lapsed` follows.
    SubscriptionPaymentFailed(Box<SubscriptionChanged>),
    /// Another term was paid; its payment is the event before.
    SubscriptionRenewed(Box<SubscriptionChanged>),
    /// The subscriber goes on after all.
    SubscriptionResumed(Box<SubscriptionChanged>),
    /// A wallet subscribed and paid for a first term; its payment is the event before.
    SubscriptionStarted(Box<SubscriptionChanged>),
    /// The subscriber agreed to the newest terms, from the next term on.
    SubscriptionTermsAccepted(Box<SubscriptionChanged>),
    /// The contract has other terms; the subscriber keeps the old ones until it agrees.
    SubscriptionTermsChanged(Box<SubscriptionChanged>),
    /// Minutes were used, or given back.
    UsageRecorded(Box<UsageRecorded>),
    /// Minutes that were held are free again, and nothing was charged.
    UsageReleased(Box<UsageHeld>),
    /// Minutes are held for a server session.
    UsageReserved(Box<UsageHeld>),
    /// A share of a window's minutes is used; each share is told once in a window.
    UsageThreshold(Box<UsageThreshold>),
    /// Somebody signed in with Discord, or a program vouched for them, for the first time.
    UserLinked(Box<UserLinked>),
    /// A user proved that a wallet is theirs.
    UserWalletLinked(Box<WalletLink>),
    /// A wallet is no longer a user's.
    UserWalletUnlinked(Box<WalletLink>),
    /// Somebody logged in with a new private key, or the operator made a wallet.
    WalletCreated(Box<WalletChange>),
    /// The operator locked the wallet: it can't log in and can't pay.
    WalletLocked(Box<WalletChange>),
    /// The operator unlocked the wallet.
    WalletUnlocked(Box<WalletChange>),
    /// A kind that is newer than this client. The event has it all the same.
    Unknown,
}

impl Event {
    /// The body by kind.
    ///
    /// # Errors
    /// When the body has another shape than its kind.
    pub fn change(&self) -> Result<Change, serde_json::Error> {
        Ok(match self.kind.as_str() {
            "checkout.changed" => Change::CheckoutChanged(self.data()?),
            "contract.canceled" => Change::ContractCanceled(self.data()?),
            "contract.closed" => Change::ContractClosed(self.data()?),
            "contract.created" => Change::ContractCreated(self.data()?),
            "contract.edited" => Change::ContractEdited(self.data()?),
            "contract.opened" => Change::ContractOpened(self.data()?),
            "entitlement.changed" => Change::EntitlementChanged(self.data()?),
            "name.registered" => Change::NameRegistered(self.data()?),
            "name.transferred" => Change::NameTransferred(self.data()?),
            "name.updated" => Change::NameUpdated(self.data()?),
            "notice.changed" => Change::NoticeChanged(self.data()?),
            "ops.acted" => Change::OpsActed(self.data()?),
            "ops.clock_advanced" => Change::OpsClockAdvanced(self.data()?),
            "ops.drift" => Change::OpsDrift(self.data()?),
            "ops.orphan_stopped" => Change::OpsOrphanStopped(self.data()?),
            "ops.server_anomaly" => Change::OpsServerAnomaly(self.data()?),
            "ops.webhook_failed" => Change::OpsWebhookFailed(self.data()?),
            "ops.webhook_settled" => Change::OpsWebhookSettled(self.data()?),
            "payment.made" => Change::PaymentMade(self.data()?),
            "plan.changed" => Change::PlanChanged(self.data()?),
            "player.linked" => Change::PlayerLinked(self.data()?),
            "player.renamed" => Change::PlayerRenamed(self.data()?),
            "purchase.failed" => Change::PurchaseFailed(self.data()?),
            "purchase.paid" => Change::PurchasePaid(self.data()?),
            "purchase.refunded" => Change::PurchaseRefunded(self.data()?),
            "role.changed" => Change::RoleChanged(self.data()?),
            "server.expired" => Change::ServerExpired(self.data()?),
            "server.failed" => Change::ServerFailed(self.data()?),
            "server.killed" => Change::ServerKilled(self.data()?),
            "server.launching" => Change::ServerLaunching(self.data()?),
            "server.pending" => Change::ServerPending(self.data()?),
            "server.ready" => Change::ServerReady(self.data()?),
            "server.stopped" => Change::ServerStopped(self.data()?),
            "server.stopping" => Change::ServerStopping(self.data()?),
            "server.updated" => Change::ServerUpdated(self.data()?),
            "server.warning" => Change::ServerWarning(self.data()?),
            "subscription.cancel_requested" => Change::SubscriptionCancelRequested(self.data()?),
            "subscription.canceled" => Change::SubscriptionCanceled(self.data()?),
            "subscription.forced" => Change::SubscriptionForced(self.data()?),
            "subscription.lapsed" => Change::SubscriptionLapsed(self.data()?),
            "subscription.payment_failed" => Change::SubscriptionPaymentFailed(self.data()?),
            "subscription.renewed" => Change::SubscriptionRenewed(self.data()?),
            "subscription.resumed" => Change::SubscriptionResumed(self.data()?),
            "subscription.started" => Change::SubscriptionStarted(self.data()?),
            "subscription.terms_accepted" => Change::SubscriptionTermsAccepted(self.data()?),
            "subscription.terms_changed" => Change::SubscriptionTermsChanged(self.data()?),
            "usage.recorded" => Change::UsageRecorded(self.data()?),
            "usage.released" => Change::UsageReleased(self.data()?),
            "usage.reserved" => Change::UsageReserved(self.data()?),
            "usage.threshold" => Change::UsageThreshold(self.data()?),
            "user.linked" => Change::UserLinked(self.data()?),
            "user.wallet_linked" => Change::UserWalletLinked(self.data()?),
            "user.wallet_unlinked" => Change::UserWalletUnlinked(self.data()?),
            "wallet.created" => Change::WalletCreated(self.data()?),
            "wallet.locked" => Change::WalletLocked(self.data()?),
            "wallet.unlocked" => Change::WalletUnlocked(self.data()?),
            _ => Change::Unknown,
        })
    }
}
