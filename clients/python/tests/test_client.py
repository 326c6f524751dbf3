"""What the scripts of `clients/conformance` can't see: requests, stores, handlers, blocking use, and the types."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import threading
import time
import unittest
from contextlib import asynccontextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from websockets.asyncio.server import serve

import tollbell
from tollbell import Api, ApiError, Event, FileStore, Gap, Hub, MemoryStore, Position, Stopped, Timing, address, blocking
from tollbell.losses import CLOSE_CODES
from tollbell.schema import EVENTS, PaymentMadeEvent
from tollbell.session import Emit, Open, Plan, Save, Send, Session

DOCUMENTS = Path(__file__).resolve().parents[2]
GOLDEN = DOCUMENTS.parent / "tests" / "golden" / "events"


class Answers:
    """An HTTP server that gives these answers, one after the other, and keeps what it was asked."""

    def __init__(self, *answers: tuple[int, dict[str, str], Any]) -> None:
        self.asked: list[tuple[str, str, dict[str, str], str]] = []
        answers_left = list(answers)
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length).decode()
                asked.append((self.command, self.path, {key.lower(): value for key, value in self.headers.items()}, body))
                status, headers, said = answers_left.pop(0)
                if status == 0:
                    return  # the connection ends without an answer
                text = (said if isinstance(said, str) else json.dumps(said)).encode()
                self.send_response(status)
                for key, value in {"Content-Length": str(len(text)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()


PAYMENT = '{"data":{"id":7,"from":"ka","to":"kb","amount":12.50,"type":"transfer","metadata":null}}'


class Async(unittest.IsolatedAsyncioTestCase):
    """A test in a loop."""

    async def asyncSetUp(self) -> None:
        """The debugger of loops tells of each slow step of a busy machine."""
        asyncio.get_running_loop().set_debug(False)


class Requests(Async):
    """`Api`."""

    async def test_a_payment_is_sent_again_under_the_same_key_until_it_is_answered(self) -> None:
        answers = [(503, {}, ""), (0, {}, ""), (429, {"Retry-After": "0"}, ""), (201, {}, PAYMENT)]
        with Answers(*answers) as server:
            payment = await Api(server.url).with_token("secret").pay("kb", Decimal("12.50"))
        self.assertEqual((payment["id"], payment["amount"]), (7, Decimal("12.50")))
        self.assertIsInstance(payment["amount"], Decimal)
        self.assertEqual(len(server.asked), 4)
        self.assertEqual(len({headers["idempotency-key"] for _, _, headers, _ in server.asked}), 1)
        for method, path, headers, body in server.asked:
            self.assertEqual((method, path), ("POST", "/api/v1/payments"))
            self.assertEqual(headers["authorization"], "Bearer secret")
            self.assertEqual(json.loads(body), {"to": "kb", "amount": "12.50"})

    async def test_two_payments_have_two_keys_and_reading_has_none(self) -> None:
        page = {"data": {"items": [], "count": 0, "remaining": 0, "next": None}}
        with Answers((201, {}, PAYMENT), (201, {}, PAYMENT), (200, {}, page)) as server:
            api = Api(server.url)
            await api.pay("kb", 1)
            await api.pay("kb", 1)
            await api.payments("../x?y", limit=1, before=7)
        keys = [headers.get("idempotency-key") for _, _, headers, _ in server.asked]
        self.assertEqual((keys[0] == keys[1], keys[2]), (False, None))
        self.assertEqual(server.asked[2][1], "/api/v1/wallets/..%2Fx%3Fy/payments?limit=1&before=7")

    async def test_a_refusal_carries_the_envelope_and_is_not_repeated(self) -> None:
        for body, code in (
            ({"error": {"code": "insufficient_funds", "message": "no", "details": {"need": 5}}}, "insufficient_funds"),
            ({"success": False, "code": "LIMIT_REACHED", "message": "no"}, "LIMIT_REACHED"),
            ("<html>", "unexpected"),
        ):
            with self.subTest(code), Answers((402, {}, body)) as server:
                with self.assertRaises(ApiError) as caught:
                    await Api(server.url).pay("kb", 1)
                self.assertEqual((caught.exception.status, caught.exception.code), (402, code))
                self.assertEqual(len(server.asked), 1)

    async def test_a_hub_that_asks_for_too_long_a_wait_gets_its_answer_passed_on(self) -> None:
        with Answers((429, {"Retry-After": "3600"}, {"error": {"code": "rate_limited", "message": "later"}})) as server:
            with self.assertRaisesRegex(ApiError, "429 rate_limited: later"):
                await Api(server.url).supply()

    async def test_an_amount_that_is_a_float_is_refused_before_it_is_sent_as_an_object(self) -> None:
        with self.assertRaises(TypeError):
            await Api("http://127.0.0.1:1").pay("kb", object())  # type: ignore[arg-type]

    async def test_giving_up_a_request_ends_it_at_once(self) -> None:
        async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await over.wait()
            writer.close()

        over = asyncio.Event()
        silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        work = asyncio.create_task(Api(f"http://127.0.0.1:{port}").supply())
        await asyncio.sleep(0.2)
        begun = time.monotonic()
        work.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await work
        await asyncio.get_running_loop().shutdown_default_executor()
        self.assertLess(time.monotonic() - begun, 5)
        over.set()
        silent.close()

    def test_every_spelling_of_the_address_leads_to_the_websocket(self) -> None:
        for url, expected in (
            ("http://hub:8080", "ws://hub:8080/api/v1/ws"),
            ("wss://hub.example/", "wss://hub.example/api/v1/ws"),
            ("https://hub.example/base/", "wss://hub.example/base/api/v1/ws"),
        ):
            self.assertEqual(address.websocket(url), expected)
        for url in ("hub", "ftp://hub", "http://", "http://user:secret@hub"):
            with self.assertRaises(ValueError):
                address.websocket(url)


class Types(unittest.TestCase):
    """The generated classes and the tables."""

    def test_every_kind_has_a_class_that_its_golden_example_fits(self) -> None:
        names = {path.stem for path in GOLDEN.glob("*.json")}
        document = json.loads((DOCUMENTS / "asyncapi.json").read_text())
        self.assertEqual(set(EVENTS), names & set(document["components"]["messages"]))
        for kind, made in EVENTS.items():
            self.assertEqual(made.KIND, kind)
            self.assertIs(getattr(tollbell.schema, made.__name__), made)

    def test_close_codes_are_those_of_the_document(self) -> None:
        rows = json.loads((DOCUMENTS / "asyncapi.json").read_text())["x-close-codes"]
        self.assertEqual(sorted(CLOSE_CODES), sorted(row["code"] for row in rows))
        for row in rows:
            stops = row["client"] == "stop"
            self.assertEqual(CLOSE_CODES[row["code"]][1].value == "stop", stops, row)


class Stores(unittest.TestCase):
    """`FileStore` and `MemoryStore`."""

    def test_a_file_keeps_the_last_position_and_refuses_nonsense(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "position.json"
            for store in (FileStore(path), MemoryStore()):
                self.assertIsNone(store.load())
                store.save(Position("e7", 7))
                store.save(Position("e7", 8))
                self.assertEqual(store.load(), Position("e7", 8))
            for nonsense in ("{", "[]", '{"epoch":"e7"}'):
                path.write_text(nonsense)
                with self.assertRaisesRegex(ValueError, "repair or remove it"):
                    FileStore(path).load()


def frame(**what: Any) -> str:
    """A message of the hub."""
    return json.dumps(what)


def event(seq: int, kind: str = "payment.made") -> str:
    """An event."""
    return frame(type="event", seq=seq, kind=kind, topics=["payments"], at="", data={"amount": 0.1})


@asynccontextmanager
async def hub_that_says(*frames: str) -> Any:
    """A hub that resumes whoever comes behind 40 and says this."""

    async def talk(socket: Any) -> None:
        await socket.send(frame(type="welcome", epoch="e7", ping_s=25))
        asked = json.loads(await socket.recv())
        mode = "resumed" if "since" in asked else "live"
        await socket.send(frame(type="subscribed", id=asked["id"], mode=mode, **{"from": 41}))
        for text in frames:
            await socket.send(text)
        await socket.wait_closed()

    async with serve(talk, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Listening(Async):
    """`Hub`, where its form is Python's own."""

    async def test_handlers_are_called_in_order_by_kind_and_family(self) -> None:
        calls: list[str] = []
        async with hub_that_says(event(41), event(42, "name.updated"), event(43)) as url:
            hub = Hub(url, topics=["payments"], since=Position("e7", 40))

            @hub.on(PaymentMadeEvent)
            async def paid(event: PaymentMadeEvent) -> None:
                await asyncio.sleep(0.01)
                calls.append(f"class {event.seq} {event.data['amount']}")

            @hub.on("payment.*")
            def family(event: Event) -> None:
                calls.append(f"family {event.seq}")

            @hub.on()
            def every(event: Event) -> None:
                calls.append(f"every {event.seq}")
                if event.seq == 43:
                    asyncio.get_running_loop().call_soon(asyncio.ensure_future, hub.close())

            @hub.on_status
            def status(item: object) -> None:
                calls.append(type(item).__name__)

            await asyncio.wait_for(hub.run(), 10)
        self.assertEqual(calls, [
            "Connected", "class 41 0.1", "family 41", "every 41", "every 42", "class 43 0.1", "family 43", "every 43",
        ])
        self.assertEqual(hub.state, "closed")

    async def test_the_position_moves_with_what_was_taken_and_a_failing_handler_keeps_it_back(self) -> None:
        store = MemoryStore()
        async with hub_that_says(event(41), frame(type="mark", seq=41), event(42), frame(type="mark", seq=42)) as url:
            hub = Hub(url, topics=["payments"], since=Position("e7", 40), store=store)

            @hub.on()
            def fail(event: Event) -> None:
                if event.seq == 42:
                    raise KeyError("a bug")

            with self.assertRaises(KeyError):
                await asyncio.wait_for(hub.run(), 10)
            await hub.close()
        self.assertEqual(store.load(), Position("e7", 41))

    async def test_a_gap_without_a_handler_is_not_silent(self) -> None:
        async with hub_that_says(frame(type="mark", seq=41)) as url:
            hub = Hub(url, topics=["payments"])
            with self.assertLogs("tollbell", "WARNING") as logs:
                await hub._dispatch(Gap("gone", Position("e7", 3), None))
            self.assertIn("events behind 3 are lost", logs.output[0])

    async def test_a_slow_application_bounds_what_waits_for_it(self) -> None:
        async with hub_that_says(*(event(seq) for seq in range(41, 1041))) as url:
            async with Hub(url, topics=["payments"], since=Position("e7", 40), buffer=4) as hub:
                seqs = []
                async for item in hub.events():
                    if not seqs:
                        await asyncio.sleep(0.3)
                        self.assertLessEqual(hub._parcels.qsize(), 4)
                    seqs.append(item.seq)
                    if item.seq == 1040:
                        break
        self.assertEqual(seqs, list(range(41, 1041)))

    async def test_close_leaves_no_task_behind(self) -> None:
        before = asyncio.all_tasks()
        async with hub_that_says(event(41)) as url:
            hub = Hub(url, topics=["payments"], since=Position("e7", 40))
            self.assertEqual(hub.state, "connecting")
            async for _ in hub.events():
                break
            self.assertEqual(hub.state, "connected")
            await hub.close()
            self.assertEqual(await hub.next(), None)
        hub = Hub("http://127.0.0.1:1", topics=["payments"], timing=Timing(backoff_min=20))
        await hub.next()
        await hub.close()
        await asyncio.sleep(0.05)
        self.assertEqual({task for task in asyncio.all_tasks() if task.get_name() == "tollbell"} - before, set())

    async def test_a_store_that_can_not_be_read_keeps_the_client_from_starting(self) -> None:
        class Broken(MemoryStore):
            def load(self) -> Position | None:
                raise OSError("the disk is gone")

        with self.assertRaisesRegex(OSError, "the disk is gone"):
            await Hub("http://127.0.0.1:1", topics=["payments"], store=Broken()).next()

    def test_a_hub_without_topics_or_with_a_wrong_handler_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            Hub("http://127.0.0.1:1", topics=[])
        with self.assertRaises(ValueError):
            Hub("http://127.0.0.1:1", topics=["payments"]).on(Event)


class Blocking(unittest.TestCase):
    """`tollbell.blocking`."""

    def test_a_script_iterates_and_asks(self) -> None:
        hub_up, stop = threading.Event(), threading.Event()
        found: list[str] = []

        async def serve_it() -> None:
            async with hub_that_says(event(41), event(42, "name.updated"), event(43)) as url:
                found.append(url)
                hub_up.set()
                await asyncio.to_thread(stop.wait)

        thread = threading.Thread(target=lambda: asyncio.run(serve_it()))
        thread.start()
        self.assertTrue(hub_up.wait(10))
        with blocking.Hub(found[0], topics=["payments"], since=Position("e7", 40)) as hub:
            payments = hub.events(PaymentMadeEvent)
            self.assertEqual([next(payments).seq, next(payments).seq], [41, 43])
            self.assertEqual((hub.state, hub.position), ("connected", Position("e7", 43)))
        self.assertEqual(list(hub), [])
        stop.set()
        thread.join()
        with Answers((200, {}, {"data": {"supply": 12}})) as server:
            self.assertEqual(blocking.Api(server.url).supply(), {"supply": 12})
        with Answers((404, {}, {"error": {"code": "wallet_not_found", "message": "no"}})) as server:
            with self.assertRaises(ApiError):
                blocking.Api(server.url).with_token("t").wallet("kb")


class Machine(unittest.TestCase):
    """The session, where a script would have to wait too long."""

    def test_the_backoff_doubles_to_its_ceiling_and_is_cleared_by_a_stable_link(self) -> None:
        session, now, link = Session(Plan(["t"]), Position("e7", 40), 0.0), 0.0, 1
        actions = session.tick(now, 1.0)
        for expected in (0.25, 0.5, 1, 2, 4, 8, 16, 20, 20):
            self.assertEqual(actions[-1], Open(link, None))
            lost = session.lost(now, 1.0, link, tollbell.losses.Loss.failed("no route"))
            self.assertEqual(lost[0].item.in_s, expected)  # type: ignore[union-attr]
            now += expected
            actions, link = session.tick(now, 1.0), link + 1
        session.frame(now, 1.0, link, frame(type="welcome", epoch="e7", ping_s=25))
        session.frame(now, 1.0, link, frame(type="subscribed", id=11, mode="resumed", **{"from": 41}))
        for _ in range(2):
            now += 15
            session.heard(now, 1.0, link)
        lost = session.lost(now, 1.0, link, tollbell.losses.Loss.failed("no route"))
        self.assertEqual(lost[0].item.in_s, 0.25)  # type: ignore[union-attr]

    def test_whatever_two_links_bring_is_told_once_and_in_order(self) -> None:
        for seed in range(200):
            dice = random.Random(seed)
            session, now = Session(Plan(["t"]), Position("e7", 0), 0.0), 0.0
            behind: dict[int, int] = {}
            told: list[int] = []

            def perform(actions: list[Any]) -> None:
                for action in actions:
                    if isinstance(action, Open):
                        perform(session.frame(now, 0, action.link, frame(type="welcome", epoch="e7", ping_s=25)))
                    elif isinstance(action, Send):
                        behind[action.link] = action.message["since"]
                        said = frame(type="subscribed", id=action.message["id"], mode="resumed", **{"from": 1})
                        perform(session.frame(now, 0, action.link, said))
                    elif isinstance(action, Emit) and isinstance(action.item, Event):
                        told.append(action.item.seq)
                    elif isinstance(action, Save):
                        self.assertLessEqual(action.position.seq, told[-1] if told else 0)

            for _ in range(300):
                now += 0.01
                perform(session.tick(now, dice.random()))
                if not session.links:
                    continue
                link, roll = dice.choice(session.links).id, dice.random()
                if roll < 0.03:
                    perform(session.lost(now, 0, link, tollbell.losses.Loss.failed("cut")))
                elif roll < 0.08:
                    drain = frame(type="drain", reconnect_in_ms=dice.randrange(30), close_in_ms=99)
                    perform(session.frame(now, 0, link, drain))
                elif roll < 0.15:
                    perform(session.frame(now, 0, link, frame(type="live", id=1, seq=behind[link])))
                else:
                    behind[link] += 1
                    perform(session.frame(now, 0, link, event(behind[link])))
            self.assertEqual(told, list(range(1, len(told) + 1)), seed)
            self.assertGreater(len(told), 50, seed)


if __name__ == "__main__":
    unittest.main()
