"""`ttc recommend`: the method, S and V to use at a budget."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import (
    LEVEL,
    RESULTS,
    AnyUnit,
    AnyVerifier,
    Cluster,
    CostOverrides,
    Draws,
    InvalidVerdict,
    Level,
    Ratio,
    Results,
    Run,
    VerificationDraws,
    cost_overrides,
    scoring,
)


def command(
    run: Run,
    budget: Annotated[
        list[float],
        typer.Option("--budget", help="Compute per problem, in --unit; repeat for more."),
    ],
    unit: AnyUnit = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="Verified policies to consider (default: the recipe's).",
            autocompletion=complete.policies,
        ),
    ] = None,
    verifier: AnyVerifier = None,
    ratio: Ratio = None,
    overrides: CostOverrides = None,
    verification_draws: VerificationDraws = None,
    invalid_verdict: InvalidVerdict = None,
    level: Level = LEVEL,
    cluster: Cluster = None,
    draws: Draws = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
    results: Results = RESULTS,
) -> None:
    """Say which method, S and V to use at a budget, with what success, and how sure that is.

    Voting is always considered, beside the verified policies of the recipe. Budgets are means per
    problem.

    Examples: `ttc recommend quickstart --budget 2000`,
    `ttc recommend sc_vs_genrm --unit c --budget 16 --budget 64`
    """
    from ttc.cli._console import console
    from ttc.cli._values import amounts, axis, words
    from ttc.pipeline.scaling import FitRequest
    from ttc.pipeline.scaling.recommending import recommend
    from ttc.pipeline.scaling.sources import COST_UNITS
    from ttc.report.recommend import print_recommendation
    from ttc.store.run_folder import find_run
    from ttc.terminal import say_json

    limits = amounts(budget, "--budget")
    found = find_run(run, results)
    request = FitRequest(
        policies=tuple(words(policy)) if policy else None,
        verifier=verifier,
        unit=axis(unit, ratio, COST_UNITS),
        overrides=cost_overrides(overrides, ratio),
        scoring=scoring(verification_draws, invalid_verdict),
        level=level,
        draws=draws,
        seed=found.manifest().seed or 0,
        cluster=cluster,
    )
    said = recommend(found, limits, request)
    if as_json:
        say_json([one.as_dict() for one in said])
        return
    for one in said:
        print_recommendation(console(), one, level)
