"""Hubs for trials: real processes on a private PostgreSQL, and a proxy before them that cuts links."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ADMIN_KEY = "tbk_4f1d7c52b0e94a6b9d3e8f7a6c5b4d3e"
SECRET = "9c0d5b7e3f2a1c8d6e4b9f7a5c3d1e0b"
#: Seconds that a hub may take to be ready, on a busy machine.
READY_WAIT_S = 60.0


#: Bytes that must be free in memory before a database is put there.
MEMORY_BYTES_MIN = 2 << 30


# Who is asked to end takes its hubs along.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def scratch() -> str:
    """Where databases of trials are: in memory when there is room, for a trial tests clients and not a disk."""
    memory = "/dev/shm"
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= MEMORY_BYTES_MIN:
        return memory
    return "/tmp"


def program() -> str:
    """The binary: the one that is named, else that of the tests' build."""
    named = os.environ.get("TOLLBELL_BIN")
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    return named or str(Path(__file__).resolve().parents[2] / target / "debug" / "tollbell")


class Site:
    """One community: a database of its own, and what its hubs share. Use it with `with`."""

    def __init__(self, *flags: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tollbell-clients-", dir=scratch(), ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)
        self.path.chmod(0o711)
        self._flags = flags
        self._hubs: list[Hub] = []

    def hub(self, listen: str = "127.0.0.1:0", *flags: str) -> Hub:
        """Starts a hub and waits until it is ready."""
        hub = Hub(self, listen, [*self._flags, *flags])
        self._hubs.append(hub)
        hub.wait_ready()
        return hub

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        for hub in self._hubs:
            hub.end()
        # Only hubs that were all killed leave their database behind.
        pid = self.path / "data" / "pg" / "postmaster.pid"
        if pid.exists():
            try:
                os.kill(int(pid.read_text().splitlines()[0]), signal.SIGQUIT)
            except ProcessLookupError:
                pass
        self._folder.cleanup()


class Hub:
    """A running hub."""

    def __init__(self, site: Site, listen: str, flags: list[str]) -> None:
        log = site.path / f"hub-{time.monotonic_ns()}.log"
        environment = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
        environment |= {"TOLLBELL_ADMIN_KEY": ADMIN_KEY, "TOLLBELL_SECRET": SECRET, "TOLLBELL_ADMIN_LISTEN": "off"}
        self._log = log
        with log.open("w") as out:
            self._process = subprocess.Popen(
                [program(), "serve", "--data-dir", str(site.path / "data"), "--listen", listen, *flags],
                env=environment, stdout=subprocess.PIPE, stderr=out, text=True,
            )
        self.address = self._find_address()

    def _find_address(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "http://" in line:
                return line.split("http://", 1)[1].split("/")[0].split()[0]
        raise RuntimeError(f"the hub did not start:\n{self._log.read_text()}")

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://{self.address}"

    def wait_ready(self) -> None:
        """Waits until it wants clients."""
        deadline = time.monotonic() + READY_WAIT_S
        while time.monotonic() < deadline:
            try:
                if ask(self.address, "GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the hub is not ready:\n{self._log.read_text()[-4000:]}")

    def kill(self) -> None:
        """Ends it as a crash would."""
        self._process.kill()
        self._process.wait()

    def drain(self) -> None:
        """Asks it to go, and returns at once."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Waits for it to end by itself."""
        return self._process.wait()

    def end(self) -> None:
        """Ends it, politely first."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGTERM)
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Proxy:
    """One address before the hubs, as a load balancer gives it, which cuts links on demand."""

    def __init__(self, hub: Hub) -> None:
        self.front = hub.address
        self._links: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server
        self.address = ""

    async def start(self) -> None:
        """Listens."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.address = "127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self.front.split(":")
        try:
            up_reader, up_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        self._links |= {writer, up_writer}
        await asyncio.gather(_pump(reader, up_writer), _pump(up_reader, writer))
        self._links -= {writer, up_writer}

    def cut(self) -> int:
        """Cuts every link without a word, and says how many there were."""
        links = len(self._links) // 2
        for link in self._links:
            link.transport.abort()
        return links

    async def stop(self) -> None:
        """Ends it."""
        self._server.close()
        self.cut()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except (ConnectionError, OSError):
        pass
    finally:
        writer.close()


def ask(
    address: str, method: str, path: str, body: Any = None, token: str | None = None, key: str | None = None
) -> tuple[int, Any]:
    """One request; the status and the body."""
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] in (b"{", b"[") else text.decode()
    finally:
        connection.close()


def log_of(address: str, topic: str) -> tuple[str, list[int]]:
    """The epoch, and the numbers of a topic's events as the log has them."""
    seqs: list[int] = []
    status, page = ask(address, "GET", f"/api/v1/events?topics={topic}&limit=1", token=ADMIN_KEY)
    epoch, since = page["epoch"], 0
    while True:
        path = f"/api/v1/events?topics={topic}&epoch={epoch}&since={since}&limit=1000"
        status, page = ask(address, "GET", path, token=ADMIN_KEY)
        if status != 200:
            raise RuntimeError(f"{status} {page}")
        seqs += [event["seq"] for event in page["events"]]
        since = page["next"]
        if not page["events"] or since >= page["head"]:
            return epoch, seqs
