"""HTTP connections that litellm's calls share and that end."""

from __future__ import annotations

from typing import Any

from ttc.backends.http.client import make_http
from ttc.quiet_litellm import load_litellm

_users: list[object] = []
_session: Any = None


def use_connections(user: object, seconds: float) -> None:
    """Have litellm's calls share one session until `leave_connections` of the last user.

    Left to itself it opens one, never closed, for each raw prompt to a server that speaks OpenAI's
    protocol. seconds: for a call, where litellm sets no limit of its own.
    """
    global _session
    litellm = load_litellm()
    if litellm.aclient_session is None:
        litellm.aclient_session = _session = make_http(seconds)
    _users.append(user)


async def leave_connections(user: object) -> None:
    """Close with the last user what all of them share; again is no harm."""
    global _session
    if user not in _users:
        return
    _users.remove(user)
    if _users:
        return
    litellm = load_litellm()
    if _session is not None:
        if litellm.aclient_session is _session:
            litellm.aclient_session = None
        await _session.aclose()
        _session = None
    from litellm.llms.custom_httpx import async_client_cleanup as cleanup

    await cleanup.close_litellm_async_clients()  # type: ignore[no-untyped-call]
    litellm.in_memory_llm_clients_cache.flush_cache()
