"""The bridge and the badge, against the real hub."""

from __future__ import annotations

import asyncio
import http.server
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path
from typing import Any

from hubs import ADMIN_KEY, Site, ask, program
from websockets.asyncio.client import connect

EXAMPLES = Path(__file__).resolve().parents[1]
CLIENTS = EXAMPLES.parent
#: Seconds that something may take on a busy machine.
WAIT_S = 30.0


class Example(unittest.TestCase):
    """An example beside a hub."""

    def setUp(self) -> None:
        """A hub with one wallet."""
        self.site = Site("--dev")
        self.addCleanup(self.site.__exit__)
        self.hub = self.site.hub()
        self.wallet = ask(self.hub.address, "POST", "/api/v1/login", {"privatekey": "a"})[1]["data"]["address"]
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def mint(self) -> None:
        """One event."""
        body = {"address": self.wallet, "amount": 1}
        self.assertEqual(ask(self.hub.address, "POST", "/api/v1/admin/mint", body, ADMIN_KEY)[0], 201)

    def until(self, done: Any) -> None:
        """Waits for something."""
        deadline = time.monotonic() + WAIT_S
        while not done():
            self.assertLess(time.monotonic(), deadline, "it did not happen")
            time.sleep(0.05)


class Bridge(Example):
    """`on-event`."""

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Starts the bridge in a session of its own, so that its end is that of all its parts."""
        process = subprocess.Popen(
            [str(EXAMPLES / "on-event"), "-u", self.hub.url, "-s", "done.seq", *words], cwd=self.folder,
            env=os.environ | {"TOLLBELL_BIN": program()}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.addCleanup(self.end, process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Kills it as a whole."""
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stderr is not None:
            process.stderr.close()

    def seqs(self) -> list[int]:
        """What the command was given."""
        path = self.folder / "seen"
        return [int(line.split()[0]) for line in path.read_text().splitlines()] if path.exists() else []

    def payments(self) -> list[int]:
        """The numbers of all payments in the log."""
        path = "/api/v1/events?topics=payments&limit=1000"
        epoch = ask(self.hub.address, "GET", path, token=ADMIN_KEY)[1]["epoch"]
        page = ask(self.hub.address, "GET", f"{path}&epoch={epoch}&since=0", token=ADMIN_KEY)[1]
        return [event["seq"] for event in page["events"]]

    def listening(self, process: subprocess.Popen[bytes]) -> None:
        """Waits until the bridge hears of events, which it must then all have."""
        def heard() -> bool:
            self.mint()
            return bool(self.seqs())

        self.until(heard)
        self.assertIsNone(process.poll())

    def test_each_event_runs_the_command_once_over_restarts_and_failures(self) -> None:
        command = self.folder / "command"
        # It fails the first time on every fifth event.
        command.write_text("""#!/bin/sh
            read -r event
            case $EVENT_SEQ in *[05]) if [ ! -e "failed.$EVENT_SEQ" ]; then : >"failed.$EVENT_SEQ"; exit 1; fi ;; esac
            printf '%s %s %s\\n' "$EVENT_SEQ" "$EVENT_KIND" "$event" >>seen
        """)
        command.chmod(0o755)
        bridge = self.start("-k", "payment.made", "payments,contracts", "./command")
        self.listening(bridge)
        for _ in range(12):
            self.mint()
        self.until(lambda: len(self.seqs()) >= 12)
        self.end(bridge)
        for _ in range(3):
            self.mint()
        self.hub.kill()
        self.hub = self.site.hub(self.hub.address)
        bridge = self.start("-k", "payment.made", "payments,contracts", "./command")
        self.until(lambda: self.seqs()[-1:] == self.payments()[-1:])
        self.mint()
        self.until(lambda: self.seqs()[-1:] == self.payments()[-1:])
        seen, made = self.seqs(), self.payments()
        # A kill between a command and its note repeats one event; no other is given twice, and none is left out.
        self.assertEqual(sorted(set(seen)), made[made.index(seen[0]):])
        self.assertLessEqual(len(seen) - len(set(seen)), 1)
        self.until(lambda: (self.folder / "done.seq").read_text() == f"{seen[-1]}\n")
        _, kind, body = (self.folder / "seen").read_text().splitlines()[0].split(" ", 2)
        self.assertEqual((kind, json.loads(body)["data"]["to"]), ("payment.made", self.wallet))
        self.assertTrue(any(self.folder.glob("failed.*")), "no command failed, so nothing was tried again")

    def test_a_refusal_of_the_hub_ends_it_with_its_words(self) -> None:
        bridge = self.start("ops", "cat")
        _, said = bridge.communicate(timeout=WAIT_S)
        self.assertNotEqual(bridge.returncode, 0)
        self.assertIn(b"forbidden", said)

    def test_misuse_shows_how_it_is_used(self) -> None:
        for words in ([], ["-x"], ["payments"]):
            run = subprocess.run([str(EXAMPLES / "on-event"), *words], capture_output=True, check=False)
            self.assertEqual(run.returncode, 2)
            self.assertIn(b"on-event [-k KIND]", run.stderr)
        (self.folder / "done.seq").write_text("soon\n")
        bridge = self.start("payments", "cat")
        self.assertIn(b"done.seq holds no number", bridge.communicate(timeout=WAIT_S)[1])


class Badge(Example):
    """`status-badge`, in a browser."""

    def browser(self) -> str:
        """The browser's program."""
        found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
        if found is None:
            if os.environ.get("CI") == "true":
                self.fail("chromium is missing, and CI skips nothing")
            self.skipTest("chromium is missing")
        return found

    def serve(self) -> str:
        """Serves the page beside the client's one file."""
        for path in (EXAMPLES / "status-badge").iterdir():
            shutil.copy(path, self.folder)
        shutil.copy(CLIENTS / "typescript" / "dist" / "tollbell.min.js", self.folder)
        folder = str(self.folder)

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *words: Any) -> None:
                super().__init__(*words, directory=folder)

            def log_message(self, *_: Any) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/index.html?hub={self.hub.url}"

    def test_the_badge_is_live_notices_a_restart_and_comes_back(self) -> None:
        browser, page = self.browser(), self.serve()
        profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(profile.cleanup)
        process = subprocess.Popen(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--remote-debugging-port=0", f"--user-data-dir={profile.name}", page],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        port = Path(profile.name) / "DevToolsActivePort"
        self.until(lambda: port.exists() and "\n" in port.read_text())
        asyncio.run(self.watch(int(port.read_text().split("\n")[0])))

    async def watch(self, port: int) -> None:
        """Looks at the page while the hub lives, dies and lives again."""
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            [target] = [one for one in json.load(answer) if one["type"] == "page"]
        async with connect(target["webSocketDebuggerUrl"], max_size=None) as socket:
            await self.shows(socket, "live", "listener")
            self.hub.kill()
            await self.shows(socket, "reconnecting", "")
            self.hub = await asyncio.to_thread(self.site.hub, self.hub.address)
            await self.shows(socket, "live", "events/s")

    async def shows(self, socket: Any, state: str, text: str) -> None:
        """Waits until the badge shows a state and a text."""
        look = "[document.getElementById('badge').dataset.state, document.body.innerText].join('|')"
        value = ""
        for number in range(int(WAIT_S / 0.1)):
            ask_page = {"id": number, "method": "Runtime.evaluate", "params": {"expression": look}}
            await socket.send(json.dumps(ask_page))
            while (reply := json.loads(await socket.recv())).get("id") != number:
                pass
            value = str(reply["result"]["result"].get("value"))
            if value.startswith(f"{state}|") and text in value:
                return
            await asyncio.sleep(0.1)
        self.fail(f"the badge shows {value!r} instead of {state}, {text!r}")


if __name__ == "__main__":
    unittest.main()
