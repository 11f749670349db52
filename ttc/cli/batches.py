"""`ttc batches`: what of a run waits at a provider, and an end to it."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli._options import RESULTS, AsJson, Results, RunOrLatest


def command(
    run: RunOrLatest = None,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Have the provider answer no more of them.")
    ] = False,
    as_json: AsJson = False,
    results: Results = RESULTS,
) -> None:
    """List the batches of a run, or of its shards, that wait at a provider, or cancel them.

    What a cancelled batch had answered is paid for: the next try of the run fetches it, and asks
    for the rest anew. Exit code 1 where one can't be cancelled.

    Examples: `ttc batches`, `ttc batches my_experiment`, `ttc batches my_experiment --cancel`
    """
    import time

    from ttc.pipeline import batches as standing
    from ttc.report.status import batch_line
    from ttc.store.run_folder import find_run
    from ttc.terminal import say, say_json

    found = find_run(run if run is not None else results, results, begun=True, unmerged=True)
    waiting = standing.waiting(found)
    ended = {one.id: one.fault for one in standing.cancel(found, waiting)} if cancel else {}
    if as_json:
        rows = standing.as_plain(waiting)
        said = {"run": found.name, "batches": rows}
        say_json({**said, "cancelled": [i for i, fault in ended.items() if not fault]})
    elif not waiting:
        say(f"{found.name}: no batch waits at a provider")
    elif not cancel:
        for row in standing.as_plain(waiting):
            say(batch_line({**row, "requests": row["total"]}, time.time()))
    for name, fault in ended.items():
        if fault or not as_json:
            say(f"{name}: {fault or 'cancelled'}", error=bool(fault))
    if any(ended.values()):
        raise typer.Exit(1)
