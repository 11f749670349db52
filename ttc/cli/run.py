"""`ttc run`: run a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ttc.cli._options import AsJson, Recipe, RecipeOverrides, recipe_overrides

if TYPE_CHECKING:
    from ttc.core.shard import Shard
    from ttc.recipe import Recipe as LoadedRecipe
    from ttc.store.run_folder import RunFolder


def command(
    recipe: Recipe,
    overrides: RecipeOverrides = None,
    results: Annotated[
        str | None,
        typer.Option(
            "--results",
            help="Folder of all results (default: results); or a URL, to which the run is put when "
            "it has ended.",
            metavar="PATH|URL",
        ),
    ] = None,
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
    processes of this machine or a cluster that sees this disk. With a URL, the run is made in
    `results/` and then put there; its journal stays.

    Examples: `ttc run quickstart`, `ttc run my.yaml --set seed=1 --set sampler.solutions=64`,
    `ttc run my.yaml --shard 3/16 --journal "$TMPDIR/journal.sqlite"`,
    `ttc run my.yaml --shards 4 --jobs 2`, `ttc run my.yaml --shards 16 --engine dask://head:8786`,
    `ttc run my.yaml --shards 16 --engine slurm://partition=cpu,time=4:00:00 --dry-run`,
    `ttc run my.yaml --results s3://bucket/results`
    """
    _check(shard, shards, {"--engine": engine, "--jobs": jobs, "--dry-run": dry_run})
    from ttc.cli._values import shard_of
    from ttc.recipe import load_recipe
    from ttc.store.run_folder import is_url

    url, folder = (results, None) if results and is_url(results) else (None, results)
    if url is not None:
        _check_url(url, shard, engine)
    path = None if folder is None else Path(folder)
    loaded = load_recipe(recipe, recipe_overrides(overrides, path, journal))
    if shards is not None:
        from ttc.cells.cell import Cell
        from ttc.cells.engines import open_engine
        from ttc.cells.sharded import Sharded
        from ttc.cli._sharded import dry_run as print_plan
        from ttc.cli._sharded import run_sharded

        whole = Cell(recipe, tuple(recipe_overrides(overrides, None, journal)), folder)
        parts, place = Sharded(loaded, whole, shards), open_engine(engine or "local", jobs or 0)
        if dry_run:
            print_plan(parts, place, as_json=as_json)
            return
        run_sharded(parts, place, quiet=quiet, as_json=as_json)
        run = parts.run
    else:
        run = _run(loaded, shard_of(shard), plain=plain, quiet=quiet, as_json=as_json)
    if url is not None:
        from ttc.store.remote import push_run
        from ttc.terminal import say

        say(f"Put to {push_run(run, url)}", error=True)


def _check(shard: str | None, shards: int | None, needing: Mapping[str, object]) -> None:
    """Refuse words that don't go together. needing: options that need --shards, as given."""
    if shards is None:
        for word, given in needing.items():
            if given:
                raise typer.BadParameter(
                    "needs --shards N: in how many parts the run is done", param_hint=word
                )
    elif shard is not None:
        raise typer.BadParameter("is one of the parts that --shards does", param_hint="--shard")


def _check_url(url: str, shard: str | None, engine: str | None) -> None:
    """That the run can be put there when it has ended: said before it costs anything."""
    from ttc.store.remote import require_writable

    if shard is not None or (engine or "").startswith("slurm"):
        raise typer.BadParameter(
            "a URL takes whole runs: shards need a folder, and ttc merge makes the run",
            param_hint="--results",
        )
    require_writable(url)


def _run(
    loaded: LoadedRecipe, shard: Shard | None, *, plain: bool, quiet: bool, as_json: bool
) -> RunFolder:
    from ttc.cli._console import print_run
    from ttc.pipeline.run import run_recipe
    from ttc.report.progress import show_progress

    outcome = run_recipe(
        loaded, lambda monitor: show_progress(monitor.status, plain=plain), shard=shard
    )
    print_run(outcome.run, fresh=outcome.fresh, quiet=quiet, as_json=as_json)
    return outcome.run
