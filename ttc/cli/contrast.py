"""`ttc contrast`: named methods of a run against each other, at equal compute."""

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
    methods: Annotated[
        list[str],
        typer.Argument(
            help="METHOD, METHOD@S or METHOD@SxV; the others are compared with the first.",
            autocompletion=complete.policies,
        ),
    ],
    budget: Annotated[
        list[float] | None,
        typer.Option("--budget", help="Compute per problem, in --unit; repeat for more."),
    ] = None,
    unit: AnyUnit = None,
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
    """Compare methods at equal compute, paired over problems: difference, interval, p value.

    A method without sizes takes its best S and V within the budget, and is judged out of bag. p is
    of the paired t test over problems, adjusted (Holm) for all comparisons shown.

    Examples: `ttc contrast quickstart majority weighted_majority --budget 500 --budget 5000`,
    `ttc contrast quickstart majority@64 best_of_n@16x8`
    """
    from ttc.cli._console import console
    from ttc.cli._values import amounts, axis
    from ttc.pipeline.scaling import FitRequest
    from ttc.pipeline.scaling.contrasting import contrast
    from ttc.pipeline.scaling.sources import COST_UNITS
    from ttc.report.contrast import print_contrasts
    from ttc.store.run_folder import find_run
    from ttc.terminal import say_json

    limits = sorted(amounts(budget, "--budget"))
    found = find_run(run, results)
    request = FitRequest(
        verifier=verifier,
        unit=axis(unit, ratio, COST_UNITS),
        overrides=cost_overrides(overrides, ratio),
        scoring=scoring(verification_draws, invalid_verdict),
        level=level,
        draws=draws,
        seed=found.manifest().seed or 0,
        cluster=cluster,
    )
    said = contrast(found, methods, limits, request)
    if as_json:
        say_json([one.as_dict() for one in said.rows])
    else:
        print_contrasts(console(), said)
