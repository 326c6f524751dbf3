"""The Python client of the tollbell realtime hub: every event once, in order, across reconnects.

`Hub` listens, `Api` makes requests, `schema` has the types of both, `blocking` has both for scripts without a loop.

How it is built: `session` decides everything and touches nothing: frames, time and chance go in, actions come out. `hub`
owns the sockets, the clock and the queue to the application, and does as it is told. `losses` is the one table of what
each close code means. Invariants: an event reaches the application once and in order; what cannot be resumed is told as
`Gap`; the stored position never runs ahead of what the application has taken from the stream.
"""

from . import schema
from .hub import Hub
from .items import Connected, Event, Gap, Hint, Item, Live, Position, Reconnecting, Revoked, Snapshot, Stopped
from .rest import Api, ApiError, Page
from .session import Timing
from .store import FileStore, MemoryStore, PositionStore

__version__ = "0.1.0"

__all__ = [
    "Api", "ApiError", "Connected", "Event", "FileStore", "Gap", "Hint", "Hub", "Item", "Live", "MemoryStore", "Page",
    "Position", "PositionStore", "Reconnecting", "Revoked", "Snapshot", "Stopped", "Timing", "schema",
]
