"""A verifier's curves: ROC, precision and recall, reliability, and what V, S and margins do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.grid import powers_of_two
from ttc.analysis.intervals import bootstrap_interval, mean_interval
from ttc.analysis.judging.calibration import Binning, bins_of
from ttc.analysis.judging.decisions import rates
from ttc.analysis.judging.dependence import Repeated, effective_number
from ttc.analysis.judging.false_positives import FalsePositives, false_positives
from ttc.analysis.judging.levels import Levels, auc, precision_recall, roc_curve
from ttc.analysis.judging.margins import best_of_n_margin, weighted_majority_margin
from ttc.analysis.judging.more_verdicts import score_law
from ttc.pipeline.judging.figures import ALL, Figure, Sampled

_MOST_POINTS = 400
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
MARGINS = {"best_of_n": best_of_n_margin, "weighted_majority": weighted_majority_margin}
SELECTION_MEANINGS = {
    "best_wrong": "probability that the best scored of S is wrong",
    "best_wrong_accepted": "probability that the best scored of S is wrong and accepted",
    "right_missed": "of sets of S with a right one: share whose best scored is wrong",
    "wrong_accepted": "of sets of S with a right one: share whose best is wrong and accepted",
    "none_right_accepted": "of sets of S without a right one: share whose best is accepted",
}
MARGIN_MEANINGS = {
    "margin": "quantile over problems: how far all scores may move before the choice may flip",
    "never_flips": "share of problems with one answer alone, whose choice can't flip",
}


@dataclass(frozen=True)
class Point:
    """A point of a curve; NaN for what can't be told. threshold: None but on ROC and PR curves."""

    curve: str
    series: str
    x: float
    y: float
    low: float
    high: float
    solutions: int
    threshold: float | None = None

    def row(self, verifier: str) -> dict[str, Any]:
        """A row of `verifier_curves`."""
        told = {name: getattr(self, name) for name in ("y", "low", "high")}
        return {
            "verifier": verifier,
            "curve": self.curve,
            "series": self.series,
            "x": self.x,
            **{name: None if math.isnan(value) else value for name, value in told.items()},
            "threshold": self.threshold,
            "solutions": self.solutions,
        }


def ranking_points(sampled: Sampled) -> Iterator[Point]:
    """ROC, from (0, 0), and precision against recall; with many scores, every so many-th."""
    judged = sampled.judged
    levels = Levels.of(judged.score, judged.correct)
    wrong, right = roc_curve(levels)
    recall, precision = precision_recall(levels)
    some = _spread(len(levels.score))
    n = len(judged.score)
    nan = math.nan
    if not np.isnan(wrong).any() and not np.isnan(right).any():
        yield Point("roc", ALL, 0.0, 0.0, nan, nan, n, None)
        for i in some:
            x, y = float(wrong[i + 1]), float(right[i + 1])
            yield Point("roc", ALL, x, y, nan, nan, n, float(levels.score[i]))
    if not np.isnan(recall).any():
        for i in some:
            x, y = float(recall[i]), float(precision[i])
            yield Point("precision_recall", ALL, x, y, nan, nan, n, float(levels.score[i]))


def _spread(number: int) -> IntArray:
    return np.unique(np.linspace(0, number - 1, min(number, _MOST_POINTS)).round().astype(np.int64))


def reliability_points(sampled: Sampled) -> Iterator[Point]:
    """Each bin's mean score and share of right ones, with an interval."""
    judged = sampled.judged
    if judged.compares:
        return
    binnings: tuple[Binning, ...] = ("width", "mass")
    for binning in binnings:
        place = bins_of(judged.score, sampled.rules.bins, binning)
        for b in range(sampled.rules.bins):
            rows = np.flatnonzero((place == b) & judged.told)
            if len(rows):
                right = judged.correct[rows].astype(np.float64)
                ends = sampled.mean_ends(right, rows)
                x, y = float(judged.score[rows].mean()), float(right.mean())
                yield Point("reliability", f"equal {binning}", x, y, *ends, len(rows))


def verification_points(sampled: Sampled, rng: np.random.Generator) -> Iterator[Point]:
    """What the mean of V verdicts is worth, for V = 1, 2, 4 ... as far as any solution has them."""
    judged = sampled.judged
    depth = int(judged.counts.max())
    sizes = sorted({*powers_of_two(depth), depth})
    n = len(judged.score)
    for v, law in zip(sizes, score_law(judged.values, judged.counts, sizes, rng), strict=True):
        accepted = law.accepted(sampled.rules.threshold)
        credit = np.where(judged.correct, accepted, 1 - accepted)
        rows = np.arange(n)
        whole = float(credit.mean())
        yield _at_v("accuracy", v, whole, *sampled.mean_ends(credit, rows), n)

        def balanced(weights: FloatArray, credit: FloatArray = credit) -> FloatArray:
            return rates(credit, judged.correct, weights).balanced

        drawn = sampled.resampling.draws(balanced, judged.problem)
        value = float(balanced(np.ones(n)))
        ends = sampled.resampling.ends(value, drawn)
        yield _at_v("balanced_accuracy", v, value, ends.low, ends.high, n)
        yield _at_v("auc", v, float(auc(law.ranked(judged.correct))), math.nan, math.nan, n)
    if depth > 1:
        values = np.where(judged.readable, judged.values, np.nan)
        repeated = Repeated.of(values, judged.correct)
        rho = float(repeated.correlation())
        drawn = sampled.resampling.draws(repeated.correlation, judged.problem)
        for v in sizes:
            value = float(effective_number(v, rho))
            ends = sampled.resampling.ends(value, effective_number(v, drawn))
            yield _at_v("effective_verdicts", v, value, ends.low, ends.high, n)


def _at_v(series: str, v: int, value: float, low: float, high: float, n: int) -> Point:
    return Point("verifications", series, float(v), value, low, high, n)


def selection_points(sampled: Sampled) -> Iterator[Point]:
    """How often the best scored of S is wrong, for S = 1, 2, 4 ... as far as all problems have."""
    score, _ = sampled.judged.by_problem()
    correct = sampled.judged.loaded.arrays.correct[:, : score.shape[1]]
    fewest = int((~np.isnan(score)).sum(axis=1).min())
    sizes = sorted({*powers_of_two(fewest), fewest})
    found = false_positives(score, correct, sizes, sampled.rules.threshold)
    problems, level = len(score), sampled.resampling.level
    for name, values in (("best_wrong", found.wrong), ("best_wrong_accepted", found.accepted)):
        low, high = mean_interval(values, level, sampled.clusters)
        for i, s in enumerate(sizes):
            ends = float(low[i]), float(high[i])
            yield _at_s(name, s, float(values[:, i].mean()), *ends, problems)
    for name, above, below in _conditional(found):
        drawn_above = sampled.resampling.weights @ above
        drawn_below = sampled.resampling.weights @ below
        for i, s in enumerate(sizes):
            total = below[:, i].mean()
            value = float(above[:, i].mean() / total) if total > 1e-12 else math.nan
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn = np.where(
                    drawn_below[:, i] > 1e-12, drawn_above[:, i] / drawn_below[:, i], np.nan
                )
            telling = min(int((below[:, i] > 1e-12).sum()), sampled.resampling.units)
            told = bootstrap_interval(value, drawn, telling, level)
            yield _at_s(name, s, value, told.low, told.high, problems)


def _conditional(found: FalsePositives) -> list[tuple[str, FloatArray, FloatArray]]:
    return [
        ("right_missed", found.missed, found.there),
        ("wrong_accepted", found.deceived, found.there),
        ("none_right_accepted", found.hopeless, 1 - found.there),
    ]


def _at_s(name: str, s: int, value: float, low: float, high: float, n: int) -> Point:
    return Point("false_positives", name, float(s), value, low, high, n)


def margins_of(sampled: Sampled) -> dict[str, FloatArray]:
    """By policy, (problems,) margins: how far scores may move before its choice may flip."""
    score, classes = sampled.judged.by_problem()
    there = ~np.isnan(score)
    rows = list(zip(score, classes, there, strict=True))
    return {
        name: np.array([rule(own[told], answer[told]) for own, answer, told in rows])
        for name, rule in MARGINS.items()
    }


def margin_points(sampled: Sampled) -> Iterator[Point]:
    """Share of problems whose choice may flip once scores move by x or more."""
    for policy, margins in margins_of(sampled).items():
        told = ~np.isnan(margins)
        known = margins[told]
        clusters = None if sampled.clusters is None else sampled.clusters[told]
        for x in (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0):
            flips = (known <= x + 1e-12).astype(np.float64)
            low, high = mean_interval(flips, sampled.resampling.level, clusters)
            y = float(flips.mean()) if len(flips) else math.nan
            yield Point("margin", policy, x, y, float(low), float(high), len(known))


def curve_figures(sampled: Sampled, points: list[Point]) -> list[Figure]:
    """What curves over S, and margins, say as single figures."""
    judged = sampled.judged
    found = [
        Figure(
            judged.verifier, ALL, ALL, one.series, one.x, one.y, one.low, one.high, one.solutions,
            len(judged.score), meaning=SELECTION_MEANINGS[one.series],
        )
        for one in points
        if one.curve == "false_positives"
    ]  # fmt: skip
    for policy, margins in margins_of(sampled).items():
        told = ~np.isnan(margins)
        known = margins[told]
        clusters = None if sampled.clusters is None else sampled.clusters[told]
        for q in QUANTILES if len(known) else ():
            # Who can't flip is above all margins.
            value = float(np.quantile(known, q, method="inverted_cdf"))
            found.append(_of_margin(sampled, f"margin_{policy}", q, value, math.nan, math.nan))
        flips = (~np.isfinite(known)).astype(np.float64)
        if len(known):
            low, high = mean_interval(flips, sampled.resampling.level, clusters)
            name, share = f"never_flips_{policy}", float(flips.mean())
            found.append(_of_margin(sampled, name, None, share, float(low), float(high)))
    return found


def _of_margin(
    sampled: Sampled, name: str, at: float | None, value: float, low: float, high: float
) -> Figure:
    judged = sampled.judged
    meaning = MARGIN_MEANINGS["margin" if name.startswith("margin") else "never_flips"]
    return Figure(
        judged.verifier, ALL, ALL, name, at, value, low, high, len(judged.problem_ids),
        len(judged.score), meaning=meaning,
    )  # fmt: skip
