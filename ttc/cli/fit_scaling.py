"""`ttc fit-scaling`: how solutions and verifications should grow with compute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import (
    LEVEL,
    RESULTS,
    AnalysisEngine,
    AnalysisJobs,
    AnyUnit,
    AnyVerifier,
    Cluster,
    CostOverrides,
    Draws,
    FontSize,
    Height,
    InvalidVerdict,
    Level,
    Ratio,
    Results,
    Style,
    VerificationDraws,
    Width,
    cost_overrides,
    scoring,
)


def command(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Runs: a folder, a recipe's name, or an id; one or several.",
            autocompletion=complete.runs,
        ),
    ],
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="Verified policies (default: the recipe's); repeat for more.",
            autocompletion=complete.policies,
        ),
    ] = None,
    verifier: AnyVerifier = None,
    unit: AnyUnit = None,
    ratio: Ratio = None,
    overrides: CostOverrides = None,
    verification_draws: VerificationDraws = None,
    invalid_verdict: InvalidVerdict = None,
    pool: Annotated[
        bool,
        typer.Option("--pool/--compare", help="Several runs: average them, or compare them."),
    ] = False,
    level: Level = LEVEL,
    draws: Draws = 500,
    margin: Annotated[
        float,
        typer.Option(
            min=0, max=0.5, help="How near to its best success a curve is at its plateau."
        ),
    ] = 0.005,
    budgets: Annotated[
        list[float] | None,
        typer.Option(
            "--budget", help="State gains at this compute per problem (default: doublings)."
        ),
    ] = None,
    cluster: Cluster = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="Folder of the output (default: the run's; needed for several)."
        ),
    ] = None,
    width: Width = None,
    height: Height = None,
    font_size: FontSize = None,
    style: Style = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    engine: AnalysisEngine = None,
    jobs: AnalysisJobs = None,
    results: Results = RESULTS,
) -> None:
    """Say where verification passes voting at equal compute, what it gains, how S and V grow.

    Compute is in tokens, prompts included, with the paper's C = S (1 + lambda V) beside it. Writes
    fit.json, fits.parquet, allocation.parquet and figures/. Intervals are for new problems.

    Examples: `ttc fit-scaling quickstart`, `ttc fit-scaling sc_vs_genrm --unit flops`,
    `ttc fit-scaling mine --cluster metadata.template --budget 2000`,
    `ttc fit-scaling s0-1a2b s1-3c4d --pool --out results/pooled`,
    `ttc fit-scaling quickstart --style paper,grey --width 3.3`
    """
    from ttc.cells.analysing import analysing
    from ttc.cli._console import console, write_file
    from ttc.cli._values import ANALYSIS, amounts, axis, folder_of, words
    from ttc.pipeline.scaling import FitRequest, fit_scaling
    from ttc.pipeline.scaling.sources import COST_UNITS
    from ttc.pipeline.scaling.tables import allocation_rows, fit_rows
    from ttc.report.figures import draw
    from ttc.report.fit import print_fit
    from ttc.report.fitting import show_fitting
    from ttc.report.looks import drawn_in, look
    from ttc.store.run_folder import find_runs
    from ttc.store.sweeps import sweep_of
    from ttc.store.tables import write_table
    from ttc.terminal import dump_json, say

    named = folder_of(out, "--out", ANALYSIS) or sweep_of(runs, results)
    chosen = look(width, height, font_size, style)
    limits = sorted(amounts(budgets, "--budget"))
    found = find_runs(runs, results, named)
    folder = named or found[0].path
    manifest = found[0].manifest()
    request = FitRequest(
        policies=tuple(words(policy)) if policy else None,
        verifier=verifier,
        unit=axis(unit, ratio, COST_UNITS),
        overrides=cost_overrides(overrides, ratio),
        scoring=scoring(verification_draws, invalid_verdict),
        pool=pool,
        level=level,
        draws=draws,
        margin=margin,
        seed=manifest.seed or 0,
        cluster=cluster,
        budgets=tuple(limits) or None,
    )
    with show_fitting() as progress, analysing(engine, jobs):
        fitted = fit_scaling(found, request, progress)
    text = dump_json(fitted.as_dict())
    write_file(folder / "fit.json", text + "\n")
    write_table(folder / "fits.parquet", "fits", fit_rows(fitted))
    write_table(folder / "allocation.parquet", "allocation", allocation_rows(fitted))
    title = ", ".join(dict.fromkeys(run.manifest().recipe_name for run in found))
    with drawn_in(chosen):
        figures = draw(fitted, title, folder / "figures")
    if as_json:
        say(text)
    else:
        tables = [folder / name for name in ("fit.json", "fits.parquet", "allocation.parquet")]
        print_fit(console(), fitted, [*tables, *figures])
