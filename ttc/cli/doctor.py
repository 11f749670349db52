"""`ttc doctor`: does an endpoint do what it claims?"""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    target: Annotated[
        str,
        typer.Argument(
            help="A server's URL, or a recipe (file or name) whose servers are examined.",
            metavar="URL|RECIPE",
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="The model's name, where a URL serves several."),
    ] = None,
    api_key_env: Annotated[
        str | None,
        typer.Option(help="Environment variable with the key for a URL.", metavar="NAME"),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override a key of the recipe.", metavar="KEY=VALUE"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check that an OpenAI-compatible server does what it claims, and fingerprint its model.

    Some forty short requests test usage counts, max_tokens, n, seed, stop, logprobs, context
    length, chat template, prefill and cached prompts. Exit code 1 when something is broken.

    Examples: `ttc doctor http://localhost:8000/v1`,
    `ttc doctor https://api.openai.com/v1 --model gpt-4.1-mini --json`, `ttc doctor my.yaml`
    """
    from ttc.cli._console import console, working
    from ttc.doctor.examining import examine_backends, examine_url, is_url
    from ttc.errors import UsageError
    from ttc.recipe import load_recipe
    from ttc.report.doctor import print_checkup
    from ttc.terminal import say_json

    if is_url(target):
        if overrides:
            raise UsageError("--set changes a recipe; a URL has none")
        with working(f"examining {target}"):
            checkup = examine_url(target, model, api_key_env)
    else:
        if model or api_key_env:
            raise UsageError("--model and --api-key-env go with a URL; a recipe says both itself")
        recipe = load_recipe(target, overrides or ())
        with working(f"examining the servers of {recipe.name}"):
            checkup = examine_backends(recipe.name, recipe.backends())
    if as_json:
        say_json(checkup.as_dict())
    else:
        print_checkup(console(), checkup)
    if not checkup.healthy:
        raise typer.Exit(1)
