"""The other half: requests that read or change something, over HTTP with the standard library.

A request runs on a thread, one connection each; waiting and trying again happen in the loop. Every request that
changes something carries an `Idempotency-Key` and repeats it when it is tried again, so it has its effect once.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import socket as sockets
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypedDict, TypeVar, cast
from urllib.parse import quote, urlencode

from . import address, schema
from .schema import MoneyText

#: How often one request is sent at most.
ATTEMPTS_MAX = 4
#: The longest wait in seconds before another attempt. A server that asks for more gets its answer passed on.
RETRY_WAIT_MAX_S = 30.0
#: Seconds that one attempt may take, answer included.
ATTEMPT_WAIT_S = 30.0
#: The answers after which the same request may succeed.
RETRIED = (429, 502, 503, 504)
#: The largest answer taken in.
ANSWER_BYTES_MAX = 16 << 20


class ApiError(Exception):
    """A request has no result. `code` is the server's stable word, such as `insufficient_funds`; `unreachable` when no
    answer came after all attempts, and `unexpected` when the answer is none of the server's shapes."""

    def __init__(self, status: int, code: str, message: str, details: Any = None) -> None:
        super().__init__(f"{message} ({code})" if status == 0 else f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details


class Page(TypedDict):
    """A part of a list. `next` is what to give for the part behind it; none at the end."""

    items: list[Any]
    count: int
    remaining: int
    next: int | None


Answer = tuple[int, Mapping[str, str], bytes]
T = TypeVar("T")


class Api:
    """Requests to the hub at `url`, such as `https://hub.example`; a guest's without a token.

    The methods return what stands in the answer's `data`, and raise `ApiError`. Amounts come as `int` or `Decimal`; give
    them as those or as text, never as `float`.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self._encrypted, self._host, self._path = address.parts(url)
        self._url = url
        self._headers = {"Accept": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def with_token(self, token: str) -> Api:
        """The same with these credentials."""
        return Api(self._url, token)

    async def login(self, privatekey: str) -> schema.OpenedView:
        """Opens a session for the wallet of a private key."""
        return cast(schema.OpenedView, await self.post("login", {"privatekey": privatekey}))

    async def session(self) -> schema.SessionView:
        """The session of the token."""
        return cast(schema.SessionView, await self.get("session"))

    async def refresh(self) -> schema.OpenedView:
        """Replaces the session by a fresh one; the old token lives on for a short overlap."""
        return cast(schema.OpenedView, await self.post("session/refresh"))

    async def logout(self) -> None:
        """Ends the session of the token."""
        await self.post("logout")

    async def wallet(self, wallet: str) -> schema.WalletView:
        """One wallet."""
        return cast(schema.WalletView, await self.get(f"wallets/{_segment(wallet)}"))

    async def pay(
        self, to: str, amount: MoneyText, *, metadata: str | None = None, request_id: str | None = None
    ) -> schema.PaymentMade:
        """Pays from the wallet of the token. A second order with the same `request_id` is the same payment, in another
        process too."""
        body = {"to": to, "amount": amount, "metadata": metadata, "request_id": request_id}
        return cast(schema.PaymentMade, await self.post("payments", _present(body)))

    async def payment(self, id: int) -> schema.PaymentMade:
        """One payment."""
        return cast(schema.PaymentMade, await self.get(f"payments/{id:d}"))

    async def payments(self, wallet: str, *, limit: int = 50, before: int | None = None) -> Page:
        """A wallet's payments, newest first."""
        return cast(Page, await self.get(f"wallets/{_segment(wallet)}/payments", limit=limit, before=before))

    async def supply(self) -> schema.SupplyView:
        """How much money there is."""
        return cast(schema.SupplyView, await self.get("supply"))

    async def mint(self, wallet: str, amount: MoneyText) -> schema.PaymentMade:
        """Makes money and gives it to a wallet. For operators."""
        return cast(schema.PaymentMade, await self.post("admin/mint", {"address": wallet, "amount": amount}))

    async def contracts(self, /, **query: str | int | bool | None) -> Page:
        """Contracts, by `address`, `status`, `q`, `limit`, `after_id` and what else the route takes."""
        return cast(Page, await self.get("contracts", **query))

    async def contract(self, id: int) -> schema.ContractView:
        """One contract."""
        return cast(schema.ContractView, await self.get(f"contracts/{id:d}"))

    async def create_contract(self, title: str, price: MoneyText, /, **terms: Any) -> schema.ContractView:
        """Offers a contract. `terms` says when terms end, such as `period_months=1`, and what else the route takes."""
        return cast(schema.ContractView, await self.post("contracts", {"title": title, "price": price, **terms}))

    async def edit_contract(self, id: int, /, **changes: Any) -> schema.ContractView:
        """Changes a contract of one's own."""
        return cast(schema.ContractView, await self.request("PATCH", f"contracts/{id:d}", changes))

    async def subscribe(self, contract: int, *, max_price: MoneyText | None = None) -> schema.SubscribedView:
        """Subscribes the wallet of the token, at no more than `max_price` a term."""
        path = f"contracts/{contract:d}/subscribers"
        return cast(schema.SubscribedView, await self.post(path, _present({"max_price": max_price})))

    async def subscriptions(self, /, **query: str | int | bool | None) -> Page:
        """Subscriptions, by what the route takes."""
        return cast(Page, await self.get("subscribers", **query))

    async def subscription(self, id: int) -> schema.SubscriptionView:
        """One subscription."""
        return cast(schema.SubscriptionView, await self.get(f"subscribers/{id:d}"))

    async def cancel_subscription(self, id: int) -> schema.SubscriptionView:
        """Asks for the end of a subscription with its term."""
        return cast(schema.SubscriptionView, await self.request("DELETE", f"subscribers/{id:d}"))

    async def get(self, path: str, /, **query: str | int | bool | None) -> Any:
        """Reads `path` below `/api/v1/`, or one that begins with `/`."""
        words = {key: str(value).lower() if isinstance(value, bool) else value for key, value in _present(query).items()}
        return await self.request("GET", f"{path}?{urlencode(words)}" if words else path)

    async def post(self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None) -> Any:
        """Posts to `path` below `/api/v1/`, or to one that begins with `/`."""
        return await self.request("POST", path, body or {}, key=key)

    async def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> Any:
        """Sends a request until it has an answer that another attempt would not better, and gives what stands in its
        `data`, or the whole of an answer without that. `key` is the idempotency key of a cause that may come twice, such
        as the id of a message; without it every call has its own."""
        path = f"{self._path}{path if path.startswith('/') else f'/api/v1/{path}'}"
        headers, content = dict(self._headers), None
        if method not in ("GET", "HEAD"):
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        if body is not None:
            content = json.dumps(body, default=_text).encode()
            headers["Content-Type"] = "application/json"
        for attempt in range(1, ATTEMPTS_MAX + 1):
            jitter = 0.25 * 2**attempt * random.random()
            try:
                answer = await self._exchange(method, path, content, headers)
            except (OSError, http.client.HTTPException) as error:
                if attempt == ATTEMPTS_MAX:
                    raise ApiError(0, "unreachable", f"no answer from the hub: {error}") from error
                wait = jitter
            else:
                told = next((value for name, value in answer[1].items() if name.lower() == "retry-after"), "")
                wait = jitter + (float(told) if told.isdecimal() else 0.0)
                if answer[0] not in RETRIED or attempt == ATTEMPTS_MAX or wait > RETRY_WAIT_MAX_S:
                    return _result(answer)
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        kind = http.client.HTTPSConnection if self._encrypted else http.client.HTTPConnection
        connection = kind(self._host, timeout=ATTEMPT_WAIT_S)

        def exchange() -> Answer:
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                return answer.status, dict(answer.headers), answer.read(ANSWER_BYTES_MAX)
            finally:
                connection.close()

        try:
            return await asyncio.wait_for(asyncio.to_thread(exchange), ATTEMPT_WAIT_S)
        except (asyncio.CancelledError, asyncio.TimeoutError) as error:
            # The thread waits in the socket; this ends it at once.
            if connection.sock is not None:
                try:
                    connection.sock.shutdown(sockets.SHUT_RDWR)
                except OSError:
                    pass
            if isinstance(error, asyncio.TimeoutError):
                raise TimeoutError("the hub takes too long") from error
            raise


def _result(answer: Answer) -> Any:
    status, _, text = answer
    try:
        body = json.loads(text, parse_float=Decimal) if text else {}
        if status < 300:
            return body["data"] if isinstance(body, dict) and "data" in body else body
        # The doors under /api/subscriptions answer {success, code, message}; all others {error: {...}}.
        error = body.get("error", body) if isinstance(body, dict) else {}
        raise ApiError(status, str(error["code"]), str(error.get("message", "")), error.get("details"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ApiError(status, "unexpected", "the hub answered with an unexpected body") from error


def _present(values: Mapping[str, T | None]) -> dict[str, T]:
    return {key: value for key, value in values.items() if value is not None}


def _segment(text: str) -> str:
    return quote(text, safe="")


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no JSON form here")
