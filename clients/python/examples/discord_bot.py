"""A Discord bot that announces a community's game servers and launches them.

It says in a channel when a server is open and when it has ended, tells its owner the password and how many minutes are
left, and has the commands `/launch`, `/stop` and `/minutes`, which only the asker sees the answer of. It follows the
hub's events and asks nothing on a timer; after a restart or a lost link it goes on where it was.

    pip install discord.py ./clients/python
    TOLLBELL_URL=https://hub.example TOLLBELL_KEY=<service key with scope bot> \\
        DISCORD_TOKEN=<bot token> DISCORD_CHANNEL=<channel id> python discord_bot.py
"""

from __future__ import annotations

import asyncio
import logging
import os
from datetime import datetime
from typing import Any

import discord
from discord import app_commands

from tollbell import Api, ApiError, Event, FileStore, Hub, PositionStore, Stopped

log = logging.getLogger("bot")

API = "/api/subscriptions"
#: The choices that Discord shows at most.
CHOICES_MAX = 25
#: Why a launch is refused, in words. What is not here is said in the hub's.
REFUSALS = {
    "USER_NOT_LINKED": "I do not know you yet: sign in with Discord on the site first.",
    "NO_ACTIVE_SUBSCRIPTION": "You have no plan that is active now.",
    "MINUTES_EXHAUSTED": "Your minutes are used up for now; `/minutes` says when there are new ones.",
    "CONCURRENCY_LIMIT": "You have as many servers open as your plan allows; `/stop` ends one.",
    "ORCHESTRATOR_UNAVAILABLE": "The game servers do not answer. Nothing was charged; try again in a minute.",
}


class Bot(discord.Client):
    """The bot: one connection to Discord, one to the hub, in one loop."""

    def __init__(self, url: str, key: str, channel: int, store: PositionStore | None = None) -> None:
        super().__init__(intents=discord.Intents.default())
        self.api = Api(url, key)
        # `servers` is what everybody may see, `users` what owners may: a change is an event on each.
        self.hub = Hub(url, topics=["servers", "users"], kinds=["server.*"], token=key, store=store)
        self.hub.on("server.*")(self.on_server)
        self.hub.on_gap(self.on_missed)
        self.tree = app_commands.CommandTree(self)
        self._channel = channel
        self._listening: asyncio.Task[None] | None = None
        for command in (launch, stop, minutes):
            self.tree.add_command(command)

    async def setup_hook(self) -> None:
        """Discord is ready for us: tell it our commands, and listen to the hub."""
        await self.tree.sync()
        self._listening = asyncio.create_task(self.listen())

    async def listen(self) -> None:
        """Follows the hub until the bot is closed."""
        try:
            await self.hub.run()
        except Stopped as stopped:
            log.error("the hub does not want us: %s", stopped)
            await self.close()

    async def close(self) -> None:
        """Ends both connections."""
        await self.hub.close()
        if self._listening not in (None, asyncio.current_task()):
            await self._listening
        await super().close()

    async def on_server(self, event: Event) -> None:
        """A server changed. What can't be said now is not said at all: news of yesterday help nobody."""
        try:
            if "users" in event.topics:
                await self.tell_owner(event)
            else:
                await self.announce(event)
        except discord.HTTPException as error:
            log.warning("Discord did not take event %d: %s", event.seq, error)

    async def on_missed(self, gap: Any) -> None:
        """Events are lost for good. Players look for servers that run, so those are said again."""
        log.warning("missed events behind %d: %s", gap.held.seq, gap.reason)
        servers = [server for server in (await self.api.get("servers"))["items"] if server["status"] == "running"]
        lines = [f"**{server['game']}** at `{server['host']}:{server['port']}`" for server in servers]
        await self.channel().send("Open now: " + (", ".join(lines) or "nothing") + ".")

    async def announce(self, event: Event) -> None:
        """Says in the channel what everybody may know."""
        server = event.data
        if event.kind == "server.ready":
            until = f", until {when(server['time_limit_at'])}" if server.get("time_limit_at") else ""
            await self.channel().send(f"**{server['game']}** is open at `{server['host']}:{server['port']}`{until}.")
        elif event.kind in ("server.stopped", "server.expired", "server.killed") and server.get("ready_at"):
            await self.channel().send(f"**{server['game']}** at `{server['host']}:{server['port']}` has closed.")

    async def tell_owner(self, event: Event) -> None:
        """Says to the owner what only the owner may know."""
        session = event.data
        text = {
            "server.ready": "Your {game} server is open at `{host}:{port}`, password `{password}`.",
            "server.warning": "Your {game} server closes in {minutes_left} min.",
            "server.failed": "Your {game} server did not start: {launch_error_message}. Nothing was charged.",
            "server.stopped": "Your {game} server has closed; {billed_minutes} min were used.",
            "server.expired": "Your {game} server has closed; {billed_minutes} min were used.",
        }.get(event.kind)
        if text is not None:
            owner = await self.fetch_user(int(session["owner_discord_id"]))
            await owner.send(text.format_map(session))

    def channel(self) -> Any:
        """Where news are said."""
        found = self.get_channel(self._channel)
        if found is None:
            raise LookupError(f"the bot does not see the channel {self._channel}; invite it there")
        return found


def when(at: str) -> str:
    """A time as Discord shows it to each reader in the reader's own zone."""
    return f"<t:{int(datetime.fromisoformat(at.replace('Z', '+00:00')).timestamp())}:t>"


async def answer(interaction: discord.Interaction, work: Any) -> None:
    """Answers a command, to the asker alone, with what the work says or why it failed."""
    # The hub may take longer than the 3 s that Discord waits.
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        text = await work
    except ApiError as error:
        text = REFUSALS.get(error.code, error.message)
    await interaction.followup.send(text, ephemeral=True)


@app_commands.command(description="Launch a game server from your plan")
@app_commands.describe(game="Which game", minutes="For how long", password="To join with; made up when you name none")
async def launch(interaction: discord.Interaction, game: str, minutes: int = 60, password: str | None = None) -> None:
    """`/launch`"""

    async def work() -> str:
        body = {
            "game_code": game, "requested_minutes": minutes, "owner_discord_id": str(interaction.user.id),
            "launch_source": "discord_bot", "comment": f"{interaction.user.display_name}'s server"[:120],
        }
        if password:
            body["password"] = password
        # The same command is the same launch, however often it is sent.
        started = await api(interaction).post(f"{API}/server-sessions/start", body, key=f"discord-{interaction.id}")
        session = started["session"]
        return f"{session['game']} is on its way, for {session['allocated_minutes']} min. I tell you when it is open."

    await answer(interaction, work())


@launch.autocomplete("game")
async def games(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The games that there are."""
    try:
        found = (await api(interaction).get(f"{API}/casual-games"))["games"]
    except ApiError:
        return []
    rows = [(str(game.get("gameCode", "")), str(game.get("name") or game.get("gameCode", ""))) for game in found]
    fitting = [(code, name) for code, name in rows if code and typed.lower() in name.lower()]
    return [app_commands.Choice(name=name, value=code) for code, name in fitting[:CHOICES_MAX]]


@app_commands.command(description="Stop your game servers")
async def stop(interaction: discord.Interaction) -> None:
    """`/stop`"""

    async def work() -> str:
        open_now = (await entitlement(interaction))["open_sessions"]
        for session in open_now:
            await api(interaction).post(f"{API}/server-sessions/{session['id']}/stop", {"reason": "discord_stop"})
        return f"{len(open_now)} stopped." if open_now else "You have no server open."

    await answer(interaction, work())


@app_commands.command(description="Say what is left of your plan")
async def minutes(interaction: discord.Interaction) -> None:
    """`/minutes`"""

    async def work() -> str:
        held = await entitlement(interaction)
        if not held["active"]:
            return REFUSALS["NO_ACTIVE_SUBSCRIPTION"]
        left, of = held["remaining_server_minutes"], held["monthly_server_minutes"]
        return f"{held['plan']}: {left} of {of} min are left until {when(held['period_end'])}."

    await answer(interaction, work())


def api(interaction: discord.Interaction) -> Api:
    """The hub, as the bot of an interaction knows it."""
    return interaction.client.api  # type: ignore[attr-defined,no-any-return]


async def entitlement(interaction: discord.Interaction) -> Any:
    """What the asker has paid for."""
    return (await api(interaction).get(f"{API}/users/{interaction.user.id}/entitlement"))["entitlement"]


def main() -> None:
    """Runs the bot until Ctrl-C."""
    names = ("TOLLBELL_URL", "TOLLBELL_KEY", "DISCORD_TOKEN", "DISCORD_CHANNEL")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise SystemExit(f"set {', '.join(missing)}")
    url, key, token, channel = (os.environ[name] for name in names)
    Bot(url, key, int(channel), FileStore("discord_bot.json")).run(token)


if __name__ == "__main__":
    main()
