"""The same for scripts without a loop of their own: what is awaited there, blocks here.

```python
from tollbell.blocking import Api, Hub

with Hub("http://127.0.0.1:8080", topics=["payments"]) as hub:
    for event in hub.events():
        print(event.seq, event.kind)
```

One thread runs the loop of all clients of the process.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar, overload

from . import hub as _hub
from . import rest as _rest
from .items import Event, Item, Position

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E", bound=Event)

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def _wait(work: Coroutine[Any, Any, T]) -> T:
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="tollbell", daemon=True).start()
    future = asyncio.run_coroutine_threadsafe(work, _loop)
    try:
        return future.result()
    except BaseException:
        # Ctrl-C interrupts the wait only; what is waited for has to end with it.
        future.cancel()
        raise


class Hub:
    """`tollbell.Hub` for scripts, with the same arguments. Handlers are not offered: iterate."""

    def __init__(self, url: str, **options: Any) -> None:
        async def make() -> _hub.Hub:
            return _hub.Hub(url, **options)

        self._hub = _wait(make())

    @property
    def state(self) -> str:
        """As `tollbell.Hub.state`."""
        return self._hub.state

    @property
    def position(self) -> Position | None:
        """As `tollbell.Hub.position`."""
        return self._hub.position

    def __iter__(self) -> Iterator[Item]:
        """All items in order."""
        while (item := _wait(self._hub.next())) is not None:
            yield item

    @overload
    def events(self) -> Iterator[Event]: ...
    @overload
    def events(self, kind: type[E]) -> Iterator[E]: ...
    def events(self, kind: type[Event] = Event) -> Iterator[Event]:
        """As `tollbell.Hub.events`."""
        found: AsyncIterator[Event] = self._hub.events(kind)
        while True:
            try:
                yield _wait(_next(found))
            except StopAsyncIteration:
                return

    def close(self) -> None:
        """As `tollbell.Hub.close`."""
        _wait(self._hub.close())

    def __enter__(self) -> Hub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


async def _next(found: AsyncIterator[Event]) -> Event:
    return await found.__anext__()


def _blocking(method: Callable[Concatenate[_rest.Api, P], Coroutine[Any, Any, T]]) -> Callable[Concatenate[Api, P], T]:
    def call(self: Api, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return _wait(method(self._api, *args, **kwargs))

    functools.update_wrapper(call, method)
    return call


class Api:
    """`tollbell.Api` for scripts: the same methods, without `await`."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url
        self._api = _rest.Api(url, token)

    def with_token(self, token: str) -> Api:
        """The same with these credentials."""
        return Api(self._url, token)

    login = _blocking(_rest.Api.login)
    session = _blocking(_rest.Api.session)
    refresh = _blocking(_rest.Api.refresh)
    logout = _blocking(_rest.Api.logout)
    wallet = _blocking(_rest.Api.wallet)
    pay = _blocking(_rest.Api.pay)
    payment = _blocking(_rest.Api.payment)
    payments = _blocking(_rest.Api.payments)
    supply = _blocking(_rest.Api.supply)
    mint = _blocking(_rest.Api.mint)
    contracts = _blocking(_rest.Api.contracts)
    contract = _blocking(_rest.Api.contract)
    create_contract = _blocking(_rest.Api.create_contract)
    edit_contract = _blocking(_rest.Api.edit_contract)
    subscribe = _blocking(_rest.Api.subscribe)
    subscriptions = _blocking(_rest.Api.subscriptions)
    subscription = _blocking(_rest.Api.subscription)
    cancel_subscription = _blocking(_rest.Api.cancel_subscription)
    get = _blocking(_rest.Api.get)
    post = _blocking(_rest.Api.post)
    request = _blocking(_rest.Api.request)
