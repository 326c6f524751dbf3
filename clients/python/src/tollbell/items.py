"""What the application receives: events, snapshots and everything it must be told about the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Position:
    """A reader's whole position: everything up to `seq` of the history named `epoch` has been received."""

    epoch: str
    seq: int


@dataclass(frozen=True)
class Event:
    """A committed change. Each comes once, in rising `seq`. `tollbell.schema` has a class for each kind."""

    #: The kind that a class of `tollbell.schema` stands for; empty here.
    KIND: ClassVar[str] = ""

    seq: int
    #: What happened, such as `payment.made`.
    kind: str
    topics: list[str]
    #: When it was committed, RFC 3339.
    at: str
    #: The body. Numbers with decimals are `decimal.Decimal`, so amounts are exact.
    data: Any


@dataclass(frozen=True)
class Snapshot:
    """The state of a topic at a position, whole or in parts. Part 1 begins anew, also after a lost link."""

    topic: str
    seq: int
    part: int
    last: bool
    data: Any


@dataclass(frozen=True)
class Live:
    """Catching up is complete: what follows happens now."""

    seq: int


@dataclass(frozen=True)
class Hint:
    """A live-only notice without a position; it may be missed."""

    kind: str
    topics: list[str]
    data: Any


@dataclass(frozen=True)
class Gap:
    """Events between `held` and what follows may be missing and cannot be had any more.

    State that was built from events is to be read anew: from the snapshots that follow when they were asked for, else
    over REST.
    """

    #: `gone` when the server no longer keeps events that old, `epoch_changed` when its history is another one.
    reason: str
    #: The last position that was complete.
    held: Position
    #: The oldest event the server still has, when it said so.
    oldest: int | None


@dataclass(frozen=True)
class Revoked:
    """Topics that may not be listened to any more. The others go on."""

    topics: list[str]
    code: str


@dataclass(frozen=True)
class Connected:
    """Subscribed; events follow."""


@dataclass(frozen=True)
class Reconnecting:
    """The link is lost. The next attempt begins in `in_s` seconds, and nothing will be missing after it."""

    in_s: float
    reason: str


class Stopped(Exception):
    """The client gave up: no attempt follows.

    `code` says why: a websocket close code, an HTTP status, or a stable word such as `forbidden`, `unauthorized`,
    `no_topics`.
    """

    def __init__(self, code: int | str, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code
        self.reason = reason


#: One item of the stream, in the order in which it holds.
Item = Event | Snapshot | Live | Hint | Gap | Revoked | Connected | Reconnecting
