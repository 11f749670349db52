"""`ttc compare`: the methods of runs beside the vote, at equal compute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import LEVEL, RESULTS, CostOverrides, Level, Results


def command(
    runs: Annotated[
        list[str], typer.Argument(help="Runs of the same problems.", autocompletion=complete.runs)
    ],
    budget: Annotated[
        list[float] | None,
        typer.Option("--budget", help="Compute per problem, in --unit; repeat for more."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit",
            help="Compute in tokens (default, prompts included), flops, usd, calls, seconds, c, or "
            "latency, the seconds until the answer.",
            autocompletion=complete.units_and_latency,
        ),
    ] = None,
    overrides: CostOverrides = None,
    by_policy: Annotated[
        bool,
        typer.Option("--by-policy", help="Each policy of a verifier is a method of its own."),
    ] = False,
    concurrency: Annotated[
        int,
        typer.Option("--concurrency", min=1, help="Calls under way at a time, for --unit latency."),
    ] = 8,
    level: Level = LEVEL,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for comparison.parquet, .md, .png and .svg."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all points as JSON.")] = False,
    results: Results = RESULTS,
) -> None:
    """Compare what methods buy at equal compute: each against the vote, paired over problems.

    Each verifier is used with whatever policy, S and V does best within the budget, and a sampler
    that gives one answer (search, refinement, early stopping) is stopped where it does best, judged
    out of bag; all that was asked counts: discarded samples, rewards, programs and critics.

    Examples: `ttc compare verifiers-genrm verifiers-prm --budget 1000 --budget 4000`,
    `ttc compare "samplers-*" verifiers-prm --by-policy --unit flops --out results/samplers`
    """
    from ttc.cli._console import console
    from ttc.cli._options import cost_overrides
    from ttc.cli._values import amounts, axis
    from ttc.pipeline.comparing import compare
    from ttc.pipeline.scaling.sources import COST_UNITS
    from ttc.report.compare import print_comparison, write_comparison
    from ttc.store.run_folder import find_matching
    from ttc.terminal import say_json

    limits = tuple(sorted(amounts(budget, "--budget")))
    found = compare(
        find_matching(runs, results),
        axis(unit, None, (*COST_UNITS, "latency")) or "tokens",
        limits,
        cost_overrides(overrides, None),
        level,
        by_policy=by_policy,
        concurrency=concurrency,
    )
    if as_json:
        say_json([point.as_row(found.unit) for point in found.points])
    else:
        print_comparison(console(), found, limits)
    if out is not None:
        write_comparison(found, limits, out)
