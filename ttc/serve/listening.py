"""Where a server listens, and the key that callers must bring."""

from __future__ import annotations

import os
import socket

from ttc.backends.http.secrets import key_name_fault
from ttc.errors import BackendError, UsageError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
MOST_CONNECTIONS = 4096
"""More get 503 until others have ended."""
KEEP_ALIVE_S = 60
"""Uvicorn's deadline for idle connections, beyond that of `protocol`, which ends them. Its own five
seconds are those of many clients: it would close one just as their next request is on its way.
"""


def key_of(api_key_env: str | None) -> str | None:
    """The key that an environment variable holds. Raises `UsageError`."""
    if api_key_env is None:
        return None
    if fault := key_name_fault(api_key_env):
        raise UsageError(f"--api-key-env {fault}")
    key = os.environ.get(api_key_env, "").strip()
    if not key:
        raise UsageError(f"the environment variable {api_key_env} is not set; it holds the API key")
    return key


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 is any free one. Raises `BackendError`."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as trouble:
        text = f"can't listen on {host}:{port}: {trouble.strerror or trouble}"
    raise BackendError(f"{text}; another port may be free (0 picks one)")


def shown(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
