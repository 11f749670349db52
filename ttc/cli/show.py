"""`ttc show`: what a run holds."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli._options import RESULTS, Results, Run


def command(
    run: Run,
    problem: Annotated[
        str | None, typer.Option("--problem", help="Show one problem's solutions and verdicts.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, help="Most solutions of a problem to print in full.")
    ] = 6,
    results: Results = RESULTS,
) -> None:
    """Summarise a run, or show one problem with its solutions, votes and verdicts.

    Examples: `ttc show quickstart`, `ttc show quickstart --problem arithmetic-2-0-0`
    """
    from ttc.cli._console import console
    from ttc.report.problem import print_problem
    from ttc.report.summary import print_summary
    from ttc.store.run_folder import find_run

    found = find_run(run, results)
    if problem is None:
        print_summary(console(), found)
    else:
        print_problem(console(), found, problem, limit)
