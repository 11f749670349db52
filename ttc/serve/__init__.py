"""An OpenAI-compatible HTTP server in front of any backend, so that remote access to a real model
can be tried and tested without leaving the machine.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ttc.errors import MissingExtra, UsageError
from ttc.serve.listening import LOOPBACK, key_of, listen, shown
from ttc.terminal import say, say_json

if TYPE_CHECKING:
    from ttc.core import Backend


def serve(
    models: Sequence[str],
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    api_key_env: str | None = None,
    allow_hosts: Sequence[str] = (),
) -> None:
    """Serve nano models until Ctrl-C; "nano" means all of them. Port 0 picks a free port.

    What people read goes to stderr; stdout gets one line of JSON once the port is open:
    {"url": "http://127.0.0.1:8000/v1", "models": [...], "pid": 123}.
    """
    serve_backends(
        lambda: _open_nano(models), host, port, api_key_env=api_key_env, allow_hosts=allow_hosts
    )


def serve_backends(
    open_backends: Callable[[], Mapping[str, Backend]],
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    api_key_env: str | None = None,
    allow_hosts: Sequence[str] = (),
) -> None:
    """Serve backends, each under its name. Raises `UsageError`, `MissingExtra`, `BackendError`.

    Requests must name this server as they reach it; allow_hosts: by further names (see `hosts`).
    """
    try:
        import uvicorn

        from ttc.serve.app import make_app
        from ttc.serve.hosts import HostCheck, allowed
        from ttc.serve.protocol import config_of
    except ImportError as missing:
        raise MissingExtra("serving a model", "serve") from missing
    key = key_of(api_key_env)
    # The port is taken first, because opening a backend can take long.
    listener = listen(host, port)
    backends = open_backends()
    names, any_address = allowed(host, allow_hosts)
    app = HostCheck(make_app(backends, key), names, any_address=any_address)
    url = f"http://{shown(host)}:{listener.getsockname()[1]}/v1"
    config = config_of(app, lifespan="on", grace=2)
    # Until uvicorn takes the signals over, SIGTERM must end the process as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _announce(url, list(backends), guarded=api_key_env is not None, host=host)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
    say("stopped", error=True)


def _open_nano(models: Sequence[str]) -> dict[str, Backend]:
    from ttc import nano
    from ttc.backends.nano import Nano

    known = list(nano.models())
    names = [n for m in models for n in (known if m == "nano" else [m])]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        said = f"there is no nano model {unknown[0]!r}" if unknown else "name a model"
        raise UsageError(f"{said}; there are: nano (all of them), {', '.join(known)}")
    return {name: Nano(model=name).open() for name in dict.fromkeys(names)}


def _announce(url: str, models: list[str], *, guarded: bool, host: str) -> None:
    say(f"serving {', '.join(models)} at {url} (Ctrl-C stops)", error=True)
    if not guarded and host not in LOOPBACK:
        say("anyone who reaches this address can use it: no API key is set", error=True)
    say_json({"url": url, "models": models, "pid": os.getpid()}, indent=None)
