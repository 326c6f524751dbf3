"""A computer of CC:Tweaked, as far as a program that talks to a hub can tell: its events, limits and APIs, on Lua 5.2.

What it enforces: at most 256 events wait, and more are forgotten without a word; 4 websockets and 16 requests; messages of
at most 128 KiB each way; timers of whole ticks; no pings to see, no code to close with, no `Origin`; answers are told apart by
URL alone; tables that go through the queue are copies; an event that a coroutine did not ask for passes it by. A program
gets no other globals than a computer has.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections import deque
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import lupa.lua52 as lupa
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

QUEUE_EVENTS_MAX = 256
WEBSOCKETS_MAX = 4
REQUESTS_MAX = 16
MESSAGE_BYTES_MAX = 128 * 1024
TICK_S = 0.05

#: What a computer's own programs are made of, in its own words.
ROM = r"""
local native = ...
local env = {}
for _, name in ipairs({ "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget",
    "rawset", "rawlen", "select", "setmetatable", "tonumber", "tostring", "type", "xpcall", "string", "table", "math",
    "coroutine", "_VERSION" }) do
    env[name] = _G[name]
end
env._G = env
local tables = { "term", "http", "fs", "os", "textutils", "parallel", "settings", "redstone", "peripheral", "colors" }
for _, name in ipairs(tables) do env[name] = {} end

local function copy(value, seen)
    if type(value) ~= "table" then return type(value) ~= "function" and value or nil end
    seen = seen or {}
    if seen[value] then return seen[value] end
    local made = {}
    seen[value] = made
    for key, item in pairs(value) do made[copy(key, seen)] = copy(item, seen) end
    return made
end

local os, http, fs = env.os, env.http, env.fs
os.pullEventRaw = coroutine.yield
function os.pullEvent(filter)
    local event = table.pack(coroutine.yield(filter))
    if event[1] == "terminate" then error("Terminated", 0) end
    return table.unpack(event, 1, event.n)
end
function os.queueEvent(name, ...)
    local values = table.pack(...)
    for index = 1, values.n do values[index] = copy(values[index]) end
    native.queue(name, table.unpack(values, 1, values.n))
end
os.startTimer, os.cancelTimer, os.clock = native.startTimer, native.cancelTimer, native.clock
function os.epoch(kind) return native.epoch(kind or "ingame") end
function os.getComputerID() return 7 end
function os.getComputerLabel() return nil end
function env.sleep(seconds)
    local timer = os.startTimer(seconds or 0)
    repeat local _, which = os.pullEvent("timer") until which == timer
end
os.sleep = env.sleep

local function arguments(first, ...)
    if type(first) == "table" then
        return first.url, first.body, first.headers or {}, first.method, first.timeout
    end
    return first, ...
end
function http.request(...)
    local url, body, headers, method = arguments(...)
    if type(url) ~= "string" then error("bad argument #1 (string expected)", 2) end
    native.request(url, body, headers or {}, method or (body and "POST" or "GET"))
    return true
end
local function wait(url, ...)
    http.request(...)
    while true do
        local event, from, first, second = os.pullEvent()
        if from == url and event == "http_success" then return first end
        if from == url and event == "http_failure" then return nil, first, second end
    end
end
function http.get(url, headers) return wait(type(url) == "table" and url.url or url, { url = url, headers = headers }) end
function http.post(url, body, headers) return wait(url, { url = url, body = body, headers = headers, method = "POST" }) end
function http.websocketAsync(...)
    local url, headers = ...
    if type(url) == "table" then url, headers = url.url, url.headers end
    local refusal = native.websocket(url, headers or {})
    if refusal then error(refusal, 2) end
    return true
end

env.textutils.json_null = setmetatable({}, { __tostring = function() return "null" end })
env.textutils.empty_json_array = {}
function env.textutils.unserialiseJSON(text)
    if type(text) ~= "string" then error("bad argument #1 (string expected)", 2) end
    return native.unserialise(text, env.textutils.empty_json_array)
end
env.textutils.unserializeJSON = env.textutils.unserialiseJSON

local function together(enough, ...)
    local threads, filters, living = {}, {}, select("#", ...)
    local from = living
    for index, work in ipairs({ ... }) do threads[index] = coroutine.create(work) end
    local event = { n = 0 }
    while true do
        for index = 1, from do
            local thread = threads[index]
            if thread and (filters[index] == nil or filters[index] == event[1] or event[1] == "terminate") then
                local ok, filter = coroutine.resume(thread, table.unpack(event, 1, event.n))
                if not ok then error(filter, 0) end
                filters[index] = filter
                if coroutine.status(thread) == "dead" then
                    threads[index], living = nil, living - 1
                    if living <= enough then return index end
                end
            end
        end
        event = table.pack(os.pullEventRaw())
    end
end
function env.parallel.waitForAny(...) return together(select("#", ...) - 1, ...) end
function env.parallel.waitForAll(...) return together(0, ...) end

fs.exists, fs.delete, fs.isDir = native.exists, native.delete, function() return false end
function fs.move(from, to)
    local refusal = native.move(from, to)
    if refusal then error(refusal, 2) end
end
function fs.open(path, mode)
    if mode == "r" then
        local content = native.readFile(path)
        if not content then return nil, "No such file" end
        return { readAll = function() return content end, close = function() end }
    end
    local parts = {}
    return {
        write = function(text) parts[#parts + 1] = tostring(text) end,
        writeLine = function(text) parts[#parts + 1] = tostring(text) .. "\n" end,
        close = function() native.writeFile(path, table.concat(parts)) end,
    }
end

function env.settings.get(name, default)
    local value = native.setting(name)
    if value == nil then return default end
    return value
end
local function show(...)
    local parts = table.pack(...)
    for index = 1, parts.n do parts[index] = tostring(parts[index]) end
    native.print(table.concat(parts, "\t"))
end
env.print, env.printError = show, show
function env.write(text) show(text) end
local screen = { x = 1, y = 1 }
function env.term.clear() end
function env.term.setCursorPos(x, y) screen.x, screen.y = x, y end
function env.term.getSize() return 51, 19 end
function env.term.write(text) show(text) end
function env.term.setTextColour() end
env.term.setTextColor = env.term.setTextColour
function env.term.isColour() return true end
for index, name in ipairs({ "white", "orange", "yellow", "lime", "red", "grey", "lightGrey", "green" }) do
    env.colors[name] = 2 ^ (index - 1)
end
env.colours = env.colors
function env.peripheral.find(kind) return native.peripheral(kind) end
function env.peripheral.wrap(name) return native.peripheral(name) end
env.peripheral.getName = function(found) return found.name end

local loaded = {}
function env.require(name)
    if loaded[name] == nil then
        local source = native.module(name)
        if not source then error("module '" .. name .. "' not found", 2) end
        loaded[name] = assert(load(source, "@" .. name .. ".lua", "t", env))() or true
    end
    return loaded[name]
end
function env.loadstring(text, name) return load(text, name, "t", env) end
env.load = env.loadstring
setmetatable(env, { __index = function(_, name) error("a computer has no global " .. tostring(name), 2) end })

return env, function(source, name, ...)
    local program = assert(load(source, "@" .. name, "t", env))
    local words = table.pack(...)
    local thread = coroutine.create(function() return program(table.unpack(words, 1, words.n)) end)
    return function(...)
        local ok, filter = coroutine.resume(thread, ...)
        return ok, filter, coroutine.status(thread) == "dead"
    end
end
"""


class Crashed(Exception):
    """The program ended with an error."""


class Computer:
    """One computer. Programs find the modules of `path`, and files in a folder of their own."""

    def __init__(self, folder: Path, path: list[Path], settings: dict[str, Any] | None = None) -> None:
        self._folder, self._path, self._settings = folder, path, settings or {}
        self._queue: deque[tuple[Any, ...]] = deque()
        self._wake = asyncio.Event()
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._sockets: dict[int, Websocket] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._requests = asyncio.Semaphore(REQUESTS_MAX)
        self._begun = time.monotonic()
        self._ids = 0
        self.peripherals: dict[str, Any] = {}
        #: What programs printed.
        self.printed: list[str] = []
        #: Events that were forgotten because too many waited.
        self.forgotten = 0
        #: The most sockets that were open at one time.
        self.sockets_most = 0
        #: Called with each line that is printed.
        self.on_print = self.printed.append
        #: Seconds that the computer stands still now and then, as one does on a busy server: (chance, longest).
        self.stalls: tuple[float, float] = (0.0, 0.0)
        self.dice = random.Random(0)
        self.lua = lupa.LuaRuntime(encoding="latin-1", unpack_returned_tuples=True, register_eval=False)
        native = self.lua.table_from({
            "queue": self.queue, "startTimer": self._start_timer, "cancelTimer": self._cancel_timer,
            "clock": lambda: math.floor((time.monotonic() - self._begun) / TICK_S) * TICK_S,
            "epoch": lambda kind: math.floor(time.time() * 1000), "request": self._request,
            "websocket": self._websocket, "unserialise": self._unserialise, "print": lambda text: self.on_print(text),
            "exists": lambda name: (folder / name).exists(), "delete": lambda name: (folder / name).unlink(True),
            "move": self._move, "readFile": self._read_file, "writeFile": self._write_file,
            "setting": self._settings.get, "module": self._module, "peripheral": self.peripherals.get,
        })
        self.globals, self._load = self.lua.execute(ROM, native)

    # ---- what the world does ----

    def queue(self, *event: Any) -> None:
        """An event happens."""
        if len(self._queue) >= QUEUE_EVENTS_MAX:
            self.forgotten += 1
            return
        self._queue.append(event)
        self._wake.set()

    async def run(self, source: str, name: str, *words: Any) -> None:
        """Runs a program to its end."""
        resume = self._load(source, name, *words)
        event: tuple[Any, ...] = ()
        try:
            while True:
                ok, result, dead = resume(*event)
                if not ok:
                    raise Crashed(str(result))
                if dead:
                    return
                while True:
                    event = await self._next()
                    if result is None or event[0] in (result, "terminate"):
                        break
        finally:
            await self._switch_off()

    async def _next(self) -> tuple[Any, ...]:
        chance, longest = self.stalls
        if chance and self.dice.random() < chance:
            await asyncio.sleep(self.dice.random() * longest)
        while not self._queue:
            self._wake.clear()
            await self._wake.wait()
        event = self._queue.popleft()
        await asyncio.sleep(0)
        return event

    async def _switch_off(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        for socket in list(self._sockets.values()):
            socket.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- what a program can do ----

    def _start_timer(self, seconds: float) -> int:
        self._ids += 1
        made = self._ids
        ticks = max(math.ceil(seconds / TICK_S - 1e-9), 1)

        def fire() -> None:
            del self._timers[made]
            self.queue("timer", made)

        self._timers[made] = asyncio.get_running_loop().call_later(ticks * TICK_S, fire)
        return made

    def _cancel_timer(self, which: int) -> None:
        timer = self._timers.pop(int(which), None)
        if timer is not None:
            timer.cancel()

    def _request(self, url: str, body: str | None, headers: Any, method: str) -> None:
        self._spawn(self._ask(url, body, dict(headers.items()), method))

    async def _ask(self, url: str, body: str | None, headers: dict[str, str], method: str) -> None:
        async with self._requests:
            try:
                status, found, content = await asyncio.wait_for(_http(url, method, headers, body), 30)
            except (OSError, asyncio.TimeoutError, ValueError, asyncio.IncompleteReadError):
                self.queue("http_failure", url, "Could not connect", None)
                return
        text = content.decode("latin-1")
        handle = self.lua.table_from({
            "readAll": lambda: text, "close": lambda: None, "getResponseCode": lambda: status,
            "getResponseHeaders": lambda: self.lua.table_from(found),
        })
        if status < 400:
            self.queue("http_success", url, handle)
        else:
            self.queue("http_failure", url, "HTTP " + str(status), handle)

    def _websocket(self, url: str, headers: Any) -> str | None:
        if len(self._sockets) >= WEBSOCKETS_MAX:
            return "Too many websockets already open"
        self._ids += 1
        socket = Websocket(self, self._ids, url, dict(headers.items()))
        self._sockets[self._ids] = socket
        self.sockets_most = max(self.sockets_most, len(self._sockets))
        self._spawn(socket.run())
        return None

    def forget(self, socket: Websocket) -> None:
        """A socket is closed and no longer counts."""
        self._sockets.pop(socket.id, None)

    def _unserialise(self, text: str, empty: Any) -> Any:
        try:
            value = json.loads(text.encode("latin-1"))
        except ValueError as error:
            return None, str(error)
        return self._table(value, empty)

    def _table(self, value: Any, empty: Any) -> Any:
        if isinstance(value, dict):
            return self.lua.table_from({_bytes(key): self._table(item, empty) for key, item in value.items()})
        if isinstance(value, list):
            return self.lua.table_from([self._table(item, empty) for item in value]) if value else empty
        if isinstance(value, str):
            return _bytes(value)
        return value

    def _move(self, source: str, target: str) -> str | None:
        if (self._folder / target).exists():
            return "File exists"
        (self._folder / source).rename(self._folder / target)
        return None

    def _read_file(self, name: str) -> str | None:
        path = self._folder / name
        return path.read_text("latin-1") if path.exists() else None

    def _write_file(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, "latin-1")

    def _module(self, name: str) -> str | None:
        for folder in self._path:
            if (folder / f"{name}.lua").exists():
                return (folder / f"{name}.lua").read_bytes().decode("latin-1")
        return None


class Websocket:
    """One websocket of a computer."""

    def __init__(self, computer: Computer, id: int, url: str, headers: dict[str, str]) -> None:
        self.id = id
        self._computer, self._url, self._headers = computer, url, headers
        self._socket: ClientConnection | None = None
        self._closed = False

    async def run(self) -> None:
        """Opens it and reads it to its end."""
        computer, url = self._computer, self._url
        try:
            self._socket = await asyncio.wait_for(connect(
                url.split("#")[0], additional_headers=self._headers, compression=None, max_size=MESSAGE_BYTES_MAX,
                ping_interval=None, open_timeout=None, close_timeout=0.5, max_queue=1024,
            ), 30)
        except InvalidStatus as error:
            status = error.response.status_code
            self._fail("websocket_failure", f"Invalid handshake response getStatus: {status} {error.response.reason_phrase}")
            return
        except (OSError, asyncio.TimeoutError, ConnectionClosed, EOFError, Exception):
            self._fail("websocket_failure", "Could not connect")
            return
        if self._closed:
            self._socket.transport.abort()
            return
        computer.queue("websocket_success", url, self._handle())
        try:
            while True:
                content = await self._socket.recv(decode=False)
                if self._closed:
                    return
                computer.queue("websocket_message", url, content.decode("latin-1"), False)
        except ConnectionClosed as ended:
            said = ended.rcvd
            if said is None and ended.sent is not None and ended.sent.code == 1009:
                self._fail("websocket_closed", "Message is too large", None)
            elif said is None or said.code == 1005:
                self._fail("websocket_closed", "Connection closed", None)
            else:
                self._fail("websocket_closed", said.reason or None, said.code)

    def _fail(self, *event: Any) -> None:
        self._computer.forget(self)
        if not self._closed:
            self._closed = True
            self._computer.queue(event[0], self._url, *event[1:])

    def _handle(self) -> Any:
        return self._computer.lua.table_from({"send": self._send, "close": self.close})

    def _send(self, text: str, *_: Any) -> None:
        if self._closed or self._socket is None:
            raise lupa.LuaError("attempt to use a closed file")
        content = text.encode("latin-1")
        if len(content) > MESSAGE_BYTES_MAX:
            raise lupa.LuaError("Message is too large")
        self._computer._spawn(self._write(content.decode("utf-8", "replace")))

    async def _write(self, text: str) -> None:
        assert self._socket is not None
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            pass

    def close(self) -> None:
        """Closes it without a word, as a computer does."""
        if not self._closed:
            self._closed = True
            self._computer.forget(self)
            if self._socket is not None:
                self._socket.transport.close()


def _bytes(text: str) -> str:
    return text.encode().decode("latin-1")


async def _http(url: str, method: str, headers: dict[str, str], body: str | None) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        content = (body or "").encode("latin-1")
        lines = [f"{method} {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(content)}", "Connection: close", "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        found = {line.partition(":")[0].title(): line.partition(":")[2].strip() for line in head[1:] if line}
        length = found.get("Content-Length")
        if length is not None:
            answer = await reader.readexactly(int(length))
        elif found.get("Transfer-Encoding") == "chunked":
            answer = b""
            while size := int((await reader.readline()).split(b";")[0], 16):
                answer += await reader.readexactly(size)
                await reader.readline()
        else:
            answer = await reader.read()
        return int(head[0].split()[1]), found, answer
    finally:
        writer.close()
