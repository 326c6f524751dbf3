"""A hub whose every word a script says, and the judge of what a client makes of it.

A script is a file of JSON lines: the first says what it is about and what the application asks for; each further line
is a step, taken in order. `README.md` beside this file lists the steps.
"""

from __future__ import annotations

import asyncio
import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

#: Seconds that a step which should happen at once may take on a busy machine.
STEP_WAIT_S = 30.0


class Broken(Exception):
    """The client did something else than the script wants."""


class Script:
    """One file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
        self.about: str = lines[0]["about"]
        #: What the runtime of a client must be able to show it.
        self.needs: str = lines[0].get("needs", "")
        self.options: dict[str, Any] = lines[0].get("options", {})
        self.steps: list[dict[str, Any]] = lines[1:]


class Link:
    """A websocket that the client opened."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        header = socket.request.headers.get("Authorization") if socket.request is not None else None
        self.token = header.removeprefix("Bearer ") if header is not None else None
        self.done = asyncio.Event()
        #: The id of the message heard last.
        self.heard: Any = None


class Client:
    """The driver of a client: a process that does as `README.md` says, and prints what its application is told."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.saved: list[dict[str, Any]] = []
        self.events: list[int] = []
        self._process: asyncio.subprocess.Process
        self._reading: asyncio.Task[None]

    async def start(self, url: str, options: dict[str, Any]) -> None:
        """Starts the process."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, url, json.dumps(options), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "saved" in said:
                self.saved.append(said["saved"])
            else:
                if "event" in said:
                    self.events.append(said["event"])
                self.told.put_nowait(said)
        self.told.put_nowait({"exit": await self._process.wait()})

    async def next(self, wait: float) -> dict[str, Any]:
        """The next thing that the application is told."""
        try:
            return await asyncio.wait_for(self.told.get(), wait)
        except asyncio.TimeoutError:
            raise Broken("the application is told nothing") from None

    def order(self, what: dict[str, Any]) -> None:
        """Tells the application to do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")

    async def end(self) -> None:
        """Ends the process."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading


class Play:
    """One script played against one client."""

    def __init__(self, script: Script, command: list[str], without: frozenset[str] = frozenset()) -> None:
        self._script = script
        self._without = without
        self._client = Client(command)
        self._links: dict[int, Link] = {}
        self._came: asyncio.Queue[Link] = asyncio.Queue()
        self._answers: list[dict[str, Any]] = []
        self._rejected = 0
        self._since = 0.0

    async def run(self) -> None:
        """Plays it; raises `Broken` with the step that the client did not follow."""
        async with serve(
            self._serve, "127.0.0.1", 0, process_request=self._admit, ping_interval=None, compression=None,
            close_timeout=2,
        ) as server:
            port = server.sockets[0].getsockname()[1]
            first = self._script.steps[0]
            if "reject" in first:
                self._answers.append(first)
            await self._client.start(f"http://127.0.0.1:{port}", self._script.options)
            self._since = asyncio.get_running_loop().time()
            try:
                for number, step in enumerate(self._script.steps, 2):
                    try:
                        await self._step(step)
                    except (Broken, ConnectionClosed, asyncio.TimeoutError) as error:
                        raise Broken(f"line {number}, {json.dumps(step)}: {error!r}") from error
            finally:
                await self._client.end()
                for link in self._links.values():
                    link.done.set()

    async def _serve(self, socket: ServerConnection) -> None:
        link = Link(socket)
        self._came.put_nowait(link)
        await link.done.wait()

    async def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        if request.path != "/api/v1/ws":
            return socket.respond(HTTPStatus.IM_A_TEAPOT, f"asked for {request.path}")
        if not self._answers:
            return None
        step = self._answers.pop(0)
        response = socket.respond(HTTPStatus(step["reject"]), "no\n")
        if "retry_after" in step:
            response.headers["Retry-After"] = str(step["retry_after"])
        self._rejected += 1
        return response

    async def _step(self, step: dict[str, Any]) -> None:
        [word] = [word for word in step if hasattr(self, f"_{word}_step")]
        await getattr(self, f"_{word}_step")(step)
        self._since = asyncio.get_running_loop().time()

    def _link(self, step: dict[str, Any]) -> Link:
        return self._links[step.get("on", max(self._links))]

    async def _accept_step(self, step: dict[str, Any]) -> None:
        link = await asyncio.wait_for(self._came.get(), STEP_WAIT_S)
        passed = (asyncio.get_running_loop().time() - self._since) * 1000
        least, most = step.get("within_ms", [0, STEP_WAIT_S * 1000])
        if not least <= passed <= most + 1500:
            raise Broken(f"the link came after {passed:.0f} ms")
        if link.token != step.get("token"):
            raise Broken(f"the link came with the token {link.token!r}")
        self._links[step["accept"]] = link

    async def _reject_step(self, step: dict[str, Any]) -> None:
        if step is not self._script.steps[0]:
            self._answers.append(step)
        for _ in range(int(STEP_WAIT_S * 100)):
            if self._rejected:
                self._rejected -= 1
                return
            await asyncio.sleep(0.01)
        raise Broken("nobody asked")

    async def _say_step(self, step: dict[str, Any]) -> None:
        link = self._link(step)
        said = step["say"]
        text = said if isinstance(said, str) else json.dumps(said).replace('"$id"', json.dumps(link.heard))
        await link.socket.send(text)

    async def _events_step(self, step: dict[str, Any]) -> None:
        link, (first, last) = self._link(step), step["events"]
        for seq in range(first, last + 1):
            await link.socket.send(json.dumps({
                "type": "event", "seq": seq, "kind": "payment.made", "topics": ["payments"],
                "at": "2026-11-22T01:00:00.123Z", "data": {"id": seq, "amount": 0.1},
            }))

    async def _hear_step(self, step: dict[str, Any]) -> None:
        link, wanted = self._link(step), step["hear"]
        while True:
            message = json.loads(await asyncio.wait_for(link.socket.recv(), STEP_WAIT_S))
            # A client whose runtime shows it no pings asks for itself whether anybody is there.
            if message["type"] != "ping" or wanted["type"] == "ping":
                break
            await link.socket.send(json.dumps({"type": "pong", "id": message.get("id"), "now": ""}))
        link.heard = message.get("id")
        if not isinstance(link.heard, (int, str)):
            raise Broken(f"a message without an id: {message}")
        absent = [name for name in step.get("without", []) if message.get(name) not in (None, False, [])]
        if not covers(message, wanted) or absent:
            raise Broken(f"the client said {message}")

    async def _close_step(self, step: dict[str, Any]) -> None:
        link = self._link(step)
        await link.socket.close(step["close"], step.get("reason", ""))
        link.done.set()

    async def _cut_step(self, step: dict[str, Any]) -> None:
        link = self._links[step["cut"]]
        link.socket.transport.abort()
        link.done.set()

    async def _closed_step(self, step: dict[str, Any]) -> None:
        link = self._links[step["closed"]]
        try:
            while True:
                message = json.loads(await asyncio.wait_for(link.socket.recv(), STEP_WAIT_S))
                if message["type"] != "ping":
                    raise Broken(f"the client said {message}")
        except ConnectionClosed:
            pass
        link.done.set()
        codes = step.get("codes", [1000])
        if link.socket.close_code not in codes and "close-code" not in self._without:
            raise Broken(f"the client closed the link with {link.socket.close_code}")

    async def _told_step(self, step: dict[str, Any]) -> None:
        wanted = step["told"] if isinstance(step["told"], list) else [step["told"]]
        for one in wanted:
            told = await self._client.next(STEP_WAIT_S)
            if not covers(told, one):
                raise Broken(f"the application was told {told} instead of {one}")

    async def _saved_step(self, step: dict[str, Any]) -> None:
        for _ in range(int(STEP_WAIT_S * 100)):
            if self._client.saved and covers(self._client.saved[-1], step["saved"]):
                return
            await asyncio.sleep(0.01)
        raise Broken(f"the positions saved are {self._client.saved[-3:]}")

    async def _quiet_ms_step(self, step: dict[str, Any]) -> None:
        await asyncio.sleep(step["quiet_ms"] / 1000)
        if not self._came.empty():
            raise Broken("the client opened a link")
        if not self._client.told.empty():
            raise Broken(f"the application was told {self._client.told.get_nowait()}")

    async def _do_step(self, step: dict[str, Any]) -> None:
        self._client.order(step)


def covers(found: Any, wanted: Any) -> bool:
    """Whether everything wanted is found. Text between slashes is a pattern; `[low, high]` under `in_ms` a range."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            low_high(found.get(key), part) if key == "in_ms" else covers(found.get(key), part)
            for key, part in wanted.items()
        )
    if isinstance(wanted, str) and len(wanted) > 1 and wanted[0] == wanted[-1] == "/":
        return isinstance(found, str) and re.search(wanted[1:-1], found) is not None
    return bool(found == wanted) and isinstance(found, bool) == isinstance(wanted, bool)


def low_high(found: Any, wanted: list[float]) -> bool:
    """Whether a number is in a range."""
    return isinstance(found, (int, float)) and wanted[0] <= found <= wanted[1]
