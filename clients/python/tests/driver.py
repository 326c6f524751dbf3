"""The Python client as the scripts of `clients/conformance` and the trials against a hub drive it."""

import asyncio
import json
import sys
import threading
from dataclasses import replace
from typing import Any

from tollbell import (
    Api, Connected, Event, Gap, Hint, Hub, Item, Live, Position, Reconnecting, Revoked, Snapshot, Stopped, Timing,
)


def say(**what: Any) -> None:
    """Prints one line."""
    sys.stdout.write(json.dumps(what, default=float) + "\n")
    sys.stdout.flush()


class Store:
    """Shows what is saved."""

    def __init__(self, held: dict[str, Any] | None) -> None:
        self._held = Position(**held) if held else None

    def load(self) -> Position | None:
        """The position of the script."""
        return self._held

    def save(self, position: Position) -> None:
        """Prints it."""
        say(saved={"epoch": position.epoch, "seq": position.seq})


def tell(item: Item) -> None:
    """Prints an item."""
    match item:
        case Event():
            say(event=item.seq, kind=item.kind, data=item.data)
        case Snapshot():
            say(snapshot=item.topic, seq=item.seq, part=item.part, last=item.last)
        case Live():
            say(live=item.seq)
        case Hint():
            say(hint=item.kind)
        case Gap():
            say(gap=item.reason, held={"epoch": item.held.epoch, "seq": item.held.seq}, oldest=item.oldest)
        case Revoked():
            say(revoked=item.topics, code=item.code)
        case Connected():
            say(status="connected")
        case Reconnecting():
            say(status="reconnecting", in_ms=round(item.in_s * 1000), reason=item.reason)


def make(url: str, options: dict[str, Any]) -> Hub:
    """The client that the script asks for."""
    timing = Timing()
    for name, ms in options.get("timing_ms", {}).items():
        timing = replace(timing, **{name: ms / 1000})
    tokens = list(options.get("tokens", []))
    key = options.get("privatekey")

    async def token() -> str:
        if key is not None:
            return (await Api(url).login(key))["token"]
        answer = tokens.pop(0) if len(tokens) > 1 else tokens[0]
        if answer is None:
            raise RuntimeError("there is no token now")
        return str(answer)

    since = options.get("since")
    return Hub(
        url,
        topics=options.get("topics", ["payments"]),
        kinds=options.get("kinds", []),
        token=token if tokens or key else None,
        since=Position(**since) if isinstance(since, dict) else since,
        snapshot=options.get("snapshot", False),
        store=Store(options["store"]) if "store" in options else None,
        timing=timing,
    )


async def main() -> None:
    """Runs until the script closes the client or the client stops."""
    hub = make(sys.argv[1], json.loads(sys.argv[2]))
    loop = asyncio.get_running_loop()

    def obey() -> None:
        for line in sys.stdin:
            if json.loads(line).get("do") == "close":
                asyncio.run_coroutine_threadsafe(hub.close(), loop)

    threading.Thread(target=obey, daemon=True).start()
    try:
        async for item in hub:
            tell(item)
        say(closed=True)
    except Stopped as stop:
        say(stopped=stop.code)


asyncio.run(main())
