"""The address of a hub, as the two halves of the client need it."""

from __future__ import annotations

from urllib.parse import urlsplit

SCHEMES = {"http": False, "ws": False, "https": True, "wss": True}


def parts(url: str) -> tuple[bool, str, str]:
    """Whether it is encrypted, `host:port`, and the path in front of `/api`, of an address like `https://hub.example`."""
    read = urlsplit(url)
    if read.scheme not in SCHEMES or not read.hostname or "@" in read.netloc:
        raise ValueError(f"{url!r} is no address of a hub; write it like https://hub.example")
    return SCHEMES[read.scheme], read.netloc, read.path.rstrip("/")


def websocket(url: str) -> str:
    """The address of the websocket."""
    encrypted, host, path = parts(url)
    return f"{'wss' if encrypted else 'ws'}://{host}{path}/api/v1/ws"
