"""Which names a request may call this server by.

A page in a browser can make its own name point at 127.0.0.1 (DNS rebinding) and would then speak to
a server that only listens there. What it can't change is the Host header, which holds that name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from typing import Any

from starlette.responses import JSONResponse

from ttc.serve.errors import ApiError
from ttc.serve.listening import LOOPBACK

_ANY = ("0.0.0.0", "::", "")


class HostCheck:
    """Passes requests on that name one of `hosts`; others get 421."""

    def __init__(self, app: Any, hosts: Collection[str], *, any_address: bool) -> None:
        self._app = app
        self._hosts = {plain(host) for host in hosts}
        self._any_address = any_address

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            named = [v.decode("latin-1") for k, v in scope["headers"] if k == b"host"]
            if len(named) != 1 or not self._knows(plain(named[0])):
                shown = ascii(named[0])[:80] if named else "none"
                text = f"the Host header names {shown}, not this server; --allow-host adds a name"
                refusal = JSONResponse(ApiError(421, text, code="wrong_host").body(), 421)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _knows(self, host: str) -> bool:
        return host in self._hosts or (self._any_address and is_address(host))


def allowed(host: str, also: Collection[str]) -> tuple[set[str], bool]:
    """Names for a server that listens on `host`, and whether any address will do: one that listens
    on all addresses can't know by which it is reached, and an address can't be rebound.
    """
    names = {*LOOPBACK, *also}
    if host in _ANY:
        return {*names, socket.gethostname()}, True
    return {*names, host}, False


def plain(host: str) -> str:
    """A Host header without port, brackets, case and final dot."""
    host = host.strip().casefold()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    return host.rstrip(".")


def is_address(host: str) -> bool:
    """Whether it is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
