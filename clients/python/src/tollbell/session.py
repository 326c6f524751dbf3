"""The state machine of a client's session, without IO: what happened goes in, what is to be done comes out.

A session has one position and up to two links. Usually there is one link; while the server drains, the next one opens
beside it. Events of both are accepted by one rule: a link that was subscribed with `since` delivers everything behind
`since` in order, so whatever it brings beyond the position is the next event, and whatever is not beyond it is known.
Links can therefore overlap without a gap or a duplicate, as long as there is a position to compare with; a link that
subscribes without one becomes the only link.

Invariants: the position never falls within an epoch, and rises only over what the application was given; a lost link
leads to exactly one of: another link goes on, an attempt is due, a token is being fetched, the session has stopped.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .items import Connected, Event, Gap, Hint, Item, Live, Position, Reconnecting, Revoked, Snapshot, Stopped
from .losses import NOT_BEFORE_S, SPREAD_S, Advice, Loss
from .schema import EVENTS

log = logging.getLogger("tollbell")

#: The close code for a link this client is done with.
CLOSE_DONE = 1000
#: The close code for a link on which the server spoke nonsense.
CLOSE_PROTOCOL = 1002


@dataclass(frozen=True)
class Timing:
    """Waiting times in seconds. The defaults suit everyone; tests make them short."""

    #: The ceiling of the first random wait before an attempt; it doubles with each failure.
    backoff_min: float = 0.25
    #: The highest ceiling.
    backoff_max: float = 20.0
    #: A link that lasted this long clears the count of failures.
    stable_after: float = 30.0
    #: How long opening a socket may take until the server's greeting.
    open_within: float = 10.0
    #: How much longer than the server's own ping interval silence may last.
    ping_grace: float = 10.0


@dataclass(frozen=True)
class Plan:
    """What the application asked for."""

    topics: Sequence[str]
    kinds: Sequence[str] = ()
    #: The number behind which to begin, in whatever history the first greeting names.
    begin_at: int | None = None
    #: Whether to begin with snapshots when there is no position to resume.
    snapshot: bool = False
    #: Whether tokens can be fetched; without, the caller is a guest.
    credentialed: bool = False
    timing: Timing = field(default_factory=Timing)


# ---- what is to be done, in this order ----


@dataclass(frozen=True)
class Open:
    """Open a socket with this token; its frames come in under this link's number."""

    link: int
    token: str | None


@dataclass(frozen=True)
class Send:
    """Send a message on a link."""

    link: int
    message: dict[str, Any]


@dataclass(frozen=True)
class Close:
    """Close the link, opening or open. Nothing of it comes in any more."""

    link: int
    code: int


@dataclass(frozen=True)
class FetchToken:
    """Ask the application for a token, and bring the answer to `token_came`."""


@dataclass(frozen=True)
class Emit:
    """Give this to the application."""

    item: Item


@dataclass(frozen=True)
class Save:
    """Persist this position once the application has taken everything emitted before."""

    position: Position


@dataclass(frozen=True)
class Stop:
    """The session is over."""

    why: Stopped


Action = Open | Send | Close | FetchToken | Emit | Save | Stop


@dataclass
class Link:
    """One websocket as the session sees it."""

    id: int
    #: The token the server knows this link by.
    token: str | None
    #: The last sign of life, or when opening began.
    heard: float
    #: How long silence is borne.
    silence: float
    #: The history the server speaks of; none before its greeting.
    epoch: str | None = None
    #: The unanswered subscribe.
    request: int | None = None
    #: Whether that subscribe named a position.
    resuming: bool = False
    #: When the subscription was accepted.
    joined_at: float | None = None
    #: The unanswered `auth` and its token.
    presented: tuple[int, str] | None = None
    #: When the server wants this link to be replaced.
    replace_at: float | None = None
    #: Before when the server does not want to hear of us again.
    told: float | None = None


class Session:
    """Takes in what happened by its methods; each returns the actions that follow. `now` is monotonic seconds, `roll`
    chance from 0 (included) to 1 (excluded)."""

    def __init__(self, plan: Plan, position: Position | None, now: float) -> None:
        self.plan = plan
        self.topics = list(plan.topics)
        self.position = position
        #: The link that serves, and behind it the one that is to replace it.
        self.links: list[Link] = []
        self.connected = False
        self.stopped = False
        self._begin_at = plan.begin_at
        self._failures = 0
        self._open_at: float | None = now
        self._token: str | None = None
        self._refused: str | None = None
        self._fetching = False
        self._fetch_opens = False
        self._renew_at: float | None = None
        self._ids = 0
        self._out: list[Action] = []
        self._now = now
        self._roll = 0.0

    # ---- what happened ----

    def tick(self, now: float, roll: float) -> list[Action]:
        """`deadline` has come."""
        return self._turn(now, roll)

    def frame(self, now: float, roll: float, link: int, text: str | bytes) -> list[Action]:
        """A frame came."""
        self._now, self._roll = now, roll
        found = self._link(link)
        # A frame of a link that was closed may still be on its way in.
        if found is not None and not self.stopped:
            self._frame(found, text)
        return self._turn(now, roll)

    def heard(self, now: float, roll: float, link: int) -> list[Action]:
        """Another sign of life came. A link that is opening has until its deadline, whatever it says."""
        found = self._link(link)
        if found is not None and found.epoch is not None:
            found.heard = max(found.heard, now)
        return self._turn(now, roll)

    def listening(self, now: float, roll: float) -> list[Action]:
        """Nobody was reading the links for a while; their silence until now means nothing."""
        for link in self.links:
            link.heard = now
        return self._turn(now, roll)

    def lost(self, now: float, roll: float, link: int, loss: Loss) -> list[Action]:
        """A link is gone."""
        self._now, self._roll = now, roll
        if not self.stopped:
            self._lose(link, loss)
        return self._turn(now, roll)

    def token_came(self, now: float, roll: float, token: str | None, why: str = "") -> list[Action]:
        """The answer to `FetchToken`: a token, or why there is none."""
        self._now, self._roll = now, roll
        if not self.stopped:
            self._token_came(token, why)
        return self._turn(now, roll)

    def deadline(self) -> float | None:
        """When `tick` is wanted, whatever else comes before."""
        due = [link.heard + link.silence for link in self.links]
        due += [at for at in (self._open_due(), self._renew_due()) if at is not None]
        return min(due, default=None)

    # ---- time ----

    def _turn(self, now: float, roll: float) -> list[Action]:
        self._now, self._roll = now, roll
        if not self.stopped:
            for link in [link for link in self.links if link.heard + link.silence <= now]:
                self._drop(link, CLOSE_DONE, Loss.failed("the server fell silent"))
        if not self.stopped:
            due = self._open_due()
            if due is not None and due <= now:
                for link in self.links:
                    link.replace_at = None
                self._open()
            due = self._renew_due()
            if due is not None and due <= now:
                self._renew_at = None
                self._fetch()
        out, self._out = self._out, []
        return out

    def _open_due(self) -> float | None:
        if self._fetch_opens or len(self.links) > 1:
            return None
        if self._open_at is not None or not self.links:
            return self._open_at
        return self.links[0].replace_at

    def _renew_due(self) -> float | None:
        return None if self._fetching else self._renew_at

    def _open(self) -> None:
        self._open_at = None
        if self.plan.credentialed and self._token is None:
            self._fetch_opens = True
            self._fetch()
            return
        link = Link(self._next_id(), self._token, self._now, self.plan.timing.open_within)
        self.links.append(link)
        self._out.append(Open(link.id, self._token))

    def _backoff(self) -> float:
        """Full jitter: the whole wait is random below a doubling ceiling, so that a thousand clients lost at once come
        back spread out."""
        timing = self.plan.timing
        ceiling = min(timing.backoff_min * 2.0 ** min(self._failures, 60), timing.backoff_max)
        self._failures += 1
        return ceiling * self._roll

    # ---- tokens ----

    def _fetch(self) -> None:
        if not self._fetching:
            self._fetching = True
            self._out.append(FetchToken())

    def _token_came(self, token: str | None, why: str) -> None:
        self._fetching = False
        opens, self._fetch_opens = self._fetch_opens, False
        if token is None:
            delay = self._backoff()
            if opens:
                self._schedule(delay, f"no token: {why}")
            else:
                self._renew_at = self._now + delay
        elif token == self._refused:
            # There is no use in opening a link. One that still serves may do so to its end.
            if opens and not self.links:
                self._stop(Stopped("unauthorized", "the token was refused, and the same one came again"))
            elif opens:
                self._schedule(self._backoff(), "the same token came again")
        else:
            self._renew_at = None
            if token != self._token:
                self._token = token
                self._present(token)
            if opens:
                self._open()

    def _present(self, token: str) -> None:
        """Replaces the credentials of links that have been greeted; one that is opening carries its own."""
        for link in self.links:
            if link.epoch is not None:
                link.presented = (self._next_id(), token)
                self._send(link, {"type": "auth", "id": link.presented[0], "token": token})

    def _discard(self, token: str | None) -> None:
        """Never offers a refused token again. One fetched since then is another matter."""
        if token is not None:
            self._refused = token
            if self._token == token:
                self._token = None

    # ---- losing links ----

    def _drop(self, link: Link, code: int, loss: Loss) -> None:
        self._out.append(Close(link.id, code))
        self._lose(link.id, loss)

    def _lose(self, id: int, loss: Loss) -> None:
        link = self._link(id)
        if link is None:
            return
        was_next = self.links.index(link) == 1
        self.links.remove(link)
        if link.joined_at is not None and self._now - link.joined_at >= self.plan.timing.stable_after:
            self._failures = 0
        advice = loss.advice
        if advice is Advice.TOKEN:
            self._discard(link.token)
        if self.links:
            # The link that was replaced may go as it likes. Its replacement is tried again while the old one serves.
            if was_next:
                self._schedule(self._delay(link, loss), str(loss))
            elif self.links[0].joined_at is None:
                self._reconnecting(0.0, str(loss))
        elif advice is Advice.STOP or (advice is Advice.TOKEN and not self.plan.credentialed):
            self._stop(Stopped("unauthorized" if advice is Advice.TOKEN else loss.code, str(loss)))
        else:
            self._schedule(self._delay(link, loss), str(loss))

    def _delay(self, link: Link, loss: Loss) -> float:
        """How long to wait after a loss: as told, else as the close code advises."""
        told = link.replace_at or link.told
        if loss.told is not None:
            return loss.told
        if told is not None and told > self._now:
            return told - self._now
        if loss.advice is Advice.SPREAD:
            return SPREAD_S * self._roll
        floor = NOT_BEFORE_S if loss.advice is Advice.NOT_BEFORE else 0.0
        return floor + self._backoff()

    def _schedule(self, delay: float, reason: str) -> None:
        self._open_at = self._now + delay
        if not self.links:
            self._renew_at = None
            self._reconnecting(delay, reason)

    def _reconnecting(self, delay: float, reason: str) -> None:
        self.connected = False
        self._out.append(Emit(Reconnecting(delay, reason)))

    def _stop(self, why: Stopped) -> None:
        self.stopped, self.connected = True, False
        for link in self.links:
            self._out.append(Close(link.id, CLOSE_DONE))
        self.links.clear()
        self._out.append(Stop(why))

    def _keep_only(self, link: Link) -> None:
        for other in self.links:
            if other is not link:
                self._out.append(Close(other.id, CLOSE_DONE))
        self.links = [link]

    # ---- the conversation on a link ----

    def _frame(self, link: Link, text: str | bytes) -> None:
        if link.epoch is not None:
            link.heard = max(link.heard, self._now)
        try:
            message = json.loads(text, parse_float=Decimal)
            kind = message["type"]
            if link.epoch is None and kind != "welcome":
                raise ValueError("no greeting came first")
            handle = getattr(self, f"_on_{kind}", None) if isinstance(kind, str) else None
            if handle is not None:
                handle(link, message)
        except (ValueError, TypeError, KeyError) as error:
            # Skipping a frame could skip an event. The position has not moved, so resuming brings it again.
            self._drop(link, CLOSE_PROTOCOL, Loss.failed(f"a frame of the server is malformed: {error!r}"))

    def _on_welcome(self, link: Link, message: dict[str, Any]) -> None:
        if link.epoch is not None:
            return
        epoch, ping_s = str(message["epoch"]), float(message["ping_s"])
        # Taken once: after a gap the session begins anew at the head, not at the number that could not be had.
        if self._begin_at is not None and self.position is None:
            self.position = Position(epoch, self._begin_at)
        self._begin_at = None
        link.epoch, link.heard, link.silence = epoch, self._now, ping_s + self.plan.timing.ping_grace
        self._subscribe(link)

    def _subscribe(self, link: Link) -> None:
        if self.position is None:
            self._keep_only(link)
        link.request, link.resuming = self._next_id(), self.position is not None
        message: dict[str, Any] = {"type": "subscribe", "id": link.request, "topics": list(self.topics)}
        if self.plan.kinds:
            message["kinds"] = list(self.plan.kinds)
        if self.position is not None:
            message |= {"epoch": self.position.epoch, "since": self.position.seq}
        # A position is resumed or refused, never quietly replaced by a snapshot.
        message["snapshot"] = self.plan.snapshot and self.position is None
        self._send(link, message)

    def _on_subscribed(self, link: Link, message: dict[str, Any]) -> None:
        mode, begin = message["mode"], _number(message["from"])
        if link.request is None or link.joined_at is not None:
            return
        link.request, link.joined_at = None, self._now
        if link.resuming and mode != "resumed":
            self._gap(link, "gone", None)
        if not self.connected:
            self.connected = True
            self._out.append(Emit(Connected()))
        # With a snapshot the position is that behind it, and not held before all its parts are there.
        if self.position is None and mode != "snapshot":
            self._advance(link, max(begin - 1, 0))
            self._save()

    def _on_event(self, link: Link, message: dict[str, Any]) -> None:
        seq, kind = _number(message["seq"]), message["kind"]
        event = EVENTS.get(kind, Event)(seq, kind, message["topics"], message["at"], message["data"])
        if link.joined_at is None:
            self._drop(link, CLOSE_PROTOCOL, Loss.failed("an event came before the subscription was accepted"))
            return
        first = self.position is None
        if self._advance(link, seq):
            self._out.append(Emit(event))
        if first:
            self._save()

    def _on_snapshot(self, link: Link, message: dict[str, Any]) -> None:
        part = Snapshot(
            message["topic"], _number(message["seq"]), _number(message["part"]), message["last"], message["data"]
        )
        if self.links[0] is link:
            self._out.append(Emit(part))

    def _on_mark(self, link: Link, message: dict[str, Any]) -> None:
        seq = _number(message["seq"])
        # Between the parts of a first snapshot a mark says nothing: the parts still missing have no number.
        if self.position is not None and link.joined_at is not None:
            self._advance(link, seq)
            self._save()

    def _on_live(self, link: Link, message: dict[str, Any]) -> None:
        seq = _number(message["seq"])
        if link.joined_at is None:
            return
        self._advance(link, seq)
        self._save()
        if self.links[0] is link:
            self._out.append(Emit(Live(seq)))
        else:
            # The replacement has caught up: now the link it replaces can go, and the application notices nothing.
            self._keep_only(link)

    def _on_hint(self, link: Link, message: dict[str, Any]) -> None:
        hint = Hint(message["kind"], message["topics"], message["data"])
        if self.links[0] is link:
            self._out.append(Emit(hint))

    def _on_expiring(self, link: Link, message: dict[str, Any]) -> None:
        if self.plan.credentialed:
            self._renew_at = self._now

    def _on_drain(self, link: Link, message: dict[str, Any]) -> None:
        link.replace_at = self._now + _number(message["reconnect_in_ms"]) / 1000

    def _on_ok(self, link: Link, message: dict[str, Any]) -> None:
        if link.presented is not None and link.presented[0] == message["id"]:
            link.token, link.presented = link.presented[1], None

    def _on_revoked(self, link: Link, message: dict[str, Any]) -> None:
        lost, code = list(message["topics"]), str(message["code"])
        left = [topic for topic in self.topics if topic not in lost]
        if len(left) < len(self.topics):
            self.topics = left
            self._out.append(Emit(Revoked(lost, code)))
        if not left:
            self._stop(Stopped("no_topics", "no topic is left to listen to"))

    def _on_error(self, link: Link, message: dict[str, Any]) -> None:
        code, text, answers = str(message["code"]), str(message.get("message", "")), message.get("id")
        if message.get("retry_after_ms") is not None:
            link.told = self._now + _number(message["retry_after_ms"]) / 1000
        if link.request is None or answers != link.request:
            log.warning("the server reports an error: %s (%s)", text, code)
            # A refused `auth` is followed by the close that says what to do.
            if link.presented is not None and answers == link.presented[0]:
                self._discard(link.presented[1])
                link.presented = None
        elif code in ("gone", "epoch_changed") and link.resuming:
            self._gap(link, code, message.get("oldest"))
            self._subscribe(link)
        elif code in ("unauthorized", "token_expired"):
            self._drop(link, CLOSE_DONE, Loss(code, text))
        elif message.get("retry") or code == "rate_limited":
            self._drop(link, CLOSE_DONE, Loss.failed(f"the server cannot subscribe now: {text} ({code})"))
        else:
            self._drop(link, CLOSE_DONE, Loss(code, text))

    def _gap(self, link: Link, reason: str, oldest: int | None) -> None:
        """Tells the application what it lost. What follows on this link begins anew."""
        self._keep_only(link)
        if self.position is not None:
            held, self.position = self.position, None
            self._out.append(Emit(Gap(reason, held, oldest)))

    def _advance(self, link: Link, seq: int) -> bool:
        """Moves the position forward; false when it has been there."""
        assert link.epoch is not None
        at = self.position
        if at is not None and at.epoch == link.epoch and at.seq >= seq:
            return False
        self.position = Position(link.epoch, seq)
        return True

    def _save(self) -> None:
        if self.position is not None:
            self._out.append(Save(self.position))

    def _send(self, link: Link, message: dict[str, Any]) -> None:
        self._out.append(Send(link.id, message))

    def _link(self, id: int) -> Link | None:
        return next((link for link in self.links if link.id == id), None)

    def _next_id(self) -> int:
        self._ids += 1
        return self._ids


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no number of an event")
    return value
