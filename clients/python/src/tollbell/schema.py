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


class _AccessView(TypedDict):
    #: Whether the user has a plan that can be used now.
    active: bool
    #: Minutes neither used nor held: what a session that starts now may get.
    available_server_minutes: int
    #: Whether it ends with the period.
    cancel_at_period_end: bool
    #: Everything that can be used, the best first.
    entitlements: list["EntitlementView"]
    #: Sessions that may be open at once.
    max_concurrent_servers: int
    #: Minutes of one session at the most.
    max_session_minutes: int
    #: Minutes in each window.
    monthly_server_minutes: int
    #: All open server sessions, the newest first.
    open_sessions: list[Any]
    #: Minutes not used.
    remaining_server_minutes: int
    #: Minutes held for open sessions.
    reserved_server_minutes: int
    #: Minutes used in this window.
    used_server_minutes: int


class AccessView(_AccessView, total=False):
    """The answer of the access check: whether a user may start a server session, with what, and until when. Every
    key is always there."""

    #: The newest open server session.
    active_session: Union[Any, None]
    #: When it ends; null when it goes on.
    ends_at: Union[str, None]
    #: Until when it works although a payment failed.
    grace_until: Union[str, None]
    #: When the period that was paid for ends.
    period_end: Union[str, None]
    #: When the period that was paid for began.
    period_start: Union[str, None]
    #: The plan's name for people.
    plan: Union[str, None]
    #: Where it comes from.
    provider: Union["Provider", None]
    #: When it is paid anew; null when it is not.
    renews_at: Union[str, None]
    #: How it stands with its provider.
    status: Union["Status", None]
    #: The plan's stable name.
    tier: Union[str, None]
    #: When the minutes are new again.
    usage_window_end: Union[str, None]
    #: When the window began in which minutes are counted now.
    usage_window_start: Union[str, None]


class Acted(TypedDict):
    """An operator did something."""

    #: What: a noun, a dot and a verb, as in `wallet.lock`.
    action: str
    #: Who: the public name of a service key, or `console` for a command on the host.
    by: str
    #: More about it; each action has its own.
    detail: Any
    #: What that key is called.
    name: str
    #: To what: an address, an id, a name.
    target: str


class _AdjustBody(TypedDict):
    #: Below 0 for minutes that are given, above 0 for minutes that are taken; at most 100,000 either way.
    minutes: int
    #: Why, 1 to 500 characters.
    reason: str


class AdjustBody(_AdjustBody, total=False):
    """Minutes to give or to take."""

    #: Whose minutes; those of the user's plan when absent.
    entitlement_id: Union[int, None]
    #: Names the entry, 1 to 128 characters: the same key is the same entry. Made when absent.
    entry_key: Union[str, None]


class AdjustedView(TypedDict):
    """An adjustment."""

    #: Whose.
    discord_user_id: str
    #: Whether it was there before.
    duplicate: bool
    #: What the user has now.
    entitlement: "AccessView"
    #: The entry's name.
    entry_key: str
    #: When the window began in which it counts.
    window_start: str


#: What does not fit: told to the operator, and no reason to refuse a report.
Anomaly = Literal["other_server", "failed_after_ready", "impossible_runtime"]


class BoughtAnswer(TypedDict):
    """A subscription after it was changed."""

    #: The subscription.
    subscription: "BoughtView"


class BoughtView(TypedDict):
    """A subscription that was bought."""

    #: Whether it ends then.
    cancel_at_period_end: bool
    #: Until when it is paid.
    period_end: str
    #: How it stands.
    status: "Status"
    #: The provider's name for it.
    subscription_id: str
    #: The plan that it gives now.
    tier: str


#: What is paid when renewals were held up for longer than a term.
CatchUp = Literal["one", "all"]


class _ChangePlanBody(TypedDict):
    #: The plan.
    tier: str


class ChangePlanBody(_ChangePlanBody, total=False):
    """Which plan to have instead."""

    #: Whose; programs must say, users need not.
    owner_discord_id: Union[str, None]
    #: Which of the plan's products; by default the first.
    product_id: Union[str, None]
    #: When it begins.
    when: "When"


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


class _CheckoutAnswer(TypedDict):
    #: The provider's name for it.
    checkout_id: str
    #: Who.
    discord_user_id: str
    #: Until when it can be paid.
    expires_at: str
    #: How it stands. `confirmed` means that the buyer pressed pay, `succeeded` that it is paid.
    status: "CheckoutStatus"


class CheckoutAnswer(_CheckoutAnswer, total=False):
    """A checkout."""

    #: For which plan; null when it is sold as none.
    tier: Union[str, None]
    #: Where its page is.
    url: Union[str, None]


class _CheckoutBody(TypedDict):
    #: The plan.
    tier: str


class CheckoutBody(_CheckoutBody, total=False):
    """What to buy."""

    #: For whom; programs must say, users need not.
    owner_discord_id: Union[str, None]
    #: Which of the plan's products, such as the one for a year; by default the first.
    product_id: Union[str, None]
    #: Where to go afterwards; `{CHECKOUT_ID}` is filled in.
    success_url: Union[str, None]


class CheckoutChanged(TypedDict):
    """A checkout was opened, or became something else."""

    #: The checkout after it.
    checkout: "CheckoutView"


#: How a checkout stands. Of two news with one place in the provider's order, the later status here is the newer one.
CheckoutStatus = Literal["open", "confirmed", "expired", "failed", "succeeded"]


class _CheckoutView(TypedDict):
    #: The provider's name for it.
    checkout_id: str
    #: Who.
    discord_user_id: str
    #: Until when it can be paid.
    expires_at: str
    #: How it stands. `confirmed` means that the buyer pressed pay, `succeeded` that it is paid.
    status: "CheckoutStatus"


class CheckoutView(_CheckoutView, total=False):
    """A page on which a user can pay, and what became of it."""

    #: For which plan; null when it is sold as none.
    tier: Union[str, None]
    #: Where its page is.
    url: Union[str, None]


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


class _CompBody(TypedDict):
    #: The plan.
    tier: str


class CompBody(_CompBody, total=False):
    """A gift."""

    #: Whether its minutes are new each month until `expires_at`.
    auto_renew: bool
    #: When a gift that goes on by itself ends.
    expires_at: Union[str, None]
    #: How many months it lasts, 1 to 120; or `period_end`, or `expires_at`.
    months: Union[int, None]
    #: Why, at most 500 characters.
    note: Union[str, None]
    #: When it ends; or `months`, or `expires_at`.
    period_end: Union[str, None]
    #: When it begins; now when absent.
    period_start: Union[str, None]
    #: Names the gift, so that giving it again changes nothing; made when absent.
    ref: Union[str, None]


class _CompView(TypedDict):
    #: Whether it ends with the period.
    cancel_at_period_end: bool
    #: Its number.
    id: int
    #: When its period ends.
    period_end: str
    #: When its period began.
    period_start: str
    #: The plan's name for people.
    plan: str
    #: Where it comes from.
    provider: "Provider"
    #: The provider's name for it.
    ref: str
    #: How it stands.
    status: "Status"
    #: The plan.
    tier: str
    #: Rises by 1 with each change.
    version: int
    #: Whose it is.
    discord_user_id: str
    #: Whether it is over: it was ended, or its time has come.
    ended: bool


class CompView(_CompView, total=False):
    """A plan that an operator gave."""

    #: When it ended.
    ended_at: Union[str, None]
    #: When it will end.
    ends_at: Union[str, None]
    #: Until when it can be used although a payment failed.
    grace_until: Union[str, None]
    #: Why it was granted, if somebody said so.
    note: Union[str, None]
    #: When a payment failed.
    past_due_at: Union[str, None]
    #: When it was paused.
    paused_at: Union[str, None]
    #: What the provider calls that.
    provider_status: Union[str, None]
    #: When it goes on.
    resumes_at: Union[str, None]
    #: Who said so last: the public name of a service key.
    granted_by: Union[str, None]


class ComparedView(TypedDict):
    """What a comparison came to."""

    #: What differed, and was repaired.
    drift: list["Drift"]


class _Comps(TypedDict):
    #: The gifts, newest first.
    comps: list["CompView"]


class Comps(_Comps, total=False):
    """A page of gifts."""

    #: The `before` of the next page; null on the last one.
    next: Union[int, None]


class _ConnectionView(TypedDict):
    #: Its name, which stands in its `welcome`.
    id: str
    #: Whether it is handed what comes; else it reads on at its own pace.
    live: bool
    #: Where it comes from.
    peer: str
    #: Everything it listens to up to here was handed to its socket.
    position: int
    #: Bytes that its socket has not accepted.
    queued_bytes: int
    #: What it listens to.
    topics: list[str]


class ConnectionView(_ConnectionView, total=False):
    """One connection."""

    #: Who speaks, as in `welcome`; null for a guest.
    caller: Union[Any, None]


class ConnectionsView(TypedDict):
    """The connections of one node."""

    #: At most 200 of them: those that are behind first, then the newest.
    connections: list["ConnectionView"]
    #: The newest event of this node.
    head: int
    #: The 100 topics that most listen to.
    topics: list["TopicView"]
    #: How many there are.
    total: int


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


class CountView(TypedDict):
    """How many are connected."""

    #: Websockets of this node.
    count: int


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


class Created(TypedDict):
    """A wallet that was made for a player."""

    #: The address.
    address: str
    #: The private key. It is not stored: this is the only time it is shown.
    privatekey: str


class Detail(TypedDict):
    """What is wrong with one field."""

    #: The field's path in the body, such as `allow_list[2]`, or the name of a parameter.
    field: str
    #: What it should be.
    message: str


class _Drift1(TypedDict):
    #: How it stands.
    after: "Stand"
    #: Whose.
    discord_user_id: str
    #: Why it was looked at.
    occasion: "Occasion"
    #: The provider's name for it.
    reference: str
    what: Literal["entitlement"]


class Drift1(_Drift1, total=False):
    """A subscription: no event had told of it."""

    #: How it stood here; null when it was not known.
    before: Union["Stand", None]


class Drift2(TypedDict):
    """The provider had given our webhook up."""

    #: Whether it delivers again.
    enabled: bool
    what: Literal["webhook_disabled"]


class Drift3(TypedDict):
    """Events that the provider could not deliver, and was asked to deliver again."""

    #: How many.
    redelivered: int
    what: Literal["events_missing"]


#: What differed from what a provider says, and was repaired.
Drift = Union["Drift1", "Drift2", "Drift3"]


class DriftFound(TypedDict):
    """The data of `ops.drift`."""

    #: Who says otherwise.
    provider: "Provider"


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


class Ended(TypedDict):
    """How many sessions ended."""

    #: The number.
    revoked: int


class EntitlementBody(TypedDict, total=False):
    """What a user has from a provider."""

    #: Whether it ends with the period. Else news of its renewal are awaited for an hour.
    cancel_at_period_end: bool
    #: How many months it lasts, 1 to 120; or `period_end`.
    months: Union[int, None]
    #: Why, at most 500 characters.
    note: Union[str, None]
    #: When a payment failed, for `past_due`.
    past_due_at: Union[str, None]
    #: When the period ends; or `months`.
    period_end: Union[str, None]
    #: When the period began; now, or what it was before, when absent.
    period_start: Union[str, None]
    #: The provider's product that is sold as the plan; or `tier`.
    product_id: Union[str, None]
    #: How it stands; `active` when absent. A state that is none of the list grants nothing.
    status: Union[str, None]
    #: The plan; or `product_id`.
    tier: Union[str, None]


class _EntitlementChanged(TypedDict):
    #: Whose.
    discord_user_id: str
    #: What the user has now, as the access check answers it; open sessions are told by their own events.
    entitlement: "AccessView"


class EntitlementChanged(_EntitlementChanged, total=False):
    """What a user has is no longer what it was."""

    #: The entitlement that changed; null when it was time alone that changed what the user has.
    changed: Union["EntitlementView", None]


class _EntitlementView(TypedDict):
    #: Whether it ends with the period.
    cancel_at_period_end: bool
    #: Its number.
    id: int
    #: When its period ends.
    period_end: str
    #: When its period began.
    period_start: str
    #: The plan's name for people.
    plan: str
    #: Where it comes from.
    provider: "Provider"
    #: The provider's name for it.
    ref: str
    #: How it stands.
    status: "Status"
    #: The plan.
    tier: str
    #: Rises by 1 with each change.
    version: int


class EntitlementView(_EntitlementView, total=False):
    """What one provider grants to one user."""

    #: When it ended.
    ended_at: Union[str, None]
    #: When it will end.
    ends_at: Union[str, None]
    #: Until when it can be used although a payment failed.
    grace_until: Union[str, None]
    #: Why it was granted, if somebody said so.
    note: Union[str, None]
    #: When a payment failed.
    past_due_at: Union[str, None]
    #: When it was paused.
    paused_at: Union[str, None]
    #: What the provider calls that.
    provider_status: Union[str, None]
    #: When it goes on.
    resumes_at: Union[str, None]


#: Why minutes stand in the ledger.
EntryReason = Literal["server_session", "admin_adjustment", "correction"]


class _EntryView(TypedDict):
    #: When it was added.
    at: str
    #: What of.
    entitlement_id: int
    #: Its number.
    id: int
    #: Used, or below zero given back.
    minutes: int
    #: Why.
    reason: "EntryReason"
    #: When its window ends.
    window_end: str
    #: When its window began.
    window_start: str


class EntryView(_EntryView, total=False):
    """An entry of the ledger."""

    #: What was said of it.
    note: Union[str, None]
    #: The server session, if it was one.
    session_id: Union[str, None]


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


#: How far news are that arrived.
EventStatus = Literal["processed", "ignored", "deferred", "failed"]


class FailureBody(TypedDict):
    """The body of every failed request."""

    #: Stable; programs branch on it.
    code: str
    #: The fields at fault, or what else a program needs to know; empty when there is nothing.
    details: list["Detail"]
    #: For people; it may change.
    message: str
    #: Always false.
    success: bool


class ForceBody(TypedDict):
    """A subscription that the operator makes."""

    #: Who pays.
    address: str
    #: To what.
    contract_id: int


class _GamesBody(TypedDict):
    #: As the orchestrator lists them.
    games: list[Any]


class GamesBody(_GamesBody, total=False):
    """The games that can be played."""

    #: Present when a newer list could not be had.
    stale: bool


class GiveBody(TypedDict):
    """Who gets a name."""

    #: The new owner's address.
    to: str


class HeartbeatBody(TypedDict, total=False):
    """A sign of life."""

    #: What the server is called now; cut to 128 characters.
    server_identifier: Union[str, None]


class IssueBody(TypedDict, total=False):
    """A token to issue."""

    #: Discord's hash of their picture, at most 128 characters.
    avatar: Union[str, None]
    #: What they want to be called, at most 100 characters.
    display_name: Union[str, None]
    #: Their address, 3 to 320 characters with an @.
    email: Union[str, None]
    #: Discord's unique name, at most 100 characters.
    username: Union[str, None]
    #: How long it is valid: 60 to 2,592,000 seconds; a day when absent.
    ttl_s: Union[int, None]


class KeyBody(TypedDict):
    """A private key."""

    #: The private key of the wallet that acts.
    privatekey: str


#: Who had a session started.
LaunchSource = Literal["discord_bot", "website", "api"]


class Limits(TypedDict):
    """How much a plan gives."""

    #: Server sessions that may be open at once.
    max_concurrent_servers: int
    #: Minutes of one server session at the most.
    max_session_minutes: int
    #: Minutes in each window, which is a month or the period when that is shorter.
    monthly_server_minutes: int


class LinkBody(TypedDict):
    """What proves that a wallet is the caller's."""

    #: The wallet's private key. It is not kept.
    privatekey: str


class LinkedWallet(TypedDict):
    """A wallet of a user."""

    #: Its address.
    address: str
    #: When it was linked.
    linked_at: str


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


class MyAccess(TypedDict):
    """What a user has."""

    #: The answer of the access check.
    entitlement: "AccessView"


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
    #: Events that are known to be committed and were not handed on yet.
    relay_lag: int
    #: Bytes of these.
    ring_bytes: int
    #: Events in memory now.
    ring_events: int
    #: Bytes sent to connections in the last second.
    sent_bytes: int
    #: How often sessions of wallets were opened, made new or ended, as far as the node knows since it started. When it
    #: changes, a list of sessions is old.
    session_changes: int


#: What is to be said of news beside their status.
Note = Literal["STALE", "UNKNOWN_STATUS", "IDENTITY_CONFLICT", "USER_UNKNOWN", "USER_NOT_LINKED", "PLAN_UNKNOWN", "PRODUCT_ARCHIVED", "INTERNAL"]


class NoticeBody(TypedDict, total=False):
    """What to change about the notice; what is absent stays."""

    #: The message of the day, at most 512 characters.
    motd: Union[str, None]
    #: Whether wallets may pay. While they may not, contracts are not renewed either, and nobody lapses.
    transactions_enabled: Union[bool, None]


class NoticeChanged(TypedDict):
    """The notice was changed."""

    #: The message of the day.
    motd: str
    #: When it was set.
    motd_set_at: str
    #: Whether wallets may pay.
    transactions_enabled: bool
    #: The fields that are no longer what they were: `motd`, `transactions_enabled`.
    changed: list[str]


class NoticeView(TypedDict):
    """What every client is told about the community."""

    #: The message of the day.
    motd: str
    #: When it was set.
    motd_set_at: str
    #: Whether wallets may pay.
    transactions_enabled: bool


#: Why it was compared with what the provider says.
Occasion = Literal["sync", "late", "checkout", "link", "operator"]


class _OfferBody(TypedDict):
    #: 1 to 255 characters.
    description: str
    #: The name, with or without `meta@` and suffix; the key's wallet must own it.
    name: str
    #: How long a term is in minutes.
    period: int
    #: What a term costs.
    price: Money
    #: The owner's private key.
    privatekey: str


class OfferBody(_OfferBody, total=False):
    """A contract to offer, in either spelling."""

    allowed_subscribers: Union[list[str], None]
    max_subscribers: Union[int, None]


class OfferMade(TypedDict):
    """The number of a contract."""

    id: int


class One(TypedDict):
    """A wallet."""

    #: It.
    wallet: "PlayerWalletView"


class OneEntitlement(TypedDict):
    """An entitlement."""

    #: Whose.
    discord_user_id: str
    #: What the user has now.
    entitlement: "AccessView"
    #: The entitlement.
    granted: "EntitlementView"


class OnePlan(TypedDict):
    """A plan."""

    #: The plan.
    plan: "PlanView"


class OneSession(TypedDict):
    """A session."""

    #: The session.
    session: "SessionView"


class OpenServers(TypedDict):
    """A part of the snapshot of `servers`."""

    #: Open servers, oldest first.
    servers: list["ServerView"]


class OpenWindow(TypedDict):
    """A window that is open."""

    #: What is neither used nor held.
    available_server_minutes: int
    #: What of.
    entitlement_id: int
    #: What the plan gives.
    monthly_server_minutes: int
    #: What is not used.
    remaining_server_minutes: int
    #: What is held for open sessions.
    reserved_server_minutes: int
    #: The plan.
    tier: str
    #: What was used.
    used_server_minutes: int
    #: When the minutes are new again.
    window_end: str
    #: When it began.
    window_start: str


class OpenedView(TypedDict):
    """A session's token."""

    #: The wallet.
    address: str
    #: When the token ends.
    expires: str
    #: Goes into `Authorization: Bearer`. It is shown once.
    token: str


class OrphanStopped(TypedDict):
    """A server that no session paid for was told to stop."""

    #: How often it had to be told.
    attempts: int
    #: The orchestrator's name of it.
    orchestrator_session_id: str
    #: What it was told.
    reason: str
    #: The session that it was launched for.
    session_id: str


class PartedView(TypedDict):
    """Which connection was ended."""

    #: Its name.
    id: str


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


_PaymentMade = TypedDict(
    "_PaymentMade",
    {
        "amount": Money,
        "at": str,
        "from": str,
        "from_version": int,
        "id": int,
        "to": str,
        "to_version": int,
        "type": "PaymentKind",
    },
)


class PaymentMade(_PaymentMade, total=False):
    """The data of `payment.made`."""

    #: What the payer wrote on it, behind the name that was paid.
    metadata: Union[str, None]
    #: The name that was bought, or got another owner or record.
    name: Union[str, None]
    #: The payer's own name for it.
    request_id: Union[str, None]
    #: What stood before the `@` of that name.
    sent_metaname: Union[str, None]
    #: The name whose owner was paid.
    sent_name: Union[str, None]


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


class PlanBody(TypedDict, total=False):
    """A plan to make, or what to change about it; what is absent stays."""

    #: At most 50 lines of 1 to 200 characters.
    benefits: Union[list[str], None]
    #: At most 2,000 characters.
    description: Union[str, None]
    #: The role that a bot gives; null for none.
    discord_role_id: Union[str, None]
    #: Where it stands in a list, from low to high.
    display_order: Union[int, None]
    #: Of several plans of a user, the highest counts.
    entitlement_priority: Union[int, None]
    #: Days that it still works after a payment has failed, at most 90.
    grace_days: Union[int, None]
    #: Whether it is for sale. What was bought stays.
    is_active: Union[bool, None]
    #: Server sessions that may be open at once, 1 to 1,000; 1 for a new plan.
    max_concurrent_servers: Union[int, None]
    #: Minutes of one server session, 1 to 100,000; required for a new plan.
    max_session_minutes: Union[int, None]
    #: Whole dollars, for display: at most 1,000,000.
    monthly_price_usd: Union[int, None]
    #: Minutes in each window, at most 1,000,000; required for a new plan.
    monthly_server_minutes: Union[int, None]
    #: 1 to 80 characters; the tier when a new plan has none.
    name: Union[str, None]
    #: As what it is sold elsewhere, at most 50; for the provider `contract` the id of a contract of this hub: whoever
    #: subscribes to it with a wallet that they have linked has the plan for the term.
    products: Union[list["Product"], None]


class PlanChanged(TypedDict):
    """A plan was made or changed."""

    #: The plan after it.
    plan: "PlanView"


class _PlanView(TypedDict):
    #: Server sessions that may be open at once.
    max_concurrent_servers: int
    #: Minutes of one server session at the most.
    max_session_minutes: int
    #: Minutes in each window, which is a month or the period when that is shorter.
    monthly_server_minutes: int
    #: What it brings.
    benefits: list[str]
    #: What is said of it.
    description: str
    #: Where it stands in a list.
    display_order: int
    #: Of several plans of a user, the highest counts.
    entitlement_priority: int
    #: Days that it still works after a payment has failed.
    grace_days: int
    #: Whether it is for sale.
    is_active: bool
    #: Whole dollars, for display.
    monthly_price_usd: int
    #: Its name for people.
    name: str
    #: As which products it is sold.
    products: list["Product"]
    #: Its stable name.
    tier: str
    #: When it was last changed.
    updated_at: str
    #: Rises by 1 with each change.
    version: int


class PlanView(_PlanView, total=False):
    """A plan as everybody may see it."""

    #: The role that comes with it.
    discord_role_id: Union[str, None]
    #: The first of them at Polar; null when it can't be bought there.
    polar_product_id: Union[str, None]


class Plans(TypedDict):
    """What is for sale."""

    #: In the operator's order.
    plans: list["PlanView"]


class PlayerChange(TypedDict):
    """The data of `player.linked` and `player.renamed`."""

    #: The wallet.
    address: str
    #: What they are called.
    name: str
    #: The game's UUID of the player.
    uuid: str


class PlayerWalletView(TypedDict):
    """A wallet as clients of players know it."""

    #: Its address.
    address: str
    #: What it holds.
    balance: Money
    #: When it was made.
    created_at: str
    #: A number of it, which no other route takes.
    id: int
    #: Whether it can't log in and can't pay.
    locked: bool
    #: All that it ever received.
    total_in: Money
    #: All that it ever paid.
    total_out: Money


class PortalBody(TypedDict, total=False):
    """Where to go when done."""

    #: Whose portal; programs must say, users need not.
    owner_discord_id: Union[str, None]
    #: Where the way back leads.
    return_url: Union[str, None]


class _PortalView(TypedDict):
    #: Where.
    url: str


class PortalView(_PortalView, total=False):
    """A way into the customer's own pages."""

    #: Until when it works; null when it is a link for everybody.
    expires_at: Union[str, None]


class Product(TypedDict):
    """What is sold elsewhere as a plan."""

    #: The provider's id of the product; for `contract` the id of a contract.
    product_id: str
    #: Where.
    provider: "Provider"


class ProfileBody(TypedDict, total=False):
    """What a program says of a user; what is absent stays as it was."""

    #: Discord's hash of their picture, at most 128 characters.
    avatar: Union[str, None]
    #: What they want to be called, at most 100 characters.
    display_name: Union[str, None]
    #: Their address, 3 to 320 characters with an @.
    email: Union[str, None]
    #: Discord's unique name, at most 100 characters.
    username: Union[str, None]


#: Where an entitlement comes from.
Provider = Literal["polar", "comp", "github_sponsors", "discord_server_subscription", "contract"]


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


class PurchaseChanged(TypedDict):
    """The data of `purchase.*`."""

    #: The purchase after it.
    purchase: "PurchaseView"


#: How a purchase stands. Of two news with one place in the provider's order, the later status here is the newer one.
PurchaseStatus = Literal["pending", "failed", "paid", "partially_refunded", "refunded"]


class _PurchaseView(TypedDict):
    #: What was, or is to be, paid, in cents, tax included.
    amount_cents: int
    #: Three letters.
    currency: str
    #: Whose.
    discord_user_id: str
    #: Its number here.
    id: int
    #: The provider's name for it.
    order_id: str
    #: When it was made.
    ordered_at: str
    #: Where it was made.
    provider: "Provider"
    #: What was given back, tax included.
    refunded_cents: int
    #: How it stands.
    status: "PurchaseStatus"
    #: The tax in it.
    tax_cents: int
    #: Rises by 1 with each event of the purchase.
    version: int


class PurchaseView(_PurchaseView, total=False):
    """A purchase."""

    #: The number on the invoice.
    invoice: Union[str, None]
    #: For which product.
    product_id: Union[str, None]
    #: Why it was to be paid, in the provider's word, such as `subscription_cycle`.
    reason: Union[str, None]
    #: For which subscription.
    subscription_id: Union[str, None]


class _PurchasesView(TypedDict):
    #: The purchases, newest first.
    purchases: list["PurchaseView"]


class PurchasesView(_PurchasesView, total=False):
    """A page of purchases."""

    #: The `before` of the next page; null on the last one.
    next: Union[int, None]


class _ReceiptView(TypedDict):
    #: Whether it had been done before.
    duplicate: bool
    #: How far it is.
    status: "EventStatus"


class ReceiptView(_ReceiptView, total=False):
    """What a provider is told of its event."""

    #: What is to be said of it.
    code: Union["Note", None]


class RenameBody(TypedDict):
    """What a player is called by now."""

    #: What they are called.
    username: str
    #: The game's UUID of the player.
    uuid: str


class Renamed(TypedDict):
    """A player."""

    #: What they are called.
    name: str
    #: The game's UUID.
    uuid: str


class ReportAnswer(TypedDict):
    """What became of a report. Any answer of 200 means that it is stored."""

    #: What the orchestrator may do without a call of its own: `stop`.
    commands: list[str]
    #: Whether it was heard before.
    duplicate: bool
    #: The report.
    event_id: str
    #: Where the session stands now.
    session_status: "Status"
    #: `processed`, or `ignored` when it changes nothing.
    status: str


class _ReportBody(TypedDict):
    #: `launch_accepted`, `ready`, `heartbeat`, `stopping`, `stopped`, `exited`, `killed` or `launch_failed`; others are
    #: taken note of and change nothing.
    event: str
    #: The orchestrator's name of the event, 1 to 128 characters: a repeated one changes nothing.
    event_id: str


class ReportBody(_ReportBody, total=False):
    """A report of the orchestrator. Names in camel case are read as well, numbers as text too."""

    #: Why there never was a server, for programs.
    error_code: Union[str, None]
    #: Why there never was a server, for people.
    error_message: Union[str, None]
    #: Where to connect.
    host: Union[str, None]
    #: When it happened; the receipt when absent.
    occurred_at: Union[str, None]
    #: The orchestrator's name of the session. Another one than before is another server.
    orchestrator_session_id: Union[str, None]
    #: The orchestrator's own word for the state.
    orchestrator_state: Union[str, None]
    #: What to connect with.
    password: Union[str, None]
    #: How many players there are; only passed on.
    players: Union[int, None]
    #: Where to connect, 1 to 65,535.
    port: Union[int, None]
    #: Since when players can join.
    ready_at: Union[str, None]
    #: Why it stops or ended.
    reason: Union[str, None]
    #: How long it ran; a fraction is dropped.
    runtime_seconds: Union[Union[int, Decimal], None]
    #: When the server ended.
    stopped_at: Union[str, None]


class _RoleChanged(TypedDict):
    #: Whose.
    discord_user_id: str
    #: Whether it is to be given; else it is to be taken.
    granted: bool
    #: The plan's tier.
    tier: str


class RoleChanged(_RoleChanged, total=False):
    """A role to give or to take: the feed of a bot that keeps roles right."""

    #: The plan's role; null when it has none.
    discord_role_id: Union[str, None]


class _Roles(TypedDict):
    #: By rising id of the user.
    standings: list["StandingView"]


class Roles(_Roles, total=False):
    """Who has which role."""

    #: Goes into `after` for the next page; null when there is none.
    next: Union[str, None]


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


class _ServerAnomaly(TypedDict):
    #: What can't be.
    anomaly: "Anomaly"
    #: What it reported.
    event: str
    #: Its name of the report.
    event_id: str
    #: The session that it was about.
    session_id: str


class ServerAnomaly(_ServerAnomaly, total=False):
    """The orchestrator reported something that can't be."""

    #: The server that it was about, if it said so.
    orchestrator_session_id: Union[str, None]


#: The data of `server.*`: the session after the change, in the view of the topic.
ServerChanged = Union["SessionView", "ServerView"]


class _ServerTick(TypedDict):
    #: The session.
    id: str
    #: The last sign of life.
    last_heartbeat_at: str


class ServerTick(_ServerTick, total=False):
    """The data of `server.tick`: a server lives. In no log."""

    #: How many players there are, when the orchestrator says so.
    players: Union[int, None]


class _ServerView(TypedDict):
    #: What the game is called.
    game: str
    #: Which game.
    game_code: str
    #: Where to connect.
    host: str
    #: Its name.
    id: str
    #: When it was ordered.
    started_at: str
    #: Where it stands.
    status: "Status"
    #: Raised by 1 with each event of the session, so a listener sees that nothing is missing.
    version: int


class ServerView(_ServerView, total=False):
    """A session as everybody may see it: no password, no owner."""

    #: Where to connect; null until it is known.
    port: Union[int, None]
    #: Since when players can join.
    ready_at: Union[str, None]
    #: When it ended.
    stopped_at: Union[str, None]
    #: When it has to end; null until it is ready.
    time_limit_at: Union[str, None]


class _ServerWarning(TypedDict):
    #: The minutes that are reserved, and the most that it can cost.
    allocated_minutes: int
    #: What the server is called.
    comment: str
    #: What the game is called.
    game: str
    #: Which game.
    game_code: str
    #: Where to connect.
    host: str
    #: Its name.
    id: str
    #: The last sign of life.
    last_heartbeat_at: str
    #: Why there never was a server, for programs.
    launch_error_code: str
    #: Why there never was a server, for people.
    launch_error_message: str
    #: Who had it started.
    launch_source: "LaunchSource"
    #: The orchestrator's name of the session.
    orchestrator_session_id: str
    #: The orchestrator's own word for the state.
    orchestrator_state: str
    #: Whose it is.
    owner_discord_id: str
    #: What to connect with.
    password: str
    #: The minutes that were asked for.
    requested_minutes: int
    #: A name of the server for people.
    server_identifier: str
    #: When its minutes were reserved.
    started_at: str
    #: Where it stands.
    status: "Status"
    #: Why it stops, or ended.
    stop_reason: str
    #: When it last changed.
    updated_at: str
    #: Raised by 1 with each event of the session, so a listener sees that nothing is missing.
    version: int
    #: How many: 10, 5 or 1.
    minutes_left: int


class ServerWarning(_ServerWarning, total=False):
    """A session has only so many minutes left. For its owner; it is no change of the session."""

    #: The minutes that were charged; null until it has ended.
    billed_minutes: Union[int, None]
    #: When it ends at the latest, as far as is known now.
    expires_at: Union[str, None]
    #: Where to connect; null until it is known.
    port: Union[int, None]
    #: Since when players can join.
    ready_at: Union[str, None]
    #: When its stop was asked for.
    stop_requested_at: Union[str, None]
    #: When it ended.
    stopped_at: Union[str, None]
    #: When it has to end; null until it is ready.
    time_limit_at: Union[str, None]


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


class _SessionView(TypedDict):
    #: The minutes that are reserved, and the most that it can cost.
    allocated_minutes: int
    #: What the server is called.
    comment: str
    #: What the game is called.
    game: str
    #: Which game.
    game_code: str
    #: Where to connect.
    host: str
    #: Its name.
    id: str
    #: The last sign of life.
    last_heartbeat_at: str
    #: Why there never was a server, for programs.
    launch_error_code: str
    #: Why there never was a server, for people.
    launch_error_message: str
    #: Who had it started.
    launch_source: "LaunchSource"
    #: The orchestrator's name of the session.
    orchestrator_session_id: str
    #: The orchestrator's own word for the state.
    orchestrator_state: str
    #: Whose it is.
    owner_discord_id: str
    #: What to connect with.
    password: str
    #: The minutes that were asked for.
    requested_minutes: int
    #: A name of the server for people.
    server_identifier: str
    #: When its minutes were reserved.
    started_at: str
    #: Where it stands.
    status: "Status"
    #: Why it stops, or ended.
    stop_reason: str
    #: When it last changed.
    updated_at: str
    #: Raised by 1 with each event of the session, so a listener sees that nothing is missing.
    version: int


class SessionView(_SessionView, total=False):
    """A session as its owner, bots and the orchestrator see it. Texts that are not known are empty."""

    #: The minutes that were charged; null until it has ended.
    billed_minutes: Union[int, None]
    #: When it ends at the latest, as far as is known now.
    expires_at: Union[str, None]
    #: Where to connect; null until it is known.
    port: Union[int, None]
    #: Since when players can join.
    ready_at: Union[str, None]
    #: When its stop was asked for.
    stop_requested_at: Union[str, None]
    #: When it ended.
    stopped_at: Union[str, None]
    #: When it has to end; null until it is ready.
    time_limit_at: Union[str, None]


class _SessionsBody(TypedDict):
    #: The sessions.
    sessions: list["SessionView"]


class SessionsBody(_SessionsBody, total=False):
    """A page of sessions, newest first."""

    #: The `cursor` of the next page; null on the last one.
    next_cursor: Union[str, None]


class Several(TypedDict):
    """The wallets of a player."""

    #: They, oldest first.
    wallet: list["PlayerWalletView"]


class Stand(TypedDict):
    """How a subscription stood."""

    #: Whether it ends with the period.
    cancel_at_period_end: bool
    #: Until when it is paid.
    period_end: str
    #: How.
    status: "Status"
    #: Of which plan.
    tier: str


class _StandingView(TypedDict):
    #: Who.
    discord_user_id: str
    #: The plan's tier.
    tier: str


class StandingView(_StandingView, total=False):
    """Which plan a user has, and the role that comes with it."""

    #: The plan's role; null when it has none.
    discord_role_id: Union[str, None]


class _StartBody(TypedDict):
    #: Which game; `gameCode` is read as well, and so are the other names in camel case.
    game_code: str


class StartBody(_StartBody, total=False):
    """What to start."""

    #: What the server is called; cut to 120 characters.
    comment: Union[str, None]
    #: What the game is called; the code when absent.
    game: Union[str, None]
    #: An object of at most 4,096 characters that is kept with the session.
    launch_context: Union[Any, None]
    #: `api` for a program of the user's; a page and a bot are known as what they are.
    launch_source: Union[str, None]
    #: For whom a bot starts.
    owner_discord_id: Union[str, None]
    #: What players connect with; cut to 80 characters.
    password: Union[str, None]
    #: Whole minutes, at least 5; absent, null and 0 are as long as the plan allows.
    requested_minutes: Union[int, None]


#: How an entitlement stands with its provider.
Status = Literal["active", "trialing", "past_due", "canceled", "expired", "inactive"]


class StopBody(TypedDict, total=False):
    """Why to stop."""

    #: Cut to 80 characters; `stopped` when absent.
    reason: Union[str, None]


class SubjectBody(TypedDict, total=False):
    """Whose subscription."""

    #: Whose; programs must say, users need not.
    owner_discord_id: Union[str, None]


class SubscribeBody(TypedDict, total=False):
    """How to subscribe."""

    #: A higher price is refused: it may have changed since it was read.
    max_price: Union[Money, None]


class SubscribedOffer(TypedDict, total=False):
    """When the next term is paid, in both spellings."""

    nextPayment: Union[str, None]
    next_payment: Union[str, None]


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


class _SubscriptionOffer(TypedDict):
    #: When the contract was made.
    created: str
    #: What is said of it.
    description: str
    #: Its number.
    id: int
    #: The name that it belongs to, such as `shop@bakery.kro`; the owner's address when it belongs to none.
    name: str
    #: Whether it owns the contract.
    owns: bool
    #: How long a term is in minutes; 0 for one that the calendar gives.
    period: int
    #: What a term costs.
    price: Money
    #: `active`, `closed` or `cancelled`.
    status: str
    #: Whether the wallet that asks is subscribed.
    subscribed: bool
    #: How many are subscribed.
    subscribers: int
    #: Whether it may leave.
    unsubscribable: bool


class SubscriptionOffer(_SubscriptionOffer, total=False):
    """A contract, in both spellings."""

    allowedSubscribers: Union[list[str], None]
    #: Who may subscribe; only the owner is told.
    allowed_subscribers: Union[list[str], None]
    maxSubscribers: Union[int, None]
    max_subscribers: Union[int, None]
    nextPayment: Union[str, None]
    #: When it pays next.
    next_payment: Union[str, None]


class SubscriptionOffers(TypedDict):
    """A page of contracts."""

    #: How many are on this page.
    count: int
    #: They themselves.
    subscriptions: list["SubscriptionOffer"]
    #: How many there are.
    total: int


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


class Success_AdjustedView(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: Whose.
    discord_user_id: str
    #: Whether it was there before.
    duplicate: bool
    #: What the user has now.
    entitlement: "AccessView"
    #: The entry's name.
    entry_key: str
    #: When the window began in which it counts.
    window_start: str
    #: Always true.
    success: bool


class Success_BoughtAnswer(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: The subscription.
    subscription: "BoughtView"
    #: Always true.
    success: bool


class _Success_CheckoutAnswer(TypedDict):
    #: The provider's name for it.
    checkout_id: str
    #: Who.
    discord_user_id: str
    #: Until when it can be paid.
    expires_at: str
    #: How it stands. `confirmed` means that the buyer pressed pay, `succeeded` that it is paid.
    status: "CheckoutStatus"
    #: Always true.
    success: bool


class Success_CheckoutAnswer(_Success_CheckoutAnswer, total=False):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: For which plan; null when it is sold as none.
    tier: Union[str, None]
    #: Where its page is.
    url: Union[str, None]


class Success_ComparedView(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: What differed, and was repaired.
    drift: list["Drift"]
    #: Always true.
    success: bool


class _Success_Comps(TypedDict):
    #: The gifts, newest first.
    comps: list["CompView"]
    #: Always true.
    success: bool


class Success_Comps(_Success_Comps, total=False):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: The `before` of the next page; null on the last one.
    next: Union[int, None]


class _Success_GamesBody(TypedDict):
    #: As the orchestrator lists them.
    games: list[Any]
    #: Always true.
    success: bool


class Success_GamesBody(_Success_GamesBody, total=False):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: Present when a newer list could not be had.
    stale: bool


class Success_MyAccess(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: The answer of the access check.
    entitlement: "AccessView"
    #: Always true.
    success: bool


class Success_OneEntitlement(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: Whose.
    discord_user_id: str
    #: What the user has now.
    entitlement: "AccessView"
    #: The entitlement.
    granted: "EntitlementView"
    #: Always true.
    success: bool


class Success_OnePlan(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: The plan.
    plan: "PlanView"
    #: Always true.
    success: bool


class Success_OneSession(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: The session.
    session: "SessionView"
    #: Always true.
    success: bool


class Success_Plans(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: In the operator's order.
    plans: list["PlanView"]
    #: Always true.
    success: bool


class _Success_PortalView(TypedDict):
    #: Where.
    url: str
    #: Always true.
    success: bool


class Success_PortalView(_Success_PortalView, total=False):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: Until when it works; null when it is a link for everybody.
    expires_at: Union[str, None]


class _Success_PurchasesView(TypedDict):
    #: The purchases, newest first.
    purchases: list["PurchaseView"]
    #: Always true.
    success: bool


class Success_PurchasesView(_Success_PurchasesView, total=False):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: The `before` of the next page; null on the last one.
    next: Union[int, None]


class _Success_ReceiptView(TypedDict):
    #: Whether it had been done before.
    duplicate: bool
    #: How far it is.
    status: "EventStatus"
    #: Always true.
    success: bool


class Success_ReceiptView(_Success_ReceiptView, total=False):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: What is to be said of it.
    code: Union["Note", None]


class Success_ReportAnswer(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: What the orchestrator may do without a call of its own: `stop`.
    commands: list[str]
    #: Whether it was heard before.
    duplicate: bool
    #: The report.
    event_id: str
    #: Where the session stands now.
    session_status: "Status"
    #: `processed`, or `ignored` when it changes nothing.
    status: str
    #: Always true.
    success: bool


class _Success_Roles(TypedDict):
    #: By rising id of the user.
    standings: list["StandingView"]
    #: Always true.
    success: bool


class Success_Roles(_Success_Roles, total=False):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: Goes into `after` for the next page; null when there is none.
    next: Union[str, None]


class _Success_SessionsBody(TypedDict):
    #: The sessions.
    sessions: list["SessionView"]
    #: Always true.
    success: bool


class Success_SessionsBody(_Success_SessionsBody, total=False):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: The `cursor` of the next page; null on the last one.
    next_cursor: Union[str, None]


class Success_TheirAccess(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: Who.
    discord_user_id: str
    #: The answer of the access check.
    entitlement: "AccessView"
    #: Always true.
    success: bool


class Success_Usage(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: Whose.
    discord_user_id: str
    #: The windows and their entries.
    usage: "UsageView"
    #: Always true.
    success: bool


class Success_WebhookEventAnswer(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: The event, as it stands now.
    event: "WebhookEventView"
    #: Always true.
    success: bool


class _Success_WebhookEventsAnswer(TypedDict):
    #: The events, newest first.
    events: list["WebhookEventView"]
    #: Always true.
    success: bool


class Success_WebhookEventsAnswer(_Success_WebhookEventsAnswer, total=False):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: The `before` of the next page; null on the last one.
    next: Union[int, None]


class SupplyView(TypedDict):
    """How much money there is."""

    #: The sum of all balances but the system's own.
    supply: Money


class TheirAccess(TypedDict):
    """What somebody has."""

    #: Who.
    discord_user_id: str
    #: The answer of the access check.
    entitlement: "AccessView"


class TicketView(TypedDict):
    """A ticket for one websocket."""

    #: Seconds until it is worth nothing.
    expires_in_s: int
    #: Goes into `?ticket=` of `/api/v1/ws`, once.
    ticket: str


class TokenView(TypedDict):
    """A user's token, shown once."""

    #: Whose it is.
    discord_user_id: str
    #: When it ends.
    expires: str
    #: Goes into `Authorization: Bearer` or `Authorization: Token`.
    token: str


class TopicView(TypedDict):
    """A topic and how many listen to it."""

    #: Connections of this node that listen to it.
    connections: int
    #: The topic.
    topic: str


class UpdateBody(TypedDict, total=False):
    """What to change about a name."""

    #: Where it leads: 1 to 255 visible ASCII characters, of which the first is none of `.?#`; null for nowhere.
    record: Union[str, None]


class Usage(TypedDict):
    """What was used."""

    #: Whose.
    discord_user_id: str
    #: The windows and their entries.
    usage: "UsageView"


class _UsageHeld(TypedDict):
    #: What is neither used nor held.
    available_server_minutes: int
    #: The entitlement.
    entitlement_id: int
    #: What the plan gives in a window.
    monthly_server_minutes: int
    #: What is not used.
    remaining_server_minutes: int
    #: What is held for open sessions.
    reserved_server_minutes: int
    #: Its plan.
    tier: str
    #: What was used.
    used_server_minutes: int
    #: When it ends.
    window_end: str
    #: When the window began.
    window_start: str
    #: Whose.
    discord_user_id: str
    #: How many minutes.
    minutes: int


class UsageHeld(_UsageHeld, total=False):
    """The data of `usage.reserved` and `usage.released`."""

    #: The server session.
    session_id: Union[str, None]


class _UsageRecorded(TypedDict):
    #: What is neither used nor held.
    available_server_minutes: int
    #: The entitlement.
    entitlement_id: int
    #: What the plan gives in a window.
    monthly_server_minutes: int
    #: What is not used.
    remaining_server_minutes: int
    #: What is held for open sessions.
    reserved_server_minutes: int
    #: Its plan.
    tier: str
    #: What was used.
    used_server_minutes: int
    #: When it ends.
    window_end: str
    #: When the window began.
    window_start: str
    #: Whose.
    discord_user_id: str
    #: The number of the entry.
    entry_id: int
    #: Used, or below zero given back.
    minutes: int
    #: Why.
    reason: "EntryReason"


class UsageRecorded(_UsageRecorded, total=False):
    """The data of `usage.recorded`."""

    #: What was said of it.
    note: Union[str, None]
    #: The server session, if it was one.
    session_id: Union[str, None]


class UsageThreshold(TypedDict):
    """A share of a window's minutes is used. Each share is told once in a window."""

    #: What is neither used nor held.
    available_server_minutes: int
    #: The entitlement.
    entitlement_id: int
    #: What the plan gives in a window.
    monthly_server_minutes: int
    #: What is not used.
    remaining_server_minutes: int
    #: What is held for open sessions.
    reserved_server_minutes: int
    #: Its plan.
    tier: str
    #: What was used.
    used_server_minutes: int
    #: When it ends.
    window_end: str
    #: When the window began.
    window_start: str
    #: Whose.
    discord_user_id: str
    #: The share: 80 or 100.
    percent: int


class UsageView(TypedDict):
    """What was used in the windows of a time."""

    #: The time that was asked for.
    at: str
    #: The entries, the newest first; at most 500.
    entries: list["EntryView"]
    #: Minutes used in all windows, less what was given back.
    used_server_minutes: int
    #: The windows that can be used, when it was asked for now; the user's plan first.
    windows: list["OpenWindow"]


class UsageWindow(TypedDict):
    """How a window stands after an event."""

    #: What is neither used nor held.
    available_server_minutes: int
    #: The entitlement.
    entitlement_id: int
    #: What the plan gives in a window.
    monthly_server_minutes: int
    #: What is not used.
    remaining_server_minutes: int
    #: What is held for open sessions.
    reserved_server_minutes: int
    #: Its plan.
    tier: str
    #: What was used.
    used_server_minutes: int
    #: When it ends.
    window_end: str
    #: When the window began.
    window_start: str


class _User(TypedDict):
    #: Discord's id, which is the user's own.
    discord_user_id: str
    #: When they were linked.
    linked_at: str
    #: Discord's unique name; empty when nobody said it.
    username: str
    #: Rises by 1 with each event of the user.
    version: int


class User(_User, total=False):
    """What is known of a person."""

    #: Discord's hash of their picture.
    avatar: Union[str, None]
    #: What they want to be called.
    display_name: Union[str, None]


class UserLinked(TypedDict):
    """A user was linked."""

    #: Who.
    user: "User"


class _UserSessionView(TypedDict):
    #: When it was opened.
    created_at: str
    #: When its token ends.
    expires_at: str
    #: Its public id.
    id: str


class UserSessionView(_UserSessionView, total=False):
    """A live session of a user."""

    #: The service key that issued it; null when they signed in themselves.
    issued_by: Union[str, None]
    #: What the client calls itself.
    user_agent: Union[str, None]


class _UserView(TypedDict):
    #: Discord's id, which is the user's own.
    discord_user_id: str
    #: When they were linked.
    linked_at: str
    #: Discord's unique name; empty when nobody said it.
    username: str
    #: Rises by 1 with each event of the user.
    version: int
    #: Their wallets.
    wallets: list["LinkedWallet"]


class UserView(_UserView, total=False):
    """A user and what is theirs."""

    #: Discord's hash of their picture.
    avatar: Union[str, None]
    #: What they want to be called.
    display_name: Union[str, None]
    #: What a page that came by cookie sends as `X-CSRF-Token` to change something; absent for others.
    csrf_token: Union[str, None]
    #: The address that Discord gave, if it did.
    email: Union[str, None]


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


class WalletLink(TypedDict):
    """The data of `user.wallet_linked` and `user.wallet_unlinked`."""

    #: Which.
    address: str
    #: Whose.
    discord_user_id: str
    #: The user's version: dense, so a listener sees that nothing is missing.
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


class WalletsView(TypedDict):
    """The wallets of a user."""

    #: Whose.
    discord_user_id: str
    #: The wallets.
    wallets: list["LinkedWallet"]


class Ways(TypedDict):
    """How people can sign in; a token works always."""

    #: Whether `GET /api/v1/sign-in/discord` leads to Discord.
    discord: bool


class WebhookEventAnswer(TypedDict):
    """An event."""

    #: The event, as it stands now.
    event: "WebhookEventView"


class _WebhookEventView(TypedDict):
    #: How often it was tried, here and by the provider.
    attempts: int
    #: The provider's name for it.
    event_id: str
    #: Its number here.
    id: int
    #: Who sent it.
    provider: "Provider"
    #: When it arrived first.
    received_at: str
    #: How far it is.
    status: "EventStatus"
    #: When the provider told it.
    told_at: str
    #: Its type, in the provider's word.
    type: str


class WebhookEventView(_WebhookEventView, total=False):
    """An event of a provider."""

    #: The provider's customer it waits for.
    awaits_customer: Union[str, None]
    #: The product it waits for.
    awaits_product: Union[str, None]
    #: The user it waits for.
    awaits_user: Union[str, None]
    #: What is to be said of it.
    code: Union["Note", None]
    #: When it is tried again; null when it is not.
    next_attempt_at: Union[str, None]
    #: When it was done.
    processed_at: Union[str, None]


class _WebhookEventsAnswer(TypedDict):
    #: The events, newest first.
    events: list["WebhookEventView"]


class WebhookEventsAnswer(_WebhookEventsAnswer, total=False):
    """A page of events."""

    #: The `before` of the next page; null on the last one.
    next: Union[int, None]


class _WebhookFailed(TypedDict):
    #: How often it was tried.
    attempts: int
    #: What is the matter.
    code: "Note"
    #: The provider's name for it.
    event_id: str
    #: Its number here, to replay it.
    id: int
    #: Who sent it.
    provider: "Provider"
    #: How far it is.
    status: "EventStatus"
    #: Its type, in the provider's word.
    type: str


class WebhookFailed(_WebhookFailed, total=False):
    """A provider's event could not be applied as it should, or says something that an operator should look at."""

    #: When it is tried again; null when it is not.
    next_attempt_at: Union[str, None]


class WebhookSettled(TypedDict):
    """A provider's event of which operators were told needs them no more: it was applied, or there is nothing to
    apply."""

    #: How often it was tried.
    attempts: int
    #: The provider's name for it.
    event_id: str
    #: Its number here.
    id: int
    #: Who sent it.
    provider: "Provider"
    #: How far it is: `processed` or `ignored`.
    status: "EventStatus"
    #: Its type, in the provider's word.
    type: str


#: When another plan begins.
When = Literal["now", "period_end"]


class CheckoutChangedEvent(Event):
    """A checkout was opened, or became something else."""

    KIND: ClassVar[str] = "checkout.changed"
    kind: Literal["checkout.changed"]
    data: CheckoutChanged


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


class EntitlementChangedEvent(Event):
    """What a user has is no longer what it was."""

    KIND: ClassVar[str] = "entitlement.changed"
    kind: Literal["entitlement.changed"]
    data: EntitlementChanged


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


class NoticeChangedEvent(Event):
    """The operator set the message of the day, or switched payments on or off."""

    KIND: ClassVar[str] = "notice.changed"
    kind: Literal["notice.changed"]
    data: NoticeChanged


class OpsActedEvent(Event):
    """An operator did something; the event stands in the transaction of what was done."""

    KIND: ClassVar[str] = "ops.acted"
    kind: Literal["ops.acted"]
    data: Acted


class OpsClockAdvancedEvent(Event):
    """Somebody moved the test clock of a hub that was started with --dev."""

    KIND: ClassVar[str] = "ops.clock_advanced"
    kind: Literal["ops.clock_advanced"]
    data: ClockAdvanced


class OpsDriftEvent(Event):
    """Something differed from what a provider says, and was repaired."""

    KIND: ClassVar[str] = "ops.drift"
    kind: Literal["ops.drift"]
    data: DriftFound


class OpsOrphanStoppedEvent(Event):
    """A server that no session paid for was told to stop, and has heard it."""

    KIND: ClassVar[str] = "ops.orphan_stopped"
    kind: Literal["ops.orphan_stopped"]
    data: OrphanStopped


class OpsServerAnomalyEvent(Event):
    """The orchestrator reported what can't be."""

    KIND: ClassVar[str] = "ops.server_anomaly"
    kind: Literal["ops.server_anomaly"]
    data: ServerAnomaly


class OpsWebhookFailedEvent(Event):
    """An event of a provider waits, failed, or says something that an operator should look at."""

    KIND: ClassVar[str] = "ops.webhook_failed"
    kind: Literal["ops.webhook_failed"]
    data: WebhookFailed


class OpsWebhookSettledEvent(Event):
    """An event of a provider of which operators were told was applied, or needs nothing."""

    KIND: ClassVar[str] = "ops.webhook_settled"
    kind: Literal["ops.webhook_settled"]
    data: WebhookSettled


class PaymentMadeEvent(Event):
    """Money moved from one wallet to another."""

    KIND: ClassVar[str] = "payment.made"
    kind: Literal["payment.made"]
    data: PaymentMade


class PlanChangedEvent(Event):
    """The operator made or changed a plan."""

    KIND: ClassVar[str] = "plan.changed"
    kind: Literal["plan.changed"]
    data: PlanChanged


class PlayerLinkedEvent(Event):
    """The game made the wallet for a player."""

    KIND: ClassVar[str] = "player.linked"
    kind: Literal["player.linked"]
    data: PlayerChange


class PlayerRenamedEvent(Event):
    """The player of the wallet is called otherwise."""

    KIND: ClassVar[str] = "player.renamed"
    kind: Literal["player.renamed"]
    data: PlayerChange


class PurchaseFailedEvent(Event):
    """A payment failed; the provider may try again."""

    KIND: ClassVar[str] = "purchase.failed"
    kind: Literal["purchase.failed"]
    data: PurchaseChanged


class PurchasePaidEvent(Event):
    """Money came in for a purchase."""

    KIND: ClassVar[str] = "purchase.paid"
    kind: Literal["purchase.paid"]
    data: PurchaseChanged


class PurchaseRefundedEvent(Event):
    """Money of a purchase was given back."""

    KIND: ClassVar[str] = "purchase.refunded"
    kind: Literal["purchase.refunded"]
    data: PurchaseChanged


class RoleChangedEvent(Event):
    """A bot should give or take the role of a plan."""

    KIND: ClassVar[str] = "role.changed"
    kind: Literal["role.changed"]
    data: RoleChanged


class ServerExpiredEvent(Event):
    """The hub gave the session up: its server was silent, or its stop was never confirmed."""

    KIND: ClassVar[str] = "server.expired"
    kind: Literal["server.expired"]
    data: ServerChanged


class ServerFailedEvent(Event):
    """There never was a server, and nothing is charged."""

    KIND: ClassVar[str] = "server.failed"
    kind: Literal["server.failed"]
    data: ServerChanged


class ServerKilledEvent(Event):
    """The orchestrator ended the server the hard way."""

    KIND: ClassVar[str] = "server.killed"
    kind: Literal["server.killed"]
    data: ServerChanged


class ServerLaunchingEvent(Event):
    """The orchestrator is at it."""

    KIND: ClassVar[str] = "server.launching"
    kind: Literal["server.launching"]
    data: ServerChanged


class ServerPendingEvent(Event):
    """Minutes are reserved and a server is ordered."""

    KIND: ClassVar[str] = "server.pending"
    kind: Literal["server.pending"]
    data: ServerChanged


class ServerReadyEvent(Event):
    """Players can join."""

    KIND: ClassVar[str] = "server.ready"
    kind: Literal["server.ready"]
    data: ServerChanged


class ServerStoppedEvent(Event):
    """The server is down and its minutes are charged."""

    KIND: ClassVar[str] = "server.stopped"
    kind: Literal["server.stopped"]
    data: ServerChanged


class ServerStoppingEvent(Event):
    """The server is going down."""

    KIND: ClassVar[str] = "server.stopping"
    kind: Literal["server.stopping"]
    data: ServerChanged


class ServerTickHint(Hint):
    """A server lives; at most once in half a minute."""

    kind: Literal["server.tick"]
    data: ServerTick


class ServerUpdatedEvent(Event):
    """Something else is known of the session, which stands where it stood."""

    KIND: ClassVar[str] = "server.updated"
    kind: Literal["server.updated"]
    data: ServerChanged


class ServerWarningEvent(Event):
    """So many minutes are left. For its owner only."""

    KIND: ClassVar[str] = "server.warning"
    kind: Literal["server.warning"]
    data: ServerWarning


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


class UsageRecordedEvent(Event):
    """Minutes were used, or given back."""

    KIND: ClassVar[str] = "usage.recorded"
    kind: Literal["usage.recorded"]
    data: UsageRecorded


class UsageReleasedEvent(Event):
    """Minutes that were held are free again, and nothing was charged."""

    KIND: ClassVar[str] = "usage.released"
    kind: Literal["usage.released"]
    data: UsageHeld


class UsageReservedEvent(Event):
    """Minutes are held for a server session."""

    KIND: ClassVar[str] = "usage.reserved"
    kind: Literal["usage.reserved"]
    data: UsageHeld


class UsageThresholdEvent(Event):
    """A share of a window's minutes is used; each share is told once in a window."""

    KIND: ClassVar[str] = "usage.threshold"
    kind: Literal["usage.threshold"]
    data: UsageThreshold


class UserLinkedEvent(Event):
    """Somebody signed in with Discord, or a program vouched for them, for the first time."""

    KIND: ClassVar[str] = "user.linked"
    kind: Literal["user.linked"]
    data: UserLinked


class UserWalletLinkedEvent(Event):
    """A user proved that a wallet is theirs."""

    KIND: ClassVar[str] = "user.wallet_linked"
    kind: Literal["user.wallet_linked"]
    data: WalletLink


class UserWalletUnlinkedEvent(Event):
    """A wallet is no longer a user's."""

    KIND: ClassVar[str] = "user.wallet_unlinked"
    kind: Literal["user.wallet_unlinked"]
    data: WalletLink


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
    "checkout.changed": CheckoutChangedEvent,
    "contract.canceled": ContractCanceledEvent,
    "contract.closed": ContractClosedEvent,
    "contract.created": ContractCreatedEvent,
    "contract.edited": ContractEditedEvent,
    "contract.opened": ContractOpenedEvent,
    "entitlement.changed": EntitlementChangedEvent,
    "name.registered": NameRegisteredEvent,
    "name.transferred": NameTransferredEvent,
    "name.updated": NameUpdatedEvent,
    "notice.changed": NoticeChangedEvent,
    "ops.acted": OpsActedEvent,
    "ops.clock_advanced": OpsClockAdvancedEvent,
    "ops.drift": OpsDriftEvent,
    "ops.orphan_stopped": OpsOrphanStoppedEvent,
    "ops.server_anomaly": OpsServerAnomalyEvent,
    "ops.webhook_failed": OpsWebhookFailedEvent,
    "ops.webhook_settled": OpsWebhookSettledEvent,
    "payment.made": PaymentMadeEvent,
    "plan.changed": PlanChangedEvent,
    "player.linked": PlayerLinkedEvent,
    "player.renamed": PlayerRenamedEvent,
    "purchase.failed": PurchaseFailedEvent,
    "purchase.paid": PurchasePaidEvent,
    "purchase.refunded": PurchaseRefundedEvent,
    "role.changed": RoleChangedEvent,
    "server.expired": ServerExpiredEvent,
    "server.failed": ServerFailedEvent,
    "server.killed": ServerKilledEvent,
    "server.launching": ServerLaunchingEvent,
    "server.pending": ServerPendingEvent,
    "server.ready": ServerReadyEvent,
    "server.stopped": ServerStoppedEvent,
    "server.stopping": ServerStoppingEvent,
    "server.updated": ServerUpdatedEvent,
    "server.warning": ServerWarningEvent,
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
    "usage.recorded": UsageRecordedEvent,
    "usage.released": UsageReleasedEvent,
    "usage.reserved": UsageReservedEvent,
    "usage.threshold": UsageThresholdEvent,
    "user.linked": UserLinkedEvent,
    "user.wallet_linked": UserWalletLinkedEvent,
    "user.wallet_unlinked": UserWalletUnlinkedEvent,
    "wallet.created": WalletCreatedEvent,
    "wallet.locked": WalletLockedEvent,
    "wallet.unlocked": WalletUnlockedEvent,
}
