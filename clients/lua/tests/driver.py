"""Runs `driver.lua` on a computer, as `clients/conformance/README.md` says a driver is."""

import asyncio
import json
import sys
import tempfile
import threading
from pathlib import Path

from computer import Computer

HERE = Path(__file__).resolve().parent


async def main() -> None:
    """Runs it to its end."""
    url, options = sys.argv[1], json.loads(sys.argv[2])
    # A table of Lua holds no null: an empty store is one that keeps and has nothing, and no token is an empty one.
    options["keeps"] = "store" in options
    if "tokens" in options:
        options["tokens"] = [token or "" for token in options["tokens"]]
    with tempfile.TemporaryDirectory() as folder:
        computer = Computer(Path(folder), [HERE.parent])
        computer.on_print = lambda line: print(line, flush=True)
        if "stall" in options:
            computer.stalls = tuple(options["stall"])
        loop = asyncio.get_running_loop()

        def obey() -> None:
            for line in sys.stdin:
                if json.loads(line).get("do") == "close":
                    loop.call_soon_threadsafe(computer.queue, "test_close")

        threading.Thread(target=obey, daemon=True).start()
        table = computer._table(options, computer.lua.table_from([]))
        await computer.run((HERE / "driver.lua").read_text(), "driver.lua", url, table)
        if computer.sockets_most > 2:
            raise SystemExit(f"{computer.sockets_most} websockets at one time")


asyncio.run(main())
