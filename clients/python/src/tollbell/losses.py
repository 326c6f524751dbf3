"""How a link can be lost, and what to do then: the one table of close codes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Advice(Enum):
    """What a lost link asks of the client."""

    #: Do not come back.
    STOP = "stop"
    #: Come back at the time that was told, else after the usual backoff.
    RESUME = "resume"
    #: Come back within 5 s, evenly spread: many links were lost at once.
    SPREAD = "spread"
    #: Come back after the usual backoff on top of 5 s.
    NOT_BEFORE = "not before"
    #: Come back with another token.
    TOKEN = "token"


#: Seconds over which clients spread that lost a restarted server.
SPREAD_S = 5.0
#: Seconds that an overloaded server is left alone at least.
NOT_BEFORE_S = 5.0

#: Every close code the protocol names: its meaning and advice. A code that is not here is a lost link.
CLOSE_CODES: dict[int, tuple[str, Advice]] = {
    1000: ("the conversation is over", Advice.STOP),
    1001: ("the server is going away", Advice.RESUME),
    1009: ("a frame was too large", Advice.STOP),
    1012: ("the server restarts", Advice.SPREAD),
    1013: ("the server is overloaded", Advice.NOT_BEFORE),
    4400: ("a message was malformed", Advice.STOP),
    4401: ("the credentials are bad or revoked", Advice.TOKEN),
    4403: ("the token has expired", Advice.TOKEN),
    4408: ("a ping went unanswered", Advice.RESUME),
    4413: ("the link took no byte for too long", Advice.RESUME),
    4429: ("too many commands or connections", Advice.RESUME),
    4500: ("the server failed", Advice.RESUME),
}

_RETRY_AFTER = re.compile(r'retry_after_ms["\s:=]*(\d{1,12})(?!\d)')


@dataclass(frozen=True)
class Loss:
    """How a link was lost. `code` is a close code, an HTTP status when `rejected`, else the word of a refusal."""

    code: int | str
    reason: str = ""
    #: The server answered the opening request with an HTTP status.
    rejected: bool = False
    #: Seconds that the server asked for with the loss itself.
    retry_after: float | None = None

    @staticmethod
    def failed(reason: str) -> Loss:
        """Anything that is not the server's word: no route, cut, silence, nonsense."""
        return Loss("failed", reason)

    @property
    def advice(self) -> Advice:
        """What to do about it."""
        if isinstance(self.code, str):
            words = {"failed": Advice.RESUME, "unauthorized": Advice.TOKEN, "token_expired": Advice.TOKEN}
            return words.get(self.code, Advice.STOP)
        if not self.rejected:
            return CLOSE_CODES.get(self.code, ("", Advice.RESUME))[1]
        if self.code == 401:
            return Advice.TOKEN
        # A request that is wrong stays wrong; these three are about the moment, not the request.
        if 400 <= self.code <= 499 and self.code not in (408, 425, 429):
            return Advice.STOP
        return Advice.RESUME

    @property
    def told(self) -> float | None:
        """Seconds to wait that the server told with the loss."""
        if self.retry_after is not None or isinstance(self.code, str):
            return self.retry_after
        found = _RETRY_AFTER.search(self.reason)
        return int(found[1]) / 1000 if found else None

    def __str__(self) -> str:
        if self.rejected:
            return f"the server answered with HTTP {self.code}"
        if isinstance(self.code, int) and not self.reason:
            return CLOSE_CODES.get(self.code, ("the link was closed", Advice.RESUME))[0]
        return self.reason
