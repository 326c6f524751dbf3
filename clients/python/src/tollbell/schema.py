"""The shapes of events, requests and answers. Written by `clients/types/generate`: do not edit.

`PaymentMade` is a body; `PaymentMadeEvent` is the event that carries it. Amounts are `Money`, exact in both
directions; give them as `Decimal`, `int` or text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Literal, TypedDict, Union

from .items import Event, Hint

#: An amount as the hub gives it.
Money = Union[int, Decimal]
#: An amount as the hub takes it.
MoneyText = Union[int, Decimal, str]


class AcceptBody(TypedDict, total=False):
    """What to agree to."""

    #: The `contract_version` of the terms that were read; other terms are refused.
    contract_version: Union[int, None]


#: What is paid when renewals were held up for longer than a term.
CatchUp = Literal["one", "all"]


class ChargeView(TypedDict):
    """A charge on the wire."""

    #: How much.
    amount: Money
    #: When it was paid.
    charged_at: str
    #: When it was due.
    due_at: str
    #: The payment.
    payment_id: int
    #: In which run.
    run: int
    #: For which term of it.
    term: int


class CheckView(TypedDict):
    """Whether a name can be bought."""

    #: Whether nobody owns it.
    available: bool
    #: The name, without its suffix.
    name: str
    #: What a name costs.
    price: Money


class ClockAdvanced(TypedDict):
    """The test clock was moved."""

    #: Who moved it: the name of a service key.
    by: str
    #: How far the clock is ahead of the database's own, in seconds.
    offset_s: int


class ClockBody(TypedDict):
    """How far to move the test clock."""

    #: Seconds, 1 to 315,360,000 (ten years). The clock never goes back.
    advance_s: int


class ClockView(TypedDict):
    """Where the test clock stands."""

    #: The time it shows.
    now: str
    #: How far it is ahead of the database's own clock, in seconds.
    offset_s: int


class ContractChanged(TypedDict):
    """The data of `contract.*`."""

    #: The fields that are no longer what they were.
    changed: list[str]
    #: The contract after the change, as everybody may see it.
    contract: "PublicContract"


#: Whether a contract can be subscribed to.
ContractStatus = Literal["open", "closed", "canceled"]


class _ContractView(TypedDict):
    #: Who is paid.
    address: str
    #: What is paid when renewals were held up for longer than a term.
    catch_up: "CatchUp"
    #: Its number.
    contract_id: int
    #: When it was made.
    created_at: str
    #: What a term costs.
    price: Money
    #: Whether it is for an allow list only.
    restricted: bool
    #: Whether it can be subscribed to.
    status: "ContractStatus"
    #: The version that brought the price and the schedule.
    terms_version: int
    #: What its owner calls it.
    title: str
    #: When it was changed last.
    updated_at: str
    #: Raised by 1 with each event of the contract; also the `ETag`.
    version: int
    #: How many are subscribed; counted up to 10,000.
    subscribers: int


class ContractView(_ContractView, total=False):
    """A contract as one caller may see it."""

    #: At each occurrence of this cron expression of five fields, in UTC.
    cron_expr: Union[str, None]
    #: Every so many months, on the day of the first or the last one of a shorter month.
    period_months: Union[int, None]
    #: Every so many seconds.
    period_seconds: Union[int, None]
    #: What its owner says of it. Of a restricted contract only those see it who may subscribe.
    description: Union[str, None]
    #: How many may be subscribed at once; null is any number.
    max_subscribers: Union[int, None]
    #: Subscribers who have not agreed to the newest terms end with the first term that ends at this time or later.
    require_consent_by: Union[str, None]
    #: Who may subscribe; null is everybody, and what others than the owner see.
    allow_list: Union[list[str], None]
    #: Whether the caller's wallet may subscribe as far as the allow list is concerned; null without one.
    eligible: Union[bool, None]
    #: When the terms of a cron expression end next.
    next_occurrence: Union[str, None]


class _CreateBody(TypedDict):
    #: What a term costs.
    price: Money
    #: 1 to 64 characters.
    title: str


class CreateBody(_CreateBody, total=False):
    """A contract to offer."""

    #: Five fields, in UTC: minute, hour, day of the month, month, day of the week.
    cron_expr: Union[str, None]
    #: 1 to 120, counted from the day of subscribing.
    period_months: Union[int, None]
    #: 60 to 315,360,000.
    period_seconds: Union[int, None]
    #: Who may subscribe, at most 1,000 wallets; absent or empty is everybody.
    allow_list: Union[list[str], None]
    #: What is paid when renewals were held up for longer than a term. Default `one`.
    catch_up: Union["CatchUp", None]
    #: 1 to 255 characters.
    description: Union[str, None]
    #: How many may be subscribed at once; absent is any number.
    max_subscribers: Union[int, None]


class Detail(TypedDict):
    """What is wrong with one field."""

    #: The field's path in the body, such as `allow_list[2]`, or the name of a parameter.
    field: str
    #: What it should be.
    message: str


class EditBody(TypedDict, total=False):
    """What to change about a contract; what is absent stays."""

    #: Five fields, in UTC: minute, hour, day of the month, month, day of the week.
    cron_expr: Union[str, None]
    #: 1 to 120, counted from the day of subscribing.
    period_months: Union[int, None]
    #: 60 to 315,360,000.
    period_seconds: Union[int, None]
    #: Who may subscribe; null or empty for everybody. Who is no longer on it ends with the term.
    allow_list: Union[list[str], None]
    #: What is paid when renewals were held up for longer than a term.
    catch_up: Union["CatchUp", None]
    #: 1 to 255 characters; null for none.
    description: Union[str, None]
    #: How many may be subscribed at once; null for any number. Nobody is put out.
    max_subscribers: Union[int, None]
    #: What a term costs. Subscribers pay no more than they agreed to; less from their next term on.
    price: Union[Money, None]
    #: Subscribers who have not agreed to the newest terms end with the first term that ends then or later; null for
    #: never.
    require_consent_by: Union[str, None]
    #: `closed` and `open` as often as wanted; `canceled` once, and for good.
    status: Union["ContractStatus", None]
    #: 1 to 64 characters.
    title: Union[str, None]
    #: The version that the change is meant for; the same as `If-Match`.
    version: Union[int, None]


#: Why a subscription ended.
EndReason = Literal["unsubscribed", "insufficient_funds", "contract_canceled", "not_allowed", "terms_not_accepted", "owner_missing", "subscriber_locked", "same_wallet", "revoked_by_operator"]


class ErrorBody(TypedDict):
    """The body of every failed request."""

    #: What went wrong.
    error: "ErrorContent"


class ErrorContent(TypedDict):
    """The content of [`ErrorBody`]."""

    #: Stable; programs branch on it.
    code: str
    #: The fields at fault; empty when no field is.
    details: list["Detail"]
    #: For people; it may change.
    message: str


class EventObject(TypedDict):
    """An event, the same on all doors."""

    #: When it was committed.
    at: str
    #: What it says; the AsyncAPI document has the shape of each kind.
    data: Any
    #: What happened.
    kind: str
    #: Its number in the log: dense, rising, in commit order.
    seq: int
    #: The topics it belongs to.
    topics: list[str]
    #: Always `event`.
    type: str


class EventPage(TypedDict):
    """A page of events."""

    #: The history that the numbers count in.
    epoch: str
    #: The events, in order.
    events: list["EventObject"]
    #: The newest event.
    head: int
    #: Ask for the next page with this as `since`.
    next: int


class ForceBody(TypedDict):
    """A subscription that the operator makes."""

    #: Who pays.
    address: str
    #: To what.
    contract_id: int


class GiveBody(TypedDict):
    """Who gets a name."""

    #: The new owner's address.
    to: str


class LockBody(TypedDict):
    """What to change about a wallet."""

    #: Whether it can't log in and can't pay.
    locked: bool


class LoginBody(TypedDict):
    """A private key."""

    #: The wallet's private key, 1 to 512 bytes, used as it is.
    privatekey: str


class MintBody(TypedDict):
    """New money."""

    #: Who gets it.
    address: str
    #: How much.
    amount: Money


class _NameChanged(TypedDict):
    #: The name, without its suffix.
    name: str
    #: Who bought it.
    original_owner: str
    #: Whose it is.
    owner: str
    #: When it was bought.
    registered_at: str
    #: When it got its owner or its record.
    updated_at: str
    #: Raised by 1 with each event of the name; also the `ETag`.
    version: int


class NameChanged(_NameChanged, total=False):
    """The data of all events of names."""

    #: Where it leads.
    record: Union[str, None]
    #: When it got another owner, if it did.
    transferred_at: Union[str, None]
    #: The payment that tells of it, which comes right before this event; null for an import.
    payment_id: Union[int, None]
    #: Whose it was, when it has another owner.
    previous_owner: Union[str, None]


class _NameDoneView(TypedDict):
    #: The name, without its suffix.
    name: str
    #: Who bought it.
    original_owner: str
    #: Whose it is.
    owner: str
    #: When it was bought.
    registered_at: str
    #: When it got its owner or its record.
    updated_at: str
    #: Raised by 1 with each event of the name; also the `ETag`.
    version: int


class NameDoneView(_NameDoneView, total=False):
    """A name after a change, and the payment that tells of it."""

    #: Where it leads.
    record: Union[str, None]
    #: When it got another owner, if it did.
    transferred_at: Union[str, None]
    #: The payment; null when nothing changed.
    payment: Union["PaymentMade", None]


class _NameView(TypedDict):
    #: The name, without its suffix.
    name: str
    #: Who bought it.
    original_owner: str
    #: Whose it is.
    owner: str
    #: When it was bought.
    registered_at: str
    #: When it got its owner or its record.
    updated_at: str
    #: Raised by 1 with each event of the name; also the `ETag`.
    version: int


class NameView(_NameView, total=False):
    """A name on the wire."""

    #: Where it leads.
    record: Union[str, None]
    #: When it got another owner, if it did.
    transferred_at: Union[str, None]


class NodePulse(TypedDict):
    """What only the operator is told."""

    #: Connections that are not live now.
    behind: int
    #: Sets of connections with equal interest now.
    groups: int
    #: The newest event that it knows.
    head: int
    #: What the node is called.
    name: str
    #: Bytes of these.
    ring_bytes: int
    #: Events in memory now.
    ring_events: int
    #: Bytes sent to connections in the last second.
    sent_bytes: int


class OpenedView(TypedDict):
    """A session's token."""

    #: The wallet.
    address: str
    #: When the token ends.
    expires: str
    #: Goes into `Authorization: Bearer`. It is shown once.
    token: str


class _PayBody(TypedDict):
    #: How much.
    amount: Money
    #: Who is paid: an address, or a name such as `bakery.kro` or `counter@bakery.kro`, whose owner is paid.
    to: str


class PayBody(_PayBody, total=False):
    """A payment to make."""

    #: At most 255 printable ASCII characters.
    metadata: Union[str, None]
    #: The payer's own name for this payment, at most 64 visible characters: repeated, it is the same payment.
    request_id: Union[str, None]


#: Why a payment was made.
PaymentKind = Literal["transfer", "mined", "name_purchase", "name_transfer", "name_a_record"]


#: The data of `payment.made`.
PaymentMade = TypedDict(
    "PaymentMade",
    {
        "amount": Money,
        "at": str,
        "from": str,
        "from_version": int,
        "id": int,
        "to": str,
        "to_version": int,
        "type": "PaymentKind",
        "metadata": Union[str, None],
        "name": Union[str, None],
        "request_id": Union[str, None],
        "sent_metaname": Union[str, None],
        "sent_name": Union[str, None],
    },
    total=False,
)


class _PendingChange(TypedDict):
    #: The version of the contract to agree to.
    contract_version: int
    #: What a term will cost.
    price: Money


class PendingChange(_PendingChange, total=False):
    """Terms that wait for the consent of a subscriber."""

    #: At each occurrence of this cron expression of five fields, in UTC.
    cron_expr: Union[str, None]
    #: Every so many months, on the day of the first or the last one of a shorter month.
    period_months: Union[int, None]
    #: Every so many seconds.
    period_seconds: Union[int, None]
    #: Without consent the subscription ends with the first term that ends at this time or later; null: never.
    consent_by: Union[str, None]


class _PublicContract(TypedDict):
    #: Who is paid.
    address: str
    #: What is paid when renewals were held up for longer than a term.
    catch_up: "CatchUp"
    #: Its number.
    contract_id: int
    #: When it was made.
    created_at: str
    #: What a term costs.
    price: Money
    #: Whether it is for an allow list only.
    restricted: bool
    #: Whether it can be subscribed to.
    status: "ContractStatus"
    #: The version that brought the price and the schedule.
    terms_version: int
    #: What its owner calls it.
    title: str
    #: When it was changed last.
    updated_at: str
    #: Raised by 1 with each event of the contract; also the `ETag`.
    version: int


class PublicContract(_PublicContract, total=False):
    """A contract as everybody may see it."""

    #: At each occurrence of this cron expression of five fields, in UTC.
    cron_expr: Union[str, None]
    #: Every so many months, on the day of the first or the last one of a shorter month.
    period_months: Union[int, None]
    #: Every so many seconds.
    period_seconds: Union[int, None]
    #: What its owner says of it. Of a restricted contract only those see it who may subscribe.
    description: Union[str, None]
    #: How many may be subscribed at once; null is any number.
    max_subscribers: Union[int, None]
    #: Subscribers who have not agreed to the newest terms end with the first term that ends at this time or later.
    require_consent_by: Union[str, None]


class _Pulse(TypedDict):
    #: Connections now.
    connections: int
    #: Events sent to connections.
    deliveries: int
    #: Events committed.
    events: int
    #: Topics listened to now.
    topics: int


class Pulse(_Pulse, total=False):
    """The data of `hub.stats`: what a node did in the last second."""

    #: Microseconds within which half of the deliveries were written; absent when there were none.
    latency_p50_us: Union[int, None]
    #: Microseconds within which 99 of 100 deliveries were written.
    latency_p99_us: Union[int, None]
    #: More about the node; only on `ops`.
    node: Union["NodePulse", None]


class PurchaseBody(TypedDict):
    """A name to buy."""

    #: With or without its suffix.
    name: str


class ScheduleBody(TypedDict, total=False):
    """When terms end: exactly one of these."""

    #: Five fields, in UTC: minute, hour, day of the month, month, day of the week.
    cron_expr: Union[str, None]
    #: 1 to 120, counted from the day of subscribing.
    period_months: Union[int, None]
    #: 60 to 315,360,000.
    period_seconds: Union[int, None]


class ScheduleView(TypedDict, total=False):
    """When terms end: one of these is set."""

    #: At each occurrence of this cron expression of five fields, in UTC.
    cron_expr: Union[str, None]
    #: Every so many months, on the day of the first or the last one of a shorter month.
    period_months: Union[int, None]
    #: Every so many seconds.
    period_seconds: Union[int, None]


class _SessionRowView(TypedDict):
    #: The wallet.
    address: str
    #: When it was opened.
    created_at: str
    #: When its token ends.
    expires_at: str
    #: The session's public id.
    id: str


class SessionRowView(_SessionRowView, total=False):
    """A live session as the operator sees it."""

    #: What the client calls itself.
    user_agent: Union[str, None]


class SessionView(TypedDict):
    """The session of a caller."""

    #: The wallet.
    address: str
    #: When the token ends.
    expires: str
    #: The session's public id.
    id: str


class SubscribeBody(TypedDict, total=False):
    """How to subscribe."""

    #: A higher price is refused: it may have changed since it was read.
    max_price: Union[Money, None]


class _SubscribedView(TypedDict):
    #: Who pays.
    address: str
    #: Whether the wallet may end it.
    can_unsubscribe: bool
    #: What it is to.
    contract_id: int
    #: The version of the contract that the wallet agreed to.
    contract_version: int
    #: Whether the wallet has now what it paid for.
    entitled: bool
    #: The payment for the last term.
    last_payment_id: int
    #: Who is paid.
    owner_address: str
    #: What the next term costs.
    price: Money
    #: Whether the term is over and the renewal is on its way.
    renewing: bool
    #: How often the wallet has subscribed.
    run: int
    #: When this run began.
    started_at: str
    #: `active` renews, `pending` ends with its term.
    status: "SubscriptionStatus"
    #: Its number.
    subscription_id: int
    #: The last term that was paid, from 1 in each run.
    term: int
    #: When that term began.
    term_started_at: str
    #: Raised by 1 with each event of the subscription.
    version: int


class SubscribedView(_SubscribedView, total=False):
    """What subscribing came to."""

    #: At each occurrence of this cron expression of five fields, in UTC.
    cron_expr: Union[str, None]
    #: Every so many months, on the day of the first or the last one of a shorter month.
    period_months: Union[int, None]
    #: Every so many seconds.
    period_seconds: Union[int, None]
    #: When the wallet asked for the end.
    cancel_requested_at: Union[str, None]
    #: When it ended.
    ended_at: Union[str, None]
    #: Until when it is paid; null when it has ended.
    lapsed_at: Union[str, None]
    #: The terms that the wallet would have to agree to.
    pending_change: Union["PendingChange", None]
    #: Why it ended.
    reason: Union["EndReason", None]
    #: The payment for the first term; null when there was nothing to pay.
    payment: Union["PaymentMade", None]


class _SubscriptionChanged(TypedDict):
    #: Who pays.
    address: str
    #: Whether its wallet may end it.
    can_unsubscribe: bool
    #: The contract.
    contract_id: int
    #: Who is paid.
    owner_address: str
    #: The payment for that term.
    payment_id: int
    #: What a term costs.
    price: Money
    #: How often the wallet has subscribed.
    run: int
    #: Terms before it that were missed and cost nothing.
    skipped_terms: int
    #: Where it stands now.
    status: "SubscriptionStatus"
    #: The subscription.
    subscription_id: int
    #: The last term that was paid, from 1 in each run.
    term: int
    #: When that term began.
    term_started_at: str
    #: Its version: dense, so a listener to the subscription sees that nothing is missing.
    version: int


class SubscriptionChanged(_SubscriptionChanged, total=False):
    """The data of `subscription.*`: all that a listener needs, without a second call."""

    #: When it ended.
    ended_at: Union[str, None]
    #: Until when it is paid; null when it has ended.
    lapsed_at: Union[str, None]
    #: The terms that its wallet would have to agree to.
    pending_change: Union["PendingChange", None]
    #: Why it ended.
    reason: Union["EndReason", None]


#: The word for [`State`] on the wire and in the database.
SubscriptionStatus = Literal["active", "pending", "canceled"]


class _SubscriptionView(TypedDict):
    #: Who pays.
    address: str
    #: Whether the wallet may end it.
    can_unsubscribe: bool
    #: What it is to.
    contract_id: int
    #: The version of the contract that the wallet agreed to.
    contract_version: int
    #: Whether the wallet has now what it paid for.
    entitled: bool
    #: The payment for the last term.
    last_payment_id: int
    #: Who is paid.
    owner_address: str
    #: What the next term costs.
    price: Money
    #: Whether the term is over and the renewal is on its way.
    renewing: bool
    #: How often the wallet has subscribed.
    run: int
    #: When this run began.
    started_at: str
    #: `active` renews, `pending` ends with its term.
    status: "SubscriptionStatus"
    #: Its number.
    subscription_id: int
    #: The last term that was paid, from 1 in each run.
    term: int
    #: When that term began.
    term_started_at: str
    #: Raised by 1 with each event of the subscription.
    version: int


class SubscriptionView(_SubscriptionView, total=False):
    """A subscription."""

    #: At each occurrence of this cron expression of five fields, in UTC.
    cron_expr: Union[str, None]
    #: Every so many months, on the day of the first or the last one of a shorter month.
    period_months: Union[int, None]
    #: Every so many seconds.
    period_seconds: Union[int, None]
    #: When the wallet asked for the end.
    cancel_requested_at: Union[str, None]
    #: When it ended.
    ended_at: Union[str, None]
    #: Until when it is paid; null when it has ended.
    lapsed_at: Union[str, None]
    #: The terms that the wallet would have to agree to.
    pending_change: Union["PendingChange", None]
    #: Why it ended.
    reason: Union["EndReason", None]


class SupplyView(TypedDict):
    """How much money there is."""

    #: The sum of all balances but the system's own.
    supply: Money


class TicketView(TypedDict):
    """A ticket for one websocket."""

    #: Seconds until it is worth nothing.
    expires_in_s: int
    #: Goes into `?ticket=` of `/api/v1/ws`, once.
    ticket: str


class UpdateBody(TypedDict, total=False):
    """What to change about a name."""

    #: Where it leads: 1 to 255 visible ASCII characters, of which the first is none of `.?#`; null for nowhere.
    record: Union[str, None]


class WalletBody(TypedDict, total=False):
    """A wallet to make."""

    #: The address that its owner's private key leads to. Without one a private key is made and shown once.
    address: Union[str, None]


class WalletChange(TypedDict):
    """The data of `wallet.created`, `wallet.locked` and `wallet.unlocked`."""

    #: The wallet.
    address: str
    #: Its version after the change.
    version: int


class WalletChanged(TypedDict):
    """A wallet's version after a change."""

    #: Its address.
    address: str
    #: Its version.
    version: int


class _WalletMade(TypedDict):
    #: Its address.
    address: str
    #: Its version.
    version: int


class WalletMade(_WalletMade, total=False):
    """A wallet that was made."""

    #: The private key, when it was made here. It is not stored: this is the only time it is shown.
    privatekey: Union[str, None]


class WalletView(TypedDict):
    """A wallet on the wire."""

    #: Its address.
    address: str
    #: What it holds.
    balance: Money
    #: When it was made.
    created_at: str
    #: Whether it can't log in and can't pay.
    locked: bool
    #: All that it ever received.
    total_in: Money
    #: All that it ever paid.
    total_out: Money
    #: Raised by 1 with each event of the wallet; also the `ETag`.
    version: int


class ContractCanceledEvent(Event):
    """The contract is over: nobody is entitled any more, and each subscription ends with its own event."""

    KIND: ClassVar[str] = "contract.canceled"
    kind: Literal["contract.canceled"]
    data: ContractChanged


class ContractClosedEvent(Event):
    """The owner takes no new subscribers."""

    KIND: ClassVar[str] = "contract.closed"
    kind: Literal["contract.closed"]
    data: ContractChanged


class ContractCreatedEvent(Event):
    """A wallet offers a contract."""

    KIND: ClassVar[str] = "contract.created"
    kind: Literal["contract.created"]
    data: ContractChanged


class ContractEditedEvent(Event):
    """The owner changed a contract."""

    KIND: ClassVar[str] = "contract.edited"
    kind: Literal["contract.edited"]
    data: ContractChanged


class ContractOpenedEvent(Event):
    """The owner takes new subscribers again."""

    KIND: ClassVar[str] = "contract.opened"
    kind: Literal["contract.opened"]
    data: ContractChanged


class HubStatsHint(Hint):
    """What the node did in the last second; with more of it on `ops`."""

    kind: Literal["hub.stats"]
    data: Pulse


class NameRegisteredEvent(Event):
    """Somebody bought a name, or it came with an import."""

    KIND: ClassVar[str] = "name.registered"
    kind: Literal["name.registered"]
    data: NameChanged


class NameTransferredEvent(Event):
    """A name has another owner, who is paid from here on."""

    KIND: ClassVar[str] = "name.transferred"
    kind: Literal["name.transferred"]
    data: NameChanged


class NameUpdatedEvent(Event):
    """The owner of a name changed where it leads."""

    KIND: ClassVar[str] = "name.updated"
    kind: Literal["name.updated"]
    data: NameChanged


class OpsClockAdvancedEvent(Event):
    """Somebody moved the test clock of a hub that was started with --dev."""

    KIND: ClassVar[str] = "ops.clock_advanced"
    kind: Literal["ops.clock_advanced"]
    data: ClockAdvanced


class PaymentMadeEvent(Event):
    """Money moved from one wallet to another."""

    KIND: ClassVar[str] = "payment.made"
    kind: Literal["payment.made"]
    data: PaymentMade


class SubscriptionCancelRequestedEvent(Event):
    """The subscriber wants to end with the term, and is entitled until then."""

    KIND: ClassVar[str] = "subscription.cancel_requested"
    kind: Literal["subscription.cancel_requested"]
    data: SubscriptionChanged


class SubscriptionCanceledEvent(Event):
    """The subscription ended: as its wallet wanted, with its contract, or by the operator."""

    KIND: ClassVar[str] = "subscription.canceled"
    kind: Literal["subscription.canceled"]
    data: SubscriptionChanged


class SubscriptionForcedEvent(Event):
    """The operator made it a subscription that its wallet can't end."""

    KIND: ClassVar[str] = "subscription.forced"
    kind: Literal["subscription.forced"]
    data: SubscriptionChanged


class SubscriptionLapsedEvent(Event):
    """The subscription ended with its term although its wallet did not ask for that."""

    KIND: ClassVar[str] = "subscription.lapsed"
    kind: Literal["subscription.lapsed"]
    data: SubscriptionChanged


class SubscriptionPaymentFailedEvent(Event):
    """The subscriber holds less than the price; `subscription.lapsed` follows."""

    KIND: ClassVar[str] = "subscription.payment_failed"
    kind: Literal["subscription.payment_failed"]
    data: SubscriptionChanged


class SubscriptionRenewedEvent(Event):
    """Another term was paid; its payment is the event before."""

    KIND: ClassVar[str] = "subscription.renewed"
    kind: Literal["subscription.renewed"]
    data: SubscriptionChanged


class SubscriptionResumedEvent(Event):
    """The subscriber goes on after all."""

    KIND: ClassVar[str] = "subscription.resumed"
    kind: Literal["subscription.resumed"]
    data: SubscriptionChanged


class SubscriptionStartedEvent(Event):
    """A wallet subscribed and paid for a first term; its payment is the event before."""

    KIND: ClassVar[str] = "subscription.started"
    kind: Literal["subscription.started"]
    data: SubscriptionChanged


class SubscriptionTermsAcceptedEvent(Event):
    """The subscriber agreed to the newest terms, from the next term on."""

    KIND: ClassVar[str] = "subscription.terms_accepted"
    kind: Literal["subscription.terms_accepted"]
    data: SubscriptionChanged


class SubscriptionTermsChangedEvent(Event):
    """The contract has other terms; the subscriber keeps the old ones until it agrees."""

    KIND: ClassVar[str] = "subscription.terms_changed"
    kind: Literal["subscription.terms_changed"]
    data: SubscriptionChanged


class WalletCreatedEvent(Event):
    """Somebody logged in with a new private key, or the operator made a wallet."""

    KIND: ClassVar[str] = "wallet.created"
    kind: Literal["wallet.created"]
    data: WalletChange


class WalletLockedEvent(Event):
    """The operator locked the wallet: it can't log in and can't pay."""

    KIND: ClassVar[str] = "wallet.locked"
    kind: Literal["wallet.locked"]
    data: WalletChange


class WalletUnlockedEvent(Event):
    """The operator unlocked the wallet."""

    KIND: ClassVar[str] = "wallet.unlocked"
    kind: Literal["wallet.unlocked"]
    data: WalletChange


#: The class of each kind.
EVENTS: dict[str, type[Event]] = {
    "contract.canceled": ContractCanceledEvent,
    "contract.closed": ContractClosedEvent,
    "contract.created": ContractCreatedEvent,
    "contract.edited": ContractEditedEvent,
    "contract.opened": ContractOpenedEvent,
    "name.registered": NameRegisteredEvent,
    "name.transferred": NameTransferredEvent,
    "name.updated": NameUpdatedEvent,
    "ops.clock_advanced": OpsClockAdvancedEvent,
    "payment.made": PaymentMadeEvent,
    "subscription.cancel_requested": SubscriptionCancelRequestedEvent,
    "subscription.canceled": SubscriptionCanceledEvent,
    "subscription.forced": SubscriptionForcedEvent,
    "subscription.lapsed": SubscriptionLapsedEvent,
    "subscription.payment_failed": SubscriptionPaymentFailedEvent,
    "subscription.renewed": SubscriptionRenewedEvent,
    "subscription.resumed": SubscriptionResumedEvent,
    "subscription.started": SubscriptionStartedEvent,
    "subscription.terms_accepted": SubscriptionTermsAcceptedEvent,
    "subscription.terms_changed": SubscriptionTermsChangedEvent,
    "wallet.created": WalletCreatedEvent,
    "wallet.locked": WalletLockedEvent,
    "wallet.unlocked": WalletUnlockedEvent,
}
