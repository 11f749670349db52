"""A recipe behind an OpenAI-compatible API: each question is solved, verified and chosen as a run
of the recipe would, within a budget of its own and one for the whole server.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ttc.errors import Interrupted, MissingExtra, UsageError
from ttc.serve.listening import LOOPBACK, key_of, listen, shown
from ttc.terminal import say, say_json

if TYPE_CHECKING:
    from ttc.answering.question import Earlier
    from ttc.answering.variants import Variants
    from ttc.recipe import Recipe


def serve_recipe(
    recipe: Recipe,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    policy: str | None = None,
    all_verifiers: bool = False,
    seed: int | None = None,
    concurrency: int | None = None,
    queue: int = 64,
    earlier: Earlier = "refuse",
    record: Path | None = None,
    api_key_env: str | None = None,
    allow_hosts: Sequence[str] = (),
) -> None:
    """Serve a recipe until Ctrl-C or SIGTERM; port 0 picks a free one.

    policy: who chooses where a request names none; by default the best that the recipe's run has
    found. seed: of questions that bring none, which else get a fresh one. concurrency: questions at
    a time, by default `engine.problems_in_flight`; queue: how many more wait. record: a new folder
    that becomes a run of what was served. What people read goes to stderr; stdout gets one line of
    JSON once the port is open. Raises `UsageError`, `MissingExtra`, `BackendError`.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as missing:
        raise MissingExtra("serving a recipe", "serve") from missing
    from ttc.answering.policies import best, chooser
    from ttc.answering.record import check_free
    from ttc.answering.variants import Variants

    _check_batches(recipe)
    if record is not None:
        check_free(record)
    key = key_of(api_key_env)
    if key is None and host not in LOOPBACK:
        raise UsageError(
            f"--host {host} can be reached from elsewhere, and answers cost money: name the "
            "environment variable of a key that callers must send (--api-key-env)"
        )
    if policy is None:
        who, why = best(recipe)
    else:
        who, why = chooser(recipe, policy), "as --policy says"
    variants = Variants(recipe, who, all_verifiers=all_verifiers)
    listener = listen(host, port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    work = _serve(
        variants,
        listener,
        why,
        seed=seed,
        places=(concurrency or recipe.engine.problems_in_flight, queue),
        earlier=earlier,
        record=record,
        key=key,
        host=host,
        allow_hosts=allow_hosts,
    )
    try:
        asyncio.run(work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Interrupted("Stopped before it was ready.") from None
    finally:
        listener.close()
    say("stopped; what was sampled is in the journal", error=True)


def _check_batches(recipe: Recipe) -> None:
    for part in recipe.backends():
        if getattr(part, "mode", "now") == "batch":
            raise UsageError(
                "a provider takes hours for a batch, and no client waits so long: serve the recipe "
                "with mode: now (--set backend.mode=now)"
            )


async def _serve(
    variants: Variants,
    listener: socket.socket,
    why: str,
    *,
    seed: int | None,
    places: tuple[int, int],
    earlier: Earlier,
    record: Path | None,
    key: str | None,
    host: str,
    allow_hosts: Sequence[str],
) -> None:
    from ttc.answering.app import Server, make_app
    from ttc.answering.desk import opened
    from ttc.answering.places import Places
    from ttc.answering.record import recording
    from ttc.answering.running import run_app
    from ttc.serve.hosts import HostCheck, allowed

    url = f"http://{shown(host)}:{listener.getsockname()[1]}/v1"
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(opened(variants.recipe, variants, seed))
        kept = None
        if record is not None:
            kept = stack.enter_context(recording(record, variants.recipe, desk))
        line = Places(*places)
        server = Server(desk, line, key, earlier, kept)
        names, any_address = allowed(host, allow_hosts)
        app: Any = HostCheck(make_app(server), names, any_address=any_address)
        ready = partial(_announce, url, variants, why)
        await run_app(app, listener, ready, line.close, desk.engine.settings.finish_s)
        for task in (left := [*server.tasks]):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*left, return_exceptions=True)


def _announce(url: str, variants: Variants, why: str) -> None:
    names = variants.names()
    say(f"serving the recipe {variants.recipe.name} at {url} (Ctrl-C stops)", error=True)
    say(f"answers are chosen by {variants.usual.name}: {why}", error=True)
    told = {"url": url, "models": names, "policy": variants.usual.name, "pid": os.getpid()}
    say_json(told, indent=None)
