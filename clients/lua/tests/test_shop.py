"""The shop of `examples/shop.lua` on a computer, against the real hub: it delivers each paid term once."""

from __future__ import annotations

import asyncio
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from computer import Computer
from hubs import ADMIN_KEY, Site, ask

HERE = Path(__file__).resolve().parent
OWNER, CUSTOMER = "a", "b"
PERIOD_S = 3600
#: Seconds that something may take on a busy machine.
WAIT_S = 30.0

STOCK = """
local stock, tray = {}, {}
local chest = { name = "minecraft:chest_0" }
function chest.list()
    local found = {}
    for slot, count in pairs(stock) do found[slot] = { name = "minecraft:bread", count = count } end
    return found
end
function chest.pushItems(name, slot, most)
    local moved = math.min(stock[slot] or 0, most)
    stock[slot] = (stock[slot] or 0) - moved
    if stock[slot] == 0 then stock[slot] = nil end
    tray[name] = (tray[name] or 0) + moved
    return moved
end
return chest, function(slot, count) stock[slot] = count end, function(name) return tray[name] or 0 end
"""

SIGN = """
local lines = {}
return {
    clear = function() lines = {} end,
    setCursorPos = function(_, y) lines.at = y end,
    write = function(text) lines[lines.at] = text end,
    read = function() return table.concat(lines, "|") end,
}
"""


class Shop(unittest.IsolatedAsyncioTestCase):
    """A computer with a shop."""

    async def asyncSetUp(self) -> None:
        """A hub, a folder for the computer's files, and the inventories."""
        asyncio.get_running_loop().set_debug(False)
        self.site = Site("--dev")
        self.addCleanup(self.site.__exit__)
        self.hub = await asyncio.to_thread(self.site.hub)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.owner, self.customer = self.login(OWNER), self.login(CUSTOMER)
        body = {"address": self.customer["address"], "amount": "100"}
        self.assertEqual(ask(self.hub.address, "POST", "/api/v1/admin/mint", body, ADMIN_KEY)[0], 201)
        self.stocked = 100

    def login(self, key: str) -> Any:
        """A session."""
        return ask(self.hub.address, "POST", "/api/v1/login", {"privatekey": key})[1]["data"]

    def open(self) -> tuple[Computer, asyncio.Task[None], Any, Any, Any]:
        """Switches the computer on."""
        computer = Computer(self.folder, [HERE.parent], {
            "shop.url": self.hub.url, "shop.key": OWNER, "shop.period": PERIOD_S, "shop.retry": 0.2,
        })
        chest, put, held = computer.lua.execute(STOCK)
        sign = computer.lua.execute(SIGN)
        computer.peripherals |= {"minecraft:chest_0": chest, "monitor": sign}
        put(1, self.stocked)
        self.printed = lambda: (computer.printed, sign.read())
        program = (HERE.parent / "examples" / "shop.lua").read_text()
        return computer, asyncio.create_task(computer.run(program, "shop.lua")), put, held, sign

    async def until(self, done: Any, task: asyncio.Task[None]) -> None:
        """Waits for something."""
        for _ in range(int(WAIT_S / 0.05)):
            if done():
                return
            if task.done():
                await task
            await asyncio.sleep(0.05)
        self.fail(f"it did not happen; {self.printed()}")

    def subscribe(self, contract: int) -> Any:
        """The customer subscribes."""
        path = f"/api/v1/contracts/{contract}/subscribers"
        status, body = ask(self.hub.address, "POST", path, {}, self.login(CUSTOMER)["token"])
        self.assertEqual(status, 201, body)
        return body["data"]

    def contracts(self) -> list[Any]:
        """The shop's contracts."""
        path = f"/api/v1/contracts?address={self.owner['address']}"
        return list(ask(self.hub.address, "GET", path)[1]["data"]["items"])

    def pass_a_term(self) -> None:
        """An hour goes by."""
        move = {"advance_s": PERIOD_S}
        self.assertEqual(ask(self.hub.address, "POST", "/api/v1/admin/clock", move, ADMIN_KEY)[0], 200)

    async def test_each_paid_term_is_delivered_once_whatever_happens(self) -> None:
        computer, task, _, held, sign = self.open()
        await self.until(self.contracts, task)
        [contract] = self.contracts()
        await self.until(lambda: "open" in sign.read(), task)
        self.assertIn(f"subscribe to contract {contract['contract_id']}|0 subscribed", sign.read())
        self.subscribe(contract["contract_id"])
        await self.until(lambda: held("minecraft:barrel_0") == 16, task)
        self.pass_a_term()
        await self.until(lambda: held("minecraft:barrel_0") == 32, task)
        self.assertEqual([line for line in computer.printed if "delivered" in line], [
            f"term 1 of {self.customer['address']} delivered", f"term 2 of {self.customer['address']} delivered",
        ])
        # Off for two terms, and the hub dies meanwhile.
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self.hub.kill()
        self.hub = await asyncio.to_thread(self.site.hub, self.hub.address)
        for term in (3, 4):
            self.pass_a_term()
            await self.until(lambda: self.term(contract["contract_id"]) == term, asyncio.get_running_loop().create_future())
        self.stocked = 20
        computer, task, put, held, sign = self.open()
        await self.until(lambda: held("minecraft:barrel_0") == 16, task)
        await self.until(lambda: "the stock is empty" in "".join(computer.printed), task)
        await self.until(lambda: "1 subscribed, 1 owed" in sign.read(), task)
        put(2, 64)
        await self.until(lambda: held("minecraft:barrel_0") == 32, task)
        self.assertEqual(len(self.contracts()), 1, "the same contract is used again")
        book = json.loads((self.folder / "shop.json").read_text())
        self.assertEqual(book["owed"], {})
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def term(self, contract: int) -> int:
        """The term that the customer has paid."""
        path = f"/api/v1/contracts/{contract}/subscribers"
        return int(ask(self.hub.address, "GET", path, token=self.login(OWNER)["token"])[1]["data"]["items"][0]["term"])


if __name__ == "__main__":
    unittest.main()
