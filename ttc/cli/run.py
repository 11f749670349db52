"""`ttc run`: run a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli._options import AsJson, Recipe, RecipeOverrides, RunResults, recipe_overrides


def command(
    recipe: Recipe,
    overrides: RecipeOverrides = None,
    results: RunResults = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Log lines in place of the live display.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="One line at the end in place of the tables.")
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard", metavar="I/N", help="Only the I-th of N parts of the problems: 3/16."
        ),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            "--journal", help="File that keeps all samples (default: in the folder of results)."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a recipe within its budget and write tidy tables under `results/`.

    A run that was stopped goes on where it was; a finished one is not repeated. Shards of a run can
    be done by different machines; `ttc merge` makes one run of them.

    Examples: `ttc run quickstart`, `ttc run my.yaml --set seed=1 --set sampler.solutions=64`,
    `ttc run my.yaml --shard 3/16 --journal "$TMPDIR/journal.sqlite"`
    """
    from ttc.cli._console import console
    from ttc.cli._values import shard_of
    from ttc.pipeline.facts import run_facts
    from ttc.pipeline.run import run_recipe
    from ttc.recipe import load_recipe
    from ttc.report.failures import of_manifest
    from ttc.report.progress import show_progress
    from ttc.report.summary import print_summary
    from ttc.terminal import say, say_json

    loaded = load_recipe(recipe, recipe_overrides(overrides, results, journal))
    outcome = run_recipe(
        loaded,
        lambda monitor: show_progress(monitor.status, plain=plain),
        shard=shard_of(shard),
    )
    if as_json:
        say_json({"fresh": outcome.fresh, **run_facts(outcome.run)})
        return
    if quiet:
        said = outcome.manifest.status if outcome.fresh else "nothing to do, this run is complete"
        failed = of_manifest(outcome.manifest)[:1]
        say(", ".join([f"{outcome.run.name}: {said}", *failed]))
        return
    if not outcome.fresh:
        console().print("Nothing to do: this run is complete.", style="green")
    print_summary(console(), outcome.run)
