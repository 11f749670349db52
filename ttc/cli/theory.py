"""`ttc theory`: what a run has of the premises of verifier-based scaling."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli._options import LEVEL, RESULTS, Level, Results, Run


def command(
    run: Run,
    epsilon: Annotated[
        float,
        typer.Option(
            "--epsilon", min=0, help="Standard deviations above the mean where the tail begins."
        ),
    ] = 1.0,
    level: Level = LEVEL,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of simulations and resamples.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
    results: Results = RESULTS,
) -> None:
    """Estimate heterogeneity and anti-concentration of a run's pool, and what a verifier could buy.

    After arXiv 2502.12118: selection by a verifier gets ahead of votes and imitation where right
    solutions differ and rewards are not sharp, and further with longer horizons. Definitions and
    the didactic problem are ours.

    Examples: `ttc theory quickstart`, `ttc theory quickstart --epsilon 0.5 --json`
    """
    from ttc.cli._console import console
    from ttc.pipeline.theorising import theorise
    from ttc.report.theory import print_theory
    from ttc.store.run_folder import find_run
    from ttc.terminal import say_json

    found = theorise(find_run(run, results), epsilon, level, seed)
    if as_json:
        say_json(found.as_dict())
    else:
        print_theory(console(), found)
