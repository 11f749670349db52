"""`ttc adapt`: what rules that stop save and lose, replayed on one pool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import (
    LEVEL,
    RESULTS,
    Cluster,
    CostOverrides,
    FontSize,
    Height,
    Level,
    Results,
    Run,
    Style,
    TuningProblems,
    TuningShare,
    Width,
)

if TYPE_CHECKING:
    from ttc.analysis.contention import Chooses


def command(
    run: Run,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule",
            help="A rule that stops (default: the run's and all others).",
            autocompletion=complete.policies,
        ),
    ] = None,
    verdicts: Annotated[
        str | None,
        typer.Option(
            "--verdicts",
            help="Stop verdicts, not solutions, where the choice is by weighted_majority or "
            "best_of_n.",
            metavar="CHOICE",
        ),
    ] = None,
    verifier: Annotated[
        str | None,
        typer.Option(
            "--verifier",
            help="Whose verdicts (default: the only one's).",
            autocompletion=complete.verifiers,
        ),
    ] = None,
    problems: TuningProblems = None,
    share: TuningShare = 0.5,
    most: Annotated[
        int | None,
        typer.Option("--most", min=2, help="Solutions of the full vote (default: all)."),
    ] = None,
    orders: Annotated[
        int, typer.Option("--orders", min=2, help="Random orders of each problem's solutions.")
    ] = 32,
    loss: Annotated[
        float,
        typer.Option("--loss", min=0, max=1, help="Success that tuning may give up for compute."),
    ] = 0.01,
    calibrate: Annotated[
        bool,
        typer.Option("--calibrate", help="Find a region to accept answers in (rule selective)."),
    ] = False,
    alpha: Annotated[
        float, typer.Option("--alpha", min=0.001, max=0.9, help="Wrong answers in it, at most.")
    ] = 0.1,
    delta: Annotated[
        float, typer.Option("--delta", min=0.001, max=0.9, help="Odds that the bound is broken.")
    ] = 0.1,
    window: Annotated[
        int, typer.Option("--window", min=1, help="Solutions after which it accepts or not.")
    ] = 5,
    withhold: Annotated[
        bool, typer.Option("--withhold", help="No answer outside, instead of more solutions.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="Draws split and orders (default: the run's seed)."),
    ] = None,
    overrides: CostOverrides = None,
    cluster: Cluster = None,
    level: Level = LEVEL,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the output (default: the run's).")
    ] = None,
    width: Width = None,
    height: Height = None,
    font_size: FontSize = None,
    style: Style = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all rows as JSON.")] = False,
    results: Results = RESULTS,
) -> None:
    """Say what rules that stop save and lose, replayed over random orders of one pool.

    Against the vote of all solutions, a vote of as many, and clairvoyants. Rules are tuned on some
    problems and judged on the others, as `ttc tune` does; adapt.json in the run's folder keeps the
    split and the values. Writes adaptation.parquet, .json and .md, and the figure as PNG, SVG, PDF
    and CSV. With --verdicts all that is said of a judge's verdicts, whose stopping is the sampler
    `contested`; files are named so.

    Examples: `ttc adapt adaptive`, `ttc adapt adaptive --rule esc --rule anytime --most 20`,
    `ttc adapt mine --calibrate --alpha 0.1 --window 5`, `ttc adapt mine --out results/adapted`,
    `ttc adapt quickstart --verdicts weighted_majority`,
    `ttc adapt mine --cluster metadata.template`
    """
    from ttc.cli._console import console, working
    from ttc.cli._options import cost_overrides
    from ttc.cli._values import ANALYSIS, folder_of, words
    from ttc.pipeline.adapting.adapt import adapt
    from ttc.pipeline.adapting.request import AdaptRequest, Region
    from ttc.report.adapt import print_adaptation, write_adaptation
    from ttc.report.looks import drawn_in, look
    from ttc.store.run_folder import find_run
    from ttc.terminal import say, say_json

    folder = folder_of(out, "--out", ANALYSIS)
    chosen = look(width, height, font_size, style)
    found = find_run(run, results)
    request = AdaptRequest(
        rules=tuple(words(rule)) if rule else None,
        problems=problems,
        share=share,
        most=most,
        orders=orders,
        loss=loss,
        region=Region(alpha, delta, window, withhold) if calibrate else None,
        verdicts=_chooses(verdicts),
        verifier=verifier,
        cluster=cluster,
        seed=seed,
        level=level,
        overrides=cost_overrides(overrides, None),
    )
    with working("replaying"):
        adapted = adapt(found, request)
    with drawn_in(chosen):
        files = write_adaptation(adapted, folder or found.path)
    if as_json:
        say_json(adapted.rows())
    else:
        print_adaptation(console(), adapted, found.path)
        say("Written: " + ", ".join(map(str, files)))


def _chooses(word: str | None) -> Chooses | None:
    """Raises `UsageError`."""
    from ttc.errors import UsageError

    if word not in (None, "weighted_majority", "best_of_n"):
        raise UsageError(f"--verdicts {word:.40}: expected weighted_majority or best_of_n")
    return cast("Chooses | None", word)
