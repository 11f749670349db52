"""`ttc curves`: success of policies at any S and V, from a run's pool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import (
    RESULTS,
    All,
    AnalysisEngine,
    AnalysisJobs,
    AsJson,
    Cluster,
    CostOverrides,
    FontSize,
    Force,
    Height,
    InvalidVerdict,
    Ratio,
    Results,
    Run,
    Style,
    VerificationDraws,
    Width,
    cost_overrides,
    scoring,
)

if TYPE_CHECKING:
    from ttc.pipeline.curves import Row
    from ttc.report.looks import Look
    from ttc.store.run_folder import RunFolder


def command(
    run: Run,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="A policy, or coverage, pass@k, maj@k; repeat for more.",
            autocompletion=complete.policies,
        ),
    ] = None,
    k: Annotated[
        list[str] | None,
        typer.Option("--k", "--solutions", help="Solutions S: 4 or 1,2,4; repeat for more."),
    ] = None,
    verifications: Annotated[
        list[str] | None,
        typer.Option("--verifications", help="Verifications V: 4 or 1,2,4; repeat for more."),
    ] = None,
    unit: Annotated[
        list[str] | None,
        typer.Option(
            "--unit",
            help="Compute in c, tokens, flops, usd, calls or seconds.",
            autocompletion=complete.units,
        ),
    ] = None,
    verifier: Annotated[
        str | None,
        typer.Option(
            "--verifier",
            help="Whose verifications, if there are several.",
            autocompletion=complete.verifiers,
        ),
    ] = None,
    ratio: Ratio = None,
    overrides: CostOverrides = None,
    all_problems: Annotated[
        bool,
        typer.Option(
            "--all-problems",
            help="Policies that read no verification: on problems without any, too.",
        ),
    ] = False,
    verification_draws: VerificationDraws = None,
    invalid_verdict: InvalidVerdict = None,
    cluster: Cluster = None,
    new_samples: Annotated[
        bool,
        typer.Option(
            "--new-samples",
            help="A second interval: these very problems, their samples drawn anew.",
        ),
    ] = False,
    tuned: Annotated[
        bool,
        typer.Option("--tuned", help="Tuned policies, too; on problems not tuned on (ttc tune)."),
    ] = False,
    tuned_by: Annotated[
        Path | None, typer.Option("--tuned-by", help="The same by another run's tuned.json.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            help="Draw success against compute, in the first unit, into a .png, .svg or .pdf.",
            metavar="FILE",
        ),
    ] = None,
    width: Width = None,
    height: Height = None,
    font_size: FontSize = None,
    style: Style = None,
    force: Force = False,
    everything: All = False,
    as_json: AsJson = False,
    engine: AnalysisEngine = None,
    jobs: AnalysisJobs = None,
    results: Results = RESULTS,
) -> None:
    """Print success against compute, exactly or by Monte Carlo, at any S and V of the pool.

    What the run's table lacks is computed from its solutions and verifications; nothing is sampled.
    Where neither S nor V is named, the table has the best cells of each policy, or with --all every
    one.

    Examples: `ttc curves quickstart`, `ttc curves quickstart --policy pass@k --k 3,10,50`,
    `ttc curves quickstart --policy best_of_n --k 12 --verifications 3 --unit flops`,
    `ttc curves quickstart --policy best_of_n --verification-draws first`,
    `ttc curves quickstart --policy majority --new-samples`, `ttc curves quickstart --tuned`,
    `ttc curves quickstart --unit tokens --plot curves.svg`
    """
    from ttc.cells.analysing import analysing
    from ttc.cli._console import console
    from ttc.cli._values import names, whole_numbers, words
    from ttc.pipeline.curve_query import CurveRequest, answer
    from ttc.report.console import line
    from ttc.report.coverage import coverage_lines
    from ttc.report.curve_figure import figure_file
    from ttc.report.curves import UNITS, best_cells, plain_rows, print_curves
    from ttc.report.looks import look
    from ttc.report.tables import left_out
    from ttc.store.run_folder import find_run
    from ttc.terminal import say_json

    units = names(unit or ["c", "tokens"], UNITS, "--unit")
    chosen = look(width, height, font_size, style)
    if plot is not None:
        figure_file(plot, force)
    found = find_run(run, results)
    request = CurveRequest(
        policies=tuple(words(policy)) if policy else None,
        solutions=whole_numbers(k, "--k"),
        verifications=whole_numbers(verifications, "--verifications"),
        verifier=verifier,
        overrides=cost_overrides(overrides, ratio),
        all_problems=all_problems,
        scoring=scoring(verification_draws, invalid_verdict),
        cluster=cluster,
        new_samples=new_samples,
        tuned=tuned_by or (found.path if tuned else None),
    )
    with analysing(engine, jobs):
        said = answer(found, request)
    if plot is not None:
        written = _draw(found, said.rows, units[0] if unit else "tokens", plot, chosen)
    if as_json:
        say_json(plain_rows(said.rows))
        return
    some = policy or k or verifications
    there = None if some else {row["policy"] for row in said.rows}
    for text in coverage_lines(there, said.manifest):
        console().print(line(text))
    rows = said.rows if everything or k or verifications else best_cells(said.rows)
    print_curves(console(), f"Success of {found.name}", rows, units, said.manifest)
    if more := left_out(len(said.rows) - len(rows)):
        console().print(line(more))
    if plot is not None:
        for path in written:
            console().print(line(f"wrote {path}"), soft_wrap=True)


def _draw(run: RunFolder, rows: list[Row], unit: str, path: Path, chosen: Look) -> list[Path]:
    from ttc.report.curve_figure import curve_figure, write_curves
    from ttc.report.looks import drawn_in

    with drawn_in(chosen):
        return write_curves(curve_figure(rows, f"Success of {run.name}", unit), path)
