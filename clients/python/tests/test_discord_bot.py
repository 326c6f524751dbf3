"""The bot of `examples/discord_bot.py`, with Discord faked: at a hub that only answers, and at a real one with servers."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import fake_discord
from test_client import Answers, Async, frame, hub_that_says

from tollbell import Api, Gap, MemoryStore, Position

fake_discord.install()
SPEC = importlib.util.spec_from_file_location(
    "discord_bot", Path(__file__).resolve().parents[1] / "examples" / "discord_bot.py"
)
assert SPEC is not None and SPEC.loader is not None
sys.path.append(str(Path(__file__).resolve().parents[2] / "conformance"))
from hubs import ADMIN_KEY, Site, ask  # noqa: E402

discord_bot = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(discord_bot)

OWNER = 803147643249360936
PUBLIC = {
    "id": "7d444840-9dc0-41d1-b245-5ffdce74fad2", "status": "running", "game": "Push Back", "game_code": "20",
    "host": "play.example", "port": 11115, "ready_at": "2026-11-22T01:00:00.000Z",
    "time_limit_at": "2026-11-22T02:00:00.000Z", "version": 3,
}
OWNED = PUBLIC | {
    "owner_discord_id": str(OWNER), "password": "hunter2", "billed_minutes": 42, "allocated_minutes": 60,
    "launch_error_message": "no free port",
}
ENTITLEMENT = {
    "active": True, "plan": "Supporter", "remaining_server_minutes": 350, "monthly_server_minutes": 360,
    "period_end": "2026-11-22T02:00:00.000Z", "open_sessions": [{"id": PUBLIC["id"]}],
}


def change(seq: int, kind: str, data: dict[str, Any]) -> str:
    """An event in the view of its topic."""
    topics = [f"user:{OWNER}", "users"] if "owner_discord_id" in data else ["servers", f"server:{data['id']}"]
    return frame(type="event", seq=seq, kind=kind, topics=topics, at="", data=data)


class DiscordBot(Async):
    """The bot."""

    async def bot_at(self, url: str, api: str = "http://127.0.0.1:1") -> Any:
        """A bot that is ready."""
        bot = discord_bot.Bot(url, "tbk_key", 7, MemoryStore())
        bot.hub._since = Position("e7", 40)
        bot.api = Api(api, "tbk_key")
        bot.channels[7] = fake_discord.Person(7)
        await bot.setup_hook()
        return bot

    async def until(self, done: Any) -> None:
        """Waits for something."""
        for _ in range(200):
            if done():
                return
            await asyncio.sleep(0.05)
        self.fail("it did not happen")

    async def test_servers_are_announced_and_their_owners_told(self) -> None:
        async with hub_that_says(
            change(41, "server.pending", PUBLIC), change(42, "server.pending", OWNED),
            change(43, "server.ready", PUBLIC), change(44, "server.ready", OWNED),
            change(45, "server.warning", OWNED | {"minutes_left": 5}),
            change(46, "server.stopped", PUBLIC), change(47, "server.stopped", OWNED),
            change(48, "server.failed", PUBLIC | {"ready_at": None}), change(49, "server.failed", OWNED),
            frame(type="mark", seq=49),
        ) as url:
            bot = await self.bot_at(url)
            self.assertEqual(bot.tree.synced, ["launch", "minutes", "stop"])
            await self.until(lambda: OWNER in bot.users and len(bot.users[OWNER].said) == 4)
            self.assertEqual(bot.channels[7].said, [
                "**Push Back** is open at `play.example:11115`, until <t:1795312800:t>.",
                "**Push Back** at `play.example:11115` has closed.",
            ])
            self.assertEqual(bot.users[OWNER].said, [
                "Your Push Back server is open at `play.example:11115`, password `hunter2`.",
                "Your Push Back server closes in 5 min.",
                "Your Push Back server has closed; 42 min were used.",
                "Your Push Back server did not start: no free port. Nothing was charged.",
            ])
            self.assertFalse(any("hunter2" in line for line in bot.channels[7].said), "the password stays private")
            await bot.close()
            self.assertTrue(bot.closed and bot._listening.done())

    async def test_an_owner_who_takes_no_messages_holds_nobody_up(self) -> None:
        async with hub_that_says(change(41, "server.ready", OWNED), change(42, "server.ready", PUBLIC)) as url:
            bot = discord_bot.Bot(url, "tbk_key", 7)
            bot.hub._since = Position("e7", 40)
            bot.channels[7], bot.users[OWNER] = fake_discord.Person(7), fake_discord.Person(OWNER)
            bot.users[OWNER].refuses = True
            with self.assertLogs("bot", "WARNING"):
                await bot.setup_hook()
                await self.until(lambda: len(bot.channels[7].said) == 1)
            await bot.close()

    async def test_after_a_gap_the_open_servers_are_said_again(self) -> None:
        page = {"data": {"items": [PUBLIC, PUBLIC | {"status": "launching"}], "count": 2, "remaining": 0, "next": None}}
        with Answers((200, {}, page)) as server:
            bot = discord_bot.Bot("http://127.0.0.1:1", "tbk_key", 7)
            bot.api, bot.channels[7] = Api(server.url), fake_discord.Person(7)
            with self.assertLogs("bot", "WARNING"):
                await bot.on_missed(Gap("gone", Position("e7", 3), 9))
        self.assertEqual(bot.channels[7].said, ["Open now: **Push Back** at `play.example:11115`."])

    async def command(self, name: str, answers: list[Any], **words: Any) -> tuple[str, list[Any]]:
        """Gives a command; what the asker sees, and what the hub was asked."""
        with Answers(*answers) as server:
            bot = discord_bot.Bot(server.url, "tbk_key", 7)
            interaction = fake_discord.Interaction(bot, 99, fake_discord.Person(OWNER))
            await bot.tree.commands[name].callback(interaction, **words)
            self.assertEqual(interaction.response.deferred, {"ephemeral": True, "thinking": True})
            [(text, ephemeral)] = interaction.followup.said
            self.assertTrue(ephemeral, "only the asker sees it")
            return text, server.asked

    async def test_a_launch_is_one_launch_however_often_it_is_sent(self) -> None:
        started = (201, {}, {"success": True, "session": OWNED})
        text, asked = await self.command("launch", [(503, {}, ""), started], game="20", minutes=90, password="pw")
        self.assertEqual(text, "Push Back is on its way, for 60 min. I tell you when it is open.")
        self.assertEqual({headers["idempotency-key"] for _, _, headers, _ in asked}, {"discord-99"})
        self.assertEqual({headers["authorization"] for _, _, headers, _ in asked}, {"Bearer tbk_key"})
        method, path, _, body = asked[1]
        self.assertEqual((method, path), ("POST", "/api/subscriptions/server-sessions/start"))
        self.assertEqual(json.loads(body), {
            "game_code": "20", "requested_minutes": 90, "owner_discord_id": str(OWNER), "launch_source": "discord_bot",
            "comment": f"User {OWNER}'s server", "password": "pw",
        })

    async def test_refusals_are_said_in_words(self) -> None:
        for code, words in (("NO_ACTIVE_SUBSCRIPTION", "no plan"), ("USER_NOT_LINKED", "sign in"), ("ODD", "in the hub's words")):
            body = {"success": False, "code": code, "message": "in the hub's words"}
            text, _ = await self.command("launch", [(403, {}, body)], game="20")
            self.assertIn(words, text)

    async def test_minutes_and_stop_ask_for_the_asker(self) -> None:
        held = (200, {}, {"success": True, "entitlement": ENTITLEMENT})
        text, asked = await self.command("minutes", [held])
        self.assertEqual(text, "Supporter: 350 of 360 min are left until <t:1795312800:t>.")
        self.assertEqual(asked[0][1], f"/api/subscriptions/users/{OWNER}/entitlement")
        text, asked = await self.command("stop", [held, (200, {}, {"success": True, "session": OWNED})])
        self.assertEqual(text, "1 stopped.")
        self.assertEqual(asked[1][:2], ("POST", f"/api/subscriptions/server-sessions/{PUBLIC['id']}/stop"))
        none = (200, {}, {"success": True, "entitlement": ENTITLEMENT | {"active": False, "open_sessions": []}})
        self.assertIn("no plan", (await self.command("minutes", [none]))[0])
        self.assertEqual((await self.command("stop", [none]))[0], "You have no server open.")

    async def test_games_are_proposed_as_they_are_typed(self) -> None:
        games = {"success": True, "games": [{"gameCode": "20", "name": "Push Back"}, {"gameCode": "21"}, {"name": "none"}]}
        with Answers((200, {}, games), (200, {}, games), (503, {"Retry-After": "99"}, "")) as server:
            bot = discord_bot.Bot(server.url, "tbk_key", 7)
            interaction = fake_discord.Interaction(bot, 99, fake_discord.Person(OWNER))
            propose = bot.tree.commands["launch"].choices["game"]
            self.assertEqual([(one.name, one.value) for one in await propose(interaction, "push")], [("Push Back", "20")])
            self.assertEqual([one.value for one in await propose(interaction, "")], ["20", "21"])
            self.assertEqual(await propose(interaction, ""), [], "a hub that is away proposes nothing")

    async def test_a_server_of_a_real_hub_is_launched_announced_and_stopped(self) -> None:
        with Site("--demo", "--drain-seconds", "0") as site:
            hub = await asyncio.to_thread(site.hub)
            comp = {"tier": "supporter", "months": 1, "note": "for the test"}
            for method, path, body in (
                ("PUT", f"/api/v1/users/{OWNER}", {"username": "ada"}),
                ("POST", f"/api/subscriptions/users/{OWNER}/comps/", comp),
            ):
                status, said = await asyncio.to_thread(ask, hub.address, method, path, body, ADMIN_KEY)
                self.assertLess(status, 300, said)
            bot = discord_bot.Bot(hub.url, ADMIN_KEY, 7, MemoryStore())
            bot.channels[7] = fake_discord.Person(7)
            await bot.setup_hook()
            await self.until(lambda: bot.hub.position is not None)

            async def command(name: str, **words: Any) -> str:
                interaction = fake_discord.Interaction(bot, 99, fake_discord.Person(OWNER))
                await bot.tree.commands[name].callback(interaction, **words)
                [(text, _)] = interaction.followup.said
                return str(text)

            interaction = fake_discord.Interaction(bot, 98, fake_discord.Person(OWNER))
            games = await bot.tree.commands["launch"].choices["game"](interaction, "")
            self.assertEqual([game.value for game in games], ["dice", "chat"])
            self.assertIn("is on its way, for 30 min", await command("launch", game="dice", minutes=30, password="pw"))
            await self.until(lambda: OWNER in bot.users)
            [ready] = bot.users[OWNER].said
            self.assertRegex(ready, "^Your dice server is open at `127.0.0.1:27[0-9]+`, password `pw`.$")
            address = ready.split("`")[1]
            await self.until(lambda: any(line.startswith(f"**dice** is open at `{address}`") for line in bot.channels[7].said))
            self.assertIn("360 of 360 min are left", await command("minutes"))
            # What did not run for a second costs nothing.
            await asyncio.sleep(1.5)
            self.assertEqual(await command("stop"), "1 stopped.")
            await self.until(lambda: len(bot.users[OWNER].said) == 2)
            self.assertEqual(bot.users[OWNER].said[1], "Your dice server has closed; 5 min were used.")
            await self.until(lambda: f"**dice** at `{address}` has closed." in bot.channels[7].said)
            await bot.close()
