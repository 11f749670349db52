"""`ttc serve-model`: the embedded models behind an OpenAI-compatible API."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import AllowHosts, Host, Port


def command(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            help="Models to serve; nano means all of them.", autocompletion=complete.models
        ),
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    api_key_env: Annotated[
        str | None,
        typer.Option(
            help="Environment variable with a key that callers must send.", metavar="NAME"
        ),
    ] = None,
    allow_host: AllowHosts = None,
) -> None:
    """Serve the nano models at /v1/completions and /v1/chat/completions until Ctrl-C.

    A request is samples of one model; `ttc serve` answers with a whole recipe. Prints one line of
    JSON with the URL once the port is open.

    Example: `ttc serve-model nano --port 8000`
    """
    from ttc.serve import serve

    serve(models or ["nano"], host, port, api_key_env=api_key_env, allow_hosts=allow_host or ())
