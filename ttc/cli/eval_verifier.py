"""`ttc eval-verifier`: how good the judges of a run are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ttc.cli import _complete as complete
from ttc.cli._options import (
    LEVEL,
    RESULTS,
    Cluster,
    Draws,
    FontSize,
    Height,
    InvalidVerdict,
    Level,
    Results,
    Run,
    Style,
    Width,
    scoring,
)

if TYPE_CHECKING:
    from ttc.analysis.judging.levels import DetectionCost
    from ttc.pipeline.judging.attacking import AttackRequest
    from ttc.pipeline.judging.evaluation import Judging
    from ttc.store.run_folder import RunFolder


def command(
    run: Run,
    verifier: Annotated[
        list[str] | None,
        typer.Option(
            "--verifier",
            help="A verifier (default: each one).",
            autocompletion=complete.verifiers,
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by", help="Groups: difficulty, length, level, metadata.KEY; repeat for more."
        ),
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", min=0, max=1, help="Score from which one is accepted.")
    ] = 0.5,
    bins: Annotated[int, typer.Option("--bins", min=1, max=1000, help="Bins of calibration.")] = 10,
    cost: Annotated[
        list[str] | None,
        typer.Option(
            "--cost",
            help="A detection cost (default: 0.5,1,1 and 0.01,1,1); repeat for more.",
            metavar="P_TARGET,C_MISS,C_FA",
        ),
    ] = None,
    attack: Annotated[
        list[str] | None,
        typer.Option(
            "--attack",
            help="Have the run's wrong solutions judged anew, altered: all, or claims (its own "
            "correctness), imitates (the verdict line), pads (its length), repeats (the question). "
            "This asks the recipe's verifiers.",
        ),
    ] = None,
    problems: Annotated[
        int, typer.Option("--problems", min=1, help="Problems of which solutions are attacked.")
    ] = 16,
    each: Annotated[
        int, typer.Option("--each", min=1, help="Wrong solutions of each that are attacked.")
    ] = 2,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A key of the recipe for attacks, such as budget.per_run.usd=1.",
            metavar="KEY=VALUE",
            autocompletion=complete.overrides,
        ),
    ] = None,
    cluster: Cluster = None,
    invalid_verdict: InvalidVerdict = None,
    level: Level = LEVEL,
    draws: Draws = 500,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the output (default: the run's).")
    ] = None,
    width: Width = None,
    height: Height = None,
    font_size: FontSize = None,
    style: Style = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
    results: Results = RESULTS,
) -> None:
    """Say how well each verifier of a run tells right from wrong, and what misleads it.

    Discrimination, calibration, first wrong steps, what V verdicts are worth, how often the best
    of S is wrong, how far scores may move before a choice flips. Of runs and of imported samples
    alike. Writes verifier.json, verifier_metrics.parquet, verifier_curves.parquet and figures/
    (PNG, SVG, PDF, and what each shows as CSV).

    Examples: `ttc eval-verifier quickstart`,
    `ttc eval-verifier quickstart --by difficulty --by length`,
    `ttc eval-verifier mine --verifier prm --cluster metadata.template --cost 0.1,1,5`,
    `ttc eval-verifier quickstart --attack all --problems 24 --set budget.per_run.tokens=200000`
    """
    from ttc.cli._console import console, write_file
    from ttc.cli._values import ANALYSIS, folder_of, words
    from ttc.errors import UsageError
    from ttc.pipeline.judging.attacking import AttackRequest
    from ttc.pipeline.judging.evaluation import JudgingRequest, judge_run
    from ttc.pipeline.judging.quantities import Rules
    from ttc.report.judging import print_judging
    from ttc.report.judging_figures import draw
    from ttc.report.looks import drawn_in, look
    from ttc.store.run_folder import find_run
    from ttc.store.tables import write_table
    from ttc.terminal import dump_json, say

    if overrides and not attack:
        raise UsageError("--set changes the recipe for attacks; without --attack nobody is asked")
    named = folder_of(out, "--out", ANALYSIS)
    chosen = look(width, height, font_size, style)
    costs = {"costs": tuple(_cost(one) for one in cost)} if cost else {}
    request = JudgingRequest(
        verifiers=tuple(dict.fromkeys(verifier or ())),
        by=tuple(dict.fromkeys(words(by or ()))),
        rules=Rules(threshold=threshold, bins=bins, **costs),
        level=level,
        draws=draws,
        cluster=cluster,
        scoring=scoring(None, invalid_verdict),
    )
    found = find_run(run, results)
    judged = judge_run(found, request)
    if attack:
        wanted = AttackRequest(
            problems=problems,
            each=each,
            verifiers=request.verifiers,
            overrides=tuple(overrides or ()),
            **_attacks(words(attack)),
        )
        judged = _attacked(found, wanted, judged)
    folder = named or found.path
    text = dump_json(judged.as_dict())
    write_file(folder / "verifier.json", text + "\n")
    write_table(folder / "verifier_metrics.parquet", "verifier_metrics", judged.metric_rows())
    write_table(folder / "verifier_curves.parquet", "verifier_curves", judged.curve_rows())
    with drawn_in(chosen):
        figures = draw(judged, folder / "figures")
    if as_json:
        say(text)
        return
    names = ("verifier.json", "verifier_metrics.parquet", "verifier_curves.parquet")
    print_judging(console(), judged, [*(folder / name for name in names), *figures])


def _attacks(named: list[str]) -> dict[str, tuple[str, ...]]:
    return {} if "all" in named else {"attacks": tuple(dict.fromkeys(named))}


def _attacked(run: RunFolder, wanted: AttackRequest, judged: Judging) -> Judging:
    from ttc.pipeline.judging.attacking import attack, with_attacks
    from ttc.report.progress import show_progress

    done = attack(run, wanted, lambda monitor: show_progress(monitor.status, plain=False))
    return with_attacks(judged, run, done)


def _cost(word: str) -> DetectionCost:
    from ttc.analysis.errors import PoolError
    from ttc.analysis.judging.levels import DetectionCost
    from ttc.errors import UsageError

    try:
        p_target, c_miss, c_fa = map(float, word.split(","))
        return DetectionCost(p_target, c_miss, c_fa)
    except PoolError as error:
        raise UsageError(f"--cost {word}: {error}") from None
    except ValueError:
        raise UsageError(f"--cost {word}: expected P_TARGET,C_MISS,C_FA, such as 0.1,1,5") from None
