"""How scores rank solutions: ROC and precision-recall curves, their areas, and detection errors.

All of it is a function of the right and wrong solutions at each distinct score, so that ties are
shared and any weights may stand for solutions: resampled problems, or draws of verifications.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ttc.analysis.errors import PoolError
from ttc.analysis.estimate import FloatArray


@dataclass(frozen=True)
class Levels:
    """Right and wrong solutions by score.

    score: (L,) distinct ones, descending; right, wrong: (..., L) the weight of the solutions there.
    """

    score: FloatArray
    right: FloatArray
    wrong: FloatArray

    @classmethod
    def of(cls, score: ArrayLike, correct: ArrayLike, weights: FloatArray | None = None) -> Levels:
        """From (n,) scores without NaN and labels; weights: (..., n), 1 each unless given.

        Raises `PoolError` where shapes disagree, or a score is NaN.
        """
        value = np.asarray(score, dtype=np.float64)
        label = np.asarray(correct, dtype=np.bool_)
        if value.ndim != 1 or value.shape != label.shape or np.isnan(value).any():
            raise PoolError("Scores and labels must be (n,), and no score NaN.")
        weight = np.ones(len(value)) if weights is None else np.asarray(weights, dtype=np.float64)
        order = np.argsort(-value, kind="stable")
        ordered = value[order]
        starts = np.flatnonzero(np.concatenate([[True], np.diff(ordered) != 0])[: len(value)])
        drawn, right = weight[..., order], label[order]
        if not len(value):
            empty = np.zeros((*weight.shape[:-1], 0))
            return cls(ordered, empty, empty)
        return cls(
            ordered[starts],
            np.add.reduceat(np.where(right, drawn, 0.0), starts, axis=-1),
            np.add.reduceat(np.where(right, 0.0, drawn), starts, axis=-1),
        )

    @property
    def n_right(self) -> FloatArray:
        """(...) weight of all right solutions."""
        return np.asarray(self.right.sum(axis=-1))

    @property
    def n_wrong(self) -> FloatArray:
        """(...) weight of all wrong solutions."""
        return np.asarray(self.wrong.sum(axis=-1))


def roc_curve(levels: Levels) -> tuple[FloatArray, FloatArray]:
    """False and true positive rates as the threshold falls, (..., L + 1) each, from (0, 0).

    At point l + 1 all solutions with at least the score of level l are accepted. NaN where there is
    no wrong (no right) solution.
    """
    return _rate(levels.wrong), _rate(levels.right)


def _rate(weight: FloatArray) -> FloatArray:
    """(..., L + 1) share at or above each level."""
    start = np.zeros((*weight.shape[:-1], 1))
    total = weight.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > 0, np.cumsum(weight, axis=-1) / total, np.nan)
    return np.asarray(np.concatenate([np.where(total > 0, start, np.nan), share], axis=-1))


def auc(levels: Levels) -> FloatArray:
    """Area under the ROC curve, (...): the probability that a right solution outscores a wrong one.

    Ties count one half (Mann and Whitney 1947). NaN without right or without wrong solutions.
    """
    below = levels.n_wrong[..., None] - np.cumsum(levels.wrong, axis=-1)
    won = (levels.right * (below + levels.wrong / 2)).sum(axis=-1)
    return _ratio(won, levels.n_right * levels.n_wrong)


def precision_recall(levels: Levels) -> tuple[FloatArray, FloatArray]:
    """Recall and precision as the threshold falls, (..., L) each; NaN without right solutions."""
    hits, shown = np.cumsum(levels.right, axis=-1), np.cumsum(levels.right + levels.wrong, axis=-1)
    return _ratio(hits, levels.n_right[..., None]), _ratio(hits, shown)


def average_precision(levels: Levels) -> FloatArray:
    """Precision averaged over recall, (...): sum over levels of (R_l - R_(l-1)) P_l.

    No interpolation between levels, which would flatter (Davis and Goadrich 2006). NaN without
    right solutions.
    """
    _, precision = precision_recall(levels)
    total = (levels.right * np.where(levels.right > 0, precision, 0.0)).sum(axis=-1)
    return _ratio(total, levels.n_right)


@dataclass(frozen=True)
class DetectionCost:
    """What errors cost, as NIST's speaker recognition evaluations have it.

    p_target: prior probability that a solution is right; c_miss: cost of rejecting a right one;
    c_fa: cost of accepting a wrong one. Raises `PoolError` for what is none.
    """

    p_target: float = 0.5
    c_miss: float = 1.0
    c_fa: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.p_target < 1 or not min(self.c_miss, self.c_fa) > 0:
            raise PoolError("p_target lies between 0 and 1, and costs are above 0.")


def equal_error_rate(levels: Levels) -> FloatArray:
    """Where as many right solutions are rejected as wrong ones are accepted, (...).

    Between two thresholds rates are mixed linearly, as tossing a coin between them would. NaN
    without right or without wrong solutions.
    """
    accepted, kept = roc_curve(levels)
    gap = (1 - kept) - accepted
    last = np.argmax(gap <= 0, axis=-1)[..., None]
    first = np.maximum(last - 1, 0)
    high, low = (np.take_along_axis(gap, at, axis=-1) for at in (first, last))
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.where(high > low, high / (high - low), 0.0)
    start, end = (np.take_along_axis(accepted, at, axis=-1) for at in (first, last))
    found = (start + step * (end - start))[..., 0]
    return np.asarray(np.where(np.isnan(gap).any(axis=-1), np.nan, found))


def min_detection_cost(levels: Levels, cost: DetectionCost) -> FloatArray:
    """Least cost of errors over all thresholds, (...), in units of the better blind decision.

        min over thresholds of [c_miss P_miss p + c_fa P_fa (1 - p)] / min(c_miss p, c_fa (1 - p))

    with p = p_target: 1 is no better than accepting or rejecting all. (NIST SRE 2016's plan.) NaN
    without right or without wrong solutions.
    """
    accepted, kept = roc_curve(levels)
    miss, fa = cost.c_miss * cost.p_target, cost.c_fa * (1 - cost.p_target)
    return np.asarray((miss * (1 - kept) + fa * accepted).min(axis=-1) / min(miss, fa))


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(below > 0, above / below, np.nan))
