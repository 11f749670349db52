"""The figures that a run's tables have in them, by name, made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from ttc.errors import DataError, TtcError, UsageError
from ttc.store.run_folder import RunFolder
from ttc.store.tables import count_rows
from ttc.words import nearest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FIT = ("success", "surface", "allocation", "coverage")
_JUDGING = (
    "verifier_ranking",
    "verifier_reliability",
    "verifier_verifications",
    "verifier_false_positives",
    "verifier_margins",
)
NAMES = ("curves", *_FIT, *_JUDGING)
"""Of all figures that a run may have."""


def check_names(names: Collection[str]) -> None:
    """Raise `UsageError` for a figure that there is not."""
    for name in names:
        if name not in NAMES:
            raise UsageError(f"--figure {name}: no such figure{nearest(name, NAMES)}")


def run_figures(
    run: RunFolder, names: Collection[str] = (), draws: int = 500
) -> tuple[dict[str, Figure], dict[str, str]]:
    """Figures of a run by name, and why it has not those that it has not.

    names: which; none for all. draws: resamples of problems, behind intervals. What is asked for by
    name and can't be had raises `TtcError`.
    """
    check_names(names)
    groups: Mapping[tuple[str, ...], Callable[[RunFolder, int], dict[str, Figure]]] = {
        ("curves",): _curves,
        _FIT: _fit,
        _JUDGING: _judging,
    }
    found: dict[str, Figure] = {}
    missing: dict[str, str] = {}
    for group, make in groups.items():
        wanted = [name for name in group if name in (names or NAMES)]
        if not wanted:
            continue
        try:
            made = make(run, draws)
        except TtcError as error:
            if names:
                raise
            missing |= dict.fromkeys(wanted, str(error))
            continue
        found |= {name: made[name] for name in wanted if name in made}
        missing |= {name: "there is nothing to draw" for name in wanted if name not in made}
    if names and (lacking := [name for name in names if name not in found]):
        raise DataError(f"{run.name} has no figure {lacking[0]}: {missing[lacking[0]]}")
    return found, missing


def _curves(run: RunFolder, draws: int) -> dict[str, Figure]:
    from ttc.pipeline.curve_query import CurveRequest, answer
    from ttc.report.curve_figure import curve_figure

    return {"curves": curve_figure(answer(run, CurveRequest()).rows, run.recipe_name)}


def _fit(run: RunFolder, draws: int) -> dict[str, Figure]:
    from ttc.pipeline.scaling import FitRequest, fit_scaling
    from ttc.report.figures import fit_figures

    _require_verifications(run)
    manifest = run.manifest()
    fit = fit_scaling([run], FitRequest(seed=manifest.seed or 0, draws=draws))
    return fit_figures(fit, manifest.recipe_name)


def _judging(run: RunFolder, draws: int) -> dict[str, Figure]:
    from ttc.pipeline.judging.evaluation import JudgingRequest, judge_run
    from ttc.report.judging_figures import judging_figures

    _require_verifications(run)
    return judging_figures(judge_run(run, JudgingRequest(draws=draws)))


def _require_verifications(run: RunFolder) -> None:
    path = run.verifications
    if not path.is_file() or not count_rows(path, "verifications"):
        raise DataError(f"{run.name} has no verifications")
