"""`ttc sweep`: many runs of recipes that differ in some keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import All, AsJson, RunResults

if TYPE_CHECKING:
    from ttc.cells.engines.base import Engine
    from ttc.cells.sweep.planning import SweepPlan
    from ttc.cells.sweep.preparing import Prepared

SOME_FAILED = 3
"""Exit code: the sweep went to its end, and some cells failed."""


def command(
    sweep: Annotated[
        list[str],
        typer.Argument(
            help="A sweep's file, or one or more recipes; with --resume a sweep's name.",
            autocompletion=complete.sweeps,
        ),
    ],
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            help="Values of a key of the recipes; repeat it for all combinations.",
            metavar="KEY=VALUE,VALUE",
            autocompletion=complete.overrides,
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Override a key in all cells.",
            metavar="KEY=VALUE",
            autocompletion=complete.overrides,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="Cells at a time (default: local 1, others all they can)."
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            help="Where cells are done: local (processes here, the default), dask://HOST:PORT, "
            "ray://HOST:PORT, or slurm://OPTION=VALUE,... (an array).",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with a sweep: its missing and failed cells."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan, and do nothing.")
    ] = False,
    like: Annotated[
        str | None,
        typer.Option(
            "--like", help="A run whose lengths the plan takes.", autocompletion=complete.runs
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What the sweep is called (results/sweeps/NAME).")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without asking.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="A line a cell in place of the live display.")
    ] = False,
    everything: All = False,
    as_json: AsJson = False,
    results: RunResults = None,
) -> None:
    """Run recipes with all combinations of some keys' values, planned before it starts.

    Each cell is a run of its own, in a process of its own. One that fails takes no other along: it
    is told at the end, and the exit code is 3. The same command, or --resume, does what is missing.
    Its runs by one name: `ttc compare NAME`, `ttc report NAME`; its tables are in
    results/sweeps/NAME.

    Examples: `ttc sweep quickstart --grid sampler.temperature=0.6,0.8,1 --grid seed=0,1,2 -j 2`,
    `ttc sweep sweeps/temperature --dry-run`, `ttc sweep my_sweep.yaml --jobs 4`,
    `ttc sweep my_sweep --resume`, `ttc sweep a.yaml b.yaml --grid seed=0,1 --name seeds`
    """
    from ttc.cells.engines import open_engine
    from ttc.cells.sweep.planning import plan_sweep
    from ttc.cells.sweep.preparing import Asked, prepare
    from ttc.cli._console import console, working
    from ttc.report.sweep import print_sweep_plan
    from ttc.terminal import say_json

    asked = Asked(
        tuple(sweep), tuple(grid or ()), tuple(overrides or ()), name, results, resume=resume
    )
    with working("reading and planning"):
        found = prepare(asked)
        plan = plan_sweep(found, like)
    found.state.engine = engine or found.state.engine
    found.state.jobs = jobs or found.state.jobs
    place = open_engine(found.state.engine, found.state.jobs)
    if dry_run and as_json:
        say_json(plan.as_dict())
        return
    if not as_json:
        print_sweep_plan(console(), plan, everything)
    if dry_run:
        _scripts(plan, place)
    if dry_run or not (yes or as_json or plain or _agreed(plan)):
        return
    _run(found, plan, place, plain=plain or as_json)
    _end(found, everything=everything, as_json=as_json)


def _scripts(plan: SweepPlan, place: Engine) -> None:
    """Prints what would be submitted, of an engine that submits."""
    from ttc.cells.engines.slurm import Slurm
    from ttc.terminal import say

    if isinstance(place, Slurm) and plan.to_do:
        cells = [one.cell for one in plan.to_do]
        say(place.plan(cells, plan.sweep.folder / "slurm", plan.sweep.state.name).told())


def _agreed(plan: SweepPlan) -> bool:
    """Asks where somebody can answer."""
    import sys

    if not plan.to_do or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    return typer.confirm(f"Do {len(plan.to_do)} cells?", default=True, err=True)


def _run(found: Prepared, plan: SweepPlan, place: Engine, *, plain: bool) -> None:
    from ttc.cells.sweep.running import run_cells
    from ttc.report.sweep import show_sweep

    with show_sweep(len(plan.to_do), place.jobs, plain=plain) as told:
        run_cells(plan.to_do, found.state, found.folder, place, told)


def _end(found: Prepared, *, everything: bool, as_json: bool) -> None:
    from ttc.cells.sweep.running import again, with_results
    from ttc.cells.sweep.tables import cell_rows, write_tables
    from ttc.cli._console import console
    from ttc.report.sweep import print_sweep
    from ttc.terminal import say, say_json

    state, folder = found.state, found.folder
    rows, failed = cell_rows(state, folder), state.failed()
    tables = write_tables(state, folder, rows)
    root = str(found.cells.results)
    if as_json:
        commands = [one.alone(root) if one.status == "failed" else None for one in state.cells]
        cells = [row | {"command": said} for row, said in zip(rows, commands, strict=True)]
        say_json(
            {
                "sweep": state.name,
                "folder": str(folder),
                "complete": state.count("complete"),
                "failed": len(failed),
                "twice": list(found.cells.twice),
                "tables": [str(path) for path in tables],
                "cells": cells,
            }
        )
    else:
        print_sweep(console(), rows, failed, root, everything)
        say(f"wrote {' and '.join(map(str, tables))}")
        compare = with_results(["ttc", "compare", state.name], folder)
        say(f"next: {again(folder) if failed else compare}")
    if failed:
        raise typer.Exit(SOME_FAILED)
