"""How good a run's verifiers are, for a page: figures with their intervals, and curves."""

from __future__ import annotations

from typing import Any, TypedDict

from ttc.errors import TtcError
from ttc.pipeline.judging.evaluation import JudgingRequest, OneJudging, judge_run
from ttc.report.html.pack import known
from ttc.store.run_folder import RunFolder

_TOLD = (
    ("balanced_accuracy", None, "balanced accuracy"),
    ("true_positive_rate", None, "right ones accepted"),
    ("true_negative_rate", None, "wrong ones rejected"),
    ("auc", None, "AUC, any two solutions"),
    ("auc_within", None, "AUC, two of one problem"),
    ("ece_mass", None, "calibration error (equal mass)"),
    ("brier", None, "Brier score"),
    ("rho_errors", None, "correlation of repeated errors"),
    ("unreadable", None, "verdicts not readable"),
)
_CURVES = {
    "reliability": (("reliability", "equal mass"), ("reliability", "equal width")),
    "roc": (("roc", "all"),),
    "depth": (("verifications", "balanced_accuracy"),),
    "false": (("false_positives", "best_wrong"),),
}


class JudgeData(TypedDict):
    """A verifier. curves: points as x, y, low, high and number of solutions, by name."""

    verifier: str
    solutions: int
    problems: int
    figures: list[dict[str, Any]]
    curves: dict[str, list[list[float | None]]]


def judges(run: RunFolder) -> tuple[list[JudgeData], str]:
    """Each verifier of a run; and, where there is none that can be judged, why."""
    if not run.verifications.is_file():
        return [], ""
    try:
        found = judge_run(run, JudgingRequest())
    except TtcError as error:
        return [], str(error)
    return [_judge(one) for one in found.each], ""


def _judge(one: OneJudging) -> JudgeData:
    figures = []
    for name, at, title in _TOLD:
        figure = one.figure(name, at)
        if figure is not None and known(figure.value) is not None:
            figures.append(
                {
                    "name": name,
                    "title": title,
                    "value": known(figure.value),
                    "low": known(figure.low),
                    "high": known(figure.high),
                }
            )
    return {
        "verifier": one.verifier,
        "solutions": len(one.judged.score),
        "problems": len(one.judged.problem_ids),
        "figures": figures,
        "curves": {name: _points(one, sources) for name, sources in _CURVES.items()},
    }


def _points(one: OneJudging, sources: tuple[tuple[str, str], ...]) -> list[list[float | None]]:
    """Of the first source that has any."""
    for curve, series in sources:
        points = one.series(curve, series)
        if points:
            return [
                [known(p.x), known(p.y), known(p.low), known(p.high), float(p.solutions)]
                for p in points
            ]
    return []
