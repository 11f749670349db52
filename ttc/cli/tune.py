"""`ttc tune`: parameters of policies and weights of verifiers, from problems kept for that."""

from __future__ import annotations

from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import (
    RESULTS,
    CostOverrides,
    InvalidVerdict,
    Ratio,
    Results,
    Run,
    TuningProblems,
    TuningShare,
    VerificationDraws,
    cost_overrides,
    scoring,
)


def command(
    run: Run,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="What to tune (default: the run's); repeat for more.",
            autocompletion=complete.policies,
        ),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            metavar="FIELD=VALUES",
            help="Values to try, alpha=0,0.5,1 (default: the policy's own); repeat for more.",
        ),
    ] = None,
    verifier: Annotated[
        str | None,
        typer.Option(
            "--verifier",
            help="Whose verifications (default: each one's); a,b for some.",
            autocompletion=complete.verifiers,
        ),
    ] = None,
    problems: TuningProblems = None,
    share: TuningShare = 0.3,
    solutions: Annotated[
        int | None,
        typer.Option("--solutions", "--k", min=1, help="S to tune at (default: the grid's most)."),
    ] = None,
    verifications: Annotated[
        int | None,
        typer.Option("--verifications", min=1, help="V to tune at (default: the grid's most)."),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option("--budget", min=0, help="Tune S and V, too, within this compute per problem."),
    ] = None,
    unit: Annotated[
        str,
        typer.Option(
            "--unit",
            help="Of --budget: tokens, flops, usd, calls, seconds or c.",
            autocompletion=complete.units,
        ),
    ] = "tokens",
    weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weights",
            help="Weights of the verifiers: logistic (by labels) or agreement (by none).",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="Draws the split (default: the run's seed)."),
    ] = None,
    ratio: Ratio = None,
    overrides: CostOverrides = None,
    verification_draws: VerificationDraws = None,
    invalid_verdict: InvalidVerdict = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print tuned.json.")] = False,
    results: Results = RESULTS,
) -> None:
    """Choose parameters on some problems of a run, and say what they do on the others.

    The problems are drawn from the seed, alike from each level of difficulty, and stand in the
    run's tuned.json with every candidate and the choice. On them no report is made of what was
    chosen: `ttc curves RUN --tuned` is about the others.

    Examples: `ttc tune quickstart --policy pessimistic --grid alpha=0,0.25,0.5,1,2`,
    `ttc tune quickstart --policy softmax_majority --policy borda --share 0.4`,
    `ttc tune quickstart --policy pessimistic --budget 2000`, `ttc tune mine --weights agreement`
    """
    from typing import get_args

    from ttc.cli._console import console, working
    from ttc.cli._values import one_of, words
    from ttc.pipeline.scaling.sources import COST_UNITS
    from ttc.pipeline.tuning.candidates import parse_grid
    from ttc.pipeline.tuning.file import TUNED_NAME
    from ttc.pipeline.tuning.request import TuneRequest
    from ttc.pipeline.tuning.tune import tune
    from ttc.pipeline.tuning.weights import Method
    from ttc.report.tune import print_tuned
    from ttc.store.run_folder import find_run
    from ttc.terminal import say

    found = find_run(run, results)
    request = TuneRequest(
        policies=tuple(words(policy)) if policy else None,
        grid=parse_grid(grid or []),
        verifier=verifier,
        problems=problems,
        share=share,
        solutions=solutions,
        verifications=verifications,
        budget=budget,
        unit=one_of(unit, COST_UNITS, "--unit"),
        overrides=cost_overrides(overrides, ratio),
        scoring=scoring(verification_draws, invalid_verdict),
        seed=seed,
        weights=tuple(one_of(word, get_args(Method), "--weights") for word in words(weights or [])),
    )
    with working("tuning"):
        tuned, replaced = tune(found, request)
    path = found.path / TUNED_NAME
    if as_json:
        say(path.read_text(encoding="utf-8").rstrip("\n"))
    else:
        print_tuned(console(), tuned, path, replaced)
