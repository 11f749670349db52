"""A verifier's curves: ROC, precision and recall, reliability, and what V, S and margins do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ttc.analysis.estimate import FloatArray, IntArray
from ttc.analysis.intervals import mean_interval
from ttc.analysis.judging.calibration import Binning, bins_of
from ttc.analysis.judging.decisions import rates
from ttc.analysis.judging.dependence import Repeated, effective_number
from ttc.analysis.judging.levels import Levels, auc, precision_recall, roc_curve
from ttc.analysis.judging.resampling import Statistic
from ttc.pipeline.judging.by_problem import margins_of, ratio, share_ends, shares
from ttc.pipeline.judging.figures import ALL, Sampled

_MOST_POINTS = 400
_STEPS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)


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


def verification_points(sampled: Sampled) -> Iterator[Point]:
    """What the mean of V verdicts is worth, for V = 1, 2, 4 ... as far as any solution has them."""
    judged, laws = sampled.judged, sampled.shared.laws
    n = len(judged.score)
    for v, law in laws.items():
        credit = sampled.shared.credit(judged, v, sampled.rules.threshold)
        ends = sampled.mean_ends(credit, np.arange(n))
        yield _at_v("accuracy", v, float(credit.mean()), *ends, n)

        def balanced(weights: FloatArray, credit: FloatArray = credit) -> FloatArray:
            return rates(credit, judged.correct, weights).balanced

        told = _drawn(sampled, balanced)
        yield _at_v("balanced_accuracy", v, *told, n)
        yield _at_v("auc", v, float(auc(law.ranked(judged.correct))), math.nan, math.nan, n)
    if len(laws) > 1:
        values = np.where(judged.readable, judged.values, np.nan)
        repeated = Repeated.of(values, judged.correct)
        rho = float(repeated.correlation())
        drawn = sampled.resampling.draws(repeated.correlation, judged.problem)
        for v in laws:
            worth = float(effective_number(v, rho))
            spread = sampled.resampling.ends(worth, effective_number(v, drawn))
            yield _at_v("effective_verdicts", v, worth, spread.low, spread.high, n)


def _drawn(sampled: Sampled, statistic: Statistic) -> tuple[float, float, float]:
    """A figure of all solutions, and its interval."""
    value = float(statistic(np.ones(len(sampled.judged.score))))
    drawn = sampled.resampling.draws(statistic, sampled.judged.problem)
    ends = sampled.resampling.ends(value, drawn)
    return value, ends.low, ends.high


def _at_v(series: str, v: int, value: float, low: float, high: float, n: int) -> Point:
    return Point("verifications", series, float(v), value, low, high, n)


def selection_points(sampled: Sampled) -> Iterator[Point]:
    """How often the best scored of S is wrong, for S = 1, 2, 4 ... as far as all problems have."""
    everything = np.ones(len(sampled.judged.problem_ids), dtype=np.bool_)
    for share in shares(sampled):
        if share.at is not None:
            y, ends = ratio(sampled, share, everything), share_ends(sampled, share, everything)
            telling = int((share.below > 0).sum())
            yield Point("false_positives", share.quantity, share.at, y, *ends, telling)


def margin_points(sampled: Sampled) -> Iterator[Point]:
    """Share of problems whose choice may flip once scores move by x or more."""
    for policy, margins in margins_of(sampled).items():
        told = ~np.isnan(margins)
        known = margins[told]
        clusters = None if sampled.clusters is None else sampled.clusters[told]
        for x in _STEPS:
            flips = (known <= x + 1e-12).astype(np.float64)
            if len(flips):
                low, high = mean_interval(flips, sampled.resampling.level, clusters)
                y = float(flips.mean())
                yield Point("margin", policy, x, y, float(low), float(high), len(known))
