"""The listening half: sockets, clock and chance around the session, and the stream of items to the application.

One task owns everything. It reads a socket only after the application took what came before: a slow application makes
the socket fill up, and the server reads on from its log later. It decides nothing; `session` does.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, TypeVar, cast, overload

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from . import address, session as machine
from .items import Connected, Event, Gap, Hint, Item, Position, Reconnecting, Snapshot, Stopped
from .losses import Loss
from .session import Plan, Session, Timing
from .store import PositionStore

log = logging.getLogger("tollbell")

#: The largest server message taken in. The protocol promises 64 KiB a frame.
MESSAGE_BYTES_MAX = 1 << 20
#: Inputs that wait for the session. Behind them nothing is read.
INPUTS_MAX = 64
#: Seconds that a socket may refuse what is written to it before it counts as lost.
WRITE_WAIT_S = 10.0
#: Seconds that saying goodbye may take.
GOODBYE_WAIT_S = 1.0
#: Seconds that the application's token source may take.
TOKEN_WAIT_S = 30.0

TokenSource = Callable[[], "str | Awaitable[str]"]
Handler = Callable[[Any], "Awaitable[None] | None"]
H = TypeVar("H", bound=Handler)
E = TypeVar("E", bound=Event)
Input = Callable[[float, float], "list[machine.Action]"]


class Watched(ClientConnection):
    """A connection that remembers when it last heard anything, pings among it."""

    heard = 0.0

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self.heard = asyncio.get_running_loop().time()
        super().data_received(data)


class Hub:
    """A client of the hub at `url`, such as `https://hub.example`: every event once, in order, across reconnects.

    Use it in one of two ways: iterate (`async for event in hub.events()`, or `async for item in hub` for everything),
    or register handlers with `on` and its neighbours and await `run()`. `async with Hub(...) as hub` closes it.

    `token` is a token, or a function (async or not) that is asked for one before the first link, when the server
    announces the end of the old one, and after a refusal. `since` begins behind a position (or, for people, behind a
    bare number); a position in `store` goes before it. `snapshot` begins with the state of each topic when there is no
    position, and after a gap. At most `buffer` items wait for the application.
    """

    def __init__(
        self,
        url: str,
        *,
        topics: Iterable[str],
        kinds: Iterable[str] = (),
        token: str | TokenSource | None = None,
        since: Position | int | None = None,
        snapshot: bool = False,
        store: PositionStore | None = None,
        timing: Timing | None = None,
        buffer: int = 256,
    ) -> None:
        self._url = address.websocket(url)
        self._plan = Plan(
            topics=tuple(topics),
            kinds=tuple(kinds),
            begin_at=since if isinstance(since, int) else None,
            snapshot=snapshot,
            credentialed=token is not None,
            timing=timing or Timing(),
        )
        if not self._plan.topics:
            raise ValueError("no topic is named; name at least one")
        self._token = token
        self._since = since if isinstance(since, Position) else None
        self._store = store
        self._position: Position | None = None
        self._state = "connecting"
        self._handlers: list[tuple[str, Handler]] = []
        self._parcels: asyncio.Queue[Any] = asyncio.Queue(max(buffer, 1))
        self._driver: asyncio.Task[None] | None = None
        self._finished = False
        self._closed = False

    @property
    def state(self) -> str:
        """`connecting`, `connected`, `reconnecting` or `closed`, as the stream has told it."""
        return self._state

    @property
    def position(self) -> Position | None:
        """The position behind the item taken last; none before the first is known."""
        return self._position

    # ---- taking items ----

    def __aiter__(self) -> AsyncIterator[Item]:
        """All items in order. It ends after `close()`, and raises `Stopped` when the server said not to come back.
        Asking for the next item says that the one before is done with."""
        return self._items()

    async def _items(self) -> AsyncIterator[Item]:
        while True:
            item = await self.next()
            if item is None:
                return
            yield item

    async def next(self) -> Item | None:
        """The next item, none after `close()`. Giving up the wait loses nothing."""
        if self._driver is None:
            await self._start()
        while not self._finished:
            parcel = await self._parcels.get()
            if isinstance(parcel, Position):
                self._position = parcel
                if self._store is not None:
                    await self._save(parcel)
            elif parcel is None or isinstance(parcel, BaseException):
                self._finished, self._state = True, "closed"
                if parcel is not None:
                    raise parcel
            else:
                return self._take(parcel)
        return None

    def _take(self, item: Item) -> Item:
        if isinstance(item, Event) and self._position is not None:
            self._position = Position(self._position.epoch, item.seq)
        elif isinstance(item, Connected):
            self._state = "connected"
        elif isinstance(item, Reconnecting):
            self._state = "reconnecting"
        return item

    @overload
    def events(self) -> AsyncIterator[Event]: ...
    @overload
    def events(self, kind: type[E]) -> AsyncIterator[E]: ...
    def events(self, kind: type[Event] = Event) -> AsyncIterator[Event]:
        """Only the events, or only those of a class of `tollbell.schema`. What else comes goes to the handlers of
        `on_gap` and its neighbours; a gap without a handler is logged as a warning."""
        return self._events(kind)

    async def _events(self, kind: type[Event]) -> AsyncIterator[Event]:
        async for item in self._items():
            if isinstance(item, Event):
                if isinstance(item, kind):
                    yield item
            else:
                await self._dispatch(item)

    def on(self, kind: str | type[Event] | type[Hint] = "*") -> Callable[[H], H]:
        """Registers a handler for events of a kind: a class of `tollbell.schema`, a word such as `payment.made`, a
        family such as `payment.*`, or `*`. Handlers run one after the other, in order; they may be async."""
        if isinstance(kind, type):
            if not getattr(kind, "KIND", ""):
                raise ValueError(f"{kind.__name__} stands for no kind of event")
            kind = cast("type[Event]", kind).KIND
        return self._register(f"event {kind}")

    def on_gap(self, handler: H) -> H:
        """Registers what is called with a `Gap`: read anew what was built from events."""
        return self._register("gap")(handler)

    def on_snapshot(self, handler: H) -> H:
        """Registers what is called with each `Snapshot`."""
        return self._register("snapshot")(handler)

    def on_hint(self, handler: H) -> H:
        """Registers what is called with each `Hint`."""
        return self._register("hint")(handler)

    def on_status(self, handler: H) -> H:
        """Registers what is called with `Connected`, `Reconnecting`, `Live` and `Revoked`."""
        return self._register("status")(handler)

    def _register(self, word: str) -> Callable[[H], H]:
        def add(handler: H) -> H:
            self._handlers.append((word, handler))
            return handler

        return add

    async def run(self) -> None:
        """Gives every item to its handlers until `close()`. What a handler raises ends it, and the position stays
        before that item. Raises `Stopped` when the server said not to come back."""
        async for item in self._items():
            await self._dispatch(item)

    async def _dispatch(self, item: Item) -> None:
        words = _words(item)
        heard = False
        for word, handler in list(self._handlers):
            if word in words:
                heard = True
                done = handler(item)
                if inspect.isawaitable(done):
                    await done
        if not heard and isinstance(item, Gap):
            log.warning("events behind %d are lost (%s), and no handler of gaps is registered", item.held.seq, item.reason)

    # ---- beginning and end ----

    async def __aenter__(self) -> Hub:
        await self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _start(self) -> None:
        if self._driver is not None or self._closed:
            return
        # The task stands before the first wait, so that two callers start one driver.
        loop = asyncio.get_running_loop()
        self._driver = loop.create_task(self._drive(), name="tollbell")

    async def close(self) -> None:
        """Ends the client: pending attempts are abandoned, open links are closed, and iterations end."""
        self._closed = True
        if self._driver is None:
            self._finished, self._state = True, "closed"
            return
        self._driver.cancel()
        await asyncio.gather(self._driver, return_exceptions=True)
        while not self._parcels.empty():
            self._parcels.get_nowait()
        self._parcels.put_nowait(None)

    async def _save(self, position: Position) -> None:
        assert self._store is not None
        try:
            await asyncio.to_thread(self._store.save, position)
        except Exception:  # the application's own code may raise anything
            log.warning("the position cannot be stored, so a restart would repeat events", exc_info=True)

    # ---- the driver ----

    async def _drive(self) -> None:
        end: BaseException | None = None
        driver = Driver(self)
        try:
            stored = await asyncio.to_thread(self._store.load) if self._store is not None else None
            end = await driver.run(stored or self._since)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            end = error
        finally:
            await driver.goodbye()
        await self._parcels.put(end)

    async def deliver(self, parcel: object) -> bool:
        """Hands a parcel to the application and waits for room; true when it had to."""
        waited = self._parcels.full()
        await self._parcels.put(parcel)
        return waited

    async def fetch_token(self) -> str:
        """Asks the application for a token."""
        source = self._token
        if isinstance(source, str):
            return source
        assert source is not None
        answer = source()
        if inspect.isawaitable(answer):
            answer = await asyncio.wait_for(answer, TOKEN_WAIT_S)
        if not isinstance(answer, str) or not answer:
            raise TypeError(f"the token source gave {type(answer).__name__} instead of a token")
        return answer


class Driver:
    """Performs what the session decides, and tells it what happened."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._url = hub._url
        self._loop = asyncio.get_running_loop()
        self._inputs: asyncio.Queue[Input] = asyncio.Queue(INPUTS_MAX)
        self._sockets: dict[int, Watched] = {}
        self._readers: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closings: set[asyncio.Task[None]] = set()
        self._session: Session

    async def run(self, position: Position | None) -> Stopped:
        """Runs until the session stops, and says why it did."""
        self._hub._position = position
        self._session = Session(self._hub._plan, position, self._loop.time())
        turn: Input = self._session.tick
        while True:
            for action in turn(self._loop.time(), random.random()):
                if isinstance(action, machine.Stop):
                    return action.why
                await self._perform(action)
            turn = await self._next()

    async def _next(self) -> Input:
        if not self._inputs.empty():
            return self._inputs.get_nowait()
        self._hear()
        due = self._session.deadline()
        timer = self._loop.call_at(due, self._wake) if due is not None else None
        try:
            return await self._inputs.get()
        finally:
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        self._hear()
        # An input that waits wakes as well: whatever is due is done with it.
        if self._inputs.empty():
            self._inputs.put_nowait(self._session.tick)

    def _hear(self) -> None:
        for link in self._session.links:
            socket = self._sockets.get(link.id)
            if socket is not None and link.epoch is not None:
                link.heard = max(link.heard, socket.heard)

    async def _perform(self, action: machine.Action) -> None:
        if isinstance(action, machine.Emit):
            await self._deliver(action.item)
        elif isinstance(action, machine.Save):
            await self._deliver(action.position)
        elif isinstance(action, machine.Open):
            self._readers[action.link] = self._loop.create_task(self._read(action.link, action.token))
        elif isinstance(action, machine.Send):
            await self._send(action.link, action.message)
        elif isinstance(action, machine.Close):
            self._hang_up(action.link, action.code)
        elif isinstance(action, machine.FetchToken):
            self._spawn(self._fetch(), self._tasks)

    async def _deliver(self, parcel: object) -> None:
        if await self._hub.deliver(parcel):
            # Nothing was read meanwhile, so silence proves nothing.
            now = self._loop.time()
            for link in self._session.links:
                link.heard = max(link.heard, now)

    async def _send(self, link: int, message: dict[str, Any]) -> None:
        socket = self._sockets.get(link)
        if socket is None:
            return
        try:
            await asyncio.wait_for(socket.send(json.dumps(message)), WRITE_WAIT_S)
        except ConnectionClosed:
            pass  # its reader tells
        except asyncio.TimeoutError:
            self._hang_up(link, machine.CLOSE_DONE)
            loss = self._lost(link, Loss.failed("the link takes no bytes"))
            self._spawn(self._inputs.put(loss), self._tasks)

    def _hang_up(self, link: int, code: int) -> None:
        reader = self._readers.pop(link, None)
        if reader is not None:
            reader.cancel()
        socket = self._sockets.pop(link, None)
        if socket is not None:
            self._spawn(_close(socket, code), self._closings)

    async def _read(self, link: int, token: str | None) -> None:
        try:
            loss = await self._converse(link, token)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a library may fail in more ways than it names
            loss = Loss.failed(f"{type(error).__name__}: {error}")
        self._sockets.pop(link, None)
        await self._inputs.put(self._lost(link, loss))
        self._readers.pop(link, None)

    async def _converse(self, link: int, token: str | None) -> Loss:
        try:
            socket = cast(
                Watched,
                await connect(
                    self._url,
                    additional_headers={"Authorization": f"Bearer {token}"} if token is not None else None,
                    create_connection=Watched,
                    compression=None,
                    max_size=MESSAGE_BYTES_MAX,
                    max_queue=INPUTS_MAX,
                    ping_interval=None,  # the hub pings, and the session minds the silence
                    open_timeout=None,  # as long as the session allows
                    close_timeout=GOODBYE_WAIT_S,
                ),
            )
        except InvalidStatus as error:
            answer = error.response
            told = answer.headers.get("Retry-After", "")
            return Loss(
                answer.status_code, rejected=True, retry_after=float(told) if told.isdecimal() else None
            )
        self._sockets[link] = socket
        try:
            while True:
                text = await socket.recv()
                await self._inputs.put(self._frame(link, text))
        except ConnectionClosed:
            if socket.close_code is None or socket.close_code == 1006:
                return Loss.failed("the link was cut")
            return Loss(socket.close_code, socket.close_reason or "")

    async def _fetch(self) -> None:
        token, why = None, ""
        try:
            token = await self._hub.fetch_token()
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the application's own code may raise anything
            why = f"{type(error).__name__}: {error}"
        await self._inputs.put(lambda now, roll: self._session.token_came(now, roll, token, why))

    def _frame(self, link: int, text: str | bytes) -> Input:
        return lambda now, roll: self._session.frame(now, roll, link, text)

    def _lost(self, link: int, loss: Loss) -> Input:
        return lambda now, roll: self._session.lost(now, roll, link, loss)

    def _spawn(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = self._loop.create_task(work)
        among.add(task)
        task.add_done_callback(among.discard)

    async def goodbye(self) -> None:
        """Ends all tasks and closes all links."""
        ending = [*self._readers.values(), *self._tasks]
        for task in ending:
            task.cancel()
        for socket in self._sockets.values():
            self._spawn(_close(socket, machine.CLOSE_DONE), self._closings)
        await asyncio.gather(*ending, *self._closings, return_exceptions=True)


async def _close(socket: ClientConnection, code: int) -> None:
    try:
        await socket.close(code)
    except Exception:  # a link that is gone needs no goodbye
        log.debug("a link did not say goodbye", exc_info=True)


def _words(item: Item) -> set[str]:
    if isinstance(item, Event):
        return {"event *", f"event {item.kind}", f"event {item.kind.partition('.')[0]}.*"}
    if isinstance(item, Gap):
        return {"gap"}
    if isinstance(item, Snapshot):
        return {"snapshot"}
    return {"hint"} if isinstance(item, Hint) else {"status"}

