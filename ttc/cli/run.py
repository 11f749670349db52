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
    shards: Annotated[
        int | None,
        typer.Option(
            "--shards", min=1, max=100_000, help="Do the run in so many parts, and merge them."
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            help="Where --shards are done: local (processes here, the default), "
            "dask://HOST:PORT, ray://HOST:PORT, or slurm://OPTION=VALUE,... (an array).",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="Shards at a time (default: local 1, others all they can)."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --shards: print what would be done.")
    ] = False,
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
    be done by different machines; `ttc merge` makes one run of them. `--shards` does both, by
    processes of this machine or a cluster that sees this disk.

    Examples: `ttc run quickstart`, `ttc run my.yaml --set seed=1 --set sampler.solutions=64`,
    `ttc run my.yaml --shard 3/16 --journal "$TMPDIR/journal.sqlite"`,
    `ttc run my.yaml --shards 4 --jobs 2`, `ttc run my.yaml --shards 16 --engine dask://head:8786`,
    `ttc run my.yaml --shards 16 --engine slurm://partition=cpu,time=4:00:00 --dry-run`
    """
    if shards is None:
        for word, given in (("--engine", engine), ("--jobs", jobs), ("--dry-run", dry_run)):
            if given:
                raise typer.BadParameter(
                    "needs --shards N: in how many parts the run is done", param_hint=word
                )
    elif shard is not None:
        raise typer.BadParameter("is one of the parts that --shards does", param_hint="--shard")
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
    if shards is not None:
        from ttc.cells.cell import Cell
        from ttc.cells.engines import open_engine
        from ttc.cells.sharded import Sharded
        from ttc.cli._sharded import dry_run as print_plan
        from ttc.cli._sharded import run_sharded

        own = tuple(recipe_overrides(overrides, None, journal))
        whole = Cell(recipe, own, None if results is None else str(results))
        parts, place = Sharded(loaded, whole, shards), open_engine(engine or "local", jobs or 0)
        if dry_run:
            print_plan(parts, place)
        else:
            run_sharded(parts, place, quiet=quiet, as_json=as_json)
        return
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
