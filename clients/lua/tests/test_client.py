"""What the scripts of `clients/conformance` can't see: the computer's queue, handlers that sleep, requests, the shop's book."""

from __future__ import annotations

import asyncio
import json
import tempfile
import unittest
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from computer import MESSAGE_BYTES_MAX, QUEUE_EVENTS_MAX, Computer
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

HERE = Path(__file__).resolve().parent
DOCUMENTS = HERE.parents[1]


def event(seq: int) -> dict[str, Any]:
    """An event of the fake log."""
    return {"type": "event", "seq": seq, "kind": "payment.made", "topics": ["payments"], "at": "", "data": {"id": seq}}


class FakeHub:
    """A hub with a log of so many events, which sends as fast as it can and waits for nobody."""

    def __init__(self, head: int, shown_head: int | None = None) -> None:
        self.head = head
        #: What it says in its greeting; less than the head when much happens at once.
        self.shown_head = head if shown_head is None else shown_head
        self.links = 0
        self.pages: list[str] = []

    async def talk(self, socket: ServerConnection) -> None:
        """One conversation."""
        self.links += 1
        try:
            await socket.send(json.dumps({"type": "welcome", "epoch": "e7", "ping_s": 25, "head": self.shown_head}))
            asked = json.loads(await socket.recv())
            mode = {"type": "subscribed", "id": asked["id"], "mode": "resumed", "from": asked["since"] + 1}
            await socket.send(json.dumps(mode))
            for seq in range(asked["since"] + 1, self.head + 1):
                await socket.send(json.dumps(event(seq)))
            async for text in socket:
                asked = json.loads(text)
                if asked["type"] == "ping":
                    await socket.send(json.dumps({"type": "pong", "id": asked["id"], "now": ""}))
        except ConnectionClosed:
            pass

    def answer(self, socket: ServerConnection, request: Request) -> Response | None:
        """Pages."""
        if not request.path.startswith("/api/v1/events"):
            return None
        self.pages.append(request.path)
        query = parse_qs(urlsplit(request.path).query)
        since, limit = int(query["since"][0]), int(query["limit"][0])
        last = min(since + limit, self.head)
        page = {"epoch": "e7", "events": [event(seq) for seq in range(since + 1, last + 1)], "next": last, "head": self.head}
        response = socket.respond(HTTPStatus.OK, json.dumps(page))
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        return response


PROGRAM = """
local tollbell = require "tollbell"
local url, last, change = ...
local hub = tollbell.hub(url, {
    topics = { "payments" }, since = { epoch = "e7", seq = 0 }, timing = { backoffMin = 0.01, backoffMax = 0.05 },
})
hub.on(function(event)
    print(event.seq)
    if event.seq == last then hub.close() end
end)
hub.onGap(function() print("gap") end)
hub.run()
"""


class OnAComputer(unittest.IsolatedAsyncioTestCase):
    """Programs on a computer."""

    async def asyncSetUp(self) -> None:
        """A folder for the computer's files."""
        asyncio.get_running_loop().set_debug(False)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def computer(self, path: Path | None = None, **settings: Any) -> Computer:
        """A computer with the client."""
        return Computer(self.folder, [path or HERE.parent], settings)

    async def against(self, hub: FakeHub, computer: Computer, program: str = PROGRAM, wait: float = 60) -> list[str]:
        """Runs a program against a hub, and gives what it printed."""
        async with serve(hub.talk, "127.0.0.1", 0, process_request=hub.answer, compression=None) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            try:
                await asyncio.wait_for(computer.run(program, "program.lua", url, hub.head), wait)
            except asyncio.TimeoutError:
                computer.printed.append("timeout")
        return computer.printed

    async def test_what_a_computer_forgets_is_noticed_and_read_again(self) -> None:
        for seed in range(3):
            hub, computer = FakeHub(1500, shown_head=10), self.computer()
            computer.dice.seed(seed)
            computer.stalls = (0.01, 0.3)
            printed = await self.against(hub, computer)
            self.assertEqual(printed, [str(seq) for seq in range(1, 1501)], f"seed {seed}")
            self.assertGreater(computer.forgotten, 0, "nothing was forgotten, so nothing was tried")

    async def test_without_counting_events_would_be_lost(self) -> None:
        source = (HERE.parent / "tollbell.lua").read_text()
        broken = source.replace("local QUEUE_EVENTS_MAX = 256", "local QUEUE_EVENTS_MAX = 1e9")
        broken = broken.replace("if overtaken or", "if false or")
        self.assertEqual(broken.count("1e9") + broken.count("if false or"), 2)
        (self.folder / "tollbell.lua").write_text(broken)
        hub, computer = FakeHub(3000, shown_head=10), self.computer(self.folder)
        computer.stalls = (0.02, 0.3)
        printed = await self.against(hub, computer, wait=10)
        self.assertNotEqual(printed, [str(seq) for seq in range(1, 3001)])

    async def test_a_long_way_is_caught_up_by_pages(self) -> None:
        hub, computer = FakeHub(1000), self.computer()
        printed = await self.against(hub, computer)
        self.assertEqual(printed, [str(seq) for seq in range(1, 1001)])
        self.assertEqual((len(hub.pages), hub.links, computer.forgotten), (5, 1, 0))

    async def test_an_idle_computer_is_left_alone(self) -> None:
        hub, computer = FakeHub(5), self.computer()
        taken = 0
        following = computer._next

        async def count() -> Any:
            nonlocal taken
            taken += 1
            return await following()

        computer._next = count  # type: ignore[method-assign]
        program = PROGRAM.replace("if event.seq == last then hub.close() end", "")
        await self.against(hub, computer, program, wait=4)
        self.assertLess(taken, 40, "events that nobody needs")

    async def test_a_handler_may_sleep_and_ask_while_events_come(self) -> None:
        program = PROGRAM.replace("print(event.seq)", """
            if event.seq % 10 == 0 then sleep(0.1) end
            if event.seq == 20 then print(tollbell.api(url).get("events", { since = 0, limit = 1 }).head) end
            print(event.seq)""")
        hub, computer = FakeHub(60), self.computer()
        printed = await self.against(hub, computer, program)
        self.assertEqual([line for line in printed if line != "60"][:20], [str(seq) for seq in range(1, 21)])
        self.assertEqual(printed.count("60"), 2)

    async def test_a_handler_that_fails_ends_the_run_with_its_words(self) -> None:
        program = """
            local tollbell = require "tollbell"
            local url = ...
            local hub = tollbell.hub(url, { topics = { "payments" }, since = { epoch = "e7", seq = 0 } })
            hub.on(function(event) if event.seq == 3 then error("a bug", 0) end end)
            print(pcall(hub.run))
            print(hub.state, hub.position.seq)
        """
        printed = await self.against(FakeHub(5), self.computer(), program)
        self.assertEqual(printed, ["false\ta bug", "closed\t2"])

    async def test_termination_ends_the_run_and_its_sockets(self) -> None:
        program = """
            local tollbell = require "tollbell"
            local url = ...
            local hub = tollbell.hub(url, { topics = { "payments" }, since = { epoch = "e7", seq = 0 } })
            hub.on(function(event) if event.seq == 5 then os.queueEvent("terminate") end end)
            print(pcall(hub.run))
        """
        computer = self.computer()
        printed = await self.against(FakeHub(5), computer, program)
        self.assertEqual((printed, computer._sockets), (["false\tTerminated"], {}))

    async def test_two_hubs_run_in_parallel_on_one_computer(self) -> None:
        program = """
            local tollbell = require "tollbell"
            local url = ...
            local function listen(name)
                local hub = tollbell.hub(url, { topics = { "payments" }, since = { epoch = "e7", seq = 0 } })
                hub.on(function(event)
                    print(name .. event.seq)
                    if event.seq == 50 then hub.close() end
                end)
                return hub.run
            end
            parallel.waitForAll(listen("a"), listen("b"))
        """
        printed = await self.against(FakeHub(50), self.computer(), program)
        for name in "ab":
            mine = [line[1:] for line in printed if line[0] == name]
            self.assertEqual(mine, [str(seq) for seq in range(1, 51)])

    async def test_a_request_is_sent_again_under_the_same_key(self) -> None:
        asked: list[tuple[str, dict[str, str], str]] = []
        answers = [(503, ""), (0, ""), (201, '{"data":{"id":7,"amount":12.5}}'), (402, '{"error":{"code":"c","message":"m"}}')]

        async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head[1:] if line}
            body = (await reader.readexactly(int(headers["content-length"]))).decode()
            asked.append((head[0], headers, body))
            status, text = answers.pop(0)
            if status:
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
            writer.close()

        server = await asyncio.start_server(serve_one, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        computer = self.computer()
        await computer.run("""
            local tollbell = require "tollbell"
            local api = tollbell.api(...)
            api.token = "secret"
            print(api.pay("kb", "12.50").id)
            local nothing, why = api.pay("kb", 10000000000000000)
            print(nothing, why.status, why.code, why.message)
        """, "program.lua", url)
        server.close()
        self.assertEqual(computer.printed, ["7", "nil\t402\tc\tm"])
        keys = [headers["idempotency-key"] for _, headers, _ in asked]
        self.assertEqual((len(set(keys[:3])), keys[3] in keys[:3]), (1, False))
        self.assertEqual([json.loads(body) for _, _, body in asked[2:]], [
            {"to": "kb", "amount": "12.50"}, {"to": "kb", "amount": 10000000000000000},
        ])
        self.assertEqual({line for line, _, _ in asked}, {"POST /api/v1/payments HTTP/1.1"})
        self.assertEqual({headers["authorization"] for _, headers, _ in asked}, {"Bearer secret"})

    async def test_json_is_written_exactly(self) -> None:
        computer = self.computer()
        await computer.run("""
            local tollbell = require "tollbell"
            print(tollbell.encode({ a = 9007199254740991 }))
            print(tollbell.encode({ 1, 2.5, "q\\"\\n\\\\", true }))
            print(tollbell.encode({ x = textutils.json_null }))
            print(pcall(tollbell.encode, 0 / 0))
            print(tollbell.decode("{") == nil)
        """, "program.lua")
        self.assertEqual(computer.printed, [
            '{"a":9007199254740991}', '[1,2.5,"q\\u0022\\u000a\\u005c",true]', '{"x":null}',
            "false\ta number without a JSON form", "true",
        ])

    async def test_a_file_store_survives_a_crash_at_every_step(self) -> None:
        computer = self.computer()
        await computer.run("""
            local tollbell = require "tollbell"
            local store = tollbell.fileStore("p.json")
            print(store.load())
            store.save({ epoch = "e7", seq = 7 })
            store.save({ epoch = "e7", seq = 8 })
            print(store.load().seq)
            fs.move("p.json", "p.json.new")
            print(store.load().seq)
            local file = fs.open("p.json", "w")
            file.write("{")
            file.close()
            print(pcall(store.load))
        """, "program.lua")
        self.assertEqual(computer.printed, ["nil", "8", "8", "false\tp.json holds no JSON; repair or remove it"])

    async def test_misuse_is_refused_with_the_cure(self) -> None:
        computer = self.computer()
        await computer.run("""
            local tollbell = require "tollbell"
            print(select(2, pcall(tollbell.hub, "http://h", {})))
            print(select(2, pcall(tollbell.hub, "hub", { topics = { "t" } })))
            print(select(2, pcall(tollbell.hub("http://h", { topics = { "t" } }).on, "payment.made")))
        """, "program.lua")
        for line, part in zip(computer.printed, ("no topic is named", "write it like", "a handler is a function"), strict=True):
            self.assertIn(part, line)

    async def test_close_codes_are_those_of_the_document(self) -> None:
        rows = json.loads((DOCUMENTS / "asyncapi.json").read_text())["x-close-codes"]
        computer = self.computer()
        await computer.run("""
            for code, row in pairs(require("tollbell").closeCodes) do print(string.format("%d %s", code, row[2])) end
        """, "program.lua")
        found = dict(line.split(" ", 1) for line in computer.printed)
        self.assertEqual(sorted(found), sorted(str(row["code"]) for row in rows))
        for row in rows:
            self.assertEqual(found[str(row["code"])] == "stop", row["client"] == "stop", row)

    async def test_a_message_that_no_computer_takes_ends_the_run_instead_of_looping(self) -> None:
        async def talk(socket: ServerConnection) -> None:
            await socket.send(json.dumps({"type": "welcome", "epoch": "e7", "ping_s": 25}))
            asked = json.loads(await socket.recv())
            await socket.send(json.dumps({"type": "subscribed", "id": asked["id"], "mode": "resumed", "from": 1}))
            await socket.send(json.dumps(event(1) | {"data": {"text": "x" * MESSAGE_BYTES_MAX}}))
            await socket.wait_closed()

        hub = FakeHub(1)
        hub.talk = talk  # type: ignore[method-assign]
        program = PROGRAM.replace("hub.run()", "local stopped = hub.run() print(stopped.code)")
        self.assertEqual(await self.against(hub, self.computer(), program, wait=10), ["1009"])

    async def test_the_queue_of_a_computer_forgets(self) -> None:
        computer = self.computer()
        for number in range(QUEUE_EVENTS_MAX + 3):
            computer.queue("event", number)
        self.assertEqual((len(computer._queue), computer.forgotten), (QUEUE_EVENTS_MAX, 3))

    async def test_a_fifth_socket_and_a_strange_global_are_refused(self) -> None:
        computer = self.computer()
        await computer.run("""
            for index = 1, 5 do print(pcall(http.websocketAsync, "ws://127.0.0.1:1/#" .. index)) end
            print(pcall(function() return io end))
        """, "program.lua")
        self.assertEqual(computer.printed[3], "true\ttrue")
        self.assertIn("Too many websockets already open", computer.printed[4])
        self.assertIn("a computer has no global io", computer.printed[5])


if __name__ == "__main__":
    unittest.main()
