"""`ttc status`: how far a run is, from any shell."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli._options import RESULTS, Results, RunOrLatest


def command(
    run: RunOrLatest = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON; with --watch, an object a line.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Follow the run until it ends or Ctrl-C.")
    ] = False,
    events: Annotated[
        int, typer.Option("--events", min=0, help="How many entries of its log to show.")
    ] = 5,
    results: Results = RESULTS,
) -> None:
    """Show a run's progress, rate, budget, time left and last events, and whether it is alive.

    Of a run in shards, all of them together, and each that is not done.

    Examples: `ttc status`, `ttc status quickstart --watch`, `ttc status results/my/s0-1f9c2ab4`
    """
    from ttc.cli._console import console
    from ttc.report.watch import show_status
    from ttc.store.run_folder import find_run

    found = find_run(run if run is not None else results, results, begun=True, unmerged=True)
    show_status(console(), found, events, as_json=as_json, watch=watch)
