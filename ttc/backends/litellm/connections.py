"""HTTP connections that litellm's calls share, and that end with their users or event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from ttc.backends.http.client import make_http
from ttc.quiet_litellm import load_litellm

_users: list[object] = []
_loop: asyncio.AbstractEventLoop | None = None
_session: Any = None


async def use_connections(user: object, seconds: float) -> None:
    """Have litellm's calls share one session until `leave_connections` of the last user.

    Left to itself it opens one, never closed, for each raw prompt to a server that speaks OpenAI's
    protocol. To be awaited before each call: what an event loop that is closed has left behind,
    users that never left among it, must not serve the next loop, and litellm tells loops apart by
    an address that the next one may have too.

    seconds: for a call, where litellm sets no limit of its own.
    """
    global _loop, _session
    if _loop is not None and _loop.is_closed():
        _users.clear()
        await _close()
    if user in _users:
        return
    _users.append(user)
    if _loop is None:
        _loop = asyncio.get_running_loop()
        litellm = load_litellm()
        if litellm.aclient_session is None:
            litellm.aclient_session = _session = make_http(seconds)


async def leave_connections(user: object) -> None:
    """Close with the last user what all of them share; again is no harm."""
    if user in _users:
        _users.remove(user)
        if not _users:
            await _close()


async def _close() -> None:
    global _loop, _session
    litellm, session = load_litellm(), _session
    _loop = _session = None
    if session is not None:
        if litellm.aclient_session is session:
            litellm.aclient_session = None
        with suppress(RuntimeError):  # "Event loop is closed": its sockets went with the loop
            await session.aclose()
    from litellm.llms.custom_httpx import async_client_cleanup as cleanup

    await cleanup.close_litellm_async_clients()  # type: ignore[no-untyped-call]
    litellm.in_memory_llm_clients_cache.flush_cache()
