"""`ttc show`: what a run holds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import RESULTS, All, AsJson, Results, Run

if TYPE_CHECKING:
    from ttc.store.run_folder import RunFolder


def command(
    run: Run,
    problem: Annotated[
        str | None,
        typer.Option(
            "--problem",
            help="Show one problem's solutions and verdicts.",
            autocompletion=complete.problems,
        ),
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
    everything: All = False,
    as_json: AsJson = False,
    results: Results = RESULTS,
) -> None:
    """Summarise a run, or show one problem with its solutions, votes and verdicts.

    Each policy at its most solutions, the best first; with --all at all numbers of them, and of a
    problem all solutions.

    Examples: `ttc show quickstart`, `ttc show quickstart --all`,
    `ttc show quickstart --problem arithmetic-2-0-0`, `ttc show quickstart --json`
    """
    if tree and problem is None:
        raise typer.BadParameter("needs --problem ID, whose samples to draw", param_hint="--tree")
    from ttc.store.run_folder import find_run

    found = find_run(run, results)
    if as_json:
        _as_json(found, problem, repeat if tree else None)
        return
    from ttc.cli._console import console
    from ttc.report.problem import print_problem
    from ttc.report.summary import print_summary

    if problem is None:
        print_summary(console(), found, everything)
    elif tree:
        from ttc.report.tree import print_tree

        print_tree(console(), found, problem, repeat)
    else:
        print_problem(console(), found, problem, sys.maxsize if everything else limit)


def _as_json(run: RunFolder, problem: str | None, repeat: int | None) -> None:
    """repeat: of the attempt whose tree is wanted, if one is."""
    from ttc.pipeline.facts import run_facts
    from ttc.report.plain_problem import plain_problem, plain_tree
    from ttc.terminal import say_json

    if problem is None:
        say_json(run_facts(run))
    elif repeat is None:
        say_json(plain_problem(run, problem))
    else:
        say_json(plain_tree(run, problem, repeat))
