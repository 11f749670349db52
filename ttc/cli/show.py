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
    tree: Annotated[
        bool, typer.Option("--tree", help="Draw the samples of an attempt at --problem instead.")
    ] = False,
    repeat: Annotated[
        int, typer.Option("--repeat", min=0, help="Which attempt --tree draws, from 0.")
    ] = 0,
    results: Results = RESULTS,
) -> None:
    """Summarise a run, or show one problem with its solutions, votes and verdicts.

    Examples: `ttc show quickstart`, `ttc show quickstart --problem arithmetic-2-0-0`
    """
    if tree and problem is None:
        raise typer.BadParameter("needs --problem ID, whose samples to draw", param_hint="--tree")
    from ttc.cli._console import console
    from ttc.report.problem import print_problem
    from ttc.report.summary import print_summary
    from ttc.store.run_folder import find_run

    found = find_run(run, results)
    if problem is None:
        print_summary(console(), found)
    elif tree:
        from ttc.report.tree import print_tree

        print_tree(console(), found, problem, repeat)
    else:
        print_problem(console(), found, problem, limit)
