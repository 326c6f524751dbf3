"""Where the position is kept between two runs of the application."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Protocol

from .items import Position


class PositionStore(Protocol):
    """Keeps one position. Both calls run on a thread that may block.

    A position is saved only after the application has come back for the item behind it, so that a crash repeats items
    and never skips any. An application that must not see an item twice keeps `Hub.position` in the same transaction
    as the item's effect, and gives it to `Hub(since=...)`.
    """

    def load(self) -> Position | None:
        """The position saved last, or none when there was never one. An error keeps the client from starting, for
        starting elsewhere would be a silent gap."""

    def save(self, position: Position) -> None:
        """Replaces the position. After an error the older one stays, and the failure is logged."""


class MemoryStore:
    """Keeps the position as long as the process lives."""

    def __init__(self) -> None:
        self._position: Position | None = None

    def load(self) -> Position | None:
        """See `PositionStore`."""
        return self._position

    def save(self, position: Position) -> None:
        """See `PositionStore`."""
        self._position = position


class FileStore:
    """Keeps the position in a small JSON file, replaced as a whole so that a crash leaves the old or the new one."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def load(self) -> Position | None:
        """See `PositionStore`."""
        try:
            text = self._path.read_text()
        except FileNotFoundError:
            return None
        try:
            held = json.loads(text)
            return Position(str(held["epoch"]), int(held["seq"]))
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{self._path} holds no position; repair or remove it") from error

    def save(self, position: Position) -> None:
        """See `PositionStore`."""
        fresh = self._path.with_name(self._path.name + ".new")
        with fresh.open("w") as file:
            json.dump({"epoch": position.epoch, "seq": position.seq}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
