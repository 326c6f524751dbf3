"""Discord, as far as `examples/discord_bot.py` uses discord.py: the same names and shapes, and nothing leaves the process."""

from __future__ import annotations

import asyncio
import sys
import types
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class HTTPException(Exception):
    """Discord refused."""


class Intents:
    """What a bot wants to hear of."""

    @classmethod
    def default(cls) -> Intents:
        """The usual."""
        return cls()


class Person:
    """A user or a channel: something that can be written to."""

    def __init__(self, id: int) -> None:
        self.id = id
        self.display_name = f"User {id}"
        self.said: list[str] = []
        self.refuses = False

    async def send(self, text: str) -> None:
        """Takes a message."""
        if self.refuses:
            raise HTTPException("403: cannot send messages to this user")
        if not 0 < len(text) <= 2000:
            raise HTTPException("400: a message has 1 to 2000 characters")
        self.said.append(text)


class Client:
    """A bot's connection."""

    def __init__(self, *, intents: Intents) -> None:
        assert isinstance(intents, Intents)
        self.channels: dict[int, Person] = {}
        self.users: dict[int, Person] = {}
        self.closed = False

    async def setup_hook(self) -> None:
        """Overridden by bots."""

    def get_channel(self, id: int) -> Person | None:
        """A channel that the bot sees."""
        return self.channels.get(id)

    async def fetch_user(self, id: int) -> Person:
        """A user."""
        return self.users.setdefault(id, Person(id))

    async def close(self) -> None:
        """Ends it."""
        self.closed = True


class Response:
    """The first answer to a command, which Discord wants within 3 s."""

    def __init__(self) -> None:
        self.deferred: dict[str, bool] | None = None

    async def defer(self, **how: bool) -> None:
        """Asks for time."""
        assert self.deferred is None, "an interaction is answered once"
        self.deferred = how


class Followup:
    """The answer after the time that was asked for."""

    def __init__(self) -> None:
        self.said: list[tuple[str, bool]] = []

    async def send(self, text: str, *, ephemeral: bool = False) -> None:
        """Answers."""
        assert 0 < len(text) <= 2000
        self.said.append((text, ephemeral))


class Interaction:
    """A command that somebody gave."""

    def __init__(self, client: Client, id: int, user: Person) -> None:
        self.client, self.id, self.user = client, id, user
        self.response, self.followup = Response(), Followup()


class Choice(Generic[T]):
    """A value to choose."""

    def __init__(self, *, name: str, value: T) -> None:
        assert 1 <= len(name) <= 100
        self.name, self.value = name, value


class Command:
    """A command of a bot."""

    def __init__(self, callback: Any, description: str) -> None:
        assert asyncio.iscoroutinefunction(callback) and 1 <= len(description) <= 100
        self.name, self.callback, self.description = callback.__name__, callback, description
        self.choices: dict[str, Any] = {}

    def autocomplete(self, name: str) -> Any:
        """Registers what proposes values."""

        def add(function: Any) -> Any:
            self.choices[name] = function
            return function

        return add


class CommandTree:
    """The commands of a bot."""

    def __init__(self, client: Client) -> None:
        self.commands: dict[str, Command] = {}
        self.synced: list[str] = []

    def add_command(self, command: Command) -> None:
        """Adds one."""
        assert command.name not in self.commands
        self.commands[command.name] = command

    async def sync(self) -> None:
        """Tells Discord."""
        self.synced = sorted(self.commands)


def command(*, description: str) -> Any:
    """Makes a command of a function."""
    return lambda function: Command(function, description)


def describe(**words: str) -> Any:
    """Describes parameters."""
    assert all(1 <= len(text) <= 100 for text in words.values())
    return lambda function: function


def install() -> None:
    """Makes `import discord` find this."""
    discord = types.ModuleType("discord")
    commands = types.ModuleType("discord.app_commands")
    for one in (HTTPException, Intents, Client, Interaction):
        setattr(discord, one.__name__, one)
    for name, value in {"CommandTree": CommandTree, "Choice": Choice, "command": command, "describe": describe}.items():
        setattr(commands, name, value)
    discord.app_commands = commands  # type: ignore[attr-defined]
    sys.modules |= {"discord": discord, "discord.app_commands": commands}
