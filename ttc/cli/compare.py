"""`ttc compare`: recipes beside each other, at equal compute."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import (
    LEVEL,
    RESULTS,
    AnalysisEngine,
    AnalysisJobs,
    Cluster,
    CostOverrides,
    FontSize,
    Height,
    Level,
    Results,
    Style,
    Width,
)

_BY = ("recipe", "verifier", "policy")


def command(
    runs: Annotated[
        list[str], typer.Argument(help="Runs of the same problems.", autocompletion=complete.runs)
    ],
    budget: Annotated[
        list[str] | None,
        typer.Option("--budget", help="Compute per problem, in --unit (10k, 1.5M); repeatable."),
    ] = None,
    at_samples: Annotated[
        list[int] | None,
        typer.Option("--at-samples", min=1, help="Compare at equal S, too; repeatable."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit",
            help="Compute in tokens (default, prompts included), flops, usd, calls, seconds, c, or "
            "latency: seconds until the answer.",
            autocompletion=complete.units_and_latency,
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            help="What others are compared with: a row, a run or vote; RUN@1 is one sample of it "
            "(default: the first run; its vote, where votes are rows).",
        ),
    ] = None,
    over: Annotated[
        list[str] | None,
        typer.Option("--over", help="Runs that differ in this key only are one row: seed."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by",
            help="A row for each recipe, verifier or policy (default: recipe; of one, verifier).",
        ),
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="Only these policies, each a row; repeatable.",
            autocompletion=complete.policies,
        ),
    ] = None,
    cluster: Cluster = None,
    common: Annotated[
        bool,
        typer.Option("--common", help="Of other data sets, the problems that are the same."),
    ] = False,
    gate: Annotated[
        list[str] | None,
        typer.Option(
            "--gate",
            help="'not worse than ROW by 2 points at 10k tokens', or 'better than ROW at 16 "
            "samples'. Exit code 0: passed, 3: failed, 4: undecided.",
        ),
    ] = None,
    flips: Annotated[
        bool, typer.Option("--flips", help="List problems that only one side solves.")
    ] = False,
    overrides: CostOverrides = None,
    concurrency: Annotated[
        int,
        typer.Option("--concurrency", min=1, help="Calls under way at a time, for --unit latency."),
    ] = 8,
    level: Level = LEVEL,
    everything: Annotated[bool, typer.Option("--all", help="All rows and problems.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for tables (parquet, JSON, Markdown) and figures."),
    ] = None,
    width: Width = None,
    height: Height = None,
    font_size: FontSize = None,
    style: Style = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    engine: AnalysisEngine = None,
    jobs: AnalysisJobs = None,
    results: Results = RESULTS,
) -> None:
    """Compare recipes at equal compute, paired over problems: better, worse or undecided.

    A row is a run with whatever policy, S and V does best within the budget, judged out of bag, and
    is named by what differs in the recipes; `--by verifier` has a row for each vote and verifier.
    All that was asked counts: discarded samples, rewards, programs and critics.

    Examples: `ttc compare cold hot`, `ttc compare cold hot --budget 2k --budget 8k --flips`,
    `ttc compare cold hot --by verifier`,
    `ttc compare "temps*" --over seed --at-samples 16`, `ttc compare small big --baseline big@1`,
    `ttc compare old new --gate "not worse than old by 2 points at 10k tokens"`
    """
    from ttc.cells.analysing import analysing
    from ttc.cli._console import console, working
    from ttc.cli._values import folder_of, one_of, scaled_amounts
    from ttc.pipeline.comparing import LATENCY, Request, compare
    from ttc.pipeline.comparing.gate import EXIT_CODES, worst
    from ttc.pipeline.scaling.sources import COST_UNITS
    from ttc.report.compare import print_comparison, write_comparison
    from ttc.report.looks import drawn_in, look
    from ttc.store.run_folder import find_matching
    from ttc.terminal import say_json

    folder = folder_of(
        out, "--out", f"ttc report {' '.join(map(quote, runs))} --out FILE writes one HTML file"
    )
    chosen = look(width, height, font_size, style)
    request = Request(
        unit=None if unit is None else one_of(unit, (*COST_UNITS, LATENCY), "--unit"),
        budgets=scaled_amounts(budget, "--budget"),
        samples=tuple(sorted(set(at_samples or ()))),
        by=None if by is None else one_of(by, _BY, "--by"),
        policies=tuple(policy or ()),
        over=tuple(over or ()),
        baseline=baseline,
        cluster=cluster,
        common=common,
        overrides=tuple(overrides or ()),
        concurrency=concurrency,
        level=level,
    )
    with working("comparing"), analysing(engine, jobs):
        found = compare(find_matching(runs, results), request, gate or (), results)
    if as_json:
        say_json(found.as_dict())
    else:
        print_comparison(console(), found, everything, flips)
    if folder is not None:
        with drawn_in(chosen):
            write_comparison(found, folder)
    if code := EXIT_CODES[worst(found.gates)]:
        raise typer.Exit(code)
