"""`ttc doctor`: does an endpoint, or this machine's sandbox, do what it claims?"""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli import _complete as complete


def command(
    target: Annotated[
        str,
        typer.Argument(
            help="A server's URL, a recipe (file or name) whose servers are examined, or the word "
            "sandbox: this machine's ways of shutting programs in.",
            metavar="URL|RECIPE|sandbox",
            autocompletion=complete.targets,
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
        typer.Option(
            "--set",
            help="Override a key of the recipe.",
            metavar="KEY=VALUE",
            autocompletion=complete.overrides,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check that an OpenAI-compatible server does what it claims, and fingerprint its model.

    Some forty short requests test usage counts, max_tokens, n, seed, stop, logprobs, context
    length, chat template, prefill and cached prompts. Exit code 1 when something is broken.

    With the word `sandbox`: what this machine has for shutting in programs that models write, which
    level of isolation is the default, and a self-test of each. Exit code 1 when none isolates.

    Examples: `ttc doctor http://localhost:8000/v1`,
    `ttc doctor https://api.openai.com/v1 --model gpt-4.1-mini --json`, `ttc doctor my.yaml`,
    `ttc doctor sandbox`
    """
    if target == "sandbox":  # a recipe of that name has a path: ./sandbox.yaml
        _sandbox(bool(model or api_key_env or overrides), as_json)
        return
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


def _sandbox(more: bool, as_json: bool) -> None:
    import asyncio

    from ttc.cli._console import console, working
    from ttc.errors import UsageError
    from ttc.report.sandbox import print_offers
    from ttc.sandbox.offers import examined
    from ttc.terminal import say_json

    if more:
        raise UsageError("ttc doctor sandbox looks at this machine; only --json goes with it")
    with working("trying the sandbox"):
        offers = asyncio.run(examined())
    if as_json:
        say_json(offers.as_dict())
    else:
        print_offers(console(), offers)
    if offers.default is None:
        raise typer.Exit(1)
