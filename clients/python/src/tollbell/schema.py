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


class GiveBody(TypedDict):
    """Who gets a name."""

    #: The new owner's address.
    to: str


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
    #: Bytes of these.
    ring_bytes: int
    #: Events in memory now.
    ring_events: int
    #: Bytes sent to connections in the last second.
    sent_bytes: int


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


class _StandingView(TypedDict):
    #: Who.
    discord_user_id: str
    #: The plan's tier.
    tier: str


class StandingView(_StandingView, total=False):
    """Which plan a user has, and the role that comes with it."""

    #: The plan's role; null when it has none.
    discord_role_id: Union[str, None]


class Standings(TypedDict):
    """Who has which plan."""

    #: By rising id.
    standings: list["StandingView"]


#: How an entitlement stands with its provider.
Status = Literal["active", "trialing", "past_due", "canceled", "expired", "inactive"]


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


class Success_Plans(TypedDict):
    """A successful answer: `{"success":true}` and the fields of the body beside it."""

    #: In the operator's order.
    plans: list["PlanView"]
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


class PlanChangedEvent(Event):
    """The operator made or changed a plan."""

    KIND: ClassVar[str] = "plan.changed"
    kind: Literal["plan.changed"]
    data: PlanChanged


class RoleChangedEvent(Event):
    """A bot should give or take the role of a plan."""

    KIND: ClassVar[str] = "role.changed"
    kind: Literal["role.changed"]
    data: RoleChanged


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
    "contract.canceled": ContractCanceledEvent,
    "contract.closed": ContractClosedEvent,
    "contract.created": ContractCreatedEvent,
    "contract.edited": ContractEditedEvent,
    "contract.opened": ContractOpenedEvent,
    "entitlement.changed": EntitlementChangedEvent,
    "name.registered": NameRegisteredEvent,
    "name.transferred": NameTransferredEvent,
    "name.updated": NameUpdatedEvent,
    "ops.clock_advanced": OpsClockAdvancedEvent,
    "payment.made": PaymentMadeEvent,
    "plan.changed": PlanChangedEvent,
    "role.changed": RoleChangedEvent,
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
