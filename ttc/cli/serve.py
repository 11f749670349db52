"""`ttc serve`: a recipe behind an OpenAI-compatible API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import (
    AllowHosts,
    Host,
    Port,
    Recipe,
    RecipeOverrides,
    RunResults,
    recipe_overrides,
)


def command(
    recipe: Recipe,
    overrides: RecipeOverrides = None,
    results: RunResults = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="Who chooses where a request names none (default: the best of the recipe's run).",
            autocompletion=complete.policies,
        ),
    ] = None,
    all_verifiers: Annotated[
        bool,
        typer.Option("--all-verifiers", help="Verify also what the policy does not read."),
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Seed of requests that bring none (default: fresh ones)."),
    ] = None,
    earlier: Annotated[
        str,
        typer.Option(
            help="Messages before the question: refuse them, or put their text before it (before).",
        ),
    ] = "refuse",
    concurrency: Annotated[
        int | None,
        typer.Option(
            min=1, help="Questions answered at a time (default: engine.problems_in_flight)."
        ),
    ] = None,
    queue: Annotated[
        int, typer.Option(min=0, help="Questions that may wait; more are told to come back.")
    ] = 64,
    record: Annotated[
        Path | None,
        typer.Option(help="A new folder that becomes a run of what was served, for ttc show."),
    ] = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    api_key_env: Annotated[
        str | None,
        typer.Option(
            help="Environment variable with a key that callers must send; needed beyond loopback.",
            metavar="NAME",
        ),
    ] = None,
    allow_host: AllowHosts = None,
) -> None:
    """Serve a recipe as one model at /v1/chat/completions: sampled, verified, chosen, in budget.

    Any OpenAI client gets the answer that a run of the recipe would choose; `usage` has all hidden
    tokens. (A model alone is served by `ttc serve-model`.) Prints one line of JSON with the URL
    once the port is open.

    Examples: `ttc serve quickstart`, `ttc serve my.yaml --policy majority --port 0`,
    `ttc serve my.yaml --set budget.per_run.usd=5 --host 0.0.0.0 --api-key-env SERVE_KEY`
    """
    from ttc.answering import serve_recipe
    from ttc.answering.question import Earlier
    from ttc.cli._values import one_of
    from ttc.recipe import load_recipe

    serve_recipe(
        load_recipe(recipe, recipe_overrides(overrides, results)),
        host,
        port,
        policy=policy,
        all_verifiers=all_verifiers,
        seed=seed,
        concurrency=concurrency,
        queue=queue,
        record=record,
        earlier=one_of(earlier, Earlier, "--earlier"),
        api_key_env=api_key_env,
        allow_hosts=allow_host or (),
    )
